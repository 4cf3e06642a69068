"""What outputs say of accepted differences, and the command that accepts one.

Pure. Nothing here is escaped but the command: each output does that for its own target.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from reconciler.errors import UsageError
from reconciler.planning.acceptance import read_path
from reconciler.render.escape import escape_line, shorten

if TYPE_CHECKING:
    from reconciler.planning.acceptance import Acceptance
    from reconciler.planning.drift import Difference


_LONGEST = 4000
"""Characters of a command; the register takes no redirect URL that comes near."""


def describe_acceptance(acceptance: Acceptance) -> str:
    """Name what is accepted, where, and until when."""
    where = f"{shorten(acceptance.id, 200)} {shorten(acceptance.path)}"
    return f"{where} in {acceptance.environment}, until {acceptance.until}"


def describe_standing(acceptance: Acceptance) -> str:
    """Name a difference that stands, until when and why; code stands between backticks."""
    named, why = (
        shorten(each, 100).replace("`", "'")
        for each in (f"{acceptance.id} {acceptance.path}", acceptance.reason)
    )
    return f"`{named}` until {acceptance.until} ({why})"


def make_accept_command(difference: Difference, environment: str) -> str:
    """Give the command that lets a difference stand, quoted for a POSIX shell; the date and the reason are to be said.

    Empty where nothing alarms, for what cannot be accepted, and for names that are too long to be printed or are not
    printed as they are.
    """
    if not difference.alarming:
        return ""
    try:
        path = read_path(difference.path)
    except UsageError:
        return ""
    names = f"{shlex.quote(difference.id)} {shlex.quote(path)}"
    options = f"--environment {shlex.quote(environment)} --until DATE --reason TEXT"
    # An id could look like an option.
    words = f"{options} -- {names}" if difference.id.startswith("-") else f"{names} {options}"
    command = f"reconciler accept {words}"
    return command if len(command) <= _LONGEST and escape_line(command) == command else ""
