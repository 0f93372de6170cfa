"""Explorers in a real browser: whatever a reader points at, picks or slides to is told, and told rightly."""

import re

import pytest

from clipkit.card.record_map import record_frame
from clipkit.card.zoo_map import headline_frame
from clipkit.models import card
from clipkit.plots.calibration import bins
from clipkit.plots.explorers.reliability import calibrated_band
from clipkit.pocket.world.counterfactuals import FACTORS
from clipkit.sections.headlines import HEADLINES
from clipkit.sections.pocket.prompt_band import TEMPLATE, zoo_band
from clipkit.sections.pocket.results import zoo_results

pytestmark = pytest.mark.browser
PAGES = {
    "twins": "explore",
    "zoo-map": "explore",
    "record-map": "explore",
    "reliability": "calibration",
    "matches": "correspondence",
    "prompt-band": "prompts",
}


class Explorer:
    """One explorer on an open page."""

    def __init__(self, page, name: str):
        self.page, self.root = page, page.locator(f"#{name}")
        page.wait_for_selector(f"#{name}[data-drawn]")

    def choose(self, control: str, label: str) -> None:
        self.root.locator(f"select[name={control}]").select_option(label=label)

    def press(self, control: str, *keys: str) -> None:
        for key in keys:
            self.root.locator(f"[name={control}]").press(key)

    def chosen(self, control: str) -> str:
        return self.root.locator(f"select[name={control}] option:checked").inner_text()

    def value_text(self, control: str) -> str:
        return self.root.locator(f"[name={control}]").get_attribute("aria-valuetext")

    @property
    def says(self) -> str:
        return self.root.locator(".explorer-says").inner_text()

    def marks(self):
        return self.root.locator(".explorer-view .explorer-mark:not(.explorer-chosen)")

    def point_at(self, mark) -> None:
        self.root.scroll_into_view_if_needed()
        box = mark.bounding_box()
        self.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)

    def rows(self) -> list[list[str]]:
        """The table twin: the texts of each row's cells."""
        return self.root.locator(".explorer-table tbody tr").evaluate_all(
            "rows => rows.map((row) => [...row.cells].map((cell) => cell.textContent))"
        )


@pytest.fixture(scope="module")
def explorer(open_page):
    """Open the page of an explorer."""
    pages = []

    def open_one(name: str) -> Explorer:
        pages.append(open_page(f"notebooks/{PAGES[name]}"))
        return Explorer(pages[-1], name)

    yield open_one
    for page in pages:
        page.close()


def number(value: float) -> str:
    return f"{value:.3f}".replace("-", "−")


def test_the_map_tells_the_model_pointed_at_and_leaves_groups_out(explorer):
    map_ = explorer("zoo-map")
    across, up = "AUROC, far OOD", "Mean accuracy over sixteen visual factors"
    map_.choose("x", across)
    map_.choose("y", up)
    map_.choose("colour", "training distribution")
    frame = headline_frame(zoo_results()).set_index(["model", "metric"])
    assert map_.marks().count() == len(map_.rows()) == len(frame.xs(up, level="metric"))

    lowest = min(map_.marks().all(), key=lambda mark: mark.bounding_box()["x"])
    map_.point_at(lowest)
    model = map_.chosen("model")
    assert frame.xs(across, level="metric")["value"].idxmin() == model
    for metric in (across, up):
        value, low, high = frame.loc[(model, metric)]
        assert f"{number(value)} [{number(low)}, {number(high)}]" in map_.says
    assert f"clipkit card {model}" in map_.says

    map_.press("model", "ArrowDown")
    assert f"clipkit card {map_.chosen('model')}" in map_.says and map_.chosen("model") != model

    sources = [row[1] for row in map_.rows()]
    map_.root.get_by_role("checkbox", name="wild", exact=True).uncheck()
    assert map_.marks().count() == len(map_.rows()) == len([s for s in sources if s != "wild"]) > 0
    assert "wild" not in {row[1] for row in map_.rows()}


def test_a_model_without_a_number_is_said_to_have_none(explorer):
    map_ = explorer("zoo-map")
    map_.choose("x", "Recall@1, both ways")
    map_.choose("model", "linear-probe-wild-s0")
    assert "has no such number" in map_.says
    assert "linear-probe-wild-s0" not in {row[0] for row in map_.rows()}


def test_real_models_are_on_a_map_of_their_own(explorer, public):
    map_ = explorer("record-map")
    across, up = "Flickr30k, text recall@1", "ImageNet-Sketch"
    map_.choose("x", across)
    map_.choose("y", up)
    map_.choose("colour", "contrastive loss")
    frame = record_frame().set_index(["model", "metric"])
    assert map_.marks().count() == len(map_.rows()) == len(frame.xs(across, level="metric"))
    lowest = max(map_.marks().all(), key=lambda mark: mark.bounding_box()["y"])
    map_.point_at(lowest)
    model = map_.chosen("model")
    of_clips = frame.loc[frame.xs(across, level="metric").index].xs(up, level="metric")
    assert of_clips["value"].idxmin() == model
    value, low, high = frame.loc[(model, up)]
    assert f"{number(value)} [{number(low)}, {number(high)}]" in map_.says
    assert f"clipkit card {model}" in map_.says and card(model).source in map_.says
    map_.root.get_by_role("checkbox", name="softmax", exact=True).uncheck()
    assert {row[1] for row in map_.rows()} == {"sigmoid", "softmax+captioning"}


