"""What a tie is worth: the chance of a hit when equal scores are put in random order."""

import numpy as np


def expected_hit(above, tied_negatives, tied_positives, k: int) -> np.ndarray:
    """Probability that a right candidate is among the `k` best when ties are ordered at random.

    For each query, `above` counts the wrong candidates that score higher than the best right one;
    `tied_negatives` and `tied_positives` count the wrong and right candidates at exactly its score
    (so `tied_positives` is at least 1). All (n,); returns (n,) in [0, 1], exactly 0 or 1 where nothing ties.

    Why the expectation: sorting gives a tie to whichever candidate happens to come first, so the number
    moves with the order of the file, and a collapsed model that scores everything alike can reach 100 % or
    0 %. The expectation does not depend on order and gives such a model the chance level.
    The k - above free places are filled without replacement: the hypergeometric chance of no right one is
    C(negatives, places) / C(negatives + positives, places).

    >>> expected_hit(above=[0, 0, 5], tied_negatives=[0, 3, 0], tied_positives=[1, 1, 1], k=1).tolist()
    [1.0, 0.25, 0.0]
    """
    above, negatives, positives = (np.asarray(a) for a in (above, tied_negatives, tied_positives))
    places = np.clip(k - above, 0, None)
    miss = np.ones(above.shape)
    for i in range(min(int(places.max()), int(negatives.max()) + 1)):
        left = np.clip(negatives - i, 0, None) / np.maximum(negatives + positives - i, 1)
        miss *= np.where(i < places, left, 1.0)
    return 1.0 - miss
