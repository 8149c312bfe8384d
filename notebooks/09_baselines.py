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
# # 09 · Baselines: the other rows of the tables
#
# **The question.** A paper is judged by the rows with which its method is compared, the *baselines*. What are these
# rows worth when every method is trained on the same [folds](../docs/glossary.md#measuring), on public data, and
# nothing is chosen on the people who are tested?
#
# **What you will learn**
#
# 1. which printed numbers can be compared with ours at all, and which cannot because of split, classes, averaging or the choice of the epoch;
# 2. how networks, [hand-crafted features](../docs/glossary.md#hand-crafted-features) (numbers computed by a rule that
#    somebody wrote down), a line through the pixels and a strong estimator, called the *champion* here, compare on
#    the same people;
# 3. how much of a result comes from the method, and how much from the preprocessing of the maps.
#
# **Time.** With profile `smoke` this takes some seconds of computing, and under a minute on a busy machine: all results but one small example are read from
# committed predictions, which need neither data nor training.

# %% tags=["parameters"]
profile = "smoke"
data = []
store = ""

# %%
from merlib.publishing import open_study, save_table

study = open_study("09_baselines", profile=profile, data=data, store=store)
study

# %% [markdown]
# ## What is compared with what
#
# Two public archives hold maps of the same 442 clips of 68 people, computed by different groups: `megc2019-flow` (by
# the authors of HTNet) and `megc2019-phases` (by the authors of CausalNet). A method is trained on each of them by
# one [recipe](../docs/glossary.md#training), to the last epoch, with seed 0. Every person is left out once or,
# where that takes too long, one of ten groups of people at a time; the tables say which. The file
# `results/reference/ANALYSIS_PLAN.md` fixed these runs before they were started.
#
# Each table below shows one number for each method:
#
# | Column | Meaning |
# |---|---|
# | reported | what the paper prints; a method that we do not have stays a quotation and is never ranked |
# | the name of an archive | what we regenerate on it, with a 95 % interval over people |
# | same protocol? | whether both numbers were made in the same way, and otherwise what differs or why there is none |
# | rank | place among the rows with one subject left out, first archive / second archive; an erratum stands here where the printed number cannot be compared |

# %% tags=["nbval-ignore-output"]
from merlib.publishing.planned.archive_plan import every_planned_run
from merlib.publishing.planned.hours import missing_table
from merlib.publishing.planned.plan import planned_states

plan = every_planned_run()
states = planned_states(plan)
missing_table(plan, states).round(2)

# %% [markdown]
# Planned runs that are not committed stand in this table; where it is empty, all of them are. Hours follow from steps
# that were measured on the processor named. `merlib reference train NAME` makes a run, and the tables then show it.
#
# ## The composite of three data sets
#
# AM3F-FlowNet, Table 3. The data (the composite with its three classes) and the protocol (one subject left out at a
# time) are the same here, so this is the table that can be compared best.

# %% tags=["nbval-ignore-output"]
from merlib.publishing.planned.methods import save_comparison

am3f = save_comparison("am3f.table3", study)
am3f.view("full.uf1")

# %% tags=["nbval-ignore-output"]
am3f.view("full.uar")

# %% [markdown]
# CapsuleNet's printed number keeps the best epoch of each test person and counts 435 of the 442 clips (CROSS-X2). STSTNet's printed UAR is a precision
# (AM3F-A11). Numbers of single data sets are in the record.
#
# Dual-ATME, Table 3, trained all of its rows anew. Two of its rows are equal in all twelve cells (DUAL-ATME-C1), so neither can be checked.

# %% tags=["nbval-ignore-output"]
dual_atme = save_comparison("dual_atme.table3", study)
dual_atme.view("full.uf1")

# %% tags=["nbval-ignore-output"]
dual_atme.view("full.acc")

# %% [markdown]
# ## One data set at a time
#
# For the next tables, the papers train and test inside one data set, CASME II and SAMM with five classes. The public
# maps have three classes; our rows are trained on the whole composite and counted on the part of it that comes from
# this data set. Such rows show a tendency and get no rank. AM3F-FlowNet, Table 2:

# %% tags=["nbval-ignore-output"]
single = save_comparison("am3f.table2", study)
single.view("casme2.f1")

# %% tags=["nbval-ignore-output"]
single.view("smic.f1")

# %% [markdown]
# ASTNet, Table 5. The paper averages over people, most of whom lack a class (ASTNET-B9); ours are pooled over clips.

