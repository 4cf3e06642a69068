"""What is planned where the register cannot list its systems, or cannot give one of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

import pytest

from reconciler.clients.listing import explain_unaddressable
from reconciler.clients.register import ListedSystem
from reconciler.errors import (
    Exit,
    Forbidden,
    NotConnected,
    RegisterError,
    Rejected,
    ServerFailed,
    Unintelligible,
)
from reconciler.model.system import RegisteredSystem
from reconciler.operations.drift import detect_drift
from reconciler.operations.plan import plan
from reconciler.planning.acceptance import Acceptances
from reconciler.planning.change import Blocked, Create, Keep, Update
from reconciler.planning.ownership import Ownership
from reconciler.planning.plan import Target
from reconciler.planning.plan_file import print_plan, read_plan
from reconciler.render.html import render_plan as render_html
from reconciler.render.markdown import render_plan as render_markdown
from reconciler.render.text.drift import render_drift
from reconciler.render.text.plan import render_plan
from tests.builders import VENDOR, a_live_document, a_registered_system, a_resolved

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.definitions.definition import Resolved
    from reconciler.model.canonical_json import Json
    from reconciler.planning.drift import DriftReport
    from reconciler.planning.plan import Plan
    from reconciler.render.lines import Line

OTHER = "310661414"
ONE, TWO, STRAY = f"{VENDOR}_one", f"{VENDOR}_two", f"{VENDOR}_stray"
CLIENT = "0b8f7d0e-2f0e-4a57-9d0a-0b7a2f9c1d11"
OWNERSHIP = Ownership(frozenset({"ours"}), Acceptances(date(2026, 11, 21)))
BROKEN = ServerFailed("The register answered 500.", status=500)
OUTAGE = ServerFailed("The register answered 503.", status=503)


@dataclass
class Shelf:
    """A register that holds systems, and fails where it is told to."""

    systems: dict[str, RegisteredSystem]
    failures: dict[str, RegisterError] = field(default_factory=dict)
    """By id; the list's is under ``."""
    vendor: str = VENDOR
    administers: str = ""
    workers: int = 2
    asked: list[str] = field(default_factory=list)

    def list_systems(self) -> Sequence[ListedSystem]:
        """List them."""
        if "" in self.failures:
            raise self.failures[""]
        return [ListedSystem(name, self.vendor) for name in {**self.systems, **self.failures}]

    def read_system(self, system: str) -> RegisteredSystem | None:
        """Read one, or fail."""
        self.asked.append(system)
        if system in self.failures:
            raise self.failures[system]
        return self.systems.get(system)

    def read_changes(self, system: str) -> Sequence[Mapping[str, Json]]:
        """Give no log."""
        self.asked.append(f"{system}/changelog")
        return ()

    def count_system_users(self, system: str) -> dict[str, int]:
        """Count none."""
        del system
        return {}

    def create_system(self, body: Mapping[str, Json], *, traceparent: str = "") -> None:
        """Nothing is written here."""
        raise AssertionError((body, traceparent))

    def replace_system(self, system: str, body: Mapping[str, Json], *, traceparent: str = "") -> None:
        """Nothing is written here."""
        raise AssertionError((system, body, traceparent))

    def delete_system(self, system: str, *, traceparent: str = "") -> None:
        """Nothing is written here."""
        raise AssertionError((system, traceparent))

    def read_resource(self, resource: str) -> Mapping[str, Json] | None:
        """Know each."""
        return {"identifier": resource}

    def read_package(self, urn: str) -> Mapping[str, Json] | None:
        """Know each."""
        return {"urn": urn, "isDelegable": True, "isAssignable": True}

    def list_resources(self, *, apps: bool) -> Sequence[str]:
        """List none."""
        del apps
        return ()

    def list_packages(self) -> Sequence[str]:
        """List none."""
        return ()


def define(*names: str, **changes: Json) -> list[Resolved]:
    """Define systems, each as it is registered but for some members."""
    return [a_resolved(id=name, **changes) for name in names]


def hold(*names: str) -> dict[str, RegisteredSystem]:
    """Hold systems."""
    return {name: a_registered_system(id=name, clientId=[]) for name in names}


def make(shelf: Shelf, systems: list[Resolved]) -> Plan:
    """Plan against a register."""
    return plan(systems, Target("served", "https://register.example", VENDOR), shelf, OWNERSHIP)


def look(shelf: Shelf, systems: list[Resolved]) -> DriftReport:
    """Look for drift in a register."""
    return detect_drift(make(shelf, systems), shelf, OWNERSHIP)


def join(lines: list[Line]) -> str:
    """Join lines as they are printed."""
    return "\n".join("".join(piece.text for piece in line) for line in lines)


def test_a_list_that_cannot_be_given_leaves_the_defined_systems() -> None:
    """R2: one row that the service cannot read makes the list answer 500; the others are planned by their ids."""
    systems = define(ONE, TWO, clientId=[])
    shelf = Shelf(hold(ONE, STRAY), {"": BROKEN})

    made = make(shelf, systems)

    assert [type(each) for each in made.changes] == [Keep, Create]
    assert "The register answered 500" in made.unlisted
    assert STRAY not in shelf.asked
    told = join([*render_plan(made)])
    assert "Unmanaged systems could not be listed" in told
    assert "at least 0 unmanaged" in told
    for text in (told, render_markdown(made), render_html(made)):
        assert "could not be listed" in text
    assert read_plan(print_plan(made).encode()).unlisted == made.unlisted


