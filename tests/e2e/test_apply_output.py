"""What a person at a terminal, or a log, is told while an apply runs and when it is over."""

from __future__ import annotations

import json
import re
import signal
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import httpx
import pytest

from reconciler.planning.plan_file import print_plan, read_plan
from tests.builders import VENDOR
from tests.served import VENDOR_PATH, Repository, Served
from tests.terminal import start_program, talk

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

    from reconciler.model.canonical_json import Json

pytestmark = pytest.mark.slow

ONE = f"{VENDOR}_smartcloud"
_RUN = r"20\d{6}T\d{6}Z-[0-9a-f]{6}"
_TYPE_NAME = """
from reconciler.cli.confirmation import confirm_plan
from reconciler.planning.change import Create
from reconciler.planning.plan import Plan, Target
from reconciler.cli.streams import open_streams
from reconciler.errors import Refused
import sys

open_streams()
change = Create(id="991825827_a", document={})
try:
    confirm_plan(Plan(Target(sys.argv[1], "https://platform.altinn.no", "991825827"), (change,)))
except Refused as refused:
    sys.exit(refused.message)
"""


def _strike(served: Served, **fault: Json) -> None:
    httpx.post(f"{served.base}/control/faults", json=fault).raise_for_status()


def _writes(served: Served) -> list[str]:
    log = httpx.get(f"{served.base}/control/log").json()
    return [e["method"] for e in log if e["path"].startswith(VENDOR_PATH) and e["method"] != "GET"]


def _start(repository: Repository, *words: str) -> subprocess.Popen[str]:
    return start_program(repository, *words)


def _read_lines(process: subprocess.Popen[str], start: str) -> Iterator[str]:
    """Read stderr up to a line that starts so."""
    assert process.stderr
    for line in process.stderr:
        yield line
        if line.startswith(start):
            return
    pytest.fail(f"there was no line {start}")


def _find_journal(repository: Repository) -> Path:
    (path,) = (repository.root / ".reconciler/journal").glob("*.jsonl")
    return path


def _read_journal(repository: Repository) -> list[dict[str, Json]]:
    return [json.loads(line) for line in _find_journal(repository).read_text(encoding="utf-8").splitlines()]


def test_each_system_is_counted_as_it_finishes(repository: Repository, served: Served) -> None:
    """A log gets a line a system, in the order in which they finish; one that failed has its reason there."""
    for letter in "abc":
        repository.define(letter, clientId=[])
    _strike(served, fault="status", status=400, method="POST", path="*systemregister/vendor", times=1)

    done = repository.run("apply", "--yes", "--workers", "1")

    lines = [line for line in done.stderr.splitlines() if re.match(r"\d/4 ", line)]
    assert [re.sub(r"  .*", "", line) for line in lines] == [
        f"1/4 failed: {VENDOR}_a",
        f"2/4 done: {VENDOR}_b",
        f"3/4 done: {VENDOR}_c",
        f"4/4 done: {ONE}",
    ]
    assert "  " in lines[0]
    assert all(len(line) < 80 for line in lines[1:])


def test_an_interruption_is_answered_at_once(repository: Repository, served: Served) -> None:
    """While the request is still under way, which here never ends; a second one is answered too."""
    _strike(served, fault="timeout", method="POST", path="*systemregister/vendor*")
    run = _start(repository, "apply", "--yes")
    try:
        list(_read_lines(run, "Journal: "))
        while '"kind":"intent"' not in _find_journal(repository).read_text(encoding="utf-8"):
            time.sleep(0.05)
        run.send_signal(signal.SIGINT)
        first = list(_read_lines(run, "reported; "))
        run.send_signal(signal.SIGINT)
        second = list(_read_lines(run, "'reconciler recover' "))
        is_under_way = run.poll() is None
    finally:
        run.kill()
        run.communicate()

    assert first[0] == "Interrupted: no further request is begun. What is under way is finished, and\n"
    assert second[0] == f"Still finishing what is under way. If process {run.pid} is killed instead,\n"
    assert all(len(line) <= 80 for line in [*first, *second])
    assert is_under_way


@pytest.mark.parametrize(
    ("answer", "code", "writes"), [(b"y\n", 0, ["POST"]), pytest.param(b"\n", 4, [], marks=pytest.mark.slow)]
)
def test_the_question_names_where(
    repository: Repository, served: Served, answer: bytes, code: int, writes: list[str]
) -> None:
    """The environment, the register's address and the vendor stand above it; nothing typed is no."""
    found, said = talk(repository, ["apply"], "Carry out 1 change? [y/N]:", answer)

    assert (found, _writes(served)) == (code, writes), said
    told = said.split("Environment:  ")[1].splitlines()
    assert told[:4] == [
        "served",
        f"Register:     {served.base}",
        f"Vendor:       {VENDOR}",
        told[3],
    ]
    assert told[3].startswith("Carry out 1 change? [y/N]:")


@pytest.mark.parametrize(
    ("environment", "answer", "refusal"),
    [
        ("prod", "prod", ""),
        pytest.param("prod", "y", "the answer was not `prod`", marks=pytest.mark.slow),
        pytest.param("prod", "", "the answer was not `prod`", marks=pytest.mark.slow),
        pytest.param("prod", "\x04", "there was no answer", marks=pytest.mark.slow),
        pytest.param("our-own-name", "our-own-name", "", marks=pytest.mark.slow),
        pytest.param("our-own-name", "prod", "the answer was not `our-own-name`", marks=pytest.mark.slow),
    ],
)
def test_production_wants_its_name_typed(
    repository: Repository, environment: str, answer: str, refusal: str
) -> None:
    """Whatever an environment is called: the address of the register decides."""
    question = "Type the environment's name to carry out 1 change"

    code, said = talk(repository, [environment], question, f"{answer}\n".encode(), ("-c", _TYPE_NAME))

    assert "This is the production register." in said
    assert "Register:     https://platform.altinn.no" in said
    assert (code, f"Nothing was written: {refusal}" in said) == ((1, True) if refusal else (0, False)), said


