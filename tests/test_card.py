"""The card of one model, its comparison with another, and the pages that show them."""

import json
from html.parser import HTMLParser

import numpy as np
import pytest
from typer.testing import CliRunner

from clipkit.card.headlines import FULL, POCKET
from clipkit.card.html import to_html
from clipkit.card.markdown import to_markdown
from clipkit.card.numbers import compare, robustness_card
from clipkit.card.page import card_page, comparison_page
from clipkit.cli import app
from clipkit.errors import BadInput, UnknownName
from clipkit.sections.measured import DRAWS, Measured, to_rows, write_measured
from clipkit.sections.pocket.results import zoo_results

RESNET, VIT, HEAD = "resnet-wild-s0", "vit-wild-s0", "supervised-resnet-wild-s0"
ACCURACY, ERROR = (
    next(h for h in POCKET if h.dataset == "wild" and h.metric == metric)
    for metric in ("accuracy", "rms_calibration_error")
)
SHAPE = next(h for h in POCKET if h.metric == "shape_bias")
REAL = "ViT-B-32/openai"


def measured(headline, value, noise):
    return Measured(**headline.key, value=value, draws=value + noise, n=100, prompts="80")


def facts(**more):
    said = {"weights": "w", "code": "c", "data": '{"wild": "f"}', "git_commit": "g", "versions": "{}"}
    return said | more


@pytest.fixture
def noise():
    return np.random.default_rng(0).normal(0, 0.02, (4, DRAWS))


@pytest.fixture
def planted(tmp_path, noise):
    """Three models that share the noise of the images, and one that shares none."""
    for seed, value in enumerate((0.5, 0.2, 0.8)):
        numbers = [measured(h, value, noise[0]) for h in (ACCURACY, ERROR, SHAPE)]
        write_measured(numbers, tmp_path / "test" / f"resnet-wild-s{seed}.parquet", **facts())
    other = [measured(h, 0.51, noise[i + 1]) for i, h in enumerate((ACCURACY, ERROR, SHAPE))]
    write_measured(other, tmp_path / "test" / f"{VIT}.parquet", **facts(data='{"studio": "e"}'))
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(app, ["card", *map(str, arguments)], catch_exceptions=False)


@pytest.mark.parametrize("name", [RESNET, HEAD])
def test_numbers_are_those_of_the_table(name):
    card, table = robustness_card(name), zoo_results()
    possible = [h for h in POCKET if h.section != "retrieval" or card.model.prompts]
    assert [line.headline for line in card.lines] == possible
    for line in card.lines:
        prompts = "80" if line.asked == "80 templates" else ""
        number = table.get(name, prompts=prompts, **line.headline.key)
        (row,) = to_rows([number], name, "pocket")
        assert (line.value, line.low, line.high, line.n) == (row.value, row.low, row.high, row.n)
    assert card.missing == {} and card.inapplicable == (() if card.model.prompts else ("retrieval",))


def test_percentiles_by_hand(planted):
    found = {
        seed: {
            line.headline: line.percentile for line in robustness_card(f"resnet-wild-s{seed}", planted).lines
        }
        for seed in range(3)
    }
    # Beside 0.51 of the fourth model: 0.5 is above one of three, 0.2 above none, 0.8 above all.
    assert [found[seed][ACCURACY] for seed in range(3)] == pytest.approx([100 / 3, 0, 100])
    assert [found[seed][ERROR] for seed in range(3)] == pytest.approx([200 / 3, 100, 0])
    assert found[0][SHAPE] == found[0][ACCURACY]


def test_models_measured_on_other_images_are_no_rank_and_no_partner(planted, noise):
    path = planted / "test" / f"{VIT}.parquet"
    write_measured([measured(ACCURACY, 0.51, noise[1])], path, **facts(data='{"wild": "other"}'))
    card = robustness_card(RESNET, planted)
    assert sorted(card.lines[0].others) == [0.2, 0.8] and card.lines[0].percentile == 50
    with pytest.raises(BadInput, match=f"{RESNET} and {VIT} were measured on different images"):
        compare(card, robustness_card(VIT, planted))


def test_a_model_against_itself_differs_by_nothing():
    card = robustness_card(RESNET)
    found = compare(card, card)
    assert len(found) == len(POCKET)
    assert {(d.effect, d.low, d.high, d.p, d.surely) for d in found} == {(0, 0, 0, 1, "")}


def test_shared_noise_cancels_and_other_noise_does_not(planted):
    better, worse, other = (robustness_card(n, planted) for n in (RESNET, "resnet-wild-s1", VIT))
    sure = {d.headline: d for d in compare(better, worse)}
    assert {h: d.surely for h, d in sure.items()} == {ACCURACY: "A", ERROR: "B", SHAPE: "A"}
    # Draws are stored in steps, so that what cancels leaves a step's width.
    assert [(d.effect, d.low, d.high) for d in sure.values()] == [pytest.approx([0.3] * 3, abs=1e-3)] * 3
    unsure = compare(better, other)
    assert {d.surely for d in unsure} == {""}
    for d in unsure:
        spread = np.hypot(0.02, 0.02) * 1.96
        assert (d.low, d.high) == pytest.approx((-0.01 - spread, -0.01 + spread), abs=0.01)


def test_p_is_corrected_over_the_lines(planted, noise):
    """The interval of each line alone excludes zero, but one in three would by chance."""
    path = planted / "test" / f"{VIT}.parquet"
    shift = np.quantile(noise[0] - noise[1], 0.98)
    write_measured([measured(h, 0.5 - shift, noise[1]) for h in (ACCURACY, ERROR, SHAPE)], path, **facts())
    found = compare(robustness_card(RESNET, planted), robustness_card(VIT, planted))
    assert {d.low > 0 for d in found} == {True} and {d.surely for d in found} == {""}


