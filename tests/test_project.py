"""The project's outer shell: one address, one version, a reference that forgets no module, clean files."""

import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import clipkit
from clipkit.book import code_map
from clipkit.book.stage import expand_reference, public_modules
from clipkit.claims import load
from clipkit.claims.compare import verdicts_of

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


@pytest.mark.parametrize("target", ["book", "pdf", "test", "lint", "workshop", "clean"])
def test_make_explains_its_targets(root, target):
    shown = subprocess.run(["make", "-s"], cwd=root, capture_output=True, text=True, check=True).stdout
    assert re.search(rf"^{target}\s+\S", shown, re.MULTILINE)


def test_readme_links_to_files_that_exist(root):
    links = re.findall(r"\]\((?!https?:|#)([^)]+)\)", (root / "README.md").read_text())
    assert links
    assert [link for link in links if not (root / link).exists()] == []


def test_no_module_imports_from_a_floor_above(root):
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    run = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout


def test_the_map_of_the_code_names_every_module_of_the_top(root):
    shown = re.findall(r'<td data-label="Where"><code>(\w+)</code></td><td[^>]*>\w', code_map.describe(root))
    assert sorted(shown) == sorted(m.name for m in pkgutil.iter_modules(clipkit.__path__))


def test_the_ledger_of_each_release_can_be_read(root):
    releases = root / "book" / "releases"
    for path in releases.glob("*.json"):
        assert {v.id for v in verdicts_of(path.stem, releases)} <= set(load())
        assert f"\n## {path.stem}\n" in (root / "book" / "changelog.md").read_text()
