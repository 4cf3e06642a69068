"""A private key in every form in which people hold one, and what Maskinporten would refuse."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates
from hypothesis import given
from hypothesis import strategies as st
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from reconciler.clients.keys import Key, read_key
from reconciler.errors import CredentialsError
from reconciler.model.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from reconciler.model.canonical_json import Json

KID = "key-1"


def a_jwk(key: RSAPrivateKey, **changes: Json) -> dict[str, Json]:
    """Make a private JWK with a kid; `...` leaves a member out."""
    jwk = {**RSAAlgorithm.to_jwk(key, as_dict=True), "kid": KID, "alg": "RS256", "use": "sig", **changes}
    return {name: value for name, value in jwk.items() if value is not ...}


def a_pem(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, form: PrivateFormat = PrivateFormat.PKCS8
) -> str:
    """Make a PEM without a password."""
    return key.private_bytes(Encoding.PEM, form, NoEncryption()).decode()


def public_half(jwk: Mapping[str, Json]) -> dict[str, Json]:
    """Leave only the public members of a JWK."""
    return {name: value for name, value in jwk.items() if name in {"kty", "kid", "alg", "use", "n", "e"}}


def encode(text: str | bytes) -> str:
    """Encode as standard base64."""
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


def as_jwk(key: RSAPrivateKey) -> str:
    """Give the key as NAIS does."""
    return json.dumps(a_jwk(key))


def wrap(text: str, end: str = "\n") -> str:
    """Break a text into lines of 64 characters."""
    return end.join(text[at : at + 64] for at in range(0, len(text), 64))


FORMS: dict[str, Callable[[RSAPrivateKey], str]] = {
    "jwk": as_jwk,
    "jwk with white space around": lambda key: f"\n  {json.dumps(a_jwk(key), indent=2)}\n",
    "jwk with a byte order mark": lambda key: f"\ufeff{as_jwk(key)}",
    "jwk with an empty oth": lambda key: json.dumps(a_jwk(key, oth=[])),
    "jwk with a null oth": lambda key: json.dumps(a_jwk(key, oth=None)),
    "jwk with empty key_ops and x5c": lambda key: json.dumps(a_jwk(key, key_ops=[], x5c=[])),
    "jwk with n, e and d only": lambda key: json.dumps(
        a_jwk(key, **dict.fromkeys(["p", "q", "dp", "dq", "qi"], ...))
    ),
    "jwk without alg": lambda key: json.dumps(a_jwk(key, alg=...)),
    "base64 of a jwk": lambda key: encode(as_jwk(key)),
    "base64 of a jwk, url-safe, no padding": lambda key: (
        base64.urlsafe_b64encode(as_jwk(key).encode()).decode().rstrip("=")
    ),
    "base64 of a jwk with line breaks": lambda key: wrap(encode(as_jwk(key)), "\r\n"),
    "base64 of a jwk with literal line breaks": lambda key: wrap(encode(as_jwk(key)), r"\n"),
    "set of one": lambda key: json.dumps({"keys": [a_jwk(key)]}),
    "set with the public half beside it": lambda key: json.dumps(
        {"keys": [public_half(a_jwk(key)), a_jwk(key)]}
    ),
    "list of one": lambda key: json.dumps([a_jwk(key)]),
    "base64 of a list": lambda key: encode(json.dumps([a_jwk(key)])),
    "PKCS#8": a_pem,
    "PKCS#1": lambda key: a_pem(key, PrivateFormat.TraditionalOpenSSL),
    "PEM with literal line breaks": lambda key: a_pem(key).replace("\n", r"\n"),
    "PEM with literal carriage returns": lambda key: a_pem(key).replace("\n", r"\r\n"),
    "PEM with what openssl pkcs12 prints above it": lambda key: f"Bag Attributes\n  name: x\n{a_pem(key)}",
    "base64 of a PEM": lambda key: encode(a_pem(key)),
}


def refuse(text: str, kid: str = KID) -> CredentialsError:
    """Read a key that is refused, and see that the sentence quotes nothing of it."""
    with pytest.raises(CredentialsError) as caught:
        read_key(Secret(text), kid)
    error = caught.value
    told = f"{error.message} {error.hint}"
    pieces = {text[at : at + 12] for at in range(0, max(len(text) - 11, 0), 4)}
    leaked = [piece for piece in pieces if piece in told and not piece.isspace()]
    assert leaked == []
    assert error.__suppress_context__ or error.__context__ is None, "the cause could quote the key"
    assert error.hint
    return error


@pytest.mark.parametrize("form", FORMS)
def test_a_key_is_read_in_every_form(private_key: RSAPrivateKey, form: str) -> None:
    """Whatever the form, it is the same key, under its kid, with RS256."""
    key = read_key(Secret(FORMS[form](private_key)), KID)

    assert key.private.private_numbers() == private_key.private_numbers()
    assert (key.kid, key.algorithm) == (KID, "RS256")


def test_a_jwk_brings_its_kid_and_algorithm(private_key: RSAPrivateKey) -> None:
    """A JWK needs no kid beside it, and is signed with as it says."""
    key = read_key(Secret(json.dumps(a_jwk(private_key, alg="RS512"))))

    assert (key.kid, key.algorithm) == (KID, "RS512")


@pytest.mark.parametrize("of", [list, lambda keys: {"keys": keys}], ids=["list", "set"])
def test_a_kid_chooses_from_several(private_key: RSAPrivateKey, of: Callable[[list[Json]], Json]) -> None:
    """Of several private keys the kid names one; without it there is no choice."""
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    text = json.dumps(of([a_jwk(other, kid="old"), a_jwk(private_key)]))

    assert read_key(Secret(text), KID).private.private_numbers() == private_key.private_numbers()
    assert "2 private keys" in refuse(text, "").message
    missing = refuse(text, "new")
    assert "`new`" in missing.message


def test_a_key_never_shows_itself(private_key: RSAPrivateKey) -> None:
    """What a key prints as holds its kid and algorithm only."""
    assert repr(Key(private_key, KID, "RS256")) == "Key(kid='key-1', algorithm='RS256')"


def test_an_ec_key_is_refused() -> None:
    """Maskinporten takes RSA only, and the sentence says so before anything is sent."""
    key = ec.generate_private_key(ec.SECP256R1())

    for text in (json.dumps({**ECAlgorithm.to_jwk(key, as_dict=True), "kid": KID}), a_pem(key)):
        assert "RSA only" in refuse(text).message


def test_a_short_key_is_refused() -> None:
    """1024 bits are too few, in either form."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - short on purpose

    for text in (as_jwk(key), a_pem(key)):
        assert refuse(text).message == "The key has 1024 bits."


