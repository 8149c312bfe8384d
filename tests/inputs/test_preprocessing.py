"""Clips become inputs: the apex asked for, motion on the cut face, the paper's shapes, and a cache that serves.

SYNTHETIC clips: scikit-image's portrait (credit NASA), warped.
"""

from __future__ import annotations

import hashlib
from functools import cache

import numpy as np
import pandas as pd
import pytest
import warped_face

from merlib.clips.clip_table import clip_table
from merlib.errors import MerlibError
from merlib.inputs import clip_samples
from merlib.inputs.accuracy import face_errors
from merlib.inputs.cache import MotionCache
from merlib.inputs.choices import FEATURES, MEASURED_FLOWS, STEADIED
from merlib.inputs.clip_samples import samples_of_clips
from merlib.inputs.maps import flow_channels, minmax255
from merlib.inputs.preprocessing import clip_input, locate, preprocessing
from merlib.inputs.windows import around, rise
from merlib.learning import Experiment, get_recipe, run
from merlib.sources.weights import MissingWeights

SCALE = 1.5
ENVELOPE = (0.0, 0.0, 0.3, 0.7, 1.0, 1.0, 0.9, 0.6, 0.3, 0.1, 0.0, 0.0, 0.0, 0.0)  # onset 1, apex 4 or 5, offset 12


@cache
def _motion_of(units, peak):
    return warped_face.true_flow(dict(units), peak, SCALE)


@cache
def _picture(units, peak, index):
    warped = warped_face.warp(warped_face.portrait(SCALE), _motion_of(units, peak) * ENVELOPE[index])
    return warped_face.as_uint8(warped, 0.5, index)


class Warped:
    """A clip of the portrait under one set of action units; landmarks and motion are known."""

    def __init__(self, units, peak=2.0, name="a"):
        self.units, self.peak, self.identity = units, peak, f"{name}/{units}/{peak}"
        self.numbers = np.arange(len(ENVELOPE)) + 46
        self.read_count = 0

    def true_flow(self, first, second):
        share = ENVELOPE[second] - ENVELOPE[first]
        return (_motion_of(tuple(self.units.items()), self.peak) * share).astype(np.float32)

    def true_landmarks(self, index):
        return warped_face.landmarks(SCALE).astype(np.float32)

    def read(self, index):
        self.read_count += 1
        return _picture(tuple(self.units.items()), self.peak, index)


class Faceless(Warped):
    """A clip whose frames show nothing."""

    def read(self, index):
        return np.full((216, 168, 3), 128, np.uint8)


def row(clip="a", units=None, label="happiness", apex=5, source=None, subject="sub01"):
    return {
        **{"dataset": "casme2", "subject": subject, "clip": clip, "label": label, "onset": 1, "apex": apex},
        **{"offset": 12, "fps": 200, "action_units": "12", "n_frames": len(ENVELOPE)},
        "source": source or Warped(units or {"12": 1.0}, name=clip),
    }


def table(*rows):
    return clip_table(rows, "casme2", "test", True, ["SYNTHETIC"])


def one(**choices):
    return next(table(row(**choices)).itertuples(index=False))


def test_the_true_motion_of_the_cut_face_is_what_an_estimate_finds():
    clip = one(units={"12": 1.0, "1": 0.5})
    truth = clip_input(clip, preprocessing("flow", flow="truth", unit="px", backend="given")).array
    found = clip_input(clip, preprocessing("flow", unit="px", backend="given")).array
    assert truth.shape == (3, 28, 28)
    assert np.corrcoef(truth[:2].ravel(), found[:2].ravel())[0, 1] > 0.95
    moving = np.hypot(*truth[:2]) > 0.25
    assert np.hypot(*(truth - found)[:2])[moving].mean() < 0.35 * np.hypot(*truth[:2])[moving].mean()


def test_an_apex_on_the_onset_is_spotted_as_if_there_were_none():
    how = preprocessing("flow", flow="truth", backend="given")
    table_of_one = table(row())
    table_of_one["apex"] = table_of_one["onset"].astype("Int64")
    on_onset = locate(next(table_of_one.itertuples(index=False)), how)
    table_of_one["apex"] = pd.NA
    missing = locate(next(table_of_one.itertuples(index=False)), how)
    assert on_onset.apex == missing.apex > table_of_one["onset"][0]
    assert on_onset.apex_from == missing.apex_from != "sheet"


