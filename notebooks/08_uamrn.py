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
# # 08 · UAMRN
#
# **The question.** Nobody knows how strongly a micro-expression must be magnified (notebook 03). Can a network look
# at many magnifications at once, leave out those that are spoilt, and know how sure it is?
#
# **What you will learn**
#
# 1. how hyper-planes put similar vectors into the same bucket;
# 2. what attention over the kept pairs computes, how many they are, and what it costs in time;
# 3. how the spread of several answers becomes the weight of a clip;
# 4. what both add, with intervals.
#
# Time: about two minutes with profile `smoke` on two cores, half of it for rendering and magnifying clips; a second
# run reads them from disk.

# %% tags=["parameters"]
profile = "smoke"
data = []
readers = []
on_bad_clip = "error"
store = ""
epochs = 0  # 0: as the profile says
people = 0  # 0: as the profile says
loss = ""  # "": as the recipe says

# %%
from merlib.publishing import open_study, save_figure, save_table

study = open_study(
    "08_uamrn",
    profile=profile,
    data=data,
    store=store,
    readers=readers,
    on_bad_clip=on_bad_clip,
    epochs=epochs,
    people=people,
)
study

# %% [markdown]
# ## The paper's claim
#
# Wei et al. (Entropy 2022, 24, 1271) say that two parts each raise the accuracy, with one subject left out at a
# time: *sparse attention*, in which only some of the magnifications look at each other (Table 6), and a loss that
# is weighted by the network's uncertainty (Table 5). Their percentages of CASME II are shares of 247 clips, not
# of the 246 that they name (UAMRN-F7).

# %%
from merlib.publishing.tables.metrics import reported_table

reported_table("uamrn.table5")

# %%
reported_table("uamrn.table6")

# %% [markdown]
# ## The idea in one picture
#
# The network is the paper's in full size, built without any numbers in it (on PyTorch's device `meta`), which is
# enough to draw it and to count its parameters.

# %%
import torch

from merlib.models import build_model
from merlib.explaining.hashing import hash_table, kept_share
from merlib.publishing.diagrams import uamrn as uamrn_diagrams
from merlib.explaining.shape_trace import count_parameters

with torch.device("meta"):
    paper = build_model("uamrn", classes=5, reads="magnified", masked=True)
print(f"{count_parameters(paper):,} parameters are trained; the front layers are frozen")

# %% tags=["nbval-ignore-output"]
figure = uamrn_diagrams.framework(paper)
caption = "One apex at many magnifications becomes an answer and its spread."
_ = save_figure("uamrn.figure2", figure, caption=caption)

# %% [markdown]
# ## Step 1: one apex at 32 magnifications (Sec. 3.1, Table 1)
#
# Onset and apex of a clip are magnified by 32 factors. The paper prints a range of twelve factors for a sequence
# of 32; the authors' code takes 32 factors from 2 to 12 (UAMRN-F1):

# %%
from merlib.publishing.tables import networks as network_tables

table = network_tables.uamrn_hyperparameters(paper)
save_table("uamrn.table1", table, caption=network_tables.differing("uamrn.table1", table))

# %% [markdown]
# The head is held still before anything is magnified (Sec. 4.3: an affine map, `steady="affine"`). The first layers
# of the network are *frozen*: they were trained on [FER+](../docs/glossary.md#the-recordings), pictures of
# ordinary expressions, and are not changed here. So what they see in each magnification is computed once for
# each clip and kept. From it we subtract what they see in the first and weakest magnification. The network
# averages over the magnifications, and without the subtraction that average would mostly show who the person is
# (`less_first=False`, as printed). The three data sets may not be redistributed, so without `data` the clips are
# those of the SYNTHETIC [twin](../docs/glossary.md#this-companion). Where the layers trained on FER+ are not on
# this machine, random ones stand in, as the notes below say.

# %%
from merlib.inputs.preprocessing import preprocessing
from merlib.inputs.front import with_front
from merlib.learning.network_sizes import network_sizes

sizes = network_sizes("uamrn", study.profile.abridged)
magnified = study.features("casme2", preprocessing("magnified", size=sizes.side))
samples = with_front(magnified, study.cache, sizes.width, less_first=True)
print(magnified.inputs["magnified"].shape, "->", samples.inputs["front"].shape)

