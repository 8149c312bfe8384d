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
# **The question.** Five papers report how well a network reads a *micro-expression*: a facial movement that lasts
# under half a second and shifts the skin by a pixel or two. Can a reader who holds none of their data check those numbers?
#
# **What you will learn**
#
# 1. what a clip looks like to a network: three small maps of motion;
# 2. what *leave one subject out* means, and why a leaked subject flatters a result;
# 3. how a number in this companion is made, stored and shown, so that you can distrust it properly.
#
# Everything here runs without any download: an embedded *synthetic twin* stands in for the recordings, and every
# result made from it says SYNTHETIC. With the public flow maps, the same cells give real numbers.
#
# Words and abbreviations are explained in the [glossary](../docs/glossary.md), and the places where a paper is wrong or leaves something open, cited
# by ids such as AM3F-A14, in the [errata](../docs/errata.md).

# %% tags=["parameters"]
profile = "smoke"
data = []
readers = []
on_bad_clip = "error"
store = ""

# %%
from merlib.publishing import open_study, save_figure, save_table

study = open_study("00_start_here", profile=profile, data=data, store=store, readers=readers, on_bad_clip=on_bad_clip)
study

# %% [markdown]
# ## From a face to three numbers a pixel
#
# A micro-expression starts at the **onset** frame and is strongest at the **apex** frame. The *optical flow* between the
# two says how far each pixel moved: `u` to the right, `v` downwards. *Optical strain* says how much the skin was stretched:
#
# $$ \epsilon = \sqrt{u_x^2 + v_y^2 + \tfrac12 (u_y + v_x)^2} $$
#
# The three maps, reduced to 28 x 28, are all that AM3F-FlowNet, Dual-ATME and STSTNet see of a clip.

# %%
samples = study.samples("megc2019-flow")
for name, values in samples.inputs.items():
    print(f"{name}: {values.shape}  (clips, channels u v strain, height, width)")
print("classes:", ", ".join(samples.classes))

# %% [markdown]
# Who was recorded matters as much as what. Each clip belongs to a **subject** of one of three data sets, and a network
# must never be tested on a person it was trained on.

# %%
from merlib.publishing.figures.samples import clips_by_class

clips_by_class(samples)

# %% [markdown]
# ## The mean motion of each class
#
# A single map belongs to one person and is never shown here when it is real. The mean over a class is an aggregate, and
# already tells the classes apart.

# %% tags=["nbval-ignore-output"]
from merlib.publishing.figures.samples import draw_class_means

figure = draw_class_means(samples)
_ = save_figure(
    "extra.class_means", figure, samples=[samples], caption="Mean motion of each class, less the mean of all."
)

# %% [markdown]
# Left to right: horizontal motion, vertical motion, strain; top to bottom: the classes. Look for a smile, which pulls the mouth's
# corners outwards and up, a frown, which pulls the brows together and down, and surprise, which lifts them.
#
# ## A first honest number
#
# The simplest reader is a straight line through the pixels: standardise, fit a logistic regression, test on people it has
# never seen. Whoever claims that a network is better must beat this row, with a test.

# %% tags=["nbval-ignore-output"]
from merlib.publishing.tables.metrics import metric_table

linear = study.experiment("linear")
runs = {"Linear on pixels": study.run(linear, samples)}
values, low, high = metric_table(runs, by_dataset=True)
save_table("extra.first_number", values, runs, low=low, high=high)

# %% [markdown]
# The brackets are 95 % intervals: what the number might have been with other subjects. With 68 of them they are wide, which is why
# a second decimal in a published table means little.
#
# ## What a shared subject is worth
#
# Deal the clips at random instead, so that the same people sit on both sides. Nothing about the method changes; on the whole such a split
# flatters it, because the person is recognised along with the expression.

# %% tags=["nbval-ignore-output"]
from merlib.publishing.figures.samples import leakage_table

values, low, high, leak_runs = leakage_table(study, samples)
save_table("extra.leakage", values, leak_runs, low=low, high=high, caption="The same classifier, two ways to split.")

# %% [markdown]
# ## Where to go next
#
# | Notebook | Question |
# |---|---|
# | 01 data audit | what data is there, and what is wrong with it? |
# | 04 AM3F-FlowNet | how does a three-branch network read the maps? |
# | 10 losses | does a loss that knows the class frequencies help? |
# | 11 ablations | which module earns its keep? |
# | 15 report | which published numbers could be confirmed? |
#
# ## Exercises
#
# 1. How many clips would a network get right by always answering *negative*? Fill in `share` before you open the solution.

# %% tags=["solution"]
share = (samples.labels == samples.classes.index("negative")).mean()
print(f"always negative: right in {share:.1%} of the clips, with an F1 of zero for the two other classes")

# %% [markdown]
# ## Resources
#
# - X. Li et al., *Deep learning for micro-expression recognition: a survey*, IEEE TAFFC 2022.
# - J. See et al., *MEGC 2019: the second facial micro-expressions grand challenge*, FG 2019: the protocol used here.
