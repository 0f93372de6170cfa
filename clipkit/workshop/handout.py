"""What is on paper: one page for every learner, and the page that says how to begin."""

import os
import shutil
import subprocess
from html import escape
from pathlib import Path

from clipkit.workshop.paths import Path as Way

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
_CARDS = (
    ("Zero-shot", "The class whose prompt points in the picture's direction wins. Cosine × logit scale = logit; "
     "softmax of the logits = probabilities; the largest is the confidence."),
    ("One change at a time", "Only if a single thing differs do you know what did it."),
    ("Interval", "What else could have come out with other pictures of the same kind. Half as wide with four times as "
     "many. Compare models on the same pictures."),
    ("Verdict", "holds: the interval excludes zero, and the effect reaches the margin · weaker: it excludes zero, the "
     "effect is smaller · fails: it excludes the margin · not testable here: it excludes neither."),
    ("Calibration", "ECE = Σ (pictures in bin ÷ all pictures) × |accuracy − confidence|. Below the diagonal: "
     "over-confident. A temperature divides all logits; the accuracy stays."),
    ("Foreign things", "MCM = the largest softmax of bare cosines. AUROC = the chance that a known picture scores "
     "above a foreign one. A threshold comes from known pictures alone."),
    ("Cue conflict", "Shape bias = shape decisions ÷ (shape + texture decisions). Report the number of decisions, and "
     "whether either cue alone can be named."),
    ("Be honest", "What was chosen or fitted on a set cannot be judged on it. Write the margin down before you look."),
)  # fmt: skip
_ONLY_WITH = {
    "Interval": "doubt",
    "Verdict": "doubt",
    "Calibration": "trust",
    "Foreign things": "reject",
    "Cue conflict": "shortcut",
}
"""Cards that belong to one notebook; the others stand on every handout."""
_STYLE = """
@page { size: A4; margin: 14mm }
body { font: 10.5pt/1.38 sans-serif; color: #111; max-width: 182mm; margin: auto }
h1 { font-size: 17pt; margin: 0 0 1mm } h2 { font-size: 11pt; margin: 0 0 1mm }
main { columns: 2; column-gap: 8mm } section { break-inside: avoid; margin-bottom: 4mm }
table { border-collapse: collapse; width: 100% }
td, th { text-align: left; border-bottom: 1px solid #999; padding: .6mm }
td:last-child { white-space: nowrap }
small { display: block; font-size: 8pt; line-height: 1.2; color: #444 }
.notes { margin-top: 4mm }
.lines { height: 46mm; background: repeating-linear-gradient(#fff 0 7.6mm, #999 7.6mm 8mm) }
"""


def handout_html(way: Way) -> str:
    """The handout of a path as a page of HTML that fits one sheet of A4."""
    cards = "".join(
        f"<section><h2>{escape(t)}</h2><div>{escape(s)}</div></section>"
        for t, s in _CARDS
        if t not in _ONLY_WITH or _ONLY_WITH[t] in way.notebooks
    )
    rows = "".join(
        f"<tr><td>{escape(p.title)}<small>{escape(', '.join(p.core))}</small></td><td>{p.minutes} min</td></tr>"
        for p in way.parts
    )
    goals = "".join(f"<li>{escape(goal)}</li>" for goal in way.objectives)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>Handout: {escape(way.title)}</title><style>{_STYLE}</style></head><body>"
        f"<h1>How robust is CLIP? {escape(way.title)}</h1><p>After this you can</p><ul>{goals}</ul><main>{cards}"
        f"<section><h2>Our plan</h2><table><thead><tr><th>part</th><th>time</th></tr></thead>"
        f"<tbody>{rows}</tbody></table></section></main>"
        '<h2 class="notes">My notes</h2><div class="lines"></div></body></html>'
    )


def write_handout(way: Way, folder: Path) -> tuple[Path, str]:
    """Write the handout as PDF where there is a Chromium, else as HTML; returns the file and what to say of it."""
    page = folder / "handout.html"
    page.write_text(handout_html(way), encoding="utf-8")
    browser = find_browser()
    if not browser:
        return (
            page,
            "The handout is a page of HTML: no Chromium was found to print it. Open it and print it yourself.",
        )
    target = folder / "handout.pdf"
    command = [
        browser, "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer", f"--print-to-pdf={target}",
        page.as_uri(),
    ]  # fmt: skip
    subprocess.run(command, capture_output=True, timeout=120, check=False)
    if not target.is_file():
        return (
            page,
            f"The handout is a page of HTML: {browser} did not print it. Open it and print it yourself.",
        )
    page.unlink()
    return target, "The handout is printed: one page for everyone, in handout.pdf."


def find_browser() -> str:
    """The Chromium that CLIPKIT_CHROMIUM names, or one on the path; "" if there is none."""
    named = os.environ.get("CLIPKIT_CHROMIUM")
    if named:
        return named if Path(named).is_file() else ""
    return next((found for name in BROWSERS if (found := shutil.which(name))), "")


def start_here(way: Way, handout: str) -> str:
    """How to begin, for teachers who fetch packages beforehand and for learners without a network."""
    order = "\n".join(f"{k}. `{name}.ipynb`" for k, name in enumerate(way.notebooks, 1))
    return f"""# {way.title}: start here

{way.sentence}

## A day before, with a network

Python 3.11 or 3.12. Fetch the packages once on each kind of machine in the room (Windows, Mac, Linux), with the Python
that will be used. The address in the line is torch's index of builds for CPUs: without it, three gigabytes of GPU
libraries come along on Linux.

```bash
pip download -d wheels -r requirements.txt -c constraints.txt --extra-index-url https://download.pytorch.org/whl/cpu
```

Copy this folder, with `wheels`, to every machine: a stick will do. On each of them, still before the class, for it
takes some minutes, and now without a network:

```bash
python -m venv venv
. venv/bin/activate            # Windows: venv\\Scripts\\activate
pip install --no-index --find-links wheels -r requirements.txt -c constraints.txt
python -c "from clipkit.workshop.setup import check_setup; print(check_setup())"
```

## In class

```bash
. venv/bin/activate            # Windows: venv\\Scripts\\activate
jupyter lab
```

Leave the notebooks in this folder, beside `clipkit`: in another one they end with "No module named 'clipkit'".

Should Jupyter ask whether to fetch its news, say no. Open the notebooks in this order. Their first cell checks the
machine and says what to do if something is missing.

{order}

The pictures in `cache` were rendered with one version of Python. With another one they are rendered anew on the spot,
which takes seconds for each set.

For paper: `{handout}`.
"""
