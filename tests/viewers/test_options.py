"""Everything that derives from the options of a kind, for a kind that the product does not have."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from files_kind import FILES, USUAL_PORT

from forgather_units.cli.main import main
from forgather_units.domain.errors import BadSettings
from forgather_units.settings.settings import Settings, read_file
from forgather_units.viewers.declaration_args import args_problems
from forgather_units.viewers.page_form import page_kinds
from forgather_units.viewers.table import KINDS

OPTIONS = Path(__file__).parents[2] / "web" / "src" / "shared" / "viewers" / "options.json"


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kind has an entry in the table, and nothing else."""
    monkeypatch.setitem(KINDS, FILES.name, FILES)
    # It would replace, and later close, the output that pytest captures.
    monkeypatch.setattr("forgather_units.cli.main.open_streams", lambda: True)


def test_a_kind_has_a_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["files", "--shown", str(tmp_path), "--port", "9100", "--dry-run", "--json"]
    assert main(words) == 0
    argv = json.loads(capsys.readouterr().out)["argv"]
    assert argv[1:] == ["-m", "http.server", f"--directory={tmp_path}", "--bind=127.0.0.1", "9100"]


def test_the_command_is_listed_with_its_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    assert "Files: in the foreground" in capsys.readouterr().out
    assert main(["files", "--help"]) == 0
    out = capsys.readouterr().out
    assert "--shown DIR" in out and f"lowest free one ({USUAL_PORT})" in out and "--idle-timeout T" in out


def test_the_required_option_must_be_given(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["files", "--dry-run"]) == 2
    assert capsys.readouterr().err == "forgather: --shown is missing\nsee: forgather files --help\n"


def test_a_kind_can_be_declared_as_a_service() -> None:
    assert args_problems("files", {"shown": "/srv", "port": 9100, "idle_timeout": "2h"}) == {}
    assert args_problems("files", {"port": "high"}) == {
        "port": "port must be a whole number, not 'high'",
        "shown": "shown is missing: an absolute path, or one that begins with ~/",
    }


def test_the_settings_name_the_program_of_a_kind(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("programs: {files: /opt/files}\n")
    values = read_file(file, args_problems).values
    assert Settings(**values).program_paths["files"] == "/opt/files"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{jupyter: /opt/x}", "programs: unknown type 'jupyter'"),
        ("{tensorboard: /opt/x}", "programs cannot have tensorboard, which is a setting of its own"),
        ("{files: relative}", "programs must be an absolute path"),
        ("[files]", "programs must be a mapping of kinds to paths"),
    ],
)
def test_invalid_programs_are_refused(tmp_path: Path, text: str, problem: str) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(f"programs: {text}\n")
    with pytest.raises(BadSettings, match=problem):
        read_file(file, args_problems)


def test_the_page_gets_its_form() -> None:
    (form,) = page_kinds([FILES])
    assert (form["type"], form["noun"], form["usualPort"], form["required"]) == ("files", "Files", USUAL_PORT, "shown")
    fields = {each["name"]: each["field"] and each["field"]["place"] for each in form["options"]}
    assert (fields["shown"], fields["port"], fields["private"]) == ("main", "main", "advanced")
    assert "lazy" not in fields


def test_the_page_is_built_from_the_options_of_this_version() -> None:
    """packaging/page_options.py writes the file."""
    product_kinds = [kind for kind in KINDS.values() if kind is not FILES]
    assert json.loads(OPTIONS.read_text()) == json.loads(json.dumps(page_kinds(product_kinds)))
