"""Shared fixtures, and the rule on skipped tests: loud here, a failure where CLIPKIT_NO_SKIP is set."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SHARED = Path(os.environ.get("CLIPKIT_SHARED", ROOT.parent / "shared"))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CLIPKIT_NO_SKIP"):
        report.outcome = "failed"
        report.longrepr = f"skipped, and CLIPKIT_NO_SKIP forbids it: {report.longrepr[2]}"


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's root folder."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of public records and real images that lies beside the project, where there is one."""
    if not SHARED.is_dir():
        pytest.skip(f"no folder {SHARED}: real records and images are not on this machine")
    return SHARED


@pytest.fixture(scope="session")
def filled_cache(shared, tmp_path_factory) -> Path:
    """A cache folder with all public records, the same for all workers of a run."""
    from clipkit import records

    folder = tmp_path_factory.getbasetemp()
    folder = (folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder) / "clipkit-cache"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLIPKIT_CACHE", str(folder))
        assert records.add(shared / "records").missing == []
    return folder


@pytest.fixture
def public(filled_cache, monkeypatch) -> Path:
    """The environment with all public records in the cache."""
    monkeypatch.setenv("CLIPKIT_CACHE", str(filled_cache))
    return filled_cache
