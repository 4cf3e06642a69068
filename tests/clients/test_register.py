"""The register's client against answers made up here: what it sends, how often, and what it calls the rest."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import httpx
import jwt
import pytest

from reconciler.clients.altinn_api import BUDGET
from reconciler.clients.http_client import TOKEN_BUDGET
from reconciler.clients.register import PREFIX, HttpRegister, ListedSystem
from reconciler.errors import (
    Forbidden,
    MaskinportenUnavailable,
    NoAnswer,
    NotConnected,
    RegisterError,
    Rejected,
    ServerFailed,
    TokenRenewed,
    TooManyRequests,
    Unauthorised,
    Unintelligible,
    WriteRefused,
)
from reconciler.model.environment import Environment
from reconciler.model.secret import Secret
from tests.builders import VENDOR, a_live_document

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.model.canonical_json import Json

SYSTEM = f"{VENDOR}_smartcloud"
HTML = httpx.Response(502, html="<html><body>Bad gateway</body></html>")


class Clock:
    """A clock that moves when somebody sleeps; stands in for the module `time`."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        """Tell the time."""
        return self.now

    def time(self) -> float:
        """Tell the time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Move on."""
        self.now += seconds


class Tokens:
    """Gives numbered tokens."""

    def __init__(self) -> None:
        self.number = 1

    def token(self) -> Secret:
        """Give the current one."""
        return Secret(f"token-{self.number}")

    def renew(self, stale: Secret) -> Secret:
        """Give the next one."""
        assert stale == self.token()
        self.number += 1
        return self.token()


class Server:
    """Answers with what it is given, the last answer for ever, and remembers the requests."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.answers: list[httpx.Response | Exception | type[Exception]] = []
        self.requests: list[httpx.Request] = []
        self.takes = 0.0

    def handle(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        self.requests.append(request)
        self.clock.now += self.takes
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, httpx.Response):
            return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)
        raise answer("it broke") if isinstance(answer, type) else answer

    @property
    def paths(self) -> list[str]:
        """The targets as they went over the wire."""
        return [request.url.raw_path.decode() for request in self.requests]

    @property
    def bearers(self) -> list[str]:
        """The tokens that were sent."""
        return [request.headers.get("Authorization", "") for request in self.requests]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Let no test wait."""
    made = Clock()
    monkeypatch.setattr("reconciler.clients.http_client.time", made)
    return made


@pytest.fixture
def server(clock: Clock) -> Server:
    """Make a server without answers."""
    return Server(clock)


def connect(
    server: Server,
    *answers: httpx.Response | Exception | type[Exception],
    read_only: bool = False,
    tokens: Tokens | None = None,
    notify: Callable[[str], None] = print,
) -> HttpRegister:
    """Make a client of a server that gives these answers."""
    server.answers = list(answers)
    environment = Environment("served", "https://register.example", "https://maskinporten.example/")
    transport = httpx.MockTransport(server.handle)
    return HttpRegister(
        environment, tokens or Tokens(), read_only=read_only, transport=transport, notify=notify
    )


def answer(status: int, body: Json = None, **headers: str) -> httpx.Response:
    """Make an answer; a header's name has `_` for `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    content = b"" if body is None else json.dumps(body).encode()
    return httpx.Response(status, content=content, headers=named)


OK = answer(200, a_live_document())
WRITES: dict[str, Callable[[HttpRegister], None]] = {
    "POST": lambda register: register.create_system(a_live_document()),
    "PUT": lambda register: register.replace_system(SYSTEM, a_live_document()),
    "DELETE": lambda register: register.delete_system(SYSTEM),
}
READS: dict[str, Callable[[HttpRegister], object]] = {
    "list": lambda register: register.list_systems(),
    "system": lambda register: register.read_system(SYSTEM),
    "changes": lambda register: register.read_changes(SYSTEM),
    "users": lambda register: register.count_system_users(SYSTEM),
    "resource": lambda register: register.read_resource("a"),
    "package": lambda register: register.read_package("urn:a"),
}


def test_a_list_is_read(server: Server) -> None:
    """Of the list the id and the vendor are of use."""
    body = [{"systemId": SYSTEM, "systemVendorOrgNumber": VENDOR, "rights": []}]

    assert connect(server, answer(200, body)).list_systems() == (ListedSystem(SYSTEM, VENDOR),)
    assert server.paths == [PREFIX]
    assert server.bearers == ["Bearer token-1"]


