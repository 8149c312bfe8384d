"""The training recipes of the papers as printed, side by side; every decision that the papers leave open is a field.

A recipe says nothing of folds or seeds, which belong to the protocol. `abridge` shortens a recipe for a profile by one
rule for every model: fewer epochs, the profile's batch size, and a learning rate raised, at most tenfold, so that
learning rate times number of steps stays as published.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace

from merlib.errors import unknown_name
from merlib.learning.baseline_recipes import BASELINES
from merlib.profiles import Profile

LARGEST_RISE = 10.0


@dataclass(frozen=True)
class Recipe:
    """One way to train a model.

    Parameters
    ----------
    name : str
        Whose recipe it is.
    optimiser : {'adam', 'adamw', 'sgd'}
        With `learning_rate`, `betas` (Adam, AdamW), `momentum` and `nesterov` (SGD), `weight_decay`.
    schedule : {'constant', 'cosine', 'step'}
        ``step`` multiplies the rate by `step_factor` after every `step_epochs`, in the first `decay_epochs` epochs
        where that is set, else in all.
    epochs, batch_size : int
        A last batch of one sample joins the batch before it (AM3F-A20).
    loss : str
        Name of a loss, with `loss_options`.
    adjusted_inference : bool
        Whether the loss's logit adjustment is added to the test logits as well (AM3F-A15: one reading of AM3F's Fig.
        1).
    auxiliary_weight : float
        Weight of the model's own `auxiliary_loss`.
    augmentation : tuple of str
        Steps of `learning.training.augmentation`, on training rows only.
    iterations : int
        Steps of the optimiser that training takes, whatever the number of rows; 0 counts by `epochs`. Where it is
        given, `epochs` is the number of epochs that these steps made on the paper's data.
    copies : int
        How often an epoch shows each training row, augmented anew each time (ASTNET-B8).
    normalisation : {'none', 'unit', 'standardise'}
        ``unit`` divides by 255; ``standardise`` uses the mean and deviation of each channel of the training fold
        (AM3F-A16).
    shuffle : bool
        Whether rows are shuffled each epoch.
    """

    name: str
    optimiser: str = "adam"
    learning_rate: float = 1e-3
    betas: tuple[float, float] = (0.9, 0.999)
    momentum: float = 0.0
    nesterov: bool = False
    weight_decay: float = 0.0
    schedule: str = "constant"
    step_epochs: int = 10
    step_factor: float = 0.1
    epochs: int = 20
    batch_size: int = 32
    loss: str = "ce"
    loss_options: Mapping[str, float] = field(default_factory=dict)
    adjusted_inference: bool = False
    auxiliary_weight: float = 0.0
    augmentation: tuple[str, ...] = ()
    normalisation: str = "standardise"
    shuffle: bool = True
    copies: int = 1
    decay_epochs: int = 0
    iterations: int = 0

    def to_dict(self) -> dict:
        """Return the fields as plain JSON types.

        Fields that were added later are left out where they are not used, so that older digests stay valid.
        """
        values = asdict(self)
        if self.copies == 1:
            del values["copies"]
        for name in ("decay_epochs", "iterations"):
            if not values[name]:
                del values[name]
        return {k: list(v) if isinstance(v, tuple) else v for k, v in values.items()}

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> Recipe:
        """Build a recipe from `to_dict`'s output; an unknown field is an error."""
        known = {f.name for f in fields(cls)}
        for name in values:
            if name not in known:
                raise unknown_name("recipe field", name, known)
        return cls(**{k: tuple(v) if isinstance(v, list) else v for k, v in values.items()})


