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
# # 11 · Ablations: which module earns its keep?
#
# **The question.** A paper adds three modules and the number rises. Take them out again, one at a time; that is called an
# *ablation*. Does the number fall by more than chance?
#
# **What you will learn**
#
# 1. how an ablation is an *option* of one network, not a copy of it;
# 2. how to read an ablation table with intervals, where the paper has none;
# 3. why "not shown" is the honest word for most single-module gains;
# 4. what the other four papers' ablations show when every row has the same folds and is tested.
#
# Time: about a minute with profile `smoke` on two cores; the full-length results are read from committed runs.

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
from merlib.publishing import open_study, save_table

study = open_study(
    "11_ablations",
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
# ## AM3F-FlowNet, Table 4: the paper's claim
#
# *Multi-scale* means that an early and a late map of each branch are read; MSFF joins them with attention, and MOFRW weighs
# the three branches against each other ([networks](../docs/glossary.md#networks); built step by step in
# [notebook 04](04_am3f_flownet.ipynb)).

# %%
from merlib.publishing.tables.metrics import reported_table

reported_table("am3f.table4")

# %% [markdown]
# Note the text beside the table: the gain of MSFF "on top of multi-scale" is in fact the gain over the bare prototype (AM3F-A18). From the table's own rows:

# %%
from merlib.sources.reported import reported_values

cells = reported_values("am3f.table4").set_index(["row", "column"])["value"]
full, without = (
    cells["AM3F-FlowNet", "casme2.acc"],
    cells["AM3F-FlowNet without MSFF", "casme2.acc"],
)
print(f"MSFF on top of multi-scale: {full - without:.2f} points")

# %% [markdown]
# ## Four variants of one class
#
# Without multi-scale only the high features remain, so there is nothing for MSFF to fuse.

# %%
variants = {
    "AM3F-FlowNet without multi-scale": {"multi_scale": False, "msff": False},
    "AM3F-FlowNet without MSFF": {"msff": False},
    "AM3F-FlowNet without MOFRW": {"mofrw": False},
    "AM3F-FlowNet": {},
}

# %%
from merlib.models import build_model
from merlib.explaining.shape_trace import count_parameters

for label, options in variants.items():
    print(
        f"{count_parameters(build_model('am3f_flownet', **options)):>7,} "
        f"parameters  {label}"
    )

# %% [markdown]
# ## The experiment
#
# All four variants are trained by the same recipe on the same folds. If you named the public maps, they stand in for CASME II's five classes. A run on the SYNTHETIC
# twin says nothing about the paper's numbers; it is saved as a result of its own, and the printed values do not stand beside it.

# %% tags=["nbval-ignore-output"]
samples = study.samples("casme2", analogue="megc2019-flow")
runs = {}
for label, options in variants.items():
    runs[label] = study.run(
        study.experiment("am3f_flownet", options=options, label=label, loss=loss), samples
    )

# %% tags=["nbval-ignore-output"]
from merlib.publishing.tables.metrics import analogue_note, metric_table

values, low, high = metric_table(runs, artefact="am3f.table4")
artefact = "extra.modules_live" if samples.synthetic else "am3f.table4"
save_table(
    artefact,
    values,
    runs,
    low=low,
    high=high,
    substitution=analogue_note(samples, "casme2"),
)

# %% [markdown]
# ## Is any loss more than chance?

# %% tags=["nbval-ignore-output"]
from merlib.publishing.tables.metrics import comparison_table, finding

pairs = [("AM3F-FlowNet", label) for label in variants if label != "AM3F-FlowNet"]
tests = comparison_table(runs, pairs)
save_table("extra.module_tests", tests, runs, caption=finding(tests))

# %% [markdown]
# ## The printed recipe, to its last epoch
#
# The profile above may have shortened the training. We therefore also trained the four variants by the printed recipe, on the real maps, in ten folds that
# keep people apart, with three seeds. The predictions are committed, so that table and picture need neither data nor training. Notebook 15 tests the
# differences.

# %% tags=["nbval-ignore-output"]
from merlib.publishing.planned.tables import planned_figure, planned_table

planned_table("am3f.table4", study)

# %% tags=["nbval-ignore-output"]
planned_figure("am3f.table4", "casme2.f1", study)

# %% [markdown]
# ## Dual-ATME, Table 4: which two regions?
#
# Dual-ATME cuts two regions of the face out and lays them in one picture, the puzzle. Five choices were trained by the printed recipe on the real maps, on ten folds of people, with one
# seed. The last column tests each choice against eyebrows and mouth, the paper's own, by swapping answers person by person; a difference that is not shown is called "inside the noise".

# %%
reported_table("dual_atme.table4")

# %% tags=["nbval-ignore-output"]
from merlib.publishing.planned.ablation_tables import (
    ablation_figure,
    ablation_table,
    committed_answers,
)

committed = committed_answers()
ablation_table("dual_atme.table4", study, committed)

# %% [markdown]
# ## Dual-ATME: variants that nobody ran
#
# The authors' code shares one attention module between both branches (DUAL-ATME-D5); the text brings features to -1..1 before their similarity is taken
# (DUAL-ATME-C10); and the puzzle could have attention too. Each is one option, trained like the rows above.

# %% tags=["nbval-ignore-output"]
ablation_table("extra.dual_atme_variants", study, committed)

# %% [markdown]
# ## ASTNet, Table 6: magnification and attention
#
# ASTNet's clips are licensed. From here on we trained each row on all clips of a frozen SYNTHETIC twin, in ten folds that keep people apart, in an abridged form that the
# analysis plan fixed beforehand. Compare our rows with each other and not with the paper's percentages, which come from other faces.

# %%
reported_table("astnet.table6")

# %% tags=["nbval-ignore-output"]
ablation_table("astnet.table6", study, committed)

# %% [markdown]
# ## ASTNet, Table 8: where should the attention stand?
#
# The paper prints how many points of accuracy each position gains over the network without attention. Here every gain has an interval over people.

# %%
reported_table("astnet.table8")

# %% tags=["nbval-ignore-output"]
ablation_table("astnet.table8", study, committed)

# %% [markdown]
# ## ASTNet, Figures 11 and 12: batch size and dropout
#
# The paper prefers batches of 32 clips and a dropout of .5. Here the size of the batch alone is changed, while learning rate and number of epochs stay the same, so that a
# network with larger batches takes fewer steps. UF1 and accuracy (Acc) are drawn.

# %% tags=["nbval-ignore-output"]
ablation_figure("astnet.figure11", study, committed)

# %% tags=["nbval-ignore-output"]
ablation_figure("astnet.figure12", study, committed)

# %% [markdown]
# ## LARNet, Table 1: three activations of the mask
#
# The paper prints error rates and no protocol (LARNET-E6). Here the frames of a clip vote, and no person is on both sides.

# %%
reported_table("larnet.table1")

# %% tags=["nbval-ignore-output"]
ablation_table("larnet.table1", study, committed)

# %% [markdown]
# ## UAMRN, Table 6: sparse or full attention?
#
# Sparse attention computes only pairs of magnifications that share a bucket. The paper says that this helps the accuracy and costs less.

# %%
reported_table("uamrn.table6")

# %% tags=["nbval-ignore-output"]
ablation_table("uamrn.table6", study, committed)

# %% [markdown]
# And what does it cost? For sequences of L magnifications, we measure on this machine how long one forward pass takes, and how much memory its tensors hold at most.

# %% tags=["nbval-ignore-output"]
from merlib.publishing.tables.attention_memory import attention_cost, cost_finding

cost = attention_cost(
    (32, 128, 512) if study.profile.clip_subjects else (32, 128, 512, 2048)
)
save_table(
    "extra.uamrn_cost",
    cost,
    caption=cost_finding(cost),
    timed=["full / ms", "sparse / ms"],
)

# %% [markdown]
# ## What the paper left open
#
# | Errata | Open point | Here |
# |---|---|---|
# | AM3F-A6 | Table 4's accuracies are multiples of 1/239 | stated |
# | AM3F-A18 | the text compares MSFF with the wrong row | computed from the table |
# | AM3F-A19 | one run, no seeds, no interval | named seeds, intervals, tests |
# | DUAL-ATME-C4 | Table 4's F. stands for cheeks; two bold values are not the highest | cheeks; nothing to repair: stated |
# | ASTNET-B9 | means over people, though folds differ in size | clips pooled |
# | LARNET-E6 | the protocol of Table 1 | no person on both sides |
# | UAMRN-F4 | two formulas of complexity | time and memory measured |
#
# ## Recap
#
# An ablation table without intervals invites a story for every decimal. The paired tests above, and for the printed recipe those of notebook 15, say which
# of these stories the data can tell; "not shown" means that these people are too few to tell, not that the variants are equal.
#
# ## Exercises
#
# Predict first, then compute. Replace `None` by your answer and run the cell: `check` says whether it is
# right, or what is off. A solution lies folded under each exercise; click on its bar to open it.
#
# **1. How small is small?** The smallest variant lacks multi-scale and MSFF. Guess its parameters as a
# share of the full network's, then count.
#
# <details><summary>Hint</summary><code>count_parameters(build_model("am3f_flownet", multi_scale=False,
# msff=False))</code></details>

# %%
from merlib.publishing.exercises import check

smallest = None  # between 0 and 1
check("11.smallest", smallest)

# %% jupyter={"outputs_hidden": true, "source_hidden": true} tags=["solution"]
# One solution; a click on the bar at the left folds it again.
from merlib.explaining.shape_trace import count_parameters
from merlib.models import build_model

solution_small = build_model("am3f_flownet", multi_scale=False, msff=False)
solution_full = count_parameters(build_model("am3f_flownet"))
check("11.smallest", count_parameters(solution_small) / solution_full)

# %% [markdown]
# **2. A gain in clips.** Table 4 prints 84.52 % for the full network and 81.59 % without MOFRW, shares of
# 239 clips (AM3F-A6). How many clips more does the full network tell rightly?
#
# <details><summary>Hint</summary>Both are whole numbers of clips.</details>

# %%
clips = None  # a number of clips
check("11.clips", clips)

# %% jupyter={"outputs_hidden": true, "source_hidden": true} tags=["solution"]
# One solution; a click on the bar at the left folds it again.
check("11.clips", round(84.52 / 100 * 239) - round(81.59 / 100 * 239))

# %% [markdown]
# **3. Luck.** Three modules do nothing at all. Each is tested at the level of .05, independently. How
# likely is it that at least one seems to help or to harm?
#
# <details><summary>Hint</summary>How likely is it that none does?</details>

# %%
luck = None  # between 0 and 1
check("11.luck", luck)

# %% jupyter={"outputs_hidden": true, "source_hidden": true} tags=["solution"]
# One solution; a click on the bar at the left folds it again.
check("11.luck", 1 - (1 - 0.05) ** 3)

# %% [markdown]
# **4. Holm.** The three tests give p values of .012, .03 and .2. Which value has the smallest after Holm's
# correction?
#
# <details><summary>Hint</summary>The smallest of three is multiplied by three.</details>

# %%
corrected = None
check("11.holm", corrected)

# %% jupyter={"outputs_hidden": true, "source_hidden": true} tags=["solution"]
# One solution; a click on the bar at the left folds it again.
check("11.holm", 3 * 0.012)

# %% [markdown]
# ## Where to go next
#
# - [15 Report](15_report.ipynb): the tests of the printed recipe, corrected as a family.
# - [10 Losses](10_losses.ipynb): the same question for losses.
# - [04 AM3F-FlowNet](04_am3f_flownet.ipynb): what the modules do.
#
# ## Resources
#
# - C. Fu et al., *AM3F-FlowNet*, Entropy 2023, 25, 1064, Sec. 4.5.
# - S. Holm, *A simple sequentially rejective multiple test procedure*, Scandinavian Journal of Statistics 1979.
