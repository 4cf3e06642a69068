"""`reconciler init`: write what a repository needs to start with."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from reconciler.build import find_program
from reconciler.cli.confirmation import ask, confirm
from reconciler.cli.console import notify, show_lines, show_text
from reconciler.cli.options import RootOption, Verb, make_app
from reconciler.clients.credentials import choose_variables
from reconciler.definitions.files import find_definitions
from reconciler.definitions.pipeline import Platform, read_program
from reconciler.definitions.settings import find_root, read_settings
from reconciler.errors import Exit, Refused, UsageError
from reconciler.model.environment import BUILT_IN
from reconciler.operations.init import Wishes, plan_start, write_start
from reconciler.render.lines import LONG, Piece, make_line, make_safe
from reconciler.render.phrases import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.definitions.starter import StarterFile
    from reconciler.render.lines import Line

app = make_app()
_EXAMPLES = """\
reconciler init
reconciler init --github --owners @org/team --program OWNER/REPOSITORY@COMMIT
reconciler init --check"""
_Environments: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--environment",
        "-e",
        metavar="NAME",
        help="An environment in use; repeatable.",
        show_default=False,
    ),
]
_Owners: TypeAlias = Annotated[
    str,
    typer.Option(
        "--owners",
        metavar="@TEAM",
        help="Who has to review definitions: a line of CODEOWNERS.",
        show_default=False,
    ),
]
_Vendor: TypeAlias = Annotated[
    str,
    typer.Option(
        "--vendor",
        metavar="ORG",
        help="Organisation number for an example definition.",
        show_default=False,
    ),
]
_Github: TypeAlias = Annotated[bool, typer.Option("--github", help="Add the workflows of GitHub Actions.")]
_Gitlab: TypeAlias = Annotated[bool, typer.Option("--gitlab", help="Add the pipeline of GitLab CI.")]
_Azure: TypeAlias = Annotated[bool, typer.Option("--azure", help="Add the pipeline of Azure Pipelines.")]
_Program: TypeAlias = Annotated[
    str,
    typer.Option(
        "--program",
        metavar="REPOSITORY@COMMIT",
        help="The commit of this program that pipelines run. Default: what was installed, where that is known.",
        show_default=False,
    ),
]


@app.command(cls=Verb, epilog=_EXAMPLES)
def run(
    *,
    check: Annotated[bool, typer.Option("--check", help="Run doctor for every environment instead.")] = False,
    vendor: _Vendor = "",
    environments: _Environments = None,
    owners: _Owners = "",
    github: _Github = False,
    gitlab: _Gitlab = False,
    azure: _Azure = False,
    program: _Program = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the files and write nothing.")] = False,
    root: RootOption = None,
) -> None:
    """Write what a repository needs to start with, here; nothing that is there is overwritten.

    Configuration, a line for git, a schema for editors; with --vendor or --owners a README, with --vendor an example.
    Pipelines are pinned to one commit of this program. On a terminal it asks for what is not said.
    """
    if check:
        _check(root or Path.cwd())
        return
    here = (root or Path.cwd()).resolve()
    asking = sys.stdin.isatty() and not yes and not dry_run
    named = zip(Platform, (github, gitlab, azure), strict=True)
    wishes = Wishes(
        vendor, environments or ("tt02", "prod"), owners, [each for each, wanted in named if wanted]
    )
    files = plan_start(
        here, _name_program(_ask_missing(wishes) if asking else wishes, program, asking=asking)
    )
    show_lines(_list_files(files, whole=dry_run))
    if dry_run:
        return
    if not any(each.text for each in files):
        show_text("Nothing to write: everything is there.\n")
        return
    if not yes and not asking:
        raise Refused("Nothing was written: there is no terminal to ask on.", hint="Pass --yes to go ahead.")
    if asking and not confirm("Write them?"):
        raise Refused("Nothing was written: the answer was no.")
    show_text(f"{count(write_start(here, files), 'file')} written.\n")
    source = _choose_environment(here, environments or ())
    notify(
        f"Next: `reconciler {_choose_next(here)}`, or `reconciler import --all -e {source}` for what is registered "
        "already."
    )


def _ask_missing(wishes: Wishes) -> Wishes:
    """Ask for what was not said; an empty answer leaves it out."""
    vendor = wishes.vendor or ask("The vendor's organisation number, for an example (none)")
    platforms = list(wishes.platforms)
    while not platforms and (answer := ask("Pipelines for github, gitlab or azure (none)").lower()):
        platforms = [each for each in Platform if each == answer]
    owners = wishes.owners or ask("Who reviews changes, as in CODEOWNERS, such as @org/team (nobody)")
    return replace(wishes, vendor=vendor, platforms=platforms, owners=owners)


def _name_program(wishes: Wishes, said: str, *, asking: bool) -> Wishes:
    """Name the commit that pipelines run: the one that was said, else the one that is installed, else an answer."""
    if not wishes.platforms:
        return wishes
    if not said:
        with suppress(UsageError):
            return replace(wishes, program=read_program(find_program()))
        said = ask("The program's repository and commit, as OWNER/REPOSITORY@COMMIT") if asking else ""
    return replace(wishes, program=read_program(said) if said else None)


def _choose_next(root: Path) -> str:
    """Choose what a definition needs: to be planned, or first to be written."""
    return "plan" if find_definitions(root) else "new ID"


def _choose_environment(root: Path, named: Sequence[str]) -> str:
    """Choose the environment that is imported from first: one that is named, else one of the repository's own."""
    built_in = {each.name for each in BUILT_IN}
    own = [each for each in read_settings(root).environments if each not in built_in]
    return next((each for each in (*named, *own) if each != "local"), "tt02")


def _list_files(files: Sequence[StarterFile], *, whole: bool) -> Iterator[Line]:
    """List what is written, and what stays; `whole` shows the texts too."""
    for each in files:
        if not each.text:
            yield make_line(f"= {make_safe(each.path, LONG)}", Piece(f"  stays: {each.note}", "dim"))
            continue
        yield make_line(
            Piece(f"{'+' if each.is_new else '~'} {make_safe(each.path, LONG)}", "create"),
            Piece("  new" if each.is_new else "  lines are added", "dim"),
        )
        if whole and not each.path.endswith(".json"):
            for line in each.text.splitlines():
                yield make_line(f"    {make_safe(line, LONG)}")


def _check(start: Path) -> None:
    """Look at every configured environment but `local`, with the credentials that carry its name where there are."""
    from reconciler.cli.doctor import examine  # noqa: PLC0415 - loads HTTP

    settings = read_settings(find_root(start))
    sound = True
    for each in settings.environments.values():
        if each.name != "local":
            show_text(f"{each.name}:\n")
            sound = examine(settings, each, choose_variables(os.environ, each.name)) and sound
    if not sound:
        raise typer.Exit(Exit.FAILED)
