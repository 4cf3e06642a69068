"""A vendor's repository with nothing but the files of fifteen lines on the page, from pull request to apply."""

from __future__ import annotations

import base64
import gzip
import json
import re
import shutil
from typing import TYPE_CHECKING

import httpx
import pytest

from reconciler.planning.approval import FILE
from tests.builders import CLIENT, OTHER_CLIENT, VENDOR
from tests.git import git
from tests.reviews.pull_requests import PULL_REQUESTS, SYSTEMS, define, seed
from tests.reviews.test_reviews import HERE, RESOURCES, normalise
from tests.served import Repository, Served, start_served
from tests.workflows.events import SYSTEM, an_event, ask_pull_request, read_clients, read_digest
from tests.workflows.test_guides import read_vendor_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from reconciler.model.canonical_json import Json
    from tests.workflows.runner import Done, Run, Runner

pytestmark = pytest.mark.skipif(
    shutil.which("jq") is None, reason="jq is not installed; GitHub's runners have it"
)
BOTH: Mapping[str, Json] = {"clientId": [CLIENT, OTHER_CLIENT]}
SAMPLE = {"deletion"}
"""The pull requests that are not only planned thoroughly."""


def start(runner: Runner, name: str, **changes: str) -> Run:
    """Start a run of a vendor's file, in whose text something can stand otherwise."""
    text = read_vendor_file(name)
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    file = runner.work / "vendor" / f"{name}.yml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return runner.start(file)


def merge(runner: Runner, origin: Repository) -> str:
    """Merge the pull request, and let the next event be the push."""
    git(origin.root, "merge", "-q", "--no-ff", "-m", "Merge", "pull-request")
    commit = git(origin.root, "rev-parse", "HEAD")
    runner.github.merge_pull_request(commit)
    runner.merges, runner.event = "", an_event()
    return commit


def results(run: Run) -> dict[str, str]:
    """Give what became of each job."""
    return {name: job.result for name, job in run.jobs.items()}


def refused(job: Done) -> str:
    """Give what a job says that was refused before its first write."""
    assert job.result == "failure"
    assert job.steps["apply"]["exit-code"] == "4", job.stderr
    return f"{job.summary}{job.stderr}"


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(each.name, marks=pytest.mark.slow if each.name in SAMPLE else pytest.mark.thorough)
        for each in PULL_REQUESTS
        if each.name not in {"file-broken", "nothing"}  # the comment says more, or there is none
    ],
)
def test_the_comment_has_the_first_screen_of_the_plan(
    private_key: RSAPrivateKey, runner: Runner, tmp_path: Path, name: str
) -> None:
    """What a reviewer sees first is what the plan's golden shows, and the environment's own secrets made it."""
    (pull_request,) = [each for each in PULL_REQUESTS if each.name == name]
    repository = Repository(tmp_path / "repository")
    repository.track()
    kinds = dict.fromkeys(RESOURCES, "GenericAccessResource")
    with start_served(private_key, resources=kinds) as emulator:
        register = Served(emulator, private_key)
        text = (
            f'[environments.test]\nregister = "{register.base}"\nmaskinporten = "{emulator.maskinporten}"\n'
        )
        (repository.root / "reconciler.toml").write_text(text, encoding="utf-8")
        for each in SYSTEMS:
            define(repository, each)
        pull_request.base(repository)
        repository.commit("Describe what is registered")
        seed(register)
        pull_request.outside(register)
        git(repository.root, "checkout", "-qb", "pull-request")
        pull_request.change(repository)
        head = repository.commit("Change it")
        git(repository.root, "checkout", "-q", "main")
        runner.origin, runner.environment, runner.merges = repository.root, "test", "pull-request"
        runner.event = an_event(head=head)
        runner.github.open_pull_request(head)

        start(runner, "plan")

    (comment,) = runner.github.read_comments()
    golden = (HERE / f"{name}.md").read_text(encoding="utf-8")
    shown = re.sub(r"</?a(?: [^>]*)?>", "", comment.partition("\n")[2])  # a runner can link to commit and run
    assert cut(normalise(shown)) == cut(golden)


def cut(text: str) -> str:
    """Cut off what is folded, and what stands at the end."""
    return re.split(r"<details>|The plan's |\nCommit \[", text)[0].rstrip()


