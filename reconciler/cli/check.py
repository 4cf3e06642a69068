"""`reconciler check`: prove a registration from end to end, in a test environment."""

from __future__ import annotations

import re
from typing import Annotated, TypeAlias

import typer

from reconciler.cli.check_session import CheckOptions, run_check
from reconciler.cli.completions import complete_template
from reconciler.cli.console import show_lines
from reconciler.cli.context import read_definitions
from reconciler.cli.options import EnvironmentOption, Format, RootOption, SystemArgument, Verb, make_app
from reconciler.cli.outputs import choose_outputs
from reconciler.definitions.files import open_drafts
from reconciler.errors import UsageError
from reconciler.model.environment import ORGANISATION
from reconciler.operations.check_choice import Wished, choose_check, choose_system, choose_template
from reconciler.render import json as as_json
from reconciler.render import junit
from reconciler.render.formats import TEXT
from reconciler.render.text.check import render_check, render_verdict

app = make_app()
_EXAMPLES = """\
reconciler check 991825827_smartcloud
reconciler check 991825827_smartcloud -e tt02 --customer 310904473
reconciler check 991825827_smartcloud -e tt02 --existing"""
_RENDERERS = {"json": as_json.render_check, "junit": junit.render_check}
_UNITS = {"s": 1, "m": 60, "h": 3600}
_Customer: TypeAlias = Annotated[
    str,
    typer.Option("--customer", metavar="ORG", help="The organisation that is asked.", show_default=False),
]
_Request: TypeAlias = Annotated[
    str,
    typer.Option(
        "--request",
        metavar="NAME",
        help="The template in the definition. Default: the only one.",
        show_default=False,
        autocompletion=complete_template,
    ),
]
_Reference: TypeAlias = Annotated[
    str,
    typer.Option(
        "--reference",
        metavar="REF",
        help="The external reference. Default: reconciler-check.",
        show_default=False,
    ),
]
_Existing: TypeAlias = Annotated[
    bool, typer.Option("--existing", help="Ask nobody: the system user has to be there.")
]
_Again: TypeAlias = Annotated[bool, typer.Option("--again", help="Ask again where the customer rejected.")]
_ByHand: TypeAlias = Annotated[
    bool, typer.Option("--by-hand", help="In local: leave the answer to a person, on the page.")
]
_Patience: TypeAlias = Annotated[
    str, typer.Option("--patience", metavar="TIME", help="How long to wait for the customer: 90s, 15m, 1h.")
]
_Formats: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--format",
        metavar="NAME[=FILE]",
        help="text, json, junit; repeatable, into files.",
        show_default=False,
    ),
]


@app.command(cls=Verb, epilog=_EXAMPLES)
def run(
    system: SystemArgument,
    *,
    customer: _Customer = "",
    request: _Request = "",
    reference: _Reference = "",
    existing: _Existing = False,
    again: _Again = False,
    by_hand: _ByHand = False,
    patience: _Patience = "15m",
    environment: EnvironmentOption = None,
    formats: _Formats = None,
    root: RootOption = None,
) -> None:
    """Prove a registration from end to end, in a test environment.

    Asks a test organisation for access, waits for its answer, fetches a token as the system user, and compares what it
    may do with the template. In local the embedded customer says yes. Run it again to go on. Nothing is written to the
    register.
    """
    outputs = choose_outputs(formats, (TEXT, *_RENDERERS))
    seconds, owner = _read_patience(patience), system.partition("_")[0]
    context = read_definitions(root, environment, owner if ORGANISATION.fullmatch(owner) else "", Format.TEXT)
    if by_hand and context.environment.name != "local":
        raise UsageError(
            "--by-hand is for the environment local.", hint="Elsewhere the customer always decides."
        )
    resolved = choose_system(context.systems, context.environment, system)
    chosen = choose_check(context.environment, Wished(system, request, customer, reference))
    template = choose_template(resolved, chosen.request)
    is_shown = outputs.stdout == TEXT
    options = CheckOptions(existing=existing, again=again, by_hand=by_hand, patience=seconds, shown=is_shown)
    with open_drafts(outputs.paths) as drafts:
        report = run_check(context, resolved, chosen, template, options)
        outputs._replace(stdout="" if is_shown else outputs.stdout).write(
            lines=lambda: render_check(report),
            render=lambda name: _RENDERERS[name](report),
            save=lambda path, text: drafts[path].write(text),
        )
    if is_shown:
        show_lines(render_verdict(report))
    raise typer.Exit(report.exit_code)


def _read_patience(text: str) -> float:
    """Read a time such as `90s`, `15m` or `1h` in seconds; a bare number is one of seconds."""
    match = re.fullmatch(r"([0-9]{1,6})([smh]?)", text)
    if match is None:
        raise UsageError(f"`{text[:50]}` is no time to wait.", hint="Write it like 90s, 15m or 1h.")
    return int(match[1]) * _UNITS[match[2] or "s"]
