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
# **The question.** A paper adds three modules and the number rises. Take one out at a time: does the number fall by more than chance?
#
# **What you will learn**
#
# 1. how an ablation is an *option* of one network, not a copy of it;
# 2. how to read an ablation table with intervals, where the paper has none;
# 3. why "not shown" is the honest word for most single-module gains.

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

# %%
from merlib.publishing.tables.metrics import reported_table

reported_table("am3f.table4")

# %% [markdown]
# Note the text beside the table: the gain of MSFF "on top of multi-scale" is in fact the gain over the bare prototype (AM3F-A18). From the table's own rows:

# %%
from merlib.sources.reported import reported_values

cells = reported_values("am3f.table4").set_index(["row", "column"])["value"]
full, without = cells["AM3F-FlowNet", "casme2.acc"], cells["AM3F-FlowNet without MSFF", "casme2.acc"]
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
    print(f"{count_parameters(build_model('am3f_flownet', **options)):>7,} parameters  {label}")

# %% [markdown]
# ## The experiment
#
# The same recipe and folds for all four; the public maps stand in for CASME II's five classes where they were named.

# %% tags=["nbval-ignore-output"]
samples = study.samples("casme2", analogue="megc2019-flow")
runs = {}
for label, options in variants.items():
    runs[label] = study.run(study.experiment("am3f_flownet", options=options, label=label, loss=loss), samples)

# %% tags=["nbval-ignore-output"]
from merlib.publishing.tables.metrics import analogue_note, metric_table

values, low, high = metric_table(runs, artefact="am3f.table4")
save_table("am3f.table4", values, runs, low=low, high=high, substitution=analogue_note(samples, "casme2"))

# %% [markdown]
# ## Is any loss more than chance?

# %% tags=["nbval-ignore-output"]
from merlib.publishing.tables.metrics import comparison_table, finding

pairs = [("AM3F-FlowNet", label) for label in variants if label != "AM3F-FlowNet"]
tests = comparison_table(runs, pairs)
save_table("extra.module_tests", tests, runs, caption=finding(tests))

# %% [markdown]
# ## The same, as a picture
#
# Points are our values with 95 % intervals; crosses are the reported ones.

# %% tags=["nbval-ignore-output"]
from merlib.publishing import save_figure
from merlib.publishing.figures.results import draw_intervals

figure = draw_intervals(values, low, high, artefact="am3f.table4", column="casme2.f1")
note = analogue_note(samples, "casme2")
_ = save_figure("extra.am3f_modules", figure, runs, data=values, substitution=note, caption=finding(tests))

# %% [markdown]
# ## The printed recipe, to its last epoch
#
# A profile may shorten training. The same four variants were also trained by the printed recipe: real maps, ten folds apart by subject, three
# seeds. Their predictions are committed, so that table and picture need neither data nor training. Notebook 15 holds the tests of this family.

# %% tags=["nbval-ignore-output"]
from merlib.publishing.planned.tables import planned_figure, planned_table

planned_table("am3f.table4", study)

# %% tags=["nbval-ignore-output"]
print(planned_figure("am3f.table4", "casme2.f1", study))

# %% [markdown]
# ## What the paper left open
#
# | Errata | Open point | Here |
# |---|---|---|
# | AM3F-A6 | Table 4's accuracies are multiples of 1/239 | stated |
# | AM3F-A18 | the text compares MSFF with the wrong row | computed from the table |
# | AM3F-A19 | one run, no seeds, no interval | named seeds, intervals, tests |
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
