"""The body that asks a customer for a system user, made from a template of the definition."""

from __future__ import annotations

import pytest

from reconciler.errors import UsageError
from reconciler.operations.export import Addressee, export_request
from tests.builders import VENDOR, a_resolved

SYSTEM = f"{VENDOR}_smartcloud"
CUSTOMER = "310904473"
REQUESTS = {
    "standard": {"rights": ["ske-krav-og-betalinger"]},
    "accountant": {"type": "agent", "accessPackages": ["urn:altinn:accesspackage:skattegrunnlag"]},
}
PREFIX = "/authentication/api/v1/systemuser/request/vendor"


def test_each_kind_goes_to_its_own_route() -> None:
    """With the scope that its token needs."""
    systems = (a_resolved(requests=REQUESTS),)
    standard = export_request(systems, SYSTEM, "standard", Addressee(CUSTOMER, "prosjekt-7", "Lønn"))
    agent = export_request(systems, SYSTEM, "accountant", Addressee(CUSTOMER))

    assert (standard.method, standard.path) == ("POST", PREFIX)
    assert (agent.method, agent.path) == ("POST", f"{PREFIX}/agent")
    assert standard.scope == agent.scope == "altinn:authentication/systemuser.request.write"
    assert standard.document == {
        "systemId": SYSTEM,
        "partyOrgNo": CUSTOMER,
        "externalRef": "prosjekt-7",
        "integrationTitle": "Lønn",
        "rights": [{"resource": [{"id": "urn:altinn:resource", "value": "ske-krav-og-betalinger"}]}],
    }
    assert agent.document == {
        "systemId": SYSTEM,
        "partyOrgNo": CUSTOMER,
        "accessPackages": [{"urn": "urn:altinn:accesspackage:skattegrunnlag"}],
    }


@pytest.mark.parametrize(
    ("changes", "template", "customer", "said", "hint"),
    [
        ({}, "full", Addressee(CUSTOMER), "has no template `full`", "It has `standard`, `accountant`."),
        ({"requests": {}}, "full", Addressee(CUSTOMER), "has no template", "Write one below `requests:`."),
        ({}, "standard", Addressee("310904474"), "`310904474` is no organisation number", "Nine digits"),
        ({}, "standard", Addressee(""), "`` is no organisation number", "Nine digits"),
        ({}, "standard", Addressee(CUSTOMER, "x" * 256), "The reference has 256 characters", ""),
        ({}, "standard", Addressee(CUSTOMER, title="x" * 256), "The title has 256 characters", ""),
        ({"withdrawn": True}, "standard", Addressee(CUSTOMER), "is withdrawn here", ""),
    ],
)
def test_what_could_ask_nobody_is_refused(
    changes: dict[str, object], template: str, customer: Addressee, said: str, hint: str
) -> None:
    """With what there is, where that helps."""
    resolved = a_resolved(**{"requests": REQUESTS, **changes})  # type: ignore[arg-type]  # members of a definition
    with pytest.raises(UsageError) as refused:
        export_request((resolved,), SYSTEM, template, customer)

    assert said in refused.value.message
    assert hint in refused.value.hint
