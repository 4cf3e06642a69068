"""Requests, row by row (System users contract §3.1, §3.2, §3.4, §5.6)."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.contract.customers.vendor import (
    ASSIGNABLE,
    FIRST,
    FOR_CLIENTS,
    NOT_DELEGABLE,
    SECOND,
    SYSTEM,
    URL,
    Vendor,
    package,
    right,
    show,
)
from tests.contract.target import ORG, OTHER_ORG

GONE = str(uuid.UUID(int=57005))


class TestStandard:
    """§3.1."""

    @pytest.mark.parametrize(
        ("changes", "named"),
        [
            ({"systemId": None}, "$"),
            ({"systemId": " "}, "SystemId"),
            ({"partyOrgNo": ""}, "PartyOrgNo"),
            ({"externalRef": 1}, "$.externalRef"),
            ({"rights": [{"resource": None}]}, "Rights[0].Resource"),
            ({"rights": [{"resource": [{"id": "urn:altinn:resource"}]}]}, "Rights[0].Resource[0].Value"),
        ],
    )
    def test_row_1_a_body_that_does_not_bind(
        self, vendor: Vendor, changes: dict[str, Any], named: str
    ) -> None:
        """400 with the member's name, before anything else is looked at."""
        answer = vendor.ask(**{"partyOrgNo": vendor.customer(), **changes})
        assert answer.status_code == 400
        assert named in answer.json()["errors"]

    def test_row_2_texts_of_the_top_level_are_trimmed(self, vendor: Vendor) -> None:
        """Nothing inside lists is."""
        org = vendor.customer()
        made = vendor.ask(
            f" {org} ", systemId=f" {SYSTEM} ", externalRef=" a ", integrationTitle=" t "
        ).json()
        assert (made["partyOrgNo"], made["externalRef"], made["integrationTitle"]) == (org, "a", "t")
        assert show(vendor.ask(rights=[right(f" {FIRST}")])) == (400, "AUTH-00001")

    def test_row_3_a_token_without_a_consumer(self, vendor: Vendor) -> None:
        """401 with a code, only here and for agents."""
        assert show(vendor.ask(token=vendor.token(org=None))) == (401, "AUTH-00023")

    @pytest.mark.parametrize("agent", [False, True])
    def test_row_4_a_system_user_of_either_type_has_the_triple(self, vendor: Vendor, *, agent: bool) -> None:
        """Whoever asks."""
        org = vendor.user(agent=agent)["partyOrgNo"]
        assert show(vendor.ask(org)) == (400, "AUTH-00004")
        assert show(vendor.ask(org, token=vendor.token(org=OTHER_ORG))) == (400, "AUTH-00004")

    @pytest.mark.parametrize("status", ["New", "Rejected", "Denied", "Accepted"])
    def test_row_5_a_request_of_the_triple_is_answered(self, vendor: Vendor, status: str) -> None:
        """200 with what is stored, in any status and at any age, whatever this body asks for."""
        first = vendor.ask().json()
        vendor.set_up(request=first["id"], status=status, days=400)
        again = vendor.ask(first["partyOrgNo"], rights=[right("no-such")])
        assert again.status_code == 200
        assert (again.json()["id"], again.json()["status"]) == (first["id"], status)
        assert again.json()["rights"] == [right(FIRST)]

    def test_row_6_there_is_no_such_system(self, vendor: Vendor) -> None:
        """Before the organisation is looked up."""
        assert show(vendor.ask("310000404", systemId=f"{ORG}_none")) == (404, "AUTH-00011")

    @pytest.mark.parametrize(
        ("status", "code"), [("Accepted", "06"), ("New", "07"), ("Denied", "08"), ("Rejected", "09")]
    )
    def test_row_7_another_vendors_request_has_the_triple(
        self, vendor: Vendor, status: str, code: str
    ) -> None:
        """Told by its status, before it is told whose the system is."""
        theirs = vendor.token(org=OTHER_ORG)
        first = vendor.ask(systemId=f"{OTHER_ORG}_theirs", token=theirs).json()
        vendor.set_up(request=first["id"], status=status)
        again = vendor.ask(first["partyOrgNo"], systemId=f"{OTHER_ORG}_theirs")
        assert show(again) == (400, f"AUTH-000{code}")

    def test_row_8_a_system_of_another_vendor(self, vendor: Vendor) -> None:
        """The same answer as for no system."""
        assert show(vendor.ask(systemId=f"{OTHER_ORG}_theirs")) == (404, "AUTH-00011")

    def test_row_9_an_organisation_that_cannot_be_found(self, vendor: Vendor) -> None:
        """400, and 500 where the party register does not answer at all."""
        assert show(vendor.ask("310000404", redirectUrl="https://elsewhere.example/")) == (400, "AUTH-00000")
        assert vendor.ask("310000500").status_code == 500

    def test_row_10_the_system_has_no_redirect_urls(self, vendor: Vendor) -> None:
        """An empty one is none."""
        assert show(vendor.ask(systemId=f"{ORG}_no_urls", redirectUrl=URL)) == (400, "AUTH-00026")
        assert vendor.ask(systemId=f"{ORG}_no_urls", redirectUrl="").json()["redirectUrl"] == ""

    @pytest.mark.parametrize("url", ["receipt", "https://", "https:\\\\a\\b"])
    def test_row_11_a_redirect_that_is_no_url(self, vendor: Vendor, url: str) -> None:
        """500."""
        assert vendor.ask(redirectUrl=url).status_code == 500

    @pytest.mark.parametrize(
        ("url", "status"),
        [
            (f"{URL}?a=b#c", 201),
            ("HTTPS://SmartCloud.EXAMPLE:443/x/../%72eceipt", 201),
            (f"{URL}/", 400),
            ("https://smartcloud.example/Receipt", 400),
            ("https://u@smartcloud.example/receipt", 400),
            ("http://smartcloud.example/receipt", 400),
            ("/receipt", 400),
        ],
    )
    def test_row_12_a_redirect_that_the_system_does_not_list(
        self, vendor: Vendor, url: str, status: int
    ) -> None:
        """Scheme, authority and path count, as .NET writes them."""
        assert show(vendor.ask(redirectUrl=url)) == (status, "" if status == 201 else "AUTH-00021")

    def test_row_13_both_lists_absent(self, vendor: Vendor) -> None:
        """As for an unknown right."""
        assert show(vendor.ask(rights=None)) == (400, "AUTH-00001")

    def test_row_14_nothing_in_either_list(self, vendor: Vendor) -> None:
        """One of them empty, the other empty or absent."""
        assert show(vendor.ask(rights=[])) == (400, "AUTH-00059")
        assert show(vendor.ask(rights=[], accessPackages=[])) == (400, "AUTH-00059")

    @pytest.mark.parametrize(
        "rights",
        [
            [right("no-such")],
            [right(FIRST.upper())],
            [right(FIRST, SECOND)],
            [right(FIRST), right(FIRST), right(FIRST)],
        ],
    )
    def test_row_15_a_right_that_the_system_has_not(self, vendor: Vendor, rights: list[object]) -> None:
        """§4.1: pair by pair, in exact letter case, and not more than the system has."""
        assert show(vendor.ask(rights=rights)) == (400, "AUTH-00001")

    def test_row_15_what_counts_as_had(self, vendor: Vendor) -> None:
        """§4.1: the same right twice, and with any action."""
        assert vendor.ask(rights=[right(FIRST), right(FIRST)]).status_code == 201
        assert vendor.ask(rights=[{**right(FIRST), "action": "read"}]).status_code == 201

    def test_row_16_a_package_that_the_system_has_not(self, vendor: Vendor) -> None:
        """§4.2: all that are missing are named."""
        urns = ["urn:altinn:accesspackage:x", "urn:altinn:accesspackage:y"]
        answer = vendor.ask(accessPackages=[package(each) for each in urns])
        assert show(answer) == (400, "AUTH-00063")
        assert answer.json()["NotFoundPackages"] == ", ".join(urns)

    def test_row_16_a_package_that_cannot_be_assigned(self, vendor: Vendor) -> None:
        """§4.2: it is for clients."""
        answer = vendor.ask(accessPackages=[package(ASSIGNABLE), package(FOR_CLIENTS)])
        assert show(answer) == (400, "AUTH-00064")
        assert answer.json()["NotDelegablePackages"] == FOR_CLIENTS

    def test_row_17_what_is_stored(self, vendor: Vendor) -> None:
        """201 with the request; the title is the system's name of that moment."""
        answer = vendor.ask(redirectUrl=URL)
        made = answer.json()
        assert answer.status_code == 201
        assert answer.headers["Location"].endswith(f"/systemuser/request/{made['id']}")
        assert (made["status"], made["externalRef"], made["integrationTitle"]) == (
            "New",
            made["partyOrgNo"],
            "Navn",
        )
        assert (made["redirectUrl"], made["escalated"], made["timedOut"]) == (URL, False, False)

    @pytest.mark.parametrize(
        "changes",
        [
            {"externalRef": "r" * 256},
            {"integrationTitle": "t" * 256},
            {"externalRef": "a\0b"},
            {"rights": [None]},
        ],
    )
    def test_the_last_row_what_the_database_refuses(self, vendor: Vendor, changes: dict[str, Any]) -> None:
        """500."""
        assert vendor.ask(**changes).status_code == 500


