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
# # 02 · Preprocessing: from a video to what a network reads
#
# **The question.** Papers on micro-expressions describe their network on several pages, and in one paragraph
# what happens to a clip before the network sees it: the *preprocessing*. What exactly happens there, and how
# much of the movement survives each step?
#
# **What you will learn**
#
# 1. how a face is found, turned level and cut out, once for a whole clip;
# 2. how the apex frame is spotted where nobody annotated it;
# 3. what optical flow and optical strain are, and how far off three ways of estimating them are;
# 4. how to measure all this, on clips whose true motion is known.
#
# Every face here is SYNTHETIC: it is rendered from NASA's public-domain portrait, which comes with
# scikit-image, by a [twin](../docs/glossary.md#this-companion) that knows how every pixel moved. Real clips
# that you name with `data` stay out of this notebook, because neither their faces nor their annotation may be
# shown.
#
# Time: about two minutes with profile `smoke` on two cores.

# %% tags=["parameters"]
profile = "smoke"
data = []
readers = []
on_bad_clip = "error"
store = ""

# %%
from merlib.publishing import open_study, save_figure, save_table

study = open_study(
    "02_preprocessing",
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
# | Paper | What it says it does |
# |---|---|
# | AM3F-FlowNet, Sec. 3.1 | crop SAMM (CASME II and SMIC come cropped), resize to 170 x 140, apex by D&C-RoIs where missing, TV-L1 flow between onset and apex, strain, 28 x 28 |
# | Dual-ATME, Sec. 3.2 | turn by the eyes, crop by landmarks (Eq. 1-2), HARS boxes of brows and mouth, flow of the puzzle |
# | ASTNet, Sec. 4.1 | local weighted mean normalisation, 11 frames "from the apex to the peak", 10 flows |
# | UAMRN, Sec. 4.2 | crop the apex by the onset's landmarks |
#
# None of the papers publishes the code of this part. Whoever tries to reproduce them asks first: *which
# frames?* The words of this table are explained where they are needed below.
#
# ## One clip
#
# A table holds one row for each clip. Frames are read (here: rendered) only when they are asked for. The
# columns `onset`, `apex` and `offset` are frame numbers that count from the clip's first frame, which is 0.

# %%
from dataclasses import replace
from functools import partial

twin = replace(study, data={}, opened={})  # these pages show single faces and true motion
clips = twin.clips("casme2")
save_picture = partial(save_figure, samples=[clips], shows_single_samples=True)
clips.drop(columns=["source", "action_units"]).head(4)

# %%
from merlib.datasets.twin.rendering.rendered import twin_clips

row = next(
    r for r in twin_clips("casme2").itertuples(index=False) if r.label == "happiness"
)
print(
    f"{row.subject}/{row.clip}: {row.label}, AU {row.action_units}, "
    f"{row.n_frames} frames at {row.fps:g} a second"
)

# %% tags=["nbval-ignore-output"]
from merlib.publishing.figures.clips import draw_frames

where = [row.onset, (row.onset + row.apex) // 2, row.apex, row.offset]
figure = draw_frames(row, where, ["onset", "half way", "apex", "offset"])
_ = save_picture("extra.one_clip", figure, caption="The movement is hard to see.")

# %% [markdown]
# The twin's people differ as people do; four of them:

# %% tags=["nbval-ignore-output"]
from merlib.datasets.twin.rendering.contact_sheet import contact_sheet
from merlib.publishing.figures.clips import draw_pictures

figure = draw_pictures(
    {"": contact_sheet("casme2", subjects=4, columns=4)}, width=6.0, height=2.0
)
_ = save_picture("extra.people", figure, caption="None of these people exists.")

# %% [markdown]
# Back to the one clip. You will hardly see it move: that is what *micro* means. Run the cell and drag through
# the frames; onset, apex and offset are named when they pass. Without JupyterLab you see these three as
# pictures.

# %% tags=["nbval-ignore-output"]
from merlib.publishing.figures.clip_sliders import frame_slider

frame_slider(row)

# %% [markdown]
# The eye is better at noticing change than at comparing two pictures. Here onset and apex stand in the same
# place, one after the other. Press play, or watch the picture below blink for five seconds when the page
# opens: what moves?

# %% tags=["nbval-ignore-output"]
from merlib.publishing.figures.clip_sliders import onset_apex_flicker

onset_apex_flicker(row)

# %% [markdown]
# ## Step 1: the face, level and cut
#
# [Landmarks](../docs/glossary.md#from-a-clip-to-an-array) are 68 named points of a face: corners of eyes and
# mouth, points along brows, nose and jaw. They are found on the **onset** only. From them follows how the
# picture is turned, so that the eyes are level, and where the face is cut out; both then hold for every frame
# of the clip. If each frame were cut by its own landmarks, their small errors would look like motion.
#
# Dual-ATME goes on to cut out both brows and the mouth (it calls this HARS, hand-crafted attention region
# selection) and pastes them into one picture, the *puzzle*. The signs of its equations are read as errata
# DUAL-ATME-C8 says.

# %% tags=["nbval-ignore-output"]
from merlib.inputs.preprocessing import locate, preprocessing
from merlib.publishing.figures.clips import draw_hars

how = preprocessing("flow")
figure = draw_hars(row, how)
caption = "Brows and mouth are cut at landmarks of the onset."
_ = save_picture("dual_atme.figure2", figure, caption=caption)

# %% [markdown]
# How large should the cut be? AM3F-FlowNet writes 170 rows by 140 columns. Drag: the left picture is the cut
# face, the right one shows how far each of its pixels moves between onset and apex. A small cut has small
# motion, until little more than noise is left; a large one takes longer and shows nothing new.

# %% tags=["nbval-ignore-output"]
from merlib.publishing.figures.clip_sliders import crop_slider

crop_slider(row, replace(how, flow="dis"))  # DIS is quick enough to follow your hand

# %% [markdown]
# ## Step 2: the apex
#
# CASME II and SAMM name an apex frame, SMIC does not. Where it is missing, it is *spotted*: computed from the
# frames. AM3F-FlowNet uses [D&C-RoIs](../docs/glossary.md#the-recordings), divide and conquer on regions of
# interest. It describes brows, eyes and mouth of every frame by
# [local binary patterns](../docs/glossary.md#hand-crafted-features), that is by counting which neighbours of a
# pixel are brighter than it, and follows how far this texture gets from the onset's. UAMRN takes the middle
# frame instead (UAMRN-F14). The choice matters: two public lists of SMIC's apexes agree in 9 clips of 164
# (CROSS-X5).

# %% tags=["nbval-ignore-output"]
from merlib.publishing.figures.clips import draw_apex

figure, curves = draw_apex(row, how)
caption = "Texture leaves the onset's and returns; its largest distance marks the apex."
_ = save_picture("extra.apex", figure, data=curves, caption=caption)

# %% [markdown]
# ## Step 3: optical flow
#
# The [optical flow](../docs/glossary.md#from-a-clip-to-an-array) says for every pixel of the onset where it
# went: `u` pixels to the right, `v` downwards. Three classical algorithms estimate it here. TV-L1 looks for the
# smoothest motion that still has sharp edges, DIS compares small patches and is the quickest, Farneback fits a
# curved surface to the brightness around each pixel. On the twin the true motion is known, so each of them can
# be held against it:

# %% tags=["nbval-ignore-output"]
from merlib.inputs.preprocessing import motion_of
from merlib.publishing.figures.clips import draw_flows

found = locate(row, how)
names = {"truth": "true motion", "tvl1": "TV-L1", "dis": "DIS", "farneback": "Farneback"}
flows = {
    title: motion_of(found, replace(how, flow=method)) for method, title in names.items()
}
figure = draw_flows(flows, found.cut([int(row.onset)], how.crop)[0])
caption = "All three find the motion; they differ where skin has no texture."
_ = save_picture("extra.flow_methods", figure, caption=caption)

# %% [markdown]
# What if the wrong frame is taken as the apex? Drag: the flow goes from the onset to the frame that you choose,
# always in the same colours. Too early or too late, and the network is shown a movement that is hardly there.

# %% tags=["nbval-ignore-output"]
from merlib.publishing.figures.clip_sliders import apex_slider

apex_slider(row, replace(how, flow="dis"))

# %% [markdown]
# ## Step 4: strain, and the map that a network reads
#
# [Optical strain](../docs/glossary.md#from-a-clip-to-an-array) says how the flow changes from place to place:
# where neighbouring pixels move apart, the skin is stretched. A head that moves as a whole has flow and no
# strain. Public code computes it in two ways (CROSS-X3); ours is the magnitude of the strain tensor,
#
# $$ \varepsilon = \sqrt{u_x^2 + v_y^2 + \tfrac{1}{2}(u_y + v_x)^2}, $$
#
# where $u_x$ is the change of $u$ from one pixel to its right neighbour, and so on. It is taken at the flow's
# own resolution, before anything is resized, because it depends on the grid on which neighbours are compared.
# Then each of the three maps is averaged down to 28 x 28 and stretched to 0..255 by its own minimum and
# maximum, as in the public maps. From then on, no fixed grey level stands for rest (exercise 4).

# %% tags=["nbval-ignore-output"]
from merlib.inputs.preprocessing import clip_input
from merlib.publishing.figures.clips import draw_channels

maps = clip_input(row, how).array
figure = draw_channels(maps)
caption = "What AM3F-FlowNet reads of this clip: three maps of 28 x 28."
_ = save_picture("extra.flow_map", figure, caption=caption)

# %% [markdown]
# ## Step 5: a sequence of flows (ASTNet)
#
# ASTNet reads ten flows between eleven frames. Before that, every face is bent onto one reference face, so that
# all eyes and mouths lie in the same place (*local weighted mean normalisation*). The frames are said to go
# "from the apex to the peak", but apex and peak are the same frame (ASTNET-B4). We read "from the onset to the
# peak": eleven frames, evenly from onset to apex. Frames around the apex (`window="around"`) would catch the
# end of the rise and the beginning of the fall, whose motions cancel. From one frame to the next little moves;
# this is why ASTNet first magnifies the motion, against the onset ([notebook
# 03](03_motion_magnification.ipynb)).

# %% tags=["nbval-ignore-output"]
sequence = preprocessing("flow_sequence", unit="px", factor=1.0, size=112)
ten = clip_input(row, sequence).array[:, :2].transpose(0, 2, 3, 1)
figure = draw_flows({f"{i} to {i + 1}": flow for i, flow in enumerate(ten, start=1)})
caption = (
    "Ten flows of a happiness clip: from one frame to the next little is left to see."
)
_ = save_picture("astnet.figure5", figure, caption=caption)

# %% tags=["nbval-ignore-output"]
from itertools import pairwise

import pandas as pd

from merlib.inputs.windows import rise

steps = pairwise(rise(int(row.onset), row.source.true_apex))
speeds = pd.Series([abs(row.source.true_flow(*step)).max(-1).max() for step in steps])
print(
    "fastest point of this face from one frame to the "
    f"next, median of ten: {speeds.median():.3f} px"
)

# %% [markdown]
# ## How right is each step?
#
# Each step is measured on clips of the twins of all three data sets, where the truth is known. The clips of a
# person are averaged first, and the 95 % interval says what other people might have given. The twins' cameras
# are noisy, as real ones are. Their noise in grey levels (*rms*, root mean square: the typical size of the
# error):

# %%
from merlib.datasets.twin.rendering.camera import LOOKS

for name, look in LOOKS.items():
    print(f"{name}: {look.noise:g}")

# %%
import pandas as pd

from merlib.clips.selection import few_clips
from merlib.inputs.accuracy import apex_errors, face_errors, flow_errors
from merlib.publishing.tables.preprocessing import means
from merlib.inputs.accuracy import measure

people = 1 if study.profile.name == "smoke" else 8
tables = {
    name: few_clips(twin_clips(name), people, 1) for name in ("casme2", "samm", "smic")
}
every = pd.concat(tables.values(), ignore_index=True)
every.attrs = {**clips.attrs, "name": "twins of casme2, samm and smic"}
save_measured = partial(save_table, samples=[every])
for name, table in tables.items():
    print(f"{name}: {len(table)} clips of {table['subject'].nunique()} people")

# %% [markdown]
# **Faces.** Is exactly one face found, and how far are its landmarks from those that were rendered? The column
# `nme` is their mean distance as a share of the distance of the eyes
# ([normalised mean error](../docs/glossary.md#from-a-clip-to-an-array)).

# %% tags=["nbval-ignore-output"]
faces = measure(every, face_errors, cache=study.cache)
values, low, high = means(faces, ["dataset"], ["found", "nme"])
caption = f"One face was found in {faces['found'].mean():.1%} of {len(faces)} frames."
save_measured("extra.faces_found", values, low=low, high=high, caption=caption)

# %% [markdown]
# **Flow.** The mean error in pixels, where the true motion exceeds a quarter of a pixel. Beside it stands the
# error of an estimate that says "nothing moved", which is the motion itself; `share` is the quotient of both.

# %% tags=["nbval-ignore-output"]
errors = measure(every, flow_errors, ("tvl1", "dis", "farneback"), cache=study.cache)
values, low, high = means(errors, ["dataset", "method"], ["error", "zero", "share"])
worst = values["share"].filter(like="tvl1").max()
caption = f"TV-L1 is off by at most {worst:.0%} of the motion on any of the three sets."
save_measured("extra.flow_errors", values, low=low, high=high, caption=caption)

# %% [markdown]
# **Apex.** The distance between the spotted and the true apex, in frames and in seconds, for D&C-RoIs and for
# the rule that takes the middle frame.

# %% tags=["nbval-ignore-output"]
apexes = measure(every, apex_errors, ("divide_and_conquer", "middle"), cache=study.cache)
values, low, high = means(apexes, ["dataset", "method"], ["frames", "seconds"])
ratio = apexes.groupby("method")["frames"].mean()
caption = (
    f"Spotting errs by {ratio['divide_and_conquer'] / ratio['middle']:.0%} "
    "of the middle rule's error."
)
save_measured("extra.apex_errors", values, low=low, high=high, caption=caption)

# %% [markdown]
# **A sequence of flows.** The ten flows are added up and correlated with the true motion from onset to apex
# (column `whole`; 1 is perfect). Most of that motion is the head's. The head shifts, turns and tilts as one
# piece, which an *affine* motion describes; when that is taken away, what is left is the muscles' work (column
# `muscles`). In each row, one step of the chain is changed.

# %% tags=["nbval-ignore-output"]
from merlib.inputs.accuracy import sequence_agreement
from merlib.publishing.planned.clip_ladder import MENDS

variants = {name: {"magnifier": "eulerian", **choices} for name, choices in MENDS.items()}
chain = measure(
    every[every["dataset"] != "samm"], sequence_agreement, variants, cache=study.cache
)
values, low, high = means(chain, ["dataset", "variant"], ["whole", "muscles"])
best = values["muscles"].idxmax()
caption = f"Correlation with true motion; that of the muscles is best in: {best}."
save_measured("extra.flow_sequences", values, low=low, high=high, caption=caption)

# %% [markdown]
# Does a better step also help to tell the classes apart? A linear classifier reads the same sums, on all clips
# of the twin, and is tested on people that it has not seen. Each row changes one thing against the first. Its
# gain in UAR stands beside it with a 95 % interval over people, the same people being drawn for both rows.
# These are committed runs (`merlib reference climb`), SYNTHETIC, and do not depend on the profile. Whether
# magnification helps, which the paper asks in Table 6, is the difference between two of the rows.

# %% tags=["nbval-ignore-output"]
from merlib.publishing.planned.clip_ladder import committed_mends
from merlib.publishing.tables.ladder import gains_over

names = {"CASME II": "casme2", "SMIC": "smic"}
gains = {
    name: gains_over(committed_mends(data), next(iter(MENDS)))
    for name, data in names.items()
}
every_gain = pd.concat(gains)
said = every_gain.map("{:.3f}".format, na_action="ignore").fillna("-")
said if len(said) else print("Not committed yet: merlib reference climb")

# %% [markdown]
# ## Does a network see the same?
#
# The last question. AM3F-FlowNet is trained twice, once on flow that was *computed* from rendered frames and
# once on the *true* flow of the same clips. The answers are compared person by person: does the network lose
# anything by the errors of the flow?

# %% tags=["nbval-ignore-output"]
sources = {
    "flow computed from frames": twin.features("casme2", preprocessing("flow")),
    "true flow": twin.features("casme2", preprocessing("flow", flow="truth")),
}
runs = {}
for label, samples in sources.items():
    runs[label] = study.run(study.experiment("am3f_flownet", label=label), samples)

# %% tags=["nbval-ignore-output"]
from merlib.publishing.tables.metrics import comparison_table, finding

pairs = [("flow computed from frames", "true flow")]
tests = comparison_table(runs, pairs)
save_table("extra.rendered_against_truth", tests, runs, caption=finding(tests))

# %% [markdown]
# ## What the papers left open
#
# | Errata | What it says |
# |---|---|
# | AM3F-A14, CROSS-X3 | which scalar is made of the strain tensor |
# | AM3F-A16 | whether `u` turns its sign when a face is mirrored, and how flow becomes 8-bit pictures |
# | ASTNET-B4 | which eleven frames; SMIC has no apex |
# | DUAL-ATME-C8, DUAL-ATME-C14 | signs and indices of Dual-ATME's crop and boxes |
# | CROSS-X5 | which apex SMIC's clips were given |
#
# ## Recap
#
# Each step is a decision that moves numbers. Here every one of them is an argument of `preprocessing(...)`, and
# the record of a result names it.
#
# ## Exercises
#
# Predict first, then compute. Replace `None` by your answer and run the cell: `check` says whether it is
# right, or what is off. A solution lies folded under each exercise; click on its bar to open it.
#
# **1. How long is the rise?** Take the first clip of happiness of the twin, `row` above. How many
# milliseconds pass from its onset to its apex?
#
# <details><summary>Hint</summary><code>row.fps</code> is the number of frames in a second.</details>

# %%
from merlib.publishing.exercises import check

rise = None  # in milliseconds
check("02.rise", rise)

# %% jupyter={"outputs_hidden": true, "source_hidden": true} tags=["solution"]
# One solution; a click on the bar at the left folds it again.
from merlib.datasets.twin.rendering.rendered import twin_clips

solution_clips = twin_clips("casme2")
solution_row = solution_clips[solution_clips["label"] == "happiness"].iloc[0]
solution_frames = solution_row["apex"] - solution_row["onset"]
check("02.rise", 1000 * solution_frames / solution_row["fps"])

# %% [markdown]
# **2. A head that turns.** The whole face turns a little in its plane: u = -0.1 y and v = 0.1 x. Predict
# the optical strain.
#
# <details><summary>Hint</summary>Which derivatives are not zero, and what do they add up to?</details>

# %%
strain_of_turn = None
check("02.turn", strain_of_turn)

# %% jupyter={"outputs_hidden": true, "source_hidden": true} tags=["solution"]
# One solution; a click on the bar at the left folds it again.
solution_uy, solution_vx = -0.1, 0.1
check("02.turn", (0 + 0 + (solution_uy + solution_vx) ** 2 / 2) ** 0.5)

# %% [markdown]
# **3. Skin that stretches.** Now the skin stretches alike in both directions: u = 0.1 x and v = 0.1 y.
# Which strain?
#
# <details><summary>Hint</summary>u<sub>x</sub> and v<sub>y</sub> are 0.1 each.</details>

# %%
strain_of_stretch = None
check("02.stretch", strain_of_stretch)

# %% jupyter={"outputs_hidden": true, "source_hidden": true} tags=["solution"]
# One solution; a click on the bar at the left folds it again.
solution_ux, solution_vy = 0.1, 0.1
check("02.stretch", (solution_ux**2 + solution_vy**2) ** 0.5)

# %% [markdown]
# **4. Which grey is rest?** In one clip u reaches from -1 to 3 pixels. The map is stretched to 0..255.
# Which grey level has a place that does not move?
#
# <details><summary>Hint</summary>The smallest u becomes 0, the largest 255, and the rest lies evenly
# between.</details>

# %%
grey = None  # between 0 and 255
check("02.grey", grey)

# %% jupyter={"outputs_hidden": true, "source_hidden": true} tags=["solution"]
# One solution; a click on the bar at the left folds it again.
check("02.grey", 255 * (0 - -1) / (3 - -1))

# %% [markdown]
# ## Where to go next
#
# - [03 Motion magnification](03_motion_magnification.ipynb): can the movement be made larger first?
# - [04 AM3F-FlowNet](04_am3f_flownet.ipynb): a network that reads the maps.
# - [06 ASTNet](06_astnet.ipynb): a network that reads the sequence of flows.
# - **Try it**: cut the face on `(340, 280)` pixels in place of `(170, 140)`, the fourth argument of `measure` above.
#   Does the flow's error, as a share of the motion, fall?
#
# ## Resources
#
# - C. Zach, T. Pock, H. Bischof, *A duality based approach for realtime TV-L1 optical flow*, DAGM 2007.
# - S.-T. Liong et al., *Automatic apex frame spotting in micro-expression database*, ACPR 2015.
# - A. Goshtasby, *Image registration by local approximation methods*, Image and Vision Computing 1988.
