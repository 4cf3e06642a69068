"""The program as a person runs it: plan, apply, edit, plan again."""

from __future__ import annotations

import json
import re

import httpx
import pytest

from reconciler import __version__
from tests.builders import CLIENT, VENDOR
from tests.served import CLIENT_ID, Repository, Served


def test_apply_leaves_nothing_to_do(repository: Repository) -> None:
    """In the embedded register: apply, then an empty plan, then exactly the edited line, then empty again."""
    applied = repository.run("apply", "--yes")
    assert (applied.returncode, applied.stdout.splitlines()[-1]) == (0, "Apply: 1 done.")

    empty = repository.run("plan", "--exit-code")
    assert empty.returncode == 0
    assert empty.stdout == (
        "Plan for 'local'\n"
        "\n"
        "No effect: 'local' holds what the definitions ask for; nothing changes for\n"
        "customers.\n"
        "\n"
        "Plan for 'local': 1 unchanged.\n"
    )

    repository.define(allowedRedirectUrls=["https://Example.com"])
    edited = repository.run("plan", "--exit-code")
    assert edited.returncode == 3
    assert edited.stdout.splitlines()[:-1] == [
        "Plan for 'local'",
        "",
        "Check: updates '991825827_smartcloud' in 'local'; no system user loses access,",
        "and what else it means stands below.",
        "",
        "What apply does in local:",
        "  ~ Updates 991825827_smartcloud",
        "      systems/991825827_smartcloud.yaml:9",
        "      + allowedRedirectUrls: https://example.com/",
        "      - allowedRedirectUrls: https://smartcloud.example/receipt",
        "      New requests that name 'https://smartcloud.example/receipt' are refused;",
        "      those under way still lead there (redirect-removed).",
        "",
        "Details in local (register today → after apply):",
        "",
        "~ 991825827_smartcloud  update  systems/991825827_smartcloud.yaml:9",
        (
            "    ! redirect-removed  New requests that name 'https://smartcloud.example/receipt' are refused; "
            "those under way still lead there."
        ),
        "    + allowedRedirectUrls https://example.com/  :9",
        "    - allowedRedirectUrls https://smartcloud.example/receipt  :9",
        "",
        "Plan for 'local': 1 to update.",
    ]

    assert repository.run("apply", "--yes").returncode == 0
    assert repository.run("plan", "--exit-code").returncode == 0


@pytest.mark.slow
def test_local_state_is_private(repository: Repository) -> None:
    """Everything under `.reconciler/` is its owner's alone, and out of git."""
    repository.run("apply", "--yes")
    own = repository.root / ".reconciler"

    assert (own / ".gitignore").read_text() == "*\n"
    assert own.stat().st_mode & 0o077 == 0
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in own.rglob("*") if path.is_file()}
    assert {mode for name, mode in modes.items() if name != ".gitignore"} == {"0o600"}, modes


@pytest.mark.slow
def test_a_served_register_is_an_environment_like_any_other(repository: Repository, served: Served) -> None:
    """A grant, a token and a PUT over HTTP; the change log names the client."""
    assert repository.run("apply", "--yes").returncode == 0
    log = served.ask("GET", f"/{VENDOR}_smartcloud/changelog").json()

    assert [(each["changeType"], each["clientId"]) for each in log] == [("create", CLIENT_ID)]


@pytest.mark.slow
def test_unknown_members_survive_an_update(repository: Repository, served: Served) -> None:
    """A member that this tool does not know survives at the top, in `vendor`, in a right and in a package."""
    right = {
        "resource": [{"id": "urn:altinn:resource", "value": "ske-krav-og-betalinger"}],
        "contactEmail": "a@b.no",
    }
    package = {"urn": "urn:altinn:accesspackage:skattegrunnlag", "contactEmail": "a@b.no"}
    live = {
        "id": f"{VENDOR}_smartcloud",
        "vendor": {"ID": f"0192:{VENDOR}", "contactEmail": "a@b.no"},
        "name": {"nb": "x", "nn": "x", "en": "x"},
        "description": {"nb": "x", "nn": "x", "en": "x"},
        "rights": [right],
        "accessPackages": [package],
        "clientId": [CLIENT],
        "contactEmail": "a@b.no",
    }
    assert served.ask("POST", "", live).status_code == 200
    before = served.read(f"{VENDOR}_smartcloud")

    refused = repository.run("apply", "--yes")
    assert refused.returncode == 4  # another client registered it, and its values would be overwritten
    assert repository.run("apply", "--yes", "--accept", repository.plan()["digest"]).returncode == 0

    after = served.read(f"{VENDOR}_smartcloud")
    assert before["contactEmail"] == after["contactEmail"] == "a@b.no"
    assert after["vendor"] == {"ID": f"0192:{VENDOR}", "contactEmail": "a@b.no"}
    assert (after["rights"], after["accessPackages"]) == ([right], [package])
    assert after["name"]["nb"] == "SmartCloud"


@pytest.mark.slow
def test_the_plan_is_the_same_bytes_but_for_times(repository: Repository, served: Served) -> None:
    """The same input gives the same JSON, digest included."""
    del served
    first, second = repository.plan(), repository.plan()
    for plan in (first, second):
        del plan["created"], plan["file_digest"]

    assert json.dumps(first) == json.dumps(second)