class TestAgent:
    """§3.2."""

    def test_packages_are_required(self, vendor: Vendor) -> None:
        """Absent: named; empty: a code of its own."""
        assert "AccessPackages" in vendor.ask(agent=True, accessPackages=None).json()["errors"]
        assert show(vendor.ask(agent=True, accessPackages=[])) == (400, "AUTH-00058")

    def test_a_missing_system_is_named_otherwise(self, vendor: Vendor) -> None:
        """By the member, not by the whole body."""
        assert "SystemId" in vendor.ask(agent=True, systemId=None).json()["errors"]

    def test_rights_in_the_body_are_ignored(self, vendor: Vendor) -> None:
        """An agent has none."""
        made = vendor.ask(agent=True, rights=[right("no-such")])
        assert made.status_code == 201
        assert "rights" not in made.json()

    def test_a_package_that_is_not_for_clients(self, vendor: Vendor) -> None:
        """Refused and named."""
        answer = vendor.ask(agent=True, accessPackages=[package(NOT_DELEGABLE)])
        assert show(answer) == (400, "AUTH-00065")
        assert answer.json()["NotDelegablePackages"] == NOT_DELEGABLE

    @pytest.mark.parametrize(("status", "code"), [("New", "07"), ("Rejected", "09")])
    def test_a_standard_request_blocks_an_agents(self, vendor: Vendor, status: str, code: str) -> None:
        """Not the other way round."""
        first = vendor.ask().json()
        vendor.set_up(request=first["id"], status=status)
        assert show(vendor.ask(first["partyOrgNo"], agent=True)) == (400, f"AUTH-000{code}")
        other = vendor.ask(agent=True).json()
        assert vendor.ask(other["partyOrgNo"]).status_code == 201

    def test_only_an_agents_repeat_tells_that_it_was_escalated(self, vendor: Vendor) -> None:
        """§5.1."""
        for agent, told in ((True, True), (False, False)):
            made = vendor.ask(agent=agent).json()
            assert vendor.decide(do="escalate", request=made["id"], by="employee") == (200, True)
            assert vendor.ask(made["partyOrgNo"], agent=agent).json()["escalated"] is told


