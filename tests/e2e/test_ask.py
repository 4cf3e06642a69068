"""Existing customers are asked for a right that the system got, by the commands that a person runs."""

from __future__ import annotations

import csv
import io
import json
import re
import stat
from typing import TYPE_CHECKING

import httpx
import pytest

from reconciler.model.environment import BUILT_IN
from reconciler.planning.ask_plan import AskOrigin, make_ask_plan, print_ask_plan
from tests.builders import VENDOR, a_live_document
from tests.customer_rows import OTHER_RIGHT, SYSTEM, an_id
from tests.emulated_customers import a_client, decide, lay_customers, list_changes
from tests.served import Served, serve

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from reconciler.model.canonical_json import Json
    from tests.served import Repository

pytestmark = pytest.mark.slow

PERSON = "01017012345"
FIRST, SECOND, THIRD = (str(310000000 + each) for each in (1, 2, 3))
NEW_RIGHT = OTHER_RIGHT[0][1]
FAST = ("--rate", "9999/s")


@pytest.fixture
def register(private_key: RSAPrivateKey, repository: Repository) -> Iterator[Served]:
    """Serve a register whose system has three customers, an agent, and a person for one."""
    with serve(private_key, repository, clients=[a_client(private_key)]) as served:
        document = {name: value for name, value in a_live_document().items() if name != "isDeleted"}
        served.ask("POST", "", document).raise_for_status()
        lay_customers(served.base, range(1, 4))
        lay_customers(served.base, [4], kind="agent")
        lay_customers(served.base, [5], org=PERSON)
        yield served


def grow(served: Served) -> None:
    """Add a right to the system."""
    more = {"resource": [{"id": name, "value": value} for name, value in OTHER_RIGHT]}
    held = served.read(SYSTEM)
    served.ask("PUT", f"/{SYSTEM}", {**held, "rights": [*held["rights"], more]}).raise_for_status()


@pytest.fixture
def plan(register: Served, repository: Repository) -> str:
    """Add the right, save the plan that asks for it, and give its digest."""
    grow(register)
    done = repository.run("ask", SYSTEM, "--right", NEW_RIGHT, "--out", "asks.json")
    assert done.returncode == 0, done.stderr
    digest: str = json.loads((repository.root / "asks.json").read_text(encoding="utf-8"))["digest"]
    return digest


def _list_outcomes(done: subprocess.CompletedProcess[str]) -> dict[str, tuple[str, str | None]]:
    return {each["org"]: (each["outcome"], each["status"]) for each in json.loads(done.stdout)["outcomes"]}


def test_from_the_new_right_to_the_customers_answers(register: Served, repository: Repository) -> None:
    """Refused before the system has it; then planned, accepted, sent, decided and shown; links only in their file.

    The person for one is no customer that the service knows, which is named.
    """
    early = repository.run("ask", SYSTEM, "--right", NEW_RIGHT, "--out", "asks.json")
    assert (early.returncode, f"does not hold the right '{NEW_RIGHT}'" in early.stderr) == (4, True)
    grow(register)
    httpx.delete(f"{register.base}/control/log").raise_for_status()
    made = repository.run("ask", SYSTEM, "--right", NEW_RIGHT, "--out", "asks.json", "--format", "json")
    plan = json.loads(made.stdout)
    assert [each["org"] for each in plan["asks"]] == [FIRST, SECOND, THIRD, "(masked)"]
    assert [each["why"] for each in plan["left_out"]] == ["agent"]
    digest = plan["digest"]

    refused = repository.run("ask", "asks.json", "--accept", "0" * 64)
    alone = repository.run("ask", "asks.json", "--accept", digest, "--only", FIRST, *FAST)
    done = repository.run(
        "ask", "asks.json", "--accept", digest[:12], "--links", "links.csv", "--format", "json", *FAST
    )
    changes = {each["partyOrgNo"]: each["id"] for each in list_changes(register.base)}
    decide(register.base, do="approve", change=changes[FIRST])
    decide(register.base, do="reject", change=changes[SECOND])
    status = repository.run("ask", "asks.json", "--status", "--format", "json")
    again = repository.run("ask", "asks.json", "--accept", digest, "--format", "json", *FAST)

    assert (refused.returncode, list_changes(register.base) != []) == (4, True)
    assert (alone.returncode, done.returncode, status.returncode, again.returncode) == (0, 1, 0, 1)
    assert _list_outcomes(done) == {
        FIRST: ("already asked", "New"),
        **dict.fromkeys((SECOND, THIRD), ("asked", "New")),
        "(masked)": ("failed", None),
    }
    assert [each["code"] for each in json.loads(done.stdout)["outcomes"]] == [None, None, None, "AUTH-00000"]
    expected = {
        FIRST: ("already asked", "Accepted"),
        SECOND: ("rejected", "Rejected"),
        THIRD: ("already asked", "New"),
    }
    assert _list_outcomes(again) == {**expected, "(masked)": ("failed", None)}
    assert _list_outcomes(status) == {**expected, "(masked)": ("not asked", None)}
    assert len(list_changes(register.base)) == 3
    links = repository.root / "links.csv"
    assert stat.S_IMODE(links.stat().st_mode) == 0o600
    rows = list(csv.DictReader(io.StringIO(links.read_text(encoding="utf-8"))))
    assert [row["org"] for row in rows] == [FIRST, SECOND, THIRD]
    assert all(row["link"].endswith("&DONTCHOOSEREPORTEE=true") for row in rows)
    runs = [early, made, refused, alone, done, status, again]
    kept = [path.read_text(encoding="utf-8") for path in (repository.root / ".reconciler").rglob("*.jsonl")]
    kept += [(repository.root / "asks.json").read_text(encoding="utf-8")]
    for text in (*(each.stdout + each.stderr for each in runs), *kept):
        assert "systemuser/changerequest?id" not in text
        assert PERSON not in text
    log = httpx.get(f"{register.base}/control/log").json()
    writes = {each["path"] for each in log if each["method"] != "GET"}
    assert writes == {
        "/authentication/api/v1/systemuser/changerequest/vendor",
        "/maskinporten/token",
    }


