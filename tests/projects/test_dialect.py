"""The translation of the dialect to Jinja, line by line."""

from __future__ import annotations

import pytest
from jinja2 import DictLoader, Environment

from forgather_units.projects.dialect import Part, split, translate


@pytest.mark.parametrize(
    ("line", "jinja"),
    [
        ("-- set x = 1", "{% set x = 1 %}"),
        ("    -- set x = 1", "{% set x = 1 %}"),
        ("<< endblock a", "{%- endblock a %}"),
        (">> if x", "{% if x -%}"),
        ("== super()", "{{ super() }}"),
        ("=> super()", r"{{ super()|trim('\n') }}"),
        ("## a comment {{ with }} {% things #}", "{##}"),
        ("    ##---- a line ----", "{##}"),
        ("key: value  ## why", "key: value"),
        ("-- set x = 1 ## why", "{% set x = 1 %}"),
        ("# a comment of YAML", "# a comment of YAML"),
        ("colour: '##ff'", "colour: '##ff'"),
        ("--", "--"),
        ("--x", "--x"),
        ("---", "---"),
        ("    <<: *merged", "    <<: *merged"),
        ("- == 1", "- == 1"),
        ("key: [block]", "key: [block]"),
        ("- [a, b]", "- [a, b]"),
    ],
)
def test_the_translation_of_a_line(line: str, jinja: str) -> None:
    assert translate(line) == jinja


def test_a_block_ends_at_the_next_one_with_the_same_or_less_indentation() -> None:
    source = "[a]\n1\n  [b]\n2\n  [c]\n3\n[d]\n4"
    assert translate(source).split("\n") == [
        "{% block a %}",
        "1",
        "{% block b %}",
        "2",
        "{% endblock b %}{% block c %}",
        "3",
        "{% endblock c %}{% endblock a %}{% block d %}",
        "4",
        "{% endblock d %}",
    ]


def test_an_explicit_end_closes_inner_blocks() -> None:
    assert translate("[a]\n  [b]\n1\n[/a] ## done\n2").split("\n") == [
        "{% block a %}",
        "{% block b %}",
        "1",
        "{% endblock b %}{% endblock a %}",
        "2",
    ]


def test_an_end_without_a_block_is_passed_to_jinja() -> None:
    assert translate("[/a]") == "{% endblock a %}"


def test_lines_keep_their_numbers() -> None:
    source = "## one\n[a]\n-- set x = 1\n\n[b!]\ny ## z\n[/b]\n=> x\nlast"
    assert len(translate(source).split("\n")) - source.count("\n") in (1, 2)
    assert translate(source).split("\n")[8] == "last"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("[a]\nx: 1\n[b]\ny: 2\n", "x: 1\ny: 2\n"),
        ("[a]\n[/a]\nx: 1\n", "x: 1"),
        ("[a!]\n\n\nx: 1\n\n[b]\ny: 2\n", "x: 1\ny: 2\n"),
        ("## c\nx: 1\n## c\n", "x: 1\n"),
        ("x: 1\n-- set a = 3\ny: 2", "x: 1\ny: 2"),
        ("x: 1\n\n<< set a = 3\ny: 2", "x: 1y: 2"),
        ("x:\n>> set a = 3\n\n  1", "x:\n1"),
        ("-- filter trim\n\nx\n\n-- endfilter", "x"),
        ("=> '\\na\\n'\nb", "a\nb"),
    ],
)
def test_the_rendered_text(source: str, text: str) -> None:
    environment = Environment(loader=DictLoader({"it": translate(source)}), trim_blocks=True, autoescape=False)
    assert environment.get_template("it").render() == text


def test_a_file_is_split_at_its_dividers() -> None:
    source = "main\n#---- one.part ----\na\nb\n# --- two/part-x.yaml ---  \nc\n#-- no --\n#---- no name ----\n"
    assert split(source) == [
        Part(None, 1, "main"),
        Part("one.part", 3, "a\nb"),
        Part("two/part-x.yaml", 6, "c\n#-- no --\n#---- no name ----\n"),
    ]


def test_a_divider_in_the_first_line_is_a_comment() -> None:
    assert split("#---- a ----\nx") == [Part(None, 1, "#---- a ----\nx")]
