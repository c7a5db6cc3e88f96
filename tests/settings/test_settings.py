"""Settings: flags override the file, which overrides the defaults; one sentence for each error."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from forgather_units.domain.errors import BadSettings, Malformed
from forgather_units.settings import paths
from forgather_units.settings.settings import OnReload, Settings, load, needs_restart


def test_flags_override_the_file_and_the_defaults(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("port: 9000\nmax_running: 3\n")
    settings = load(file, {"port": 9001, "host": None})
    assert (settings.port, settings.max_running, settings.host) == (9001, 3, "127.0.0.1")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("prot: 1", "unknown setting 'prot'"),
        ("port: 70000", "port must be a whole number from 0 to 65535, not 70000"),
        ("port: true", "port must be a whole number"),
        ("start_timeout: -1", "start_timeout must be a number of seconds above 0"),
        ("unit_prefix: a--b", "unit_prefix must be"),
        ("state_dir: here", "state_dir must be an absolute path"),
        ("auth: maybe", "auth must be true or false"),
        ("log_level: LOUD", "log_level must be"),
        ("trusted_proxy: box.example", "trusted_proxy must be addresses (127.0.0.1), ranges (10.0.0.0/8) or unix, and"),
        ("trusted_proxy: [127.0.0.1, '*']", "and '*' is none"),
        ("trusted_proxy: 10.0.0.7/8", "'10.0.0.7/8' is an address within a range, 10.0.0.0/8"),
        ("trusted_proxy: false", "trusted_proxy must be addresses (127.0.0.1)"),
        ("allowed_hosts: [https://box.lab.org/tb]", "allowed_hosts must be names like box.lab.org, box.lab.org:8443, "),
        ("allowed_hosts: [https://box.lab.org/]", "'https://box.lab.org/' has a path"),
        ("allowed_hosts: [ftp://box.lab.org]", "has a scheme other than http and https"),
        ("allowed_hosts: ['a@b']", "has a user name"),
        ("allowed_hosts: ['a?b']", "has a query"),
        ("allowed_hosts: ['a,b']", "has a comma"),
        ("allowed_hosts: ['a b']", "is not a host name"),
        ("allowed_hosts: ['']", "is not a host name"),
        ("allowed_hosts: [.lab.org]", "is not a host name"),
        ("allowed_hosts: [bücher.example]", "is not in ASCII, where browsers send xn--"),
        ("allowed_hosts: ['*']", "is not a supported pattern"),
        ("allowed_hosts: ['*.org']", "is not a supported pattern"),
        ("allowed_hosts: ['box*.lab.org']", "is not a supported pattern"),
        ("allowed_hosts: ['https://*.lab.org']", "is not a supported pattern"),
        ("allowed_hosts: ['*.lab.org:8443']", "is not a supported pattern"),
        ("allowed_hosts: ['box:99999']", "has no valid port"),
        ("allowed_hosts: ['box:']", "is not a host name"),
        ("allowed_hosts: ['[::1]:']", "has no valid port"),
        ("allowed_hosts: ['::1']", "is an IPv6 address without brackets"),
        ("allowed_hosts: ['[::1']", "is not a host name"),
        (
            "public_url: https://box.lab.org/a?b",
            "public_url must be https://NAME or http://NAME:PORT, with or without a path",
        ),
        ("user_header: X-Forwarded-User", "user_header needs trusted_proxy with the address of the proxy"),
        ("user_header: X-Forwarded-User\ntrusted_proxy: unix", "user_header needs trusted_proxy with the address"),
        ("user_header: Remote-User\ntrusted_proxy: [10.0.0.1, '::/0']", "cannot be believed from every address"),
        ("user_header: Remote-User\ntrusted_proxy: 10.0.0.1\nauth: false", "no effect with auth: false"),
        ("user_header: X_Forwarded_User", "user_header must be the name of a header, in letters, digits and dashes"),
        ("user_header: 'X-User: alice'", "user_header must be the name of a header"),
        ("user_header: true", "user_header must be text"),
        ("user_header: Authorization", "user_header must be a header that has no other purpose"),
        ("user_header: x-forwarded-for", "user_header must be a header that has no other purpose"),
        ("user_header: Sec-Fetch-User", "user_header must be a header that has no other purpose"),
        ("public_url: https://box.lab.org/../a", "public_url must be"),
        ("public_url: https://box.lab.org//a", "public_url must be"),
        ("public_url: https://box.lab.org/api", "public_url must have a path that does not begin with one of the"),
        ("public_url: https://box.lab.org/Assets/x", "public_url must have a path that does not begin with one of"),
        ("allowed_hosts: box", "allowed_hosts must be a list of names"),
        ("- 1", "must be a mapping"),
        ("a: [", "is not YAML"),
        ("a: \x00", "is not YAML"),
    ],
)
def test_an_error_is_one_sentence(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(text)
    with pytest.raises(Malformed) as caught:
        load(file, {})
    assert words in caught.value.message
    assert "\n" not in caught.value.message
    assert str(file) in caught.value.message


def test_names_and_proxies_that_are_accepted(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    names = ["box", "BOX.lab.org.", "my_box:8443", "https://box.lab.org", "http://[::1]:80", "10.0.0.1:1", "*.lab.org"]
    file.write_text(
        f"allowed_hosts: {json.dumps(names)}\ntrusted_proxy: [127.0.0.1, 10.0.0.0/8, '::1', fd00::/8, unix]\n"
    )
    settings = load(file, {})
    assert list(settings.allowed_hosts) == names
    assert settings.trusted_proxy == ("127.0.0.1", "10.0.0.0/8", "::1", "fd00::/8", "unix")
    file.write_text("public_url: https://box.lab.org/user/alice/proxy/8765/")
    assert load(file, {}).public_url == "https://box.lab.org/user/alice/proxy/8765"
    for text, proxies in (("trusted_proxy: 127.0.0.1", ("127.0.0.1",)), ("trusted_proxy: ''", ())):
        file.write_text(text)
        assert load(file, {}).trusted_proxy == proxies


def test_the_header_of_a_user(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    for name in ("X-Forwarded-User", "Remote-User", "X-Auth-Request-Preferred-Username"):
        file.write_text(f"user_header: {name}\ntrusted_proxy: [unix, 10.0.0.1]\n")
        assert load(file, {}).user_header == name
    with pytest.raises(BadSettings, match="no effect with auth: false"):
        load(file, {"auth": False})
    file.write_text("user_header: ''\n")
    assert load(file, {}).user_header == ""


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(Malformed, match="no such settings file"):
        load(tmp_path / "absent.yaml", {})


def test_the_state_folder_follows_systemd_then_xdg() -> None:
    assert paths.state_dir({"STATE_DIRECTORY": "/var/lib/a:/b", "XDG_STATE_HOME": "/c"}) == Path("/var/lib/a")
    assert paths.state_dir({"XDG_STATE_HOME": "/c"}) == Path("/c/forgather")
    assert paths.state_dir({"XDG_STATE_HOME": "relative"}) == Path.home() / ".local/state/forgather"


def test_each_setting_declares_its_behaviour_on_reload() -> None:
    for each in dataclasses.fields(Settings):
        assert each.metadata.get("reload") in list(OnReload), each.name


def test_changed_settings_that_need_a_restart() -> None:
    before = Settings()
    after = dataclasses.replace(before, port=1, max_running=2, search_roots=("/a",), admins=("carol",))
    assert needs_restart(before, after) == ["port", "admins"]
    assert needs_restart(before, before) == []
