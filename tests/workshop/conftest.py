"""The instructor's notebooks, as they lie in the book."""

from pathlib import Path

import pytest

SOURCES = Path(__file__).parents[2] / "book" / "workshop"
NOTEBOOKS = sorted(path.stem for path in SOURCES.glob("*.ipynb"))


@pytest.fixture(scope="session")
def sources() -> Path:
    return SOURCES
