"""§3: every validation, with its code, text, path, extension and the endpoints that make it."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest

from tests.contract.target import OTHER_ORG, PACKAGE, RIGHT, list_codes

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from tests.contract.target import Target

ROOT = "/registersystemrequest"
RESOURCE = f"{ROOT}/rights/resource"
URN = "urn:altinn:accesspackage:"


def list_problems(answer: httpx.Response) -> list[dict[str, object]]:
    """List the problems of a validation problem, whole."""
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    problems: list[dict[str, object]] = answer.json()["validationErrors"]
    return problems


def make_right(*values: str, attribute: str = "urn:altinn:resource") -> dict[str, object]:
    """Make a right for resources."""
    return {"resource": [{"id": attribute, "value": value} for value in values]}


def send_everywhere(
    creator: Target, member: str, value: object, *, is_visible: bool = False
) -> list[list[dict[str, object]]]:
    """Send a member by POST, by PUT and by its own endpoint, and list the problems of each."""
    document = creator.document(creator.make_id(), isVisible=is_visible, **{member: value})
    stored = creator.create(isVisible=is_visible)
    system_id = str(stored["id"])
    answers = [
        creator.post(document),
        creator.put(system_id, {**stored, member: value}),
        creator.put(system_id, value, member.lower()),
    ]
    return [list_problems(answer) for answer in answers]


@pytest.mark.parametrize("vendor", ["9908:991825827", "", ":0192", "991825827", "0192x:991825827"])
def test_00000(target: Target, vendor: str) -> None:
    """00000: the text before the first colon is not 0192; answered alone."""
    assert list_problems(target.post(target.document("x", vendor={"ID": vendor}))) == [
        {
            "code": "AUTH.VLD-00000",
            "title": "the org number identifier is not valid ISO6523 identifier",
            "paths": [f"{ROOT}/vendor/id"],
        }
    ]


def test_00001(target: Target) -> None:
    """00001: the text before the first underscore is not the organisation's number."""
    assert list_problems(target.post(target.document(f"{OTHER_ORG}_{target.org}"))) == [
        {
            "code": "AUTH.VLD-00001",
            "title": "The system id does not match the format orgnumber_xxxx...",
            "paths": [f"{ROOT}/systemid"],
        }
    ]


def test_00001_needs_no_underscore(emulated: Target) -> None:
    """00001: the bare number passes, and so does the number with a bare underscore."""
    org = "310000002"
    consumer = {"authority": "iso6523-actorid-upis", "ID": f"0192:{org}"}
    token = emulated.make_token(consumer=consumer)
    for system_id in (org, f"{org}_"):
        document = emulated.document(system_id, vendor={"ID": f"0192:{org}"})
        assert emulated.post(document, token=token).status_code == 200


def test_00002(creator: Target) -> None:
    """00002: the id exists, deleted or not."""
    document = creator.create()
    for _ in range(2):
        assert list_problems(creator.post({**document, "clientId": []})) == [
            {
                "code": "AUTH.VLD-00002",
                "title": "The system id already exists",
                "paths": [f"{ROOT}/systemid"],
            }
        ]
        creator.delete(str(document["id"]))


def test_00002_any_vendor(emulated: Target) -> None:
    """00002: the id exists, whichever vendor it belongs to."""
    emulated.control(
        "POST", "systems", emulated.document(f"{OTHER_ORG}_taken", vendor={"ID": f"0192:{OTHER_ORG}"})
    )
    assert list_codes(emulated.post(emulated.document(f"{OTHER_ORG}_taken"))) == ["00001", "00002"]


def test_00003(creator: Target) -> None:
    """00003: resources that the registry does not know, their ids joined by a bar."""
    rights = [make_right("no-such-a", "ske-krav-og-betalinger"), make_right("no-such-b")]
    for problems in send_everywhere(creator, "rights", rights):
        assert problems == [
            {
                "code": "AUTH.VLD-00003",
                "title": "One or more resources specified in rights were not found in Altinn's resource "
                "register.",
                "paths": [RESOURCE],
                "ResourceIds Not Found : ": "no-such-a | no-such-b",
            }
        ]


def test_00004(creator: Target) -> None:
    """00004: one problem at most on POST, one for each offending id on PUT."""
    ids = [str(uuid.uuid4()) for _ in range(2)]
    creator.create(clientId=ids)
    problem = {
        "code": "AUTH.VLD-00004",
        "title": "One of the client id is already tagged with an existing system",
        "paths": [f"{ROOT}/clientid"],
    }
    assert list_problems(creator.post(creator.document(creator.make_id(), clientId=ids))) == [problem]
    document = creator.create()
    answer = creator.put(str(document["id"]), {**document, "clientId": ids})
    assert list_problems(answer) == [problem, problem]


