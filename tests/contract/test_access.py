"""§6: tokens, scopes and ownership; the difference between 401 and 403."""

from __future__ import annotations

import base64
import json
import time
from typing import TYPE_CHECKING

import pytest

from tests.contract.target import (
    ADMIN,
    OTHER_ORG,
    PORTAL,
    PREFIX,
    VENDOR,
    WRITE,
    is_server_error,
    one,
)

if TYPE_CHECKING:
    from tests.contract.target import Target

UPIS = "iso6523-actorid-upis"
OTHERS = {"authority": UPIS, "ID": f"0192:{OTHER_ORG}"}


def read_list(target: Target, token: str) -> tuple[int, bytes]:
    """Read the vendor's list with a token: status and body."""
    answer = target.call("GET", VENDOR, token=token)
    assert "www-authenticate" not in answer.headers
    return answer.status_code, answer.content


class Test401:
    """§6.4: what is 401 with no body and no challenge."""

    def test_no_token(self, target: Target) -> None:
        """No token at all."""
        assert read_list(target, "") == (401, b"")

    @pytest.mark.parametrize("token", ["x", "a.b.c", "e30.e30.", "..", "Ω"])
    def test_unreadable(self, target: Target, token: str) -> None:
        """A text that is not a token."""
        answer = target.call("GET", VENDOR, token="", headers={"Authorization": f"Bearer {token.encode()!r}"})
        assert (answer.status_code, answer.content) == (401, b"")

    def test_other_scheme(self, target: Target) -> None:
        """Another scheme than Bearer."""
        answer = target.call("GET", VENDOR, token="", headers={"Authorization": "Basic eDp5"})
        assert answer.status_code == 401

    def test_expired(self, emulated: Target) -> None:
        """An expired token, more than ten seconds ago."""
        now = int(time.time())
        assert read_list(emulated, emulated.make_token(exp=now - 12)) == (401, b"")
        assert read_list(emulated, emulated.make_token(exp=now - 5))[0] == 200

    def test_no_expiry(self, emulated: Target) -> None:
        """E5: `exp` counts only if it is present."""
        assert read_list(emulated, emulated.make_token(exp=None))[0] == 200

    def test_bad_signature(self, target: Target) -> None:
        """A token with a changed signature."""
        head, _, signature = target.token.rpartition(".")
        touched = ("A" if signature[0] != "A" else "B") + signature[1:]
        assert read_list(target, f"{head}.{touched}") == (401, b"")

    @pytest.mark.parametrize("algorithm", ["none", "HS256"])
    def test_other_algorithms(self, emulated: Target, algorithm: str) -> None:
        """A token with another algorithm than RSA's."""
        header, claims, signature = emulated.token.split(".")
        read = json.loads(base64.urlsafe_b64decode(header + "=="))
        written = base64.urlsafe_b64encode(json.dumps({**read, "alg": algorithm}).encode()).rstrip(b"=")
        for end in (signature, ""):
            assert read_list(emulated, f"{written.decode()}.{claims}.{end}") == (401, b"")

    def test_touched_claims(self, emulated: Target) -> None:
        """A token with the claims of another one."""
        header, _, signature = emulated.token.split(".")
        claims = emulated.make_token(scope=ADMIN).split(".")[1]
        assert read_list(emulated, f"{header}.{claims}.{signature}") == (401, b"")

    @pytest.mark.parametrize("issuer", ["https://test.maskinporten.no/", "", None])
    def test_unknown_issuer(self, emulated: Target, issuer: str | None) -> None:
        """A token of another issuer, such as the other environment's."""
        assert read_list(emulated, emulated.make_token(iss=issuer)) == (401, b"")


@pytest.mark.parametrize("fault", [{"fault": "reset"}, {"fault": "status", "status": 503}])
def test_500_where_the_keys_cannot_be_fetched(emulated: Target, fault: dict[str, object]) -> None:
    """E27, §6.4: where the issuer cannot be reached every readable token is 500 without a body, on any route."""
    emulated.control("POST", "faults", {**fault, "path": "/maskinporten/jwk", "from": "register", "times": 2})
    for path in (VENDOR, "/nowhere"):
        answer = emulated.call("GET", path)
        assert (answer.status_code, answer.content) == (500, b"")
    assert emulated.call("GET", VENDOR).status_code == 200


