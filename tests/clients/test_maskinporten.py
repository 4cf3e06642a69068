"""Grants, what refuses them, and the tokens they are exchanged for."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.utils import formatdate
from threading import Barrier, Event
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import httpx
import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.clients.credentials import Credentials
from reconciler.clients.grant_refusals import explain_grant_refusal
from reconciler.clients.http_client import TOKEN_BUDGET, Delays, open_client
from reconciler.clients.keys import Key
from reconciler.clients.maskinporten import (
    GrantedTokens,
    Purpose,
    open_tokens,
    sign_grant,
)
from reconciler.clients.token_claims import describe_token, read_claims, read_organisation
from reconciler.errors import (
    ClientRefused,
    ClockRefused,
    CredentialsError,
    DelegationRefused,
    GrantRefused,
    GrantReplayed,
    KeyRefused,
    MaskinportenError,
    MaskinportenUnavailable,
    ScopeRefused,
    SystemUserRefused,
    Unauthorised,
)
from reconciler.model.environment import SCOPE, Delegation, Environment
from reconciler.model.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from reconciler.model.canonical_json import Json

ISSUER = "https://maskinporten.example/"
FAILED = "Invalid assertion. Client authentication failed."


class Clock:
    """A clock that moves when somebody sleeps; stands in for the module `time`."""

    def __init__(self) -> None:
        self.now = time.time()
        self.slept: list[float] = []

    def monotonic(self) -> float:
        """Tell the time."""
        return self.now

    def time(self) -> float:
        """Tell the time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Move on."""
        self.slept.append(seconds)
        self.now += seconds


class Server:
    """Answers with what it is given, the last answer for ever, and remembers the grants."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.answers: list[httpx.Response | type[Exception]] = []
        self.requests: list[httpx.Request] = []
        self.takes = 0.0

    def handle(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        self.requests.append(request)
        self.clock.now += self.takes
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, httpx.Response):
            return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)
        raise answer("it broke")

    @property
    def grants(self) -> list[str]:
        """The grants, as they were sent."""
        return [parse_qs(request.content.decode())["assertion"][0] for request in self.requests]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Let no test wait."""
    made = Clock()
    monkeypatch.setattr("reconciler.clients.http_client.time", made)
    monkeypatch.setattr("reconciler.clients.maskinporten.time", made)
    monkeypatch.setattr("reconciler.clients.grant_refusals.time", made)
    return made


@pytest.fixture
def server(clock: Clock) -> Server:
    """Make a server without answers."""
    return Server(clock)


@pytest.fixture
def key(private_key: RSAPrivateKey) -> Key:
    """Give the client's key."""
    return Key(private_key, "key-1", "RS256")


@pytest.fixture
def tokens(server: Server, key: Key) -> GrantedTokens:
    """Make a source of tokens that asks the server."""
    client = open_client(ISSUER, transport=httpx.MockTransport(server.handle))
    return GrantedTokens(client, ISSUER, "a-client", key)


def give(text: str = "a.b.c", expires_in: Json = 120) -> httpx.Response:
    """Make an answer with a token."""
    return httpx.Response(200, json={"access_token": text, "token_type": "Bearer", "expires_in": expires_in})


def refuse(
    description: str, code: str = "", error: str = "invalid_grant", status: int = 400
) -> httpx.Response:
    """Make a refusal."""
    uri = {"error_uri": f"{ISSUER}errors/{code}"} if code else {}
    return httpx.Response(status, json={"error": error, "error_description": description, **uri})


def test_a_grant_says_what_maskinporten_wants(key: Key, clock: Clock) -> None:
    """Header and claims are exact: kid, alg, aud with its slash, one scope, whole seconds, 120 of them."""
    grant = sign_grant(key, ISSUER, "a-client")

    assert jwt.get_unverified_header(grant) == {"alg": "RS256", "kid": "key-1", "typ": "JWT"}
    claims = jwt.decode(grant, key.private.public_key(), algorithms=["RS256"], audience=ISSUER)
    assert set(claims) == {"aud", "iss", "scope", "iat", "exp", "jti"}
    assert (claims["aud"], claims["iss"], claims["scope"]) == (ISSUER, "a-client", SCOPE)
    assert claims["iat"] == int(clock.now) - 5
    assert claims["exp"] - claims["iat"] == 120
    assert all(type(claims[name]) is int for name in ("iat", "exp"))


