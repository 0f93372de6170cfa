"""Each command that the project shows is run here as it stands, is run by another test, or needs what no test has.

Those that need what no test has are parsed, with all others, by the real parser: their options exist, and the models,
sections and data sets that they name are known.
"""

import json
import re
import shlex
import tomllib
from pathlib import Path

import click.testing
import open_clip
import pytest
import typer
from documented import commands, shown
from papermill.cli import papermill
from typer.testing import CliRunner

from clipkit.book import parameters
from clipkit.cli import app
from clipkit.datasets.benchmarks import DATASETS
from clipkit.models.cards import card
from clipkit.sweep.tracks import FullTrack, PocketTrack, choose

ROOT = Path(__file__).parent.parent
SHOWN = shown(ROOT)

HERE = r"""
clipkit (--help|claims( --track \w+| --only .*)?|claims( --track \w+)? --json > .*|compare .*|card resnet-wild-s0.*)
clipkit (datasets (list|show objectnet)|models (list|show|design).*|models check ViT.*|records (list|verify).*)
clipkit (evaluate \S+ --models resnet.*|embed .* pocket:wild|sweep --.*--plan)
clipkit pocket (sets|sheet|recipes|contrasts|bars|show resnet).*
clipkit workshop (setup|students.*)
""".strip().splitlines()
"""Run by this module, one after the other, where the book's folder lies: patterns of whole commands."""

ELSEWHERE = {
    r"clipkit claims.* --conventions": "claims/test_multiverse.py::test_the_command_ends_well_over_all_tracks",
    r"clipkit (embed|classify) .*--weights.*": "test_walkthrough.py::test_five_commands_lead_to_a_card",
    r"clipkit card .*local:.*": "test_walkthrough.py::test_five_commands_lead_to_a_card",
    r"clipkit card .*--results OUT.*": "test_card.py::test_a_real_checkpoint_shows_what_was_run_and_what_to_run",
    r"clipkit evaluate retrieval .*(mine.safetensors|random).*": (
        "test_walkthrough.py::test_five_commands_lead_to_a_card"
    ),
    r"clipkit evaluate calibration .*--weights.*": (
        "test_cli_evaluate.py::test_weights_from_a_file_are_named_by_their_sum"
    ),
    r"clipkit evaluate 3d-.*": (
        "test_cli_evaluate.py::test_3d_correspondence_by_its_title_until_a_depth_map_is_lost"
    ),
    r"clipkit sweep --models \S+ --datasets wild,studio": (
        "test_sweep_run.py::test_a_sweep_stores_the_bytes_that_embed_images_does_and_never_again"
    ),
    r"clipkit sweep .*--ray (local|auto)": (
        "test_sweep_ray.py::test_two_workers_store_the_same_bytes_as_one_process"
    ),
    r"clipkit lmm .*random.*": "sections/test_full_lmm.py::test_answers_of_random_weights_are_no_evidence",
    r"clipkit book.*": "book/conftest.py::book",
    r"make pdf": "book/test_print.py::test_pdf_has_a_title_a_language_and_numbered_sheets",
    r"papermill .*": "test_documented_commands.py::test_papermill_puts_the_value_into_the_copy",
    r"clipkit records add .*": "records/test_records_cli.py::test_verify_tells_missing_from_wrong_by_its_exit_status",
    r"clipkit records fetch.*": (
        "records/test_records_cache.py::test_fetch_brings_all_and_asks_for_nothing_twice"
    ),
    r"clipkit datasets check .*": "datasets/test_benchmarks.py::test_commands_list_show_and_check",
    r"clipkit datasets get .*": (
        "datasets/test_get.py::test_get_downloads_unpacks_checks_and_says_what_it_trusted"
    ),
    r"clipkit score .*": "test_score.py::test_command_prints_result_rows_as_json",
    r"clipkit models check (--.*|my_arch.*)": "test_check.py::test_the_command_lists_stand_ins_as_such",
    r"clipkit pocket render.*": "pocket/test_pocket_cli.py::test_render_says_for_each_set_where_it_lies",
    r"clipkit pocket train .*": "pocket/test_pocket_cli.py::test_train_hands_the_recipe_to_its_trainer",
    r"clipkit pocket show my-.*": "pocket/test_pocket_cli.py::test_show_tells_recipe_curve_and_checksum",
    r"clipkit pocket evaluate.*": (
        "pocket/zoo/test_shipped_results.py::test_a_tenth_of_the_models_is_measured_again_each_day"
    ),
    r"clipkit pocket band.*": "pocket/zoo/test_band.py::test_the_command_says_what_was_new",
    r"clipkit pocket conventions.*": "pocket/zoo/test_shipped_conventions.py::test_the_command_says_what_was_new",
    r"clipkit pocket lmm.*": "pocket/lmm/test_shipped_lmms.py::test_an_lmm_of_the_day_answers_as_it_did",
    r"(clipkit workshop build|make workshop).*": "workshop/test_bundle.py::test_what_is_said_and_what_is_inside",
    r"clipkit workshop time.*": "workshop/test_timing.py::test_each_notebook_is_timed_with_its_solutions",
}
"""Run by another test, with smaller data or in smaller parts: patterns, and the test below tests/."""

