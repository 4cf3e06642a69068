"""What is read of a change: the same answer about what it touches as reading every file."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

import pytest

from reconciler.definitions.changed_files import ChangedFiles
from reconciler.definitions.files import find_definitions, read_documents
from reconciler.definitions.git import Base, Blob
from reconciler.model.canonical_json import digest_json
from reconciler.operations.archive import Archive, mark_blocked_before, trace_to_definitions
from reconciler.operations.broken_files import separate
from reconciler.operations.elsewhere import add_elsewhere
from reconciler.operations.plan import judge, plan_unjudged
from reconciler.operations.scope import Scope
from reconciler.operations.touched import MoreNeeded, find_touched
from reconciler.operations.touched_files import read_concerned
from reconciler.operations.validate import resolve_all, validate
from reconciler.planning.acceptance import Acceptance, Acceptances
from tests.builders import VENDOR
from tests.operations.file_worlds import ENVIRONMENTS, FileWorld, hash_object, make_file_world
from tests.operations.test_operations import OWNERSHIP, TARGET
from tests.operations.test_touched import show

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from reconciler.definitions.definition import Definition, Resolved
    from reconciler.model.system import System
    from reconciler.operations.archive import BaseFiles
    from reconciler.operations.broken_files import BrokenFile
    from reconciler.planning.ownership import Ownership
    from reconciler.planning.plan import Plan
    from tests.operations.test_scope import Counted

BASE = "c" * 40


@dataclass(frozen=True, slots=True)
class StoredArchive(Archive):
    """An archive whose objects are in memory, and whose files had one earlier revision."""

    before: Mapping[str, bytes] = field(default_factory=dict)

    def read_states(self, file: str, system: str) -> tuple[System, ...]:
        """Read the one revision."""
        found = self.read(file, self.before[file]) if file in self.before else None
        return (found,) if found is not None and found.id == system else ()

    def read_last(self, file: str, start: str = "HEAD") -> System | None:
        """Read it likewise."""
        del start
        return self.read(file, self.before[file]) if file in self.before else None

    def find_gap(self) -> str:
        """Lack nothing."""
        return ""


@dataclass
class Reading:
    """What was read of a world, in one of two ways."""

    systems: Sequence[Resolved]
    definitions: Sequence[Definition]
    files: BaseFiles
    scope: Scope


def _lay_out(world: FileWorld, root: Path) -> ChangedFiles:
    """Write the files after the change, and say which differ."""
    for path in find_definitions(root):
        path.unlink()
    for file, content in world.after.items():
        path = root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    changed = {file for file in world.before | world.after if world.before.get(file) != world.after.get(file)}
    objects = {file: hash_object(each) for file, each in sorted(world.before.items())}
    return ChangedFiles(BASE, BASE, world.after, objects, frozenset(changed), frozenset(), {})


def _read_whole(archive: StoredArchive, found: ChangedFiles) -> Reading | None:
    """Read everything; None where nothing is planned."""
    documents = read_documents(archive.root, find_definitions(archive.root))
    checked = validate(documents, ENVIRONMENTS)
    broken: tuple[BrokenFile, ...] = ()
    if not checked.sound:
        checked, broken = separate(checked, documents, archive)
        if not checked.definitions or not broken:
            return None
    base = Base(BASE, tuple(Blob(file, each) for file, each in found.objects.items()))
    files = archive.read_listed("main", base, checked.definitions)
    systems = resolve_all(checked.definitions, "tt02")
    return Reading(systems, checked.definitions, files, Scope(checked.findings, broken=broken))


def _accept(seed: int) -> Ownership:
    """Let it stand in some worlds that one system is hidden."""
    accepted = Acceptance(
        "tt02", f"{VENDOR}_s{seed % 7}", "isVisible", date(2026, 12, 24), "x", digest_json(value=False)
    )
    return replace(OWNERSHIP, acceptances=Acceptances(date(2026, 11, 21), () if seed % 3 else (accepted,)))


def _plan(archive: StoredArchive, read: Reading, memory: Counted, ownership: Ownership) -> Plan:
    made = plan_unjudged(read.systems, TARGET, memory, ownership, scope=read.scope)
    made = judge(made, memory, ownership)
    made = trace_to_definitions(made, read.systems, archive, read.files.resolve("tt02"))
    made = mark_blocked_before(made, read.systems, read.files, "tt02")
    return add_elsewhere(made, read.definitions, read.scope, archive, read.files)


def _check(seed: int, root: Path, patch: pytest.MonkeyPatch) -> str:
    """Check one change; says how it was read."""
    world = make_file_world(seed)
    found = _lay_out(world, root)
    stored = {hash_object(each): each for each in world.before.values()}
    patch.setattr(
        "reconciler.operations.archive.read_blobs", lambda _, objects: (stored[each] for each in objects)
    )
    archive = StoredArchive(root, "tt02", ENVIRONMENTS, before=world.before)
    ownership = _accept(seed)
    standing = [each.id for each in ownership.acceptances.entries]
    read = read_concerned(archive, "main", found, {}, standing)
    if read is None:
        return "everything"
    near = Reading(
        read.systems, read.checked.definitions, read.files, Scope(read.checked.findings, touched=read.touched)
    )
    whole_reading = _read_whole(archive, found)
    assert whole_reading is not None, seed
    said, known = (
        [each for each in findings if each.place.file in found.changed]
        for findings in (read.checked.findings, whole_reading.scope.findings)
    )
    assert said == known, seed
    some, every = world.open(), world.open()
    try:
        part = _plan(archive, near, some, ownership)
    except MoreNeeded:
        return "everything, late"
    whole = _plan(archive, whole_reading, every, ownership)
    touched = find_touched(whole_reading.systems, whole_reading.files, "tt02")
    whole_reading.scope = replace(whole_reading.scope, touched=touched)
    usual = _plan(archive, whole_reading, world.open(), ownership)
    for system in {each.id for each in part.changes} | read.touched.ids:
        assert show(part, system) == show(whole, system), (seed, system)
    assert (part.newly_blocked, part.impacts) == (usual.newly_blocked, usual.impacts), seed
    if not usual.unjudged:
        assert [each.id for each in part.changes] == [each.id for each in usual.changes], seed
        assert _list_elsewhere(part) == _list_elsewhere(usual), seed
    assert set(some.asked) <= set(every.asked)
    return f"{len(read.touched.unread.contents)} unread"


def _list_elsewhere(plan: Plan) -> object:
    return plan.elsewhere, plan.elsewhere_unknown, plan.untouched


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], str]:
    """Check one change in a folder that the others use as well."""
    return lambda seed: _check(seed, tmp_path, monkeypatch)


def test_some_files_give_the_same_answer(check: Callable[[int], str]) -> None:
    """What the plan of all files says of a touched system, that of the change says: every word of it."""
    ways = Counter(map(check, range(25)))

    assert sum(number for way, number in ways.items() if "unread" in way) > 5


@pytest.mark.slow
def test_two_hundred_changes_of_files_get_the_same_answer(check: Callable[[int], str]) -> None:
    """Escapes, quotes, anchors, letter case, overlays, broken and renamed files, ids that stand twice or move."""
    ways = Counter(map(check, range(25, 225)))

    assert sum(number for way, number in ways.items() if "unread" in way) > 50


@pytest.mark.thorough
def test_very_many_changes_of_files_get_the_same_answer(check: Callable[[int], str]) -> None:
    """As above."""
    ways = Counter(map(check, range(225, 1725)))

    assert sum(number for way, number in ways.items() if "unread" in way) > 400


@dataclass
class Change:
    """Two files, of which one changes, and what is read of the other."""

    before: str = "clientId: []\n"
    after: str = "clientId: []\nisVisible: false\n"
    beside: str = ""
    """The end of the other file."""
    vendor: str = f'vendor: "{VENDOR}"\n'
    id: str = f"id: {VENDOR}_beside\n"
    """How the other file begins."""

    def read(self, root: Path, patch: pytest.MonkeyPatch) -> str:
        """Say whether the other file is read, or everything."""
        rest = f"{TEXTS}clientId: []\n" if "clientId" not in self.beside else TEXTS
        beside = f"{self.id}{self.vendor}{rest}{self.beside}".encode()
        begin = f'id: {VENDOR}_changed\nvendor: "{VENDOR}"\n{TEXTS}'
        world = FileWorld(
            {"systems/a.yaml": f"{begin}{self.before}".encode(), "systems/b.yaml": beside},
            {"systems/a.yaml": f"{begin}{self.after}".encode(), "systems/b.yaml": beside},
        )
        found = _lay_out(world, root)
        stored = {hash_object(each): each for each in world.before.values()}
        patch.setattr(
            "reconciler.operations.archive.read_blobs", lambda _, objects: (stored[each] for each in objects)
        )
        archive = StoredArchive(root, "tt02", ENVIRONMENTS, before=world.before)
        made = read_concerned(archive, "main", found, {}, ())
        if made is None:
            return "everything"
        return "unread" if made.touched.unread.contents else "both"


TEXTS = "name: {nb: A, nn: A, en: A}\ndescription: {nb: A, nn: A, en: A}\nrights: []\n"
CLIENT = "32ef65ac-6e62-498d-880f-76c85c2052ae"
HAS = f"clientId: [{CLIENT}]\n"
LACKS = "clientId: []\n"
IN_PROD = "environments:\n  prod:\n    clientId: ['{}']\n"
CHANGES: dict[str, tuple[Change, str]] = {
    "nothing in common": (Change(), "unread"),
    "an id in a comment": (Change(beside=f"# {VENDOR}_changed\n"), "both"),
    "a client id of the base": (Change(HAS, LACKS, HAS), "both"),
    "in capital letters": (Change(HAS, LACKS, HAS.replace(CLIENT, CLIENT.upper())), "both"),
    "with an escape": (Change(beside=f'clientId: ["{CLIENT[:-1]}\\x66"]\n'), "both"),
    "in one environment": (Change(HAS, LACKS, IN_PROD.format(CLIENT)), "both"),
    "taken by both": (Change(HAS, HAS.replace("]", "] "), HAS), "everything"),
    "an environment that nothing else names": (Change(beside="environments: {prod, tt02}\n"), "both"),
    "its word alone": (Change(beside="# prod and tt02\n"), "unread"),
    "another vendor": (Change(vendor='vendor: "310904473"\n', id="id: 310904473_beside\n"), "everything"),
    "the vendor in another form": (Change(vendor=f'vendor: {{"ID": "0192:{VENDOR}"}}\n'), "unread"),
    "the vendor in any form": (Change(vendor=f'vendor: !!str "{VENDOR}"\n'), "both"),
    "no id": (Change(id=""), "everything"),
    "broken, about something else": (Change(beside="nonsense: true\n"), "unread"),
    "broken, and mentions the id": (Change(beside=f"nonsense: {VENDOR}_changed\n"), "everything"),
    "a new client id": (Change(LACKS, HAS), "everything"),
    "broken now": (Change(after="nonsense: true\n"), "everything"),
    "broken at the base": (Change(before="clientId: 5\n"), "everything"),
    "not there any more": (Change(after=f"{LACKS}environments: {{prod: {{}}}}\n"), "both"),
}


@pytest.mark.parametrize(("change", "expected"), CHANGES.values(), ids=CHANGES)
def test_what_has_to_be_read(
    change: Change, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file is left alone only where it can have nothing to do with the change."""
    assert change.read(tmp_path, monkeypatch) == expected
