"""What the definitions asked for at other revisions of the repository, as one environment sees them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from reconciler.definitions.git import GitFailed, find_gap, read_base, read_blobs, read_revisions
from reconciler.definitions.resolve import find_missing_members, resolve
from reconciler.definitions.yaml_document import read_document
from reconciler.errors import UsageError
from reconciler.model.normalise import normalise
from reconciler.planning.origin import DefinitionHistory, trace
from reconciler.rules.definition_reader import check_document

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from reconciler.definitions.definition import Resolved
    from reconciler.model.revision import Revision
    from reconciler.model.system import System
    from reconciler.planning.plan import Plan


@dataclass(frozen=True, slots=True)
class BaseDefinitions:
    """What the definitions asked for at another revision, as one environment sees them."""

    name: str
    """The revision as it was named."""
    commit: str
    """Where this branch left it; empty where that is not known."""
    systems: Mapping[str, tuple[str, System]]
    """The file and the canonical system, by id."""
    unread: Mapping[str, str] = field(default_factory=dict)
    """What is wrong with the files that do not say one thing, by name."""
    reason: str = ""
    """Why the revision is not known; empty where it is."""


@dataclass(frozen=True, slots=True)
class Archive:
    """A repository's history of definitions, read for one environment."""

    root: Path
    environment: str
    environments: tuple[str, ...]
    """The configured ones, in their order."""

    def read(self, file: str, content: bytes) -> System | None:
        """Read a file's content as the canonical system of the environment; None where it is none there."""
        with suppress(UsageError):
            return self._read_sound(file, content)
        return None

    def _read_sound(self, file: str, content: bytes) -> System | None:
        """Read it likewise; raises `UsageError` where the content says nothing that can be read."""
        definition, _ = check_document(read_document(file, content), self.environments)
        if definition is None or definition.broken:
            raise UsageError(f"{file} is no definition.")
        if not definition.exists_in(self.environment):
            return None
        if find_missing_members(definition, self.environment):
            raise UsageError(f"{file} is no definition.")
        return normalise(resolve(definition, self.environment).system)

    def read_base(self, name: str) -> BaseDefinitions:
        """Read what the files asked for at a revision, from where this branch left it.

        Raises `UsageError` where there is no such revision.
        """
        base = read_base(self.root, name)
        contents = read_blobs(self.root, [blob.object for blob in base.blobs])
        found: dict[str, tuple[str, System]] = {}
        unread: dict[str, str] = {}
        for blob, content in zip(base.blobs, contents, strict=True):
            if content is None:
                unread[blob.name] = "is not in this clone, or too large"
                continue
            try:
                system = self._read_sound(blob.name, content)
            except UsageError:
                unread[blob.name] = "is no definition that can be read"
                continue
            if system is not None and system.id in found:
                unread[blob.name] = f"defines `{system.id}`, as {found[system.id][0]} does"
            if system is not None:
                found[system.id] = (blob.name, system)
        return BaseDefinitions(name, base.commit, found, unread, base.reason)

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

    def find_gap(self) -> str:
        """Say why the history is not whole; empty where it is."""
        return find_gap(self.root)


def trace_to_base(plan: Plan, systems: Sequence[Resolved], archive: Archive, name: str) -> Plan:
    """Give every field its origin against a base revision, and mark the systems whose file is gone.

    Raises `UsageError` where there is no such revision.
    """
    return trace_to_definitions(plan, systems, archive, archive.read_base(name))


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
