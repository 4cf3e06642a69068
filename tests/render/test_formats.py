"""Every output has its name, and every name its file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from reconciler import render
from reconciler.cli.main import app
from reconciler.render import (
    azure,
    github,
    gitlab,
    html,
    json,
    junit,
    junit_strict,
    markdown,
    sarif,
    terraform,
)
from reconciler.render.formats import FORMATS, TEXT, Renderer, load_renderer

RENDERERS: tuple[Renderer, ...] = (
    *(json, markdown, github, azure, sarif, junit, junit_strict, gitlab, terraform, html),
)
"""Every module of a format, so that mypy holds each to what a format does."""
SHARED = {
    *(
        "acceptance",
        "annotations",
        "apply_summary",
        "blocks",
        "bullets",
        "csv_cells",
        "customer_impact",
        "customers",
        "effects",
        "escape",
        "folds",
        "formats",
        "inventory_csv",
        "json_findings",
        "left_out",
        "lines",
        "links",
        "members",
        "next_steps",
        "notes",
        "overview",
        "phrases",
        "places",
    ),
    *("screen", "terminal", "verdict"),
}
"""The modules that several outputs share."""


def test_no_output_is_forgotten() -> None:
    """A file of the package is an output named in `FORMATS`, or one of the shared modules."""
    folder = Path(render.__file__).parent
    files = {path.stem for path in folder.iterdir() if path.suffix in {"", ".py"}} - {
        "__init__",
        "__pycache__",
    }

    assert files == SHARED | {name.replace("-", "_") for name in FORMATS}
    assert [load_renderer(name) for name in FORMATS if name != TEXT] == list(RENDERERS)


def test_the_help_names_every_format() -> None:
    """What `--format` takes stands in the help, from the one list."""
    help_text = " ".join(CliRunner().invoke(app, ["plan", "--help"]).output.split())

    assert ", ".join(FORMATS) in help_text


_RENDER = """
import hashlib
from reconciler.render.formats import FORMATS, TEXT, load_renderer
from tests.render.samples import a_plan, a_report, some_findings
for name in FORMATS:
    if name != TEXT:
        form = load_renderer(name)
        texts = [form.render_plan(a_plan()), form.render_findings(some_findings(), 3), form.render_drift(a_report())]
        print(name, [(text.endswith("\\n"), hashlib.sha256(text.encode()).hexdigest()) for text in texts])
"""


@pytest.mark.slow
@pytest.mark.e2e
def test_an_output_renders_everything() -> None:
    """T: the same value gives the same text in another process, and the text ends its last line.

    Python hashes texts by a seed of its own in each process, so a set that is printed shows here.
    """
    first, second = (_render_elsewhere(seed) for seed in ("1", "2"))

    assert first == second
    assert [line.split()[0] for line in first] == [name for name in FORMATS if name != TEXT]
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
