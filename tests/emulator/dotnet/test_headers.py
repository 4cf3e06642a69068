"""Media types, negotiation, forms and tokens in headers, each by its table (contract §0.4, §1.8, §6.1, §6.5)."""

from __future__ import annotations

import base64
import json

import pytest

from reconciler.emulator.dotnet import forms, negotiation, token_decoding
from reconciler.emulator.dotnet.failures import ServiceFailure
from reconciler.emulator.dotnet.model_errors import ModelError
from reconciler.emulator.dotnet.negotiation import FOR_TEXTS, FOR_VALUES
from reconciler.emulator.dotnet.request_bodies import RequestBody, UnsupportedMediaType
from reconciler.emulator.register import body_binding
from reconciler.emulator.register.bearer import find_token

JSON, PLAIN, TEXT_JSON = "application/json", "text/plain", "text/json"
FAILED = "Failed to read the request form. "
END = f"{FAILED}Unexpected end of Stream, the content may have already been read by another component. "
PART = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nv\r\n--x--\r\n'


@pytest.mark.parametrize(
    ("accept", "text", "value"),
    [
        ([], PLAIN, JSON),
        ([""], PLAIN, JSON),
        (["garbage"], PLAIN, JSON),
        (["application/json"], JSON, JSON),
        (["APPLICATION/JSON"], JSON, JSON),
        (["text/json"], TEXT_JSON, TEXT_JSON),
        (["text/*"], PLAIN, TEXT_JSON),
        (["application/*"], JSON, JSON),
        (["*/json"], JSON, JSON),
        (["application/json, */*;q=0.1"], PLAIN, JSON),
        (["text/plain;q=0.5, application/json"], JSON, JSON),
        (["application/json;q=.5, text/plain"], PLAIN, JSON),
        (["application/json;q=0"], JSON, JSON),
        (["application/json;q=x"], PLAIN, JSON),
        (["application/json;q=1e1"], PLAIN, JSON),
        (["application/json;q="], PLAIN, JSON),
        (["application/json;"], PLAIN, JSON),
        (["application/json; charset=utf-8"], PLAIN, JSON),
        (["application/json;q=1;v=1"], JSON, JSON),
        (["application/problem+json"], PLAIN, JSON),
        (["application/*+json"], PLAIN, JSON),
        (["text/plain application/json"], JSON, JSON),
        (["text/html", "application/json"], JSON, JSON),
        (["text/json;q=.5, text/plain;q=.5, application/json"], JSON, JSON),
        (["a/a;q=.5, text/json;q=.5, b/b"], TEXT_JSON, TEXT_JSON),
        (["text/json;q=.5, text/plain;q=.5, b/b"], PLAIN, TEXT_JSON),
    ],
)
def test_accept(accept: list[str], text: str, value: str) -> None:
    """E12, §0.4: the first range that fits decides, by falling quality; nothing is ever 406."""
    assert negotiation.choose_type(accept, FOR_TEXTS) == text
    assert negotiation.choose_type(accept, FOR_VALUES) == value


@pytest.mark.parametrize(
    ("lines", "encoding"),
    [
        ([], "utf-8"),
        (["utf-16"], "utf-16"),
        (["UTF-16"], "utf-16"),
        (["utf-8;q=0.1, utf-16"], "utf-16"),
        (["utf-16;q=0.1, *"], "utf-8"),
        (["utf-16le, unicode, utf8"], "utf-8"),
        (["latin1", "utf-16"], "utf-16"),
    ],
)
def test_accept_charset(lines: list[str], encoding: str) -> None:
    """E30, §0.4: UTF-16 is written where it is asked for by that name."""
    assert negotiation.choose_encoding(lines) == encoding


def bind(content_type: str, data: bytes = b"[]", *, is_there: bool = True) -> object:
    """Bind a body of V6."""
    return body_binding.bind_packages(RequestBody(content_type, data, is_there=is_there), {})


