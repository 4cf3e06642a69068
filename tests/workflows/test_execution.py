"""The shell of the workflows, executed: a pull request, a fork, a merge, a breaking merge, and a night."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING

import pytest
from jwt.algorithms import RSAAlgorithm

from tests.builders import CLIENT, OTHER_CLIENT, VENDOR
from tests.git import git
from tests.served import CLIENT_ID, KID, Repository, Served, serve
from tests.workflows.runner import REPOSITORY, Done, Runner, read_jobs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from reconciler.model.canonical_json import Json
    from tests.workflows.expression import Value

pytestmark = [
    pytest.mark.slow,  # the program is started some thirty times
    pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed; GitHub's runners have it"),
]
SYSTEM = f"{VENDOR}_smartcloud"
MARK = f"<!-- reconciler:plan:served:{VENDOR} digest="
LINK = f"https://github.com/{REPOSITORY}/actions/workflows/apply.yml"


@pytest.fixture
def origin(tmp_path: Path) -> Repository:
    """Make the repository from which jobs are checked out, with one system on main."""
    made = Repository(tmp_path / "origin")
    made.track()
    made.define(clientId=[CLIENT, OTHER_CLIENT])
    return made


@pytest.fixture
def served(private_key: RSAPrivateKey, origin: Repository) -> Iterator[Served]:
    """Serve a register that the repository names."""
    with serve(private_key, origin) as one:
        origin.commit("Register SmartCloud")
        yield one


@pytest.fixture
def runner(origin: Repository, served: Served, private_key: RSAPrivateKey, tmp_path: Path) -> Runner:
    """Make a runner whose two environments for tt02 hold the credential, for a push to main."""
    assert served.org == VENDOR
    key = json.dumps({**json.loads(RSAAlgorithm.to_jwk(private_key)), "kid": KID, "alg": "RS256"})
    credential = {"MASKINPORTEN_CLIENT_ID": CLIENT_ID, "MASKINPORTEN_CLIENT_JWK": key}
    secrets = {"tt02-plan": credential, "tt02": credential}
    return Runner(origin.root, tmp_path / "work", {}, secrets, an_event())


def an_event(
    *, inputs: Mapping[str, str] | None = None, fork: str = "", enabled: bool = True, queued_on: str = ""
) -> dict[str, Value]:
    """Give the contexts of an event; a push has no inputs. `queued_on` is the commit below one in a merge queue."""
    asked: Value = {"number": "7", "head": {"repo": {"full_name": fork or REPOSITORY}}}
    event: Value = {"merge_group": {"base_sha": queued_on}} if queued_on else {"pull_request": asked}
    github: dict[str, Value] = {
        "server_url": "https://github.com",
        "repository": REPOSITORY,
        "ref": "refs/heads/main",
        "base_ref": "" if queued_on else "main",
        "run_attempt": "1",
        "token": "the-runners-token",
        "action_path": "/nowhere",
        "event": event,
    }
    return {
        "github": github,
        "inputs": inputs or {},
        "vars": {"RECONCILER_ENABLED": "true" if enabled else ""},
    }


def ask_pull_request(origin: Repository, **changes: Json) -> None:
    """Change the system on a branch."""
    git(origin.root, "checkout", "-qb", "pull-request")
    origin.define(**{"clientId": [CLIENT, OTHER_CLIENT], **changes})
    origin.commit("Change SmartCloud")
    git(origin.root, "checkout", "-q", "main")


def read_clients(served: Served) -> Json:
    """Read the clients that the register holds for the system."""
    live = served.read(SYSTEM)
    assert isinstance(live, dict)
    return live["clientId"]


def read_digest(runner: Runner, name: str) -> str:
    """Read the digest of the plan that a job left as an artifact."""
    digest = json.loads((runner.artifacts / name / "plan.json").read_text())["digest"]
    assert re.fullmatch("[0-9a-f]{64}", digest)
    return str(digest)


def test_a_pull_request_gets_a_comment(runner: Runner, origin: Repository, served: Served) -> None:
    """It is planned against the register; a comment reports it, once, and the next run writes it again."""
    assert origin.run("apply", "--yes").returncode == 0
    ask_pull_request(origin, clientId=[CLIENT])
    runner.merges = "pull-request"

    done = runner.run_workflow("plan")

    assert list(done) == ["plan"]
    job = done["plan"]
    assert not job.failed, job.stderr
    assert job.ran == ["Run", "Run", "Comment"]
    digest = read_digest(runner, "plan-tt02")
    listed, posted = runner.asked()
    assert listed == (["api", "--paginate", f"repos/{REPOSITORY}/issues/7/comments"], None)
    words, body = posted
    assert words[:4] == ["api", "--method", "POST", f"repos/{REPOSITORY}/issues/7/comments"]
    assert body["body"].startswith(f"{MARK}{digest} -->\n")
    assert "What this change does" in body["body"]
    assert job.summary == body["body"]
    assert f"::warning file=systems/{SYSTEM}.yaml,line=" in job.stdout
    assert "client-id-removed" in job.stdout
    assert "<!doctype html>" in (runner.artifacts / "plan-tt02" / "plan.html").read_text()[:100].lower()
    assert read_clients(served) == [CLIENT, OTHER_CLIENT]

    comments = [
        [{"id": 1, "user": {"type": "User"}, "body": body["body"]}],
        [{"id": 2, "user": {"type": "Bot"}, "body": "another's"}, {"id": 3, "user": {"type": "Bot"}, **body}],
    ]
    runner.gh_answer.write_text("".join(json.dumps(page) for page in comments))
    assert not runner.run_workflow("plan")["plan"].failed
    words, again = runner.asked()[-1]
    assert words[:4] == ["api", "--method", "PATCH", f"repos/{REPOSITORY}/issues/comments/3"]
    assert again["body"].startswith(MARK)


def test_a_pull_request_says_what_it_does_to_production(runner: Runner, origin: Repository) -> None:
    """In the comment on the plan for test, without any credential of production's."""
    everywhere: dict[str, Json] = {
        "clientId": [CLIENT],
        "environments": {"served": {}, "prod": {"clientId": [OTHER_CLIENT]}},
    }
    origin.define(**everywhere)
    origin.commit("Register SmartCloud in production")
    assert origin.run("apply", "--yes").returncode == 0
    ask_pull_request(origin, **{**everywhere, "environments": {"served": {}, "prod": {"clientId": []}}})
    runner.merges = "pull-request"

    job = runner.run_workflow("plan")["plan"]

    assert not job.failed, job.stderr
    _, body = runner.asked()[-1]
    verdict = (
        "</code> in <code>prod</code>; how many system users can lose access is not known. This change does "
    )
    assert verdict in body["body"]
    assert job.summary == body["body"]


