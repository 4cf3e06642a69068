"""§7: the vendor's list of system users, page by page, and the look-up of one."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from reconciler.emulator import start
from tests.contract.target import ADMIN, ORG, OTHER_ORG, Target, visit

if TYPE_CHECKING:
    from collections.abc import Iterator

SYSTEM = f"{ORG}_x"
BY_SYSTEM = "/authentication/api/v1/systemuser/vendor/bysystem"
BY_QUERY = "/authentication/api/v1/systemuser/vendor/byquery"
REQUEST_WRITE = "altinn:authentication/systemuser.request.write"


def make_user(number: int, **changes: object) -> dict[str, object]:
    """Make a system user."""
    user = {
        "id": f"00000000-0000-0000-0000-{number:012}",
        "systemId": SYSTEM,
        "reporteeOrgNo": "312605031",
        "supplierOrgno": ORG,
        "externalRef": f"ref-{number}",
    }
    return {**user, **changes}


@pytest.fixture(scope="module")
def users() -> Iterator[Target]:
    """Run a register with 120 system users of one system, and some that do not count."""
    listed = [make_user(number) for number in range(120)]
    listed.insert(3, make_user(900, systemId=f"{ORG}_y", externalRef="312605031"))
    listed.insert(60, make_user(901, isDeleted=True, externalRef="deleted"))
    names = {"nb": "x", "nn": "x", "en": "x"}
    seeds = [
        {"id": one, "vendor": {"ID": f"0192:{ORG}"}, "name": names, "description": names}
        for one in (SYSTEM, f"{ORG}_y", f"{ORG}_z")
    ]
    with start({"system_users": listed}, seed=seeds) as emulator, visit(emulator.base) as target:
        yield target


def test_pages(users: Target) -> None:
    """E21, §7.1: fifty a page; `links.next` has an unpadded token and the base that was called."""
    seen: list[str] = []
    path = f"{BY_SYSTEM}/{SYSTEM}"
    sizes: list[int] = []
    while True:
        page = users.call("GET", path).json()
        sizes.append(len(page["data"]))
        seen += [one["externalRef"] for one in page["data"]]
        if not page["links"]:
            break
        address = urlsplit(page["links"]["next"])
        assert address.netloc == urlsplit(users.base).netloc
        assert address.path == path.partition("?")[0]
        path = f"{address.path}?token={parse_qs(address.query)['token'][0]}"
    assert sizes == [50, 50, 20]
    assert seen == [f"ref-{number}" for number in range(120)]


def test_no_users(users: Target) -> None:
    """§7: a system without users gives an empty page."""
    assert users.call("GET", f"{BY_SYSTEM}/{ORG}_z").json() == {"links": {}, "data": []}


def test_bad_token(users: Target) -> None:
    """§7 (inferred): a continuation that is none is 400."""
    assert users.call("GET", f"{BY_SYSTEM}/{SYSTEM}?token=!").status_code == 400


def test_other_vendor(users: Target) -> None:
    """§7: another vendor's system looks like none, to an administrator too."""
    others = {"authority": "iso6523-actorid-upis", "ID": f"0192:{OTHER_ORG}"}
    token = users.make_token(scope=ADMIN, consumer=others)
    for path in (f"{BY_SYSTEM}/{SYSTEM}", f"{BY_SYSTEM}/nobody"):
        answer = users.call("GET", path, token=token)
        assert (answer.status_code, answer.json()["code"]) == (404, "AUTH-00011")


def test_no_consumer(users: Target) -> None:
    """§7: without `consumer` it is 401 B-PD."""
    answer = users.call("GET", f"{BY_SYSTEM}/{SYSTEM}", token=users.make_token(consumer=None))
    assert (answer.status_code, answer.json()["title"]) == (401, "Unauthorized")


def test_scopes(users: Target) -> None:
    """§7: the list needs the register's scope, the look-up that of requests."""
    query = f"{BY_QUERY}?system-id={SYSTEM}&orgno=312605031&external-ref=ref-7"
    assert users.call("GET", query).status_code == 403
    token = users.make_token(scope=REQUEST_WRITE)
    assert users.call("GET", f"{BY_SYSTEM}/{SYSTEM}", token=token).status_code == 403
    assert users.call("GET", query, token=token).json()["externalRef"] == "ref-7"


def test_look_up_without_consumer(users: Target) -> None:
    """§7: the look-up too is 401 B-PD without `consumer`."""
    token = users.make_token(scope=REQUEST_WRITE, consumer=None)
    answer = users.call("GET", f"{BY_QUERY}?system-id={SYSTEM}&orgno=312605031", token=token)
    assert (answer.status_code, answer.json()["title"]) == (401, "Unauthorized")


@pytest.mark.parametrize(
    ("query", "status"),
    [
        (f"system-id={ORG}_y&orgno=312605031", 200),
        (f"system-id={SYSTEM}&orgno=312605031", 404),
        (f"system-id={SYSTEM}&orgno=312605031&external-ref=deleted", 404),
        (f"system-id={SYSTEM}", 400),
        ("orgno=312605031", 400),
    ],
)
def test_look_up(users: Target, query: str, status: int) -> None:
    """§7: the reference is the customer's number unless given; deleted users are not found."""
    token = users.make_token(scope=REQUEST_WRITE)
    assert users.call("GET", f"{BY_QUERY}?{query}", token=token).status_code == status
