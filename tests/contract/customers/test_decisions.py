"""What customers decide, and what a change of the registration does to them (System users contract §6, §7, §9.2)."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest

from tests.contract.customers.vendor import (
    ASSIGNABLE,
    CLIENT,
    FIRST,
    FOR_CLIENTS,
    LOOK_UP,
    OTHER,
    REGISTER,
    SECOND,
    SYSTEM,
    URL,
    Vendor,
    a_system,
    package,
    right,
    show,
)
from tests.contract.target import ORG

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

GONE = str(uuid.UUID(int=57005))


def look_up(vendor: Vendor, org: str, client: str = CLIENT, **query: str) -> httpx.Response:
    """Ask as Maskinporten does which system user a grant names."""
    words = {"clientId": client, "systemProviderOrgNo": ORG, "systemUserOwnerOrgNo": org, **query}
    return vendor.call("GET", "byExternalId", token=vendor.token(LOOK_UP), **words)


def find(vendor: Vendor, org: str, system: str = SYSTEM) -> httpx.Response:
    """Look a customer's system user up as the vendor does."""
    return vendor.call("GET", "vendor/byquery", system_id=system, orgno=org)


class TestApproval:
    """§6.2."""

    def test_row_1_the_party_is_unknown(self, vendor: Vendor) -> None:
        """400."""
        vendor.set_up(organisations={"310000041": "its party cannot be had by id (404)"})
        request = vendor.ask().json()["id"]
        assert vendor.decide(do="approve", request=request, party="310000041") == (400, "AUTH-00000")

    def test_row_2_the_request_is_unknown(self, vendor: Vendor) -> None:
        """404."""
        assert vendor.decide(do="approve", request=GONE) == (404, "AUTH-00010")

    @pytest.mark.parametrize(("agent", "code"), [(False, "41"), (True, "42")])
    def test_row_3_another_party(self, vendor: Vendor, *, agent: bool, code: str) -> None:
        """403 with a code for each type."""
        request = vendor.ask(agent=agent).json()["id"]
        assert vendor.decide(do="approve", request=request, party="310000001") == (403, f"AUTH-000{code}")

    def test_row_4_decided_before(self, vendor: Vendor) -> None:
        """409, whatever was decided; what has timed out can still be approved."""
        request = vendor.ask().json()["id"]
        vendor.set_up(request=request, days=200)
        assert vendor.decide(do="approve", request=request) == (200, True)
        assert vendor.decide(do="approve", request=request) == (409, "AUTH-00013")
        assert vendor.decide(do="reject", request=request) == (409, "AUTH-00013")

    def test_row_5_the_system_is_gone(self, vendor: Vendor) -> None:
        """404 without its row."""
        request = vendor.ask().json()["id"]
        vendor.set_up(request=request, systemId=f"{ORG}_never")
        assert vendor.decide(do="approve", request=request) == (404, "AUTH-00011")

    def test_row_6_a_party_without_a_uuid(self, vendor: Vendor) -> None:
        """400."""
        vendor.set_up(organisations={"310000049": "its party has no uuid"})
        request = vendor.ask("310000049").json()["id"]
        assert vendor.decide(do="approve", request=request) == (400, "AUTH-00049")

    def test_row_7_a_system_user_has_the_triple(self, vendor: Vendor) -> None:
        """400, across types."""
        org = vendor.customer()
        agent, standard = vendor.ask(org, agent=True).json(), vendor.ask(org).json()
        assert vendor.decide(do="approve", request=agent["id"]) == (200, True)
        assert vendor.decide(do="approve", request=standard["id"]) == (400, "AUTH-00004")

    @pytest.mark.parametrize(
        ("words", "told"),
        [
            ({"lacks": "rights", "reason": "MissingRoleAccess"}, (403, "AUTH-00016")),
            ({"lacks": "rights", "reason": "MissingDelegationAccess"}, (403, "AUTH-00018")),
            ({"lacks": "rights", "reason": "MissingSrrRightAccess"}, (403, "AUTH-00019")),
            ({"lacks": "rights", "reason": "InsufficientAuthenticationLevel"}, (403, "AUTH-00020")),
            ({"lacks": "rights", "reason": "MissingPackageAccess"}, (403, "AUTH-00068")),
            ({"lacks": "rights", "reason": "AccessListValidationFail"}, (403, "AUTH-00069")),
            ({"lacks": "rights", "reason": "ResourceNotDelegable"}, (403, "AUTH-00070")),
            ({"lacks": "rights", "reason": "ResourceIsMaskinPortenSchema"}, (403, "AUTH-00071")),
            ({"lacks": [FIRST], "reason": "Unknown"}, (403, "AUTH-00014")),
            ({"fail": "check of rights"}, (403, "AUTH-00014")),
            ({"lacks": "packages"}, (400, "AUTH-00053")),
            ({"lacks": [ASSIGNABLE]}, (400, "AUTH-00053")),
            ({"fail": "check of packages"}, (400, "AUTH-00050")),
        ],
    )
    def test_rows_9_and_10_the_approver_cannot_delegate(
        self, vendor: Vendor, words: Mapping[str, object], told: tuple[int, str]
    ) -> None:
        """By the first reason; there is no system user, and another approver can still decide."""
        request = vendor.ask(accessPackages=[package(ASSIGNABLE)]).json()
        assert vendor.decide(do="approve", request=request["id"], **words) == told
        assert find(vendor, request["partyOrgNo"]).status_code == 404
        assert vendor.decide(do="approve", request=request["id"]) == (200, True)

    def test_an_agents_approver_need_not_hold_the_packages(self, vendor: Vendor) -> None:
        """200."""
        request = vendor.ask(agent=True).json()["id"]
        assert vendor.decide(do="approve", request=request, lacks="packages") == (200, True)

    @pytest.mark.parametrize(("fail", "code"), [("rights", "02"), ("packages", "51")])
    def test_row_11_what_cannot_be_given(self, vendor: Vendor, fail: str, code: str) -> None:
        """The residue: no user, and a second approval is 500 until it is withdrawn and asked anew."""
        request = vendor.ask(accessPackages=[package(ASSIGNABLE)]).json()
        assert vendor.decide(do="approve", request=request["id"], fail=fail) == (400, f"AUTH-000{code}")
        assert find(vendor, request["partyOrgNo"]).status_code == 404
        assert vendor.decide(do="approve", request=request["id"])[0] == 500
        vendor.call("DELETE", f"request/vendor/{request['id']}")
        anew = vendor.ask(request["partyOrgNo"]).json()["id"]
        assert vendor.decide(do="approve", request=anew) == (200, True)

    @pytest.mark.parametrize(("fail", "status"), [("push", 400), ("push, without a body", 500)])
    def test_row_11_a_system_user_without_rights(self, vendor: Vendor, fail: str, status: int) -> None:
        """The other residue: a token is given, nothing is delegated, and only the customer can end it."""
        request = vendor.ask().json()
        org = request["partyOrgNo"]
        assert vendor.decide(do="approve", request=request["id"], fail=fail)[0] == status
        assert look_up(vendor, org).status_code == 200
        assert show(vendor.ask(org)) == (400, "AUTH-00004")
        vendor.call("DELETE", f"request/vendor/{request['id']}")
        assert show(vendor.ask(org)) == (400, "AUTH-00004")
        vendor.decide(do="delete", systemUser=request["id"])
        assert vendor.ask(org).status_code == 201

    def test_row_12_accepted(self, vendor: Vendor) -> None:
        """The system user has the request's id, title and reference."""
        request = vendor.ask(externalRef="a", integrationTitle="t").json()
        assert vendor.decide(do="approve", request=request["id"]) == (200, True)
        assert vendor.call("GET", f"request/vendor/{request['id']}").json()["status"] == "Accepted"
        query = {"system_id": SYSTEM, "orgno": request["partyOrgNo"], "external_ref": "a"}
        user = vendor.call("GET", "vendor/byquery", **query).json()
        assert (user["id"], user["integrationTitle"], user["userType"]) == (request["id"], "t", "standard")