class TestReading:
    """§3.4, §3.5."""

    def test_one_by_its_id(self, vendor: Vendor) -> None:
        """In any form of a uuid; an agent's has a route of its own."""
        standard, agent = vendor.ask().json(), vendor.ask(agent=True).json()
        for form in (
            standard["id"],
            standard["id"].upper(),
            standard["id"].replace("-", ""),
            f"{{{standard['id']}}}",
        ):
            assert vendor.call("GET", f"request/vendor/{form}").json() == standard
        assert vendor.call("GET", f"request/vendor/agent/{agent['id']}").json() == agent
        assert show(vendor.call("GET", f"request/vendor/{agent['id']}")) == (404, "AUTH-00010")
        assert show(vendor.call("GET", f"request/vendor/agent/{standard['id']}")) == (404, "AUTH-00010")

    def test_one_that_is_not_there_or_not_ours(self, vendor: Vendor) -> None:
        """404 with two codes, and 400 for what is no uuid."""
        made = vendor.ask().json()
        assert show(vendor.call("GET", f"request/vendor/{GONE}")) == (404, "AUTH-00010")
        theirs = vendor.token(org=OTHER_ORG)
        assert show(vendor.call("GET", f"request/vendor/{made['id']}", token=theirs)) == (404, "AUTH-00011")
        assert "requestId" in vendor.call("GET", "request/vendor/nonsense").json()["errors"]

    def test_one_by_its_reference(self, vendor: Vendor) -> None:
        """The first row of the triple; an update moves a row behind."""
        org = vendor.customer()
        first, second = (vendor.ask(org, externalRef="").json() for _ in range(2))
        path = f"request/vendor/byexternalref/{SYSTEM}/{org}/{org}"
        assert vendor.call("GET", path).json()["id"] == first["id"]
        vendor.set_up(request=first["id"], status="New")
        assert vendor.call("GET", path).json()["id"] == second["id"]
        assert show(vendor.call("GET", f"request/vendor/byexternalref/{SYSTEM}/{org}/x")) == (
            404,
            "AUTH-00010",
        )

    def test_a_page(self, vendor: Vendor) -> None:
        """§5.1: without `confirmUrl`, and with what was escalated; another vendor's system is unknown."""
        made = vendor.ask(systemId=f"{ORG}_no_urls").json()
        vendor.decide(do="escalate", request=made["id"], by="employee")
        page = vendor.call("GET", f"request/vendor/bysystem/{ORG}_no_urls").json()
        (row,) = [each for each in page["data"] if each["id"] == made["id"]]
        assert (row["escalated"], "confirmUrl" in row) == (True, False)
        assert show(vendor.call("GET", f"request/vendor/bysystem/{OTHER_ORG}_theirs")) == (404, "AUTH-00011")

    @pytest.mark.parametrize("token", ["nonsense", "bnVsbA", "NQ"])
    def test_the_token_of_a_page(self, vendor: Vendor, token: str) -> None:
        """What is no id is refused."""
        answer = vendor.call("GET", f"request/vendor/bysystem/{SYSTEM}?token={token}")
        assert answer.json()["errors"] == {"token": [f"The value '{token}' is not valid."]}

    def test_withdrawing(self, vendor: Vendor) -> None:
        """202 for both types in any status; it is gone for every route."""
        for agent in (False, True):
            made = vendor.ask(agent=agent).json()
            vendor.decide(do="reject", request=made["id"])
            path = f"request/vendor{'/agent' if agent else ''}/{made['id']}"
            assert vendor.call("DELETE", f"request/vendor/{made['id']}").status_code == 202
            assert show(vendor.call("GET", path)) == (404, "AUTH-00010")
            assert show(vendor.call("DELETE", f"request/vendor/{made['id']}")) == (404, "AUTH-00010")

    def test_the_collection_is_the_portals(self, vendor: Vendor) -> None:
        """GET is 403, HEAD 405."""
        assert vendor.call("GET", "request/vendor").status_code == 403
        assert vendor.call("HEAD", "request/vendor").status_code == 405