# %% tags=["nbval-ignore-output"]
for note in samples.notes:
    print("-", note)

# %% [markdown]
# ## Step 2: hyper-planes make buckets (Sec. 3.2.2, Algorithm 1)
#
# [Attention](../docs/glossary.md#networks) lets the 32 magnifications look at each other. Each sends out a *query*,
# a vector that says what it looks for, and a *key*, a vector that says what it offers; where both point in the
# same direction, it pays attention. Sparse attention compares only pairs whose query and key are likely to be
# alike. To find them without comparing all, the space is cut by random *hyper-planes*, the counterpart of lines
# in a plane, and vectors on the same side of all of them share a *bucket*. This is called
# [locality sensitive hashing](../docs/glossary.md#networks).
#
# A vector on the positive side of a hyper-plane is tagged 0, else 1, so three hyper-planes make eight buckets.
# The paper's worked example prints the tag the other way round (UAMRN-F3):

# %%
from merlib.models.blocks.lsh_attention import bucket

planes = torch.eye(3)[None, None]  # one head, one table, three planes along the axes
tag = bucket(torch.tensor([[[[-1.0, -1.0, 1.0]]]]), planes).item()
print(f"products below, below and above zero: tag {tag:03b}")

# %% [markdown]
# Play with it in two dimensions, where hyper-planes are lines through the middle. Thirty-two random vectors fall
# into buckets; on the right, a black square is a pair that is kept. The more hyper-planes, the fewer pairs:

# %% tags=["nbval-ignore-output"]
from merlib.publishing.figures.score_sliders import hyperplanes_slider

hyperplanes_slider()

# %% [markdown]
# Below are the hyper-planes of a live model of full size, with random numbers in place of features. Two vectors in
# the same bucket attend to each other.

# %% tags=["nbval-ignore-output"]
torch.manual_seed(0)
full = build_model("uamrn", classes=5).eval()
drawn = torch.randn(1, full.length, full.front_size)
points = hash_table(full, drawn)
figure = uamrn_diagrams.hashing(points)
caption = (
    f"{len(points)} queries and keys fill "
    f"{points['bucket'].nunique()} of 8 buckets of one table."
)
_ = save_figure("uamrn.figure3", figure, data=points, caption=caption)

# %% [markdown]
# Two vectors that lie close together can be separated by an unlucky hyper-plane. So four sets of hyper-planes are
# drawn (four *tables*), and a pair is kept if any of them keeps it. There is a catch: the magnifications of one
# clip are alike, so all its queries fall into one bucket and all its keys into another, unless what they share
# is taken away first. The table shows which share of the pairs a live network keeps of random numbers, of one
# clip, and of the same clip after standardising:

# %% tags=["nbval-ignore-output"]
import pandas as pd

from merlib.learning.training.loop import as_tensors
from merlib.learning.training.normaliser import Normaliser

numbers = samples.inputs["front"].shape[-1]
options = {"width": numbers, "front_size": numbers}
narrow = build_model("uamrn", classes=len(samples.classes), **options).eval()
everyone = as_tensors(samples, range(len(samples)))
standardised = Normaliser("standardise", everyone)(everyone)["front"][:1]
shares = {"drawn numbers": (full, drawn), "one clip": (narrow, everyone["front"][:1])}
shares["one clip, standardised"] = (narrow, standardised)
pd.DataFrame({name: kept_share(*pair) for name, pair in shares.items()}).round(2)

# %% [markdown]
# ## Step 3: attention over the kept pairs (Eq. 6)
#
# The weights of a query are a softmax of its scores, that is shares that sum to one. A pair that is not kept must
# have a score of minus infinity, not zero, so that its weight is zero; a query without any key attends to itself
# (UAMRN-F2). Computing only the kept pairs gives the same as computing all pairs and masking the others:

# %%
from merlib.models.blocks.lsh_attention import (
    dense_attention,
    draw_hyperplanes,
    kept_pairs,
    sparse_attention,
)

