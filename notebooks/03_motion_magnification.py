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
# # 03 · Motion magnification
#
# **The question.** Two of the five papers enlarge the movement before a network sees it; this is called
# [motion magnification](../docs/glossary.md#from-a-clip-to-an-array). Does a magnifier do what its factor says,
# and what else does it do?
#
# **What you will learn**
#
# 1. three ways to magnify motion, and what each one needs;
# 2. why "factor 3" means three different things in three papers;
# 3. how to *measure* a magnifier: the gain it reaches, the artefacts it adds (whatever should not be in the
#    picture), the noise it amplifies.
#
# Every face here is SYNTHETIC, made from NASA's public-domain portrait.
#
# Time: about a minute with profile `smoke` on two cores.

# %% tags=["parameters"]
profile = "smoke"
data = []
readers = []
on_bad_clip = "error"
store = ""

# %%
from merlib.publishing import open_study, save_figure, save_table

study = open_study(
    "03_motion_magnification",
    profile=profile,
    data=data,
    store=store,
    readers=readers,
    on_bad_clip=on_bad_clip,
)
study

# %% [markdown]
# ## The papers' claims
#
# ASTNet (Sec. 3.1, Table 6) magnifies threefold with the learned network of Oh et al., and reports a better
# accuracy than with factors of two or four. UAMRN (Sec. 3.1) says that no single factor fits every clip. It
# shows the network many magnifications of one clip, and lets
# [attention](../docs/glossary.md#networks), weights that the network computes for its own features, leave the
# bad ones out.
#
# ## One factor, three meanings
#
# | Source | Writes | Motion afterwards, for the number 3 |
# |---|---|---|
# | ASTNet Eq. 1, UAMRN Eq. 2 | $1 + \alpha$ with $\alpha = 3$ | fourfold (ASTNET-B15) |
# | ASTNet's text | "factor 3" | threefold |
# | the learned network's public code | $x_b + (\alpha - 1)\, g(x_b - x_a)$ | threefold (UAMRN-F12) |
#
# In the last row, $x_a$ and $x_b$ are the two frames and $g$ is a layer of the network. In this companion
# `factor` is always the **total ratio**: 3 makes the motion three times as large, and 1 changes nothing.
#
# ## The idea in one picture

# %%
from functools import partial

from merlib.datasets.twin.rendering.rendered import twin_clips
from merlib.inputs.preprocessing import locate, preprocessing

clips = twin_clips("casme2")
save_picture = partial(save_figure, samples=[clips], shows_single_samples=True)
how = preprocessing("flow", crop=(224, 224))

# %%
rows = {}
for row in clips.itertuples(index=False):
    rows.setdefault(row.label, row)
pairs = {}
for label in ("disgust", "happiness", "surprise"):
    pairs[label] = locate(rows[label], how).cut(
        [int(rows[label].onset), int(rows[label].apex)], (224, 224)
    )
for label, pair in pairs.items():
    print(f"{label}: {pair.shape} (onset and apex, height, width, colours)")

# %% tags=["nbval-ignore-output"]
from merlib.motion.magnification.magnify import choose_method
from merlib.publishing.figures.clips import draw_magnified

method = choose_method("auto" if study.profile.name != "smoke" else "eulerian")
figure = draw_magnified(pairs, (1, 2, 3, 4), method)
caption = (
    "The larger the factor, the clearer the movement "
    f"and the stronger the artefacts ({method})."
)
_ = save_picture("astnet.figure3", figure, caption=caption, magnifiers=[method])

# %% tags=["nbval-ignore-output"]
figure = draw_magnified(pairs, (1, 3), method)
caption = f"Before and after threefold magnification ({method})."
_ = save_picture("astnet.figure4", figure, caption=caption, magnifiers=[method])

# %% [markdown]
# Try it: drag the factor from 0, where nothing has moved, to 12. At which factor do you first see the
# expression, and at which one does the face stop looking like a face?

# %% tags=["nbval-ignore-output"]
from merlib.publishing.figures.clip_sliders import factor_slider

factor_slider(pairs["happiness"], method)

# %% [markdown]
# UAMRN's point is that the same set of factors suits one clip and ruins another:

