"""Every output has its name, and every name its file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from reconciler import render
from reconciler.render.formats import FORMATS

SHARED = {
    "__init__",
    "drift",
    "escape",
    "formats",
    "history",
    "page",
    "places",
    "remarks",
    "terminal",
    "text",
    "wording",
}
"""The modules of the room that are no output of `--format`, or, as `text`, one of another kind."""


def test_no_output_is_forgotten() -> None:
    """A file in the room is an output with a line in `FORMATS`, or one of the shared modules."""
    files = {path.stem for path in Path(render.__file__).parent.glob("*.py")}

    assert files == SHARED | set(FORMATS)


_RENDER = """
import hashlib
from reconciler.render.formats import FORMATS
from tests.render.samples import a_plan, a_report, some_findings
for name, form in FORMATS.items():
    texts = [form.plan(a_plan()), form.findings(some_findings(), 3), form.drift(a_report())]
    print(name, [(text.endswith("\\n"), hashlib.sha256(text.encode()).hexdigest()) for text in texts])
"""


def test_an_output_renders_everything() -> None:
    """T: the same value gives the same text in another process, and the text ends its last line.

    Python hashes texts by a seed of its own in each process, so a set that is printed shows here.
    """
    first, second = (_render_elsewhere(seed) for seed in ("1", "2"))

    assert first == second
    assert [line.split()[0] for line in first] == list(FORMATS)
    assert not any("False" in line for line in first)


def _render_elsewhere(seed: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", _RENDER],
        cwd=Path(__file__).parents[2],
        env={"PYTHONHASHSEED": seed, "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout.splitlines()
