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
# # 00 · Start here
#
# **The question.** Five papers report how well a network reads a *micro-expression*: a facial movement
# that lasts under half a second and shifts the skin by a pixel or two. Can a reader who holds none of
# their data check those numbers?
#
# **What you will learn**
#
# 1. what a clip looks like to a network: three small maps of motion;
# 2. how an answer is counted: accuracy, F1, UF1 and UAR, worked out by hand on five clips;
# 3. what *leave one subject out* means, and why a leaked subject flatters a result;
# 4. how a number in this companion is made, stored and shown, so that you can distrust it properly.
#
# Everything here runs without any download: an embedded *synthetic twin*, made of invented people with
# invented faces, stands in for the recordings, and every result made from it says SYNTHETIC. With the
# public flow maps, the same cells give real numbers.
#
# Time: about half a minute with profile `smoke` on two cores. A *profile* says how much is trained:
# `smoke` takes minutes and proves that everything runs, `teach` an hour or so, `paper` days.
#
# Words and abbreviations are explained in the [glossary](../docs/glossary.md), and the places where a
# paper is wrong or leaves something open, cited by ids such as AM3F-A14, in the
# [errata](../docs/errata.md).

# %% tags=["parameters"]
profile = "smoke"
data = []
readers = []
on_bad_clip = "error"
store = ""

# %%
from merlib.publishing import open_study, save_figure, save_table

study = open_study(
    "00_start_here",
    profile=profile,
    data=data,
    store=store,
    readers=readers,
    on_bad_clip=on_bad_clip,
)
study

# %% [markdown]
# ## From a face to three numbers a pixel
#
# A *clip* holds the frames of one micro-expression of one person. It starts at the **onset** frame, is
# strongest at the **apex** frame and has ended at the **offset** frame
# ([the recordings](../docs/glossary.md#the-recordings)). The *optical flow* between onset and apex says
# how far each pixel moved: `u` to the right, `v` downwards. *Optical strain* says how much the skin was
# stretched ([from a clip to an array](../docs/glossary.md#from-a-clip-to-an-array)):
#
# $$ \epsilon = \sqrt{u_x^2 + v_y^2 + \tfrac12 (u_y + v_x)^2} $$
#
# The three maps, reduced to 28 x 28, are all that AM3F-FlowNet, Dual-ATME (two of the five papers'
# networks) and STSTNet (an earlier, small one) see of a clip.

# %%
samples = study.samples("megc2019-flow")
for name, values in samples.inputs.items():
    print(f"{name}: {values.shape}  (clips, channels u v strain, height, width)")
print("classes:", ", ".join(samples.classes))

# %% [markdown]
# Who was recorded matters as much as what. Each clip belongs to a **subject**, that is one person, of one
# of three data sets: CASME II, SAMM and SMIC. Together they are the *composite* of a challenge held in
# 2019. It has three classes, which are far from equally frequent:

# %%
from merlib.publishing.figures.samples import clips_by_class

clips_by_class(samples)

# %% [markdown]
# ## The mean motion of each class
#
# A single map belongs to one person and is never shown here when it is real. The mean over a class is an
# aggregate, and already tells the classes apart.

# %% tags=["nbval-ignore-output"]
from merlib.publishing.figures.samples import draw_class_means

figure = draw_class_means(samples)
caption = "Mean motion of each class, less the mean of all."
_ = save_figure("extra.class_means", figure, samples=[samples], caption=caption)

# %% [markdown]
# Left to right: horizontal motion, vertical motion, strain; top to bottom: the classes. Look for a smile,
# which pulls the mouth's corners outwards and up, a frown, which pulls the brows together and down, and
# surprise, which lifts them.
#
# ## Counting answers, by hand
#
# Five invented clips. The *label* is the true class, the *prediction* is what a network answered:

# %%
from merlib.publishing.figures.people import CLASSES, five_clips, named

five = five_clips()
named(five)

# %% [markdown]
# Three of five answers are right, so the **accuracy** is 3/5. It says little where one class is frequent:
# whoever always answers *negative* is right in three of these five clips too. So look at one class at a
# time ([measuring](../docs/glossary.md#measuring)). Take *negative*:
#
# - it is the answer to clips 1, 2 and 5. In clips 1 and 2 that is right: 2 **true positives**, TP;
# - in clip 5 it is wrong: 1 **false positive**, FP;
# - clip 3 is negative and was called something else: 1 **false negative**, FN.
#
# **Recall** is the share of a class's clips that were found, TP / (TP + FN). **F1** also pays for false
# alarms, 2 TP / (2 TP + FP + FN). For every class:

# %%
import pandas as pd

rows = {}
for code, name in enumerate(CLASSES):
    true, said = five["label"] == code, five["prediction"] == code
    tp, fp, fn = (true & said).sum(), (~true & said).sum(), (true & ~said).sum()
    rows[name] = [tp, fp, fn, tp / (tp + fn), 2 * tp / (2 * tp + fp + fn)]
columns = ["TP", "FP", "FN", "recall", "F1"]
by_hand = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
by_hand.round(3)

