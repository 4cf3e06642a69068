"""What was measured at the running service and is not published: one test a row, over HTTP.

The rules behind them are tested alone, by tables, in `tests/emulator/register/`; the rows E… are those of the
findings that led to them.
"""

from __future__ import annotations

import base64
import json
import socket
import uuid
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.contract.target import (
    ADMIN,
    NAMES,
    ORG,
    PORTAL,
    PREFIX,
    RIGHT,
    VENDOR,
    WRITE,
    Target,
    is_server_error,
    list_codes,
    one,
)

if TYPE_CHECKING:
    import httpx

UPIS = "iso6523-actorid-upis"
JSON = {"Content-Type": "application/json"}
NO_TEXT = "The JSON value could not be converted to System.String."
NOT_FOUND = "System with ID nobody not found."


def list_errors(answer: httpx.Response) -> dict[str, list[str]]:
    """Give the errors of a B-MODEL."""
    assert answer.status_code == 400, answer.text
    errors: dict[str, list[str]] = answer.json()["errors"]
    return errors


def send_raw(target: Target, request: bytes) -> bytes:
    """Send bytes as they are; gives all that comes back until the server hangs up."""
    address = urlsplit(target.base)
    with socket.create_connection((str(address.hostname), address.port or 80), timeout=10) as line:
        line.sendall(request)
        received = b""
        while piece := line.recv(65536):
            received += piece
    return received


@pytest.mark.parametrize(
    ("url", "stored"),
    [
        ("https://a._b.no", "https://a._b.no/"),
        ("https://a.b._c", None),
        ("https://a\u0308.no", "https://a\u0308.no/"),
        ("https://x.no/%C3%A6 ", "https://x.no/æ "),
        ("https://[::1/64]x", "https://[::1]/x"),
        ("https://[1:2:3:4:5:6:1.2.3.4]", "https://[1:2:3:4:5:6:102:304]/"),
        ("https://a\u200eb.no", None),
        ("myapp://a b/", None),
    ],
)
def test_redirect_hosts(creator: Target, url: str, stored: str | None) -> None:
    """E1, E7, E34, E35, E42, §2.4: hosts of every kind, blanks at the end, addresses, other schemes."""
    document = creator.document(creator.make_id(), allowedRedirectUrls=[url])
    answer = creator.post(document)
    if stored is None:
        assert "$.allowedRedirectUrls[0]" in list_errors(answer)
    else:
        assert answer.status_code == 200, answer.text
        assert creator.get(str(document["id"])).json()["allowedRedirectUrls"] == [stored]


@pytest.mark.parametrize(
    ("content_type", "encoding", "status"),
    [
        ("application/json; charset=utf-8", "utf-8", 200),
        ("application/json; charset=utf8", "utf-8", 415),
        ("application/json; charset=UTF-16", "utf-16-le", 200),
        ("application/json; charset=unicode", "utf-16", 200),
        ("application/json; charset=utf-16be", "utf-16-be", 415),
        ("application/json; charset=", "utf-8", 500),
        ("text/x+json", "utf-8", 200),
        ("application/json, x", "utf-8", 200),
        ("text/plain", "utf-8", 415),
    ],
)
def test_content_types(creator: Target, content_type: str, encoding: str, status: int) -> None:
    """E2, E19, §1.8: a media type is read from the front, a charset by .NET's names."""
    body = json.dumps(creator.document(creator.make_id()), ensure_ascii=False).encode(encoding)
    answer = creator.call("POST", VENDOR, content=body, headers={"Content-Type": content_type})
    assert answer.status_code == status


