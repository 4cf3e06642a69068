"""Pages whose commands are carried out: what a page asks its reader to do, done in a folder of its own.

A fenced block is carried out by its language:

| language | is |
|---|---|
| `sh` | commands whose output is not shown; each block ends with status 0 |
| `console` | `$ command`, its further lines with `> ` before them, and what it prints |
| `diff` | an edit of the file that its first line names, as `--- systems/a.yaml` |
| any, below `<!-- file: PATH -->` | the whole text of a file |

What stands in a comment that begins with `<!-- run, WHY:` is carried out like `sh`, and not seen: it does what the
reader does elsewhere. A block below `<!-- newcomer -->` or `<!-- not executed: REASON -->` is left out. In a command's
output `…` stands for what varies, and a line of nothing else for any number of lines. A command that ends with another
status than 0 is followed by `$ echo $?`. `DIGEST` in a command is the one that was printed last behind `Digest:`. The
ports 8080 and 8081 become free ones, and the two `DAYS` days that are near and far. `az`, `gcloud`, `aws` and
`vault` are the programs in `stand_ins/`.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Timer
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

PORTS = ("8080", "8081")
SOON = "2026-12-24"
"""The day that pages write for one in a month."""
DAYS = {SOON: 30, "2027-11-22": 365}
"""Such days, and how far ahead they are."""
_FENCE = re.compile(
    r"(?:^<!-- (?P<mark>[^\n]*) -->\n)?^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
_UNSEEN = re.compile(r"^<!-- run(?P<mark>[^\n]*):\n(?P<text>.*?)^-->$", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"^\$ (?P<command>.*(?:\n> .*)*)\n(?P<output>(?:(?!\$ ).*\n)*)", re.MULTILINE)
_GUID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
_END = "\x01"
_VARIES = [
    re.compile(r"\b20\d{6}T\d{6}Z-[0-9a-f]+\b"),  # a run
    re.compile(
        rf"\b(?!{'|'.join(DAYS)})20\d\d-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z| UTC|\+00:00)?)?"
    ),
    re.compile(r"(?<![-\w])(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,64}(?![-\w])"),  # a digest, a commit
    re.compile(rf"(?<=127\.0\.0\.1:)(?!(?:{'|'.join(PORTS)})\b)\d+"),
]


class Block(NamedTuple):
    """One fenced block: its language, the comment above it, its text, and where the text begins in the page."""

    language: str
    mark: str
    text: str
    start: int


class Shown(NamedTuple):
    """One command of a `console` block, what the page shows of it, and where that stands in the page."""

    command: str
    output: str
    start: int
    end: int


class Difference(NamedTuple):
    """A command whose output is not what the page shows, and what it would have to show."""

    shown: Shown
    printed: str


def read_fences(page: str) -> list[Block]:
    """Read all fenced blocks of a page that name their language."""
    return [
        Block(match["language"], match["mark"] or "", match["text"], match.start("text"))
        for match in _FENCE.finditer(page)
    ]


def read_blocks(page: str) -> list[Block]:
    """Read the blocks of a page that its reader carries out, in order."""
    hidden = [Block("sh", "", match["text"], match.start("text")) for match in _UNSEEN.finditer(page)]
    return [
        each
        for each in sorted([*read_fences(page), *hidden], key=lambda one: one.start)
        if (each.language in {"sh", "console"} and not re.match("newcomer$|not executed: .", each.mark))
        or (each.language == "diff" and each.text.startswith("--- "))
        or each.mark.startswith("file: ")
    ]


def read_commands(block: Block) -> list[Shown]:
    """Read the commands of a `console` block."""
    found = list(_COMMAND.finditer(block.text))
    if "".join(match[0] for match in found) != block.text:
        raise ValueError(f"a console block begins with '$ ': {block.text!r}")
    return [
        Shown(
            match["command"].replace("\n> ", "\n"),
            match["output"],
            block.start + match.start("output"),
            block.start + match.end("output"),
        )
        for match in found
    ]


def is_as_shown(shown: str, printed: str) -> bool:
    """Compare what a command printed with what a page shows of it."""
    lines = [".*\n" if line == "…" else re.escape(line).replace("…", "[^\n]*") for line in shown.split("\n")]
    pattern = "\n".join(lines).replace(".*\n\n", "(?:.*\n)*")
    return re.fullmatch(pattern, printed) is not None


def hide_what_varies(printed: str, page: str) -> str:
    """Put `…` in place of dates, runs, digests, commits, ports, and the client ids that a page does not name."""
    for pattern in _VARIES:
        printed = pattern.sub("…", printed)
    return _GUID.sub(lambda match: match[0] if match[0] in page else "…", printed)


@dataclass
class Reader:
    """Someone who works in one folder with one shell, and does what a page says."""

    root: Path
    shell: subprocess.Popen[str]
    ports: Mapping[str, str]
    status: int = 0
    digest: str = ""
    differences: list[Difference] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)

    def follow(self, page: str) -> None:
        """Carry out a page; what is not as shown is kept in `differences`.

        Raises `AssertionError` for a command that fails where the page does not say so, or an edit that does not fit.
        """
        for block in read_blocks(page):
            if block.mark.startswith("file: "):
                self.write(block.mark.removeprefix("file: "), block.text)
            elif block.language == "diff":
                self.edit(block.text)
            elif block.language == "sh":
                printed = self.run(block.text)
                assert self.status == 0, f"{block.text}{printed}"
            else:
                self._compare(block, page)

    def _compare(self, block: Block, page: str) -> None:
        commands = read_commands(block)
        for each, following in zip(commands, [*commands[1:], None], strict=True):
            printed = self.run(each.command)
            told = following is not None and following.command == "echo $?"
            assert self.status == 0 or told, f"$ {each.command} ended with {self.status}:\n{printed}"
            if not is_as_shown(each.output, printed):
                self.differences.append(Difference(each, hide_what_varies(printed, page)))

    def run(self, command: str) -> str:
        """Run a command, and give what it prints to either stream."""
        command = self._place(command).replace("DIGEST", self.digest)
        self.commands.append(command)
        assert self.shell.stdin is not None
        self.shell.stdin.write(
            f"{{ {command.rstrip()}\n}} </dev/null\nkept=$?; printf '{_END}%s\\n' $kept; (exit $kept)\n"
        )
        self.shell.stdin.flush()
        return self._read(command)

    def _read(self, command: str) -> str:
        stop = Timer(60, self.close)
        stop.start()
        lines = []
        assert self.shell.stdout is not None
        for line in self.shell.stdout:
            before, ended, status = line.partition(_END)
            lines.append(before if before.endswith("\n") or not before else f"{before}\n")
            if ended:
                self.status = int(status)
                break
        else:
            raise AssertionError(f"the shell ended at {command}:\n{''.join(lines)}")
        stop.cancel()
        printed = "".join(lines)
        for match in re.finditer(r"^Digest: ([0-9a-f]+)", printed, re.MULTILINE):
            self.digest = match[1]
        for name, port in self.ports.items():
            printed = printed.replace(f":{port}", f":{name}")
        for written, ahead in DAYS.items():
            printed = printed.replace(_find_day(ahead), written)
        return printed.replace(str(self.root), "…")

    def write(self, name: str, text: str) -> None:
        """Save a file."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self._place(text), encoding="utf-8")

    def edit(self, text: str) -> None:
        """Make the edit of a `diff` block: its lines with ` ` and `-` stand once in the file."""
        name, _, lines = text.removeprefix("--- ").partition("\n")
        before = "".join(f"{line[1:]}\n" for line in lines.splitlines() if line[:1] != "+")
        after = "".join(f"{line[1:]}\n" for line in lines.splitlines() if line[:1] != "-")
        path = self.root / name
        old = path.read_text(encoding="utf-8")
        before = self._place(before)
        assert old.count(before) == 1, f"{name} has {old.count(before)} places for\n{before}\n{old}"
        path.write_text(old.replace(before, self._place(after)), encoding="utf-8")

    def _place(self, text: str) -> str:
        """Put free ports and days from today in place of the page's."""
        for written, ahead in DAYS.items():
            text = text.replace(written, _find_day(ahead))
        return re.sub(rf"\b({'|'.join(PORTS)})\b", lambda match: self.ports[match[0]], text)

    def close(self) -> None:
        """End the shell and what it started."""
        if self.shell.poll() is None:
            os.killpg(self.shell.pid, signal.SIGKILL)


