"""A plan knows the customers that it concerns: counted against a register, by GET alone, and nobody is named."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.builders import VENDOR
from tests.served import CLIENT_ID, SCOPE, Repository, Served, export_public, serve

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from reconciler.model.canonical_json import Json

pytestmark = pytest.mark.slow

READ = "altinn:authentication/systemuser.request.read"
SHOP, GONE, QUIET = (f"{VENDOR}_{each}" for each in ("shop", "gone", "quiet"))
ORG, PERSON = "310904473", "01017012345"
RIGHTS: Json = [{"resource": [{"id": "urn:altinn:resource", "value": "ske-krav-og-betalinger"}]}]
PACKAGES: Json = [{"urn": "urn:altinn:accesspackage:skattegrunnlag"}]
CUSTOMERS = "/authentication/api/v1/systemuser/"
ROUTES = (f"{CUSTOMERS}request", f"{CUSTOMERS}changerequest")


def a_row(number: int, system: str = SHOP, kind: str = "standard", **members: Json) -> dict[str, Json]:
    """Make a request as the emulator keeps it; its reference is a person's number, as some vendors give."""
    return {
        "id": f"00000000-0000-4000-8000-{number:012}",
        "type": kind,
        "systemId": system,
        "partyOrgNo": ORG,
        "externalRef": f"{PERSON}-{number}",
        "integrationTitle": "x",
        "created": "2026-11-05T10:00:00Z",
        "redirectUrl": "https://customer.example/secret-path",
        **members,
    }


def a_user(number: int, created: str, system: str = SHOP, **members: Json) -> dict[str, Json]:
    """Make the system user of a request, or of the portal where it has no reference of its own."""
    return {
        "id": f"00000000-0000-4000-8000-{number:012}",
        "systemId": system,
        "reporteeOrgNo": ORG,
        "externalRef": f"{PERSON}-{number}",
        "created": created,
        **members,
    }


def a_change(number: int, **members: Json) -> dict[str, Json]:
    """Make a change request of a system user."""
    return {
        "id": f"10000000-0000-4000-8000-{number:012}",
        "systemUserId": f"00000000-0000-4000-8000-{number:012}",
        "systemId": SHOP,
        "partyOrgNo": ORG,
        "externalRef": f"{PERSON}-{number}",
        "created": "2026-11-05T10:00:00Z",
        **members,
    }


def lay(served: Served, **rows: Json) -> None:
    """Lay rows of customers."""
    httpx.post(f"{served.base}/control/setup", json=rows).raise_for_status()


def read_log(served: Served) -> list[dict[str, Json]]:
    """Give the access log, and clear it."""
    entries: list[dict[str, Json]] = httpx.get(f"{served.base}/control/log").json()
    httpx.delete(f"{served.base}/control/log").raise_for_status()
    return entries


def list_customers(entries: list[dict[str, Json]]) -> list[tuple[str, str]]:
    """Give method and path of what went to a route of requests."""
    return [(each["method"], each["path"]) for each in entries if each["path"].startswith(ROUTES)]


def find_counts(plan: Json) -> dict[tuple[str, str], Json]:
    """Give what is counted, by the system's name and the impact."""
    return {
        (change["id"].partition("_")[2], impact["path"].partition("[")[0]): impact["customers"]
        for change in plan["changes"]
        for impact in change["impacts"]
        if "customers" in impact
    }


def open_served(key: RSAPrivateKey, folder: Path, *scopes: str) -> Iterator[tuple[Served, Repository]]:
    """Serve a register with three systems, to a client that has more scopes than one."""
    repository = Repository(folder)
    for name in ("shop", "gone", "quiet"):
        repository.define(name, rights=RIGHTS, accessPackages=PACKAGES, clientId=[])
    client = {"client_id": CLIENT_ID, "org": VENDOR, "scopes": [SCOPE, *scopes], "jwk": export_public(key)}
    with serve(key, repository, clients=[client]) as one:
        assert repository.run("apply", "--yes").returncode == 0
        yield one, repository


@pytest.fixture
def shop(private_key: RSAPrivateKey, tmp_path: Path) -> Iterator[tuple[Served, Repository]]:
    """Serve a register to a client that may read requests."""
    yield from open_served(private_key, tmp_path / "repository", READ)


