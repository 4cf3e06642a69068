"""`reconciler evidence`: put what proves a run into one file, or check such a file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from reconciler.cli.completions import complete_run
from reconciler.cli.console import notify, show_lines, show_text
from reconciler.cli.context import connect
from reconciler.cli.environment import choose_saved
from reconciler.cli.journal import find_journal
from reconciler.cli.options import (
    EnvironmentOption,
    Format,
    FormatOption,
    JournalOption,
    RootOption,
    Verb,
    make_app,
)
from reconciler.definitions.files import open_drafts, read_file
from reconciler.definitions.settings import find_root
from reconciler.errors import Exit, Refused, SettingsError, UsageError
from reconciler.execution.journal_folder import find_run
from reconciler.execution.stored_zip import MOST_BYTES
from reconciler.model.untrusted_text import escape_line
from reconciler.operations.evidence import check_evidence, collect_evidence
from reconciler.operations.evidence_lookup import look_up_evidence
from reconciler.render import json as as_json
from reconciler.render.phrases import count
from reconciler.render.text.evidence import render_evidence

if TYPE_CHECKING:
    from reconciler.execution.journal import Run
    from reconciler.operations.evidence_lookup import Shown

app = make_app()
_EXAMPLES = """\
reconciler evidence latest -e prod
reconciler evidence --verify evidence-20261122T120000Z-0a1b2c.zip -e prod
reconciler evidence --verify evidence-20261122T120000Z-0a1b2c.zip --offline"""


_RunArgument: TypeAlias = Annotated[
    str | None,
    typer.Argument(
        metavar="RUN",
        autocompletion=complete_run,
        help="A run, or the start of its name, or latest.",
        show_default=False,
    ),
]
_OutOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--out", metavar="FILE", help="Where to save it. Default: evidence-RUN.zip.", show_default=False
    ),
]
_PlanOption: TypeAlias = Annotated[
    Path | None,
    typer.Option("--plan", metavar="FILE", help="The plan of a run that kept none.", show_default=False),
]
_VerifyOption: TypeAlias = Annotated[
    Path | None,
    typer.Option("--verify", metavar="FILE", help="Check such a file.", show_default=False),
]
_OfflineOption: TypeAlias = Annotated[
    bool, typer.Option("--offline", help="Check it against itself only; no network.")
]


@app.command(cls=Verb, epilog=_EXAMPLES)
def run(
    name: _RunArgument = None,
    *,
    out: _OutOption = None,
    plan: _PlanOption = None,
    verify: _VerifyOption = None,
    offline: _OfflineOption = False,
    environment: EnvironmentOption = None,
    form: FormatOption = Format.TEXT,
    journal: JournalOption = None,
    root: RootOption = None,
) -> None:
    """Put what proves a run into one file, or check such a file.

    The file holds the plan, its approval, the journal, the report and what the register said, with a digest of each.
    With --verify it is checked against itself, and then against the register.
    """
    if (name is None) is (verify is None):
        raise UsageError("Name a run, or a file with --verify.", hint="`reconciler runs` lists the runs.")
    if verify is not None:
        if out is not None or plan is not None:
            raise UsageError("--out and --plan go with a run, not with --verify.")
        raise typer.Exit(_verify(verify, environment, form, root, offline=offline))
    if offline or form is Format.JSON:
        raise UsageError("--offline and --format json go with --verify.")
    found = find_root(root or Path.cwd())
    named = environment if environment is not None else os.environ.get("RECONCILER_ENVIRONMENT")
    past = find_run(find_journal(found, journal), name or "", named)
    raise typer.Exit(_collect(past, out or Path(f"evidence-{past.start.run}.zip"), plan))


def _collect(past: Run, path: Path, plan: Path | None) -> Exit:
    """Put what proves a run into a file, say its digest, and whether all of it fits together."""
    with open_drafts([path]) as drafts:
        content = collect_evidence(past, plan)
        checked = check_evidence(content)
        drafts[path].write(content)
    if past.open:
        left = count(len(past.open), "request")
        notify(f"Without an outcome: {left}. Run `reconciler recover`, and then this again.")
    for each in checked.problems:
        notify(f"This does not fit together: {each.member}: {each.reason}.")
    show_text(escape_line(f"{checked.digest}  {path}") + "\n")
    return Exit.FAILED if checked.problems else Exit.DONE


def _verify(path: Path, environment: str | None, form: Format, root: Path | None, *, offline: bool) -> Exit:
    """Check a file against itself and, where it is sound, against the register; show what was found."""
    checked = check_evidence(read_file(path, most=MOST_BYTES))
    shown = None
    if not (checked.problems or offline) and checked.run is not None:
        shown = _ask_register(checked.run, environment, root)
    if form is Format.JSON:
        show_text(as_json.render_evidence(checked, shown))
    else:
        show_lines(render_evidence(checked, shown))
    is_sound = not checked.problems and all(each.stands for each in shown or ())
    return Exit.DONE if is_sound else Exit.FAILED


def _ask_register(run: Run, environment: str | None, root: Path | None) -> tuple[Shown, ...]:
    """Ask the register that the run wrote to; raises `Refused` where the environment that is named is another."""
    found = _find_root(root, run.start.environment)
    chosen = choose_saved(found, run.start.environment, environment)
    if run.start.register != chosen.identity:
        raise Refused(
            f"The run wrote to {run.start.register}, and {chosen.name} is {chosen.identity} now.",
            hint="Name the environment that it wrote to, or check the file with --offline.",
        )
    with connect(found, chosen, run.start.vendor, read_only=True) as connection:
        return look_up_evidence(run, connection.register)


def _find_root(root: Path | None, environment: str) -> Path:
    """Find the repository; an auditor has none, and needs it only for an embedded register or a configured one."""
    try:
        return find_root(root or Path.cwd())
    except SettingsError:
        raise
    except UsageError:
        if root is not None or environment == "local":
            raise
        return Path.cwd()
