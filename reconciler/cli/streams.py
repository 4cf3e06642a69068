"""stdout and stderr as a verb may use them: writing to them never fails, and no line on stderr is another's command.

What went wrong with stdout is kept until the end, where it weighs in the exit code: a reader that goes away must not
end a run half-way, nor change what is said about it.
"""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING, TextIO

from reconciler.model.untrusted_text import escape_line

if TYPE_CHECKING:
    from collections.abc import Callable


class LastingStream(io.TextIOBase):
    """A stream that swallows what cannot be written, and keeps the first reason."""

    def __init__(self, raw: TextIO | None, *, escape: Callable[[str], str] | None = None) -> None:
        super().__init__()
        self.raw = raw
        self.trouble = ""
        """Why something that was written is lost; empty where nothing is."""
        self._escape = escape
        self._begun = ""

    def write(self, text: str) -> int:
        """Write a text; where lines are escaped, as soon as each is whole."""
        if not isinstance(
            text, str
        ):  # the command line's library finds out so that this is no stream of bytes
            raise TypeError("this stream is of text")
        if self._escape is None:
            self._pass_on(text)
            return len(text)
        *whole, self._begun = (self._begun + text).split("\n")
        if whole:
            self._pass_on("".join(self._escape(line) + "\n" for line in whole))
        return len(text)

    def write_command(self, line: str) -> None:
        """Write a command to the runner as it is, on a line of its own; other people's text in it is escaped."""
        self.write("\n" if self._begun else "")
        self._pass_on(f"{line}\n")

    def _pass_on(self, text: str) -> None:
        if self.raw is None:
            self.trouble = self.trouble or "it is closed"
        elif not self.trouble and text:
            try:
                self.raw.write(text)
            except (OSError, ValueError) as error:
                self._give_up(error)

    def flush(self) -> None:
        """Write what is left, the line that was begun included."""
        if self._begun and self._escape is not None:
            begun, self._begun = self._begun, ""
            self._pass_on(self._escape(begun))
        if self.raw is None or self.trouble:
            return
        try:
            self.raw.flush()
        except (OSError, ValueError) as error:
            self._give_up(error)

    def _give_up(self, error: OSError | ValueError) -> None:
        self.trouble = (error.strerror if isinstance(error, OSError) else "") or "it is closed"
        # Whatever is left in its buffer goes nowhere, or the interpreter fails on it at its end.
        try:
            if self.raw is not None:
                target = os.open(os.devnull, os.O_WRONLY)
                os.dup2(target, self.raw.fileno())
                os.close(target)
        except (OSError, ValueError):
            self.raw = None

    def isatty(self) -> bool:
        """Say whether somebody reads along."""
        return self.raw is not None and not self.raw.closed and self.raw.isatty()

    def fileno(self) -> int:
        """Give the descriptor."""
        if self.raw is None:
            raise io.UnsupportedOperation("it is closed")
        return self.raw.fileno()

    def writable(self) -> bool:
        """It is, whatever becomes of what is written."""
        return True

    @property
    def encoding(self) -> str:  # type: ignore[override]  # a property where the base has an attribute
        """The encoding of the stream below."""
        return getattr(self.raw, "encoding", None) or "utf-8"

    @property
    def errors(self) -> str:  # type: ignore[override]  # as above
        """What happens to a letter that the encoding lacks: it is spelt out."""
        return "backslashreplace"


def write_command(line: str) -> None:
    """Write a command to the runner on stderr, which a runner reads as it reads stdout: that is the result's."""
    if isinstance(sys.stderr, LastingStream):
        sys.stderr.write_command(line)
    else:
        sys.stderr.write(f"{line}\n")


def open_streams() -> LastingStream:
    """Put streams that cannot fail in the place of stdout and stderr, if they are not there; give the one of stdout.

    A descriptor that was closed is opened on nothing: the next file that is opened would get its number.
    """
    if isinstance(sys.stdout, LastingStream) and isinstance(sys.stderr, LastingStream):
        return sys.stdout
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115, PTH123 - as long as the process lasts
    for stream in (sys.stdout, sys.stderr):
        if stream is None:
            os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Windows writes pipes in a code page of its own, and JSON is UTF-8.
            is_pipe = os.name == "nt" and not stream.isatty()
            stream.reconfigure(encoding="utf-8" if is_pipe else None, errors="backslashreplace")
    output = LastingStream(sys.stdout)
    sys.stdout, sys.stderr = output, LastingStream(sys.stderr, escape=escape_line)
    return output
