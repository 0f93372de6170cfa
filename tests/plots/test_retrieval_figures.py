"""The pocket figures on retrieval show what the table holds."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from recall_zoo import ZOO, told_apart, zoo

from clipkit.errors import BadInput
from clipkit.plots import pocket_gallery, pocket_retrieval, retrieval
from clipkit.pocket.hard_negatives import KINDS
from clipkit.sections.contrasts import contrast_frame
from clipkit.sections.measured import MeasuredTable
from clipkit.sections.pocket.recall_line import BOTH


@pytest.fixture(scope="module")
def table():
    parts = (
        zoo({**ZOO, "flyp-studio": 0.6}),
        told_apart({"attribute": 0.8, "relation": 0.2}, recipes=tuple(ZOO)),
    )
    frame = pd.concat([p.frame for p in parts], ignore_index=True)
    return MeasuredTable(frame, np.concatenate([p.draws for p in parts]), {})


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def dots(ax):
    return [line for line in ax.lines if line.get_marker() == "o"]


def test_a_dot_for_each_model_open_where_captions_are_not_clean(table):
    pocket_retrieval.accuracy_and_recall(table)
    for ax in plt.gcf().axes:
        assert len(dots(ax)) == 2 * len(ZOO), "fine-tuned models are left out"
        assert sum(dot.get_markerfacecolor() == "white" for dot in dots(ax)) == 2 * 3
    labels = [text.get_text() for text in plt.gcf().legends[0].get_texts()]
    assert labels[:4] == ["wild pictures", "studio pictures", "mixed pictures", "catalogue pictures"]


def test_both_halves_show_every_contrast_that_was_measured(table):
    pocket_retrieval.factors(table)
    shown = contrast_frame(table, **BOTH)
    for ax in plt.gcf().axes:
        assert len(dots(ax)) == len(shown)
    effects = sorted(float(dot.get_xdata()[0]) for dot in dots(plt.gcf().axes[0]))
    assert effects == pytest.approx(sorted(100 * shown.effect))


def test_what_is_told_apart_is_blue_and_what_is_told_wrongly_is_not(table):
    pocket_retrieval.told_apart(table)
    colours = {ax.get_title(): {dot.get_color() for dot in dots(ax)} for ax in plt.gcf().axes}
    assert list(colours) == [f"{kind} swapped" for kind in KINDS]
    assert colours["attribute swapped"] == {pocket_retrieval.ACCENT}
    assert colours["relation swapped"] == {pocket_retrieval.MUTED}


def test_prose_quotes_the_table(table):
    n = len(ZOO)
    assert pocket_retrieval.surely_told_apart("attribute", table) == f"{n} of {n}"
    assert pocket_retrieval.surely_told_apart("relation", table) == f"0 of {n}"
    assert pocket_retrieval.base_tells_apart("attribute", table).startswith(("79 % [", "80 % [", "81 % ["))
    assert pocket_retrieval.filter_gain("curation-text", table).startswith("+7")
    assert len(pocket_retrieval.rows(table)) == 3 * 2 * (n + 1) + len(
        told_apart({}, recipes=tuple(ZOO)).frame
    )


def test_the_gallery_ranks_pictures_and_ticks_the_right_one():
    pocket_gallery.gallery(query=3, among=26, shown=2)
    caption, *names = [text.get_text() for text in plt.gca().texts]
    assert caption.startswith("“") and caption.endswith("”")
    ranks = [int(name.removeprefix("✓ ").split(":")[0]) for name in names]
    assert ranks[:2] == [1, 2] and ranks == sorted(ranks)
    cosines = [float(name.split(": ")[1]) for name in names]
    assert cosines == sorted(cosines, reverse=True)
    assert sum(name.startswith("✓") for name in names) == 1
    with pytest.raises(BadInput, match="query is 26\n.*0 to 25"):
        pocket_gallery.gallery(query=26, among=26)


def test_sources_say_how_many_models_they_have(monkeypatch):
    offsets = pd.DataFrame(
        {
            "value": [-1.0, 2.0],
            "low": [-2.0, np.nan],
            "high": [0.0, np.nan],
            "n_models": [3.0, 1.0],
            "n_runs": [2, 1],
        },
        index=["WIT", "CC12M"],
    )
    monkeypatch.setattr(retrieval.section, "source_offsets", lambda: offsets)
    retrieval.offsets_by_source()
    shown = [label.get_text() for label in plt.gca().get_yticklabels()]
    assert sorted(shown) == ["CC12M (1 model, 1 run)", "WIT (3 models, 2 runs)"]
