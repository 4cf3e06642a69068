"""Makes the definition of a new system as far as it is known, and says what is left to fill in.

Nothing is written here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.definitions.outline import write_outline
from reconciler.definitions.starter import MODELINE
from reconciler.definitions.template import make_file_name
from reconciler.definitions.yaml_document import read_document
from reconciler.errors import UsageError
from reconciler.model.catalogue import Asked
from reconciler.model.catalogue_list import PackageEntry, ResourceEntry, name_entry
from reconciler.model.catalogue_search import choose_entry
from reconciler.model.findings import Severity
from reconciler.model.request_template import find_relation
from reconciler.model.system import LANGUAGES
from reconciler.operations.validate import validate
from reconciler.rules.identity import is_organisation

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reconciler.definitions.yaml_document import Document
    from reconciler.model.canonical_json import Json
    from reconciler.model.catalogue import Catalogue
    from reconciler.model.catalogue_list import CatalogueList, Entry
    from reconciler.model.catalogue_search import Choice
    from reconciler.model.findings import Finding

_OWN_NUMBER = re.compile(r"([0-9]{9})_.+", re.DOTALL)
_LEFT = frozenset({"language-empty", "no-client-ids", "nothing-asked"})
"""The rules on what can be filled in later."""
MOST = 10
"""Entries that are offered for one term."""


@dataclass(frozen=True, slots=True)
class NewSystem:
    """A system that is to be defined, as far as it is known; what is empty is left to fill in."""

    id: str
    vendor: str
    """The organisation number."""
    name: Mapping[str, str]
    description: Mapping[str, str]
    rights: tuple[Entry, ...] = ()
    packages: tuple[Entry, ...] = ()
    clients: tuple[str, ...] = ()
    redirects: tuple[str, ...] = ()
    visible: bool = False
    environments: tuple[str, ...] = ()
    """Where it is to exist besides `local`."""

    def to_json(self) -> dict[str, Json]:
        """Give what the definition says, every member explicitly."""
        return {
            "id": self.id,
            "vendor": self.vendor,
            "name": {language: self.name.get(language, "") for language in LANGUAGES},
            "description": {language: self.description.get(language, "") for language in LANGUAGES},
            "rights": [name_entry(each) for each in self.rights],
            "accessPackages": [name_entry(each) for each in self.packages],
            "clientId": list(self.clients),
            "allowedRedirectUrls": list(self.redirects),
            "isVisible": self.visible,
            **({"requests": requests} if (requests := self._list_requests()) else {}),
        }

    def _list_requests(self) -> dict[str, Json]:
        """Give templates for a system that customers cannot find: for themselves, and for each client relation."""
        if self.visible:
            return {}
        templates: dict[str, dict[str, list[str]]] = {}
        for right in self.rights:
            templates.setdefault("standard", {}).setdefault("rights", []).append(name_entry(right))
        for each in self.packages:
            if isinstance(each, PackageEntry) and (each.assignable or each.delegable):
                name = "standard" if each.assignable else find_relation(each.urn) or "agent"
                templates.setdefault(name, {}).setdefault("accessPackages", []).append(each.urn)
        redirect = {"redirectUrl": self.redirects[0]} if self.redirects else {}
        kinds = {name: {} if name == "standard" else {"type": "agent"} for name in templates}
        return {name: {**kinds[name], **asked, **redirect} for name, asked in templates.items()}


@dataclass(frozen=True, slots=True)
class Folder:
    """The definitions that are there, and what they are checked by."""

    documents: Sequence[Document]
    names: frozenset[str]
    """Of all files beside them, in small letters."""
    environments: tuple[str, ...]
    asked: Mapping[str, Catalogue]
    """What is saved of environments, by their names."""
    has_schema: bool = False
    """Whether the schema of a definition lies beside them, for editors."""


@dataclass(frozen=True, slots=True)
class NewFile:
    """A definition that is to be written, and what is to be said of it."""

    path: str
    """From the root."""
    text: str
    left: tuple[Finding, ...]
    """What is left to fill in."""
    wrong: tuple[Finding, ...]
    """The errors that it would bring; where there are any, it is not to be written."""


def complete_id(name: str, vendor: str, defined: str) -> tuple[str, str]:
    """Give the whole id and the vendor: as they are said, else that of the definitions, where it is one only.

    Raises `UsageError` where the vendor is not known, or no organisation number.
    """
    found = _OWN_NUMBER.fullmatch(name)
    known = vendor or (found[1] if found else "") or defined
    if not known:
        raise UsageError(
            f"Whose system `{name[:80]}` is to be is not known.",
            hint="Name the organisation number with --vendor, or begin the id with it.",
        )
    if not is_organisation(known):
        raise UsageError(
            f"`{known[:80]}` is no organisation number.", hint="Nine digits, as Enhetsregisteret has it."
        )
    return (name if found else f"{known}_{name}"), known


def choose_package(listed: CatalogueList, term: str) -> Entry:
    """Choose the access package that a term stands for; raises `UsageError` where that is none, or several."""
    return _take(choose_entry(listed, term, PackageEntry), "access package", "--package")


def choose_right(listed: CatalogueList, term: str) -> Entry:
    """Choose the resource likewise; where no list of resources is saved, an id is taken as it stands."""
    if not listed.resources and Asked("resource", term).can_exist:
        return ResourceEntry(term, {}, {}, "", "", "", delegable=True, visible=True)
    return _take(choose_entry(listed, term, ResourceEntry), "resource", "--right")


def _take(choice: Choice, what: str, option: str) -> Entry:
    if choice.entry is not None:
        return choice.entry
    if choice.candidates:
        shown = [f"{name_entry(each)}  {get_title(each)}".rstrip() for each in choice.candidates[:MOST]]
        more = len(choice.candidates) - len(shown)
        rest = [f"and {more} more: `reconciler catalogue search {choice.term[:80]}`"] if more else []
        raise UsageError(
            f"`{choice.term[:80]}` fits {len(choice.candidates)} {what}s in {choice.listed.title}.",
            hint="\n".join([f"Name one of them with {option}:", *shown, *rest]),
        )
    near = " or ".join(f"`{each}`" for each in choice.nearest)
    unlisted = not choice.listed.resources and what == "resource"
    hint = f"Did you mean {near}?" if near else "`reconciler catalogue search WORD` finds names by words."
    if unlisted:
        hint = "Write its id, or save a list first: `reconciler catalogue refresh -e tt02`."
    raise UsageError(f"No {what} in {choice.listed.title} fits `{choice.term[:80]}`.", hint=hint)


def get_title(entry: Entry) -> str:
    """Give what people call an entry, in Norwegian where it can be had; empty where it has no name of its own."""
    texts = entry.name if isinstance(entry, PackageEntry) else entry.title
    return next((texts[each] for each in LANGUAGES if texts.get(each, "") not in {"", name_entry(entry)}), "")


def outline_system(system: NewSystem, folder: Folder) -> NewFile:
    """Write the definition of a new system, and check it beside those that are there.

    Raises `UsageError` where there is a file of its name.
    """
    name = make_file_name(system.id, ())
    path = f"systems/{name}"
    if name.lower() in folder.names:
        raise UsageError(
            f"{path} is there already, and stays as it is.",
            hint="Edit that file, or choose another id.",
        )
    entries = {name_entry(each): get_title(each) for each in (*system.rights, *system.packages)}
    text = write_outline(system.to_json(), {each: {} for each in system.environments}, entries)
    text = MODELINE + text if folder.has_schema else text
    before, after = (
        _check(documents, folder)
        for documents in (folder.documents, [*folder.documents, read_document(path, text.encode())])
    )
    new = [each for each in after if each not in set(before)]
    left = tuple(each for each in new if each.rule in _LEFT and each.place.file == path)
    wrong = tuple(each for each in new if each not in left and each.severity is Severity.ERROR)
    return NewFile(path, text, left, wrong)


def _check(documents: Iterable[Document], folder: Folder) -> tuple[Finding, ...]:
    return validate(list(documents), folder.environments, asked=folder.asked).findings