def test_a_wrong_definition_stops_a_pull_request(runner: Runner, origin: Repository) -> None:
    """It is annotated on its line, and nothing is planned or written as a comment."""
    ask_pull_request(origin, allowedRedirectUrls=["https://*.example"])
    runner.merges = "pull-request"

    job = runner.run_workflow("plan")["plan"]

    assert job.failed
    assert job.ran == ["Run"]
    assert re.search(rf"::error file=systems/{SYSTEM}\.yaml,line=\d+,.*redirect-wildcard", job.stdout)
    assert runner.asked() == []


@pytest.mark.parametrize("queued", [False, True], ids=["fork", "merge queue"])
def test_without_a_credential_the_base_stands_for_the_register(
    runner: Runner, origin: Repository, *, queued: bool
) -> None:
    """A fork and a merge queue see in the summary what the change does everywhere, and nothing is asked or written."""
    everywhere = {"clientId": [CLIENT], "environments": {"served": {}, "prod": {}}}
    origin.define(**everywhere)
    base = origin.commit("Register SmartCloud in production")
    ask_pull_request(
        origin, **{**everywhere, "environments": {"served": {}, "prod": {"clientId": [OTHER_CLIENT]}}}
    )
    runner.event = an_event(fork="anybody/systems", queued_on=base if queued else "")
    runner.merges, runner.secrets = "pull-request", {}

    done = runner.run_workflow("plan")

    assert list(done) == ["against"]
    job = done["against"]
    assert not job.failed, job.stderr
    assert job.ran == ["Run", "Run"]
    assert job.summary.startswith(f"<!-- reconciler:plan-against:served:{VENDOR} commit={base} -->")
    assert "</code> in <code>prod</code>; how many system users can lose access is not known." in job.summary
    assert "client-id-removed [prod]" in job.stdout
    assert runner.asked() == []
    assert not (runner.work / "job-1" / "checkout" / "plan.json").exists()


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (an_event(), ["plan"]),
        (an_event(enabled=False), ["against"]),
        (an_event(fork="anybody/systems"), ["against"]),
        (an_event(queued_on="0" * 40), ["against"]),
    ],
    ids=["pull request", "no credentials", "fork", "merge queue"],
)
def test_just_one_job_takes_a_pull_request(
    runner: Runner, event: Mapping[str, Value], expected: list[str]
) -> None:
    """A repository without credentials plans as a fork does; never do both jobs run, nor neither."""
    runner.event = event

    assert [name for name, job in read_jobs("plan").items() if runner.wants(job, {})] == expected


def test_a_merge_is_applied(runner: Runner, served: Served) -> None:
    """What is merged is planned in one job and written in the next, which leaves its journal and its report."""
    done = runner.run_workflow("apply")

    assert [(name, job.failed) for name, job in done.items()] == [("plan", False), ("apply", False)]
    assert done["plan"].outputs == {"has-changes": "true", "breaking": "false"}
    assert read_clients(served) == [CLIENT, OTHER_CLIENT]
    left = runner.artifacts / "journal-1"
    report = json.loads((left / "report.json").read_text())
    assert read_digest(runner, "plan") in json.dumps(report)
    (journal,) = (left / "journal").iterdir()
    assert SYSTEM in journal.read_text()

    again = runner.run_workflow("apply")
    assert list(again) == ["plan"]
    assert again["plan"].outputs["has-changes"] == "false"


