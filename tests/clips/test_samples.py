"""Samples: what disagrees is refused by name, rows travel together, equal content has one digest."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from merlib.clips import samples as module
from merlib.clips.samples import Samples
from merlib.errors import MerlibError


def make(**fields) -> Samples:
    columns = {
        "inputs": {"flow": np.arange(4 * 3 * 2 * 2, dtype=np.float32).reshape(4, 3, 2, 2)},
        "labels": [0, 1, 2, 0],
        "classes": ["negative", "positive", "surprise"],
        "subjects": ["s01", "s01", "006", "s01"],
        "datasets": ["smic", "smic", "samm", "casme2"],
        "clips": ["a", "b", "a", "a"],
        "name": "toy",
        "synthetic": True,
    }
    return Samples(**{**columns, **fields})


def test_a_person_is_data_set_and_subject_and_a_row_also_its_clip():
    samples = make()
    assert samples.groups.tolist() == ["smic/s01", "smic/s01", "samm/006", "casme2/s01"]
    assert samples.keys.tolist() == ["smic/s01/a", "smic/s01/b", "samm/006/a", "casme2/s01/a"]
    assert len(samples) == 4


def test_columns_become_arrays_of_their_type():
    samples = make()
    assert samples.labels.dtype == np.int64
    assert samples.classes == ("negative", "positive", "surprise")
    assert samples.subjects.dtype.kind == samples.clips.dtype.kind == "U"


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"subjects": ["s01"] * 3}, "subjects has 3 rows and labels has 4"),
        ({"inputs": {"flow": np.zeros((5, 3, 2, 2))}}, "flow has 5 rows and labels has 4"),
        ({"unit": "pixels"}, "unit 'pixels'"),
        ({"labels": [0, 1, 3, 0]}, "clip a has label 3"),
        ({"labels": [0, -1, 2, 0]}, "clip b has label -1"),
        ({"clips": ["a", "a", "a", "a"]}, "clip smic/s01/a occurs 2 times"),
    ],
)
def test_what_disagrees_is_refused_and_named(fields, found):
    with pytest.raises(MerlibError, match=f"toy: {found}"):
        make(**fields)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("block", [1, 12, 24, 2**24])
def test_a_value_that_is_not_finite_is_found_in_any_block(value, block, monkeypatch):
    monkeypatch.setattr(module, "BLOCK", block)
    flow = make().inputs["flow"].copy()
    flow[1, 2, 1, 1] = value
    with pytest.raises(MerlibError, match="input 'flow' of clip b holds NaN or infinity"):
        make(inputs={"flow": flow})


def test_taken_rows_travel_together_and_in_the_order_asked_for():
    samples = make()
    taken = samples.take(np.array([3, 1]), name="part")
    assert taken.keys.tolist() == ["casme2/s01/a", "smic/s01/b"]
    assert taken.labels.tolist() == [0, 1]
    assert np.array_equal(taken.inputs["flow"], samples.inputs["flow"][[3, 1]])
    assert (taken.name, taken.synthetic, taken.classes) == ("part", True, samples.classes)
    assert samples.take(samples.datasets == "smic").clips.tolist() == ["a", "b"]
    assert len(samples) == 4


def test_a_row_taken_twice_is_refused():
    with pytest.raises(MerlibError, match="occurs 2 times"):
        make().take(np.array([0, 0]))


def test_other_inputs_are_checked_and_those_at_hand_are_not_read_again(monkeypatch):
    samples = make(inputs={"flow": np.zeros((4, 3)), "frames": np.ones((4, 3))})
    with pytest.raises(MerlibError, match="holds NaN"):
        samples.with_inputs({"flow": np.full((4, 3), np.nan)})
    with pytest.raises(MerlibError, match="has 3 rows"):
        samples.with_inputs({"flow": np.zeros((3, 3))})
    monkeypatch.setattr(Samples, "_check_finite", lambda self, name: pytest.fail(f"{name} was read again"))
    assert list(samples.with_inputs({"flow": samples.inputs["flow"]}).inputs) == ["flow"]
    samples.take(np.array([0, 2]))


CHANGES = {
    "inputs": {"flow": np.zeros((4, 3, 2, 2), np.float32)},
    "labels": [0, 1, 2, 1],
    "classes": ["negative", "positive", "anger"],
    "subjects": ["s02", "s01", "006", "s01"],
    "datasets": ["smic", "smic", "samm", "smic2"],
    "clips": ["a", "c", "a", "a"],
    "synthetic": False,
    "unit": "px",
}


def test_the_digest_knows_everything_that_a_result_depends_on():
    digests = {make(**{name: value}).digest for name, value in CHANGES.items()}
    assert len(digests | {make().digest}) == len(CHANGES) + 1
    renamed = make(inputs={"maps": make().inputs["flow"]})
    shaped = make(inputs={"flow": make().inputs["flow"].reshape(4, 12)})
    wider = make(inputs={"flow": make().inputs["flow"].astype(np.float64)})
    assert len({one.digest for one in (make(), renamed, shaped, wider, make().take(np.array([1, 0, 2, 3])))}) == 5


def test_the_digest_ignores_the_name_the_notes_and_how_the_array_lies_in_memory(tmp_path, monkeypatch):
    digest = make().digest
    assert replace(make(), name="other", notes=("repaired",)).digest == digest
    flow = make().inputs["flow"]
    np.save(tmp_path / "flow.npy", flow)
    assert make(inputs={"flow": np.load(tmp_path / "flow.npy", mmap_mode="r")}).digest == digest
    assert make(inputs={"flow": np.asfortranarray(flow)}).digest == digest
    monkeypatch.setattr(module, "BLOCK", 13)
    assert make().digest == digest


def test_a_derived_set_has_a_digest_of_its_own():
    samples = make()
    assert samples.digest != samples.take(np.array([0, 1])).digest
    assert samples.digest != samples.with_inputs({"flow": samples.inputs["flow"] + 1}).digest
    assert samples.take(np.arange(4)).digest == samples.digest


def test_a_memory_mapped_array_is_looked_at_in_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "BLOCK", 24)
    sizes, real = [], np.isfinite
    monkeypatch.setattr(module.np, "isfinite", lambda block: sizes.append(block.size) or real(block))
    flow = np.ones((4, 3, 2, 2), np.float32)
    np.save(tmp_path / "flow.npy", flow)
    make(inputs={"flow": np.load(tmp_path / "flow.npy", mmap_mode="r")})
    assert sum(sizes) == flow.size
    assert max(sizes) <= 24


def test_no_rows_at_all_are_allowed_and_have_a_digest():
    empty = make().take(np.array([], dtype=np.int64))
    assert len(empty) == 0
    assert len(empty.digest) == 64


def drawn(value: float = 0.0):
    """Return samples that follow from a recipe, with inputs off by `value`."""
    samples = make()
    inputs = {"flow": samples.inputs["flow"] + np.float32(value)}
    return replace(samples, inputs=inputs).made_by("a twin, seed 0", "code")


def test_samples_of_one_recipe_are_the_same_whatever_a_processor_rounds():
    assert drawn().digest == drawn(1e-6).digest
    assert drawn().digest != make().digest
    assert drawn().digest != drawn().made_by("a twin, seed 1", "code").digest


def test_other_rows_or_labels_of_one_recipe_are_other_samples():
    samples = drawn()
    assert samples.take(np.arange(len(samples) - 1)).digest != samples.digest
    relabelled = samples.take(np.arange(len(samples)))
    object.__setattr__(relabelled, "labels", (samples.labels + 1) % len(samples.classes))
    assert relabelled.digest != samples.digest


def test_inputs_that_do_not_follow_from_the_recipe_are_known_by_their_values():
    samples = drawn()
    flow = {"flow": samples.inputs["flow"] + 1}
    for other in (replace(samples, inputs=flow), samples.with_inputs(flow)):
        assert not other.recipe
        assert other.digest == replace(make(), inputs=flow).digest
    assert samples.with_inputs(flow, how="one more").recipe == "a twin, seed 0\none more"
    assert samples.with_inputs(samples.inputs).digest == samples.digest


def test_finished_folds_are_kept_by_the_code_that_followed_the_recipe():
    samples = drawn()
    changed = samples.made_by(samples.recipe, "other code")
    assert changed.digest == samples.digest
    assert changed.kept_as != samples.kept_as
    assert make().kept_as == make().digest