def test_without_a_terminal_yes_is_needed(repository: Repository, served: Served) -> None:
    """A job that nobody can answer for is refused, with what to pass."""
    refused = repository.run("apply")

    assert (refused.returncode, _writes(served)) == (4, [])
    assert "there is no terminal to ask on" in refused.stderr
    assert "Pass --yes to go ahead." in refused.stderr


def test_a_plan_that_was_applied_says_by_which_run(repository: Repository, served: Served) -> None:
    """Nothing is sent again: 0 while the register holds what it asks for, and 4 when that changed."""
    assert repository.run("plan", "--out", "plan.json").returncode == 0
    assert repository.run("apply", "plan.json", "--yes").returncode == 0
    run = _read_journal(repository)[0]["run"]

    again = repository.run("apply", "plan.json", "--report", "report.json")  # nothing to say yes to

    assert (again.returncode, again.stdout, _writes(served)) == (0, "", ["POST"]), again.stderr
    assert f"This plan was applied already by run {run}\nat 20" in again.stderr
    assert "UTC, 1 of 1 change done.\n" in again.stderr
    assert json.loads((repository.root / "report.json").read_text())["outcomes"] == []
    verified = repository.run("verify", "plan.json")
    assert verified.returncode == 0, verified.stderr
    assert f"Run {run} applied plan " in verified.stdout
    assert verified.stdout.endswith("The register holds what it asks for, so there is nothing to apply.\n")

    repository.define(isVisible=False)
    assert repository.run("apply", "--yes").returncode == 0
    moved = repository.run("apply", "plan.json", "--yes")

    assert (moved.returncode, _writes(served)) == (4, ["POST", "PUT"])
    assert f"This plan was applied already by run {run}\n" in moved.stderr
    assert "The plan is stale, and nothing was written: " in moved.stderr
    assert f"the register does not hold what it asks for in '{ONE}'." in moved.stderr


def test_a_plan_of_another_build_is_applied_and_said_to_be(repository: Repository, served: Served) -> None:
    """The plan is what is carried out, whoever made it; who reads the log learns that two builds were at work."""
    assert served.org == VENDOR
    repository.run("plan", "--out", "plan.json")
    file = repository.root / "plan.json"
    made = read_plan(file.read_bytes())
    file.write_text(print_plan(replace(made, tool_version=f"0.0.9+{'ab' * 20}")), encoding="utf-8")

    done = repository.run("apply", "plan.json", "--yes")

    assert done.returncode == 0, done.stderr
    assert "It was made by reconciler 0.0.9 (abababababab), and this is " in done.stderr


def test_a_plan_that_is_fresh_again_is_applied_again(repository: Repository, served: Served) -> None:
    """What a rollback put back is as it was when the plan was made."""
    assert repository.run("apply", "--yes").returncode == 0
    repository.define(isVisible=False)
    assert repository.run("plan", "--out", "plan.json").returncode == 0
    assert repository.run("apply", "plan.json", "--yes").returncode == 0
    assert repository.run("rollback", "latest", "--out", "undo.json").returncode == 0
    assert repository.run("apply", "undo.json", "--yes").returncode == 0

    again = repository.run("apply", "plan.json", "--yes")

    assert (again.returncode, _writes(served)) == (0, ["POST", "PUT", "PUT", "PUT"]), again.stderr
    assert served.read(ONE)["isVisible"] is False


def test_the_way_back_is_named_where_there_is_one(repository: Repository, served: Served) -> None:
    """What was created cannot be undone, so nothing is said; the command for an update works as it is printed."""
    first = repository.run("apply", "--yes")
    repository.define(isVisible=False)

    second = repository.run("apply", "--yes", "--journal", "my journals")

    assert "To undo" not in first.stderr
    (line,) = re.findall(rf"^To undo: (reconciler rollback {_RUN} .*)$", second.stderr, re.MULTILINE)
    assert line.endswith(" -e served --journal 'my journals' --out undo.json")
    bare = Repository(
        repository.root, {k: v for k, v in repository.environ.items() if k != "RECONCILER_ENVIRONMENT"}
    )
    undone = bare.run(*line.replace("'my journals'", "my/journals").split()[1:], "--journal", "my journals")
    assert undone.returncode == 0, undone.stderr
    assert bare.run("apply", "undo.json", "-e", "served", "--yes").returncode == 0
    assert served.read(ONE)["isVisible"] is True


def test_files_that_nobody_committed_are_noted_in_the_journal(repository: Repository) -> None:
    """The commit, and whether the definitions differ from it; `not in git` where there is no repository."""
    assert repository.run("apply", "--yes").returncode == 0
    outside = _read_journal(repository)[0]
    repository.track()
    commit = repository.commit("Define a system")
    repository.define(isVisible=False)
    done = repository.run("apply", "--yes", "--journal", "edited")
    assert done.returncode == 0
    (path,) = (repository.root / "edited").glob("*.jsonl")
    edited = json.loads(path.read_text(encoding="utf-8").splitlines()[0])

    assert (outside["revision"], outside["uncommitted"]) == ("not in git", False)
    assert (edited["revision"], edited["uncommitted"]) == (commit, True)
    assert f"Made from files that are not committed:\n'systems/{ONE}.yaml'." in done.stdout
    assert repository.plan()["revision"] == {"commit": commit, "uncommitted": [f"systems/{ONE}.yaml"]}
    committed = repository.commit("Hide it")
    assert repository.plan()["revision"] == {"commit": committed, "uncommitted": []}
