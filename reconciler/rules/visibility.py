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
