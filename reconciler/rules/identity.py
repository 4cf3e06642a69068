"""Rules on who a system is and whose it is: `id` and `vendor`.

They apply to a withdrawn definition too: its id and vendor are all that it still states.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from reconciler.definitions.yaml_document import make_printable, quote
from reconciler.model.findings import Severity
from reconciler.model.system import PREFIX
from reconciler.rules.registry import Fault, fleet_rule, system_rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.definitions.definition import Resolved
    from reconciler.definitions.yaml_document import Path
    from reconciler.rules.registry import Fleet

_ID: Path = ("id",)
_VENDOR: Path = ("vendor", "ID")
_LONGEST = 255
"""The width of the register's column (System Register contract §2.2)."""
_ORGANISATION = re.compile(r"[0-9]{9}")
_USUAL = re.compile(r"[a-z0-9_\s]")
_WHITESPACE = re.compile(r"\s")
_TRIMMED = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
"""White space to .NET (System Register contract §1.7), which the register takes off both ends of an id."""
_WEIGHTS = (3, 2, 7, 6, 5, 4, 3, 2)
"""https://www.brreg.no/om-oss/registrene-vare/om-enhetsregisteret/organisasjonsnummeret/"""


@system_rule("id-format", code="AUTH.VLD-00001", withdrawn=True)
def check_id_format(subject: Resolved) -> Iterator[Fault]:
    """An id is the vendor's organisation number, an underscore and a name.

    The register compares what stands before the first underscore with the vendor's
    number, and lets a bare number pass (System Register contract §3, 00001). An id
    can neither be changed nor used again, so this tool asks for the whole form.

    Fix: put the nine digits and an underscore in front of the name.

        id: 991825827_smartcloud
    """
    number, _, name = subject.system.id.partition("_")
    if not (name and _ORGANISATION.fullmatch(number)):
        message = f"{quote(subject.system.id)} is not an organisation number, an underscore and a name"
        code = "" if number == subject.system.vendor.organisation else None
        yield Fault(_ID, message, "Write it like `991825827_smartcloud`.", code)


@system_rule("id-characters", withdrawn=True)
def check_id_characters(subject: Resolved) -> Iterator[Fault]:
    """An id is made of a–z, 0–9 and `_`.

    The guide for vendors asks for these. The register itself takes capital letters,
    hyphens, colons and letters such as `ø`, and distinguishes ids by letter case
    (System Register contract §1.1): two ids that people read alike are two systems.

    Fix: use small letters, digits and underscores. An id that is registered
    already cannot be renamed; let it through.

        id: 991825827_Smart-Cloud
        allow:
          id-characters: registered in 2024, and ids cannot be renamed
    """
    wrong = sorted(set(_USUAL.sub("", subject.system.id)))
    if wrong:
        shown = ", ".join(_show_character(each) for each in wrong[:5])
        more = f" and {len(wrong) - 5} more" if len(wrong) > 5 else ""
        hint = "Use a–z, 0–9 and `_`; for an id that is registered already, use `allow:`."
        yield Fault(_ID, f"{quote(subject.system.id)} holds {shown}{more}", hint)


def _show_character(character: str) -> str:
    """Name a character; one that looks like another, or like nothing, by its number as well."""
    number = f"U+{ord(character):04X}"
    if not character.isprintable():
        return number
    return f"`{character}`" if character.isascii() else f"`{character}` ({number})"


@system_rule("id-spaces", code="AUTH.VLD-00013", withdrawn=True)
def check_id_spaces(subject: Resolved) -> Iterator[Fault]:
    """An id holds no white space.

    The register refuses a space inside an id, and takes every other kind of white space
    there (System Register contract §3, 00013).

    Fix: remove the white space, or write `_` instead.
    """
    name = subject.system.id
    if _WHITESPACE.search(name.strip(_TRIMMED)):
        code = None if " " in name.strip(_TRIMMED) else ""
        yield Fault(_ID, f"{quote(name)} holds white space", "Remove it, or write `_`.", code)


