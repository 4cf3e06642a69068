"""The ids that connect requests with the traces of whoever answers them."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

import httpx

from reconciler.clients.http_client import open_client
from reconciler.clients.register import HttpRegister
from reconciler.clients.trace_context import make_traceparent, read_trace_id
from reconciler.model.environment import Environment
from reconciler.model.secret import Secret
from tests.builders import a_live_document

if TYPE_CHECKING:
    import pytest

FORM = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-01")


class OneToken:
    """Gives one token, and another when that is refused."""

    def token(self) -> Secret:
        """Give it."""
        return Secret("token")

    def renew(self, stale: Secret) -> Secret:
        """Give another."""
        del stale
        return Secret("another")


def test_a_traceparent_has_the_recommended_form() -> None:
    """W25: version, trace id, parent id, flags; no two are alike, and the trace id can be read back."""
    made = {make_traceparent() for _ in range(100)}

    assert len(made) == 100
    assert all(FORM.fullmatch(each) for each in made)
    assert {read_trace_id(each) for each in made} == {each.split("-")[1] for each in made}
    assert read_trace_id("") == read_trace_id("00-xyz-1-01") == ""


def test_every_request_has_an_id_of_its_own(caplog: pytest.LogCaptureFixture) -> None:
    """W25: whatever a client asks, the request carries a `traceparent`, and the log of --debug shows it."""
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["traceparent"])
        return httpx.Response(200)

    with (
        caplog.at_level(logging.DEBUG),
        open_client("https://register.example", transport=httpx.MockTransport(answer)) as client,
    ):
        client.get("/a")
        client.post("/b", json={})

    assert len(set(seen)) == 2
    assert all(FORM.fullmatch(each) for each in seen)
    assert all(each in caplog.text for each in seen)


def test_a_write_keeps_the_id_that_it_was_given() -> None:
    """W25: the id that the journal holds is the one that is sent."""
    seen: list[tuple[str, str]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append((request.method, request.headers["traceparent"]))
        return httpx.Response(200)

    environment = Environment("served", "https://register.example", "https://maskinporten.example/")
    given = [make_traceparent() for _ in range(3)]
    with HttpRegister(
        environment, OneToken(), read_only=False, transport=httpx.MockTransport(answer)
    ) as register:
        register.create_system(a_live_document(), traceparent=given[0])
        register.replace_system("x", a_live_document(), traceparent=given[1])
        register.delete_system("x", traceparent=given[2])

    assert seen == list(zip(("POST", "PUT", "DELETE"), given, strict=True))
