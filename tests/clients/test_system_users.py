"""The client of the customers' side, over HTTP to an embedded register whose pages hold three rows."""

from __future__ import annotations

import itertools
import logging
import uuid
from typing import TYPE_CHECKING

import httpx
import pytest

from reconciler.clients.maskinporten import GivenToken
from reconciler.clients.system_users import WRITABLE, SystemUsers, may_write
from reconciler.emulator import start
from reconciler.errors import (
    CredentialsError,
    Forbidden,
    Rejected,
    TokenRenewed,
    Unintelligible,
    WriteRefused,
)
from reconciler.model.customers import (
    ACCEPTED,
    AGENT,
    NEW,
    READ,
    STANDARD,
    WRITE,
    Asking,
    Triple,
    read_asking,
)
from reconciler.model.environment import SCOPE, Environment
from reconciler.model.secret import Secret
from tests.builders import CLIENT, VENDOR, a_live_document
from tests.emulator.callers import control, fetch_token

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reconciler.emulator import Emulator
    from reconciler.model.canonical_json import Json

SYSTEM, FOREIGN = f"{VENDOR}_smartcloud", "312605031_other"
DOCUMENT = a_live_document(id=SYSTEM)
RIGHTS, PACKAGES = DOCUMENT["rights"], DOCUMENT["accessPackages"]
FOR_CLIENTS = {"urn": "urn:altinn:accesspackage:regnskapsforer-lonn"}
SCOPES = (READ, WRITE, SCOPE)
ORGS = itertools.count(310_200_000)
_LOG = logging.getLogger(__name__)


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    """Start an embedded register with our system and another vendor's."""
    ours = {**DOCUMENT, "accessPackages": [*PACKAGES, FOR_CLIENTS], "clientId": [CLIENT]}
    theirs = {
        **ours,
        "id": FOREIGN,
        "vendor": {**DOCUMENT["vendor"], "ID": "0192:312605031"},
        "clientId": [],
    }
    with start({"page_size": 3}, seed=[ours, theirs]) as emulator:
        yield emulator


def connect(emulator: Emulator, org: str = VENDOR, *, read_only: bool = False) -> SystemUsers:
    """Connect as a vendor, with a token of each scope."""
    environment = Environment("served", emulator.base, emulator.maskinporten)
    tokens = {each: GivenToken(Secret(fetch_token(emulator, org, each))) for each in SCOPES}
    return SystemUsers(environment, tokens, read_only=read_only)


@pytest.fixture(scope="module")
def users(emulator: Emulator) -> Iterator[SystemUsers]:
    """Connect as the vendor of our system."""
    with connect(emulator) as made:
        yield made


def ask(org: str = "", **changes: Json) -> dict[str, Json]:
    """Make the body of a request of a customer, who is new where none is named."""
    return {"systemId": SYSTEM, "partyOrgNo": org or str(next(ORGS)), "rights": RIGHTS, **changes}


def approve(emulator: Emulator, **what: str) -> None:
    """Have the customer approve."""
    assert control(emulator, "POST", "customer", {"do": "approve", **what}).json()["status"] == 200


def test_a_request_from_its_post_to_its_system_user(emulator: Emulator, users: SystemUsers) -> None:
    """It is read by id and by triple; its link is a secret; the user that comes of it has its id."""
    body = ask(externalRef="check", accessPackages=PACKAGES)
    triple = Triple(SYSTEM, str(body["partyOrgNo"]), "check")
    assert users.find_user(triple) is None
    assert users.find_request(triple, STANDARD) is None

    made, is_new = users.create_request(body, STANDARD)
    again, is_new_again = users.create_request({**body, "rights": [], "accessPackages": PACKAGES}, STANDARD)

    assert (is_new, is_new_again) == (True, False)
    assert again == made
    assert (made.triple, made.status, made.asking) == (triple, NEW, read_asking(RIGHTS, PACKAGES))
    assert made.link.reveal().startswith("https://") or made.link.reveal().startswith("http://")
    assert made.link.reveal() not in repr(made)
    assert users.read_request(made.id, STANDARD) == made
    assert users.read_request(made.id, AGENT) is None
    assert users.find_request(triple, STANDARD) == made

    approve(emulator, request=made.id)
    found = users.find_user(triple)
    assert found is not None
    assert (found.id, found.kind, found.triple) == (made.id, STANDARD, triple)
    read = users.read_request(made.id, STANDARD)
    assert read is not None
    assert read.status == ACCEPTED
    with pytest.raises(Rejected) as caught:
        users.create_request(body, STANDARD)
    assert caught.value.codes == ("AUTH-00004",)


