"""What a document weighs as it is sent, what is refused for it, and how long a write of it may take."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import httpx
import pytest

from reconciler.clients.register import HttpRegister
from reconciler.errors import NoAnswer, WriteRefused
from reconciler.model.document_size import LARGEST, count_look_ups, encode, find_excess, find_seconds
from reconciler.model.environment import Environment
from reconciler.model.secret import Secret
from reconciler.planning.change import Blocked, Update
from reconciler.planning.plan import Target, plan_changes
from tests.builders import VENDOR, a_live_document, a_registered_system, a_resolved

if TYPE_CHECKING:
    from reconciler.model.canonical_json import Json

SYSTEM = f"{VENDOR}_smartcloud"
RIGHT = {"resource": [{"id": "urn:altinn:resource", "value": "a"}, {"id": "urn:altinn:org", "value": "b"}]}
PACKAGE = {"urn": "urn:altinn:accesspackage:jordbruk"}


class Tokens:
    """Gives one token."""

    def token(self) -> Secret:
        """Give it."""
        return Secret("token")

    def renew(self, stale: Secret) -> Secret:
        """Give it again."""
        return stale


def connect(
    sent: list[httpx.Request], told: list[str], failure: type[Exception] | None = None
) -> HttpRegister:
    """Connect to a register that takes everything, or fails."""

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        if failure:
            raise failure("")
        return httpx.Response(200)

    environment = Environment("served", "https://register.example", "https://maskinporten.example/")
    return HttpRegister(
        environment, Tokens(), read_only=False, notify=told.append, transport=httpx.MockTransport(answer)
    )


def grow(size: int) -> dict[str, Json]:
    """Make a document of so many bytes as they are sent."""
    document = a_live_document(description={"nb": "", "nn": "x", "en": "x"})
    document["description"]["nb"] = "æ" * ((size - len(encode(document))) // 2)
    document["description"]["nb"] += "x" * (size - len(encode(document)))
    return document


def test_what_is_measured_is_what_is_sent() -> None:
    """W24: letters are sent as they are, in UTF-8, without blanks."""
    sent: list[httpx.Request] = []
    with connect(sent, []) as register:
        register.create_system({"id": "x", "name": {"nb": "Ærlig – 🎉"}})

    assert sent[0].content == '{"id":"x","name":{"nb":"Ærlig – 🎉"}}'.encode()
    assert sent[0].headers["Content-Type"] == "application/json"
    assert sent[0].headers["Content-Length"] == str(len(sent[0].content))


def test_a_document_that_is_too_large_is_not_sent() -> None:
    """W24: the largest document is sent; one byte more is refused, with its size and what makes it."""
    sent: list[httpx.Request] = []
    with connect(sent, []) as register:
        register.replace_system("x", grow(LARGEST))
        assert [len(each.content) for each in sent] == [LARGEST]
        with pytest.raises(WriteRefused) as caught:
            register.replace_system("x", grow(LARGEST + 1))

    assert len(sent) == 1
    assert "30,000,001 bytes" in caught.value.message
    assert "`description` makes" in caught.value.message


def test_what_makes_it_is_named() -> None:
    """W24: the largest member, with its number of entries where it is a list."""
    urls = [f"https://vg.no/{number:080}" for number in range(400_000)]

    told = find_excess(a_live_document(allowedRedirectUrls=urls))

    assert told.startswith("its document has 38.8 MB of JSON, and the register takes 30,000,000 bytes: ")
    assert told.endswith("`allowedRedirectUrls` with its 400,000 entries makes 38.8 MB of it")
    assert find_excess(None) == find_excess({}) == ""


def test_a_document_that_is_too_large_is_blocked_in_the_plan() -> None:
    """W24: a file has 1 MiB at most, but what this tool does not know goes back with it and a reviewer sees it."""
    asked = a_resolved(id=SYSTEM, isVisible=False)
    target = Target("served", "https://register.example", VENDOR)
    held = a_registered_system(id=SYSTEM, isVisible=True)
    grown = a_registered_system(id=SYSTEM, isVisible=True, branding="x" * LARGEST)

    (made,) = plan_changes(target, [asked], {SYSTEM: held}, []).changes
    plan = plan_changes(target, [asked], {SYSTEM: grown}, [])

    assert isinstance(made, Update)
    (blocked,) = plan.changes
    assert isinstance(blocked, Blocked)
    assert "`branding` makes 30,000,002 bytes of it" in blocked.reason
    assert blocked.fields == made.fields
    assert plan.steps == ()


@pytest.mark.parametrize(
    ("rights", "packages", "look_ups"),
    [([], [], 0), ([RIGHT], [], 2), ([RIGHT] * 3, [PACKAGE] * 4, 10), (None, None, 0)],
)
def test_a_write_has_time_for_every_look_up(rights: Json, packages: Json, look_ups: int) -> None:
    """W23: each pair and each package is asked for in turn, up to 30 s each, besides the minute of any write."""
    document = {"id": "x", "rights": rights, "accessPackages": packages}
    sent: list[httpx.Request] = []
    with connect(sent, []) as register:
        register.create_system(document)
        register.replace_system("x", document)
        register.delete_system("x")

    assert count_look_ups(document) == look_ups
    assert [each.extensions["seconds"] for each in sent] == [60 + 30 * look_ups] * 2 + [60]
    assert find_seconds(json.loads(encode(document))) == 60 + 30 * look_ups


def test_a_write_that_can_take_long_is_announced() -> None:
    """W23: before it is sent, with the number of look-ups and the time; a short one is not mentioned."""
    told: list[str] = []
    with connect([], told) as register:
        register.replace_system("x", {"id": "x", "rights": [RIGHT] * 3})
        assert told == []
        register.replace_system("x", {"id": "x", "rights": [RIGHT] * 10})

    assert told == [
        "`x`: the register looks up its 20 rights and access packages one by one, which can take up to 11 minutes."
    ]


@pytest.mark.parametrize(
    ("failure", "overdue"), [(httpx.ReadTimeout, True), (httpx.WriteTimeout, True), (httpx.ReadError, False)]
)
def test_a_write_that_passes_its_time_says_so(failure: type[Exception], *, overdue: bool) -> None:
    """W23: the register may be at it still, so what reads it afterwards must not take it for failed."""
    with connect([], [], failure) as register, pytest.raises(NoAnswer) as caught:
        register.delete_system("x")

    assert caught.value.overdue is overdue