def test_utf_16_that_is_broken(target: Target) -> None:
    """E2, §1.8: an odd number of bytes is an exception."""
    headers = {"Content-Type": "application/json; charset=utf-16"}
    assert is_server_error(target.call("POST", VENDOR, content=b"{\0}", headers=headers))


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("useOldFormatForApp=1", "The value '1' is not valid."),
        ("USEOLDFORMATFORAPP=&useOldFormatForApp=true", "The value 'true' is invalid."),
    ],
)
def test_query_flags(emulated: Target, query: str, text: str) -> None:
    """E3, §1.7: names in any letter case, the first value counts, before any system is looked up."""
    token = emulated.make_token(scope=PORTAL)
    for part in ("rights", "accesspackages"):
        answer = emulated.call("GET", f"{PREFIX}/nobody/{part}?{query}", token=token)
        assert list_errors(answer) == {"useOldFormatForApp": [text]}
    answer = emulated.call("GET", f"{PREFIX}/%20/rights?{query}", token=token)
    assert list(list_errors(answer)) == ["systemId", "useOldFormatForApp"]


def test_vendor_without_id(target: Target) -> None:
    """E4, §0.3: an empty vendor is found by model validation, under two keys."""
    errors = list_errors(target.put("x", target.document("x", vendor={})))
    assert list(errors) == ["SystemVendorOrgNumber", "Vendor.ID"]
    assert errors["Vendor.ID"] == ["The ID field is required."]


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({"exp": None}, 200),
        ({"nbf": 4102444800}, 401),
        ({"nbf": 1}, 200),
        ({"exp": "4102444800"}, 200),
        ({"exp": 4102444800.5}, 200),
        ({"exp": 1}, 401),
    ],
)
def test_times_of_tokens(emulated: Target, claims: dict[str, object], status: int) -> None:
    """E5, §6.1: `exp` and `nbf` count, each only if it is there."""
    assert emulated.call("GET", VENDOR, token=emulated.make_token(**claims)).status_code == status


@pytest.mark.parametrize(
    ("consumer", "text"),
    [
        ("", "Invalid consumer claim: null"),
        ("text", "Invalid consumer claim: invalid JSON"),
        ({"ID": "0192:1"}, "Invalid consumer claim: unexpected authority"),
        ({"authority": UPIS, "ID": "9908:1"}, "Invalid consumer claim: unexpected ISO6523 identifier"),
        ({"authority": UPIS, "ID": "0192"}, "Index was outside the bounds of the array."),
        ({"authority": UPIS}, "Object reference not set to an instance of an object."),
    ],
)
def test_consumer_claims(emulated: Target, consumer: object, text: str) -> None:
    """E6, §6.3: POST says what is wrong with the claim, the list is a generic 500."""
    token = emulated.make_token(consumer=consumer)
    created = emulated.post(emulated.document(emulated.make_id()), token=token)
    assert (created.status_code, created.text) == (500, text)
    assert is_server_error(emulated.call("GET", VENDOR, token=token))


def test_an_empty_organisation(emulated: Target) -> None:
    """E6, §6.3: `0192:` alone is 403 on the list, with the list's own cache headers."""
    answer = emulated.call(
        "GET", VENDOR, token=emulated.make_token(consumer={"authority": UPIS, "ID": "0192:"})
    )
    assert (answer.status_code, answer.headers["cache-control"]) == (403, "no-store,no-cache")


def test_order_of_nulls(creator: Target) -> None:
    """E8, §2.8: a null URL is met where its turn comes, two null client ids are a repeat on PUT."""
    document = creator.create()
    fresh = creator.document(creator.make_id())
    plain, null = "http://x.no", None
    assert list_codes(creator.post({**fresh, "allowedRedirectUrls": [plain, null]})) == ["00005"]
    answer = creator.post({**fresh, "allowedRedirectUrls": [null, plain]})
    assert (answer.status_code, answer.text[:16]) == (500, "Object reference")
    assert list_codes(creator.put(str(document["id"]), {**document, "clientId": [null, null]})) == ["00011"]
    answer = creator.post({**fresh, "clientId": [null]})
    assert answer.text.startswith("Parameter 'new_client_id' must have either its DbType")


def test_json_faults(target: Target) -> None:
    """E9, E18, §2.7: the first fault of the text, type errors among them, with the parameter before deeper keys."""
    answer = target.call("POST", VENDOR, content=b'{\n "id":[1}', headers=JSON)
    assert list_errors(answer) == {
        "registerNewSystem": ["The registerNewSystem field is required."],
        "$.id": [f"{NO_TEXT} Path: $.id | LineNumber: 1 | BytePositionInLine: 7."],
    }