torch.manual_seed(0)
q, k, v = torch.randn(3, 1, 2, 32, 512)
pairs = kept_pairs(q, k, draw_hyperplanes(2, 4, 3, 512))
sparse = sparse_attention(q, k, v, pairs)
print("pairs computed are pairs kept:", len(sparse.pairs) == int(pairs.sum()))
apart = (sparse.output - dense_attention(q, k, v, pairs)).abs().max()
print("as masking gives, within 1e-5:", bool(apart < 1e-5))

# %% [markdown]
# **Sparse is not fast.** Independent vectors share a bucket in at least one of four tables of three hyper-planes with
# probability $1 - (7/8)^4$, so a good part of the pairs remains, and computing pairs one by one costs more than
# multiplying whole matrices. The paper gives two different formulas for how the time grows (UAMRN-F4). Measured
# on this machine, in milliseconds:

# %% tags=["nbval-ignore-output"]
from merlib.publishing.tables.attention_times import time_attention

lengths = (32, 128, 512) if study.profile.clip_subjects else (32, 128, 512, 2048, 4096)
times = time_attention(lengths)
slower = times["sparse / dense"]
caption = (
    f"Computing the kept pairs alone takes {slower.min():.1f} to "
    f"{slower.max():.1f} times as long as masking all."
)
timed = times.columns.drop("kept").tolist()
save_table("extra.uamrn_times", times, caption=caption, timed=timed)

# %% [markdown]
# ## Step 4: how sure is it? (Sec. 3.3, Eq. 8-9)
#
# $$ \gamma = \mathrm{Var}_m\left(\bar y_m\right) + \frac{1}{M} \sum_m \sigma_m^2, \qquad L = \gamma \cdot CE(y, c) $$
#
# How uncertain is the network about a clip? The first part of $\gamma$ is how much $M$ answers to the same clip
# differ, when *dropout* switches other random features off each time. The second part is the variance
# $\sigma^2$ that the network itself predicts. The cross entropy $CE$, the usual loss, is multiplied by their sum.
# For two answers, by hand:

# %%
from merlib.models.uamrn import uncertainty

means = torch.tensor([[[1.0, 0.0]], [[3.0, 0.0]]])  # M = 2, one clip, two classes
variances = torch.tensor([[[0.5, 0.1]], [[0.5, 0.3]]])
gamma_of = uncertainty(means, variances)[0].tolist()
print("gamma of each class:", [round(value, 3) for value in gamma_of])

# %% [markdown]
# As printed, the weight *multiplies* the loss, so a clip that the network doubts counts more, even if its label is
# simply wrong (UAMRN-F6). If training could change the weight, the loss would fall by shrinking the weight alone.
# Here the weight is treated as a constant (`weight_gradient=False`), and the other reading is trained below. The
# paper shows a loss that ends at a tenth of where it began. Under either reading this does not prove that
# anything was learnt, because gamma shrinks by itself as the network grows certain.

# %% [markdown]
# ## Step 5: can it learn at all?
#
# As in notebook 04: eight clips must be learnt by heart.

# %%
from merlib.publishing.exercises import overfit_one_batch

certain = {**options, "dropout": 0.0, "monte_carlo": 0}
accuracy = overfit_one_batch("uamrn", samples, options=certain)
print(f"accuracy on the eight clips it was trained on: {accuracy:.0%}")

# %% [markdown]
# ## Step 6: train sparse and full, uncertain and deterministic
#
# The optimiser is Adam, with a learning rate that falls to a tenth in steps (UAMRN-F14). It sees no person who is
# tested, and nothing is chosen on test data. A short profile shows that everything runs, not what the network can
# do. *Deterministic* means without the $M$ random answers.

# %%
variants = {
    "UAMRN": {},
    "full attention": {"attention": "full"},
    "deterministic": {"monte_carlo": 0},
    "gradient through the weight": {"weight_gradient": True},
}

# %% tags=["nbval-ignore-output"]
runs = {}
for label, changes in variants.items():
    experiment = study.experiment(
        "uamrn", options={**options, **changes}, label=label, loss=loss
    )
    runs[label] = study.run(experiment, samples)

# %% tags=["nbval-ignore-output"]
from merlib.publishing.tables.classes import against_chance
from merlib.publishing.tables.metrics import metric_table

