"""`forgather logs`: selection of runs, output formats, errors."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from cli.command_line import Shell

from forgather_units.cli.runs import run_target
from forgather_units.samples.collection import OUTPUT_MODELS, SAMPLES, STEPS

NEWEST, OLDER = SAMPLES[4], SAMPLES[0]


@pytest.fixture
def models(forgather: Shell, sample_runs: Path) -> Path:
    """The current folder's output_models: two runs, the first of which was written last."""
    output = forgather.folder / OUTPUT_MODELS
    for moment, sample in enumerate((OLDER, NEWEST), 1_700_000_000):
        for file in Path(shutil.copytree(sample_runs / sample.folder, output / sample.folder)).iterdir():
            os.utime(file, (moment, moment))
    return output


def name(folder: Path) -> str:
    return f"{folder.parent.parent.name}/{folder.name}"


def test_list(forgather: Shell, models: Path) -> None:
    done = forgather("logs", "list")
    assert (done.code, done.err) == (0, "")
    head, first, second = done.out.splitlines()
    assert head.split() == ["#", "RUN", "MODIFIED", "PATH"]
    assert first.split()[:2] == ["1", name(NEWEST.folder)]
    assert first.split()[-1] == str(models / NEWEST.folder / "trainer_logs.json")
    assert second.split()[:2] == ["2", name(OLDER.folder)]
    listed = forgather("logs", "list", "--json", str(models / "tiny")).json
    assert [each["run"] for each in listed] == [name(OLDER.folder)]


def test_incomplete_list_prints_a_warning(
    forgather: Shell, models: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run_target, "MOST_FOLDERS", 4)
    found = run_target.named_runs([str(models)])
    said = capsys.readouterr().err
    assert f"only 4 folders below {models} were searched: there may be more runs than these {len(found)};" in said


def test_summary_is_of_the_newest_run(forgather: Shell, models: Path) -> None:
    out = forgather("logs", "summary").out
    for line in (f"Run: {name(NEWEST.folder)}", "Metrics", "Training Speed", "Gradient Statistics", "Learning Rate"):
        assert line in out.splitlines()
    assert f"Total Steps:             {STEPS}" in out


def test_summary_as_json_and_nothing_else(forgather: Shell, models: Path) -> None:
    done = forgather("logs", "summary", str(models / OLDER.folder), "--format", "json")
    record = done.json
    assert (done.err, record["run"], record["total_steps"]) == ("", name(OLDER.folder), STEPS)
    # Several are an array; the log's own path is as good as its folder's.
    log = models / OLDER.folder / "trainer_logs.json"
    several = forgather("logs", "summary", "--format", "json", str(log), str(models / NEWEST.folder)).json
    assert [each["run"] for each in several] == [name(OLDER.folder), name(NEWEST.folder)]
    assert several[0] == record


def test_several_runs_side_by_side(forgather: Shell, models: Path) -> None:
    records = {each["run"]: each for each in forgather("logs", "summary", "--all", "--format", "json").json}
    head, *rows = forgather("logs", "summary", "--all").out.splitlines()
    assert head.split() == list(records)
    (final,) = [row for row in rows if row.startswith("Final Loss")]
    assert final.split()[2:] == [f"{each['final_loss']:.5g}" for each in records.values()]
    lines = forgather("logs", "summary", "--all", "--format", "one-line").out.splitlines()
    assert [line.partition(":")[0] for line in lines] == list(records)
    table = forgather("logs", "summary", "--all", "--format", "md").out.splitlines()
    assert table[0] == f"| | {' | '.join(records)} |" and table[1] == "|---|---|---|"


def test_summary_into_a_file(forgather: Shell, models: Path) -> None:
    done = forgather("logs", "summary", "--format", "md", "-o", "summary.md")
    assert (done.code, done.out) == (0, "")
    assert (forgather.folder / "summary.md").read_text().startswith(f"# {name(NEWEST.folder)}\n")


def test_a_run_that_is_still_written(forgather: Shell, models: Path) -> None:
    log = models / NEWEST.folder / "trainer_logs.json"
    lines = log.read_text().splitlines()
    log.write_text("\n".join(lines[:100]) + '\n{"timestamp": 17')
    record = forgather("logs", "summary", "--format", "json").json
    last = json.loads(lines[99].rstrip(","))
    assert (record["finished"], record["total_steps"]) == (False, last["global_step"])