# %% [markdown]
# **UAR**, the unweighted average recall, is the mean of the column recall, and **UF1**, the unweighted F1,
# the mean of the column F1. *Unweighted* means that a class of two clips counts as much as one of two
# hundred. The library gives what the hand gave:

# %%
from merlib.scoring import accuracy, uar, uf1

mean = by_hand.mean()
print(f"UAR {mean['recall']:.3f} by hand, {uar(five, CLASSES):.3f} by the library")
print(f"UF1 {mean['F1']:.3f} by hand, {uf1(five, CLASSES):.3f} by the library")
print(f"accuracy {accuracy(five, CLASSES):.3f}")

# %% [markdown]
# Guessing without looking, each class with equal chance, finds a third of every class: a UAR of 1/3 is the
# **chance level** of three classes.
#
# ## Leave one subject out
#
# A network must be tested on people whom it has never seen; otherwise it may recognise the person. With few
# people nobody can be spared, so the test is repeated. One **fold** is one division of the clips: a person
# is tested, all others are trained on. **Leave-one-subject-out**, LOSO, has one fold for each person, and a
# new network is trained in every fold. Here with four invented people, A to D:

# %% tags=["nbval-ignore-output"]
from merlib.publishing.figures.people import draw_sides, leave_one_out, toy_clips

toy = toy_clips()
folds = leave_one_out(toy)
figure = draw_sides(toy, folds)
caption = f"{len(folds)} folds: each clip is tested once, its person never trained on."
_ = save_figure("extra.leave_one_out", figure, data=folds, caption=caption)

# %% [markdown]
# With 68 people that is 68 trainings, so a short profile deals the people into a few groups instead. A
# group is then tested together, and still nobody is on both sides.
#
# ## Pooled, or averaged?
#
# After the last fold every clip has one prediction. What is their UF1? **Pooled**: put all clips together
# and count once. **Averaged**: count each person alone, then take the mean. Most people lack a class, and
# a person with one clip weighs as much as one with forty, so the two differ:

# %%
from merlib.scoring.as_published import subject_mean_f1

alone = {person: uf1(clips, CLASSES) for person, clips in toy.groupby("subject")}
for person, value in alone.items():
    print(f"UF1 of {person} alone: {value:.2f}")
print(f"averaged over people: {subject_mean_f1(toy, CLASSES):.3f}")
print(f"pooled: {uf1(toy, CLASSES):.3f}")

# %% [markdown]
# The challenge defines UF1 and UAR as pooled, and so does every table here. One of the five papers averages
# over people (ASTNET-B9); such numbers must not be compared with pooled ones.
#
# ## A first honest number
#
# The simplest reader is a straight line through the pixels: standardise (make each pixel's mean zero and its
# spread one), fit a logistic regression, test on people it has never seen. Whoever claims that a network is
# better must beat this row, with a test.

# %% tags=["nbval-ignore-output"]
from merlib.publishing.tables.metrics import metric_table

linear = study.experiment("linear")
runs = {"Linear on pixels": study.run(linear, samples)}
values, low, high = metric_table(runs, by_dataset=True)
save_table("extra.first_number", values, runs, low=low, high=high)

# %% [markdown]
# The brackets are 95 % intervals: what the number might have been with other people, found by drawing 68
# people anew from the 68, some twice and some not at all, a few thousand times. With so few they are wide,
# which is why a second decimal in a published table means little.
#
# How many people would it take? Drag the slider: as many people as you choose are drawn from those who were
# tested. The dotted line marks how many there are; to its right, people would have to be recorded first.

# %% tags=["nbval-ignore-output"]
from merlib.publishing.figures.score_sliders import people_slider

people_slider(runs["Linear on pixels"], samples.synthetic)

# %% [markdown]
# Four times as many people make the interval about half as wide. Small gains between two methods can only be
# told from chance with far more people than any of these data sets has.
#
# ## What a shared subject is worth
#
# Deal the clips at random instead, so that the same people sit on both sides. This is a **leak**. Nothing
# about the method changes; on the whole such a split flatters it, because the person is recognised along
# with the expression.

# %% tags=["nbval-ignore-output"]
from merlib.publishing.figures.samples import leakage_table

values, low, high, leak_runs = leakage_table(study, samples)
caption = "The same classifier, two ways to split."
save_table("extra.leakage", values, leak_runs, low=low, high=high, caption=caption)

# %% [markdown]
# On the real maps, the same line in ten folds, three deals of the clips, from committed predictions that
# need neither data nor training (notebook 14 takes each such liberty in turn). LEAKY, for comparison only:

# %% tags=["nbval-ignore-output"]
from textwrap import fill

from merlib.publishing.leaky.worth import committed, said_of

print(fill(said_of(committed(), "Linear on pixels: clips dealt at random"), 90))

