"""The links of the documents have existing targets."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from docs.documents import DOCUMENTS, anchors, links

LINKS = [(file, link) for file in DOCUMENTS for link in links(file.read_text()) if not urlsplit(link).scheme]


def test_the_readme_links_to_every_document() -> None:
    readme = next(file for file in DOCUMENTS if file.name == "README.md")
    linked = {(readme.parent / link).resolve() for link in links(readme.read_text())}
    assert [file.name for file in DOCUMENTS if file != readme and file not in linked] == []


@pytest.mark.parametrize(("file", "link"), LINKS, ids=[f"{file.name} {link}" for file, link in LINKS])
def test_the_target_of_a_relative_link_exists(file: Path, link: str) -> None:
    path, _, anchor = link.partition("#")
    target = file.parent / path if path else file
    assert target.exists()
    assert not anchor or anchor in anchors(target.read_text())
