"""Check a file of committed predictions by what is known without training: people, labels, folds, scores, epochs.

No hash is trusted here, since whoever changes a file can renew every hash that goes with it. The checks use facts that
cannot be renewed: the organisers' list (its counts and the hash of its rows), the protocol's rule of who is tested in
which fold, that the predicted class has the highest score, and the number of epochs of the recipe.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from merlib.clips.frame_rows import clip_of
from merlib.clips.samples import Samples
from merlib.datasets.archive.labels import check_labels
from merlib.errors import MerlibError
from merlib.learning.experiment import Experiment
from merlib.learning.folds import make_folds, parse_protocol, shares_subjects
from merlib.publishing.verify.finding import Finding
from merlib.publishing.verify.retraining import CLIP, Committed, is_network
from merlib.sources import load_manifest
from merlib.sources.counts import FIVE_CLASSES, counted_schemes, subject_counts
from merlib.sources.joined_names import AND, PLACEBO, is_public

COMPOSITE = "megc2019_cd"
SHUFFLED = "labels shuffled"  # the words that the samples' notes and the run's name must contain
TWINS_OF_IT = ("megc2019-flow", "megc2019-phases")


def check_predictions(reference: Committed) -> Finding:
    """Compare one reference with the organisers' list, its protocol, its own scores and its recipe."""
    found = Finding(reference.name, "predictions")
    try:
        experiment = reference.experiment
    except (KeyError, TypeError, MerlibError) as error:
        found.wrong.append(f"names no experiment ({error})")
        return found
    _check_seeds(found, reference, experiment)
    _check_scores(found, reference)
    if _check_rows(found, reference):
        _check_labels(found, reference)
        _check_folds(found, reference, experiment)
    _check_epochs(found, reference, experiment)
    return found


def _check_seeds(found: Finding, reference: Committed, experiment: Experiment) -> None:
    rows = reference.rows
    there, named = sorted(set(rows["seed"])), sorted(experiment.seeds)
    if not found.check(there == named, f"seeds {there}", f"rows of seeds {there}, the experiment names {named}"):
        return
    scores = _scores(rows)
    by_seed = {seed: part.sort_values(CLIP)[scores].to_numpy() for seed, part in rows.groupby("seed")}
    if not _is_trained_by_epochs(reference):
        return  # an estimator may be the same from every seed
    for i, one in enumerate(there):
        for other in there[i + 1 :]:
            if by_seed[one].shape == by_seed[other].shape and np.array_equal(by_seed[one], by_seed[other]):
                found.wrong.append(f"seeds {one} and {other} have the same scores to the last bit")


def _check_scores(found: Finding, reference: Committed) -> None:
    rows, classes = reference.rows, list(reference.meta["classes"])
    scores = _scores(rows)
    if scores != [f"score_{name}" for name in classes]:
        found.wrong.append(f"scores of {', '.join(scores)}, classes {', '.join(classes)}")
        return
    values = rows[scores].to_numpy(float)
    if not np.isfinite(values).all():
        found.wrong.append("scores that are no finite numbers")
        return
    odd = int((rows["prediction"].to_numpy() != values.argmax(1)).sum())
    found.check(
        odd == 0, "each class has the highest score", f"{odd} predictions are not the class of the highest score"
    )


def _check_rows(found: Finding, reference: Committed) -> bool:
    rows, right = reference.rows, True
    expected = None
    for seed, part in rows.groupby("seed"):
        keys = list(part[CLIP].itertuples(index=False, name=None))
        twice = [key for key, count in Counter(keys).items() if count > 1]
        if twice:
            found.wrong.append(f"seed {seed} tests {len(twice)} clips more than once, such as {'/'.join(twice[0])}")
            right = False
        told = dict(zip(keys, part["label"], strict=True))
        if expected is not None and told != expected:
            found.wrong.append(f"seed {seed} has other clips or labels than the seed before it")
            right = False
        expected = told
    return right


