# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     notebook_metadata_filter: -kernelspec,-jupytext.text_representation.format_version,-jupytext.text_representation.jupytext_version
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 14 · Protocol audit: what a liberty is worth
#
# **The question.** Published results on the same clips lie far apart. How much of that can a protocol explain, when network, data and training stay the same?
#
# **What you will learn**
#
# 1. ten liberties that published protocols take, and what exactly leaks in each;
# 2. what each of them is worth, measured against the same network trained honestly;
# 3. which misprints of the five papers a reader can find with nothing but arithmetic.
#
# Everything trained with a liberty is LEAKY and carries a name that begins with `leaky:`. No table of results, no claim and no reference of this companion
# can take such a run in; a cell below shows the refusal.
#
# Time: about a minute with profile `smoke` on two cores. The full laboratory is read from committed runs.

# %% tags=["parameters"]
profile = "smoke"
data = []
readers = []
on_bad_clip = "error"
store = ""

# %%
from merlib.publishing import open_study

study = open_study(
    "14_protocol_audit",
    profile=profile,
    data=data,
    store=store,
    readers=readers,
    on_bad_clip=on_bad_clip,
)
study

# %% [markdown]
# ## The claim
#
# AM3F-FlowNet prints these UF1 scores for the composite of three data sets, one subject left out at a time.

# %%
from merlib.publishing.tables.metrics import reported_table

reported_table("am3f.table3")[["Full UF1", "Full UAR"]]

# %% [markdown]
# ## The idea in one picture
#
# A test clip may do one thing only: be scored, once, at the end. A *liberty* gives it a second task.
#
# ```
# training people ──► scale, prior ──► train ──► last epoch ──► score the test
#                          ▲             ▲           ▲         clips, once
#                          │             │           │              │
#                        their        their        their          their
#                        values       copies       score         average
#                          │             │           │              │
# test people ─────────────┴─────────────┴───────────┴──────────────┘
# ```
#
# The upper row is the honest way. From the lower row, test people reach into it in four places: their clips enter the
# normalisation or the class prior; they, or copies of them, are trained on; their score chooses the epoch or a
# parameter; or another average than the usual one is taken of their answers and called by its name.
#
# ## The liberties, one by one

# %%
from merlib.learning.leaky.averages import AVERAGES
from merlib.learning.leaky.liberties import LIBERTIES

for one in (*LIBERTIES.values(), *AVERAGES.values()):
    print(f"{one.name:32} {one.title}")

# %% [markdown]
# ### The epoch that the test clips choose
#
# After every epoch the test clips are scored, and the best epoch is kept: for the whole fold, or, as the published code of CapsuleNet, HTNet and CausalNet does, for
# each left-out person (CROSS-X2). A network that only guesses shows it best. Ten people with four clips each, two classes, forty epochs of coin tosses:

# %%
import numpy as np

from merlib.learning.leaky.trainings import choose_epoch

random = np.random.default_rng(0)
labels, people = random.integers(0, 2, 40), np.repeat(np.arange(10).astype(str), 4)
guesses = random.random((40, 40, 2))  # (epochs, clips, classes)

# %%
last, everybody = guesses[-1].argmax(1), np.repeat("all", 40)
fold = choose_epoch(guesses, labels, everybody, "fold").argmax(1)
person = choose_epoch(guesses, labels, people, "subject").argmax(1)
for name, told in {
    "last epoch": last,
    "best for the fold": fold,
    "best for each person": person,
}.items():
    print(f"{name:21} {(told == labels).mean():.0%} right")

# %% [markdown]
# Nothing was learned, and nearly every clip is right.
#
# ### Clips dealt at random
#
# The folds are as large as before, but a person's clips are spread over them. How many people sit on both sides of the first fold?

# %%
from merlib.learning.leaky.liberties import Training
from merlib.learning.leaky.trainings import leaky_rows

samples = study.samples("megc2019-flow")


def on_both_sides(training):
    """Count the people of the first fold who are trained on and tested."""
    rows, folds = leaky_rows(samples, "groupkfold:10", training, seed=0)
    return len(set(rows.groups[folds[0].train]) & set(rows.groups[folds[0].test]))


# %%
print("honest:", on_both_sides(Training()), "people on both sides")
print("clips dealt:", on_both_sides(Training(clips_dealt=True)))
print(
    "copies made first:",
    on_both_sides(Training(copies_first=True)),
    "(their mirrored copies)",
)

# %% [markdown]
# ### Another average under the usual name
#
# Two liberties need no training. ASTNet averages each subject's F1 (ASTNET-B9): a person with one clip weighs as much as one with forty. STSTNet's published
# UAR is the mean *precision* of the classes (CROSS-X1). The same eight answers, worked out by hand:

# %%
import pandas as pd

from merlib.scoring import uar
from merlib.scoring.as_published import precision_called_uar

