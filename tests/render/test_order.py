"""What deletes, breaks or is blocked comes first in every output, and stands open."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.planning.change import Blocked, Delete, Impact, Update, Weight
from reconciler.planning.diff import FieldChange
from reconciler.planning.origin import Origin
from reconciler.planning.plan import Plan
from reconciler.render.formats import COUNTED, FORMATS, load_renderer
from reconciler.render.lines import print_lines
from reconciler.render.text.plan import render_plan
from tests.render.samples import CREATED, TARGET, VERSION

PLAIN = FieldChange(("isVisible",), actual=True, expected=False, line=3)
GONE = FieldChange(("withdrawn",), actual=False, expected=True, line=9)


def a_plan(origin: Origin) -> Plan:
    """Make a plan of a plain, a blocked, a breaking and a deleting change, in that order by id."""
    breaking = Impact("client-id-removed", Weight.BREAKING, "x", "isVisible")
    deleted = Impact("system-deleted", Weight.BREAKING, "x", "withdrawn")
    field, gone = (replace(each, origin=origin) for each in (PLAIN, GONE))
    changes = (
        Update(id="a_plain", file="a.yaml", line=1, fields=(field,)),
        Blocked(id="b_blocked", reason="x", file="b.yaml", line=1, fields=(gone,)),
        Update(id="c_breaking", file="c.yaml", line=1, fields=(field,), impacts=(breaking,)),
        Delete(id="d_deleted", file="d.yaml", line=1, fields=(gone,), impacts=(deleted,)),
    )
    return Plan(TARGET, changes, created=CREATED, tool_version=VERSION)


def render(form: str, plan: Plan) -> str:
    """Render a plan in an output."""
    return print_lines(render_plan(plan)) if form == "text" else load_renderer(form).render_plan(plan)


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
@pytest.mark.parametrize("origin", [Origin.THIS_CHANGE, Origin.NOT_APPLIED])
def test_the_grave_comes_first(form: str, origin: Origin) -> None:
    """P1: deletions, what breaks and what is blocked come before the rest of their group, in that order."""
    text = render(form, a_plan(origin))

    order = [text.index(each) for each in ("d_deleted", "c_breaking", "b_blocked", "a_plain")]
    assert order == sorted(order)


@pytest.mark.parametrize("origin", [Origin.THIS_CHANGE, Origin.NOT_APPLIED, Origin.UNKNOWN])
def test_the_grave_stands_open(origin: Origin) -> None:
    """P1: no reader of a comment has to open a section to see that something is deleted, broken, blocked, or done."""
    first, *sections = render("markdown", a_plan(origin)).split("<details")

    rows = (
        "**Deletes for ever** <code>d_",
        "**Breaks** <code>c_",
        "**Blocked** <code>b_",
        "Updates <code>a_",
    )
    assert [row for row in rows if row not in first] == []
    assert len(sections) == 4
    assert not any(each.startswith(" open") for each in sections)


def test_annotations_begin_with_what_cannot_be_undone() -> None:
    """P1: a runner shows ten annotations of a kind, so a deletion is the first of its kind."""
    text = render("github", a_plan(Origin.NOT_APPLIED))
    lines = [line for line in text.splitlines() if "title=" in line]

    assert [line.partition("title=")[2].partition("::")[0] for line in lines] == [
        "change-blocked",
        "system-deleted",
        "client-id-removed",
    ]
    assert "file=d.yaml,line=9," in lines[1]


@pytest.mark.parametrize("form", [form for form in FORMATS if form not in COUNTED])
def test_nothing_grave_is_left_out(form: str) -> None:
    """P1: every output but mere counts shows a deletion, of what breaks and of what is blocked."""
    text = render(form, a_plan(Origin.NOT_APPLIED))

    words = ("system-deleted", "client-id-removed", "b_blocked")
    assert [word for word in words if word not in text] == []
