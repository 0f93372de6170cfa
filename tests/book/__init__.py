"""Tests of the book; a package, so that its conftest does not hide the one above."""