# %% tags=["nbval-ignore-output"]
astnet = save_comparison("astnet.table5", study)
astnet.view("smic.f1")

# %% [markdown]
# ## Tables that need the licensed clips
#
# UAMRN, Tables 2 to 4, and LARNet, Table 5, rest on clips. The only number of ours is a row from the rendered SYNTHETIC twin, which proves that the pipeline runs
# and nothing about the claim.

# %% tags=["nbval-ignore-output"]
save_comparison("uamrn.table2", study).view("casme2.acc")

# %% tags=["nbval-ignore-output"]
save_comparison("uamrn.table3", study).view("samm.acc")

# %% tags=["nbval-ignore-output"]
save_comparison("uamrn.table4", study).view("smic.acc")

# %% [markdown]
# LARNet does not say how frames and people were split (LARNET-E6), and its caption names another data set than its text (LARNET-E7).

# %% tags=["nbval-ignore-output"]
save_comparison("larnet.table5", study).view("acc")

# %% [markdown]
# ## All methods on the same folds
#
# Each point is a method's UF1 with its 95 % interval, one subject left out at a time, on both archives. A dotted line
# marks the result of the line through the pixels, in the colour of its archive. A network whose interval does not
# lie wholly to the right of it has not shown that it does better than a straight line. The rows on `both archives`
# may read both archives; which of the views they use is chosen on training people alone, anew in every fold
# (*nested* choice).

# %% tags=["nbval-ignore-output"]
from merlib.publishing.planned.same_folds import save_forest, save_same_folds

same_folds = save_same_folds(states, study)
save_forest(same_folds, study)

# %% [markdown]
# The champion's own number is optimistic. About 340 variants had been tried on these very clips before its recipe was
# frozen, and choosing inside the training people cannot undo that. The rows on `both archives` say what remains when
# at least the last choice is taken away.
#
# ## What changes when only the preprocessing changes
#
# The clips, people, labels, folds and recipe are the same; only the maps were made by another group. Each method is
# compared with itself on the other archive, person by person.

# %% tags=["nbval-ignore-output"]
from merlib.publishing.planned.same_folds import save_between_archives

changes, said = save_between_archives(states, study)
said

# %% tags=["nbval-ignore-output"]
changes.round(3)

# %% [markdown]
# The plan makes no claim about differences between archives, so these rows have intervals and no p values.
#
# ## Is the champion better? The planned families
#
# Whoever makes many tests will find something by chance. So three tests on each archive were fixed in advance: the
# champion against the line, against AM3F-FlowNet and against Dual-ATME. The three form a *family*, whose p values
# are raised by Holm's method, so that the chance of even one false alarm in it stays below 5 %. A family is tested
# once all of its runs are there, never in part.

# %% tags=["nbval-ignore-output"]
from merlib.publishing.planned.same_folds import save_champion_tests

tests, found = save_champion_tests(states, study)
for family, names in found.lacking.items():
    print(f"not tested yet: {family}, which waits for {', '.join(names)}")
tests or "No family is complete yet."

# %% [markdown]
# ## Built, tested, and not run
#
# These networks are built from their publications and pass the tests that every model passes. To leave each of the 68
# people out once would take the hours below, on one thread of the processor named; they follow from steps that
# `tests/benchmarks/bench_baselines.py` measured. The column `batch` says how many clips such a step had. With fewer
# than published, more of the optimiser's work falls on each clip, so the hours of HTNet, whose published batch is
# 256, are an upper end. MMNet and MicroExpSTCNN also need the licensed clips.

# %% tags=["nbval-ignore-output"]
from merlib.publishing.planned.hours import not_run_table

not_run_table()

# %% [markdown]
# ## Add a row
#
# A row of your own takes three lines: name a model, run it, measure it. Here the two simplest ones are trained while
# you wait: always answering the most frequent class (`majority`), and the line through the pixels (`linear`). Their
# numbers are SYNTHETIC unless you name the public maps with `data`.

# %% tags=["nbval-ignore-output"]
from merlib.publishing.tables.metrics import metric_table

samples = study.samples("megc2019-flow")
rows = {
    name: study.run(study.experiment(name), samples) for name in ("majority", "linear")
}
values, low, high = metric_table(rows)
caption = "Two rows that were trained while you waited."
save_table("extra.add_a_row", values, rows, low=low, high=high, caption=caption)