def test_a_public_half_is_refused(private_key: RSAPrivateKey) -> None:
    """A public key is told apart from a broken one."""
    public = private_key.public_key()
    pems = [
        public.public_bytes(Encoding.PEM, form).decode()
        for form in (PublicFormat.SubjectPublicKeyInfo, PublicFormat.PKCS1)
    ]
    jwk = public_half(a_jwk(private_key))

    for text in (json.dumps(jwk), json.dumps([jwk]), json.dumps({"keys": [jwk, jwk]}), *pems):
        assert refuse(text).message == "The key is the public half only."


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_an_encrypted_key_is_refused(private_key: RSAPrivateKey, form: PrivateFormat) -> None:
    """A key with a password is told as such, with the command that decrypts it."""
    text = private_key.private_bytes(Encoding.PEM, form, BestAvailableEncryption(b"x")).decode()

    error = refuse(text)

    assert error.message == "The key is encrypted."
    assert "openssl pkey" in error.hint


def test_binary_containers_are_refused(private_key: RSAPrivateKey) -> None:
    """The base64 of a PKCS#12 or DER file says which command converts it."""
    der = private_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    p12 = serialize_key_and_certificates(b"x", private_key, None, None, BestAvailableEncryption(b"x"))

    for content in (der, p12):
        error = refuse(encode(content))
        assert "PKCS#12 or DER" in error.message
        assert "openssl pkcs12" in error.hint


def test_a_key_without_an_id_is_refused(private_key: RSAPrivateKey) -> None:
    """Maskinporten finds a key by its kid, so one has to be given."""
    for text in (a_pem(private_key), json.dumps(a_jwk(private_key, kid=...))):
        assert "MASKINPORTEN_KID" in refuse(text, "").hint


def test_two_kids_that_disagree_are_refused(private_key: RSAPrivateKey) -> None:
    """A kid beside a JWK that bears another is half of another credential."""
    error = refuse(as_jwk(private_key), "another")

    assert error.message == f"MASKINPORTEN_KID says `another`, and the key itself `{KID}`."


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hunter2hunter2hunter2",
        "garbage",
        "ikke en nøkkel, men en hemmelighet",
        "{not json, but a secret text}",
        '{"keys": 5}',
        '{"keys": {"d": "secret-secret-secret"}}',
        "[]",
        "[[]]",
        '["secret-secret-secret"]',
        '{"kty": "RSA"}',
        '{"kty": ["secret-secret-secret"]}',
        '{"kty": "RSA", "d": "secret-secret-secret"}',
        '{"kty": "RSA", "d": 5, "n": 6, "e": 7}',
        '{"kty": "RSA", "d": null, "n": null, "e": null}',
        "[" * 100_000,
        "-----BEGIN PRIVATE KEY-----\nsecret-secret-secret\n-----END PRIVATE KEY-----",
        "-----BEGIN CERTIFICATE-----\nc2VjcmV0LXNlY3JldA==\n-----END CERTIFICATE-----",
        "-----BEGIN",
        encode("secret-secret-secret"),
        encode("{secret-secret-secret"),
        "\udcff-secret-secret-secret",
        "-----BEGIN PRIVATE KEY-----\n\udcff-secret-secret",
    ],
)
def test_garbage_is_refused(text: str) -> None:
    """Nonsense of any sort is a sentence, never another exception."""
    refuse(text)


WRONG_NUMBERS: tuple[Json, ...] = ("", "AQAB", "æ", 5, None, [], {}, "A" * 400)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (name, value)
        for name in ("n", "e", "d", "p", "q", "dp", "dq", "qi")
        for value in WRONG_NUMBERS
        if (name, value) != ("e", "AQAB")  # the exponent of every key that is made today
    ],
)
def test_a_jwk_with_a_wrong_number_is_refused(private_key: RSAPrivateKey, name: str, value: Json) -> None:
    """T: numbers that do not fit each other are no key; every case looks at one."""
    refuse(json.dumps(a_jwk(private_key, **{name: value})))


@given(st.text() | st.from_regex(r"[\[{].*|-----BEGIN.*|[A-Za-z0-9+/]{8,}=*"))
def test_no_text_makes_reading_a_key_fail_otherwise(text: str) -> None:
    """Whatever a variable holds, it is a key or it is refused with a sentence."""
    with pytest.raises(CredentialsError):
        read_key(Secret(text), KID)
