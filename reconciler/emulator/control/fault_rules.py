"""Fault rules: which requests each fault strikes, and how often.

A rule matches requests by method, path and sender, skips the first `skip` of them, and strikes the next
`times`. `fault_injection` applies the fault.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Literal, get_args

from reconciler.emulator.control import concurrent_writer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.emulator.control.concurrent_writer import Write
    from reconciler.emulator.control.config_tables import ConfigTable

Kind = Literal[
    "latency",
    "refuse",
    "reset",
    "timeout",
    "truncate",
    "status",
    "expire",
    "writer",
    "conflict",
    "overlap",
    "late",
    "unacknowledged",
    "restart",
    "metadata",
]
When = Literal["before", "after"]
Sender = Literal["anyone", "client", "register"]
HANG_SECONDS = 3600.0
"""How long a request hangs unless set: longer than any client waits."""
_SECONDS: Mapping[Kind, float] = {
    "latency": 0.05,
    "refuse": 0.5,
    "timeout": HANG_SECONDS,
    "overlap": 0.2,
    "late": 1.0,
}
_STATUSES: Mapping[Kind, int] = {"late": 500}


@dataclass(slots=True)
class FaultRule:
    """One fault, with how many requests it has seen and struck."""

    kind: Kind
    method: str = "*"
    paths: tuple[str, ...] = ("*",)
    when: When = "before"
    sender: Sender = "client"
    times: int = 1
    """How many requests it strikes; 0 is all of them."""
    skip: int = 0
    """How many matching requests it skips first."""
    seconds: float = 0.0
    status: int = 503
    retry_after: str | None = None
    body: str | None = None
    write: Write | None = None
    number: int = 0
    seen: int = 0
    struck: int = 0

    def matches(self, sender: Sender, method: str, path: str) -> bool:
        """Say whether a request matches."""
        return (
            self.sender in {"anyone", sender}
            and self.method in {"*", method}
            and any(fnmatchcase(path, pattern) for pattern in self.paths)
        )

    def show(self) -> dict[str, object]:
        """Give the fault as the control endpoint lists it."""
        return {
            "number": self.number,
            "fault": self.kind,
            "method": self.method,
            "path": list(self.paths),
            "when": self.when,
            "from": self.sender,
            "times": self.times,
            "skip": self.skip,
            "seen": self.seen,
            "struck": self.struck,
        }

    def __str__(self) -> str:
        """Name the fault for the access log."""
        what = f"status {self.status}" if self.kind == "status" else self.kind
        return f"{what} {self.when}"


@dataclass(slots=True)
class FaultRules:
    """All faults, in the order in which they were added."""

    faults: list[FaultRule] = field(default_factory=list)
    _count: int = 0

    def add(self, fault: FaultRule) -> None:
        """Add a fault and number it."""
        self._count += 1
        fault.number = self._count
        self.faults.append(fault)

    def remove(self, number: int | None = None) -> None:
        """Remove one fault, or all of them."""
        self.faults = [fault for fault in self.faults if number is not None and fault.number != number]

    def take(self, sender: Sender, method: str, path: str) -> list[FaultRule]:
        """List the faults that strike this request, and count them."""
        struck: list[FaultRule] = []
        for fault in self.faults:
            if not fault.matches(sender, method, path):
                continue
            fault.seen += 1
            if fault.seen > fault.skip and (fault.times == 0 or fault.struck < fault.times):
                fault.struck += 1
                struck.append(fault)
        return struck


def read_fault(table: ConfigTable) -> FaultRule:
    """Read a fault from the configuration or from the control endpoint."""
    kind = table.choice("fault", get_args(Kind), "latency")
    if not table.has("fault"):
        table.refuse("fault", "is missing")
    usual_when: When = "after" if kind in {"refuse", "truncate"} else "before"
    if kind == "truncate" and table.value("when") == "before":
        table.refuse("when", "an answer is truncated after it was made")
    path, retry_after = table.value("path"), table.value("retry_after")
    fault = FaultRule(
        kind=kind,
        method=table.text("method", "*").upper(),
        paths=table.texts("path") if isinstance(path, list | tuple) else (table.text("path", "*"),),
        when=table.choice("when", get_args(When), usual_when),
        sender=table.choice("from", get_args(Sender), "client"),
        times=table.count("times", 1),
        skip=table.count("skip", 0),
        seconds=table.number("seconds", _SECONDS.get(kind, 0.0)),
        status=table.count("status", _STATUSES.get(kind, 503)),
        retry_after=None if retry_after is None else str(retry_after),
        body=table.text("body") if table.has("body") else None,
        write=concurrent_writer.read_write(table.table("write")) if kind == "writer" else None,
    )
    table.finish()
    return fault