# %% [markdown]
# ## What the papers left open
#
# | Errata | Open point | Here |
# |---|---|---|
# | CROSS-X2 | CapsuleNet keeps the best epoch of each test person | quoted, never ranked |
# | CROSS-X4 | one method has different values in different papers | all are quoted with their source |
# | AM3F-A11 | STSTNet's printed UAR is a precision | our UAR is a recall and stands apart |
# | ASTNET-B9 | means over people whose classes differ | pooled over clips |
# | DUAL-ATME-C1 | two equal rows | both are marked |
# | DUAL-ATME-C17 | settings chosen on the people that are tested | nothing is chosen on test people |
# | LARNET-E6, LARNET-E7 | no split given; two names of the data set | quoted, never ranked |
#
# ## Recap
#
# Most printed rows cannot be ranked, because they were made under other protocols. Where the folds are the same, the
# intervals over 68 people are wide, and the choice of the maps changes some results as much as the choice of the
# method does.
#
# ## Exercises
#
# Predict first, then compute. Replace `None` by your answer and run the cell: `check` says whether it is
# right, or what is off. A solution lies folded under each exercise; click on its bar to open it.
#
# **1. The best of twenty.** A network guesses one of three classes at random. Of twenty epochs, the best
# is kept for each test person, who has six clips. Which accuracy is reported? Guess, to 0.05, then
# simulate.
#
# <details><summary>Hint</summary><code>rng.binomial(6, 1 / 3, (10000, 20))</code> with <code>rng =
# np.random.default_rng(0)</code> draws the number of right answers.</details>

# %%
from merlib.publishing.exercises import check

best_of_twenty = None  # between 0 and 1
check("09.best_epoch", best_of_twenty)

# %% jupyter={"outputs_hidden": true, "source_hidden": true} tags=["solution"]
# One solution; a click on the bar at the left folds it again.
import numpy as np

solution_right = np.random.default_rng(0).binomial(6, 1 / 3, (10_000, 20))
check("09.best_epoch", solution_right.max(axis=1).mean() / 6)

# %% [markdown]
# **2. Two equal rows.** Which two rows of Dual-ATME's Table 3 are equal in every cell? Answer with a set
# of names, as the table above spells them.
#
# <details><summary>Hint</summary><code>reported_values("dual_atme.table3")</code> of
# <code>merlib.sources.reported</code> holds every printed cell.</details>

# %%
equal = None  # such as {"MMNet", "KFC-MER"}
check("09.equal", equal)

# %% jupyter={"outputs_hidden": true, "source_hidden": true} tags=["solution"]
# One solution; a click on the bar at the left folds it again.
from merlib.sources.reported import reported_values

solution_cells = reported_values("dual_atme.table3")
solution_rows = solution_cells.pivot(index="row", columns="column", values="value")
check("09.equal", set(solution_rows.index[solution_rows.duplicated(keep=False)]))

# %% [markdown]
# **3. A precision called recall.** STSTNet's printed UAR is the mean *precision* of the classes,
# TP / (TP + FP). What would it be for the five clips of [notebook 00](00_start_here.ipynb)? A class that is
# never named has a precision of 0.
#
# <details><summary>Hint</summary>Negative is named three times and right twice, positive is named twice
# and right once.</details>

# %%
mean_precision = None  # between 0 and 1
check("09.precision", mean_precision)

# %% jupyter={"outputs_hidden": true, "source_hidden": true} tags=["solution"]
# One solution; a click on the bar at the left folds it again.
check("09.precision", (2 / 3 + 1 / 2 + 0) / 3)

# %% [markdown]
# ## Where to go next
#
# - [10 Losses](10_losses.ipynb) and [11 Ablations](11_ablations.ipynb): what makes one of these methods better?
# - [14 Protocol audit](14_protocol_audit.ipynb): why so many rows cannot be compared.
# - [15 Report](15_report.ipynb): every printed number beside ours.
# - [Benchmarks](../docs/benchmarks.md): how long each of them takes.
#
# ## Resources
#
# - J. See et al., *MEGC 2019: the second facial micro-expressions grand challenge*, FG 2019: the protocol of the composite.
# - S.-T. Liong et al., *Shallow triple stream three-dimensional CNN (STSTNet) for micro-expression recognition*, FG 2019.
# - Z. Xia et al., *Revealing the invisible with model and data shrinking for composite-database micro-expression
#   recognition*, IEEE Transactions on Image Processing 2020: the RCN networks.
