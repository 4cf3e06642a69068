"""What a change does in other environments: said in the verdict, and open where it deletes, breaks or is blocked."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from reconciler.planning.change import Blocked, Change, Create, Delete, Impact, Update, Weight
from reconciler.planning.diff import FieldChange
from reconciler.planning.origin import Origin
from reconciler.planning.plan import Plan, Target, Unmanaged
from reconciler.planning.request_order import Step
from reconciler.render.formats import load_renderer
from reconciler.render.lines import print_lines
from reconciler.render.screen import make_screen
from reconciler.render.text.plan import render_plan
from tests.builders import CLIENT, VENDOR
from tests.render.samples import COMMIT, CREATED, TARGET, VERSION, a_plan, a_plan_elsewhere

FIELD = FieldChange(("isVisible",), actual=True, expected=False, line=3, origin=Origin.THIS_CHANGE)
GONE = FieldChange(("withdrawn",), actual=False, expected=True, line=9, origin=Origin.THIS_CHANGE)
BREAKING = Impact("client-id-removed", Weight.BREAKING, "It breaks", "isVisible")
DELETED = Impact("system-deleted", Weight.BREAKING, "It is deleted", "withdrawn")
BREAKS = Update(id="breaks", file="b.yaml", line=1, fields=(FIELD,), impacts=(BREAKING,))
DELETES = Delete(id="deletes", file="d.yaml", line=1, fields=(GONE,), impacts=(DELETED,))
BLOCKED = Blocked(id="stuck", reason="it cannot", file="s.yaml", line=1, fields=(FIELD,))
UPDATES = Update(id="updates", file="u.yaml", line=1, fields=(FIELD,))
CREATES = Create(id="creates", file="c.yaml", line=1, fields=(FIELD,))
REMOVED = Unmanaged("left", "Left", former="systems/left.yaml")
BREAKS_THERE = "Breaks: `breaks` in `prod`; how many system users can lose access is not known."
REMOVED_THERE = (
    "Check: removing `systems/left.yaml` does not delete `left`; it stays registered in `{}` with its system users, "
    "which are not counted here."
)
FORMATS = ("text", "markdown", "html")


def elsewhere(*changes: Change, environment: str = "prod", removed: tuple[Unmanaged, ...] = ()) -> Plan:
    """Make what a plan holds of another environment."""
    return Plan(Target(environment, "", VENDOR), changes, unmanaged=removed, against=COMMIT)


def beside(*others: Plan, changes: tuple[Change, ...] = ()) -> Plan:
    """Make a plan for test that has others beside it."""
    return Plan(TARGET, changes, created=CREATED, tool_version=VERSION, elsewhere=others)


def render(form: str, plan: Plan) -> str:
    """Render a plan in an output."""
    return print_lines(render_plan(plan)) if form == "text" else load_renderer(form).render_plan(plan)


@pytest.mark.parametrize(
    ("plan", "verdict"),
    [
        (
            beside(elsewhere(BREAKS)),
            f"{BREAKS_THERE} This change does nothing in `tt02`.",
        ),
        (
            beside(elsewhere(DELETES, BLOCKED), changes=(UPDATES,)),
            (
                "Deletes for ever: `deletes` in `prod`; how many system users lose access is not known, and there is "
                "no way back. Blocked: `stuck` cannot be updated in `prod`: it cannot. Nothing is sent for it, so no "
                "customer loses anything. Updates `updates` in `tt02`; no customer loses anything."
            ),
        ),
        (
            beside(elsewhere(UPDATES), elsewhere(CREATES, removed=(REMOVED,), environment="dev")),
            (
                f"{REMOVED_THERE.format('dev')} Updates `updates` in `prod`; no customer loses anything. "
                "Creates `creates` in `dev`; no customer loses anything. This change does nothing in `tt02`."
            ),
        ),
        (
            beside(elsewhere(removed=(REMOVED,))),
            f"{REMOVED_THERE.format('prod')} This change does nothing in `tt02`.",
        ),
        (
            beside(
                elsewhere(UPDATES), changes=(replace(UPDATES, fields=(replace(FIELD, origin="unknown"),)),)
            ),
            (
                "Safe: updates `updates` in `prod`; no customer loses anything. This change does nothing in `tt02` "
                "that was not open before."
            ),
        ),
        (
            beside(elsewhere(UPDATES), changes=(replace(UPDATES, fields=(replace(FIELD, origin=""),)),)),
            (
                "Safe: updates `updates` in `tt02`; no customer loses anything. Updates `updates` in `prod`; no "
                "customer loses anything."
            ),
        ),
        (
            replace(beside(elsewhere(BREAKS)), against=COMMIT),
            f"{BREAKS_THERE} This change does nothing in `tt02`.",
        ),
    ],
    ids=["breaks", "deletes", "two environments", "removes", "open before", "not compared", "no register"],
)
def test_the_verdict_names_every_environment(plan: Plan, verdict: str) -> None:
    """It never says that there is nothing to do above what breaks elsewhere."""
    assert make_screen(plan).verdict == verdict


@pytest.mark.parametrize("form", FORMATS)
def test_what_breaks_there_stands_on_the_first_screen(form: str) -> None:
    """Before any list of members, and before what is mild."""
    plan = beside(elsewhere(BREAKS, DELETES, BLOCKED, UPDATES), changes=(CREATES,))

    first, _, lists = render(form, plan).partition("Details in ")

    head = first.partition("What this change does in prod")[2]
    order = [head.index(each.id) for each in (DELETES, BREAKS, BLOCKED, CREATES, UPDATES)]
    assert order == sorted(order)
    assert UPDATES.id in lists.partition("Details in prod")[2]


@pytest.mark.parametrize("form", FORMATS)
def test_a_plan_without_any_is_as_it_was(form: str) -> None:
    """No word of other environments stands in a plan that touches none."""
    text = render(form, a_plan())

    assert " in prod" not in text
    assert text == render(form, replace(a_plan(), elsewhere=(), elsewhere_unknown=""))


def test_what_breaks_there_asks_for_no_digest() -> None:
    """It is accepted where it is applied."""
    screen = make_screen(beside(elsewhere(BREAKS)))

    assert screen.command == ""
    assert screen.open


@pytest.mark.parametrize("form", FORMATS)
def test_the_requests_of_the_plan_are_not_those_of_another_environment(form: str) -> None:
    """A client id that moves in test, of a system that production only updates."""
    step = Step(
        number=1,
        id=UPDATES.id,
        method="PUT",
        purpose="release client id",
        document={},
        releases=(CLIENT,),
        final=True,
    )
    plan = replace(beside(elsewhere(UPDATES), changes=(UPDATES,)), steps=(step,))

    assert render(form, plan).count("release client id") == 1


@pytest.mark.parametrize("form", FORMATS)
def test_what_is_not_known_of_others_is_said(form: str) -> None:
    """A base that says nothing there, and what no definition says."""
    text = re.sub("</?code>|'", "", " ".join(render(form, a_plan_elsewhere()).split()))

    assert "What this change does is not known in stage: at 4b825dc642cb, systems/broken.yaml" in text
    assert "prod was compared only with the files at commit 4b825dc642cb: changes by hand there" in text


@pytest.mark.parametrize("form", FORMATS)
def test_an_environment_in_which_nothing_happens_is_named(form: str) -> None:
    """Silence would not say whether anybody looked there."""
    text = " ".join(render(form, replace(beside(), untouched=("prod", "dev"))).split())

    assert re.search("prod(</code>|'), (<code>|')dev(</code>|'): this change does nothing there", text)
