"""YAML read without constructing objects."""

from __future__ import annotations

import pytest

from forgather_units.projects.tolerant_yaml import YamlError, entries, plain, read_mapping


def read(text: str) -> dict[str, object]:
    return {name: plain(node) for name, node in entries(read_mapping(text)).items()}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: b", "b"),
        ("a: 1.50", "1.50"),
        ("a: yes", "yes"),
        ("a: ~", None),
        ("a: null", None),
        ("a:", None),
        ("a: '~'", "~"),
        ("a: ''", ""),
        ("a: !var x", "x"),
        ("a: !!int 3", "3"),
        ("a: !call:os:path.join [x, y]", ["x", "y"]),
        ("a: !dict:@m {x: y}", None),
        ("a: |\n  two\n  lines", "two\nlines"),
        ("a: 1\na: 2", "2"),
        ("b: &b x\na: *b", "x"),
        ("a: [x, null, [y]]", ["x", None, None]),
        ("{a: x, [1, 2]: y, {b: c}: z}", "x"),
    ],
)
def test_plain_values(text: str, value: object) -> None:
    assert read(text)["a"] == value


def test_merge_keys() -> None:
    text = "one: &one {a: 1, b: 1, c: 1}\ntwo: &two\n  <<: *one\n  b: 2\nthree:\n  <<: [{c: 3}, *two]\n  d: 4\n"
    three = entries(read_mapping(text))["three"]
    assert {name: plain(node) for name, node in entries(three).items()} == {"a": "1", "b": "2", "c": "3", "d": "4"}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 0, "is not a mapping"),
        ("just text", 0, "is not a mapping"),
        ("- a", 0, "is not a mapping"),
        ("a: 1\nb: [1,\n", 3, "is not YAML"),
        ("a: 1\n b: 2\n", 2, "is not YAML"),
        ("a: 1\n---\nb: 2\n", 2, "more than one document"),
        ("a: 1\nb: *nothing\n", 2, "no anchor &nothing"),
        ("a: 1\nb: !!python/object/apply:os.system [id]\n", 2, "!!python/object/apply:os.system"),
        ("a: 1\nb: !<tag:yaml.org,2002:python/name:os.system> ''\n", 2, "!!python/name:os.system"),
        ("%TAG !p! tag:yaml.org,2002:python/\n---\na: !p!module:os ''\n", 3, "!!python/module:os"),
        ("a: 1\nb: \x01\n", 2, "is not YAML"),
        ("a: " + "[" * 200, 1, "nested deeper"),
        ("a: &a\n  <<: *a\n", 0, "into itself"),
    ],
)
def test_errors_have_a_line(text: str, line: int, words: str) -> None:
    def whole() -> None:
        for node in entries(read_mapping(text)).values():
            if not isinstance(plain(node), str | list):
                entries(node)  # type: ignore[arg-type]

    with pytest.raises(YamlError) as caught:
        whole()
    assert (caught.value.line, words in caught.value.message) == (line, True), caught.value.message


def test_aliases_are_not_expanded() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 60)]
    assert read("\n".join(lines))["a59"] == [None] * 10
