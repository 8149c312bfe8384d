"""Diagrams and structure tables of the three networks: labels come from the live model, no text meets another."""

from __future__ import annotations

from itertools import combinations

import matplotlib.pyplot as plt
import pytest
import torch

from merlib.explaining.hashing import hash_table, kept_share
from merlib.explaining.shape_trace import count_parameters
from merlib.learning import get_recipe
from merlib.models import build_model
from merlib.publishing.diagrams import am3f_flownet as am3f_diagrams
from merlib.publishing.diagrams import astnet as astnet_diagrams
from merlib.publishing.diagrams import larnet as larnet_diagrams
from merlib.publishing.diagrams import uamrn as uamrn_diagrams
from merlib.publishing.records.save_table import save_table
from merlib.publishing.tables import networks as network_tables


def drawn(name, **options):
    with torch.device("meta"):
        return build_model(name, classes=5, **options)


DIAGRAMS = {
    "am3f pipeline": lambda: am3f_diagrams.pipeline(build_model("am3f_flownet")),
    "am3f fusion": lambda: am3f_diagrams.fusion(build_model("am3f_flownet")),
    "am3f reweighting": lambda: am3f_diagrams.reweighting(build_model("am3f_flownet")),
    "research": lambda: astnet_diagrams.research(drawn("astnet")),
    "network": lambda: astnet_diagrams.network(drawn("astnet")),
    "residual block": lambda: astnet_diagrams.residual_block(drawn("astnet")),
    "cbam": lambda: astnet_diagrams.cbam(drawn("astnet")),
    "channel": lambda: astnet_diagrams.channel_attention(drawn("astnet")),
    "spatial": lambda: astnet_diagrams.spatial_attention(drawn("astnet")),
    "cell": lambda: astnet_diagrams.convlstm_cell(drawn("astnet")),
    "pipeline": lambda: larnet_diagrams.pipeline(drawn("larnet")),
    "framework": lambda: uamrn_diagrams.framework(drawn("uamrn", reads="magnified", masked=True)),
}


def texts_of(figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].texts]


@pytest.mark.long
@pytest.mark.parametrize("name", DIAGRAMS)
def test_no_text_meets_another_or_leaves_its_box(name):
    figure = DIAGRAMS[name]()
    figure.canvas.draw()
    axes = figure.axes[0]
    extents = [text.get_window_extent() for text in axes.texts]
    assert not any(a.overlaps(b) for a, b in combinations(extents, 2))
    boxes = [patch.get_window_extent() for patch in axes.patches if type(patch).__name__ == "FancyBboxPatch"]
    assert len(boxes) == len(extents)
    for extent, box in zip(extents, boxes, strict=True):
        assert box.x0 <= extent.x0 and extent.x1 <= box.x1 and box.y0 <= extent.y0 and extent.y1 <= box.y1  # noqa: PT018
    assert not any(a.overlaps(b) for a, b in combinations(boxes, 2))
    plt.close(figure)


@pytest.mark.long
@pytest.mark.parametrize("name", ["am3f pipeline", "am3f fusion", "am3f reweighting"])
def test_letters_can_be_read_where_a_page_of_the_book_shrinks_the_picture(name):
    figure = DIAGRAMS[name]()
    shrunk = 700 / (96 * figure.get_figwidth())  # px of a page's column; inches are shown at 96 px
    assert min(text.get_fontsize() for text in figure.axes[0].texts) * min(1, shrunk) * 96 / 72 >= 8
    plt.close(figure)


@pytest.mark.long
def test_labels_follow_the_model_and_not_the_paper():
    narrow = texts_of(astnet_diagrams.network(drawn("astnet", width=8, dropout=0.3), size=96))
    assert "Layer 5: ResNet\n10 x 64x3x3" in narrow
    assert "dropout 0.3\n10 x 64x3x3" in narrow
    paper = texts_of(astnet_diagrams.network(drawn("astnet")))
    assert "Layer 7: ConvLSTM\n10x256x7x7" in paper
    assert "Layer 3: ResNet\n10 x 128x28x28" in paper
    small = texts_of(
        larnet_diagrams.pipeline(drawn("larnet", width=4, image_size=64, stages=("attention56", "emoresnet")))
    )
    assert "Attention-56\n128x2x2" in small
    assert not any("Attention-92" in text for text in small)
    certain = texts_of(uamrn_diagrams.framework(drawn("uamrn", attention="full", monte_carlo=0)))
    assert "full attention" in certain
    assert not any("gamma" in text for text in certain)
    plt.close("all")


