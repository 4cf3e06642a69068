"""The verdict is true in every situation, and nothing that a reader must know is left out of a comment."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reconciler.model.findings import Finding, Location, Severity
from reconciler.planning.acceptance import Acceptance, Standing
from reconciler.planning.change import Blocked, Create, Delete, Impact, Keep, Update, Weight
from reconciler.planning.diff import FieldChange, adopt
from reconciler.planning.narrowing import Narrowing, Unjudged
from reconciler.planning.origin import Origin
from reconciler.planning.plan import Plan, Unmanaged
from reconciler.render.effects import Users
from reconciler.render.lines import print_lines
from reconciler.render.markdown import LONGEST, render_plan
from reconciler.render.screen import make_screen
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


def hides(name: str) -> Update:
    """Make a change that hides a system from end users."""
    return replace(updates(name), impacts=(Impact("hidden-from-users", Weight.NOTABLE, "Hidden."),))


def asks(name: str, users: int | None, agents: int | None, member: str = "rights") -> Update:
    """Make a change that asks for a right, or for an access package."""
    path = f'{member}["a"]'
    return replace(
        updates(name), impacts=(Impact("right-added", Weight.NOTABLE, "Asked.", path, users, agents),)
    )


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
OPEN = "Open before this change, and part of the next apply"
PERHAPS = "Open before this change, or of unknown origin, and part of the next apply"
REMOVED = (Unmanaged("gone", "", (), "systems/gone.yaml"),)


QUIET = "no customer loses anything."
NOTHING_SENT = "Nothing is sent for it, so no customer loses anything."


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ([], "No effect: no system here has a definition that exists in `tt02`."),
        (
            [Keep(id="a")],
            "No effect: `tt02` holds what the definitions ask for; nothing changes for customers.",
        ),
        ([creates("a"), creates("b")], f"Safe: creates 2 systems in `tt02`; {QUIET}"),
        ([updates("a")], f"Safe: updates `a` in `tt02`; {QUIET}"),
        ([updates("a"), creates("b")], f"Safe: creates `b` and updates `a` in `tt02`; {QUIET}"),
        (
            [breaks("a", 37), is_blocked("b")],
            (
                "Breaks: `a` in `tt02`; 37 system users can lose access. Blocked: `b` cannot be updated in `tt02`: "
                f"taken. {NOTHING_SENT}"
            ),
        ),
        ([breaks("a", None)], "Breaks: `a` in `tt02`; how many system users can lose access is not known."),
        ([breaks("a", 0)], "Breaks: `a` in `tt02`; 0 system users can lose access."),
        (
            [breaks("a", 0), breaks("b", None)],
            "Breaks: 2 systems in `tt02`; how many system users can lose access is not known.",
        ),
        ([breaks("a", 1)], "Breaks: `a` in `tt02`; 1 system user can lose access."),
        (
            [breaks("a", 1), breaks("b", None)],
            "Breaks: 2 systems in `tt02`; at least 1 system user can lose access.",
        ),
        (
            [breaks("a", 1000), breaks("b", 234)],
            "Breaks: 2 systems in `tt02`; 1,234 system users can lose access.",
        ),
        (
            [deletes("a", 12)],
            "Deletes for ever: `a` in `tt02`; 12 system users lose access, and there is no way back.",
        ),
        (
            [deletes("a", 1), breaks("b", 2)],
            (
                "Deletes for ever: `a` in `tt02`; 1 system user loses access, and there is no way back. "
                "Breaks: `b` in `tt02`; 2 system users can lose access."
            ),
        ),
        (
            [replace(deletes("a", 0), impacts=())],
            (
                "Deletes for ever: `a` in `tt02`; how many system users lose access is not known, and there is no way "
                "back."
            ),
        ),
        (
            [overwrites("a"), updates("b")],
            (
                "Overwrites: what others set in `a` in `tt02`; no system user loses access. Updates `b` in `tt02`; "
                f"{QUIET}"
            ),
        ),
        (
            [overwrites("a"), updates("b"), updates("c")],
            (
                "Overwrites: what others set in `a` in `tt02`; no system user loses access. Updates 2 other systems in "
                f"`tt02`; {QUIET}"
            ),
        ),
        (
            [is_blocked("a"), is_blocked("b")],
            "Blocked: 2 changes in `tt02`; nothing is sent for them, so no customer loses anything.",
        ),
        (
            [replace(breaks("a", None), impacts=(Impact("no-such-rule", Weight.BREAKING, "x"),))],
            "Breaks: `a` in `tt02`; how many system users can lose access is not known.",
        ),
        (
            [hides("a"), asks("b", 37, 0), asks("c", 0, 0)],
            (
                "Needs follow-up: updates `b` in `tt02`; 37 system users do not get what is added until each customer "
                "approves a change request. Check: updates 2 systems in `tt02`; no system user loses access, and what "
                "else it means stands below."
            ),
        ),
        (
            [asks("a", None, None)],
            (
                "Needs follow-up: updates `a` in `tt02`; existing system users, whose number is not known, do not get "
                "what is added until each customer approves a change request."
            ),
        ),
        (
            [asks("a", 5, 4)],
            (
                "Needs follow-up: updates `a` in `tt02`; 1 system user does not get what is added until each customer "
                "approves a change request."
            ),
        ),
        (
            [asks("a", 5, 4, "accessPackages"), asks("b", None, None)],
            (
                "Needs follow-up: updates 2 systems in `tt02`; at least 5 system users do not get what is added until "
                "their customers act, as stands below."
            ),
        ),
    ],
)
def test_what_apply_would_do(changes: Sequence[Change], verdict: str) -> None:
    """Without a base it is what apply does; what is not known is never zero."""
    assert read(*changes) == (verdict, "")


@pytest.mark.parametrize(
    ("changes", "verdict", "before"),
    [
        (
            [breaks("a", 37, HERE), is_blocked("b", HERE)],
            (
                "Breaks: `a` in `tt02`; 37 system users can lose access. Blocked: `b` cannot be updated in `tt02`: "
                f"taken. {NOTHING_SENT}"
            ),
            "",
        ),
        ([creates("a", HERE)], f"Safe: creates `a` in `tt02`; {QUIET}", ""),
        (
            [breaks("a", 37, BEFORE)],
            "No effect: this change does nothing in `tt02` that was not open before.",
            f"{OPEN}. Breaks: `a` in `tt02`; 37 system users can lose access.",
        ),
        (
            [updates("a", HERE), deletes("b", 3, BEFORE), is_blocked("c", DRIFT)],
            f"Safe: updates `a` in `tt02`; {QUIET}",
            (
                f"{OPEN}. Deletes for ever: `b` in `tt02`; 3 system users lose access, and there is no way back. "
                f"Blocked: `c` cannot be updated in `tt02`: taken. {NOTHING_SENT}"
            ),
        ),
        (
            [creates("a", HERE), is_blocked("c", BEFORE)],
            f"Safe: creates `a` in `tt02`; {QUIET}",
            f"{OPEN}. Blocked: `c` cannot be updated in `tt02`: taken. {NOTHING_SENT}",
        ),
        (
            [MIXED],
            f"Safe: updates `a` in `tt02`; {QUIET}",
            f"{OPEN}. Breaks: `a` in `tt02`; 12 system users can lose access.",
        ),
        (
            [creates("b", HERE), breaks("a", 1, UNKNOWN)],
            f"Safe: creates `b` in `tt02`; {QUIET}",
            f"{PERHAPS}. Breaks: `a` in `tt02`; 1 system user can lose access.",
        ),
        (
            [replace(MIXED, fields=(a_field("clientId", UNKNOWN), a_field("isVisible", HERE)))],
            f"Safe: updates `a` in `tt02`; {QUIET}",
            f"{PERHAPS}. Breaks: `a` in `tt02`; 12 system users can lose access.",
        ),
        (
            [adopts("a")],
            (
                "No effect: the file of `a` takes over the `isVisible` that `tt02` already holds; nothing is sent, and "
                "no customer notices."
            ),
            "",
        ),
        (
            [adopts("a"), updates("b", HERE)],
            (
                f"Safe: updates `b` in `tt02`; {QUIET} The file of `a` takes over the `isVisible` that `tt02` already "
                "holds; nothing is sent, and no customer notices."
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
    verdict = (
        "Check: removing `systems/gone.yaml` does not delete `gone`; it stays registered in `tt02` with its system "
        "users, which are not counted here."
    )

    assert read(unmanaged=REMOVED) == (verdict, "")
    assert read(updates("a", BEFORE), unmanaged=REMOVED)[0] == verdict
    assert read(unmanaged=(*REMOVED, *REMOVED))[0].startswith(
        "Check: removing 2 files deletes nothing; their "
    )


@pytest.mark.parametrize(
    ("path", "reason"),
    [("name", "`name` is missing"), ("clientId[0]", "`clientId[0]`: `name` is missing")],
)
def test_a_file_that_cannot_be_used_stands_before_what_is_blocked(path: str, reason: str) -> None:
    """It stops everything, and what it says is in the verdict and below it; its member is named once."""
    unjudged = (Unjudged("systems/a.yaml", "`name` is missing", 7, ("a",)),)
    hint = "Write a name."
    finding = Finding("x", Severity.ERROR, "`name` is missing", Location("systems/a.yaml", path, 7), hint)
    plan = Plan(TARGET, (is_blocked("b", HERE),), unjudged=unjudged, findings=(finding,))

    screen = make_screen(plan)

    assert screen.verdict.startswith(
        "Broken: `systems/a.yaml` line 7 is invalid: `name` is missing; until it is fixed, apply refuses everything, "
        "and nothing changes for customers. Blocked: `b` cannot"
    )
    assert [section.title for section in screen.sections] == ["Error", "What is blocked in tt02"]
    (bullet,) = screen.sections[0].bullets
    assert [(each.label, each.text) for each in bullet.facts[:2]] == [
        ("Reason", reason),
        ("What to do", "Write a name."),
    ]


def test_who_applies_a_plan_is_not_told_of_merging() -> None:
    """A saved plan that was compared with a base is shown again before it is carried out."""
    plan = Plan(TARGET, (breaks("a", 37, HERE),))

    assert "Merging" not in print_lines(render_text(plan, merged=True))
    assert "Merging writes nothing by itself" in print_lines(render_text(plan))


@pytest.mark.parametrize(
    ("environment", "only", "options"),
    [
        ("local", (), ""),
        ("tt02", (), "-e tt02 "),
        ("prod", ("99*_a", "b"), "-e prod --only '99*_a' --only b "),
        ("local", ("a`b",), ""),
        ("x\n; rm", (), ""),
    ],
    ids=["the default", "another", "narrowed", "a backtick", "a hostile name"],
)
def test_the_command_that_accepts_goes_to_the_plan(
    environment: str, only: tuple[str, ...], options: str
) -> None:
    """Copied as it stands it applies this plan, in its environment and no wider."""
    plan = Plan(
        replace(TARGET, environment=environment),
        (breaks("a", 37),),
        narrowed=Narrowing(only) if only else None,
    )

    assert make_screen(plan).command == f"reconciler apply {options}--accept {plan.short_digest}"


def test_a_mass_change_is_told_where_it_is_made() -> None:
    """It belongs to this change where this change has a part in it."""
    assert "Many at once" in read(updates("a", HERE), impacts=(MASS,))[0]
    assert "Many at once" in read(updates("a", BEFORE), impacts=(MASS,))[1]
    assert "Many at once" in read(updates("a"), impacts=(MASS,))[0]


def test_the_verdict_says_of_what_it_says_nothing() -> None:
    """What was left out and what is not known elsewhere is not covered."""
    assert read(kept("a"), narrowed=Narrowing(("a*",), 3))[0].endswith(
        "nothing changes for customers. 3 definitions are left out."
    )
    assert read(creates("b", HERE), elsewhere_unknown="in prod: x")[0] == (
        "Check: what this change does in at least one other environment is not known, as a note below says. Creates "
        f"`b` in `tt02`; {QUIET}"
    )


def test_what_stands_accepted_is_not_what_the_definitions_ask_for() -> None:
    """Nothing is to be done, and the register holds something else all the same."""
    accepted = Acceptance("tt02", "a", "isVisible", date(2026, 12, 24), "Shown for the fair", "0" * 64)

    assert (
        "ask for, but for what stands accepted;"
        in read(replace(kept("a"), standing=(Standing(accepted),)))[0]
    )


def test_definitions_that_ask_for_the_same() -> None:
    """A plan against definitions says with what it was compared."""
    assert make_screen(an_empty_plan_against()).verdict.endswith(
        f"asked for at {COMMIT[:12]}; nothing changes for customers."
    )
    assert make_screen(an_empty_plan()).verdict.startswith("No effect: ")


def test_nobody_is_counted_as_nobody_only_where_that_is_known() -> None:
    """Zero is said of what was counted."""
    counts = [Users(*each) for each in ((0, 0), (0, 2), (2, 0), (2, 2))]

    assert [each.describe_loss(certain=True) for each in counts] == [
        "0 system users lose access",
        "how many system users lose access is not known",
        "2 system users lose access",
        "at least 2 system users lose access",
    ]


def name(number: int) -> str:
    """Name a system as vendors do."""
    return f"991825827_smartcloud_{number:04}"


def find_word(plan: Plan) -> str:
    """Find the word that the verdict of a plan begins with, as a comment shows it."""
    return f"**{make_screen(plan).verdict.partition(':')[0]}: "


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
    screen = text.partition("### Notes")[0].partition("### Details")[0]
    assert [name(number) for number in range(serious) if name(number) not in screen] == []
    assert find_word(plan) in text


def test_what_does_not_fit_even_in_a_line_is_counted_and_named() -> None:
    """Three thousand breaking systems are more than a comment holds: the verdict counts them all."""
    plan = a_wide_plan(3000, 3000)

    text = render_plan(plan)

    assert len(text) <= LONGEST
    assert find_word(plan) in text
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
    assert find_word(plan) in shown


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
    screen = print_lines(render_text(a_plan())).partition("Details in")[0]

    assert max(map(len, screen.splitlines())) <= 80
    assert "Client id 32ef65ac-6e62-498d-880f-76c85c2052ae moves to" in screen
