"""Change requests, row by row (System users contract §3.3, §3.4, §6.3)."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest

from tests.contract.customers.vendor import (
    ASSIGNABLE,
    FIRST,
    FOR_CLIENTS,
    OTHER,
    SECOND,
    SYSTEM,
    URL,
    Vendor,
    package,
    right,
    show,
)
from tests.contract.target import ORG, OTHER_ORG

if TYPE_CHECKING:
    from collections.abc import Mapping

GONE = str(uuid.UUID(int=57005))
MORE = {"requiredRights": [right(SECOND)], "requiredAccessPackages": [package(OTHER)]}


@pytest.fixture(scope="module")
def user(vendor: Vendor) -> str:
    """Make a system user that holds one right, and give its id."""
    return vendor.user()["id"]


def held(vendor: Vendor, user: str) -> tuple[list[object], list[object]]:
    """Give the rights and packages that a system user holds."""
    rows = {each["id"]: each for each in vendor.http.get("/control/systemusers").json()}
    return rows[user]["rights"], rows[user]["accessPackages"]


class TestAsking:
    """§3.3."""

    @pytest.mark.parametrize(
        ("body", "query", "named"),
        [
            ({}, "correlation-id=nonsense&system-user-id=USER", "correlation-id"),
            ({}, "system-user-id=nonsense", "system-user-id"),
            ({"requiredRights": None}, "system-user-id=USER", "RequiredRights"),
            ({"unwantedAccessPackages": None}, "", "UnwantedAccessPackages"),
        ],
    )
    def test_row_1_what_does_not_bind(
        self, vendor: Vendor, user: str, body: object, query: str, named: str
    ) -> None:
        """Named, also where the correlation id is missing."""
        answer = vendor.call("POST", f"changerequest/vendor?{query.replace('USER', user)}", body)
        assert named in answer.json()["errors"]

    def test_row_2_no_correlation_id(self, vendor: Vendor, user: str) -> None:
        """A text; all zeros count as none."""
        for query in ("", f"&correlation-id={uuid.UUID(int=0)}"):
            answer = vendor.call("POST", f"changerequest/vendor?system-user-id={user}{query}", MORE)
            assert answer.status_code == 400
            assert answer.text.startswith("Missing or invalid QueryParameter: correlation-id.")

    def test_row_3_a_token_without_a_consumer(self, vendor: Vendor, user: str) -> None:
        """401 without a code."""
        assert show(vendor.change(user, MORE, token=vendor.token(org=None))) == (401, "")

    def test_row_4_no_such_system_user(self, vendor: Vendor) -> None:
        """Unknown, deleted or not named."""
        deleted = vendor.user()["id"]
        vendor.decide(do="delete", systemUser=deleted)
        for user in (GONE, deleted):
            assert show(vendor.change(user, MORE)) == (404, "AUTH-00015")
        answer = vendor.call("POST", f"changerequest/vendor?correlation-id={uuid.uuid4()}", MORE)
        assert show(answer) == (404, "AUTH-00015")

    def test_row_5_the_two_ids_are_equal(self, vendor: Vendor, user: str) -> None:
        """A text."""
        answer = vendor.change(user, MORE, key=user)
        assert (answer.status_code, answer.text.startswith("The correlation-id should not be")) == (400, True)

    def test_row_6_a_system_user_of_another_vendor(self, vendor: Vendor, user: str) -> None:
        """401, as without a consumer."""
        assert show(vendor.change(user, MORE, token=vendor.token(org=OTHER_ORG))) == (401, "")

    def test_row_7_nothing_asked_wins_over_what_is_stored(self, vendor: Vendor, user: str) -> None:
        """200 without a row, also for an id that was used, and the redirect is not looked at."""
        key = vendor.change(user, MORE).json()["id"]
        answer = vendor.change(user, {"redirectUrl": "nonsense"}, key=key).json()
        assert (answer["status"], answer["id"], answer["confirmUrl"]) == ("NoChangeNeeded", key, "")
        assert (answer["created"], answer["redirectUrl"]) == ("0001-01-01T00:00:00", "nonsense")
        assert vendor.call("GET", f"changerequest/vendor/{key}").json()["status"] == "New"

    @pytest.mark.parametrize("status", ["New", "Accepted", "Rejected"])
    def test_row_8_an_id_that_was_used(self, vendor: Vendor, user: str, status: str) -> None:
        """200 with what is stored, whatever this body says."""
        key = vendor.change(user, MORE).json()["id"]
        vendor.set_up(change=key, status=status)
        answer = vendor.change(user, {"requiredRights": [right("no-such")]}, key=key)
        assert (answer.status_code, answer.json()["status"]) == (200, status)
        assert answer.json()["requiredRights"] == [right(SECOND)]

    def test_row_9_an_agent(self, vendor: Vendor) -> None:
        """As for no system user."""
        agent = vendor.user(agent=True)["id"]
        assert show(vendor.change(agent, MORE)) == (404, "AUTH-00015")

    @pytest.mark.parametrize(
        ("status", "told"), [("New", (400, "AUTH-00007")), ("Rejected", (409, "AUTH-00061"))]
    )
    def test_row_10_an_id_that_another_vendor_used(
        self, vendor: Vendor, user: str, status: str, told: tuple[int, str]
    ) -> None:
        """Told by its status."""
        theirs = vendor.token(org=OTHER_ORG)
        other = vendor.user(systemId=f"{OTHER_ORG}_theirs", token=theirs)["id"]
        key = vendor.change(other, MORE, token=theirs).json()["id"]
        vendor.set_up(change=key, status=status)
        assert show(vendor.change(user, MORE, key=key)) == told

    def test_row_11_the_redirect(self, vendor: Vendor, user: str) -> None:
        """Before the rights, as in a request."""
        body = {"requiredRights": [right("no-such")], "redirectUrl": "https://elsewhere.example/"}
        assert show(vendor.change(user, body)) == (400, "AUTH-00021")
        assert vendor.change(user, {**MORE, "redirectUrl": "nonsense"}).status_code == 500
        assert vendor.change(user, {**MORE, "redirectUrl": f"{URL}?x"}).status_code == 201

    def test_row_12_a_right_that_the_system_has_not(self, vendor: Vendor, user: str) -> None:
        """Before the packages."""
        body = {"requiredRights": [right("no-such")], "requiredAccessPackages": [package("urn:x:y:z")]}
        assert show(vendor.change(user, body)) == (400, "AUTH-00001")

    @pytest.mark.parametrize(
        ("urn", "code"), [("urn:altinn:accesspackage:no-such", "AUTH-00063"), (FOR_CLIENTS, "AUTH-00064")]
    )
    def test_row_13_a_package(self, vendor: Vendor, user: str, urn: str, code: str) -> None:
        """Not the system's, or not to be assigned."""
        assert show(vendor.change(user, {"requiredAccessPackages": [package(urn)]})) == (400, code)

    def test_row_14_what_is_stored(self, vendor: Vendor, user: str) -> None:
        """201; what is unwanted is not looked at, and what is held already may be asked for."""
        body = {"requiredRights": [right(FIRST)], "unwantedRights": [right("no-such")]}
        answer = vendor.change(user, body)
        made = answer.json()
        assert answer.status_code == 201
        assert answer.headers["Location"].endswith(f"/systemuser/changerequest/{made['id']}")
        assert (made["status"], made["systemUserId"], made["unwantedRights"]) == (
            "New",
            user,
            [right("no-such")],
        )

    def test_the_last_rows(self, vendor: Vendor, user: str) -> None:
        """A withdrawn id is used up; null inside a list is 500."""
        key = vendor.change(user, MORE).json()["id"]
        assert vendor.call("DELETE", f"changerequest/vendor/{key}").status_code == 202
        assert vendor.change(user, MORE, key=key).status_code == 500
        assert vendor.change(user, {"requiredRights": [None]}).status_code == 500
        assert vendor.change(user, {"requiredAccessPackages": [None]}).status_code == 500


