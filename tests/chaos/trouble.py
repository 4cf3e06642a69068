"""What goes wrong in a run, and at which moment: data only, chosen by a round's random numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from random import Random

Kind = Literal["signal", "status", "reset", "lost", "garbage", "half", "slow", "writer"]
Phase = Literal["before", "after", "later"]

STATUSES = (500, 500, 502, 503, 504, 401, 429, 403, 409, 400, 404)
FILTERS = ("any", "write", "POST", "PUT", "DELETE", "document", "changelog", "list", "metadata", "users")
"""The requests among which a moment is counted."""


@dataclass
class Strike:
    """Something that happens to a request, or at the moment of one."""

    kind: Kind
    among: str
    """One of `FILTERS`."""
    skip: int
    """How many matching requests pass before."""
    phase: Phase
    """Before the register has the request, after it has answered it, or answered now and passed on later."""
    times: int = 1
    """How many matching requests in a row are struck."""
    status: int = 0
    signal: str = ""
    drops: bool = False
    """Whether the request at which the program was killed never reaches the register."""
    writes: str = ""
    """What another writer does: `put`, `delete`, `create`, `claim`; and as whom."""
    own_client: bool = False
    """Whether the other writer comes with the program's own client, as a second machine does."""
    elsewhere: bool = False
    """Whether it writes to some other system than the one that the request is about."""
    toward: str = ""
    """`next` or `previous`: whose system another writer has to take, and none else."""
    delay: float = 0.0
    seen: int = 0
    struck: int = 0

    def __str__(self) -> str:
        """Say it in a line."""
        parts = [self.kind, self.signal, str(self.status or ""), self.writes]
        parts.append("own client" if self.own_client else "")
        parts.append("elsewhere" if self.elsewhere else "")
        parts.append("dropped" if self.drops else "")
        parts.append(self.toward)
        parts.append(f"{self.phase} {self.among} {self.skip + 1}")
        parts.append(f"× {self.times}" if self.times > 1 else "")
        parts.append(f"after {self.delay:.2f} s" if self.delay else "")
        return " ".join(filter(None, parts))


@dataclass
class Trouble:
    """Everything that goes wrong in one run."""

    strikes: list[Strike] = field(default_factory=list)
    disk: int | None = None
    """Bytes that are left on the disk of the run's own folder."""
    stdout: str = ""
    """`closed`, `full`, or `early` for a pipe whose reader is gone; empty for a whole one."""
    stderr: str = ""
    signal: str = ""
    """Sent after `delay` seconds, whatever the program is doing then."""
    delay: float = 0.0
    tokens: str = ""
    """A fault of Maskinporten's: `status` or `expire`."""

    def __str__(self) -> str:
        """Say it in a line."""
        parts = [str(each) for each in self.strikes]
        parts += [f"{self.disk} bytes of disk"] if self.disk is not None else []
        parts += [f"stdout {self.stdout}"] if self.stdout else []
        parts += [f"stderr {self.stderr}"] if self.stderr else []
        parts += [f"{self.signal} after {self.delay:.2f} s"] if self.signal else []
        parts += [f"token {self.tokens}"] if self.tokens else []
        return "; ".join(parts) or "calm"

    @property
    def is_late(self) -> bool:
        """Whether a request is carried out after its answer."""
        return any(each.phase == "later" for each in self.strikes)

    @property
    def is_mute(self) -> bool:
        """Whether some of what is printed cannot be read."""
        return bool(self.stdout or self.stderr)


def choose(dice: Random, size: int, *, second: bool = False) -> Trouble:
    """Choose what goes wrong in a run of so many changes; a `second` run has fewer requests."""
    trouble = Trouble()
    for _ in range(1 if second or dice.random() < 0.7 else 2):
        _add(trouble, dice, max(size // 4, 1) if second else size)
    return trouble


def _add(trouble: Trouble, dice: Random, size: int) -> None:
    kind = dice.choices(
        ("signal", "clock", "disk", "pipe", "token", "fault", "late", "writer"), (18, 6, 9, 9, 3, 25, 8, 32)
    )[0]
    if kind == "signal":
        name = dice.choice(("KILL", "KILL", "TERM", "INT", "HUP"))
        among, skip, phase = _a_moment(dice, size)
        drops = name == "KILL" and phase == "before" and dice.random() < 0.5
        trouble.strikes.append(Strike("signal", among, skip, phase, signal=name, drops=drops))
    elif kind == "clock":
        trouble.signal = dice.choice(("KILL", "TERM", "INT", "HUP"))
        trouble.delay = dice.uniform(0.0, 2.5)
    elif kind == "disk":
        trouble.disk = int(dice.triangular(0, size * 6000, size * 1500))
    elif kind == "pipe":
        which = dice.choice(("stdout", "stdout", "stderr"))
        setattr(trouble, which, dice.choice(("closed", "full", "early")))
    elif kind == "token":
        trouble.tokens = dice.choice(("status", "expire"))
    elif kind == "fault":
        trouble.strikes.append(_a_fault(dice, size))
    elif kind == "late":
        among = dice.choice(("write", "POST", "PUT", "DELETE"))
        what: Kind = dice.choice(("status", "reset", "lost"))
        status = dice.choice((502, 503, 504)) if what == "status" else 0
        skip, delay = dice.randrange(max(size // 4, 1)), dice.uniform(0.05, 0.4)
        trouble.strikes.append(Strike(what, among, skip, "later", status=status, delay=delay))
    else:
        for _ in range(dice.choice((1, 1, 2, 3))):
            trouble.strikes.append(_a_writer(dice, size))


def _a_moment(dice: Random, size: int) -> tuple[str, int, Phase]:
    among = dice.choice(("any", "any", "write", "write", "write", "changelog", "document"))
    number = {"any": size * 11, "write": size, "changelog": size * 3, "document": size * 5}[among]
    phase: Phase = dice.choice(("before", "after"))
    return among, dice.randrange(number), phase


def _a_fault(dice: Random, size: int) -> Strike:
    among = dice.choices(FILTERS, (3, 8, 2, 4, 2, 4, 4, 1, 2, 1))[0]
    number = {"any": size * 11, "write": size, "document": size * 4, "changelog": size * 3, "list": 1}
    skip = dice.randrange(number.get(among, max(size // 4, 1)))
    kind: Kind = dice.choice(("status", "status", "status", "reset", "lost", "garbage", "half", "slow"))
    phase: Phase = "after" if kind in {"half", "slow"} else dice.choice(("before", "after"))
    status = dice.choice(STATUSES) if kind == "status" else 0
    times = dice.choice((1, 1, 1, 2, 4))
    return Strike(kind, among, skip, phase, times=times, status=status)


def _a_writer(dice: Random, size: int) -> Strike:
    among, skip, phase = _a_moment(dice, size)
    writes = dice.choices(("put", "delete", "create", "claim"), (10, 2, 2, 3))[0]
    if writes in {"create", "claim"}:
        among, skip, phase = dice.choice(("write", "POST")), dice.randrange(max(size // 4, 1)), "before"
    own = writes == "put" and dice.random() < 0.2
    elsewhere = dice.random() < 0.4
    return Strike("writer", among, skip, phase, writes=writes, own_client=own, elsewhere=elsewhere)