def test_cache_headers(emulated: Target) -> None:
    """E10, §0.4: every B-500 says that it is not cached, and no other failure does."""
    broken = emulated.put("nobody", [], "rights")
    assert [broken.headers[name] for name in ("cache-control", "pragma", "expires")] == [
        "no-cache,no-store",
        "no-cache",
        "-1",
    ]
    for answer in (emulated.get("nobody"), emulated.delete("nobody"), emulated.put("nobody", {})):
        assert {"cache-control", "pragma", "expires"}.isdisjoint(answer.headers)


def test_escapes(creator: Target) -> None:
    """E11, §0.4: escapes by category, in capitals."""
    document = creator.create(name={**NAMES, "nb": "\x0b\u00a0\u2028\ufeff😀<æ"})
    assert r'"nb":"\u000B\u00A0\u2028\uFEFF\uD83D\uDE00<æ"' in creator.get(str(document["id"])).text


@pytest.mark.parametrize(
    ("accept", "media", "body"),
    [
        ("application/json", "application/json", json.dumps(NOT_FOUND)),
        ("text/plain;q=0.5, application/json", "application/json", json.dumps(NOT_FOUND)),
        ("text/json", "text/json", json.dumps(NOT_FOUND)),
        ("application/json, */*", "text/plain", NOT_FOUND),
        ("application/json; charset=utf-8", "text/plain", NOT_FOUND),
        ("application/problem+json", "text/plain", NOT_FOUND),
        ("application/xml", "text/plain", NOT_FOUND),
    ],
)
def test_accept(target: Target, accept: str, media: str, body: str) -> None:
    """E12, §0.4: quality decides, what does not fit is passed over, nothing is 406."""
    answer = target.call("GET", one("nobody", "changelog"), headers={"Accept": accept})
    assert (answer.headers["content-type"], answer.text) == (f"{media}; charset=utf-8", body)


def test_accept_of_documents(creator: Target) -> None:
    """E12, §0.4: documents are `text/json` where that fits first."""
    document = creator.create()
    answer = creator.call("GET", one(str(document["id"])), headers={"Accept": "text/*"})
    assert answer.headers["content-type"] == "text/json; charset=utf-8"


def test_paths(creator: Target) -> None:
    """E13, §1.7: blank ids, dot segments, slashes and escapes that stay as they were sent."""
    document = creator.create()
    system_id = str(document["id"])
    for path in (f"{VENDOR}/%20", f"{VENDOR}/%09/changelog"):
        assert list_errors(creator.call("GET", path)) == {"systemId": ["The systemId field is required."]}
    raw = f"{VENDOR}/x/%2e%2e/{system_id}/changelog/.."
    request = (
        f"GET {raw} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {creator.token}\r\nConnection: close\r\n\r\n"
    )
    if creator.is_emulator:
        assert send_raw(creator, request.encode()).startswith(b"HTTP/1.1 200 ")
    for tail in ("%2fa", "%FF", "%C3%28", "%zz"):
        answer = creator.call("GET", f"{VENDOR}/nobody{tail}/changelog")
        assert answer.text == f"System with ID nobody{tail.replace('%28', '(')} not found."


def test_database_errors(creator: Target) -> None:
    """E14, §2.8: a zero byte is met before 403 and 400, lengths before languages."""
    foreign = creator.document("9_\0 x", vendor={"ID": "0192:9"})
    assert creator.post(foreign).text == '22021: invalid byte sequence for encoding "UTF8": 0x00'
    long = creator.document(f"{creator.org}_{'x' * 256}", name={"nb": "x"}, clientId=[])
    assert creator.post(long).text == "22001: value too long for type character varying(255)"
    action = creator.document(creator.make_id(), rights=[{"action": "\0", **RIGHT}], name={"nb": "\0"})
    assert creator.post(action).text.startswith("22P05: unsupported Unicode escape sequence\n\nDETAIL: ")