def test_a_breaking_merge_waits_for_its_digest(runner: Runner, origin: Repository, served: Served) -> None:
    """It is refused with the digest and the link; started again with the digest, it is applied."""
    assert origin.run("apply", "--yes").returncode == 0
    origin.define(clientId=[CLIENT])
    origin.commit("Take a client away")

    done = runner.run_workflow("apply")

    job = done["apply"]
    assert done["plan"].outputs == {"has-changes": "true", "breaking": "true"}
    assert job.failed
    assert job.steps["apply"]["exit-code"] == "4"
    assert job.ran == ["Run", "Say how to go on"]
    digest = read_digest(runner, "plan")
    assert f"\n    {digest}\n" in job.summary
    assert f"({LINK})" in job.summary
    assert read_clients(served) == [CLIENT, OTHER_CLIENT]

    runner.event = an_event(inputs={"environment": "tt02", "accept": digest})
    done = runner.run_workflow("apply")
    assert [(name, job.failed) for name, job in done.items()] == [("plan", False), ("apply", False)]
    assert read_clients(served) == [CLIENT]


def test_a_digest_of_another_plan_is_refused(runner: Runner, served: Served) -> None:
    """A digest that is not this plan's writes nothing, and the run says how to go on."""
    runner.event = an_event(inputs={"environment": "tt02", "accept": "0" * 64})

    job = runner.run_workflow("apply")["apply"]

    assert job.failed
    assert "it plans again" in job.summary
    assert served.ask("GET", f"/{SYSTEM}").status_code == 404


def test_an_unknown_outcome_is_told_with_the_way_on(runner: Runner) -> None:
    """Where the program answers 5, the run names the journal and `recover`, and asks for no digest."""
    (step,) = [
        each for each in read_jobs("apply")["apply"]["steps"] if each.get("name") == "Say how to go on"
    ]
    room = runner.work / "room"
    for folder in ("checkout", "temp"):
        (room / folder).mkdir(parents=True)
    (room / "checkout" / "plan.json").write_text('{"digest": "00"}')
    done = Done(failed=True, steps={"apply": {"exit-code": "5"}})
    needs: dict[str, Value] = {"plan": {"outputs": {"breaking": "true"}}}

    runner.run_step(step, {**runner.event, "needs": needs}, room, done, {})

    assert done.ran == ["Say how to go on"]
    assert "`reconciler recover`" in done.summary
    assert "accept" not in done.summary


def test_another_branch_is_not_applied(runner: Runner, served: Served) -> None:
    """Started by hand on a branch that nobody has reviewed, no job runs."""
    github = runner.event["github"]
    assert isinstance(github, dict)
    github["ref"] = "refs/heads/pull-request"

    assert runner.run_workflow("apply") == {}
    assert served.ask("GET", f"/{SYSTEM}").status_code == 404


def test_a_night_opens_one_issue_and_closes_it(runner: Runner, origin: Repository, served: Served) -> None:
    """Drift opens an issue, the next night writes it again, and a night without drift closes it."""
    assert origin.run("apply", "--yes").returncode == 0
    live = served.read(SYSTEM)
    assert isinstance(live, dict)
    body = {key: value for key, value in live.items() if key != "isDeleted"}
    assert served.ask("PUT", f"/{SYSTEM}", {**body, "isVisible": False}).status_code == 200

    job = runner.run_workflow("drift")["drift"]
    assert not job.failed, job.stderr
    words, opened = runner.asked()[-1]
    assert words[:4] == ["api", "--method", "POST", f"repos/{REPOSITORY}/issues"]
    assert opened["title"] == "Drift in the register: tt02"
    assert opened["labels"] == ["register-drift"]
    assert opened["body"].startswith(f"<!-- reconciler:drift:served:{VENDOR} -->\n")
    assert (runner.artifacts / "drift-tt02" / "drift.html").is_file()

    runner.gh_answer.write_text(
        json.dumps([{"number": 3, "body": None}, {"number": 4, "body": opened["body"]}])
    )
    assert not runner.run_workflow("drift")["drift"].failed
    words, updated = runner.asked()[-1]
    assert words[:4] == ["api", "--method", "PATCH", f"repos/{REPOSITORY}/issues/4"]
    assert (updated["state"], sorted(updated)) == ("open", ["body", "state"])

    assert served.ask("PUT", f"/{SYSTEM}", body).status_code == 200
    assert not runner.run_workflow("drift")["drift"].failed
    words, closed = runner.asked()[-1]
    assert words[3] == f"repos/{REPOSITORY}/issues/4"
    assert closed["state"] == "closed"
    assert "No drift" in closed["body"]


def test_a_quiet_night_asks_for_no_issue(runner: Runner, origin: Repository) -> None:
    """Without drift and without an issue, none is opened."""
    assert origin.run("apply", "--yes").returncode == 0

    assert not runner.run_workflow("drift")["drift"].failed
    assert len(runner.asked()) == 1