answers = pd.DataFrame(
    {"label": [0, 0, 0, 1, 2, 1, 2, 0], "prediction": [0, 0, 0, 1, 1, 1, 2, 0]}
)
print(f"recalls 1, 1, 1/2:     mean {uar(answers):.3f}")
print(f"precisions 1, 2/3, 1:  mean {precision_called_uar(answers):.3f}")

# %% [markdown]
# ## What refuses a leaky run
#
# A leaky name is no protocol: nothing in the library can train or read a result under it.

# %%
from merlib.errors import MerlibError
from merlib.learning.leaky_names import refuse_leaky

try:
    refuse_leaky({"experiment": {"protocol": "leaky:clip-split"}}, "the ledger")
except MerlibError as error:
    print(error)

# %% [markdown]
# ## The laboratory, live
#
# STSTNet is trained here as long as the profile allows: once honestly, and once more with each of the liberties that cost no more than one further training. The column
# *measured* is UF1, and the column *inflation* is how much more it is than in the honest row. Where the mean precision is called UAR, it is compared with the honest
# row's UAR. The brackets are 95 % intervals, for which the same people and seeds are drawn on both sides.

# %% tags=["nbval-ignore-output"]
from merlib.publishing.leaky.worth import save_worth, take_live

save_worth(take_live(study, samples), "live", study, committed_runs=False)

# %% [markdown]
# A smoke run proves that everything runs, and nothing about the size of a leak: three epochs leave little to choose from.
#
# ## The laboratory, committed
#
# The same was done on the real maps of `megc2019-flow`, in ten folds with three seeds, as the analysis plan says under "The leakage laboratory"; that part of the plan was
# written before any of these runs. So that nothing but the liberty differs, a leaky fold trains on as many rows as the honest one, and is shown as many in an epoch. The
# honest row is, bit for bit, what `merlib.learning.run` gives for the same experiment.

# %% tags=["nbval-ignore-output"]
from merlib.publishing.leaky.worth import committed, not_run

worth = committed()
save_worth(worth, "laboratory", study)

# %% tags=["nbval-ignore-output"]
print("declared in the plan, not run yet:", "; ".join(not_run()) or "none")

# %% [markdown]
# Read the column *inflation* with its interval. A liberty whose interval holds zero is not shown to flatter on these maps; that does not make it honest.
#
# Among which values does somebody choose who chooses an epoch? The lines are UF1 of the test clips after every epoch of the honest run. The honest result is the last one.

# %% tags=["nbval-ignore-output"]
from merlib.publishing.leaky.audit_figure import save_epochs
from merlib.publishing.leaky.worth import honest_run

save_epochs(honest_run(), study)

# %% [markdown]
# ### Frames dealt at random
#
# LARNet counts images (LARNET-E6). When single frames are dealt to folds, the neighbours of a test frame are trained on. The maps have no frames, so this row is read from
# committed runs of LARNet's first stage on the twin of CASME II: SYNTHETIC.

# %% tags=["nbval-ignore-output"]
from merlib.publishing.leaky.worth import frames_dealt

save_worth(frames_dealt(), "frames", study)

# %% [markdown]
# ## The errata, executed
#
# A protocol is one way to a number that nobody can repeat, a misprint another. The [errata](../docs/errata.md) list every place where a paper is wrong or
# leaves something open. Those that arithmetic can check are worked out here from the printed cells.
#
# **Can an accuracy be a share of so many clips at all?** Of 246 clips, $k$ right give $100 k / 246$ percent, for whole $k$ only. The test is called GRIM:

# %%
from merlib.scoring.grim import shares

print("80.49 % of 246 clips:", shares(80.49, 246) or "no whole number of clips")
print("80.57 % of 246 clips:", shares(80.57, 246) or "no whole number of clips")
print("80.57 % of 247 clips:", shares(80.57, 247))

# %% [markdown]
# Here the test is applied to every reported accuracy whose paper states the number of clips, in the paper's own rows and in those that it quotes. A number that fails need not be
# wrong: a quoted row may rest on other clips, and a mean over runs or subjects need not be a share.

# %%
from merlib.publishing.errata_checks.executed import execute, grim_counts

grim_counts()

# %% [markdown]
# **AM3F-FlowNet**

# %%
pd.set_option("display.max_colwidth", None, "display.max_rows", None)
execute(
    "AM3F-A1",
    "AM3F-A5",
    "AM3F-A6",
    "AM3F-A7",
    "AM3F-A8",
    "AM3F-A9b",
    "AM3F-A18",
    "AM3F-A20",
    "AM3F-A21",
)

# %% [markdown]
# **ASTNet**

# %%
execute("ASTNET-B5", "ASTNET-B8", "ASTNET-B10")

# %% [markdown]
# **Dual-ATME**, paper and code

# %%
execute(
    "DUAL-ATME-C5",
    "DUAL-ATME-C6",
    "DUAL-ATME-C7",
    "DUAL-ATME-C11",
    "DUAL-ATME-C14b",
    "DUAL-ATME-D10",
)

# %% [markdown]
# **LARNet and UAMRN**