RECIPES: dict[str, Recipe] = {
    # Sec. 4.3; tau from Sec. 3.3. Flip and jitter are named there, but not their form (AM3F-A16). No schedule is
    # printed: the constant rate is our choice, and so is gamma 2 of the focal rows in Table 5.
    "am3f_flownet": Recipe(
        name="am3f_flownet",
        learning_rate=1e-4,
        weight_decay=1e-4,
        epochs=70,
        batch_size=8,
        loss="lasce",
        loss_options={"tau": 0.5},
        augmentation=("flip", "jitter"),
    ),
    # Sec. 4.2; lambda from Table 5. The authors' code has a constant rate and no flip (DUAL-ATME-D2 to DUAL-ATME-D4).
    # Gamma 2 of the focal loss is not printed and is our choice, the value of the loss's own paper (DUAL-ATME-C16).
    "dual_atme": Recipe(
        name="dual_atme",
        learning_rate=1e-3,
        betas=(0.5, 0.999),
        schedule="cosine",
        epochs=60,
        batch_size=128,
        loss="focal",
        loss_options={"gamma": 2.0},
        auxiliary_weight=0.01,
        augmentation=("flip",),
    ),
    # Table 4 and Sec. 4.4. ASTNET-B1: the table prints the rate 1e-5, the text rejects it as too slow and sets 1e-4,
    # which is taken here. ASTNET-B13: the type of scheduler and the meaning of "decay 1e-7" are not given; we take a
    # constant rate and weight decay. ASTNET-B8: the paper copies the whole data set twenty times. Here each epoch shows
    # every training row twenty times, each time mirrored, rotated and cropped at random. So copies stay with their
    # subject, no test row is copied, and no copy is kept on disk.
    "astnet": Recipe(
        name="astnet",
        optimiser="sgd",
        learning_rate=1e-4,
        momentum=0.9,
        weight_decay=1e-7,
        epochs=50,
        batch_size=32,
        augmentation=("flip", "rotate", "crop"),
        copies=20,
    ),
    # Sec. 4.2.1: 12,000 iterations of 64 frames, which are about 154 epochs of its 5,000 images; where there are fewer
    # frames, there are still as many steps. Both flips. The frame is padded by four pixels of 1; what for is not said,
    # and we crop it at random to its old size, as the paper's source does. The three stages are trained together
    # (LARNET-E8). The weight of their own heads is our choice; without it the earlier heads would never learn. Sec. 4.1
    # names an L2 penalty of 1e-2 for the first layers, Sec. 4.2.1 a weight decay; we take the latter. The paper
    # subtracts a mean for each pixel. We use mean and deviation of each channel, which a flip does not change.
    "larnet": Recipe(
        name="larnet",
        optimiser="sgd",
        learning_rate=1e-2,
        momentum=0.9,
        nesterov=True,
        weight_decay=1e-4,
        epochs=154,
        iterations=12_000,
        batch_size=64,
        auxiliary_weight=1.0,
        augmentation=("flip", "flip_vertical", "pad_crop"),
    ),
    # Sec. 4.3; the rate falls to a tenth every 10 epochs (UAMRN-F14). Batch size and number of Monte-Carlo passes are
    # not printed (UAMRN-F5): we take 16, and the passes are an option of the model. Eq. 9 is cross entropy plus the
    # model's auxiliary loss. That features are standardised is not printed and our choice, because what all clips have
    # in common is many times larger than their differences.
    "uamrn": Recipe(
        name="uamrn",
        learning_rate=2e-4,
        schedule="step",
        step_epochs=10,
        step_factor=0.1,
        epochs=40,
        batch_size=16,
        auxiliary_weight=1.0,
    ),
    # The authors' published script: raw 0..255 values, no shuffling, no augmentation.
    "ststnet": Recipe(
        name="ststnet",
        learning_rate=5e-5,
        epochs=800,
        batch_size=256,
        normalisation="none",
        shuffle=False,
    ),
    # Logistic regression on pixels: the pipeline standardises by itself, mirrored copies double the fold.
    "linear": Recipe(name="linear", augmentation=("mirrored_copies",), normalisation="none"),
    # The other humble classifiers are trained like that one; the majority class needs no copies.
    "majority": Recipe(name="majority", normalisation="none"),
    "rbf_svm": Recipe(name="rbf_svm", augmentation=("mirrored_copies",), normalisation="none"),
    "extra_trees": Recipe(name="extra_trees", augmentation=("mirrored_copies",), normalisation="none"),
    "humble_mean": Recipe(name="humble_mean", augmentation=("mirrored_copies",), normalisation="none"),
    # The champion compares clips with mirrored clips by itself; its recipe is frozen in its own module.
    "champion": Recipe(name="champion", normalisation="none"),
    "chosen_views": Recipe(name="chosen_views", normalisation="none"),
    **{name: Recipe(name=name, **values) for name, values in BASELINES.items()},
}

# Hand-crafted methods are published without mirrored copies; their features need no normalisation by the fold.
HANDCRAFTED = ("bi_woof", "bi_woof_maps", "hoof", "hoof_maps", "lbp_sip", "lbp_top", "mdmo", "mdmo_maps")
RECIPES |= {name: Recipe(name=name, normalisation="none") for name in HANDCRAFTED}


def get_recipe(name: str) -> Recipe:
    """Return the recipe called `name`; an unknown name is an error that lists the valid ones."""
    if name not in RECIPES:
        raise unknown_name("recipe", name, RECIPES)
    return RECIPES[name]


def epochs_and_steps(recipe: Recipe, rows: int) -> tuple[int, int]:
    """Return how many epochs and how many steps of the optimiser the training of a fold of `rows` rows takes.

    A last batch of one sample joins the batch before it (AM3F-A20), as in training.
    """
    shown = rows * recipe.copies
    batches = max(1, shown // recipe.batch_size + (shown % recipe.batch_size > 1))
    if shown % recipe.batch_size == 1 and shown > recipe.batch_size:
        batches = shown // recipe.batch_size
    steps = recipe.iterations or recipe.epochs * batches
    return -(-steps // batches), steps


def abridge(recipe: Recipe, profile: Profile) -> Recipe:
    """Shorten `recipe` to what `profile` allows; the paper profile returns it unchanged.

    The learning rate is multiplied by ``(epochs copies / batch) of the paper / (epochs / batch) of the profile``, held
    between 1 and 10, so that rate times steps stays as published. A ``step`` schedule is shortened with the epochs, so
    that the rate falls as often as published. Each row is shown once per epoch, whatever the paper's copies.
    """
    if not profile.abridged:
        return recipe
    epochs = min(recipe.epochs, profile.max_epochs)
    batch = profile.batch_size or recipe.batch_size
    ratio = (recipe.epochs * recipe.copies / recipe.batch_size) / (epochs / batch)
    rise = min(max(ratio, 1.0), LARGEST_RISE)
    step, decay = recipe.step_epochs, recipe.decay_epochs
    if recipe.schedule == "step":
        step = max(1, round(step * epochs / recipe.epochs))
        decay = decay and max(1, round(decay * epochs / recipe.epochs))
    changes = {"epochs": epochs, "batch_size": batch, "step_epochs": step, "decay_epochs": decay, "copies": 1}
    changes["iterations"] = 0
    return replace(recipe, **changes, learning_rate=recipe.learning_rate * rise)