# %% tags=["nbval-ignore-output"]
two = {label: pairs[label] for label in ("happiness", "surprise")}
figure = draw_magnified(two, (2, 4, 6, 8, 10, 12), method)
caption = f"Two clips, the same six factors of the 32 ({method})."
_ = save_picture("uamrn.figure1", figure, caption=caption, magnifiers=[method])

# %% [markdown]
# ## Three magnifiers
#
# * **Eulerian** (Wu et al. 2012): no motion is estimated. The brightness is watched at each place, and its change
#   is multiplied. Noise is a change too, so it is multiplied as well.
# * **Lagrangian**: the motion of each pixel is estimated and multiplied, and the onset is bent along it. Whatever
#   measures the motion afterwards finds what was put in, so this magnifier cannot be used to test ASTNet's
#   Table 6. It is here to teach.
# * **Learned** (Oh et al. 2018): a network separates texture from shape and multiplies the change of shape. It
#   needs public weights, which `merlib weights get magnet` fetches.

# %% tags=["nbval-ignore-output"]
methods = ["eulerian", "lagrangian"]
if choose_method() == "magnet" and study.profile.name != "smoke":
    methods.append("magnet")
print("measured here:", ", ".join(methods))

# %% tags=["nbval-ignore-output"]
from merlib.motion.magnification.magnify import magnify
from merlib.publishing.figures.clips import draw_pictures

onset, apex = pairs["surprise"]
shown = {"onset": onset, "apex": apex}
shown |= {f"{name} x 6": magnify((onset, apex), 6, name).frames[1] for name in methods}
caption = "One clip, one factor, side by side."
_ = save_picture(
    "extra.magnifiers", draw_pictures(shown), caption=caption, magnifiers=methods
)

# %% [markdown]
# ## Measured, not only shown
#
# On the twin the ideal picture is known: it is the onset, bent by the factor times the true motion. For every
# clip, method and factor three things are measured:
#
# * `gain`: the motion that TV-L1 (notebook 02) finds in the magnified pair along the true motion, as a multiple
#   of it. The factor that was asked for would be ideal;
# * `artefact`: how far the picture is from the ideal one, in grey levels (root mean square);
# * `noise`: how much changes where nothing moves, in grey levels (root mean square).

# %%
from merlib.clips.selection import few_clips

few = few_clips(clips, 1 if study.profile.name == "smoke" else 4, 1)
factors = (
    (2.0, 4.0, 12.0) if study.profile.name == "smoke" else (2.0, 3.0, 4.0, 6.0, 8.0, 12.0)
)
people = few["subject"].nunique()
shown = ", ".join(f"{factor:g}" for factor in factors)
print(f"{len(few)} clips, people: {people}, factors {shown}")

# %% tags=["nbval-ignore-output"]
from merlib.inputs.accuracy import magnifier_gains
from merlib.publishing.tables.preprocessing import means
from merlib.inputs.accuracy import measure

measured = measure(few, magnifier_gains, tuple(methods), factors, cache=study.cache)
values, low, high = means(measured, ["method", "factor"], ["gain", "artefact", "noise"])
off = max(abs(values.loc[f"lagrangian {f:g}", "gain"] / f - 1) for f in factors)
caption = (
    f"Lagrangian magnification is off by at most {off:.0%} "
    "of its factor; the others are reported."
)
save = partial(save_table, samples=[few], magnifiers=methods)
save("extra.magnifier_gains", values, low=low, high=high, caption=caption, digits=2)

# %% tags=["nbval-ignore-output"]
from merlib.publishing.figures.clips import draw_gains

figure = draw_gains(values, low, high, "gain", "times the true motion")
spread = ", with 95 % intervals over people" if people > 1 else " with one person"
caption = f"What is asked for (dotted) and what is reached{spread}."
save_curve = partial(save_figure, data=values, samples=[few], magnifiers=methods)
_ = save_curve("extra.gain_by_factor", figure, caption=caption)

# %% tags=["nbval-ignore-output"]
figure = draw_gains(values, low, high, "artefact", "grey levels rms")
caption = "Distance from the ideal picture grows with the factor."
_ = save_curve("extra.artefact_by_factor", figure, caption=caption)