def test_the_true_motion_is_turned_and_scaled_like_the_face():
    clip = one()
    how = preprocessing("flow", flow="truth", unit="px", backend="given")
    found = locate(clip, how)
    matrix = found.crop.matrix(how.crop)
    raw = clip.source.true_flow(1, 5)
    y, x = np.unravel_index(np.hypot(*raw.transpose(2, 0, 1)).argmax(), raw.shape[:2])
    # the moved point of the frame lies where the moved point of the cut does
    there = matrix[:, :2] @ (np.array([x, y]) + raw[y, x]) + matrix[:, 2]
    here = matrix[:, :2] @ np.array([x, y]) + matrix[:, 2]
    from merlib.inputs.preprocessing import motion_of

    column, line = np.rint(here).astype(int)
    np.testing.assert_allclose(motion_of(found, how)[line, column], there - here, atol=0.05)


def test_maps_are_stretched_as_the_public_ones_unless_pixels_are_asked_for():
    clip = one()
    pixels = clip_input(clip, preprocessing("flow", unit="px", backend="given", flow="dis")).array
    drawn = clip_input(clip, preprocessing("flow", backend="given", flow="dis")).array
    np.testing.assert_array_equal(drawn, minmax255(pixels))


def test_the_sheet_s_apex_is_used_and_a_missing_one_spotted():
    sheet = locate(one(apex=3), preprocessing("flow", backend="given"))
    assert (sheet.apex, sheet.apex_from) == (3, "sheet")
    spotted = locate(one(apex=None), preprocessing("flow", backend="given"))
    assert spotted.apex_from == "divide_and_conquer"
    assert spotted.apex in (4, 5, 6)
    middle = locate(one(apex=None), preprocessing("flow", backend="given", apex="middle"))
    assert (middle.apex, middle.apex_from) == (7, "middle")  # onset 1 and frame 12 // 2 of 12 frames after it


def test_the_middle_rule_is_the_one_of_apex_spotting():
    from merlib.motion.apex import spot_apex

    clip = np.zeros((12, 8, 8))
    assert (
        locate(one(), preprocessing("flow", backend="given", apex="middle")).apex
        == 1 + spot_apex(clip, method="middle").index
    )


@pytest.mark.parametrize(
    ("apex", "n", "first", "last"), [(7, 14, 2, 12), (2, 14, 0, 10), (13, 14, 3, 13), (3, 8, 0, 7)]
)
def test_eleven_frames_stay_inside_the_clip(apex, n, first, last):
    chosen = around(apex, n)
    assert len(chosen) == 11
    assert (chosen[0], chosen[-1]) == (first, last)


@pytest.mark.parametrize(
    ("feature", "choices", "shape"),
    [
        ("puzzle", {"flow": "dis"}, (3, 28, 28)),
        ("onset_flows", {"flow": "dis", "size": 20, "length": 3}, (2, 3, 20, 20)),
        ("step_flows", {"flow": "dis", "size": 20, "length": 4}, (3, 3, 20, 20)),
        ("frames", {"size": 48, "length": 4}, (4, 3, 48, 48)),
        ("frames", {"size": 48, "length": 2, "cut": False}, (2, 3, 48, 48)),
        ("magnified", {"size": 64, "length": 3, "magnifier": "eulerian"}, (3, 3, 64, 64)),
        ("apex", {"size": 48}, (3, 48, 48)),
        ("onset_apex", {"size": 48}, (2, 3, 48, 48)),
    ],
)
def test_every_feature_has_its_paper_s_shape(feature, choices, shape):
    found = clip_input(one(), preprocessing(feature, backend="given", **choices)).array
    assert found.shape == shape
    assert found.dtype == np.float32
    assert found.std() > 0


def test_onset_and_apex_are_the_frames_that_the_sheet_names():
    clip = one()
    how = preprocessing("onset_apex", size=48, backend="given")
    pair, cut = clip_input(clip, how), locate(clip, how).cut([clip.onset, clip.apex], (48, 48))
    assert pair.apex_from == "sheet"
    np.testing.assert_allclose(pair.array, cut.transpose(0, 3, 1, 2) / 255, atol=1e-6)
    alone = clip_input(clip, preprocessing("apex", size=48, backend="given")).array
    np.testing.assert_array_equal(alone, pair.array[1])


def test_later_magnifications_move_further():
    how = preprocessing("magnified", size=96, length=3, magnifier="eulerian", backend="given")
    onset = locate(one(), how).cut([1], (96, 96))[0].transpose(2, 0, 1) / 255
    change = [np.abs(picture - onset).mean() for picture in clip_input(one(), how).array]
    assert change[0] < change[1] < change[2]


