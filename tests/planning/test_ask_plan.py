"""The plan of change requests: its ids, its digest, and what is refused of a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft7Validator  # type: ignore[import-untyped]  # it has no types

import reconciler
from reconciler.errors import Refused
from reconciler.model.customers import ACCEPTED, AGENT, NEW, REJECTED, Asking
from reconciler.model.system import RegisteredSystem
from reconciler.planning.ask_plan import (
    AskOrigin,
    AskPlan,
    count_left_out,
    find_obstacle,
    leave_out,
    make_ask,
    make_ask_plan,
    make_body,
    print_ask_plan,
    read_ask_plan,
    to_json,
)
from reconciler.planning.customers import Customer, CustomerFacts, judge_customer, list_access
from tests.customer_rows import OTHER_RIGHT, SYSTEM, a_change, a_grown_document, a_request, a_user
from tests.schemas import print_schema

if TYPE_CHECKING:
    from reconciler.model.customers import ChangeRequest, SystemUser

SCHEMA = Path(reconciler.__file__).parent / "data" / "ask.schema.json"
ORIGIN = AskOrigin(
    "tt02", "https://platform.tt02.altinn.no", "991825827", "0.1.0", "2026-11-22T00:00:00+00:00"
)
ACCESS = list_access(RegisteredSystem(a_grown_document()).read())
WANTED = ACCESS[1:2]


def know(user: SystemUser, *changes: ChangeRequest, **known: object) -> Customer:
    """Judge a customer whose request was accepted."""
    facts = {"request": a_request(user), "changes": changes, **known}
    return judge_customer(user, ACCESS, CustomerFacts(**facts), ())  # type: ignore[arg-type]  # members of CustomerFacts


def a_plan(numbers: range = range(1, 4), created: str = ORIGIN.created) -> AskPlan:
    """Make a plan that asks some customers for the right that was added."""
    customers = [know(a_user(each)) for each in numbers]
    asks = [make_ask(ORIGIN, each, make_body(WANTED)) for each in customers]
    left = [leave_out(know(a_user(99, kind=AGENT)), "agent", "It is an agent's.")]
    origin = ORIGIN._replace(created=created)
    return make_ask_plan(origin, SYSTEM, "0" * 64, WANTED, asks=asks, left_out=left)


def test_the_same_ask_has_the_same_id_everywhere() -> None:
    """It depends on the register, the system user, the body and the attempt, and on nothing else."""
    customer, body = know(a_user()), make_body(WANTED)
    ids = {
        make_ask(ORIGIN, customer, body).correlation_id,
        make_ask(
            ORIGIN._replace(created="later", tool_version="9", environment="x"), customer, body
        ).correlation_id,
    }
    others = [
        make_ask(ORIGIN, customer, body, 2),
        make_ask(ORIGIN, customer, make_body(ACCESS)),
        make_ask(ORIGIN, know(a_user(2)), body),
        make_ask(ORIGIN._replace(register="https://platform.altinn.no"), customer, body),
    ]

    assert ids == {"2be1138d-f854-5385-b79c-a2b8b6693be2"}
    assert len(ids | {each.correlation_id for each in others}) == 5


def test_a_body_asks_and_takes_nothing_away() -> None:
    """All four lists are spelt, and the two that take away are empty."""
    assert make_body(ACCESS[1:]).model_dump(mode="json") == {
        "requiredRights": [{"resource": [{"id": "urn:altinn:resource", "value": "kravogbetaling"}]}],
        "unwantedRights": [],
        "requiredAccessPackages": [{"urn": "urn:altinn:accesspackage:skattegrunnlag"}],
        "unwantedAccessPackages": [],
    }


def test_a_plan_is_read_as_it_was_printed() -> None:
    """Its digest does not depend on when and by which version it was made."""
    plan = a_plan()

    assert read_ask_plan(print_ask_plan(plan).encode()) == plan
    assert a_plan(created="2027-01-01T00:00:00+00:00").digest == plan.digest
    assert a_plan(range(1, 3)).digest != plan.digest
    assert count_left_out(plan) == {"agent": 1}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("310000001", "310000009"),
        ("kravogbetaling", "another"),
        ('"attempt": 1', '"attempt": 2'),
        ("991825827_smartcloud", "991825827_other"),
        ('"asks"', '"asks" '),
        ('"kind": "change-requests"', '"kind": "another"'),
        ('"format_version": "1"', '"format_version": "2"'),
        ("{", "["),
    ],
)
def test_a_plan_that_was_edited_is_refused(old: str, new: str) -> None:
    """Whatever was edited: it is not what was reviewed."""
    text = print_ask_plan(a_plan())
    assert old in text

    with pytest.raises(Refused):
        read_ask_plan(text.replace(old, new).encode())


@pytest.mark.parametrize("edit", ["empty", "id", "twice"])
def test_a_plan_whose_digest_was_made_anew_is_refused_too(edit: str) -> None:
    """Four empty lists hide what is stored, another id asks twice, and so does a customer who stands there twice."""
    plan = a_plan()
    first = plan.asks[0]
    body = make_body([])
    changed = {
        "empty": [make_ask(ORIGIN, know(a_user()), body)],
        "id": [first.model_copy(update={"correlation_id": plan.asks[1].correlation_id})],
        "twice": [first, make_ask(ORIGIN, know(a_user()), make_body(ACCESS))],
    }[edit]
    forged = make_ask_plan(ORIGIN, SYSTEM, "0" * 64, WANTED, asks=changed, left_out=[])

    with pytest.raises(Refused, match="asks for nothing, has another id, or stands twice"):
        read_ask_plan(print_ask_plan(forged).encode())


def test_nobody_is_asked_without_a_reason_to() -> None:
    """What speaks against it, the first that holds; a rejection gives way to `--again`, and nothing else does."""
    user, asked = a_user(), Asking(frozenset({OTHER_RIGHT}))
    cases = {
        "": know(user),
        "agent": know(a_user(kind=AGENT)),
        "unknown": know(user, has_all=False),
        "has": know(user, a_change(user, ACCEPTED, asked)),
        "pending": know(user, a_change(user, NEW, Asking(packages=frozenset({"urn:another"})))),
        "rejected": know(user, a_change(user, REJECTED, asked)),
    }
    first = {why: find_obstacle(each, ACCESS, WANTED, again=False) for why, each in cases.items()}
    again = {why: find_obstacle(each, ACCESS, WANTED, again=True) for why, each in cases.items()}

    assert {why: found[0] if found else "" for why, found in first.items()} == {why: why for why in cases}
    assert {why: found[0] if found else "" for why, found in again.items()} == {
        **{why: why for why in cases},
        "rejected": "",
    }


def test_the_schema_is_made_from_the_types(request: pytest.FixtureRequest) -> None:
    """`--accept` writes it again; a plan is valid by it."""
    made = print_schema(AskPlan, "A plan of change requests, format 1")
    if request.config.getoption("--accept"):
        SCHEMA.write_text(made, encoding="utf-8")
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    Draft7Validator.check_schema(schema)

    assert SCHEMA.read_text(encoding="utf-8") == made
    assert [each.message for each in Draft7Validator(schema).iter_errors(to_json(a_plan()))] == []
