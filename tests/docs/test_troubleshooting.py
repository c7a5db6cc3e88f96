"""docs/troubleshooting.md has every check of the doctor, and quotes messages as the program prints them."""

from __future__ import annotations

import ast
import re

import pytest
from docs.documents import ROOT

from forgather_units.doctor.host_findings import ROWS

PAGE = (ROOT / "docs" / "troubleshooting.md").read_text()
SOURCE = ROOT / "forgather_units"
MESSAGES = re.findall(r"^\*\*\"([^\"]+)\"\*\*", PAGE, re.MULTILINE)


def _texts() -> str:
    """All string constants of the program, including the constant parts of f-strings."""
    return "\n".join(
        node.value
        for file in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


TEXTS = _texts()


@pytest.mark.parametrize("message", MESSAGES)
def test_a_quoted_message_is_one_of_the_program(message: str) -> None:
    assert all(part.strip() in TEXTS for part in message.split("…")), message


def test_each_check_of_the_host_is_explained() -> None:
    rows = re.findall(r"^\| ([a-z ,]+) \|", PAGE, re.MULTILINE)
    listed = {name.strip() for row in rows for name in row.split(",")}
    assert {row.name for row in ROWS} - listed == set()
    made = set(
        re.findall(r'Finding\(\s*"([a-z ]+)"', "".join(file.read_text() for file in SOURCE.rglob("doctor/*.py")))
    )
    assert made and made - listed - {"settings"} == set()