@pytest.mark.parametrize(
    "content_type",
    [
        JSON,
        "APPLICATION/JSON",
        "  application/json  ",
        "text/x+json",
        "application/+json",
        "application/*+json",
        "application / json",
        "application/json x",
        "application/json/x",
        "application/json, text/plain",
        "application/json;",
        "application/json; charset",
        "application/json; x; charset=nothing",
        "application/json; charset=;x=y",
        'application/json; charset="utf-8"',
        "application/json; charset=X-Unicode-2-0-UTF-8",
    ],
)
def test_media_types_that_are_json(content_type: str) -> None:
    """E2, E19, §1.8: a media type is read from the front, as far as it goes."""
    assert bind(content_type) == []


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "json",
        PLAIN,
        "*/*",
        "application/*",
        "image/x+json",
        "application/json+x",
        "application/jsonp",
        "application/x-www-form-urlencoded",
        "application/json; charset=utf8",
        "application/json; charset=utf-16be",
        'application/json; charset=""',
        'application/json; charset=" utf-8"',
    ],
)
def test_media_types_that_are_none(content_type: str) -> None:
    """E2, E19, §1.8: everything else is 415, also an encoding by another name."""
    with pytest.raises(UnsupportedMediaType):
        bind(content_type)


@pytest.mark.parametrize("content_type", ["application/json; charset=", "application/json;x= "])
def test_a_header_that_ends_too_soon(content_type: str) -> None:
    """E2, §1.8: a header that ends behind `name=` is an exception, where there is a body."""
    with pytest.raises(ServiceFailure):
        bind(content_type)
    with pytest.raises(ModelError):
        bind(content_type, b"", is_there=False)


@pytest.mark.parametrize("charset", ["utf-16", "UTF-16LE", "unicode", "ucs-2", "iso-10646-ucs-2"])
def test_utf_16(charset: str) -> None:
    """E2, §1.8: UTF-16 is little endian, a mark is dropped, an odd byte and a lone surrogate are exceptions."""
    content_type = f"application/json; charset={charset}"
    assert bind(content_type, "[ ]".encode("utf-16-le")) == []
    assert bind(content_type, "\ufeff[]".encode("utf-16-le")) == []
    for broken in (b"[\0]", '["\ud800"]'.encode("utf-16-le", "surrogatepass")):
        with pytest.raises(ServiceFailure):
            bind(content_type, broken)


def test_bodies_without_bytes() -> None:
    """E30, §0.3: a body of no bytes is missing where it has no chunks, and no JSON where it has."""
    with pytest.raises(ModelError) as missing:
        bind(JSON, b"", is_there=False)
    with pytest.raises(ModelError) as empty:
        bind(JSON, b"")

    assert list(missing.value.errors) == ["", "accessPackages"]
    assert missing.value.errors[""] == ["A non-empty request body is required."]
    assert empty.value.errors["$"][0].startswith("The input does not contain any JSON tokens.")


@pytest.mark.parametrize(
    ("content_type", "body", "text"),
    [
        ("multipart/form-data; boundary=x", b"{}", END),
        ("MULTIPART/Form-Data; boundary=x", b"--x", END),
        ("multipart/form-data", b"{}", f"{FAILED}Missing content-type boundary."),
        (
            f"multipart/form-data; boundary={'x' * 129}",
            b"{}",
            f"{FAILED}Multipart boundary length limit 128 exceeded.",
        ),
        (
            "application/x-www-form-urlencoded",
            b"&".join([b"a=b"] * 1025),
            f"{FAILED}Form value count limit 1024 exceeded.",
        ),
        (
            "application/x-www-form-urlencoded",
            b"a" * (2048 + 4 * 1024 * 1024 + 1),
            f"{FAILED}Form key length limit 2048 or value length limit 4194304 exceeded.",
        ),
    ],
)
def test_forms_that_do_not_parse(content_type: str, body: bytes, text: str) -> None:
    """E42, §1.8: a form that does not parse is 400 under the empty key."""
    with pytest.raises(ModelError) as raised:
        forms.check(content_type, body)
    assert raised.value.errors == {"": [text]}


def test_forms_that_parse() -> None:
    """E42, §1.8: a form that parses is passed over, and so is what is no form."""
    forms.check("multipart/form-data; boundary=x", PART)
    forms.check('multipart/form-data; boundary="x"', b"preamble" + PART)
    forms.check("application/x-www-form-urlencoded", b'{"a":[1]}&b=%zz')
    forms.check("application/json", b"{")


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/x-www-form-urlencoded", b"a[b=1"),
        ("application/x-www-form-urlencoded;charset=utf-7", b"a=1"),
    ],
)
def test_forms_that_break_the_service(content_type: str, body: bytes) -> None:
    """E42, §1.8: a bracket that is not closed in a name, and UTF-7, are exceptions."""
    with pytest.raises(ServiceFailure):
        forms.check(content_type, body)


