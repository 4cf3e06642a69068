"""The verdict is true in every situation, and nothing that a reader must know is left out of a comment."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reconciler.planning.acceptance import Acceptance, Standing
from reconciler.planning.change import Blocked, Create, Delete, Impact, Keep, Update, Weight
from reconciler.planning.diff import FieldChange, adopt
from reconciler.planning.narrowing import Narrowing, Unjudged
from reconciler.planning.origin import Origin
from reconciler.planning.plan import Plan, Unmanaged
from reconciler.render.effects import Customers
from reconciler.render.lines import print_lines
from reconciler.render.markdown import LONGEST, render_plan
from reconciler.render.phrases import NOTHING_ELSE
from reconciler.render.screen import APPLYING, make_screen
from reconciler.render.text.plan import render_plan as render_text
from tests.render.samples import COMMIT, HOSTILE, TARGET, a_plan, an_empty_plan, an_empty_plan_against
from tests.render.test_hostile_texts import hostile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.planning.change import Change

HERE, BEFORE, DRIFT, UNKNOWN = (
    Origin.THIS_CHANGE,
    Origin.NOT_APPLIED,
    Origin.OVERWRITES_DRIFT,
    Origin.UNKNOWN,
)


def a_field(name: str, origin: str = "") -> FieldChange:
    """Make a field that changes."""
    return FieldChange((name,), "a", "b", 3, origin)


def breaks(name: str, users: int | None, origin: str = "") -> Update:
    """Make a change that takes a client id from its customers."""
    impact = Impact("client-id-removed", Weight.BREAKING, "Gone.", "clientId", users)
    return Update(
        id=name, file=f"{name}.yaml", line=1, fields=(a_field("clientId", origin),), impacts=(impact,)
    )


def overwrites(name: str, origin: str = "") -> Update:
    """Make a change that overwrites what others set."""
    impact = Impact("outside-value-overwritten", Weight.BREAKING, "Overwritten.", "isVisible")
    return Update(id=name, fields=(a_field("isVisible", origin),), impacts=(impact,))


def deletes(name: str, users: int | None, origin: str = "") -> Delete:
    """Make a deletion."""
    impact = Impact("system-deleted", Weight.BREAKING, "Deleted.", "withdrawn", users)
    return Delete(id=name, fields=(a_field("withdrawn", origin),), impacts=(impact,))


def creates(name: str, origin: str = "") -> Create:
    """Make a creation."""
    return Create(id=name, fields=(a_field("isVisible", origin),))


def updates(name: str, origin: str = "") -> Update:
    """Make a change that does no harm."""
    return Update(id=name, fields=(a_field("isVisible", origin),))


def is_blocked(name: str, origin: str = "") -> Blocked:
    """Make a change that cannot be carried out."""
    return Blocked(id=name, reason="taken", hint="Write `x: y`.", fields=(a_field("clientId", origin),))


def kept(name: str) -> Keep:
    """Make a system of which nothing is to be done."""
    return Keep(id=name)


def adopts(name: str) -> Keep:
    """Make a system whose file now says what the register holds."""
    return Keep(id=name, fields=(adopt(("isVisible",), base=True, held=False),))


def read(*changes: Change, **more: object) -> tuple[str, str]:
    """Read the verdict of a plan, and what it says of what was open before."""
    screen = make_screen(replace(Plan(TARGET, changes), **more))  # type: ignore[arg-type]  # members of a plan
    return screen.verdict, screen.before


MIXED = replace(
    breaks("a", 12, DRIFT),
    fields=(a_field("clientId", DRIFT), a_field("isVisible", HERE)),
)
"""A system that this change renames, and whose client id something else would take."""
MASS = Impact("mass-change", Weight.BREAKING, "5 of 5 managed systems are updated or deleted.")
REMOVED = (Unmanaged("gone", "", (), "systems/gone.yaml"),)


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ([], "Nothing to do: no system here has a definition that exists in this environment."),
        ([Keep(id="a")], "Nothing to do: the register holds what the definitions ask for."),
        ([creates("a"), creates("b")], "Applying creates 2 systems."),
        ([updates("a")], "Applying updates 1 system."),
        (
            [breaks("a", 37), is_blocked("b")],
            "Applying breaks 1 system for 37 customers; 1 change is blocked.",
        ),
        ([breaks("a", None)], "Applying breaks 1 system for an unknown number of customers."),
        ([breaks("a", 0)], "Applying breaks 1 system that has no customers."),
        (
            [breaks("a", 0), breaks("b", None)],
            "Applying breaks 2 systems for an unknown number of customers.",
        ),
        ([breaks("a", 1)], "Applying breaks 1 system for 1 customer."),
        ([breaks("a", 1), breaks("b", None)], "Applying breaks 2 systems for at least 1 customer."),
        ([breaks("a", 1000), breaks("b", 234)], "Applying breaks 2 systems for 1,234 customers."),
        ([deletes("a", 12)], "Applying deletes 1 system for ever (12 customers)."),
        ([deletes("a", 0)], "Applying deletes 1 system for ever (no customers)."),
        (
            [replace(deletes("a", 0), impacts=())],
            "Applying deletes 1 system for ever (an unknown number of customers).",
        ),
        (
            [overwrites("a"), updates("b")],
            "Applying overwrites what others set in 1 system and updates 1 other system.",
        ),
        (
            [is_blocked("a"), is_blocked("b")],
            "Applying changes nothing in the register; 2 changes are blocked.",
        ),
        (
            [replace(breaks("a", None), impacts=(Impact("no-such-rule", Weight.BREAKING, "x"),))],
            "Applying breaks 1 system for an unknown number of customers.",
        ),
    ],
)
def test_what_apply_would_do(changes: Sequence[Change], verdict: str) -> None:
    """Without a base there is one sentence, of apply; what is not known is never zero."""
    assert read(*changes) == (verdict, "")


@pytest.mark.parametrize(
    ("changes", "verdict", "before"),
    [
        (
            [breaks("a", 37, HERE), is_blocked("b", HERE)],
            "Merging breaks 1 system for 37 customers; 1 change is blocked.",
            "",
        ),
        ([creates("a", HERE)], "Merging creates 1 system.", ""),
        (
            [breaks("a", 37, BEFORE)],
            "Merging changes nothing in the register that was not open before.",
            "Open before this change: apply also breaks 1 system for 37 customers.",
        ),
        (
            [updates("a", HERE), deletes("b", 3, BEFORE), is_blocked("c", DRIFT)],
            "Merging updates 1 system.",
            "Open before this change: apply also deletes 1 system for ever (3 customers); 1 change is blocked.",
        ),
        (
            [creates("a", HERE), is_blocked("c", BEFORE)],
            "Merging creates 1 system.",
            "Open before this change: nothing that apply can do; 1 change is blocked.",
        ),
        (
            [MIXED],
            "Merging updates 1 system.",
            "Open before this change: apply also breaks 1 system for 12 customers.",
        ),
        (
            [creates("b", HERE), breaks("a", 1, UNKNOWN)],
            "Merging creates 1 system.",
            "Open before this change, or of unknown origin: apply also breaks 1 system for 1 customer.",
        ),
        (
            [replace(MIXED, fields=(a_field("clientId", UNKNOWN), a_field("isVisible", HERE)))],
            "Merging updates 1 system.",
            "Open before this change, or of unknown origin: apply also breaks 1 system for 12 customers.",
        ),
        (
            [adopts("a")],
            (
                "Merging changes nothing in the register; of 1 system the files now say what the register holds, "
                "so nothing is sent for it."
            ),
            "",
        ),
    ],
)
def test_what_merging_does(changes: Sequence[Change], verdict: str, before: str) -> None:
    """With a base, what this change does and what was open before are counted apart, field by field."""
    assert read(*changes) == (verdict, before)


def test_a_file_that_is_removed_deletes_nothing() -> None:
    """The verdict says that its system stays."""
    verdict = "changes nothing in the register; 1 system loses its file and stays registered."

    assert read(unmanaged=REMOVED) == (f"Merging {verdict}", "")
    assert read(updates("a", BEFORE), unmanaged=REMOVED)[0].endswith(
        "1 system loses its file and stays registered."
    )


def test_who_applies_a_plan_is_not_told_of_merging() -> None:
    """A saved plan that was compared with a base is shown again before it is carried out."""
    plan = Plan(TARGET, (breaks("a", 37, HERE),))

    assert "Applying breaks 1 system for 37 customers." in print_lines(render_text(plan, APPLYING))
    assert "Merging breaks 1 system for 37 customers." in print_lines(render_text(plan))


def test_a_mass_change_is_told_where_it_is_made() -> None:
    """It belongs to this change where this change has a part in it."""
    assert "many systems" in read(updates("a", HERE), impacts=(MASS,))[0]
    assert "many systems" in read(updates("a", BEFORE), impacts=(MASS,))[1]
    assert "many systems" in read(updates("a"), impacts=(MASS,))[0]


def test_the_verdict_says_of_what_it_says_nothing() -> None:
    """What was left out, what cannot be used and what is not known elsewhere is not covered."""
    unjudged = (Unjudged("systems/a.yaml", "x"),)

    assert read(kept("a"), narrowed=Narrowing(("a*",), 3))[0].endswith(
        " ask for. 3 definitions are left out."
    )
    assert read(updates("b"), unjudged=unjudged)[0].startswith(
        "1 definition cannot be used, so apply refuses"
    )
    assert read(creates("b", HERE), elsewhere_unknown="in prod: x")[0] == (
        "Merging creates 1 system. What it does in at least one other environment is not known."
    )


def test_what_stands_accepted_is_not_what_the_definitions_ask_for() -> None:
    """Nothing is to be done, and the register holds something else all the same."""
    accepted = Acceptance("tt02", "a", "isVisible", date(2026, 12, 24), "Shown for the fair", "0" * 64)

    assert read(replace(kept("a"), standing=(Standing(accepted),)))[0] == NOTHING_ELSE


def test_definitions_that_ask_for_the_same() -> None:
    """A plan against definitions says with what it was compared."""
    assert make_screen(an_empty_plan_against()).verdict.endswith(f"asked for at {COMMIT[:12]}.")
    assert make_screen(an_empty_plan()).verdict.startswith("Nothing to do")


def test_nobody_is_counted_as_nobody_only_where_that_is_known() -> None:
    """Zero is said of what was counted."""
    assert [str(Customers(*each)) for each in ((0, 0), (0, 2), (2, 0), (2, 2))] == [
        "no customers",
        "an unknown number of customers",
        "2 customers",
        "at least 2 customers",
    ]


def name(number: int) -> str:
    """Name a system as vendors do."""
    return f"991825827_smartcloud_{number:04}"


def a_wide_plan(total: int, serious: int) -> Plan:
    """Make a plan of many systems, of which some break, are deleted or blocked, here or before."""
    makers = (
        lambda number: breaks(name(number), number, HERE),
        lambda number: deletes(name(number), number, HERE),
        lambda number: is_blocked(name(number), HERE),
        lambda number: overwrites(name(number), DRIFT),
    )
    first = [makers[number % len(makers)](number) for number in range(serious)]
    return Plan(TARGET, (*first, *(updates(name(number), HERE) for number in range(serious, total))))


@pytest.mark.parametrize("serious", [0, 40, 250, 500])
def test_five_hundred_systems_fit(serious: int) -> None:
    """All that deletes, breaks or is blocked is in the comment, whatever else is left out of it."""
    plan = a_wide_plan(500, serious)

    text = render_plan(plan)

    assert len(text) <= LONGEST
    screen = text.partition("### Notes")[0].partition("member by member")[0]
    assert [name(number) for number in range(serious) if name(number) not in screen] == []
    assert make_screen(plan).verdict in text


def test_what_does_not_fit_even_in_a_line_is_counted_and_named() -> None:
    """Three thousand breaking systems are more than a comment holds: the verdict counts them all."""
    plan = a_wide_plan(3000, 3000)

    text = render_plan(plan)

    assert len(text) <= LONGEST
    assert make_screen(plan).verdict in text
    shown = text.count("\n- **")
    (left,) = re.findall(r"\*\*([\d,]+) of these did not fit here:\*\*", text)
    assert shown + int(left.replace(",", "")) == 3000
    named = re.search(r"did not fit here:\*\* (.*) and ([\d,]+) more\n", text)
    assert named is not None
    assert named[1].count("<code>") + int(named[2].replace(",", "")) == int(left.replace(",", ""))


@settings(max_examples=8)
@given(hostile, st.integers(0, 300), st.sampled_from([HERE, BEFORE, ""]))
@example(HOSTILE, 300, HERE)
def test_hostile_names_do_not_make_it_longer(text: str, number: int, origin: str) -> None:
    """Whatever the systems are called, the comment fits, counts every one, and says the verdict."""
    changes = [
        replace(make(f"{text}{index}"), file=text, reason=text, hint=text)
        for index in range(number)
        for make in (lambda one: breaks(one, 5, origin), lambda one: is_blocked(one, origin))
    ]
    plan = Plan(TARGET, tuple(changes))

    shown = render_plan(plan)

    left = re.findall(r"\*\*([\d,]+) of these did not fit here:\*\*", shown)
    assert len(shown) <= LONGEST
    assert shown.count("\n- **B") + int((left or ["0"])[0].replace(",", "")) == len(changes)
    assert make_screen(plan).verdict in shown


def test_a_fence_is_longer_than_what_it_holds() -> None:
    """A value of backticks cannot end the block that shows it."""
    field = FieldChange(("name", "nb"), "````", "x```` `````", 3)

    text = render_plan(Plan(TARGET, (Update(id="a", fields=(field,)),)))

    assert "\n``````diff\n" in text
    assert text.count("``````") == 2


def test_no_sentence_shows_a_raw_backtick() -> None:
    """What we mark as code is shown as code, or in quotes where there is no other way."""
    plan = replace(a_plan(), unmanaged=REMOVED)
    comment = re.sub(r"```diff\n|```\n|`reconciler [^`]*`|`[0-9a-f]{12}`", "", render_plan(plan))

    for text in (print_lines(render_text(plan)), comment):
        assert "`" not in text
        assert "&#96;" not in text


def test_the_first_screen_fits_a_terminal() -> None:
    """No line is wider than 80 columns where its words allow it, and no word is broken."""
    screen = print_lines(render_text(a_plan())).partition("member by member")[0]

    assert max(map(len, screen.splitlines())) <= 80
    assert "client-id-removed: Client id 32ef65ac-6e62-498d-880f-76c85c2052ae moves to" in screen