@contextmanager
def read_in(root: Path, programs: Path | None = None) -> Iterator[Reader]:
    """Give a reader a folder, and `reconciler` on the path, from `programs` or else from beside this Python."""
    folders = [programs, _find_programs()] if programs else [_find_programs()]
    own = {
        "PATH": os.pathsep.join([*map(str, [*folders, _find_stand_ins()]), os.environ["PATH"]]),
        "HOME": str(root.parent),
        "XDG_STATE_HOME": str(root.parent / "state"),
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",  # the two streams in the order that a terminal shows
        "GIT_CONFIG_NOSYSTEM": "1",
        **{f"GIT_{who}_NAME": "Anna" for who in ("AUTHOR", "COMMITTER")},
        **{f"GIT_{who}_EMAIL": "anna@vendor.example" for who in ("AUTHOR", "COMMITTER")},
    }
    shell = subprocess.Popen(
        ["bash", "--noprofile", "--norc"],  # noqa: S607 - the reader's own
        cwd=root,
        env=own,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    reader = Reader(root, shell, {each: _find_port() for each in PORTS})
    with shell:
        try:
            yield reader
        finally:
            reader.close()


def accept(page: str, differences: list[Difference]) -> str:
    """Give the page with what was printed."""
    for each in sorted(differences, key=lambda one: -one.shown.start):
        page = page[: each.shown.start] + each.printed + page[each.shown.end :]
    return page


def _find_programs() -> Path:
    """Find the folder of the program that belongs to this Python."""
    from pathlib import Path  # noqa: PLC0415 - else for types only

    return Path(sys.executable).parent


def _find_stand_ins() -> Path:
    """Find the folder of the programs that stand in for those of cloud services."""
    from pathlib import Path  # noqa: PLC0415 - else for types only

    return Path(__file__).parent / "stand_ins"


def _find_port() -> str:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return str(listening.getsockname()[1])


def _find_day(ahead: int) -> str:
    return f"{datetime.now(UTC) + timedelta(days=ahead):%Y-%m-%d}"
