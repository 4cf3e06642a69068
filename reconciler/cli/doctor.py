"""`reconciler doctor`: say what the credentials are and can do, and which one thing is wrong."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from reconciler.cli.console import notify, show_text
from reconciler.cli.environment import choose_environment
from reconciler.cli.options import EnvironmentOption, Format, FormatOption, RootOption, Verb, make_app
from reconciler.definitions.catalogue_file import read_lists
from reconciler.definitions.files import find_definitions, read_documents
from reconciler.definitions.settings import find_root, read_settings
from reconciler.errors import Exit, ReconcilerError
from reconciler.model.catalogue_list import make_catalogues
from reconciler.operations.doctor import Diagnosis, Verdict, diagnose
from reconciler.operations.validate import resolve_all, validate
from reconciler.render.escape import escape_line, quote_code

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.definitions.settings import Settings
    from reconciler.model.environment import Environment

app = make_app()


@app.command(cls=Verb, epilog="reconciler doctor -e tt02\nreconciler doctor -e prod --format json")
def run(
    *,
    environment: EnvironmentOption = None,
    form: FormatOption = Format.TEXT,
    root: RootOption = None,
) -> None:
    """Say what the credentials are and can do, and which one thing is wrong.

    Looks at the configuration, the key, the network, the clocks, the token and what the register lets it do.
    Nothing is written.
    """
    settings = read_settings(find_root(root or Path.cwd()))
    chosen = choose_environment(settings, environment, os.environ)
    if form is Format.TEXT:
        sound = examine(settings, chosen, os.environ)
    else:
        found = list(_look(settings, chosen, os.environ))
        body = {"environment": chosen.name, "checks": [asdict(each) for each in found]}
        show_text(json.dumps(body, indent=2) + "\n")
        sound = not any(each.state is Verdict.WRONG for each in found)
    if not sound:
        raise typer.Exit(Exit.FAILED)


def examine(settings: Settings, environment: Environment, environ: Mapping[str, str]) -> bool:
    """Show each check of an environment as it is made, and say whether nothing is wrong."""
    wrong = ""
    for each in _look(settings, environment, environ):
        show_text(_print(each))
        wrong = wrong or (each.name if each.state is Verdict.WRONG else "")
    said = f"something is wrong; fix {wrong} first" if wrong else "nothing is wrong"
    notify(f"{environment.name}: {said}.")
    return not wrong


def _look(settings: Settings, environment: Environment, environ: Mapping[str, str]) -> Iterator[Diagnosis]:
    if environment.name == "local":
        message = "the embedded register, which needs neither a credential nor a network"
        yield Diagnosis("configuration", Verdict.OK, message)
        return
    vendors: list[str] = []
    saved = None
    try:
        lists = read_lists(settings.root, settings.environments)
        saved = lists.get(environment.name)
        documents = read_documents(settings.root, find_definitions(settings.root))
        checked = validate(documents, settings.environments, asked=make_catalogues(lists))
        systems = resolve_all(checked.definitions, environment.name)
        vendors = sorted({each.system.vendor.organisation for each in systems})
        if not checked.sound:
            yield Diagnosis(
                "definitions", Verdict.WARNING, "there are errors in them", "See `reconciler validate`."
            )
    except ReconcilerError as error:
        yield Diagnosis("definitions", Verdict.WARNING, error.message, error.hint)
    yield from diagnose(environment, environ, vendors, saved=saved)


def _print(each: Diagnosis) -> str:
    lines = [f"{each.state:<8} {each.name:<14} {escape_line(quote_code(each.message))}"]
    lines += [f"{'':<24}{escape_line(quote_code(line))}" for line in each.hint.splitlines()]
    return "\n".join(lines) + "\n"
