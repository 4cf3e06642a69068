"""A plan held against its own documents: what it says, computed again from what it would send and what was live.

Pure. A plan file can be edited and sealed again, and a program can put a plan together by hand. So before a
request is sent, fields, bodies and steps are worked out again, and what differs is named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from reconciler.errors import Refused, Unintelligible
from reconciler.model.canonical_json import SHORT, digest_json
from reconciler.model.normalise import normalise, read_canonical
from reconciler.planning.acceptance import DELETED, MISSING
from reconciler.planning.change import (
    WITHDRAWN,
    Blocked,
    Create,
    Delete,
    Keep,
    Update,
    describe_body,
    list_new_fields,
    spread_with_deletion,
)
from reconciler.planning.diff import FieldChange, diff, look_up, spread
from reconciler.planning.request_body import build_body, keep_all
from reconciler.planning.request_order import order_steps

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reconciler.model.system import RegisteredSystem
    from reconciler.planning.change import Change
    from reconciler.planning.plan import Plan


def check_applicable(plan: Plan) -> None:
    """Refuse a plan that was made without the register, or without some of the systems.

    Nobody looked at what apply would overwrite, or at how the others fit together with what is missing.
    """
    if plan.against:
        raise Refused(
            f"This plan was made against the definitions at {plan.against[:SHORT]}, not against the register, "
            "so it cannot be applied; nothing was written.",
            hint="Make one without --against: `reconciler plan --out FILE`.",
        )
    if plan.unjudged:
        files = ", ".join(each.file[:100] for each in plan.unjudged[:3])
        raise Refused(
            f"This plan was made while definitions could not be used ({files}), so it cannot be applied; "
            "nothing was written.",
            hint="Correct them (`reconciler validate` shows the errors), and plan again.",
        )


def check_whole(plan: Plan) -> None:
    """Refuse a plan of what a change touches; it can be approved, and counts where nothing else is to be done."""
    if plan.narrowed is not None and plan.narrowed.base:
        raise Refused(
            f"This plan compared only what was changed since {plan.narrowed.base[:SHORT]}, so it cannot be applied; "
            "nothing was written.",
            hint="Make one of everything: `reconciler plan --out FILE`.",
        )


def audit(plan: Plan) -> Iterator[str]:
    """Name whatever in a plan is not as its documents make it, a sentence each; nothing where it is honest.

    What needs the register, which is the impacts and whether the live documents are still so, is not asked.
    """
    ids = [change.id for change in plan.changes]
    if ids != sorted(set(ids)):
        yield "Its changes are not one for each system, by id."
    contradictions = [
        f"`{each.id}`: {lie}." for each in plan.changes for lie in _audit_change(each, plan.target.vendor)
    ]
    yield from contradictions
    if not contradictions and plan.steps != order_steps(plan.changes):
        yield "Its steps are not those that its changes need."


def _audit_change(change: Change, vendor: str) -> Iterator[str]:
    try:
        yield from _audit_standing(change)
        match change:
            case Create() | Update():
                yield from _audit_sent(change, vendor)
            case Delete():
                yield from _audit_deletion(change, vendor)
            case Keep():
                yield from _audit_idle(change)
                if list(_find_own(change)):
                    yield "nothing is to be done, and it has fields"
            case Blocked():
                yield from _audit_idle(change)
            case _:
                assert_never(change)
    except (Unintelligible, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        yield "its documents cannot be read"


def _audit_idle(change: Keep | Blocked) -> Iterator[str]:
    """See that what is not sent has nothing to be sent, and breaks nothing."""
    if change.document is not None:
        yield "nothing is to be sent, and it has a document"
    if change.impacts:
        yield "nothing is to be sent, and it has impacts"


def _audit_standing(change: Change) -> Iterator[str]:
    """See that what stands accepted is as the register holds it, and is in nothing that would be done."""
    tree = spread(normalise(change.live.read())) if change.live is not None else {}
    touched = {each.steps for each in _find_own(change)}
    for each in change.standing:
        field = each.field
        if field is not None:
            is_left = isinstance(change, (Update, Keep, Blocked)) and field.steps not in touched
            if not is_left or change.live is None or look_up(tree, field.steps) != field.actual:
                yield f"`{each.path}` does not stand as it says"
        elif not isinstance(change, Keep) or each.path != (
            MISSING if change.live is None else DELETED if change.live.is_deleted else ""
        ):
            yield f"it does not stand accepted as {each.path}"


def _audit_deletion(change: Delete, vendor: str) -> Iterator[str]:
    if change.document is not None:
        yield "a deletion sends no document"
    if _strip(_find_own(change)) != _strip((FieldChange((WITHDRAWN,), actual=False, expected=True),)):
        yield "its fields are not those of a deletion"
    if change.live is None:
        yield "it deletes what is not registered"
        return
    yield from _audit_live(change, change.live, vendor)


def _audit_live(change: Delete | Update, live: RegisteredSystem, vendor: str) -> Iterator[str]:
    held = live.read()
    if (held.id, held.vendor.organisation) != (change.id, vendor):
        yield "the live document is of another system or vendor"
    if held.isDeleted:
        yield "the system is deleted already"


def _audit_sent(change: Create | Update, vendor: str) -> Iterator[str]:
    """Work the body and the fields out again from the two documents."""
    document = change.document
    if document is None:
        yield "it has no document to be sent"
        return
    if isinstance(change, Create) is (change.live is not None):
        yield f"it would {change.action} what is {'' if change.live is not None else 'not '}registered"
        return
    desired = read_canonical(document)
    if (desired.id, desired.vendor.organisation) != (change.id, vendor):
        yield "the document is of another system or vendor"
    found: tuple[FieldChange, ...]
    if change.live is None:
        found = list_new_fields(desired)
    else:
        yield from _audit_live(change, change.live, vendor) if isinstance(change, Update) else ()
        found = diff(desired, normalise(change.live.read()))
    if not found:
        yield "its documents do not differ"
    if _strip(_find_own(change)) != _strip(found):
        yield "its fields are not what its documents differ in"
    if change.reason and isinstance(change, Update):  # only what puts an earlier document back says why
        honest = describe_body(document) == change.reason and digest_json(keep_all(document)) == digest_json(
            document
        )
    else:
        honest = digest_json(build_body(desired, change.live)) == digest_json(document)
    if not honest:
        yield "its document is not what its fields and the live document make"


def _find_own(change: Change) -> Iterator[FieldChange]:
    """Find the fields that a change is made of, and not those that it only adopts, which the register holds.

    A plan that was made against a base revision names those too, by their origin.
    """
    tree = spread_with_deletion(normalise(change.live.read())) if change.live is not None else {}
    for each in change.fields:
        if each.is_open or look_up(tree, each.steps) != each.expected:
            yield each


def _strip(fields: Iterable[FieldChange]) -> list[str]:
    """Give what fields say, without the line and the origin that are known from the files alone."""
    return [digest_json([*each.steps, each.before, each.after]) for each in fields]
