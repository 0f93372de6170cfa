"""The design of the published checkpoints, against tables and a design worked out by hand."""

import pandas as pd
from typer.testing import CliRunner

from clipkit import zoo
from clipkit.cli import app
from clipkit.errors import UnknownName
from clipkit.plots import factor_grid as figure
from clipkit.sections.factor_grid import ALONE, aliasing, comparisons, counts, hidden, levels, real_factors


def by_hand(**columns):
    frame = pd.DataFrame(columns)
    return frame.assign(**{c: pd.Categorical(frame[c], pd.unique(frame[c])) for c in frame if c != "run"})


SMALL = by_hand(
    loss=["softmax", "softmax", "sigmoid", "softmax"],
    source=["A", "B", "C", "B"],
    tower=["vit", "vit", "siglip", "cnn"],
    run=["1", "2", "3", "2"],
)


def test_cells_count_runs_and_not_models():
    assert counts(SMALL, "source", "loss").to_dict("index") == {
        "A": {"softmax": 1, "sigmoid": 0},
        "B": {"softmax": 1, "sigmoid": 0},
        "C": {"softmax": 0, "sigmoid": 1},
    }


def test_pairs_of_levels_that_meet_while_another_factor_is_held():
    found = comparisons(SMALL)
    assert found.pairs.to_dict() == {"loss": 1, "source": 3, "tower": 3}
    # A and B meet under softmax and as vits; vit and cnn under softmax and on B.
    assert found.loc["source", ["loss", "tower", ALONE]].tolist() == [1, 1, 1]
    assert found.loc["tower", ["loss", "source", ALONE]].tolist() == [1, 1, 1]
    assert found.loc["loss", ["source", "tower", ALONE]].tolist() == [0, 0, 0]


def test_levels_that_always_come_together_have_no_effect_of_their_own():
    assert aliasing(SMALL).aliased == [("loss: sigmoid", "source: C", "tower: siglip")]
    assert hidden(SMALL) == {("loss", "sigmoid"), ("source", "C"), ("tower", "siglip")}


def test_the_lists_are_all_there_but_what_their_rules_exclude():
    factors = real_factors()
    clips, tuned = zoo.zero_shot(), zoo.finetuned()
    kept = clips.model[~clips.pool.str.startswith("exclude")]
    assert set(factors.index) == set(kept) | set(tuned.model[tuned.parent.isin(kept)])
    child = "vit_base_patch16_clip_224.openai_ft_in1k"
    same = factors.columns.drop("fine-tuning")
    assert factors.loc[child, same].tolist() == factors.loc["ViT-B-16/openai", same].tolist()
    assert factors.loc[child, "fine-tuning"] == "in1k"
    assert not factors.isna().any(axis=None) and all(
        (factors[f] == level).any() for f, own in levels(factors).items() for level in own
    )
    core = real_factors("core")
    assert set(core.index) & set(clips.model) == set(clips.model[clips.pool == "core"])


def test_sigmoid_is_never_without_siglip_and_webli():
    factors = real_factors("core")
    siglip = ("training distribution: WebLI", "architecture: ViT(SigLIP)", "contrastive loss: sigmoid")
    assert siglip in aliasing(factors).aliased
    assert (
        counts(factors, "contrastive loss", "training distribution").loc["sigmoid"].drop("WebLI").sum() == 0
    )


def test_the_figure_has_every_run_in_a_cell_and_a_cross_at_what_is_hidden():
    import matplotlib.pyplot as plt

    figure.grid("core")
    factors, ax = real_factors("core"), plt.gca()
    names = list(levels(factors))
    written = sorted(int(text.get_text()) for text in ax.texts if text.get_text().isdigit())
    tables = [counts(factors, a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
    assert written == sorted(int(n) for table in tables for n in table.to_numpy().ravel() if n)
    crossed = {tick.get_text()[:-2] for tick in ax.get_yticklabels() if tick.get_text().endswith("×")}
    assert crossed == {level for name, level in hidden(factors) if name in names[:-1]}
    plt.close("all")


def test_numbers_for_prose_add_up():
    found = {name: int(text) for name, text in figure.numbers("core").items()}
    factors = real_factors("core")
    sizes = [len(own) for own in levels(factors).values()]
    assert found["cells"] == (sum(sizes) ** 2 - sum(n * n for n in sizes)) // 2
    assert (found["models"], found["runs"]) == (len(factors), 70) and 0 < found["empty"] < found["cells"]
    assert found["alone"] <= found["pairs"] == sum(n * (n - 1) // 2 for n in sizes)


def test_the_command_prints_grid_pairs_and_aliases(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    said = CliRunner().invoke(app, ["models", "design", "--pool", "core", "--columns", "contrastive loss"])
    lines = [line.split() for line in said.output.splitlines()]
    assert ["WebLI", "×", "·", "3", "·"] in lines and ["DataComp", "8", "·", "·"] in lines
    assert ["fine-tuning", "6", "6", "6", "6", "6", "6", "–", "6"] in lines
    assert "always together: architecture: ViT(CoCa) = contrastive loss: softmax+captioning" in said.output
    wrong = CliRunner().invoke(app, ["models", "design", "--rows", "losses"])
    assert isinstance(wrong.exception, UnknownName) and "contrastive loss" in str(wrong.exception)
