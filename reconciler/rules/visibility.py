"""Rules on what end users see: `isVisible`, and what contradicts it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.findings import Severity
from reconciler.rules.registry import Fault, system_rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.definitions.definition import Resolved


@system_rule("visibility-left-out", severity=Severity.WARNING)
def check_visibility(subject: Resolved) -> Iterator[Fault]:
    """A definition says whether its system is visible.

    The register makes a system visible when nothing is said, at every PUT (System
    Register contract §2.2): end users then find it in the Altinn portal, and create
    system users for it themselves.

    Fix: say which it is.

        isVisible: true
    """
    if "isVisible" not in subject.stated:
        message = "`isVisible` is left out, and the register takes that as true"
        yield Fault(("isVisible",), message, "Write `isVisible: true` or `isVisible: false`.")


@system_rule("visible-not-assignable", code="AUTH.VLD-00018")
def check_assignable(subject: Resolved) -> Iterator[Fault]:
    """A system is not visible while its definition states `isAssignable: false`.

    The guide for vendors puts the register's rule in these words (System Register
    contract §3, 00018). `isAssignable` is a property of access packages and is never
    sent: in a definition it is an assertion, which this rule holds against `isVisible`,
    stated or by default.

    Fix: say that the system is not visible, or remove `isAssignable`.

        isVisible: false
        isAssignable: false
    """
    if subject.assignable is not False or not subject.system.isVisible:
        return
    if "isVisible" not in subject.definition.broken:
        path = ("isVisible",) if "isVisible" in subject.stated else ("isAssignable",)
        default = "" if "isVisible" in subject.stated else " by default"
        message = f"The system is visible{default}, and the definition states `isAssignable: false`"
        yield Fault(path, message, "Write `isVisible: false`, or remove `isAssignable`.")
