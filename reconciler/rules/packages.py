"""Rules on `accessPackages`: their form, whether they exist, and what they may be used for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.definitions.yaml_document import quote
from reconciler.model.catalogue import PACKAGE_FORM, PACKAGE_PREFIX
from reconciler.rules.registry import Fault, catalogue_rule, declare, system_rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.definitions.definition import Resolved
    from reconciler.definitions.yaml_document import Path
    from reconciler.model.catalogue import Catalogue


def _place(index: int) -> Path:
    return ("accessPackages", index)


@catalogue_rule("package-format", code="AUTH.VLD-00008")
def check_format(subject: Resolved, catalogue: Catalogue) -> Iterator[Fault]:
    """An access package is named by its URN: `urn:altinn:accesspackage:` and a name.

    The register refuses what has fewer than four parts, and finds no package under any
    other prefix (System Register contract §3, 00008), nor under `URN:` in capitals (§8.2).

    Fix: write the whole URN.

        accessPackages:
          - urn:altinn:accesspackage:skattegrunnlag
    """
    for index, package in enumerate(subject.system.accessPackages):
        if not PACKAGE_FORM.fullmatch(package.urn):
            near = catalogue.suggest_package(package.urn.strip())
            hint = f"Did you mean `{near}`?" if near else f"Write `{PACKAGE_PREFIX}` and its name."
            yield Fault(_place(index), f"{quote(package.urn)} is not the URN of an access package", hint)


@system_rule("package-duplicate", code="AUTH.VLD-00007")
def check_duplicates(subject: Resolved) -> Iterator[Fault]:
    """No access package stands twice.

    The register compares URNs exactly (System Register contract §3, 00007) and looks
    them up in any letter case (§8.2), so two spellings of one package would pass.

    Fix: remove one of them.
    """
    first: dict[str, int] = {}
    for index, package in enumerate(subject.system.accessPackages):
        other = first.setdefault(package.urn.lower(), index)
        if other != index:
            same = subject.system.accessPackages[other].urn == package.urn
            how = "the same" if same else "the same but for letter case"
            message = f"{quote(package.urn)} stands twice: `accessPackages[{other}]` is {how}"
            yield Fault(_place(index), message, "Remove one of them.", None if same else "")


declare(
    "package-unknown",
    """Every access package exists.

    The register asks the environment's own list (System Register contract §3, 00008), and
    so do `plan`, of what a change adds, and `validate --online`. Without a network this
    tool reads the list that `catalogue refresh` saved of the environment, or the one that
    it is shipped with. The list's day stands in the message; an environment may know
    fewer packages, or newer ones.

    Fix: take the name in the hint, or renew the list with `reconciler catalogue refresh`.
    Or let a newer one through: the plan then goes by what the environment says.

        allow:
          package-unknown: new in tt02, and not in the shipped list yet
    """,
    code="AUTH.VLD-00008",
)


declare(
    "package-renamed",
    """An access package is named as the environment names it.

    Only `plan` and `validate --online` know: they ask the environment, which answers with
    another name. Requests for system users have to name a package as the system does, and
    the register goes on finding the old name (System Register contract §3, 00008) only for
    as long as the environment does.

    Fix: write the name in the hint.
    """,
    code="AUTH.VLD-00008",
)


declare(
    "package-not-delegable",
    """Every access package can be given to a system user.

    The register refuses one that is neither delegable nor assignable (System Register
    contract §3, 00008): the packages of guardianship, and the one for explicit rights.

    Fix: remove the package.
    """,
    code="AUTH.VLD-00008",
)


declare(
    "package-visible",
    """A visible system carries no access package whose isAssignable is false.

    Such a package is for client relations, between an accountant or auditor and their
    customers. End users cannot create a system user with it themselves, so the register
    refuses to show the system to them (System Register contract §3, 00018). It does so
    at every PUT, also one that only makes the system visible.

    Fix: write `isVisible: false`, or choose a package that is assignable.

        accessPackages:
          - urn:altinn:accesspackage:regnskapsforer-lonn
        isVisible: false
    """,
    code="AUTH.VLD-00018",
)