class Parsed(HTMLParser):
    """What a page has that people and browsers meet."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.title, self.lang = [], "", ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        if self.tags and self.tags[-1][0] == "title" and not self.title:
            self.title = data

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def pages():
    a, b = robustness_card(RESNET), robustness_card(VIT)
    return {"card": card_page(a), "comparison": comparison_page(a, b, compare(a, b))}


@pytest.mark.parametrize("which", ["card", "comparison"])
def test_html_is_whole_and_loads_nothing(pages, which):
    text = to_html(pages[which])
    found = Parsed(text)
    assert found.all("html") == [{"lang": "en"}] and len(found.all("h1")) == 1
    assert found.title == pages[which].title and RESNET in found.title
    assert {th["scope"] for th in found.all("th")} == {"col", "row", "rowgroup"}
    assert len(found.all("table")) == len(found.all("caption"))
    loading = [v for _, attributes in found.tags for k, v in attributes.items() if k in ("src", "href")]
    assert loading == ["data:,"] and "url(" not in text and "http" not in text and not found.all("script")
    pictures = found.all("svg")
    assert len(pictures) == len(POCKET)
    assert all(p["role"] == "img" and p["aria-label"].startswith("Interval ") for p in pictures)


@pytest.mark.parametrize("which", ["card", "comparison"])
def test_markdown_has_the_same_numbers(pages, which):
    html, markdown = to_html(pages[which]), to_markdown(pages[which])
    (table,) = [b for b in pages[which].blocks if getattr(b, "rows", None) and b.rows[0].bar]
    assert len(table.rows) == len(POCKET)
    for row in table.rows:
        assert f">{row.cells[1]}<" in html and f"| {row.cells[1]} |" in markdown


def test_what_a_name_holds_is_shown_as_it_is(pages):
    page = pages["card"]._replace(title="<b>&", blocks=["a < b"])
    assert "<h1>&lt;b&gt;&amp;</h1>" in to_html(page) and "<p>a &lt; b</p>" in to_html(page)


def test_command_writes_the_page_and_says_where(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(RESNET).stdout == f"{RESNET}.html\n"
    assert (tmp_path / f"{RESNET}.html").read_text() == to_html(card_page(robustness_card(RESNET)))
    assert run(RESNET, "--against", VIT, "--format", "markdown").stdout == f"{RESNET}-against-{VIT}.md\n"
    assert run(VIT, "--out", "my.html").stdout == "my.html\n"
    written = {f"{RESNET}.html", f"{RESNET}-against-{VIT}.md", "my.html"}
    assert {p.name for p in tmp_path.iterdir()} == written


def test_json_has_both_cards_and_the_differences(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = json.loads(run(RESNET, "--against", VIT, "--json").stdout)
    assert (found["a"]["model"], found["b"]["model"]) == (RESNET, VIT)
    assert found["a"]["factors"]["architecture"] == "pocket-resnet (CNN)"
    for d, a, b in zip(found["differences"], found["a"]["numbers"], found["b"]["numbers"], strict=True):
        assert d["title"] == a["title"] == b["title"] and d["effect"] == a["value"] - b["value"]
    assert list(tmp_path.iterdir()) == []


def test_unknown_names_get_the_near_miss():
    with pytest.raises(UnknownName, match=f"unknown model 'resnet-wldi-s0'\n  -> Did you mean {RESNET}"):
        run("resnet-wldi-s0")


@pytest.fixture
def real(tmp_path, noise):
    """Folders of the full track: one where a section of the named model was measured."""

    def add(model, **card):
        headline = next(h for h in FULL if h.dataset == "cue-conflict")
        said = {
            "model": model,
            "kind": "zero_shot",
            "data": '{"cue-conflict": "f"}',
            "card": json.dumps(card),
        }
        path = tmp_path / "measured/shape-bias/model.parquet"
        write_measured([measured(headline, 0.5, noise[0])], path, **facts(**said))
        return tmp_path

    return add


def test_a_real_checkpoint_shows_what_was_run_and_what_to_run(real, tmp_path):
    shown = run(REAL, "--results", tmp_path / "none", "--out", tmp_path / "none.html").stdout
    command = f"--profile full --models {REAL} --data DIR --out {tmp_path}"
    assert shown.splitlines()[1:] == [f"not measured yet; run: clipkit evaluate all {command}/none"]
    assert "<table>" not in (tmp_path / "none.html").read_text()
    found = json.loads(run(REAL, "--results", real(REAL), "--json").stdout)
    assert [n["title"] for n in found["numbers"]] == ["Shape bias, a thousand classes"]
    assert found["numbers"][0]["percentile"] is None and found["numbers"][0]["n_others"] == 0
    sections = {h.section: h.section.lower().replace(" ", "-") for h in FULL if h.section != "shape bias"}
    assert found["missing"] == {s: f"clipkit evaluate {name} {command}" for s, name in sections.items()}


def test_a_checkpoint_from_a_file_is_known_by_its_results(real):
    name = "ViT-B-32/local:12345678"
    about = {"kind": "local", "architecture": "ViT-B-32", "quickgelu": False, "training_pairs": None}
    folder = real(name, name=name, **about)
    card = robustness_card(name, folder)
    assert len(card.lines) == 1
    command = f"--models ViT-B-32 --weights FILE --no-quickgelu --data DIR --out {folder}"
    assert card.missing["retrieval"] == f"clipkit evaluate retrieval --profile full {command}"


def test_models_of_two_tracks_share_no_image(real):
    with pytest.raises(BadInput, match="is of the pocket track and .* no image was shown to both"):
        compare(robustness_card(RESNET), robustness_card(REAL, real(REAL)))
