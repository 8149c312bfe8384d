"""``merlib claims`` and ``merlib claim ID``: what the papers print, what we find, and how to compute it again."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from merlib.cli.console import JsonOption, open_console, show


def claims(as_json: JsonOption = False) -> None:
    """List the papers' headline claims with our verdict on each; needs neither data nor training.

    Example: merlib claims
    """
    from merlib.cli.tables import frame_table
    from merlib.learning.store.references import reference_root
    from merlib.publishing.verify.answers import check_root
    from merlib.publishing.verify.claim_page import claims_table

    table = claims_table(check_root(reference_root()))
    show(frame_table(table, "the papers' claims; merlib claim ID shows one in full"), table, as_json)


def claim(
    identifier: Annotated[str, typer.Argument(metavar="ID", help="Such as am3f.table3; merlib claims lists all.")],
    as_json: JsonOption = False,
) -> None:
    """Show one claim: what is printed, ours with interval, protocol and seeds, tests, errata, and the file behind it.

    Each number comes with one line of shell that computes it again from the file, with pandas and scikit-learn alone.

    Example: merlib claim am3f.table3
    """
    from rich.text import Text

    from merlib.cli.tables import frame_table
    from merlib.learning.store.references import reference_root
    from merlib.publishing.records.save_table import heading
    from merlib.publishing.verify.answers import answer, check_root
    from merlib.publishing.verify.claim_page import how_trained, numbers_table, tests_table
    from merlib.publishing.verify.claims import find_claim

    told = answer(find_claim(identifier), check_root(reference_root()))
    if as_json:
        print(json.dumps(told, indent=1, ensure_ascii=False))
        return
    console = open_console()
    console.print(Text(f"{told['id']}: {told['where']}", style="bold"))
    console.print(Text(told["verdict"], style="bold"))
    for entry in told["ours"]:
        console.print()
        console.print(frame_table(numbers_table(entry), f"{entry['run']} on {entry['archive']}"))
        for word, said in how_trained(entry):
            console.print(Text(f"{word}: {said}"), soft_wrap=True)
        first = next(iter(entry["recompute"]))
        others = "; --json has a line for each number" if len(entry["recompute"]) > 1 else ""
        console.print(Text(f"{heading(first)} again, without merlib{others}:"), soft_wrap=True)
        console.print(Text(f"  {entry['recompute'][first]}"), soft_wrap=True)
    for one in told["missing"]:
        console.print(Text(f"\n{one['run']} is planned and not committed; {one['do']} makes it"), soft_wrap=True)
    console.print()
    tests = tests_table(told)
    tests = tests.drop(columns="family", errors="ignore")
    console.print(frame_table(tests, "planned tests on Full UF1") if len(tests) else "No test was planned for it.")
    for one in told["errata"]:
        console.print(Text(f"{one['id']} ({one['where']}): {one['finding']}"), soft_wrap=True)