@pytest.mark.parametrize(
    ("authorization", "cookies", "token"),
    [
        ([], [], ""),
        (["Bearer T"], [], "T"),
        (["bEARER  T\t "], [], "T"),
        (["Bearer\tT"], [], ""),
        (["", "Bearer T"], [], "T"),
        (["Bearer T", "Bearer T"], [], "T,Bearer T"),
        (["Bearer"], [".ALTINNTOKEN=C"], "C"),
        (["Basic x"], ["a=b; AltinnStudioRuntime=C"], "C"),
        (["Bearer T"], [".ALTINNTOKEN=C"], "T"),
        ([], [".altinntoken=; altinnstudioruntime=C"], "C"),
        ([], [".AltinnToken=A; AltinnStudioRuntime=C"], "A"),
        ([], ["AltinnStudioRuntime=chunks-2; AltinnStudioRuntimeC1=a; AltinnStudioRuntimeC2=b"], "ab"),
    ],
)
def test_where_tokens_are_found(authorization: list[str], cookies: list[str], token: str) -> None:
    """E19, E28, §6.1: the header, then two cookies, one of which may come in chunks."""
    assert find_token(authorization, cookies) == token


def encode(text: str) -> str:
    """Encode a part of a token."""
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "text", ["", "a", "a.b", "a.b.c.d", "..", "a..c", "a+b.c.d", "a.b=.c", "a.b.c.d.", "a.b.c.d.e.f"]
)
def test_what_does_not_look_like_a_token(text: str) -> None:
    """E27, §6.5: text of another form is no token, which is 401."""
    assert not token_decoding.is_readable(text)


@pytest.mark.parametrize(
    "payload", ["", "not json", "{}{}", "null", "5", "[]", '{"a":NaN}', '{"a":1', "\ud7ff{}"]
)
def test_payloads_that_cannot_be_decoded(payload: str) -> None:
    """E27, §6.5: three parts of which one is no JSON object are 500."""
    for text in (f"{encode('{}')}.{encode(payload) or 'a'}.", f"{encode(payload) or 'a'}.{encode('{}')}.x"):
        assert token_decoding.is_readable(text)
        with pytest.raises(token_decoding.Undecodable):
            token_decoding.decode(text)


WRONG_TYPES: dict[str, list[object]] = {
    "iss": [1, True, [], {}],
    **{key: [None, True, [], {}, "x", 2**63] for key in ("exp", "nbf", "iat")},
    "aud": [1, {}, ["x", 1]],
    "sub": [[], {}],
    "jti": [[], {}, 1, False],
}
RIGHT_TYPES: dict[str, list[object]] = {
    **{key: [None] for key in ("iss", "jti", "scope")},
    "aud": [None, ["x", "y"]],
    "sub": [None, 5],
    "exp": ["9999999999", " 1789000000", "1e10", 1.5, 99999999999999],
    **{key: [None, {}, [[]]] for key in ("client_id", "consumer")},
}


@pytest.mark.parametrize(
    ("claims", "is_fine"),
    [
        *(({name: value}, False) for name, values in WRONG_TYPES.items() for value in values),
        *(({name: value}, True) for name, values in RIGHT_TYPES.items() for value in values),
    ],
)
def test_types_of_claims(claims: dict[str, object], is_fine: bool) -> None:  # noqa: FBT001 - a column of the table
    """E27, §6.5: the claims that the token library reads itself have to have their types."""
    text = f"{encode('{}')}.{encode(json.dumps(claims))}.AAAA"
    if is_fine:
        decoded = token_decoding.decode(text)
        assert decoded is not None
        assert decoded.claims == claims
    else:
        with pytest.raises(token_decoding.Undecodable):
            token_decoding.decode(text)


def test_five_parts() -> None:
    """E27, §6.5: of five parts the first must be an object; such a token cannot be verified."""
    assert token_decoding.decode(f"{encode('{}')}..b.c.d") is None
    with pytest.raises(token_decoding.Undecodable):
        token_decoding.decode("a.b.c.d.e")
