"""The published examples of requests and change requests, as their pages have them, mistakes included."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from reconciler.model.canonical_json import Json

_RECEIPT = "https://smartcloudxxxx/receipt"
_DEMO = "https://smartcloudaltinn.azurewebsites.net/receipt"
_SIGNING = "urn:altinn:accesspackage:regnskapsforer-med-signeringsrettighet"


class Fault(NamedTuple):
    """What this tool says of an example: a rule and its hint, or a sentence about the body."""

    said: str
    rule: str = ""


class PublishedRequest(NamedTuple):
    """An example, the system that its page registers, and what comes of it."""

    name: str
    text: str
    rights: tuple[str, ...]
    packages: tuple[str, ...]
    redirects: tuple[str, ...]
    """What the system has."""
    path: str = "request/vendor"
    status: int = 201
    code: str = ""
    faults: tuple[Fault, ...] = ()
    system: str = "991825827_smartcloud"

    def describe_system(self) -> dict[str, Json]:
        """Give the system of the page, without client ids, which play no part."""
        texts = {"nb": "SmartCloud", "nn": "Smart SKY", "en": "SmartCloud"}
        return {
            "id": self.system,
            "vendor": {"ID": "0192:991825827"},
            "name": texts,
            "description": texts,
            "rights": [{"resource": [{"id": "urn:altinn:resource", "value": each}]} for each in self.rights],
            "accessPackages": [{"urn": each} for each in self.packages],
            "clientId": [],
            "allowedRedirectUrls": list(self.redirects),
            "isVisible": False,
        }


_STANDARD = """{
      "externalRef": "d5cc6e61-023e-4945-82cc-3f32d8ee28ee",
      "systemId": "991825827_smartcloud",
      "partyOrgNo": "310904473",
      "rights": [
          {
              "resource": [
                  {
                      "id": "urn:altinn:resource",
                      "value": "ske-krav-og-betalinger"
                  }
              ]
          }
      ],
      "redirectUrl": "https://smartcloudxxxxxxx/receipt",
    }
"""
_AGENT = """{
        "externalRef": "smartcloud_demo_agent_test",
        "systemId": "991825827_smartcloud_ap",
        "partyOrgNo": "314250052",
        "accessPackages":
        [
            {
                "urn": "urn:altinn:accesspackage:regnskapsforer-med-signeringsrettighet"
            }
        ],
        "redirectUrl": "https://smartcloudaltinn.azurewebsites.net/receipt"
    }
"""
_OLDEST = """{
"externalRef": "313725138_2024",
"systemId": "991825827_smartcloud",
"partyOrgNo": "313725138",
"rights": [
{
"resource": [
{
"value": "ske-krav-og-betalinger",
"id": "urn:altinn:resource"
}
]
}
],
"redirectUrl": "https://smartcloudaltinn.azurewebsites.net/receipt"
}
"""
_REFERENCE = """{
  "externalReference": "dev-test-create_01",
  "systemId": "991825827_dhana_test_01",
  "partyOrgNo": "314112938",
  "rights": [
    {
      "Resource": [
        {
          "id": "urn:altinn:resource",
          "value": "authentication-e2e-test"
        }
      ]
    }
  ],
  "redirectUrl": ""
}
"""
_REFERENCE_AGENT = """{
  "externalRef": "at22_dhana_3103_02",
  "systemId": "991825827_dhana_ap",
  "partyOrgNo": "314250052",
  "accesspackages": [
    {
        "urn":"urn:altinn:accesspackage:regnskapsforer-med-signeringsrettighet"
    }
  ],
  "redirectUrl": ""
}
"""
CHANGE = """{
  "requiredRights": [
    {
      "resource": [
        {
          "id": "urn:altinn:resource",
          "value": "authentication-e2e-test"
        }
      ]
    },
    {
      "resource": [
        {
          "id": "urn:altinn:resource",
          "value": "en-annen-test2"
        }
      ]
    }
  ],
  "unwantedRights": [
    {
      "resource": [
        {
          "id": "urn:altinn:resource",
          "value": "testressurs"
        }
      ]
    }
  ],
  "requiredAccessPackages": [
    {
      "urn": "urn:altinn:accesspackage:jordbruk"
    }
  ],
  "unwantedAccessPackages": [
    {
      "urn": "urn:altinn:accesspackage:skogbruk"
    }
  ],
  "redirectUrl": ""
}
"""
CHANGED_RIGHTS = ("authentication-e2e-test", "en-annen-test2", "testressurs")
CHANGED_PACKAGES = ("urn:altinn:accesspackage:jordbruk", "urn:altinn:accesspackage:skogbruk")

_REDIRECT = Fault(f"Write `{_RECEIPT}`, or add it to `allowedRedirectUrls:`.", "request-redirect")
PUBLISHED = (
    PublishedRequest(
        "the guide's request",
        _STANDARD,
        ("ske-krav-og-betalinger",),
        (),
        (_RECEIPT,),
        status=400,
        faults=(
            Fault(":15: the service reads JSON only, and answers 400 to a comma behind the last entry"),
            _REDIRECT,
        ),
    ),
    PublishedRequest(
        "the guide's request, without the comma",
        _STANDARD.replace('receipt",\n', 'receipt"\n'),
        ("ske-krav-og-betalinger",),
        (),
        (_RECEIPT,),
        status=400,
        code="AUTH-00021",
        faults=(_REDIRECT,),
    ),
    PublishedRequest(
        "the guide's request for an agent",
        _AGENT,
        (),
        (_SIGNING,),
        (_RECEIPT,),
        path="request/vendor/agent",
        status=400,
        code="AUTH-00021",
        faults=(_REDIRECT,),
        system="991825827_smartcloud_ap",
    ),
    PublishedRequest(
        "the guide's request for an agent, where the demo's address is registered",
        _AGENT,
        (),
        (_SIGNING,),
        (_DEMO,),
        path="request/vendor/agent",
        system="991825827_smartcloud_ap",
    ),
    PublishedRequest(
        "the oldest guide's request",
        _OLDEST,
        ("kravogbetaling",),
        (),
        (_DEMO,),
        path="request/vendor/",
        status=400,
        code="AUTH-00001",
        faults=(Fault("Did you mean `kravogbetaling`?", "request-beyond-system"),),
    ),
    PublishedRequest(
        "the reference's request",
        _REFERENCE,
        ("authentication-e2e-test",),
        (),
        (),
        faults=(
            Fault(
                ":2: `externalReference` is out of date: the service ignores it, and takes the organisation"
                " number. Write `externalRef`"
            ),
        ),
        system="991825827_dhana_test_01",
    ),
    PublishedRequest(
        "the reference's request for an agent",
        _REFERENCE_AGENT,
        (),
        (_SIGNING,),
        (),
        path="request/vendor/agent",
        system="991825827_dhana_ap",
    ),
)
"""The guides' and the reference's; a request that is no more than another page's is left out."""
