"""One run of the program as a person or a job starts it: how it is hit, and what it said."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from tests.chaos.register import KID, State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.chaos.others import Others
    from tests.chaos.proxy import Exchange, Proxy
    from tests.chaos.register import Key
    from tests.chaos.trouble import Strike, Trouble

LONGEST = 100.0
"""Seconds after which a run counts as hanging."""
_SHOWN = 250
"""Lines of an output that are shown; a whole plan is longer."""
WORDS = ("done", "failed", "stale", "unknown", "not tried")


@dataclass
class Said:
    """What the program said became of one change."""

    id: str
    word: str
    reason: str = ""
    differs: list[dict[str, Any]] | None = None
    """None where that is not said: a line of progress."""


@dataclass
class Run:
    """One command, what struck it, and what is known of it: the director of the proxy while it runs."""

    number: int
    words: tuple[str, ...]
    trouble: Trouble
    others: Others
    folder: Path
    exchanges: list[Exchange] = field(default_factory=list)
    code: int | None = None
    """None where it did not end."""
    out: str = ""
    err: str = ""
    report: str = ""
    """What stands in the file of `--report`."""
    seconds: float = 0.0
    before: State = field(default_factory=lambda: State({}, {}))
    after: State = field(default_factory=lambda: State({}, {}))
    pid: int = 0
    owed: int = 0
    _began: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _started: threading.Event = field(default_factory=threading.Event)

    @property
    def verb(self) -> str:
        """The verb."""
        return self.words[0]

    @property
    def patience(self) -> float:
        """Seconds for which a write without an answer may still come."""
        return float(self.words[self.words.index("--patience") + 1]) if "--patience" in self.words else 60.0

    @property
    def wrote(self) -> bool:
        """Whether it sent a write."""
        return any(each.is_write for each in self.exchanges)

    @property
    def was_killed(self) -> bool:
        """Whether it ended by a signal."""
        return self.code is None or self.code < 0

    @property
    def printed(self) -> str:
        """Everything that could be read of it."""
        return f"{self.out}\n{self.err}\n{self.report}"

    def now(self) -> float:
        """Give the seconds since it began."""
        return time.monotonic() - self._began

    def owe(self, number: int) -> None:
        """Count the requests that are still to be passed on."""
        with self._lock:
            self.owed += number

    def find(self, exchange: Exchange) -> list[Strike]:
        """Take a request into the list, and find what strikes it."""
        with self._lock:
            exchange.previous = self.exchanges[-1].system if self.exchanges else ""
            self.exchanges.append(exchange)
            exchange.number = len(self.exchanges)
            found = []
            for strike in self.trouble.strikes:
                if not exchange.belongs(strike.among):
                    continue
                strike.seen += 1
                if strike.seen > strike.skip and strike.struck < strike.times:
                    strike.struck += 1
                    found.append(strike)
            return found

    def act(self, strike: Strike, exchange: Exchange) -> None:
        """Send a signal, or let somebody else write."""
        if strike.kind == "signal":
            self._started.wait(5)
            self._kill(strike.signal)
        elif not self.others.write(strike, exchange, self.number):
            exchange.notes.append("nothing to write")
            if not strike.toward:
                strike.struck -= 1  # at the next such request, then

    def _kill(self, name: str) -> None:
        try:
            os.kill(self.pid, signal.Signals[f"SIG{name}"])
        except ProcessLookupError:
            return

    def carry_out(self, proxy: Proxy, environ: dict[str, str], root: Path) -> None:
        """Run the program, and wait until nothing that it sent is under way any more."""
        self._began = time.monotonic()
        proxy.director = self
        words = [sys.executable, "-m", "reconciler", *self.words]
        with _open_streams(self.trouble) as streams:
            process = subprocess.Popen(
                [*_wrap(self.trouble), *words],
                cwd=root,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=streams.out,
                stderr=streams.err,
                text=True,
            )
            self.pid = process.pid
            self._started.set()
            streams.give_away()
            timer = threading.Timer(self.trouble.delay, self._kill, (self.trouble.signal,))
            if self.trouble.signal:
                timer.start()
            try:
                self.out, self.err = (each or "" for each in process.communicate(timeout=LONGEST))
            except subprocess.TimeoutExpired:
                process.kill()
                self.out, self.err = (each or "" for each in process.communicate())
                self.err += "\n(chaos: it hung)"
            else:
                self.code = process.returncode
            timer.cancel()
        self.seconds = self.now()
        self.settle()

    def settle(self) -> None:
        """Wait until the register has answered everything that is under way."""
        until = time.monotonic() + 10
        while time.monotonic() < until and (self.owed or any(not each.ended for each in self.exchanges)):
            time.sleep(0.005)

    def read_report(self, path: Path) -> None:
        """Read what was saved with `--report`."""
        self.report = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""

    def read_said(self) -> tuple[list[Said], list[Said], list[str]]:
        """Read the outcomes of the report and of the lines of progress, and what is wrong with both."""
        problems: list[str] = []
        found: list[list[Said]] = []
        for name, text in (("stdout", self.out), ("--report", self.report)):
            if text.lstrip().startswith("{"):
                try:
                    found.append(_read_json(text))
                except ValueError:
                    if not self.was_killed and self.trouble.disk is None:
                        problems.append(f"{name} is not whole JSON")
            elif name == "stdout":
                found.append(list(_read_text(text)))
        shown = [each for each in found if each]
        keys = [{(said.id, said.word) for said in each} for each in shown]
        if len(keys) == 2 and keys[0] != keys[1]:
            problems.append("stdout and --report say different things")
        progress = [Said(name, word) for word, name in _PROGRESS.findall(self.err)]
        return shown[0] if shown else [], progress, problems

    def tell(self) -> Iterator[str]:
        """Say everything about it, for a person who looks for the cause."""
        yield f"--- run {self.number}: reconciler {' '.join(self.words)}"
        yield f"    trouble: {self.trouble}; ended with {self.code} after {self.seconds:.2f} s"
        yield from (f"    {each}" for each in self.exchanges)
        for name, text in (("stdout", self.out), ("stderr", self.err), ("report", self.report)):
            lines = text.splitlines()
            yield from (f"    {name} | {line}" for line in lines[:_SHOWN])
            if len(lines) > _SHOWN:
                yield f"    {name} | … {len(lines) - _SHOWN} lines more"


_WORDS = "|".join(WORDS)
_PROGRESS = re.compile(rf"^({_WORDS}): (\S+)$", re.MULTILINE)
_HEAD = re.compile(rf"^({_WORDS}) +(?:create|update|delete) (\S+)$")


def _read_json(text: str) -> list[Said]:
    return [
        Said(each["id"], each["outcome"], f"{each['reason']} {each['hint']}".strip(), each["differs"])
        for each in json.loads(text).get("outcomes", ())
    ]


def _read_text(text: str) -> Iterator[Said]:
    said: Said | None = None
    for line in text.splitlines():
        head = _HEAD.match(line)
        if head:
            if said is not None:
                yield said
            said = Said(head[2], head[1], "", [])
        elif said is not None and line.startswith("    ") and said.differs is not None:
            field_line = re.match(r"    [-+~] ", line) is not None
            said.differs += [{"line": line}] if field_line else []
            said.reason += "" if field_line else f" {line.strip()}"
    if said is not None:
        yield said


def make_environ(root: Path, client: str, key: Key) -> dict[str, str]:
    """Make the variables of a job that has credentials, and nothing else."""
    return {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(root / "home"),
        "XDG_STATE_HOME": str(root / "state"),
        "LANG": "C.UTF-8",
        "RECONCILER_ENVIRONMENT": "served",
        "MASKINPORTEN_CLIENT_ID": client,
        "MASKINPORTEN_PRIVATE_KEY": key.pem,
        "MASKINPORTEN_KID": KID,
    }


class _Streams:
    """The program's two outputs, and the ends of pipes that are to be closed."""

    def __init__(self, trouble: Trouble) -> None:
        self.ours: list[int] = []
        self.out = self._open(trouble.stdout)
        self.err = self._open(trouble.stderr)

    def _open(self, how: str) -> int:
        if how == "full":
            self.ours.append(os.open("/dev/full", os.O_WRONLY))
            return self.ours[-1]
        if how in {"early", "head"}:
            reading, writing = os.pipe()
            self.ours.append(writing)
            if how == "head":
                threading.Thread(target=_read_one, args=(reading,), daemon=True).start()
            else:
                os.close(reading)
            return writing
        return subprocess.PIPE

    def give_away(self) -> None:
        """Close what only the program is to have."""
        for each in self.ours:
            os.close(each)
        self.ours.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.give_away()


