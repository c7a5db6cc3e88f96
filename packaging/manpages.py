"""Writes forgather(1), which is forgather-units(1) too, forgather-server(8) and forgather.yaml(5) from the parsers and
the table of the settings.

usage: python3 packaging/manpages.py FOLDER
"""

from __future__ import annotations

import argparse
import dataclasses
import enum
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from forgather_units import __version__
from forgather_units.cli.main import build_parser
from forgather_units.settings.settings import Settings

PATHS_OF_A_PERSON = {
    "auth_dir": "~/.config/forgather/server",
    "state_dir": "~/.local/state/forgather",
}
"""Defaults that depend on the user: the pages show the rule, not the folder of the account that built them."""

Lines = Iterable[str]


def main() -> int:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, lines in (
        ("forgather.1", forgather()),
        ("forgather-units.1", [".so man1/forgather.1"]),
        ("forgather-server.8", server()),
        ("forgather.yaml.5", settings()),
    ):
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 0


def forgather() -> Lines:
    parser = build_parser()
    yield from _head("forgather", 1, "queue TensorBoards as systemd units and open them at one address")
    yield from _section("SYNOPSIS")
    yield from _usage(parser)
    yield from _section("DESCRIPTION")
    yield from _text(
        "A TensorBoard that is queued runs as a transient systemd unit of a user manager. journald has its output,"
        " systemctl and journalctl show all there is, and the server opens it behind one sign-in."
    )
    yield from _text(
        "forgather is the command line of the server, forgather-server(8): a person's own, or that of this machine."
        " forgather-units is the same command, for environments in which Forgather has a command forgather too."
    )
    yield from _section("OPTIONS")
    yield from _options(parser)
    yield from _section("COMMANDS")
    for words, leaf in _leaves(parser):
        yield from _subsection(" ".join(words))
        yield from _text(_sentence(leaf.description or ""))
        yield from _usage(leaf)
        yield from _options(leaf)
        if leaf.epilog:
            yield from _text(leaf.epilog)
    yield from _section("ENVIRONMENT")
    yield from _item("FORGATHER_SERVER_URL", "the server where --server names none: http://HOST:PORT or unix:/PATH")
    yield from _item("FORGATHER_SERVER_TOKEN", "the token of that server, or of the one that --server names")
    yield from _section("EXIT STATUS")
    yield from _item("0", "done")
    yield from _item("1", "it failed; one sentence on standard error says why")
    yield from _item("2", "wrong usage, or settings with a mistake; one sentence names the wrong word")
    yield from _item("130", "interrupted by Ctrl-C")
    yield from _item("141", "the reader of standard output closed it")
    yield from _text(
        "forgather job wait returns the exit code of the job, 128 and the number of its signal, 143 if it was stopped,"
        " or 1 if it failed without either. A viewer in the foreground returns its own."
    )
    yield from _section("EXAMPLES")
    for line in (
        "systemctl --user enable --now forgather-server",
        "forgather tb --enqueue --logdir output_models --port auto --open",
        "forgather job list",
        "journalctl --user -u 'forgather-*' -f",
    ):
        yield from (".PP", ".nf", f".RS 4\n{_escape(line)}\n.RE", ".fi")
    yield from _see_also("forgather-server(8)", "forgather.yaml(5)", "systemctl(1)", "journalctl(1)", "tensorboard(1)")


def server() -> Lines:
    leaf = dict(_leaves(build_parser()))[("forgather", "server")]
    yield from _head("forgather-server", 8, "the server of forgather, and its units")
    yield from _section("SYNOPSIS")
    yield from _usage(leaf)
    for line in (
        "systemctl --user enable --now forgather-server.service",
        "systemctl status forgather-server.service forgather-server.socket",
    ):
        yield from (".PP", _escape(line))
    yield from _section("DESCRIPTION")
    yield from _text(
        "The server keeps the queue, has systemd start the TensorBoards, and opens them at one address behind a"
        " sign-in. It can be stopped and started at any time: the TensorBoards go on."
    )
    yield from _text(
        "A person's own server is a unit of their user manager and listens at 127.0.0.1:8765, or as the settings say."
        " With forgather-server.socket enabled too, systemd listens in its place, and no request is lost while the"
        " server restarts."
    )
    yield from _text(
        "The server of this machine runs as the account forgather, without root, and its TensorBoards are units of"
        " that account's own user manager. It listens at 127.0.0.1:8764, and at /run/forgather/server.sock, which"
        " members of the group forgather use without a token. Each job is of the account that queued it: others look,"
        " and only the owner and the admins change it. The server can read the files that its account can read: grant"
        " access to a log directory by its group or by setfacl(1)."
    )
    yield from _section("OPTIONS")
    yield from _options(leaf)
    yield from _section("FILES")
    for file, meaning in (
        ("/etc/forgather/units.yaml", "settings of every server that has no file of its own; see forgather.yaml(5)"),
        ("~/.config/forgather/units.yaml", "settings of a person's own server"),
        ("~/.config/forgather/server/auth_token", "the token of a person's own server"),
        ("~/.local/state/forgather", "queue and history of a person's own server"),
        ("/run/forgather/server.sock", "where members of the group forgather reach the server of this machine"),
        ("/var/lib/forgather", "all that the server of this machine keeps"),
    ):
        yield from _item(file, meaning)
    yield from _section("SIGNALS")
    yield from _item("SIGTERM, SIGINT", "end the server; the TensorBoards go on")
    yield from _item("SIGHUP", "read the settings file again (systemctl reload); one with a mistake is not taken")
    yield from _see_also("forgather(1)", "forgather.yaml(5)", "systemd.socket(5)", "setfacl(1)")


