"""A saved plan is what was printed, byte for byte, or it is refused."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from functools import cache
from typing import TYPE_CHECKING

import pytest

from reconciler.cli.context import find_target
from reconciler.errors import Refused
from reconciler.execution.preflight import check_target
from reconciler.model.environment import Environment
from reconciler.model.findings import Finding, Location, Severity
from reconciler.model.revision import Checkout
from reconciler.planning.approval import PlanApproval
from reconciler.planning.change import Impact, Weight
from reconciler.planning.customer_count import Count, CustomerCount, RequestFate
from reconciler.planning.narrowing import Narrowing, Unjudged
from reconciler.planning.plan import Plan, Target, plan_changes, stamp
from reconciler.planning.plan_file import print_plan, read_plan
from tests.builders import CLIENT, OTHER_CLIENT, VENDOR, a_registered_system, a_resolved

if TYPE_CHECKING:
    from reconciler.model.canonical_json import Json


@cache
def a_plan() -> Plan:
    """Make a plan of every kind of change, with steps that swap client ids, and hostile texts."""
    ids = [f"{VENDOR}_{letter}" for letter in "abcdef"]
    texts = {"nb": "«æøå»\u0000\x1b[31m", "nn": '"; rm -rf / #', "en": "|x|\n<b>"}
    desired = [
        a_resolved(id=ids[0], clientId=[OTHER_CLIENT]),
        a_resolved(id=ids[1], clientId=[CLIENT]),
        a_resolved(id=ids[2], clientId=[], description=texts),
        a_resolved(id=ids[3], clientId=[], withdrawn=True),
        a_resolved(id=ids[4], clientId=[]),
        a_resolved(id=ids[5], clientId=[], rights=...),
    ]
    live = {
        ids[0]: a_registered_system(id=ids[0], clientId=[CLIENT], **{"ny🙈": None}),
        ids[1]: a_registered_system(id=ids[1], clientId=[OTHER_CLIENT]),
        ids[2]: None,
        ids[3]: a_registered_system(id=ids[3], clientId=[]),
        ids[4]: a_registered_system(id=ids[4], clientId=[]),
        ids[5]: a_registered_system(id=ids[5], clientId=[]),
    }
    unmanaged = [a_registered_system(id=f"{VENDOR}_other", clientId=["elsewhere"])]
    made = plan_changes(Target("tt02", "https://register.example", VENDOR), desired, live, unmanaged)
    finding = Finding("a-rule", Severity.WARNING, "a message", Location("systems/a.yaml", "name.nb", 3, 7))
    return stamp(made, [finding], created="2026-07-17T10:00:00+00:00", tool_version="1.2.3")


CONTENT = print_plan(a_plan()).encode()


def _is_refused(content: bytes) -> bool:
    try:
        read_plan(content)
    except Refused as refused:
        return bool(refused.message and refused.hint)
    return False


def test_a_plan_is_read_back_as_it_was() -> None:
    """Every kind of change, the steps, the impacts and the digest; printed again it is the same text."""
    plan = read_plan(CONTENT)

    assert plan == a_plan()
    assert plan.digest == a_plan().digest
    assert {each.action for each in plan.changes} == {"create", "update", "delete", "keep", "blocked"}
    assert len(plan.steps) == 5


@pytest.mark.parametrize(
    "revision",
    [
        Checkout("a" * 40),
        Checkout("a" * 40, ("systems/\u202ea.yaml",)),
        Checkout("", ("a.yaml",)),
        Checkout(""),
    ],
)
def test_the_commit_is_read_back_and_is_no_part_of_what_is_done(revision: Checkout) -> None:
    """A plan is the same whether its files are committed; a plan without the member was made before there was one."""
    plan = a_plan()
    stamped = replace(plan, revision=revision)

    assert read_plan(print_plan(stamped).encode()) == stamped
    assert stamped.digest == plan.digest
    assert json.loads(print_plan(stamped))["revision"]["commit"] == (revision.commit or None)
    assert "revision" not in json.loads(print_plan(plan))


@pytest.mark.parametrize("position", range(0, len(CONTENT), 389))
@pytest.mark.parametrize("flipped", [0x01, 0x20, 0x80])
def test_a_changed_byte_is_refused(position: int, flipped: int) -> None:
    """One bit of one byte, at a sample of all positions."""
    changed = bytearray(CONTENT)
    changed[position] ^= flipped

    assert _is_refused(bytes(changed))


@pytest.mark.thorough
def test_any_changed_byte_is_refused() -> None:
    """At every position a byte is changed, left out, doubled or blanked, in turns."""
    for position in range(len(CONTENT)):
        before, byte, after = CONTENT[:position], CONTENT[position : position + 1], CONTENT[position + 1 :]
        others = (bytes([byte[0] ^ 1]), bytes([byte[0] ^ 1]), b"", byte * 2, b" ")
        other = others[position % len(others)]
        if other != byte:
            assert _is_refused(before + other + after), (position, other)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"format_version": ' + b"9" * 5000 + b"}",
        b'{"format_version": "1"}',
        b'{"format_version": "1", "a": ' + b"[" * 100_000,
        CONTENT[:-1],
        CONTENT + b" ",
        CONTENT.replace(b"\n", b"\r\n"),
        b"\xef\xbb\xbf" + CONTENT,
    ],
)
def test_what_is_no_plan_is_refused(content: bytes) -> None:
    """A hostile file gives a sentence and no traceback."""
    assert _is_refused(content)


@pytest.mark.parametrize("version", ["2", "0", 1, None, ["1"], "1 "])
def test_an_unknown_format_is_refused(version: Json) -> None:
    """The refusal names the version, and says to plan again."""
    body = {**json.loads(CONTENT), "format_version": version}

    with pytest.raises(Refused, match="format"):
        read_plan(json.dumps(body).encode())


def test_a_plan_of_this_format_with_a_member_less_is_named_by_the_member() -> None:
    """The format is right, so it is not the version that is to blame."""
    body = {name: value for name, value in json.loads(CONTENT).items() if name != "vendor"}

    with pytest.raises(Refused, match="`vendor` is missing"):
        read_plan(json.dumps(body).encode())


def test_a_number_that_counts_nothing_is_named_by_its_place() -> None:
    """Steps and lines count from one, system users from none."""
    body = json.loads(CONTENT)
    number, change = next((number, each) for number, each in enumerate(body["changes"]) if each["steps"])
    step = change["steps"][0]
    count, step["number"] = step["number"], 0
    with pytest.raises(Refused, match=re.escape(f"`changes[{number}].steps[0].number` is missing")):
        read_plan(json.dumps(body).encode())

    step["number"] = count
    impact = {"rule": "x", "severity": "note", "message": "", "path": "", "system_users": -1, "agents": 0}
    body["impacts"] = [impact]
    with pytest.raises(Refused, match=re.escape("`impacts[0].system_users` is missing")):
        read_plan(json.dumps(body).encode())


def test_a_plan_that_was_edited_with_care_is_refused_too() -> None:
    """An edit that keeps the shape does not keep the digest of the file."""
    body = json.loads(CONTENT)
    body["changes"][0]["document"]["isVisible"] = False

    assert _is_refused((json.dumps(body, indent=2, ensure_ascii=False) + "\n").encode())


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        (37, 38, True),
        (0, 0, True),
        (None, None, True),
        (10, 99, True),
        (0, 1, False),
        (9, 10, False),
        (99, 100, False),
        (0, 237, False),
        (None, 0, False),
        (0, None, False),
    ],
)
def test_orders_of_magnitude_are_in_the_digest(before: int | None, after: int | None, same: bool) -> None:  # noqa: FBT001 - a column
    """W5: one more system user is the same plan to who accepted it, another order of magnitude is not."""
    plan = a_plan()

    def digest(users: int | None) -> str:
        impact = Impact("system-deleted", Weight.BREAKING, "Deleted.", "", users)
        changes = tuple(replace(each, impacts=(impact,)) for each in plan.changes if each.action == "delete")
        return Plan(plan.target, changes, plan.steps).digest

    assert (digest(before) == digest(after)) is same


@pytest.mark.parametrize(
    "other",
    [Impact("another-rule", Weight.BREAKING, "Deleted."), Impact("a", Weight.BREAKING, "b", "name.nb")],
)
def test_breaking_impacts_are_in_the_digest(other: Impact) -> None:
    """W5: by rule and path, for a change and for the plan; what they say and milder ones are outside."""
    plan = a_plan()
    one = Impact("a", Weight.BREAKING, "Deleted.")
    mild = Impact("b", Weight.NOTABLE, "Shown.")

    def digests(*impacts: Impact) -> tuple[str, str]:
        changes = tuple(replace(each, impacts=impacts) for each in plan.changes)
        return Plan(plan.target, changes, plan.steps).digest, replace(plan, impacts=impacts).digest

    assert digests(one) == digests(replace(one, message="Gone."), mild)
    for kept, changed, without in zip(digests(one), digests(other), digests(mild), strict=True):
        assert len({kept, changed, without}) == 3


@pytest.mark.parametrize(
    "target",
    [
        Target("prod", "https://register.example", VENDOR),
        Target("tt02", "https://other.example", VENDOR),
        Target("tt02", "https://register.example", "310000000"),
    ],
)
def test_another_target_is_another_digest(target: Target) -> None:
    """What was accepted for one environment, address and vendor is accepted for no other."""
    plan = a_plan()

    assert Plan(target, plan.changes, plan.steps).digest != plan.digest


@pytest.mark.parametrize(
    ("environment", "vendor"),
    [
        (Environment("prod", "https://register.example", ""), ""),
        (Environment("tt02", "https://other.example", ""), ""),
        (Environment("tt02", "https://register.example", ""), "310000000"),
    ],
)
def test_a_plan_for_another_target_is_refused(environment: Environment, vendor: str) -> None:
    """Another environment, address or vendor than the plan was made for; its own is not."""
    with pytest.raises(Refused, match="The plan was made for vendor 991825827 in tt02"):
        check_target(a_plan(), find_target(environment, vendor or VENDOR))

    check_target(a_plan(), find_target(Environment("tt02", "https://register.example", ""), VENDOR))


def test_a_saved_plan_is_inert_and_means_the_same() -> None:
    """S5: it is printed into a log by `plan --format json`; no runner finds a command, and nothing is hidden."""
    text = "##vso[task.setvariable]x \u202e \x9b ##[error]"
    made = a_plan()
    finding = Finding("a-rule", Severity.WARNING, text, Location("systems/a.yaml"))

    printed = print_plan(replace(made, findings=(finding,)))

    assert "##v" not in printed
    assert "##[" not in printed
    assert not set(printed) & set("\u202e\x9b")
    assert json.loads(printed)["findings"][0]["message"] == text
    assert read_plan(printed.encode()).findings == (finding,)


def test_a_plan_against_definitions_is_never_applied() -> None:
    """Not from its file, and not by a program that has made it itself; its digest is that of no other plan."""
    made = replace(a_plan(), against="4b825dc642cb6eb9a060e54bf8d69288fbee4904")

    with pytest.raises(Refused, match="definitions at 4b825dc642cb, not against the register"):
        read_plan(print_plan(made).encode())
    with pytest.raises(Refused, match="cannot be applied"):
        check_target(made, made.target)
    assert made.digest != a_plan().digest
    assert made.digest != replace(made, against="0" * 40).digest


def test_a_narrowed_plan_stays_one_in_its_file() -> None:
    """What was left out is in the file, and outside the digest, which covers what is done."""
    made = a_plan()
    left = Narrowing((f"{VENDOR}_[a-c]*", f"{VENDOR}_other"), definitions=7, registered=5, unmanaged=2)
    expected = replace(made.unmanaged[0], expected=True)
    narrowed = replace(made, narrowed=left, unmanaged=(expected,), unmatched=("9*_old",))

    again = read_plan(print_plan(narrowed).encode())

    assert (again.narrowed, again.unmanaged, again.unmatched) == (left, (expected,), ("9*_old",))
    assert again.digest == made.digest
    assert again.summary["unmanaged"] == 0
    assert not {"narrowed", "unjudged", "unmatched", "expected"} & set(
        re.findall(r'"(\w+)":', print_plan(made))
    )


def test_a_plan_that_lacks_definitions_is_never_applied() -> None:
    """Not from its file, and not by a program that has made it itself; its digest is that of no other plan."""
    unjudged = Unjudged("systems/broken.yaml", "`name` is missing", 1, (f"{VENDOR}_broken",))
    made = replace(a_plan(), unjudged=(unjudged,))

    with pytest.raises(Refused, match=r"could not be used \(systems/broken.yaml\)"):
        read_plan(print_plan(made).encode())
    with pytest.raises(Refused, match="cannot be applied"):
        check_target(made, made.target)
    assert made.digest != a_plan().digest


def test_approvals_stay_in_the_file_and_outside_the_digest() -> None:
    """What is known of them is for reading: adding the file of approvals to a pull request makes no other plan."""
    made = a_plan()
    day = date(2026, 12, 5)
    approvals = (
        PlanApproval(day, "moved «with» the customers\x1b", "Anna", "0" * 40),
        PlanApproval(day, "too late", obstacle="its last day is over"),
    )
    approved = replace(made, approvals=approvals)

    assert read_plan(print_plan(approved).encode()).approvals == approvals
    assert approved.digest == made.digest
    assert "approvals" not in json.loads(print_plan(made))
    assert _is_refused(print_plan(approved).replace("2026-12-05", "2026-12-99").encode())


def test_counts_of_customers_stay_in_the_file_and_outside_the_digest() -> None:
    """What is of no interest is left out, and a number that is not known is null and never 0."""
    unknown = Count(None, 7, "why")
    counted = [
        CustomerCount(lacking=Count(0), anew=unknown, portal=True),
        CustomerCount(fate=RequestFate.FAILS, requests=Count(2), changes=Count(None, reason="why")),
        CustomerCount(fate=RequestFate.NO_TOKEN_WITH_CLIENT, requests=unknown),
        None,
    ]
    impacts = tuple(
        Impact("right-added", Weight.NOTABLE, str(number), customers=each)
        for number, each in enumerate(counted)
    )
    plan = a_plan()
    told = replace(plan, changes=(replace(plan.changes[0], impacts=impacts), *plan.changes[1:]))
    plain = tuple(replace(each, customers=None) for each in impacts)
    saved = [each.get("customers") for each in json.loads(print_plan(told))["changes"][0]["impacts"]]

    read = read_plan(print_plan(told).encode())

    assert [each.customers for each in read.changes[0].impacts] == counted
    assert (
        read.digest
        == replace(told, changes=(replace(told.changes[0], impacts=plain), *told.changes[1:])).digest
    )
    assert saved[0] == {
        "lacking": {"number": 0},
        "anew": {"number": None, "at_least": 7, "reason": "why"},
        "portal": True,
    }
    assert saved[3] is None
