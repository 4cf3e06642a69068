"""What happens on github.com in these tests, and what is read afterwards."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from tests.builders import VENDOR
from tests.workflows.github import REPOSITORY
from tests.workflows.registers import propose

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model.canonical_json import Json
    from tests.served import Repository, Served
    from tests.workflows.expression import Value
    from tests.workflows.runner import Runner

SYSTEM = f"{VENDOR}_smartcloud"


def an_event(
    *,
    inputs: Mapping[str, str] | None = None,
    fork: str = "",
    enabled: bool = True,
    queued_on: str = "",
    head: str = "0" * 40,
) -> dict[str, Value]:
    """Give the contexts of an event; a push has no inputs. `queued_on` is the commit below one in a merge queue."""
    asked: Value = {"number": "7", "head": {"sha": head, "repo": {"full_name": fork or REPOSITORY}}}
    event: Value = {"merge_group": {"base_sha": queued_on}} if queued_on else {"pull_request": asked}
    github: dict[str, Value] = {
        "server_url": "https://github.com",
        "repository": REPOSITORY,
        "ref": "refs/heads/main",
        "base_ref": "" if queued_on else "main",
        "event_name": "workflow_dispatch" if inputs else "push",
        "token": "the-runners-token",
        "event": event,
    }
    return {
        "github": github,
        "inputs": inputs or {},
        "vars": {"RECONCILER_ENABLED": "true" if enabled else ""},
    }


def ask_pull_request(runner: Runner, origin: Repository, **changes: Json) -> str:
    """Change the system on a branch, and have a pull request ask for that; give its commit."""
    head = propose(origin, **changes)
    runner.merges, runner.event = "pull-request", an_event(head=head)
    runner.github.open_pull_request(head)
    return head


def read_clients(served: Served) -> Json:
    """Read the clients that the register holds for the system."""
    live = served.read(SYSTEM)
    assert isinstance(live, dict)
    return live["clientId"]


def read_digest(runner: Runner, name: str) -> str:
    """Read the digest of the plan that a job left as an artifact."""
    digest = json.loads(runner.github.find_artifact(name).read("plan.json"))["digest"]
    assert re.fullmatch("[0-9a-f]{64}", digest)
    return str(digest)
