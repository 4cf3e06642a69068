"""What must hold of the figures: each limit with the figure of this run, and whether it holds."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from statistics import median
from typing import TYPE_CHECKING

from tests.bench.cases import LEAST, OURS, RIVAL
from tests.bench.figures import find_growth, find_median, find_peak, find_ratio

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.bench.measuring import Row

    Rows = dict[tuple[str, int], Row]

_THOUSAND, _TEN_THOUSAND = 1000, 10_000
_PLAN, _CHANGED = "plan, nothing to do", "plan, all changed"
_FAR = f"{_PLAN}, 50 ms"
_TOUCHED = "plan --base, one changed, 50 ms"
_MB = 1e6


@dataclass(frozen=True)
class Verdict:
    """One limit; the figure is None where it was not measured."""

    what: str
    limit: float
    figure: float | None
    unit: str = ""

    @property
    def word(self) -> str:
        """Say whether it holds."""
        if self.figure is None:
            return "not measured"
        return "holds" if round(self.figure, 3) <= self.limit else "**over**"

    def write(self) -> dict[str, object]:
        """Give it as JSON has it."""
        return {**asdict(self), "verdict": self.word.strip("*")}


def judge(rows: Sequence[Row], workers: int) -> list[Verdict]:
    """Compare the figures with every limit; `workers` is how many connections a plan may open."""
    known = {(row.case.name, row.size): row for row in rows}
    return [*_judge_start(known), *_judge_plan(known), *_judge_size(known), *_judge_requests(known, workers)]


def _judge_start(rows: Rows) -> Iterator[Verdict]:
    for name in ("--version", "--help"):
        yield _limit(f"`{name}` ÷ importing typer", 1.1, rows, (name, 0), _to_floor)
    for size, limit in ((10, 1.3), (_THOUSAND, 1.5)):
        what = f"`validate` of {size:,} ÷ composing them"
        yield _limit(what, limit, rows, ("validate", size), _to_floor)
    yield Verdict(
        "`validate` of 10,000 ÷ of 1,000",
        10.5,
        _divide(rows, ("validate", _TEN_THOUSAND), ("validate", _THOUSAND)),
    )


def _judge_plan(rows: Rows) -> Iterator[Verdict]:
    for name, where, limit in ((_PLAN, "without latency", 1.25), (_FAR, "at 50 ms", 1.03)):
        yield _limit(f"`plan` of 1,000 {where} ÷ floor", limit, rows, (name, _THOUSAND), _to_floor)
        yield _limit(f"`plan` of 1,000 {where} ÷ octoDNS", 1.0, rows, (name, _THOUSAND), _to_octodns)
    for by in ("", " by others"):
        for far, where in (("", "without latency"), (", 50 ms", "at 50 ms")):
            figure = _divide(rows, (f"{_CHANGED}{by}{far}", _THOUSAND), (f"{_PLAN}{far}", _THOUSAND))
            yield Verdict(f"`plan`, all 1,000 changed{by} ÷ nothing to do, {where}", 1.5, figure)
    yield _limit("`plan --base`, 1 of 1,000 at 50 ms", 0.7, rows, (_TOUCHED, _THOUSAND), _seconds, "s")


def _judge_size(rows: Rows) -> Iterator[Verdict]:
    for name in ("validate", _PLAN):
        for size, limit in ((_THOUSAND, 80.0), (_TEN_THOUSAND, 150.0)):
            yield _limit(f"peak memory, `{name}` of {size:,}", limit, rows, (name, size), _peak, "MB")
        yield Verdict(f"growth exponent, `{name}`", 1.02, find_growth(list(rows.values()), name))


def _judge_requests(rows: Rows, workers: int) -> Iterator[Verdict]:
    row = rows.get((_PLAN, _THOUSAND))
    asked = None if row is None else row.samples[OURS][-1].requests
    for name, limit in (("list", 1), ("system", _THOUSAND), ("token", 1)):
        figure = None if asked is None else float(asked.get(name, 0))
        yield Verdict(f"`plan` of 1,000, requests: {name}", limit, figure)
    other = {"list", "system", "token", "connections to register", "connections to token"}
    figure = None if asked is None else float(sum(asked[each] for each in asked if each not in other))
    yield Verdict("`plan` of 1,000, other requests", 0, figure)
    opened = None if asked is None else float(asked["connections to register"])
    yield Verdict("`plan` of 1,000, connections", workers, opened)


def _limit(
    what: str,
    limit: float,
    rows: Rows,
    key: tuple[str, int],
    figure: Callable[[Row], float | None],
    unit: str = "",
) -> Verdict:
    return Verdict(what, limit, figure(rows[key]) if key in rows else None, unit)


def _to_floor(row: Row) -> float | None:
    return find_ratio(row, LEAST)


def _to_octodns(row: Row) -> float | None:
    return find_ratio(row, RIVAL)


def _seconds(row: Row) -> float | None:
    return find_median(row, OURS)


def _peak(row: Row) -> float | None:
    peak = find_peak(row, OURS)
    return None if peak is None else peak / _MB


def _divide(rows: Rows, above: tuple[str, int], below: tuple[str, int]) -> float | None:
    """Divide the medians of two rows."""
    if above not in rows or below not in rows:
        return None
    return median(each.seconds for each in rows[above].samples[OURS]) / median(
        each.seconds for each in rows[below].samples[OURS]
    )
