"""The champion: a classifier that learns motion, not head pose, and looks at training labels only."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone

from merlib.models import build_model
from merlib.models.champion import Champion
from merlib.publishing.planned.archive_plan import archive_runs
from merlib.publishing.planned.plan import planned_states
from merlib.scoring import uar, uf1


def moving_mouths(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Maps whose brow (0), mouth corner left (1) or chin (2) moves, under a head motion that says nothing."""
    random, labels = np.random.default_rng(seed), np.arange(n) % 3
    y, x = np.mgrid[:28, :28] / 27.0
    maps = random.normal(0, 2, (n, 3, 28, 28)) + 120
    for clip, label in zip(maps, labels, strict=True):
        clip[:2] += 60 * random.normal(size=(2, 1, 1)) * x + 60 * random.normal(size=(2, 1, 1)) * y
        rows, columns = ((3, 7), (6, 22)) if label == 0 else ((18, 22), (4, 9)) if label == 1 else ((23, 27), (9, 19))
        clip[1, slice(*rows), slice(*columns)] -= 30
    return maps.astype(np.float32), labels


def test_it_finds_what_moves_under_a_head_that_moves_more():
    x, y = moving_mouths(60, 0)
    model = Champion().fit(x[:42], y[:42])
    assert (model.predict(x[42:]) == y[42:]).mean() > 0.9
    np.testing.assert_allclose(model.predict_proba(x[42:]).sum(1), 1)
    np.testing.assert_array_equal(model.predict_proba(x[42:]).argmax(1), model.decision_function(x[42:]).argmax(1))


def test_a_score_depends_neither_on_the_other_test_clips_nor_on_their_order():
    x, y = moving_mouths(30, 1)
    model = Champion().fit(x[:21], y[:21])
    together = model.decision_function(x[21:])
    x[25] = 0
    alone = np.concatenate([model.decision_function(x[i : i + 1]) for i in (29, 24)])
    np.testing.assert_allclose(alone, together[[8, 3]], rtol=1e-12)


def test_with_mirror_images_a_mirrored_training_set_gives_the_same_scores_and_without_it_does_not():
    x, y = moving_mouths(30, 2)
    turned = x[:21, ..., ::-1].copy()
    turned[:, 0] = 255 - turned[:, 0]
    for mirror, same in ((True, True), (False, False)):
        there = Champion(mirror=mirror).fit(x[:21], y[:21]).decision_function(x[21:])
        back = Champion(mirror=mirror).fit(turned, y[:21]).decision_function(x[21:])
        near = np.abs(there - back).max() < 0.01
        assert near or not same
        assert same or np.abs(there - back).max() > 0.01


def test_it_is_an_estimator_whose_absent_class_is_left_out():
    x, y = moving_mouths(30, 3)
    model = clone(build_model("champion", classes=3, mirror=False)).fit(x[y != 1], y[y != 1])
    assert model.classes_.tolist() == [0, 2]
    assert set(model.predict(x)) <= {0, 2}


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "expected"),
    [("phases-champion-loso", (0.793, 0.824)), ("flow-champion-loso", (0.759, None))],
)
def test_committed_predictions_of_the_frozen_recipe_have_the_figures_it_was_frozen_with(name, expected):
    frame = planned_states({name: archive_runs()[name]})[name].predictions
    assert round(uf1(frame), 3) == expected[0]
    assert expected[1] is None or round(uar(frame), 3) == expected[1]
