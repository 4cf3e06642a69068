"""Apply and its companions as a person or a job runs them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import httpx
import pytest

from reconciler.cli.context import connect
from reconciler.errors import Refused
from reconciler.model.environment import Environment
from tests.builders import CLIENT, OTHER_CLIENT, VENDOR
from tests.served import CLIENT_ID, SCOPE, VENDOR_PATH, Repository, Served, export_public

if TYPE_CHECKING:
    from reconciler.model.canonical_json import Json

pytestmark = pytest.mark.slow

ONE = f"{VENDOR}_smartcloud"
APPLY_ID = "99999999-2f0e-4a57-9d0a-0b7a2f9c1d11"


def _strike(served: Served, **fault: Json) -> None:
    fault.setdefault("path", "*systemregister/vendor*")
    httpx.post(f"{served.base}/control/faults", json=fault).raise_for_status()


def _clone(repository: Repository) -> Repository:
    root = repository.root.parent / "clone"
    shutil.copytree(repository.root, root, ignore=shutil.ignore_patterns(".reconciler"))
    return Repository(root, repository.environ)


def _start(repository: Repository, *words: str) -> subprocess.Popen[str]:
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "reconciler", *words],
        cwd=repository.root,
        env={**kept, "HOME": str(repository.root), **repository.environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _await_line(process: subprocess.Popen[str], start: str) -> None:
    assert process.stderr
    for line in process.stderr:
        if line.startswith(start):
            return
    pytest.fail(f"there was no line {start}")


def _writes(served: Served) -> list[str]:
    log = httpx.get(f"{served.base}/control/log").json()
    return [e["method"] for e in log if e["path"].startswith(VENDOR_PATH) and e["method"] != "GET"]


def test_two_applies_at_once(repository: Repository, served: Served) -> None:
    """From two clones on one machine: the second refuses with 4 and changes nothing; a dead run's lock is free."""
    other = _clone(repository)
    other.define("more", clientId=[])
    _strike(served, fault="timeout", method="POST")
    first = _start(repository, "apply", "--yes")
    _await_line(first, "Journal: ")

    second = other.run("apply", "--yes")

    assert second.returncode == 4, second.stderr
    assert (
        f"Another run holds the lock on {served.base} for vendor {VENDOR}: process {first.pid}"
        in second.stderr
    )
    assert served.ask("GET", f"/{VENDOR}_more").status_code == 404
    first.kill()
    first.communicate()
    assert other.run("apply", "--yes").returncode == 0
    assert served.read(f"{VENDOR}_more")["id"] == f"{VENDOR}_more"


def test_a_killed_run_is_recovered_without_the_definitions(repository: Repository, served: Served) -> None:
    """The next apply refuses until `recover` has looked; broken definitions do not keep it from that."""
    _strike(served, fault="timeout", method="POST", when="after")
    first = _start(repository, "apply", "--yes")
    _await_line(first, "Journal: ")
    while served.ask("GET", f"/{ONE}").status_code != 200:
        time.sleep(0.05)
    first.kill()
    first.communicate()

    refused = repository.run("apply", "--yes")
    repository.write(f"{VENDOR}_broken.yaml", "id: [\n")
    recovered = repository.run("recover", "--patience", "1")

    assert refused.returncode == 4
    assert "Run 'reconciler recover' first" in refused.stderr
    assert recovered.returncode == 0, recovered.stderr
    assert recovered.stdout.startswith(f"done      create {ONE}\n    its entry in the change log is of 20")
    again = repository.run("recover", "--patience", "1")
    assert (again.returncode, again.stdout) == (
        0,
        "Nothing is open: every request of the journal has its outcome.\n",
    )


def test_recover_without_a_journal(repository: Repository, served: Served) -> None:
    """It says what the change log alone can tell."""
    assert repository.run("apply", "--yes").returncode == 0
    shutil.rmtree(repository.root / ".reconciler" / "journal")

    done = repository.run("recover")

    assert done.returncode == 0
    assert "There is no journal in" in done.stderr
    assert done.stdout.startswith(f"{ONE}: create at 20")
    assert f"by client {CLIENT_ID} of organisation {VENDOR}" in done.stdout
    assert _writes(served) == ["POST"]


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)])
def test_a_signal_finishes_what_is_under_way(repository: Repository, served: Served, number: int) -> None:
    """The rest is reported as not tried, in the report too, and the next run goes on."""
    for letter in "abc":
        repository.define(letter, clientId=[])
    _strike(served, fault="latency", seconds=1.0, method="POST", times=1)
    run = _start(repository, "apply", "--yes", "--workers", "1", "--report", "report.json")
    _await_line(run, "Journal: ")
    time.sleep(0.3)
    run.send_signal(number)
    out, _ = run.communicate(timeout=20)

    assert run.returncode == 1
    assert out.splitlines()[-1] == "Apply: 1 done, 3 not tried."
    report = json.loads((repository.root / "report.json").read_text())
    assert [each["outcome"] for each in report["outcomes"]] == ["done", *["not tried"] * 3]
    assert report["outcomes"][1]["reason"] == "The run was interrupted."
    assert repository.run("apply", "--yes").returncode == 0


