"""What a document points to is there."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from documents import DOCUMENTS, anchors, links

LINKS = [(file, link) for file in DOCUMENTS for link in links(file.read_text()) if not urlsplit(link).scheme]


def test_the_documents_are_linked_from_the_first_page() -> None:
    readme = next(file for file in DOCUMENTS if file.name == "README.md")
    linked = {(readme.parent / link).resolve() for link in links(readme.read_text())}
    assert [file.name for file in DOCUMENTS if file != readme and file not in linked] == []


@pytest.mark.parametrize(("file", "link"), LINKS, ids=[f"{file.name} {link}" for file, link in LINKS])
def test_relative_links(file: Path, link: str) -> None:
    path, _, anchor = link.partition("#")
    target = file.parent / path if path else file
    assert target.exists()
    assert not anchor or anchor in anchors(target.read_text())
