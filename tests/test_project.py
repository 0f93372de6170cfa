"""The project's outer shell: one address, one version, a reference that forgets no module, clean files."""

import re
import subprocess

import pytest
import yaml

import clipkit
from clipkit.book.stage import expand_reference, public_modules

SKIPPED = {"clipkit", "clipkit.cli", "clipkit.book"}  # the command line documents itself by --help


def test_one_address_everywhere(root):
    url = yaml.safe_load((root / "_config.yml").read_text())["repository"]["url"]
    assert yaml.safe_load((root / "CITATION.cff").read_text())["repository-code"] == url
    assert url in (root / "README.md").read_text()


def test_one_version_everywhere(root):
    assert f'version = "{clipkit.__version__}"' in (root / "pyproject.toml").read_text()
    assert str(yaml.safe_load((root / "CITATION.cff").read_text())["version"]) == clipkit.__version__


def test_the_reference_names_every_public_module(root):
    text = "\n".join(path.read_text() for path in (root / "book").glob("api*.md"))
    named = set(re.findall(r"automodule:: (\S+)", expand_reference(text)))
    known = {name for name in public_modules("clipkit") if not name.startswith(tuple(SKIPPED - {"clipkit"}))}
    assert known - SKIPPED - named == set()


@pytest.mark.parametrize("target", ["book", "test", "lint", "clean"])
def test_make_explains_its_targets(root, target):
    shown = subprocess.run(["make", "-s"], cwd=root, capture_output=True, text=True, check=True).stdout
    assert re.search(rf"^{target}\s+\S", shown, re.MULTILINE)


def test_readme_links_to_files_that_exist(root):
    links = re.findall(r"\]\((?!https?:|#)([^)]+)\)", (root / "README.md").read_text())
    assert links
    assert [link for link in links if not (root / link).exists()] == []
