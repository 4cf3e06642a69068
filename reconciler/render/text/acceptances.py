"""The entries of `systems/.accepted.yaml` as lines for people, with what has become of them.

Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.planning.acceptance import FILE
from reconciler.planning.acceptance_status import Status
from reconciler.render.acceptance import describe_acceptance
from reconciler.render.lines import Piece, make_line, make_safe

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.planning.acceptance_status import Judged
    from reconciler.render.lines import Line

_STYLES: Mapping[Status, str] = {Status.STANDS: "good", Status.UNKNOWN: "dim"}


def render_entries(entries: Sequence[Judged]) -> Iterator[Line]:
    """Render each entry: where it stands in the file, what it is about, its reason, and whether it is spent."""
    for each in entries:
        entry = each.acceptance
        word = f"spent: {each.status}" if each.status.is_spent else str(each.status)
        yield make_line(
            Piece(f"{FILE}:{entry.line}: ", "dim"),
            Piece(make_safe(describe_acceptance(entry), _LONGEST), "strong"),
        )
        yield make_line(
            Piece(f"    {word}", _STYLES.get(each.status, "warn")), Piece(f"  {make_safe(entry.reason)}")
        )


_LONGEST = 600
"""Characters of an id, a path and a day."""