def test_metadata_is_read_without_a_token(server: Server) -> None:
    """The metadata APIs are open, and get no token."""
    register = connect(server, answer(200, {"identifier": "a"}))

    assert register.read_resource("a/b") == {"identifier": "a"}
    assert register.read_package("urn:altinn:accesspackage:x") == {"identifier": "a"}
    assert server.bearers == ["", ""]
    assert server.paths == [
        "/resourceregistry/api/v1/resource/a%2Fb",
        "/accessmanagement/api/v1/meta/info/accesspackages/package/urn/urn%3Aaltinn%3Aaccesspackage%3Ax",
    ]


@pytest.mark.parametrize(
    ("system", "segment"),
    [
        ("a/b", "a%2Fb"),
        ("æ", "%C3%A6"),
        ("..", "%2E%2E"),
        (".", "%2E"),
        ("../x", "..%2Fx"),
        ("?", "%3F"),
        ("a b#c%2F", "a%20b%23c%252F"),
        ("a\r\nb", "a%0D%0Ab"),
    ],
)
def test_an_id_stays_one_segment(server: Server, system: str, segment: str) -> None:
    """Whatever an id holds, no request goes to another path than its own."""
    register = connect(server, answer(404))

    assert register.read_system(system) is None
    assert register.read_changes(system) == ()
    with pytest.raises(Rejected):
        register.delete_system(system)
    assert server.paths == [
        f"{PREFIX}/{segment}",
        f"{PREFIX}/{segment}/changelog",
        f"{PREFIX}/{segment}",
    ]


def test_an_unknown_one_is_none(server: Server) -> None:
    """404 is an answer to a reading of one thing."""
    register = connect(server, answer(404, {"title": "Not Found"}))

    assert register.read_system(SYSTEM) is None
    assert register.read_resource("a") is None
    assert register.read_package("a") is None
    assert register.read_changes(SYSTEM) == ()
    assert len(server.requests) == 4


@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize(
    ("failure", "named"),
    [
        (answer(500, {"title": "An error occurred"}), ServerFailed),
        (answer(503), ServerFailed),
        (HTML, ServerFailed),
        (answer(429), TooManyRequests),
        (httpx.Response(200, content=b'{"cut": '), NoAnswer),
        (httpx.Response(200, html="<html>"), NoAnswer),
        (httpx.ConnectError, NotConnected),
        (httpx.ReadTimeout, NoAnswer),
        (httpx.RemoteProtocolError, NoAnswer),
    ],
)
def test_a_read_is_tried_again_within_the_budget(
    server: Server, read: str, failure: httpx.Response | type[Exception], named: type[RegisterError]
) -> None:
    """What may be better at the next attempt is tried again, and ends in time."""
    register = connect(server, failure)

    with pytest.raises(named) as caught:
        READS[read](register)

    assert type(caught.value) is named
    assert caught.value.hint
    assert 3 <= len(server.requests) <= 40
    assert server.clock.now <= 1000 + BUDGET


def test_a_read_succeeds_after_failures(server: Server) -> None:
    """One success is enough."""
    register = connect(server, HTML, httpx.ReadError, answer(503), OK)

    assert register.read_system(SYSTEM) is not None
    assert len(server.requests) == 4


def test_a_long_wait_is_explained(server: Server) -> None:
    """A register that is down is asked again for ten seconds, and a line says so, and why."""
    said: list[str] = []
    register = connect(server, httpx.ConnectError, notify=said.append)

    with pytest.raises(NotConnected) as caught:
        register.read_system(SYSTEM)

    (line,) = said
    assert line.startswith(f"{caught.value.message} Trying again for at most ")


def test_a_read_waits_as_long_as_asked(server: Server) -> None:
    """After 429 the register's own wait is kept; one beyond the budget is not begun."""
    register = connect(server, answer(429, Retry_After="3"), OK)
    assert register.read_system(SYSTEM) is not None
    assert 1003 <= server.clock.now <= 1003.5

    started = server.clock.now
    with pytest.raises(TooManyRequests) as caught:
        connect(server, answer(429, Retry_After="3600")).read_system(SYSTEM)
    assert caught.value.wait == 3600
    assert server.clock.now == started


def test_a_token_that_takes_long_leaves_time_to_use_it(server: Server) -> None:
    """Maskinporten's eight seconds count; what a command that signs takes beyond them does not."""

    class Slow(Tokens):
        def token(self) -> Secret:
            server.clock.now += 25.0
            return super().token()

    register = connect(server, answer(200, a_live_document()), tokens=Slow())
    register.read_system(SYSTEM)

    assert server.requests[0].extensions["seconds"] == pytest.approx(BUDGET - TOKEN_BUDGET)