def test_arrow_keys_slide_through_the_twins(explorer):
    twins = explorer("twins")
    twins.choose("scene", "giraffe")
    twins.press("factor", "Home", "ArrowRight", "ArrowRight", "ArrowRight")
    assert twins.value_text("factor") == FACTORS[3] == "color"
    base, changed = twins.root.locator("figure svg").all()
    assert [svg.get_attribute("viewBox").split()[0] for svg in (base, changed)] == ["0", str(4 * 48)]
    assert changed.get_attribute("aria-label") == "giraffe, color changed"
    rows = {row[0]: row[1:] for row in twins.rows()}
    assert len(rows) == 1 + len(FACTORS)
    shown = twins.root.locator(".explorer-view tbody tr").evaluate_all(
        "rows => rows.map((row) => [...row.cells].slice(1).map((cell) => cell.querySelector('li').textContent))"
    )
    assert [list(column) for column in zip(*shown, strict=True)] == [rows["nothing"], rows["color"]]
    right = [sum("✓" in answer for answer in rows[key]) for key in ("nothing", "color")]
    assert f"{right[0]} of {len(shown)} models name the typical picture rightly, {right[1]} the" in twins.says
    twins.press("factor", "End", "ArrowRight")
    assert twins.value_text("factor") == FACTORS[-1].replace("_", " ")


def test_reliability_calls_sure_what_lies_outside_of_the_band(explorer):
    diagram = explorer("reliability")
    model, shift = "resnet-studio-s0", "sketch"
    diagram.choose("model", model)
    diagram.choose("shift", shift)
    found = bins(zoo_results(), model, shift)
    low, high = calibrated_band(found)
    over = ((found.accuracy < low) & (found.confidence > found.accuracy)).sum()
    under = ((found.accuracy > high) & (found.confidence < found.accuracy)).sum()
    assert f"{over} bins surely over-confident, {under} surely under-confident" in diagram.says
    assert [int(row[1]) for row in diagram.rows()] == found.n.tolist()

    diagram.press("bin", "End")
    last = diagram.rows()[-1]
    assert f"Bin {len(found)} of {len(found)}: {last[1]} images, confidence {last[2]}" in diagram.says
    diagram.point_at(diagram.marks().nth(1))
    assert f"Bin 2 of {len(found)}: {found.n[1]} images" in diagram.says
    assert diagram.value_text("bin") in diagram.says[0] + diagram.says.replace("Bin 2", "bin 2")

    before = diagram.says
    diagram.choose("part", "after temperature scaling")
    assert "after temperature scaling" in diagram.says and diagram.says != before


def test_points_are_matched_under_the_pointer_and_by_keys(explorer):
    matches = explorer("matches")
    for views in ("objects", "scenes", "parts"):
        matches.choose("pair", views)
        rows = matches.rows()
        matches.press("point", "Home", "ArrowRight")
        assert matches.says.split("\n\n") == [f"{model}: {told}" for model, told in told_of(matches, 1)]
        matches.point_at(matches.root.locator(".explorer-dot").nth(len(rows) - 3))
        assert matches.says.split("\n\n") == [
            f"{model}: {told}" for model, told in told_of(matches, len(rows) - 3)
        ]
        assert {told.split(",")[0] for row in rows for told in row[3:]} == {"right", "wrong"}


def told_of(matches: Explorer, point: int) -> list[tuple[str, str]]:
    """What the table says of a point: model and outcome."""
    head = matches.root.locator(".explorer-table thead th").all_text_contents()
    return list(zip(head[3:], matches.rows()[point][3:], strict=True))


def test_templates_run_from_the_lowest_value_to_the_highest(explorer):
    band = explorer("prompt-band")
    model, headline = "vit-wild-s0", HEADLINES[0]
    band.choose("model", model)
    band.choose("metric", headline.title)
    alone = zoo_band().of(headline).loc[model, TEMPLATE].astype(float)
    for key, value in (("Home", alone.min()), ("End", alone.max())):
        band.press("template", key)
        template = re.match(r"“(.*)” gives (.*)", band.value_text("template"))
        assert alone[template[1]] == value == pytest.approx(float(template[2]), abs=6e-4)
        assert template[0] in band.says
    spread = float(re.search(r"differ by up to (\S+) pp", band.says)[1])
    assert spread == pytest.approx(100 * (alone.max() - alone.min()), abs=0.06)
    strokes = band.root.locator(".explorer-stroke")
    assert strokes.count() == len(alone)
    band.point_at(min(strokes.all(), key=lambda stroke: stroke.bounding_box()["x"]))
    assert f"“{alone.idxmin()}”" in band.says
    assert len(band.rows()) == 4 + len(alone)


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("page", sorted(set(PAGES.values())))
def test_nothing_moves_when_an_explorer_is_drawn(browser, address, page, width):
    """An explorer is as high without scripts, before it is drawn, as with them."""
    names, heights = [name for name, at in PAGES.items() if at == page], []
    for scripts in (False, True):
        opened = browser.new_page(
            viewport={"width": width, "height": 900}, java_script_enabled=scripts, reduced_motion="reduce"
        )
        opened.goto(f"{address}notebooks/{page}.html", wait_until="networkidle")
        if scripts:
            for name in names:
                opened.wait_for_selector(f"#{name}[data-drawn]")
        heights.append([opened.locator(f"#{name}").bounding_box()["height"] for name in names])
        opened.close()
    assert heights[1] == pytest.approx(heights[0], abs=1)


def test_a_page_loads_the_scripts_of_its_explorers_alone(book):
    for path in book.glob("notebooks/*.html"):
        loaded = re.findall(r"_static/explore/([\w-]+)\.js", path.read_text())
        own = {name.replace("record-map", "zoo-map") for name, at in PAGES.items() if at == path.stem}
        assert sorted(loaded) == sorted(["base", *own] if own else []), path.name
