"""The register is read while the definitions are: what it is asked for stays the same, however the run ends."""

from __future__ import annotations

import signal
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING

import httpx
import pytest

from reconciler.errors import Exit
from tests.builders import VENDOR, a_definition_text
from tests.e2e.test_only import name, register
from tests.served import OTHER_CLIENT_ID, VENDOR_PATH
from tests.terminal import start_program

if TYPE_CHECKING:
    from tests.served import Repository, Served

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
OTHER = "310904473"
SYSTEMS = ("one", "two", "three")
NOT_COMPARED = "Nothing was compared with the register: fix the errors first.\n"
NOT_ASKED = "The register was not asked anything: fix the errors first.\n"


@pytest.fixture
def filled(repository: Repository, served: Served) -> Served:
    """Serve a register of three systems, of which two have a definition, beside one that is not registered yet."""
    for each in SYSTEMS:
        register(served, each)
    for each in ("one", "two", "new"):
        repository.define(each, clientId=[])
    (repository.root / "systems" / f"{name('smartcloud')}.yaml").unlink()
    return served


def count_asked(served: Served) -> Counter[str]:
    """Count what the program asked for: tokens, lists, and each system by its name."""
    log = httpx.get(f"{served.base}/control/log").json()
    own = [each["path"] for each in log if each["client_id"] != OTHER_CLIENT_ID]  # which is the tests'
    own = [each for each in own if each.startswith(VENDOR_PATH) or each.endswith("/token")]
    return Counter("list" if each == VENDOR_PATH else each.rpartition("/")[2] for each in own)


def add_fault(served: Served, **fault: object) -> None:
    """Have the register fail."""
    httpx.post(f"{served.base}/control/faults", json=fault).raise_for_status()


def break_all(repository: Repository) -> None:
    """Make every definition one that cannot be used."""
    for each in (repository.root / "systems").iterdir():
        each.write_text("{{{{\n", encoding="utf-8")


def expect(*names: str) -> Counter[str]:
    """Expect one token, one list, and some systems, each once."""
    return Counter(["token", "list", *map(name, names)])


@pytest.mark.parametrize(
    ("words", "read"),
    [
        (["plan"], ["new", *SYSTEMS]),
        (["plan", "--workers", "1"], ["new", *SYSTEMS]),
        (["plan", "--only", name("t*")], ["three", "two"]),
        (["plan", "--base", "HEAD"], []),
        (["plan", "--base", "HEAD", "--out", "plan.json"], ["new", *SYSTEMS]),
    ],
    ids=" ".join,
)
def test_each_is_asked_for_once(
    repository: Repository, filled: Served, words: list[str], read: list[str]
) -> None:
    """One token, one list, and one GET of each system that the plan looks at."""
    repository.track("plan.json")
    repository.commit("Begin")

    done = repository.run(*words)

    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith(f"Environment served: {filled.base}\n")
    assert count_asked(filled) == expect(*read)


def test_drift_asks_for_each_once(repository: Repository, filled: Served) -> None:
    """And for the change log of each."""
    done = repository.run("drift")

    asked = count_asked(filled)
    assert done.returncode == Exit.DIFFERENT, done.stderr
    assert asked == expect("new", *SYSTEMS) + Counter({"changelog": 3})


def test_against_asks_nothing(repository: Repository, filled: Served) -> None:
    """Neither the register nor Maskinporten."""
    repository.track()
    repository.commit("Begin")

    assert repository.run("plan", "--against", "HEAD").returncode == 0
    assert count_asked(filled) == Counter()