class TestOthers:
    """§6.1."""

    @pytest.mark.parametrize("by", ["employee", "stranger"])
    def test_only_an_access_manager_decides(self, vendor: Vendor, by: str) -> None:
        """403 without a body."""
        request = vendor.ask().json()["id"]
        for word in ("approve", "reject"):
            assert vendor.decide(do=word, request=request, by=by) == (403, "")

    def test_escalating(self, vendor: Vendor) -> None:
        """True for whoever has the party, in any status; false for others and for what is not there."""
        request = vendor.ask().json()["id"]
        assert vendor.decide(do="escalate", request=request, by="stranger") == (200, False)
        assert vendor.decide(do="escalate", request=GONE, by="employee") == (200, False)
        vendor.decide(do="reject", request=request)
        assert vendor.decide(do="escalate", request=request, by="employee") == (200, True)

    def test_creating_in_the_portal(self, vendor: Vendor) -> None:
        """A standard user with all that the system has, under a new id; no request tells of it (§8)."""
        org = vendor.customer()
        status, user = vendor.decide(do="create", org=org, system=SYSTEM, title="Laget i portalen")
        assert status == 200
        assert isinstance(user, dict)
        assert (user["externalRef"], user["integrationTitle"]) == (org, "Laget i portalen")
        assert show(vendor.call("GET", f"request/vendor/{user['id']}")) == (404, "AUTH-00010")
        assert vendor.decide(do="create", org=org, system=SYSTEM) == (400, "AUTH-00004")
        assert show(vendor.ask(org)) == (400, "AUTH-00004")

    def test_a_client_must_have_given_every_package(self, vendor: Vendor) -> None:
        """§1: 400 with two codes."""
        agent = vendor.user(agent=True)["id"]
        assert vendor.decide(do="client", systemUser=agent, client="310000701")[0] == 200
        assert vendor.decide(do="client", systemUser=agent, client="310000702") == (400, "AUTH-00080")
        assert vendor.decide(do="client", systemUser=agent, client="310000799") == (400, "AUTH-00079")


