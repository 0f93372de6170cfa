"""clipkit: measure how robust CLIP models are, and say how sure the answer is."""

__version__ = "0.3.0"
