"""A client that plans and one that applies, in the workflows: each has its own secret, and one of them may write."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from tests.builders import CLIENT, OTHER_CLIENT, VENDOR
from tests.served import CLIENT_ID, SCOPE, VENDOR_PATH, export_public
from tests.workflows.events import SYSTEM, read_clients

if TYPE_CHECKING:
    from tests.served import Repository, Served
    from tests.workflows.runner import Runner

pytestmark = pytest.mark.thorough
APPLY_ID = "99999999-2f0e-4a57-9d0a-0b7a2f9c1d11"


@pytest.fixture(autouse=True)
def roles(runner: Runner, origin: Repository, served: Served) -> None:
    """Give apply a client of its own, and let it alone write."""
    client = {"org": VENDOR, "scopes": [SCOPE], "jwk": export_public(served.key)}
    httpx.put(f"{served.base}/control/clients/{APPLY_ID}", json=client).raise_for_status()
    config = origin.root / "reconciler.toml"
    config.write_text(f'{config.read_text("utf-8")}clients = ["{APPLY_ID}"]\n', encoding="utf-8")
    origin.commit("Let one client write")
    plans = runner.secrets["tt02-plan"]
    runner.secrets = {"tt02-plan": plans, "tt02": {**plans, "MASKINPORTEN_CLIENT_ID": APPLY_ID}}


def list_writers(served: Served) -> set[str]:
    """List the clients that have written, by the access log."""
    log = httpx.get(f"{served.base}/control/log").json()
    return {
        each["client_id"] for each in log if each["path"].startswith(VENDOR_PATH) and each["method"] != "GET"
    }


def test_what_one_plans_the_other_applies(runner: Runner, served: Served) -> None:
    """The plan is made with one client and carried out with the other; the night knows the writes as ours."""
    done = runner.run_workflow("apply")

    assert {name: job.result for name, job in done.items()} == {
        "plan": "success",
        "apply": "success",
        "report": "success",
    }
    assert read_clients(served) == [CLIENT, OTHER_CLIENT]
    assert list_writers(served) == {APPLY_ID}
    assert not runner.run_workflow("drift")["issue"].failed
    assert runner.github.read().get("issues", []) == []


def test_the_client_that_plans_cannot_apply(runner: Runner, served: Served) -> None:
    """Where the wrong secret was put into the environment that applies, nothing is written."""
    runner.secrets = {**runner.secrets, "tt02": runner.secrets["tt02-plan"]}
    done = runner.run_workflow("apply")

    assert done["apply"].failed
    assert f"Client {CLIENT_ID} may not write in" in done["apply"].stderr
    assert list_writers(served) == set()


def test_a_write_by_the_client_that_plans_opens_an_issue(runner: Runner, served: Served) -> None:
    """Even where it left no difference: somebody has used the key of the plans."""
    assert not runner.run_workflow("apply")["apply"].failed
    headers = {"Authorization": f"Bearer {served.fetch_token(client=CLIENT_ID)}"}
    address = f"{served.base}{VENDOR_PATH}/{SYSTEM}"
    httpx.put(address, json=served.read(SYSTEM), headers=headers).raise_for_status()

    assert not runner.run_workflow("drift")["issue"].failed
    (opened,) = runner.github.read()["issues"]
    assert f"Client {CLIENT_ID}, which may only read here, wrote" in opened["body"]
