"""§8: the resource registry and the access-package API, without a token."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

if TYPE_CHECKING:
    import httpx

    from tests.contract.target import Target

RESOURCES = "/resourceregistry/api/v1/resource"
PACKAGES = "/accessmanagement/api/v1/meta/info/accesspackages"
URN = "urn:altinn:accesspackage:"


def read(target: Target, path: str) -> httpx.Response:
    """Read without a token."""
    return target.call("GET", path, token="")


def test_resource(target: Target) -> None:
    """§8.1: a resource by its id, with its type."""
    found = read(target, f"{RESOURCES}/ske-krav-og-betalinger").json()
    assert (found["identifier"], found["resourceType"]) == ("ske-krav-og-betalinger", "GenericAccessResource")


def test_unknown_resource(target: Target) -> None:
    """§8.1: an unknown resource is 404 B-PD."""
    answer = read(target, f"{RESOURCES}/no-such-resource")
    assert (answer.status_code, answer.json()["title"]) == (404, "Not Found")


def test_resource_list(emulated: Target) -> None:
    """§8.1: the list holds apps unless they are excluded, and migrated apps only if they are asked for."""
    emulated.control("PUT", "resources/app_x_a1-1", {"resourceType": "MigratedApp"})

    def list_ids(query: str) -> set[str]:
        return {one["identifier"] for one in read(emulated, f"{RESOURCES}/resourcelist{query}").json()}

    app, migrated = "app_ttd_endring-av-navn-v2", "app_x_a1-1"
    emulated.control("PUT", "resources/lonely", {"resourceType": "AltinnApp"})
    assert app in list_ids("")
    assert "lonely" in list_ids("?includeApps=false")
    assert migrated not in list_ids("?includeAltinn2=true")
    assert app not in list_ids("?includeApps=false")
    assert migrated in list_ids("?includeMigratedApps=true")


def test_resource_search(emulated: Target) -> None:
    """§8.1: the search finds by id and by type, and no apps."""

    def list_ids(query: str) -> set[str]:
        return {one["identifier"] for one in read(emulated, f"{RESOURCES}/Search?{query}").json()}

    assert list_ids("Id=krav-og-betalinger-2") == {"ske-krav-og-betalinger-2"}
    assert list_ids("ResourceType=Consent") == {"ttd-consent-example"}
    assert list_ids("Id=app_ttd") == set()


@pytest.mark.parametrize(
    "value",
    [
        f"{URN}skattegrunnlag",
        "skattegrunnlag",
        "SKATTEGRUNNLAG",
        ":accesspackage:skattegrunnlag",
        f"{URN}Skattegrunnlag",
    ],
)
def test_package(target: Target, value: str) -> None:
    """§8.2: a package by the end of its URN, letter case apart."""
    found = read(target, f"{PACKAGES}/package/urn/{quote(value)}").json()
    assert (found["urn"], found["isDelegable"], found["isAssignable"]) == (f"{URN}skattegrunnlag", True, True)


@pytest.mark.parametrize("value", ["grunnlag", "urn:x:skattegrunnlag", "nothing"])
def test_unknown_package(target: Target, value: str) -> None:
    """§8.2: a part of the last word, another URN and an unknown word are 404 B-PD."""
    answer = read(target, f"{PACKAGES}/package/urn/{value}")
    assert (answer.status_code, answer.json()["title"]) == (404, "Not Found")


def test_ambiguous_package(emulated: Target) -> None:
    """§8.2: the value has to match exactly one package."""
    emulated.control("PUT", "packages/urn:altinn:accesspackage:twin", {"isAssignable": True})
    emulated.control("PUT", "packages/urn:other:accesspackage:twin", {"isAssignable": True})
    assert read(emulated, f"{PACKAGES}/package/urn/twin").status_code == 404
    assert read(emulated, f"{PACKAGES}/package/urn/{URN}twin").status_code == 200


def test_package_by_guid(target: Target) -> None:
    """§8.2: a package by its GUID, with all members, nulls included."""
    package = read(target, f"{PACKAGES}/package/urn/skattegrunnlag").json()
    names = "id name urn description isDelegable isAssignable isResourcePolicyAvailable area type resources"
    assert list(package) == names.split()
    assert read(target, f"{PACKAGES}/package/{package['id']}").json() == package
    assert read(target, f"{PACKAGES}/package/00000000-0000-0000-0000-000000000000").status_code == 404


def test_flags(target: Target) -> None:
    """§8.2: the shipped packages have the four combinations of flags in the counts of the contract."""
    counts: dict[tuple[bool, bool], int] = {}
    for group in read(target, f"{PACKAGES}/export").json():
        for area in group["areas"]:
            for package in area["packages"]:
                key = (package["isDelegable"], package["isAssignable"])
                counts[key] = counts.get(key, 0) + (1 if package["id"] else 0)
    assert counts == {(True, True): 164, (False, True): 11, (True, False): 6, (False, False): 42}


def test_search(target: Target) -> None:
    """§8.2: the search gives scored objects, and 204 when nothing matches."""
    found = read(target, f"{PACKAGES}/search?term=skattegrunnlag").json()
    assert f"{URN}skattegrunnlag" in {one["object"]["urn"] for one in found}
    assert set(found[0]) == {"object", "score", "fields"}
    assert read(target, f"{PACKAGES}/search?term=nothing-like-it").status_code == 204


def read_errors(answer: httpx.Response) -> object:
    """Give the errors of a B-MODEL of the registry, which is indented and says that it is JSON."""
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.text.startswith("{\n  ")
    return answer.json()["errors"]


@pytest.mark.parametrize("query", ["includeApps=1", "includeMigratedApps="])
def test_flags_of_the_list(target: Target, query: str) -> None:
    """E43, §8.1: what is neither true nor false is 400."""
    assert query.partition("=")[0] in str(read_errors(read(target, f"{RESOURCES}/resourcelist?{query}")))


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("Id=SKE-KRAV", 2),
        ("Id=ske-krav&Description=-2", 1),
        ("Title=nothing-like-it&Id=ske-krav", 2),
        ("Id=%20&Id=x&ResourceType=consent", 1),
        ("Keyword=x", 0),
        ("OrgCode=ttd", 0),
        ("ResourceType=8", 1),
    ],
)
def test_search_of_resources(target: Target, query: str, count: int) -> None:
    """E43, §8.1: all that is given has to fit, letter case apart; the title has no effect."""
    assert len(read(target, f"{RESOURCES}/search?{query}").json()) == count


def test_search_by_a_type_that_is_none(target: Target) -> None:
    """E43, §8.1: a type is a name or a number."""
    errors = read_errors(read(target, f"{RESOURCES}/search?ResourceType=x"))
    assert errors == {"ResourceType": ["The value 'x' is not valid."]}


def test_versions(target: Target) -> None:
    """E43, §8.1: one count over all resources; another resource's number finds nothing."""
    path = f"{RESOURCES}/kravogbetaling"
    version = read(target, path).json()["versionId"]
    assert read(target, f"{path}?versionId={version}").status_code == 200
    assert read(target, f"{path}?versionId=").status_code == 200
    assert read(target, f"{path}?versionId={version + 1}").status_code == 404
    assert read_errors(read(target, f"{path}?versionId=x")) == {"versionId": ["The value 'x' is not valid."]}
    assert read(target, f"{RESOURCES}/app_ttd_endring-av-navn-v2?versionId=99").json()["versionId"] == 0