def test_the_report_is_saved(repository: Repository, served: Served) -> None:
    """As JSON, whatever stdout shows; a folder that is not there is told before anything is written."""
    nowhere = repository.run("apply", "--yes", "--report", "nowhere/report.json")
    assert (nowhere.returncode, _writes(served)) == (2, [])

    done = repository.run("apply", "--yes", "--report", "report.json", "--format", "json")

    assert json.loads((repository.root / "report.json").read_text()) == json.loads(done.stdout)
    assert json.loads(done.stdout)["outcomes"][0]["outcome"] == "done"


def test_a_withdrawn_system(repository: Repository, served: Served) -> None:
    """It is deleted only when the plan's digest is accepted; then there is nothing to do."""
    repository.define(clientId=[])
    assert repository.run("apply", "--yes").returncode == 0
    repository.write(f"{ONE}.yaml", repository.define(clientId=[]).read_text() + "withdrawn: true\n")

    refused = repository.run("apply", "--yes")
    digest = repository.plan()["digest"]
    done = repository.run("apply", "--yes", "--accept", digest[:12])

    assert refused.returncode == 4
    assert f"--accept {digest[:12]}" in refused.stderr
    assert "system-deleted" in refused.stderr
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "Apply: 1 done.")
    assert "400" in done.stdout  # the register's answer, although it did what was asked
    assert served.read(ONE)["isDeleted"] is True
    assert repository.run("plan", "--exit-code").returncode == 0
    assert repository.run("apply", "--yes").returncode == 0
    assert _writes(served) == ["POST", "DELETE"]
    repository.define(clientId=[])
    assert repository.run("plan").returncode == 1


def _live(**changes: Json) -> dict[str, Json]:
    right = {
        "resource": [{"id": "urn:altinn:resource", "value": "ske-krav-og-betalinger"}],
        "contactEmail": "a@b.no",
    }
    return {
        "id": ONE,
        "vendor": {"ID": f"0192:{VENDOR}", "contactEmail": "a@b.no"},
        "name": {"nb": "x", "nn": "x", "en": "x"},
        "description": {"nb": "x", "nn": "x", "en": "x"},
        "rights": [right],
        "accessPackages": [{"urn": "urn:altinn:accesspackage:skattegrunnlag", "contactEmail": "a@b.no"}],
        "clientId": [CLIENT],
        "contactEmail": "a@b.no",
        **changes,
    }


def test_unknown_members_survive_and_the_plan_says_so(repository: Repository, served: Served) -> None:
    """At the top, in `vendor`, in a right and in a package."""
    served.ask("POST", "", _live()).raise_for_status()

    made = repository.plan()
    told = [each for each in made["changes"][0]["impacts"] if each["rule"] == "unknown-member-kept"]
    done = repository.run("apply", "--yes", "--accept", made["digest"])

    assert {each["path"] for each in told} == {
        "contactEmail",
        "vendor.contactEmail",
        "rights[0].contactEmail",
        "accessPackages[0].contactEmail",
    }
    assert all("is preserved" in each["message"] for each in told)
    assert done.returncode == 0, done.stdout
    after = served.read(ONE)
    assert after["name"]["nb"] == "SmartCloud"
    for part in (after, after["vendor"], after["rights"][0], after["accessPackages"][0]):
        assert part["contactEmail"] == "a@b.no"


def test_system_users_that_cannot_be_counted_are_not_known(repository: Repository, served: Served) -> None:
    """Never 0: the plan says that it does not know, and what was accepted for 0 is not accepted for that."""
    served.ask("POST", "", _live(clientId=[CLIENT, OTHER_CLIENT])).raise_for_status()
    known = repository.plan()
    _strike(served, fault="status", status=403, path="*systemuser/vendor/bysystem*", times=0)

    unknown = repository.plan()

    def tell(made: Json) -> tuple[int | None, str]:
        (one,) = [i for i in made["changes"][0]["impacts"] if i["rule"] == "client-id-removed"]
        return one["system_users"], one["message"]

    assert tell(known)[0] == 0
    assert tell(unknown)[0] is None
    assert "how many system users it has is not known" in tell(unknown)[1]
    assert known["digest"] != unknown["digest"]


