"""The shell of the page on Azure, executed with artifacts carried from stage to stage, and a stand-in for its API."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from tests.builders import CLIENT, OTHER_CLIENT, VENDOR
from tests.workflows.azure import Azure
from tests.workflows.machine import kill_program, time_out
from tests.workflows.registers import (
    SYSTEM,
    check_proof,
    define,
    delay_write,
    describe,
    forget_rights,
    hide,
    list_codes,
    list_described,
    make_credential,
    move,
    propose,
    read_digest,
    read_live,
    strike,
    when_struck,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from tests.served import Repository, Served

BOTH = {"plan_served": 0, "apply_served": 0}


@pytest.fixture
def azure(origin: Repository, served: Served, private_key: RSAPrivateKey, tmp_path: Path) -> Iterator[Azure]:
    """Make a project with the credential in both groups of the register."""
    assert served.org == VENDOR
    credential = make_credential(private_key)
    groups = {"reconciler-served-plan": credential, "reconciler-served": credential}
    made = Azure(origin, tmp_path / "work", groups)
    yield made
    made.close()


@pytest.mark.slow
def test_a_merge_is_applied_and_settled_after_a_kill(
    azure: Azure, origin: Repository, served: Served
) -> None:
    """Merged and applied; the next apply is killed with a request on its way, and the one after settles that first."""
    done = azure.run()
    assert list_codes(done) == BOTH, done["apply_served"].text
    assert "Journals: 0 here, 0 lost" in done["apply_served"].stdout
    assert "creates" in done["plan_served"].summaries[0].lower()
    assert "1 done" in done["apply_served"].summaries[0]
    check_proof(azure.read_kept("journal-served-1-1", "evidence.zip"))
    assert list(azure.builds[0].artifacts) == ["plan-1", "journal-served-1-1"]

    define(origin, isVisible=False)
    strike(served, fault="timeout", method="PUT", seconds=30, when="after")
    azure.watch = when_struck(served, lambda process: kill_program(process.pid))
    killed = azure.run()["apply_served"]
    assert killed.code == 137
    check_proof(azure.read_kept("journal-served-2-1", "evidence.zip"))
    assert "1 here, 0 lost" in killed.stdout

    azure.watch = None
    define(origin, isVisible=False, description={"nb": "Ny", "nn": "Ny", "en": "New"})
    done = azure.run()
    assert "2 here, 0 lost" in done["apply_served"].stdout
    assert list_codes(done) == BOTH, done["apply_served"].text
    live = read_live(served)
    assert (live["isVisible"], live["description"]["en"]) == (False, "New")


@pytest.mark.thorough
def test_a_lost_machine_stops_the_next_apply_until_somebody_lets_it_pass(
    azure: Azure, origin: Repository, served: Served
) -> None:
    """A failed stage that is run again asks too; the run that stops says how to go on, and the journal keeps that."""
    azure.loses_machine = True
    azure.run()
    azure.loses_machine = False
    define(origin, isVisible=False)

    stopped = azure.run()
    assert list_codes(stopped) == {"plan_served": 0, "apply_served": 4}
    again = azure.rerun(azure.builds[0])
    assert list_codes(again) == {"apply_served": 4}
    assert list(azure.builds[0].artifacts) == ["plan-1", "journal-served-2-1", "journal-served-2-2"]
    for ended in (stopped["apply_served"], again["apply_served"]):
        assert "--without-journal 1-1" in ended.stderr
        assert "may have written" in ended.summaries[-1]
    assert read_live(served)["isVisible"] is True

    passed = azure.rerun(azure.builds[0], without="1-1")
    assert list_codes(passed) == {"apply_served": 0}, passed["apply_served"].text
    assert read_live(served)["isVisible"] is False


@pytest.mark.thorough
def test_a_cancelled_run_finishes_what_is_under_way(azure: Azure, origin: Repository, served: Served) -> None:
    """The signal reaches the program, which writes its report and its journal, and both are kept."""
    assert origin.run("apply", "--yes").returncode == 0
    define(origin, isVisible=False)
    strike(served, fault="timeout", method="PUT", seconds=1, when="after")
    azure.watch = when_struck(served, lambda process: os.killpg(process.pid, signal.SIGINT))

    ended = azure.run()["apply_served"]

    assert (ended.folder.parent / "temp" / "kept" / "report.json").is_file(), ended.text
    assert read_live(served)["isVisible"] is False
    assert "journal-served-1-1" in azure.builds[0].artifacts


@pytest.mark.thorough
def test_a_job_whose_time_is_out_is_settled_by_the_next(
    azure: Azure, origin: Repository, served: Served
) -> None:
    """Other than a cancelled one, it is killed before its request has an answer; nothing is written before that."""
    assert origin.run("apply", "--yes").returncode == 0
    describe(origin, "One")
    delay_write(served, seconds=2)
    azure.watch = when_struck(served, lambda process: time_out(process.pid, grace=1))

    cut = azure.run()["apply_served"]

    assert cut.code < 0, cut.text
    assert list_described(served) == ["Rocks"]
    kept = cut.folder.parent / "temp" / "kept"
    assert not (kept / "report.json").exists()
    assert "journal-served-1-1" in azure.builds[0].artifacts
    azure.watch = None
    describe(origin, "Two")
    done = azure.run()["apply_served"]
    if done.code == 4:  # the request was carried out between plan and apply
        done = azure.run()["apply_served"]
    assert done.code == 0, done.text
    assert list_described(served) == ["Rocks", "One", "Two"]


@pytest.mark.thorough
def test_what_breaks_waits_and_what_is_old_writes_nothing(
    azure: Azure, origin: Repository, served: Served
) -> None:
    """Refused with the digest, applied when it is given; an old run that is run again puts nothing back."""
    assert list_codes(azure.run()) == BOTH
    old = azure.builds[0]
    define(origin, clientId=[CLIENT])

    refused = azure.run()
    assert list_codes(refused) == {"plan_served": 0, "apply_served": 4}
    assert "##vso[task.logissue type=warning;" in refused["plan_served"].stdout
    assert read_live(served)["clientId"] == [CLIENT, OTHER_CLIENT]
    digest = read_digest(refused["plan_served"])
    assert digest[:12] in refused["apply_served"].text

    assert list_codes(azure.run("Manual", accept=digest)) == BOTH
    assert read_live(served)["clientId"] == [CLIENT]
    old.failed.add("apply_served")
    again = azure.rerun(old)["apply_served"]
    assert again.code == 4
    assert "the tip of origin/main is" in again.stderr
    assert read_live(served)["clientId"] == [CLIENT]


@pytest.mark.slow
def test_what_is_stale_and_breaking_is_planned_again(
    azure: Azure, origin: Repository, served: Served
) -> None:
    """Somebody writes between plan and apply: the digest of the old plan is asked for no more, also in the summary."""
    assert origin.run("apply", "--yes").returncode == 0
    hide(origin, CLIENT)
    azure.before = lambda: move(served)

    done = azure.run()

    refused = done["apply_served"]
    assert refused.code == 4, refused.text
    assert "Accepting this one changes nothing." in refused.stderr
    said = f"{refused.stderr}{refused.summaries}"
    assert (read_digest(done["plan_served"]) in said, "start a new run of the pipeline" in said) == (
        False,
        True,
    )
    assert read_live(served)["clientId"] == [CLIENT, OTHER_CLIENT]
    azure.before = None
    done = azure.run("Manual")
    assert done["apply_served"].code == 4
    assert read_digest(done["plan_served"]) in done["apply_served"].stderr


@pytest.mark.thorough
def test_blocked_does_not_stop_the_rest(azure: Azure, origin: Repository, served: Served) -> None:
    """The stage that plans fails with 1, the other change is applied, and the run ends red."""
    assert list_codes(azure.run()) == BOTH
    forget_rights(origin)

    done = azure.run()

    assert list_codes(done) == {"plan_served": 1, "apply_served": 1}, done["plan_served"].text
    issue = f"##vso[task.logissue type=error;sourcepath=systems/{SYSTEM}.yaml;"
    assert issue in done["plan_served"].stdout
    assert served.ask("GET", f"/{VENDOR}_second").status_code == 200
    assert read_live(served)["clientId"] == [CLIENT, OTHER_CLIENT]


@pytest.mark.thorough
@pytest.mark.parametrize("fork", [False, True], ids=["own", "fork"])
def test_a_pull_request_is_planned(azure: Azure, origin: Repository, served: Served, *, fork: bool) -> None:
    """Against the register, and in a fork against the target branch, where no step has a credential."""
    assert origin.run("apply", "--yes").returncode == 0
    commit = propose(origin, clientId=[CLIENT])

    done = azure.run("PullRequest", "refs/pull/7/merge", commit=commit, **({"FORK": "yes"} if fork else {}))

    assert list_codes(done) == {"pull_request": 0}, done["pull_request"].text
    ended = done["pull_request"]
    assert "code=client-id-removed;]" in ended.stdout
    assert "the register is not asked" in ended.stderr or not fork
    assert "Breaks" in ended.summaries[-1]
    assert 'failures="1"' in (ended.folder / "plan.xml").read_text()
    assert read_live(served)["clientId"] == [CLIENT, OTHER_CLIENT]


@pytest.mark.thorough
def test_a_wrong_definition_has_its_issues_and_its_summary(azure: Azure, origin: Repository) -> None:
    """Also where nothing can be planned, a summary says why."""
    commit = propose(origin, allowedRedirectUrls=["https://*.example"])

    ended = azure.run("PullRequest", "refs/pull/7/merge", commit=commit)["pull_request"]

    assert ended.code == 1
    assert f"##vso[task.logissue type=error;sourcepath=systems/{SYSTEM}.yaml;" in ended.stdout
    assert len(ended.summaries) == 2
    assert all("redirect-wildcard" in text for text in ended.summaries)


@pytest.mark.thorough
def test_a_night_is_red_where_something_differs(azure: Azure, origin: Repository, served: Served) -> None:
    """0 without drift, 3 with it, and 1 where the register does not answer; each has a summary."""
    assert origin.run("apply", "--yes").returncode == 0
    assert list_codes(azure.run("Schedule")) == {"drift": 0}
    body = {key: value for key, value in read_live(served).items() if key != "isDeleted"}
    assert served.ask("PUT", f"/{SYSTEM}", {**body, "isVisible": False}).status_code == 200

    ended = azure.run("Schedule")["drift"]
    assert (ended.code, len(ended.summaries), ended.missing) == (3, 1, [])
    assert "##vso[task.logissue type=error;" in ended.stdout
    strike(served, fault="status", method="GET", status=503, times=100)
    failed = azure.run("Schedule")["drift"]
    assert (failed.code, len(failed.summaries)) == (1, 1)


@pytest.mark.thorough
def test_a_failed_stage_can_be_run_again(azure: Azure, origin: Repository, served: Served) -> None:
    """One system of two is written, and the same plan is carried out for the other: our own write is not stale."""
    assert list_codes(azure.run()) == BOTH
    define(origin, isVisible=False)
    origin.define("second", clientId=[])
    origin.commit("Register another")
    strike(served, fault="status", method="PUT", status=500)

    failed = azure.run()
    assert list_codes(failed) == {"plan_served": 0, "apply_served": 1}, failed["apply_served"].text
    assert served.ask("GET", f"/{VENDOR}_second").status_code == 200

    again = azure.rerun(azure.builds[0])
    assert list_codes(again) == {"apply_served": 0}, again["apply_served"].text
    assert read_live(served)["isVisible"] is False


@pytest.mark.slow
def test_another_branch_begins_nothing(azure: Azure) -> None:
    """Run by hand on a branch that nobody has reviewed, no stage has anything to do."""
    assert azure.run("Manual", "refs/heads/another") == {}