def test_00004_own_ids(creator: Target) -> None:
    """00004: the system's own client ids are no offence on PUT."""
    document = creator.create()
    assert creator.put(str(document["id"]), document).status_code == 200


@pytest.mark.parametrize("url", ["http://vg.no", "vg.no", "ftp://vg.no"])
def test_00005(creator: Target, url: str) -> None:
    """00005: some URL is not absolute, or not https; POST only."""
    document = creator.document(creator.make_id(), allowedRedirectUrls=["https://vg.no", url])
    assert list_problems(creator.post(document)) == [
        {
            "code": "AUTH.VLD-00005",
            "title": "One or more of the redirect urls format is not valid. The valid format is "
            "https://xxx.xx",
            "paths": [f"{ROOT}/allowedredirecturls"],
        }
    ]


def test_00006(creator: Target) -> None:
    """00006: two rights with the same action and the same attributes in the same order."""
    for problems in send_everywhere(creator, "rights", [RIGHT, {**RIGHT, "action": None}]):
        assert problems == [
            {"code": "AUTH.VLD-00006", "title": "One or more duplicate rights found", "paths": [RESOURCE]}
        ]


@pytest.mark.parametrize(
    "rights",
    [
        [RIGHT, {**RIGHT, "action": "read"}],
        [
            make_right("kravogbetaling", "ske-krav-og-betalinger"),
            make_right("ske-krav-og-betalinger", "kravogbetaling"),
        ],
        [make_right("kravogbetaling", "kravogbetaling")],
        [make_right("kravogbetaling"), make_right("kravogbetaling", "kravogbetaling")],
    ],
)
def test_00006_not(creator: Target, rights: object) -> None:
    """00006: another action, another order, or a repeat inside one right is no duplicate."""
    creator.create(rights=rights)


def test_00006_empty_rights(creator: Target) -> None:
    """00006: an empty action is the same as none, and two empty rights are duplicates."""
    document = creator.document(creator.make_id(), rights=[{"resource": []}, {"action": "", "resource": []}])
    assert list_codes(creator.post(document)) == ["00006"]


def test_00007(creator: Target) -> None:
    """00007: the same URN twice."""
    for problems in send_everywhere(creator, "accessPackages", [PACKAGE, PACKAGE]):
        assert problems == [
            {
                "code": "AUTH.VLD-00007",
                "title": "One or more duplicate access package(s) found",
                "paths": [f"{ROOT}/accesspackages"],
            }
        ]


def test_00007_case(creator: Target) -> None:
    """00007: another letter case is no duplicate; look-up ignores case, storage does not (§2.2)."""
    packages = [PACKAGE, {"urn": PACKAGE["urn"].upper().replace("URN:ALTINN", "urn:altinn")}]
    document = creator.create(accessPackages=packages)
    assert creator.get(str(document["id"])).json()["accessPackages"] == packages


def test_00008(creator: Target) -> None:
    """00008: malformed, unknown, and neither delegable nor assignable, each list named."""
    urns = ["x", "a:b:c", f"{URN}nothing", f"{URN}none", f"{URN}eksplisitt"]
    packages = [{"urn": urn} for urn in urns]
    for problems in send_everywhere(creator, "accessPackages", packages):
        assert problems == [
            {
                "code": "AUTH.VLD-00008",
                "title": "One or all the accesspackage(s) is not found in altinn's access packages or is not "
                "delegable",
                "paths": [f"{ROOT}/accesspackages"],
                "Invalid Urn Details : ": f"Invalid format: x, a:b:c | Not found: {URN}nothing, {URN}none | "
                f"Not possible to delegate: {URN}eksplisitt",
            }
        ]


def test_00008_parts(creator: Target) -> None:
    """00008: only the lists that are not empty are named; a null URN is malformed."""
    document = creator.document(creator.make_id(), accessPackages=[{"urn": f"{URN}nothing"}])
    (problem,) = list_problems(creator.post(document))
    assert problem["Invalid Urn Details : "] == f"Not found: {URN}nothing"
    (problem,) = list_problems(creator.post({**document, "accessPackages": [{"urn": None}]}))
    assert str(problem["Invalid Urn Details : "]).startswith("Invalid format: ")
    assert list_codes(creator.post({**document, "accessPackages": [{}, {"urn": None}]})) == ["00008", "00007"]


def test_00009(creator: Target) -> None:
    """00009: attributes other than `urn:altinn:resource`, their values joined by a bar, and no look-up."""
    rights = [
        make_right("a", attribute="urn:altinn:org"),
        make_right("b", attribute="URN:altinn:resource"),
    ]
    for problems in send_everywhere(creator, "rights", rights):
        assert problems == [
            {
                "code": "AUTH.VLD-00009",
                "title": "One or more resource id is in wrong format. The valid format is "
                "urn:altinn:resource",
                "paths": [RESOURCE],
                "Invalid Resource Id Details : ": "a | b",
            }
        ]


