"""The zoo as readers see it: a table that sorts, curves that can be told apart, a design that hides nothing."""

import ast
import json
import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
import typer
from safetensors.numpy import save_file

from clipkit.cli import app
from clipkit.plots import pocket_design, pocket_world, pocket_zoo
from clipkit.pocket.zoo.cards import pocket_cards
from clipkit.pocket.zoo.design import ContrastSpec, contrasts
from clipkit.pocket.zoo.files import weights_file
from clipkit.pocket.zoo.recipe import read_recipe

CHROMIUM = Path(os.environ.get("CLIPKIT_CHROMIUM", "/usr/bin/chromium"))


def spec(a, b, factor="loss", **values):
    return ContrastSpec(id=f"{a}-{b}", factor=factor, aspect="x → y", a=a, b=b, **values)


@pytest.fixture
def folder(tmp_path):
    """Weights files that hold curves alone: two runs of a base, one of an arm, a fine-tuned one, one without."""

    def write(name, ends, recipe=None):
        curve = [[1000 * (i + 1), 1.0, end] for i, end in enumerate(ends)]
        said = {"curve": json.dumps(curve), "recipe": json.dumps(recipe or {})}
        said["curve_columns"] = '["samples", "loss", "wild_validation_accuracy"]'
        save_file({"weight": np.zeros(1)}, tmp_path / f"{name}.safetensors", said)

    write("base-s0", [0.2, 0.5])
    write("base-s1", [0.2, 0.6])
    write("arm-s0", [0.3, 0.5])
    write("tuned-s0", [0.7], {"parent": "base"})
    write("unwatched-s0", [])
    return tmp_path


def datasets(chart) -> list[list[dict]]:
    return list(chart.spec["datasets"].values())


def test_the_table_has_a_row_for_each_shipped_recipe_and_counts_its_seeds():
    cards = pocket_cards()
    frame = pocket_zoo.zoo_frame(cards).set_index("recipe")
    assert set(frame.index) == pocket_zoo.recipes_of(cards)
    assert frame.seeds.sum() == len(cards)
    base = frame.loc["resnet-wild"]
    assert (base.architecture, base.source, base.images, base.finetuning) == (
        "resnet",
        "wild",
        24_000,
        "none",
    )
    assert base.parameters == pytest.approx(1.69, abs=0.005)
    size = weights_file("resnet-wild-s0").stat().st_size / 1e6
    assert base.megabytes == pytest.approx(size, rel=0.01)
    assert 50 < base.accuracy < 100


def test_numbers_sort_by_size_and_the_missing_come_first():
    def key(value):
        return re.search('data-value="(.*?)"', pocket_zoo._cell("accuracy", value))[1]

    values = [float("nan"), 0.0, 3.4, 9.99, 10.0, 72.1]
    assert [int(key(v)) for v in values] == sorted(int(key(v)) for v in values)
    assert len({key(v) for v in values}) == len(values)
    assert ">–</td>" in pocket_zoo._cell("accuracy", float("nan"))


def test_text_cannot_become_markup():
    assert "<b>" not in pocket_zoo._cell("loss", "<b>")


@pytest.mark.browser
def test_columns_sort_from_the_keyboard():
    if not CHROMIUM.exists():
        pytest.skip(f"no browser at {CHROMIUM}")
    # In a thread of its own, for another test of this process may hold the browser of the book.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(_sort_by_keyboard, pocket_zoo.zoo_table(pocket_cards())).result()


def _sort_by_keyboard(html):
    from playwright.sync_api import sync_playwright

    numbers = "rows => rows.map(row => parseFloat(row.cells[7].textContent))"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        page.set_content(html)
        button = page.get_by_role("button", name="Parameters")
        for order in ("ascending", "descending"):
            button.press("Enter")
            assert page.locator(f'th[aria-sort="{order}"]').count() == 1
            shown = page.eval_on_selector_all("#pocket-zoo tbody tr", numbers)
            assert shown == sorted(shown, reverse=order == "descending") and len(shown) > 1
        browser.close()


def test_curves_come_from_the_files(folder):
    points = pocket_zoo.curves(folder.glob("*.safetensors"))
    assert points.groupby("model").size().to_dict() == {
        "arm-s0": 2,
        "base-s0": 2,
        "base-s1": 2,
        "tuned-s0": 1,
    }
    assert points.set_index("model").stage["tuned-s0"] == pocket_zoo.FINETUNED
    assert points.accuracy.max() == 0.7