@pytest.mark.slow
def test_an_unmanaged_system_is_told_and_left_alone(repository: Repository, served: Served) -> None:
    """A live system without a file is unmanaged; its client id blocks who claims it."""
    body = {
        "id": f"{VENDOR}_other",
        "vendor": {"ID": f"0192:{VENDOR}"},
        "name": {"nb": "Gammel", "nn": "x", "en": "x"},
        "description": {"nb": "x", "nn": "x", "en": "x"},
        "clientId": [CLIENT],
    }
    served.ask("POST", "", body)

    planned = repository.run("plan")

    assert planned.returncode == 1
    said = " ".join(planned.stdout.split())
    assert f"'{VENDOR}_other' (Gammel) is registered in 'served' without a file here" in said
    assert f"Reason: client id {CLIENT} is on '{VENDOR}_other'" in said
    assert repository.run("apply", "--yes").returncode == 1
    assert served.read(f"{VENDOR}_other")["clientId"] == [CLIENT]


@pytest.mark.slow
def test_one_refusal_does_not_stop_the_others(repository: Repository, served: Served) -> None:
    """Apply goes on with independent systems after a failure, and says which failed and why."""
    resource = f"{served.base}/control/resources/no-such-resource"
    right = {"resource": [{"id": "urn:altinn:resource", "value": "no-such-resource"}]}
    repository.define("aaa", rights=[right], clientId=[])
    assert httpx.put(resource, json={"resourceType": "Default"}).status_code < 300
    assert repository.run("plan", "--out", "plan.json").returncode == 0
    assert httpx.delete(resource).status_code < 300  # between plan and apply

    done = repository.run("apply", "plan.json", "--yes")

    assert done.returncode == 1
    told = done.stdout[done.stdout.index("failed ") :]
    assert told == (
        "failed    create 991825827_aaa\n"
        "    The register answered 400: AUTH.VLD-00003 One or more resources specified in rights were not "
        "found in Altinn's resource register – ResourceIds Not Found: no-such-resource. "
        "The metadata says so too: 'no-such-resource' is not a resource in this environment.\n"
        "    If the definition is right, the register's own look-up may have failed: try again later.\n"
        "done      create 991825827_smartcloud\n"
        "Apply: 1 done, 1 failed.\n"
    )


@pytest.mark.slow
def test_an_allowed_fault_blocks_a_change_and_hurts_nothing_else(
    repository: Repository, served: Served
) -> None:
    """What the register would refuse is blocked although the file allows it; the others go through."""
    del served  # which knows only what the shipped list holds
    unknown = "urn:altinn:accesspackage:not-there"
    path = repository.define("new", clientId=[], accessPackages=[{"urn": unknown}])
    path.write_text(path.read_text() + "allow: {package-unknown: ordered}\n")

    planned = repository.run("plan")

    assert planned.returncode == 1
    assert f"'{unknown}' is not an access package in served (AUTH.VLD-00008)" in " ".join(
        planned.stdout.split()
    )
    assert repository.run("apply", "--yes").stdout.endswith("Apply: 1 done; 1 blocked and never sent.\n")


@pytest.mark.slow
def test_definitions_with_errors_reach_no_register(repository: Repository, served: Served) -> None:
    """A definition that is wrong stops plan and apply before a single request."""
    served.emulator.close()
    repository.write(f"{VENDOR}_broken.yaml", "id: [\n")

    for verb in ("plan", "apply"):
        done = repository.run(verb)
        assert done.returncode == 1
        assert "yaml-syntax" in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_a_dead_register_is_one_clear_sentence(repository: Repository, served: Served) -> None:
    """With the register gone, plan ends soon, with a sentence and exit 1."""
    served.emulator.close()

    done = repository.run("plan", timeout=15)

    assert done.returncode == 1
    assert len([line for line in done.stderr.splitlines() if line.startswith("error: ")]) == 1
    assert "Traceback" not in done.stderr


def test_a_vendor_without_definitions_is_no_success(repository: Repository) -> None:
    """A misspelt vendor, or an environment that no definition names, is a usage error and not an empty plan."""
    assert repository.run("plan", "--vendor", "310904473").returncode == 2
    assert "No definition" in repository.run("plan", "-e", "prod", RECONCILER_TOKEN="x").stderr


def test_help_fits_eighty_columns(repository: Repository) -> None:
    """Help is plain text, and no line is longer than a terminal is wide."""
    for words in (["--help"], ["validate", "--help"], ["plan", "--help"], ["apply", "--help"]):
        done = repository.run(*words)
        assert done.returncode == 0
        assert max(map(len, done.stdout.splitlines())) <= 80

    assert repository.run("--version").stdout.startswith(f"reconciler {__version__} (")


def test_a_log_gets_no_colour_and_no_bar(repository: Repository) -> None:
    """Without a terminal there is no escape sequence on either stream."""
    done = repository.run("apply", "--yes")

    assert not re.search(r"\x1b", done.stdout + done.stderr)
