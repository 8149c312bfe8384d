"""``docs/lessons.md``: what each notebook teaches in one sentence, with the committed record that it rests on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from merlib.places import repository_root
from merlib.publishing.records.escaping import as_markdown
from merlib.publishing.records.ledger import title_of
from merlib.publishing.site.markdown import table

FLOW, PHASES = "results/reference/megc2019_flow", "results/reference/megc2019_flow_and_megc2019_phases"
TWIN, NO_DATA = "results/reference/casme2_twin", "results/reference/no_data"


@dataclass(frozen=True)
class Lesson:
    """One sentence to take away.

    Parameters
    ----------
    notebook : str
        Name of the notebook that teaches it.
    says : str
        The sentence, without numbers: those are the record's.
    record : str
        Path of the committed record in the repository.
    """

    notebook: str
    says: str
    record: str


LESSONS = (
    Lesson(
        "00_start_here",
        "A score means little without two things beside it: that nobody is on both sides of the split, and an interval "
        "over people, which is wide when they are few.",
        f"{FLOW}/teach/artefacts/extra.first_number.json",
    ),
    Lesson(
        "01_data_audit",
        "Printed counts can be checked without seeing a face: those of the composite are right, while some printed "
        "accuracies are no share of the number of clips beside them.",
        f"{NO_DATA}/any/artefacts/am3f.table1.json",
    ),
    Lesson(
        "02_preprocessing",
        "Every step before the network changes what it sees and can be measured: spotting the apex is far closer to "
        "the true one than taking the middle frame.",
        "results/reference/twins_of_casme2_samm_and_smic_twin/any/artefacts/extra.apex_errors.json",
    ),
    Lesson(
        "03_motion_magnification",
        "A magnification factor is a request, not a result: the gain that is reached must be measured, and artefacts "
        "grow with the factor.",
        f"{TWIN}/any/artefacts/extra.magnifier_gains.json",
    ),
    Lesson(
        "04_am3f_flownet",
        "Trained by its printed recipe, with every person left out once and nothing chosen by test results, a network "
        "can stay clearly below what is printed of it.",
        f"{FLOW}/paper/artefacts/am3f.table3.planned.json",
    ),
    Lesson(
        "05_dual_atme",
        "A printed number inside our interval is not contradicted, and not confirmed: with so few people the "
        "difference between one branch and two cannot be seen.",
        f"{FLOW}/paper/artefacts/dual_atme.table1.planned.json",
    ),
    Lesson(
        "06_astnet",
        "Ask how a score was averaged: the mean over people is another number than that of all clips, and it needs a "
        "rule for the classes that a person lacks.",
        "results/reference/casme2_twin_and_smic_twin/teach/artefacts/extra.astnet_averages.json",
    ),
    Lesson(
        "07_larnet",
        "Frames of one clip are nearly the same picture: deal them at random, and a network that recognises hardly "
        "anything with people apart seems to recognise much.",
        f"{TWIN}/teach/artefacts/extra.larnet_split.json",
    ),
    Lesson(
        "08_uamrn",
        "Fewer pairs are not less time: attention that computes only the kept pairs takes longer than one that "
        "computes all of them and masks the rest.",
        f"{NO_DATA}/any/artefacts/extra.uamrn_times.json",
    ),
    Lesson(
        "09_baselines",
        "On the same folds no network is shown to do better than a straight line through the pixels, so that line "
        "belongs in every table.",
        f"{PHASES}/paper/artefacts/extra.same_folds.json",
    ),
    Lesson(
        "10_losses",
        "Which loss is used moves the result less than which people happen to be tested.",
        f"{FLOW}/paper/artefacts/am3f.table5.planned.json",
    ),
    Lesson(
        "11_ablations",
        "An ablation without intervals invites a story for every decimal; with them, no module's gain is shown, which "
        "does not say that the modules are useless.",
        f"{FLOW}/paper/artefacts/am3f.table4.planned.json",
    ),
    Lesson(
        "12_visualisations",
        "A heat map is no explanation until it is tested: this one points at what moves no better than a network with "
        "random weights, and worse than the plain strain map.",
        f"{TWIN}/teach/artefacts/extra.am3f_attention.json",
    ),
    Lesson(
        "13_real_time",
        "A watcher of live video is judged by its false alarms in a minute as well as by what it finds, on people whom "
        "it was not built with.",
        "results/reference/recording_twin_101_twin/any/artefacts/extra.spotting.json",
    ),
    Lesson(
        "14_protocol_audit",
        "Keeping the best epoch of each test person flatters a result, though nothing about the method has changed.",
        "results/leaky/megc2019_flow/predictions",
    ),
    Lesson(
        "15_report",
        "Say beforehand what will be tested, test all of it, and report what was not shown beside what was.",
        f"{FLOW}/paper/artefacts/extra.planned_tests.json",
    ),
)
INTRODUCTION = """# What each notebook teaches

<!-- Generated from merlib/publishing/site/lessons_page.py and the committed records by `merlib maintain pages`. -->

One sentence to take away from each notebook, and the committed record that it rests on, in the record's own words.
SYNTHETIC means that the record is of the invented twin: it teaches, and says nothing about the papers' numbers. LEAKY
means that a rule was broken on purpose, to see what that is worth.

"""


def lessons_page(root: Path | None = None) -> str:
    """Return the page as Markdown."""
    root = root or repository_root()
    rows = []
    for lesson in LESSONS:
        number, _, words = lesson.notebook.partition("_")
        rows.append(
            {
                "Notebook": f"[{number} {words.replace('_', ' ')}](../notebooks/{lesson.notebook}.ipynb)",
                "What to take away": lesson.says,
                "It rests on": f"[{Path(lesson.record).name}](../{lesson.record}): {what_it_is(root / lesson.record)}",
            }
        )
    return INTRODUCTION + table(rows)


def what_it_is(path: Path) -> str:
    """Say on which data a record is, SYNTHETIC or LEAKY, and what it found in its own words."""
    if path.is_dir():
        return f"LEAKY. {len(list(path.glob('*.parquet')))} runs, each with one liberty, of which notebook 14 is made."
    record = json.loads(path.read_text(encoding="utf-8"))
    mark = "SYNTHETIC. " * bool(record["synthetic"]) + "LEAKY. " * bool(record["leaky"])
    return mark + as_markdown(record["caption"] or f"{title_of(record)}.")


def write_lessons_page(root: Path | None = None) -> Path:
    """Write ``docs/lessons.md`` of the checkout and return its path."""
    root = root or repository_root()
    page = root / "docs" / "lessons.md"
    page.write_text(lessons_page(root), encoding="utf-8")
    return page
