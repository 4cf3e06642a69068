"""The shell of the page on GitLab, executed with artifacts carried from job to job, and a stand-in for its API."""

from __future__ import annotations

import json
import os
import shutil
import signal
from typing import TYPE_CHECKING

import pytest

from tests.builders import CLIENT, OTHER_CLIENT, VENDOR
from tests.git import git
from tests.served import Repository, Served, serve
from tests.workflows.gitlab import PROJECT_NUMBER, GitLab
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

    from reconciler.model.canonical_json import Json


@pytest.fixture
def gitlab(
    origin: Repository, served: Served, private_key: RSAPrivateKey, tmp_path: Path
) -> Iterator[GitLab]:
    """Make a project with the credential in both environments of the register."""
    assert served.org == VENDOR
    credential = make_credential(private_key)
    made = GitLab(origin, tmp_path / "work", {"served-plan": credential, "served": credential})
    yield made
    made.close()


def ask_merge_request(origin: Repository, project: str = PROJECT_NUMBER, **changes: Json) -> dict[str, str]:
    """Change the system on a branch, and give the variables of the merge request's pipeline."""
    base = git(origin.root, "rev-parse", "HEAD").strip()
    head = propose(origin, **changes)
    return {
        "CI_MERGE_REQUEST_PROJECT_ID": PROJECT_NUMBER,
        "CI_PROJECT_ID": project,
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": base,
        "CI_COMMIT_SHA": head,
    }


@pytest.mark.slow
def test_a_merge_is_applied_and_settled_after_a_kill(
    gitlab: GitLab, origin: Repository, served: Served
) -> None:
    """Merged and applied; the next apply is killed with a request on its way, and the one after settles that first."""
    done = gitlab.run()
    assert list_codes(done) == {"install": 0, "plan": 0, "apply": 0}, done["apply"].text
    assert [each.missing for each in done.values()] == [[], [], []]
    assert "Journals: 0 here, 0 lost" in done["apply"].stdout
    assert json.loads((done["apply"].folder / "report.json").read_text())["outcomes"]
    check_proof((done["apply"].folder / "evidence.zip").read_bytes())

    define(origin, isVisible=False)
    strike(served, fault="timeout", method="PUT", seconds=30, when="after")
    gitlab.watch = when_struck(served, lambda process: kill_program(process.pid))
    killed = gitlab.run()["apply"]
    assert killed.code == 137
    check_proof((killed.folder / "evidence.zip").read_bytes())
    assert "1 here, 0 lost" in killed.stdout

    gitlab.watch = None
    define(origin, isVisible=False, description={"nb": "Ny", "nn": "Ny", "en": "New"})
    done = gitlab.run()
    assert "2 here, 0 lost" in done["apply"].stdout
    assert done["apply"].code == 0, done["apply"].text
    live = read_live(served)
    assert (live["isVisible"], live["description"]["en"]) == (False, "New")
    journals = (done["apply"].folder / "journal").glob("*.jsonl")
    assert len(list(journals)) == 3


@pytest.mark.thorough
def test_a_lost_machine_stops_the_next_apply_until_somebody_lets_it_pass(
    gitlab: GitLab, origin: Repository, served: Served
) -> None:
    """The run that stops says how to go on, the one after it still knows, and the journal keeps what was let pass."""
    gitlab.loses_machine = True
    gitlab.run()
    gitlab.loses_machine = False
    lost = gitlab.deployments[0]["deployable"]["id"]
    define(origin, isVisible=False)

    stopped = [gitlab.run()["apply"] for _ in range(2)]
    assert [each.code for each in stopped] == [4, 4]
    assert all(f"--without-journal {lost}" in each.stderr for each in stopped)
    assert read_live(served)["isVisible"] is True

    passed = gitlab.run("web", WITHOUT_JOURNAL=str(lost))["apply"]
    assert passed.code == 0, passed.text
    assert read_live(served)["isVisible"] is False
    define(origin, isVisible=True)
    assert gitlab.run()["apply"].code == 0


@pytest.mark.thorough
def test_a_cancelled_job_finishes_what_is_under_way(
    gitlab: GitLab, origin: Repository, served: Served
) -> None:
    """The signal reaches the program, which writes its report and its journal."""
    assert origin.run("apply", "--yes").returncode == 0
    define(origin, isVisible=False)
    strike(served, fault="timeout", method="PUT", seconds=1, when="after")
    gitlab.watch = when_struck(served, lambda process: os.killpg(process.pid, signal.SIGTERM))

    ended = gitlab.run()["apply"]

    assert (ended.folder / "report.json").is_file(), ended.text
    assert read_live(served)["isVisible"] is False
    assert "error" not in ended.stderr