def test_table_1_of_astnet_is_the_one_printed():
    table = network_tables.astnet_structure(drawn("astnet"))
    assert table.loc["Layer 1", "our network"] == "Conv0_1, BN, ReLU, MaxPool"
    assert table.loc["Layer 3", "our network"].count("Conv2_") == 5
    assert table.loc["Layer 7", "our network"] == "ConvLSTM, AvgPool, FC"
    assert table["parameters"].sum() == count_parameters(drawn("astnet"))


def test_table_7_places_cbam_between_the_layers():
    table = network_tables.cbam_positions()
    assert table["reads"].tolist() == ["64x56x56", "64x56x56", "128x28x28", "256x14x14", "512x7x7"]
    for shape, parameters in zip(table["reads"], table["parameters of CBAM"], strict=True):
        channels = int(shape.split("x")[0])
        assert parameters == 2 * channels * (channels // 16) + 2 * 49
    assert (table["parameters"] - table["parameters of CBAM"]).nunique() == 1


def test_hyperparameters_stand_beside_the_printed_ones_with_their_errata(study):
    table = network_tables.astnet_hyperparameters(get_recipe("astnet"), drawn("astnet"))
    assert network_tables.differing("astnet.table4", table).endswith("differing: base_lr (0.0001, printed 1e-05).")
    saved = save_table("astnet.table4", table, study=study)
    cells = {cell["row"]: cell for cell in saved.record["cells"]}
    assert cells["epoch"]["verdict"] == "identical"
    assert "ASTNET-B1" in cells["base_lr"]["note"]
    assert saved.shown.loc["base_lr", "value"] == "0.0001"
    table = network_tables.uamrn_hyperparameters(drawn("uamrn"))
    assert "As printed in 6 of 8 rows" in network_tables.differing("uamrn.table1", table)


@pytest.mark.long
def test_table_2_of_larnet_stands_beside_the_printed_counts(study):
    table = network_tables.larnet_configuration()
    saved = save_table("larnet.table2", table, study=study)
    cells = {(cell["row"], cell["column"]): cell for cell in saved.record["cells"]}
    assert all(cell["reported"] is not None for cell in cells.values())
    assert len(cells) == 22
    for column in table:
        assert cells["Trunk depth", column]["verdict"] == "identical"
        assert cells["Params x10^6", column]["value"] == pytest.approx(
            cells["Params x10^6", column]["reported"], rel=0.024
        )
        assert cells["FLOPS x10^9", column]["value"] == pytest.approx(
            cells["FLOPS x10^9", column]["reported"], rel=0.02
        )


def test_hashing_puts_each_point_where_the_signs_of_its_distances_say():
    torch.manual_seed(0)
    model = build_model("uamrn", width=16, front_size=16, heads=2).eval()
    points = hash_table(model, torch.randn(1, 32, 16), block=1, head=1, table=2)
    assert points.groupby("kind")["index"].apply(list).map(len).to_dict() == {"key": 32, "query": 32}
    signs = (points[["plane 1", "plane 2", "plane 3"]] <= 0).astype(int).astype(str).agg("".join, axis=1)
    assert points["bucket"].tolist() == signs.tolist()
    figure = uamrn_diagrams.hashing(points)
    figure.canvas.draw()
    shown = [text.get_text() for axis in figure.axes for text in axis.texts]
    assert len(shown) == 8
    for tag, count in points["bucket"].value_counts().items():
        assert f"bucket {tag}\npoints: {count}" in shown
    plt.close(figure)


def test_more_tables_keep_more_pairs():
    torch.manual_seed(0)
    model = build_model("uamrn", width=16, front_size=16).eval()
    shares = kept_share(model, torch.randn(1, 32, 16))
    assert shares.index.tolist() == [1, 2, 3, 4]
    assert shares.is_monotonic_increasing
    assert 0 < shares.iloc[0] < shares.iloc[-1] <= 1