def test_a_hanging_register_is_given_up_in_time(server: Server) -> None:
    """Each attempt at a read has what is left of the budget; a write has the time that writes need."""
    register = connect(server, answer(503))
    server.takes = 5.0
    with pytest.raises(ServerFailed):
        register.read_system(SYSTEM)
    with pytest.raises(ServerFailed):
        register.create_system(a_live_document())

    limits = [request.extensions["seconds"] for request in server.requests]
    assert limits[0] == BUDGET
    assert limits[1] <= BUDGET - 5
    assert limits[-1] == 60 + 2 * 30  # for its right and its package
    assert server.clock.now < 1000 + BUDGET + 10


@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize("body", [5, "text", [5], {"data": [5]}, {"data": {}}, None])
def test_a_success_of_another_shape_is_unintelligible(server: Server, read: str, body: Json) -> None:
    """A success that is not what the contract says is a sentence, and no other exception."""
    content = b"null" if body is None else json.dumps(body).encode()
    register = connect(server, httpx.Response(200, content=content))

    may_be = {
        "changes": (list, type(None)),
        "resource": (dict, type(None)),
        "package": (dict, type(None)),
        "system": (type(None),),
    }
    if isinstance(body, may_be.get(read, ())):
        READS[read](register)
    else:
        with pytest.raises(Unintelligible):
            READS[read](register)
    assert len(server.requests) == 1


def test_a_list_of_nowhere_is_told(server: Server) -> None:
    """Where even the list is unknown, there is no register."""
    with pytest.raises(Unintelligible, match=r"no System Register at https://register\.example"):
        connect(server, answer(404)).list_systems()


def test_another_systems_document_is_refused(server: Server) -> None:
    """An answer about another system is not taken for this one's."""
    with pytest.raises(Unintelligible):
        connect(server, OK).read_system("991825827_other")


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize(
    ("failure", "named"),
    [
        (answer(500, {"title": "x"}), ServerFailed),
        (HTML, ServerFailed),
        (answer(503, Retry_After="0"), ServerFailed),
        (answer(504), ServerFailed),
        (answer(400, {"title": "Bad Request"}), Rejected),
        (answer(404, "System not found"), Rejected),
        (answer(409, "The System already exist"), Rejected),
        (answer(415), Rejected),
        (answer(302, Location="https://elsewhere.example/"), Rejected),
        (answer(307, Location="https://elsewhere.example/"), Rejected),
        (answer(403), Forbidden),
        (httpx.ReadTimeout, NoAnswer),
        (httpx.WriteTimeout, NoAnswer),
        (httpx.ReadError, NoAnswer),
        (httpx.WriteError, NoAnswer),
        (httpx.CloseError, NoAnswer),
        (httpx.RemoteProtocolError, NoAnswer),
        (httpx.LocalProtocolError, NoAnswer),
        (httpx.DecodingError, NoAnswer),
    ],
)
def test_a_write_that_may_have_been_done_is_sent_once(
    server: Server, write: str, failure: httpx.Response | type[Exception], named: type[RegisterError]
) -> None:
    """After any answer or loss that leaves open what happened, nothing is sent again."""
    register = connect(server, failure)

    with pytest.raises(named) as caught:
        WRITES[write](register)

    assert type(caught.value) is named
    assert len(server.requests) == 1


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize(
    "failure",
    [
        httpx.ConnectError,
        httpx.ConnectTimeout,
        httpx.PoolTimeout,
        httpx.ProxyError,
    ],
)
def test_a_write_that_cannot_have_been_done_is_sent_again(
    server: Server, write: str, failure: type[Exception]
) -> None:
    """Without a connection the same write is sent again within the budget."""
    WRITES[write](connect(server, failure, answer(200)))
    assert [request.method for request in server.requests] == [write, write]
    assert server.requests[0].content == server.requests[1].content

    with pytest.raises(NotConnected):
        WRITES[write](connect(server, failure))
    assert server.clock.now <= 1000 + 2 * BUDGET


@pytest.mark.parametrize("write", WRITES)
def test_a_write_is_not_sent_again_after_429(server: Server, write: str) -> None:
    """W19: it may have been committed all the same, so the caller looks before anything is sent again."""
    with pytest.raises(TooManyRequests) as caught:
        WRITES[write](connect(server, answer(429, Retry_After="2"), OK))

    assert (len(server.requests), caught.value.wait) == (1, 2.0)


