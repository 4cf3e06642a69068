"""Runs each case in turn with its floor and with octoDNS, and holds every result against the expected one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from shutil import rmtree
from typing import TYPE_CHECKING

from tests.bench.cases import FLOOR, HERE, LEAST, OCTODNS, OURS, PROGRAM, RIVAL, Site
from tests.bench.corpus import make_corpus, touch
from tests.bench.served_register import serve_register
from tests.served import CLIENT_ID, KID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from reconciler.model.canonical_json import Json
    from tests.bench.cases import Case
    from tests.bench.corpus import Corpus

ROOT = HERE.parent.parent
LARGE, MOST_ROUNDS_OF_LARGE = 10_000, 3
"""Where one run takes long, there are fewer of them."""
MOST_TRACED = 1000
"""The largest size whose allocations are traced, which takes several times as long as a run."""


class WrongResult(Exception):
    """A run did something else than it was asked for, so its time says nothing."""


@dataclass(frozen=True)
class Sample:
    """One run: seconds, seconds of processor time, peak memory in bytes, and what the register was asked for."""

    seconds: float
    processor: float
    peak: int
    requests: dict[str, int]


@dataclass
class Row:
    """A case at one size: the runs of each who took part, round by round."""

    case: Case
    size: int
    samples: dict[str, list[Sample]] = field(default_factory=dict)
    allocated: int | None = None
    """Traced memory at its peak in bytes, of a run of its own."""
    modules: int | None = None


@dataclass(frozen=True)
class Client:
    """Who signs grants: a private key as PEM, and its public half as JWK."""

    pem: str
    jwk: Mapping[str, str]


@dataclass
class Bench:
    """A folder with all files, and how often and with what everything is run."""

    folder: Path
    client: Client
    workers: int
    rounds: int
    note: Callable[[str], None]
    with_octodns: bool = True
    with_counts: bool = True
    _corpora: dict[str, Corpus] = field(default_factory=dict)

    def find_corpus(self, size: int, edits: str = "") -> Corpus:
        """Give the files of a size, and make them at the first call."""
        name = f"{edits}{size}"
        if name not in self._corpora:
            self._corpora[name] = make_corpus(
                self.folder / name, size, workers=self.workers, is_rewritten=edits == "all"
            )
        return self._corpora[name]

    def measure(self, case: Case, sizes: Sequence[int]) -> list[Row]:
        """Run a case at its sizes, all of them in each round; raises `WrongResult`."""
        rows = [Row(case, size) for size in case.pick(sizes)]
        with ExitStack() as stack:
            kept = (
                {}
                if case.writes
                else {row.size: stack.enter_context(self.open(case, row.size)) for row in rows}
            )
            begins = -1 if self.rounds > 1 and not case.latency else 0  # that round fills caches
            for turn in range(begins, self.rounds):
                for row in rows:
                    is_spared = row.size >= LARGE and not 0 <= turn < MOST_ROUNDS_OF_LARGE
                    if not is_spared:
                        self._run_round(row, kept.get(row.size), turn)
            for row in rows:
                if self.with_counts and row.size <= MOST_TRACED and (not case.latency or case.edits == "one"):
                    self._trace(row, kept.get(row.size))
        return rows

    @contextmanager
    def open(self, case: Case, size: int) -> Iterator[Site]:
        """Serve the register of a case, if it has one, and point the repository at it; a touched one only once."""
        corpus = self.find_corpus(size, case.edits)
        if not case.state:
            (corpus.root / "reconciler.toml").unlink(missing_ok=True)
            yield Site(corpus, None, self.workers)
            return
        with serve_register(corpus.seed(case.state), self.client.jwk, ROOT) as register:
            corpus.configure(register.base, register.maskinporten)
            if case.edits == "one":
                touch(corpus)
            register.set_latency(case.latency)
            yield Site(corpus, register, self.workers)

    def _run_round(self, row: Row, site: Site | None, turn: int) -> None:
        """Run each who takes part, beginning with another one in each round."""
        who = [OURS, LEAST, *([RIVAL] if row.case.octodns and self.with_octodns else [])]
        first = turn % len(who)
        for each in who[first:] + who[:first]:
            samples = [self._run(row.case, row.size, site, each) for _ in range(row.case.repeat)]
            if turn >= 0:
                row.samples.setdefault(each, []).extend(samples)
                self.note(f"{row.case.name}, {row.size}: {each} {samples[-1].seconds:.2f} s")

    def _run(self, case: Case, size: int, site: Site | None, who: str) -> Sample:
        """Run one of them once; a register that is written to is a new one each time."""
        with ExitStack() as stack:
            if site is None:
                site = stack.enter_context(self.open(case, size))
            environ = self._make_environ(site)
            if case.writes and who == OURS:
                save_plan(site, environ)
            return run_once(case, site, who, environ)

    def _trace(self, row: Row, site: Site | None) -> None:
        """Run the program once more with its allocations traced."""
        with ExitStack() as stack:
            if site is None:
                site = stack.enter_context(self.open(row.case, row.size))
            environ = self._make_environ(site)
            if row.case.writes:
                save_plan(site, environ)
            counts = site.corpus.folder / "counts.json"
            words = [sys.executable, "-P", str(HERE / "traced.py"), str(counts), *row.case.words(site)]
            done = subprocess.run(words, cwd=site.corpus.root, env=environ, capture_output=True, check=False)
            if done.returncode:
                raise WrongResult(f"{row.case.name}, traced: {done.stderr.decode()}")
            found = json.loads(counts.read_text(encoding="utf-8"))
            row.allocated, row.modules = found["allocated"], found["modules"]

    def _make_environ(self, site: Site) -> dict[str, str]:
        """Make the variables of a job with credentials, and none of this process's but the way to programs."""
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(site.corpus.folder),
            "XDG_STATE_HOME": str(site.corpus.folder / "state"),
            "LANG": "C.UTF-8",
        }
        if site.register is None:
            return environ
        return {
            **environ,
            "RECONCILER_ENVIRONMENT": "served",
            "MASKINPORTEN_CLIENT_ID": CLIENT_ID,
            "MASKINPORTEN_PRIVATE_KEY": self.client.pem,
            "MASKINPORTEN_KID": KID,
        }


