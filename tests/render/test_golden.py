"""The whole text of every output; `pytest --accept` rewrites the files, and git shows what changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import reconciler
from reconciler.render import json as as_json
from reconciler.render.formats import FORMATS, TEXT, load_renderer
from reconciler.render.lines import print_lines
from reconciler.render.text.drift import render_drift
from reconciler.render.text.history import render_history
from tests.render.inert import find_commands, find_steering
from tests.render.samples import FINDINGS, HISTORIES, PLANS, REPORTS
from tests.render.situations import JSONS, TEXTS

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent / "golden"
_ENDINGS = {
    "json": "json",
    "markdown": "md",
    "github": "txt",
    "azure": "txt",
    "sarif": "sarif",
    "junit": "xml",
    "junit-strict": "xml",
    "gitlab": "json",
    "terraform": "json",
    "html": "html",
}


def _render_all() -> Iterator[tuple[str, str]]:
    """Render every situation in every format: the file's name, and the text.

    Texts and JSON documents have situations of their own, each of which shows one thing.
    """
    for form in FORMATS:
        if form == TEXT:
            continue
        renderer = load_renderer(form)
        rendered = [(name, renderer.render_drift(make())) for name, make in REPORTS.items()]
        if form != "json":
            rendered += [(name, renderer.render_plan(make())) for name, make in PLANS.items()]
            rendered += [(name, renderer.render_findings(find(), 3)) for name, find in FINDINGS.items()]
        for name, text in rendered:
            yield f"{form}/{name}.{_ENDINGS[form]}", text
    for name, make in REPORTS.items():
        yield f"text/{name}.txt", print_lines(render_drift(make()))
    for name, make_history in HISTORIES.items():
        system = "991825827_smartcloud"
        yield f"text/{name}.txt", print_lines(render_history(system, make_history()))
        yield f"json/{name}.json", as_json.render_history(system, make_history())
    yield from ((f"text/{name}.txt", show()) for name, show in TEXTS.items())
    yield from ((f"json/{name}.json", show()) for name, show in JSONS.items())


def _name_own_files(text: str) -> str:
    """Put the names of a page's style sheet and script in place of their texts, which are files already."""
    folder = Path(reconciler.__file__).parent / "render" / "html"
    for name in ("style.css", "script.js"):
        text = text.replace((folder / name).read_text(encoding="utf-8"), f"({name})\n")
    return text


OUTPUTS = {name: _name_own_files(text) if name.endswith(".html") else text for name, text in _render_all()}
GOLDEN = [name for name in OUTPUTS if "-hostile." not in name]
"""What is compared; what hostile texts may not do is a property, in `test_hostile_texts` and below."""


@pytest.mark.parametrize("name", GOLDEN)
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

    assert files == set(GOLDEN)


@pytest.mark.parametrize("name", [name for name in OUTPUTS if not name.startswith("json/plan")])
def test_an_output_steers_nothing(name: str) -> None:
    """Nothing in an output steers a terminal or a runner, or hides from its reader."""
    assert find_steering(OUTPUTS[name]) == []
    assert find_commands(OUTPUTS[name]) == [] or name.startswith(("github/", "azure/"))


@pytest.mark.parametrize("name", TEXTS)
def test_no_text_steers_a_terminal(name: str) -> None:
    """Whatever is shown is printable, line by line: nothing moves the cursor, turns the text or hides."""
    assert all(line.isprintable() for line in OUTPUTS[f"text/{name}.txt"].split("\n"))


@pytest.mark.parametrize("name", [name for name in JSONS if not name.startswith("plan")])
def test_no_json_steers_a_terminal(name: str) -> None:
    """The JSON documents hold nothing that a terminal obeys either, and read back as what they mean."""
    text = OUTPUTS[f"json/{name}.json"]

    assert all(line.isprintable() for line in text.split("\n"))
    assert json.dumps(json.loads(text)).count("u202e") == text.count("u202e")


@pytest.mark.parametrize("name", ["plan-create", "plan-delete", "plan-nothing", "plan-move", "report"])
def test_the_text_fits_a_terminal(name: str) -> None:
    """No line is wider than 80 columns but for counts, and for sentences that name what they are about."""
    wider = ("Plan: ", "Apply: ", "    ! ", "    The register answered", "   1. ", "   2. ")
    lines = [line for line in OUTPUTS[f"text/{name}.txt"].splitlines() if not line.startswith(wider)]

    assert max(map(len, lines)) <= 80
