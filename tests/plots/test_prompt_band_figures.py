"""The figures and tables of the chapter on prompts show every recipe, every way to ask, and what flips."""

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from prompt_zoo import LOSSES, WILD, asked_zoo

from clipkit.claims import under_prompts
from clipkit.errors import UnknownName
from clipkit.plots import prompt_band as plots
from clipkit.pocket.prompt_variants import NAMES, SET, TEMPLATE
from clipkit.sections.headlines import HEADLINES

ACCURACY = next(h for h in HEADLINES if h.dataset == "wild" and h.metric == "accuracy")
PROMPTED = [recipe for recipe in WILD if recipe != "cross-entropy-wild"]


@pytest.fixture(scope="module")
def planted():
    return asked_zoo(
        lambda model, prompts: 0.5 if prompts == "fair {}" and not model.startswith("resnet-studio") else 0.0
    )


@pytest.fixture(autouse=True)
def zoo(monkeypatch, planted):
    monkeypatch.setattr(plots, "zoo_results", lambda: planted[0])
    monkeypatch.setattr(plots, "zoo_band", lambda: planted[1])
    yield
    plt.close("all")


def drawn(ax, marker):
    return [line for line in ax.lines if line.get_marker() == marker]


def tick_labels(ax):
    return [label.get_text() for label in ax.get_yticklabels()]


def test_every_recipe_has_its_strokes_dots_and_crosses():
    plots.by_recipe(ACCURACY.section)
    (ax,) = plt.gcf().axes
    assert tick_labels(ax) == ["resnet-wild", "vit-wild", "resnet-studio", "flyp-wild"], (
        "zero-shot first, best first"
    )
    kinds = [kind for kind, _ in LOSSES]
    for marker, kind in (("|", TEMPLATE), ("x", NAMES)):
        assert [len(line.get_xdata()) for line in drawn(ax, marker)] == [kinds.count(kind)] * len(PROMPTED)
    dots = drawn(ax, "o")
    assert len(dots) == kinds.count(SET) * len(PROMPTED)
    own = {line.get_color(): line.get_xdata()[0] for line in dots[-4:]}
    assert own == pytest.approx({plots.SET_COLOURS[p]: -100 * LOSSES[SET, p] for p in plots.SET_COLOURS})


def test_a_section_without_templates_gets_the_near_miss():
    with pytest.raises(UnknownName, match="Did you mean natural shifts"):
        plots.by_recipe("natural shift")


def test_contrasts_show_each_template_beside_the_interval():
    plots.contrasts(ACCURACY.title)
    (ax,) = plt.gcf().axes
    strokes = [line for line in drawn(ax, "|") if line.get_color() == plots.BAND_COLOUR]
    assert [len(line.get_xdata()) for line in strokes] == [
        0 if label.startswith(("eighty → five", "eighty → thirty")) else 3 for label in tick_labels(ax)
    ]
    studio = next(row for row, label in enumerate(tick_labels(ax)) if label.startswith("wild → studio"))
    assert sorted(strokes[studio].get_xdata()) == pytest.approx([0, 0, 50], abs=1e-6)


def test_contrasts_that_turn_are_counted():
    turned, _, sure = plots.turning(ACCURACY.title).partition(" of ")
    assert 1 <= int(turned) <= int(sure)


def test_the_width_table_has_a_row_for_each_metric(monkeypatch):
    monkeypatch.setattr("clipkit.sections.pocket.prompt_band.prompted_headlines", lambda: (ACCURACY,))
    shown = plots.width_table()
    assert (
        shown.count("<tr>") == 2
        and f"<td>{ACCURACY.title}</td><td>58.0</td><td>4.0</td><td>20.0</td>" in shown
    )


@pytest.fixture
def judged(monkeypatch):
    """V6 holds with one template and fails with most single ones; N1 is never moved."""
    verdicts = {
        "V6": {(SET, "1"): ("holds", 1.0), (TEMPLATE, "a {}"): ("fails", -0.4), (TEMPLATE, "b {}"): ("fails", 0.2)},
        "N1": {(SET, "80"): ("weaker", 3.0), (SET, "1"): ("weaker", 2.0), (TEMPLATE, "a {}"): ("weaker", 2.5),
               (NAMES, "synonyms"): ("weaker", 1.0)},
    }  # fmt: skip
    rows = [
        (kind, prompts, name, verdict, effect, effect - 1, effect + 1, 0.01)
        for name, ways in verdicts.items()
        for (kind, prompts), (verdict, effect) in ways.items()
    ]
    frame = pd.DataFrame(rows, columns=under_prompts.COLUMNS)
    monkeypatch.setattr(under_prompts, "claims_band", lambda: frame)


def test_the_table_shows_what_flips_or_everything(judged):
    assert plots.flipping() == "1 of 2 (V6)"
    shown, every = plots.flip_table(), plots.flip_table(every=True)
    assert "<strong>V6</strong>" in shown and "N1" not in shown and "<strong>N1</strong>" in every
    assert "<td>2 × fails</td><td>not asked</td><td>1.0 (−0.4 to 0.2) pp</td><td>50%</td>" in shown


def test_the_data_behind_the_figures_are_the_band_of_each_model(monkeypatch):
    monkeypatch.setattr(plots, "headlines", lambda: (ACCURACY,))
    found = plots.rows()
    assert len(found) == 2 * len(PROMPTED) and {r.n for r in found} == {3}
    studio = next(r for r in found if r.model == "resnet-studio-s0")
    assert studio.high - studio.value == pytest.approx(0.03) and studio.value - studio.low == pytest.approx(
        0.10
    )