# %% [markdown]
# ## Where to go next
#
# | Notebook | Question |
# |---|---|
# | [01 Data audit](01_data_audit.ipynb) | what data is there, and what is wrong with it? |
# | [02 Preprocessing](02_preprocessing.ipynb) | what happens to a clip before a network sees it? |
# | [03 Motion magnification](03_motion_magnification.ipynb) | can a movement be made larger before it is read? |
# | [04 AM3F-FlowNet](04_am3f_flownet.ipynb) | how does a three-branch network read the maps? |
# | [09 Baselines](09_baselines.ipynb) | how do all methods compare on the same folds? |
# | [10 Losses](10_losses.ipynb) | does a loss that knows the class frequencies help? |
# | [11 Ablations](11_ablations.ipynb) | which module earns its keep? |
# | [14 Protocol audit](14_protocol_audit.ipynb) | how much does each liberty flatter a result? |
# | [15 Report](15_report.ipynb) | which published numbers could be confirmed? |
#
# What each notebook teaches, in one sentence, and the record that the sentence rests on:
# [lessons](../docs/lessons.md).
#
# ## Exercises
#
# Predict first, then compute. Replace `None` by your answer and run the cell: `check` says whether it is
# right, or what is off. A solution lies folded under each exercise; click on its bar to open it.
#
# **1. Guess.** A network answers *negative* to every clip of the composite. Guess its UF1, to 0.05.
#
# <details><summary>Hint</summary>What is the F1 of a class that is never named? And how many classes share
# the mean?</details>

# %%
from merlib.publishing.exercises import check

guess_uf1 = None  # a number between 0 and 1
check("00.guess_uf1", guess_uf1)

# %% jupyter={"outputs_hidden": true, "source_hidden": true} tags=["solution"]
# One solution; a click on the bar at the left folds it again.
solution_samples = study.samples("megc2019-flow")
solution_code = solution_samples.classes.index("negative")
solution_tp = (solution_samples.labels == solution_code).mean()  # as shares of all clips
solution_f1 = 2 * solution_tp / (2 * solution_tp + (1 - solution_tp) + 0)
check("00.guess_uf1", (solution_f1 + 0 + 0) / 3)

# %% [markdown]
# **2. Always negative.** And how large a share of the clips does that network get right?
#
# <details><summary>Hint</summary><code>samples.labels</code> holds a class number for each clip, and
# <code>samples.classes</code> the names.</details>

# %%
share = None  # a number between 0 and 1
check("00.share", share)

# %% jupyter={"outputs_hidden": true, "source_hidden": true} tags=["solution"]
# One solution; a click on the bar at the left folds it again.
check("00.share", (solution_samples.labels == solution_code).mean())

# %% [markdown]
# **3. Five clips again.** Suppose the network had told clip 5 rightly, as surprise. Which UF1 would it have?
# Use pencil and paper.
#
# <details><summary>Hint</summary>Two classes change: surprise gains a true positive, and negative loses its
# false positive.</details>

# %%
five_uf1 = None
check("00.five", five_uf1)

# %% jupyter={"outputs_hidden": true, "source_hidden": true} tags=["solution"]
# One solution; a click on the bar at the left folds it again.
solution_negative_f1 = 2 * 2 / (2 * 2 + 0 + 1)
solution_positive_f1 = 2 * 1 / (2 * 1 + 1 + 0)
solution_surprise_f1 = 2 * 1 / (2 * 1 + 0 + 0)
check("00.five", (solution_negative_f1 + solution_positive_f1 + solution_surprise_f1) / 3)

# %% [markdown]
# **4. Which deal leaks most?** Three ways to choose test clips. In which are most people on both sides?

# %% tags=["nbval-ignore-output"]
from merlib.publishing.figures.people import deals, draw_sides, toy_clips

three = deals()
figure = draw_sides(toy_clips(), three)
caption = f"{len(three)} ways to deal the same clips. A letter is a person."
_ = save_figure("extra.three_deals", figure, data=three, caption=caption)

# %%
deal = None  # "deal 1", "deal 2" or "deal 3"
check("00.deal", deal)

# %% jupyter={"outputs_hidden": true, "source_hidden": true} tags=["solution"]
# One solution; a click on the bar at the left folds it again.
from merlib.publishing.figures.people import people_on_both_sides

solution_people = people_on_both_sides(toy_clips(), deals())
check("00.deal", max(solution_people, key=lambda name: len(solution_people[name])))

# %% [markdown]
# **5. Averaged.** What is the *accuracy* of the eight clips of A to D, averaged over people?
#
# <details><summary>Hint</summary><code>named(toy)</code> shows the eight clips. Four people, four
# accuracies.</details>

# %%
people_mean = None
check("00.people_mean", people_mean)

# %% jupyter={"outputs_hidden": true, "source_hidden": true} tags=["solution"]
# One solution; a click on the bar at the left folds it again.
solution_toy = toy_clips()
solution_right = solution_toy["label"] == solution_toy["prediction"]
check("00.people_mean", solution_right.groupby(solution_toy["subject"]).mean().mean())

# %% [markdown]
# ## Resources
#
# - X. Li et al., *Deep learning for micro-expression recognition: a survey*, IEEE TAFFC 2022.
# - J. See et al., *MEGC 2019: the second facial micro-expressions grand challenge*, FG 2019: the protocol
#   used here.
# - [Glossary](../docs/glossary.md), [errata](../docs/errata.md) and
#   [benchmarks](../docs/benchmarks.md) of this companion.
