"""The customer's side: the page of a decision, what a token may do then, rows that stay (System users contract)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from reconciler.emulator import start
from tests.builders import CLIENT, a_live_document
from tests.emulator.callers import HTTP

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import httpx

    from reconciler.emulator import Emulator

ORG, CUSTOMER = "991825827", "310000401"
SYSTEM = f"{ORG}_smartcloud"
PREFIX = "/authentication/api/v1/systemuser"
PARTIES = "/accessmanagement/api/v1/enduser/authorizedparties"
PACKAGE = "urn:altinn:accesspackage:skattegrunnlag"
DOCUMENT = a_live_document(id=SYSTEM)
ASKED = {
    "systemId": SYSTEM,
    "partyOrgNo": CUSTOMER,
    "rights": DOCUMENT["rights"],
    "accessPackages": DOCUMENT["accessPackages"],
    "redirectUrl": "https://smartcloud.example/receipt",
}


class Vendor:
    """A vendor's program, with a token of every scope."""

    def __init__(self, emulator: Emulator) -> None:
        self.base = emulator.base
        scopes = " ".join(
            f"altinn:{each}"
            for each in (
                "authentication/systemuser.request.write",
                "authentication/systemuser.request.read",
                "authentication/systemregister.write",
                "accessmanagement/authorizedparties",
            )
        )
        self.claims = {
            "scope": scopes,
            "client_id": CLIENT,
            "consumer": {"authority": "iso6523-actorid-upis", "ID": f"0192:{ORG}"},
        }
        self.headers = self.sign()

    def sign(self, **claims: object) -> dict[str, str]:
        """Sign a token with further claims, and give its header."""
        made = HTTP.post(
            f"{self.base}/control/tokens", json={"claims": {**self.claims, **claims}}, timeout=10
        )
        return {"Authorization": f"Bearer {made.json()['access_token']}"}

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
        """Read something of the vendor's."""
        where = path if path.startswith("http") else f"{self.base}{path}"
        return HTTP.get(where, headers=headers or self.headers)

    def ask(self, **changes: object) -> httpx.Response:
        """Ask for a system user."""
        where = f"{self.base}{PREFIX}/request/vendor"
        return HTTP.post(where, json={**ASKED, **changes}, headers=self.headers)

    def find(self) -> httpx.Response:
        """Look the customer's system user up."""
        return self.get(f"{PREFIX}/vendor/byquery?system-id={SYSTEM}&orgno={CUSTOMER}")

    def list_parties(self, user_id: str, query: str = "") -> httpx.Response:
        """Ask, with the token of a system user, what it may do for whom."""
        detail = {
            "type": "urn:altinn:systemuser",
            "systemuser_org": {"authority": "iso6523-actorid-upis", "ID": f"0192:{CUSTOMER}"},
            "systemuser_id": [user_id],
            "system_id": SYSTEM,
        }
        return self.get(f"{PARTIES}{query}", self.sign(authorization_details=[detail]))


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    """Start an emulator whose customers decide on its own page."""
    with start({"confirm": "self"}, seed=[DOCUMENT]) as one:
        yield one


@pytest.fixture(scope="module")
def vendor(emulator: Emulator) -> Vendor:
    """Make a vendor's program for it."""
    return Vendor(emulator)


def test_the_whole_way_through_the_page(emulator: Emulator, vendor: Vendor) -> None:
    """Asked for, shown, approved by its buttons: then there is a system user with what was asked for."""
    request = vendor.ask().json()
    assert request["confirmUrl"].startswith(f"{emulator.base}/accessmanagement/ui/systemuser/request?id=")
    assert vendor.find().status_code == 404

    page = HTTP.get(request["confirmUrl"])
    assert "ske-krav-og-betalinger" in page.text
    assert PACKAGE in page.text
    assert re.findall(r'name="decision" value="(\w+)"', page.text) == ["approve", "reject"]
    decided = HTTP.post(request["confirmUrl"], data={"decision": "approve"})

    assert 'data-status="Accepted"' in decided.text
    assert 'href="https://smartcloud.example/receipt"' in decided.text
    user = vendor.find().json()
    assert user["id"] == request["id"]
    answer = vendor.list_parties(user["id"], "?includeAccessPackages=true&includeResources=true").json()
    assert answer["links"] == {"next": None}
    (party,) = answer["data"]
    assert party["organizationNumber"] == CUSTOMER
    assert party["authorizedAccessPackages"] == ["skattegrunnlag"]
    assert party["authorizedResources"] == ["ske-krav-og-betalinger"]


