"""What a person or a job that names too little, answers nothing, or has no space is told, and its exit code."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace

import httpx
import pytest

from tests.builders import VENDOR
from tests.served import VENDOR_PATH, Repository, Served
from tests.terminal import bare_environ, start_program, talk

ONE = f"{VENDOR}_smartcloud"


@pytest.fixture
def served(served: Served, repository: Repository) -> Served:
    """Serve a register that no variable names."""
    named = dict(repository.environ)
    del named["RECONCILER_ENVIRONMENT"]
    repository.environ = named
    return served


def _writes(served: Served) -> list[str]:
    log = httpx.get(f"{served.base}/control/log").json()
    return [e["method"] for e in log if e["path"].startswith(VENDOR_PATH) and e["method"] != "GET"]


def _strike(served: Served, **fault: object) -> None:
    httpx.post(f"{served.base}/control/faults", json=fault).raise_for_status()


@pytest.mark.slow
def test_a_saved_plan_goes_where_the_job_says(repository: Repository, served: Served) -> None:
    """W2: another environment than the plan's is refused by apply, verify and rollback, and so is none."""
    assert repository.run("plan", "-e", "served", "--out", "plan.json").returncode == 0
    prod = replace(repository, environ={**repository.environ, "RECONCILER_ENVIRONMENT": "prod"})
    tried: list[tuple[Repository, list[str]]] = [(repository, []), (repository, ["-e", "tt02"]), (prod, [])]
    for verb in ("apply", "verify"):
        for where, words in tried:
            done = where.run(verb, "plan.json", *words)
            assert done.returncode == 4, (verb, words, done.stderr)
            assert "was made for environment served" in done.stderr
            assert "othing was written" in done.stderr
    assert _writes(served) == []
    assert repository.run("verify", "plan.json", "-e", "served").returncode == 0
    assert repository.run("apply", "plan.json", "--yes", RECONCILER_ENVIRONMENT="served").returncode == 0
    (run,) = (repository.root / ".reconciler" / "journal").glob("*.jsonl")
    for where, words in tried:
        done = where.run("rollback", run.stem, *words)
        assert (done.returncode, "was made for environment served" in done.stderr) == (4, True), done.stderr
    assert repository.run("rollback", run.stem, "-e", "served").returncode == 1  # what was created is blocked


@pytest.mark.slow
@pytest.mark.parametrize(
    ("answer", "code", "writes"), [(b"y\n", 0, ["POST"]), (b"n\n", 4, []), (b"\x03", 4, [])]
)
def test_a_person_is_asked_for_the_environment(
    repository: Repository, served: Served, answer: bytes, code: int, writes: list[str]
) -> None:
    """W2: on a terminal, where none is named; `--yes` is no answer to that."""
    assert repository.run("plan", "-e", "served", "--out", "plan.json").returncode == 0

    found, said = talk(repository, ["apply", "plan.json", "--yes"], "Is that the one?", answer)

    assert f"environment served ({served.base})" in said
    assert (found, _writes(served)) == (code, writes), said


@pytest.mark.parametrize(
    "answer",
    [b"\x03", pytest.param(b"\x04", marks=pytest.mark.slow), pytest.param(b"n\n", marks=pytest.mark.slow)],
)
def test_no_answer_is_no(repository: Repository, served: Served, answer: bytes) -> None:
    """W18: Ctrl-C, Ctrl-D and no at the question end with 4, and the last line says that nothing was written."""
    code, said = talk(repository, ["apply", "-e", "served"], "Carry out 1 change?", answer)

    assert (code, _writes(served)) == (4, [])
    assert "Nothing was written" in said.splitlines()[-1] + said.splitlines()[-2]


@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
@pytest.mark.parametrize("verb", ["plan", pytest.param("apply", marks=pytest.mark.slow)])
def test_an_interruption_before_the_first_write_is_a_refusal(
    repository: Repository, served: Served, verb: str, number: int
) -> None:
    """W18: 4 by the table, with a sentence, whatever asks the program to end."""
    _strike(served, fault="latency", seconds=2.0, method="GET", path="*systemregister*", times=0)
    words = [verb, "-e", "served", *(["--yes"] if verb == "apply" else [])]
    program = start_program(repository, *words)
    assert program.stderr
    assert program.stderr.readline().startswith("Environment served")

    program.send_signal(number)
    _, said = program.communicate(timeout=60)

    assert (program.returncode, said) == (4, "Interrupted; nothing was written to the register.\n")
    assert _writes(served) == []