def test_the_project_around_the_current_folder(forgather: Shell, models: Path) -> None:
    (forgather.folder / "meta.yaml").write_text("name: x\n")
    inside = forgather.folder / "templates"
    inside.mkdir()
    for words in (("-p", str(inside)), ("-p", str(forgather.folder))):
        assert name(NEWEST.folder) in forgather(*words, "logs", "list").out


@pytest.mark.parametrize(("ending", "magic"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_plot(forgather: Shell, models: Path, ending: str, magic: bytes) -> None:
    done = forgather("logs", "plot", "-o", f"curves.{ending}")
    assert (done.code, done.out) == (0, f"wrote {forgather.folder}/curves.{ending}\n")
    assert (forgather.folder / f"curves.{ending}").read_bytes().startswith(magic)


@pytest.mark.parametrize(
    ("flags", "name"),
    [
        ((), "training_plot.png"),
        (("--no-show",), "training_plot.png"),
        (("--loss-curves",), "loss_curves.png"),
        (("--format", "svg"), "training_plot.svg"),
    ],
)
def test_the_default_file_is_that_of_forgather(
    forgather: Shell, models: Path, flags: tuple[str, ...], name: str
) -> None:
    for _ in range(2):
        done = forgather("logs", "plot", *flags)
        assert (done.code, done.out) == (0, f"wrote {forgather.folder}/tmp/{name}\n"), done.err
    assert (forgather.folder / "tmp" / name).stat().st_size > 1000


def test_a_plot_opens_in_the_editor(forgather: Shell, models: Path) -> None:
    done = forgather("logs", "plot", "-e", EDITOR="sh -c 'head -c 4 \"$0\" | tail -c 3'")
    assert (done.code, done.out.splitlines()[1]) == (0, "PNG")
    done = forgather("logs", "plot", "-e", "-o", "x.svg", EDITOR="false")
    assert (done.code, done.err) == (1, "forgather: false ended with an error: the plot is written\n")
    assert (forgather.folder / "x.svg").exists()
    done = forgather("logs", "plot", "-e", EDITOR="/not/there")
    assert done.err == "forgather: /not/there cannot be run (No such file or directory): the plot is written\n"


def test_a_default_file_that_cannot_be_written(forgather: Shell, models: Path) -> None:
    (forgather.folder / "tmp").write_text("not a folder")
    done = forgather("logs", "plot")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("forgather: tmp/training_plot.png cannot be written: ")


def svg(forgather: Shell, *words: str) -> str:
    """The texts of a plot: matplotlib writes each text beside its outlines."""
    done = forgather("logs", "plot", *words, "-o", "curves.svg")
    assert done.code == 0, done.err
    return (forgather.folder / "curves.svg").read_text()


def test_plot_draws_the_selected_runs(forgather: Shell, models: Path) -> None:
    both = [str(models / OLDER.folder), "--compare", str(models / NEWEST.folder)]
    text = svg(forgather, *both, "--labels", "one $x$", "two", "--loss-curves", "--grad-norm", "--title", "A title")
    for label in ("A title", "one $x$: loss", "two: eval_loss", "two: max_grad_norm", "gradient norm", "step"):
        assert f"<!-- {label} -->" in text, label
    text = svg(forgather, "--metrics", "learning_rate", "--x-axis", "time", "--smooth", "5")
    assert "<!-- learning rate -->" in text and "<!-- time (minutes) -->" in text
    text = svg(forgather, "--perplexity", "--log-scale", "--x-axis", "epoch", "--y-min", "1", "--y-max", "100")
    assert "<!-- perplexity -->" in text and "<!-- eval_perplexity -->" in text


def test_plot_in_the_terminal(forgather: Shell, models: Path) -> None:
    done = forgather("logs", "plot", "--terminal", "--grad-norm", "--loss-curves")
    assert (done.code, done.err) == (0, "")
    assert f"{name(NEWEST.folder)} - loss" in done.out and f"{name(NEWEST.folder)} - gradient norm" in done.out
    assert "\x1b" not in done.out
    assert list(forgather.folder.iterdir()) == [models]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["summary", "nowhere"], 1, "there is no {folder}/nowhere"),
        (["summary", "output_models/tiny/runs"], 0, ""),
        (["summary", "."], 0, ""),
        (
            ["list", "empty"],
            1,
            "there is no run in {folder}/empty or below it: neither a trainer_logs.json nor event files",
        ),
        (["summary", "notes.txt"], 1, "{folder}/notes.txt is neither a run's folder nor a trainer_logs.json"),
        (["summary", "-o", "empty"], 1, "empty cannot be written: Is a directory"),
        (["plot", "--metrics", "los"], 1, "has no values of los: it has loss, grad_norm"),
        (["plot", "--metrics", ","], 2, "must be names"),
        (["plot", "--smooth", "0"], 2, "must be a number of values"),
        (["plot", "--x-min", "3", "--x-max", "2"], 2, "--x-min must be below --x-max"),
        (["plot", "--y-min", "nan"], 2, "must be a number, not 'nan'"),
        (["plot", "--log-scale", "--y-min", "0"], 2, "a logarithmic axis has no place for zero"),
        (["plot", "--labels", "a", "b"], 2, "--labels wants a name for each run: there are 1 runs and 2 names"),
        (["plot", "-o", "x.gif"], 2, "x.gif should end with one of .png, .svg, .pdf"),
        (["plot", "-o", "empty/none/x.png"], 1, "empty/none/x.png cannot be written: No such file"),
        (["plot", "--terminal", "-o", "x.png"], 2, "--terminal writes no file"),
        (["plot", "--x-axis", "miles"], 2, "'miles'"),
    ],
)
def test_invalid_arguments_are_refused(forgather: Shell, models: Path, words: list[str], code: int, said: str) -> None:
    (forgather.folder / "empty").mkdir()
    (forgather.folder / "notes.txt").touch()
    done = forgather("logs", *words)
    assert done.code == code
    assert said.format(folder=forgather.folder) in done.err


