"""Sections: from a model's outputs to numbers with their draws, and from numbers to evidence for the claims."""
