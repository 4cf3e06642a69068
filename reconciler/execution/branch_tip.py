"""Whether what is applied is from the newest commit of the deployed branch, so that an old run puts nothing back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.definitions.files import find_top
from reconciler.definitions.git import GitFailed, find_commit
from reconciler.errors import Refused, Remedy, UsageError
from reconciler.model.canonical_json import SHORT

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.planning.plan import Plan

_NOTHING = "nothing was written"


def check_tip(root: Path, name: str, plan: Plan | None = None) -> None:
    """Refuse where the checkout, or the commit that a saved plan was made from, is not the one that a name points at.

    Only this clone is asked, so the name is as new as its last fetch. Raises `Refused` also where either commit is
    not known, and `UsageError` for an empty name.
    """
    if not name.strip():  # what a CI's variable that nobody set turns into
        raise UsageError(
            "--require-tip is empty.", hint="Name the deployed branch: --require-tip origin/main."
        )
    if find_top(root) is None:
        raise Refused(
            f"{root} is no git repository, so it has no {name}; {_NOTHING}.",
            hint="Apply from a clone of the repository.",
        )
    try:
        # A remote's branch comes before a tag that somebody has called the same.
        tip = find_commit(root, f"refs/remotes/{name}") or find_commit(root, name)
        head = find_commit(root, "HEAD")
    except GitFailed as error:
        message = f"Whether this is the tip of {name} is not known, and {_NOTHING}: {error.message}"
        raise Refused(message, hint=error.hint) from error
    if tip is None:
        raise Refused(
            f"This clone has no {name}, so whether this is its tip is not known; {_NOTHING}.",
            hint="Fetch it first: git fetch origin. Or name the deployed branch as this clone does.",
        )
    if head != tip:
        here = f"The commit here is {head[:SHORT]}" if head else "No commit is checked out here"
        raise _refuse(here, name, tip)
    made = plan.revision.commit if plan and plan.revision else ""
    if made and made != tip:
        what = f"The plan was made from commit {made[:SHORT]}"
        raise _refuse(what, name, tip)


def _refuse(what: str, name: str, tip: str) -> Refused:
    return Refused(
        f"{what}, and the tip of {name} is {tip[:SHORT]}; {_NOTHING}.",
        hint=f"Check out {name}, and plan again from there.",
        remedy=Remedy.PLAN_AGAIN,
    )