def test_an_agents_request(users: SystemUsers) -> None:
    """It has a route of its own, and packages only."""
    made, is_new = users.create_request(ask(accessPackages=[FOR_CLIENTS]), AGENT)

    assert is_new
    assert (made.kind, made.asking) == (AGENT, Asking(packages=frozenset({FOR_CLIENTS["urn"]})))
    assert users.read_request(made.id, STANDARD) is None


def test_system_users_are_all_listed_and_requests_are_not(emulator: Emulator, users: SystemUsers) -> None:
    """The pages of users are whole; those of requests lose a row at each border, which is said."""
    made = [users.create_request(ask(), STANDARD)[0].id for _ in range(7)]
    for each in made:
        approve(emulator, request=each)

    listed = users.list_requests(SYSTEM, STANDARD)

    assert set(made) <= {each.id for each in users.list_users(SYSTEM)}
    assert not listed.complete
    assert not any(each.link for each in listed.rows)


def test_a_change_request(emulator: Emulator, users: SystemUsers) -> None:
    """It is made once under its id, found by it, withdrawn once, and its id is used up then."""
    user, _ = users.create_request(ask(rights=RIGHTS[:1]), STANDARD)
    approve(emulator, request=user.id)
    key, body = str(uuid.uuid4()), {"requiredAccessPackages": PACKAGES}
    assert users.read_change(key) is None

    made, is_new = users.create_change(key, user.id, body)
    again, is_new_again = users.create_change(key, user.id, {"requiredRights": RIGHTS})

    assert (is_new, is_new_again) == (True, False)
    assert again == made == users.read_change(key)
    assert (made.user, made.required, made.unwanted) == (user.id, read_asking([], PACKAGES), Asking())
    found = users.find_change(user.triple)
    assert found is not None
    assert (found.id, found.required) == (key, Asking())  # this route shows no packages
    assert users.withdraw_change(key)
    assert not users.withdraw_change(key)


def test_the_second_page_of_change_requests_is_not_asked_for(emulator: Emulator, users: SystemUsers) -> None:
    """It would be the first again, without end."""
    user, _ = users.create_request(ask(), STANDARD)
    approve(emulator, request=user.id)
    for _ in range(4):
        users.create_change(str(uuid.uuid4()), user.id, {"requiredRights": RIGHTS[:1]})

    listed = users.list_changes(SYSTEM)

    assert (len(listed.rows), listed.complete) == (3, False)


def test_a_request_is_withdrawn_only_where_it_is_ours(emulator: Emulator, users: SystemUsers) -> None:
    """The vendor's own GET proves whose it is, before anything is sent."""
    theirs = ask(systemId=FOREIGN)
    with connect(emulator, "312605031") as other:
        made, _ = other.create_request(theirs, STANDARD)

        assert not users.withdraw_request(made.id, STANDARD)
        assert other.read_request(made.id, STANDARD) is not None
        assert other.withdraw_request(made.id, STANDARD)
        assert other.read_request(made.id, STANDARD) is None


def test_a_system_that_is_not_ours(users: SystemUsers) -> None:
    """It has no list: none at all is not the same as an empty one."""
    for read in (users.list_users, users.list_changes, lambda each: users.list_requests(each, STANDARD)):
        with pytest.raises(Rejected, match="knows no system"):
            read(FOREIGN)


def test_a_token_without_the_scope(emulator: Emulator) -> None:
    """A 403 names the scope that lacks; a scope without a token is never asked with another's."""
    environment = Environment("served", emulator.base, emulator.maskinporten)
    wrong = GivenToken(Secret(fetch_token(emulator, VENDOR, SCOPE)))
    with SystemUsers(environment, {READ: wrong}, read_only=True) as users:
        with pytest.raises(Forbidden, match=r"systemuser\.request\.read"):
            users.list_requests(SYSTEM, STANDARD)
        with pytest.raises(CredentialsError, match=r"systemuser\.request\.write"):
            users.find_user(Triple(SYSTEM, "310000401", "x"))