def test_references(target: Target) -> None:
    """E43, §8.1: lists say what a resource is called in a request for authorization; one resource does not."""
    listed = {one["identifier"]: one for one in read(target, f"{RESOURCES}/resourcelist").json()}
    assert listed["kravogbetaling"]["authorizationReference"] == [
        {"id": "urn:altinn:resource", "value": "kravogbetaling"}
    ]
    assert listed["app_ttd_endring-av-navn-v2"]["authorizationReference"] == [
        {"id": "urn:altinn:org", "value": "ttd"},
        {"id": "urn:altinn:app", "value": "endring-av-navn-v2"},
    ]
    assert "authorizationReference" not in read(target, f"{RESOURCES}/kravogbetaling").json()


def test_other_routes_of_the_registry(target: Target) -> None:
    """E43, §8.1: organisations, changes, policies; what may not be done; failures without a body."""
    assert set(read(target, f"{RESOURCES}/Orgs").json()["orgs"]["ttd"]) == {
        *("name", "logo", "orgnr", "homepage", "environments"),
    }
    for route in ("updated", "changes"):
        assert read(target, f"{RESOURCES}/{route}?limit=1000").json() == {"links": {}, "data": []}
    refused = read(target, f"{RESOURCES}/updated?limit=0").json()["validationErrors"][0]
    assert refused["code"] == "RR.VLD-00008"
    assert "paths" not in refused
    assert read(target, f"{RESOURCES}/no-such/policy").text == "Unable to find resource"
    assert read(target, f"{RESOURCES}/kravogbetaling/policy").text == "Unable to find requested policy"
    assert read(target, f"{RESOURCES}/kravogbetaling/policy/rules").status_code == 404
    assert read(target, f"{RESOURCES}/%20").status_code == 500
    answer = target.call("PATCH", f"{RESOURCES}/kravogbetaling", token="")
    assert (answer.status_code, answer.headers["allow"]) == (405, "DELETE, GET, PUT")
    assert read(target, RESOURCES).headers["allow"] == "POST"