def test_compared_recipes_are_coloured_and_named_once_a_recipe(folder):
    chart = pocket_zoo.learning_curves(folder.glob("*.safetensors"), [spec("arm", "base")])
    labels = next(rows for rows in datasets(chart) if rows and "height" in rows[0])
    assert {row["recipe"]: round(row["accuracy"], 3) for row in labels} == {"arm": 0.5, "base": 0.55}
    assert len({row["place"] for row in labels}) == 2
    assert "4 models" in chart.alt_text


def test_fine_tuned_models_are_not_drawn_on_the_axis_of_their_parents(folder):
    chart = pocket_zoo.learning_curves(folder.glob("*.safetensors"), [spec("tuned", "base", "fine-tuning")])
    coloured = next(rows for rows in datasets(chart) if rows and "place" in rows[0])
    assert {row["model"] for row in coloured} == {"tuned-s0"}
    assert "indexof(['fine-tuning'], factor_shown)" in json.dumps(chart.spec)


def test_an_empty_zoo_has_an_empty_chart(tmp_path):
    chart = pocket_zoo.learning_curves(tmp_path.glob("*.safetensors"), [spec("arm", "base")])
    assert "0 models" in chart.alt_text


def test_the_design_shows_what_is_clean_and_what_is_shipped():
    drawn = [
        spec("a", "base"),
        spec("b", "base", clean=False, note="longer"),
        spec("c", "a", "size"),
        spec("1", "80", "prompts", kind="prompts"),
    ]
    pocket_design.design_picture(drawn, shipped={"a", "base"}, base="base")
    ax = plt.gca()
    texts = [text.get_text() for text in ax.texts]
    assert {"a", "b", "c – a", "1 – 80 prompts, same models", "loss", "size", "prompts", "base"} == set(texts)
    filled = [line.get_markerfacecolor() != "white" for line in ax.lines if line.get_marker() == "o"]
    assert filled == [True, False, False, True]
    assert sum(line.get_linestyle() == "--" for line in ax.lines) == 1
    plt.close("all")


def test_reservations_are_the_notes():
    table = pocket_design.reservations([spec("a", "b"), spec("c", "d", note="c is <longer>")])
    assert table.count("<tr>") == 2 and "c is &lt;longer&gt;" in table


def test_what_is_glued_is_read_back_as_text(monkeypatch):
    glued = {}
    for module in (pocket_zoo, pocket_world):
        monkeypatch.setattr(module, "glue_text", lambda key, make: glued.__setitem__(key, make()))
        module.glue_counts(*([pocket_cards()] if module is pocket_zoo else []))
    assert glued["pocket-classes"] == "26" and glued["pocket-models"] == str(len(pocket_cards()))
    assert glued["pocket-base-images"] == "24 thousand"
    for text in glued.values():
        try:
            assert isinstance(ast.literal_eval(text), int | float), f"glue would show {text!r} otherwise"
        except (SyntaxError, ValueError):
            pass
    prose = "".join(cell.source for cell in chapter(Path(__file__).parents[2]).cells)
    in_place = set(re.findall(r'glue_text\("(.*?)"', prose))
    assert set(re.findall(r"\{glue:text\}`(.*?)`", prose)) <= set(glued) | in_place


def chapter(root):
    return nbformat.read(root / "notebooks" / "pocket-laboratory.ipynb", as_version=4)


def test_the_chapters_recipe_and_commands_exist(root, tmp_path):
    prose = "\n".join(cell.source for cell in chapter(root).cells if cell.cell_type == "markdown")
    path = tmp_path / "my-resnet.toml"
    path.write_text(re.search(r"```toml\n(.*?)```", prose, re.DOTALL)[1])
    mine, shipped = read_recipe(path), read_recipe("resnet-wild-10-epochs")
    assert (mine.samples_seen, mine.data.images) == (shipped.samples_seen, shipped.data.images)
    assert mine.optimizer == shipped.optimizer
    known = typer.main.get_command(app).commands["pocket"].commands
    assert set(re.findall(r"clipkit pocket (\w+)", prose)) == {
        "train", "show", "sets", "sheet", "contrasts"
    } <= set(known)  # fmt: skip


def test_the_chapters_lines_open_a_model(root):
    code = next(cell.source for cell in chapter(root).cells if "create_model_and_transforms" in cell.source)
    names = {"path": str(weights_file("resnet-wild-s0"))}
    exec(code, names)
    pixels = names["preprocess"](pocket_world.Image.new("RGB", (48, 48)))
    assert tuple(names["net"].encode_image(pixels[None]).shape) == (1, 96)


def test_every_factor_of_the_design_has_its_branch():
    pocket_design.design_picture(contrasts().values(), pocket_zoo.recipes_of(pocket_cards()))
    texts = [text.get_text() for text in plt.gca().texts]
    assert {c.factor for c in contrasts().values()} < set(texts)
    plt.close("all")