def _read_one(descriptor: int) -> None:
    """Read a little and go away, as `head` does."""
    try:
        os.read(descriptor, 100)
    finally:
        os.close(descriptor)


def _open_streams(trouble: Trouble) -> _Streams:
    return _Streams(trouble)


def _wrap(trouble: Trouble) -> list[str]:
    """Let a shell close what is to be closed, and become the program."""
    closed = {"stdout": ">&-", "stderr": "2>&-"}
    how = [word for name, word in closed.items() if getattr(trouble, name) == "closed"]
    limit = f"ulimit -f {trouble.disk // 512}; " if trouble.disk is not None and not can_mount() else ""
    return ["sh", "-c", f'{limit}exec "$@" {" ".join(how)}', "sh"] if how or limit else []


def can_mount() -> bool:
    """Say whether a file system can be mounted, so that a full disk is a real one."""
    global _MOUNTS  # noqa: PLW0603 - found out once
    if _MOUNTS is None:
        _MOUNTS = os.geteuid() == 0 and _try_mount()
    return _MOUNTS


_MOUNTS: bool | None = None


def _try_mount() -> bool:
    from tempfile import TemporaryDirectory  # noqa: PLC0415 - here only

    with TemporaryDirectory() as folder:
        return mount(Path(folder), 64 * 1024) and unmount(Path(folder))


def mount(folder: Path, size: int) -> bool:
    """Mount an empty file system of so many bytes; says whether that could be done."""
    words = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "chaos", str(folder)]
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


def unmount(folder: Path) -> bool:
    """Unmount it."""
    return subprocess.run(["umount", str(folder)], capture_output=True, check=False).returncode == 0  # noqa: S607 - of the system
