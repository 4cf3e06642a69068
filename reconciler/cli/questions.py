"""What `new` asks on a terminal: all that was not said on the command line, with packages and resources by search."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.cli.confirmation import ask, confirm
from reconciler.cli.console import notify
from reconciler.model.catalogue_list import PackageEntry, ResourceEntry, name_entry
from reconciler.model.catalogue_search import choose_entry
from reconciler.model.system import LANGUAGES
from reconciler.operations.new import MOST, choose_right, get_title

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from reconciler.model.catalogue_list import CatalogueList, Entry
    from reconciler.operations.new import NewSystem

_LANGUAGES: Mapping[str, str] = {"nb": "Bokmål", "nn": "Nynorsk", "en": "English"}


def ask_missing(
    system: NewSystem, listed: CatalogueList, environments: Collection[str], *, visible: bool | None
) -> NewSystem:
    """Ask for what a new system lacks; an empty answer leaves it out. Raises `Refused` where there is none."""
    notify(f"A definition of `{system.id}`. What you leave out can be filled in later.")
    name = _ask_texts("Name", system.name)
    description = _ask_texts("Description", system.description)
    packages = system.packages or tuple(_ask_entries("Access package", listed, PackageEntry))
    rights = system.rights or tuple(_ask_entries("Resource", listed, ResourceEntry))
    clients = system.clients or tuple(_ask_several("Client id of its Maskinporten client"))
    redirects = system.redirects or tuple(_ask_several("Redirect URL"))
    shown = confirm("May customers find it in Altinn themselves?") if visible is None else visible
    return replace(
        system,
        name=name,
        description=description,
        packages=packages,
        rights=rights,
        clients=clients,
        redirects=redirects,
        visible=shown,
        environments=system.environments or _ask_environments(environments),
    )


def _ask_texts(what: str, said: Mapping[str, str]) -> dict[str, str]:
    """Ask for a text in each language that has none; without an answer it is the one before it."""
    texts = dict(said)
    before = next((texts[each] for each in LANGUAGES if texts.get(each)), "")
    for language in LANGUAGES:
        if not texts.get(language):
            texts[language] = ask(f"{what} in {_LANGUAGES[language]}", before)
        before = texts[language] or before
    return texts


def _ask_several(what: str) -> Iterator[str]:
    """Ask until the answer is empty."""
    more = ""
    while answer := ask(f"{what} (no{more})"):
        yield answer
        more = " more"


def _ask_entries(what: str, listed: CatalogueList, kind: type[Entry]) -> Iterator[Entry]:
    """Ask for entries of the catalogue by words or names, until the answer is empty."""
    for term in _ask_several(f"{what} to ask customers for, by words or its name"):
        if kind is ResourceEntry and not listed.resources and " " not in term:
            entry: Entry | None = choose_right(listed, term)
        else:
            entry = _pick(term, listed, kind)
        if entry is not None:
            notify(f"  takes {name_entry(entry)}  {get_title(entry)}".rstrip())
            yield entry


def _pick(term: str, listed: CatalogueList, kind: type[Entry]) -> Entry | None:
    """Offer what fits a term by number; None where nothing is taken."""
    choice = choose_entry(listed, term, kind)
    if choice.entry is not None:
        return choice.entry
    if not choice.candidates:
        near = f" The nearest: {', '.join(choice.nearest)}." if choice.nearest else ""
        notify(f"  Nothing in {listed.title} fits.{near}")
        return None
    offered = choice.candidates[:MOST]
    for number, each in enumerate(offered, 1):
        notify(f"  {number:>2}  {name_entry(each)}  {get_title(each)}".rstrip())
    rest = len(choice.candidates) - len(offered)
    if rest:
        notify(f"      and {rest} more: another word leaves fewer")
    answer = ask("Which, by number (none)")
    return offered[int(answer) - 1] if answer.isdecimal() and 0 < int(answer) <= len(offered) else None


def _ask_environments(known: Collection[str]) -> tuple[str, ...]:
    """Ask where the system is to exist, until all names are known."""
    question = f"Environments besides local, of {', '.join(each for each in known if each != 'local')} (none)"
    while True:
        named = [each for each in ask(question).replace(",", " ").split() if each != "local"]
        unknown = [each for each in named if each not in known]
        if not unknown:
            return tuple(dict.fromkeys(named))
        notify(f"  There is no environment `{unknown[0][:80]}`.")
