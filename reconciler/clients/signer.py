"""A signature from outside the process: a command that holds the key, or asks whoever does.

The signing input of a JWS (RFC 7515 §5.1) goes to its stdin, the signature comes from its stdout, as base64url or
base64. No shell is in between. No message quotes the command, what it was given, or what it gave.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
import time
from contextlib import suppress
from dataclasses import dataclass
from subprocess import TimeoutExpired
from threading import Thread
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, PKCS1v15

from reconciler.clients.credentials import drop_secrets
from reconciler.clients.keys import HASHES, SMALLEST, read_key, read_public_key
from reconciler.errors import CredentialsError, SignerFailed
from reconciler.platform import end_program, split_command, start_program

if TYPE_CHECKING:
    from collections.abc import Callable
    from subprocess import Popen
    from typing import IO

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    from reconciler.clients.credentials import Credentials
    from reconciler.clients.keys import Signer
    from reconciler.model.secret import Secret

SECONDS = 30.0
"""For one signature. A grant is good for 120 s, and begins before it is signed."""
_MOST_OUTPUT = 16 * 1024
"""Bytes on stdout; a signature by a key of 16,384 bits has 2,731 letters."""
_MOST_ERRORS = 4 * 1024
"""Bytes on stderr, of which the last line is quoted."""
_AFTERWARDS = 1.0
"""Seconds for what is left on the other pipes, once a command has ended."""
_LONGEST_LINE = 200
_LONGEST_SIGNATURE = 2048
"""Bytes, of a key of 16,384 bits."""
_TEXT = re.compile(r"[A-Za-z0-9+/_-]+={0,2}")
_RUN = re.compile(r"[A-Za-z0-9+/_.~=-]{20,}")
"""What may be a secret in an error message: an unbroken run of what tokens and keys are written with."""
_TRY = "Try it by itself: printf test | COMMAND | wc -c"


@dataclass(frozen=True, slots=True, repr=False)
class CommandSigner:
    """A command that signs, the id of the key that it signs with, and the algorithm."""

    command: Secret
    kid: str
    algorithm: str
    public: RSAPublicKey | None = None
    """What each signature is checked against; None where it is not given."""

    def __repr__(self) -> str:
        return f"CommandSigner(kid={self.kid!r}, algorithm={self.algorithm!r})"

    def sign(self, data: bytes) -> bytes:
        """Have a text signed; raises `SignerFailed` where no signature of the right form comes back."""
        signature = _read_signature(_run(self.command, data))
        if self.public is not None:
            _check(signature, data, self.algorithm, self.public)
        return signature


def open_signer(credentials: Credentials) -> Signer:
    """Give what signs for a client: its key, or the command that holds it; raises `CredentialsError`."""
    asked = credentials.signer
    if asked is None:
        return read_key(credentials.key, credentials.kid)
    if not credentials.kid:
        raise CredentialsError(
            "MASKINPORTEN_SIGNER is set, and the key that it signs with has no id.",
            hint="Set MASKINPORTEN_KID to the kid under which its public half is registered.",
        )
    public = read_public_key(asked.public, credentials.kid) if asked.public else None
    return CommandSigner(asked.command, credentials.kid, asked.algorithm, public)


def _run(command: Secret, data: bytes) -> bytes:
    """Run a command, with an end to its time and its output."""
    try:
        process = start_program(split_command(command.reveal()), drop_secrets(os.environ))
    except ValueError:
        raise SignerFailed(
            "The command in MASKINPORTEN_SIGNER has a quotation mark without its other half.",
            hint="Words are split as on this system, and no shell reads them.",
        ) from None
    except OSError as error:
        raise SignerFailed(
            f"The command in MASKINPORTEN_SIGNER cannot be run: {error.strerror or 'it is no program'}.",
            hint="No shell reads it: its first word is a program, and pipes and variables belong in a script.",
        ) from None
    try:
        return _talk(process, data)
    except BaseException:
        end_program(process)
        raise


def _talk(process: Popen[bytes], data: bytes) -> bytes:
    """Give a process its input, and read its output; raises `SignerFailed` unless it ends well and in time."""
    end = time.monotonic() + SECONDS
    out, errors = bytearray(), bytearray()
    given, first, last = (
        _start(_give, process.stdin, bytearray(data)),
        _start(_read_first, process.stdout, out),
        _start(_read_last, process.stderr, errors),
    )
    first.join(SECONDS)
    if len(out) > _MOST_OUTPUT:
        raise SignerFailed(f"The signer printed more than {_MOST_OUTPUT:,} bytes.", hint=_TRY)
    try:
        status = process.wait(max(end - time.monotonic(), 0.0))
    except TimeoutExpired:
        status = None
    if status is None or first.is_alive():
        raise SignerFailed(
            f"The signer did not end within {SECONDS:.0f} s.",
            hint="It must not ask anybody anything, and nothing that it starts may keep its output open.",
        )
    for each in (given, last):
        each.join(_AFTERWARDS)
    if status != 0:
        raise SignerFailed(f"The signer ended with status {status}{_quote(bytes(errors))}.", hint=_TRY)
    return bytes(out)


def _start(work: Callable[[IO[bytes], bytearray], None], stream: IO[bytes] | None, text: bytearray) -> Thread:
    """Work on one end of a pipe in a thread, which closes it."""

    def run() -> None:
        if stream is not None:
            with suppress(OSError, ValueError), stream:
                work(stream, text)

    thread = Thread(target=run, daemon=True)
    thread.start()
    return thread


def _read_first(stream: IO[bytes], into: bytearray) -> None:
    """Read what fits, and a byte more."""
    into += stream.read(_MOST_OUTPUT + 1)


def _read_last(stream: IO[bytes], into: bytearray) -> None:
    """Read everything, and keep its end."""
    while more := os.read(stream.fileno(), _MOST_ERRORS):
        into += more
        del into[:-_MOST_ERRORS]


def _give(stream: IO[bytes], data: bytearray) -> None:
    """Write the input; a command that does not read all of it may still sign what it knows."""
    stream.write(data)


def _quote(errors: bytes) -> str:
    """Quote the last line on stderr, without anything that is as long as a secret."""
    lines = errors.decode("utf-8", "replace").split("\n")
    last = next((each.strip() for each in reversed(lines) if each.strip()), "")
    shown = _RUN.sub("…", "".join(each if each.isprintable() else " " for each in last))
    return f", and said: {shown[:_LONGEST_LINE].rstrip('.')}" if shown else ""


def _read_signature(output: bytes) -> bytes:
    """Decode what a command printed: base64url or base64, with or without padding and line breaks."""
    text = re.sub(r"\s", "", output.decode("ascii", "replace"))
    if not text:
        raise SignerFailed("The signer printed nothing.", hint=_TRY)
    if not _TEXT.fullmatch(text):
        raise SignerFailed(
            "The signer printed something other than base64url or base64.",
            hint="Its stdout holds the signature and nothing else; pipe raw bytes through base64.",
        )
    standard = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        signature = base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)
    except binascii.Error:
        raise SignerFailed("The signer printed base64 that is cut off.", hint=_TRY) from None
    if not SMALLEST // 8 <= len(signature) <= _LONGEST_SIGNATURE:
        raise SignerFailed(
            f"The signer's signature has {len(signature):,} bytes, and that of an RSA key of {SMALLEST:,} bits or "
            f"more has {SMALLEST // 8} or more.",
            hint="Maskinporten takes RSA keys only, of at least that size.",
        )
    return signature


def _check(signature: bytes, data: bytes, algorithm: str, public: RSAPublicKey) -> None:
    """Raise `SignerFailed` where a signature is not one of the key; common mistakes are named."""
    if _fits(signature, data, algorithm, public):
        return
    digest = hashlib.new(HASHES[algorithm].name, data).digest()
    others = [each for each in HASHES if each != algorithm]
    if _fits(signature, data, algorithm, public, is_pss=True):
        why = "it is padded by PSS, and Maskinporten wants PKCS #1 v1.5"
    elif _fits(signature, digest, algorithm, public):
        why = "the digest was hashed once more: hand over either the text or its digest as such"
    elif found := [each for each in others if _fits(signature, data, each, public)]:
        why = f"it is one by {found[0]}, and MASKINPORTEN_ALGORITHM says {algorithm}"
    else:
        why = "the command signs with another key, or something else than its whole stdin"
    raise SignerFailed(
        f"The signer's signature does not fit MASKINPORTEN_PUBLIC_KEY: {why}.",
        hint=f"Wanted is {algorithm}: RSASSA-PKCS1-v1_5 with SHA-{algorithm[2:]} over all of stdin.",
    )


def _fits(
    signature: bytes, data: bytes, algorithm: str, public: RSAPublicKey, *, is_pss: bool = False
) -> bool:
    hashed = HASHES[algorithm]
    padding = PSS(MGF1(hashed), PSS.AUTO) if is_pss else PKCS1v15()
    try:
        public.verify(signature, data, padding, hashed)
    except InvalidSignature:
        return False
    return True