def test_shape_of_failures(target: Target) -> None:
    """E43, §8.1: a failure is JSON unless a problem is asked for."""
    path = f"{RESOURCES}/no-such-resource"
    assert read(target, path).headers["content-type"] == "application/json; charset=utf-8"
    answer = target.call("GET", path, token="", headers={"Accept": "application/problem+json"})
    assert answer.headers["content-type"] == "application/problem+json; charset=utf-8"


@pytest.mark.parametrize("path", ["package/urn", "package/abc", "group/abc", "area/1"])
def test_guids(target: Target, path: str) -> None:
    """E43, §8.2: what is no GUID is 400."""
    answer = read(target, f"{PACKAGES}/{path}")
    value = path.rpartition("/")[2]
    assert answer.json()["errors"] == {"id": [f"The value '{value}' is not valid."]}


def test_groups_and_areas(target: Target) -> None:
    """E43, §8.2: from the groups by their ids to the packages, which are sorted by name."""
    (group,) = read(target, f"{PACKAGES}/group/").json()
    (area,) = read(target, f"{PACKAGES}/group/{group['id']}/areas").json()
    assert read(target, f"{PACKAGES}/area/{area['id'].upper()}").json() == area
    packages = read(target, f"{PACKAGES}/area/{area['id']}/packages").json()
    names = [package["name"] for package in packages]
    assert (len(names) >= 223, names) == (True, sorted(names))
    assert read(target, f"{PACKAGES}/package/{packages[0]['id']}/resources").status_code == 204


@pytest.mark.parametrize(
    ("query", "score", "words"),
    [
        ("term=Skattegrunnlag", 110.0, [["skattegrunnlag"], ["skattegrunnlag"]]),
        ("term=grunnlag%20skatte", 170.0, [["grunnlag", "skatte"], ["grunnlag", "skatte"]]),
        ("", 0.0, []),
    ],
)
def test_scores(target: Target, query: str, score: float, words: list[list[str]]) -> None:
    """E43, §8.2: a name that starts with a word scores 100, with it inside 50, a description 10."""
    found = {one["object"]["urn"]: one for one in read(target, f"{PACKAGES}/search?{query}").json()}
    hit = found[f"{URN}skattegrunnlag"]
    assert (hit["score"], [field["words"] for field in hit["fields"]]) == (score, words)


def test_search_of_packages(target: Target) -> None:
    """E43, §8.2: URNs are not searched, a strict search wants every word, a type has three names."""
    assert read(target, f"{PACKAGES}/search?term=urn:altinn").status_code == 204
    assert read(target, f"{PACKAGES}/search?term=skattegrunnlag%20nothing&strict=true").status_code == 204
    people = read(target, f"{PACKAGES}/search?typeName=PERSON").json()
    assert {one["object"]["type"]["name"] for one in people} == {"Person"}
    answer = read(target, f"{PACKAGES}/search?typeName=x")
    assert (answer.status_code, "detail" in answer.json()) == (500, True)
