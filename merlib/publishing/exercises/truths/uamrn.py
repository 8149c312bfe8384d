"""Answers of notebook 08: kept pairs, parameters and uncertainty of UAMRN."""

from __future__ import annotations

import torch

from merlib.explaining.shape_trace import count_parameters
from merlib.models import build_model
from merlib.models.blocks.lsh_attention import draw_hyperplanes, kept_pairs
from merlib.models.uamrn import uncertainty
from merlib.publishing.exercises.answers import Number, exercise
from merlib.publishing.study import Study

HEADS, TABLES, PLANES, WIDTH = 2, 4, 3, 512


def kept_share(tables: int = TABLES, planes: int = PLANES) -> float:
    """Return the share of pairs of independent random vectors that hashing keeps, as measured."""
    torch.manual_seed(0)
    q, k = torch.randn(2, 8, HEADS, 32, WIDTH)
    return kept_pairs(q, k, draw_hyperplanes(HEADS, tables, planes, WIDTH)).float().mean().item()


@exercise("08.kept")
def kept(study: Study) -> Number:
    """Share of pairs that four tables of three planes keep."""
    truth = kept_share()
    mistakes = {
        kept_share(tables=1): "that is one table alone.",
        1 - truth: "that is the share of pairs that are lost.",
        TABLES * 0.5**PLANES: "a pair that two tables keep is counted twice so.",
    }
    return Number(truth, within=0.04, share=True, mistakes=mistakes)


@exercise("08.one_table")
def one_table(study: Study) -> Number:
    """Share of pairs that one table of three planes keeps, guessed before it is computed."""
    return Number(kept_share(tables=1), within=0.02, share=True, mistakes={0.5: "so it is for one plane."})


@exercise("08.block")
def block(study: Study) -> Number:
    """Parameters of one block."""
    with torch.device("meta"):
        total = count_parameters(build_model("uamrn", classes=5, reads="magnified", masked=True).blocks[0])
    mistakes = {total - 2 * 1024: "the norm is missing.", 4 * 1024**2: "biases and norm are missing."}
    return Number(total, mistakes=mistakes)


@exercise("08.gamma")
def gamma(study: Study) -> Number:
    """Gamma of a class for which two passes give the means 2 and 6 and the variances .5 and .7."""
    means, variances = torch.tensor([[[2.0]], [[6.0]]]), torch.tensor([[[0.5]], [[0.7]]])
    spread, named = means.var(0, correction=0).item(), variances.mean().item()
    mistakes = {
        spread: "that is the spread of the answers alone.",
        named: "that is the spread that the network names alone.",
        means.var(0).item() + named: "Eq. 8 divides by M, not by M - 1.",
    }
    return Number(uncertainty(means, variances).item(), mistakes=mistakes)