def test_flows_start_at_the_onset_or_at_the_frame_before():
    # frames 1, 6 and 12 of the envelope: the expression has come, and has gone again
    choices = {"flow": "dis", "size": 28, "length": 3, "backend": "given"}
    onset, step = (clip_input(one(), preprocessing(name, **choices)).array for name in ("onset_flows", "step_flows"))
    np.testing.assert_array_equal(onset[0], step[0])
    moved = np.abs(onset[0, :2]).mean()
    assert np.abs(onset[1, :2]).mean() < 0.2 * moved
    assert np.abs(step[1] + step[0])[:2].mean() < 0.5 * moved
    assert np.corrcoef(step[1, :2].ravel(), step[0, :2].ravel())[0, 1] < -0.9


@pytest.mark.parametrize("choices", [{"length": 1}, {"flow": "truth"}])
def test_flows_between_frames_need_two_frames_and_a_method(choices):
    with pytest.raises(MerlibError, match="onset_flows"):
        clip_input(one(), preprocessing("onset_flows", backend="given", **choices))


@pytest.mark.long
def test_samples_keep_order_labels_and_say_how_they_were_made():
    clips = table(row("a"), row("b", {"1": 1.0}, "surprise", None), row("c", {"4": 1.0}, "fear"))
    how = [preprocessing("flow", flow="dis", backend="given")]
    samples = samples_of_clips(clips, how, ("happiness", "surprise"))
    assert samples.clips.tolist() == ["a", "b"]
    assert samples.labels.tolist() == [0, 1]
    assert samples.synthetic
    assert "SYNTHETIC" in samples.notes
    assert any("flow by dis" in note for note in samples.notes)
    assert any("1 from sheet" in note and "1 from divide_and_conquer" in note for note in samples.notes)


def test_two_processes_give_the_same_samples():
    clips, how = table(row("a"), row("b", {"1": 1.0})), [preprocessing("flow", flow="dis", backend="given")]
    assert (
        samples_of_clips(clips, how, ("happiness",), workers=2).digest
        == samples_of_clips(clips, how, ("happiness",)).digest
    )


def test_a_kept_clip_is_not_computed_again_and_a_changed_setting_is(tmp_path):
    kept, how = MotionCache(tmp_path), [preprocessing("flow", flow="dis", backend="given")]
    first = samples_of_clips(table(row()), how, ("happiness",), kept)
    again = row()
    assert samples_of_clips(table(again), how, ("happiness",), kept).digest == first.digest
    assert again["source"].read_count == 0
    other = row()
    samples_of_clips(table(other), [preprocessing("flow", flow="farneback", backend="given")], ("happiness",), kept)
    assert other["source"].read_count > 0
    moved = row(apex=3)
    assert samples_of_clips(table(moved), how, ("happiness",), kept).digest != first.digest


def test_large_inputs_are_memory_mapped_with_the_same_content(tmp_path, monkeypatch):
    clips, how = table(row("a"), row("b", {"1": 1.0})), [preprocessing("frames", size=32, length=2, backend="given")]
    small = samples_of_clips(clips, how, ("happiness",), MotionCache(tmp_path))
    monkeypatch.setattr(clip_samples, "LARGE", 1)
    large = samples_of_clips(clips, how, ("happiness",), MotionCache(tmp_path))
    assert isinstance(large.inputs["frames"], np.memmap)
    assert large.digest == small.digest


def test_a_damaged_entry_is_computed_again(tmp_path):
    kept, how = MotionCache(tmp_path), [preprocessing("frames", size=32, length=2, backend="given")]
    first = samples_of_clips(table(row()), how, ("happiness",), kept)
    entry = max(tmp_path.rglob("*.npz"), key=lambda path: path.stat().st_size)  # the picture; the apex stays whole
    entry.write_bytes(entry.read_bytes()[:-30])
    assert samples_of_clips(table(row()), how, ("happiness",), kept).digest == first.digest


def test_large_inputs_of_a_source_without_identity_are_computed_each_time(tmp_path, monkeypatch):
    monkeypatch.setattr(clip_samples, "LARGE", 1)
    source = Warped({"12": 1.0})
    source.identity = None
    how = [preprocessing("frames", size=32, length=2, backend="given")]
    for _ in range(2):
        before = source.read_count
        samples = samples_of_clips(table(row(source=source)), how, ("happiness",), MotionCache(tmp_path))
        assert samples.inputs["frames"].shape == (1, 2, 3, 32, 32)
        assert source.read_count > before


