"""`reconciler export` gives what apply sends."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

import pytest

from tests.builders import VENDOR

if TYPE_CHECKING:
    from tests.served import Repository, Served

pytestmark = pytest.mark.slow

SYSTEM = f"{VENDOR}_smartcloud"


def test_the_body_registers_the_system(repository: Repository, served: Served) -> None:
    """Sent as it is, it leaves a plan with nothing to do; no credential is needed to print it."""
    done = repository.run("export", SYSTEM, MASKINPORTEN_PRIVATE_KEY="", MASKINPORTEN_CLIENT_ID="")
    assert done.returncode == 0, done.stderr
    assert "--live" in done.stderr

    assert served.ask("POST", "", json.loads(done.stdout)).status_code == 200
    assert repository.run("plan", "--exit-code").returncode == 0


def test_the_live_body_is_the_plans(repository: Repository, served: Served) -> None:
    """What the register holds and no definition knows is in it; what is up to date has none."""
    assert repository.run("apply", "--yes").returncode == 0
    nothing = repository.run("export", SYSTEM, "--live")
    assert (nothing.returncode, nothing.stdout) == (2, "")
    assert "Apply would send nothing" in nothing.stderr

    repository.define(isVisible=False)
    held = served.read(SYSTEM)
    served.ask("PUT", f"/{SYSTEM}", {**held, "contactEmail": "a@b.no"})
    body = json.loads(repository.run("export", SYSTEM, "--live").stdout)
    planned = json.loads(repository.run("plan", "--format", "json").stdout)

    assert body == planned["changes"][0]["document"]
    assert (body["contactEmail"], body["isVisible"]) == ("a@b.no", False)


def test_the_curl_command_has_no_token(repository: Repository, served: Served) -> None:
    """It names the method, the address and the body, quoted for a shell, and reads the token from a variable."""
    repository.define(description={"nb": "it's ##vso[x] $HOME", "nn": "æ", "en": "x"})
    done = repository.run("export", SYSTEM, "--curl")
    words = shlex.split(done.stdout)

    assert words[:4] == [
        "curl",
        "--request",
        "POST",
        f"{served.base}/authentication/api/v1/systemregister/vendor",
    ]
    assert words[5] == "Authorization: Bearer $TOKEN"
    assert "##vso[" not in done.stdout
    assert json.loads(words[-1])["description"]["nb"] == "it's ##vso[x] $HOME"


def test_a_withdrawn_system_has_no_body(repository: Repository, served: Served) -> None:
    """The request is a deletion."""
    assert repository.run("apply", "--yes").returncode == 0
    path = repository.define()
    path.write_text(path.read_text(encoding="utf-8") + "withdrawn: true\n", encoding="utf-8")

    assert repository.run("export", SYSTEM, "--live").returncode == 2
    shown = shlex.split(repository.run("export", SYSTEM, "--live", "--curl").stdout)
    assert shown[2:4] == ["DELETE", f"{served.base}/authentication/api/v1/systemregister/vendor/{SYSTEM}"]


def test_what_cannot_be_exported(repository: Repository) -> None:
    """An id without a definition gets the nearest; the embedded register has no address."""
    unknown = repository.run("export", f"{VENDOR}_smartclod")
    assert unknown.returncode == 2
    assert f"The nearest: {SYSTEM}." in unknown.stderr

    local = repository.run("export", SYSTEM, "--curl")
    assert local.returncode == 2
    assert "reconciler register serve" in local.stderr


def test_a_template_becomes_the_body_of_a_request(repository: Repository, served: Served) -> None:
    """No credential is needed, nothing is sent, and halves of what it takes are refused."""
    repository.define(requests={"standard": {"rights": ["ske-krav-og-betalinger"]}})
    words = ("export", SYSTEM, "--request", "standard")
    done = repository.run(*words, "--customer", "310904473", MASKINPORTEN_PRIVATE_KEY="")

    assert done.returncode == 0, done.stderr
    assert "systemuser.request.write" in done.stderr
    assert json.loads(done.stdout)["partyOrgNo"] == "310904473"
    shown = shlex.split(repository.run(*words, "--customer", "310904473", "--curl").stdout)
    assert shown[2:4] == ["POST", f"{served.base}/authentication/api/v1/systemuser/request/vendor"]
    for half in (
        words,
        (*words, "--customer", "310904473", "--live"),
        (*words[:2], "--customer", "310904473"),
    ):
        assert repository.run(*half).returncode == 2
