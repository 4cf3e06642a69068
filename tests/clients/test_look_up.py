"""What the metadata APIs answer, asked over HTTP: each name once, and an outage told apart from "not found"."""

from __future__ import annotations

import json
from collections import Counter
from threading import Barrier, Lock
from typing import TYPE_CHECKING
from urllib.parse import unquote

import httpx
import pytest

from reconciler.clients.metadata import MOST_FAILURES, WithoutToken, look_up
from reconciler.clients.register import PACKAGES, RESOURCE, HttpRegister
from reconciler.errors import CredentialsError, WriteRefused
from reconciler.model.catalogue import PACKAGE_PREFIX, Asked, Doubt
from reconciler.model.environment import Environment
from reconciler.model.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reconciler.model.canonical_json import Json
    from reconciler.model.catalogue import Catalogue

NOT_FOUND = httpx.Response(404, json={"title": "Not Found", "status": 404})
KRAV, SKATT = Asked("resource", "ske-krav"), Asked("package", f"{PACKAGE_PREFIX}skattegrunnlag")
OUTAGES: Mapping[str, httpx.Response | type[httpx.HTTPError]] = {
    "500": httpx.Response(500),
    "503": httpx.Response(503, text="<html>Service unavailable</html>"),
    "429": httpx.Response(429),
    "401": httpx.Response(401),
    "403 of a gateway": httpx.Response(403, text="<html>Blocked</html>"),
    "a redirect to a login": httpx.Response(302, headers={"Location": "https://login.example"}),
    "a proxy's 404": httpx.Response(404, text="<html>No such host</html>"),
    "a gateway's 404": httpx.Response(404, json={"statusCode": 404, "message": "Resource not found"}),
    "an empty 404": httpx.Response(404),
    "a proxy's 200": httpx.Response(200, text="<html>Sign in</html>"),
    "no body": httpx.Response(204),
    "null": httpx.Response(200, json=None),
    "a list": httpx.Response(200, json=[]),
    "another object": httpx.Response(200, json={"status": "ok"}),
    "a time-out": httpx.ReadTimeout,
    "no connection": httpx.ConnectError,
}


class Api:
    """Both APIs: answers by the path's last part, and counts the paths."""

    def __init__(self, **answers: httpx.Response | type[httpx.HTTPError]) -> None:
        self.answers = answers
        self.counts: Counter[str] = Counter()
        self.headers: list[httpx.Headers] = []
        self.lock = Lock()

    def handle(self, request: httpx.Request) -> httpx.Response:
        """Answer one request; what has no answer of its own exists."""
        path = unquote(request.url.raw_path.decode())
        with self.lock:
            self.counts[path] += 1
            self.headers.append(request.headers)
        answer = self._find(path)
        if isinstance(answer, httpx.Response):
            return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)
        raise answer("it broke")

    def _find(self, path: str) -> httpx.Response | type[httpx.HTTPError]:
        name = path.rpartition("/")[2].partition("?")[0]
        default: Json = {"identifier": name, "urn": name, "isDelegable": True, "isAssignable": True}
        return self.answers.get(name, self.answers.get("everything", httpx.Response(200, json=default)))

    def look_up(self, *asked: Asked, workers: int = 2) -> Catalogue:
        """Ask for names."""
        environment = Environment("tt02", "https://register.example", "https://maskinporten.example/")
        transport = httpx.MockTransport(self.handle)
        with HttpRegister(
            environment, WithoutToken(), read_only=True, workers=workers, transport=transport
        ) as register:
            return look_up(asked, register, "in tt02")


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try nothing a second time."""
    monkeypatch.setattr("reconciler.clients.altinn_api.BUDGET", 0.0)


def judge(catalogue: Catalogue, asked: Asked, *, visible: bool = True) -> list[Doubt]:
    """List the doubts about one name."""
    return list(catalogue.judge(asked, visible=visible))


def test_each_name_is_asked_for_once_and_without_a_token() -> None:
    """However often it is named; what cannot exist is not asked for at all."""
    api = Api()
    words = ("search", "ORGS", "a b", "a/b", "", "..", "urn:altinn:resource:x")
    impossible = [*(Asked("resource", word) for word in words), Asked("package", "skattegrunnlag")]

    catalogue = api.look_up(KRAV, SKATT, KRAV, SKATT, *impossible)

    assert api.counts == {f"{RESOURCE}/{KRAV.name}": 1, f"{PACKAGES}/package/urn/{SKATT.name}": 1}
    assert not any("authorization" in each for each in api.headers)
    assert [doubt for each in (KRAV, SKATT, *impossible) for doubt in judge(catalogue, each)] == []
    assert catalogue.unanswered == {}


def test_names_are_asked_for_in_parallel() -> None:
    """Two requests that wait for each other are both answered."""
    barrier = Barrier(2)
    api = Api()
    answer = api.handle

    def handle(request: httpx.Request) -> httpx.Response:
        barrier.wait(5)
        return answer(request)

    api.handle = handle  # type: ignore[method-assign]  # it answers as before, and waits first

    assert api.look_up(KRAV, SKATT).unanswered == {}


@pytest.mark.parametrize("asked", [KRAV, SKATT])
@pytest.mark.parametrize("outage", OUTAGES)
def test_an_outage_is_not_the_same_as_not_found(outage: str, asked: Asked) -> None:
    """What gives no usable answer raises no doubt, and is not silent either."""
    catalogue = Api(**{asked.name: OUTAGES[outage]}).look_up(asked)

    assert judge(catalogue, asked) == []
    assert list(catalogue.unanswered) == [asked]
    assert catalogue.unanswered[asked].endswith(".")
    assert "The register" not in catalogue.unanswered[asked].replace("The register's answer", "")


@pytest.mark.parametrize("asked", [KRAV, SKATT])
def test_not_found_is_a_doubt_with_the_nearest_names(asked: Asked) -> None:
    """The environment's own lists are asked, once each, for what is like it."""
    near = ["ske-krav-2", "ske-kravene", "another"]
    packages = [{"urn": f"{PACKAGE_PREFIX}{each}"} for each in ("skattegrunnlaget", "jordbruk")]
    api = Api(
        **{asked.name: NOT_FOUND},
        resourcelist=httpx.Response(200, json=[{"identifier": each, "version": "x"} for each in near]),
        export=httpx.Response(200, json=[{"areas": [{"packages": packages}, {"packages": []}]}]),
    )

    catalogue = api.look_up(asked)

    assert [each.kind for each in judge(catalogue, asked)] == ["unknown"]
    assert catalogue.unanswered == {}
    what, names = (
        ("resource", ("ske-krav-2", "ske-kravene"))
        if asked is KRAV
        else ("access package", (f"{PACKAGE_PREFIX}skattegrunnlaget",))
    )
    assert judge(catalogue, asked)[0].says == f"is not {'an' if what[0] == 'a' else 'a'} {what} in tt02"
    assert catalogue.suggest(asked) == names
    assert sum(api.counts.values()) == 2


