"""AM3F-A15: the prior added at inference, by hand and from the planned run."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from known_predictions import plan_as_if_committed as states

from merlib.learning import Experiment, get_recipe
from merlib.publishing.planned import prior_at_inference as module
from merlib.publishing.planned.prior_at_inference import prior_at_inference, with_prior


def test_scores_are_multiplied_by_the_root_of_the_training_fold_s_frequencies():
    # fold b trains on fold a: classes 0, 0, 0, 1 -> prior 3/4, 1/4, and their roots with tau 1/2 are as sqrt(3) to 1
    frame = pd.DataFrame(
        {
            "seed": 0,
            "fold": ["a"] * 4 + ["b"],
            "label": [0, 0, 0, 1, 1],
            "prediction": [0, 0, 0, 1, 1],
            "score_negative": [0.9, 0.9, 0.9, 0.1, 0.4],
            "score_positive": [0.1, 0.1, 0.1, 0.9, 0.6],
        }
    )
    frame.attrs = {"experiment": Experiment("am3f_flownet", get_recipe("am3f_flownet")).to_dict()}
    row = with_prior(frame).iloc[4]
    share = 0.4 * 3**0.5 / (0.4 * 3**0.5 + 0.6)
    assert (row["score_negative"], row["score_positive"]) == pytest.approx((share, 1 - share))
    assert row["prediction"] == 0  # .6 without the prior
    assert with_prior(frame).attrs["experiment"]["recipe"]["adjusted_inference"]
    assert not frame.attrs["experiment"]["recipe"]["adjusted_inference"]


def test_both_readings_stand_in_one_record(study, monkeypatch):
    found = states({"am3f-loso-lasce": 6})
    raw = found["am3f-loso-lasce"].predictions
    raw["fold"] = np.where(raw["subject"] < "s04", "fold00", "fold01")
    for index, name in enumerate(raw.attrs["classes"]):
        raw[f"score_{name}"] = np.where(raw["prediction"] == index, 0.98, 0.01)
    monkeypatch.setattr(module, "planned_states", lambda: found)
    record = prior_at_inference(study).record
    assert {cell["row"] for cell in record["cells"]} == {
        "prior in training only (here)",
        "prior at inference too (AM3F-A15)",
    }
    assert record["caption"].startswith("With the prior at inference too, ")
    assert (record["training"], record["protocol"]) == ("paper", "loso")
