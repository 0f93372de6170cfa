"""The set-up check: what is fine is said, what is not comes with its remedy, and nothing raises."""

from typer.testing import CliRunner

from clipkit.cli import app
from clipkit.errors import CorruptData
from clipkit.workshop import data, setup


def test_everything_is_here():
    found = setup.check_setup([data.MODELS[0]], ["far-textures"])
    assert found.ready and str(found).endswith("Ready.")
    assert [item.what for item in found][-2:] == [f"model {data.MODELS[0]}", "pictures far-textures"]


def test_a_missing_package_and_an_old_python_are_told_before_anything_is_loaded(monkeypatch):
    monkeypatch.setattr(setup, "PACKAGES", ("torch", "no-such-package"))
    monkeypatch.setattr(setup.sys, "version_info", (3, 9, 1))
    found = setup.check_setup()
    said = {item.what: item.found for item in found if not item.fine}
    assert set(said) == {"Python", "no-such-package"}
    assert "install 3.11 or 3.12" in said["Python"] and "clipkit[models,workshop]" in said["no-such-package"]
    assert "✗ no-such-package" in str(found) and "Not ready" in found._repr_html_()


def test_a_full_disk_and_a_changed_file_are_told(monkeypatch):
    def broken(name):
        raise CorruptData("images.npy is not the file that was written", "delete it")

    monkeypatch.setattr(setup, "LEAST_DISK", 10**9)
    assert "make room for" in setup._disk().found
    assert setup._try("pictures wild", broken, "wild") == (
        "pictures wild", False, "images.npy is not the file that was written; delete it",
    )  # fmt: skip


def test_in_the_workshops_folder_whatever_is_wrong_with_a_file_is_told_with_what_to_do(monkeypatch, tmp_path):
    def cut(name):
        raise ValueError("unexpected end of data\nat byte 12")

    assert setup._try("model x", cut, "x").found.startswith("ValueError: unexpected end of data; report this")
    monkeypatch.setattr(setup, "BESIDE", tmp_path)
    assert setup._try("model x", cut, "x") == (
        "model x", False, "ValueError: unexpected end of data; unpack the zip again, into a new folder",
    )  # fmt: skip


def test_the_folder_of_the_workshop_brings_its_pictures(monkeypatch, tmp_path):
    monkeypatch.setattr(setup, "BESIDE", tmp_path)
    monkeypatch.delenv("CLIPKIT_CACHE", raising=False)
    setup.check_setup([], [])
    assert setup.os.environ.pop("CLIPKIT_CACHE") == str(tmp_path)


def test_the_command_fails_where_something_is_missing(monkeypatch):
    monkeypatch.setattr(setup, "PACKAGES", ("no-such-package",))
    result = CliRunner().invoke(app, ["workshop", "setup"])
    assert result.exit_code == 1 and "Not ready" in result.output


def test_the_command_writes_the_students_copies(root, tmp_path):
    arguments = ["--path", "ninety-minutes", "--source", str(root / "book/workshop"), "--out", str(tmp_path)]
    result = CliRunner().invoke(app, ["workshop", "students", *arguments])
    assert result.exit_code == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["look.ipynb", "reject.ipynb", "trust.ipynb"]
