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
# # 01 · Data audit
#
# **The question.** Before any network is trained: which data do the five papers use, how many clips and
# people do they hold, and do the counts that the papers print agree with the *annotation sheets*, the tables
# in which the makers of a data set list every clip with its frames and its emotion?
#
# **What you will learn**
#
# 1. which data sets exist, who may have them, and what this companion knows of each;
# 2. how to check a copy of the public flow maps, file by file;
# 3. which printed counts are wrong, and how a percentage can give away that it was computed on other clips
#    than stated.
#
# Time: about a quarter of a minute with profile `smoke` on two cores.

# %% tags=["parameters"]
profile = "smoke"
data = []
readers = []
on_bad_clip = "error"
store = ""

# %%
from merlib.publishing import open_study, save_table

study = open_study(
    "01_data_audit",
    profile=profile,
    data=data,
    store=store,
    readers=readers,
    on_bad_clip=on_bad_clip,
)
study

# %% [markdown]
# ## Three doors
#
# Recordings of micro-expressions show faces, so nearly all of them need a signed licence. One thing is
# public: the optical-flow maps of the 442 clips of MEGC2019, the
# [Micro-Expression Grand Challenge](../docs/glossary.md#the-recordings) of 2019. Everything else in this
# companion runs on the [synthetic twin](../docs/glossary.md#this-companion) unless you bring your own licensed
# copy. The table lists the data that the companion can open, one source in each row:

# %%
from merlib.publishing.tables.data import doors_table

doors_table()

# %% [markdown]
# ## The composite of MEGC2019
#
# The challenge sorts every emotion into *negative*, *positive* or *surprise* and joins three data sets into
# one, the *composite*. AM3F-FlowNet prints its counts in Table 1, Dual-ATME in Table 2. Here they are counted
# again from the list of clips that the organisers published. The clips that are loaded, which are real maps if
# you named them and else the twin's, must agree with that list, person by person.

# %%
from merlib.publishing.tables.data import agrees_with_manifest

samples = study.samples("megc2019-flow")
print(f"{len(samples)} clips of {len(set(samples.groups))} subjects are loaded")
print(
    "clips of every subject and class as in the organisers' list:",
    agrees_with_manifest(samples),
)

# %%
from merlib.publishing.tables.data import am3f_table1

caption = "Every printed count agrees."
save_table(
    "am3f.table1", am3f_table1(), manifests=["megc2019_cd"], digits=0, caption=caption
)

# %%
from merlib.publishing.tables.data import dual_atme_table2

caption = "Every printed count agrees."
save_table(
    "dual_atme.table2",
    dual_atme_table2(),
    manifests=["megc2019_cd"],
    digits=0,
    caption=caption,
)

# %% [markdown]
# ## What such a clip looks like, and which muscles move
#
# LARNet opens with a sample (Fig. 1). Real recordings may not be shown here, so this is a clip of the twin:
# SYNTHETIC, rendered from NASA's public-domain portrait.

# %% tags=["nbval-ignore-output"]
from merlib.datasets.twin.rendering.rendered import twin_clips
from merlib.publishing import save_figure
from merlib.publishing.figures.clips import draw_frames

twin = twin_clips("casme2")
row = next(r for r in twin.itertuples(index=False) if r.label == "surprise")
figure = draw_frames(row, [row.onset, row.apex, row.offset], ["onset", "apex", "offset"])
caption = (
    f"A surprise of {(row.offset - row.onset) / row.fps:.2f} seconds: look at the brows."
)
_ = save_figure(
    "larnet.figure1", figure, samples=[twin], caption=caption, shows_single_samples=True
)

# %% [markdown]
# An [action unit](../docs/glossary.md#the-recordings), AU, is a numbered movement of facial muscles: AU 12
# pulls the corner of the mouth, AU 4 lowers the brow. Trained people note for every clip which of them they
# see; that is called coding. Dual-ATME counts in its Fig. 3 how often each was coded in the composite. This
# needs the annotation sheets: with `data = ["megc2019-cd=FOLDER"]` the licensed ones are counted, without them
# the twin's. SMIC's clips carry no codes.

