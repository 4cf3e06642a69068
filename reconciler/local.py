"""The environment `local`: the embedded register, with a key and a client of its own.

The one room that starts the emulator. Everything that it keeps lies under `.reconciler/local/`, readable by
its owner only.
"""

from __future__ import annotations

import base64
import os
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from reconciler.emulator import start
from reconciler.keys import read_key
from reconciler.secret import Secret
from reconciler.settings import SCOPE, Credentials, Environment
from reconciler.workspace import prepare_own_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers

    from reconciler.model import Json

KID = "local"


@contextmanager
def open_local(
    root: Path, *, vendors: Sequence[str], resources: Sequence[str]
) -> Iterator[tuple[Environment, Credentials]]:
    """Start the embedded register; give its environment, and the credentials of the first vendor.

    It has one client for each vendor, and knows every resource that is named here besides its own.
    """
    folder = prepare_folder(root)
    key = Secret(_read_or_make_key(folder / "key.pem"))
    public = _export_public(read_key(key, KID).private.public_key().public_numbers())
    clients = [
        {"client_id": _name_client(vendor), "org": vendor, "scopes": [SCOPE], "jwk": public}
        for vendor in vendors
    ]
    config = {"clients": clients, "resources": dict.fromkeys(resources, "GenericAccessResource")}
    with start(config, state=folder / "register.sqlite") as emulator:
        environment = Environment("local", emulator.base, emulator.maskinporten)
        yield environment, Credentials(_name_client(vendors[0]), key, KID)


def prepare_folder(root: Path) -> Path:
    """Make `.reconciler/local/` under a root, private, and out of git's sight."""
    folder = prepare_own_folder(root) / "local"
    folder.mkdir(exist_ok=True, mode=0o700)
    return folder


def _name_client(vendor: str) -> str:
    """Name a vendor's client; the same on every machine, so that the change log reads alike."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"urn:reconciler:local:{vendor}"))


def _read_or_make_key(path: Path) -> str:
    """Read the key, or make it; two runs that make one at once end up with the same."""
    if not path.exists():
        private = generate_private_key(public_exponent=65537, key_size=2048)
        pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(pem)
        try:
            os.link(draft, path)
        except FileExistsError:  # the other run was first, and its key counts
            pass
        finally:
            draft.unlink()
    return path.read_text(encoding="ascii")


def _export_public(numbers: RSAPublicNumbers) -> dict[str, Json]:
    def encode(number: int) -> str:
        return (
            base64.urlsafe_b64encode(number.to_bytes((number.bit_length() + 7) // 8, "big"))
            .decode()
            .rstrip("=")
        )

    return {
        "kty": "RSA",
        "kid": KID,
        "use": "sig",
        "alg": "RS256",
        "n": encode(numbers.n),
        "e": encode(numbers.e),
    }