class TestReading:
    """§3.4, §3.5."""

    def test_one(self, vendor: Vendor) -> None:
        """By its id, and by its reference without packages; 404 with two codes."""
        user = vendor.user()
        made = vendor.change(user["id"], MORE).json()
        assert vendor.call("GET", f"changerequest/vendor/{made['id']}").json() == made
        org = user["partyOrgNo"]
        found = vendor.call("GET", f"changerequest/vendor/byexternalref/{SYSTEM}/{org}/{org}").json()
        assert found == {**made, "requiredAccessPackages": []}
        theirs = vendor.token(org=OTHER_ORG)
        assert show(vendor.call("GET", f"changerequest/vendor/{made['id']}", token=theirs)) == (
            404,
            "AUTH-00011",
        )
        assert show(vendor.call("GET", f"changerequest/vendor/{GONE}")) == (404, "AUTH-00010")
        assert "requestId" in vendor.call("GET", "changerequest/vendor/x").json()["errors"]

    def test_only_lists_say_that_it_timed_out(self, vendor: Vendor) -> None:
        """§5.3."""
        user = vendor.user(systemId=f"{ORG}_no_urls")["id"]
        made = vendor.change(user, MORE).json()
        vendor.set_up(change=made["id"], days=181)
        page = vendor.call("GET", f"changerequest/vendor/bysystem/{ORG}_no_urls").json()
        (row,) = [each for each in page["data"] if each["id"] == made["id"]]
        assert row["timedOut"] is True
        assert vendor.call("GET", f"changerequest/vendor/{made['id']}").json()["timedOut"] is False

    def test_every_page_is_the_first(self, vendor: Vendor) -> None:
        """§3.5: the token is read, and has no effect."""
        rows = [
            {
                "id": str(uuid.UUID(int=1000 + number)),
                "systemUserId": GONE,
                "systemId": f"{ORG}_deleted",
                "partyOrgNo": "310000900",
                "externalRef": "x",
                "created": "2026-11-05T10:00:00Z",
            }
            for number in range(60)
        ]
        vendor.set_up(changes=rows)
        first = vendor.call("GET", f"changerequest/vendor/bysystem/{ORG}_deleted").json()
        token = first["links"]["next"].partition("?token=")[2]
        second = vendor.call("GET", f"changerequest/vendor/bysystem/{ORG}_deleted?token={token}").json()
        assert len(first["data"]) == 50
        assert second == first


