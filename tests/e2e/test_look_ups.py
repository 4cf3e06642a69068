"""Look-ups as a person sees them: in plan, apply and validate, at a served register and in the embedded one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import unquote

import httpx
import pytest

from tests.builders import VENDOR

if TYPE_CHECKING:
    from reconciler.model.canonical_json import Json
    from tests.served import Repository, Served

pytestmark = pytest.mark.slow

METADATA = ("/resourceregistry/", "/accessmanagement/")
SECOND = "0b8f7d0e-2f0e-4a57-9d0a-0b7a2f9c1d22"
REGISTRY = "/resourceregistry/*"


def list_asked(served: Served) -> list[str]:
    """List the names that clients asked the metadata APIs for, by the access log."""
    paths = [unquote(each["path"]) for each in httpx.get(f"{served.base}/control/log").json()]
    return sorted(path.rpartition("/")[2] for path in paths if path.startswith(METADATA))


def flatten(text: str) -> str:
    """Put a text on one line, whichever quotes it has."""
    return " ".join(text.replace("'", "`").split())


def strike(served: Served, path: str, **fault: Json) -> None:
    """Set a fault on what clients ask."""
    body = {"path": path, "times": 0, "from": "client", **fault}
    assert httpx.post(f"{served.base}/control/faults", json=body).status_code < 300


def test_plan_and_apply_are_blocked_by_an_unknown_right(repository: Repository, served: Served) -> None:
    """P3: the line, the nearest names and what to write, before the merge; apply from files is blocked too."""
    repository.define(rights=["ske-krav-og-betaling"])
    name = f"{VENDOR}_smartcloud"

    planned = repository.run("plan", "--out", "plan.json")
    applied = repository.run("apply", "--yes")
    verified = repository.run("verify", "plan.json")
    saved = repository.run("apply", "plan.json", "--yes")

    for done in (planned, applied):
        assert done.returncode == 1, done.stderr
        assert "`ske-krav-og-betaling` is not a resource in served" in flatten(done.stdout)
        assert "Did you mean `ske-krav-og-betalinger`" in flatten(done.stdout)
        assert f"systems/{name}.yaml:5" in flatten(done.stdout)
    assert verified.returncode == 0, verified.stderr
    assert saved.returncode == 1, saved.stderr
    assert served.ask("GET", f"/{name}").status_code == 404


def test_an_outage_is_said_and_blocks_nothing(repository: Repository, served: Served) -> None:
    """P3: a proxy's page instead of the registry is no "not found", and no silence either."""
    strike(served, REGISTRY, fault="status", status=404, body="<html>Sign in</html>")

    planned = repository.run("plan", "--out", "plan.json", "--format", "text", "--format", "sarif=plan.sarif")
    applied = repository.run("apply", "--yes")

    assert (planned.returncode, applied.returncode) == (0, 0), applied.stderr
    for done in (planned, applied):
        assert "`ske-krav-og-betalinger` could not be checked in served" in flatten(done.stdout)
    (finding,) = json.loads((repository.root / "plan.json").read_text())["findings"]
    assert (finding["rule"], finding["severity"], finding["line"]) == ("not-checked", "warning", 5)
    results = json.loads((repository.root / "plan.sarif").read_text())["runs"][0]["results"]
    assert "not-checked" in {each["ruleId"] for each in results}


def test_validate_asks_for_everything_once_without_a_credential(
    repository: Repository, served: Served
) -> None:
    """P3: whatever the register holds already; errors exit 1, and nothing but GET is sent."""
    repository.define("first", clientId=[], rights=["ske-krav-og-betalinger", "zzzz"])
    repository.define("second", clientId=[SECOND], rights=["zzzz", "ttd-am-k6"], environments={"served": {}})
    repository.environ = {}

    offline = repository.run("validate")
    assert list_asked(served) == []
    online = repository.run("validate", "--online", "-e", "served", "--format", "json")

    assert (offline.returncode, online.returncode) == (0, 1), online.stderr
    assert online.stderr.startswith("Environment served: http")
    found = json.loads(online.stdout)["findings"]
    errors = [(each["rule"], each["path"]) for each in found if each["severity"] == "error"]
    assert errors == [
        ("right-unknown", "rights[1].resource[0].value"),
        ("right-unknown", "rights[0].resource[0].value"),
        ("right-not-delegable", "rights[1].resource[0].value"),
    ]
    assert list_asked(served) == sorted(
        [
            "resourcelist",
            "ske-krav-og-betalinger",
            "ttd-am-k6",
            "urn:altinn:accesspackage:skattegrunnlag",
            "zzzz",
        ]
    )
    log = httpx.get(f"{served.base}/control/log").json()
    assert {each["method"] for each in log} == {"GET"}


@pytest.mark.parametrize(("strict", "code"), [([], 0), (["--strict"], 1)])
def test_an_outage_is_a_warning_of_validate(
    repository: Repository, served: Served, strict: list[str], code: int
) -> None:
    """P3: one warning for all that could not be checked."""
    repository.define("other", clientId=[], rights=["kravogbetaling"])
    strike(served, REGISTRY, fault="status", status=404)

    done = repository.run("validate", "--online", "-e", "served", *strict)

    assert done.returncode == code, done.stderr
    assert done.stdout.count("could not be checked in served") == 1
    assert "`kravogbetaling`, `ske-krav-og-betalinger` could not be checked" in flatten(done.stdout)


def test_an_address_where_nothing_answers_is_an_outage(repository: Repository) -> None:
    """P3: also where no connection can be made."""
    repository.configure("http://127.0.0.1:9", "http://127.0.0.1:9/")

    done = repository.run("validate", "--online", "-e", "served")

    assert done.returncode == 0, done.stderr
    assert "could not be checked in served: 127.0.0.1:9 could not be reached" in flatten(done.stdout)


def test_local_says_what_it_takes_as_existing(repository: Repository) -> None:
    """P3: once for all systems, and in validate too; a type that it knows is not overruled."""
    repository.define("first", clientId=[], rights=["our-own", "ske-krav-og-betalinger"])
    repository.define("second", clientId=[SECOND], rights=["another", "our-own"])

    for words in (["plan"], ["validate", "--online"], ["apply", "--yes"]):
        done = repository.run(*words)
        said = "Taken as existing here, since only the definitions know them: `our-own`, `another`"
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("aken as existing") == 1
        assert said in flatten(done.stdout)

    repository.define("third", clientId=[], rights=["ttd-am-k6"])
    assert "is of type MaskinportenSchema in local" in flatten(repository.run("plan").stdout)


def test_an_environment_without_online_is_a_mistake(repository: Repository) -> None:
    """Without --online no environment is asked, so naming one is refused."""
    done = repository.run("validate", "-e", "tt02")

    assert done.returncode == 2
    assert "Pass --online" in done.stderr


def test_rules_of_look_ups_are_explained(repository: Repository) -> None:
    """Each has a page."""
    for rule in ("right-unknown", "right-not-delegable", "right-renamed", "package-renamed", "not-checked"):
        assert repository.run("explain", rule).stdout.startswith(rule)