@pytest.fixture
def changing(vendor: Vendor) -> str:
    """Register a system that a test may change, and give its id."""
    name = f"changing_{uuid.uuid4().hex[:8]}"
    document = a_system(name, clientId=[str(uuid.uuid4())])
    assert vendor.call("POST", REGISTER, document).status_code == 200
    return str(document["id"])


def put(vendor: Vendor, system: str, **members: object) -> None:
    """Change a registration."""
    document = {**vendor.call("GET", f"{REGISTER}/{system}").json(), **members}
    assert vendor.call("PUT", f"{REGISTER}/{system}", document).status_code == 200


class TestChangesOfTheRegistration:
    """§7."""

    def test_a_right_or_package_removed(self, vendor: Vendor, changing: str) -> None:
        """Users keep it; what names it cannot be approved or asked for; it can still be taken away."""
        user = vendor.user(systemId=changing, accessPackages=[package(ASSIGNABLE)])["id"]
        by_right = vendor.ask(systemId=changing).json()["id"]
        by_package = vendor.ask(systemId=changing, rights=None, accessPackages=[package(ASSIGNABLE)]).json()[
            "id"
        ]
        more = vendor.change(user, {"requiredRights": [right(SECOND)]}).json()["id"]
        packages = vendor.change(user, {"requiredAccessPackages": [package(OTHER)]}).json()["id"]
        put(vendor, changing, rights=[], accessPackages=[])

        rows = {each["id"]: each for each in vendor.http.get("/control/systemusers").json()}
        assert rows[user]["rights"] == [right(FIRST)]
        assert vendor.decide(do="approve", request=by_right) == (400, "AUTH-00001")
        assert vendor.decide(do="approve", request=by_package) == (400, "AUTH-00063")
        assert vendor.decide(do="approve", change=more) == (400, "AUTH-00001")
        assert vendor.decide(do="approve", change=packages) == (400, "AUTH-00052")
        assert show(vendor.ask(systemId=changing)) == (400, "AUTH-00001")
        less = vendor.change(user, {"unwantedRights": [right(FIRST)]}).json()["id"]
        assert vendor.decide(do="approve", change=less) == (200, True)

    def test_a_client_id_removed(self, vendor: Vendor, changing: str) -> None:
        """Maskinporten finds nothing, while the vendor still does; approval goes through."""
        user = vendor.user(systemId=changing)
        (old,) = vendor.call("GET", f"{REGISTER}/{changing}").json()["clientId"]
        new = str(uuid.uuid4())
        assert look_up(vendor, user["partyOrgNo"], old).status_code == 200
        put(vendor, changing, clientId=[new])
        assert look_up(vendor, user["partyOrgNo"], old).status_code == 404
        assert look_up(vendor, user["partyOrgNo"], new).status_code == 200
        assert find(vendor, user["partyOrgNo"], changing).status_code == 200

    def test_the_system_deleted(self, vendor: Vendor, changing: str) -> None:
        """Approval and new requests go through, and lead to no token."""
        waiting = vendor.ask(systemId=changing).json()
        (client,) = vendor.call("GET", f"{REGISTER}/{changing}").json()["clientId"]
        assert vendor.call("DELETE", f"{REGISTER}/{changing}").status_code == 200
        assert vendor.decide(do="approve", request=waiting["id"]) == (200, True)
        assert look_up(vendor, waiting["partyOrgNo"], client).status_code == 404
        assert vendor.ask(systemId=changing).status_code == 201
        listed = vendor.call("GET", f"vendor/bysystem/{changing}").json()["data"]
        assert [each["id"] for each in listed] == [waiting["id"]]

    def test_a_redirect_url_removed(self, vendor: Vendor, changing: str) -> None:
        """What is under way still leads there; new requests are refused."""
        waiting = vendor.ask(systemId=changing, redirectUrl=URL).json()["id"]
        put(vendor, changing, allowedRedirectUrls=["https://elsewhere.example/"])
        assert vendor.call("GET", f"request/vendor/{waiting}").json()["redirectUrl"] == URL
        assert show(vendor.ask(systemId=changing, redirectUrl=URL)) == (400, "AUTH-00021")

    def test_the_name_changed(self, vendor: Vendor, changing: str) -> None:
        """Titles stay, and new ones follow."""
        waiting = vendor.ask(systemId=changing).json()
        put(vendor, changing, name={"nb": "Nytt", "nn": "Nytt", "en": "New"})
        assert vendor.call("GET", f"request/vendor/{waiting['id']}").json()["integrationTitle"] == "Navn"
        assert vendor.ask(systemId=changing).json()["integrationTitle"] == "Nytt"