def _check_labels(found: Finding, reference: Committed) -> None:
    """Compare clips and labels of the first seed with the manifests of the data."""
    meta, rows = reference.meta, reference.rows
    first = rows[rows["seed"] == rows["seed"].iloc[0]]
    name, classes = str(meta["data"]), tuple(meta["classes"])
    if meta["synthetic"]:
        shuffled = meta["experiment"]["label"] if SHUFFLED in meta["notes"] else ""
        _check_twin(found, first, name, classes, shuffled)
    elif is_public(name):
        known = load_manifest(COMPOSITE).labels.classes
        if not found.check(classes == known, "", f"classes {', '.join(classes)}, the list has {', '.join(known)}"):
            return
        found.agreed.remove("")
        if name.endswith(PLACEBO):
            _check_shuffled(found, first)
            return
        faults: list[str] = []
        clips = first[[*CLIP, "label"]].itertuples(index=False, name=None)
        check_labels(clips, lambda error, where, severity: faults.append(f"{where}: {error.found} {error.expected}"))
        told = f"{len(first)} clips and labels of the organisers' list"
        more = f" and {len(faults) - 1} more people" if len(faults) > 1 else ""
        found.check(not faults, told, f"not the organisers' labels: {(faults or [''])[0]}{more}")
    else:
        found.open.append(f"labels of {name}, of which no list is known")


def _check_shuffled(found: Finding, rows: pd.DataFrame) -> None:
    """Check that a placebo, which shuffles labels among the clips of a data set, has kept the number of each label."""
    expected = subject_counts(COMPOSITE)
    expected["dataset"] = expected["subject"].str.partition("/")[0]
    classes = load_manifest(COMPOSITE).labels.classes
    wanted = expected.groupby(["dataset", "class"])["n"].sum().to_dict()
    there = Counter((dataset, classes[label]) for dataset, label in zip(rows["dataset"], rows["label"], strict=True))
    said = "PLACEBO: each data set has its number of clips a class"
    found.check(dict(there) == wanted, said, "a placebo with other numbers of clips a class than the organisers' list")


def _by_data_set(counts: Mapping[tuple[str, str], int]) -> dict[tuple[str, str], int]:
    """Return numbers of clips by data set and class from those by person and class, without zeros."""
    summed: Counter = Counter()
    for (person, what), count in counts.items():
        summed[person.partition("/")[0], what] += count
    return {key: count for key, count in summed.items() if count}


def _check_twin(found: Finding, rows: pd.DataFrame, name: str, classes: Sequence[str], shuffled: str) -> None:
    """Check that each person of a twin has at most as many clips of each class as the original; all of them if whole.

    Where labels are shuffled on purpose, the run's name `shuffled` must say so, and each data set must have kept its
    number of clips of each class.
    """
    people = rows["dataset"] + "/" + rows["subject"]
    clip = people + "/" + clip_of(rows["clip"].to_numpy())
    kept = ~clip.duplicated()  # frames of one clip count once
    there = Counter(zip(people[kept], (classes[label] for label in rows.loc[kept, "label"]), strict=True))
    wanted = _counts_of(name, sorted(set(rows["dataset"])), classes)
    if not wanted:
        found.open.append(f"labels of {name}, of which no counts are known")
        return
    if shuffled:
        said = "SYNTHETIC: labels shuffled, each data set has its number of clips a class"
        right = SHUFFLED in shuffled and _by_data_set(there) == _by_data_set(wanted)
        found.check(right, said, "labels shuffled without a name that says so, or other numbers of clips a class")
        return
    more = [key for key in there if there[key] > wanted.get(key, 0)]
    if more:
        who, what = more[0]
        said = f"{there[more[0]]} clips of {what}, the original has {wanted.get(more[0], 0)}"
        found.wrong.append(f"SYNTHETIC: {who} has {said}")
        return
    whole = "all" if there == wanted else "some"
    found.agreed.append(f"SYNTHETIC: {whole} clips a class that each person's original has")


def _counts_of(name: str, datasets: Iterable[str], classes: Sequence[str]) -> Counter:
    """Return how many clips each person's original has in each class."""
    if name in TWINS_OF_IT or name.replace("-", "_") == COMPOSITE:
        counts = subject_counts(COMPOSITE)
        return Counter({(row[0], row[1]): row[2] for row in counts.itertuples(index=False)})
    wanted: Counter = Counter()
    for dataset in datasets:
        if dataset not in (*FIVE_CLASSES, "smic"):
            return Counter()
        schemes = [scheme for scheme in counted_schemes(dataset) if scheme != "emotion5"]
        counts = subject_counts(dataset, schemes[0])
        for subject, what, n in counts.itertuples(index=False):
            if what in classes:
                wanted[f"{dataset}/{subject}", what] = n
    return wanted