def save_plan(site: Site, environ: Mapping[str, str]) -> None:
    """Save the plan that the next run applies, and forget the journals of the runs before."""
    rmtree(site.corpus.root / ".reconciler", ignore_errors=True)
    words = [*PROGRAM, "plan", "--format", "json", "--out", str(site.plan)]
    subprocess.run(words, cwd=site.corpus.root, env=dict(environ), capture_output=True, check=True)


def run_once(case: Case, site: Site, who: str, environ: Mapping[str, str]) -> Sample:
    """Run one of those who take part, and check what it did; raises `WrongResult`."""
    words = {
        OURS: lambda: [*PROGRAM, *case.words(site)],
        LEAST: lambda: [*FLOOR, *case.floor(site)],
        RIVAL: lambda: _word_octodns(case, site),
    }[who]()
    out, err = (site.corpus.folder / f"{who}.{each}" for each in ("out", "err"))
    if who == RIVAL:
        environ = _extend_for_octodns(environ, site)
    if site.register is not None:
        site.register.take_counts()
    launcher = [sys.executable, "-I", "-S", str(HERE / "launcher.py"), str(out), str(err)]
    done = subprocess.run(
        [*launcher, *words], cwd=site.corpus.root, env=dict(environ), stdout=subprocess.PIPE, check=True
    )
    found = json.loads(done.stdout)
    requests = {} if site.register is None else site.register.take_counts()
    sample = Sample(found["seconds"], found["processor"], found["peak"], requests)
    faults = list(find_faults(case, site, who, found["code"], sample))
    if faults:
        raise WrongResult(
            f"{case.name}, {site.size}, {who}: {'; '.join(faults)}\n{err.read_text(encoding='utf-8')}"
        )
    return sample


def find_faults(case: Case, site: Site, who: str, code: int, sample: Sample) -> Iterator[str]:
    """Say in what a run differs from what it was asked for."""
    text = (site.corpus.folder / f"{who}.out").read_text(encoding="utf-8")
    if code:
        yield f"exit code {code}"
        return
    if who == OURS:
        yield from _compare("result", case.read(text), case.expected(site.size))
        for name, least in case.asked(site.size).items():
            if sample.requests.get(name, 0) < least:
                yield f"{sample.requests.get(name, 0)} requests of {name}, and not {least}"
    elif who == LEAST:
        yield from _compare("result", json.loads(text), dict(case.floor_does(site.size)))
    elif site.register is not None:
        zones = json.loads(text).get("register", {})
        yield from _compare("changed zones", len(zones), site.size if case.octodns_changes else 0)
        yield from _compare("systems read", sample.requests.get("system", 0), site.size)


def _compare(what: str, actual: Json, expected: Json) -> Iterator[str]:
    if actual != expected:
        yield f"{what} {json.dumps(actual)}, and not {json.dumps(expected)}"


def _word_octodns(case: Case, site: Site) -> list[str]:
    first, *rest = OCTODNS
    words = [each.format(case.octodns) for each in rest]
    return [first, *words, "--config-file", str(site.corpus.octodns), "--quiet"]


def _extend_for_octodns(environ: Mapping[str, str], site: Site) -> dict[str, str]:
    register = site.register
    addresses = {
        "REGISTER_BASE": register.base if register else "http://127.0.0.1:9",
        "REGISTER_TOKEN": register.token if register else "none",
        "PYTHONPATH": str(ROOT),
    }
    return {**environ, **addresses}