def test_apps_are_listed_only_where_one_is_unknown() -> None:
    """The list of the apps is another API's, and may fail with it."""
    app = Asked("resource", "app_ttd_x")
    listed = f"{RESOURCE}/resourcelist?includeApps="
    empty = httpx.Response(200, json=[])

    api = Api(**{app.name: NOT_FOUND, "resourcelist": empty})
    api.look_up(app)
    assert api.counts[f"{listed}true"] == 1

    api = Api(**{KRAV.name: NOT_FOUND, "resourcelist": empty})
    api.look_up(KRAV)
    assert api.counts[f"{listed}false"] == 1


@pytest.mark.parametrize("outage", ["500", "a list", "another object", "no connection"])
def test_without_a_list_there_are_no_nearest_names(outage: str) -> None:
    """The doubt stands all the same."""
    broken = OUTAGES[outage]
    catalogue = Api(
        **{KRAV.name: NOT_FOUND, SKATT.name: NOT_FOUND, "resourcelist": broken, "export": broken}
    ).look_up(KRAV, SKATT)

    assert [judge(catalogue, each)[0].kind for each in (KRAV, SKATT)] == ["unknown", "unknown"]
    assert [catalogue.suggest(each) for each in (KRAV, SKATT)] == [(), ()]


def test_an_outage_of_one_api_is_found_out_soon() -> None:
    """After a few failures nothing more is asked of it, since each takes seconds; the other goes on."""
    names = [Asked("resource", f"r{number}") for number in range(50)]
    api = Api(**{each.name: httpx.Response(503) for each in names})

    catalogue = api.look_up(*names, SKATT)

    assert set(catalogue.unanswered) == set(names)
    assert len([path for path in api.counts if path.startswith(RESOURCE)]) <= MOST_FAILURES + 1
    assert catalogue.find_package(SKATT.name) is not None


@pytest.mark.parametrize(
    ("asked", "answer", "doubts"),
    [
        (KRAV, {"identifier": "ske-krav"}, []),
        (KRAV, {"identifier": "SKE-KRAV"}, []),
        (KRAV, {"identifier": "skatt-krav"}, [("renamed", "skatt-krav")]),
        (KRAV, {"identifier": "ske-krav", "resourceType": "Consent"}, [("not-delegable", "")]),
        (SKATT, {"urn": SKATT.name.upper(), "isDelegable": False, "isAssignable": True}, []),
        (SKATT, {"urn": "urn:x", "isDelegable": True, "isAssignable": True}, [("renamed", "urn:x")]),
        (SKATT, {"isDelegable": True, "isAssignable": False}, [("visible", "")]),
        (SKATT, {"isDelegable": False, "isAssignable": False}, [("not-delegable", ""), ("visible", "")]),
    ],
)
def test_what_is_found_is_judged(asked: Asked, answer: Json, doubts: list[tuple[str, str]]) -> None:
    """By its name, its type or its flags; letter case alone is no other name."""
    catalogue = Api(**{asked.name: httpx.Response(200, content=json.dumps(answer).encode())}).look_up(asked)

    assert [(each.kind, each.name) for each in judge(catalogue, asked)] == doubts


@pytest.mark.parametrize(
    "ask",
    [
        lambda register: register.list_systems(),
        lambda register: register.read_system("x"),
        lambda register: register.administers,
    ],
)
def test_without_a_token_nothing_else_is_asked(ask: Callable[[HttpRegister], object]) -> None:
    """A client for metadata reaches the register with nothing."""
    api = Api()
    environment = Environment("tt02", "https://register.example", "https://maskinporten.example/")
    transport = httpx.MockTransport(api.handle)
    with HttpRegister(environment, WithoutToken(), read_only=True, transport=transport) as register:
        with pytest.raises(CredentialsError):
            ask(register)
        with pytest.raises((CredentialsError, WriteRefused)):
            register.delete_system("x")
    with pytest.raises(CredentialsError):
        WithoutToken().renew(Secret("x"))

    assert api.counts == {}
