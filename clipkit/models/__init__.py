"""Models: what is known of each (`ModelCard`), and loading one safely (`load`)."""

from clipkit.models.cards import ModelCard, card, cards

__all__ = ["ModelCard", "card", "cards", "load"]


def load(model, **options):
    """Load weights into a tower; see `clipkit.models.loading.load`, which this calls.

    It is imported on call, because cards are also read where torch is not installed.
    """
    from clipkit.models import loading

    return loading.load(model, **options)
