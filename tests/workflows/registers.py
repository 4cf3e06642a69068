"""What the tests of the workflows share: a credential, a system that changes, a register that fails."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import httpx
from jwt.algorithms import RSAAlgorithm

from reconciler.operations.evidence import check_evidence
from tests.builders import CLIENT, OTHER_CLIENT, VENDOR
from tests.git import git
from tests.served import CLIENT_ID, KID

if TYPE_CHECKING:
    import subprocess

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from reconciler.model.canonical_json import Json
    from tests.served import Repository, Served
    from tests.workflows.machine import Ended, Watch

SYSTEM = f"{VENDOR}_smartcloud"


def make_credential(key: RSAPrivateKey) -> dict[str, str]:
    """Make the two variables that a job with a credential gets."""
    jwk = json.dumps({**json.loads(RSAAlgorithm.to_jwk(key)), "kid": KID, "alg": "RS256"})
    return {"MASKINPORTEN_CLIENT_ID": CLIENT_ID, "MASKINPORTEN_CLIENT_JWK": jwk}


def define(origin: Repository, **changes: Json) -> str:
    """Change the system on the branch that is checked out, and give the commit."""
    origin.define(**{"clientId": [CLIENT, OTHER_CLIENT], **changes})
    return origin.commit("Change SmartCloud")


def propose(origin: Repository, **changes: Json) -> str:
    """Change the system on a branch of its own, and give its commit; `main` is checked out again."""
    git(origin.root, "checkout", "-qB", "pull-request", "main")
    commit = define(origin, **changes)
    git(origin.root, "checkout", "-q", "main")
    return commit


def forget_rights(origin: Repository) -> None:
    """Leave out of the definition what the register has, which blocks the change, and add another system."""
    path = origin.define(clientId=[])
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text(
        "".join(line for line in lines if not line.startswith(("clientId", "rights"))), encoding="utf-8"
    )
    origin.define("second", clientId=[])
    origin.commit("Forget the rights, and register another")


def read_live(served: Served) -> dict[str, Any]:
    """Read the system as the register has it."""
    live: dict[str, Any] = served.read(SYSTEM)
    return live


def move(served: Served) -> None:
    """Hide the system by hand, which the files ask for too."""
    body = {name: value for name, value in read_live(served).items() if name != "isDeleted"}
    assert served.ask("PUT", f"/{SYSTEM}", {**body, "isVisible": False}).status_code == 200


def delay_write(served: Served, seconds: float) -> None:
    """Have the register carry out the next change that late, without an answer."""
    late = {"fault": "late", "method": "PUT", "seconds": seconds}
    hang = {"fault": "timeout", "method": "PUT", "seconds": 30, "when": "after"}
    httpx.post(f"{served.base}/control/faults", json=[late, hang]).raise_for_status()


def list_described(served: Served) -> list[str]:
    """List the descriptions that the register was given, oldest first."""
    entries: Any = served.ask("GET", f"/{SYSTEM}/changelog").json()
    found = sorted((each["created"], each["changedData"]["Description"]["en"]) for each in entries)
    return [word for _, word in found]


def hide(origin: Repository, *clients: str) -> None:
    """Commit a system that is hidden, with these clients and another address."""
    define(
        origin,
        clientId=list(clients),
        isVisible=False,
        allowedRedirectUrls=["https://smartcloud.example/"],
    )


def describe(origin: Repository, word: str) -> None:
    """Commit another description of the system."""
    define(origin, description={"nb": word, "nn": word, "en": word})


def read_digest(planned: Ended) -> str:
    """Read the digest of the plan that a job made."""
    plan = json.loads((planned.folder / "plan.json").read_text())
    return str(plan["digest"])


def check_proof(archive: bytes) -> None:
    """Check what a job has kept as the proof of its run."""
    proof = check_evidence(archive)
    assert proof.problems == ()
    assert proof.run is not None


def list_codes(done: dict[str, Ended]) -> dict[str, int]:
    """List the jobs or stages that ran, with their codes."""
    return {name: ended.code for name, ended in done.items()}


def strike(served: Served, **fault: Json) -> None:
    """Have the register misbehave at the next request that fits."""
    httpx.post(f"{served.base}/control/faults", json=fault).raise_for_status()


def when_struck(served: Served, end: Watch) -> Watch:
    """Make what ends a process as soon as the fault has struck."""

    def watch(process: subprocess.Popen[str]) -> None:
        while process.poll() is None:
            if any(each["struck"] for each in httpx.get(f"{served.base}/control/faults").json()):
                end(process)
                return
            time.sleep(0.02)

    return watch
