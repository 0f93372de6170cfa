"""The figures on CLIP and LMM show what the answers hold."""

import matplotlib.pyplot as plt
import pytest
from lmm_answers import planted

from clipkit.plots import lmm_interaction as plots
from clipkit.pocket.world.palette import CLASS_NAMES
from clipkit.sections.lmm_interaction import CONTROLS, FAIR, PUBLISHED
from clipkit.sections.pocket import lmm_interaction as section

TOWERS = ("resnet-wild-s0", "vit-wild-s0")


@pytest.fixture(scope="module")
def table():
    return planted({t: {PUBLISHED: 0.25} for t in TOWERS})


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def marks(ax, marker):
    return [x for line in ax.lines if line.get_marker() == marker for x in line.get_xdata()]


def test_a_row_for_each_control_with_tower_lmm_and_coin(table):
    plots.by_control(TOWERS[0], table)
    axes = plt.gcf().axes
    assert [ax.get_title() for ax in axes] == list(plots.PARTS.values())
    assert len(marks(axes[0], "o")) == 2 * len(CONTROLS) and len(marks(axes[0], "x")) == len(CONTROLS)
    tower, lmm = (line.get_xdata()[0] for line in axes[0].lines if line.get_marker() == "o")
    assert tower == pytest.approx(60) and lmm == pytest.approx(85)


def test_gains_have_a_panel_for_each_tower(table):
    plots.gains(table=table)
    axes = plt.gcf().axes
    assert [ax.get_title() for ax in axes] == list(TOWERS)
    assert marks(axes[0], "o")[0] == pytest.approx(25)


def test_the_verdict_is_told_under_each_control(table):
    shown = plots.verdict_table(table).data
    assert list(shown.index) == list(CONTROLS)
    assert shown.loc[PUBLISHED, "L1 verdict"] == "holds" and shown.loc[FAIR, "L1 verdict"] == "fails"
    assert shown.loc[PUBLISHED, "L1 (pp)"].startswith("+25.0 [+2")


def test_tables_and_text_quote_the_answers(table):
    shown = plots.agreement_table(table=table).data
    assert list(shown.index) == list(TOWERS) and shown["words name neither or both"].tolist() == ["10.0%"] * 2
    assert plots.paths_text(table) == f"90.0 % of {2 * 5 * (3 * 520 + 1664):,}"
    assert plots.coin_text(TOWERS[0], section.ALL_HARD, table) == "50 % against 60 %"


def test_pictures_come_with_the_names_on_offer_and_what_was_answered(table):
    plots.answers(f"lmm-{TOWERS[0]}", "hard-texture", shown=[0, 27, 53], table=table)
    words = [text.get_text() for text in plt.gcf().axes[0].texts]
    assert [w for w in words if w.endswith("?")] == [f"{CLASS_NAMES[k]} or truck?" for k in (0, 1, 1)]
    assert sum(w.startswith("LMM: ") for w in words) == sum(w.startswith("tower: ") for w in words) == 3
    own = table[(table.tower == TOWERS[0]) & (table.dataset == "hard-texture") & (table.control == FAIR)]
    right = own[(own.answerer == "LMM") & own.image.isin([0, 27, 53])].right.sum()
    assert sum(w.startswith("LMM: ") and w.endswith("✓") for w in words) == right
