"""What a token and the service say of a system user, compared with what a template asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.errors import Unintelligible
from reconciler.model.authorized_parties import AuthorizedParties, AuthorizedParty, read_parties
from reconciler.model.customers import AGENT, SystemUser, Triple
from reconciler.model.request_template import Template
from reconciler.model.system import Right
from reconciler.planning.access_proof import TYPE, Caller, compare_access, compare_claims

if TYPE_CHECKING:
    from reconciler.model.canonical_json import Json

ORG, VENDOR, SYSTEM = "310904473", "991825827", "991825827_a"
USER = SystemUser("user", "standard", Triple(SYSTEM, ORG, "reconciler-check"), "")
CALLER = Caller("client", VENDOR)
RIGHT = Right.model_validate({"resource": [{"id": "urn:altinn:resource", "value": "krav"}]}, strict=False)
TEMPLATE = Template("standard", "standard", (RIGHT,), ("urn:altinn:accesspackage:skattegrunnlag",))
OWNER: Json = {"authority": "iso6523-actorid-upis", "ID": f"0192:{ORG}"}
DETAIL: Json = {"type": TYPE, "systemuser_org": OWNER, "systemuser_id": ["user"], "system_id": SYSTEM}
CLAIMS: Json = {
    "authorization_details": [DETAIL],
    "consumer": {"authority": "iso6523-actorid-upis", "ID": f"0192:{VENDOR}"},
    "client_id": "client",
}


def test_claims_that_are_right() -> None:
    """Nothing is wrong, whatever else the token holds."""
    assert compare_claims({**CLAIMS, "scope": "x", "iss": "y"}, USER, CALLER) == ()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"authorization_details": [{**DETAIL, "type": "urn:altinn:consent"}]}, "authorization_details.type"),
        ({"authorization_details": [{**DETAIL, "systemuser_id": ["other"]}]}, "systemuser_id"),
        ({"authorization_details": [{**DETAIL, "systemuser_id": "user"}]}, "systemuser_id"),
        ({"authorization_details": [{**DETAIL, "system_id": "other"}]}, "system_id"),
        ({"authorization_details": [{**DETAIL, "systemuser_org": {"ID": "0192:1"}}]}, "systemuser_org"),
        ({"consumer": {"ID": "0192:312605031"}}, "consumer"),
        ({"consumer": None}, "consumer"),
        ({"client_id": "other"}, "client_id"),
    ],
    ids=["type", "user", "user is no list", "system", "owner", "consumer", "no consumer", "client"],
)
def test_one_claim_that_is_wrong(changes: dict[str, Json], told: str) -> None:
    """Each is named alone."""
    (said,) = compare_claims({**CLAIMS, **changes}, USER, CALLER)

    assert told in said


@pytest.mark.parametrize("details", [None, [], "x", ["x"], {}], ids=str)
def test_a_token_that_is_no_system_users(details: Json) -> None:
    """Every claim of the details is wrong, and none is taken for granted."""
    assert len(compare_claims({**CLAIMS, "authorization_details": details}, USER, CALLER)) == 4


def a_party(
    org: str = ORG, packages: tuple[str, ...] = ("skattegrunnlag",), *resources: str
) -> AuthorizedParty:
    """Make what a system user may do for an organisation."""
    return AuthorizedParty(org, frozenset(packages), frozenset(resources or ("krav",)))


@pytest.mark.parametrize(
    ("parties", "missing"),
    [
        ((a_party(),), ()),
        ((a_party("310700001"), a_party()), ()),
        ((a_party(ORG, ("urn:altinn:accesspackage:skattegrunnlag", "more")),), ()),
        ((a_party(ORG, ()),), (f"urn:altinn:accesspackage:skattegrunnlag for {ORG}",)),
        ((a_party(ORG, ("skattegrunnlag",), "other"),), (f"krav for {ORG}",)),
        ((a_party("310700001"),), (f"any access for {ORG}",)),
        ((), (f"any access for {ORG}",)),
    ],
    ids=["all", "beside another", "more", "no package", "no right", "another's", "nothing"],
)
def test_access_of_a_standard_user(parties: tuple[AuthorizedParty, ...], missing: tuple[str, ...]) -> None:
    """Only what is there for the customer counts."""
    assert compare_access(AuthorizedParties(parties), USER, TEMPLATE).missing == missing


def test_access_of_an_agent() -> None:
    """Each client has to have given every package; rights play no part."""
    agent = SystemUser("user", AGENT, USER.triple, "")
    template = Template("clients", "agent", (RIGHT,), TEMPLATE.packages)
    found = AuthorizedParties((a_party("310700001", ("skattegrunnlag",), "x"), a_party("310700002", (), "x")))
    proof = compare_access(found, agent, template)

    assert proof.parties == ("310700001", "310700002")
    assert proof.missing == ("urn:altinn:accesspackage:skattegrunnlag for 310700002",)
    assert compare_access(AuthorizedParties(()), agent, template) == ((), ())


def test_parties_are_read() -> None:
    """Units below units too; what is no organisation, and no text, is passed over."""
    below = {"organizationNumber": "310700001", "authorizedResources": ["a", 1], "subunits": None}
    person = {"personId": "x", "name": "y", "organizationNumber": None, "subunits": [below]}
    read = read_parties({"data": [person, "x"], "links": {"next": None}, "more": 1})

    assert read == AuthorizedParties((AuthorizedParty("310700001", frozenset(), frozenset({"a"})),))
    assert not read_parties({"data": [], "links": {"next": "https://x"}}).complete


@pytest.mark.parametrize("body", [None, [], {}, {"data": {}}], ids=str)
def test_what_is_no_page(body: Json) -> None:
    """It is no answer at all."""
    with pytest.raises(Unintelligible):
        read_parties(body)
