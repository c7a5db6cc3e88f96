"""The parsed documents: their links, headings and commands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"^ {4}\S.*$", re.MULTILINE)
_INLINE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|srcset)=\"([^\"]+)\"")
_ENDS = ("--", "|", "&", "&&", ";", ">")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def blocks(text: str, language: str) -> list[str]:
    """The fenced blocks of a language."""
    return [body for kind, body in _FENCE.findall(text) if kind == language]


def links(text: str) -> list[str]:
    """The targets of text links and pictures."""
    return [link or picture for link, picture in _LINK.findall(text)]


def anchors(text: str) -> set[str]:
    """The anchors of the headings, as GitHub generates them."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in _HEADING.findall(text)}


def code(text: str) -> Iterator[str]:
    """Every line of code: of fenced and indented blocks, and between backticks."""
    yield from (line for _, body in _FENCE.findall(text) for line in body.splitlines())
    prose = _FENCE.sub("", text)
    yield from _INDENTED.findall(prose)
    # In a table a bar is escaped.
    yield from (each.replace("\\|", "|") for each in _INLINE.findall(prose))


def commands(text: str) -> Iterator[list[str]]:
    """The words after each `forgather`, without comments and other programs' words."""
    for line in code(text):
        words = line.split("#")[0].replace("[", " ").replace("]", " ").split()
        if "forgather" not in words or words[0] in ("$", "ssh", "man"):
            continue
        for at in (at for at, word in enumerate(words) if word == "forgather"):
            yield list(takewhile(lambda word: word not in _ENDS, words[at + 1 :]))
