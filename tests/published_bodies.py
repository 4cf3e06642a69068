"""Thirteen request bodies, one in each spelling that guides, collections and programs have published."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.model.canonical_json import Json

_NAME: Json = {"nb": "SmartCloud 1", "en": "SmartCloud 1", "nn": "Smart SKY"}
_DESCRIPTION: Json = {
    "nb": "SmartCloud er verdens beste system.",
    "en": "SmartCloud Rocks.",
    "nn": "SmartSky er vestlandets beste system",
}
_VENDOR: Json = {"authority": "iso6523-actorid-upis", "ID": "0192:991825827"}
_TAX: Json = {"resource": [{"id": "urn:altinn:resource", "value": "ske-krav-og-betalinger"}]}
_APP: Json = {"resource": [{"id": "urn:altinn:resource", "value": "app_ttd_endring-av-navn-v2"}]}


def _write(name: str, number: int, **members: Json) -> dict[str, Json]:
    """Write what every spelling has in common; `number` makes the client id one of its own."""
    return {
        "id": f"991825827_{name}",
        "vendor": _VENDOR,
        "name": _NAME,
        "description": _DESCRIPTION,
        "clientId": [f"32ef65ac-6e62-498d-880f-76c85c2052{number:02x}"],
        **members,
    }


def _rename(body: dict[str, Json], **names: str) -> dict[str, Json]:
    return {names.get(name, name): value for name, value in body.items()}


BODIES: list[dict[str, Json]] = [
    # the guide for rights: an authority, the vendor twice, lower-case URLs, a client id to be filled in
    _write(
        "smartcloud",
        1,
        systemVendorOrgNumber="991825827",
        rights=[_TAX],
        clientId=["xxxxxx-xxxx-xxxx-xxxx-xxxxxxx"],
        allowedredirecturls=["https://smartcloudxxxx/receipt"],
        isVisible=True,
    ),
    # the guide for access packages, without rights
    _write(
        "smartcloud_ap",
        2,
        systemVendorOrgNumber="991825827",
        accessPackages=[{"urn": "urn:altinn:accesspackage:regnskapsforer-med-signeringsrettighet"}],
        clientId=["xxxxx-xxxx-xxx-xxx-xxx"],
        allowedredirecturls=["https://smartcloudxxxx/receipt"],
        isVisible=False,
    ),
    # the guide for registration: both
    _write(
        "smartcloud_both",
        3,
        rights=[_TAX],
        accessPackages=[{"urn": "urn:altinn:accesspackage:skattegrunnlag"}],
        allowedredirecturls=["https://smartcloudxxxx/receipt"],
        isVisible=True,
    ),
    # the collection of requests: several URLs without a path (its own package has another name by now)
    _write(
        "systemwithaccesspackageandresource",
        4,
        accessPackages=[{"urn": "urn:altinn:accesspackage:skatt-naering"}],
        rights=[_TAX],
        allowedredirecturls=["https://vg.no", "https://nrk.no", "https://altinn.no"],
        isVisible=True,
    ),
    _write(
        "systemwithappandresource",
        5,
        rights=[_APP, _TAX],
        allowedredirecturls=["https://vg.no", "https://nrk.no", "https://altinn.no"],
        isVisible=True,
    ),
    # the guide before that: camel case, empty lists said
    _write(
        "systemid",
        6,
        vendor={"ID": "0192:991825827"},
        rights=[_TAX],
        accessPackages=[],
        isVisible=False,
        allowedRedirectUrls=["https://smartcloudaltinn.azurewebsites.net/receipt"],
    ),
    # the oldest guide: Pascal case, and nothing on visibility
    _rename(
        _write(
            "pascal",
            7,
            vendor={"ID": "0192:991825827"},
            Rights=[{"Resource": [{"value": "kravogbetaling", "id": "urn:altinn:resource"}]}],
            AllowedRedirectUrls=["https://smartcloudaltinn.azurewebsites.net/receipt"],
        ),
        id="Id",
        vendor="Vendor",
        name="Name",
        description="Description",
        clientId="ClientId",
    ),
    # an answer, sent again
    _write(
        "integrasjonspunkt",
        8,
        vendor={"ID": "0192:991825827"},
        rights=[],
        accessPackages=[{"urn": "urn:altinn:accesspackage:informasjon-og-kommunikasjon"}],
        isDeleted=False,
        isVisible=True,
        allowedRedirectUrls=[],
    ),
    _write(
        "aksjonaerregister",
        9,
        vendor={"ID": "0192:991825827"},
        rights=[
            {
                "resource": [
                    {"id": "urn:altinn:resource", "value": "ske-innrapportering-aksjonaerregisteroppgave"}
                ]
            }
        ],
        accessPackages=[],
        isVisible=True,
        allowedRedirectUrls=["https://talli.example/auth/systembruker/confirm"],
        isDeleted=False,
    ),
    # an integration test: one attribute twice, and names with a GUID
    _write(
        "b217b2f5-362f-4aa2-b919-ceaeaf9f15a1",
        10,
        rights=[
            {"resource": [{"id": "urn:altinn:resource", "value": "authentication-e2e-test"}] * 2},
        ],
        isVisible=False,
        allowedRedirectUrls=["https://altinn.no"],
    ),
    # an old client's: a member that is no part of the document
    _write("softdeleted", 11, softDeleted=False, rights=[_TAX], isVisible=True, allowedRedirectUrls=[]),
    # lower case throughout
    _rename(
        _write("lowercase", 12, rights=[_TAX], accesspackages=[], isvisible=False, allowedredirecturls=[]),
        clientId="clientid",
    ),
    # no more than the register wants
    _write("least", 13, rights=[_TAX]),
]
