"""What the definitions asked for at other revisions of the repository, as one environment sees them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from reconciler.definitions.files import find_top
from reconciler.definitions.git import GitFailed, find_gap, open_objects, read_base, read_blobs
from reconciler.definitions.git_log import Allowance, read_revisions, walk_log
from reconciler.definitions.resolve import find_missing_members, resolve
from reconciler.definitions.working_tree import is_object
from reconciler.definitions.yaml_document import read_document
from reconciler.model.normalise import normalise
from reconciler.operations.selection import list_ids
from reconciler.planning.blocking import find_blocked_before
from reconciler.planning.origin import DefinitionHistory, trace
from reconciler.rules.definition_reader import check_document

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from reconciler.definitions.definition import Definition, Resolved
    from reconciler.definitions.git import Base, Blob
    from reconciler.definitions.git_log import FileEntry
    from reconciler.definitions.yaml_document import Document
    from reconciler.model.revision import Revision
    from reconciler.model.system import System
    from reconciler.planning.plan import Plan

_NO_DEFINITION = "is no definition that can be read"


@dataclass(frozen=True, slots=True)
class UnreadFile:
    """A file at another revision that does not say one thing."""

    reason: str
    """What is wrong with it, in words that go on from its name."""
    ids: tuple[str, ...] = ()
    """The systems that it shows all the same."""
    text: str = ""


@dataclass(frozen=True, slots=True)
class BaseDefinitions:
    """What the definitions asked for at another revision, as one environment sees them."""

    name: str
    """The revision as it was named."""
    commit: str
    """Where this branch left it; empty where that is not known."""
    systems: Mapping[str, tuple[str, System]]
    """The file and the canonical system, by id."""
    unread: Mapping[str, UnreadFile] = field(default_factory=dict)
    """The files that do not say one thing, by name."""
    reason: str = ""
    """Why the revision is not known; empty where it is."""


@dataclass(frozen=True, slots=True)
class BaseFiles:
    """The definition files at another revision, read once for all environments."""

    name: str
    """The revision as it was named."""
    commit: str
    """Where this branch left it; empty where that is not known."""
    definitions: Mapping[str, Definition]
    """By file."""
    unread: Mapping[str, UnreadFile] = field(default_factory=dict)
    """The files that are no definition, by name."""
    reason: str = ""
    """Why the revision is not known; empty where it is."""
    resolved: dict[str, BaseDefinitions] = field(default_factory=dict, compare=False, repr=False)
    """What was worked out already, by environment."""

    def resolve(self, environment: str) -> BaseDefinitions:
        """Work out what they ask for in one environment, once."""
        if environment not in self.resolved:
            self.resolved[environment] = self._resolve(environment)
        return self.resolved[environment]

    def _resolve(self, environment: str) -> BaseDefinitions:
        found: dict[str, tuple[str, System]] = {}
        unread = dict(self.unread)
        for file, definition in self.definitions.items():
            if not definition.exists_in(environment):
                continue
            if find_missing_members(definition, environment):
                unread[file] = _describe_unread(_NO_DEFINITION, definition.document, definition)
                continue
            system = normalise(resolve(definition, environment).system)
            if system.id in found:
                reason = f"defines `{system.id}`, as {found[system.id][0]} does"
                unread[file] = UnreadFile(reason, (system.id,), definition.document.text)
            found[system.id] = (file, system)
        return BaseDefinitions(self.name, self.commit, found, unread, self.reason)


@dataclass(frozen=True, slots=True)
class Archive:
    """A repository's history of definitions, read for one environment."""

    root: Path
    environment: str
    environments: tuple[str, ...]
    """The configured ones, in their order."""
    texts: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What the definitions of a plan say now, by file: a revision that says the same adds nothing to it."""
    is_whole: bool = False
    """Whether the history is known to be whole, so that nobody asks again."""

    def read(self, file: str, content: bytes) -> System | None:
        """Read a file's content as the canonical system of the environment; None where it is none there."""
        definition = self._read_definition(file, content)
        if definition is None or not definition.exists_in(self.environment):
            return None
        if find_missing_members(definition, self.environment):
            return None
        return normalise(resolve(definition, self.environment).system)

    def _read_definition(self, file: str, content: bytes) -> Definition | None:
        """Read a file's content as a definition; None where it says nothing that can be read."""
        definition, _ = check_document(read_document(file, content), self.environments)
        return None if definition is None or definition.broken else definition

    def read_base(self, name: str) -> BaseDefinitions:
        """Read what the files asked for at a revision in the archive's environment.

        Raises `UsageError` where there is no such revision.
        """
        return self.read_files(name).resolve(self.environment)

    def read_files(self, name: str, definitions: Iterable[Definition] = ()) -> BaseFiles:
        """Read the files at a revision, from where this branch left it.

        `definitions` are those of the working tree: a file whose text is the same is neither read nor parsed again.
        Raises `UsageError` where there is no such revision.
        """
        return self.read_listed(name, read_base(self.root, name), definitions)

    def read_listed(self, name: str, base: Base, definitions: Iterable[Definition] = ()) -> BaseFiles:
        """Read the files of a base likewise, which are listed already."""
        known = {each.document.file: each for each in definitions if not each.broken}
        objects = {blob.name: blob.object for blob in base.blobs}
        same = {
            file: each
            for file, each in known.items()
            if file in objects and is_object(each.document.text.encode(), objects[file])
        }
        read, unread = self._read_blobs([blob for blob in base.blobs if blob.name not in same])
        every = {**same, **read}
        found = {name: every[name] for name in objects if name in every}
        return BaseFiles(name, base.commit, found, unread, base.reason)

    def _read_blobs(self, blobs: Sequence[Blob]) -> tuple[dict[str, Definition], dict[str, UnreadFile]]:
        """Read files of a revision as definitions, or say why one is none."""
        found: dict[str, Definition] = {}
        unread: dict[str, UnreadFile] = {}
        contents = read_blobs(self.root, [blob.object for blob in blobs])
        for blob, content in zip(blobs, contents, strict=True):
            if content is None:
                unread[blob.name] = UnreadFile("is not in this clone, or too large")
            elif (definition := self._read_definition(blob.name, content)) is None:
                document = read_document(blob.name, content)
                broken, _ = check_document(document, self.environments)
                unread[blob.name] = _describe_unread(_NO_DEFINITION, document, broken)
            else:
                found[blob.name] = definition
        return found, unread

    def read_history(self, file: str, system: str) -> tuple[tuple[Revision, System], ...]:
        """Read the revisions of one definition, newest first; those of another id are left out.

        Their contents are not kept. Raises `GitFailed` where git does not read what is there.
        """
        found = (
            (replace(revision, content=None), self.read(file, revision.content))
            for revision in read_revisions(self.root, file)
            if revision.content is not None
        )  # one content at a time: together they can be large
        return tuple((revision, each) for revision, each in found if each is not None and each.id == system)

    def read_states(self, file: str, system: str) -> tuple[System, ...]:
        """Read what one definition asked for at each of its revisions, newest first; nothing where git fails."""
        with suppress(GitFailed):  # `find_gap` says so
            return tuple(each for _, each in self.read_history(file, system))
        return ()

    def search(self, files: Mapping[str, str], is_enough: Callable[[System], bool]) -> frozenset[str]:
        """Show what definitions asked for at their revisions, newest first, until that is enough of each.

        `files` has the id of each file's system. All are read in one pass, and what is shown of one is the beginning of
        what `read_states` gives, without what `texts` has. Gives the files of which more can be left.
        """
        if find_top(self.root) is None:
            return frozenset()
        left = {name: Allowance() for name in files}
        cut: set[str] = set()
        try:
            with open_objects(self.root) as read:
                for entry, content in self._walk(left, read):
                    file = entry.file
                    if file not in left:
                        continue  # it was a folder in the same commit
                    is_over = not left[file].take(content)
                    if not is_over:
                        found = self._read_other(file, content)
                        is_over = found is not None and found.id == files[file] and is_enough(found)
                    if is_over or entry.has_source:
                        del left[file]
                    if entry.has_source and not is_over:
                        cut.add(file)
        except GitFailed:  # of all that is left there may be more
            cut.update(left)
        return frozenset(cut)

    def _walk(
        self, files: Collection[str], read: Callable[[Sequence[bytes]], Iterator[bytes | None]]
    ) -> Iterator[tuple[FileEntry, bytes | None]]:
        """Give what each commit made of some files, with its content; what a definition says now is not read."""
        for entries in walk_log(self.root, files):
            others = {each for each in entries if each.object and not self._is_now(each)}
            contents = read([each.object for each in entries if each in others])
            for each in entries:
                now = self.texts.get(each.file, "").encode() if each.object else None
                yield each, next(contents) if each in others else now

    def _is_now(self, entry: FileEntry) -> bool:
        """Say whether an entry is what the definition says now."""
        return is_object(self.texts.get(entry.file, "").encode(), entry.object)

    def _read_other(self, file: str, content: bytes | None) -> System | None:
        """Read a file's content as `read` does, unless it is what the definition says now."""
        if content is None or content == self.texts.get(file, "").encode():
            return None
        return self.read(file, content)

    def read_last(self, file: str, start: str = "HEAD") -> System | None:
        """Read what one definition asked for when it last said something that can be read; None where it never did.

        `start` is the newest revision that is looked at.
        """
        with suppress(GitFailed):
            found = (
                self.read(file, revision.content)
                for revision in read_revisions(self.root, file, start)
                if revision.content is not None
            )
            return next((each for each in found if each is not None), None)
        return None

    def find_gap(self) -> str:
        """Say why the history is not whole; empty where it is."""
        return "" if self.is_whole else find_gap(self.root)