@pytest.mark.parametrize("algorithm", ["RS256", "RS384", "RS512"])
def test_a_grant_is_signed_as_the_key_says(private_key: RSAPrivateKey, algorithm: str) -> None:
    """The algorithm is the key's own."""
    grant = sign_grant(Key(private_key, "k", algorithm), ISSUER, "a-client")

    assert jwt.get_unverified_header(grant)["alg"] == algorithm
    jwt.decode(grant, private_key.public_key(), algorithms=[algorithm], audience=ISSUER)


def test_a_token_is_asked_for_as_a_form(server: Server, tokens: GrantedTokens) -> None:
    """One POST to the token address below the issuer, with a form."""
    server.answers = [give()]

    assert tokens.token().reveal() == "a.b.c"
    (request,) = server.requests
    assert (request.method, str(request.url)) == ("POST", f"{ISSUER}token")
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert "Authorization" not in request.headers


REFUSALS = [
    ("MP-011", "Invalid assertion. Invalid parameter value", GrantRefused, "key `key-1`"),
    ("MP-012", "Grant is used before", GrantReplayed, "Run it again"),
    ("MP-100", FAILED, ClientRefused, "a-client"),
    ("MP-100", "Client not found", ClientRefused, "this environment"),
    ("MP-110", f"{FAILED} Invalid JWT claim aud", ClientRefused, "this environment"),
    ("MP-120", f"{FAILED} The JWT is signed with an invalid certificate.", KeyRefused, "`key-1`"),
    ("MP-121", f"{FAILED} Expired key.", KeyRefused, "older than a year"),
    (
        "MP-122",
        "Invalid JWT. Invalid organization number for client. Does not match certificate orgno",
        KeyRefused,
        "`key-1`",
    ),
    ("MP-123", "Invalid JWT header x5c", KeyRefused, "`key-1`"),
    ("MP-123", "Failed to extract certificate from jwt", KeyRefused, "`key-1`"),
    ("MP-124", f"{FAILED} Invalid JWT signature.", KeyRefused, "`key-1`"),
    ("MP-124", "Could not validate JWT Signature", KeyRefused, "`key-1`"),
    ("MP-130", "JWT is expired", ClockRefused, "clock"),
    ("MP-130", "JWT has expired.", ClockRefused, "clock"),
    ("", "Issue time is after now", ClockRefused, "clock"),
    ("", "Issue time is in the future.", ClockRefused, "clock"),
    ("", "JWT has too long lifetime.", GrantRefused, "a-client"),
    (
        "",
        f"{FAILED} Invalid JWT. The client requires pre-registered jwk and no key identifier (kid) provided",
        KeyRefused,
        "`key-1`",
    ),
    ("", f"{FAILED} Unknown key identifier (kid) for client.", KeyRefused, "15 minutes"),
    ("MP-200", f"Token request contains invalid scopes for client, {SCOPE}", ScopeRefused, SCOPE),
    ("MP-201", "Token request contains scopes not allowed for maskinporten", ScopeRefused, SCOPE),
    (
        "MP-201",
        "Token request contains scopes with integration types only allowed for user login",
        ScopeRefused,
        SCOPE,
    ),
    ("MP-250", f"Consumer has not been granted access to the scope {SCOPE}.", ScopeRefused, "Ask Digdir"),
    (
        "MP-251",
        f"Consumer 991825827 has not delegated access to the scope {SCOPE} to supplier 310661414.",
        DelegationRefused,
        "Somebody at organisation",
    ),
    (
        "",
        "The combination consumer_org in claim and delegation scope on client is invalid",
        DelegationRefused,
        "take `consumer_org` out of the configuration",
    ),
    ("MP-303", "Invalid authorization details values", SystemUserRefused, "that lists client a-client"),
    ("", "Something new", GrantRefused, "a-client"),
]


