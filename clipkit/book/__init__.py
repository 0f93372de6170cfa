"""Run the notebooks of a book under a profile, and build the pages that people read.

`clipkit.book.build.build` is the whole of it: profile → stage → execute → Sphinx → `_build/html`.
"""