@system_rule("id-unreachable", allowable=False, withdrawn=True)
def check_id_reachable(subject: Resolved) -> Iterator[Fault]:
    """An id is one that the register can be asked for.

    The register trims white space around an id (System Register contract §2.3), so that
    the system would come back under another one. It stores a `/`, and never finds the
    system again: in an address the slash separates two segments (§1.7). It cannot store
    U+0000.

    Fix: remove the character, or write `_` instead.
    """
    name = subject.system.id
    shown = quote(name)
    if not name.strip(_TRIMMED):
        yield Fault(_ID, "The id is empty", "Write it like `991825827_smartcloud`.")
    elif name != name.strip(_TRIMMED):
        yield Fault(_ID, f"{shown} starts or ends with white space", "Remove it.")
    elif "/" in name or "\0" in name or name in {".", ".."}:
        what = "`/`" if "/" in name else "U+0000" if "\0" in name else "nothing but dots"
        message = f"{shown} holds {what}: the register could never be asked for it"
        yield Fault(_ID, message, "Remove it, or write `_`.")


@system_rule("id-too-long", allowable=False, withdrawn=True)
def check_id_length(subject: Resolved) -> Iterator[Fault]:
    """An id has at most 255 characters.

    The register's column is no wider, and a longer id is answered with an internal
    error (System Register contract §2.2). No system has one, so there is no exception.

    Fix: shorten the name.
    """
    length = len(subject.system.id)
    if length > _LONGEST:
        message = f"{quote(subject.system.id)} has {length:,} characters"
        yield Fault(_ID, message, f"Use at most {_LONGEST}.")


@system_rule("id-not-vendors", code="AUTH.VLD-00001", withdrawn=True)
def check_id_vendor(subject: Resolved) -> Iterator[Fault]:
    """An id starts with its vendor's organisation number.

    The register compares the part before the first underscore with the vendor
    (System Register contract §3, 00001) when a system is created.

    Fix: correct the one of the two that is wrong. Neither can be changed once
    the system is registered.

        id: 991825827_smartcloud
        vendor: "991825827"
    """
    number = subject.system.id.partition("_")[0]
    organisation = subject.system.vendor.organisation
    if number != organisation and _ORGANISATION.fullmatch(number) and _ORGANISATION.fullmatch(organisation):
        message = f"{quote(subject.system.id)} starts with {number}, and the vendor is {organisation}"
        yield Fault(_ID, message, "Correct the one that is wrong.")


@system_rule("file-name", severity=Severity.NOTE, withdrawn=True)
def check_file_name(subject: Resolved) -> Iterator[Fault]:
    """A file is named after the id of its system.

    A reviewer who sees the name of a changed file then knows which system changes.
    Where an environment has an id of its own, the id at the top level counts.

    Fix: rename the file, for instance to `systems/991825827_smartcloud.yaml`.
    """
    stem, _, ending = subject.definition.document.file.rpartition("/")[2].rpartition(".")
    name = subject.system.id
    if name and stem not in (name, subject.definition.members.get("id")):
        hint = f"Rename it to `{make_printable(name)}.{ending}`."
        yield Fault(_ID, f"The file is not named after {quote(name)}", hint)


@system_rule("vendor-format", code="AUTH.VLD-00000", allowable=False, withdrawn=True)
def check_vendor_format(subject: Resolved) -> Iterator[Fault]:
    """A vendor is nine digits, or `0192:` and nine digits.

    0192 stands for Enhetsregisteret. The register refuses any other prefix and never
    looks at the digits (System Register contract §3, 00000), but the vendor has to be
    the organisation that a token is for, and that one has nine digits.

    Fix: write the number, in quotes or not, or the register's own form.

        vendor: "991825827"
        vendor: {ID: "0192:991825827"}
    """
    vendor = subject.system.vendor
    if not vendor.ID.startswith(PREFIX):
        message = f"{quote(vendor.ID)} does not start with `{PREFIX}`"
        yield Fault(_VENDOR, message, 'Write the nine digits alone: `vendor: "991825827"`.')
    elif not _ORGANISATION.fullmatch(vendor.organisation):
        message = f"{quote(vendor.organisation)} is no organisation number"
        yield Fault(_VENDOR, message, 'Write nine digits: `vendor: "991825827"`.', "")


@system_rule("vendor-check-digit", withdrawn=True)
def check_vendor_digit(subject: Resolved) -> Iterator[Fault]:
    """The last digit of an organisation number fits the others.

    It is computed by modulus 11 with the weights 3 2 7 6 5 4 3 2. The register does
    not check it (System Register contract §3, at the end), so that a typo would only
    show when no token fits the system. Test organisations from Tenor pass as well.

    Fix: look for a typo. 991825827 is right, 991825872 is not.
    """
    number = subject.system.vendor.organisation
    if _ORGANISATION.fullmatch(number) and not _has_check_digit(number):
        message = f"`{number}` is no organisation number: its check digit does not fit"
        yield Fault(_VENDOR, message, "Look for a typo; test organisations pass the check too.")