WORKFLOW = r"make (book|test)"
"""Run by the workflow on each push, on a bare machine."""
CONTRIBUTING = "book/contributing.md"
"""Its recipes are followed to the letter by book/test_contributing.py."""

NOT_HERE = {
    "network": r"pip install .*|conda env create .*|python3 -m venv .venv|make .venv/installed|pre-commit install",
    "weights from a hub": r"clipkit (embed|classify) --model \S+/(openai|laion2b)\S* .*",
    "a downloaded benchmark": r"clipkit (evaluate all|sweep) .*--profile full.*",
    "a large LMM": r"clipkit lmm llava-hf/\S+-hf .*",
    "SLURM": r"(head=.*scontrol|srun) .*",
    "a browser": r"jupyter lab my-workshop",
    "half an hour": r"make book FRESH=1",
}
"""What no test has: patterns."""


def account(command: str) -> str | None:
    """Where a command is run, or why it is not; None if nobody thought of it."""
    if any(re.fullmatch(p, command) for p in HERE):
        return "here"
    for pattern, test in ELSEWHERE.items():
        if re.fullmatch(pattern, command):
            return test
    if re.fullmatch(WORKFLOW, command):
        return "workflow"
    if SHOWN[command] == {CONTRIBUTING} and re.search(NOT_HERE["network"], command) is None:
        return "contributing"
    return next((why for why, p in NOT_HERE.items() if re.fullmatch(p, command, re.S)), None)


ACCOUNTS = {command: account(command) for command in SHOWN}
RUN = [command for command, where in ACCOUNTS.items() if where == "here"]
TYPED = [c[c.index("clipkit ") :] for c in SHOWN if re.match(r"clipkit |srun.* clipkit ", c)]


@pytest.mark.parametrize("command", SHOWN)
def test_each_command_is_run_somewhere_or_there_is_a_reason(command):
    assert ACCOUNTS[command], (
        f"{SHOWN[command]} show {command!r}: run it in this module, or name the test that does"
    )


def test_no_pattern_is_left_over():
    everything = [*HERE, *ELSEWHERE, WORKFLOW, *NOT_HERE.values()]
    assert [p for p in everything if not any(re.fullmatch(p, c, re.S) for c in SHOWN)] == []


@pytest.mark.parametrize(("command", "test"), [(c, w) for c, w in ACCOUNTS.items() if w and "::" in w])
def test_the_other_test_exists_and_is_of_this_command(command, test):
    file, name = test.split("::")
    source = (ROOT / "tests" / file).read_text()
    assert re.search(rf"^def {name}\(", source, re.MULTILINE)
    words = [w for w in command.split()[1:3] if w.isalpha() and w.islower()] or command.split()[:1]
    assert words[-1] in source or words[0] in source


def test_the_workflow_runs_what_the_readme_begins_with():
    workflow = (ROOT / ".github" / "workflows" / "book.yml").read_text()
    for command, where in ACCOUNTS.items():
        if where == "workflow":
            assert f"run: {command} " in workflow


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A folder to write into that has the book's sources, as a clone has."""
    folder = tmp_path_factory.mktemp("clone")
    for name in ("book", "notebooks"):
        (folder / name).symlink_to(ROOT / name)
    return folder


