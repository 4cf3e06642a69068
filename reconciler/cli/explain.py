"""`reconciler explain`: print the page of a rule, or the list of rules."""

from __future__ import annotations

from typing import Annotated

import typer

from reconciler.catalogue import nearest
from reconciler.cli.console import show_text
from reconciler.cli.options import make_app
from reconciler.errors import UsageError
from reconciler.impact import IMPACTS
from reconciler.rules import RULES

app = make_app()


@app.command()
def run(
    rule: Annotated[
        str | None, typer.Argument(metavar="[RULE]", help="A rule's id; without one, all are listed.")
    ] = None,
) -> None:
    """Print the page of a rule, or of an impact that a plan tells of."""
    known = {**RULES, **IMPACTS}
    if rule is None:
        width = max(map(len, known))
        told = [(each.id, each.severity.value) for each in RULES.values()]
        told += [(each.id, each.weight.value) for each in IMPACTS.values()]
        show_text("".join(f"{name:<{width}}  {level}\n" for name, level in told))
        return
    if rule in IMPACTS:
        show_text(f"{rule} ({IMPACTS[rule].weight.value} impact)\n\n{IMPACTS[rule].page}\n")
        return
    if rule not in RULES:
        near = nearest(rule, known)
        hint = f"Did you mean `{near}`?" if near else "`reconciler explain` lists the rules."
        raise UsageError(f"There is no rule `{rule}`.", hint=hint)
    found = RULES[rule]
    kind = f"{found.severity.value}{f', {found.code} in the register' if found.code else ''}"
    allowed = "" if found.allowable else "\nIt knows no exceptions: `allow:` does not reach it.\n"
    show_text(f"{found.id} ({kind})\n\n{found.page}\n{allowed}")