def test_a_plan_counts_customers_and_names_none(shop: tuple[Served, Repository], tmp_path: Path) -> None:
    """What is open is counted by kind, what is unchanged is not asked about, and apply and drift ask for nothing."""
    served, repository = shop
    made = served.ask("GET", f"/{SHOP}/changelog").json()[0]["created"]
    requests = [
        a_row(1, rights=RIGHTS),
        a_row(2, rights=RIGHTS, accessPackages=PACKAGES),
        a_row(3, rights=RIGHTS, status="Rejected"),
        a_row(4, accessPackages=PACKAGES, status="Accepted"),
        a_row(5, kind="agent", accessPackages=PACKAGES),
        a_row(6, system=GONE, rights=RIGHTS),
        a_row(7, system=GONE, kind="agent", accessPackages=PACKAGES),
        a_row(8, system=QUIET, rights=RIGHTS),
        a_row(9, rights=RIGHTS, status="Accepted"),
    ]
    users = [
        a_user(4, made),
        a_user(9, made),
        a_user(10, made, externalRef=ORG),
        a_user(11, made, userType="agent"),
    ]
    changes = [a_change(4, requiredRights=RIGHTS), a_change(9, unwantedRights=RIGHTS, status="Rejected")]
    lay(served, requests=requests, systemUsers=users, changes=changes)
    repository.define("shop", rights=[], accessPackages=[], clientId=[])
    repository.define("gone", rights=RIGHTS, accessPackages=PACKAGES, clientId=[], withdrawn=True)
    read_log(served)

    files = {name: tmp_path / name for name in ("json", "markdown", "html", "sarif", "junit")}
    words = [word for name, path in files.items() for word in ("--format", f"{name}={path}")]
    planned = repository.run("plan", "--out", str(tmp_path / "plan"), "--format", "text", *words)
    asked = list_customers(read_log(served))
    plan = json.loads(files["json"].read_text())
    drifted = repository.run("drift")
    applied = repository.run(
        "apply", str(tmp_path / "plan"), "-e", "served", "--yes", "--accept", plan["digest"]
    )
    afterwards = list_customers(read_log(served))

    assert (planned.returncode, applied.returncode) == (0, 0), applied.stderr
    assert find_counts(plan) == {
        ("shop", "rights"): {"requests": {"number": 2}, "change_requests": {"number": 1}, "fate": "fails"},
        ("shop", "accessPackages"): {
            "requests": {"number": 2},
            "change_requests": {"number": 0},
            "fate": "fails",
        },
        ("gone", "withdrawn"): {"requests": {"number": 2}, "fate": "no-token"},
    }
    assert {method for method, _ in asked} == {"GET"}
    assert len(asked) == len(set(asked)) == 5
    assert not any(QUIET in path for _, path in asked)
    assert afterwards == []
    said = [planned.stdout, planned.stderr, drifted.stdout, drifted.stderr, applied.stdout, applied.stderr]
    said += [path.read_text() for path in (*files.values(), tmp_path / "plan")]
    said += [path.read_text() for path in (repository.root.parent / "state").rglob("*") if path.is_file()]
    for secret in (PERSON, ORG, "secret-path", "00000000-0000-4000-8000", "Bearer", "confirm"):
        assert not any(secret in each for each in said), secret

    undone = repository.run("rollback", "latest", "-e", "served", "--format", "json")
    assert find_counts(json.loads(undone.stdout))["shop", "rights"]["lacking"]["number"] == 1
    assert {method for method, _ in list_customers(read_log(served))} == {"GET"}

    repository.define("shop", rights=RIGHTS, accessPackages=[], clientId=[])
    again = repository.run("apply", "--yes", "--format", "json")
    asked = list_customers(read_log(served))

    assert again.returncode == 0
    assert {method for method, _ in asked} == {"GET"}
    assert len(asked) == 2  # who holds what the system asked for before


def test_who_holds_what_was_asked_for_before_is_not_counted(shop: tuple[Served, Repository]) -> None:
    """By its request, by the portal or by no means; an agent that asked for a package has it."""
    served, repository = shop
    made = served.ask("GET", f"/{SHOP}/changelog").json()[0]["created"]
    repository.define("shop", rights=[], accessPackages=[], clientId=[])
    assert repository.run("apply", "--yes").returncode == 0
    requests = [
        a_row(1, rights=RIGHTS, status="Accepted"),
        a_row(2, accessPackages=PACKAGES, status="Accepted"),
        a_row(4, kind="agent", accessPackages=PACKAGES, status="Accepted"),
    ]
    users = [
        a_user(1, made),
        a_user(2, made),
        a_user(3, made, externalRef=ORG),
        a_user(4, made, userType="agent"),
        a_user(5, "2099-01-01T00:00:00Z", userType="agent"),
    ]
    lay(served, requests=requests, systemUsers=users)
    repository.define("shop", rights=RIGHTS, accessPackages=PACKAGES, clientId=[])

    plan = repository.plan()

    assert find_counts(plan) == {
        ("shop", "rights"): {"lacking": {"number": 1}, "portal": True},
        ("shop", "accessPackages"): {"lacking": {"number": 1}, "anew": {"number": 1}},
    }

    lay(served, requests=[a_row(number, rights=RIGHTS) for number in range(100, 220)])
    httpx.delete(f"{served.base}/control/log").raise_for_status()
    repository.define("shop", rights=[], accessPackages=[], clientId=[], withdrawn=True)

    (counted,) = find_counts(repository.plan()).values()

    assert counted["requests"]["number"] is None
    assert 100 < counted["requests"]["at_least"] <= 120
    assert "several pages" in counted["requests"]["reason"]


def test_without_the_scope_a_plan_is_made_and_says_what_is_not_known(
    private_key: RSAPrivateKey, tmp_path: Path
) -> None:
    """The same of a ready token that lacks it; where nothing concerns a customer, no second token is asked for."""
    for served, repository in open_served(private_key, tmp_path / "repository"):
        read_log(served)
        assert repository.run("plan").returncode == 0
        tokens = [each for each in read_log(served) if each["path"].endswith("/token")]
        repository.define("gone", rights=RIGHTS, accessPackages=PACKAGES, clientId=[], withdrawn=True)

        refused = repository.run("plan", "--exit-code", "--format", "json")
        grants = [each for each in read_log(served) if each["path"].endswith("/token")]
        given = repository.run(
            "plan",
            "--format",
            "json",
            RECONCILER_TOKEN=served.fetch_token(),
            MASKINPORTEN_CLIENT_ID="",
            MASKINPORTEN_PRIVATE_KEY="",
            MASKINPORTEN_KID="",
        )

        assert (len(tokens), len(grants)) == (1, 2)
        assert (refused.returncode, given.returncode) == (3, 0), given.stderr
        for done in (refused, given):
            unknown = {"number": None, "reason": f"the client lacks the scope `{READ}`"}
            assert find_counts(json.loads(done.stdout)) == {
                ("gone", "withdrawn"): {"requests": unknown, "fate": "no-token"}
            }
