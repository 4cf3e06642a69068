"""What became of a plan: one `Outcome` a change, and the `Report` of them all.

Data only. An outcome says what is known, and `Unknown` says that it is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, TypeAlias, assert_never

from reconciler.errors import Exit
from reconciler.planning.change import Update

if TYPE_CHECKING:
    from reconciler.execution.journal import Run
    from reconciler.model.canonical_json import Json
    from reconciler.model.provenance import Provenance
    from reconciler.planning.approval import Signoff
    from reconciler.planning.change import Change
    from reconciler.planning.diff import FieldChange
    from reconciler.planning.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    """What all outcomes have: the change, and a sentence where there is something to say."""

    word: ClassVar[str]
    change: Change
    reason: str = ""
    hint: str = ""
    alarming: bool = False
    """Whether a person should look at it although it was done."""
    differs: tuple[FieldChange, ...] = ()
    """Where the register now holds something else than the plan asked for."""

    def to_json(self) -> dict[str, Json]:
        """Give it as journal and report have it."""
        return {
            "id": self.change.id,
            "action": self.change.action,
            "outcome": self.word,
            "reason": self.reason,
            "hint": self.hint,
            "alarming": self.alarming,
            "differs": [
                {"path": each.path, "held": each.actual, "asked": each.expected} for each in self.differs
            ],
        }


class Done(_Outcome):
    """The register holds what the plan asked for, as read back."""

    __slots__ = ()
    word = "done"


class Failed(_Outcome):
    """The register refused, and holds what it held before."""

    __slots__ = ()
    word = "failed"


class Stale(_Outcome):
    """The system moved since the plan was made, so nothing was sent."""

    __slots__ = ()
    word = "stale"


class Unknown(_Outcome):
    """A request was sent, and what it did is not known."""

    __slots__ = ()
    word = "unknown"


class NotTried(_Outcome):
    """Nothing was sent: something before it stopped the run."""

    __slots__ = ()
    word = "not tried"


Outcome: TypeAlias = Done | Failed | Stale | Unknown | NotTried


@dataclass(frozen=True, slots=True)
class Report:
    """A plan and its outcomes, in the order of the plan's writes."""

    plan: Plan
    outcomes: tuple[Outcome, ...] = ()
    unrecorded: tuple[str, ...] = ()
    """The systems whose outcome the journal could not be given, so that it is open there."""
    accepted: Signoff | None = None
    """How the plan's breaking impacts were accepted; None where nothing was to accept."""
    provenance: Provenance | None = None
    """Where the run came from; None where that is not known."""
    run: Run | None = None
    """What the journal was given; None where nothing was sent."""

    @property
    def exit_code(self) -> Exit:
        """Choose the exit code: unknown, then failed, stale, blocked or not tried, then done."""
        codes = [Exit.DONE]
        for outcome in self.outcomes:
            match outcome:
                case Done():
                    codes.append(Exit.FAILED if outcome.alarming else Exit.DONE)
                case Failed() | Stale() | NotTried():
                    codes.append(Exit.FAILED)
                case Unknown():
                    codes.append(Exit.UNKNOWN)
                case _:
                    assert_never(outcome)
        if self.plan.blocked or self.unrecorded:
            codes.append(Exit.FAILED)
        return Exit.worst(*codes)


def is_undoable(outcome: Outcome) -> bool:
    """Say whether a rollback can put back what was done: an update that nobody else has written over."""
    return isinstance(outcome, Done) and isinstance(outcome.change, Update) and not outcome.differs
