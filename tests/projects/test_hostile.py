"""Malicious and faulty configs: one sentence with the file and the line, soon, and no code is executed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from forgather_units.projects.catalog import Catalog

WriteConfig = Callable[[str, str], Path]

LOOP = "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}"
SUBCLASSES = "{{ ''.__class__.__mro__[1].__subclasses__() }}"


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        (f"\n\nmeta:\n  output_dir: {SUBCLASSES}", ", line 4", "access to attribute '__class__'"),
        ("a: {{ joinpath.__globals__['os'].system('%s') }}", ", line 1", "access to attribute '__globals__'"),
        ("a: {{ cycler.__init__.__globals__.os.popen('%s') }}", ", line 1", "access to attribute '__init__'"),
        ("a: {{ joinpath | attr('__globals__') }}", ", line 1", "access to attribute '__globals__'"),
        ("a: {{ '{0.__class__}'.format(1) }}", ", line 1", "access to attribute '__class__'"),
        ("a: {{ self._TemplateReference__context }}", ", line 1", "_TemplateReference__context"),
        ("meta:\n  x: y\nz: !!python/object/apply:os.system ['%s']", ", line 3", "!!python/object/apply:os.system"),
        ("meta: {a: {{ '!!python/object/new:os.system [x]' }}}", ", line 1", "!!python/object/new:os.system"),
        (f"\n\n{LOOP}", ", line 3", "takes more time"),
        ("a: 1\n-- include 'configs/it.yaml'", ", line 2", "includes or calls itself without end"),
        ("-- extends 'configs/it.yaml'", ", line 1", "includes or calls itself without end"),
        ("-- include 'part'\n#--- part ---\n\n-- include 'part'", ", line 4", "includes or calls itself without end"),
        ("{% macro m() %}{{ m() }}{% endmacro %}\n{{ m() }}", ", line 1", "includes or calls itself without end"),
        ("a: {{ 'a' * 10 ** 10 }}", ", line 1", "repeats something 10,000,000,000 times"),
        ("a: {{ 2 ** 99999999999 }}", ", line 1", "raises a number to the power"),
        ("a: {{ 'a' | center(10 ** 10) }}", ", line 1", "needs more memory"),
        ("a: {{ '%9999999999d' % 1 }}", ", line 1", ""),
        ("{% for i in range(10 ** 9) %}{% endfor %}", ", line 1", "Range too big"),
        ("{% for i in range(99999) %}{{ 'a' * 1000 }}{% endfor %}", "", "becomes larger"),
        (
            "-- set n = namespace(x=9)\n{% for i in range(99) %}{% set n.x = n.x * n.x %}{% endfor %}",
            ", line 2",
            "time",
        ),
        ("meta: " + "[" * 50_000, ", line 1", "nested deeper"),
        ("a: &a [1]\nb: &b [*a, *a]\nmeta:\n  output_dir: *b", "", "output_dir is a list"),
        ("a: 1\nb: {{ joinpath(nothing, 'x') }}", ", line 2", "'nothing' is undefined"),
        ("a: 1\n-- if x", ", line 2", "Unexpected end of template"),
        ("meta: {}\n[/never]", ", line 2", "unknown tag 'endblock'"),
        ("meta:\n  a: [1,\n  b: }", ", line 3", "is not YAML"),
        ("-- include 'part'\nmeta: {}\n#--- part ---\nx: 1\ny: {{ z }}", ", line 5", "'z' is undefined"),
        ("-- include '../../../../etc/passwd'", ", line 1", "there is no template '../../../../etc/passwd'"),
        ("-- include ['one.yaml', 'two.yaml']", ", line 1", "'one.yaml' or 'two.yaml'"),
        ("x: 1", "", "has no mapping 'meta'"),
    ],
)
def test_the_error_of_a_malicious_or_faulty_config(
    config_file: WriteConfig, tmp_path: Path, text: str, place: str, words: str
) -> None:
    marker = tmp_path / "executed"
    config_file("it.yaml", text.replace("%s", f"touch {marker}"))
    config_file("good.yaml", "meta:\n  output_dir: good")
    good, bad = Catalog().project(str(tmp_path / "project")).configs
    assert bad.error is not None
    start = "it.yaml" if "is a list" in bad.error else "templates/configs/it.yaml"
    if words in bad.error and bad.error.startswith("configs/it.yaml: takes more time"):
        # On a busy machine the process is killed before its own time limit, and reports no line.
        start, place = "configs/it.yaml", ""
    assert bad.error.startswith(f"{start}{place}: "), bad.error
    assert words in bad.error
    assert "\n" not in bad.error and len(bad.error) < 500
    assert not marker.exists()
    assert good.output_dir == str(tmp_path / "project/good")


def test_a_config_of_a_hundred_megabytes_is_refused(config_file: WriteConfig, tmp_path: Path) -> None:
    file = config_file("it.yaml", "")
    with file.open("w") as stream:
        for _ in range(100):
            stream.write("- &a [1, 2, 3]\n" * (1024 * 1024 // 15 + 1))
    assert file.stat().st_size > 100 * 1024 * 1024
    [bad] = Catalog().project(str(tmp_path / "project")).configs
    assert bad.error == "templates/configs/it.yaml: has more than the 1,048,576 bytes that a template may have"


def test_the_total_size_of_templates_is_limited(config_file: WriteConfig, tmp_path: Path) -> None:
    for number in range(10):
        config_file(f"part{number}.txt", "## " + "x" * 1_000_000)
    config_file("it.yaml", "\n".join(f"-- include 'configs/part{number}.txt'" for number in range(10)))
    [bad] = Catalog().project(str(tmp_path / "project")).configs
    assert bad.error and "makes the templates of this config larger than" in bad.error


@pytest.mark.parametrize("kind", ["pipe", "device", "link to itself", "no text", "closed"])
def test_files_that_cannot_be_templates(config_file: WriteConfig, tmp_path: Path, kind: str) -> None:
    file = config_file("it.yaml", "meta: {}")
    match kind:
        case "pipe":
            file.unlink()
            os.mkfifo(file)
        case "device":
            file.unlink()
            file.symlink_to("/dev/zero")
        case "link to itself":
            file.unlink()
            file.symlink_to(file)
        case "no text":
            file.write_bytes(b"\xff\xfe\x00a: 1")
        case "closed":
            file.unlink()
            # Not readable, not even for root.
            file.symlink_to("/proc/self/mem")
    [bad] = Catalog().project(str(tmp_path / "project")).configs
    assert bad.error and bad.error.startswith("templates/configs/it.yaml: "), bad.error


def test_errors_do_not_quote_files(config_file: WriteConfig, tmp_path: Path) -> None:
    (tmp_path / "project/meta.yaml").write_text(f"searchdir: [templates, {tmp_path}]\n")
    (tmp_path / "secret").write_text("token: abc: def\n")
    config_file("it.yaml", "-- include 'secret'")
    [bad] = Catalog().project(str(tmp_path / "project")).configs
    assert bad.error and "abc" not in bad.error
