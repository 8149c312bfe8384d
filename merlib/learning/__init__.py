"""How a model is trained: losses, recipes, subject-disjoint folds, experiment, engine and fold store."""

from merlib.learning.curves import learning_curves
from merlib.learning.engine import run
from merlib.learning.experiment import Experiment
from merlib.learning.folds import Fold, check_disjoint, make_folds
from merlib.learning.frame_votes import vote_by_clip
from merlib.learning.pretraining import pretrain
from merlib.learning.recipes import RECIPES, Recipe, abridge, get_recipe
from merlib.learning.store.fold_store import FoldStore
from merlib.learning.store.references import save_reference

__all__ = [
    "RECIPES",
    "Experiment",
    "Fold",
    "FoldStore",
    "Recipe",
    "abridge",
    "check_disjoint",
    "get_recipe",
    "learning_curves",
    "make_folds",
    "pretrain",
    "run",
    "save_reference",
    "vote_by_clip",
]