def settings() -> Lines:
    yield from _head("forgather.yaml", 5, "settings of forgather")
    yield from _section("SYNOPSIS")
    for file in ("~/.config/forgather/units.yaml", "/etc/forgather/units.yaml"):
        yield from (".PP", _escape(file))
    yield from _section("DESCRIPTION")
    yield from _text(
        "A YAML mapping. The first of these files that exists counts, and the flags of forgather-server(8) count more."
        " An unknown name or a wrong value is refused with the name of the file. A server"
        " that is reloaded reads the file again, and says in the journal what counts only from its next start on;"
        " TensorBoards that are running keep their settings. forgather config shows, checks and edits it."
    )
    yield from _section("SETTINGS")
    for field in dataclasses.fields(Settings):
        meaning = f"{field.metadata['help']} ({_default(field)})"
        yield from _item(f"{field.name}:", meaning)
    yield from _section("SERVICES")
    yield from _text(
        "services: contains the viewers that always exist, by kind and name; forgather service edits it too."
        " A name is followed by the options of a job; paths are absolute, or begin with ~/."
    )
    yield from _section("EXAMPLE")
    lines = ("max_running: 8", "idle_timeout: 2h", "memory_max: 4G", 'admins: [carol, "%sudo"]', "services:",
             "  tensorboard:", "    lab: {logdir: /runs, port: 6010}")  # fmt: skip
    yield from (".PP", ".nf", *map(_escape, lines), ".fi")
    yield from _see_also("forgather(1)", "forgather-server(8)")


def _default(field: dataclasses.Field[Any]) -> str:
    if field.name in PATHS_OF_A_PERSON:
        return f"default: {PATHS_OF_A_PERSON[field.name]}"
    value = field.default
    if value is dataclasses.MISSING or value is None or value in ("", ()):
        return "default: none"
    if isinstance(value, bool):
        return f"default: {str(value).lower()}"
    if isinstance(value, enum.StrEnum):
        return f"default: {value.value}"
    return f"default: {value:g}" if isinstance(value, float) else f"default: {value}"


def _leaves(
    parser: argparse.ArgumentParser, words: tuple[str, ...] = ("forgather",)
) -> Iterator[tuple[tuple[str, ...], argparse.ArgumentParser]]:
    """Every command that runs something, with its words."""
    if parser.get_default("run") is not None:
        yield words, parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, child in action.choices.items():
                yield from _leaves(child, (*words, name))


def _usage(parser: argparse.ArgumentParser) -> Lines:
    formatter = argparse.HelpFormatter(parser.prog, width=10_000)
    formatter.add_usage(parser.usage, parser._actions, parser._mutually_exclusive_groups, "")
    yield ".PP"
    yield f"\\fB{_escape(' '.join(formatter.format_help().split()))}\\fR"


def _options(parser: argparse.ArgumentParser) -> Lines:
    for action in parser._actions:
        if isinstance(action, argparse._HelpAction | argparse._VersionAction | argparse._SubParsersAction):
            continue
        value = action.metavar or ("" if action.nargs == 0 else action.dest.upper())
        if not action.option_strings:
            yield from _item(str(action.metavar or action.dest), action.help or "")
            continue
        yield from _item(", ".join(action.option_strings) + (f" {value}" if value else ""), action.help or "")


def _head(name: str, section: int, meaning: str) -> Lines:
    # Without a date: the same source gives the same page.
    yield f'.TH {name.upper()} {section} "" "forgather {__version__}" "Forgather Units"'
    yield from _section("NAME")
    yield f"{_escape(name)} \\- {meaning}"


def _section(title: str) -> Lines:
    yield f".SH {title}"


def _subsection(title: str) -> Lines:
    yield f'.SS "{_escape(title)}"'


def _text(text: str) -> Lines:
    yield ".PP"
    yield _escape(text)


def _item(what: str, meaning: str) -> Lines:
    yield ".TP"
    yield f"\\fB{_escape(what)}\\fR"
    yield _escape(meaning)


def _see_also(*pages: str) -> Lines:
    yield from _section("SEE ALSO")
    names = (page.partition("(") for page in pages)
    yield ", ".join(f"\\fB{_escape(name)}\\fR({section}" for name, _, section in names)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith(".") else ".")


def _escape(text: str) -> str:
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    # A dot at the start of a line is a request to roff.
    return f"\\&{escaped}" if escaped.startswith(".") else escaped


if __name__ == "__main__":
    sys.exit(main())