def test_nothing_that_can_be_used(repository: Repository, filled: Served) -> None:
    """The run ends without waiting for what is under way, and nothing is asked twice; apply asks nothing at all."""
    break_all(repository)
    add_fault(filled, fault="latency", seconds=20.0, times=0, path=f"{VENDOR_PATH}/*")
    started = time.monotonic()

    planned = repository.run("plan")
    taken = time.monotonic() - started
    asked = count_asked(filled)
    applied = repository.run("apply", "--yes")

    assert planned.returncode == 1
    assert planned.stderr.endswith(NOT_COMPARED)
    assert "Traceback" not in planned.stderr
    assert taken < 10
    assert asked <= expect(*SYSTEMS)
    assert applied.stderr.endswith(NOT_ASKED)
    assert count_asked(filled) <= asked + expect(*SYSTEMS)


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(
    "environ",
    [{"MASKINPORTEN_PRIVATE_KEY": ""}, {"RECONCILER_ENVIRONMENT": "local"}],
    ids=["no credentials", "local"],
)
def test_where_nothing_was_begun_nothing_was_asked(repository: Repository, environ: dict[str, str]) -> None:
    """Without credentials, and in `local`, whose register is started from the definitions."""
    break_all(repository)

    repository.environ = {**repository.environ, **environ}

    planned = repository.run("plan")

    assert planned.returncode == 1
    assert planned.stderr.endswith(NOT_ASKED)
    assert "Environment" not in planned.stderr


def test_a_system_that_may_not_be_read(repository: Repository, filled: Served) -> None:
    """A 403 ends the run with its one sentence, and is asked for once."""
    add_fault(filled, fault="status", status=403, times=0, path=f"{VENDOR_PATH}/{name('one')}")

    done = repository.run("plan")

    assert done.returncode == 1
    assert done.stderr.count("error: ") == 1
    assert "does not own the system" in done.stderr
    assert "Traceback" not in done.stderr
    assert count_asked(filled) <= expect("new", *SYSTEMS)


def test_a_register_that_is_asked_too_much(repository: Repository, filled: Served) -> None:
    """Each refusal is tried again, and it is said once how much less is asked from then on."""
    add_fault(filled, fault="status", status=503, times=2, path=f"{VENDOR_PATH}/*")

    done = repository.run("plan")

    assert done.returncode == 0, done.stderr
    assert done.stderr.count("from here on at most") == 1
    asked = count_asked(filled)
    assert asked.total() == expect("new", *SYSTEMS).total() + 2
    assert asked["list"] == asked["token"] == 1


def test_a_list_that_is_missing_ends_the_run(repository: Repository, filled: Served) -> None:
    """It is asked for once."""
    add_fault(filled, fault="status", status=404, times=0, path=VENDOR_PATH)

    done = repository.run("plan")

    assert done.returncode == 1
    assert "error: There is no System Register" in done.stderr
    assert count_asked(filled) == Counter(["token", "list"])


def test_a_token_of_another_vendor(repository: Repository, filled: Served) -> None:
    """What it lists is not the definitions', and the run ends as ever."""
    for each in (repository.root / "systems").iterdir():
        each.unlink()
    text = a_definition_text(id=f"{OTHER}_one", vendor={"ID": f"0192:{OTHER}"}, clientId=[])
    repository.write(f"{OTHER}_one.yaml", text)

    done = repository.run("plan")

    assert done.returncode == 1
    assert (
        f"error: The token belongs to organisation {VENDOR}, and the definitions to {OTHER}." in done.stderr
    )
    assert count_asked(filled) <= expect(*SYSTEMS)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other signals")
def test_ctrl_c_ends_it_at_once(repository: Repository, filled: Served) -> None:
    """While everything is under way: exit code 4, one sentence, and nobody waits for the answers."""
    add_fault(filled, fault="latency", seconds=20.0, times=0, path=f"{VENDOR_PATH}*")
    program = start_program(repository, "plan")
    assert program.stderr is not None
    assert program.stderr.readline().startswith("Environment served")
    program.send_signal(signal.SIGINT)
    started = time.monotonic()
    _, said = program.communicate(timeout=30)

    assert time.monotonic() - started < 10
    assert program.returncode == Exit.REFUSED
    assert said == "Interrupted; nothing was written to the register.\n"
