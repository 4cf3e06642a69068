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
    """Seconds between the answer and the moment when the register gets the request."""
    hold: float = 0.0
    """Seconds before the answer."""
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
        parts.append(f"held {self.hold:.0f} s" if self.hold else "")
        parts.append(f"after {self.delay:.2f} s" if self.delay else "")
        return " ".join(filter(None, parts))


@dataclass
class Trouble:
    """Everything that goes wrong in one run."""

    strikes: list[Strike] = field(default_factory=list)
    disk: int | None = None
    """Bytes that are left on the disk of the run's own folder."""
    stdout: str = ""
    """`closed`, `full`, `early` for a pipe without a reader, `head` for one who goes soon; empty for a whole one."""
    stderr: str = ""
    signal: str = ""
    """Sent after `delay` seconds, whatever the program is doing then."""
    delay: float = 0.0
    tokens: str = ""
    """A fault of Maskinporten's, `status` or `expire`; or of the register's: dead keys, a restart, its look-ups."""

    def __str__(self) -> str:
        """Say it in a line."""
        parts = [str(each) for each in self.strikes]
        parts += [f"{self.disk} bytes of disk"] if self.disk is not None else []
        parts += [f"stdout {self.stdout}"] if self.stdout else []
        parts += [f"stderr {self.stderr}"] if self.stderr else []
        parts += [f"{self.signal} after {self.delay:.2f} s"] if self.signal else []
        parts += [f"token {self.tokens}"] if self.tokens else []
        return "; ".join(parts) or "calm"

    def make_fault(self, dice: Random) -> dict[str, object]:
        """Make the fault that `tokens` names, as the emulator is given it."""
        skip = dice.randrange(60)
        if self.tokens == "status":
            return {"fault": "status", "path": "/maskinporten/token", "times": 2}
        if self.tokens == "registry":
            status, body = dice.choice(
                ((401, ""), (429, ""), (503, ""), (200, "null"), (200, "{}"), (200, "<html>"))
            )
            answer = {"status": status, "body": body, "times": dice.choice((1, 3, 9))}
            paths = ["/resourceregistry/*", "/accessmanagement/*"]
            return {"fault": "status", "from": "register", "path": paths, "skip": skip, **answer}
        return {"fault": self.tokens, "path": "*/vendor/*", "skip": skip}

    @property
    def is_mute(self) -> bool:
        """Whether some of what is printed cannot be read."""
        return bool(self.stdout or self.stderr)


