"""Ablations: every row differs from its base in one choice, and tables say which differences are noise."""

from __future__ import annotations

import json
from dataclasses import replace

import pandas as pd
import pytest
from known_predictions import make_predictions, make_samples

from merlib.errors import MerlibError
from merlib.inputs.cache import MotionCache
from merlib.learning.experiment import Experiment
from merlib.publishing.planned import ablation_plan, ablation_tables
from merlib.publishing.planned.ablation_plan import Sources, ablation_runs, already_planned, train_ablation
from merlib.publishing.planned.ablation_tables import (
    FAMILIES,
    NOISE,
    ablation_figure,
    ablation_table,
    against_table,
    committed_rows,
    verdict_caption,
)
from merlib.sources.reported import reported_values

TRAINED = ("astnet.table6", "astnet.table8", "larnet.table1", "uamrn.table5", "uamrn.table6", "dual_atme.table4")


def answers(wrong: int, label: str, name: str = "smic") -> pd.DataFrame:
    """Answers to a known number of clips wrong; every person has three clips, one of each class."""
    samples = make_samples(name=name, n=60)
    return make_predictions(replace(samples, datasets=[name] * 60), wrong, label)


@pytest.fixture(scope="module")
def planned():
    return ablation_runs()


@pytest.mark.parametrize("artefact", TRAINED)
def test_a_table_s_rows_are_those_that_the_paper_prints(artefact):
    printed = reported_values(artefact)["row"].drop_duplicates().tolist()
    assert sorted(FAMILIES[artefact].rows) == sorted(printed)


def test_every_row_is_a_planned_run_and_every_planned_run_is_used(planned):
    named = {name for family in FAMILIES.values() for name in (*family.rows.values(), family.base) if name}
    ours = {name for name in planned if not name.startswith("tau-")}
    assert named - set(already_planned().values()) == ours


def test_rows_of_a_family_share_folds_seeds_and_data(planned):
    for family in FAMILIES.values():
        runs = [planned[name] for name in family.rows.values() if name in planned]
        assert len({(run.folder, run.experiment.protocol, run.experiment.seeds) for run in runs}) == 1


def test_runs_of_one_experiment_are_told_apart_by_their_labels(planned):
    keys = {(run.folder, run.experiment.label, run.experiment.digest) for run in planned.values()}
    assert len(keys) == len(planned)


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [("batch-64", "batch_size", 64), ("batch-128", "batch_size", 128), ("cbam", "batch_size", 16)],
)
def test_the_batch_really_varies_and_nothing_else_does(planned, name, field, value):
    base, run = planned["astnet-cbam"].experiment, planned[f"astnet-{name}"].experiment
    assert getattr(run.recipe, field) == value
    assert replace(run.recipe, batch_size=16) == base.recipe
    assert run.options == base.options


def test_dropout_and_position_vary_one_option(planned):
    base = planned["astnet-cbam"].experiment
    for name, option in {"dropout-0.3": ("dropout", 0.3), "position-2": ("cbam_position", 2)}.items():
        other = planned[f"astnet-{name}"].experiment
        assert dict(other.options) == {**base.options, option[0]: option[1]}
        assert other.recipe == base.recipe


def test_tau_is_the_only_difference_of_the_sweep(planned):
    runs = [run.experiment for name, run in planned.items() if name.startswith("tau-")]
    taus = [run.recipe.loss_options["tau"] for run in runs]
    assert taus == [0, 0.25, 0.5, 0.75, 1, 1.5]
    assert len({replace(run.recipe, loss_options={}).to_dict().__repr__() for run in runs}) == 1


def test_maps_that_were_not_named_are_asked_for(tmp_path):
    with pytest.raises(MerlibError, match="--data megc2019-flow=DIR"):
        train_ablation("tau-0", Sources(MotionCache(tmp_path), {}))
    with pytest.raises(MerlibError, match="uamrn-deterministic"):
        train_ablation("uamrn-nothing", Sources(MotionCache(tmp_path), {}))