@pytest.mark.parametrize(("code", "description", "kind", "hint"), REFUSALS)
@pytest.mark.parametrize("trace", ["trace_id: 0123abcd", "correlation id: 0123-abcd"])
def test_each_refusal_is_named(code: str, description: str, kind: type, hint: str, trace: str) -> None:
    """By its code, and by its words where there is no code; the way out and the trace are told."""
    body: dict[str, Json] = {"error": "x", "error_description": f"{description} ({trace})"}
    refusals = [explain_grant_refusal(body, "a-client", "key-1", "")]
    if code:
        refusals.append(
            explain_grant_refusal({**body, "error_uri": f"{ISSUER}errors/{code}"}, "a-client", "key-1", "")
        )
        assert refusals[-1].code == code
        assert f"({code})" in refusals[-1].message

    for refusal in refusals:
        assert type(refusal) is kind
        assert hint in refusal.hint
        assert refusal.message.endswith(f": {description.rstrip('.')}.")
        assert refusal.trace == trace.split(": ")[1]
        assert f"trace id {refusal.trace}" in refusal.hint


def test_a_wrong_clock_is_measured(clock: Clock) -> None:
    """The answer's date tells by how much this machine's clock is off."""
    body: dict[str, Json] = {"error": "invalid_grant", "error_description": "Issue time is in the future."}

    ahead = explain_grant_refusal(body, "c", "k", formatdate(clock.now - 90, usegmt=True))
    behind = explain_grant_refusal(body, "c", "k", formatdate(clock.now + 90, usegmt=True))

    assert ahead.hint in {f"Set this machine's clock: it is {n} s ahead of Maskinporten's." for n in (90, 91)}
    assert behind.hint in {f"Set this machine's clock: it is {n} s behind Maskinporten's." for n in (89, 90)}


@given(
    st.dictionaries(
        st.sampled_from(["error", "error_description", "error_uri"]),
        st.none() | st.text() | st.lists(st.text()),
    ),
    st.text(),
)
def test_no_refusal_makes_it_fail(body: dict[str, Json], date: str) -> None:
    """Whatever a refusal holds, it is told."""
    refusal = explain_grant_refusal(body, "{client}", "{kid}", date)

    assert refusal.message.startswith("Maskinporten refused the grant")
    assert "None" not in refusal.message or "None" in json.dumps(body)


def test_a_refusal_is_not_tried_again(server: Server, tokens: GrantedTokens) -> None:
    """A grant that was refused for a reason is refused again, so it is sent once."""
    server.answers = [refuse(f"{FAILED} Invalid JWT signature.", "MP-124")]

    with pytest.raises(KeyRefused):
        tokens.token()
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "failure",
    [
        httpx.Response(429),
        httpx.Response(500, json={"error": "server_error"}),
        httpx.Response(503),
        httpx.Response(502, html="<html>"),
        httpx.Response(404, html="<html>"),
        httpx.Response(200, html="<html>"),
        httpx.Response(200, json={}),
        httpx.Response(403, json={"message": "a gateway's"}),
        httpx.Response(302, headers={"Location": "https://elsewhere.example/"}),
        give(text=""),
        give(text="hunter2\nhunter2"),
        give(expires_in=None),
        give(expires_in="soon"),
        give(expires_in=0),
        give(expires_in=-1),
        httpx.Response(200, content=b'{"access_token": "a.b.c", "expires_in": NaN}'),
        httpx.Response(200, content=b'{"access_token": "a.b.c", "expires_in": 1e999}'),
        httpx.Response(200, json={"access_token": 5, "expires_in": 120}),
        httpx.ConnectError,
        httpx.ConnectTimeout,
        httpx.ReadTimeout,
        httpx.RemoteProtocolError,
    ],
)
def test_what_may_pass_is_tried_again_with_a_new_grant(
    server: Server, tokens: GrantedTokens, failure: httpx.Response | type[Exception]
) -> None:
    """An outage is waited out within the budget, and no grant is ever sent twice."""
    server.answers = [failure, failure, give()]
    assert tokens.token().reveal() == "a.b.c"
    assert len(set(server.grants)) == 3
    identities = [jwt.decode(each, options={"verify_signature": False})["jti"] for each in server.grants]
    assert len(set(identities)) == 3

    server.clock.now += 10_000
    server.answers = [failure]
    started = server.clock.now
    with pytest.raises(MaskinportenUnavailable) as caught:
        tokens.token()
    assert server.clock.now <= started + TOKEN_BUDGET
    assert len(set(server.grants)) == len(server.grants)
    assert type(caught.value) is MaskinportenUnavailable
    assert caught.value.message.startswith(f"Maskinporten at {ISSUER} gave no token: ")
    assert "hunter2" not in caught.value.message
    assert caught.value.hint