def test_00011(creator: Target) -> None:
    """00011: a repeated client id, letter case apart; PUT only."""
    document = creator.create()
    mark = f"a-{uuid.uuid4()}"
    answer = creator.put(str(document["id"]), {**document, "clientId": [mark, mark.upper()]})
    assert list_problems(answer) == [
        {
            "code": "AUTH.VLD-00011",
            "title": "Request contains duplicate client ids",
            "paths": [f"{ROOT}/clientid"],
        }
    ]


@pytest.mark.parametrize("change", [str.upper, str.title, lambda text: f"{text}x"])
def test_00012(creator: Target, change: Callable[[str], str]) -> None:
    """00012: the ids of body and path differ, in letter case too; answered alone."""
    document = creator.create()
    body = {**document, "id": change(f"{document['id']}a"), "rights": [make_right("x")]}
    assert list_problems(creator.put(str(document["id"]), body)) == [
        {
            "code": "AUTH.VLD-00012",
            "title": "The system ID in the request body does not match the system ID in the URL",
            "paths": [f"{ROOT}/systemid"],
        }
    ]


def test_00013(target: Target) -> None:
    """00013: a space inside the id."""
    assert list_problems(target.post(target.document(f"{target.org}_a b"))) == [
        {
            "code": "AUTH.VLD-00013",
            "title": "System ID cannot have spaces in id (leading, trailing or in between the id)",
            "paths": [f"{ROOT}/systemid"],
        }
    ]


def test_00017(creator: Target) -> None:
    """00017: resources of a type that cannot be delegated, their ids joined by a bar."""
    if not creator.is_emulator:
        pytest.skip("needs resources of these types")
    names = ["ttd-am-k6", "ttd-altinn2-example", "ttd-consent-example"]
    for problems in send_everywhere(creator, "rights", [make_right(*names)]):
        assert problems == [
            {
                "code": "AUTH.VLD-00017",
                "title": "One or more resources specified in rights is of resource type which is not "
                "delegable.",
                "paths": [RESOURCE],
                "ResourceIds Not Delegable : ": " | ".join(names),
            }
        ]


@pytest.mark.parametrize(
    "kind",
    [
        "Default",
        "Systemresource",
        "AltinnApp",
        "GenericAccessResource",
        "BrokerService",
        "CorrespondenceService",
        "MigratedApp",
        "",
    ],
)
def test_00017_not(emulated: Target, kind: str) -> None:
    """00017: seven types pass, and so does a resource without a type."""
    name = f"kind-{kind.lower()}"
    emulated.control("PUT", f"resources/{name}", {"resourceType": kind})
    emulated.create(rights=[make_right(name)])


@pytest.mark.parametrize(
    ("name", "visible", "invisible"),
    [
        ("skattegrunnlag", [], []),
        ("klientadministrator", [], []),
        ("ansvarlig-revisor", ["00018"], []),
        ("eksplisitt", ["00008", "00018"], ["00008"]),
    ],
)
def test_00018(creator: Target, name: str, visible: list[str], invisible: list[str]) -> None:
    """00018, §8.2: a visible system may not carry a package that is not assignable."""
    packages = [{"urn": f"{URN}{name}"}]
    for is_visible, codes in ((True, visible), (False, invisible)):
        document = creator.document(creator.make_id(), isVisible=is_visible, accessPackages=packages)
        answer = creator.post(document)
        assert (list_codes(answer) if answer.status_code != 200 else []) == codes


def test_00018_text(creator: Target) -> None:
    """00018: the same problem by POST, PUT and V6."""
    packages = [{"urn": f"{URN}ansvarlig-revisor"}]
    for problems in send_everywhere(creator, "accessPackages", packages, is_visible=True):
        assert problems == [
            {
                "code": "AUTH.VLD-00018",
                "title": "Access packages meant for system user for client relations can't be used in "
                "combination with the flag isVisible: true",
                "paths": [f"{ROOT}/accesspackages"],
            }
        ]


def test_00018_flip(creator: Target) -> None:
    """00018: a PUT that only makes the system visible can fail, and V5 never looks at packages."""
    document = creator.create(isVisible=False, accessPackages=[{"urn": f"{URN}ansvarlig-revisor"}])
    answer = creator.put(str(document["id"]), {**document, "isVisible": True})
    assert list_codes(answer) == ["00018"]
    assert creator.put(str(document["id"]), [], "rights").status_code == 200


def test_never_validated(creator: Target) -> None:
    """§3: characters of names, UUIDs, actions and two empty lists are not validated."""
    creator.create(
        name={"en": "\u202e<script>", "nb": "", "nn": "x" * 10_000},
        clientId=[f"no uuid {uuid.uuid4()}"],
        rights=[],
        accessPackages=[],
    )