@pytest.mark.parametrize("command", RUN)
def test_a_command_runs_as_it_stands(command, clone, monkeypatch):
    monkeypatch.chdir(clone)
    typed, _, file = command.partition(" > ")
    run = CliRunner().invoke(app, shlex.split(typed)[1:], catch_exceptions=False)
    unfetched = typed == "clipkit records verify" and " 0 missing" not in run.output
    assert run.exit_code == (1 if unfetched else 0), run.output
    assert run.stdout.strip()
    if file:
        Path(file).write_text(run.stdout)
    for option in ("--out", "--predictions"):
        words = shlex.split(typed)
        assert option not in words or Path(words[words.index(option) + 1]).exists()


def parsed(command: str) -> click.Context:
    """What the command's own parser makes of its words; a value in $ or capitals is a name like any other."""
    words, found = shlex.split(command.partition(" > ")[0])[1:], typer.main.get_command(app)
    while words and words[0] in getattr(found, "commands", {}):
        found = found.commands[words.pop(0)]
    assert not hasattr(found, "commands") or words == ["--help"], f"{command!r} is no command"
    return found.make_context(command, words, resilient_parsing=words == ["--help"])


@pytest.mark.parametrize("command", TYPED)
def test_options_exist_and_names_are_known(command):
    said = parsed(command).params
    verb = command.split()[1]
    full = said.get("profile") == "full"
    if verb in ("evaluate", "sweep") and said["models"] and not said.get("weights"):
        assert choose(said["models"].split(","), said["profile"])
    for name in (said.get("model") if verb in ("embed", "classify") else None, said.get("tower")):
        if name and said.get("weights"):
            assert name in open_clip.list_models()
        elif name and "/random" not in name and verb != "models":
            assert card(name)
    if verb in ("evaluate", "sweep"):
        track = (FullTrack if full else PocketTrack)(store="store", out=Path("out"))
        asked = [said["section"]] if verb == "evaluate" else [s for s in said["sections"].split(",") if s]
        sections = track.sections(asked)
        assert sections or not asked
        track.datasets([d for d in said.get("datasets", "").split(",") if d], sections)
    if verb == "datasets":
        assert {n for n in said.get("names") or () if n.islower()} <= set(DATASETS)


def test_papermill_puts_the_value_into_the_copy(tmp_path, monkeypatch):
    """All but the execution, which is that of the book's build: a slip would only be warned of."""
    (tmp_path / "notebooks").symlink_to(ROOT / "notebooks")
    (tmp_path / "_build").mkdir()
    monkeypatch.chdir(tmp_path / "_build")
    (words,) = [shlex.split(c)[1:] for c in SHOWN if c.startswith("papermill ")]
    said = papermill.make_context("papermill", list(words)).params
    parameters.check(Path(said["notebook_path"]), dict(said["parameters"]))
    assert click.testing.CliRunner().invoke(papermill, [*words, "--prepare-only"]).exit_code == 0
    injected = json.loads(Path("out.ipynb").read_text())["cells"][2]["source"]
    assert 'method = "theil-sen"' in "".join(injected)


def test_extras_that_pip_is_asked_for_exist():
    known = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for command in SHOWN:
        for extras in re.findall(r"\[([\w,]+)\]", command if command.startswith("pip ") else ""):
            assert set(extras.split(",")) <= set(known)


def test_commands_in_sentences_exist():
    """One in a sentence may leave out what it needs, but its options are real."""
    for path in (ROOT / "README.md", *ROOT.glob("book/**/*.md")):
        for said in re.findall(r"(?<!`)`(clipkit [^`\n]+)`(?!`)", path.read_text()):
            command, words = typer.main.get_command(app), shlex.split(said)[1:]
            while words and words[0] in getattr(command, "commands", {}):
                command = command.commands[words.pop(0)]
            known = {option for p in command.params for option in (*p.opts, *p.secondary_opts)} | {"--help"}
            assert not hasattr(command, "commands") or not words or words[0] in known, f"{path}: {said}"
            assert {w for w in words if w.startswith("--")} <= known, f"{path}: {said}"


def test_a_block_is_read_command_by_command():
    code = 'cd x\na b   # why\nc \\\n  d\npython -c "\nprint(1)\n"\n\n# nothing\n. e\n'
    assert list(commands(code)) == ["a b", "c   d", 'python -c "\nprint(1)\n"']