def test_a_wait_is_kept(server: Server, tokens: GrantedTokens) -> None:
    """After 429 Maskinporten's own wait is kept; one beyond the budget is not begun."""
    server.answers = [httpx.Response(429, headers={"Retry-After": "3"}), give()]
    tokens.token()
    assert 3 <= sum(server.clock.slept) <= 3.5

    server.clock.now += 10_000
    server.clock.slept.clear()
    server.answers = [httpx.Response(503, headers={"Retry-After": "3600"})]
    with pytest.raises(MaskinportenUnavailable):
        tokens.token()
    assert server.clock.slept == []


def test_a_long_wait_for_a_token_is_explained(server: Server, tokens: GrantedTokens) -> None:
    """While it is asked for again, the reason is said that would end the run."""
    said: list[str] = []
    tokens.delays = Delays(said.append)
    server.answers = [httpx.Response(503)]

    with pytest.raises(MaskinportenUnavailable) as caught:
        tokens.token()

    (line,) = said
    assert line.startswith(f"{caught.value.message} Trying again for at most ")


def test_a_hanging_maskinporten_is_given_up_in_time(server: Server, tokens: GrantedTokens) -> None:
    """Each attempt has what is left of the budget."""
    server.takes = 5.0
    server.answers = [httpx.ReadTimeout]

    with pytest.raises(MaskinportenUnavailable, match="it took too long"):
        tokens.token()

    limits = [request.extensions["seconds"] for request in server.requests]
    assert limits[0] == TOKEN_BUDGET
    assert all(limit <= TOKEN_BUDGET - 5 for limit in limits[1:])


def test_a_replayed_grant_is_signed_anew_once(server: Server, tokens: GrantedTokens) -> None:
    """MP-012 gets one more grant, and no third."""
    replayed = refuse("Grant is used before", "MP-012")
    server.answers = [replayed, give()]
    assert tokens.token().reveal() == "a.b.c"
    assert len(set(server.grants)) == 2

    server.clock.now += 10_000
    server.requests.clear()
    server.answers = [replayed]
    with pytest.raises(GrantReplayed):
        tokens.token()
    assert len(set(server.grants)) == 2


def test_a_late_replay_is_no_other_failure(server: Server, tokens: GrantedTokens) -> None:
    """A replay that is told after the budget is over is still signed again once."""
    server.takes = TOKEN_BUDGET + 1
    server.answers = [refuse("Grant is used before", "MP-012"), give()]

    assert tokens.token().reveal() == "a.b.c"


@pytest.mark.parametrize(("lifetime", "kept"), [(120, 90), (40, 20), (600, 570), ("120", 90)])
def test_a_token_is_kept_until_it_is_stale(
    server: Server, tokens: GrantedTokens, lifetime: Json, kept: float
) -> None:
    """It counts as stale 30 s before its end, or at half its life where that is less."""
    server.answers = [give("first", lifetime), give("second", lifetime)]

    assert tokens.token().reveal() == "first"
    server.clock.now += kept - 1
    assert tokens.token().reveal() == "first"
    server.clock.now += 1
    assert tokens.token().reveal() == "second"
    assert len(server.requests) == 2


def test_the_life_of_a_token_begins_when_it_is_asked_for(server: Server, tokens: GrantedTokens) -> None:
    """The time an answer takes is not added to a token's life."""
    server.takes = 5.0
    server.answers = [give("first"), give("second")]
    tokens.token()
    server.clock.now += 85

    assert tokens.token().reveal() == "second"


def test_a_refused_token_is_renewed(server: Server, tokens: GrantedTokens) -> None:
    """Who comes with a token that somebody else renewed already is given the new one."""
    server.answers = [give("first"), give("second")]
    first = tokens.token()

    assert tokens.renew(first).reveal() == "second"
    assert tokens.renew(first).reveal() == "second"
    assert len(server.requests) == 2


