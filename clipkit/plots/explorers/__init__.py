"""What a reader can turn and point at on a page: each module writes one explorer as HTML with its data.

Their scripts lie in book/_static/explore; `clipkit.book.sphinx_ext` puts on a page those that it needs.
"""
