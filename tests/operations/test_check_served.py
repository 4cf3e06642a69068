"""A check over HTTP against the embedded register, through everything that can lie in its way there.

The rows of System users contract §5.6 and the residues of §6.2, each with a customer of its own.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import pytest

from reconciler.clients.credentials import Credentials
from reconciler.clients.maskinporten import GivenToken
from reconciler.clients.register import HttpRegister
from reconciler.clients.runtime import open_as_system_user
from reconciler.clients.system_users import SystemUsers
from reconciler.emulator import start
from reconciler.execution.check_journal import open_check_journal
from reconciler.model.customers import READ, WRITE, Triple
from reconciler.model.environment import PARTIES, SCOPE, Environment
from reconciler.model.request_template import Template, build_body
from reconciler.model.secret import Secret
from reconciler.model.system import Right
from reconciler.operations.check import check
from reconciler.operations.check_task import CheckParts, CheckTask
from reconciler.planning.access_proof import Caller
from reconciler.planning.check_report import CheckReport
from tests.builders import CLIENT, VENDOR, a_live_document, a_system
from tests.emulator.callers import control, fetch_token, make_jwk
from tests.served import KID, export_pem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from reconciler.emulator import Emulator
    from reconciler.model.canonical_json import Json
    from reconciler.model.customers import AccessRequest

pytestmark = pytest.mark.slow
SYSTEM = f"{VENDOR}_smartcloud"
ORGS = itertools.count(310_300_000)
ROUTE = "/authentication/api/v1/systemuser/request/vendor"
RIGHT = a_live_document()["rights"][0]
PACKAGE = a_live_document()["accessPackages"][0]
TEMPLATE = Template("standard", "standard", (Right.model_validate(RIGHT, strict=False),), (PACKAGE["urn"],))
PROVEN = ["registration ok", "request ok", "approval ok", "token ok", "access ok"]


@dataclass
class Served:
    """The embedded register with its clients, and one customer of a check."""

    emulator: Emulator
    environment: Environment
    key: Secret
    org: str
    folder: Path
    register: HttpRegister
    customers: SystemUsers
    answer: Callable[[Served], object] = lambda one: one.act("approve")
    """What the customer does at the first wait."""
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def triple(self) -> Triple:
        """What the check asks by."""
        return Triple(SYSTEM, self.org, "reconciler-check")

    def control(self, path: str, body: Json = None, method: str = "POST") -> Json:
        """Call the control endpoint."""
        answer = control(self.emulator, method, path, body)
        return answer.json() if answer.content else None

    def list_rows(self, kind: str) -> list[Json]:
        """List the rows of this customer that are not deleted, the one that was written last behind."""
        member = "reporteeOrgNo" if kind == "systemusers" else "partyOrgNo"
        rows = self.control(kind, method="GET")
        return [each for each in rows if each[member] == self.org and not each["isDeleted"]]

    def act(self, word: str, **more: Json) -> int:
        """Answer the last request as the customer's browser would; gives the status."""
        request = self.list_rows("requests")[-1]["id"]
        status: int = self.control("customer", {"do": word, "request": request, **more})["status"]
        return status

    def ask(self, kind: str = "standard", **changes: Json) -> str:
        """Ask, as an earlier run did."""
        body = {**build_body(TEMPLATE, *self.triple), **changes}
        request, _ = self.customers.create_request(body, kind)
        return request.id

    def run(self, template: Template = TEMPLATE) -> list[str]:
        """Run a check, and name its steps."""
        program = Credentials(CLIENT, self.key, KID)
        task = CheckTask(
            self.environment, self.triple, template, a_system(id=SYSTEM), Caller(CLIENT, VENDOR), patience=4
        )
        as_user = open_as_system_user(self.environment, program, self.triple, [PARTIES])
        with open_check_journal(self.folder, self.org) as journal, as_user as opened:
            parts = CheckParts(
                self.register,
                self.customers,
                opened,
                journal,
                self.invite,
                lambda: self.now,
                self.wait,
            )
            steps = tuple(check(task, parts))
        assert CheckReport("served", self.triple, "standard", steps).steps
        return [f"{each.name} {each.state}" for each in steps]

    def invite(self, request: AccessRequest) -> None:
        """Have the customer answer."""
        assert request.link
        self.answer(self)

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)

    def count_writes(self) -> tuple[int, int]:
        """Count the requests that were asked for and withdrawn since the log was cleared."""
        log = self.control("log", method="GET")
        assert not [each for each in log if "/systemregister" in each["path"] and each["method"] != "GET"]
        paths = [(each["method"], each["path"]) for each in log]
        asked = sum(method == "POST" and path.startswith(ROUTE) for method, path in paths)
        return asked, sum(method == "DELETE" for method, _ in paths)


class Vendor(NamedTuple):
    """The embedded register as the vendor sees it."""

    emulator: Emulator
    environment: Environment
    register: HttpRegister
    customers: SystemUsers