def test_client_ids_of_a_put(creator: Target) -> None:
    """E15, §3: 00004 once for each entry that another system's equals, ignoring case."""
    taken = f"T1{uuid.uuid4().hex}".upper()
    creator.create(clientId=[taken])
    document = creator.create()
    path, small = str(document["id"]), taken.lower()
    assert list_codes(creator.put(path, {**document, "clientId": [taken, small]})) == [
        "00011",
        "00004",
        "00004",
    ]
    assert list_codes(creator.put(path, {**document, "clientId": [small, taken]})) == ["00011"]
    assert creator.put(path, {**document, "clientId": [small]}).status_code == 200


def test_old_format(emulated: Target) -> None:
    """E15, §1.2 P3: an app is cut in two, half of one is dropped."""
    pairs = [{"id": "urn:altinn:resource", "value": value} for value in ("app_x_", "app__x", "app_a__b", "y")]
    document = emulated.document(emulated.make_id(), rights=[{"resource": pairs}])
    emulated.control("POST", "systems", document)
    token = emulated.make_token(scope=PORTAL)
    answer = emulated.call("GET", f"{PREFIX}/{document['id']}/rights?useOldFormatForApp=TRUE", token=token)
    assert [pair["value"] for pair in answer.json()[0]["resource"]] == ["a", "_b", "y"]


def test_packages_in_other_letters(creator: Target) -> None:
    """E16, §3, §8.2: null and empty are one URN, capitals pass but in `urn:` itself."""
    document = creator.create()
    path, known = str(document["id"]), "urn:altinn:accesspackage:skattegrunnlag"
    assert list_codes(creator.put(path, [{}, {"urn": ""}], "accesspackages")) == ["00008", "00007"]
    assert list_codes(creator.put(path, [{"urn": known.upper()}], "accesspackages")) == ["00008"]
    listed = [{"urn": known}, {"urn": known.replace("altinn", "ALTINN")}, {"urn": known[3:]}]
    assert creator.put(path, listed, "accesspackages").status_code == 200
    assert creator.get(path).json()["accessPackages"] == listed


@pytest.mark.parametrize(
    ("claim", "shown"),
    [(7.5, "7.5"), (1e21, "1E+21"), (True, "true"), (["a", "b"], "a"), ({"a": 1}, '{"a":1}')],
)
def test_claims_of_other_types(emulated: Target, claim: object, shown: str) -> None:
    """E17, §5, §6.1: claims become text, and of a list the first element counts."""
    document = emulated.document(emulated.make_id())
    token = emulated.make_token(scope=[WRITE, "x"], client_id=claim)
    emulated.post(document, token=token).raise_for_status()
    assert emulated.get(str(document["id"]), "changelog").json()[0]["clientId"] == shown


def test_order_of_errors(target: Target) -> None:
    """E18, §0.3: the keys are a tree, level by level, by length and then by text."""
    rights = [{"resource": [{"value": "x"}]}, {"resource": None}]
    nulls = dict.fromkeys(("id", "name", "clientId", "allowedRedirectUrls"))
    answer = target.put("x", {**target.document("x"), "rights": rights, **nulls})
    assert list(list_errors(answer)) == [
        *("Id", "Name", "ClientId", "AllowedRedirectUrls", "Rights[1].Resource", "Rights[0].Resource[0].Id"),
    ]


def test_two_authorization_lines(emulated: Target) -> None:
    """E19, §6.1: two lines are joined, and no token; an empty one is dropped."""
    line = f"Authorization: Bearer {emulated.token}\r\n"
    for lines, status in ((line + line, b"401"), ("Authorization: \r\n" + line, b"200")):
        request = f"GET {VENDOR} HTTP/1.1\r\nHost: x\r\n{lines}Connection: close\r\n\r\n"
        assert send_raw(emulated, request.encode()).split(b" ")[1] == status


