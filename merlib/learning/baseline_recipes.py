"""The published training recipes of the networks that the papers compare with; `recipes.RECIPES` holds them by name.

Each is a set of fields of `recipes.Recipe`. Some published code chooses its epoch on the test person. We follow it in
all else, but take the last epoch. Where code and paper differ, or several codes exist, the comment says which one is
followed.
"""

from __future__ import annotations

BASELINES: dict[str, dict[str, object]] = {
    # Off-TANet's code: 3,000 epochs of batches of 64, no augmentation. It reads raw flow; standardising by the training
    # fold is what comes nearest on maps that were stretched to 0..255, and our choice.
    "off_apexnet": {"learning_rate": 1e-4, "epochs": 3000, "batch_size": 64},
    # The authors' code: batches of three, classes weighted by their inverse frequency, pictures divided by 255. They
    # keep the epoch that does best on other people of the same data set; here the last epoch counts.
    "dual_inception": {
        "learning_rate": 1e-4,
        "epochs": 40,
        "batch_size": 3,
        "loss": "weighted_ce",
        "normalisation": "unit",
    },
    # The benchmark meb: ImageNet weights (`Experiment.start`), last epoch.
    "resnet18": {"learning_rate": 1e-4, "weight_decay": 1e-3, "epochs": 50, "batch_size": 32},
    # The command of the authors' README: 20 epochs with 32 features and a pooled side of 5, which are our model's
    # defaults too. The code's own defaults are 100 epochs, 64 and 7. Maps are in 0..1, the last epoch counts.
    "rcn": {
        "optimiser": "sgd",
        "learning_rate": 5e-4,
        "momentum": 0.9,
        "schedule": "step",
        "step_epochs": 10,
        "step_factor": 0.5,
        "epochs": 20,
        "batch_size": 64,
        "normalisation": "unit",
    },
    # The authors' code. They rotate by up to 8 degrees and vary colours by .2, where our augmentation takes 10 degrees
    # and .1. Pictures are in 0..1 already.
    "capsulenet": {
        "learning_rate": 1e-4,
        "schedule": "step",
        "step_epochs": 1,
        "step_factor": 0.9,
        "epochs": 30,
        "batch_size": 32,
        "loss": "margin",
        "augmentation": ("flip", "rotate", "crop", "jitter"),
        "normalisation": "none",
    },
    # The authors' code: the rate falls in the first 50 of 99 epochs. They rotate by up to 4 degrees, where our
    # augmentation takes 10; and they vary which frames are taken for onset and apex, which we do not.
    "mmnet": {
        "optimiser": "adamw",
        "learning_rate": 8e-4,
        "weight_decay": 0.7,
        "schedule": "step",
        "step_epochs": 1,
        "step_factor": 0.987,
        "decay_epochs": 50,
        "epochs": 99,
        "batch_size": 24,
        "augmentation": ("flip", "rotate", "pad_crop"),
    },
    # The authors' code: SGD as Keras sets it.
    "microexpstcnn": {"optimiser": "sgd", "learning_rate": 1e-2, "epochs": 100, "batch_size": 16},
    # The authors' code: raw 0..255 values, no shuffling, no augmentation.
    "htnet": {
        "learning_rate": 5e-5,
        "epochs": 800,
        "batch_size": 256,
        "normalisation": "none",
        "shuffle": False,
    },
}
