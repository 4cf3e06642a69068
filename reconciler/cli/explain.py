"""`reconciler explain`: print the page of whatever an output names by an id, or the list of all."""

from __future__ import annotations

from textwrap import fill
from typing import Annotated

import typer

from reconciler.cli.completions import complete_explanation
from reconciler.cli.console import show_text
from reconciler.cli.options import Verb, make_app
from reconciler.errors import UsageError
from reconciler.model.suggest import find_nearest
from reconciler.planning.explanation import find_explanation, read_explanations

app = make_app()
_EXAMPLES = """\
reconciler explain
reconciler explain package-visible
reconciler explain AUTH-00063"""
_WIDTH = 80


@app.command(cls=Verb, epilog=_EXAMPLES)
def run(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="ID",
            autocompletion=complete_explanation,
            help="A rule, an impact, a kind of drift, or a code of an answer; without one, all are listed.",
        ),
    ] = None,
) -> None:
    """Print the page of a rule, an impact, a kind of drift, or a code of an answer."""
    known = read_explanations()
    if name is None:
        width = max(map(len, known))
        show_text("".join(f"{each.id:<{width}}  {each.level}\n" for each in known.values()))
        return
    found = find_explanation(name)
    if found is None:
        near = find_nearest(name, known)
        hint = f"Did you mean `{near}`?" if near else "`reconciler explain` lists all that it knows."
        raise UsageError(f"Nothing is called `{name}`.", hint=hint)
    show_text(f"{found.id} ({found.kind})\n\n{_wrap(found.page)}\n")


def _wrap(page: str) -> str:
    """Break the paragraphs that are wider than a terminal; the others stay, and so do examples, which are indented."""
    return "\n\n".join(map(_wrap_paragraph, page.split("\n\n")))


def _wrap_paragraph(paragraph: str) -> str:
    lines = paragraph.splitlines()
    if max(map(len, lines), default=0) <= _WIDTH or any(line.startswith(" ") for line in lines):
        return paragraph
    return fill(" ".join(lines), _WIDTH, break_long_words=False, break_on_hyphens=False)