@pytest.mark.parametrize(
    ("feature", "choices", "said"),
    [
        ("flow", {"even_light": False}, "light as recorded"),
        ("flow", {}, "light evened out"),
        ("flow", {"crop": (340, 280)}, "340 x 280"),
        ("flow", {"unit": "px"}, "px"),
        ("puzzle", {"regions": ("eyes", "nose")}, "eyes and nose"),
        ("flow_sequence", {"factor": 4.0, "magnifier": "eulerian"}, "magnified 4 times by eulerian"),
        ("magnified", {"length": 12, "magnifier": "eulerian"}, "12 factors"),
        ("frames", {"length": 5}, "5 frames a clip"),
        ("onset_flows", {"length": 5}, "between 5 frames a clip"),
        ("step_flows", {}, "flow by tvl1, px"),
        ("frames", {"cut": False}, "faces not cut out"),
        ("flow", {"backend": "given"}, "faces by given"),
    ],
)
def test_the_notes_tell_every_choice(feature, choices, said):
    assert said in clip_samples._sentence(preprocessing(feature, **choices))


def test_the_notes_name_the_annotation_s_edition():
    samples = samples_of_clips(table(row()), [preprocessing("frames", size=32, backend="given")], ("happiness",))
    assert "annotation: test" in samples.notes


def test_accuracy_of_a_recording_cannot_be_measured():
    recorded = type("Recorded", (), {"numbers": np.arange(14), "read": None})()
    with pytest.raises(MerlibError, match="true motion is not known"):
        face_errors(one(source=recorded))


@pytest.mark.usefixtures("mesh_weights")
def test_clips_without_a_face_are_all_named_at_once_and_may_be_left_out():
    source = Faceless({"1": 1.0})
    clips = table(row("good"), row("bad", source=source), row("worse", source=source))
    how = [preprocessing("flow", flow="dis")]
    with pytest.raises(MerlibError, match=r"2 of 3 clips.*sub01/bad frame 47, onset: no face.*sub01/worse"):
        samples_of_clips(clips, how, ("happiness",))
    kept = samples_of_clips(clips, how, ("happiness",), on_bad_clip="leave-out")
    assert kept.clips.tolist() == ["good"]
    assert sum("left out" in note for note in kept.notes) == 2


def test_unknown_names_are_refused_with_the_valid_ones():
    with pytest.raises(MerlibError, match="flow_sequence"):
        preprocessing("flows")
    with pytest.raises(MerlibError, match="tvl1"):
        preprocessing("flow", flow="tv-l1")
    with pytest.raises(MerlibError, match="magnifier"):
        preprocessing("flow", magnification=3)
    with pytest.raises(MerlibError, match="happiness"):
        samples_of_clips(table(row()), [preprocessing("flow")], ("joy",))


def test_a_recording_has_no_true_motion():
    source = Warped({"12": 1.0})
    clip = one(
        source=type(
            "Recorded", (), {"read": source.read, "numbers": source.numbers, "true_landmarks": source.true_landmarks}
        )()
    )
    with pytest.raises(MerlibError, match="no true motion"):
        clip_input(clip, preprocessing("flow", flow="truth", backend="given"))


def test_a_flow_sequence_has_ten_maps_of_the_magnified_clip():
    same = {"size": 28, "flow": "dis", "unit": "px", "backend": "given"}
    how = preprocessing("flow_sequence", magnifier="eulerian", **same)
    plain = preprocessing("flow_sequence", factor=1.0, **same)
    magnified, as_is = (clip_input(one(), each).array for each in (how, plain))
    assert magnified.shape == (10, 3, 28, 28)
    assert np.abs(magnified[:, :2]).mean() > 1.3 * np.abs(as_is[:, :2]).mean()
    # from onset to apex a smile only rises; around the apex it falls as well, and the motion cancels in the sum
    rising = as_is[:, 1, 16:24].mean(axis=(1, 2))
    centred = clip_input(one(), preprocessing("flow_sequence", factor=1.0, window="around", **same)).array
    turning = centred[:, 1, 16:24].mean(axis=(1, 2))
    assert rising.max() < 0.01
    assert turning.min() < 0 < 0.03 < turning.max()
    assert abs(turning.sum()) < 0.5 * abs(rising.sum())


