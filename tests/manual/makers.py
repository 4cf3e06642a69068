"""What the made parts of the reference pages say, by page and part."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import typer
from typer._click import Context
from typer.core import TyperGroup
from typer.testing import CliRunner

from reconciler.cli.exit_codes import EXIT_CODES
from reconciler.cli.main import app
from reconciler.cli.verbs import GROUPS
from reconciler.errors import Exit
from reconciler.planning.explanation import Explanation, read_explanations
from reconciler.planning.impact_rules import IMPACTS
from tests.citations import link_citations
from tests.manual.members import draw_ask, draw_checks, draw_definition, draw_plan, draw_report, draw_settings
from tests.manual.parts import draw_table, link_pages

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def _read_help(path: str) -> str:
    done = CliRunner().invoke(app, [*path.split(), "--help"], prog_name="reconciler", env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    return done.output


def _list_below(verb: str) -> list[str]:
    """Name a verb, or the verbs below it."""
    program = typer.main.get_command(app)
    assert isinstance(program, TyperGroup)
    found = program.get_command(Context(program), verb)
    return [f"{verb} {each}" for each in getattr(found, "commands", ())] or [verb]


def _draw_verbs() -> str:
    parts = []
    for heading, verbs in GROUPS.items():
        parts.append(f"## {heading}\n")
        for verb in verbs:
            parts += [
                f"### {path}\n\n```text\n{_read_help(path).rstrip()}\n```\n" for path in _list_below(verb)
            ]
    return "\n".join(parts)


def _draw_exit_codes() -> str:
    heads = ["verb", *(str(code.value) for code in Exit if code is not Exit.USAGE)]
    rows = [
        [
            f"[`{verb}`](verbs.md#{verb.replace(' ', '-')})",
            *(codes.get(code, "") for code in Exit if code is not Exit.USAGE),
        ]
        for verb, codes in EXIT_CODES.items()
    ]
    return draw_table(heads, rows)


def _draw_explanations(names: list[str]) -> str:
    known = read_explanations()
    table = draw_table(
        ["id", "weight", "is"],
        ([f"[{name}](#{name})", known[name].level, known[name].summary] for name in names),
    )
    return f"{table}\n" + "\n".join(_draw_explanation(known[name]) for name in names)


def _draw_explanation(each: Explanation) -> str:
    text = link_citations(each.page).replace("](reference/", "](")
    return f"### {each.id}\n\n{each.kind}\n\n{link_pages(text)}\n"


def _list_reported() -> list[str]:
    """Name what a plan reports besides impacts."""
    return [each.id for each in read_explanations().values() if each.kind.endswith(" in a plan")]


def _list_differences() -> list[str]:
    return [each.id for each in read_explanations().values() if each.level == "drift"]


def _draw_codes() -> str:
    codes = [each for each in read_explanations().values() if each.level == "register"]
    return draw_table(
        ["code", "the register says", "fix"],
        ([f"`{each.id}`", each.summary, _find_fix(each)] for each in codes),
    )


def _find_fix(each: Explanation) -> str:
    found = re.search(r"^Fix: (.*?)(?:\n\n|$)", each.page, re.MULTILINE | re.DOTALL)
    return found[1] if found else ""


MAKERS: Mapping[str, Mapping[str, Callable[[], str]]] = {
    "reference/configuration.md": {"settings": draw_settings, "checks": draw_checks},
    "reference/definition.md": {"members": draw_definition},
    "reference/exit-codes.md": {"verbs": _draw_exit_codes},
    "reference/impacts.md": {
        "impacts": lambda: _draw_explanations(list(IMPACTS)),
        "plan": lambda: _draw_explanations(_list_reported()),
        "drift": lambda: _draw_explanations(_list_differences()),
        "codes": _draw_codes,
    },
    "reference/json.md": {"plan": draw_plan, "report": draw_report, "ask": draw_ask},
    "reference/verbs.md": {"verbs": _draw_verbs},
}
"""By the page's path in `docs/` and the name of the part."""
