"""Natural shifts: accuracy on the wild test set, on tidy pictures, and on the sets drawn from elsewhere."""

from clipkit.metrics import resampled_mean
from clipkit.sections.measured import DRAWS, Measured
from clipkit.sections.outputs import PROMPT_SETS, Outputs, default_prompts
from clipkit.stats.shared_draws import shared_counts

SECTION = "natural shifts"
ORDINARY = "wild"
SHIFTS = ("redrawn", "sketch", "renditions", "unusual", "hard-images")
"""Stand for ImageNet-V2, -Sketch, -R, ObjectNet and -A."""
DATASETS = (ORDINARY, "studio", *SHIFTS)
ALL = "all"


def measure(outputs: Outputs) -> list[Measured]:
    """Accuracy on each set; with one prompt on the wild set and the shifts; with five and thirty on the wild set."""
    default = default_prompts(outputs)
    asked = {default: DATASETS}
    if outputs.card.prompts:
        asked |= {prompts: (ORDINARY,) for prompts in PROMPT_SETS[1:-1]} | {"1": (ORDINARY, *SHIFTS)}
    return [_accuracy(outputs, name, prompts) for prompts, names in asked.items() for name in names]


def _accuracy(outputs: Outputs, dataset: str, prompts: str) -> Measured:
    correct = (outputs.logits(dataset, prompts).argmax(axis=1) == outputs.labels(dataset)).astype(float)
    draws = resampled_mean(shared_counts(dataset, len(correct), DRAWS), correct)
    return Measured(SECTION, dataset, ALL, "accuracy", float(correct.mean()), draws, len(correct), prompts)