def run_together(number: int, work: Callable[[], object]) -> list[object]:
    """Do the same in several threads at once; an exception is a result too."""
    barrier = Barrier(number)

    def start(_: int) -> object:
        barrier.wait(5)
        try:
            return work()
        except MaskinportenError as error:
            return error

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(start, range(number)))


def test_threads_share_one_request(key: Key) -> None:
    """Eight threads that need a token at once cause one request."""
    requests: list[httpx.Request] = []
    slow = Event()

    def handle(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        slow.wait(0.1)
        return give(f"token-{len(requests)}")

    tokens = GrantedTokens(
        open_client(ISSUER, transport=httpx.MockTransport(handle)), ISSUER, "a-client", key
    )

    assert {str(each.reveal()) for each in run_together(8, tokens.token) if isinstance(each, Secret)} == {
        "token-1"
    }
    assert len(requests) == 1

    stale = tokens.token()
    renewed = run_together(8, lambda: tokens.renew(stale).reveal())
    assert set(renewed) == {"token-2"}
    assert len(requests) == 2


def test_threads_share_one_failure(key: Key) -> None:
    """Eight threads that wait for a token that is refused do not each ask in turn."""
    requests: list[httpx.Request] = []
    slow = Event()

    def handle(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        slow.wait(0.2)
        return refuse(f"{FAILED} Invalid JWT signature.", "MP-124")

    tokens = GrantedTokens(
        open_client(ISSUER, transport=httpx.MockTransport(handle)), ISSUER, "a-client", key
    )

    assert {type(each) for each in run_together(8, tokens.token)} == {KeyRefused}
    assert len(requests) == 1

    with pytest.raises(KeyRefused):
        tokens.token()
    assert len(requests) == 2


def a_token(**claims: Json) -> Secret:
    """Make a token that says something of itself."""
    return Secret(jwt.encode(claims, "k" * 64, algorithm="HS512"))


@dataclass(frozen=True)
class SlowSigner:
    """Signs as a key does, after some seconds."""

    key: Key
    clock: Clock
    kid: str = "key-1"
    algorithm: str = "RS256"

    def sign(self, data: bytes) -> bytes:
        """Sign a text, in the end."""
        self.clock.now += 25.0
        return self.key.sign(data)


def test_a_slow_signer_takes_no_time_from_maskinporten(server: Server, key: Key, clock: Clock) -> None:
    """Each attempt signs anew, and the attempts have their seconds all the same."""
    server.answers = [httpx.Response(503), give()]
    client = open_client(ISSUER, transport=httpx.MockTransport(server.handle))

    assert GrantedTokens(client, ISSUER, "a-client", SlowSigner(key, clock)).token() == Secret("a.b.c")
    limits = [request.extensions["seconds"] for request in server.requests]
    assert len(limits) == 2
    assert all(limit > TOKEN_BUDGET - 1 for limit in limits)


DELEGATION = Delegation("991825827", "312605031")


def a_party(number: str) -> Json:
    """Write an organisation as a token has it."""
    return {"authority": "iso6523-actorid-upis", "ID": f"0192:{number}"}


def test_a_grant_on_behalf_of_a_vendor(key: Key) -> None:
    """The vendor stands in `consumer_org`, nine digits without a prefix, and nothing else is added."""
    own, grant = (
        jwt.decode(each, options={"verify_signature": False})
        for each in (sign_grant(key, ISSUER, "a-client"), sign_grant(key, ISSUER, "a-client", "991825827"))
    )

    assert set(grant) - set(own) == {"consumer_org"}
    assert grant["consumer_org"] == "991825827"


@pytest.mark.parametrize(
    ("claims", "told"),
    [
        ({"consumer": a_party("991825827"), "supplier": a_party("312605031")}, ""),
        (
            {"consumer": a_party("312605031")},
            "The token is organisation 312605031's, and `consumer_org` asks for organisation 991825827's.",
        ),
        ({"consumer": a_party("991825827")}, "organisation 991825827's own, and not one by delegation"),
        (
            {"consumer": a_party("991825827"), "supplier": a_party("991825827")},
            "991825827's own, and not one by",
        ),
        (
            {"consumer": a_party("991825827"), "supplier": a_party("310661414")},
            "The token's supplier is organisation 310661414, and the configuration names 312605031.",
        ),
        ({}, "The token is nobody's that can be read"),
    ],
    ids=["as asked", "own", "no supplier", "itself", "another's", "neither"],
)
@pytest.mark.parametrize("ready", [True, False], ids=["ready", "granted"])
def test_a_delegated_token_is_the_one_that_was_asked_for(
    claims: dict[str, Json], told: str, server: Server, key: Key, *, ready: bool
) -> None:
    """`consumer` and `supplier` are compared, of a granted token and of a ready one."""
    token = a_token(iss=ISSUER, exp=int(time.time()) + 60, **claims)
    server.answers = [give(token.reveal())]
    environment = Environment("served", "https://register.example", ISSUER)
    client = open_client(ISSUER, transport=httpx.MockTransport(server.handle))

    def fetch() -> Secret:
        if not ready:
            return GrantedTokens(client, ISSUER, "a-client", key, DELEGATION).token()
        with open_tokens(environment, Credentials(token=token), DELEGATION) as tokens:
            return tokens.token()

    if not told:
        assert fetch() == token
        return
    with pytest.raises(DelegationRefused) as caught:
        fetch()
    assert told in caught.value.message
    assert caught.value.hint


def test_a_given_token_is_used_as_it_is() -> None:
    """A ready token is not exchanged, and a refusal says whose it is and how long it is dead."""
    token = a_token(
        iss=ISSUER, exp=int(time.time()) - 60, consumer={"authority": "x", "ID": "0192:991825827"}
    )
    environment = Environment("served", "https://register.example", ISSUER)

    with open_tokens(environment, Credentials(token=token)) as tokens:
        assert tokens.token() is token
        with pytest.raises(Unauthorised) as caught:
            tokens.renew(token)

    told = f"issued by {ISSUER} for organisation 991825827, expired 6"
    assert caught.value.message.startswith(f"The register refused the token in RECONCILER_TOKEN: {told}")
    assert "eyJ" not in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("token", "told"),
    [
        (Secret("opaque"), "its content cannot be read"),
        (Secret("a.b.c"), "its content cannot be read"),
        (Secret("æ.ø.å"), "its content cannot be read"),
        (Secret("a.WzVd.c"), "its content cannot be read"),
        (a_token(), "its content cannot be read"),
        (a_token(exp="soon"), "issued by nobody for organisation unknown"),
        (a_token(iss="x", consumer=5), "issued by x for organisation unknown"),
    ],
)
def test_a_strange_token_is_described(token: Secret, told: str) -> None:
    """A token that says little is described with what there is."""
    assert describe_token(token) == told


def test_claims_are_read_unverified() -> None:
    """Only for messages: the organisation is the one that the token speaks for."""
    token = a_token(consumer={"ID": "0192:310661414"})

    assert read_organisation(token) == "310661414"
    assert read_claims(token) == {"consumer": {"ID": "0192:310661414"}}
    assert read_organisation(Secret("opaque")) == ""


def test_an_unusable_key_opens_nothing() -> None:
    """A key is refused before anything is connected."""
    environment = Environment("served", "https://register.example", ISSUER)

    with pytest.raises(CredentialsError), open_tokens(environment, Credentials("c", Secret("{}"), "k")):
        pytest.fail("it opened")


def test_a_grant_of_another_purpose(key: Key, server: Server) -> None:
    """It asks for its own scope and names the system user, and a refusal speaks of that scope."""
    details: Json = [{"type": "urn:altinn:systemuser"}]
    purpose = Purpose("altinn:a altinn:b", details)

    grant = jwt.decode(
        sign_grant(key, ISSUER, "a-client", purpose=purpose), options={"verify_signature": False}
    )
    server.answers = [refuse("Invalid scopes", "MP-200")]
    client = open_client(ISSUER, transport=httpx.MockTransport(server.handle))
    with pytest.raises(ScopeRefused) as caught:
        GrantedTokens(client, ISSUER, "a-client", key, purpose=purpose).token()

    assert (grant["scope"], grant["authorization_details"]) == (purpose.scope, details)
    assert "the scope altinn:a altinn:b to client a-client" in caught.value.hint