def test_a_rejection_makes_no_system_user(vendor: Vendor) -> None:
    """The button Reject, and what the vendor then reads."""
    request = vendor.ask(externalRef="rejected").json()
    decided = HTTP.post(request["confirmUrl"], data={"decision": "reject"})

    assert 'data-status="Rejected"' in decided.text
    read = vendor.get(f"{PREFIX}/request/vendor/{request['id']}").json()
    assert read["status"] == "Rejected"


def test_a_decision_that_is_refused_says_the_code(vendor: Vendor) -> None:
    """Decided twice: the page shows the number that the portal shows."""
    request = vendor.ask(externalRef="twice").json()
    HTTP.post(request["confirmUrl"], data={"decision": "approve"})
    again = HTTP.post(request["confirmUrl"], data={"decision": "approve"})

    assert again.status_code == 409
    assert "AMUI-00013" in again.text


@pytest.mark.parametrize("path", ["request?id=nothing", "request", "nothing?id=x"])
def test_an_unknown_request_has_a_page_too(emulator: Emulator, path: str) -> None:
    """A link that leads nowhere says so."""
    assert HTTP.get(f"{emulator.base}/accessmanagement/ui/systemuser/{path}").status_code == 404


def test_the_page_is_there_only_on_demand() -> None:
    """As the service has it, `confirmUrl` leads to Altinn's portal, and the emulator has no such page."""
    with start(seed=[DOCUMENT]) as emulator:
        request = Vendor(emulator).ask().json()
        page = f"{emulator.base}/accessmanagement/ui/systemuser/request?id={request['id']}"

        assert request["confirmUrl"].startswith("https://am.ui.tt02.altinn.no/")
        assert HTTP.get(page).status_code == 404


def test_what_the_page_shows_is_text(emulator: Emulator) -> None:
    """A name with markup in it is shown, and runs nothing."""
    name = dict.fromkeys(("nb", "nn", "en"), "<script>alert(1)</script>")
    odd = {**DOCUMENT, "id": f"{ORG}_odd", "name": name, "clientId": []}
    HTTP.post(f"{emulator.base}/control/systems", json=odd).raise_for_status()
    request = Vendor(emulator).ask(systemId=f"{ORG}_odd").json()
    page = HTTP.get(request["confirmUrl"])

    assert "<script>" not in page.text
    assert "&lt;script&gt;" in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]


def test_a_vendors_own_token_is_no_system_users(vendor: Vendor) -> None:
    """§9.4: 401 with a text for a token that names no system user, 403 without the scope."""
    answer = vendor.get(PARTIES)
    assert (answer.status_code, answer.text) == (401, "Unknown user type")
    assert vendor.get(PARTIES, vendor.sign(scope="x")).status_code == 403


def test_rows_survive_a_restart(tmp_path: Path) -> None:
    """Requests and system users are in the file of the register."""
    state = tmp_path / "register.sqlite"
    with start(state=state, seed=[DOCUMENT]) as emulator:
        request = Vendor(emulator).ask().json()
        words = {"do": "approve", "request": request["id"]}
        assert HTTP.post(f"{emulator.base}/control/customer", json=words).json() == {
            "status": 200,
            "body": True,
        }
    with start(state=state) as emulator:
        assert Vendor(emulator).find().json()["id"] == request["id"]
        (row,) = HTTP.get(f"{emulator.base}/control/requests").json()
        assert row["status"] == "Accepted"


@pytest.mark.parametrize(("paging", "lost"), [("as-is", 2), ("correct", 0)])
def test_lists_of_requests_lose_one_at_each_border(paging: str, lost: int) -> None:
    """§3.5: of 120 requests two are in no page, unless the emulator is told to page correctly."""
    with start({"paging": paging}, seed=[DOCUMENT]) as emulator:
        rows = [
            {
                "id": f"00000000-0000-4000-8000-{number:012}",
                "type": "standard",
                "systemId": SYSTEM,
                "partyOrgNo": CUSTOMER,
                "externalRef": str(number),
                "integrationTitle": "x",
                "created": "2026-11-05T10:00:00Z",
            }
            for number in range(120)
        ]
        HTTP.post(f"{emulator.base}/control/setup", json={"requests": rows}).raise_for_status()
        vendor, found = Vendor(emulator), set()
        page = f"{PREFIX}/request/vendor/bysystem/{SYSTEM}"
        while page:
            answer = vendor.get(page).json()
            found |= {each["id"] for each in answer["data"]}
            page = answer["links"].get("next", "")

    assert len(found) == 120 - lost


def test_one_id_for_two_system_users_is_refused() -> None:
    """Only one of them would be kept."""
    user = {
        "id": "x",
        "systemId": SYSTEM,
        "reporteeOrgNo": CUSTOMER,
        "supplierOrgno": ORG,
        "externalRef": "r",
    }
    with pytest.raises(ValueError, match="2 system users have the id x"):
        start({"system_users": [user, {**user, "externalRef": "s"}]})
