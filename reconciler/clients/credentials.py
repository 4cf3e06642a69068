"""The credentials of a run: a client and its key, or a ready token, from environment variables and the files they name.

The value of a variable counts as a secret, and is not quoted, until its form shows that it is none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.clients.exposure import (
    ALGORITHM,
    CHECK_CLIENT,
    CHECK_FILE,
    CHECK_KEY,
    CLIENT,
    KEYS,
    KIDS,
    PLACES,
    SIGNER,
)
from reconciler.errors import CredentialsError
from reconciler.model.environment import is_client_id
from reconciler.model.secret import Secret, looks_secret
from reconciler.platform import read_given

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_MOST_KEY_BYTES = 64 * 1024
"""Of a key file; an RSA key of 16,384 bits has 13 kB as PEM."""


ALGORITHMS = ("RS256", "RS384", "RS512")
"""https://docs.digdir.no/docs/Maskinporten/maskinporten_protocol_jwtgrant: RSA only."""


@dataclass(frozen=True, slots=True)
class AskedSigner:
    """The command that signs in place of a key, and what is known of the key that it signs with."""

    command: Secret
    algorithm: str = ALGORITHMS[0]
    public: Secret = field(default_factory=lambda: Secret(""))
    """Its public half; empty where it is not given."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """A client id with its key or the command that signs with it, or a ready token."""

    client_id: str = ""
    key: Secret = field(default_factory=lambda: Secret(""))
    kid: str = ""
    token: Secret = field(default_factory=lambda: Secret(""))
    signer: AskedSigner | None = None


_PATHS = ("MASKINPORTEN_PRIVATE_KEY", "MASKINPORTEN_PUBLIC_KEY")
"""What may hold the path of a file as it stands, since people set it so."""
_PATH = re.compile(
    r"(?:[A-Za-z]:[\\/]|\.{0,2}[\\/]|~[\\/]).*|[^{\[]*\.(?:pem|key|json|jwks?|p12|pfx|der|txt)"
)
"""What begins as a path does, or ends as the name of a key file does; base64 does neither."""
_LONGEST_PATH = 1024
_LONGEST_KID = 200
_PUBLIC = "MASKINPORTEN_PUBLIC_KEY"
CREDENTIAL_VARIABLES = (*CLIENT, *KEYS, *(f"{name}_PATH" for name in KEYS), SIGNER, "RECONCILER_TOKEN")


def is_kid(text: str) -> bool:
    """Say whether a text has the form of a key id: at most 200 printable characters on one line."""
    return 0 < len(text) <= _LONGEST_KID and text.isprintable() and not looks_secret(text)


def _read_form(name: str, secret: Secret, fits: Callable[[str], bool], form: str) -> str:
    """Reveal the value of a variable if it has the expected form; else raise `CredentialsError`."""
    text = secret.reveal()
    if text and not fits(text):
        held = "looks like a key or a token" if looks_secret(text) else f"is no {form}"
        raise CredentialsError(
            f"What {name} holds {held}; it is not used, and not shown.", hint=f"It is for a {form}. {PLACES}"
        )
    return text


def choose_variables(environ: Mapping[str, str], environment: str) -> Mapping[str, str]:
    """Give the variables of one of several environments: those with its name behind them, else those without any.

    For `tt02` these are `MASKINPORTEN_CLIENT_ID_TT02`, `RECONCILER_TOKEN_TT02` and so on; `-` is written `_`.
    """
    suffix = "_" + environment.upper().replace("-", "_")
    names = (*CREDENTIAL_VARIABLES, *KIDS, ALGORITHM, _PUBLIC, "MASKINPORTEN_PUBLIC_KEY_PATH")
    own = {name: environ[name + suffix] for name in names if environ.get(name + suffix)}
    return own or environ


def drop_secrets(environ: Mapping[str, str]) -> dict[str, str]:
    """Leave the keys and tokens out that are this program's, an environment's name behind them or none."""
    return {
        name: value
        for name, value in environ.items()
        if not name.startswith((*KEYS, CHECK_KEY, "RECONCILER_TOKEN"))
    }


def is_token(text: str) -> bool:
    """Say whether a header can carry a text as a bearer token (RFC 6750 §2.1)."""
    return re.fullmatch(r"[A-Za-z0-9._~+/-]+=*", text) is not None


def read_credentials(environ: Mapping[str, str]) -> Credentials:
    """Read the credentials from environment variables, or the files that they name.

    Raises `CredentialsError` where there are none, or two that differ.
    """
    token = environ.get("RECONCILER_TOKEN", "").strip()
    if token:
        if not is_token(token):  # a header would refuse it, and quote it
            raise CredentialsError(
                "RECONCILER_TOKEN holds something other than one token.",
                hint="Set it to the bare token, without quotes, a word before it, or line breaks.",
            )
        return Credentials(token=Secret(token))
    client = _read_form(CLIENT[0], Secret(environ.get(CLIENT[0], "").strip()), is_client_id, "client id")
    given = {source: key for name in KEYS for source, key in _read_keys(name, environ) if key}
    if len({re.sub(r"\s|\\r|\\n", "", key) for key in given.values()}) > 1:
        raise CredentialsError(
            f"{' and '.join(given)} hold different keys.",
            hint="Set one of them; two halves make no credential.",
        )
    signer = _read_signer(environ)
    if signer is not None and given:
        raise CredentialsError(
            f"{SIGNER} and {' and '.join(given)} are both set.",
            hint="Unset one: either a command signs, or a key.",
        )
    if not client or not (given or signer):
        missing = [name for name, there in ((CLIENT[0], client), (KEYS[0], given or signer)) if not there]
        raise CredentialsError(
            f"There is no credential; missing: {', '.join(missing)}.",
            hint="Set both, or RECONCILER_TOKEN to a ready token; the environment `local` needs none.",
        )
    found = {name: Secret(environ.get(name, "").strip()) for name in KIDS}
    kids = {name: _read_form(name, kid, is_kid, "key id") for name, kid in found.items() if kid}
    if len(set(kids.values())) > 1:
        raise CredentialsError(f"{' and '.join(kids)} differ.", hint="Set one of them.")
    key = Secret(next(iter(given.values()), ""))
    return Credentials(client, key, next(iter(kids.values()), ""), signer=signer)


def read_runtime_credentials(environ: Mapping[str, str]) -> Credentials:
    """Read the client, and its key, that stands for the vendor's own program when a registration is checked.

    It is never the client that writes to the register. Raises `CredentialsError` where one of both is missing.
    """
    client = _read_form(
        CHECK_CLIENT, Secret(environ.get(CHECK_CLIENT, "").strip()), is_client_id, "client id"
    )
    keys = [key for _, key in _read_keys(CHECK_KEY, environ) if key]
    if not client or not keys:
        missing = [name for name, there in ((CHECK_CLIENT, client), (CHECK_KEY, keys)) if not there]
        raise CredentialsError(
            f"There is no credential of the runtime client; missing: {', '.join(missing)}.",
            hint="It is a client that the system lists in `clientId`; the environment `local` needs none.",
        )
    if len(set(keys)) > 1:
        raise CredentialsError(f"{CHECK_KEY} and {CHECK_FILE} hold different keys.", hint="Set one of them.")
    return Credentials(client, Secret(keys[0]))


def _read_signer(environ: Mapping[str, str]) -> AskedSigner | None:
    """Read the command that signs, the algorithm, and the public half; None where no command is named."""
    command = Secret(environ.get(SIGNER, "").strip())
    if not command:
        return None
    algorithm = _read_form(
        ALGORITHM,
        Secret(environ.get(ALGORITHM, "").strip()),
        ALGORITHMS.__contains__,
        "algorithm of Maskinporten",
    )
    public = next((key for _, key in _read_keys(_PUBLIC, environ) if key), "")
    return AskedSigner(command, algorithm or ALGORITHMS[0], Secret(public))


def _read_keys(name: str, environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Read a key from a variable or `@file`, and from the file that `…_PATH` names."""
    value = environ.get(name, "").strip()
    if names_file(value) and name not in _PATHS:
        raise CredentialsError(
            f"What {name} holds is the path of a file, and no key.",
            hint=f"Set {name}_PATH to it, or write @ before it.",
        )
    # A file is named behind an `@`, and no key begins so.
    named = value.removeprefix("@") if value.startswith("@") or names_file(value) else ""
    yield name, _read_key_file(name, named) if named else value
    path = environ.get(f"{name}_PATH", "").strip()
    if path:
        yield f"{name}_PATH", _read_key_file(f"{name}_PATH", path)


def names_file(value: str) -> bool:
    """Say whether the value of a variable for a key is the path of a file instead, by its form or its being there."""
    if not value or len(value) > _LONGEST_PATH or "\n" in value or looks_secret(value):
        return False
    return _PATH.fullmatch(value) is not None or Path(value).is_file()


def _read_key_file(name: str, path: str) -> str:
    if looks_secret(path):
        raise CredentialsError(
            f"{name} names a file, and what it holds looks like a key; it is not used, and not shown.",
            hint=PLACES,
        )
    try:
        text = read_given(Path(path), _MOST_KEY_BYTES).decode("utf-8-sig").strip()
    except UnicodeDecodeError:  # the error holds the bytes that it could not decode
        raise CredentialsError(
            f"The key file that {name} names is not a text; it may be a PKCS#12 or DER file.",
            hint="Convert it first: openssl pkcs12 -in FILE -nodes -nocerts.",
        ) from None
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else "") or "that is no path"
        raise CredentialsError(
            f"The key file that {name} names cannot be read: {reason}.",
            hint="Check the path and its permissions.",
        ) from None
    if not text:
        raise CredentialsError(f"The key file that {name} names is empty.", hint="Check the path.")
    return text