def test_an_ablation_is_trained_once_and_found_again(tmp_path, monkeypatch):
    samples = make_samples(name="smic", n=36)
    line = Experiment("linear", ablation_plan.tau_experiment(0).recipe, "groupkfold:3", label="Deterministic")
    runs = {"uamrn-deterministic": ablation_plan.Ablation("smic_twin", line, lambda _: samples)}
    monkeypatch.setattr(ablation_plan, "ablation_runs", lambda: runs)
    monkeypatch.setenv("MERLIB_REFERENCES", str(tmp_path / "refs"))
    sources = Sources(MotionCache(tmp_path), {})
    first = train_ablation("uamrn-deterministic", sources, store=tmp_path / "store")
    again = train_ablation("uamrn-deterministic", sources, store=tmp_path / "other")
    assert again.attrs["origin"] == "reference"
    assert again["prediction"].tolist() == first["prediction"].tolist()
    assert list(ablation_plan.committed_ablations()) == ["uamrn-deterministic"]


def committed(**wrong: int) -> dict[str, pd.DataFrame]:
    return {name.replace("_", "-"): answers(count, name) for name, count in wrong.items()}


def test_a_table_that_lacks_a_row_says_which_and_writes_nothing(study):
    told = ablation_table("uamrn.table5", study, committed(uamrn_deterministic=3))
    assert "uamrn-uncertainty-aware" in told
    assert told.endswith("merlib reference ablate uamrn-uncertainty-aware")
    assert ablation_table("dual_atme.table4", study, {}).endswith("--data megc2019-flow=DIR")
    assert not study.artefact_folder.exists() or not list(study.artefact_folder.glob("uamrn.table5*"))


def test_a_small_difference_is_called_noise_and_a_large_one_is_not():
    near = {"Uncertainty-Aware": answers(6, "a"), "Deterministic": answers(7, "b")}
    far = {"Uncertainty-Aware": answers(0, "a"), "Deterministic": answers(45, "b")}
    assert against_table("uamrn.table5", near)["Deterministic"].endswith(NOISE)
    told = against_table("uamrn.table5", far)
    assert told["Deterministic"].endswith(", lower")
    assert told["Uncertainty-Aware"] == "-"
    assert "Deterministic is lower" in verdict_caption(told)
    assert "inside the noise" in verdict_caption(against_table("uamrn.table5", near))


def test_gains_are_points_of_accuracy_above_the_network_without_attention(study):
    names = ("position_1", "position_2", "position_3", "position_4", "cbam", "none")
    runs = committed(**{f"astnet_{name}": 6 if name != "none" else 12 for name in names})
    saved = ablation_table("astnet.table8", study, runs)
    gains = {cell["row"]: cell["value"] for cell in saved.record["cells"]}
    assert gains == pytest.approx(dict.fromkeys(FAMILIES["astnet.table8"].rows, 10.0))  # 6 of 60 clips
    assert saved.record["synthetic"]


def test_errors_are_what_accuracy_lacks_with_ends_in_order():
    runs = {"Mixed Attention": answers(6, "a", "casme2"), "Channel Attention": answers(15, "b", "casme2")}
    values, low, high = ablation_tables.family_numbers("larnet.table1", runs)
    assert values["error"].tolist() == pytest.approx([10, 25])
    assert (low["error"] <= values["error"]).all()
    assert (values["error"] <= high["error"]).all()


def test_frames_are_counted_as_clips():
    frames = answers(0, "LARNet", "casme2")
    rows = pd.concat([frames.assign(clip=frames["clip"] + f"#0{n}") for n in (0, 1)], ignore_index=True)
    rows[["score_negative", "score_positive", "score_surprise"]] = (
        pd.get_dummies(rows["label"]).astype(float).to_numpy()
    )
    rows.attrs = frames.attrs
    runs, lacking = committed_rows("larnet.table1", {"larnet-mixed": rows})
    assert len(runs["Mixed Attention"]) == 60
    assert lacking == ["larnet-channel", "larnet-spatial"]


def test_a_figure_has_a_point_for_each_value_and_a_caption_from_its_test(study):
    runs = committed(astnet_cbam=6, astnet_batch_32=6, astnet_batch_64=7, astnet_batch_128=45)
    caption = ablation_figure("astnet.figure11", study, runs)
    assert "128 is lower" in caption
    record = json.loads((study.artefact_folder / "astnet.figure11.planned.json").read_text())
    assert {cell["row"] for cell in record["cells"]} == {"16", "32", "64", "128"}
    assert "ABRIDGED" in record["substitution"]
    assert record["caption"] == caption


def test_an_unknown_family_is_told():
    with pytest.raises(MerlibError, match=r"astnet\.table6"):
        committed_rows("astnet.table99", {})