@pytest.mark.thorough
def test_a_system_from_its_first_day_to_its_last(runner: Runner, origin: Repository, served: Served) -> None:
    """Created, updated, broken with a plan that somebody accepts, removed with an approval in git."""
    for changes, word in (({"isVisible": False}, "to create"), ({}, "to update")):
        ask_pull_request(runner, origin, **changes)
        assert results(start(runner, "plan"))["reconciler"] == "success"
        assert word in runner.github.read_comments()[-1]
        merge(runner, origin)
        run = start(runner, "apply")
        assert results(run) == {"plan": "success", "apply": "success", "report": "success"}
        assert "**Applied** to `tt02`" in runner.github.read_comments()[-1]

    ask_pull_request(runner, origin, clientId=[CLIENT])
    start(runner, "plan")
    assert "Breaks" in runner.github.read_comments()[-1]
    merge(runner, origin)
    run = start(runner, "apply")
    digest = read_digest(runner, "plan-tt02-1")
    assert digest in refused(run.jobs["apply"])
    assert "**Not wholly applied** to `tt02`" in runner.github.read_comments()[-1]
    runner.event = an_event(inputs={"environment": "tt02", "accept": digest})
    assert results(start(runner, "apply"))["apply"] == "success"
    assert read_clients(served) == [CLIENT]

    ask_pull_request(runner, origin, clientId=[CLIENT], withdrawn=True)
    start(runner, "plan")
    assert "Deletes for ever" in runner.github.read_comments()[-1]
    merge(runner, origin)
    refused(start(runner, "apply").jobs["apply"])
    plan = origin.root / "plan.json"
    plan.write_bytes(runner.github.find_artifact("plan-tt02-1").read("plan.json"))
    assert origin.run("approve", "plan.json", "--reason", "Its customers are gone").returncode == 0
    plan.unlink()
    assert (origin.root / FILE).is_file()
    origin.commit("Approve it")
    assert results(start(runner, "apply"))["apply"] == "success"
    assert served.read(SYSTEM)["isDeleted"] is True


@pytest.mark.thorough
@pytest.mark.parametrize("breaking", [False, True], ids=["stale", "stale and breaking"])
def test_a_stale_plan_is_a_matter_of_planning_again(
    runner: Runner, origin: Repository, served: Served, *, breaking: bool
) -> None:
    """Where the register moves between the two jobs, nothing is written; run again as a whole, it is."""
    assert not any(job.failed for job in start(runner, "apply").jobs.values())
    clients: Json = [CLIENT] if breaking else [CLIENT, OTHER_CLIENT]
    origin.define(clientId=clients, isVisible=False, allowedRedirectUrls=["https://smartcloud.example/"])
    origin.commit("Change it")
    runner.before["apply"] = lambda: move(served)

    run = start(runner, "apply")

    said = refused(run.jobs["apply"])
    assert read_digest(runner, "plan-tt02-1") not in said
    assert read_clients(served) == [CLIENT, OTHER_CLIENT]
    runner.rerun(run, failed_only=False)
    if breaking:
        assert read_digest(runner, "plan-tt02-2") in refused(run.jobs["apply"])
    else:
        assert results(run)["apply"] == "success"


def move(served: Served) -> None:
    """Set by hand one of the things that the files ask for."""
    live = served.read(SYSTEM)
    assert isinstance(live, dict)
    body = {name: value for name, value in live.items() if name != "isDeleted"}
    assert served.ask("PUT", f"/{SYSTEM}", {**body, "isVisible": False}).status_code == 200


@pytest.mark.slow
def test_an_old_run_puts_nothing_back(runner: Runner, origin: Repository, served: Served) -> None:
    """Run again after a later merge was applied, it refuses: its commit is not the newest any more."""
    first = start(runner, "apply")
    origin.define(**BOTH, isVisible=False)
    origin.commit("Hide it")
    assert results(start(runner, "apply"))["apply"] == "success"

    runner.rerun(first, failed_only=False)

    assert "the tip of origin/main is" in refused(first.jobs["apply"])
    live = served.read(SYSTEM)
    assert isinstance(live, dict)
    assert live["isVisible"] is False


@pytest.mark.thorough
def test_a_failed_job_is_run_again(runner: Runner, origin: Repository, served: Served) -> None:
    """After a partial apply, with the same plan: what it wrote itself is not stale, and the rest is written."""
    origin.define("more", clientId=[])
    origin.commit("Register another")
    fault = {"fault": "status", "status": 503, "method": "POST", "skip": 1, "path": "*systemregister/vendor"}
    httpx.post(f"{served.base}/control/faults", json=fault).raise_for_status()
    run = start(runner, "apply")
    assert results(run)["apply"] == "failure"

    runner.rerun(run, failed_only=True)

    assert results(run)["apply"] == "success", run.jobs["apply"].stderr
    assert {"journal-tt02-1-1", "journal-tt02-1-2"} <= set(runner.github.name_artifacts())
    assert runner.github.name_artifacts().count("plan-tt02-1") == 1
    for name in (SYSTEM, f"{VENDOR}_more"):
        assert served.ask("GET", f"/{name}").status_code == 200