def test_flow_channels_of_the_truth_are_zero_without_motion():
    clip = one(apex=10)  # the face is at rest again
    found = clip_input(clip, preprocessing("flow", flow="truth", unit="px", backend="given")).array
    np.testing.assert_array_equal(found, flow_channels(np.zeros((170, 140, 2))))


def test_pandas_marks_a_missing_apex():
    assert one(apex=None).apex is pd.NA


def unpublished(folder, content):
    """A file that stands where LiteFlowNet's weights are looked for; none of its digests was published."""
    (folder / "network-default.pytorch").write_bytes(content)


@pytest.mark.parametrize("feature", sorted({*FEATURES} - {*STEADIED}))
def test_a_head_is_held_still_only_where_the_feature_does_so(feature):
    with pytest.raises(MerlibError, match="leave steady out"):
        preprocessing(feature, steady="affine")


def key_of(how):
    return clip_samples.content_digest("clip input", clip_samples.input_parameters(one(), how), [])


@pytest.mark.parametrize("feature", MEASURED_FLOWS)
def test_another_weights_file_is_another_key_and_what_takes_no_part_changes_none(feature, tmp_path, monkeypatch):
    monkeypatch.setenv("MERLIB_WEIGHTS", str(tmp_path))
    learned, classical = (preprocessing(feature, flow=name, backend="given") for name in ("liteflownet", "dis"))
    keys, plain = [], []
    for content in (b"first", b"second", b"first"):
        unpublished(tmp_path, content)
        keys.append(key_of(learned))
        plain.append(key_of(classical))
    assert keys[0] != keys[1]
    assert keys[0] == keys[2]
    assert len(set(plain)) == 1


@pytest.mark.parametrize(
    ("name", "feature", "choices", "enters"),
    [
        ("face-mesh", "frames", {}, True),
        ("face-mesh", "frames", {"backend": "given"}, False),
        ("2dfan4", "frames", {"backend": "fan"}, True),
        ("magnet", "magnified", {"magnifier": "magnet", "backend": "given"}, True),
        ("magnet", "magnified", {"magnifier": "eulerian", "backend": "given"}, False),
        ("magnet", "flow_sequence", {"magnifier": "magnet", "backend": "given"}, True),
        ("magnet", "flow_sequence", {"magnifier": "magnet", "backend": "given", "factor": 1.0}, False),
    ],
)
def test_the_published_digest_of_what_takes_part_enters_the_key(
    register_weights, monkeypatch, name, feature, choices, enters
):
    how = preprocessing(feature, **choices)
    before = key_of(how)
    register_weights(name, lambda path: path.write_bytes(b"another network"))
    assert (key_of(how) != before) == enters


