"""Verify everything that is committed below ``results/reference`` from the files there, without data or training."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from merlib.errors import MerlibError
from merlib.learning.store.reference_sums import SUMS, read_sums
from merlib.learning.store.references import read_reference
from merlib.publishing.records.ledger import read_records
from merlib.publishing.verify.finding import Finding
from merlib.publishing.verify.opening import chosen_references
from merlib.publishing.verify.predictions import check_predictions, same_elsewhere
from merlib.publishing.verify.records import by_digests, check_record, runs_of
from merlib.publishing.verify.retraining import Committed

Told = Callable[[int, int, str], None]


def read_committed(root: Path) -> tuple[list[Committed], list[Finding]]:
    """Return the references below `root`, and a red finding for each that cannot be trusted.

    Parameters
    ----------
    root : Path
        ``results/reference``, or a folder like it.
    """
    read, refused = [], []
    for path in sorted(root.glob("*/predictions/*.parquet")):
        name = path.relative_to(root).as_posix()
        try:
            rows, meta = read_reference(path, root)
            read.append(Committed(name, rows, meta))
        except MerlibError as error:
            refused.append(Finding(name, "predictions", wrong=[error.found]))
    return read, refused


def verify_committed(root: Path, told: Told | None = None, only: Sequence[str] = ()) -> list[Finding]:
    """Verify every reference and every record below `root`.

    Parameters
    ----------
    root : Path
        ``results/reference``, or a folder like it.
    told : callable, optional
        Called with the number of files done, the number of all files, and the name of the next one.
    only : sequence of str
        Planned runs or parts of paths. Only these references are verified, and the records computed from them; all when
        empty.

    Raises
    ------
    MerlibError
        When there is neither a reference nor a record, or a word of `only` names none.
    """
    references, found = read_committed(root)
    records = read_records([root])
    if not references and not found and not records:
        expected = "references and records, as in results/reference of a checkout or a deposit."
        raise MerlibError(f"nothing to verify below {root}.", expected, "name a folder with --reference.")
    known, elsewhere = by_digests(references), same_elsewhere(references)
    if only:
        references = chosen_references(references, only)
        names = {one.name for one in references}
        records = [one for one in records if names & {file.name for file in runs_of(one, known)[1].values()}]
        found = []
    total, tell = len(references) + len(records), told or _nobody_looks
    for number, one in enumerate(references):
        tell(number, total, one.name)
        finding = check_predictions(one)
        if one.name in elsewhere:
            finding.wrong.append(elsewhere[one.name])
        found.append(finding)
    found += [] if only else _listed_but_absent(root)
    for number, record in enumerate(records, len(references)):
        tell(number, total, Path(record["path"]).relative_to(root).as_posix())
        found.append(check_record(record, known, root))
    tell(total, total, "")
    return found


def _nobody_looks(*_: object) -> None:
    pass


def _listed_but_absent(root: Path) -> list[Finding]:
    """Return a red finding for each file that the list of checksums names and that is missing."""
    absent = [name for name in read_sums(root) if not (root / name).is_file()]
    return [Finding(name, "predictions", wrong=[f"{SUMS} names it and it is not there"]) for name in absent]