def test_drift_promises_nothing_where_the_list_failed() -> None:
    """R2: a nightly job does not stay green while unmanaged systems cannot be seen."""
    report = look(Shelf(hold(ONE), {"": BROKEN}), define(ONE, clientId=[]))

    assert report.differences == ()
    assert report.exit_code is Exit.FAILED
    assert "could not be listed" in join([*render_drift(report)])


@pytest.mark.parametrize("failure", [OUTAGE, NotConnected("gone"), Rejected("no")])
def test_an_outage_ends_the_plan(failure: RegisterError) -> None:
    """R2: only the register's own 500 is about one row."""
    with pytest.raises(type(failure)):
        make(Shelf(hold(ONE), {"": failure}), define(ONE))


def test_a_register_that_fails_at_all_is_told_at_once() -> None:
    """R2: where the list and a system both answer 500, it is not one row; nothing else is asked."""
    names = [f"{VENDOR}_{number}" for number in range(20)]
    shelf = Shelf({}, {"": BROKEN, **dict.fromkeys(names, BROKEN)})

    with pytest.raises(ServerFailed):
        make(shelf, define(*names))

    assert len(shelf.asked) == 1


def test_the_row_that_cannot_be_read_is_blocked() -> None:
    """R2: a defined system that answers 500 is blocked, and so is who would give it a client id."""
    live = {ONE: a_registered_system(id=ONE, clientId=[CLIENT]), **hold(STRAY)}
    systems = [*define(ONE, clientId=[]), *define(TWO, clientId=[CLIENT])]

    made = make(Shelf(live, {TWO: BROKEN}), systems)

    one, two = made.changes
    assert isinstance(two, Blocked)
    assert two.reason == "it cannot be read: The register answered 500"
    assert two.file
    assert isinstance(one, Blocked), "its client id would be released for nothing"
    assert made.steps == ()
    assert read_plan(print_plan(made).encode()).changes == made.changes


@pytest.mark.parametrize("name", [f"{VENDOR}_a/b", "..", ".", " ", "a\0b"])
def test_an_id_that_no_address_can_carry_is_unmanaged_and_unreadable(name: str) -> None:
    """R7: it vanished, and plan and drift looked clean; with `a%2Fb` beside `a/b` plan stopped."""
    shelf = Shelf(hold(ONE, name), {})

    made, report = make(shelf, define(ONE, clientId=[])), look(shelf, define(ONE, clientId=[]))

    (stray,) = made.unmanaged
    assert (stray.id, stray.client_ids) == (name, ())
    assert stray.unreadable == explain_unaddressable(name)
    assert name not in shelf.asked
    assert f"{name}/changelog" not in shelf.asked
    for text in (join([*render_plan(made)]), render_markdown(made), render_html(made)):
        assert "its client ids are not known" in text
    (difference,) = report.differences
    assert difference.alarming
    assert difference.reason.startswith("it cannot be read: ")
    assert read_plan(print_plan(made).encode()).unmanaged == made.unmanaged


@pytest.mark.parametrize("failure", [BROKEN, Unintelligible("not that system's document."), Rejected("no.")])
def test_a_stray_system_that_cannot_be_read_stops_nobody(failure: RegisterError) -> None:
    """R7: an update beside it is planned, and its claim left to the register to judge."""
    shelf = Shelf(hold(ONE), {STRAY: failure})

    made = make(shelf, define(ONE, clientId=[], isVisible=False))

    assert [type(each) for each in made.changes] == [Update]
    assert [(each.id, each.unreadable) for each in made.unmanaged] == [(STRAY, failure.message.rstrip("."))]


def test_what_can_be_addressed() -> None:
    """R7: percent signs, dots among other characters, blanks inside and any letters can be asked for."""
    for name in (ONE, "a%2Fb", "...", "a..b", "a b", "æ", "a?b#c"):
        assert explain_unaddressable(name) == ""


def test_an_administrators_list_is_not_the_vendors() -> None:
    """R21: the list is the token's organisation's, so "0 unmanaged" would be untrue."""
    for vendor in (OTHER, VENDOR):
        shelf = Shelf(hold(ONE, STRAY), administers=OTHER, vendor=vendor)

        made = make(shelf, define(ONE, clientId=[]))

        assert made.unmanaged == ()
        assert OTHER in made.unlisted
        assert VENDOR in made.unlisted
    assert make(Shelf(hold(ONE), administers=VENDOR), define(ONE, clientId=[])).unlisted == ""


def test_another_vendors_token_is_refused() -> None:
    """A list of another vendor's systems, without the rights of an administrator, is the wrong credential."""
    with pytest.raises(Forbidden, match=OTHER):
        make(Shelf(hold(ONE), vendor=OTHER), define(ONE))


def test_a_document_that_is_none_is_unreadable() -> None:
    """R7: a stray document of another shape than the contract's does not stop the plan either."""
    odd = RegisteredSystem({**a_live_document(id=STRAY), "clientId": {"not": "a list"}})

    made = make(Shelf({**hold(ONE), STRAY: odd}), define(ONE, clientId=[]))

    assert [each.id for each in made.unmanaged] == [STRAY]
    assert made.unmanaged[0].unreadable
