"""The use cases: one function a verb, which takes what it works with and returns a value.

Nothing here parses a command line, prints, or opens a connection.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from reconciler.catalogue import read_shipped_catalogue
from reconciler.document import Mapping, Scalar
from reconciler.errors import Forbidden, UsageError
from reconciler.normalise import resolve
from reconciler.plan import Plan, Target, plan_changes
from reconciler.rules import Checked, check_documents

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from reconciler.document import Document
    from reconciler.model import Definition, RegisteredSystem, Resolved
    from reconciler.register import Register
    from reconciler.settings import Environment

    Progress = Callable[[int, int], None]
    """Is told how many of how many are done."""

WORKERS = 8
"""Reads at the same time; the register documents no rate limit, and this is what a browser would do."""


def validate(documents: Sequence[Document], environments: Iterable[str], *, vendor: str = "") -> Checked:
    """Check definitions without any network; `vendor` leaves only those of one organisation number."""
    chosen = [each for each in documents if not vendor or _may_belong(each, vendor)]
    chosen.sort(key=lambda each: each.file)
    return check_documents(chosen, read_shipped_catalogue(), tuple(environments))


def _may_belong(document: Document, vendor: str) -> bool:
    """Say whether a file names a vendor anywhere; one that names none is kept, to be told of."""
    roots = [document.root]
    overlays = document.find(("environments",))
    if isinstance(overlays, Mapping):
        roots += [node for _, node in overlays.entries]
    named = [entry[1] for root in roots if isinstance(root, Mapping) and (entry := root.find("vendor"))]
    numbers = []
    for node in named:
        entry = node.find("ID") if isinstance(node, Mapping) else None
        value = entry[1] if entry else node
        numbers.append(value.text.rpartition(":")[2] if isinstance(value, Scalar) else "")
    return not numbers or vendor in numbers


def resolve_all(definitions: Iterable[Definition], environment: str) -> tuple[Resolved, ...]:
    """Give every system that the definitions ask for in one environment."""
    return tuple(resolve(each, environment) for each in definitions if each.exists_in(environment))


def find_vendor(systems: Iterable[Resolved], vendor: str = "") -> str:
    """Name the one vendor of the systems; raises `UsageError` where there is none.

    That there is one only is a rule, which has been asked before.
    """
    found = sorted({each.system.vendor.organisation for each in systems})
    if not found and not vendor:
        raise UsageError(
            "No definition exists in this environment, so there is nothing to plan.",
            hint="Name the environment under `environments:` in a definition, or pass --vendor ORG.",
        )
    return found[0] if found else vendor


def plan(
    systems: Sequence[Resolved],
    environment: Environment,
    register: Register,
    *,
    vendor: str,
    progress: Progress | None = None,
) -> Plan:
    """Compare the systems with the live register; nothing is written.

    Every defined and every unmanaged system is read in full, several at a time. Raises what `Register`
    raises, and `Forbidden` where the token's organisation is not the vendor.
    """
    wanted = {each.system.id for each in systems}
    listed = register.list_systems()
    others = {each.vendor for each in listed} - {vendor}
    if others:
        raise Forbidden(
            f"The token belongs to organisation {min(others)}, and the definitions to {vendor}.",
            hint="Use the credentials of the definitions' vendor, or pick the other vendor with --vendor.",
            status=403,
        )
    unmanaged = sorted({each.id for each in listed} - wanted)
    found = read_all(register, [*sorted(wanted), *unmanaged], progress)
    target = Target(environment.name, environment.identity, vendor)
    return plan_changes(
        target,
        systems,
        {name: found[name] for name in wanted},
        [system for name in unmanaged if (system := found[name]) is not None],
    )


def read_all(
    register: Register, ids: Sequence[str], progress: Progress | None = None
) -> dict[str, RegisteredSystem | None]:
    """Read systems in full, several at a time; None stands for one that the register does not know."""
    found: dict[str, RegisteredSystem | None] = {}
    with ThreadPoolExecutor(max_workers=WORKERS) as workers:
        try:
            for name, system in zip(ids, workers.map(register.read_system, ids), strict=True):
                found[name] = system
                if progress:
                    progress(len(found), len(ids))
        except BaseException:
            workers.shutdown(wait=False, cancel_futures=True)
            raise
    return found
