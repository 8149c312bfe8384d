"""A study: the profile, data, store and run folder of one notebook, opened once and used by every cell."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from merlib.clips.bad_clips import ERROR, check_policy
from merlib.clips.classes import Classes
from merlib.clips.samples import Samples
from merlib.clips.selection import few_people
from merlib.datasets.registry import TWINS, holds_clips, open_samples, parse_data
from merlib.errors import MerlibError
from merlib.inputs.cache import MotionCache
from merlib.inputs.preprocessing import Preprocessing, preprocessing
from merlib.learning import Experiment, FoldStore, pretrain, run, save_reference
from merlib.learning.store.commits import edited_code
from merlib.learning.store.references import reference_root
from merlib.places import cache_folder, results_folder, store_folder
from merlib.profiles import Profile, changed_profile, get_profile

SAVE_REFERENCES = "MERLIB_SAVE_REFERENCES"
_current: list[Study] = []


@dataclass(repr=False)
class Study:
    """The settings and folders that a notebook works with; made by `open_study`.

    Parameters
    ----------
    notebook : str
        Name of the notebook, such as ``10_losses``.
    profile : Profile
        How much work is done.
    data : dict of str to path
        Folders of real data by source name.
    store : FoldStore
        The store of finished folds.
    folder : Path
        The run folder; artefacts are written below it.
    on_bad_clip : {'error', 'leave-out'}
        Whether a recorded clip that cannot be used is an error or is left out.
    opened : dict of str to Samples
        Samples that were opened already, by source.
    people : int
        How many people of each data set are used; 0 for as many as the profile says.
    """

    notebook: str
    profile: Profile
    data: Mapping[str, Path]
    store: FoldStore
    folder: Path
    on_bad_clip: str = ERROR
    opened: dict[str, Samples] = field(default_factory=dict)
    people: int = 0

    @property
    def artefact_folder(self) -> Path:
        """Where artefacts and their records are written."""
        return self.folder / "artefacts"

    @property
    def cache(self) -> MotionCache:
        """The cache of inputs that were computed from clips, kept beside the store."""
        return MotionCache(cache_folder(self.store.root, "motion"))

    def samples(self, name: str, analogue: str | None = None) -> Samples:
        """Return the samples of a source: the real ones if the user named it, else its analogue, else the twin.

        Parameters
        ----------
        name : str
            The source that the paper used.
        analogue : str, optional
            A public source that replaces it if the user named only that one.
        """
        chosen = analogue if analogue in self.data and name not in self.data else name
        if chosen not in self.opened:
            recorded = holds_clips(chosen, self.data)
            self.opened[chosen] = (
                self.features(chosen, preprocessing("flow"))
                if recorded
                else few_people(open_samples(chosen, self.data), self.people)
            )
        return self.opened[chosen]

    def clips(self, name: str) -> pd.DataFrame:
        """Return the clip table of ``casme2``, ``samm`` or ``smic``: real if it was named, else the rendered twin's.

        A short profile keeps a few people with one clip per class.
        """
        from merlib.clips.selection import few_clips
        from merlib.datasets.registry import open_clips

        table = open_clips(name, self.data, self.on_bad_clip)
        few = self.profile.clip_subjects
        return table if few is None else few_clips(table, few, 1)

    def features(self, name: str, *how: Preprocessing, classes: Classes | None = None) -> Samples:
        """Return the clips of `clips` preprocessed for a network, computed once and kept beside the store.

        Parameters
        ----------
        name : str
            ``casme2``, ``samm``, ``smic`` or their composite ``megc2019-cd``.
        *how : Preprocessing
            One for each input; see `merlib.inputs.preprocessing.preprocessing`.
        classes : sequence of str, or mapping of str to sequence of str, optional
            By default the classes that the papers use on that source; see `merlib.clips.classes`.

        Raises
        ------
        MerlibError
            For clips of your own without `classes`, and as `samples_of_clips`.
        """
        from joblib import cpu_count

        from merlib.datasets.twin.population import POPULATIONS
        from merlib.inputs.clip_samples import samples_of_clips

        known = "megc2019-flow" if name in TWINS else name
        table = self.clips(name)
        if not classes and known not in POPULATIONS:
            present = ", ".join(repr(label) for label in sorted(set(table["label"])))
            found, expected = f"{name}: clips without classes.", f"some of the table's labels: {present}."
            raise MerlibError(found, expected, f"study.features({name!r}, ..., classes=({present})).")
        chosen = classes or POPULATIONS[known].classes
        return samples_of_clips(table, how, chosen, self.cache, workers=cpu_count(), on_bad_clip=self.on_bad_clip)

    def macro_features(self, name: str, *how: Preprocessing, people: int | None = None) -> Samples:
        """Return SYNTHETIC macro-expressions, with the papers' classes, of people who are never tested.

        Parameters
        ----------
        name : str
            A data set of `datasets.macro_clips`.
        *how : Preprocessing
            As for the experiments themselves; macro-expressions need no magnification.
        people : int, optional
            How many people a short profile takes, with one clip per class; by default the profile's number.
        """
        from joblib import cpu_count

        from merlib.clips.selection import few_clips
        from merlib.datasets.twin.macro import macro_clips
        from merlib.datasets.twin.population import POPULATIONS
        from merlib.inputs.clip_samples import samples_of_clips

        table, few = macro_clips(name), self.profile.clip_subjects
        if few is not None:
            table = few_clips(table, people or few, 1)
        return samples_of_clips(table, how, POPULATIONS[name].classes, self.cache, workers=cpu_count())

    def pretrained(self, experiment: Experiment, samples: Samples) -> Experiment:
        """Return the experiment that starts from weights trained on all of `samples`; see `learning.pretrain`."""
        return replace(experiment, start=pretrain(experiment, samples, store=self.store))

    def experiment(self, model: str, **choices: object) -> Experiment:
        """Return the experiment that the study's profile asks for; see `Experiment.for_profile`.

        With an empty `loss`, which is a notebook's default, the recipe keeps its own.
        """
        if not choices.get("loss", True):
            del choices["loss"]
        return Experiment.for_profile(model, self.profile, **choices)

    def run(self, experiment: Experiment, samples: Samples) -> pd.DataFrame:
        """Return the experiment's predictions, trained or read; see `learning.run`.

        With MERLIB_SAVE_REFERENCES set, predictions that are no reference yet are written as one.
        """
        predictions = run(experiment, samples, store=self.store)
        if predictions.attrs.get("source_unchanged") is False:
            edited = ", ".join(edited_code(experiment.model, bool(experiment.start)))
            made = f"made without your edit of {edited}" if edited else "of earlier code"
            print(f"{experiment.label}: committed predictions {made}; MERLIB_REFERENCES=off trains them again.")
        if os.environ.get(SAVE_REFERENCES) and predictions.attrs["origin"] != "reference":
            save_reference(predictions, experiment, samples, reference_root() or self.folder)
        return predictions

    def __repr__(self) -> str:
        return self._repr_markdown_().replace("**", "")

    def _repr_markdown_(self) -> str:
        sources = ", ".join(self.data) or "none: everything runs on the SYNTHETIC twin"
        return (
            f"**{self.notebook}** with profile **{self.profile.name}** ({self.profile.description}). "
            f"Real data: {sources}."
        )


def _typed(name: str, value: object, kinds: type | tuple[type, ...], wanted: str) -> None:
    if not isinstance(value, kinds):
        raise MerlibError(f"parameter {name} = {value!r}.", wanted, f"correct {name} in the parameters cell or call.")


def open_study(
    notebook: str,
    profile: str = "smoke",
    data: Sequence[str] = (),
    store: str = "",
    readers: Sequence[str] = (),
    on_bad_clip: str = ERROR,
    *,
    epochs: int = 0,
    people: int = 0,
) -> Study:
    """Open a study from a notebook's typed parameters and make it the current one.

    Parameters
    ----------
    notebook : str
        Name of the notebook.
    profile : str
        ``smoke``, ``teach`` or ``paper``.
    data : sequence of str
        ``NAME=DIR`` pairs; sources that are not named are replaced by the twin.
    store : str
        Folder of the fold store; empty for MERLIB_STORE or ``store/`` in the results folder.
    readers : sequence of str
        Readers of data sets of your own, such as ``my_sets:read_my_set``; see `merlib.datasets.own_readers`.
    on_bad_clip : {'error', 'leave-out'}
        Whether a recorded clip that cannot be used is an error or is left out.
    epochs : int
        Largest number of epochs that a network is trained for; 0 for the profile's.
    people : int
        How many people of each data set are used, two or more; 0 for the profile's number.

    Raises
    ------
    MerlibError
        When a parameter has the wrong type or an unknown value; the valid ones are listed.
    """
    _typed("profile", profile, str, "a string, e.g. 'smoke'.")
    _typed("data", data, list | tuple, "a list of 'NAME=DIR' strings.")
    _typed("store", store, str | os.PathLike, "a folder, or '' for the default.")
    for name, value, least in (("epochs", epochs, 1), ("people", people, 2)):
        if type(value) is not int or (value and value < least):
            wanted = f"a whole number from {least} on, or 0 for what the profile says."
            raise MerlibError(
                f"parameter {name} = {value!r}.", wanted, f"correct {name} in the parameters cell or call."
            )
    _typed("readers", readers, list | tuple, "a list of 'module:function' strings.")
    _typed("on_bad_clip", on_bad_clip, str, "'error' or 'leave-out'.")
    folder = os.environ.get("MERLIB_RUN_DIR")
    study = Study(
        notebook=notebook,
        profile=changed_profile(get_profile(profile), epochs, people),
        people=people,
        data=parse_data(data, readers),
        store=FoldStore(store or store_folder()),
        folder=Path(folder) if folder else results_folder() / "runs" / "lab",
        on_bad_clip=check_policy(on_bad_clip),
    )
    _current[:] = [study]
    pd.set_option("display.max_colwidth", None, "display.max_columns", None)  # a notebook cuts no cell by an ellipsis
    return study


def current_study() -> Study:
    """Return the study that was opened last; a MerlibError when there is none."""
    if not _current:
        raise MerlibError("no open study.", "a call of open_study first.", "run the first cells of the notebook.")
    return _current[0]