def test_a_reader_cannot_write(emulator: Emulator) -> None:
    """The transport refuses, whatever is called."""
    with connect(emulator, read_only=True) as users, pytest.raises(WriteRefused):
        users.create_request(ask(), STANDARD)


@pytest.mark.parametrize(
    "path",
    [
        "/authentication/api/v1/systemregister/vendor",
        f"/authentication/api/v1/systemregister/vendor/{SYSTEM}",
        "/authentication/api/v1/systemuser/vendor/bysystem/x",
        "/authentication/api/v1/systemuser/request/vendorx",
        "/authentication/api/v1/systemuser/request/1/2/approve",
        "/authentication/api/v1/systemuser/request/vendor/../../../systemregister/vendor",
    ],
)
def test_nothing_here_can_write_to_the_register(path: str) -> None:
    """Writes reach two routes and what is below them, on the transport itself."""
    sent: list[httpx.Request] = []

    def note(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200)

    transport = httpx.MockTransport(note)
    environment = Environment("served", "https://register.example", "https://maskinporten.example/")
    with SystemUsers(environment, {}, read_only=False, transport=transport) as users:
        for method in ("POST", "PUT", "DELETE", "PATCH"):
            request = httpx.Request(method, f"https://register.example{path}")
            with pytest.raises(WriteRefused):
                users._client._transport.handle_request(request)

    assert not sent
    assert all(may_write(each) and may_write(f"{each}/1") for each in WRITABLE)


def answer(*answers: httpx.Response, notify: Callable[[str], None] = _LOG.info) -> SystemUsers:
    """Connect to a service that gives these answers in turn."""
    left = iter(answers)
    environment = Environment("served", "https://register.example", "https://maskinporten.example/")
    tokens = {each: Renewing() for each in SCOPES}
    transport = httpx.MockTransport(lambda _: next(left))
    return SystemUsers(environment, tokens, read_only=False, notify=notify, transport=transport)


class Renewing:
    """Tokens that can be had again."""

    def token(self) -> Secret:
        """Give one."""
        return Secret("a.b.c")

    def renew(self, stale: Secret) -> Secret:
        """Give another."""
        del stale
        return Secret("d.e.f")


NOT_FOUND: dict[str, Json] = {"status": 404, "title": "Not Found", "code": "AUTH-00010"}


@pytest.mark.parametrize(
    ("call", "response", "expected"),
    [
        (lambda users: users.read_change("x"), httpx.Response(404, html="<html>"), Unintelligible),
        (lambda users: users.read_change("x"), httpx.Response(200, json={}), Unintelligible),
        (lambda users: users.read_change("x"), httpx.Response(200, json=[]), Unintelligible),
        (lambda users: users.list_users("x"), httpx.Response(200, json=[]), Unintelligible),
        (lambda users: users.list_users("x"), httpx.Response(200, json={"data": [5]}), Unintelligible),
        (lambda users: users.create_change("x", "y", {}), httpx.Response(401), TokenRenewed),
        (lambda users: users.withdraw_change("x"), httpx.Response(404, json=NOT_FOUND), None),
    ],
    ids=["a proxy's 404", "no id", "a list", "no page", "no row", "401 to a write", "none"],
)
def test_an_answer_of_another_kind(
    call: Callable[[SystemUsers], object], response: httpx.Response, expected: type[Exception] | None
) -> None:
    """What is not the service's own answer is never taken for "there is none"."""
    with answer(response) as users:
        if expected is None:
            assert call(users) is False
            return
        with pytest.raises(expected):
            call(users)


def test_unknown_kinds_and_members_are_read() -> None:
    """A kind of system user that comes one day is passed on by its name."""
    row: dict[str, Json] = {"id": "1", "userType": "Standalone", "systemId": "s", "new": {"x": []}}
    page = httpx.Response(200, json={"links": {}, "data": [row, {**row, "id": "2", "isDeleted": True}]})
    with answer(page) as users:
        assert [(each.id, each.kind) for each in users.list_users("s")] == [("1", "standalone")]


def test_a_service_that_asks_for_less_is_said() -> None:
    """Whoever waits is told why."""
    said: list[str] = []
    page = httpx.Response(200, json={"links": {}, "data": []})
    with answer(httpx.Response(429, headers={"Retry-After": "0"}), page, notify=said.append) as users:
        assert users.list_users("s") == ()

    assert any("429" in each for each in said), said
