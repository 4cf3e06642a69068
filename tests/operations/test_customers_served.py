"""Customers of a register that pages as the service does: three rows a page, with rows lost and pages that repeat."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reconciler.clients.maskinporten import GivenToken
from reconciler.clients.register import HttpRegister
from reconciler.clients.system_users import SystemUsers
from reconciler.emulator import start
from reconciler.execution.ask_journal import open_ask_journal, read_ask_journals
from reconciler.execution.asking import withdraw_asks
from reconciler.model.customers import READ, WRITE
from reconciler.model.environment import SCOPE, Environment
from reconciler.model.secret import Secret
from reconciler.operations.ask import Wanted, plan_asks
from reconciler.operations.customers import Sources, read_customers
from reconciler.planning.ask_plan import AskOrigin
from tests.builders import CLIENT, VENDOR
from tests.customer_rows import SYSTEM, a_grown_document, an_id
from tests.emulated_customers import decide, lay_customers, list_changes
from tests.emulator.callers import OTHER_ORG, fetch_token
from tests.execution.change_requests import AT_ONCE, carry_out

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from reconciler.emulator import Emulator
    from reconciler.execution.ask_journal import AskRecord
    from reconciler.planning.ask_plan import AskPlan
    from reconciler.planning.customers import Customers

pytestmark = pytest.mark.slow

WANTED = ("kravogbetaling",)


class Vendor:
    """A vendor's program at a register, with a token of every scope."""

    def __init__(self, emulator: Emulator, register: HttpRegister, users: SystemUsers) -> None:
        self.base, self.register, self.users = emulator.base, register, users
        self.origin = AskOrigin("served", emulator.base, VENDOR, "0.1.0", "2026-11-22T00:00:00+00:00")

    def read(self, records: Sequence[AskRecord] = (), *, alone: bool = False) -> Customers:
        """Read who has what."""
        own = [key for each in records for key in each.intents]
        return read_customers("served", SYSTEM, Sources(self.register, self.users, own, alone=alone))[0]

    def plan(self, records: Sequence[AskRecord] = (), *, again: bool = False) -> AskPlan:
        """Plan whom to ask, with the journals alone making change requests."""
        own = [key for each in records for key in each.intents]
        sources = Sources(self.register, self.users, own, alone=bool(own))
        found = read_customers("served", SYSTEM, sources)
        return plan_asks(self.origin, found, Wanted(WANTED, again=again), self.users, records)


@contextmanager
def connect(emulator: Emulator, org: str = VENDOR) -> Iterator[Vendor]:
    """Connect as a vendor."""
    environment = Environment("served", emulator.base, emulator.maskinporten)
    token = GivenToken(Secret(fetch_token(emulator, org, f"{READ} {WRITE} {SCOPE}")))
    with (
        HttpRegister(environment, token, read_only=True) as register,
        SystemUsers(environment, dict.fromkeys((READ, WRITE, SCOPE), token), read_only=False) as users,
    ):
        yield Vendor(emulator, register, users)


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """Serve a register whose system got a right, and has eight customers."""
    with start({"page_size": 3}, seed=[{**a_grown_document(), "clientId": [CLIENT]}]) as emulator:
        lay_customers(emulator.base, range(1, 9))
        yield emulator


def _list_holdings(found: Customers) -> dict[str, str]:
    return {each.user.id: each.holdings[1].value for each in found.rows}


def test_nobody_is_counted_wrongly_or_asked_twice(emulator: Emulator, tmp_path: Path) -> None:
    """Requests are lost at page borders, and of the change requests three are ever listed; the customers answer."""
    ids = [an_id(each) for each in range(1, 9)]
    with connect(emulator) as vendor, connect(emulator, OTHER_ORG) as stranger:
        assert _list_holdings(vendor.read()) == dict.fromkeys(ids, "lacks")
        plan = vendor.plan()
        carry_out(plan, vendor.users, tmp_path)
        keys = {each.system_user: each.correlation_id for each in plan.asks}
        decide(emulator.base, do="approve", change=keys[ids[0]])
        decide(emulator.base, do="reject", change=keys[ids[1]])
        assert stranger.users.withdraw_change(keys[ids[2]]) is False
        journal = open_ask_journal(tmp_path, plan, "0.1.0")
        withdraw_asks(plan, vendor.users, journal, replace(AT_ONCE, only=frozenset({"310000003"})))
        journal.close()
        records = read_ask_journals(tmp_path, plan.register_)

        true = dict.fromkeys(ids, "pending") | {ids[0]: "has", ids[1]: "lacks", ids[2]: "lacks"}
        unsure = _list_holdings(vendor.read())
        assert _list_holdings(vendor.read(records, alone=True)) == true
        assert all(unsure[each] in {true[each], "unknown"} for each in ids)
        assert [unsure[each] for each in ids[3:]] == ["pending"] * 5

        assert vendor.plan(records).asks == ()
        forgetful = vendor.plan()
        assert [each.system_user for each in forgetful.asks] == [ids[2]]
        (outcome,) = carry_out(forgetful, vendor.users, tmp_path / "elsewhere").outcomes
        assert (outcome.code, "`--again`" in outcome.reason) == ("500", True)
        again = vendor.plan(records, again=True)
        assert {each.system_user: each.attempt for each in again.asks} == {ids[1]: 2, ids[2]: 2}
        carry_out(again, vendor.users, tmp_path)

    stored = [each["systemUserId"] for each in list_changes(emulator.base)]
    assert sorted(stored) == sorted([*ids, ids[1], ids[2]])
