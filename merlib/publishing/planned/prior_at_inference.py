"""The other reading of AM3F's Fig. 1 (AM3F-A15): the prior is added to the prediction at inference too."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import torch

from merlib.learning.experiment import Experiment
from merlib.learning.losses import class_prior, inference_adjustment
from merlib.profiles import get_profile
from merlib.publishing.planned.plan import planned_states
from merlib.publishing.planned.tables import inside_caption, stands_in
from merlib.publishing.records.save_table import SavedTable, save_table
from merlib.publishing.records.shown import Message
from merlib.publishing.study import Study
from merlib.publishing.tables.metrics import metric_table
from merlib.scoring.confusion_counts import class_names

RUN = "am3f-loso-lasce"


def with_prior(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return the predictions of the same trained networks with the loss's adjustment added to their test logits.

    The scores are softmax values, so adding ``a_y`` to the logits multiplies each by ``exp(a_y)``, after which the row
    is scaled to a sum of one. The prior is that of each fold's training rows: all clips that the fold does not test.

    Parameters
    ----------
    predictions : DataFrame
        What `learning.run` returned for a subject-disjoint protocol, with raw logits at inference.
    """
    experiment = Experiment.from_dict(predictions.attrs["experiment"])
    recipe, columns = experiment.recipe, [f"score_{name}" for name in class_names(predictions)]
    parts = []
    for (seed, fold), part in predictions.groupby(["seed", "fold"], sort=False):
        trained = predictions[(predictions["seed"] == seed) & (predictions["fold"] != fold)]
        prior = class_prior(torch.from_numpy(np.array(trained["label"], np.int64)), len(columns))
        shift = inference_adjustment(recipe.loss, recipe.loss_options, prior).double().exp().numpy()
        scores = part[columns].to_numpy() * shift
        changed = part.assign(prediction=scores.argmax(1))
        changed[columns] = scores / scores.sum(1, keepdims=True)
        parts.append(changed)
    adjusted = pd.concat(parts, ignore_index=True)
    changed = replace(experiment, recipe=replace(recipe, adjusted_inference=True))
    adjusted.attrs = {**predictions.attrs, "experiment": changed.to_dict(), "experiment_digest": changed.digest}
    return adjusted


def prior_at_inference(study: Study) -> SavedTable | Message:
    """Save AM3F's row of Table 3 under both readings and return it; where the run is missing, return a sentence."""
    raw = planned_states()[RUN].predictions
    if raw is None:
        command = f"merlib reference train {RUN} --data megc2019-flow=DIR"
        return Message(f"Not shown: {RUN} is not committed; make it with: {command}")
    runs = {"prior in training only (here)": raw, "prior at inference too (AM3F-A15)": with_prior(raw)}
    tables = metric_table(runs, artefact="am3f.table3")
    other = [table.tail(1).set_axis(["AM3F-FlowNet"]) for table in tables]
    caption = f"With the prior at inference too, {inside_caption('am3f.table3', *other)}"
    paper = replace(study, profile=get_profile("paper"))  # the same whatever profile the notebook has
    name, low, high = "extra.am3f_prior_at_inference", *tables[1:]
    told = {"caption": caption, "substitution": stands_in(runs), "study": paper}
    return save_table(name, tables[0], runs, low=low, high=high, **told)
