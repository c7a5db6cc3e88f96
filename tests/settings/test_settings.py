"""Settings: flags override the file, which overrides the defaults; one sentence for each error."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from forgather_units.domain.errors import Malformed
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
        ("trusted_proxy: box.example", "trusted_proxy must be an IP address"),
        ("trusted_proxy: false", "trusted_proxy must be text"),
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
