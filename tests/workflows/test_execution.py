"""The shell of the workflows, executed: a pull request, a fork, a merge, a breaking merge, and a night."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING

import pytest

from reconciler.operations.evidence import check_evidence
from tests.builders import CLIENT, OTHER_CLIENT, VENDOR
from tests.git import git
from tests.workflows.events import SYSTEM, an_event, ask_pull_request, read_clients, read_digest
from tests.workflows.github import REPOSITORY
from tests.workflows.runner import Done, Runner, describe_needs, read_jobs, read_report, wants

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model.canonical_json import Json
    from tests.served import Repository, Served
    from tests.workflows.expression import Value

pytestmark = pytest.mark.skipif(
    shutil.which("jq") is None, reason="jq is not installed; GitHub's runners have it"
)
MARK = f"<!-- reconciler:plan:served:{VENDOR} digest="
LINK = f"https://github.com/{REPOSITORY}/actions/workflows/apply.yml"


@pytest.mark.slow
def test_a_pull_request_gets_a_comment(runner: Runner, origin: Repository, served: Served) -> None:
    """It is planned against the register; a comment reports it, once, and the next run writes it again."""
    assert origin.run("apply", "--yes").returncode == 0
    head = ask_pull_request(runner, origin, clientId=[CLIENT])

    done = runner.run_workflow("plan")

    assert {name: job.result for name, job in done.items()} == {
        "changes": "success",
        "plan": "success",
        "reconciler": "success",
    }
    job = done["plan"]
    assert job.ran == ["Run", "Run"]
    digest = read_digest(runner, "plan-tt02-1")
    (comment,) = runner.github.read_comments()
    assert comment.startswith(f"<!-- reconciler:pull-request:.:tt02 commit={head} -->\n{MARK}{digest} -->\n")
    assert "What this change does" in comment
    assert comment.endswith(
        f"\nCommit [`{head[:12]}`](https://github.com/{REPOSITORY}/commit/{head}), "
        f"[run 1](https://github.com/{REPOSITORY}/actions/runs/1).\n"
    )
    assert comment.partition("\n")[2].rpartition("\nCommit ")[0] in job.summary
    assert f"::warning file=systems/{SYSTEM}.yaml,line=" in job.stdout
    assert "client-id-removed" in job.stdout
    page = runner.github.find_artifact("plan-tt02-1").read("plan.html").decode()
    assert "<!doctype html>" in page[:100].lower()
    assert read_clients(served) == [CLIENT, OTHER_CLIENT]


@pytest.mark.thorough
def test_a_comment_is_replaced_whatever_happens(runner: Runner, origin: Repository) -> None:
    """By findings, by a plan, by the words that there is none, and where a later push touches no definition."""
    ask_pull_request(runner, origin, allowedRedirectUrls=["https://*.example"])
    state = runner.github.read()
    quoted = {"id": 1, "number": 7, "user": {"type": "User"}, "body": "<!-- reconciler:pull-request:.:tt02 "}
    other = {"id": 2, "number": 7, "user": {"type": "Bot"}, "body": "another program's"}
    runner.github.write({**state, "comments": [quoted, other, {**other, "id": 3}]})

    done = runner.run_workflow("plan")

    assert done["plan"].failed
    assert done["plan"].ran == ["Run"]
    assert done["reconciler"].failed
    where = rf"::error file=systems/{SYSTEM}\.yaml,line=\d+,.*redirect-wildcard"
    assert re.search(where, done["plan"].stdout)
    findings = runner.github.read_comments()[-1]
    assert "## Findings" in findings
    assert "redirect-wildcard" in findings
    assert "## Findings" in done["plan"].summary

    head = ask_pull_request(runner, origin, isVisible=False)
    assert not runner.run_workflow("plan")["reconciler"].failed
    assert "What this change does" in runner.github.read_comments()[-1]

    runner.secrets = {}
    assert runner.run_workflow("plan")["reconciler"].failed
    gone = runner.github.read_comments()[-1]
    assert gone.startswith(f"<!-- reconciler:pull-request:.:tt02 commit={head} -->\n## Plan for `tt02`\n")
    assert "There is no plan for this commit." in gone

    git(origin.root, "checkout", "-q", "-B", "pull-request", "main")
    (origin.root / "README.md").write_text("Words.\n")
    head = origin.commit("Add a page")
    git(origin.root, "checkout", "-q", "main")
    runner.event = an_event(head=head)
    runner.github.open_pull_request(head)
    done = runner.run_workflow("plan")
    assert {name: job.result for name, job in done.items()} == {"changes": "success", "reconciler": "success"}
    assert "No definition is touched." in runner.github.read_comments()[-1]
    assert len(runner.github.read_comments()) == 4


@pytest.mark.thorough
def test_an_older_run_leaves_the_comment_of_a_newer_commit(runner: Runner, origin: Repository) -> None:
    """A run that ends late does not write over what the run of the newest push wrote."""
    ask_pull_request(runner, origin, isVisible=False)
    runner.github.open_pull_request("f" * 40)

    assert not runner.run_workflow("plan")["reconciler"].failed
    assert runner.github.read_comments() == []


@pytest.mark.thorough
def test_a_pull_request_says_what_it_does_to_production(runner: Runner, origin: Repository) -> None:
    """In the comment on the plan for test, without any credential of production's."""
    everywhere: dict[str, Json] = {
        "clientId": [CLIENT],
        "environments": {"served": {}, "prod": {"clientId": [OTHER_CLIENT]}},
    }
    origin.define(**everywhere)
    origin.commit("Register SmartCloud in production")
    assert origin.run("apply", "--yes").returncode == 0
    ask_pull_request(
        runner, origin, **{**everywhere, "environments": {"served": {}, "prod": {"clientId": []}}}
    )

    job = runner.run_workflow("plan")["plan"]

    assert not job.failed, job.stderr
    (comment,) = runner.github.read_comments()
    verdict = (
        "</code> in <code>prod</code>; how many system users can lose access is not known. This change does "
    )
    assert verdict in comment
    assert verdict in job.summary


