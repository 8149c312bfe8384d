"""Checks of the errata of ASTNet."""

from __future__ import annotations

from merlib.publishing.errata_checks.printed import CASME2, Outcome, cell, checks, column, listed, no_share

SMIC = 164
ROWS = ("LBP-TOP", "Bi-WOOF+Phase", "FDM", "Sparse MDMO", "DSSN", "GEME", "OFF-Apex Net", "ASTNet")


@checks("ASTNET-B5")
def improvements() -> Outcome:
    """The improvements of the abstract are relative gains, and their range leaves methods out."""
    smic, casme2 = ({row: cell("astnet.table5", row, f"{data}.acc") for row in ROWS} for data in ("smic", "casme2"))
    gains = [gain(smic, "DSSN"), gain(smic, "Sparse MDMO"), gain(casme2, "GEME"), gain(casme2, "Sparse MDMO")]
    points = [round(one["ASTNet"] - sorted(one.values())[-2], 2) for one in (smic, casme2)]
    shown = (
        f"relative gains {listed(gains)} %, points over the second best {listed(points)}; printed least on SMIC 4.25"
    )
    near = all(abs(found - printed) < 0.015 for found, printed in zip(gains, (16.02, 4.34, 0.79, 12.93), strict=True))
    return Outcome(shown, near and points == [3.06, 0.59])


def gain(accuracies: dict[str, float], over: str) -> float:
    """Return by how many percent ASTNet's accuracy exceeds another one."""
    return round(100 * (accuracies["ASTNet"] / accuracies[over] - 1), 2)


@checks("ASTNET-B8")
def copies() -> Outcome:
    """Every clip of the corpus was copied twenty times, before anybody was left out."""
    copied = [cell("astnet.table3", "Total Size", f"{data}.processed") for data in ("casme2", "smic")]
    shown = f"20 x {CASME2} = {20 * CASME2}, 20 x {SMIC} = {20 * SMIC}; printed {listed(copied)}"
    return Outcome(shown, copied == [20 * CASME2, 20 * SMIC])


@checks("ASTNET-B10")
def no_shares() -> Outcome:
    """ASTNet's own accuracies are mostly no shares of the clips."""
    smic, casme2 = (column("astnet.table6", f"{data}.acc") for data in ("smic", "casme2"))
    odd = no_share(smic, SMIC), no_share(casme2, CASME2)
    shown = f"no k / {SMIC}: {listed(odd[0])}; no k / {CASME2}: {listed(odd[1])}"
    return Outcome(shown, odd[0] == smic and odd[1] == [value for value in casme2 if value not in (71.54, 75.61)])
