"""The pocket laboratory: a rendered world with known factors, and small real CLIP models trained on it."""