class Test403:
    """§6.2–6.4: what is 403 with no body."""

    @pytest.mark.parametrize(
        "scope",
        [
            "",
            "altinn:authentication/systemregister",
            "altinn:authentication/systemregister.read",
            WRITE.upper(),
            f"x{WRITE}",
            f"other,{WRITE}",
        ],
    )
    def test_scope_missing(self, emulated: Target, scope: str) -> None:
        """A scope that is not exactly one of the required ones."""
        assert read_list(emulated, emulated.make_token(scope=scope)) == (403, b"")

    @pytest.mark.parametrize("scope", [WRITE, ADMIN, f"openid {WRITE} x"])
    def test_scope_present(self, emulated: Target, scope: str) -> None:
        """One of several scopes is enough."""
        assert read_list(emulated, emulated.make_token(scope=scope))[0] == 200

    def test_other_scope_claim(self, emulated: Target) -> None:
        """§6.2: the platform's own scope claim is read before Maskinporten's."""
        token = emulated.make_token(scope="x", **{"urn:altinn:scope": WRITE})
        assert read_list(emulated, token)[0] == 200

    def test_other_vendor(self, emulated: Target) -> None:
        """Another vendor's system, by every route that takes one."""
        path = str(emulated.create()["id"])
        token = emulated.make_token(consumer=OTHERS)
        body = emulated.document(path)
        for answer in (
            emulated.call("GET", one(path), token=token),
            emulated.call("GET", one(path, "changelog"), token=token),
            emulated.put(path, body, token=token),
            emulated.put(path, [], "rights", token=token),
            emulated.put(path, [], "accesspackages", token=token),
            emulated.delete(path, token=token),
        ):
            assert (answer.status_code, answer.content) == (403, b"")

    def test_no_consumer(self, emulated: Target) -> None:
        """§6.3: without `consumer` the caller owns nothing."""
        token = emulated.make_token(consumer=None)
        assert read_list(emulated, token) == (403, b"")
        assert emulated.post(emulated.document("x"), token=token).status_code == 403

    def test_portal_routes(self, emulated: Target) -> None:
        """A vendor's token, even an administrator's, on the portal's routes."""
        token = emulated.make_token(scope=f"{WRITE} {ADMIN}")
        answer = emulated.call("GET", PREFIX, token=token)
        assert (answer.status_code, answer.content) == (403, b"")
        assert emulated.call("GET", PREFIX, token=emulated.make_token(scope=PORTAL)).status_code == 200


class TestOwnership:
    """§6.3."""

    def test_admin(self, emulated: Target) -> None:
        """An administrator reads and writes every vendor's systems, and lists its own."""
        document = emulated.create()
        token = emulated.make_token(scope=ADMIN, consumer=OTHERS)
        assert emulated.call("GET", one(str(document["id"])), token=token).status_code == 200
        assert emulated.put(str(document["id"]), document, token=token).status_code == 200
        listed = emulated.call("GET", VENDOR, token=token).json()
        assert all(one["systemVendorOrgNumber"] == OTHER_ORG for one in listed)

    @pytest.mark.parametrize(
        "consumer",
        [
            "not json",
            {"ID": "0192:991825827"},
            {"authority": "other", "ID": "0192:991825827"},
            {"authority": UPIS, "ID": "9908:991825827"},
            {"authority": UPIS, "ID": "991825827"},
            "null",
            ["x"],
        ],
    )
    def test_malformed_consumer(self, emulated: Target, consumer: object) -> None:
        """A malformed `consumer` is 500, with its text on POST."""
        path = str(emulated.create()["id"])
        token = emulated.make_token(consumer=consumer)
        created = emulated.post(emulated.document(emulated.make_id()), token=token)
        assert (created.status_code, created.text[:24]) == (500, "Invalid consumer claim: ")
        assert is_server_error(emulated.call("GET", one(path), token=token))
        assert is_server_error(emulated.delete(path, token=token))

    def test_consumer_as_text(self, emulated: Target) -> None:
        """The claim may be JSON in a string, as .NET flattens it."""
        text = f'{{"authority":"{UPIS}","ID":"0192:{emulated.org}"}}'
        assert read_list(emulated, emulated.make_token(consumer=text))[0] == 200

    def test_other_claims_are_not_read(self, emulated: Target) -> None:
        """Neither `supplier` nor the platform's claim of the organisation gives ownership."""
        path = one(str(emulated.create()["id"]))
        claims = {
            "supplier": {"authority": UPIS, "ID": f"0192:{emulated.org}"},
            "urn:altinn:orgNumber": emulated.org,
        }
        token = emulated.make_token(consumer=OTHERS, **claims)
        assert emulated.call("GET", path, token=token).status_code == 403


def test_bearer_in_any_case(target: Target) -> None:
    """§6.1: the scheme is read in any letter case."""
    headers = {"Authorization": f"bEARER {target.token}"}
    assert target.call("GET", VENDOR, token="", headers=headers).status_code == 200


def test_both_issuers(emulated: Target) -> None:
    """§6.1: Maskinporten's own tokens and the platform's are good."""
    base = emulated.base
    for issuer in (f"{base}/maskinporten/", f"{base}/authentication/api/v1/openid/"):
        assert read_list(emulated, emulated.make_token(iss=issuer))[0] == 200
