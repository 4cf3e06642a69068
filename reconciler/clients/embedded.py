"""The environment `local`: the embedded register, with a key and a client of its own.

The one module that starts the emulator. Everything that it keeps lies under `.reconciler/local/`, readable by
its owner only.
"""

from __future__ import annotations

import os
import uuid
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkstemp
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from jwt.algorithms import RSAAlgorithm

from reconciler.clients.credentials import Credentials
from reconciler.clients.http_client import open_client
from reconciler.clients.keys import Key, read_key
from reconciler.clients.problem_details import explain_problem
from reconciler.definitions.files import prepare_own_folder
from reconciler.emulator import start
from reconciler.errors import CredentialsError, UsageError
from reconciler.model.catalogue import read_shipped_catalogue
from reconciler.model.customers import AGENT, READ, WRITE
from reconciler.model.environment import PARTIES, SCOPE, Environment
from reconciler.model.secret import Secret
from reconciler.platform import read_plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from reconciler.model.canonical_json import Json
    from reconciler.model.catalogue import Catalogue
    from reconciler.model.customers import AccessRequest

KID = "local"
SCOPES = (SCOPE, READ, WRITE, PARTIES)
"""Of the embedded register's client, who may do what a vendor does on both sides."""
_MOST_KEY_BYTES = 64 * 1024


class Local(NamedTuple):
    """The embedded register while it runs."""

    environment: Environment
    credentials: Credentials
    taken: tuple[str, ...] = ()
    """The resources that it takes as existing, since only definitions know them."""


@contextmanager
def open_local(
    root: Path, *, vendors: Sequence[str], resources: Sequence[str], known: Catalogue | None = None
) -> Iterator[Local]:
    """Start the embedded register; its credentials are those of the first vendor.

    It has one client for each vendor, and takes every resource that is named here as existing, with its type where
    `known` has one. The packages that only `known` has are there too.
    """
    with _explain_disk(root):
        folder = prepare_folder(root)
        key, loaded = _load_key(folder / "key.pem")
    public = _export_public(loaded.private)
    clients = [
        {"client_id": _name_client(vendor), "org": vendor, "scopes": [*SCOPES], "jwk": public}
        for vendor in vendors
    ]
    with _explain_disk(root):
        config = {"clients": clients, "confirm": "self", **_list_known(resources, known)}
        emulator = start(config, state=folder / "register.sqlite", existing=resources)
    with emulator:
        environment = Environment("local", emulator.base, emulator.maskinporten)
        yield Local(environment, Credentials(_name_client(vendors[0]), key, KID), emulator.taken)


def add_runtime_client(
    local: Environment, credentials: Credentials, client: str, vendor: str, scopes: Sequence[str]
) -> Credentials:
    """Make a client of the embedded register's that stands for a vendor's program, and give its credentials.

    It has the key of the environment local, since a client id in a definition comes with none.
    """
    public = _export_public(read_key(credentials.key, KID).private)
    body = {"org": vendor, "scopes": [*scopes], "jwk": public}
    with open_client(local.register) as http:
        http.put(f"/control/clients/{quote(client, safe='')}", json=body).raise_for_status()
    return Credentials(client, credentials.key, KID)


def approve_locally(local: Environment, request: AccessRequest, client: str) -> str:
    """Approve a request for a system user as the embedded register's customer; gives why it could not be, or nothing.

    Only the embedded register has customers who say yes by themselves. `client` is the organisation that the customer
    then adds to it, where the system user is for clients; it has given the customer what is needed.
    """
    acts: list[dict[str, Json]] = [{"do": "approve", "request": request.id}]
    with open_client(local.register) as http:
        if request.kind == AGENT:
            given = [each.rpartition(":")[2] for each in sorted(request.asking.packages)]
            http.post("/control/setup", json={"clients": {client: given}}).raise_for_status()
            acts.append({"do": "client", "systemUser": request.id, "client": client})
        for act in acts:
            found = http.post("/control/customer", json=act).raise_for_status().json()
            if found["status"] >= 300:
                return explain_problem(found["body"], found["status"], "customer's portal")
    return ""


def list_vendors(root: Path) -> list[str]:
    """List the vendors whose systems the embedded register holds under a root; none where it was never used."""
    if not (root / ".reconciler" / "local" / "register.sqlite").is_file():
        return []
    with _explain_disk(root):
        emulator = start({}, state=prepare_folder(root) / "register.sqlite")
    with emulator, open_client(emulator.base, read_only=True) as client:
        documents = client.get("/control/systems").json()
    numbers = {str((each.get("vendor") or {}).get("ID", "")).rpartition(":")[2] for each in documents}
    return sorted(numbers - {""})


def _list_known(resources: Sequence[str], known: Catalogue | None) -> dict[str, Json]:
    """List what the embedded register is to know beside what it has of itself, as its configuration has it."""
    if known is None:
        return {}
    shipped = read_shipped_catalogue().packages
    packages = {urn: flags for urn, flags in known.packages.items() if shipped.get(urn) != flags}
    found = {name: known.resources[name].kind for name in resources if name in known.resources}
    return {
        "packages": {
            flags.urn or urn: {"isDelegable": flags.delegable, "isAssignable": flags.assignable}
            for urn, flags in packages.items()
        },
        "resources": {name: kind for name, kind in found.items() if "*" not in name and "?" not in name},
    }


@contextmanager
def _explain_disk(root: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UsageError(
            f"The environment local cannot keep its state under {root / '.reconciler'}: "
            f"{error.strerror or error}.",
            hint="Make the folder writable, or delete what is in its folder `local` to start again.",
        ) from error


def prepare_folder(root: Path) -> Path:
    """Make `.reconciler/local/` under a root, private, and out of git's sight."""
    folder = prepare_own_folder(root, "local")
    for name in ("key.pem", *(f"register.sqlite{end}" for end in ("", "-wal", "-shm", "-journal"))):
        path = folder / name
        if os.path.lexists(path) and (path.is_symlink() or not path.is_file()):
            raise UsageError(f"{path} is not a regular file.", hint="Remove it.")
    return folder


def _name_client(vendor: str) -> str:
    """Name a vendor's client; the name is the same on every machine, and so are the change logs."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"urn:reconciler:local:{vendor}"))


def _load_key(path: Path) -> tuple[Secret, Key]:
    """Load the key, and make it first where there is none; two runs at the same time get the same key."""
    if not path.exists():
        _make_key(path)
    try:
        key = Secret(read_plain(path, _MOST_KEY_BYTES).decode("ascii"))
        return key, read_key(key, KID)
    except (CredentialsError, UnicodeDecodeError):
        raise CredentialsError(
            f"The key of the environment local, {path}, cannot be used.",
            hint="Delete the file; the next run makes another.",
        ) from None


def _make_key(path: Path) -> None:
    private = generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    descriptor, draft = mkstemp(dir=path.parent, prefix=f"{path.name}.")  # its owner's only
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(pem)
            stream.flush()
            os.fsync(descriptor)
        with suppress(FileExistsError):  # the other run was first, and its key counts
            os.link(draft, path)
    finally:
        Path(draft).unlink()


def _export_public(key: RSAPrivateKey) -> dict[str, Json]:
    """Give the public half of a key as Maskinporten registers it: a JWK for signatures."""
    jwk = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return {"kid": KID, "use": "sig", "alg": "RS256", **{name: jwk[name] for name in ("kty", "n", "e")}}