@pytest.mark.slow
@pytest.mark.parametrize("queued", [False, True], ids=["fork", "merge queue"])
def test_without_a_credential_the_base_stands_for_the_register(
    runner: Runner, origin: Repository, *, queued: bool
) -> None:
    """A fork and a merge queue see in the summary what the change does everywhere, and nothing is asked or written."""
    everywhere = {"clientId": [CLIENT], "environments": {"served": {}, "prod": {}}}
    origin.define(**everywhere)
    base = origin.commit("Register SmartCloud in production")
    ask_pull_request(
        runner,
        origin,
        **{**everywhere, "environments": {"served": {}, "prod": {"clientId": [OTHER_CLIENT]}}},
    )
    runner.event = an_event(fork="" if queued else "anybody/systems", queued_on=base if queued else "")
    runner.secrets = {}

    done = runner.run_workflow("plan")

    assert {name: job.result for name, job in done.items()} == {
        "changes": "success",
        "against": "success",
        "reconciler": "success",
    }
    job = done["against"]
    assert not job.failed, job.stderr
    assert job.ran == ["Run", "Run"]
    assert job.summary.startswith(f"<!-- reconciler:plan-against:served:{VENDOR} commit={base} -->")
    assert "</code> in <code>prod</code>; how many system users can lose access is not known." in job.summary
    assert "client-id-removed [prod]" in job.stdout
    assert runner.github.forget_asked() == []
    assert "plan.json" not in runner.github.find_artifact("against-tt02-1").namelist()


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (an_event(), "plan"),
        (an_event(enabled=False), "against"),
        (an_event(fork="anybody/systems"), "against"),
        (an_event(queued_on="0" * 40), "against"),
    ],
    ids=["pull request", "no credentials", "fork", "merge queue"],
)
def test_just_one_job_takes_a_pull_request(event: Mapping[str, Value], expected: str) -> None:
    """A repository without credentials plans as a fork does; never do both jobs run, nor neither."""
    needs = describe_needs(["changes"], {"changes": Done(outputs={"definitions": "true"})})

    jobs = {name: job for name, job in read_jobs("plan").items() if name in {"plan", "against"}}
    assert [name for name, job in jobs.items() if wants(job, event, needs)] == [expected]


@pytest.mark.slow
def test_a_merge_is_applied(runner: Runner, served: Served) -> None:
    """What is merged is planned in one job and written in the next, which leaves its journal and its report."""
    done = runner.run_workflow("apply")

    assert {name: job.result for name, job in done.items()} == {
        "plan": "success",
        "apply": "success",
        "report": "success",
    }
    assert done["plan"].outputs["has-changes"] == "true"
    assert read_clients(served) == [CLIENT, OTHER_CLIENT]
    assert read_digest(runner, "plan-tt02-1") in json.dumps(read_report(runner, "journal-tt02-1-1"))
    left = runner.github.find_artifact("journal-tt02-1-1")
    journal, plan = sorted(name for name in left.namelist() if name.startswith("journal/"))
    assert SYSTEM in left.read(journal).decode()
    assert left.read(plan) == runner.github.find_artifact("plan-tt02-1").read("plan.json")
    proof = check_evidence(left.read("evidence.zip"))
    assert (proof.problems, proof.run is not None and proof.run.start.run in journal) == ((), True)

    again = runner.run_workflow("apply")
    assert list(again) == ["plan"]
    assert again["plan"].outputs["has-changes"] == "false"


