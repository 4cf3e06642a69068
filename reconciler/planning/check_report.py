"""What a check of a registration found, step by step.

Pure. Nothing in it is secret: no link, no token, and no number of a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from reconciler.errors import Exit

if TYPE_CHECKING:
    from reconciler.model.customers import Triple


class StepState(StrEnum):
    """How one step of a check ended."""

    OK = "ok"
    WRONG = "wrong"
    """Refused, rejected or missing, and it is known what."""
    WAITING = "waiting"
    """For the customer."""
    UNKNOWN = "unknown"
    """A service gave no usable answer."""
    SKIPPED = "skipped"
    """Nothing could be looked at, and nothing is wrong."""


STEPS = ("registration", "system-user", "request", "approval", "token", "access")
"""The names of the steps in their order; `request` and `approval` are left out where there is a system user."""
_CODES = {StepState.WRONG: Exit.FAILED, StepState.WAITING: Exit.DIFFERENT, StepState.UNKNOWN: Exit.UNKNOWN}


@dataclass(frozen=True, slots=True)
class CheckStep:
    """One step: its name, how it ended, a sentence, and what to do."""

    name: str
    state: StepState
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class CheckReport:
    """All steps of one check, and what was checked."""

    environment: str
    triple: Triple
    request: str
    """The name of the template."""
    steps: tuple[CheckStep, ...]

    @property
    def exit_code(self) -> Exit:
        """What the process answers: 0 where everything is proven."""
        return Exit.worst(*(_CODES.get(each.state, Exit.DONE) for each in self.steps))

    @property
    def proven(self) -> bool:
        """Whether nothing is left to be proven."""
        return self.exit_code is Exit.DONE