@pytest.mark.thorough
def test_a_blocked_change_does_not_hold_up_the_others(
    runner: Runner, origin: Repository, served: Served
) -> None:
    """The plan is saved, uploaded and applied for the others, and the run is red."""
    assert not any(job.failed for job in start(runner, "apply").jobs.values())
    held = {"id": f"{VENDOR}_by_hand", "clientId": ["5f0c3a1e-2d0f-4a57-9d0a-0b7a2f9c1d11"]}
    live = served.read(SYSTEM)
    assert isinstance(live, dict)
    body = {name: value for name, value in live.items() if name != "isDeleted"}
    assert served.ask("POST", "", {**body, **held}).status_code == 200
    origin.define("taken", clientId=held["clientId"])
    origin.define(**BOTH, isVisible=False)
    origin.commit("Claim a client id that another system holds, and hide ours")

    run = start(runner, "apply")

    assert results(run)["plan"] == "failure"
    assert "report" in run.jobs
    live = served.read(SYSTEM)
    assert isinstance(live, dict)
    assert live["isVisible"] is False
    assert served.ask("GET", f"/{VENDOR}_taken").status_code == 404
    blocked = json.loads(runner.github.find_artifact("plan-tt02-1").read("plan.json"))
    assert blocked["summary"]["blocked"] == 1


@pytest.mark.thorough
def test_more_errors_than_annotations(runner: Runner, origin: Repository) -> None:
    """GitHub shows ten; all of them stand in the summary, in the comment, and in code scanning where it is wanted."""
    git(origin.root, "checkout", "-qb", "pull-request")
    for number in range(12):
        origin.define(f"number{number}", clientId=[], allowedRedirectUrls=["https://*.example"])
    head = origin.commit("Register twelve")
    git(origin.root, "checkout", "-q", "main")
    runner.merges, runner.event = "pull-request", an_event(head=head)
    runner.github.open_pull_request(head)

    run = start(runner, "plan", **{"environment: tt02\n": "environment: tt02\n      code-scanning: true\n"})

    assert results(run) == {"changes": "success", "plan": "failure", "reconciler": "failure"}
    annotations = [row for row in run.jobs["plan"].stdout.splitlines() if row.startswith("::error ")]
    assert len(annotations) == 10
    (comment,) = runner.github.read_comments()
    (uploaded,) = runner.github.read()["sarifs"]
    sarif = json.loads(gzip.decompress(base64.b64decode(uploaded["sarif"])))
    places = [each["locations"][0]["physicalLocation"] for each in sarif["runs"][0]["results"]]
    assert len({each["artifactLocation"]["uri"] for each in places}) == 12
    for number in range(12):
        for text in (comment, run.jobs["plan"].summary):
            assert f"number{number}.yaml" in text


@pytest.mark.thorough
def test_a_folder_of_a_large_repository(runner: Runner, origin: Repository, served: Served) -> None:
    """A change elsewhere is no change of the definitions; comment and artifacts are the folder's own."""
    inner = Repository(origin.root / "teams" / "register", origin.environ)
    inner.root.mkdir(parents=True)
    inner.configure(served.base, served.emulator.maskinporten)
    inner.define(**BOTH)
    git(origin.root, "rm", "-qr", "systems", "reconciler.toml")
    origin.commit("Move the definitions")
    with_folder = {"environment: tt02\n": "environment: tt02\n      folder: teams/register\n"}
    git(origin.root, "checkout", "-qb", "pull-request")
    (origin.root / "README.md").write_text("Words.\n")
    head = origin.commit("Add a page")
    runner.merges, runner.event = "pull-request", an_event(head=head)
    runner.github.open_pull_request(head)

    assert results(start(runner, "plan", **with_folder)) == {"changes": "success", "reconciler": "success"}
    assert runner.github.read_comments() == []
    inner.define(**BOTH, isVisible=False)
    head = origin.commit("Hide it")
    git(origin.root, "checkout", "-q", "main")
    runner.event = an_event(head=head)
    runner.github.open_pull_request(head)
    assert results(start(runner, "plan", **with_folder))["reconciler"] == "success"
    (comment,) = runner.github.read_comments()
    assert comment.startswith(f"<!-- reconciler:pull-request:teams/register:tt02 commit={head} -->\n")

    merge(runner, origin)
    run = start(runner, "apply", **{"with: {": "with: {folder: teams/register, "})
    assert results(run)["apply"] == "success"
    names = runner.github.name_artifacts()
    assert {"plan-tt02-1-teams-register", "journal-tt02-3-1-teams-register"} <= set(names)
    assert "**Applied** to `tt02`" in runner.github.read_comments()[0]