def test_a_resource_with_a_blank(emulated: Target) -> None:
    """E20, §8.1: it is asked for in form encoding, and never found; some ids are other routes."""
    emulated.control("PUT", "resources/with%20blank", {"resourceType": "Default"})
    path = str(emulated.create()["id"])

    def put(value: str) -> httpx.Response:
        right = {"resource": [{"id": "urn:altinn:resource", "value": value}]}
        return emulated.put(path, [right], "rights")

    assert list_codes(put("with blank")) == ["00003"]
    assert put("Orgs").status_code == 200
    assert is_server_error(put("export"))


def encode(value: object) -> str:
    """Encode a part of a token."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize("path", [VENDOR, "/nowhere", one("x", "rights"), "/health"])
@pytest.mark.parametrize(
    "token", ["a.b.c", f"{encode({})}.{encode([])}.x", f"{encode({})}.{encode({'exp': 'x'})}.x"]
)
def test_tokens_that_cannot_be_decoded(emulated: Target, path: str, token: str) -> None:
    """E27, §6.5: 500 without a body, whatever the route."""
    answer = emulated.call("GET", path, token=token)
    assert (answer.status_code, answer.content) == (500, b"")


def test_cookies(emulated: Target) -> None:
    """E28, §6.1: without a Bearer token the cookies are tokens."""
    for cookie in (f".ALTINNTOKEN={emulated.token}", f"a=b; AltinnStudioRuntime={emulated.token}"):
        assert emulated.call("GET", VENDOR, token="", headers={"Cookie": cookie}).status_code == 200
    answer = emulated.call("GET", VENDOR, token="", headers={"Cookie": ".ALTINNTOKEN=x"})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("head", "answer"),
    [
        ("get {0}/nobody HTTP/1.1\r\nHost: x", b"HTTP/1.1 404 "),
        ("GET {0}/%00 HTTP/1.1\r\nHost: x", b"HTTP/1.1 400 "),
        ("GET {0}/æ HTTP/1.1\r\nHost: x", b"HTTP/1.1 400 "),
        ("GET http://x{0} HTTP/1.1\r\nHost: y", b"HTTP/1.1 400 "),
        ("GET {0}", b"HTTP/1.1 400 "),
    ],
)
def test_raw_requests(emulated: Target, head: str, answer: bytes) -> None:
    """E29, §1.7: methods in any letter case; what the server refuses is 400 without a body."""
    request = f"{head.format(VENDOR)}\r\nAuthorization: Bearer {emulated.token}\r\nConnection: close\r\n\r\n"
    received = send_raw(emulated, request.encode())
    assert received.startswith(answer)
    if b" 400 " in answer:
        assert received.lower().count(b"connection: close") == 1
        assert received.endswith(b"\r\n\r\n")


def test_bodies_without_bytes(emulated: Target) -> None:
    """E30, §0.3, §0.4: an empty body in chunks is no JSON; multipart is parsed first; UTF-16 is written on request."""
    head = f"POST {VENDOR} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {emulated.token}\r\nConnection: close\r\n"
    chunks = "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    assert b"does not contain any JSON tokens" in send_raw(emulated, (head + chunks).encode())
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    for method in ("POST", "PUT", "DELETE"):
        path = VENDOR if method == "POST" else one("nobody")
        errors = list_errors(emulated.call(method, path, content=b"{}", headers=form))
        assert errors[""][0].startswith("Failed to read the request form. Unexpected end of Stream")
    answer = emulated.call("GET", one("nobody", "changelog"), headers={"Accept-Charset": "utf-16"})
    assert answer.headers["content-type"] == "text/plain; charset=utf-16"
    assert answer.content.decode("utf-16-le") == NOT_FOUND


def test_byquery(emulated: Target) -> None:
    """E31, §7.1: what is missing or blank is named in order, before the consumer is looked at."""
    token = emulated.make_token(scope="altinn:authentication/systemuser.request.write", consumer=None)
    answer = emulated.call("GET", "/authentication/api/v1/systemuser/vendor/byquery?orgno=%20", token=token)
    assert list(list_errors(answer).items()) == [
        ("orgno", ["The orgno field is required."]),
        ("system-id", ["The systemId field is required."]),
    ]


@pytest.mark.parametrize("member", ["name", "description", "clientId", "isDeleted", "isVisible"])
def test_rows_with_nulls(emulated: Target, member: str) -> None:
    """E32, Q25: such a row cannot be read, and spoils the list; rights and packages can."""
    org = str(uuid.uuid4().int)[:9]
    document = emulated.document(f"{org}_x", vendor={"ID": f"0192:{org}"})
    emulated.control("POST", "systems", {**document, member: None})
    token = emulated.make_token(consumer={"authority": UPIS, "ID": f"0192:{org}"})
    path = one(f"{org}_x")
    sent: list[tuple[str, str, object]] = [
        ("GET", "", None),
        ("GET", "/changelog", None),
        ("PUT", "", document),
        ("PUT", "/rights", []),
        ("PUT", "/accesspackages", []),
        ("DELETE", "", None),
    ]
    for method, tail, body in sent:
        assert is_server_error(emulated.call(method, path + tail, token=token, json=body))
    assert is_server_error(emulated.call("GET", VENDOR, token=token))
    created = emulated.post(document, token=token)
    column = {"clientId": "client_id", "isDeleted": "is_deleted", "isVisible": "is_visible"}.get(
        member, member
    )
    assert (created.status_code, created.text) == (500, f"Column '{column}' is null.")
    portal = emulated.make_token(scope=PORTAL)
    assert is_server_error(emulated.call("GET", f"{PREFIX}/{org}_x", token=portal))
    assert emulated.call("GET", f"{PREFIX}/{org}_x/rights", token=portal).json() == [RIGHT]


def test_lists_that_are_null(emulated: Target) -> None:
    """E32, Q25: NULL in rights, packages and redirect URLs reads well."""
    names = ("rights", "accessPackages", "allowedRedirectUrls")
    document = {**emulated.document(emulated.make_id()), **dict.fromkeys(names)}
    emulated.control("POST", "systems", document)
    answered = emulated.get(str(document["id"])).json()
    assert answered["allowedRedirectUrls"] == []
    assert {"rights", "accessPackages"}.isdisjoint(answered)


def test_200_faults(target: Target) -> None:
    """E34, §0.3: the 200th fault is not added."""
    errors = list_errors(target.put("x", [{"resource": [{}] * 120}], "rights"))
    assert (next(iter(errors.items())), len(errors)) == (("", ["The input was not valid."]), 200)


def test_text_of_unknown_members(creator: Target) -> None:
    """E42, §2.7: half a surrogate pair and bytes that are no UTF-8 do not matter in unknown members."""
    text = json.dumps(creator.document(creator.make_id()))[:-1]
    body = text.encode() + b', "x": "\\ud800", "y": "\xff"}'
    assert creator.call("POST", VENDOR, content=body, headers=JSON).status_code == 200


def test_forms(target: Target) -> None:
    """E42, §1.8: a form body is 415, or 500 where its names cannot be read."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert target.call("PUT", one("x"), content=b"a=b", headers=form).status_code == 415
    assert is_server_error(target.call("PUT", one("x"), content=b"a[=b", headers=form))


def test_an_administrator_without_a_consumer(emulated: Target) -> None:
    """Q23, §6.3: what is valid cannot be logged, and is not written."""
    token = emulated.make_token(scope=ADMIN, consumer=None)
    document = emulated.document(emulated.make_id())
    answer = emulated.post(document, token=token)
    assert (answer.status_code, answer.text) == (500, "Value cannot be null. (Parameter 'value')")
    assert emulated.get(str(document["id"])).status_code == 404
    assert ORG in str(document["id"])


def test_other_routes(target: Target) -> None:
    """E26, §1.7: `/health` answers in any letter case, without a token."""
    for method in ("GET", "POST", "HEAD"):
        answer = target.call(method, "/Health", token="")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain")
        assert answer.text == ("" if method == "HEAD" else "Healthy")
        assert answer.headers["cache-control"] == "no-store, no-cache"
    answer = target.call("GET", "/authentication/api/v1/error", token="")
    assert is_server_error(answer)
    assert "cache-control" not in answer.headers