class TestApproval:
    """§6.3."""

    def test_what_is_asked_for_is_given(self, vendor: Vendor) -> None:
        """Rights and packages; later what is unwanted goes, and Accepted stays."""
        user = vendor.user()["id"]
        key = vendor.change(user, MORE).json()["id"]
        assert vendor.decide(do="approve", change=key) == (200, True)
        assert held(vendor, user) == ([right(FIRST), right(SECOND)], [package(OTHER)])
        less = {"unwantedRights": [right(SECOND)], "unwantedAccessPackages": [package(OTHER)]}
        assert vendor.decide(do="approve", change=vendor.change(user, less).json()["id"]) == (200, True)
        assert held(vendor, user) == ([right(FIRST)], [])
        assert vendor.decide(do="approve", change=key) == (409, "AUTH-00013")

    @pytest.mark.parametrize(
        ("words", "told"),
        [
            ({"by": "employee"}, (403, "")),
            ({"fail": "decision"}, (500, "")),
            ({"lacks": "rights"}, (400, "AUTH-00001")),
            ({"lacks": "packages"}, (400, "AUTH-00053")),
            ({"fail": "check of packages"}, (400, "AUTH-00050")),
            ({"fail": "packages"}, (400, "AUTH-00051")),
            ({"fail": "rights"}, (400, "AUTH-00002")),
        ],
    )
    def test_what_an_approval_ends_with(
        self, vendor: Vendor, words: Mapping[str, str], told: tuple[int, object]
    ) -> None:
        """Each refusal leaves it New, and it can be approved again."""
        user = vendor.user()["id"]
        key = vendor.change(user, MORE).json()["id"]
        status, body = vendor.decide(do="approve", change=key, **words)
        assert status == told[0]
        assert told[1] == "" or body == told[1]
        if status != 200:
            assert vendor.call("GET", f"changerequest/vendor/{key}").json()["status"] == "New"
            assert vendor.decide(do="approve", change=key) == (200, True)

    def test_it_is_not_atomic(self, vendor: Vendor) -> None:
        """Packages are given before rights, and stay where the rights fail."""
        user = vendor.user()["id"]
        key = vendor.change(user, MORE).json()["id"]
        assert vendor.decide(do="approve", change=key, fail="rights") == (400, "AUTH-00002")
        assert held(vendor, user) == ([right(FIRST)], [package(OTHER)])

    @pytest.mark.parametrize(("fail", "code"), [("revoking rights", "22"), ("revoking packages", "57")])
    def test_what_is_unwanted_cannot_be_taken(self, vendor: Vendor, fail: str, code: str) -> None:
        """A code for each."""
        user = vendor.user(accessPackages=[package(ASSIGNABLE)])["id"]
        less = {"unwantedRights": [right(FIRST)], "unwantedAccessPackages": [package(ASSIGNABLE)]}
        key = vendor.change(user, less).json()["id"]
        assert vendor.decide(do="approve", change=key, fail=fail) == (400, f"AUTH-000{code}")

    def test_packages_that_cannot_be_listed_stay(self, vendor: Vendor) -> None:
        """200 and Accepted, and nothing is taken away."""
        user = vendor.user(accessPackages=[package(ASSIGNABLE)])["id"]
        key = vendor.change(user, {"unwantedAccessPackages": [package(ASSIGNABLE)]}).json()["id"]
        assert vendor.decide(do="approve", change=key, fail="listing packages") == (200, True)
        assert held(vendor, user)[1] == [package(ASSIGNABLE)]

    def test_a_system_user_that_is_gone(self, vendor: Vendor) -> None:
        """404 for an approval, while a rejection goes through."""
        user = vendor.user()["id"]
        key = vendor.change(user, MORE).json()["id"]
        vendor.decide(do="delete", systemUser=user)
        assert vendor.decide(do="approve", change=key) == (404, "AUTH-00015")
        assert vendor.decide(do="reject", change=key) == (200, True)
        assert vendor.decide(do="reject", change=key) == (409, "AUTH-00013")

    def test_one_that_is_not_there(self, vendor: Vendor) -> None:
        """404."""
        assert vendor.decide(do="approve", change=GONE) == (404, "AUTH-00010")
