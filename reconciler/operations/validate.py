"""Checks definitions without any network, and gives the systems that they ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from reconciler.definitions.resolve import resolve
from reconciler.definitions.yaml_document import Mapping as Node
from reconciler.definitions.yaml_document import Scalar
from reconciler.errors import Forbidden, UsageError
from reconciler.model.catalogue import read_shipped_catalogue
from reconciler.model.findings import sort_findings
from reconciler.model.id_pattern import fits
from reconciler.operations.selection import check_found, list_ids
from reconciler.rules import Checked, check_documents

_SEVERAL_VENDORS = "several-vendors"
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reconciler.definitions.definition import Definition, Resolved
    from reconciler.definitions.yaml_document import Document
    from reconciler.model.catalogue import Catalogue
    from reconciler.model.findings import Finding


def validate(
    documents: Sequence[Document],
    environments: Iterable[str],
    *,
    vendor: str = "",
    asked: Mapping[str, Catalogue] | None = None,
) -> Checked:
    """Check definitions without any network; `vendor` leaves only those of one organisation number.

    `asked` holds what environments said before, by their names.
    """
    chosen = [each for each in documents if not vendor or _may_belong(each, vendor)]
    chosen.sort(key=lambda each: each.file)
    return check_documents(chosen, read_shipped_catalogue(), tuple(environments), asked)


def narrow_findings(checked: Checked, documents: Iterable[Document], only: tuple[str, ...]) -> Narrowed:
    """Choose the files that give an id which fits a pattern, and the findings that they take part in.

    Rules that look at several files have seen all of them. Raises `UsageError` for a pattern that fits no id.
    """
    definitions = {each.document.file: each for each in checked.definitions}
    ids = {each.file: list_ids(each, definitions.get(each.file)) for each in documents}
    check_found(only, {name for names in ids.values() for name in names}, "the definitions")
    files = frozenset(file for file, names in ids.items() if any(fits(name, only) for name in names))
    found = tuple(each for each in checked.findings if files & {each.place.file, each.other})
    return Narrowed(found, len(files), len(ids) - len(files))


def list_claims(checked: Checked) -> frozenset[str]:
    """List what only one definition may have: the ids and client ids that some state, in any environment."""
    stated = [each for one in checked.definitions for each in (one.members, *(one.overlays or {}).values())]
    clients = {client for each in stated for client in each.get("clientId") or ()}
    return frozenset(clients | {each["id"] for each in stated if "id" in each}) - {""}


def add_crossing(alone: Checked, together: Checked, documents: Iterable[Document]) -> Checked:
    """Give what was found in some files, with what they share with others that were checked beside them.

    How many vendors there are is asked of those files alone: the others are not all that there are.
    """
    files = {each.file for each in documents}
    found = [each for each in together.findings if files & {each.place.file, each.other}]
    findings = [
        *(each for each in found if each.rule != _SEVERAL_VENDORS),
        *(each for each in alone.findings if each.rule == _SEVERAL_VENDORS),
    ]
    return Checked(alone.definitions, sort_findings(findings))


def goes_by_shipped(findings: Iterable[Finding]) -> bool:
    """Say whether any finding is what the shipped list says."""
    source = read_shipped_catalogue().source
    return any(source in each.message for each in findings)


class Narrowed(NamedTuple):
    """What was found in some of the files."""

    findings: tuple[Finding, ...]
    files: int
    left_out: int
    """How many files were left out."""


def _may_belong(document: Document, vendor: str) -> bool:
    """Say whether a file names a vendor anywhere; one that names none is kept, to be reported."""
    roots = [document.root]
    overlays = document.find(("environments",))
    if isinstance(overlays, Node):
        roots += [node for _, node in overlays.entries]
    named = [entry[1] for root in roots if isinstance(root, Node) and (entry := root.find("vendor"))]
    numbers = []
    for node in named:
        entry = node.find("ID") if isinstance(node, Node) else None
        value = entry[1] if entry else node
        numbers.append(value.text.rpartition(":")[2] if isinstance(value, Scalar) else "")
    return not numbers or vendor in numbers


def resolve_all(definitions: Iterable[Definition], environment: str) -> tuple[Resolved, ...]:
    """Give every system that the definitions ask for in one environment."""
    return tuple(resolve(each, environment) for each in definitions if each.exists_in(environment))


def choose_vendor(vendors: Sequence[str]) -> str:
    """Give the one vendor that there is without any definition; raises `UsageError` where that is not one."""
    if len(vendors) == 1:
        return vendors[0]
    if not vendors:
        raise UsageError(
            "There is no definition here, so there is nothing to compare.",
            hint="`reconciler new ID` writes one; `reconciler import --all -e NAME` takes over what is registered.",
        )
    raise UsageError(
        f"There are systems of {len(vendors)} vendors: {', '.join(vendors[:5])}.",
        hint=f"Pick one: --vendor {vendors[0]}.",
    )


def check_vendor(vendor: str, organisation: str, administers: str) -> None:
    """Raise `Forbidden` where no definition says whose systems are asked for, and the token is another vendor's."""
    if organisation not in {"", vendor} and not administers:
        raise Forbidden(
            f"The token belongs to organisation {organisation}, and --vendor names {vendor}.",
            hint="Use the credentials of that vendor, or leave --vendor out.",
            status=403,
        )


def find_vendor(systems: Iterable[Resolved], vendor: str = "") -> str:
    """Name the one vendor of the systems; raises `UsageError` where there are none.

    That there is one only is a rule, which has been asked before. A misspelt `--vendor` leaves no system, and
    must not look like a register in order.
    """
    found = sorted({each.system.vendor.organisation for each in systems})
    if not found:
        whose = f" of vendor {vendor}" if vendor else ""
        raise UsageError(
            f"No definition{whose} exists in this environment, so there is nothing to compare.",
            hint="Name the environment under `environments:` in a definition, or check --vendor.",
        )
    return found[0]
