"""Words that users of systemctl, docker and pueue type, and the commands that they stand for."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Final

from forgather_units.domain.queue_id import is_queue_id

COMMANDS: Final = {
    "ps": ("job", "list"),
    "stop": ("job", "kill"),
    "rm": ("job", "remove"),
    "version": ("--version",),
}
"""At the place of a command."""
VERBS: Final = {
    "ls": "list",
    "ps": "list",
    "show": "status",
    "inspect": "status",
    "logs": "dump",
    "stop": "kill",
    "rm": "remove",
}
"""At the place of a verb, where the command has no verb of this name and has the other one."""
HELP: Final = "help"
OPTIONS_WITH_VALUE: Final = ("-p", "--project-dir", "-t", "--config-template", "--server")
"""Options of `forgather` itself that a value follows."""

_FOLLOW: Final = ("-f", "--follow")


def command_at(words: Sequence[str]) -> int:
    """The index of the first word that is neither an option of `forgather` itself nor its value; -1 if none is."""
    left = iter(enumerate(words))
    for at, word in left:
        if word in OPTIONS_WITH_VALUE:
            next(left, None)
        elif not word.startswith("-"):
            return at
    return -1


def expanded(words: Sequence[str]) -> list[str]:
    """`words` with an alias at the place of the command replaced: `ps` becomes `job list`."""
    at = command_at(words)
    if at < 0:
        return list(words)
    before, command, after = words[:at], words[at], words[at + 1 :]
    if command == HELP:
        return expanded([*before, *after, "--help"])
    if command == "logs" and any(map(is_queue_id, after)):
        # `forgather logs` is about trainings; with a job's id it is docker's.
        return [*before, "job", *words[at:]]
    return [*before, *COMMANDS.get(command, (command,)), *after]


def verb_for(word: str, rest: Sequence[str], verbs: Container[str]) -> tuple[str, list[str]] | None:
    """The verb that `word` stands for among `verbs`, and the words behind it; None if it stands for none."""
    if word in verbs:
        return word, list(rest)
    if word == "logs" and "tail" in verbs and set(rest) & set(_FOLLOW):
        return "tail", [each for each in rest if each not in _FOLLOW]
    verb = VERBS.get(word)
    return (verb, list(rest)) if verb is not None and verb in verbs else None


def described(verbs: Container[str]) -> str:
    """The aliases of a command with these verbs, for its help; empty if it has none."""
    there = [f"{alias} = {verb}" for alias, verb in VERBS.items() if verb in verbs and alias not in verbs]
    return f"Aliases: {', '.join(there)}." if there else ""
