"""Views chosen inside the training people: the rule of choice by hand, and nothing of a test person in it."""

from __future__ import annotations

import numpy as np
import pytest

from merlib.models import chosen_views
from merlib.models.chosen_views import ChosenViews, deal_people, greedy_picks, variants

TRUTH = np.array([0, 0, 1, 1])


def right(scores: np.ndarray) -> float:
    return (scores.argmax(1) == TRUTH).mean()


def test_variants_that_complete_each_other_are_picked_and_picks_that_add_nothing_are_dropped():
    first = np.array([[3.0, 0], [0, 1], [0, 3], [0, 3]])  # wrong about row 1 alone
    second = np.array([[0.0, 1], [5, 0], [0, 1], [1, 0]])  # right about row 1 with conviction
    third = -first
    scores = np.stack([third, first, second])
    assert greedy_picks(scores, right, 12) == (1, 2)
    assert greedy_picks(scores, right, 1) == (1,)


def test_a_variant_may_be_picked_again():
    first = np.array([[2.0, 0], [0, 1], [0, 2], [0, 2]])  # three right
    second = np.array([[0.0, 3], [2.5, 0], [0, 1], [3, 0]])  # beside the first once it mends row 1, spoils rows 0 and 3
    assert (right(first), right(first + second), right(2 * first + second)) == (0.75, 0.5, 1.0)
    assert greedy_picks(np.stack([first, second]), right, 3) == (0, 0, 1)
    assert greedy_picks(np.stack([first, second]), right, 2) == (0,)


def test_people_are_dealt_within_each_data_set():
    people = np.array([f"{name}/{i}" for name in ("casme2", "samm", "smic") for i in range(7) for _ in range(3)])
    dealt = deal_people(people, 5, np.random.default_rng(0))
    for name in ("casme2", "samm", "smic"):
        rows = np.char.startswith(people, name)
        counts = np.bincount(dealt[rows], minlength=5) // 3  # people a fold
        assert sorted(counts) == [1, 1, 1, 2, 2]
    assert all(len(set(dealt[people == person])) == 1 for person in people)
    assert not np.array_equal(dealt, deal_people(people, 5, np.random.default_rng(1)))


@pytest.fixture
def rows(monkeypatch):
    monkeypatch.setattr(chosen_views, "DEGREES", (1,))
    chosen_views.known_pairs.cache_clear()
    random, labels = np.random.default_rng(0), np.arange(48) % 3
    maps = random.uniform(80, 170, (48, 3, 3, 28, 28)).astype(np.float32)
    for i, label in enumerate(labels):
        maps[i, 1, 1, 8 * label : 8 * label + 6] += 80  # the second archive alone tells the classes apart
    people = np.array([f"{name}/{i % 4}" for i, name in enumerate(np.repeat(["casme2", "samm", "smic"], 16))])
    yield {"flow": maps[:, 0], "phases": maps[:, 1:], "person": people}, labels
    chosen_views.known_pairs.cache_clear()


def take(inputs, rows):
    return {name: values[rows] for name, values in inputs.items()}


def test_the_archive_that_tells_the_classes_apart_is_chosen(rows):
    inputs, labels = rows
    train = inputs["person"] != "smic/3"
    model = ChosenViews(single=True, random_state=0).fit(take(inputs, train), labels[train])
    (variant,) = model.chosen_[""]
    assert variants() == 12
    assert variant >= variants() // 2
    assert (model.predict(take(inputs, ~train)) == labels[~train]).all()


def test_a_choice_on_the_other_data_sets_sees_no_clip_of_the_test_person_s(rows):
    inputs, labels = rows
    train = inputs["person"] != "smic/3"
    spoilt = labels.copy()
    ours = np.char.startswith(inputs["person"], "smic")
    spoilt[ours] = np.random.default_rng(1).permutation(spoilt[ours])
    chosen = []
    for truth in (labels, spoilt):
        model = ChosenViews(other_sets=True, random_state=0).fit(take(inputs, train), truth[train])
        assert model.chosen_ == {}
        model.predict(take(inputs, ~train))
        chosen.append(model.chosen_)
    assert list(chosen[0]) == ["smic"]
    assert chosen[0] == chosen[1]