def _run_until_the_disk_is_full(
    repository: Repository, *words: str, journalled: str
) -> subprocess.CompletedProcess[str]:
    """Run the program whose files can grow no more once the journal holds a text, as a full disk would have it."""
    resource = pytest.importorskip("resource", reason="a file's size is limited by what only POSIX has")
    if not hasattr(resource, "prlimit"):
        pytest.skip("the limits of a running program can be changed on Linux only")
    program = subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "reconciler", *words],
        cwd=repository.root,
        env={**bare_environ(repository), "RECONCILER_ENVIRONMENT": "served", "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    size = 0
    while program.poll() is None and not size:
        for path in (repository.root / ".reconciler" / "journal").glob("*.jsonl"):
            text = path.read_text(encoding="utf-8")
            size = len(text.encode()) if journalled in text else 0
        time.sleep(0.01)
    resource.prlimit(program.pid, resource.RLIMIT_FSIZE, (size, size))
    said, told = program.communicate(timeout=60)
    return subprocess.CompletedProcess(words, program.returncode, said, told)


@pytest.mark.slow
def test_an_outcome_that_cannot_be_journalled_weighs(repository: Repository, served: Served) -> None:
    """W12: what was done is reported as done, what could not be recorded is said, and the run ends with 1."""
    _strike(served, fault="latency", seconds=1.0, method="POST", path="*systemregister*")

    done = _run_until_the_disk_is_full(repository, "apply", "--yes", journalled='"intent"')

    assert (done.returncode, _writes(served)) == (1, ["POST"]), done.stdout + done.stderr
    assert "Apply: 1 done." in done.stdout
    assert f"The journal could not be written, and lacks the outcome of {ONE}." in done.stdout

    full = _run_until_the_disk_is_full(repository, "recover", "--patience", "2", journalled='"intent"')

    assert full.returncode == 1, full.stderr
    assert f"done      create {ONE}" in full.stdout
    assert "The journal could not be written, so there it stays open." in full.stdout
    again = repository.run("recover", "-e", "served", "--patience", "1")
    assert (again.returncode, again.stdout.startswith("done ")) == (0, True)
    assert repository.run("apply", "-e", "served", "--yes").returncode == 0


@pytest.mark.slow
def test_a_report_that_cannot_be_written_hides_no_outcome(repository: Repository, served: Served) -> None:
    """W12: stdout and the file are full after the writes: 1, said on stderr, and nothing is left behind."""
    for letter in "abcdefgh":
        repository.define(letter, clientId=[])
    _strike(served, fault="latency", seconds=0.3, method="POST", path="*systemregister*")
    with open("/dev/full", "w", encoding="utf-8") as full:  # noqa: PTH123 - a device
        program = subprocess.Popen(
            [
                sys.executable,
                "-W",
                "error",
                "-m",
                "reconciler",
                "apply",
                "--yes",
                "--report",
                "out/report.json",
            ],
            cwd=repository.root,
            env={**bare_environ(repository), "RECONCILER_ENVIRONMENT": "served"},
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
        (repository.root / "out").mkdir()
        _, said = program.communicate(timeout=60)

    assert program.returncode == 1, said
    assert "error: the result cannot be shown: No space left on device." in said
    report = json.loads((repository.root / "out" / "report.json").read_text())
    assert {each["outcome"] for each in report["outcomes"]} == {"done"}
    assert len(_writes(served)) == 9


@pytest.mark.parametrize(
    "words",
    [
        ["apply", "--yes", "--report", "nowhere/report.json"],
        pytest.param(["plan", "--out", "nowhere/plan.json"], marks=pytest.mark.slow),
        pytest.param(["plan", "--format", "sarif=nowhere/plan.sarif"], marks=pytest.mark.slow),
        pytest.param(["drift", "--format", "json=nowhere/drift.json"], marks=pytest.mark.slow),
        pytest.param(["plan", "--format", "json=a.json", "--format", "html=a.json"], marks=pytest.mark.slow),
    ],
)
def test_files_are_opened_before_the_first_request(
    repository: Repository, served: Served, words: list[str]
) -> None:
    """W12: what cannot be written is a usage error before anything is asked of the register."""
    done = repository.run(*words, RECONCILER_ENVIRONMENT="served")

    assert done.returncode == 2, done.stderr
    log = httpx.get(f"{served.base}/control/log").json()
    assert [each for each in log if "systemregister" in each["path"]] == []
    assert [path.name for path in repository.root.iterdir() if ".json" in path.name] == []


def _leave_open(repository: Repository, served: Served) -> None:
    """Leave a run with a request whose outcome is unknown."""
    _strike(served, fault="reset", when="after", method="POST", path="*systemregister*")
    _strike(served, fault="status", status=503, method="GET", path="*systemregister*", times=0, skip=4)
    done = repository.run("apply", "--yes", "--patience", "0", RECONCILER_ENVIRONMENT="served")
    httpx.delete(f"{served.base}/control/faults").raise_for_status()
    assert done.returncode == 5, done.stdout + done.stderr


@pytest.mark.slow
def test_recover_asks_no_other_register_than_the_runs(repository: Repository, served: Served) -> None:
    """W16: a folder of another register's runs is a usage error that names them; unnamed, the open runs decide."""
    _leave_open(repository, served)
    bare = Repository(repository.root, {"XDG_STATE_HOME": str(repository.root.parent / "state")})
    empty = Repository(repository.root.parent / "empty", repository.environ)
    empty.root.mkdir()
    folder = ("--journal", str(repository.root / ".reconciler/journal"), "--patience", "0")

    local = bare.run("recover", "-e", "local")
    assert bare.run("apply", "--yes").returncode == 0  # now there is a run of the embedded register, too
    named = bare.run("recover", "-e", "local")
    elsewhere = empty.run("recover", *folder)
    other = repository.run("recover", "--vendor", "310000000")
    unnamed = repository.run("recover", "--patience", "0")

    assert (local.returncode, "reconciler recover --environment served" in local.stderr) == (2, True)
    assert f"runs here are of served ({served.base}), not of local" in local.stderr
    assert (named.returncode, "Not looked at: open runs of served" in named.stderr) == (0, True)
    assert (elsewhere.returncode, "which is not configured here" in elsewhere.stderr) == (2, True)
    assert (other.returncode, f"of vendor {VENDOR}" in other.stderr) == (2, True)
    assert (unnamed.returncode, unnamed.stdout.startswith("done ")) == (0, True), unnamed.stderr
