"""The whole text of every output; `pytest --accept` rewrites the files, and git shows what changed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler.render import json as as_json
from reconciler.render.formats import FORMATS, TEXT, load_renderer
from reconciler.render.lines import print_lines
from reconciler.render.text.drift import render_drift
from reconciler.render.text.history import render_history
from tests.render.inert import find_commands, find_steering
from tests.render.samples import FINDINGS, HISTORIES, PLANS, REPORTS

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent / "golden"
_ENDINGS = {
    "json": "json",
    "markdown": "md",
    "github": "txt",
    "sarif": "sarif",
    "junit": "xml",
    "gitlab": "json",
    "html": "html",
}
_ELSEWHERE = {"json": ("plan", "findings")}
"""What the golden files of another test hold."""


def _render_all() -> Iterator[tuple[str, str]]:
    """Render every sample in every format: the file's name, and the text."""
    for form in FORMATS:
        if form == TEXT:
            continue
        renderer = load_renderer(form)
        skipped = _ELSEWHERE.get(form, ())
        rendered = [
            *((name, renderer.render_plan(make())) for name, make in PLANS.items() if "plan" not in skipped),
            *(
                (name, renderer.render_findings(find(), 3))
                for name, find in FINDINGS.items()
                if "findings" not in skipped
            ),
            *((name, renderer.render_drift(make())) for name, make in REPORTS.items()),
        ]
        for name, text in rendered:
            yield f"{form}/{name}.{_ENDINGS[form]}", text
    for name, make in REPORTS.items():
        yield f"text/{name}.txt", print_lines(render_drift(make()))
    for name, make_history in HISTORIES.items():
        system = "991825827_smartcloud"
        yield f"text/{name}.txt", print_lines(render_history(system, make_history()))
        yield f"json/{name}.json", as_json.render_history(system, make_history())


OUTPUTS = dict(_render_all())


@pytest.mark.parametrize("name", OUTPUTS)
def test_output(name: str, request: pytest.FixtureRequest) -> None:
    """A reader, or a program, gets exactly this."""
    file = HERE / name
    if request.config.getoption("--accept"):
        file.parent.mkdir(exist_ok=True, parents=True)
        file.write_text(OUTPUTS[name], encoding="utf-8", newline="")

    assert OUTPUTS[name] == file.read_text(encoding="utf-8")


def test_every_file_has_its_output() -> None:
    """No golden file is left behind by an output that is gone."""
    files = {path.relative_to(HERE).as_posix() for path in HERE.rglob("*") if path.is_file()}

    assert files == set(OUTPUTS)


@pytest.mark.parametrize("name", OUTPUTS)
def test_an_output_steers_nothing(name: str) -> None:
    """Nothing in an output steers a terminal or a runner, or hides from its reader."""
    assert find_steering(OUTPUTS[name]) == []
    assert find_commands(OUTPUTS[name]) == [] or name.startswith("github/")