class TestLookUp:
    """§9.2."""

    def test_found(self, vendor: Vendor) -> None:
        """With the system as the product, and not to be stored."""
        user = vendor.user()
        answer = look_up(vendor, user["partyOrgNo"])
        assert (answer.json()["id"], answer.json()["productName"]) == (user["id"], SYSTEM)
        assert answer.headers["Cache-Control"] == "no-store,no-cache"

    @pytest.mark.parametrize(
        "query", [{"clientId": GONE}, {"systemProviderOrgNo": "312605031"}, {"externalRef": "another"}]
    )
    def test_not_found(self, vendor: Vendor, query: Mapping[str, str]) -> None:
        """Another client, vendor or reference; the prefix of an organisation is not taken either."""
        org = vendor.user()["partyOrgNo"]
        assert look_up(vendor, org, **query).status_code == 404
        assert look_up(vendor, f"0192:{org}").status_code == 404

    def test_a_parameter_is_missing(self, vendor: Vendor) -> None:
        """400 with its name."""
        token = vendor.token(LOOK_UP)
        answer = vendor.call("GET", "byExternalId?systemProviderOrgNo=1", token=token)
        assert set(answer.json()["errors"]) == {"clientId", "systemUserOwnerOrgNo"}

    def test_it_is_maskinportens_alone(self, vendor: Vendor) -> None:
        """403 for a vendor."""
        assert vendor.call("GET", "byExternalId").status_code == 403


def test_an_agent_has_packages_only(vendor: Vendor) -> None:
    """§1: and what was approved is what it holds."""
    agent = vendor.user(agent=True)["id"]
    rows = {each["id"]: each for each in vendor.http.get("/control/systemusers").json()}
    assert (rows[agent]["rights"], rows[agent]["accessPackages"]) == ([], [package(FOR_CLIENTS)])
