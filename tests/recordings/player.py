"""Sends recorded requests to an emulator, exactly as they were sent to the service."""

from __future__ import annotations

import base64
import http.client
import json
import re
import secrets
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.recordings.transcript import Answer

if TYPE_CHECKING:
    from tests.recordings.transcript import Case, Json, Transcript

KEPT = ("content-type", "location", "allow", "www-authenticate", "cache-control", "pragma", "expires")
"""The headers that were recorded."""
_TIMEOUT = 30.0


class _Connection(http.client.HTTPConnection):
    """A connection that sends any target unchanged."""

    def _validate_path(self, url: str) -> None:
        """Accept any target."""

    def _encode_request(self, request: str) -> bytes:
        return request.encode("utf-8")


class Player:
    """Sends one set to one emulator; later requests may hold values of earlier answers."""

    def __init__(self, base: str, transcript: Transcript) -> None:
        self.base = base.rstrip("/")
        self._address = urlsplit(self.base)
        self._specifications = transcript.tokens
        self._tokens: dict[str, str] = {}
        self._captured: dict[str, str] = {}
        self._stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._connection = self._connect()
        self._kid = self._ask("GET", "/maskinporten/jwk")["keys"][-1]["kid"]

    def send(self, case: Case) -> Answer | None:
        """Send one request, or do one set-up; None for the latter."""
        if "setup" in case.request:
            self._set_up(json.loads(self._fill(json.dumps(case.request["setup"]))))
            return None
        if "customer" in case.request:
            return self._act(case.request)
        return self._request(case.request)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _connect(self) -> _Connection:
        return _Connection(self._address.hostname or "", self._address.port, timeout=_TIMEOUT)

    def _set_up(self, setup: Json) -> None:
        if set(setup) == {"systemUsers"}:
            self._ask("PUT", "/control/systemusers", setup["systemUsers"])
        elif set(setup) == {"legacy"}:
            self._ask("POST", "/control/systems", setup["legacy"])
        else:
            self._ask("POST", "/control/setup", setup)

    def _act(self, request: Json) -> Answer:
        """Do what a customer did in the portal; the headers of that answer are not told."""
        words = json.loads(self._fill(json.dumps(request["customer"])))
        answer: Json = dict(self._ask("POST", "/control/customer", words))
        status, body = answer["status"], answer["body"]
        text = body if isinstance(body, str) else json.dumps(body)
        self._capture(request, json.dumps(body, separators=(",", ":")).encode())
        return Answer(status if isinstance(status, int) else 0, {}, text)

    def _request(self, request: Json) -> Answer:
        body = self._read_body(request)
        line = self._connection
        line.putrequest(
            str(request["method"]),
            self._fill(str(request["target"])),
            skip_host=True,
            skip_accept_encoding=True,
        )
        line.putheader("Host", self._address.netloc)
        if "token" in request:
            line.putheader("Authorization", f"Bearer {self._token(str(request['token']))}")
        headers = request.get("headers")
        for name, value in headers if isinstance(headers, list) else []:
            line.putheader(name, self._fill(value).encode())
        is_chunked = request.get("chunked") is True
        if is_chunked:
            line.putheader("Transfer-Encoding", "chunked")
        elif body is not None:
            line.putheader("Content-Length", str(len(body)))
        line.endheaders(body, encode_chunked=is_chunked)
        response = line.getresponse()
        data = response.read()
        self._capture(request, data)
        found = {name: response.headers.get_all(name) for name in KEPT}
        shown = {name: ", ".join(lines) for name, lines in found.items() if lines}
        try:
            text: object = data.decode("utf-8")
        except UnicodeDecodeError:
            text = {"base64": base64.b64encode(data).decode()}
        return Answer(response.status, shown, text)

    def _capture(self, request: Json, data: bytes) -> None:
        patterns = request.get("capture")
        for name, pattern in patterns.items() if isinstance(patterns, dict) else ():
            found = re.search(pattern, data.decode("utf-8", "replace"))
            if found:
                self._captured[name] = found[1]

    def _read_body(self, request: Json) -> bytes | None:
        body = request.get("body")
        if isinstance(body, dict):
            return base64.b64decode(body["base64"])
        return None if body is None else self._fill(str(body)).encode("utf-8", "surrogatepass")

    def _fill(self, text: str) -> str:
        text = re.sub(r"\{token:([^{}]+)\}", lambda found: self._token(found[1]), text)
        return re.sub(
            r"\{captured:([^{}]+)\}", lambda found: self._captured.get(found[1], "nothing-captured"), text
        )

    def _token(self, name: str) -> str:
        if name not in self._tokens:
            self._tokens[name] = self._make_token(self._specifications[name])
        return self._tokens[name]

    def _make_token(self, wanted: Json) -> str:
        if "raw" in wanted:
            return str(wanted["raw"])
        claims, how, header = self._make_claims(wanted), wanted.get("sign", ""), wanted.get("header")
        if how in {"stranger", "header"}:
            return self._forge(claims, header if isinstance(header, dict) else {})
        left_out = {name: None for name in ("iss", "iat", "exp") if name not in claims}
        token = self._ask("POST", "/control/tokens", {"claims": left_out | claims})["access_token"]
        head, payload, signature = str(token).split(".")
        if how == "payload":
            return f"{head}.{_encode(str(wanted['payload']).encode())}.{signature}"
        if how == "tampered":
            return f"{head}.{payload}.{signature[:-8]}{'BBBBBBBB' if signature.endswith('AAAAAAAA') else 'AAAAAAAA'}"
        if how == "none":
            return f"{_encode(json.dumps({'alg': 'none', 'typ': 'JWT'}).encode())}.{payload}."
        return str(token)

    def _make_claims(self, wanted: Json) -> Json:
        now, issuer = int(time.time()), str(wanted.get("issuer", "maskinporten"))
        known = {
            "maskinporten": f"{self.base}/maskinporten/",
            "platform": f"{self.base}/authentication/api/v1/openid/",
        }
        lifetime, given = wanted.get("lifetime", 7200), wanted["claims"]
        claims: Json = {
            "iss": known.get(issuer, issuer),
            "client_amr": "private_key_jwt",
            "token_type": "Bearer",
            "iat": now,
            "exp": now + (lifetime if isinstance(lifetime, int) else 0),
            "jti": secrets.token_urlsafe(32),
        }
        for name, value in given.items() if isinstance(given, dict) else ():
            if value == {"absent": True}:
                claims.pop(name, None)
            elif isinstance(value, dict) and "now" in value:
                claims[name] = now + value["now"]
            else:
                claims[name] = value
        return claims

    def _forge(self, claims: Json, header: Json) -> str:
        """Sign with an unknown key."""
        whole = {"kid": self._kid, "alg": "RS256", **header}
        head = {name: value for name, value in whole.items() if value is not None}
        texts = (json.dumps(part, ensure_ascii=False, separators=(",", ":")) for part in (head, claims))
        signed = ".".join(_encode(text.encode()) for text in texts)
        signature = self._stranger.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{_encode(signature)}"

    def _ask(self, method: str, path: str, body: object = None) -> dict[str, list[dict[str, str]]]:
        line = self._connect()
        try:
            line.request(
                method, path, None if body is None else json.dumps(body), {"Host": self._address.netloc}
            )
            response = line.getresponse()
            text = response.read()
        finally:
            line.close()
        if response.status >= 300:
            raise ValueError(f"{method} {path}: {response.status} {text.decode('utf-8', 'replace')}")
        read: dict[str, list[dict[str, str]]] = json.loads(text) if text else {}
        return read


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