def test_who_has_what_is_shown(plan: str, register: Served, repository: Repository) -> None:
    """As text, JSON and CSV: has, pending, lacks and unknown, and no person's number."""
    done = repository.run("ask", "asks.json", "--accept", plan, "--limit", "3", *FAST)
    changes = {each["partyOrgNo"]: each["id"] for each in list_changes(register.base)}
    decide(register.base, do="approve", change=changes[FIRST])
    decide(register.base, do="reject", change=changes[SECOND])
    httpx.post(
        f"{register.base}/control/setup", json={"request": an_id(5), "archived": True}
    ).raise_for_status()

    shown = {each: repository.run("customers", SYSTEM, "--format", each) for each in ("text", "json", "csv")}

    assert done.returncode == 0, done.stdout + done.stderr
    assert {each.returncode for each in shown.values()} == {0}
    answer: Json = json.loads(shown["json"].stdout)
    (counts,) = (each["count"] for each in answer["access"] if each["name"] == NEW_RIGHT)
    assert counts == {"has": 1, "pending": 1, "lacks": 2, "unknown": 1}
    rows = csv.DictReader(io.StringIO(shown["csv"].stdout))
    assert {
        row["org"]: row["holding"] for row in rows if row["name"] == NEW_RIGHT and row["type"] == "standard"
    } == {
        FIRST: "has",
        SECOND: "lacks",
        THIRD: "pending",
        "(masked)": "unknown",
    }
    assert f"Right   {NEW_RIGHT}: 1 has, 1 pending, 2 lacks, 1 unknown" in re.sub(
        " +:", ":", shown["text"].stdout
    )
    assert not any(PERSON in each.stdout for each in shown.values())


def test_a_rejection_stands_until_somebody_says_again(
    plan: str, register: Served, repository: Repository
) -> None:
    """Then it is another attempt, with another id; what waits can be withdrawn, and is not asked again either."""
    assert repository.run("ask", "asks.json", "--accept", plan, "--limit", "3", *FAST).returncode == 0
    changes = {each["partyOrgNo"]: each["id"] for each in list_changes(register.base)}
    decide(register.base, do="reject", change=changes[SECOND])
    gone = repository.run(
        "ask", "asks.json", "--accept", plan, "--withdraw", "--only", THIRD, "--format", "json"
    )

    words = ("ask", SYSTEM, "--right", NEW_RIGHT, "--format", "json")
    first, again = (json.loads(repository.run(*words, *more).stdout) for more in ((), ("--again",)))

    assert _list_outcomes(gone)[THIRD] == ("withdrawn", None)
    why = {each["org"]: each["why"] for each in first["left_out"]}
    assert [each["org"] for each in first["asks"]] == ["(masked)"]
    assert (why[FIRST], why[SECOND], why[THIRD]) == ("pending", "rejected", "asked before")
    assert {each["org"]: each["attempt"] for each in again["asks"]} == {SECOND: 2, THIRD: 2, "(masked)": 1}


def test_a_plan_is_refused_where_the_system_moved(
    plan: str, register: Served, repository: Repository
) -> None:
    """Nobody is asked; nor by a plan for another register, nor while nobody accepts it."""
    shown = repository.run("ask", "asks.json")
    document = register.read(SYSTEM)
    register.ask("PUT", f"/{SYSTEM}", {**document, "isVisible": not document["isVisible"]}).raise_for_status()

    moved = repository.run("ask", "asks.json", "--accept", plan)
    without = repository.run("ask", "asks.json", "--only", FIRST)

    assert (shown.returncode, "--accept" in shown.stderr) == (0, True)
    assert (moved.returncode, "moved since the plan was made" in moved.stderr) == (4, True)
    assert without.returncode == 2
    assert list_changes(register.base) == []


def test_the_production_register_has_to_be_spelt(repository: Repository) -> None:
    """A variable is not enough; nothing is sent to find that out."""
    production = next(each for each in BUILT_IN if each.name == "prod")
    origin = AskOrigin("prod", production.identity, VENDOR, "0.1.0", "2026-11-22T00:00:00+00:00")
    made = make_ask_plan(origin, SYSTEM, "0" * 64, (), asks=[], left_out=[])
    (repository.root / "asks.json").write_text(print_ask_plan(made), encoding="utf-8")

    done = repository.run("ask", "asks.json", "--accept", made.digest, RECONCILER_ENVIRONMENT="prod")

    assert (done.returncode, "--environment does not name it" in done.stderr) == (4, True)
