"""The questions that are asked on a terminal before something is written."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from reconciler.cli.console import notify
from reconciler.errors import Refused
from reconciler.model.environment import is_production
from reconciler.render.phrases import count

if TYPE_CHECKING:
    from reconciler.planning.plan import Plan


def confirm(question: str) -> bool:
    """Ask on the terminal; raises `Refused` where the answer is Ctrl-C or the end of the input."""
    try:
        return typer.confirm(question, err=True)
    except typer.Abort:
        raise _refuse_no_answer() from None


def ask(question: str, otherwise: str = "") -> str:
    """Ask for a text on the terminal; without an answer it is another one. Raises what `confirm` raises."""
    try:
        answer: str = typer.prompt(question, default=otherwise, show_default=bool(otherwise), err=True)
    except typer.Abort:
        raise _refuse_no_answer() from None
    return answer.strip()


def confirm_plan(plan: Plan) -> None:
    """Ask whether to carry out a plan, and name where; for the production register its name has to be typed.

    Raises `Refused` where there is no terminal, or the answer is anything but yes.
    """
    if not sys.stdin.isatty():
        raise Refused("Nothing was written: there is no terminal to ask on.", hint="Pass --yes to go ahead.")
    target = plan.target
    embedded = target.register == target.environment
    notify("")
    notify(f"Environment:  {target.environment}")
    notify(f"Register:     {'the embedded one, in this repository' if embedded else target.register}")
    notify(f"Vendor:       {target.vendor}")
    what = count(len(plan.writes), "change")
    if is_production(target.register):
        _confirm_production(target.environment, what)
    elif not confirm(f"Carry out {what}?"):
        raise Refused("Nothing was written: the answer was no.")


def _confirm_production(environment: str, what: str) -> None:
    """Ask for the environment's name: a yes out of habit must not change what customers use."""
    notify("This is the production register.")
    if ask(f"Type the environment's name to carry out {what}") != environment:
        raise Refused(f"Nothing was written: the answer was not `{environment}`.")


def _refuse_no_answer() -> Refused:
    notify("")
    return Refused("Nothing was written: there was no answer.")
