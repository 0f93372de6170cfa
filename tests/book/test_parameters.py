"""Parameters are refused before anything runs, with the near miss named."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from clipkit.book import parameters, profile
from clipkit.errors import BadInput, UnknownName

PYTHON = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}


@pytest.fixture
def folder(tmp_path):
    """A folder with one notebook, `toy`, and an empty folder of profiles."""
    declared = (
        "draws: int = 100  # resamples\nnames: list[str] = []  # models\nlimit: Optional[float] = None  # cap\n"
        'line: str = "huber"  # one of "huber", "theil-sen"'
    )
    cell = new_code_cell(declared, metadata={"tags": ["parameters"]})
    nbformat.write(new_notebook(cells=[cell], metadata=PYTHON), tmp_path / "toy.ipynb")
    (tmp_path / "profiles").mkdir()
    return tmp_path


def write_profile(folder, text):
    (folder / "profiles" / "small.yml").write_text(text)
    return profile.load(folder, "small", [folder / "toy.ipynb"])


@pytest.mark.parametrize(
    "value, annotation, expected",
    [
        (3, "int", True), (True, "int", False), (3.0, "int", False), (3, "float", True),
        ("3", "float", False),
        (True, "bool", True), (1, "bool", False), ("a", "str", True), (None, "str", False),
        (["a"], "list[str]", True), (["a", 1], "list[str]", False), ([], "list", True),
        ("ab", "list[str]", False),
        ({"a": 1}, "dict[str, int]", True), ({"a": "b"}, "dict[str, int]", False),
        (None, "Optional[int]", True), (2, "Optional[int]", True), ("2", "Optional[int]", False),
    ],
)  # fmt: skip
def test_fits(value, annotation, expected):
    assert parameters.fits(value, annotation) is expected


def test_an_annotation_that_cannot_be_checked_is_refused():
    with pytest.raises(BadInput, match=r"'set\[int\]' is not one that can be checked"):
        parameters.fits({1}, "set[int]")


def test_declared_reads_names_and_types(folder):
    assert parameters.declared(folder / "toy.ipynb") == {
        "draws": "int", "names": "list[str]", "limit": "Optional[float]", "line": "str"
    }  # fmt: skip


def test_own_parameters_win_over_common_ones(folder):
    chosen = write_profile(folder, "common: {draws: 5, limit: 1}\nnotebooks: {toy: {draws: 7}}")
    assert chosen == {"toy": {"draws": 7, "limit": 1}}


@pytest.mark.parametrize(
    "text, problem, remedy",
    [
        ("notebooks: {toy: {drawz: 5}}", "notebook toy has no parameter 'drawz'", "Did you mean draws?"),
        (
            "notebooks: {toy: {draws: many}}",
            "parameter 'draws' of notebook toy takes int, not 'many'",
            "mend",
        ),
        (
            "notebooks: {toy: {line: theilsen}}",
            "parameter 'line' of notebook toy cannot be 'theilsen'",
            "Did you mean theil-sen?",
        ),
        ("notebooks: {toi: {draws: 5}}", "profile small.yml names 'toi'", "Did you mean toy?"),
        ("common: {name: [a]}", "no notebook has the common parameter 'name'", "Did you mean names?"),
        ("shared: {draws: 5}", "may hold only the keys `common` and `notebooks`", ""),
    ],
)
def test_slips_are_named(folder, text, problem, remedy):
    with pytest.raises(BadInput) as caught:
        write_profile(folder, text)
    assert problem in caught.value.problem
    assert remedy in caught.value.remedy


def test_unknown_profile(folder):
    write_profile(folder, "{}")
    with pytest.raises(UnknownName, match="unknown profile 'smal'\n  -> Did you mean small?"):
        profile.load(folder, "smal", [folder / "toy.ipynb"])