# %%
execute(
    "LARNET-E1",
    "LARNET-E3",
    "LARNET-E8",
    "UAMRN-F1",
    "UAMRN-F4",
    "UAMRN-F7",
    "UAMRN-F8",
    "UAMRN-F14",
)

# %% [markdown]
# The other errata cannot be reckoned: one has to read the paper, or look into a published log. The last column says where:

# %%
from merlib.publishing.errata_checks.executed import quoted

rest = quoted()
print(len(execute()), "worked out above,", len(rest), "to be read or looked up")

# %%
rest

# %% [markdown]
# ## Reported, honest, and the liberties between
#
# Diamonds show what papers print. Circles show our committed runs of the same networks, with one subject left out at a time. Squares show the laboratory, and the two vertical
# lines stand where its honest rows are.

# %% tags=["nbval-ignore-output"]
from merlib.publishing.leaky.audit_figure import save_audit
from merlib.publishing.leaky.worth import reported_and_honest

compared, honest_runs = reported_and_honest()
save_audit(compared, honest_runs, worth, study)

# %% [markdown]
# The squares tell what *could* have lifted a number; they do not tell what did. Clips, crops and flow of a paper differ from these maps as well, and a paper that
# states neither its epoch nor its split leaves both open (AM3F-A19).
#
# ## What the papers left open
#
# | Errata | Open point | Here |
# |---|---|---|
# | AM3F-A19 | runs, seeds and choice of the epoch | named seeds, the last epoch |
# | ASTNET-B8 | copies are listed for the whole corpus, before one subject is left out | copies stay with their subject |
# | ASTNET-B9 | means over subjects | pooled over clips; the mean beside it, by name |
# | DUAL-ATME-C17 | parameters chosen on the reported results | nothing is chosen on test predictions |
# | LARNET-E6 | how frames and subjects are split | both splits side by side |
# | CROSS-X1, CROSS-X2 | precision called UAR; the best epoch of each subject | quoted, never ranked |
#
# ## Recap
#
# A protocol can be checked without a single face: by training one network honestly and with each liberty, and by dividing whole numbers. What a liberty is worth depends on the data and
# on how long one lets it choose, so it has to be measured each time.
#
# ## Exercises
#
# Predict first, then compute. Replace `None` by your answer and run the cell: `check` says whether it is
# right, or what is off. A solution lies folded under each exercise; click on its bar to open it.
#
# **1. Luck.** A network tosses coins, and for each person the best of forty epochs is kept. When does that flatter
# more: with `"four"` clips a person, with `"twenty"`, or `"the same"`?
#
# <details><summary>Hint</summary>An epoch must be lucky on all clips of a person at once.</details>

# %%
from merlib.publishing.exercises import check

flatters = None  # one of the three
check("14.luck", flatters)

# %% jupyter={"outputs_hidden": true, "source_hidden": true} tags=["solution"]
# One solution; a click on the bar at the left folds it again.
import numpy as np

from merlib.learning.leaky.trainings import choose_epoch

solution_right = {}
for solution_clips, solution_name in ((4, "four"), (20, "twenty")):
    solution_random = np.random.default_rng(1)
    solution_labels = solution_random.integers(0, 2, 10 * solution_clips)
    solution_people = np.repeat(np.arange(10).astype(str), solution_clips)
    solution_guesses = solution_random.random((40, 10 * solution_clips, 2))
    solution_parts = (solution_labels, solution_people, "subject")
    solution_told = choose_epoch(solution_guesses, *solution_parts).argmax(1)
    solution_right[solution_name] = (solution_told == solution_labels).mean()
check("14.luck", max(solution_right, key=solution_right.get))

# %% [markdown]
# **2. Another average.** The truth is 0, 0, 1, 1, 1, 1 and the answers are 0, 0, 0, 1, 1, 1. By how much does the mean
# precision exceed the mean recall?
#
# <details><summary>Hint</summary>Precision divides by what was answered, recall by what was there.</details>

# %%
gap = None
check("14.precision", gap)

# %% jupyter={"outputs_hidden": true, "source_hidden": true} tags=["solution"]
# One solution; a click on the bar at the left folds it again.
check("14.precision", (2 / 3 + 1) / 2 - (1 + 3 / 4) / 2)

# %% [markdown]
# **3. A printed share.** A paper prints an accuracy of 71.45 % on 20 clips. How many counts of right clips give that
# number?
#
# <details><summary>Hint</summary><code>shares</code> of <code>merlib.scoring.grim</code> lists them.</details>

# %%
counts = None
check("14.grim", counts)

# %% jupyter={"outputs_hidden": true, "source_hidden": true} tags=["solution"]
# One solution; a click on the bar at the left folds it again.
from merlib.scoring.grim import shares

check("14.grim", len(shares(71.45, 20)))

# %% [markdown]
# ## Resources
#
# - N. Brown and J. Heathers, *The GRIM test*, Social Psychological and Personality Science 2017.
# - S. Kapoor and A. Narayanan, *Leakage and the reproducibility crisis in machine-learning-based science*, Patterns 2023.
