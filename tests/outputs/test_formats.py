"""Every output has its name, and every name its file."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler import render
from reconciler.render.formats import FORMATS
from tests.outputs.samples import a_plan, a_report, some_findings

SHARED = {
    "__init__",
    "drift",
    "escape",
    "formats",
    "history",
    "page",
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


@pytest.mark.parametrize("name", FORMATS)
def test_an_output_renders_everything(name: str) -> None:
    """The same value gives the same text, which ends its last line."""
    form = FORMATS[name]

    first, second = (
        [form.plan(a_plan()), form.findings(some_findings(), 3), form.drift(a_report())] for _ in range(2)
    )

    assert first == second
    assert all(text.endswith("\n") for text in first)