@pytest.mark.parametrize("write", WRITES)
def test_a_refused_token_is_renewed_for_the_next_write(server: Server, write: str) -> None:
    """W19: the write itself is not sent again; who sends it again after a look has another token."""
    register = connect(server, answer(401), answer(200))

    with pytest.raises(TokenRenewed) as caught:
        WRITES[write](register)
    assert len(server.requests) == 1
    assert "register.example refused the token" in caught.value.message
    assert "token-" not in caught.value.message

    WRITES[write](register)
    assert server.bearers == ["Bearer token-1", "Bearer token-2"]


def test_a_refused_token_ends_a_read_too(server: Server) -> None:
    """A second 401 is not tried again."""
    with pytest.raises(Unauthorised):
        connect(server, answer(401)).list_systems()

    assert server.bearers == ["Bearer token-1", "Bearer token-2"]


def test_without_a_token_nothing_is_sent(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Maskinporten's failure is raised as it is, and the register hears nothing."""

    def fail(_: Tokens) -> Secret:
        raise MaskinportenUnavailable("no token")

    monkeypatch.setattr(Tokens, "token", fail)
    for use in (*WRITES.values(), READS["list"]):
        with pytest.raises(MaskinportenUnavailable):
            use(connect(server, OK))

    assert server.requests == []


@pytest.mark.parametrize("write", WRITES)
def test_a_reading_client_writes_nothing(server: Server, write: str) -> None:
    """A verb that only reads cannot write, whatever it calls."""
    with pytest.raises(WriteRefused):
        WRITES[write](connect(server, answer(200), read_only=True))

    assert server.requests == []


SYSTEMS = "/authentication/api/v1/systemregister/vendor"
CUSTOMERS = "/authentication/api/v1/systemuser"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize(
    "path",
    [
        f"{CUSTOMERS}/request/vendor",
        f"{CUSTOMERS}/request/vendor/agent",
        f"{CUSTOMERS}/request/vendor/{VENDOR}",
        f"{CUSTOMERS}/changerequest/vendor?correlation-id=1&system-user-id=2",
        f"{CUSTOMERS}/changerequest/vendor/{VENDOR}",
        f"{SYSTEMS}x",
        f"{SYSTEMS}/../../systemuser/request/vendor",
    ],
)
def test_nothing_that_writes_systems_can_write_to_a_customer(server: Server, method: str, path: str) -> None:
    """What apply sends with reaches the systems alone, on the transport itself."""
    register = connect(server, answer(200))
    request = httpx.Request(method, f"https://register.example{path}")

    with pytest.raises(WriteRefused):
        register._client._transport.handle_request(request)

    assert server.requests == []


def test_a_redirect_is_told_and_not_followed(server: Server) -> None:
    """A token goes to no other address than the environment's."""
    with pytest.raises(Rejected) as caught:
        connect(server, answer(301, Location="https://elsewhere.example/")).list_systems()

    assert "301" in caught.value.message
    assert caught.value.hint
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("claims", "refused"),
    [
        ({"consumer": {"ID": "0192:310661414"}}, True),
        (
            {"consumer": {"ID": "0192:310661414"}, "scope": "altinn:authentication/systemregister.admin"},
            False,
        ),
        ({"consumer": {"ID": f"0192:{VENDOR}"}}, False),
        ({}, False),
    ],
)
def test_an_unknown_system_of_another_vendor_is_refused(
    server: Server, monkeypatch: pytest.MonkeyPatch, claims: Json, *, refused: bool
) -> None:
    """What is not there and could not be made with this token is no system to plan for."""
    monkeypatch.setattr(Tokens, "token", lambda _: Secret(jwt.encode(claims, "k" * 64, algorithm="HS512")))
    register = connect(server, answer(404))

    if refused:
        with pytest.raises(Forbidden, match="310661414") as caught:
            register.read_system(SYSTEM)
        assert VENDOR in caught.value.message
    else:
        assert register.read_system(SYSTEM) is None
    assert register.read_system("no-number") is None


@pytest.mark.parametrize("write", WRITES)
def test_a_foreign_system_is_told_by_both_organisations(
    server: Server, monkeypatch: pytest.MonkeyPatch, write: str
) -> None:
    """403 on another vendor's system names both; else the scope may be what lacks."""
    monkeypatch.setattr("reconciler.clients.refusals.read_organisation", lambda _: "310661414")
    with pytest.raises(Forbidden) as caught:
        WRITES[write](connect(server, answer(403)))
    assert "310661414" in caught.value.message
    assert VENDOR in caught.value.message

    monkeypatch.setattr("reconciler.clients.refusals.read_organisation", lambda _: VENDOR)
    with pytest.raises(Forbidden, match=r"altinn:authentication/systemregister\.write"):
        WRITES[write](connect(server, answer(403)))


