"""What a result is worth: metrics on pooled predictions, intervals, paired tests and guards."""

from merlib.scoring.confusion_matrix import confusion
from merlib.scoring.guards import check_scored_once
from merlib.scoring.intervals import Interval, bootstrap_interval
from merlib.scoring.metrics import accuracy, f1_by_class, precision_by_class, recall_by_class, summary, uar, uf1
from merlib.scoring.paired import PairedTest, holm, paired_permutation_test

__all__ = [
    "Interval",
    "PairedTest",
    "accuracy",
    "bootstrap_interval",
    "check_scored_once",
    "confusion",
    "f1_by_class",
    "holm",
    "paired_permutation_test",
    "precision_by_class",
    "recall_by_class",
    "summary",
    "uar",
    "uf1",
]