def bare_samples(rows: pd.DataFrame, classes: Sequence[str], name: str, synthetic: bool) -> Samples:
    """Return samples without inputs for the clips of some rows, which is enough to make a protocol's folds."""
    columns = {f"{column}s": rows[column].to_numpy() for column in CLIP}
    return Samples({}, rows["label"].to_numpy(), tuple(classes), name=name, synthetic=synthetic, **columns)


def _check_folds(found: Finding, reference: Committed, experiment: Experiment) -> None:
    """Compare who is tested in which fold with the protocol's rule, which depends only on people."""
    rows, meta = reference.rows, reference.meta
    if shares_subjects(experiment.protocol):
        kind, numbers = parse_protocol(experiment.protocol)
        count = rows["fold"].nunique()
        said = f"LEAKY, {count} folds dealt by {kind.removesuffix('kfold')}; the deal follows from the samples' order"
        found.check(count == numbers[0], said, f"{count} folds, the protocol has {numbers[0]}")
        return
    for seed, part in rows.groupby("seed"):
        try:
            samples = bare_samples(part, meta["classes"], meta["data"], bool(meta["synthetic"]))
            folds = make_folds(experiment.protocol, samples)
        except MerlibError as error:
            found.wrong.append(f"{experiment.protocol} cannot split these people: {error.found}")
            return
        names = np.empty(len(part), dtype=object)
        for fold in folds:
            names[fold.test] = fold.name
        odd = part["fold"].to_numpy() != names
        if odd.any():
            who = part.loc[odd].iloc[0]
            said = f"{who['dataset']}/{who['subject']} in {who['fold']}, where the rule says {names[odd][0]}"
            shared = part.groupby(["dataset", "subject"])["fold"].nunique()
            both = f"; {int((shared > 1).sum())} people sit on both sides of a split" if (shared > 1).any() else ""
            found.wrong.append(
                f"seed {seed}: {int(odd.sum())} clips are in another fold than {experiment.protocol} "
                f"puts them: {said}{both}"
            )
            return
    found.agreed.append(f"{rows['fold'].nunique()} folds by the rule of {experiment.protocol}")


def _check_epochs(found: Finding, reference: Committed, experiment: Experiment) -> None:
    """Check that the learning curves of every fold and seed have as many epochs as the recipe."""
    if not _is_trained_by_epochs(reference):
        return
    curves = json.loads(reference.meta.get("curves", "{}"))
    wanted = {f"{seed}/{fold}" for fold, seed in reference.tasks}
    absent = sorted(wanted - curves.keys())
    if absent:
        found.wrong.append(f"no learning curve of {len(absent)} folds, such as {absent[0]}")
        return
    lengths = {len(values) for name in wanted for values in curves[name].values()}
    epochs = experiment.recipe.epochs
    if experiment.recipe.iterations:
        found.open.append(f"epochs, since the recipe counts {experiment.recipe.iterations} iterations")
        return
    told = ", ".join(map(str, sorted(lengths)))
    found.check(
        lengths == {epochs}, f"{epochs} epochs in every fold", f"curves of {told} epochs, the recipe has {epochs}"
    )


def same_elsewhere(references: Sequence[Committed]) -> dict[str, str]:
    """Return, by name, a sentence on each reference whose scores equal those on another archive to the last bit.

    A method that reads its maps cannot give the same scores on other maps. A method that reads none (the most frequent
    class) can, so it is ignored, as are names that stand for the same maps.
    """
    seen: dict[bytes, Committed] = {}
    said = {}
    for one in references:
        values = one.rows.sort_values(["seed", *CLIP])[_scores(one.rows)].to_numpy(float)
        if len(np.unique(values.round(6), axis=0)) <= one.rows["fold"].nunique():
            continue  # constant inside each fold: no map was read
        key = values.tobytes()
        other = seen.setdefault(key, one)
        if _archive(other) != _archive(one):
            said[one.name] = f"its scores are to the last bit those of {other.name}, which is of other maps"
            said.setdefault(other.name, f"its scores are to the last bit those of {one.name}, which is of other maps")
    return said


def _archive(reference: Committed) -> tuple[str, bool]:
    return str(reference.meta["data"]).split(AND)[0], bool(reference.meta["synthetic"])


def _is_trained_by_epochs(reference: Committed) -> bool:
    """Return whether there are learning curves, or ought to be, because the model is a network."""
    if json.loads(reference.meta.get("curves", "{}")):
        return True
    return is_network(reference.experiment, len(reference.meta["classes"]))


def _scores(rows: pd.DataFrame) -> list[str]:
    return [column for column in rows if column.startswith("score_")]