def _describe_unread(reason: str, document: Document, definition: Definition | None) -> UnreadFile:
    return UnreadFile(reason, list_ids(document, definition), document.text)


def trace_to_definitions(
    plan: Plan, systems: Sequence[Resolved], archive: Archive, base: BaseDefinitions
) -> Plan:
    """Give every field its origin against the definitions of a base revision, and mark the systems without a file."""
    before = base.systems
    cut = archive.find_gap()
    histories = {
        each.system.id: DefinitionHistory(
            before[each.system.id][1] if each.system.id in before else None,
            partial(archive.read_states, each.definition.document.file, each.system.id),
            base.reason,
            cut,
        )
        for each in systems
    }
    unmanaged = tuple(
        replace(each, former=before[each.id][0]) if each.id in before else each for each in plan.unmanaged
    )
    return replace(trace(plan, histories), unmanaged=unmanaged)


def mark_blocked_before(plan: Plan, systems: Sequence[Resolved], files: BaseFiles, environment: str) -> Plan:
    """Mark the blocked systems that this change has nothing to do with: apply blocks them with it and without it.

    Where the base is not known, or only some of the systems were planned, none is.
    """
    if files.reason or (plan.narrowed is not None and not plan.narrowed.base):
        return plan
    before = files.resolve(environment).systems
    untouched = list_untouched(systems, files, environment)
    clients = list_clients(systems, files, environment)
    for change in plan.changes:
        clients.setdefault(change.id, set()).update(change.live_client_ids)
    for gone in plan.unmanaged:
        if gone.id in before:
            clients[gone.id].update(gone.client_ids)
    # What stands accepted blocks others, and can stand since this change.
    standing = {change.id for change in plan.changes if change.standing}
    touched = (clients.keys() - untouched) | standing
    return replace(plan, blocked_before=find_blocked_before(plan.changes, clients, touched))


