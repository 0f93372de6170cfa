"""Planted truth: embeddings built so that each metric has a value that was chosen beforehand.

A section is validated by running it on an `OracleModel`: it must return what was planted. There are two kinds
of truth, with the same function names:

- `exact`: the metric *of the sample* is the chosen value, to the rounding of counts. For checking that a
  section computes the right number from the right rows.
- `population`: the sample is drawn from a distribution whose metric is known by formula or quadrature. For
  checking that intervals cover the truth as often as they say.

Each planted set states its truth under these names, all but `overconfidence` and `temperature` in [0, 1]:
accuracy; overconfidence (mean confidence - accuracy); ece; temperature; auroc and fpr95 (by MCM, MSP or max
logit, against the set named as reference); shape_bias; cue_accuracy; image_recall@k; text_recall@k;
accuracy/SUBSET for each factor or kind; drop/FACTOR. With several prompt sets, "/80" and the like follows.

>>> from clipkit.metrics import accuracy
>>> model = OracleModel("example", exact.classification("wild", accuracy=0.75, n=52))
>>> accuracy(model.logits("wild").argmax(axis=1), model.labels("wild")), model.truth("wild")["accuracy"]
(0.75, 0.75)
"""

from clipkit.pocket.oracle import exact, population
from clipkit.pocket.oracle.model import OracleModel, is_planted
from clipkit.pocket.oracle.planted import PlantedSet, by_prompts
from clipkit.pocket.oracle.suite import oracle_suite

__all__ = ["OracleModel", "PlantedSet", "by_prompts", "exact", "is_planted", "oracle_suite", "population"]