class Chooser:
    """Chooses what goes wrong in a run that sends so many writes."""

    def __init__(self, dice: Random, writes: int, seconds: float, *, reads: bool = False) -> None:
        self.dice = dice
        self.writes = max(writes, 1)
        self.seconds = seconds
        """How long the run takes, about."""
        self.reads = reads
        """Whether it only reads."""
        self.trouble = Trouble()

    def choose(self, number: int = 1) -> Trouble:
        """Choose so many things."""
        kinds = {
            self.add_signal: 16,
            self.add_clock: 6,
            self.add_disk: 9,
            self.add_pipe: 9,
            self.add_token: 3,
            self.add_fault: 24,
            self.add_late: 0 if self.reads else 8,
            self.add_overlap: 0 if self.reads else 5,
            self.add_writers: 30,
        }
        for add in self.dice.choices(list(kinds), list(kinds.values()), k=number):
            add()
        return self.trouble

    def add_kill(self) -> Trouble:
        """Kill it at a write, so that something is left open."""
        among = self.dice.choice(("write", "PUT"))
        skip = self.dice.randrange(self.count(among))
        phase: Phase = self.dice.choice(("before", "after"))
        drops = phase == "before" and self.dice.random() < 0.5
        self.trouble.strikes.append(Strike("signal", among, skip, phase, signal="KILL", drops=drops))
        return self.trouble

    def add_signal(self) -> None:
        """Send a signal at a request."""
        name = self.dice.choice(("KILL", "KILL", "TERM", "INT", "HUP"))
        among, skip, phase = self.a_moment()
        drops = name == "KILL" and phase == "before" and self.dice.random() < 0.5
        self.trouble.strikes.append(Strike("signal", among, skip, phase, signal=name, drops=drops))

    def add_clock(self) -> None:
        """Send a signal whatever it is doing."""
        self.trouble.signal = self.dice.choice(("KILL", "TERM", "INT", "HUP"))
        self.trouble.delay = self.dice.uniform(0.0, self.seconds)

    def add_disk(self) -> None:
        """Let the disk be full soon."""
        self.trouble.disk = int(self.dice.triangular(0, self.writes * 6000, self.writes * 1500))

    def add_pipe(self) -> None:
        """Take an output away, or both."""
        which = self.dice.choice((("stdout",), ("stdout",), ("stderr",), ("stdout", "stderr")))
        for each in which:
            setattr(self.trouble, each, self.dice.choice(("closed", "full", "early", "head")))

    def add_token(self) -> None:
        """Let Maskinporten fail, or a token end, or what the register itself needs be out."""
        self.trouble.tokens = self.dice.choice(("status", "expire", "metadata", "restart", "registry"))

    def add_late(self) -> None:
        """Let a request be carried out after its answer."""
        among = self.dice.choice(("write", "POST", "PUT", "DELETE"))
        kind: Kind = self.dice.choice(("status", "reset", "lost"))
        status = self.dice.choice((502, 503, 504)) if kind == "status" else 0
        skip, delay = self.dice.randrange(max(self.writes // 4, 1)), self.dice.uniform(0.05, 0.4)
        hold = 0.0
        if self.dice.random() < 0.1:  # contract §9.3: a 500 that took so long can be followed by the write
            kind, status, hold = "status", 500, 25.5
        self.trouble.strikes.append(Strike(kind, among, skip, "later", status=status, delay=delay, hold=hold))

    def add_overlap(self) -> None:
        """Let a write lose against another one at the same moment: 500, and not done (contract §9.4)."""
        skip = self.dice.randrange(max(self.writes // 2, 1))
        self.trouble.strikes += [
            Strike("writer", "PUT", skip, "before", writes="put", own_client=self.dice.random() < 0.3),
            Strike("status", "PUT", skip, "before", status=500),
        ]

    def add_fault(self) -> None:
        """Let one request fail, or some in a row."""
        dice = self.dice
        among = dice.choices(
            FILTERS, (3, 0, 0, 0, 0, 4, 4, 0, 0, 0) if self.reads else (3, 8, 2, 4, 2, 4, 4, 1, 2, 1)
        )[0]
        kind: Kind = dice.choice(("status", "status", "status", "reset", "lost", "garbage", "half", "slow"))
        phase: Phase = "after" if kind in {"half", "slow"} else dice.choice(("before", "after"))
        status = dice.choice(STATUSES) if kind == "status" else 0
        times = dice.choice((1, 1, 1, 2, 4))
        skip = 0 if among == "list" else dice.randrange(self.count(among))
        self.trouble.strikes.append(Strike(kind, among, skip, phase, times=times, status=status))

    def add_writers(self) -> None:
        """Let others write, once or some times."""
        for _ in range(self.dice.choice((1, 1, 2, 3))):
            among, skip, phase = self.a_moment()
            writes = self.dice.choices(("put", "delete", "create", "claim"), (10, 2, 2, 3))[0]
            if writes in {"create", "claim"} and not self.reads:
                among, phase = self.dice.choice(("write", "POST")), "before"
                skip = self.dice.randrange(max(self.writes // 4, 1))
            own = writes == "put" and self.dice.random() < 0.2
            elsewhere = self.dice.random() < 0.4
            self.trouble.strikes.append(
                Strike("writer", among, skip, phase, writes=writes, own_client=own, elsewhere=elsewhere)
            )

    def a_moment(self) -> tuple[str, int, Phase]:
        """Choose a request, and before or after it."""
        write = "any" if self.reads else "write"
        among = self.dice.choice(("any", "any", write, write, write, "changelog", "document"))
        phase: Phase = self.dice.choice(("before", "after"))
        return among, self.dice.randrange(self.count(among)), phase

    def count(self, among: str) -> int:
        """Estimate how many such requests there are."""
        shares = {"any": 7.0, "write": 1.0, "changelog": 2.0, "document": 3.5, "PUT": 0.5}
        return max(int(self.writes * shares.get(among, 0.25)), 1)