# %% [markdown]
# ## What the papers left open
#
# | Errata | What it says |
# |---|---|
# | ASTNET-B2, ASTNET-B15 | Eq. 1 of ASTNet: factor or factor plus one |
# | UAMRN-F1 | UAMRN prints factors 2 to 13 in steps of 1, L = 32; its code takes 32 from 2 to 12 |
# | UAMRN-F12 | Eq. 2 works on pixels, the network on features |
#
# ## Recap
#
# A factor is a request, not a result. Every record that rests on a magnifier should say which one was used, and
# which gain it reaches.
#
# ## Exercises
#
# Predict first, then compute. Replace `None` by your answer and run the cell: `check` says whether it is
# right, or what is off. A solution lies folded under each exercise; click on its bar to open it.
#
# **1. Three meanings.** ASTNet's Eq. 1 multiplies the motion by 1 + alpha, with alpha = 3. Which `factor`
# does `magnify` need to do the same?
#
# <details><summary>Hint</summary>Here a factor of 1 changes nothing. Which alpha does that?</details>

# %%
from merlib.publishing.exercises import check

factor = None
check("03.alpha", factor)

# %% jupyter={"outputs_hidden": true, "source_hidden": true} tags=["solution"]
# One solution; a click on the bar at the left folds it again.
solution_alpha = 3
check("03.alpha", 1 + solution_alpha)

# %% [markdown]
# **2. Magnify by one.** By how many grey levels (rms) does an apex that is magnified by a factor of 1
# differ from the apex?
#
# <details><summary>Hint</summary>What is added to the picture when alpha is 0?</details>

# %%
left = None  # in grey levels
check("03.one", left)

# %% jupyter={"outputs_hidden": true, "source_hidden": true} tags=["solution"]
# One solution; a click on the bar at the left folds it again.
import numpy as np

from merlib.motion.magnification.magnify import magnify

solution_pair = np.random.default_rng(1).random((2, 64, 64), dtype=np.float32)
solution_same = magnify(solution_pair, 1, "eulerian").frames[1]
check("03.one", 255 * np.sqrt(np.mean((solution_same - solution_pair[1]) ** 2)))

# %% [markdown]
# **3. A face at rest.** Nothing moves; the sensor adds its noise. The pair is magnified sixfold by the
# Eulerian method. What happens to the noise: `"it stays as it was"`, `"it grows, by less than six"` or
# `"it grows by more than six"`?
#
# <details><summary>Hint</summary>Look at the column noise of the table above, and at what the method does
# in its finest bands.</details>

# %%
noise = None  # one of the three
check("03.noise", noise)

# %% jupyter={"outputs_hidden": true, "source_hidden": true} tags=["solution"]
# One solution; a click on the bar at the left folds it again.
solution_draw = np.random.default_rng(2)
solution_noisy = solution_draw.normal(0.5, 0.01, (2, 64, 64)).astype(np.float32)
solution_six = magnify(solution_noisy, 6, "eulerian").frames
solution_growth = (solution_six[1] - solution_six[0]).std()
solution_growth /= (solution_noisy[1] - solution_noisy[0]).std()
solution_less, solution_more = "it grows, by less than six", "it grows by more than six"
solution_grown = solution_less if solution_growth < 6 else solution_more
check("03.noise", solution_grown if solution_growth > 1.2 else "it stays as it was")

# %% [markdown]
# **4. Thirty-two factors.** UAMRN's code takes 32 factors from 2 to 12, evenly spaced. How far are two
# neighbours apart?
#
# <details><summary>Hint</summary>32 fence posts have how many gaps?</details>

# %%
gap = None
check("03.step", gap)

# %% jupyter={"outputs_hidden": true, "source_hidden": true} tags=["solution"]
# One solution; a click on the bar at the left folds it again.
check("03.step", (12 - 2) / (32 - 1))

# %% [markdown]
# ## Where to go next
#
# - [06 ASTNet](06_astnet.ipynb) magnifies threefold before it measures the flow.
# - [08 UAMRN](08_uamrn.ipynb) shows the network all 32 magnifications of a clip.
# - [02 Preprocessing](02_preprocessing.ipynb): how right is the flow that is measured afterwards?
#
# ## Resources
#
# - H.-Y. Wu et al., *Eulerian video magnification for revealing subtle changes in the world*, SIGGRAPH 2012.
# - T.-H. Oh et al., *Learning-based video motion magnification*, ECCV 2018.
