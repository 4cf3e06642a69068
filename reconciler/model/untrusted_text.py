"""Makes untrusted text inert: whatever comes from a definition, a register, a file name or a program.

Pure. It may hold escape sequences, line breaks, marks that turn the reading direction, and the commands that the
runners of CI systems look for in a log.
"""

from __future__ import annotations

import re

_UNSAFE = (
    "[\x00-\x1f\x7f-\x9f\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb\U000110bd\U000110cd"
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e007f]"
)
"""Control, format and direction characters (Unicode categories Cc, Cf, Zl, Zp, Cs): what a terminal obeys
and a reader does not see. None of them is printable, and most texts are, so the pattern is compiled when
it is first needed: that takes longer than of any other."""


def show_character(match: re.Match[str]) -> str:
    """Spell a character out, as Python does."""
    code = ord(match[0])
    named = {0x09: "\\t", 0x0A: "\\n", 0x0D: "\\r"}
    if code > 0xFFFF:
        return f"\\U{code:08x}"
    return named.get(code) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")


def escape_text(text: str) -> str:
    """Make a text safe for a terminal and a log: one line, nothing hidden, nothing that steers."""
    return text if text.isprintable() else re.sub(_UNSAFE, show_character, text)


_COMMAND = re.compile(r"(##[A-Za-z]*)\[")
"""Azure's runner, and GitHub's old one, look for `##vso[` and `##[` anywhere in a line, TeamCity's for `##teamcity[`.

https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands,
https://www.jetbrains.com/help/teamcity/service-messages.html. GitLab's sections need a return and an escape
character (https://docs.gitlab.com/ci/jobs/job_logs/), which no output has.
"""
_FIRST = re.compile(r"(\s*)::")
"""GitHub's runner trims a line, and takes it for a command where it begins so:
https://github.com/actions/runner, ActionCommand.cs."""


def escape_words(text: str) -> str:
    """Make a text safe within a line of a log that a runner reads along."""
    return _COMMAND.sub(r"\1\\[", escape_text(text))


def escape_line(text: str) -> str:
    """Make a text safe as such a line, or its beginning; what is safe already stays as it is."""
    inert = escape_words(text)
    return _FIRST.sub(r"\1\\::", inert, count=1) if _FIRST.match(inert) else inert


def hide_commands(text: str, mark: str) -> str:
    """Write the second sign of every command that a runner finds within a line otherwise."""
    return _COMMAND.sub(lambda match: f"#{mark}{match[1][2:]}[", text)


def escape_json(printed: str) -> str:
    """Make printed JSON safe to look at: the same values, with nothing hidden and nothing that steers."""
    hidden = printed
    if not printed.replace(
        "\n", ""
    ).isprintable():  # which nothing of it is that is unsafe, and which is quick
        hidden = re.sub(_UNSAFE, lambda match: match[0] if match[0] == "\n" else _encode(match[0]), printed)
    return hide_commands(hidden, "\\u0023")


def _encode(letter: str) -> str:
    code = ord(letter)
    if code < 0x10000:
        return f"\\u{code:04x}"
    high, low = divmod(code - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
