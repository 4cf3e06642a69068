"""What the metadata APIs list, read whole, and what is not believed."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import httpx
import pytest

from reconciler.clients.catalogue import LONGEST_TEXT
from reconciler.clients.metadata import WithoutToken
from reconciler.clients.register import HttpRegister
from reconciler.errors import RegisterError
from reconciler.model.catalogue import PACKAGE_PREFIX
from reconciler.model.catalogue_list import CatalogueList, PackageEntry, ResourceEntry
from reconciler.model.environment import Environment
from reconciler.operations.catalogue import renew_list

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.model.canonical_json import Json

DAY = date(2026, 11, 21)
ENVIRONMENT = Environment("tt02", "https://register.example", "https://maskinporten.example/")
WORDS = {"nb": ("Jordbruk", "Næring"), "en": ("Farming", "Business")}


def export(language: str, *names: str) -> Json:
    """Answer as the access packages' export does (contract §8.2)."""
    name, area = WORDS[language]
    packages: list[Json] = [
        {
            "id": "x",
            "name": name,
            "urn": PACKAGE_PREFIX + each,
            "description": f"{name}\n " + "ord " * 100,
            "isDelegable": True,
            "isAssignable": False,
            "area": {"name": "not translated", "packages": [], "group": None},
            "resources": None,
        }
        for each in names or ("jordbruk",)
    ]
    return [{"name": "G", "areas": [{"name": area, "packages": packages}, {"name": "B", "packages": []}]}]


RESOURCE: Json = {
    "identifier": "ske-krav",
    "title": {"en": "Claims", "nb": "Krav", "nn": "Krav", "se": "x"},
    "description": {"nb": "Om krav"},
    "status": "Completed",
    "delegable": True,
    "visible": False,
    "hasCompetentAuthority": {"name": {"en": "Tax", "nb": "Skatteetaten"}, "orgcode": "skd"},
    "keywords": [{"word": "x", "language": "nb"}],
    "resourceType": "GenericAccessResource",
    "versionId": 1,
}
APP: Json = {
    "identifier": "app_ttd_x",
    "title": {"nb": "App"},
    "delegable": True,
    "visible": True,
    "hasCompetentAuthority": {"orgcode": "ttd"},
    "resourceType": "AltinnApp",
}


def renew(
    answer: Callable[[httpx.Request], httpx.Response], last: CatalogueList | None = None
) -> CatalogueList:
    """Renew a list at an environment that answers so."""
    transport = httpx.MockTransport(answer)
    with HttpRegister(ENVIRONMENT, WithoutToken(), read_only=True, transport=transport) as register:
        return renew_list(ENVIRONMENT, register, DAY, last).listed


def answer_well(request: httpx.Request) -> httpx.Response:
    """Answer as both APIs do."""
    assert "Authorization" not in request.headers
    if request.url.path.endswith("/export"):
        return httpx.Response(200, json=export(request.headers["Accept-Language"]))
    assert request.url.query == b"includeApps=true&includeMigratedApps=true"
    return httpx.Response(200, json=[RESOURCE, APP])


def test_a_list_is_read_in_both_languages() -> None:
    """Texts in their languages, descriptions shortened at a word, and owners by name or code."""
    listed = renew(answer_well)
    (package,) = listed.packages
    app, resource = listed.resources

    assert (listed.environment, listed.register, listed.taken) == ("tt02", "https://register.example", DAY)
    assert package.urn == PACKAGE_PREFIX + "jordbruk"
    assert (package.name, package.area) == (
        {"nb": "Jordbruk", "en": "Farming"},
        {"nb": "Næring", "en": "Business"},
    )
    assert package.description["en"].startswith("Farming ord ord")
    assert package.description["en"].endswith(" ord…")
    assert len(package.description["en"]) <= LONGEST_TEXT
    assert (package.delegable, package.assignable) == (True, False)
    assert resource == ResourceEntry(
        "ske-krav",
        {"nb": "Krav", "nn": "Krav", "en": "Claims"},
        {"nb": "Om krav"},
        "Skatteetaten",
        "GenericAccessResource",
        "Completed",
        delegable=True,
        visible=False,
    )
    assert (app.id, app.owner, app.kind) == ("app_ttd_x", "ttd", "AltinnApp")


PAGE = httpx.Response(200, text="<html>Sign in</html>")


@pytest.mark.parametrize(
    ("packages", "resources"),
    [
        (httpx.Response(200, json=[]), None),
        (httpx.Response(200, json=[{"areas": []}]), None),
        (httpx.Response(200, json={"status": "ok"}), None),
        (httpx.Response(404, json={"title": "Not Found", "status": 404}), None),
        (httpx.Response(200, json=[{"areas": [{"packages": [{"name": "x"}]}]}]), None),
        (httpx.Response(200, json=[{"areas": [{"packages": [{"urn": PACKAGE_PREFIX + "x"}]}]}]), None),
        (None, httpx.Response(200, json=[])),
        (None, httpx.Response(200, json={"orgs": {}})),
        (None, httpx.Response(200, json=[{"title": {}}])),
        (None, httpx.Response(403, text="<html>Blocked</html>")),
        (httpx.Response(302, headers={"Location": "https://login.example"}), None),
    ],
    ids=[
        "no group", "no package", "an object", "not found", "no URN", "no flags",
        "no resource", "another route", "no id", "a gateway", "a login",
    ],
)  # fmt: skip
def test_what_is_no_such_list_is_not_believed(
    packages: httpx.Response | None, resources: httpx.Response | None
) -> None:
    """Nothing is made of an answer that is empty or something else."""

    def answer(request: httpx.Request) -> httpx.Response:
        odd = packages if request.url.path.endswith("/export") else resources
        if odd is None:
            return answer_well(request)
        return httpx.Response(odd.status_code, headers=odd.headers, content=odd.content)

    with pytest.raises(RegisterError):
        renew(answer)


def test_a_list_that_lost_its_half_is_not_believed() -> None:
    """An answer that is not whole would make every right unknown; the hint says what to do if it is right."""
    last = renew(answer_well)
    more = tuple(
        PackageEntry(f"{PACKAGE_PREFIX}p{each}", {}, {}, {}, delegable=True, assignable=True)
        for each in range(3)
    )
    grown = CatalogueList("tt02", "", DAY, (*last.packages, *more), last.resources)

    with pytest.raises(RegisterError, match="Of the 4 access packages of the last list") as caught:
        renew(answer_well, grown)

    assert "Delete systems/.catalogue.tt02.json" in caught.value.hint
    assert renew(answer_well, CatalogueList("tt02", "", DAY, more[:1] + last.packages, ())) == last