def test_a_saved_plan_is_bound_to_its_target(repository: Repository, served: Served) -> None:
    """Another environment, vendor or address is refused with 4, and so is a changed byte; then it is applied."""
    assert repository.run("plan", "--out", "plan.json").returncode == 0
    path = repository.root / "plan.json"
    content = path.read_bytes()

    path.write_bytes(content.replace(b"SmartCloud", b"SmartCl0ud", 1))
    assert repository.run("apply", "plan.json", "--yes").returncode == 4
    path.write_bytes(content)
    for words in (["-e", "prod"], ["-e", "tt02"], ["--vendor", "310000000"]):
        done = repository.run("apply", "plan.json", "--yes", *words)
        assert (done.returncode, "The plan was made for" in done.stderr) == (4, True), done.stderr
    moved = "http://127.0.0.1:9"
    repository.configure(moved, f"{moved}/maskinporten/")
    assert repository.run("apply", "plan.json", "--yes").returncode == 4
    assert repository.run("verify", "plan.json").returncode == 4
    repository.configure(served.base, f"{served.base}/maskinporten/")
    assert _writes(served) == []

    assert repository.run("verify", "plan.json").returncode == 0
    assert repository.run("apply", "plan.json", "--yes").returncode == 0
    applied = repository.run("verify", "plan.json")
    assert (applied.returncode, "there is nothing to apply" in applied.stdout) == (0, True), applied.stderr
    again = repository.run("apply", "plan.json", "--yes")
    assert again.returncode == 0, again.stderr
    assert "The register holds what it asks for, so nothing was sent." in again.stdout + again.stderr
    assert _writes(served) == ["POST"]


def test_a_saved_plan_for_the_embedded_register(repository: Repository) -> None:
    """It knows the resources that the plan names, as it knows those of the definitions."""
    right = {"resource": [{"id": "urn:altinn:resource", "value": "only-here"}]}
    repository.define(rights=[right])
    assert repository.run("plan", "--out", "plan.json").returncode == 0

    done = repository.run("apply", "plan.json", "--yes")

    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "Apply: 1 done.")


def _newest_run(repository: Repository) -> str:
    return max(
        (repository.root / ".reconciler" / "journal").glob("*.jsonl"), key=lambda p: p.stat().st_mtime
    ).stem


def test_rollback_puts_updates_back(repository: Repository, served: Served) -> None:
    """As a plan, which is applied like any other; what was created cannot be undone."""
    repository.run("apply", "--yes")
    created = _newest_run(repository)
    before = served.read(ONE)
    repository.define(isVisible=False, allowedRedirectUrls=[])
    assert repository.run("apply", "--yes").returncode == 0
    updated = _newest_run(repository)

    undone = repository.run("rollback", updated, "--out", "back.json")

    assert undone.returncode == 0, undone.stderr
    assert "The files still ask for the other state" in undone.stderr
    assert served.read(ONE)["isVisible"] is False
    assert repository.run("apply", "back.json", "--yes").returncode == 0
    assert served.read(ONE) == before
    blocked = repository.run("rollback", created)
    assert blocked.returncode == 1
    assert "the run created it, and that cannot be undone" in blocked.stdout


def test_rollback_of_what_moved_since(repository: Repository, served: Served) -> None:
    """Somebody wrote after the run: nothing is planned over that."""
    repository.run("apply", "--yes")
    repository.define(isVisible=False)
    repository.run("apply", "--yes")
    served.ask("PUT", f"/{ONE}", {**served.read(ONE), "clientId": []}).raise_for_status()

    done = repository.run("rollback", _newest_run(repository))

    assert done.returncode == 1
    assert "it moved since the run" in done.stdout


def test_rollback_of_what_is_unknown(repository: Repository, served: Served) -> None:
    """First somebody has to look."""
    repository.run("apply", "--yes")
    repository.define(isVisible=False)
    _strike(served, fault="timeout", method="PUT", when="after")
    run = _start(repository, "apply", "--yes")
    _await_line(run, "Journal: ")
    while served.read(ONE)["isVisible"]:
        time.sleep(0.05)
    run.kill()
    run.communicate()

    done = repository.run("rollback", _newest_run(repository))

    assert done.returncode == 1
    assert "Run 'reconciler recover' first" in done.stdout