@pytest.mark.long
def test_weights_that_are_missing_stop_the_work_and_are_no_fault_of_a_clip(tmp_path, monkeypatch):
    monkeypatch.setenv("MERLIB_WEIGHTS", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("MERLIB_OFFLINE", "1")
    how = [preprocessing("flow", flow="liteflownet", backend="given")]
    for workers in (1, 2):
        with pytest.raises(MissingWeights, match=r"put network-default\.pytorch"):
            samples_of_clips(table(row("a"), row("b")), how, ("happiness",), on_bad_clip="leave-out", workers=workers)


def test_the_notes_name_the_digest_of_a_learned_magnifier(register_weights):
    register_weights("magnet", lambda path: path.write_bytes(b"a network"))
    digest = hashlib.sha256(b"a network").hexdigest()
    said = clip_samples._sentence(preprocessing("magnified"))  # auto: the network is here
    assert "by magnet" in said
    assert digest in said


@pytest.mark.long
@pytest.mark.parametrize("name", ["lbp_top", "lbp_sip", "bi_woof", "hoof", "mdmo"])
def test_hand_crafted_methods_run_on_clips(name, clips_of_two_people, tmp_path):
    experiment = Experiment(name, get_recipe(name), protocol="loso", options={"C": 100.0})
    predictions = run(experiment, clips_of_two_people, store=tmp_path, workers=1, references=False)
    assert predictions["fold"].nunique() == 2
    assert (predictions["prediction"] == predictions["label"]).all()  # one expression a class, seen on both people
    assert predictions.attrs["synthetic"]


@pytest.fixture(scope="module")
def clips_of_two_people():
    expressions = {"happiness": {"12": 1.0}, "surprise": {"1": 1.0, "2": 1.0}}
    rows = [
        row(f"{person}-{label}", {unit: force * share for unit, share in units.items()}, label, subject=person)
        for person, force in (("sub01", 1.0), ("sub02", 0.8))
        for label, units in expressions.items()
    ]
    how = [
        preprocessing("flow", unit="px", size=60, flow="dis", backend="given"),
        preprocessing("onset_flows", size=60, flow="dis", length=4, backend="given"),
        preprocessing("step_flows", size=60, flow="dis", length=4, backend="given"),
        preprocessing("frames", size=60, length=10, backend="given"),
    ]
    return samples_of_clips(table(*rows), how, tuple(expressions))


def test_eleven_frames_lie_evenly_from_onset_to_apex_and_repeat_in_a_short_rise():
    assert rise(20, 40) == list(range(20, 41, 2))
    assert rise(4, 8) == [4, 4, 5, 5, 6, 6, 6, 7, 7, 8, 8]


@pytest.mark.parametrize("choices", [{"window": "peak"}, {"steady": "rigid"}, {"unit": "rgb", "feature": "flow"}])
def test_unknown_choices_of_the_chain_are_refused(choices):
    with pytest.raises(MerlibError, match=r"rise|affine|minmax255"):
        preprocessing(choices.pop("feature", "flow_sequence"), **choices)


def test_a_drawn_sequence_is_pictures_on_white_with_one_scale():
    same = {"size": 28, "flow": "dis", "backend": "given", "factor": 1.0}
    drawn = clip_input(one(), preprocessing("flow_sequence", unit="rgb", **same)).array
    flows = clip_input(one(), preprocessing("flow_sequence", unit="px", **same)).array
    speed, colour = np.hypot(flows[:, 0], flows[:, 1]), 1 - drawn.min(axis=1)
    assert drawn.shape == flows.shape
    assert drawn.min() >= 0
    assert drawn.max() <= 1
    np.testing.assert_allclose(colour, speed / speed.max(), atol=1e-5)


def test_frames_less_the_onset_hold_no_face_at_rest():
    how = preprocessing("frames", size=48, length=6, less_onset=True, backend="given")
    moved = clip_input(one(), how).array
    whole = clip_input(one(), preprocessing("frames", size=48, length=6, backend="given")).array
    assert moved.shape == whole.shape
    assert moved.std() < 0.2 * whole.std()
    assert abs(moved.mean()) < 0.01


class Swaying(Warped):
    """The same clip, of a head that turns and shifts as the face moves."""

    def read(self, index):
        import cv2

        turn = cv2.getRotationMatrix2D((84.0, 108.0), 1.5 * ENVELOPE[index], 1 + 0.01 * ENVELOPE[index])
        turn[:, 2] += (2 * ENVELOPE[index], -ENVELOPE[index])
        return cv2.warpAffine(super().read(index), turn, (168, 216), flags=2, borderMode=cv2.BORDER_REPLICATE)


def test_a_steadied_head_leaves_what_the_muscles_do():
    clip = one(source=Swaying({"12": 1.0}, name="sway"))
    same = {"unit": "px", "backend": "given", "flow": "dis"}
    still = clip_input(one(), preprocessing("flow", steady="affine", **same)).array[:2]
    swaying = clip_input(clip, preprocessing("flow", **same)).array[:2]
    steady = clip_input(clip, preprocessing("flow", steady="affine", **same)).array[:2]
    inner = np.s_[:, 6:24, 5:23]
    assert np.corrcoef(steady[inner].ravel(), still[inner].ravel())[0, 1] > 0.85
    assert np.corrcoef(swaying[inner].ravel(), still[inner].ravel())[0, 1] < 0.6


def test_the_rise_agrees_with_true_motion_where_the_window_around_the_apex_does_not():
    from merlib.inputs.accuracy import sequence_agreement

    class Known(Swaying):
        true_apex = 5

    same = {"backend": "given", "factor": 1.0, "flow": "dis"}
    variants = {"rise": same, "around": {"window": "around", **same}, "steady": {"steady": "affine", **same}}
    rows = pd.DataFrame(sequence_agreement(one(source=Known({"12": 1.0}, name="known")), variants))
    muscles = rows.set_index("variant")["muscles"]
    # the head sways in these frames and not in the truth: only the steadied sequence shows what the muscles do
    assert muscles["steady"] > 0.5 > muscles["rise"] + 0.2
    assert muscles["steady"] > muscles["around"] + 0.2
