"""A claim's answer as Markdown, for a notebook, and the list of all claims as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from merlib.publishing.planned.headline import markdown, number, with_span
from merlib.publishing.records.ledger import get_artefact
from merlib.publishing.verify.answers import answer, inside, span_of
from merlib.publishing.verify.claims import CLAIMS, TOPICS, Claim, claims_of

RETRAIN = "merlib verify --fold"


def claims_table(root: Path, claims: Sequence[Claim] = CLAIMS) -> pd.DataFrame:
    """Return one row per claim: its id, where it is printed, its first printed number, and the verdict."""
    rows = []
    for claim in claims:
        told = answer(claim, root)
        first = told["printed"][0]
        rows.append(
            {
                "claim": claim.id,
                "printed in": claim.where,
                "number": first["number"],
                "printed": first["printed"] + (" %" if first["unit"] == "%" else ""),
                "verdict": told["verdict"],
            }
        )
    return pd.DataFrame(rows)


def numbers_table(entry: Mapping) -> pd.DataFrame:
    """Return one row per printed number of a run: printed, ours, its 95 % interval, verdict."""
    rows = []
    for one in entry["numbers"]:
        known = "value" in one
        digits = 2 if known and abs(one["value"]) >= 1 else 3
        rows.append(
            {
                "number": one["number"],
                "printed": one.get("printed", ""),
                "ours": number(one["value"], digits) if known else "-",
                "95 % interval": (span_of(one) or "-") if known else "-",
                "verdict": one["verdict"],
            }
        )
    return pd.DataFrame(rows)


def tests_table(told: Mapping) -> pd.DataFrame:
    """Return one row per planned test of the claim's runs."""
    rows = [
        {
            "test": one["test"],
            "family": one["family"],
            "UF1 difference": with_span(one["difference"], one["low"], one["high"]),
            "p after Holm": number(one["p, Holm"]),
            "verdict": one["verdict"],
        }
        for one in told["tests"]
    ]
    return pd.DataFrame(rows)


def how_trained(entry: Mapping) -> list[tuple[str, str]]:
    """Return how a run was made, as pairs of a heading and a text: archive, protocol, predictions, code, machine."""
    seeds = ", ".join(map(str, entry["seeds"]))
    epochs = f", {entry['epochs']} epochs, the last one counts" if entry["epochs"] else ""
    code = entry["code"]
    commit = code.get("commit") or code.get("committed_in") or "unknown"
    word = "trained at commit" if "commit" in code else "committed in"
    unchanged = "unchanged since" if code["source_unchanged"] else f"changed since; {RETRAIN} trains it again"
    trained = "; ".join(f"{one['processor']}, {one['device']}, torch {one['torch']}" for one in entry["trained_by"])
    return [
        ("archive", "; ".join(filter(None, (entry["archive"], entry["substitution"])))),
        ("protocol", f"{entry['protocol']}; {entry['clips']} clips, {entry['classes']} classes; seeds {seeds}{epochs}"),
        ("predictions", entry["predictions"]["path"]),
        ("SHA-256", entry["predictions"]["sha256"]),
        ("code", f"{code['digest'][:12]}, {unchanged}; {word} {commit[:12]}"),
        ("trained by", f"{trained}; {entry['hours']:g} h"),
    ]


def claim_markdown(told: Mapping) -> str:
    """Return the page of one claim as Markdown."""
    parts = [f"#### {told['where']} (`{told['id']}`)", f"**{told['verdict']}**"]
    for entry in told["ours"]:
        parts.append("\n".join(f"- {word}: {_code(word, said)}" for word, said in how_trained(entry)))
        parts.append(markdown(numbers_table(entry)))
        first = entry["in_a_checkout"]
        parts.append(f"The first number again, without merlib, in the folder of the checkout:\n\n```bash\n{first}\n```")
    parts += [f"- {one['run']} is planned and not committed; `{one['do']}` makes it" for one in told["missing"]]
    tests = tests_table(told)
    parts.append(markdown(tests) if len(tests) else "No test was planned for it.")
    if told["errata"]:
        parts.append("\n".join(f"- **{one['id']}** ({one['where']}): {one['finding']}" for one in told["errata"]))
    return "\n\n".join(parts)


def _code(word: str, said: str) -> str:
    return f"`{said}`" if word in ("predictions", "SHA-256") else said.replace(RETRAIN, f"`{RETRAIN}`")


def paper_markdown(paper: str, root: Path) -> str:
    """Return the pages of all claims of a paper below one another."""
    return "\n\n".join(claim_markdown(answer(claim, root)) for claim in claims_of(paper))


def counted_claims(root: Path, claims: Sequence[Claim] = CLAIMS) -> pd.DataFrame:
    """Return one row per claim: how many printed numbers are inside or outside our intervals, not comparable, not run.

    A number that several archives answer is counted on the first of them.
    """
    rows = []
    for claim in claims:
        told = answer(claim, root)
        total = len(told["printed"])
        entry = next((one for one in told["ours"] if not one["synthetic"]), None)
        within, compared = inside(entry) if entry else (0, 0)
        other = sum("value" in one for one in entry["numbers"]) - compared if entry else 0
        counted = total, within, compared - within, other, total - compared - other
        rows.append((f"{get_artefact(claim.id).place}, row {claim.row}", *counted, TOPICS[claim.topic], claim.id))
    columns = ["claim", "printed", "inside", "outside", "not comparable", "no real run", "which row", "id"]
    return pd.DataFrame(rows, columns=columns)
