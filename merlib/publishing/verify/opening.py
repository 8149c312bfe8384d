"""Open the samples that a reference was trained on, from the given folders, and recognise them by their digest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from merlib.clips.puzzle import with_puzzle
from merlib.clips.samples import Samples
from merlib.datasets.archive.both import both_archives
from merlib.datasets.placebo import placebo
from merlib.datasets.registry import TWINS, open_samples
from merlib.errors import MerlibError, unknown_name
from merlib.publishing.planned.archive_plan import every_planned_run
from merlib.publishing.verify.retraining import Committed, why_not
from merlib.sources.joined_names import PLACEBO, sources_in


class Opener:
    """Opens samples, each only once.

    Parameters
    ----------
    folders : mapping of str to Path
        Folders of the public archives by source name; the SYNTHETIC twins of the maps need none.
    """

    def __init__(self, folders: Mapping[str, Path]):
        self.folders = dict(folders)
        self._opened: dict[tuple[str, bool], Samples | None] = {}

    def samples(self, reference: Committed) -> Samples | None:
        """Return the samples whose digest a reference names; None when no given folder holds their source.

        If the source is there but no samples have that digest, others of this source are returned, so that `why_not`
        can name both digests.
        """
        plain = self._plain(str(reference.meta["data"]), bool(reference.meta["synthetic"]))
        if plain is None:
            return None
        wanted, model = reference.meta["samples_digest"], reference.experiment.model
        if plain.digest == wanted:
            return plain
        if model == "dual_atme" or wanted == self._puzzled(plain).digest:
            return self._puzzled(plain)
        if "phases" in plain.inputs:
            return plain.with_inputs({"flow_sequence": plain.inputs["phases"]})
        return plain

    def _puzzled(self, plain: Samples) -> Samples:
        key = (f"{plain.name} with puzzle", plain.synthetic)
        if key not in self._opened:
            self._opened[key] = with_puzzle(plain)
        return self._opened[key]

    def _plain(self, name: str, synthetic: bool) -> Samples | None:
        key = (name, synthetic)
        if key not in self._opened:
            self._opened[key] = self._read(name, synthetic)
        return self._opened[key]

    def _read(self, name: str, synthetic: bool) -> Samples | None:
        if synthetic:
            return open_samples(name, {}) if name in TWINS else None
        sources = sources_in(name)
        if not set(sources) <= set(self.folders):
            return None
        opened = [self._plain_source(source) for source in sources]
        samples = both_archives(*opened) if len(opened) == 2 else opened[0]
        return placebo(samples) if name.endswith(PLACEBO) else samples

    def _plain_source(self, source: str) -> Samples:
        key = (source, False)
        if self._opened.get(key) is None:
            self._opened[key] = open_samples(source, self.folders)
        return self._opened[key]


def within_reach(references: Sequence[Committed], opener: Opener) -> tuple[list[Committed], dict[str, str]]:
    """Return the references whose folds can be trained again here, and by name the reason why others cannot."""
    here, reasons = [], {}
    for one in references:
        early = why_not(one, None)
        on_maps = not one.meta["synthetic"] or one.meta["data"] in TWINS
        samples = opener.samples(one) if on_maps and early.endswith("is not here") else None
        reason = why_not(one, samples)
        if reason:
            reasons[one.name] = reason
        else:
            here.append(one)
    return here, reasons


def chosen_references(references: Sequence[Committed], words: Sequence[str]) -> list[Committed]:
    """Return the references that `words` name; all when there are no words.

    Parameters
    ----------
    references : sequence of Committed
        The references to choose from.
    words : sequence of str
        Names of planned runs, such as ``am3f-loso-lasce``, or parts of the references' paths.

    Raises
    ------
    MerlibError
        When a word names no reference.
    """
    plan, chosen = every_planned_run(), []
    for word in words:
        if word in plan:
            digests = plan[word].experiment.training_digest, plan[word].samples_digest[:12]
            named = [
                one
                for one in references
                if (one.experiment.training_digest, str(one.meta["samples_digest"])[:12]) == digests
            ]
        else:
            named = [one for one in references if word in one.name]
        if not named:
            if word in plan:
                action = "merlib reference list shows which are committed."
                raise MerlibError(f"{word} is planned and not committed.", "a committed run.", action)
            raise unknown_name("planned run or part of a path", word, plan)
        chosen += [one for one in named if one not in chosen]
    return chosen if words else list(references)
