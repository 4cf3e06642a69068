"""Rules on what end users see: `isVisible`, and what contradicts it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.findings import Severity
from reconciler.rules.registry import Fault, system_rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model import Resolved


@system_rule("visibility-left-out", severity=Severity.WARNING)
def check_visibility(subject: Resolved) -> Iterator[Fault]:
    """A definition says whether its system is visible.

    The register makes a system visible when nothing is said (System Register contract §2.2): end users then
    see it in the Altinn portal. Mend it: write `isVisible: true` or `isVisible: false`.
    """
    if "isVisible" not in subject.stated:
        message = "`isVisible` is left out, and the register takes that as true"
        yield Fault(("isVisible",), message, "Write `isVisible: true` or `isVisible: false`.")


@system_rule("visible-not-assignable", code="AUTH.VLD-00018", allowable=False)
def check_assignable(subject: Resolved) -> Iterator[Fault]:
    """A system is not visible while its definition states `isAssignable: false`.

    The guide for vendors puts the rule in these words. `isAssignable` is a property of access packages, and
    is never sent: in a definition it is an assertion that this rule holds against `isVisible`.
    """
    if subject.assignable is False and subject.system.isVisible:
        message = "The system is visible, and the definition states `isAssignable: false`"
        yield Fault(("isVisible",), message, "Write `isVisible: false`, or remove `isAssignable`.")
