"""Rules on who a system is and whose it is: `id` and `vendor`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reconciler.findings import Severity
from reconciler.model import PREFIX
from reconciler.rules.registry import Fault, fleet_rule, quote, system_rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model import Resolved
    from reconciler.rules.registry import Fleet

_ID: tuple[str | int, ...] = ("id",)
_VENDOR: tuple[str | int, ...] = ("vendor",)
_LONGEST = 255
_ORGANISATION = re.compile(r"[0-9]{9}")
_WEIGHTS = (3, 2, 7, 6, 5, 4, 3, 2)
"""Modulus 11 of an organisation number: https://www.brreg.no, about the organisation number."""


@system_rule("id-format", code="AUTH.VLD-00001", withdrawn=True)
def check_id_format(subject: Resolved) -> Iterator[Fault]:
    """An id is the vendor's organisation number, an underscore and a name.

    The register checks the part before the first underscore, and lets a bare number pass (System Register
    contract §3, 00001). An id is for ever, so this tool asks for the whole form.

    Mend it: `id: 991825827_smartcloud`.
    """
    number, underscore, name = subject.system.id.partition("_")
    if not (_ORGANISATION.fullmatch(number) and underscore and name):
        message = f"{quote(subject.system.id)} is not an organisation number, an underscore and a name"
        yield Fault(_ID, message, "Write it like `991825827_smartcloud`.")


@system_rule("id-characters", withdrawn=True)
def check_id_characters(subject: Resolved) -> Iterator[Fault]:
    """An id is made of a–z, 0–9 and `_`.

    That is what the guide for vendors asks for; the register itself takes more. An id that is registered
    already cannot be renamed: let it through with `allow: {id-characters: "registered in 2024"}`.
    """
    wrong = sorted(set(re.sub(r"[a-z0-9_\s]", "", subject.system.id)))
    if wrong:
        shown = " ".join(repr(each) for each in wrong[:5])
        message = f"{quote(subject.system.id)} holds {shown}"
        yield Fault(_ID, message, "Use a–z, 0–9 and `_`; for an id that is registered already, use `allow:`.")


@system_rule("id-spaces", code="AUTH.VLD-00013", allowable=False, withdrawn=True)
def check_id_spaces(subject: Resolved) -> Iterator[Fault]:
    """An id holds no white space.

    The register refuses an inner space and trims outer ones (System Register contract §2.3 and §3, 00013), so
    the system would come back under another id. Mend it: remove the space.
    """
    if re.search(r"\s", subject.system.id):
        yield Fault(_ID, f"{quote(subject.system.id)} holds white space", "Remove it.")


@system_rule("id-too-long", allowable=False, withdrawn=True)
def check_id_length(subject: Resolved) -> Iterator[Fault]:
    """An id has at most 255 characters.

    The register's column is no longer, and a longer id is answered with an internal error (System Register
    contract §2.2).
    """
    if len(subject.system.id) > _LONGEST:
        message = f"{quote(subject.system.id)} has {len(subject.system.id)} characters"
        yield Fault(_ID, message, f"Use at most {_LONGEST}.")


@system_rule("id-not-vendors", code="AUTH.VLD-00001", allowable=False, withdrawn=True)
def check_id_vendor(subject: Resolved) -> Iterator[Fault]:
    """An id starts with its vendor's organisation number.

    The register compares the part before the first underscore (System Register contract §3, 00001).
    """
    number = subject.system.id.partition("_")[0]
    organisation = subject.system.vendor.organisation
    if _ORGANISATION.fullmatch(number) and _ORGANISATION.fullmatch(organisation) and number != organisation:
        message = f"{quote(subject.system.id)} starts with {number}, and the vendor is {organisation}"
        yield Fault(_ID, message, "Correct the one that is wrong.")


@system_rule("file-name", severity=Severity.NOTE, withdrawn=True)
def check_file_name(subject: Resolved) -> Iterator[Fault]:
    """A file is named after the id of its system.

    So that a reviewer who reads a file name knows which system changes.
    """
    stem = subject.definition.document.file.rpartition("/")[2].rpartition(".")[0]
    if subject.system.id and stem != subject.system.id:
        yield Fault(_ID, f"The file is not named after {quote(subject.system.id)}", "Rename it to the id.")


