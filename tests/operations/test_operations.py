"""The use cases, with a register that answers from memory and counts what it was asked."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

import pytest

from reconciler.clients.register import ListedSystem
from reconciler.definitions.yaml_document import read_document
from reconciler.errors import Forbidden, ServerFailed, UsageError, WriteRefused
from reconciler.model.canonical_json import Json, digest_json
from reconciler.model.findings import Finding, Location, Severity
from reconciler.model.system import RegisteredSystem
from reconciler.operations.accept import Named, Term, accept_difference, check_term
from reconciler.operations.drift import detect_drift
from reconciler.operations.plan import find_allowed, plan
from reconciler.operations.validate import find_vendor, resolve_all, validate
from reconciler.planning.acceptance import Acceptance, Acceptances
from reconciler.planning.change import Blocked, Create, Delete, Keep, Update
from reconciler.planning.drift import Kind
from reconciler.planning.ownership import Ownership
from reconciler.planning.plan import Target
from tests.builders import (
    CLIENT,
    OTHER_CLIENT,
    VENDOR,
    a_definition_text,
    a_live_document,
    a_resolved,
    a_system,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.definitions.definition import Resolved
    from reconciler.model.system import System
    from reconciler.planning.plan import Plan

TARGET = Target("tt02", "https://register.example", VENDOR)
OTHER_VENDOR = "310904473"
UNTIL = date(2026, 12, 24)
TERM = Term(UNTIL, "x")


def name(word: str) -> str:
    """Make an id."""
    return f"{VENDOR}_{word}"


def a_write(client: str = "theirs", hour: int = 1, **members: Json) -> dict[str, Json]:
    """Make an entry of a change log."""
    document = {key[0].upper() + key[1:]: value for key, value in a_live_document(**members).items()}
    return {
        "changeType": "update",
        "changedByOrgNumber": VENDOR,
        "clientId": client,
        "created": f"2026-11-20T{hour:02}:00:00Z",
        "changedData": document,
    }


@dataclass
class Memory:
    """A register in memory that takes no writes, and notes whose logs and users it was asked for."""

    systems: dict[str, dict[str, Json]] = field(default_factory=dict)
    logs: dict[str, list[dict[str, Json]]] = field(default_factory=dict)
    users: dict[str, dict[str, int]] = field(default_factory=dict)
    vendor: str = VENDOR
    workers: int = 2
    administers: str = ""
    asked_logs: list[str] = field(default_factory=list)
    asked_users: list[str] = field(default_factory=list)

    def hold(self, word: str, **members: Json) -> None:
        """Hold a system."""
        self.systems[name(word)] = a_live_document(id=name(word), **members)

    def list_systems(self) -> Sequence[ListedSystem]:
        """List what is not deleted."""
        return [ListedSystem(each, self.vendor) for each, one in self.systems.items() if not one["isDeleted"]]

    def read_system(self, system: str) -> RegisteredSystem | None:
        """Read a system."""
        return RegisteredSystem(self.systems[system]) if system in self.systems else None

    def read_changes(self, system: str) -> Sequence[Mapping[str, Json]]:
        """Read a log."""
        self.asked_logs.append(system)
        return self.logs.get(system, [])

    def count_system_users(self, system: str) -> dict[str, int]:
        """Count the users; of a system that is not named, they are unknown."""
        self.asked_users.append(system)
        if system not in self.users:
            raise ServerFailed("No.", status=500)
        return self.users[system]

    def create_system(self, body: Mapping[str, Json], *, traceparent: str = "") -> None:
        """Refuse."""
        raise WriteRefused(f"{body} {traceparent}")

    def replace_system(self, system: str, body: Mapping[str, Json], *, traceparent: str = "") -> None:
        """Refuse."""
        raise WriteRefused(f"{system} {body} {traceparent}")

    def delete_system(self, system: str, *, traceparent: str = "") -> None:
        """Refuse."""
        raise WriteRefused(f"{system} {traceparent}")

    def read_resource(self, resource: str) -> Mapping[str, Json] | None:
        """Know every resource."""
        return {"identifier": resource}

    def read_package(self, urn: str) -> Mapping[str, Json] | None:
        """Know every package."""
        return {"urn": urn, "isDelegable": True, "isAssignable": True}

    def list_resources(self, *, apps: bool) -> Sequence[str]:
        """List none."""
        del apps
        return ()

    def list_packages(self) -> Sequence[str]:
        """List none."""
        return ()


def define(word: str, **members: Json) -> Resolved:
    """Define a system."""
    return a_resolved("tt02", id=name(word), **members)


OWNERSHIP = Ownership(frozenset({"ours"}), Acceptances(date(2026, 11, 21)))


def make(memory: Memory, *systems: Resolved, ownership: Ownership = OWNERSHIP) -> Plan:
    """Plan some systems."""
    return plan(systems, TARGET, memory, ownership)


def test_every_system_is_read_and_sorted_out() -> None:
    """What is defined, what is not, what is deleted, and what is only in the files."""
    memory = Memory()
    for word in ("kept", "changed", "gone", "other"):
        memory.hold(word, clientId=[])
    memory.hold("deleted", clientId=[], isDeleted=True)
    systems = [
        define("kept", clientId=[]),
        define("changed", clientId=[], isVisible=False),
        define("gone", withdrawn=True),
        define("deleted", clientId=[]),
        define("new", clientId=[]),
    ]

    made = make(memory, *systems)

    kinds = {each.id: type(each) for each in made.changes}
    assert kinds == {
        name("deleted"): Blocked,
        name("changed"): Update,
        name("gone"): Delete,
        name("kept"): Keep,
        name("new"): Create,
    }
    assert [each.id for each in made.unmanaged] == [name("other")]


def test_an_unmanaged_system_holds_its_client_ids() -> None:
    """It is read in full, since the list leaves the client ids out."""
    memory = Memory()
    memory.hold("other")

    (change,) = make(memory, define("new")).changes

    assert isinstance(change, Blocked)
    assert change.reason == f"client id {CLIENT} is on `{name('other')}`"


def test_the_token_of_another_vendor_is_refused() -> None:
    """Before any system is read: its list would make everything look new."""
    memory = Memory(vendor=OTHER_VENDOR)
    memory.hold("a")

    with pytest.raises(Forbidden, match=f"belongs to organisation {OTHER_VENDOR}"):
        make(memory, define("b"))
    assert memory.asked_logs == []


def test_only_what_is_written_has_its_log_read() -> None:
    """P17: not what is kept, not what is unmanaged, not what is new or blocked."""
    memory = Memory()
    for word in ("kept", "changed", "gone", "other"):
        memory.hold(word, clientId=[])
    memory.hold("deleted", clientId=[], isDeleted=True)
    changed = define("changed", clientId=[], isVisible=False)

    make(
        memory,
        define("kept", clientId=[]),
        changed,
        define("gone", withdrawn=True),
        define("deleted", clientId=[]),
        define("new", clientId=[]),
    )

    assert sorted(memory.asked_logs) == [name("changed"), name("gone")]


@pytest.mark.parametrize(
    ("files", "live", "asked"),
    [
        ({"withdrawn": True}, {}, True),
        ({"clientId": []}, {}, True),
        ({"clientId": [CLIENT, OTHER_CLIENT]}, {}, False),
        ({"rights": []}, {}, True),
        ({}, {"rights": []}, True),
        ({"accessPackages": []}, {}, True),
        ({}, {"accessPackages": []}, True),
        ({"isVisible": False}, {}, False),
        ({"allowedRedirectUrls": []}, {}, False),
        ({"name": {"nb": "x", "nn": "x", "en": "x"}}, {}, False),
        ({}, {}, False),
    ],
)
def test_system_users_are_counted_where_they_matter(
    files: dict[str, Json], live: dict[str, Json], *, asked: bool
) -> None:
    """P12: where a client id, a right or a package goes, and where a right or a package comes."""
    memory = Memory(users={name("a"): {"standard": 2, "agent": 1}})
    memory.hold("a", **live)

    (change,) = make(memory, define("a", **files)).changes

    assert memory.asked_users == ([name("a")] if asked else [])
    counted = {(each.users, each.agents) for each in change.impacts if each.users is not None}
    assert counted == ({(3, 1)} if asked else set())


def test_system_users_that_cannot_be_counted_are_not_none() -> None:
    """A list that cannot be read is not known, and the plan is made all the same."""
    memory = Memory()
    memory.hold("a")

    (change,) = make(memory, define("a", clientId=[])).changes

    assert [(each.users, each.agents) for each in change.impacts] == [(None, None)]
    assert "is not known" in change.impacts[0].message


def remember(*revisions: System) -> Ownership:
    """Give what is ours where the definition had these revisions, newest first."""
    return replace(OWNERSHIP, list_revisions=lambda file, _system: revisions if file else ())


@pytest.mark.parametrize(
    ("ownership", "breaking"),
    [
        (OWNERSHIP, True),
        (remember(a_system(isVisible=False), a_system()), False),
        (remember(a_system(isVisible=False)), True),
    ],
)
def test_a_value_that_a_committed_revision_states_is_ours(ownership: Ownership, *, breaking: bool) -> None:
    """P5: others set it, and a revision adopted it; the edit that follows is not breaking."""
    memory = Memory(logs={name("a"): [a_write(), a_write("ours", 0, isVisible=False)]})
    memory.hold("a")

    made = make(memory, define("a", isVisible=False), ownership=ownership)

    assert bool(made.breaking) is breaking


def test_what_others_took_away_is_never_stated() -> None:
    """P5: that an earlier revision lacked a client id does not make its removal ours."""
    memory = Memory(logs={name("a"): [a_write(clientId=[]), a_write("ours", 0)]})
    memory.hold("a", clientId=[])

    made = make(memory, define("a"), ownership=remember(a_system(), a_system(clientId=[])))

    assert [each.rule for each in made.breaking] == ["outside-value-overwritten"]


def test_drift_reads_the_log_of_every_live_system() -> None:
    """Who wrote is asked of all, of what is not registered nothing; where nothing differs it is a note."""
    memory = Memory(logs={name(word): [a_write(id=name(word))] for word in ("kept", "changed", "other")})
    memory.logs[name("kept")].append(a_write("ours", 0, id=name("kept")))
    for word in ("kept", "changed", "other"):
        memory.hold(word, clientId=[])
    made = make(
        memory, define("kept", clientId=[]), define("changed", clientId=[], isVisible=False), define("new")
    )
    memory.asked_logs.clear()

    report = detect_drift(made, memory, OWNERSHIP)

    assert sorted(memory.asked_logs) == [name("changed"), name("kept"), name("other")]
    assert {each.id: each.kind for each in report.differences} == {
        name("changed"): Kind.CHANGED_OUTSIDE,
        name("kept"): Kind.NO_DIFFERENCE,
        name("new"): Kind.MISSING,
        name("other"): Kind.UNMANAGED,
    }
    assert report.systems == 4


def test_one_difference_is_accepted_by_its_live_value() -> None:
    """The digest is of what the register holds, so that another value is another difference."""
    memory = Memory()
    memory.hold("a")

    made = accept_difference(
        Named(name("a"), "isVisible"), define("a", isVisible=False), TARGET, memory, TERM
    )

    assert made == Acceptance("tt02", name("a"), "isVisible", UNTIL, "x", digest_json(True))  # noqa: FBT003 - the value


@pytest.mark.parametrize("word", ["unmanaged", "missing", "deleted"])
def test_a_whole_system_is_accepted_by_the_word_that_fits(word: str) -> None:
    """Without a definition, without a system, or with a deleted one; and by no other word."""
    memory = Memory()
    if word != "missing":
        memory.hold("a", isDeleted=word == "deleted")
    desired = None if word == "unmanaged" else define("a")

    made = accept_difference(Named(name("a"), word), desired, TARGET, memory, TERM)

    assert (made.path, made.digest) == (word, digest_json(None))
    for other in {"unmanaged", "missing", "deleted"} - {word}:
        with pytest.raises(UsageError, match=f"is not {other}") as caught:
            accept_difference(Named(name("a"), other), desired, TARGET, memory, TERM)
        assert caught.value.hint == f"It is {word}."


def test_a_deletion_that_the_files_ask_for_cannot_be_accepted_away() -> None:
    """Neither by its own field, nor by a word, nor by another field of the system."""
    memory = Memory()
    memory.hold("a")
    gone = define("a", withdrawn=True)
    for path in ("withdrawn", "missing", "deleted", "unmanaged", "isVisible"):
        with pytest.raises(UsageError):
            accept_difference(Named(name("a"), path), gone, TARGET, memory, TERM)
    with pytest.raises(UsageError, match="is not unmanaged"):
        accept_difference(Named(name("none"), "unmanaged"), None, TARGET, memory, TERM)


@pytest.mark.parametrize(
    ("until", "reason", "told"),
    [
        (UNTIL, " ", "The reason is empty"),
        (date(2026, 11, 20), "x", "2026-11-20 has passed already"),
        (date(2027, 11, 22), "x", "Until is 2027-11-21 at the latest"),
        (date(2026, 11, 21), " x\udc80 ", ""),
        (date(2027, 11, 21), "x?", ""),
    ],
)
def test_a_term_is_today_to_a_year_ahead_and_has_a_reason(until: date, reason: str, told: str) -> None:
    """P6: past dates and empty reasons are refused; a reason that UTF-8 cannot hold is kept as far as it can."""
    today = date(2026, 11, 21)
    if not told:
        assert check_term(Term(until, reason), today) == Term(until, "x?")
        return
    with pytest.raises(UsageError) as caught:
        check_term(Term(until, reason), today)
    assert caught.value.message.startswith(told)


def test_what_does_not_differ_cannot_be_accepted() -> None:
    """The paths that differ are named; a system that is not on both sides has none."""
    memory = Memory()
    memory.hold("a")
    hidden = define("a", isVisible=False)

    with pytest.raises(UsageError) as caught:
        accept_difference(Named(name("a"), "name.nb"), hidden, TARGET, memory, TERM)
    assert caught.value.hint == "It differs in: isVisible."
    for system, known in ((None, memory), (hidden, Memory())):
        with pytest.raises(UsageError, match="has no definition here, or the register does not have it"):
            accept_difference(Named(name("a"), "isVisible"), system, TARGET, known, TERM)


def test_one_vendor_is_picked_by_its_number() -> None:
    """In whatever form and wherever a file names it; a file that names none is kept, so that it is told of."""
    texts = {
        "a.yaml": a_definition_text(id=name("a")),
        "b.yaml": a_definition_text(id=f"{OTHER_VENDOR}_b", vendor=OTHER_VENDOR),
        "c.yaml": a_definition_text(
            id=f"{OTHER_VENDOR}_c", vendor=..., environments={"tt02": {"vendor": OTHER_VENDOR}}
        ),
        "d.yaml": a_definition_text(id=name("d"), vendor=...),
        "e.yaml": "- 1\n",
    }
    documents = [read_document(file, text.encode()) for file, text in reversed(texts.items())]

    def checked(vendor: str) -> set[str]:
        found = validate(documents, ["local", "tt02", "prod"], vendor=vendor)
        return {each.document.file for each in found.definitions} | {
            each.place.file for each in found.findings
        }

    assert {"a.yaml", "d.yaml", "e.yaml"} <= checked(VENDOR)
    assert checked(VENDOR) & {"b.yaml", "c.yaml"} == set()
    assert {"b.yaml", "c.yaml", "d.yaml"} <= checked(OTHER_VENDOR)
    assert "a.yaml" not in checked(OTHER_VENDOR)


def test_the_vendor_of_the_systems_is_found() -> None:
    """A misspelt number leaves no system, and must not look like a register in order."""
    assert find_vendor([define("a")]) == VENDOR
    with pytest.raises(UsageError, match="No definition of vendor 123 exists in this environment"):
        find_vendor([], "123")
    with pytest.raises(UsageError, match="No definition exists in this environment"):
        find_vendor([])


def test_a_definition_is_resolved_where_it_exists() -> None:
    """In production only where it is named."""
    everywhere, named = define("a").definition, define("b", environments={"prod": {}}).definition

    def ids(environment: str) -> list[str]:
        return [each.system.id for each in resolve_all([everywhere, named], environment)]

    assert ids("tt02") == [name("a")]
    assert ids("prod") == [name("b")]
    assert ids("local") == [name("a"), name("b")]


@pytest.mark.parametrize(
    ("finding", "found"),
    [
        (Finding("client-id-shared", Severity.ERROR, "x", Location("")), False),
        (Finding("right-duplicate", Severity.WARNING, "x", Location(""), code="AUTH.VLD-00006"), True),
        (Finding("right-duplicate", Severity.ERROR, "x", Location(""), code="AUTH.VLD-00006"), False),
        (
            Finding(
                "right-duplicate",
                Severity.WARNING,
                "x",
                Location(""),
                code="AUTH.VLD-00006",
                environments=("prod",),
            ),
            False,
        ),
        (Finding("redirect-fragment", Severity.WARNING, "x", Location("")), False),
    ],
)
def test_an_allowed_error_that_the_register_knows_is_found(finding: Finding, *, found: bool) -> None:
    """It has a code, was made milder, and holds in this environment and file."""
    system = define("a")
    here = finding._replace(place=Location(system.definition.document.file))
    elsewhere = finding._replace(place=Location("systems/other.yaml"))

    allowed = find_allowed([system], [here, elsewhere])

    assert allowed.get(name("a"), []) == ([here] if found else [])
