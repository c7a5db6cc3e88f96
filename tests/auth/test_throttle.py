"""Failed attempts to sign in are slowed down."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from clock import Clock

from forgather_units.auth.authority import Authority, CredentialKind, Denied, Identity, TooManyAttempts
from forgather_units.auth.throttle import Throttle


@pytest.fixture
def throttle(clock: Clock) -> Throttle:
    return Throttle(clock)


@pytest.fixture
def slow(folder: Path, throttle: Throttle) -> Authority:
    authority = Authority(folder, throttle=throttle)
    authority.set_password("::1", "correct horse", None, by=Identity(CredentialKind.BEARER))
    return authority


def test_after_five_attempts_the_pause_doubles_up_to_a_minute(throttle: Throttle, clock: Clock) -> None:
    assert [throttle.admit("192.0.2.1") for _ in range(5)] == [0] * 5
    pauses = []
    for _ in range(9):
        pauses.append(throttle.admit("192.0.2.1"))
        clock.now += pauses[-1]
        assert throttle.admit("192.0.2.1") == 0
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def _fail_patiently(throttle: Throttle, clock: Clock, client: str) -> None:
    while pause := throttle.admit(client):
        clock.now += pause


def test_attempts_during_the_pause_do_not_lengthen_it(throttle: Throttle, clock: Clock) -> None:
    for _ in range(8):
        _fail_patiently(throttle, clock, "192.0.2.1")
    assert throttle.admit("192.0.2.1") == 8
    clock.now += 1
    assert throttle.admit("192.0.2.1") == 7


def test_another_address_is_not_slowed_down(throttle: Throttle) -> None:
    for _ in range(6):
        throttle.admit("192.0.2.1")
    assert throttle.admit("192.0.2.1") > 0
    assert throttle.admit("192.0.2.2") == 0


def test_a_network_of_ipv6_addresses_is_one_client(throttle: Throttle) -> None:
    for number in range(5):
        assert throttle.admit(f"2001:db8:0:1::{number}") == 0
    assert throttle.admit("2001:db8:0:1:ffff::1") > 0
    assert throttle.admit("2001:db8:0:2::1") == 0


def test_attempts_from_many_addresses_are_slowed_down_together(throttle: Throttle) -> None:
    assert not any(throttle.admit(f"192.0.2.{number}") for number in range(50))
    assert throttle.admit("198.51.100.1") == 2


def test_a_flood_does_not_delay_an_address_that_has_signed_in(slow: Authority, throttle: Throttle) -> None:
    slow.sign_in("198.51.100.1", password="correct horse")
    slow.sign_in("198.51.100.2", token=slow.token)
    for number in range(100):
        throttle.admit(f"192.0.2.{number}")
    for client in ("198.51.100.1", "198.51.100.2"):
        assert slow.sign_in(client, password="correct horse")
    with pytest.raises(TooManyAttempts):
        slow.sign_in("198.51.100.3", password="correct horse")
    # Its own wrong passwords still delay it.
    for _ in range(5):
        assert throttle.admit("198.51.100.2") == 0
    assert throttle.admit("198.51.100.2") == 1


def test_a_flood_does_not_keep_the_right_password_out(slow: Authority, throttle: Throttle, clock: Clock) -> None:
    """A new address waits for its turn, behind those that asked before it."""
    attackers = [f"192.0.2.{number}" for number in range(200)]

    def flood() -> int:
        return sum(throttle.admit(attacker) == 0 for attacker in attackers)

    flood()
    began = clock.now
    with pytest.raises(TooManyAttempts) as caught:
        slow.sign_in("198.51.100.1", password="correct horse")
    assert caught.value.seconds <= 2 * (len(attackers) + 1)
    guesses = 0
    while clock.now < began + caught.value.seconds:
        clock.now += 1
        guesses += flood()
    assert slow.sign_in("198.51.100.1", password="correct horse")
    # All of them together guess once in two seconds.
    assert guesses <= (clock.now - began) / 2 + 1


def test_a_missed_turn_is_over(throttle: Throttle, clock: Clock) -> None:
    for number in range(50):
        throttle.admit(f"192.0.2.{number}")
    assert [throttle.admit(f"198.51.100.{number}") for number in range(3)] == [2, 4, 6]
    clock.now += 3
    # An early attempt keeps the turn, a late one has it.
    assert [throttle.admit(f"198.51.100.{number}") for number in range(3)] == [0, 1, 3]
    clock.now += 302
    assert throttle.admit("192.0.2.200") == 0
    # The turn of .1 was missed, that of .2 is the last to be valid.
    assert [throttle.admit(f"198.51.100.{number}") for number in (1, 2)] == [2, 0]


def test_a_success_resets_the_count(throttle: Throttle, clock: Clock) -> None:
    for _ in range(5):
        throttle.admit("192.0.2.1")
    throttle.succeeded("192.0.2.1")
    assert throttle.admit("192.0.2.1") == 0
    for _ in range(500):
        assert throttle.admit("192.0.2.7") == 0
        throttle.succeeded("192.0.2.7")


def test_the_count_expires_after_a_quarter_of_an_hour(throttle: Throttle, clock: Clock) -> None:
    for _ in range(20):
        _fail_patiently(throttle, clock, "192.0.2.1")
    assert throttle.admit("192.0.2.1") == 60
    clock.now += 901
    assert [throttle.admit("192.0.2.1") for _ in range(5)] == [0] * 5


def test_the_number_of_clients_is_limited_and_the_total_count_stays(clock: Clock) -> None:
    throttle = Throttle(clock, max_clients=100)
    for number in range(150):
        _fail_patiently(throttle, clock, f"client {number}")
    assert throttle.counts == 100
    assert throttle.admit("one more") == 2
    # Nor do more addresses wait than can be stored.
    assert [throttle.admit(f"waits {number}") for number in range(100)][-2:] == [200, 60]


def test_simultaneous_wrong_passwords_all_count(slow: Authority) -> None:
    errors: list[type[Exception]] = []
    start = threading.Barrier(20)

    def guess() -> None:
        start.wait()
        try:
            slow.sign_in("192.0.2.1", password="wrong horse")
        except (Denied, TooManyAttempts) as why:
            errors.append(type(why))

    threads = [threading.Thread(target=guess) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (errors.count(Denied), errors.count(TooManyAttempts)) == (5, 15)


def _five_wrong_passwords(authority: Authority) -> None:
    for _ in range(5):
        with pytest.raises(Denied, match="wrong password"):
            authority.sign_in("192.0.2.1", password="wrong horse")


def test_the_pause_applies_to_a_right_password_but_not_to_the_token(slow: Authority, clock: Clock) -> None:
    _five_wrong_passwords(slow)
    sentence = "the server accepts the next password in 1 s, after several wrong ones"
    with pytest.raises(TooManyAttempts, match=sentence) as caught:
        slow.sign_in("192.0.2.1", password="correct horse")
    clock.now += caught.value.seconds
    assert slow.sign_in("192.0.2.1", password="correct horse")
    _five_wrong_passwords(slow)
    assert slow.sign_in("192.0.2.1", token=slow.token)


def test_wrong_tokens_do_not_delay_a_password(slow: Authority) -> None:
    """They cannot be guessed: an old link, opened several times, is no attack."""
    for _ in range(20):
        with pytest.raises(Denied, match="wrong token"):
            slow.sign_in("192.0.2.1", token="0" * 64)
    assert slow.sign_in("192.0.2.1", password="correct horse")
    _five_wrong_passwords(slow)
    with pytest.raises(Denied, match="wrong token"):
        slow.sign_in("192.0.2.1", token="0" * 64)


def test_attempts_before_a_password_is_set_do_not_delay_it(folder: Path, throttle: Throttle) -> None:
    authority = Authority(folder, throttle=throttle)
    for _ in range(20):
        with pytest.raises(Denied, match="no password has been set"):
            authority.sign_in("192.0.2.1", password="correct horse")
    authority.set_password("::1", "correct horse", None, by=Identity(CredentialKind.BEARER))
    assert authority.sign_in("192.0.2.1", password="correct horse")


def test_attempts_with_the_current_password_are_slowed_down_too(slow: Authority) -> None:
    by = Identity(CredentialKind.COOKIE)
    for _ in range(5):
        with pytest.raises(Denied, match="wrong password"):
            slow.set_password("192.0.2.1", "battery staple", "wrong horse", by=by)
    with pytest.raises(TooManyAttempts):
        slow.set_password("192.0.2.1", "battery staple", "correct horse", by=by)
