"""Definitions that cannot be used: which they are, and which systems they can be about all the same."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reconciler.model.findings import Severity
from reconciler.operations.selection import list_ids
from reconciler.planning.narrowing import Unjudged

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reconciler.definitions.definition import Definition, Resolved
    from reconciler.definitions.yaml_document import Document
    from reconciler.model.findings import Finding
    from reconciler.model.system import System
    from reconciler.operations.archive import Archive, BaseDefinitions
    from reconciler.rules import Checked

_SEVERAL_VENDORS = "several-vendors"
_USUAL_NAME = re.compile(r"[0-9]{9}_.+")
"""A file that is named after its system."""
_USUAL_ID = re.compile(r"[0-9]{9}(_|$)")
"""What the register takes as an id, as far as it begins."""


@dataclass(frozen=True, slots=True)
class BrokenFile:
    """A definition that cannot be used, and what is known of it all the same."""

    unjudged: Unjudged
    text: str = ""
    """What the file holds, as far as it could be read."""
    earlier: Sequence[System] = ()
    """What it asked for when it could be used."""

    def may_ask_for(self, client: str) -> bool:
        """Say whether the file names a client id, or named it when it could be used."""
        return bool(client) and (client in self.text or any(client in each.clientId for each in self.earlier))

    def add_ids(self, ids: Iterable[str]) -> BrokenFile:
        """Add systems that the file can be about."""
        known = tuple(dict.fromkeys([*self.unjudged.ids, *ids]))
        return replace(self, unjudged=replace(self.unjudged, ids=known))


def find_broken(findings: Iterable[Finding]) -> frozenset[str]:
    """Find the files that an error is about; of two that do not go together neither can be used.

    None where an error is about all of them: whose they are is not known then.
    """
    wrong = [each for each in findings if each.severity is Severity.ERROR]
    if any(each.rule == _SEVERAL_VENDORS for each in wrong):
        return frozenset()
    return frozenset(name for each in wrong for name in (each.place.file, each.other) if name)


def separate(
    checked: Checked, documents: Iterable[Document], archive: Archive
) -> tuple[Checked, tuple[BrokenFile, ...]]:
    """Separate the definitions that can be used from the files that cannot; every finding stays.

    The history of such a file is asked for what it was about. A definition that is sound in itself cannot be used
    either where a broken file can be about the same system.
    """
    names = find_broken(checked.findings)
    definitions = {each.document.file: each for each in checked.definitions}
    texts = {each.file: each for each in documents}
    broken = {
        name: _describe(texts[name], definitions.get(name), checked, archive)
        for name in sorted(names & texts.keys())
    }
    owners = {system: file for file, each in broken.items() for system in each.unjudged.ids}
    for file, each in definitions.items():
        ids = list_ids(each.document, each)
        owner = next((owners[system] for system in ids if system in owners), "")
        if file not in broken and owner:
            unjudged = Unjudged(file, f"{owner} can be about the same system", 1, ids)
            broken[file] = BrokenFile(unjudged, each.document.text)
    usable = tuple(each for each in checked.definitions if each.document.file not in broken)
    return checked._replace(definitions=usable), tuple(broken[name] for name in sorted(broken))


def find_broken_before(
    base: BaseDefinitions, systems: Sequence[Resolved], archive: Archive
) -> tuple[BrokenFile, ...]:
    """Find the files that could not be used at a base, and the systems whose earlier state is not known for that.

    They are those that the file showed, shows now, or showed when it could last be read. A file that shows none can
    be about every system here that nothing at the base defines: none of them is known to be new.
    """
    new = tuple(each.system.id for each in systems if each.system.id not in base.systems)
    found: list[BrokenFile] = []
    for file, unread in sorted(base.unread.items()):
        now = [each for each in systems if each.definition.document.file == file]
        last = archive.read_last(file, base.commit)
        earlier = [] if last is None else [last]
        shown = [each for each in unread.ids if _USUAL_ID.match(each)]
        ids = [*shown, *(each.system.id for each in now), *(each.id for each in earlier)]
        known = tuple(dict.fromkeys(ids)) or _read_name(file) or new
        asked = [*earlier, *(each.system for each in systems if each.system.id in known)]
        unjudged = Unjudged(file, unread.reason, ids=known, commit=base.commit)
        found.append(BrokenFile(unjudged, unread.text, asked))
    return tuple(found)


def _read_name(file: str) -> tuple[str, ...]:
    """Give the system that a file is named after; none where it is not."""
    stem = file.rpartition("/")[2].rpartition(".")[0]
    return (stem,) if _USUAL_NAME.fullmatch(stem) else ()


def _describe(
    document: Document, definition: Definition | None, checked: Checked, archive: Archive
) -> BrokenFile:
    earlier = archive.read_last(document.file)
    ids = [*list_ids(document, definition), *([earlier.id] if earlier is not None else [])]
    ids = ids or [*_read_name(document.file)]
    errors = [each for each in checked.findings if each.severity is Severity.ERROR]
    first = next((each for each in errors if each.place.file == document.file), None)
    other = next((each for each in errors if each.other == document.file), None)
    reason, line = (first.message, first.place.line) if first else ("", 0)
    if first is None and other is not None:
        reason = f"it does not go together with {other.place}"
    return BrokenFile(
        Unjudged(document.file, reason, line, tuple(dict.fromkeys(ids))),
        document.text,
        () if earlier is None else (earlier,),
    )
