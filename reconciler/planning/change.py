"""What becomes of one system: `Create`, `Update`, `Delete`, `Keep` or `Blocked`.

Pure. A change is decided from what the definition asks for and what the register holds, and carries
the full document that would be sent and the digest of the one it was made from.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, TypeAlias, assert_never

from reconciler.model.canonical_json import SHORT, digest_json
from reconciler.model.normalise import make_empty, normalise
from reconciler.model.system import DEFAULTS, System
from reconciler.planning.acceptance import DELETED, MISSING, NONE, Acceptances, Standing
from reconciler.planning.diff import FieldChange, diff, keep_actual, label_entries, spread
from reconciler.planning.request_body import build_body

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.definitions.definition import Resolved
    from reconciler.model.canonical_json import Json
    from reconciler.model.system import RegisteredSystem
    from reconciler.planning.customer_count import CustomerCount


WITHDRAWN = "withdrawn"
"""The field of a system that is to be deleted, or that the register has deleted."""


class Weight(StrEnum):
    """How much an impact matters."""

    BREAKING = "breaking"
    NOTABLE = "notable"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Impact:
    """What one change does to people: a rule, a weight, a sentence."""

    rule: str
    weight: Weight
    message: str
    path: str = ""
    """The field that does it; empty for the whole system."""
    users: int | None = None
    """How many system users the system has, where that matters and is known."""
    agents: int | None = None
    """How many of them are agents' (System Register contract §7, `userType`)."""
    customers: CustomerCount | None = field(default=None, compare=False)
    """How many customers it concerns; for reading only, so that apply need not ask for it again."""

    @property
    def magnitude(self) -> int | None:
        """The order of magnitude of the system users, which a plan's digest covers; None where none are known."""
        return None if self.users is None else order_users(self.users)


def order_users(number: int) -> int:
    """Give the order of magnitude of a number of system users: 0, 1, 10 and so on.

    So one more customer voids no approval, and a hundred more do.
    """
    return 10 ** (len(str(number)) - 1) if number else 0


