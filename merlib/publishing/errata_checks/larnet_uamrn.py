"""Checks of the errata of LARNet and UAMRN."""

from __future__ import annotations

from merlib.publishing.errata_checks.printed import CASME2, Outcome, cell, checks, column, listed, no_share
from merlib.scoring.grim import explaining_sizes, shares

DEPTHS = ("Attention-56", "Attention-92")


def side(size: int, kernel: int, stride: int, padding: int) -> int:
    """Return the side of a map behind a convolution."""
    return (size + 2 * padding - kernel) // stride + 1


@checks("LARNET-E1")
def parameters() -> Outcome:
    """Two stages alone have more parameters than the whole is said to have."""
    stages = [cell("larnet.table2", "Params x10^6", name) for name in DEPTHS]
    shown = f"{listed(stages)} make {sum(stages):g} M; 224 MB are {224 / 4:g} M numbers of four bytes; printed 21 M"
    return Outcome(shown, sum(stages) > 21 and 224 / 4 > 21)


@checks("LARNET-E3")
def weighted_layers() -> Outcome:
    """The formula of the text does not give the depths of the table."""
    depths = [cell("larnet.table2", "Trunk depth", name) for name in DEPTHS]
    text, meant = [31 * m + 9 for m in (1, 2)], [36 * m + 20 for m in (1, 2)]
    return Outcome(
        f"31 m + 9: {listed(text)}; 36 m + 20: {listed(meant)}; table {listed(depths)}", meant == depths != text
    )


@checks("LARNET-E8")
def map_sizes() -> Outcome:
    """The printed paddings do not give the printed sizes."""
    first, second = side(224, 7, 2, 1), side(32, 5, 1, 1)
    shown = f"224 becomes {first}, printed 112; 32 becomes {second}, then {second // 2}, printed 16"
    return Outcome(shown, first != 112 and second // 2 != 16)


@checks("UAMRN-F1")
def factors() -> Outcome:
    """The printed range of factors has twelve of them."""
    start, step, stop = (cell("uamrn.table1", f"AFR {name}", "value") for name in ("start", "step", "stop"))
    wanted, there = cell("uamrn.table1", "L", "value"), (stop - start) / step + 1
    return Outcome(f"[{start:g} : {step:g} : {stop:g}] has {there:g} factors, L = {wanted:g}", there == 12 != wanted)


@checks("UAMRN-F4")
def bucket_size() -> Outcome:
    """n_p hyper-planes make 2^n_p buckets."""
    length, planes = (cell("uamrn.table1", name, "value") for name in ("L", "n_p"))
    shown = f"L = {length:g}, n_p = {planes:g}: {length / 2**planes:g} in a bucket; L / n_p is {length / planes:.1f}"
    return Outcome(shown, length / 2**planes != length / planes)


def own_accuracies() -> list[float]:
    """Return UAMRN's own accuracies on CASME II."""
    return list(dict.fromkeys(column("uamrn.table5", "casme2.acc") + column("uamrn.table6", "casme2.acc")))


@checks("UAMRN-F7")
def clips_evaluated() -> Outcome:
    """Which number of clips explains UAMRN's accuracies on CASME II?"""
    printed = own_accuracies()
    sizes = explaining_sizes(printed, range(200, 300))
    shown = f"{listed(no_share(printed, CASME2))}: no k / {CASME2}; of N from 200 to 299 only {listed(sizes)} fits"
    return Outcome(shown, sizes == [247] and no_share(printed, CASME2) == printed)


@checks("UAMRN-F8")
def pooled_not_averaged() -> Outcome:
    """All of UAMRN's own accuracies are shares of all clips, which means over subjects need not be."""
    counts = [shares(value, 247) for value in own_accuracies()]
    whole = {"samm": 136, "smic": 164}
    others = {name: no_share(column("uamrn.table6", f"{name}.acc"), clips) for name, clips in whole.items()}
    shown = f"of 247 clips: {listed(k for one in counts for k in one)}; SAMM (136) and SMIC (164) fit as well"
    return Outcome(shown, all(counts) and not any(others.values()))


@checks("UAMRN-F14")
def rate() -> Outcome:
    """A learning rate reduced by 0.1 would be negative."""
    return Outcome(f"0.0002 - 0.1 = {0.0002 - 0.1:g}", 0.0002 - 0.1 < 0)