@pytest.fixture(scope="module")
def vendor(private_key: RSAPrivateKey) -> Iterator[Vendor]:
    """Start an embedded register with the client of the vendor's program, and open both of its sides."""
    client = {"client_id": CLIENT, "org": VENDOR, "scopes": [PARTIES], "jwk": make_jwk(private_key, KID)}
    with start({"clients": [client]}, seed=[a_live_document(id=SYSTEM)]) as emulator:
        environment = Environment("served", emulator.base, emulator.maskinporten, test=True)
        given = {
            scope: GivenToken(Secret(fetch_token(emulator, VENDOR, scope))) for scope in (SCOPE, READ, WRITE)
        }
        with (
            HttpRegister(environment, given[SCOPE], read_only=True) as register,
            SystemUsers(environment, given, read_only=False) as customers,
        ):
            yield Vendor(emulator, environment, register, customers)


@pytest.fixture
def served(vendor: Vendor, private_key: RSAPrivateKey, tmp_path: Path) -> Served:
    """Give a customer of its own, who says yes."""
    key = Secret(export_pem(private_key))
    emulator, environment, register, customers = vendor
    return Served(emulator, environment, key, str(next(ORGS)), tmp_path, register, customers)


class Before(NamedTuple):
    """What lies in the way, and what a check makes of it."""

    prepare: Callable[[Served], object]
    steps: list[str]
    asked: int = 1
    withdrawn: int = 0


def _set_up(served: Served, **changes: Json) -> None:
    served.control("setup", {"request": served.ask(), **changes})


def _lay_two(served: Served) -> None:
    row: Mapping[str, Json] = {
        "type": "standard",
        "systemId": SYSTEM,
        "partyOrgNo": served.org,
        "externalRef": served.triple.reference,
        "integrationTitle": "x",
        "created": "2026-11-21T00:00:00Z",
        "accessPackages": [PACKAGE],
    }
    ids = [f"0b8f7d0e-000{number}-4a57-9d0a-000{served.org}" for number in (1, 2)]
    served.control("setup", {"requests": [{**row, "id": each} for each in ids]})


def _accept_and_delete(served: Served) -> None:
    served.ask()
    served.act("approve")
    user = served.list_rows("systemusers")[-1]["id"]
    served.control("customer", {"do": "delete", "systemUser": user})


def _accept_and_withdraw(served: Served) -> None:
    request = served.ask()
    served.act("approve")
    served.customers.withdraw_request(request, "standard")


CASES = {
    "nothing": Before(lambda _: None, PROVEN),
    "open": Before(lambda served: served.ask(), PROVEN, asked=0),
    "open for something else": Before(lambda served: served.ask(rights=[]), PROVEN, withdrawn=1),
    "open with another address": Before(
        lambda served: served.ask(redirectUrl="https://smartcloud.example/receipt"), PROVEN, withdrawn=1
    ),
    "timed out": Before(lambda served: _set_up(served, days=200), PROVEN, withdrawn=1),
    "rejected": Before(
        lambda served: (served.ask(), served.act("reject")), ["registration ok", "request wrong"], asked=0
    ),
    "denied": Before(
        lambda served: _set_up(served, status="Denied"), ["registration ok", "request wrong"], asked=0
    ),
    "two of one triple": Before(_lay_two, ["registration ok", "request wrong"], withdrawn=1),
    "accepted": Before(
        lambda served: (served.ask(), served.act("approve")),
        ["registration ok", "system-user ok", "token ok", "access ok"],
        asked=0,
    ),
    "accepted and deleted": Before(_accept_and_delete, PROVEN),
    "accepted and withdrawn": Before(
        _accept_and_withdraw, ["registration ok", "system-user ok", "token ok", "access ok"], asked=0
    ),
    "accepted, not told": Before(
        lambda served: (served.ask(), served.act("approve", fail="push")),
        ["registration ok", "system-user ok", "token ok", "access wrong"],
        asked=0,
    ),
    "an archived one": Before(lambda served: _set_up(served, archived=True), PROVEN),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_there_already(served: Served, case: str) -> None:
    """Nothing is asked twice, nothing but an open request of the check's own is withdrawn, and that once."""
    before = CASES[case]
    before.prepare(served)
    served.control("log", method="DELETE")

    assert served.run() == before.steps
    assert served.count_writes() == (before.asked, before.withdrawn)


ANSWERS = {
    "rejects": (lambda served: served.act("reject"), "approval wrong"),
    "lacks a package": (lambda served: served.act("approve", lacks=[PACKAGE["urn"]]), "approval waiting"),
    "breaks off with rights": (lambda served: served.act("approve", fail="rights"), "approval waiting"),
    "breaks off untold": (lambda served: served.act("approve", fail="push"), "approval wrong"),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_what_becomes_of_the_request(served: Served, case: str) -> None:
    """Whatever the customer does, it is asked once, and no token is taken for access."""
    served.answer, last = ANSWERS[case]

    assert served.run()[-1] == last
    served.control("log", method="DELETE")
    served.run()
    assert served.count_writes() == (0, 0)


def test_a_request_of_the_other_kind(served: Served) -> None:
    """A standard request blocks one for clients with the same reference (System users contract §3.2)."""
    served.ask()
    served.control("log", method="DELETE")
    for_clients = Template("clients", "agent", packages=("urn:altinn:accesspackage:skattegrunnlag",))

    assert served.run(for_clients) == ["registration ok", "request wrong"]
    assert served.count_writes() == (1, 0)