def test_a_refusal_tells_codes_and_what_they_can_mean(server: Server) -> None:
    """The codes, the trace and the unknown members come through; some have a hint of their own."""
    errors = [{"code": "AUTH.VLD-00003", "title": "Not found.", "ResourceIds Not Found : ": "x"}]
    body = {"code": "STD-00000", "traceId": "00-1", "validationErrors": errors}
    with pytest.raises(Rejected) as caught:
        connect(server, answer(400, body)).create_system(a_live_document())

    error = caught.value
    assert error.message == (
        "The register answered 400: AUTH.VLD-00003 Not found – ResourceIds Not Found: x."
    )
    assert (error.status, error.codes, error.trace) == (400, ("AUTH.VLD-00003",), "00-1")
    assert "look-up may have failed" in error.hint


@pytest.mark.parametrize("content", [b'"The System already exist: a"', b"The System already exist: a"])
def test_a_text_is_told_quoted_or_raw(server: Server, content: bytes) -> None:
    """A bare text is an answer too, as JSON or as it is."""
    with pytest.raises(Rejected) as caught:
        connect(server, httpx.Response(409, content=content)).create_system(a_live_document())

    assert caught.value.message == "The register answered 409: The System already exist: a."


def test_a_failed_server_is_told_with_its_trace(server: Server) -> None:
    """Support asks for the trace id, so a person is given it; a gateway's page is not repeated."""
    with pytest.raises(ServerFailed) as caught:
        connect(server, answer(500, {"title": "x", "traceId": "00-1"})).create_system(a_live_document())
    assert "00-1" in caught.value.hint

    with pytest.raises(ServerFailed) as caught:
        connect(server, HTML).create_system(a_live_document())
    assert caught.value.message == "The register answered 502."


def test_a_500_without_a_body_makes_the_token_a_suspect(server: Server) -> None:
    """R4: the register answers so to a token that it cannot decode, and to an issuer whose keys it cannot fetch."""
    with pytest.raises(ServerFailed) as caught:
        connect(server, answer(500)).create_system(a_live_document())
    assert "damaged token" in caught.value.hint
    assert "an issuer whose keys it cannot fetch" in caught.value.hint

    with pytest.raises(ServerFailed) as caught:
        connect(server, answer(500)).read_resource("a")
    assert "token" not in caught.value.hint


def test_system_users_are_counted_page_by_page(server: Server) -> None:
    """Only the token of the next link is used, and deleted ones do not count."""
    inside = "http://10.0.0.1:5110/internal?token="
    first = {"data": [{"id": 1}, {"id": 2, "isDeleted": True}], "links": {"next": f"{inside}a%2Bb%3D"}}
    last = {"data": [{"id": 3, "isDeleted": False}], "links": {}}

    assert connect(server, answer(200, first), answer(200, last)).count_system_users("a/b") == {"standard": 2}
    path = "/authentication/api/v1/systemuser/vendor/bysystem/a%2Fb"
    assert server.paths == [path, f"{path}?token=a%2Bb%3D"]
    assert {request.url.host for request in server.requests} == {"register.example"}


def test_a_system_user_that_moves_between_pages_is_one(server: Server) -> None:
    """P12: rows are told apart by their id and counted by type; the last that is said of one holds."""
    first = {
        "data": [{"id": "a", "userType": "standard"}, {"id": "b", "userType": "Agent"}, {"id": "c"}, {}],
        "links": {"next": "https://x.example/?token=2"},
    }
    last = {
        "data": [{"id": "b", "userType": "agent"}, {"id": "a"}, {"id": "c", "isDeleted": True}, {}],
        "links": {},
    }

    assert connect(server, answer(200, first), answer(200, last)).count_system_users(SYSTEM) == {
        "standard": 3,
        "agent": 1,
    }


@pytest.mark.parametrize(
    ("links", "pages"),
    [
        ({"next": "https://x.example/"}, 1),
        ({"next": "http://[broken?token=x"}, 1),
        ({"next": 5}, 1),
        ({"next": None}, 1),
        ([], 1),
        (None, 1),
    ],
)
def test_counting_ends(server: Server, links: Json, pages: int) -> None:
    """A missing or broken next link ends the count."""
    connect(server, answer(200, {"data": [], "links": links})).count_system_users(SYSTEM)

    assert len(server.requests) == pages


def test_pages_that_go_round_are_no_count(server: Server) -> None:
    """A page that comes again would be counted for the rest, so the number is not known."""
    page = answer(200, {"data": [], "links": {"next": "https://x.example/?token=same"}})

    with pytest.raises(Unintelligible, match="loop: a token came twice"):
        connect(server, page).count_system_users(SYSTEM)