def test_recover_names_what_a_killed_run_left_on_no_system(repository: Repository, served: Served) -> None:
    """W15: it says which client ids, and which command gives them to the system that asks for them."""
    taker = f"{VENDOR}_taker"
    repository.define(clientId=[CLIENT])
    repository.define("taker", clientId=[])
    assert repository.run("apply", "--yes").returncode == 0
    repository.define(clientId=[])
    repository.define("taker", clientId=[CLIENT])
    accept = ("--yes", "--accept", repository.plan()["digest"])
    _strike(served, fault="timeout", method="PUT", path=f"*{taker}")
    first = _start(repository, "apply", *accept)
    while served.read(ONE)["clientId"] or not any(
        each["struck"] for each in httpx.get(f"{served.base}/control/faults").json()
    ):
        time.sleep(0.05)
    first.kill()
    first.communicate()
    httpx.delete(f"{served.base}/control/faults")

    for _ in range(2):  # until it is put right
        recovered = repository.run("recover", "--patience", "0.1")
        assert recovered.returncode == 1, recovered.stderr
        assert f"on no system {CLIENT}\n" in recovered.stdout
        assert f"released client id {CLIENT} of {ONE} for {taker}, which never got it.\n" in recovered.stdout
        assert "    Fix: 'reconciler apply --environment served'" in recovered.stdout
    _strike(served, fault="status", status=502, times=0, method="GET", path=f"*{taker}")
    recovered = repository.run("recover", "--patience", "0.1")
    httpx.delete(f"{served.base}/control/faults")
    assert recovered.returncode == 1
    assert "Whether a client id is on no system is not known" in recovered.stderr
    applied = repository.run("apply", "--yes", "--accept", repository.plan()["digest"])
    recovered = repository.run("recover", "--patience", "0.1")

    assert applied.returncode == 0, applied.stderr
    assert served.read(taker)["clientId"] == [CLIENT]
    assert recovered.returncode == 0, recovered.stdout


def test_the_tokens_own_client_is_ours_where_none_is_named(
    repository: Repository, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """W8: the settings name all that may write, or none; a client that is not among them only reads."""
    for name, value in repository.environ.items():
        monkeypatch.setenv(name, value)
    environment = Environment("served", served.base, served.emulator.maskinporten)
    others = environment._replace(clients=("another",))
    among = environment._replace(clients=("another", CLIENT_ID))

    with connect(repository.root, environment, VENDOR, read_only=False) as connection:
        assert (connection.ownership.clients, connection.ownership.reader) == (frozenset({CLIENT_ID}), "")
    with connect(repository.root, among, VENDOR, read_only=False) as connection:
        assert (connection.ownership.clients, connection.ownership.reader) == (
            frozenset({"another", CLIENT_ID}),
            "",
        )
    with connect(repository.root, others, VENDOR, read_only=True) as connection:
        assert (connection.ownership.clients, connection.ownership.reader) == (
            frozenset({"another"}),
            CLIENT_ID,
        )
    refused = f"Client {CLIENT_ID} may not write in `served`"
    with pytest.raises(Refused, match=refused), connect(repository.root, others, VENDOR, read_only=False):
        pass


def test_a_client_that_plans_and_one_that_applies(repository: Repository, served: Served) -> None:
    """`clients = [apply]`: the plan's client cannot apply, and what it writes by hand is drift."""
    client = {"org": VENDOR, "scopes": [SCOPE], "jwk": export_public(served.key)}
    httpx.put(f"{served.base}/control/clients/{APPLY_ID}", json=client).raise_for_status()
    config = repository.root / "reconciler.toml"
    config.write_text(f'{config.read_text("utf-8")}clients = ["{APPLY_ID}"]\n', encoding="utf-8")
    repository.define("smartcloud", isVisible=False)
    repository.track()
    repository.commit("Define it")

    refused = repository.run("apply", "--yes")
    applied = repository.run("apply", "--yes", MASKINPORTEN_CLIENT_ID=APPLY_ID)
    quiet = repository.run("drift")
    token = served.fetch_token(client=CLIENT_ID)
    body, headers = served.read(ONE), {"Authorization": f"Bearer {token}"}
    httpx.put(f"{served.base}{VENDOR_PATH}/{ONE}", json=body, headers=headers).raise_for_status()
    written = repository.run("drift")
    body = {**body, "isVisible": True}
    httpx.put(f"{served.base}{VENDOR_PATH}/{ONE}", json=body, headers=headers).raise_for_status()
    drift = repository.run("drift")

    assert refused.returncode == 4, refused.stderr
    assert f"Client {CLIENT_ID} may not write in 'served'" in refused.stderr
    assert applied.returncode == quiet.returncode == 0, applied.stderr
    assert drift.returncode == 3, drift.stderr
    assert f"client   {CLIENT_ID}" in drift.stdout
    assert written.returncode == 3, written.stdout
    for said in (written.stdout, drift.stdout):
        assert f"Error: Client {CLIENT_ID}, which may only read here, wrote '{ONE}'" in " ".join(said.split())
