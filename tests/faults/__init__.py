"""Faults that are provoked for real: what the user sees of each, and what is lost.

Each is one function, in `store`, `data`, `models` or `command_line`. It fails unless the project does what its row
says; `test_faults` runs all and compares the rows with `book/faults.csv`, which a page of the book shows.
After a change on purpose `make faults` writes the file anew.
"""
