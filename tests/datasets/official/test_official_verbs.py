"""``merlib data check`` and ``merlib data export`` end to end, on screen, as JSON and as a page."""

from __future__ import annotations

import json
import shutil
from html.parser import HTMLParser

import pytest
from noise_clips import noise_clips
from typer.testing import CliRunner
from whole_copies import build_whole, plan

from merlib.cli.clip_audit import clip_audit_page
from merlib.cli.main import app
from merlib.datasets.official.export import export_clips
from merlib.errors import MerlibError


@pytest.fixture
def copy(tmp_path):
    return export_clips(noise_clips("casme2"), "casme2", tmp_path / "copy")


def merlib(*arguments):
    return CliRunner().invoke(app, [str(part) for part in arguments], env={"COLUMNS": "200"})


def test_a_sound_copy_passes_with_status_0(copy):
    done = merlib("data", "check", f"casme2={copy}", "--workers", 1)
    assert done.exit_code == 0, done.output
    assert "no problem found" in done.stdout
    assert "36, of which 36 decoded" in done.stdout
    assert "synthetic twin, seed 0" in done.stdout


def test_an_error_gives_status_1_and_both_reports(copy, tmp_path):
    shutil.rmtree(copy / "Cropped" / "sub11")
    (copy / "Cropped" / "sub03" / "sub03_9_0" / "Thumbs.db").write_bytes(b"x")
    page, record = tmp_path / "report.html", tmp_path / "report.json"
    done = merlib("data", "check", f"casme2={copy}", "--quick", "--workers", 1, "--html", page, "--json", record)
    assert done.exit_code == 1
    assert "sub11/sub11_9_3" in done.stdout
    assert "1 error, 1 warning, 0 notes" in done.stdout
    report = json.loads(record.read_text())
    assert (report["ok"], report["by_severity"]) == (False, {"error": 1, "warning": 1, "note": 0})
    assert report["findings"][0]["clip"] == "sub11/sub11_9_3"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy", "report.html", "report.json"]
    text = page.read_text()
    assert '<li class="error"><b>1</b>error</li>' in text
    assert "clip-missing: 1" in text
    assert "sub11/sub11_9_3" in text


def test_a_warning_alone_gives_status_0(copy):
    (copy / "Cropped" / "sub03" / "sub03_9_0" / "Thumbs.db").write_bytes(b"x")
    assert merlib("data", "check", f"casme2={copy}", "--workers", 1).exit_code == 0


def test_many_findings_of_one_kind_are_cut_on_screen_and_whole_in_files(copy, tmp_path):
    for number in range(8):
        (copy / "Cropped" / "sub03" / "sub03_9_0" / f"note{number}.txt").write_text("x")
    page = tmp_path / "report.html"
    done = merlib("data", "check", f"casme2={copy}", "--quick", "--workers", 1, "--html", page)
    assert "and 3 more of stray-file" in done.stdout
    assert page.read_text().count("a file that is no frame (.txt extension).") == 8


class Resources(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.outside = [], []

    def handle_starttag(self, tag, attributes):
        if tag not in ("meta", "br"):
            self.open.append(tag)
        self.outside += [value for name, value in attributes if name in ("src", "href") or "://" in (value or "")]
        assert tag != "script"

    def handle_endtag(self, tag):
        while self.open.pop() != tag:
            assert tag in ("table", "div"), tag  # rows may stay open


def test_the_page_stands_alone_and_names_are_escaped(copy, tmp_path):
    evil = copy / "Cropped" / "sub03" / "<script>alert(1)<"
    shutil.copytree(copy / "Cropped" / "sub03" / "sub03_9_0", evil)
    from merlib.datasets.official.audit import audit_clips

    text = clip_audit_page(audit_clips("casme2", copy))
    assert "&lt;script&gt;alert(1)" in text
    parser = Resources()
    parser.feed(text)
    assert (parser.outside, parser.open) == ([], [])
    assert "http" not in text.replace("http-equiv", "")


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["data", "check", "casme2"], "without a folder"),
        (["data", "check", "casme2=absent"], "not a folder"),
        (["data", "check", "casme2=.", "--layout", "row"], "cropped, raw"),
        (["data", "check", "megc2019-flow=.", "--html", "x.html"], "recorded clips"),
        (["data", "export", "casme3", "x"], "casme2, samm, smic"),
    ],
)
def test_a_mistake_is_a_merlib_error(arguments, found):
    done = merlib(*arguments)
    assert isinstance(done.exception, MerlibError)
    assert found in str(done.exception)