values, low, high = metric_table(runs)
told = against_chance(runs)
save_table("extra.uamrn_variants", values, runs, low=low, high=high, caption=told)

# %% tags=["nbval-ignore-output"]
from merlib.publishing.tables.metrics import comparison_table, finding

tests = comparison_table(runs, [("UAMRN", "full attention"), ("UAMRN", "deterministic")])
save_table("extra.uamrn_tests", tests, runs, caption=finding(tests))

# %% [markdown]
# On SMIC the same network has three classes to tell apart, where CASME II has five:

# %% tags=["nbval-ignore-output"]
middle = preprocessing(
    "magnified", size=sizes.side, apex="middle"
)  # SMIC's apex, Sec. 4.1
magnified = study.features("smic", middle)
smic = with_front(magnified, study.cache, sizes.width, less_first=True)
experiment = study.experiment("uamrn", options=options, label="UAMRN, SMIC")
second = {"UAMRN": study.run(experiment, smic)}
values, low, high = metric_table(second)
told = against_chance(second)
save_table("extra.uamrn_smic", values, second, low=low, high=high, caption=told)

# %% [markdown]
# ## What the network learns: the ladder
#
# The ladder of notebook 06, for UAMRN. From below: the network trained on shuffled labels, which can learn nothing;
# a linear classifier on the network's own input; the network; a linear classifier on the true motion, on the true
# action units, and on the emotion that the face was made to show. These are committed runs on all clips of the
# frozen SYNTHETIC twins, with profile teach and ten folds of people; nothing is trained here.

# %% tags=["nbval-ignore-output"]
from textwrap import fill

from merlib.publishing.figures.ladder import draw_ladders
from merlib.publishing.planned.clip_ladder import committed_rungs
from merlib.publishing.tables.ladder import ladder_finding

sets = {"CASME II": "casme2", "SMIC": "smic"}
ladders = {name: committed_rungs("uamrn", data) for name, data in sets.items()}
figure, table = draw_ladders(ladders)
for name, rungs in ladders.items():
    print(fill(f"{name}: {ladder_finding(rungs)}", 90))

# %% [markdown]
# How well each class is recognised, in the committed run on CASME II:

# %% tags=["nbval-ignore-output"]
from merlib.publishing.tables.classes import class_table

network = ladders["CASME II"].get("network")
class_table(network)[0].round(3) if network is not None else "not committed yet"

# %% [markdown]
# **How long it takes in full.** A few steps of full size are timed here. From them follows how long one fold of
# CASME II would take on one core of this machine:

# %% tags=["nbval-ignore-output"]
from merlib.learning import get_recipe
from merlib.publishing.tables.training_hours import fold_hours, step_seconds

steps = 1 if study.profile.name == "smoke" else 10
seconds = step_seconds("uamrn", {"front": (32, 1024)}, get_recipe("uamrn"), steps=steps)
print(
    f"{seconds:.2f} s a clip and step, "
    f"{fold_hours(seconds, get_recipe('uamrn'), 236):.2g} hours a fold"
)

# %% [markdown]
# ## How it learned

# %% tags=["nbval-ignore-output"]
from merlib.publishing.figures.results import draw_learning_curves

figure, curves = draw_learning_curves(runs)
caption = "Losses of different weighting differ in kind: compare shapes, not heights."
_ = save_figure("extra.uamrn_learning_curves", figure, runs, data=curves, caption=caption)

