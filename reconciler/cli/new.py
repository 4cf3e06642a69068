"""`reconciler new`: write the definition of a new system, to be filled in."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from reconciler.cli.completions import complete_entry, complete_environment
from reconciler.cli.confirmation import confirm
from reconciler.cli.console import notify, notify_findings, show_lines
from reconciler.cli.options import RootOption, Verb, make_app
from reconciler.cli.questions import ask_missing
from reconciler.definitions.catalogue_file import choose_list, read_catalogues
from reconciler.definitions.files import (
    find_definitions,
    has_schema,
    list_names,
    read_documents,
    write_definition,
)
from reconciler.definitions.settings import find_root, read_settings
from reconciler.errors import Refused, UsageError
from reconciler.model.system import LANGUAGES
from reconciler.operations.import_ import find_defined
from reconciler.operations.new import (
    Folder,
    NewSystem,
    choose_package,
    choose_right,
    complete_id,
    outline_system,
)
from reconciler.render.lines import LONG, Piece, make_line, make_safe, make_sentence

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from reconciler.definitions.settings import Settings
    from reconciler.model.catalogue_list import CatalogueList
    from reconciler.operations.new import NewFile
    from reconciler.render.lines import Line

app = make_app()
_EXAMPLES = """\
reconciler new 991825827_smartcloud
reconciler new 991825827_smartcloud --package skattegrunnlag
reconciler new 991825827_smartcloud --name Sky --name en=Cloud --dry-run"""
_LANGUAGE = re.compile(r"([a-zA-Z]{2})=(.*)", re.DOTALL)
_Texts: TypeAlias = list[str] | None
_Vendor: TypeAlias = Annotated[
    str,
    typer.Option(
        "--vendor",
        metavar="ORG",
        help="Whose it is. Default: as the id says, or the other definitions.",
        show_default=False,
    ),
]
_Name: TypeAlias = Annotated[
    _Texts,
    typer.Option(
        "--name",
        metavar="[LANG=]TEXT",
        help="What customers see: in nb, nn or en, or one text for all three; repeatable.",
        show_default=False,
    ),
]
_Description: TypeAlias = Annotated[
    _Texts,
    typer.Option(
        "--description",
        metavar="[LANG=]TEXT",
        help="What customers read before they say yes; likewise.",
        show_default=False,
    ),
]
_Packages: TypeAlias = Annotated[
    _Texts,
    typer.Option(
        "--package",
        metavar="TERM",
        autocompletion=complete_entry,
        help="An access package: its URN, or words that fit one only; repeatable.",
        show_default=False,
    ),
]
_Rights: TypeAlias = Annotated[
    _Texts,
    typer.Option(
        "--right",
        metavar="TERM",
        autocompletion=complete_entry,
        help="A resource: its id, or words that fit one only; repeatable.",
        show_default=False,
    ),
]
_Clients: TypeAlias = Annotated[
    _Texts,
    typer.Option(
        "--client-id", metavar="ID", help="Of its Maskinporten client; repeatable.", show_default=False
    ),
]
_Redirects: TypeAlias = Annotated[
    _Texts,
    typer.Option(
        "--redirect-url",
        metavar="URL",
        help="Where customers are sent after they have answered; repeatable.",
        show_default=False,
    ),
]
_Visible: TypeAlias = Annotated[
    bool | None,
    typer.Option(
        "--visible/--hidden",
        help="Whether customers find it in Altinn themselves. Default: hidden.",
        show_default=False,
    ),
]
_Environments: TypeAlias = Annotated[
    _Texts,
    typer.Option(
        "--environment",
        "-e",
        metavar="NAME",
        autocompletion=complete_environment,
        help="Where it is to exist besides local; repeatable.",
        show_default=False,
    ),
]


@app.command(cls=Verb, epilog=_EXAMPLES)
def run(
    name: Annotated[
        str, typer.Argument(metavar="ID", help="Of the new system; the organisation number may be left out.")
    ],
    *,
    vendor: _Vendor = "",
    names: _Name = None,
    descriptions: _Description = None,
    packages: _Packages = None,
    rights: _Rights = None,
    clients: _Clients = None,
    redirects: _Redirects = None,
    visible: _Visible = None,
    environments: _Environments = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the file and write nothing.")] = False,
    root: RootOption = None,
) -> None:
    """Write the definition of a new system, to be filled in; no network.

    On a terminal it asks for what is not said, and finds packages and resources by words in the newest list that
    catalogue refresh saved. It checks and shows the file before it writes it, and overwrites nothing.
    """
    found = find_root(root or Path.cwd())
    settings = read_settings(found)
    listed = choose_list(found, settings.environments, environments or ())
    folder = _read_folder(found, settings)
    defined = find_defined({each.file: each.text for each in folder.documents}, folder.environments)
    own, organisation = complete_id(name, vendor, defined.vendor)
    system = NewSystem(
        own,
        organisation,
        _read_texts("--name", names),
        _read_texts("--description", descriptions),
        tuple(choose_right(listed, each) for each in rights or ()),
        tuple(choose_package(listed, each) for each in packages or ()),
        tuple(clients or ()),
        tuple(redirects or ()),
        visible or False,
        _check_environments(environments or (), settings),
    )
    asking = sys.stdin.isatty() and not yes and not dry_run
    if asking:
        system = ask_missing(system, listed, settings.environments, visible=visible)
    made = outline_system(system, folder)
    _show(made, listed, rights or ())
    if not dry_run:
        _write(made, found, asking=asking)


def _read_folder(root: Path, settings: Settings) -> Folder:
    environments = tuple(settings.environments)
    return Folder(
        read_documents(root, find_definitions(root)),
        frozenset(list_names(root)),
        environments,
        read_catalogues(root, environments),
        has_schema=has_schema(root),
    )


def _read_texts(option: str, values: _Texts) -> dict[str, str]:
    """Read texts with their languages; one without a language is that of every language without its own."""
    found: dict[str, str] = {}
    for value in values or ():
        match = _LANGUAGE.fullmatch(value)
        if match is None:
            found |= {each: value for each in LANGUAGES if each not in found}
            continue
        if match[1] not in LANGUAGES:
            raise UsageError(
                f"`{match[1]}` in {option} is no language that a system has a text in.",
                hint=f"Write nb, nn or en before the `=`: {option} nb=TEXT.",
            )
        found[match[1]] = match[2]
    return found


def _check_environments(named: Sequence[str], settings: Settings) -> tuple[str, ...]:
    unknown = [each for each in named if each not in settings.environments]
    if unknown:
        raise UsageError(
            f"There is no environment `{unknown[0][:80]}`.",
            hint=f"Known: {', '.join(settings.environments)}.",
        )
    return tuple(dict.fromkeys(each for each in named if each != "local"))


def _show(made: NewFile, listed: CatalogueList, rights: Sequence[str]) -> None:
    """Show the file and what is left to fill in; raises `Refused` where it would be wrong."""
    show_lines(_list_lines(made))
    if made.wrong:
        notify_findings(made.wrong, 1)
        raise Refused(
            f"Nothing was written: {made.path} would be wrong.", hint="Correct what the errors are about."
        )
    if rights and not listed.resources:
        notify(
            "No list of resources is saved, so each right is taken as it is written; "
            "`reconciler catalogue refresh -e tt02` saves one."
        )


def _list_lines(made: NewFile) -> Iterator[Line]:
    yield make_line(Piece(f"+ {make_safe(made.path, LONG)}", "create"), Piece("  new", "dim"))
    for line in made.text.splitlines():
        yield make_line(f"    {make_safe(line, LONG)}")
    if made.left and not made.wrong:
        yield make_line("Left to fill in:")
    for each in () if made.wrong else made.left:
        yield make_line(f"  {make_safe(str(each.place), LONG)}  {make_sentence(each.message)}")


def _write(made: NewFile, root: Path, *, asking: bool) -> None:
    if asking and not confirm("Write it?"):
        raise Refused("Nothing was written: the answer was no.")
    write_definition(root / made.path, made.text, within=root)
    fill_in = f"fill in {made.path}, then `reconciler validate` and " if made.left else ""
    notify(f"Written. Next: {fill_in}`reconciler plan`.")
