"""How much work a run does: three profiles, from a check that everything runs to the papers' protocol."""

from __future__ import annotations

from dataclasses import dataclass, replace

from merlib.errors import unknown_name


@dataclass(frozen=True)
class Profile:
    """What a profile changes about an experiment; everything that it does not change follows the paper.

    Parameters
    ----------
    name : str
        ``smoke``, ``teach`` or ``paper``.
    protocol : str
        Name of the split, ``groupkfold:K`` or ``loso`` (subjects are never shared between sides).
    seeds : tuple of int
        Every configuration is trained once with each of these seeds.
    max_epochs : int or None
        Upper bound on epochs; ``None`` leaves the recipe unabridged.
    batch_size : int or None
        Batch size of abridged recipes, small enough that few epochs still make enough steps; ``None`` leaves the
        recipe's own.
    description : str
        The profile in words, for reports.
    clip_subjects : int or None
        How many people's clips are rendered and preprocessed, with one clip per class; ``None`` takes everybody.
    """

    name: str
    protocol: str
    seeds: tuple[int, ...]
    max_epochs: int | None
    batch_size: int | None
    description: str
    clip_subjects: int | None = None

    @property
    def abridged(self) -> bool:
        """Whether the recipe of the paper is shortened by this profile."""
        return self.max_epochs is not None


PROFILES: dict[str, Profile] = {
    profile.name: profile
    for profile in (
        Profile("smoke", "groupkfold:2", (0,), 3, 32, "2 subject-disjoint folds, 1 seed, at most 3 epochs", 4),
        Profile("teach", "groupkfold:10", (0,), 20, 16, "10 subject-disjoint folds, 1 seed, at most 20 epochs"),
        Profile("paper", "loso", (0, 1, 2), None, None, "leave-one-subject-out, the paper's recipe, 3 seeds"),
    )
}


def get_profile(name: str) -> Profile:
    """Return the profile called `name`; an unknown name is an error that lists the valid ones."""
    if name not in PROFILES:
        raise unknown_name("profile", name, PROFILES)
    return PROFILES[name]


def changed_profile(profile: Profile, epochs: int = 0, people: int = 0) -> Profile:
    """Return the profile with other bounds on epochs and people, told in its description; 0 leaves a bound alone."""
    changes = {name: value for name, value in (("max_epochs", epochs), ("clip_subjects", people)) if value}
    said = [f"here at most {epochs} epochs"] if epochs else []
    said += [f"here {people} people"] if people else []
    return replace(profile, **changes, description=", ".join([profile.description, *said])) if changes else profile