def list_untouched(systems: Iterable[Resolved], files: BaseFiles, environment: str) -> frozenset[str]:
    """List the systems whose definition asks for the same as at a base, by id."""
    before = files.resolve(environment).systems
    return frozenset(
        each.system.id
        for each in systems
        if each.system.id in before
        and _says_the_same(each.definition, files.definitions[before[each.system.id][0]], environment)
    )


def list_clients(systems: Iterable[Resolved], files: BaseFiles, environment: str) -> dict[str, set[str]]:
    """List the client ids that each system asks for now or at a base, by id."""
    before = files.resolve(environment).systems
    clients = {name: set(system.clientId) for name, (_, system) in before.items()}
    for each in systems:
        clients.setdefault(each.system.id, set()).update(each.system.clientId)
    return clients


def _says_the_same(one: Definition, other: Definition, environment: str) -> bool:
    """Say whether two states of a file ask for the same in an environment, with the same exceptions."""
    keys = [
        (each.members, each.overlay(environment), each.exists_in(environment), each.allow)
        for each in (one, other)
    ]
    return keys[0] == keys[1]


def trace_to_history(plan: Plan, systems: Iterable[Resolved], archive: Archive) -> Plan:
    """Give every field its origin against the files as they are: not applied yet, or drift."""
    cut = archive.find_gap()
    histories: Mapping[str, DefinitionHistory] = {
        each.system.id: DefinitionHistory(
            normalise(each.system),
            partial(archive.read_states, each.definition.document.file, each.system.id),
            "",
            cut,
        )
        for each in systems
    }
    return trace(plan, histories)
