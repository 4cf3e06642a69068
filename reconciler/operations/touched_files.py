"""Reads, of all definition files, those that a change touches and those that can have to do with them.

The others are searched for a few texts, and not read as YAML. Where that could give another answer about a touched
system than reading everything, it is given up.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from reconciler.definitions.changed_files import compare_files
from reconciler.definitions.files import read_documents
from reconciler.definitions.git import Base, Blob, GitFailed
from reconciler.definitions.mentions import UnreadFiles, is_disguised
from reconciler.definitions.working_tree import are_as_listed
from reconciler.errors import ReconcilerError
from reconciler.model.revision import Checkout
from reconciler.operations.touched import CONFIGURATION, find_touched, list_beside, spread
from reconciler.operations.validate import list_claims, resolve_all, validate
from reconciler.planning.impact import MANY
from reconciler.rules import Checked
from reconciler.rules.definition_reader import check_document

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from reconciler.definitions.changed_files import ChangedFiles
    from reconciler.definitions.definition import Definition, Resolved
    from reconciler.model.catalogue import Catalogue
    from reconciler.operations.archive import Archive, BaseFiles
    from reconciler.operations.scope import Touched

_MOST = 50
"""Files that are read; of more, reading everything costs about as much."""
_TRIES = 5
"""Files that are read to find one that says a thing, of those that seem to."""
_VENDOR_LINE = re.compile(
    rb"""^vendor:(?:[ \t]*\r?\n[ \t]+ID:|[ \t]*\{[ \t]*["']?ID["']?:)?[ \t]*"""
    rb"""["']?(?:0192:)?([0-9]{9})["']?[ \t]*\}?[ \t]*(?:#[^\n]*)?\r?$""",
    re.MULTILINE,
)
"""The ways to write whose system it is that need no reading, at the left edge."""
_VENDOR = b"vendor"
_VENDOR_WORD = re.compile(rb"^(?![ \t]*#)[^\n]*vendor", re.IGNORECASE | re.MULTILINE)
"""A line but a comment that may say so in any environment."""
_ID_LINE = re.compile(rb"""^["']?id["']?[ \t]*:""", re.IGNORECASE | re.MULTILINE)
_USUAL_ID = re.compile(rb"""^id:[ \t]*["']?[0-9]{9}_""", re.MULTILINE)
_PLAIN_ENVIRONMENTS = re.compile(rb"^environments:[ \t]*(?:[{#][^\n]*)?\r?$", re.MULTILINE)
"""What makes a definition that names its environments, without reading it."""
_MARKS = (b"\r", b"\xc2\x85", b"\xe2\x80", b"*", b"<<")
"""One of these is in whatever has another form."""
_OTHER_FORM = re.compile(rb"\r(?!\n)|\xc2\x85|\xe2\x80[\xa8\xa9]|\*[^\s,\[\]{}]+[ \t]*:|<<")
"""Other line breaks than those above, and keys that stand somewhere else."""


class _Unclear(ReconcilerError):
    """Only reading everything shows what is right; never leaves this module."""


@dataclass(frozen=True, slots=True)
class TouchedFiles:
    """What was read, and what the other files were searched for."""

    checked: Checked
    """The definitions that were read; the findings are only about those that the change has to do with."""
    systems: tuple[Resolved, ...]
    """What these definitions ask for in the environment."""
    files: BaseFiles
    """What was read, as it was at the base."""
    touched: Touched


def read_touched_files(
    archive: Archive, name: str, asked: Mapping[str, Catalogue], standing: Collection[str]
) -> TouchedFiles | None:
    """Read the files that a change since a revision touches, and those that have to do with them.

    `standing` are the systems with a difference that stands accepted. None where everything has to be read: where
    something beside definitions differs or the base is not known, a file cannot be used, texts cannot be searched,
    nothing exists in the environment, many systems may change, or a client id is new, so that every system is read
    anyway.
    """
    found = compare_files(archive.root, name, CONFIGURATION)
    if found is None or len(found.changed | found.uncommitted) > _MOST:
        return None
    beside = list_beside(archive.root, archive.environments)
    if not are_as_listed(archive.root, beside, found.beside):
        return None
    return read_concerned(archive, name, found, asked, standing)


def read_concerned(
    archive: Archive,
    name: str,
    found: ChangedFiles,
    asked: Mapping[str, Catalogue],
    standing: Collection[str],
) -> TouchedFiles | None:
    """Read likewise, where the changed files are known."""
    try:
        return _read(archive, name, found, asked, standing)
    except (_Unclear, GitFailed):
        return None


def _read(
    archive: Archive,
    name: str,
    found: ChangedFiles,
    asked: Mapping[str, Catalogue],
    standing: Collection[str],
) -> TouchedFiles:
    """Read what has to do with changed files; gives up where that is unclear."""
    changed = tuple(Blob(file, each) for file, each in found.objects.items() if file in found.changed)
    before = archive.read_listed(name, Base(found.base, changed))
    _check_known(before, archive.environments)
    reading = _Reading(archive, dict(found.contents))
    reading.take(file for file in found.changed | found.uncommitted if file in found.contents)
    now = [each for file, each in reading.definitions.items() if file in found.changed]
    touching = [*now, *before.definitions.values()]
    vendor = _find_vendor(touching, archive.environments)
    reading.take_doubtful(vendor)
    concerned = found.changed | reading.take_near(touching, standing)
    reading.take_witnesses()
    checked = reading.check(vendor, asked)
    findings = tuple(each for each in checked.findings if concerned & {each.place.file, each.other})
    files = _add_unchanged(before, checked.definitions, found)
    _check_known(files, archive.environments)
    systems = resolve_all(checked.definitions, archive.environment)
    touched = find_touched(systems, files, archive.environment)
    if touched is None or not systems or _may_need_all(systems, files, touched, standing):
        raise _Unclear("It may be everything.")
    checkout = None if found.uncommitted else Checkout(found.head)
    touched = replace(touched, unread=UnreadFiles(reading.left), checkout=checkout)
    return TouchedFiles(Checked(checked.definitions, findings), systems, files, touched)


def _add_unchanged(before: BaseFiles, definitions: Iterable[Definition], found: ChangedFiles) -> BaseFiles:
    """Add to changed files at the base those that were read and are as they were there, in the order of the base."""
    same = {each.document.file: each for each in definitions if each.document.file not in found.changed}
    every = {**same, **before.definitions}
    ordered = {file: every[file] for file in found.objects if file in every}
    return replace(before, definitions=ordered, resolved={})


def _check_known(files: BaseFiles, environments: Iterable[str]) -> None:
    """Give up where a file could not be used at the base, in any environment."""
    if files.unread or any(files.resolve(each).unread for each in environments):
        raise _Unclear("A file cannot be used at the base.")


def _find_vendor(definitions: Collection[Definition], environments: Iterable[str]) -> str:
    """Find the one vendor that definitions name in every environment; gives up where there is another number."""
    systems = [system for each in environments for system in resolve_all(definitions, each)]
    found = {each.system.vendor.organisation for each in systems}
    if len(found) != 1:
        raise _Unclear("There are several vendors.")
    return found.pop()


def _may_need_all(
    systems: Sequence[Resolved], files: BaseFiles, touched: Touched, standing: Collection[str]
) -> bool:
    """Say whether so many systems may change that their share counts, or one asks for a client id that is new."""
    ids = spread(touched).ids.union(standing)
    planned = [each for each in systems if each.system.id in ids]
    before = files.resolve(systems[0].environment).systems.values()
    known = {client for _, system in before for client in system.clientId}
    asked = {client for each in planned for client in each.system.clientId}
    return len(planned) > MANY or not asked <= known


@dataclass
class _Reading:
    """The definitions that were read, and the contents of the other files."""

    archive: Archive
    left: dict[str, bytes]
    definitions: dict[str, Definition] = field(default_factory=dict)

    def take(self, files: Iterable[str]) -> None:
        """Read files as definitions; gives up where one cannot be used, or they are many."""
        names = [each for each in files if each in self.left]
        if len(self.definitions) + len(names) > _MOST:
            raise _Unclear("Too many files.")
        root = self.archive.root
        for document in read_documents(root, [root / each for each in names]):
            definition, _ = check_document(document, self.archive.environments)
            if definition is None or definition.broken or document.file not in self.left:
                raise _Unclear("A file cannot be used.")
            self.definitions[document.file] = definition
            del self.left[document.file]

    def take_doubtful(self, vendor: str) -> None:
        """Read what cannot be searched, what may name another vendor, and what may show no id where it is broken."""
        self.take([file for file, content in self.left.items() if not _is_usual(content, vendor.encode())])

    def take_near(self, touched: Iterable[Definition], standing: Iterable[str]) -> frozenset[str]:
        """Read what may have an id or a client id of touched definitions, and what may have one of those again.

        Gives the files that do.
        """
        claims = list_claims(Checked(tuple(touched), ())).union(standing)
        sought, near = claims, set[str]()
        while True:
            if sought:
                self.take(UnreadFiles(self.left).find(sought))
            small = {each.lower() for each in claims}
            newly = {
                file: own
                for file, each in self.definitions.items()
                if file not in near
                and small.intersection(map(str.lower, own := list_claims(Checked((each,), ()))))
            }
            if not newly:
                return frozenset(near)
            near |= newly.keys()
            sought = frozenset[str]().union(*newly.values()) - claims
            claims |= sought

    def take_witnesses(self) -> None:
        """Read definitions that show which environments there are, and where any exist."""
        for each in self.archive.environments:
            if each != "local":
                self._take_naming(each)
        self._take_everywhere()

    def check(self, vendor: str, asked: Mapping[str, Catalogue]) -> Checked:
        """Check what was read; gives up where anything is wrong."""
        environments = self.archive.environments
        documents = [each.document for each in self.definitions.values()]
        checked = validate(documents, environments, asked=asked)
        if not checked.sound or _find_vendor(checked.definitions, environments) != vendor:
            raise _Unclear("Something is wrong.")
        return checked

    def _take_naming(self, environment: str) -> None:
        """Read a definition that names an environment, if there is one: it decides where others are checked."""
        name = environment.encode()
        key = re.compile(rb"(?<![\w.-])" + re.escape(name) + rb"""["']?\s*[:,}#]""")
        self._take_one(
            [file for file, content in self.left.items() if name in content and key.search(content)],
            lambda each: environment in (each.overlays or {}),
        )

    def _take_everywhere(self) -> None:
        """Read a definition that names no environment, and so exists in nearly all, if there is one."""
        self._take_one(
            [file for file, content in self.left.items() if not _PLAIN_ENVIRONMENTS.search(content)],
            lambda each: each.overlays is None,
        )

    def _take_one(self, candidates: Collection[str], fits: Callable[[Definition], bool]) -> None:
        """Read one that fits, unless one was read already; gives up after some that seemed to."""
        if any(map(fits, self.definitions.values())):
            return
        for file in [*candidates][:_TRIES]:
            self.take([file])
            if fits(self.definitions[file]):
                return
        if len(candidates) > _TRIES:
            raise _Unclear("None of several says it.")


def _is_usual(content: bytes, vendor: bytes) -> bool:
    """Say whether a content shows an id and a vendor, in every environment, without being read."""
    if is_disguised(content) or (any(each in content for each in _MARKS) and _OTHER_FORM.search(content)):
        return False
    words = content.lower().count(_VENDOR)
    return (
        (words == 1 or len(_VENDOR_WORD.findall(content)) == 1)
        and _VENDOR_LINE.findall(content) == [vendor]
        and len(_ID_LINE.findall(content)) == 1
        and _USUAL_ID.search(content) is not None
    )