def describe_users(number: int | None) -> str:
    """Describe a number of system users, which may not be known."""
    if number is None:
        return "a number of system users that is not known"
    return f"{number:,} system user{'' if number == 1 else 's'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """What all changes have: a system, a reason and a place in a file."""

    action: ClassVar[str]
    id: str
    reason: str = ""
    """Why nothing is done or nothing can be; empty where the fields say it all."""
    hint: str = ""
    file: str = ""
    line: int = 0
    fields: tuple[FieldChange, ...] = ()
    document: Mapping[str, Json] | None = None
    """The body to be sent."""
    impacts: tuple[Impact, ...] = ()
    live: RegisteredSystem | None = None
    """The answer as received; None where the register does not know the system."""
    newest: str | None = None
    """The time of the newest change-log entry, read after `live`; empty without one, None where it was not read."""
    standing: tuple[Standing, ...] = ()
    """The differences that stand accepted: in none of the fields, and in the document as the register holds them."""

    @property
    def open_fields(self) -> tuple[FieldChange, ...]:
        """The fields that differ; those that the definition only adopted do not any more."""
        return tuple(each for each in self.fields if each.is_open)

    @property
    def live_digest(self) -> str:
        """SHA-256 of the answer as received, in hex; empty where there was none."""
        return self.live.digest if self.live else ""

    @property
    def live_client_ids(self) -> frozenset[str]:
        """The client ids that the register has the system with; empty where there is none."""
        return frozenset(self.live.client_ids if self.live else ())


class Create(_Change):
    """The register does not know the system: POST."""

    __slots__ = ()
    action = "create"


class Update(_Change):
    """The register holds something else: full-document PUT."""

    __slots__ = ()
    action = "update"


class Delete(_Change):
    """The definition says that the system is withdrawn: DELETE, for ever."""

    __slots__ = ()
    action = "delete"


class Keep(_Change):
    """Nothing is to be done."""

    __slots__ = ()
    action = "keep"


class Blocked(_Change):
    """Something is to be done and cannot be, or must not be until the file says it clearly."""

    __slots__ = ()
    action = "blocked"


Write: TypeAlias = Create | Update | Delete
"""A change that sends something."""
Change: TypeAlias = Write | Keep | Blocked


def decide(desired: Resolved, live: RegisteredSystem | None, acceptances: Acceptances = NONE) -> Change:
    """Decide what becomes of one system; what other systems have to do with it comes later.

    What stands accepted is left as the register holds it; a deletion that the files ask for never does. Raises
    `Unintelligible` where the live document cannot be read.
    """
    place = desired.locate(("id",))
    base: dict[str, Json] = {"id": desired.system.id, "file": place.file, "line": place.line}
    wanted = normalise(desired.system)
    if live is None:
        return _decide_unregistered(desired, base, acceptances)
    held = live.read()
    base["live"] = live
    if held.isDeleted:
        return _decide_deleted(desired, base, acceptances)
    if held.vendor != wanted.vendor:
        reason = f"the register has it under vendor {held.vendor.ID}, the definition under {wanted.vendor.ID}"
        hint = "A system cannot change vendor; register it under a new id."
        moved = FieldChange(
            ("vendor", "ID"), held.vendor.ID, wanted.vendor.ID, desired.locate(("vendor",)).line
        )
        return Blocked(**base, reason=reason, hint=hint, fields=(moved,))
    if desired.withdrawn:
        line = desired.locate((WITHDRAWN,)).line
        withdrawn = FieldChange((WITHDRAWN,), actual=False, expected=True, line=line)
        reason = "withdrawn: deleted for ever, and its id can never be used again"
        return Delete(**base, reason=reason, fields=(withdrawn,))
    return _decide_living(desired, live, base, acceptances)


def _decide_unregistered(desired: Resolved, base: dict[str, Json], acceptances: Acceptances) -> Change:
    if desired.withdrawn:
        return Keep(**base, reason="withdrawn, and never registered")
    if missing := acceptances.find_whole(desired.system.id, MISSING):
        return Keep(**base, reason="not registered, and that stands accepted", standing=missing)
    wanted = normalise(desired.system)
    return Create(**base, fields=_describe_new(desired, wanted), document=build_body(wanted, None))


def _decide_living(
    desired: Resolved, live: RegisteredSystem, base: dict[str, Json], acceptances: Acceptances
) -> Change:
    wanted = normalise(desired.system)
    found = diff(wanted, normalise(live.read()))
    lines = _Lines(desired)
    fields = tuple(replace(each, line=lines.find(each)) for each in found)
    standing = acceptances.find_fields(desired.system.id, fields)
    if standing:
        kept = {each.path for each in standing}
        base["standing"] = standing
        wanted = keep_actual(wanted, [each for each in fields if each.path in kept])
        fields = tuple(each for each in fields if each.path not in kept)
    if not fields:
        return Keep(**base)
    left_out = [text for name in DEFAULTS if (text := _describe_left_out(desired, name, fields))]
    if left_out:
        hint = "A member left out means its default, and this one would be lost."
        return Blocked(**base, fields=fields, reason="; ".join(left_out), hint=hint)
    return Update(**base, fields=fields, document=build_body(wanted, live))


def _decide_deleted(desired: Resolved, base: dict[str, Json], acceptances: Acceptances) -> Change:
    if desired.withdrawn:
        return Keep(**base, reason="withdrawn, and deleted")
    if deleted := acceptances.find_whole(desired.system.id, DELETED):
        return Keep(**base, reason="deleted, and that stands accepted", standing=deleted)
    reason = "the register deleted it, and a deleted id can never be used again"
    hint = "Choose a new id, or write `withdrawn: true` to keep the record."
    living = FieldChange((WITHDRAWN,), actual=True, expected=False)
    return Blocked(**base, reason=reason, hint=hint, fields=(living,))


def _describe_left_out(desired: Resolved, name: str, fields: tuple[FieldChange, ...]) -> str:
    """Say what has to be written before a member that the file leaves out is reset to its default."""
    touched = [each for each in fields if each.member == name]
    if not touched or name in desired.stated:
        return ""
    if isinstance(DEFAULTS[name], bool):
        default = "true" if DEFAULTS[name] else "false"
        return f"`{name}` is left out: write `{name}: {default}` to make it {default}"
    count = len(touched)
    return f"`{name}` is left out: write `{name}: []` to remove {'it' if count == 1 else f'all {count}'}"


def _describe_new(desired: Resolved, wanted: System) -> tuple[FieldChange, ...]:
    lines = _Lines(desired)
    return tuple(replace(each, line=lines.find(each)) for each in list_new_fields(wanted))


def list_new_fields(wanted: System) -> tuple[FieldChange, ...]:
    """List every field of a new system, as a difference from nothing."""
    return diff(wanted, make_empty(wanted))


def spread_with_deletion(system: System) -> dict[str, Json]:
    """Spread a system with the one field that no request carries: whether it is withdrawn."""
    return {**spread(system), WITHDRAWN: system.isDeleted}


def describe_body(document: Mapping[str, Json]) -> str:
    """Say that a document is put back as it was; it is named, so that another cannot take its place."""
    return f"put back as it was (document {digest_json(document)[:SHORT]})"


def find_overwritten(change: Write, acceptances: Acceptances) -> tuple[Standing, ...]:
    """Find what a change would write although it stands accepted, because it was decided before that was."""
    match change:
        case Create():
            return acceptances.find_whole(change.id, MISSING)
        case Update():
            return acceptances.find_fields(change.id, change.open_fields)
        case Delete():
            return ()
        case _:
            assert_never(change)


class _Lines:
    """The lines of a definition that ask for its fields; each list is gone through once."""

    def __init__(self, desired: Resolved) -> None:
        self._desired = desired
        self._entries: dict[str, dict[str, int]] = {}

    def find(self, change: FieldChange) -> int:
        """Find the line that asks for a field: the entry's own, else the member's; 0 where it is left out."""
        desired, name = self._desired, change.member
        if name not in desired.stated:
            return 0
        if not isinstance(getattr(desired.system, name), tuple):
            return desired.locate(change.steps).line
        if name not in self._entries:
            self._entries[name] = self._index(name)
        found = self._entries[name].get(change.steps[1]) if change.expected is not None else None
        return found or desired.locate((name,)).line

    def _index(self, name: str) -> dict[str, int]:
        """Give the line of each entry by its label; the first line where an entry stands twice."""
        system = self._desired.system.model_copy(update=dict(DEFAULTS))
        found: dict[str, int] = {}
        for index, entry in enumerate(getattr(self._desired.system, name)):
            alone = normalise(system.model_copy(update={name: (entry,)}))
            for label, _ in label_entries(getattr(alone, name)):
                found.setdefault(label, self._desired.locate((name, index)).line)
        return found