def test_export_writes_the_twin_that_check_then_passes(tmp_path, monkeypatch):
    from merlib.datasets.twin.rendering import rendered

    asked = {}

    def twin(name, **options):
        asked.update(options)
        return noise_clips(name)

    monkeypatch.setattr(rendered, "twin_clips", twin)
    folder = tmp_path / "twin"
    done = merlib("data", "export", "casme2", folder, "--seed", 4, "--subjects", "sub03", "--before", 0, "--workers", 1)
    assert done.exit_code == 0, done.output
    assert "SYNTHETIC casme2" in done.stdout
    assert asked == {"seed": 4, "intensity": 1.0, "scale": 1.0}
    record = json.loads((folder / "SYNTHETIC.json").read_text())
    assert (record["seed"], record["clips"]) == (4, 3)
    assert len(list(folder.rglob("*.jpg"))) == 3 * 8
    assert merlib("data", "check", f"casme2={folder}", "--workers", 1).exit_code == 0


@pytest.mark.long
def test_a_frame_of_the_rendered_twin_survives_export_and_reading(tmp_path):
    import numpy as np

    from merlib.clips.clip_table import frames
    from merlib.datasets.official.readers import read_smic
    from merlib.datasets.twin.rendering.rendered import twin_clips

    table = twin_clips("smic")
    first = table[(table["subject"] == "s01") & (table.index < 1)].copy()
    short = first.assign(onset=0, offset=2, n_frames=3)
    short["source"] = [Three(first["source"][0])]
    short.attrs = table.attrs
    back = read_smic(export_clips(short, "smic", tmp_path / "out"))
    before, after = (frames(each.iloc[0], [1])[0].astype(int) for each in (short, back))
    assert after.shape == (160, 130, 3)
    assert np.abs(before - after)[:140].mean() < 4


class Three:
    """The first three frames of a source."""

    def __init__(self, source):
        self.source, self.numbers = source, source.numbers[:3]

    def read(self, index):
        return self.source.read(index)


@pytest.mark.parametrize("verb", ["check", "export"])
def test_help_teaches_with_an_example(verb):
    done = merlib("data", verb, "--help")
    assert done.exit_code == 0
    assert f"Example: merlib data {verb} casme2" in done.stdout


def test_check_looks_for_faces_when_asked(copy, monkeypatch):
    from merlib.errors import MerlibError
    from merlib.inputs import face_check

    asked = []

    def looked_for(row, backend):
        asked.append(row.clip)
        return MerlibError("no face.", "one face.", "look.") if row.clip == "sub11_9_3" else None

    monkeypatch.setattr(face_check, "_problem", looked_for)
    monkeypatch.setattr(face_check, "over_clips", lambda function, tasks, *_: (looked_for(*task) for task in tasks))
    done = merlib("data", "check", f"casme2={copy}", "--quick", "--faces", "--workers", 1)
    assert done.exit_code == 1
    assert len(asked) == 4
    assert "sub11/sub11_9_3" in done.stdout
    assert "no face" in done.stdout
    assert "readable clips  │ 3" in done.stdout
    assert merlib("data", "check", f"casme2={copy}", "--quick", "--workers", 1).exit_code == 0

    spoilt = next(next(copy.rglob("sub11_9_3")).iterdir())  # the clip without a face has another fault as well
    spoilt.write_bytes(b"no picture")
    done = merlib("data", "check", f"casme2={copy}", "--faces", "--workers", 1)
    assert "2 errors" in done.stdout
    assert "readable clips  │ 3" in done.stdout


def test_the_composite_is_checked_as_one(tmp_path):
    from merlib.datasets.official.composite import LIST

    rows = plan("smic")[:6]
    build_whole("smic", tmp_path / "SMIC-HS", "cropped", rows)
    (tmp_path / LIST).write_text("".join(f"smic,{s},{c},0\n" for s, c, _ in rows) + "samm,6,006_1_2,0\n")
    done = merlib("data", "check", f"megc2019-cd={tmp_path}", "--workers", 1, "--json", tmp_path / "report.json")
    assert done.exit_code == 1
    assert "readable clips  │ 6" in done.stdout
    report = json.loads((tmp_path / "report.json").read_text())
    assert (report["clips"], report["by_class"], report["frames"]) == (7, {"negative": 7}, 18)
    assert report["by_rule"]["set-missing"] == 1  # SAMM, of which the list names a clip
    assert report["by_rule"]["list-differs"] > 50  # nobody has the organisers' number of clips


@pytest.mark.parametrize("option", [("--faces",), ("--layout", "raw")])
def test_what_only_one_set_can_answer_is_asked_of_the_set(option, tmp_path):
    done = merlib("data", "check", f"megc2019-cd={tmp_path}", *option)
    assert "merlib data check casme2=DIR" in str(done.exception)