# %% tags=["nbval-ignore-output"]
from merlib.clips import action_unit_counts
from merlib.datasets import open_clips
from merlib.publishing.figures.clips import draw_action_units

composite = open_clips("megc2019-cd", study.data, study.on_bad_clip)
counts = action_unit_counts(composite)
caption = (
    f"{', '.join(counts.index[:3])} are coded most often, of {len(counts)} action units."
)
figure = draw_action_units(counts)
_ = save_figure(
    "dual_atme.figure3", figure, data=counts, samples=[composite], caption=caption
)

# %% [markdown]
# ## SMIC and CASME II as ASTNet uses them
#
# ASTNet lists the characteristics of both data sets (Table 2), and the number of clips before and after
# *augmentation* (Table 3): from every clip, twenty slightly changed copies are made, mirrored, turned or cut
# differently, so that a network has more to train on.

# %%
from merlib.publishing.tables.data import astnet_table2, astnet_table3

sheets = ["smic", "casme2"]
caption = "The countable rows agree."
save_table("astnet.table2", astnet_table2(), manifests=sheets, digits=0, caption=caption)

# %%
caption = "Twenty copies of a clip are one clip."
save_table("astnet.table3", astnet_table3(), manifests=sheets, digits=0, caption=caption)

# %% [markdown]
# Twenty copies do not make twenty clips. If the copies are made before the clips are split (ASTNET-B8), copies
# of a test clip sit in the training set, and the test is no longer one. In this companion, only clips of the
# training fold are ever copied.
#
# ## A count that gives an accuracy away
#
# An accuracy is a number of right answers divided by a number of clips. A printed percentage must therefore
# equal `k / N` for a whole number `k`. Asking whether it does is called the
# [GRIM test](../docs/glossary.md#measuring). It needs no data at all, only the printed percentages:

# %%
from merlib.publishing.tables.data import accuracies_of, possible_sizes

printed = accuracies_of("am3f.table4", "am3f.table5")
print("printed accuracies on CASME II:", sorted(set(printed)))

# %%
sizes = possible_sizes(printed, range(100, 300))
sizes.head(4)

# %% [markdown]
# Each row is a possible number of clips `N`, with the number of printed accuracies that it explains. The paper
# says that five classes of CASME II give 246 clips. The size that explains most of its accuracies is another
# one (errata AM3F-A6), and one value fits neither (AM3F-A7). The tables were probably computed on fewer clips
# than stated.

# %%
stated = possible_sizes(printed, [246])
print(f"N = 246 explains {stated['explained'].iloc[0]} of {len(set(printed))} accuracies")

# %% [markdown]
# ## Checking a copy of the flow maps
#
# The companion knows a fingerprint of every public file, its SHA-256: a number computed from the content, which
# changes if a single bit does. The command `merlib data check megc2019-flow=FOLDER` compares the fingerprints
# of your copy with those of the [manifest](../docs/glossary.md#this-companion), the labels with the
# organisers' list, and the counts with the official ones. The same check, in this notebook:

# %% tags=["nbval-ignore-output"]
from merlib.datasets.archive.audit import audit_flow_archive

if "megc2019-flow" in study.data:
    report = audit_flow_archive(study.data["megc2019-flow"])
    print(f"{report.clips} clips checked, {len(report.findings)} findings")
else:
    print(
        "no real copy was named: nothing to check (start "
        "with data = ['megc2019-flow=FOLDER'])"
    )