@system_rule("vendor-format", code="AUTH.VLD-00000", allowable=False, withdrawn=True)
def check_vendor_format(subject: Resolved) -> Iterator[Fault]:
    """A vendor is `0192:` and nine digits, or the nine digits alone.

    0192 stands for Enhetsregisteret; the register takes nothing else (System Register contract §3, 00000),
    and does not look at the digits at all.
    """
    vendor = subject.system.vendor
    if not vendor.ID.startswith(PREFIX) or not _ORGANISATION.fullmatch(vendor.organisation):
        message = f"{quote(vendor.ID.removeprefix(PREFIX))} is no organisation number"
        yield Fault(_VENDOR, message, 'Write nine digits: `vendor: "991825827"`.')


@system_rule("vendor-check-digit", withdrawn=True)
def check_vendor_digit(subject: Resolved) -> Iterator[Fault]:
    """The last digit of an organisation number fits the others.

    Modulus 11, as Enhetsregisteret computes it. The register does not check it, so a typo would only show
    when the token does not fit.
    """
    number = subject.system.vendor.organisation
    if _ORGANISATION.fullmatch(number) and not _has_check_digit(number):
        message = f"{number} is no organisation number: its check digit does not fit"
        yield Fault(_VENDOR, message, "Look for a typo; test organisations pass the check too.")


def _has_check_digit(number: str) -> bool:
    rest = sum(int(digit) * weight for digit, weight in zip(number, _WEIGHTS, strict=False)) % 11
    return rest != 1 and int(number[-1]) == (11 - rest) % 11


@fleet_rule("duplicate-id", code="AUTH.VLD-00002", allowable=False, withdrawn=True)
def check_duplicate_ids(fleet: Fleet) -> Iterator[tuple[Resolved, Fault]]:
    """No two definitions have the same id in an environment, nor ids that differ only in letter case.

    The last one applied would win, at every apply. The register tells ids apart by letter case, and people do
    not.
    """
    first: dict[str, Resolved] = {}
    for subject in fleet.systems:
        other = first.setdefault(subject.system.id.lower(), subject)
        if other is not subject and other.withdrawn == subject.withdrawn:
            same = "same id" if other.system.id == subject.system.id else "same id but for letter case"
            where = other.locate(_ID)
            message = f"{quote(subject.system.id)} has the {same} as {where.file}:{where.line}"
            yield subject, Fault(_ID, message, "Keep one of the two files, or choose another id.")


@fleet_rule("withdrawn-id-reused", allowable=False, withdrawn=True)
def check_withdrawn_ids(fleet: Fleet) -> Iterator[tuple[Resolved, Fault]]:
    """The id of a withdrawn system is not defined again.

    Deleting burns an id for ever (System Register contract §2.6). Mend it: choose a new id.
    """
    withdrawn = {each.system.id.lower(): each for each in fleet.systems if each.withdrawn}
    for subject in fleet.systems:
        burnt = withdrawn.get(subject.system.id.lower())
        if burnt is not None and not subject.withdrawn:
            where = burnt.locate(_ID)
            message = (
                f"{quote(subject.system.id)} is withdrawn in {where.file}:{where.line}, and burnt for ever"
            )
            yield subject, Fault(_ID, message, "Choose a new id.")


@fleet_rule("several-vendors", allowable=False, withdrawn=True)
def check_vendors(fleet: Fleet) -> Iterator[tuple[Resolved, Fault]]:
    """A run is for one vendor.

    A token speaks for one organisation. Mend it: pick one with `--vendor ORG`.
    """
    vendors = dict.fromkeys(each.system.vendor.organisation for each in fleet.systems)
    if len(vendors) > 1:
        first = next(iter(vendors))
        for other in list(vendors)[1:]:
            subject = next(each for each in fleet.systems if each.system.vendor.organisation == other)
            message = f"The vendor is {quote(other)} here, and {quote(first)} in other files"
            yield (
                subject,
                Fault(_VENDOR, message, f"Pick one with `--vendor {first}`, or correct the number."),
            )
