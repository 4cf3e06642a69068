"""Rules on `accessPackages`: their form, whether they exist, and what they may be used for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reconciler.catalogue import PACKAGE_PREFIX
from reconciler.rules.registry import Fault, catalogue_rule, quote, system_rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.catalogue import Catalogue
    from reconciler.model import Resolved

_FORM = re.compile(re.escape(PACKAGE_PREFIX) + r"[^\s:]+")


@system_rule("package-format", code="AUTH.VLD-00008", allowable=False)
def check_format(subject: Resolved) -> Iterator[Fault]:
    """An access package is named by its URN: `urn:altinn:accesspackage:…`.

    The register asks for four parts (System Register contract §3, 00008); anything but a package is
    not found.
    """
    for index, package in enumerate(subject.system.accessPackages):
        if not _FORM.fullmatch(package.urn):
            message = f"{quote(package.urn)} is not the URN of an access package"
            yield Fault(("accessPackages", index), message, f"Write `{PACKAGE_PREFIX}` and its name.")


@system_rule("package-duplicate", code="AUTH.VLD-00007", allowable=False)
def check_duplicates(subject: Resolved) -> Iterator[Fault]:
    """No access package stands twice.

    The register compares URNs exactly (System Register contract §3, 00007), and looks them up in any letter
    case; so do people.
    """
    first: dict[str, int] = {}
    for index, package in enumerate(subject.system.accessPackages):
        other = first.setdefault(package.urn.lower(), index)
        if other != index:
            message = f"{quote(package.urn)} stands twice: `accessPackages[{other}]` is the same"
            yield Fault(("accessPackages", index), message, "Remove one of them.")


@catalogue_rule("package-unknown", code="AUTH.VLD-00008")
def check_existence(subject: Resolved, catalogue: Catalogue) -> Iterator[Fault]:
    """Every access package exists.

    Offline this is asked of a list that is shipped with the program; its date stands in the message. For a
    package that is newer, use `allow:` until the list is renewed.
    """
    for index, package in enumerate(subject.system.accessPackages):
        if _FORM.fullmatch(package.urn) and catalogue.find_package(package.urn) is None:
            near = catalogue.suggest_package(package.urn)
            hint = f"Did you mean `{near}`?" if near else "Look it up in Altinn's list of access packages."
            message = f"{quote(package.urn)} is not {catalogue.source}"
            yield Fault(("accessPackages", index), message, hint)


@catalogue_rule("package-not-delegable", code="AUTH.VLD-00008")
def check_delegable(subject: Resolved, catalogue: Catalogue) -> Iterator[Fault]:
    """Every access package can be given to a system user.

    One that is neither delegable nor assignable is refused (System Register contract §3, 00008): guardianship
    packages, and the one for explicit rights.
    """
    for index, package in enumerate(subject.system.accessPackages):
        flags = catalogue.find_package(package.urn)
        if flags is not None and not flags.delegable and not flags.assignable:
            message = f"{quote(package.urn)} cannot be given to a system user ({catalogue.source})"
            yield Fault(("accessPackages", index), message, "Remove it.")


@catalogue_rule("package-visible", code="AUTH.VLD-00018")
def check_visible(subject: Resolved, catalogue: Catalogue) -> Iterator[Fault]:
    """A visible system carries no access package whose isAssignable is false.

    Such a package is for an accountant's or auditor's clients. A system that carries it is not shown to end
    users: the vendor requests its system users itself (System Register contract §3, 00018).

    Mend it: `isVisible: false`, or another package.
    """
    if not subject.system.isVisible:
        return
    for index, package in enumerate(subject.system.accessPackages):
        flags = catalogue.find_package(package.urn)
        if flags is not None and flags.delegable and not flags.assignable:
            message = f"{quote(package.urn)} is for client relations only, and the system is visible"
            hint = "Write `isVisible: false`, or choose a package that is assignable."
            yield Fault(("accessPackages", index), f"{message} ({catalogue.source})", hint)