@pytest.mark.thorough
def test_the_comment_says_what_was_applied(runner: Runner, origin: Repository) -> None:
    """After the merge, by which run: once for each environment, above what was planned."""
    ask_pull_request(runner, origin, isVisible=False)
    assert not runner.run_workflow("plan")["reconciler"].failed
    (planned,) = runner.github.read_comments()
    git(origin.root, "merge", "-q", "--no-ff", "-m", "Merge", "pull-request")
    merged = git(origin.root, "rev-parse", "HEAD")
    runner.github.merge_pull_request(merged)
    runner.merges, runner.event = "", an_event()

    assert not runner.run_workflow("apply")["report"].failed

    (comment,) = runner.github.read_comments()
    said = (
        f"> **Applied** to `tt02` by [run 2](https://github.com/{REPOSITORY}/actions/runs/2), as of commit "
        f"[`{merged[:12]}`](https://github.com/{REPOSITORY}/commit/{merged}). <!-- reconciler:applied:tt02 -->\n\n"
    )
    assert comment.replace(said, "").rstrip("\n") == planned.rstrip("\n")
    assert comment.index(said) < comment.index("## Plan for")


@pytest.mark.slow
def test_a_breaking_merge_waits_for_its_digest(runner: Runner, origin: Repository, served: Served) -> None:
    """It is refused with the digest and the link; started again with the digest, it is applied."""
    assert origin.run("apply", "--yes").returncode == 0
    origin.define(clientId=[CLIENT])
    origin.commit("Take a client away")

    done = runner.run_workflow("apply")

    job = done["apply"]
    assert job.failed
    assert job.steps["apply"]["exit-code"] == "4"
    assert job.ran == ["Fetch", "Run", "Keep the journals"]
    digest = read_digest(runner, "plan-tt02-1")
    assert f"\n    {digest}\n" in job.summary
    assert LINK in job.summary
    assert read_clients(served) == [CLIENT, OTHER_CLIENT]

    runner.event = an_event(inputs={"environment": "tt02", "accept": digest})
    done = runner.run_workflow("apply")
    assert not any(job.failed for job in done.values())
    assert read_clients(served) == [CLIENT]


@pytest.mark.thorough
def test_a_digest_of_another_plan_is_refused(runner: Runner, served: Served) -> None:
    """A digest that is not this plan's writes nothing, and the run says so."""
    runner.event = an_event(inputs={"environment": "tt02", "accept": "0" * 64})

    job = runner.run_workflow("apply")["apply"]

    assert job.failed
    assert "Nothing was written" in job.summary
    assert served.ask("GET", f"/{SYSTEM}").status_code == 404


@pytest.mark.slow
def test_another_branch_is_not_applied(runner: Runner, served: Served) -> None:
    """Started by hand on a branch that nobody has reviewed, no job runs."""
    github = runner.event["github"]
    assert isinstance(github, dict)
    github["ref"] = "refs/heads/pull-request"

    assert runner.run_workflow("apply") == {}
    assert served.ask("GET", f"/{SYSTEM}").status_code == 404


@pytest.mark.thorough
def test_a_night_opens_one_issue_and_closes_it(runner: Runner, origin: Repository, served: Served) -> None:
    """Drift opens an issue, the next night writes it again, and a night without drift closes it."""
    assert origin.run("apply", "--yes").returncode == 0
    live = served.read(SYSTEM)
    assert isinstance(live, dict)
    body = {key: value for key, value in live.items() if key != "isDeleted"}
    assert served.ask("PUT", f"/{SYSTEM}", {**body, "isVisible": False}).status_code == 200

    done = runner.run_workflow("drift")
    assert {name: job.result for name, job in done.items()} == {"drift": "success", "issue": "success"}
    (opened,) = runner.github.read()["issues"]
    assert opened["title"] == "Drift in the register: tt02"
    assert opened["labels"] == ["register-drift"]
    assert opened["body"].startswith(f"<!-- reconciler:drift:served:{VENDOR} -->\n")
    assert "drift.html" in runner.github.find_artifact("drift-tt02-1").namelist()

    state = runner.github.read()
    mine = {**opened, "number": 4, "title": "Ours", "labels": ["register-drift", "team"]}
    runner.github.write({**state, "issues": [{**opened, "number": 3, "body": None}, mine]})
    assert not runner.run_workflow("drift")["issue"].failed
    other, updated = runner.github.read()["issues"]
    assert other["body"] is None
    assert updated["state"] == "open"
    assert (updated["title"], updated["labels"]) == (mine["title"], mine["labels"])

    assert served.ask("PUT", f"/{SYSTEM}", body).status_code == 200
    assert not runner.run_workflow("drift")["issue"].failed
    _, closed = runner.github.read()["issues"]
    assert closed["state"] == "closed"
    assert "No drift" in closed["body"]


@pytest.mark.slow
def test_a_quiet_night_asks_for_no_issue(runner: Runner, origin: Repository) -> None:
    """Without drift and without an issue, none is opened."""
    assert origin.run("apply", "--yes").returncode == 0

    assert not runner.run_workflow("drift")["issue"].failed
    assert [method for method, _ in runner.github.forget_asked()] == ["GET"]


@pytest.mark.slow
def test_drift_that_cannot_run_is_red_and_leaves_the_issue(runner: Runner) -> None:
    """Without the credential nothing is known: no issue is opened, updated or closed."""
    runner.secrets = {}

    done = runner.run_workflow("drift")

    assert {name: job.result for name, job in done.items()} == {"drift": "failure"}
    assert runner.github.forget_asked() == []
