"""The command line: quick to help, three lines for a mistake, verbs that call into the rooms."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from merlib.cli.main import app, main
from merlib.errors import MerlibError

NOTEBOOK = """# %% tags=["parameters"]
profile = "smoke"
data = []
store = ""
# %%
raise ValueError("the fold of subject 006 has no clip")
"""


def merlib(*arguments, **environment):
    import os

    return subprocess.run(
        [sys.executable, "-m", "merlib.cli.main", *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "200", **environment},
    )


def in_process(*arguments):
    """Call a verb without another process, whose imports take seconds."""
    return CliRunner().invoke(app, [str(part) for part in arguments], env={"COLUMNS": "200"})


def test_help_imports_nothing_heavy():
    code = (
        "import sys; from typer.testing import CliRunner; from merlib.cli.main import app; "
        "result = CliRunner().invoke(app, ['--help']); assert result.exit_code == 0, result.output; "
        "heavy = {'torch', 'cv2', 'pandas', 'matplotlib', 'numpy', 'sklearn', 'skimage', 'papermill'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


@pytest.mark.parametrize(
    "verb",
    [
        [],
        ["run"],
        ["status"],
        ["doctor"],
        ["data"],
        ["data", "get"],
        ["data", "check"],
        ["reference", "train"],
        ["verify"],
        ["claim"],
        ["claims"],
        ["maintain", "deposit"],
        ["maintain", "links"],
    ],
)
def test_every_verb_has_help(verb):
    result = CliRunner().invoke(app, [*verb, "--help"])
    assert result.exit_code == 0
    assert "Usage" in result.output


@pytest.mark.long
@pytest.mark.parametrize(
    ("arguments", "found", "valid"),
    [
        (["run", "--profile", "tech"], "unknown profile 'tech'", "paper, smoke, teach"),
        (["run", "--data", "megc2019-flo=."], "unknown data source 'megc2019-flo'", "megc2019-flow"),
        (["run", "--data", "megc2019-flow"], "megc2019-flow", "NAME=DIR"),
        (["run", "--data", "megc2019-flow=absent"], "absent", "existing folder"),
        (["run", "-p", "clips"], "clips", "NAME=VALUE"),
        (["reference", "train", "am3f-loso-c"], "unknown planned run 'am3f-loso-c'", "am3f-loso-ce"),
        (["reference", "train", "am3f-loso-ce"], "no folder of megc2019-flow", "merlib data get megc2019-flow"),
        (["data", "check", "casme3=."], "casme3", "megc2019-flow"),
        (["claim", "am3f.tabel3"], "unknown claim 'am3f.tabel3'", "am3f.table3"),
        (["verify", "--fold", "casme2-sub17", "--only", "linear-loso"], "megc2019-flow is not here", "merlib data get"),
        (["verify", "a", "b", "--fold", "fold03"], "runs to compare beside other wishes", "one of the two"),
        (["verify", "--only", "linear-los"], "unknown planned run", "linear-loso"),
        (["data", "get", "casme3"], "casme3", "published"),
    ],
)
def test_a_mistake_is_told_in_three_lines_with_status_2(arguments, found, valid, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(sys, "argv", ["merlib", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    told = capsys.readouterr()
    assert ended.value.code == 2, told
    assert told.out == ""
    lines = [line.strip("│ ") for line in told.err.splitlines()]
    assert [line.split(":")[0] for line in lines if line[:1] in "FED"] == ["Found", "Expected", "Do"]
    assert found in told.err
    assert valid in told.err


@pytest.mark.long
def test_a_mistake_in_a_process_of_its_own_shows_no_traceback():
    done = merlib("run", "--profile", "tech")
    assert (done.returncode, done.stdout) == (2, "")
    assert "unknown profile 'tech'" in done.stderr
    assert "Traceback" not in done.stderr


def test_debugging_shows_the_traceback(monkeypatch):
    monkeypatch.setenv("MERLIB_DEBUG", "1")
    monkeypatch.setattr(sys, "argv", ["merlib", "run", "--profile", "tech"])
    with pytest.raises(MerlibError):
        main()


def test_a_failing_notebook_gives_status_1_and_shows_its_cell(tmp_path, monkeypatch):
    from merlib.running import run as runner
    from merlib.running.process import NotebookOutcome

    error = {"cell": 2, "source": 'raise ValueError("the fold")', "name": "ValueError", "value": "006 has no clip"}

    def failing(request, screen):
        outcomes = NotebookOutcome("00_works", "done", 1.0), NotebookOutcome("01_folds", "failed", 2.0, error=error)
        screen.begin(tmp_path, ["00_works", "01_folds"])
        for outcome in outcomes:
            screen.started(outcome.name)
            screen.ended(outcome)
        return runner.RunOutcome(tmp_path, outcomes)

    monkeypatch.setattr(runner, "run_notebooks", failing)
    done = in_process("run", "--from", tmp_path)
    assert done.exit_code == 1
    assert "done 00_works" in done.stdout
    assert "FAILED 01_folds" in done.stdout
    assert 'raise ValueError("the fold")' in done.stdout
    assert "006 has no clip" in done.stdout
    assert "1 failed: 01_folds" in done.stdout


@pytest.mark.slow
def test_a_notebook_that_fails_in_its_own_process_is_shown_too(tmp_path):
    (tmp_path / "01_folds.py").write_text(NOTEBOOK)
    done = merlib("run", "--from", tmp_path, "--results", tmp_path / "results", "--name", "mine")
    assert done.returncode == 1
    assert "FAILED 01_folds" in done.stdout
    assert 'raise ValueError("the fold' in done.stdout
    assert "subject 006 has no clip" in done.stdout
    assert (tmp_path / "results" / "runs" / "mine" / "run.json").is_file()


def test_data_list_names_every_source_and_how_to_get_it():
    from merlib.sources import available_manifests

    done = in_process("data", "list")
    assert done.exit_code == 0, done.output
    assert [name for name in available_manifests() if name.replace("_", "-") not in done.stdout] == []
    assert "merlib data get megc2019-flow" in done.stdout


def test_the_version_is_told():
    from merlib import __version__

    assert CliRunner().invoke(app, ["--version"]).stdout == f"merlib {__version__}\n"


@pytest.mark.long
@pytest.mark.parametrize(
    ("verb", "key"),
    [(("data", "list"), "name"), (("weights", "list"), "name"), (("reference", "list"), "run"), (("status",), "id")],
)
def test_a_list_speaks_json_and_its_names_are_whole_on_a_narrow_terminal(verb, key):
    told = CliRunner().invoke(app, [*verb, "--json"])
    names = [row[key] for row in json.loads(told.stdout)]
    shown = CliRunner().invoke(app, list(verb), env={"COLUMNS": "80"}).output
    assert names
    assert [name for name in names if name not in shown] == []


def test_an_empty_store_is_an_empty_list(tmp_path):
    told = CliRunner().invoke(app, ["store", "list", "--json"], env={"MERLIB_STORE": str(tmp_path)})
    assert json.loads(told.stdout) == []


def test_how_to_fetch_is_whole_on_a_narrow_terminal():
    shown = CliRunner().invoke(app, ["data", "list"], env={"COLUMNS": "80"}).output
    assert "merlib data get megc2019-flow" in shown


def test_ctrl_c_tells_the_command_that_goes_on(monkeypatch):
    from merlib.running import run as runner

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(runner, "run_notebooks", interrupted)
    monkeypatch.setattr(sys, "argv", ["merlib", "run", "04", "--profile", "teach", "--name", "my run"])
    done = CliRunner().invoke(app, sys.argv[1:])
    assert done.exit_code == 130
    assert "merlib run 04 --profile teach --name 'my run' --resume" in done.output


def test_data_check_reports_problems_with_status_1_and_as_json(tmp_path):
    report = tmp_path / "report.json"
    done = in_process("data", "check", f"megc2019-flow={tmp_path / 'absent'}", "--json", report)
    assert done.exit_code == 1, done.output
    assert json.loads(report.read_text())["ok"] is False
    assert "error" in done.stdout


@pytest.mark.real
def test_data_check_passes_the_published_archive(flow_archive):
    done = in_process("data", "check", f"megc2019-flow={flow_archive}")
    assert done.exit_code == 0, done.output
    assert "negative 250, positive 109, surprise 83" in done.stdout


def test_status_counts_the_73_artefacts():
    done = in_process("status")
    assert done.exit_code == 0, done.output
    assert "am3f.table5" in done.stdout
    [total] = [line for line in done.stdout.splitlines() if line.strip("│┃ ").startswith("all ")]
    assert sum(int(cell) for cell in total.split("│") if cell.strip().isdigit()) == 73


def test_doctor_exits_1_only_when_something_fails(monkeypatch):
    from merlib.cli import doctor

    for level, status in (("warn", 0), ("fail", 1)):
        monkeypatch.setattr(doctor, "diagnose", lambda *_, found=level, **__: [doctor.CheckResult("disk", found, "x")])
        assert CliRunner().invoke(app, ["doctor"]).exit_code == status


@pytest.mark.long
def test_reference_list_tells_what_is_committed_without_any_data():
    from merlib.publishing.planned.archive_plan import every_planned_run

    result = CliRunner().invoke(app, ["reference", "list"], env={"COLUMNS": "120"})
    assert result.exit_code == 0, result.output
    assert f"of {len(every_planned_run())} planned runs are complete" in result.output
    row = next(line for line in result.output.splitlines() if "linear-loso" in line)
    assert "0.720" in row


def test_reference_list_says_when_nothing_is_read():
    result = CliRunner().invoke(app, ["reference", "list"], env={"COLUMNS": "120", "MERLIB_REFERENCES": "off"})
    assert result.exit_code == 0
    assert " 0 of " in f" {result.output}"
    assert "MERLIB_REFERENCES=off" in result.output


@pytest.mark.long
def test_reference_train_goes_through_what_is_missing_in_the_plan_s_order(monkeypatch, tmp_path):
    from merlib.publishing.planned import archive_plan
    from merlib.publishing.planned import plan as reference_plan

    trained = []
    monkeypatch.setenv("MERLIB_REFERENCES", str(tmp_path))
    monkeypatch.setattr(archive_plan, "open_samples", lambda name, folders: "the maps")
    monkeypatch.setattr(reference_plan, "train_planned", lambda name, maps, *a, **how: trained.append((name, maps)))
    done = CliRunner().invoke(app, ["reference", "train", "--data", f"megc2019-flow={tmp_path}"])
    assert done.exit_code == 0, done.output
    plan = archive_plan.every_planned_run()
    assert trained == [(name, "the maps") for name, run in plan.items() if run.data == "megc2019-flow"]
    trained.clear()
    CliRunner().invoke(app, ["reference", "train", "am3f-loso-ce", "--data", f"megc2019-flow={tmp_path}"])
    assert trained == [("am3f-loso-ce", "the maps")]
