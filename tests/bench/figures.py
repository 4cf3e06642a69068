"""Figures of a row: medians, spread, ratios of runs of the same round, peaks, growth."""

from __future__ import annotations

from math import log
from statistics import median
from typing import TYPE_CHECKING

from tests.bench.cases import OURS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.bench.measuring import Row

GROWS_FROM = 100
"""The smallest size of the growth exponent; below it the start counts more than the systems."""


def find_median(row: Row, who: str) -> float | None:
    """Give the median of the seconds."""
    samples = row.samples.get(who)
    return median(each.seconds for each in samples) if samples else None


def find_spread(row: Row, who: str) -> tuple[float, float] | None:
    """Give the shortest and the longest run in seconds."""
    samples = row.samples.get(who)
    return (min(each.seconds for each in samples), max(each.seconds for each in samples)) if samples else None


def find_ratio(row: Row, to: str) -> float | None:
    """Give the median of the ratios of runs of the same round, which other load on the machine disturbs least."""
    ours, others = row.samples.get(OURS), row.samples.get(to)
    if not ours or not others:
        return None
    return median(own.seconds / other.seconds for own, other in zip(ours, others, strict=True))


def find_peak(row: Row, who: str) -> int | None:
    """Give the largest peak memory in bytes."""
    samples = row.samples.get(who)
    return max(each.peak for each in samples) if samples else None


def find_growth(rows: Sequence[Row], name: str) -> float | None:
    """Give the exponent with which a case's time grows from `GROWS_FROM` systems to the most."""
    times = {row.size: find_median(row, OURS) for row in rows if row.case.name == name}
    first, last = times.get(GROWS_FROM), times.get(max(times, default=0))
    if not first or not last or max(times) == GROWS_FROM:
        return None
    return log(last / first) / log(max(times) / GROWS_FROM)