@pytest.mark.slow
def test_a_job_whose_time_is_out_is_settled_by_the_next(
    gitlab: GitLab, origin: Repository, served: Served
) -> None:
    """Other than a cancelled one, it is killed before its request has an answer; nothing is written before that."""
    assert origin.run("apply", "--yes").returncode == 0
    describe(origin, "One")
    delay_write(served, seconds=2)
    gitlab.watch = when_struck(served, lambda process: time_out(process.pid, grace=1))

    cut = gitlab.run()["apply"]

    assert cut.code < 0, cut.text
    assert list_described(served) == ["Rocks"]
    assert not (cut.folder / "report.json").exists()
    gitlab.watch = None
    describe(origin, "Two")
    done = gitlab.run()["apply"]
    if done.code == 4:  # the request was carried out between plan and apply
        done = gitlab.run()["apply"]
    assert done.code == 0, done.text
    assert list_described(served) == ["Rocks", "One", "Two"]


@pytest.mark.thorough
def test_what_breaks_waits_and_what_is_old_writes_nothing(
    gitlab: GitLab, origin: Repository, served: Served
) -> None:
    """Refused with the digest, applied when it is given; an old pipeline that is run again puts nothing back."""
    old = git(origin.root, "rev-parse", "HEAD").strip()
    assert gitlab.run()["apply"].code == 0
    define(origin, clientId=[CLIENT])

    refused = gitlab.run()
    assert list_codes(refused) == {"install": 0, "plan": 0, "apply": 4}
    assert read_live(served)["clientId"] == [CLIENT, OTHER_CLIENT]
    digest = read_digest(refused["plan"])
    assert digest[:12] in refused["apply"].text

    assert gitlab.run("web", ACCEPT=digest)["apply"].code == 0
    assert read_live(served)["clientId"] == [CLIENT]
    again = gitlab.run(commit=old)["apply"]
    assert again.code == 4
    assert "the tip of origin/main is" in again.stderr
    assert read_live(served)["clientId"] == [CLIENT]


@pytest.mark.thorough
@pytest.mark.parametrize("breaking", [False, True], ids=["stale", "stale and breaking"])
def test_a_stale_plan_is_a_matter_of_planning_again(
    gitlab: GitLab, origin: Repository, served: Served, *, breaking: bool
) -> None:
    """Somebody writes between plan and apply: nothing is sent, and no digest is asked for before the new plan."""
    assert gitlab.run()["apply"].code == 0
    hide(origin, *([CLIENT] if breaking else [CLIENT, OTHER_CLIENT]))
    gitlab.before = lambda: move(served)

    done = gitlab.run()

    refused = done["apply"]
    assert refused.code == 4, refused.text
    assert "To go on, start a new pipeline for" in refused.stderr
    assert "Accepting this one changes nothing." in refused.stderr
    assert read_digest(done["plan"]) not in refused.stderr
    live = read_live(served)
    assert live["allowedRedirectUrls"] != ["https://smartcloud.example/"]
    assert live["clientId"] == [CLIENT, OTHER_CLIENT]
    gitlab.before = None
    done = gitlab.run("web")
    assert done["apply"].code == (4 if breaking else 0), done["apply"].text
    assert (read_digest(done["plan"]) in done["apply"].stderr) is breaking


@pytest.mark.thorough
def test_blocked_does_not_stop_the_rest(gitlab: GitLab, origin: Repository, served: Served) -> None:
    """The plan's job may fail with 1, the other change is applied, and the pipeline ends red."""
    assert gitlab.run()["apply"].code == 0
    forget_rights(origin)

    done = gitlab.run()

    assert list_codes(done) == {"install": 0, "plan": 1, "apply": 1}, done["plan"].text
    assert served.ask("GET", f"/{VENDOR}_second").status_code == 200
    assert read_live(served)["clientId"] == [CLIENT, OTHER_CLIENT]


@pytest.mark.parametrize("kind", ["own", "fork", "train"])
@pytest.mark.thorough
def test_a_merge_request_is_planned(gitlab: GitLab, origin: Repository, served: Served, kind: str) -> None:
    """Against the register, and in a fork or a train against the base, without a credential; every report is made."""
    assert origin.run("apply", "--yes").returncode == 0
    variables = ask_merge_request(origin, "99" if kind == "fork" else PROJECT_NUMBER, clientId=[CLIENT])
    if kind == "train":
        base = variables.pop("CI_MERGE_REQUEST_DIFF_BASE_SHA")
        variables |= {
            "CI_MERGE_REQUEST_EVENT_TYPE": "merge_train",
            "CI_MERGE_REQUEST_TARGET_BRANCH_SHA": base,
        }

    done = gitlab.run("merge_request_event", **variables)

    name = "plan-merge-request" if kind == "own" else "plan-against"
    assert list_codes(done) == {"install": 0, "validate": 0, name: 0}, done[name].text
    assert [each.missing for each in done.values()] == [[], [], []]
    folder = done[name].folder
    assert json.loads((folder / "counts.json").read_text()) == {"create": 0, "update": 1, "delete": 0}
    issues = json.loads((folder / "plan-quality.json").read_text())
    assert {each["check_name"]: each["severity"] for each in issues}["client-id-removed"] == "major"
    assert 'failures="1"' in (folder / "plan.xml").read_text()
    assert read_live(served)["clientId"] == [CLIENT, OTHER_CLIENT]


