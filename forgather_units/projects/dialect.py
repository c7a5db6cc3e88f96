"""The template dialect: what it adds to Jinja2, rewritten as plain Jinja2. Line numbers stay as they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_LINE_STATEMENTS: Final = {
    "--": "{%% %s %%}",
    "<<": "{%%- %s %%}",
    ">>": "{%% %s -%%}",
    "==": "{{ %s }}",
    "=>": "{{ %s|trim('\\n') }}",
}
_STATEMENT: Final = re.compile(r"\s*(--|<<|>>|==|=>)\s(.*)")
_WHOLE_COMMENT: Final = re.compile(r"\s*##")
_END_COMMENT: Final = re.compile(r"\s+##.*")
_OPEN: Final = re.compile(r"(\s*)\[(\w+)(!?)\]\s*")
_CLOSE: Final = re.compile(r"\s*\[/(\w+)\]\s*")
_DIVIDER: Final = re.compile(r"#\s*-{3,}\s*([\w./]+(?:-[\w./]+)*)\s*-{3,}\s*")


@dataclass(frozen=True, slots=True)
class Part:
    """A template of a file: the main one has no name. `first_line` is its first line's number in the file."""

    name: str | None
    first_line: int
    text: str


@dataclass(frozen=True, slots=True)
class _Block:
    name: str
    indent: int
    trimmed: bool

    @property
    def opening(self) -> str:
        return ("{% filter trim %}" if self.trimmed else "") + f"{{% block {self.name} %}}"

    @property
    def closing(self) -> str:
        # The filter takes the block's last newline with it, and the next text must start on a new line.
        return f"{{% endblock {self.name} %}}" + ("{% endfilter %}{{ '\\n' }}" if self.trimmed else "")


def split(source: str) -> list[Part]:
    """The main template and the sub-templates that follow it in the same file, each below its `#---- name ----`."""
    lines = source.split("\n")
    parts: list[Part] = []
    name, start = None, 0
    for number, line in enumerate(lines):
        if number and (divider := _DIVIDER.fullmatch(line)):
            parts.append(Part(name, start + 1, "\n".join(lines[start:number])))
            name, start = divider[1], number + 1
    parts.append(Part(name, start + 1, "\n".join(lines[start:])))
    return parts


def translate(source: str) -> str:
    """`source` as Jinja2 understands it, line for line. A block that is never closed ends with the text."""
    lines = [_without_comment(line) for line in source.split("\n")]
    # A newline at the end begins no line of its own, in which the last blocks would be closed.
    end = "\n" if lines[-1] == "" else ""
    return "\n".join(_with_blocks(lines[:-1] if end else lines)) + end


def _without_comment(line: str) -> str:
    # An empty comment in place of the line: trim_blocks takes its newline away, and the number of lines stays.
    return "{##}" if _WHOLE_COMMENT.match(line) else _END_COMMENT.sub("", line)


def _with_blocks(lines: list[str]) -> Iterator[str]:
    opened: list[_Block] = []

    def close_down_to(depth: int) -> str:
        closing = "".join(block.closing for block in reversed(opened[depth:]))
        del opened[depth:]
        return closing

    for line in lines:
        if begin := _OPEN.fullmatch(line):
            block = _Block(begin[2], len(begin[1]), bool(begin[3]))
            outer = next((depth for depth, each in enumerate(opened) if each.indent >= block.indent), len(opened))
            yield close_down_to(outer) + block.opening
            opened.append(block)
        elif end := _CLOSE.fullmatch(line):
            depth = next((at for at in reversed(range(len(opened))) if opened[at].name == end[1]), None)
            # An end without a block is passed to Jinja2, which reports it with the line.
            yield f"{{% endblock {end[1]} %}}" if depth is None else close_down_to(depth)
        else:
            yield _statement(line)
    if opened:
        yield close_down_to(0)


def _statement(line: str) -> str:
    found = _STATEMENT.fullmatch(line)
    return _LINE_STATEMENTS[found[1]] % found[2] if found else line
