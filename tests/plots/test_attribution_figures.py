"""What the figures and tables on attribution say of the public record."""

import matplotlib.pyplot as plt
import pytest

from clipkit.plots import attribution


@pytest.fixture(autouse=True)
def close():
    yield
    plt.close("all")


def test_a_term_without_a_number_is_a_cross_and_the_others_are_dots(public):
    attribution.coefficients()
    for ax in plt.gcf().axes:
        marks = [line.get_marker() for line in ax.lines]
        assert (marks.count("x"), marks.count("o")) == (5, 18)
    labels = [tick.get_text() for tick in plt.gcf().axes[0].get_yticklabels()]
    assert "WebLI (8)" in labels and "training-set size, ×10" in labels


def test_the_table_names_what_stands_together_and_what_nobody_varied(public):
    text = attribution.confounded()
    assert "architecture: ViT(SigLIP) = training distribution: WebLI = contrastive loss: sigmoid" in text
    assert text.count("does not vary") == 2 and "rests on DataComp" in text


def test_numbers_for_prose(public):
    found = attribution.counts()
    assert (found["models"], found["runs"], found["sets"], found["left-out"]) == ("85", "70", "37", "FMoW")
    assert found["lost-family"] == "DataComp" and found["estimable"] == "18"
    assert attribution.effect("model size, ×10").startswith("+")


def test_what_is_lost_without_a_family_stands_beside_its_row(public):
    attribution.leave_out()
    notes = [text.get_text() for text in plt.gca().texts]
    assert "no number without" in notes and sum("DataComp" in note for note in notes) == 14
