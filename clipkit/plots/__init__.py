"""Figures and tables of the book: each is a function from results to a picture or to HTML."""
