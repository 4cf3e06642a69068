"""What a job says when an apply ends: on stderr, in the summary and in its outputs."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.builders import OTHER_CLIENT
from tests.served import VENDOR_PATH
from tests.terminal import start_program

if TYPE_CHECKING:
    from pathlib import Path

    from tests.served import Repository, Served


def _become_a_job(repository: Repository, folder: Path) -> Repository:
    job = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_REPOSITORY": "o/r",
        "GITHUB_WORKFLOW_REF": "o/r/.github/workflows/apply.yml@refs/heads/main",
        "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
        "GITHUB_OUTPUT": str(folder / "output"),
    }
    return replace(repository, environ={**repository.environ, **job})


def _read_outputs(folder: Path) -> dict[str, str]:
    found = re.findall(
        r"^([\w-]+)<<(\S+)\n(.*?)\n\2$", (folder / "output").read_text(), re.MULTILINE | re.DOTALL
    )
    return {name: value for name, _, value in found}


@pytest.mark.slow
def test_stale_and_breaking_is_a_matter_of_planning_again(
    repository: Repository, served: Served, tmp_path: Path
) -> None:
    """Fresh, its digest is to be accepted; stale, nobody is told to accept it."""
    assert repository.run("apply", "--yes").returncode == 0
    path = repository.define(clientId=[OTHER_CLIENT])
    digest = repository.plan("--out", "plan.json")["digest"]
    job = _become_a_job(repository, tmp_path)

    breaking = job.run("apply", "plan.json", "--yes")
    accepted = (tmp_path / "summary.md").read_text()
    (tmp_path / "summary.md").unlink()
    live = {**served.read(path.stem), "isVisible": False}
    assert served.ask("PUT", f"/{path.stem}", live).status_code < 300
    stale = job.run("apply", "plan.json", "--yes")
    again = (tmp_path / "summary.md").read_text()

    link = "https://github.com/o/r/actions/workflows/apply.yml"
    assert (breaking.returncode, stale.returncode) == (4, 4)
    for said in (breaking.stderr, accepted):
        assert digest in said
        assert "is not accepted" in said
        assert link in said
    for said in (stale.stderr, again):
        assert "Nothing was written: the plan is not of now" in said
        assert digest not in said
        assert "--accept" not in said
        assert link in said
    assert _read_outputs(tmp_path)["plan-digest"] == digest


@pytest.mark.slow
def test_a_job_that_is_started_again_does_what_is_left(repository: Repository, served: Served) -> None:
    """With the same plan file, and with the journal of the first attempt in the folder."""
    repository.define("more", clientId=[])
    assert repository.run("plan", "--out", "plan.json").returncode == 0
    fault = {"fault": "status", "status": 400, "method": "POST", "path": "*systemregister/vendor*"}
    httpx.post(f"{served.base}/control/faults", json=fault).raise_for_status()

    first = repository.run("apply", "plan.json", "--yes", "--workers", "1")
    second = repository.run("apply", "plan.json", "--yes", "--report", "report.json")
    third = repository.run("apply", "plan.json", "--yes")

    assert (first.returncode, second.returncode, third.returncode) == (1, 0, 0), second.stderr
    assert "1 change was not carried out." in first.stderr
    assert "carried out part of this plan. Left: " in second.stderr
    assert second.stdout.endswith("Apply: 2 done.\n")
    assert json.loads((repository.root / "report.json").read_text())["summary"] == {"done": 2, "blocked": 0}
    assert "This plan was applied already by run " in third.stderr
    log = httpx.get(f"{served.base}/control/log").json()
    assert [each["status"] for each in log if each["method"] == "POST" and VENDOR_PATH in each["path"]] == [
        400,
        200,
        200,
    ]


@pytest.mark.slow
def test_a_run_that_goes_well_says_what_it_did(repository: Repository, tmp_path: Path) -> None:
    """In the summary and the outputs, and nothing about how to go on."""
    done = _become_a_job(repository, tmp_path).run("apply", "--yes")

    outputs = _read_outputs(tmp_path)
    assert done.returncode == 0, done.stderr
    assert (
        (tmp_path / "summary.md").read_text().startswith("### Apply to <code>local</code>\n\n1 done. Plan ")
    )
    assert (outputs["done"], outputs["not-tried"], outputs["interrupted"]) == ("1", "0", "false")
    assert outputs["run"].startswith("20")


@pytest.mark.thorough
def test_a_cancelled_job_ends_in_time(repository: Repository, served: Served, tmp_path: Path) -> None:
    """Before a runner would kill it: with the report, the summary and the outputs, and 5 for what is not known."""
    job = _become_a_job(repository, tmp_path)
    fault = {"fault": "latency", "seconds": 30.0, "method": "POST", "path": "*systemregister/vendor*"}
    httpx.post(f"{served.base}/control/faults", json=fault).raise_for_status()
    program = start_program(job, "apply", "--yes", "--report", "report.json")
    assert program.stderr
    assert any(line.startswith("Journal: ") for line in program.stderr)
    time.sleep(1.0)

    program.terminate()
    began = time.monotonic()
    _, said = program.communicate(timeout=60)
    took = time.monotonic() - began

    assert (program.returncode, took < 9.0) == (5, True), (took, said)
    report = json.loads((job.root / "report.json").read_text())
    assert [each["outcome"] for each in report["outcomes"]] == ["unknown"]
    assert "**It is not known what became of 1 request**" in (tmp_path / "summary.md").read_text()
    outputs = _read_outputs(tmp_path)
    assert (outputs["interrupted"], outputs["unknown"]) == ("true", "1")
    assert "reconciler recover" in said