# %% [markdown]
# ## What the papers left open
#
# | Errata | What it says |
# |---|---|
# | AM3F-A4 | CASME II: 256 videos printed, the official sheet has 255 |
# | AM3F-A5 | AM3F's Fig. 5 gives 60 disgust and 102 others; the sheet has 63 and 99 |
# | AM3F-A6 | six of AM3F's seven accuracies are multiples of 1/239, none of 1/246 |
# | DUAL-ATME-C7 | Dual-ATME: 88 negative clips, its parts add up to 90; the challenge dropped two |
#
# ## Recap
#
# The counts of the composite agree with the papers. The accuracies on five classes of CASME II do not fit the
# number of clips stated beside them. Both could be found out without seeing a single face.
#
# ## Exercises
#
# Predict first, then compute. Replace `None` by your answer and run the cell: `check` says whether it is
# right, or what is off. A solution lies folded under each exercise; click on its bar to open it.
#
# **1. Which number of clips?** UAMRN prints accuracies of 80.57, 78.95 and 78.54 on CASME II. Which number
# of clips explains all three?
#
# <details><summary>Hint</summary><code>possible_sizes</code> tries many. For sizes near those that are
# named, take <code>range(240, 256)</code>.</details>

# %%
from merlib.publishing.exercises import check

size = None  # a number of clips
check("01.size", size)

# %% jupyter={"outputs_hidden": true, "source_hidden": true} tags=["solution"]
# One solution; a click on the bar at the left folds it again.
from merlib.publishing.tables.data import possible_sizes

solution_sizes = possible_sizes([80.57, 78.95, 78.54], range(240, 256))
check("01.size", solution_sizes["N"].iloc[0])

# %% [markdown]
# **2. How fine is an accuracy?** The five classes of CASME II hold 246 clips. By how many percentage
# points do two accuracies on them differ at least, if they differ at all?
#
# <details><summary>Hint</summary>What does one clip more do?</details>

# %%
step = None  # in percentage points
check("01.step", step)

# %% jupyter={"outputs_hidden": true, "source_hidden": true} tags=["solution"]
# One solution; a click on the bar at the left folds it again.
solution_clips = 246
check("01.step", 100 * 12 / solution_clips - 100 * 11 / solution_clips)

# %% [markdown]
# **3. A join that loses clips.** The organisers' list calls a person of SAMM 6, the annotation sheets call
# the same person 006. Somebody joins the two by these names. How many clips of the composite get lost?
# Guess first.
#
# <details><summary>Hint</summary>No name of SAMM agrees. <code>am3f_table1()</code> has the
# counts.</details>

# %%
lost = None  # a number of clips
check("01.join", lost)

# %% jupyter={"outputs_hidden": true, "source_hidden": true} tags=["solution"]
# One solution; a click on the bar at the left folds it again.
from merlib.sources.counts import subject_counts

solution_counts = subject_counts("megc2019_cd")
solution_samm = solution_counts["subject"].str.startswith("samm/")
check("01.join", solution_counts.loc[solution_samm, "n"].sum())

# %% [markdown]
# **4. Twenty copies.** ASTNet makes twenty copies of each of SMIC's clips. How many independent recordings
# is a network tested on, if all the copies are?
#
# <details><summary>Hint</summary>A copy, turned or mirrored, shows the same movement of the same
# person.</details>

# %%
recordings = None
check("01.copies", recordings)

# %% jupyter={"outputs_hidden": true, "source_hidden": true} tags=["solution"]
# One solution; a click on the bar at the left folds it again.
from merlib.publishing.tables.data import astnet_table3

solution_rows = astnet_table3().loc["Total Size", "smic.processed"]
check("01.copies", solution_rows / 20)

# %% [markdown]
# ## Where to go next
#
# - [02 Preprocessing](02_preprocessing.ipynb): what happens to such a clip before a network sees it?
# - [14 Protocol audit](14_protocol_audit.ipynb): what else do the printed numbers give away?
# - [Errata](../docs/errata.md): every place of a paper that is wrong or open, with the way to check it.
#
# ## Resources
#
# - W.-J. Yan et al., *CASME II*, PLoS ONE 2014.
# - X. Li et al., *SMIC*, FG 2013.
# - A. Davison et al., *SAMM*, IEEE TAFFC 2018.
# - N. Brown and J. Heathers, *The GRIM test*, Social Psychological and Personality Science 2017.