@pytest.mark.thorough
def test_a_wrong_definition_is_reported_by_both_jobs(gitlab: GitLab, origin: Repository) -> None:
    """The findings stand in every report, also where nothing can be planned."""
    variables = ask_merge_request(origin, allowedRedirectUrls=["https://*.example"])

    done = gitlab.run("merge_request_event", **variables)

    assert list_codes(done) == {"install": 0, "validate": 1, "plan-merge-request": 1}
    assert [each.missing for each in done.values()] == [[], [], []]
    assert "redirect-wildcard" in (done["plan-merge-request"].folder / "plan.html").read_text()


@pytest.mark.thorough
def test_a_night_is_red_where_something_differs(gitlab: GitLab, origin: Repository, served: Served) -> None:
    """0 without drift, 3 with it, and 1 where the register does not answer."""
    assert origin.run("apply", "--yes").returncode == 0
    assert list_codes(gitlab.run("schedule")) == {"install": 0, "drift": 0}
    live = read_live(served)
    body = {key: value for key, value in live.items() if key != "isDeleted"}
    assert served.ask("PUT", f"/{SYSTEM}", {**body, "isVisible": False}).status_code == 200

    ended = gitlab.run("schedule")["drift"]
    assert (ended.code, ended.missing) == (3, [])
    assert 'failures="1"' in (ended.folder / "drift.xml").read_text()

    gitlab.secrets = {}
    assert gitlab.run("schedule")["drift"].code == 1


@pytest.mark.thorough
def test_a_system_is_removed_with_an_approval_in_git(
    gitlab: GitLab, origin: Repository, served: Served
) -> None:
    """Refused first; the approval of its plan is merged, and the pipeline of that merge deletes."""
    assert gitlab.run()["apply"].code == 0
    define(origin, withdrawn=True)
    refused = gitlab.run()
    assert refused["apply"].code == 4
    shutil.copy(refused["plan"].folder / "plan.json", origin.root.parent / "plan.json")

    approved = origin.run("approve", "../plan.json", "--reason", "everybody has moved")
    assert approved.returncode == 0, approved.stderr
    origin.commit("Approve")

    assert list_codes(done := gitlab.run()) == {"install": 0, "plan": 0, "apply": 0}, done["apply"].text
    assert read_live(served)["isDeleted"] is True


@pytest.mark.thorough
def test_definitions_may_lie_in_a_folder(private_key: RSAPrivateKey, tmp_path: Path) -> None:
    """The repository's other folders are left alone, and reports name files from its top."""
    top, inner = Repository(tmp_path / "origin"), Repository(tmp_path / "origin" / "register")
    top.track()
    inner.define(clientId=[CLIENT])
    top.define("elsewhere")
    with serve(private_key, inner) as served:
        top.commit("Register SmartCloud")
        credential = make_credential(private_key)
        project = GitLab(top, tmp_path / "work", {"served-plan": credential, "served": credential})
        applied = project.run(FOLDER="register")
        asked = project.run(
            "merge_request_event", FOLDER="register", **ask_merge_request(top, isVisible=False)
        )
        project.close()

        assert list_codes(applied) == {"install": 0, "plan": 0, "apply": 0}, applied["apply"].text
        assert list_codes(asked) == {"install": 0, "validate": 0, "plan-merge-request": 0}
        assert read_live(served)["clientId"] == [CLIENT]
        assert served.ask("GET", f"/{VENDOR}_elsewhere").status_code == 404
        assert f"register/systems/{SYSTEM}.yaml" in (applied["plan"].folder / "plan.html").read_text()


@pytest.mark.slow
def test_a_pipeline_begins_only_where_it_has_something_to_do(gitlab: GitLab) -> None:
    """A branch without a merge request and a tag have none; a merge train needs no credential."""
    assert gitlab.run("push", CI_COMMIT_BRANCH="another") == {}
    assert gitlab.run("push", CI_COMMIT_BRANCH="") == {}
    train = {"CI_PIPELINE_SOURCE": "merge_request_event", "CI_MERGE_REQUEST_EVENT_TYPE": "merge_train"}
    own = {"CI_MERGE_REQUEST_PROJECT_ID": PROJECT_NUMBER, "CI_PROJECT_ID": PROJECT_NUMBER, "TARGET": "served"}
    assert [name for name, _ in gitlab._list_jobs({**train, **own})] == [
        "install",
        "validate",
        "plan-against",
    ]