def test_without_any_run(forgather: Shell) -> None:
    done = forgather("logs", "summary")
    assert (done.code, done.err.splitlines()[0]) == (1, f"forgather: there is no output_models in {forgather.folder}")


def test_control_characters_in_names_are_escaped(forgather: Shell, models: Path) -> None:
    """Names of folders and metrics may hold anything: they are shown, and their control characters do nothing."""
    run = Path(os.fsdecode(b"odd\xff\x1b[31m"))
    (forgather.folder / run).mkdir()
    log = forgather.folder / run / "trainer_logs.json"
    log.write_text('[\n{"global_step": 1, "loss": 2.0, "\\u001b[2J": 1},\n{"global_step": 2, "loss": 1.0}')
    for words in (["summary"], ["plot", "--terminal"], ["plot", "--metrics", "x"], ["plot", "-o", "x.svg"], ["list"]):
        done = forgather("logs", words[0], str(run), *words[1:])
        assert "\x1b" not in done.out + done.err, words
        assert done.code == (1 if "x" in words else 0), done.err


def test_one_unreadable_run_leaves_the_others_in_the_table(forgather: Shell, models: Path) -> None:
    log = models / OLDER.folder / "trainer_logs.json"
    log.chmod(0)
    done = forgather("logs", "summary", "--all", "--format", "one-line")
    assert (done.code, done.err) == (1, f"forgather: {log} cannot be read: Permission denied\n")
    assert [line.partition(":")[0] for line in done.out.splitlines()] == [name(NEWEST.folder)]
    for verb in (("summary", str(log)), ("plot", str(log), "-o", "x.png")):
        done = forgather("logs", *verb)
        assert (done.code, done.out, done.err) == (1, "", f"forgather: {log} cannot be read: Permission denied\n")


@pytest.mark.parametrize("verb", ["list", "summary", "plot"])
def test_a_folder_that_cannot_be_read(forgather: Shell, models: Path, verb: str) -> None:
    models.chmod(0)
    done = forgather("logs", verb, str(models))
    models.chmod(0o700)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith(f"forgather: {models} cannot be read") and len(done.err.splitlines()) == 1


def test_a_subfolder_that_cannot_be_read_is_named(forgather: Shell, models: Path) -> None:
    closed = models / "tiny"
    closed.chmod(0)
    done = forgather("logs", "list")
    closed.chmod(0o700)
    assert (done.code, done.err) == (0, f"warning: {closed} cannot be read: its runs are missing here\n")
    assert len(done.out.splitlines()) == 2


@pytest.mark.parametrize("verb", ["list", "summary", "plot"])
def test_path_that_is_neither_a_folder_nor_a_log(forgather: Shell, verb: str) -> None:
    os.mkfifo(forgather.folder / "pipe.json")
    (forgather.folder / "loop").symlink_to("loop")
    for path in ("pipe.json", "/dev/zero", "loop", "gone"):
        done = forgather("logs", verb, path)
        assert (done.code, done.out) == (1, ""), path
        assert len(done.err.splitlines()) == 1, done.err