def is_organisation(number: str) -> bool:
    """Say whether a text is an organisation number: nine digits, the last of which checks the others."""
    return _ORGANISATION.fullmatch(number) is not None and _has_check_digit(number)


def _has_check_digit(number: str) -> bool:
    rest = sum(int(digit) * weight for digit, weight in zip(number, _WEIGHTS, strict=False)) % 11
    return rest != 1 and int(number[-1]) == (11 - rest) % 11


@fleet_rule("duplicate-id", code="AUTH.VLD-00002", allowable=False, withdrawn=True)
def check_duplicate_ids(fleet: Fleet) -> Iterator[tuple[Resolved, Fault]]:
    """No two definitions have the same id in an environment.

    Of two files for one system each apply would write both, and the last would win. The
    register refuses the second POST of one id (System Register contract §3, 00002).

    Fix: keep one of the two files, or choose another id for one of them.
    """
    first: dict[tuple[str, bool], Resolved] = {}
    for subject in fleet.systems:
        name = subject.system.id
        other = first.setdefault((name, subject.withdrawn), subject)
        if other is not subject:
            place = other.locate(_ID)
            message = f"{quote(name)} has the same id as {place.file}:{place.line}"
            yield (
                subject,
                Fault(_ID, message, "Keep one of the two files, or choose another id.", other=place.file),
            )


@fleet_rule("id-letter-case", allowable="held", withdrawn=True)
def check_id_letter_case(fleet: Fleet) -> Iterator[tuple[Resolved, Fault]]:
    """No two definitions have ids that differ only in letter case.

    The register distinguishes them (System Register contract §1.1), and people read both
    alike.

    Fix: choose another id for one of them. Where the register holds both already, let
    them through in both files; a plan blocks the creation of a new one.

        allow:
          id-letter-case: both were registered in 2024, and ids cannot be renamed
    """
    alike: dict[str, dict[str, Resolved]] = {}
    for subject in fleet.systems:
        alike.setdefault(subject.system.id.lower(), {}).setdefault(subject.system.id, subject)
    for subject in fleet.systems:
        name = subject.system.id
        other = next((each for each in alike[name.lower()].values() if each.system.id != name), None)
        if other is not None:
            place = other.locate(_ID)
            message = f"{quote(name)} has the same id but for letter case as {place.file}:{place.line}"
            yield subject, Fault(_ID, message, "Choose another id for one of them.", other=place.file)


@fleet_rule("withdrawn-id-reused", code="AUTH.VLD-00002", allowable=False, withdrawn=True)
def check_withdrawn_ids(fleet: Fleet) -> Iterator[tuple[Resolved, Fault]]:
    """The id of a withdrawn system is not defined again.

    A deleted id cannot be used again: the register refuses a new POST of it (System
    Register contract §3, 00002), and there is no way back (§2.6).

    Fix: choose a new id for the new system, and keep the withdrawn file as the record of
    the old one.
    """
    withdrawn = {each.system.id: each for each in fleet.systems if each.withdrawn}
    for subject in fleet.systems:
        name = subject.system.id
        other = withdrawn.get(name)
        if other is not None and not subject.withdrawn:
            place = other.locate(_ID)
            message = f"{quote(name)} is withdrawn in {place.file}:{place.line}, and cannot be used again"
            yield subject, Fault(_ID, message, "Choose a new id.", other=place.file)


@fleet_rule("several-vendors", allowable=False, withdrawn=True)
def check_vendors(fleet: Fleet) -> Iterator[tuple[Resolved, Fault]]:
    """A run is for one vendor.

    A token is for one organisation, and the register lets it see and write that
    organisation's systems only (System Register contract §6.3).

    Fix: correct the number, or pick one vendor for the run.

        reconciler plan --vendor 991825827
    """
    first: dict[str, Resolved] = {}
    counts = Counter[str]()
    for subject in fleet.systems:
        vendor = subject.system.vendor.organisation
        if _ORGANISATION.fullmatch(vendor) and "vendor" not in subject.definition.broken:
            first.setdefault(vendor, subject)
            counts[vendor] += 1
    most = max(first, key=lambda vendor: counts[vendor], default="")
    for vendor, subject in first.items():
        if vendor != most:
            files = f"{counts[most]:,} other file{'' if counts[most] == 1 else 's'}"
            message = f"The vendor is `{vendor}` here, and `{most}` in {files}"
            hint = f"Pick one with `--vendor {most}`, or correct the number."
            yield subject, Fault(_VENDOR, message, hint)
