"""The tables of a run, as text that is Markdown too, and the page that shows the last of them."""

from __future__ import annotations

import os
import platform
import re
from typing import TYPE_CHECKING

from reconciler.build import find_version
from tests.bench.cases import LEAST, OURS, RIVAL
from tests.bench.figures import find_growth, find_median, find_peak, find_ratio, find_spread

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.bench.limits import Verdict
    from tests.bench.measuring import Row

_PAGE = re.compile(r"(<!-- figures[^>]*-->\n)(.*?)(<!-- end of figures -->)", re.DOTALL)
_TIMES = (
    "case",
    "systems",
    "seconds",
    "spread",
    "floor",
    "÷ floor",
    "octoDNS",
    "÷ octoDNS",
    "MB",
    "MB, floor",
    "MB, octoDNS",
    "growth",
)
_COUNTS = ("case", "systems", "modules", "MB allocated", "requests", "connections")


def describe_machine(workers: int, rounds: int) -> str:
    """Say what was measured, on what."""
    return (
        f"{find_version()} on {platform.system()}, Python {platform.python_version()}, {os.cpu_count()} cores; "
        f"{workers} workers, {rounds} {'round' if rounds == 1 else 'rounds'}."
    )


def draw_page(rows: Sequence[Row], verdicts: Sequence[Verdict], machine: str) -> str:
    """Draw the three tables."""
    times = _draw(_TIMES, [_write_times(row, rows) for row in rows])
    counts = _draw(_COUNTS, [_write_counts(row) for row in rows])
    limits = _draw(
        ("must hold", "limit", "figure", "verdict"),
        [(each.what, _show_limit(each), _show(each.figure, 2), each.word) for each in verdicts],
    )
    return f"\n{machine}\n\n{times}\n{counts}\n{limits}\n"


def replace_page(text: str, page: str) -> str:
    """Put the tables between the marks of a page; raises ValueError where it has none."""
    if not _PAGE.search(text):
        raise ValueError("the page has no marks")
    return _PAGE.sub(lambda found: found[1] + page + found[3], text)


def list_rows(rows: Sequence[Row]) -> list[dict[str, object]]:
    """List all figures and all runs, as JSON has them: seconds, bytes."""
    return [
        {
            "case": row.case.name,
            "systems": row.size,
            "latency": row.case.latency,
            "seconds": {who: find_median(row, who) for who in row.samples},
            "spread": {who: find_spread(row, who) for who in row.samples},
            "peak": {who: find_peak(row, who) for who in row.samples},
            "ratio": {who: find_ratio(row, who) for who in row.samples if who != OURS},
            "growth": find_growth(rows, row.case.name),
            "requests": row.samples[OURS][-1].requests,
            "modules": row.modules,
            "allocated": row.allocated,
            "runs": {
                who: [[each.seconds, each.processor, each.peak] for each in runs]
                for who, runs in row.samples.items()
            },
        }
        for row in rows
    ]


def _write_times(row: Row, rows: Sequence[Row]) -> tuple[str, ...]:
    spread = find_spread(row, OURS)
    largest = max(each.size for each in rows if each.case.name == row.case.name)
    peaks = (find_peak(row, who) for who in (OURS, LEAST, RIVAL))
    return (
        row.case.name,
        f"{row.size:,}" if row.size else "",
        _show(find_median(row, OURS), 3),
        "" if spread is None else f"{spread[0]:.3f}–{spread[1]:.3f}",
        _show(find_median(row, LEAST), 3),
        _show(find_ratio(row, LEAST), 2),
        _show(find_median(row, RIVAL), 3),
        _show(find_ratio(row, RIVAL), 2),
        *(_show(None if each is None else each / 1e6, 0) for each in peaks),
        _show(find_growth(rows, row.case.name), 2) if row.size == largest else "",
    )


def _write_counts(row: Row) -> tuple[str, ...]:
    asked = row.samples[OURS][-1].requests
    plain = [f"{count:,} {name}" for name, count in asked.items() if not name.startswith("connections")]
    opened = [
        f"{count} to {name.split()[-1]}" for name, count in asked.items() if name.startswith("connections")
    ]
    return (
        row.case.name,
        f"{row.size:,}" if row.size else "",
        _show(row.modules, 0),
        _show(None if row.allocated is None else row.allocated / 1e6, 1),
        ", ".join(plain),
        ", ".join(opened),
    )


def _show(figure: float | None, digits: int) -> str:
    return "" if figure is None else f"{figure:.{digits}f}"


def _show_limit(verdict: Verdict) -> str:
    return f"{verdict.limit:g} {verdict.unit}".strip()


def _draw(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Draw a table whose columns are in line; numbers stand at the right."""
    cells = [heads, *rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(heads))]
    lines = [
        "| " + " | ".join(_fill(each, column, widths) for column, each in enumerate(row)) + " |"
        for row in cells
    ]
    rule = (
        "|"
        + "|".join("-" * (width + 1) + ("-" if not column else ":") for column, width in enumerate(widths))
        + "|"
    )
    return "\n".join([lines[0], rule, *lines[1:]]) + "\n"


def _fill(text: str, column: int, widths: Sequence[int]) -> str:
    return text.rjust(widths[column]) if column else text.ljust(widths[column])
