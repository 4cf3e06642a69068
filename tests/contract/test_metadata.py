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
    """§8.1: the list holds apps unless told otherwise, and migrated apps only when asked."""
    emulated.tell("PUT", "resources/app_x_a1-1", {"resourceType": "MigratedApp"})

    def list_ids(query: str) -> set[str]:
        return {one["identifier"] for one in read(emulated, f"{RESOURCES}/resourcelist{query}").json()}

    app, migrated = "app_ttd_endring-av-navn-v2", "app_x_a1-1"
    assert app in list_ids("")
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
    emulated.tell("PUT", "packages/urn:altinn:accesspackage:twin", {"isAssignable": True})
    emulated.tell("PUT", "packages/urn:other:accesspackage:twin", {"isAssignable": True})
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
