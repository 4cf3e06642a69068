"""How customers, and what became of change requests, are written: as text, JSON and CSV."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import pytest

from reconciler.execution.ask_outcome import AskOutcome, AskReport, AskState
from reconciler.model.customers import AGENT, NEW, Asking
from reconciler.model.secret import Secret
from reconciler.planning.ask_plan import make_ask, make_ask_plan, make_body
from reconciler.planning.customers import Access, Customers
from reconciler.render import customers as as_data
from reconciler.render.lines import print_lines
from reconciler.render.text.customers import render_ask_plan, render_asked, render_customers
from tests.customer_rows import OTHER_RIGHT, SYSTEM, a_change, a_user
from tests.planning.test_ask_plan import ACCESS, ORIGIN, WANTED, a_plan, know
from tests.render.inert import check_json, find_commands, find_steering
from tests.render.samples import HOSTILE

LINK = "https://am.ui.tt02.altinn.no/accessmanagement/ui/systemuser/changerequest?id=1"
ROWS = (
    know(a_user()),
    know(a_user(2, reference="shop-2"), a_change(a_user(2), NEW, Asking(frozenset({OTHER_RIGHT})))),
    know(a_user(3, kind=AGENT)),
    know(a_user(4), has_all=False),
)
FOUND = Customers("tt02", SYSTEM, ACCESS, ROWS)


def a_report(reason: str = "The register answered 400.") -> AskReport:
    """Make what became of three asks."""
    plan = a_plan()
    asked = AskOutcome(plan.asks[0], AskState.ASKED, NEW, link=Secret(LINK))
    failed = AskOutcome(plan.asks[1], AskState.FAILED, code="AUTH-00000", reason=reason)
    return AskReport(plan, (asked, failed, AskOutcome(plan.asks[2], AskState.NOT_ASKED)), "It stopped.")


def test_customers_as_text() -> None:
    """What is lacking comes first; the numbers come last."""
    users = [each.user.id for each in ROWS]

    assert print_lines(render_customers(FOUND)).splitlines() == [
        f"310000001  standard  {users[0]}",
        "    lacks   kravogbetaling",
        "    has     ske-krav-og-betalinger, urn:altinn:accesspackage:skattegrunnlag",
        f"310000002  shop-2  standard  {users[1]}",
        "    pending kravogbetaling",
        "    has     ske-krav-og-betalinger, urn:altinn:accesspackage:skattegrunnlag",
        f"310000003  agent  {users[2]}",
        "    lacks   kravogbetaling",
        "    has     ske-krav-og-betalinger, urn:altinn:accesspackage:skattegrunnlag",
        f"310000004  standard  {users[3]}",
        "    unknown ske-krav-og-betalinger, kravogbetaling, urn:altinn:accesspackage:skattegrunnlag",
        "    There may be change requests that the register does not list.",
        "Right   ske-krav-og-betalinger: 3 has, 1 unknown",
        "Right   kravogbetaling: 1 pending, 2 lacks, 1 unknown",
        "Package urn:altinn:accesspackage:skattegrunnlag: 3 has, 1 unknown",
        "4 system users.",
    ]


def test_customers_as_rows() -> None:
    """A row for each system user and each right or package."""
    rows = list(csv.DictReader(io.StringIO(as_data.render_customers_csv(FOUND))))

    assert len(rows) == len(ROWS) * len(ACCESS)
    assert [row["holding"] for row in rows if row["name"] == "kravogbetaling"] == [
        "lacks",
        "pending",
        "lacks",
        "unknown",
    ]
    assert rows[3]["reference"] == "shop-2"


def test_a_system_without_customers_says_so() -> None:
    """In words; the JSON has no entries, and the CSV its header alone."""
    none = replace(FOUND, rows=())

    assert "Right   kravogbetaling: no system user" in print_lines(render_customers(none))
    assert json.loads(as_data.render_customers_json(none))["customers"] == []
    assert as_data.render_customers_csv(none).splitlines() == [",".join(as_data.CUSTOMERS)]


def test_a_plan_as_text_and_as_rows() -> None:
    """Who is asked, who is not and why, and the digest to accept."""
    plan = a_plan(range(1, 2))

    shown = print_lines(render_ask_plan(plan))
    rows = list(csv.DictReader(io.StringIO(as_data.render_ask_plan_csv(plan))))

    assert shown.splitlines()[-4:] == [
        f"310000099  {plan.left_out[0].system_user}",
        "    not asked: agent. It is an agent's.",
        "1 system user would be asked, 1 cannot be changed.",
        f"Digest: {plan.short_digest}",
    ]
    assert [(row["attempt"], row["why"]) for row in rows] == [("1", ""), ("", "agent")]


def test_outcomes_are_named_with_code_and_reason() -> None:
    """In every output; a link is in none."""
    report = a_report()
    text = print_lines(render_asked(report))
    as_json, as_csv = as_data.render_asked_json(report), as_data.render_asked_csv(report)

    assert "310000002  failed  AUTH-00000" in text
    assert "    The register answered 400." in text
    assert text.splitlines()[-2:] == [
        "Stopped: It stopped.",
        "3 system users: 1 asked, 1 failed, 1 not asked.",
    ]
    assert json.loads(as_json)["summary"] == {"asked": 1, "failed": 1, "not asked": 1}
    assert [row["code"] for row in csv.DictReader(io.StringIO(as_csv))] == ["", "AUTH-00000", ""]
    assert not any(LINK in each or "changerequest" in each for each in (text, as_json, as_csv))


@pytest.mark.parametrize("hostile", [HOSTILE, "=1+1\x1b[31m", "::error::x"])
def test_hostile_text_is_inert(hostile: str) -> None:
    """A label, a reference, a type, a status or a reason can be anybody's."""
    access = (Access("package", hostile, ()),)
    user = replace(a_user(reference=hostile), kind=hostile)
    row = replace(know(a_user()), user=user, holdings=ROWS[3].holdings[:1], reason=hostile)
    found = Customers(hostile, hostile, access, (row,))
    ask = make_ask(ORIGIN, row, make_body(access))
    plan = make_ask_plan(ORIGIN, hostile, "0" * 64, (*access, *WANTED), asks=[ask], left_out=[])
    report = AskReport(plan, (AskOutcome(ask, AskState.FAILED, hostile, hostile, hostile),), hostile)

    texts = [
        print_lines(each) for each in (render_customers(found), render_ask_plan(plan), render_asked(report))
    ]
    tables = [
        as_data.render_customers_csv(found),
        as_data.render_ask_plan_csv(plan),
        as_data.render_asked_csv(report),
    ]

    for each in (*texts, *tables):
        assert find_steering(each) == []
        assert find_commands(each) == []
    cells = [cell for each in tables for row in csv.reader(io.StringIO(each)) for cell in row]
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)
    for printed in (
        as_data.render_customers_json(found),
        as_data.render_ask_plan_json(plan),
        as_data.render_asked_json(report),
    ):
        assert list(check_json(printed)) == []
