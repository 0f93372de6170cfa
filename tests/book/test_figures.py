"""Figures on a page: their size is known before they load, and their letters stay legible."""

import matplotlib.pyplot as plt
import pytest

from clipkit.book.figures import LETTERS, give_sizes, measure
from clipkit.plots import style


@pytest.fixture
def drawing(tmp_path):
    """A figure of 5 × 2 inches whose smallest letters are of 6 points: 8 CSS pixels."""
    style.use()
    figure, ax = plt.subplots(figsize=(5, 2))
    ax.set_axis_off()
    ax.set_title("large", fontsize=12)
    ax.text(0.5, 0.5, "small", fontsize=6)
    figure.savefig(tmp_path / "a drawing.svg")
    plt.close(figure)
    return tmp_path / "a drawing.svg"


def test_size_and_smallest_letters_of_a_figure(drawing):
    assert measure(drawing) == pytest.approx((5 * 96, 2 * 96, 8))


def test_a_figure_needs_the_width_at_which_its_letters_are_large_enough(drawing):
    page = (
        '<p>x</p><figure class="align-default" id="f">\n<img alt="dots" src="a%20drawing.svg" />\n</figure>'
    )
    assert give_sizes(page, drawing.parent) == (
        '<p>x</p><figure class="align-default output" id="f" style="--needed: 480px">\n'
        '<img alt="dots" src="a%20drawing.svg" width="480" height="192" />\n</figure>'
    )  # 8 pixels are less than LETTERS, so it may not shrink at all
    drawing.write_text(drawing.read_text().replace("6px", "12px"))
    assert f"--needed: {480 * LETTERS / (12 / 0.75):.0f}px" in give_sizes(page, drawing.parent)


@pytest.mark.browser
def test_a_figure_that_scrolls_is_reached_by_tab_and_its_caption_stays(open_page):
    page = open_page("notebooks/calibration")
    figure = page.locator("figure.output").first
    assert figure.evaluate("f => f.scrollWidth <= f.clientWidth && f.tabIndex") == -1
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_function("() => document.querySelector('figure.output').tabIndex === 0")
    left = figure.locator("figcaption").bounding_box()["x"]
    figure.evaluate("f => f.scrollTo(150, 0)")
    assert figure.evaluate("f => f.scrollLeft") == 150
    assert figure.locator("figcaption").bounding_box()["x"] == pytest.approx(left, abs=1)
    page.close()
