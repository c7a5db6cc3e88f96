"""Writes the options of the viewers for the web page, from the tables in forgather_units/viewers.

usage: python3 packaging/page_options.py

The file is in git, so that the page builds without Python; a test compares the two.
"""

from __future__ import annotations

import json
from pathlib import Path

from forgather_units.viewers.page_form import page_kinds
from forgather_units.viewers.table import KINDS

FILE = Path(__file__).resolve().parents[1] / "web" / "src" / "shared" / "viewers" / "options.json"


def content() -> str:
    return json.dumps(page_kinds(KINDS.values()), indent=2) + "\n"


if __name__ == "__main__":
    FILE.write_text(content())
