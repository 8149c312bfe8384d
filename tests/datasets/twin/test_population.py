"""The twin has the real data sets' subjects and counts, and every clip is its own draw."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import numpy as np
import pytest

from merlib.datasets.twin.action_units import activation_vector
from merlib.datasets.twin.emotions import EMOTIONS, mixture, unit_rates
from merlib.datasets.twin.people import draw_subject, stream
from merlib.datasets.twin.population import MICRO, POPULATIONS, draw_clip, plan_population
from merlib.errors import MerlibError
from merlib.sources.counts import subject_counts


@pytest.mark.parametrize(
    ("name", "clips", "subjects", "by_class"),
    [
        ("megc2019-flow", 442, 68, {"negative": 250, "positive": 109, "surprise": 83}),
        (
            "casme2",
            246,
            26,
            {"disgust": 63, "happiness": 32, "others": 99, "repression": 27, "surprise": 25},
        ),
        (
            "samm",
            136,
            27,
            {"anger": 57, "contempt": 12, "happiness": 26, "other": 26, "surprise": 15},
        ),
        ("smic", 164, 16, {"negative": 70, "positive": 51, "surprise": 43}),
    ],
)
def test_clips_by_class_and_by_subject_are_those_of_the_real_data_set(name, clips, subjects, by_class):
    plans = plan_population(name)
    assert len(plans) == clips
    assert Counter(plan.class_name for plan in plans) == by_class
    assert len({(plan.dataset, plan.subject) for plan in plans}) == subjects
    population = POPULATIONS[name]
    counts = subject_counts(population.counts, population.scheme)
    expected = {(s.split("/")[-1], c, s.split("/")[0] if "/" in s else name): n for s, c, n in counts.to_numpy()}
    assert Counter((p.subject, p.class_name, p.dataset) for p in plans) == expected


def test_composite_keeps_three_data_sets_with_canonical_subjects():
    plans = plan_population("megc2019-flow")
    assert Counter(plan.dataset for plan in plans) == {"casme2": 145, "samm": 133, "smic": 164}
    assert {"sub01", "006", "s01"} <= {plan.subject for plan in plans}


@pytest.mark.long
def test_clip_is_drawn_alone_as_it_is_drawn_among_the_others():
    plans = plan_population("samm", seed=3)
    for plan in plans[::-17]:
        alone = draw_clip(3, "samm", plan.dataset, plan.subject, plan.clip, plan.class_name)
        assert alone == plan


def test_clips_and_seeds_differ():
    plans = plan_population("smic")
    assert len({plan.noise_seed for plan in plans}) == len(plans)
    assert len({tuple(plan.action_units.values()) for plan in plans}) == len(plans)
    assert plan_population("smic", seed=1)[0] != plans[0]


@pytest.mark.long
def test_person_is_the_same_in_the_single_data_set_and_in_the_composite():
    single = {p.subject: p.shape for p in plan_population("casme2")}
    composite = {p.subject: p.shape for p in plan_population("megc2019-flow") if p.dataset == "casme2"}
    assert all(single[subject] == shape for subject, shape in composite.items())
    assert draw_subject(0, "casme2", "sub01") != draw_subject(0, "casme2", "sub02")


@pytest.mark.long
def test_plan_is_the_same_in_another_process_with_another_hash_seed():
    code = "from merlib.datasets.twin.population import plan_population as p; print(repr(p('samm', 5)[:9]))"
    env = {"PYTHONHASHSEED": "4711", "PATH": "", "OMP_NUM_THREADS": "1"}
    other = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert other.stdout == repr(plan_population("samm", 5)[:9]) + "\n"


def test_random_stream_is_pinned_so_that_a_new_release_cannot_change_the_twin_unnoticed():
    assert stream(0, "clip", "smic").integers(10**6, size=3).tolist() == [198845, 24185, 971666]
    assert stream(0, "ab", "c").integers(10**6) != stream(0, "a", "bc").integers(10**6)


def test_intensity_multiplies_the_expression_and_leaves_the_head_and_the_blink_alone():
    micro, macro = plan_population("smic", intensity=1.0), plan_population("smic", intensity=4.0)
    for a, b in zip(micro, macro, strict=True):
        assert a.head == b.head
        assert a.noise_seed == b.noise_seed
        assert b.intensity == pytest.approx(4 * a.intensity)
        for code, activation in a.action_units.items():
            blink = code.endswith("45")
            expected = activation if blink else min(4 * activation, 1.0)  # full strength is the end
            assert b.action_units[code] == pytest.approx(expected)


def test_micro_expressions_are_weak_and_one_sided_ones_occur():
    plans = plan_population("megc2019-flow")
    assert 0.7 * MICRO < np.median([plan.intensity for plan in plans]) < 1.4 * MICRO
    strongest = [np.abs(activation_vector(plan.action_units)).max() for plan in plans]
    assert np.median(strongest) < 0.5
    left, right = zip(*((p.action_units.get("L12", 0), p.action_units.get("R12", 0)) for p in plans), strict=True)
    smiles = np.maximum(left, right) > 0.05
    lopsided = np.abs(np.subtract(left, right))[smiles] > 0.6 * np.maximum(left, right)[smiles]
    assert 0.05 < lopsided.mean() < 0.6


def test_every_class_of_every_population_has_emotions_and_every_emotion_has_known_action_units():
    for population in POPULATIONS.values():
        for class_name in population.classes:
            dataset = "casme2" if population.counts == "megc2019_cd" else population.counts
            for emotion in mixture(dataset, class_name):
                assert emotion in EMOTIONS
                assert activation_vector(unit_rates(dataset, emotion)).max() > 0


def test_smile_dominates_happiness_and_raised_brows_surprise():
    plans = plan_population("megc2019-flow")

    def mean(emotion: str, code: str) -> float:
        return float(np.mean([p.action_units.get(code, 0.0) for p in plans if p.emotion == emotion]))

    for side in "LR":
        assert mean("happiness", f"{side}12") > 5 * mean("surprise", f"{side}12")
        assert mean("surprise", f"{side}2") > 5 * mean("happiness", f"{side}2")


def test_unknown_population_lists_the_valid_ones():
    with pytest.raises(MerlibError, match="megc2019-flow"):
        plan_population("casme3")


@pytest.mark.parametrize("seed", [-1, 0.5, "0"])
def test_seed_that_is_not_a_whole_number_from_0_is_refused(seed):
    with pytest.raises(MerlibError, match="seed"):
        plan_population("smic", seed=seed)


@pytest.mark.parametrize("intensity", [0.0, -1.0, float("nan")])
def test_intensity_that_is_not_positive_is_refused(intensity):
    with pytest.raises(MerlibError, match="intensity"):
        plan_population("smic", intensity=intensity)
