"""MkDocs' options as a job carries them, and the stock command line that they make."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from forgather_units.domain.listening import Listening, Port
from forgather_units.viewers.contract.option import PATH, PATHS, TRUTH, Field, Files, Place, option, words_of
from forgather_units.viewers.contract.shared_options import window_title, with_short

DEFAULT_PORT: Final = 8000


@dataclass(frozen=True, slots=True)
class MkDocsOptions(Listening):
    """The options of one MkDocs. `config_file` and `watch` are absolute."""

    config_file: str = field(
        metadata=option(
            type=PATH,
            short="-f",
            metavar="FILE",
            help="its configuration",
            if_not_given="mkdocs.yml",
            field=Field(
                Place.MAIN,
                "Config file",
                "The mkdocs.yml of the site. It is not modified.",
                placeholder="/path/to/mkdocs.yml",
                missing="Choose the mkdocs.yml of the site.",
                files=Files((".yml", ".yaml"), "mkdocs.yml"),
            ),
        )
    )
    port: Port = field(default=DEFAULT_PORT, kw_only=True, metadata=with_short("port", "-p"))
    strict: bool = field(
        default=False,
        metadata=option(
            type=TRUTH,
            help="a warning of the build is an error",
            flag="--strict",
            field=Field(Place.MAIN, "--strict", "A warning during the build stops it."),
            details="Strict",
        ),
    )
    dirty: bool = field(
        default=False,
        metadata=option(
            type=TRUTH,
            help="build only the pages that have changed",
            # MkDocs before 1.5 knows only this name; later ones keep it beside --dirty.
            flag="--dirtyreload",
            field=Field(Place.ADVANCED, "--dirty", "Build only the pages that have changed; links may become stale."),
            details="Dirty",
        ),
    )
    livereload: bool = field(
        default=True,
        metadata=option(
            type=TRUTH,
            help="do not build again when a page changes",
            flag="--no-livereload",
            field=Field(Place.MAIN, "--no-livereload", "Do not rebuild the site when a page changes."),
            details="Live reload",
        ),
    )
    watch: tuple[str, ...] = field(
        default=(),
        metadata=option(
            type=PATHS,
            short="-w",
            metavar="PATH",
            help="watch this too; may be given again",
            flag=lambda paths: [f"--watch={path}" for path in paths],
            field=Field(
                Place.ADVANCED,
                "Watch",
                "Other files and folders whose changes rebuild the site, separated by commas.",
                placeholder="/path/to/snippets, /path/to/src",
            ),
            details="Watched",
        ),
    )
    window_title: str | None = field(
        default=None,
        metadata=window_title("name in lists", hint="The name in lists. The pages themselves show their site_name."),
    )

    @property
    def title(self) -> str:
        return self.window_title or Path(self.config_file).parent.name or self.config_file

    @property
    def folder(self) -> str:
        return str(Path(self.config_file).parent)


def serve_words(options: MkDocsOptions, port: int, prepared: str) -> list[str]:
    """The words behind `mkdocs`; `prepared` is the path of the generated configuration, empty for the user's own."""
    host = f"[{options.address}]" if ":" in options.address else options.address
    return [
        "serve",
        f"--config-file={prepared or options.config_file}",
        f"--dev-addr={host}:{port}",
        *words_of(options),
    ]
