"""Values without draws are those that the sections measure."""

import pytest

from clipkit.pocket.oracle import oracle_suite
from clipkit.sections.headlines import HEADLINES
from clipkit.sections.measure import calibration, natural_shifts, ood_detection, shape_bias, visual_factors
from clipkit.sections.prompt_values import PromptValues

ORACLE = oracle_suite("asked", accuracy=0.7, overconfidence=0.1, auroc=0.75, n=52)
MEASURED = {
    (m.section, m.dataset, m.subset, m.metric, m.prompts): m.value
    for section in (natural_shifts, visual_factors, shape_bias, ood_detection, calibration)
    for m in section.measure(ORACLE)
}


@pytest.mark.parametrize("prompts", ["1", "5", "30", "80"])
def test_a_value_is_what_the_section_measures(prompts):
    found = PromptValues(ORACLE).of(prompts)
    both = {key: value for key, value in found.items() if (*key, prompts) in MEASURED}
    assert len(both) == (len(found) if prompts == "80" else {"1": 19, "5": 14, "30": 14}[prompts])
    for key, value in both.items():
        assert value == pytest.approx(MEASURED[*key, prompts], abs=1e-6), key


def test_every_headline_that_depends_on_prompts_is_among_them():
    found = PromptValues(ORACLE).of("80")
    missing = [h.title for h in HEADLINES if tuple(h.key.values()) not in found]
    assert missing == [h.title for h in HEADLINES if h.section == "retrieval"]
