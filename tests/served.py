"""A served register for tests: the emulator on a port, a client with a key, and a repository that uses it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from jwt.algorithms import RSAAlgorithm

from reconciler.cli.exit_codes import EXIT_CODES
from reconciler.emulator import start
from reconciler.errors import Exit
from tests.builders import VENDOR, a_definition_text
from tests.git import commit_all, git
from tests.manual.json_members import check_output

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from reconciler.emulator import Emulator
    from reconciler.model.canonical_json import Json

SCOPE = "altinn:authentication/systemregister.write"
KID = "key-1"
CLIENT_ID = "0b8f7d0e-2f0e-4a57-9d0a-0b7a2f9c1d11"
OTHER_CLIENT_ID = "77777777-2f0e-4a57-9d0a-0b7a2f9c1d11"
OTHER_ORG = "310661414"
SCOPELESS_ID = "11111111-2f0e-4a57-9d0a-0b7a2f9c1d11"
FOREIGN_ID = "22222222-2f0e-4a57-9d0a-0b7a2f9c1d11"
VENDOR_PATH = "/authentication/api/v1/systemregister/vendor"


def check_exit_code(words: Sequence[str], code: int) -> None:
    """Check that the help of a verb names the code it ended with; 0, 1 and 2 are every verb's."""
    verb = next((each for each in (" ".join(words[:2]), *words[:1]) if each in EXIT_CODES), "")
    if verb and code > Exit.USAGE:
        assert Exit(code) in EXIT_CODES[verb], f"the help of {verb} does not name exit code {code}"


def export_public(key: RSAPrivateKey) -> dict[str, str]:
    """Export the public half of a key as a JWK."""
    jwk = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return {"kid": KID, "alg": "RS256", "use": "sig", **{name: jwk[name] for name in ("kty", "n", "e")}}


def export_pem(key: RSAPrivateKey) -> str:
    """Export a private key as a PEM."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def list_clients(key: RSAPrivateKey) -> list[Json]:
    """List a good client, one without the scope and one of another organisation, all with the same key."""
    jwk: Json = {**export_public(key)}
    return [
        {"client_id": CLIENT_ID, "org": VENDOR, "scopes": [SCOPE], "jwk": jwk},
        {"client_id": SCOPELESS_ID, "org": VENDOR, "scopes": ["altinn:other"], "jwk": jwk},
        {"client_id": FOREIGN_ID, "org": OTHER_ORG, "scopes": [SCOPE], "jwk": jwk},
    ]


@dataclass
class Served:
    """An emulator with one client, and what a person does with it."""

    emulator: Emulator
    key: RSAPrivateKey
    org: str = VENDOR
    tokens: dict[tuple[str, str], str] = field(default_factory=dict)

    @property
    def base(self) -> str:
        """The address."""
        return self.emulator.base

    @property
    def environ(self) -> dict[str, str]:
        """The variables of a job that has credentials."""
        return {
            "RECONCILER_ENVIRONMENT": "served",
            "MASKINPORTEN_CLIENT_ID": CLIENT_ID,
            "MASKINPORTEN_PRIVATE_KEY": export_pem(self.key),
            "MASKINPORTEN_KID": KID,
        }

    def fetch_token(self, org: str = VENDOR, client: str = OTHER_CLIENT_ID, scope: str = SCOPE) -> str:
        """Fetch a token for anybody, as Altinn's test-token generator gives them."""
        query = {"env": "local", "orgNo": org, "scopes": scope, "clientId": client, "ttl": "3600"}
        if (org, client) not in self.tokens or scope != SCOPE:
            answer = httpx.get(f"{self.base}/api/GetEnterpriseToken", params=query)
            answer.raise_for_status()
            self.tokens[(org, client)] = answer.text.strip('"')
        return self.tokens[(org, client)]

    def ask(self, method: str, path: str = "", body: Json = None, org: str = VENDOR) -> httpx.Response:
        """Ask the register directly, as another client."""
        headers = {"Authorization": f"Bearer {self.fetch_token(org)}", "Accept": "application/json"}
        return httpx.request(method, f"{self.base}{VENDOR_PATH}{path}", json=body, headers=headers)

    def read(self, system: str) -> Json:
        """Read a system as it is."""
        return self.ask("GET", f"/{system}").json()


def start_served(key: RSAPrivateKey, *, state: Path | None = None, **config: Json) -> Emulator:
    """Start an emulator that knows the client under test, and every resource that tests name."""
    client = {"client_id": CLIENT_ID, "org": VENDOR, "scopes": [SCOPE], "jwk": export_public(key)}
    return start({"clients": [client], "unknown_members": "kept", **config}, state=state)


@contextmanager
def serve(key: RSAPrivateKey, repository: Repository, **config: Json) -> Iterator[Served]:
    """Serve a register until the block ends, and point a repository at it.

    The state of the user is not in the repository: its clones share it.
    """
    with start_served(key, **config) as emulator:
        one = Served(emulator, key)
        repository.configure(emulator.base, emulator.maskinporten)
        repository.environ = {**one.environ, "XDG_STATE_HOME": str(repository.root.parent / "state")}
        yield one


@dataclass
class Repository:
    """A folder with definitions, and the program run in it as a person does."""

    root: Path
    environ: Mapping[str, str] = field(default_factory=dict)

    def write(self, name: str, text: str) -> Path:
        """Write a file under `systems/`."""
        path = self.root / "systems" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def define(self, name: str = "smartcloud", /, **changes: Json) -> Path:
        """Write a definition of a system of the test vendor."""
        system = f"{VENDOR}_{name}"
        return self.write(f"{system}.yaml", a_definition_text(id=system, **changes))

    def track(self, *ignored: str) -> None:
        """Make the folder a git repository, in which what the tool writes for itself is ignored, and more."""
        self.root.mkdir(exist_ok=True)
        git(self.root, "init", "-q", "-b", "main", "--template=")
        (self.root / ".gitignore").write_text(
            "\n".join([".reconciler/", ".state/", *ignored, ""]), encoding="utf-8"
        )

    def commit(self, message: str) -> str:
        """Commit everything, and give the commit."""
        return commit_all(self.root, message)

    def configure(self, base: str, maskinporten: str) -> None:
        """Name a served register as the environment `served`."""
        text = f'[environments.served]\nregister = "{base}"\nmaskinporten = "{maskinporten}"\n'
        (self.root / "reconciler.toml").write_text(text, encoding="utf-8")

    def run(self, *words: str, timeout: float = 60, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run the installed program with a bare environment, as a CI job does."""
        kept = {name: os.environ[name] for name in ("PATH", "COVERAGE_PROCESS_START") if name in os.environ}
        state = {"HOME": str(self.root), "XDG_STATE_HOME": str(self.root / ".state"), "LANG": "C.UTF-8"}
        done = subprocess.run(
            [sys.executable, "-W", "error", "-m", "reconciler", *words],
            cwd=self.root,
            env={**kept, **state, **self.environ, **environ},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        check_exit_code(words, done.returncode)
        check_output(words, done.stdout)
        return done

    def plan(self, *words: str) -> Json:
        """Make a plan and read its JSON."""
        done = self.run("plan", "--format", "json", *words)
        assert done.stdout, done.stderr
        return json.loads(done.stdout)