# %% [markdown]
# ## What the paper left open
#
# | Errata | Open point | Here |
# |---|---|---|
# | UAMRN-F1 | 32 magnifications of a range of twelve | 32 from 2 to 12, as in the authors' code |
# | UAMRN-F2 | softmax of one number; zero or minus infinity outside the set; a query without a key | minus infinity; it attends to itself |
# | UAMRN-F3 | tag of the worked example | the rule: positive is 0 |
# | UAMRN-F4 | two formulas of complexity | pairs are counted, times are measured |
# | UAMRN-F5 | M, dropout, batch, gamma a vector or a number | options; the mean over classes |
# | - | Eq. 7 takes the loss's probabilities from the mean, from which the variance learns nothing | a sample around the mean |
# | UAMRN-F6 | the weight raises the share of doubtful clips, noise among them | as printed, its gradient cut |
# | UAMRN-F7 | 246 clips named, 247 counted | the twin has the 246 of the five classes |
# | UAMRN-F13 | how the front layers become 1024 numbers; hyper-planes kept or drawn anew | 2x2 averages of 256 maps; kept |
# | UAMRN-F14 | "reduced by 0.1"; SMIC's apex | to a tenth; the middle frame |
#
# ## What we could and could not confirm
#
# The attention is confirmed as an algorithm: it computes the kept pairs and no others, and gives what masking gives.
# That it is faster is not confirmed, as the times above show. The numbers of Tables 2 to 6 cannot be confirmed
# without the licensed clips, the learned magnifier and the front layers trained on FER+. Whether sparse attention
# or the weighting by uncertainty helps on these data, in this profile, stands in the captions of the two tables
# of step 6.
#
# ## Recap
#
# UAMRN reads many magnifications of one apex. Buckets decide which of them attend to each other, and the spread of
# several answers says how sure the network is.
#
# ## Exercises
#
# Predict first, then compute. Replace `None` by your answer and run the cell: `check` says whether it is
# right, or what is off. A solution lies folded under each exercise; click on its bar to open it.
#
# **1. One table.** Two independent vectors fall on the same side of one hyper-plane with probability a
# half. Guess the share of pairs that one table of three planes keeps, to 0.02.
#
# <details><summary>Hint</summary>They must agree three times.</details>

# %%
from merlib.publishing.exercises import check

one_table = None  # between 0 and 1
check("08.one_table", one_table)

# %% jupyter={"outputs_hidden": true, "source_hidden": true} tags=["solution"]
# One solution; a click on the bar at the left folds it again.
check("08.one_table", 0.5**3)

# %% [markdown]
# **2. Four tables.** And which share do four such tables keep together?
#
# <details><summary>Hint</summary>A pair is lost only if every table misses it.</details>

# %%
kept = None  # between 0 and 1
check("08.kept", kept)

# %% jupyter={"outputs_hidden": true, "source_hidden": true} tags=["solution"]
# One solution; a click on the bar at the left folds it again.
check("08.kept", 1 - (1 - 0.5**3) ** 4)

# %% [markdown]
# **3. The price of a block.** One block has four projections of 1024 by 1024 with biases, and a norm with
# a gain and a shift for each dimension. How many parameters are that?
#
# <details><summary>Hint</summary>Query, key, value and output.</details>

# %%
block_costs = None
check("08.block", block_costs)

# %% jupyter={"outputs_hidden": true, "source_hidden": true} tags=["solution"]
# One solution; a click on the bar at the left folds it again.
check("08.block", 4 * (1024 * 1024 + 1024) + 2 * 1024)

# %% [markdown]
# **4. How sure?** Two answers for one class are 2 and 6, and the network names variances of .5 and .7.
# What is gamma?
#
# <details><summary>Hint</summary>The variance of the answers divides by M = 2. Add the mean of the named
# variances.</details>

# %%
gamma = None
check("08.gamma", gamma)

# %% jupyter={"outputs_hidden": true, "source_hidden": true} tags=["solution"]
# One solution; a click on the bar at the left folds it again.
solution_mean = (2 + 6) / 2
solution_spread = ((2 - solution_mean) ** 2 + (6 - solution_mean) ** 2) / 2
check("08.gamma", solution_spread + (0.5 + 0.7) / 2)

# %% [markdown]
# ## Where to go next
#
# - [09 Baselines](09_baselines.ipynb): all methods on the same folds.
# - [12 Visualisations](12_visualisations.ipynb): what does attention show, and what not?
# - [03 Motion magnification](03_motion_magnification.ipynb): where the 32 magnifications come from.
#
# ## Resources
#
# - M. Wei et al., [*UAMRN*](https://doi.org/10.3390/e24091271), Entropy 2022, 24, 1271.
# - N. Kitaev et al., *Reformer*, ICLR 2020.
# - A. Kendall and Y. Gal, *What uncertainties do we need?*, NIPS 2017.
