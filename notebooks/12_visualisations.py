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
# # 12 · Visualisations: what did the network look at?
#
# **The question.** Four of the five papers show heat maps and conclude that their network looks at the moving parts of the face. How would one know whether that is true?
#
# **What you will learn**
#
# 1. how Grad-CAM turns a feature map and a gradient into a picture;
# 2. how to test such a picture: against a known truth, against random maps, against a network that has forgotten everything;
# 3. what the hidden layers of LARNet and the sparse attention of UAMRN show when they are counted instead of looked at.
#
# Time: about two minutes with profile `smoke` on two cores, a third of it for rendering clips; a second run reads those from disk.

# %% tags=["parameters"]
profile = "smoke"
data = []
readers = []
on_bad_clip = "error"
store = ""
epochs = 0  # 0: as the profile says
people = 0  # 0: as the profile says

# %%
from merlib.publishing import open_study, save_figure, save_table

study = open_study(
    "12_visualisations",
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
# ## The papers' claims
#
# | Paper | Figure | What the paper concludes from it |
# |---|---|---|
# | AM3F-FlowNet | 6: Grad-CAM after MOFRW (multi-optical-flow feature reweighting) | the network localises the places that move |
# | Dual-ATME | 7: Grad-CAM of both branches | the puzzle of brows and mouth is looked at better than the whole face |
# | LARNet | 3 to 7: responses and hidden layers | the residual form keeps the signal; in the third stage most maps are empty |
# | UAMRN | 4: one attention matrix | strongly magnified pictures are discarded: the lower right corner is empty |
#
# Each conclusion rests on a few pictures that somebody chose. None is tested. Here each becomes a number with an interval.
#
# Real maps are never shown one by one: with `data` the figures show means over the clips of a class. The SYNTHETIC twin shows nobody, so its clips may be shown; and its true
# motion is known, which no recorded clip offers. Every face here is SYNTHETIC, made from NASA's public-domain portrait.

# %% [markdown]
# ## Grad-CAM in two lines
#
# Selvaraju et al. (2017) ask how the score $y_c$ of a class changes with each channel $A_k$ of a feature map, average that over places, and add the channels up:
#
# $$ w_k = \frac{1}{Z} \sum_{i,j} \frac{\partial y_c}{\partial A_{k,ij}}, \qquad \mathrm{map} = \mathrm{relu}\Big(\sum_k w_k A_k\Big) $$
#
# Two channels of two places, and a head that adds the first twice and takes the second off:

# %%
import torch

from merlib.explaining.grad_cam import Place, grad_cam

# One clip, two channels, one row of two places.
channels = torch.tensor([[[[1.0, 0.0]], [[0.5, 3.0]]]])
layer = torch.nn.Identity()
place = Place(
    lambda inputs: (layer(inputs["A"]).sum((2, 3)) * torch.tensor([2.0, -1.0])).sum(
        1, keepdim=True
    ),
    layer,
)
channels.requires_grad_()
print("by captum:", grad_cam(place, {"A": channels}, [0], size=(1, 2)).tolist())
print("by hand:  ", [[[max(0.0, 2 * 1.0 - 0.5), max(0.0, 2 * 0.0 - 3.0)]]])

# %% [markdown]
# ## AM3F-FlowNet: train, and keep the networks
#
# The fold store keeps predictions, not weights, and an explanation needs weights. So each fold is trained here and its network kept on this machine. Every clip is explained by the network of the
# fold that its person was held out of. The paper shows five emotions; so does the SYNTHETIC twin of CASME II. With the public maps the composite's three classes take their place.

# %% tags=["nbval-ignore-output"]
from merlib.publishing.explained.networks import (
    attention,
    networks_folder,
    trained_networks,
)

kept = networks_folder(study.store)

# %% tags=["nbval-ignore-output"]
flow = study.samples("casme2", analogue="megc2019-flow")
am3f = trained_networks(
    study.experiment("am3f_flownet", label="AM3F-FlowNet"), flow, kept
)
right = (am3f.predictions["prediction"] == am3f.predictions["label"]).mean()
print(
    f"{len(am3f.networks)} networks; {right:.0%} of {len(am3f.rows)} "
    "clips of held-out people classified correctly"
)

# %% [markdown]
# The three flows are read where MOFRW has joined them: 264 maps of 7 x 7. Asked is the clip's own label; the paper does not print which class it asked for.

# %%
maps = attention(am3f)
for name, cams in maps.items():
    print(f"{name}: {cams.shape} (clips, height, width)")

# %% [markdown]
# ## Does it find what moves?
#
# On the twin the answer is known: the action units of each clip move some places of the face and leave others still. A map is scored twice on the places of the face:
#
# - **area under the curve (AUC)**: the probability that a moving place is higher in the map than a still one; 0.5 is random;
# - **pointing game**: how often the highest place of the map moves; random is the moving share of the face.
#
# Four rivals show what the score is worth: the same network with **random weights** (Adebayo et al. 2018: an explanation that survives them explains nothing that was learned), the
# **strain map** that the network was given, the **mean map of all other people** (what is left when a map ignores its clip), and nothing at all.
# The column *same order* compares the map of random weights with the trained one, place by place: 1 where both rank the places alike, 0 where one order says nothing of the other.

# %% tags=["nbval-ignore-output"]
from merlib.datasets.twin import twin_samples
from merlib.publishing.explained import attention_scores as scores

# %% tags=["nbval-ignore-output"]
known = am3f
if not flow.synthetic:  # only the twin's motion is known
    known = trained_networks(
        study.experiment("am3f_flownet", label="AM3F-FlowNet"),
        twin_samples("casme2"),
        kept,
    )
runs = {"AM3F-FlowNet": known.predictions}
tables = scores.score_table(scores.clip_scores(known, scores.candidates(known)))

# %% tags=["nbval-ignore-output"]
finding = scores.attention_finding(*tables, "AM3F-FlowNet")
values, low, high = tables
save_table("extra.am3f_attention", values, runs, low=low, high=high, caption=finding)

# %% [markdown]
# ## Figure 6: the maps themselves
#
# One clip for each class, the first by name that was classified correctly: none is chosen by how it looks. All heat maps share one scale, so a pale one is a weak one.

# %% tags=["nbval-ignore-output"]
from merlib.publishing.explained.pictures import flow_pictures, single, strain_finding
from merlib.publishing.figures.map_grid import draw_map_grid

figure, table = draw_map_grid(**flow_pictures(am3f, maps))
shown = {"samples": [flow], "data": table, "shows_single_samples": single(am3f)}
instead = (
    ""
    if flow.synthetic
    else "means over the clips of a class; "
    "three classes of the composite for five of CASME II"
)
caption = finding if single(am3f) else strain_finding(am3f, maps["flow"], "AM3F-FlowNet")
numbers = tables if single(am3f) else None
runs = {"AM3F-FlowNet": am3f.predictions}
_ = save_figure(
    "am3f.figure6",
    figure,
    runs,
    caption=caption,
    numbers=numbers,
    substitution=instead,
    **shown,
)

# %% [markdown]
# ### After a longer training
#
# The run above may be short: three epochs teach a network little, and a map of an ignorant network says little. The same measurement of profile `teach` is committed:

# %% tags=["nbval-ignore-output"]
from merlib.publishing.explained.committed import committed

committed("am3f.figure6")

# %% tags=["nbval-ignore-output"]
longer = committed("extra.am3f_attention")
longer.shown if hasattr(longer, "shown") else longer

# %% [markdown]
# ## Dual-ATME: the face beside the puzzle
#
# The paper compares the attention $V$ of the whole face with that of the puzzle of brows and mouth. Both are read by Grad-CAM, and both can be held against the truth, the puzzle's
# after the true motion was cut and pasted in the same way.

# %% tags=["nbval-ignore-output"]
from merlib.clips.puzzle import with_puzzle

both = with_puzzle(study.samples("megc2019-flow"))
dual = trained_networks(study.experiment("dual_atme", label="Dual-ATME"), both, kept)

# %%
two = attention(dual)
for name, cams in two.items():
    print(f"{name}: {cams.shape} (clips, height, width)")

# %% tags=["nbval-ignore-output"]
known = dual
if not both.synthetic:
    known = trained_networks(
        study.experiment("dual_atme", label="Dual-ATME"),
        with_puzzle(twin_samples("megc2019-flow")),
    )
runs = {"Dual-ATME": known.predictions}
branches = {}
for place, branch in (("flow", "whole face"), ("puzzle", "puzzle")):
    branches[branch] = scores.score_table(
        scores.clip_scores(known, scores.candidates(known, place), place)
    )

# %% tags=["nbval-ignore-output"]
import pandas as pd

values, low, high = (
    pd.concat({name: one[end] for name, one in branches.items()}) for end in range(3)
)
for table in (values, low, high):
    table.index = [f"{branch}: {name}" for branch, name in table.index]
findings = [
    scores.attention_finding(*one, f"Dual-ATME, {name}") for name, one in branches.items()
]
save_table(
    "extra.dual_atme_attention",
    values,
    runs,
    low=low,
    high=high,
    caption=" ".join(findings),
)

# %% tags=["nbval-ignore-output"]
from merlib.publishing.explained.pictures import branch_pictures

figure, table = draw_map_grid(**branch_pictures(dual, two))
shown = {"samples": [both], "data": table, "shows_single_samples": single(dual)}
instead = "puzzle cut from the maps at canonical boxes, not from frames at landmarks"
instead += "" if both.synthetic else "; means over the positive clips of each data set"
caption = (
    " ".join(findings) if single(dual) else strain_finding(dual, two["flow"], "Dual-ATME")
)
numbers = (values, low, high) if single(dual) else None
_ = save_figure(
    "dual_atme.figure7",
    figure,
    {"Dual-ATME": dual.predictions},
    caption=caption,
    numbers=numbers,
    substitution=instead,
    **shown,
)

# %% [markdown]
# Profile `teach` trains longer. Its measurement is committed:

# %% tags=["nbval-ignore-output"]
committed("dual_atme.figure7")

# %% [markdown]
# ## LARNet: responses of three stages (Fig. 3)
#
# LARNet chains three networks of residual attention. Its Figure 3 compares how large the responses stay from stage to stage with the residual form $(1 + M) F$ and with the naive
# product $M F$. Whatever `data` says, the clips are the twin's from here on, since layers of single clips are shown. The network is a small one (width 4, pictures of 64 pixels), of a few people; with each form it is trained on half of them, and a third network is left as it was before training.

# %% tags=["nbval-ignore-output"]
from dataclasses import replace

from merlib.clips import as_frames
from merlib.inputs.preprocessing import preprocessing
from merlib.publishing.explained.few_features import few_features

clips = few_features(study, "casme2", preprocessing("frames", size=64, length=4))
frames = as_frames(clips.with_inputs({"frames": clips.inputs["frames"][:, 1:-1]}))
training = {
    "optimiser": "adam",
    "learning_rate": 5e-4,
    "augmentation": ("flip",),
    "normalisation": "standardise",
}
larnet = {}
for label, naive in (("residual, 1 + M", False), ("naive, M", True)):
    options = {"width": 4, "image_size": 64, "naive": naive}
    experiment = replace(
        study.experiment("larnet", options=options, label=label, **training),
        protocol="groupkfold:2",
    )
    larnet[label] = trained_networks(experiment, frames, kept, folds=1)

# %% tags=["nbval-ignore-output"]
from merlib.explaining.hidden_layers import (
    empty_share,
    hidden_layers,
    mean_absolute_response,
)

larnet["residual, before training"] = larnet["residual, 1 + M"].with_random_weights()
layers = {}
for label, one in larnet.items():
    network, inputs, rows = next(one.tested())
    layers[label] = hidden_layers(network, inputs)
responses = pd.DataFrame(
    {label: mean_absolute_response(one) for label, one in layers.items()}
)
responses.round(3)

# %% tags=["nbval-ignore-output"]
from merlib.publishing.figures.hidden_layers import draw_layers, draw_responses

figure = draw_responses(responses, "mean |response|")
last = responses.iloc[-1]
caption = "Last layer of stage 3, mean |response|: " + "; ".join(
    f"{name}: {value:.2g}" for name, value in last.items()
)
runs = {label: one.predictions for label, one in larnet.items() if "before" not in label}
small = "width 4 and 64 pixels instead of 64 and 224; one of two folds"
caption = f"{caption}."
_ = save_figure(
    "larnet.figure3", figure, runs, data=responses, caption=caption, substitution=small
)

# %% [markdown]
# ## Hidden layers and empty slots (Fig. 4 to 6)
#
# The paper draws the maps of each stage and finds most of the third stage's slots blank, which it calls saturation. A slot counts as empty here when its largest response is below a
# hundredth of the layer's largest. Counted for every frame of the people held out:

# %% tags=["nbval-ignore-output"]
from merlib.publishing.explained.pictures import FEW, by_person

people_of, sets_of = frames.groups[rows], frames.datasets[rows]
empty = {
    label: by_person(empty_share(one).T.groupby("stage").mean().T, people_of, sets_of)
    for label, one in layers.items()
}
values, low, high = (
    pd.DataFrame({label: one[end]["share"] for label, one in empty.items()})
    for end in range(3)
)
for table in (values, low, high):
    table.index = [f"stage {stage}" for stage in table.index]
# No interval over a handful of people.
ends = {"low": low, "high": high} if len(set(people_of)) >= FEW else {}
save_table("extra.larnet_empty_maps", values, runs, **ends, digits=2, substitution=small)

# %% tags=["nbval-ignore-output"]
from merlib.publishing.explained.pictures import share_words

label = "residual, 1 + M"
one_run = {label: larnet[label].predictions}
for stage in (1, 2, 3):
    figure, table = draw_layers(layers[label], stage, row=0)
    row = f"stage {stage}"
    shares = (end.loc[row, label] for end in (values, low, high))
    share = share_words(*shares, len(set(people_of)))
    caption = f"{share} of the maps of {row} are empty."
    numbers = tuple(end.loc[[row], [label]] for end in (values, low, high))
    _ = save_figure(
        f"larnet.figure{stage + 3}",
        figure,
        one_run,
        samples=[frames],
        data=table,
        caption=caption,
        numbers=numbers if ends else None,
        substitution=small,
        shows_single_samples=True,
    )

# %% [markdown]
# ## A closer look at one sample (Fig. 7)
#
# The heat of a layer is the mean size of its responses over channels, here as a share of the layer's largest, over the frame that the network read. The first frame of the held-out people is shown.

# %% tags=["nbval-ignore-output"]
from merlib.publishing.explained.pictures import heat_pictures

figure, table = draw_map_grid(**heat_pictures(layers[label], frames, rows))
caption = (
    "Heat of each layer as a share of its largest; the deeper the "
    "layer, the coarser the grid on which it can point."
)
_ = save_figure(
    "larnet.figure7",
    figure,
    one_run,
    samples=[frames],
    data=table,
    caption=caption,
    substitution=small,
    shows_single_samples=True,
)

# %% [markdown]
# Profile `teach` trains longer. Its pictures are committed:

# %% tags=["nbval-ignore-output"]
committed("larnet.figure3")

# %% tags=["nbval-ignore-output"]
committed("larnet.figure6")

# %% tags=["nbval-ignore-output"]
committed("larnet.figure7")

# %% [markdown]
# ## UAMRN: is the lower right corner empty? (Fig. 4)
#
# Query and key $i$ belong to the $i$-th of 32 magnifications. The paper shows the matrix of one clip, sees its pairs near the diagonal and its lower right corner blank, and concludes that
# hashing discards distorted pictures. Nothing in the hashing knows of distortion: it keeps the pairs whose directions agree. So it is counted, on held-out people, after training and before.

# %% tags=["nbval-ignore-output"]
from merlib.explaining.sparse_attention import attention_matrices, kept_shares
from merlib.inputs.front import with_front
from merlib.publishing.planned.clip_ladder import network_input

# %% tags=["nbval-ignore-output"]
magnified = few_features(study, "casme2", network_input("uamrn", "casme2"))
read = {"less the first": with_front(magnified, study.cache, width=16, less_first=True)}
read["as printed"] = with_front(magnified, study.cache, width=16)
for name, one in read.items():
    print(f"{name}: {one.inputs['front'].shape} (clips, magnifications, features)")

# %% [markdown]
# Two readings are trained: the features as printed, and each magnification less the first, which takes the person away (notebook 08).

# %% tags=["nbval-ignore-output"]
uamrn, shares, matrices = {}, {}, {}
for name, samples in read.items():
    options = {"width": 256, "front_size": 256, "masked": True}
    uamrn[name] = trained_networks(
        study.experiment("uamrn", options=options, label=f"UAMRN, {name}"), samples, kept
    )
    for state, one in (
        (name, uamrn[name]),
        (f"{name}, before training", uamrn[name].with_random_weights()),
    ):
        parts = [
            (attention_matrices(network, inputs), rows)
            for network, inputs, rows in one.tested()
        ]
        order = pd.Index([row for _, rows in parts for row in rows]).argsort()
        matrices[state] = torch.cat(
            [torch.from_numpy(matrix) for matrix, _ in parts]
        ).numpy()[order]
        shares[state] = kept_shares(matrices[state])

# %% tags=["nbval-ignore-output"]
from merlib.publishing.figures.attention_matrix import (
    corner_finding,
    draw_attention_matrices,
    share_table,
)

# %% tags=["nbval-ignore-output"]
samples = read["as printed"]
values, low, high = share_table(shares, samples.groups, samples.datasets)
caption = " ".join(corner_finding(values, low, high, name) for name in read)
runs = {one.experiment.label: one.predictions for one in uamrn.values()}
save_table(
    "extra.uamrn_corners", values, runs, low=low, high=high, digits=2, caption=caption
)

# %% tags=["nbval-ignore-output"]
from merlib.publishing.figures.attention_matrix import matrix_pictures

figure = draw_attention_matrices(*matrix_pictures(matrices, list(read), single=True))
narrow = (
    "front layers of width 16 with random weights, pictures of 64 pixels, a few people"
)
_ = save_figure(
    "uamrn.figure4",
    figure,
    runs,
    samples=[samples],
    caption=caption,
    numbers=(values, low, high),
    substitution=narrow,
    shows_single_samples=True,
)

# %% [markdown]
# The committed measurement of profile `teach`:

# %% tags=["nbval-ignore-output"]
committed("uamrn.figure4")

# %% [markdown]
# ## What the papers left open
#
# | Paper | Open point | Here |
# |---|---|---|
# | AM3F-FlowNet, Dual-ATME | which class Grad-CAM is asked for | the clip's label |
# | AM3F-FlowNet, Dual-ATME | which clips are shown, and why these | the first by name that was classified correctly, of each class or data set |
# | AM3F-FlowNet, Dual-ATME | each heat map on a scale of its own, as far as can be seen | one scale for all |
# | Dual-ATME | whether $V$ is the attended feature map or its Grad-CAM | Grad-CAM, as the text says |
# | LARNet | what a layer and what a response is; how large an empty slot may be | each level of a stage; mean size of the response; below a hundredth of the layer's largest |
# | UAMRN | which block and head Figure 4 shows | the first block; its heads averaged when pairs are counted |
#
# ## What we could and could not confirm
#
# On the twin "the network looks at what moves" is a question with an answer, and the captions above give it with intervals: compare the trained network with random weights, with the
# strain map it was given and with the mean map of other people before you believe a heat map. On real maps nobody knows what moved, so that a heat map can only be shown to follow the strain.
#
# ## Recap
#
# A heat map is a hypothesis. It becomes a finding when it beats a network that knows nothing, and when its score has an interval.
#
# ## Exercises
#
# Predict first, then compute. Replace `None` by your answer and run the cell: `check` says whether it is
# right, or what is off. A solution lies folded under each exercise; click on its bar to open it.
#
# **1. A random place.** A region holds one place in twenty of the face. How often does a random place win the
# pointing game?
#
# <details><summary>Hint</summary>One place in twenty is right.</details>

# %%
from merlib.publishing.exercises import check

hit = None  # a share, between 0 and 1
check("12.pointing", hit)

# %% jupyter={"outputs_hidden": true, "source_hidden": true} tags=["solution"]
# One solution; a click on the bar at the left folds it again.
check("12.pointing", 1 / 20)

# %% [markdown]
# **2. Pairs in order.** Moving places have the values 3 and 1, still places 2 and 0. What is the area under the curve?
#
# <details><summary>Hint</summary>Count the pairs of a moving and a still place that are in the right order.</details>

# %%
in_order = None  # a share, between 0 and 1
check("12.auc", in_order)

# %% jupyter={"outputs_hidden": true, "source_hidden": true} tags=["solution"]
# One solution; a click on the bar at the left folds it again.
solution_pairs = [(moving, still) for moving in (3, 1) for still in (2, 0)]
solution_right = sum(moving > still for moving, still in solution_pairs)
check("12.auc", solution_right / len(solution_pairs))

# %% [markdown]
# **3. The same everywhere.** What area under the curve does a map reach that has one value in all places?
#
# <details><summary>Hint</summary>All pairs are ties.</details>

# %%
flat = None  # a share, between 0 and 1
check("12.constant", flat)

# %% jupyter={"outputs_hidden": true, "source_hidden": true} tags=["solution"]
# One solution; a click on the bar at the left folds it again.
check("12.constant", 0.5)

# %% [markdown]
# ## Resources
#
# - R. R. Selvaraju et al., *Grad-CAM*, ICCV 2017.
# - J. Adebayo et al., *Sanity checks for saliency maps*, NeurIPS 2018.
# - J. Zhang et al., *Top-down neural attention by excitation backprop*, IJCV 2018: the pointing game.
# - N. Kokhlikyan et al., *Captum: a unified and generic model interpretability library for PyTorch*, 2020.