class TestRepeat:
    """§5.6."""

    @pytest.mark.parametrize(("status", "days"), [("New", 0), ("New", 200), ("Rejected", 0)])
    def test_a_request_is_answered_until_it_is_withdrawn(
        self, vendor: Vendor, status: str, days: int
    ) -> None:
        """Also one that has timed out, which can still be read as such."""
        made = vendor.ask().json()
        vendor.set_up(request=made["id"], status=status, days=days)
        again = vendor.ask(made["partyOrgNo"])
        assert (again.status_code, again.json()["id"], again.json()["timedOut"]) == (
            200,
            made["id"],
            days > 180,
        )
        vendor.call("DELETE", f"request/vendor/{made['id']}")
        assert vendor.ask(made["partyOrgNo"]).status_code == 201

    def test_an_accepted_one_whose_user_lives(self, vendor: Vendor) -> None:
        """Refused, also after it was withdrawn; another reference is free."""
        made = vendor.user()
        assert show(vendor.ask(made["partyOrgNo"])) == (400, "AUTH-00004")
        vendor.call("DELETE", f"request/vendor/{made['id']}")
        assert show(vendor.ask(made["partyOrgNo"])) == (400, "AUTH-00004")
        assert vendor.ask(made["partyOrgNo"], externalRef="another").status_code == 201

    @pytest.mark.parametrize("agent", [False, True])
    def test_an_accepted_one_whose_user_was_deleted(self, vendor: Vendor, *, agent: bool) -> None:
        """The customer's delete takes the request along."""
        made = vendor.user(agent=agent)
        assert vendor.decide(do="delete", systemUser=made["id"])[0] == (200 if agent else 202)
        assert vendor.ask(made["partyOrgNo"], agent=agent).status_code == 201

    def test_an_empty_reference_is_never_recognised(self, vendor: Vendor) -> None:
        """201 each time, and the second approval fails."""
        org = vendor.customer()
        first, second = (vendor.ask(org, externalRef=" ").json() for _ in range(2))
        assert first["id"] != second["id"]
        assert first["externalRef"] == org
        assert vendor.decide(do="approve", request=first["id"]) == (200, True)
        assert vendor.decide(do="approve", request=second["id"]) == (400, "AUTH-00004")
