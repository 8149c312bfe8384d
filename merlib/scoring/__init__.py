"""How results are judged: metrics on pooled predictions, intervals, paired tests, leakage, chance and guards."""

from merlib.scoring.chance import ChanceLevel, chance_level
from merlib.scoring.confusion_matrix import confusion
from merlib.scoring.guards import check_scored_once
from merlib.scoring.intervals import Interval, bootstrap_interval
from merlib.scoring.leakage import exposed_share, optimism
from merlib.scoring.metrics import accuracy, f1_by_class, precision_by_class, recall_by_class, summary, uar, uf1
from merlib.scoring.paired import PairedTest, holm, paired_permutation_test
from merlib.scoring.power import DetectableDifference, detectable_difference

__all__ = [
    "ChanceLevel",
    "DetectableDifference",
    "Interval",
    "PairedTest",
    "accuracy",
    "bootstrap_interval",
    "chance_level",
    "check_scored_once",
    "confusion",
    "detectable_difference",
    "exposed_share",
    "f1_by_class",
    "holm",
    "optimism",
    "paired_permutation_test",
    "precision_by_class",
    "recall_by_class",
    "summary",
    "uar",
    "uf1",
]
