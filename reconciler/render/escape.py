"""Makes untrusted text inert, one function a target.

Whatever comes from a definition or from the register is somebody else's text: it may hold escape
sequences, line breaks and marks that turn the reading direction.
"""

from __future__ import annotations

import re

LONGEST = 300
"""Characters of one value that an output for people shows."""

_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb\U000110bd\U000110cd"
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e007f]"
)
"""Control, format and direction characters (Unicode categories Cc, Cf, Zl, Zp, Cs): what a terminal obeys
and a reader does not see."""


def _show(match: re.Match[str]) -> str:
    code = ord(match[0])
    named = {0x09: "\\t", 0x0A: "\\n", 0x0D: "\\r"}
    if code > 0xFFFF:
        return f"\\U{code:08x}"
    return named.get(code) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")


def escape_text(text: str) -> str:
    """Make a text safe for a terminal and a log: one line, nothing hidden, nothing that steers."""
    return _UNSAFE.sub(_show, text)


def shorten(text: str, longest: int = LONGEST) -> str:
    """Cut a long text, and say how long it was."""
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text):,} characters)"


_MARKDOWN = re.compile(r"[&<>\\`*\[\]|~$@#]|:(?=\S)|(?<![^\W_])_|_(?![^\W_])|GH-(?=\d)|www\.", re.IGNORECASE)
"""Letters of structure, and what GitHub links by itself; an underscore within a word is only itself."""
_NOTHING = "&#8203;"
"""A space of no width: GitHub looks for mentions and numbers in the finished page, where an entity is a letter."""


def _mark(match: re.Match[str]) -> str:
    found = match[0]
    if len(found) > 1:
        return found[:-1] + (_NOTHING + found[-1] if found[-1] == "-" else f"&#{ord(found[-1])};")
    return f"&#{ord(found)};{_NOTHING if found in '@#' else ''}"


def escape_markdown(text: str) -> str:
    """Make a text plain words in Markdown and in HTML within it: no markup, link, mention or table column.

    Entities never stand for structure (CommonMark §2.5), which holds in a table's cell too, where a
    backslash before a bar does not always.
    """
    return _MARKDOWN.sub(_mark, escape_text(text))


_COMMAND = "##["
"""Azure's runner, and GitHub's old one, look for commands in brackets anywhere in a line."""


def escape_line(text: str) -> str:
    """Make a text safe for a log that a runner reads along; what is safe already stays as it is."""
    return escape_text(text).replace(_COMMAND, "##\\[")


def escape_github_data(text: str) -> str:
    """Make a text the message of a GitHub workflow command; line breaks survive, encoded."""
    encoded = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return escape_line(encoded)


def escape_github_property(text: str) -> str:
    """Make a text a property of a GitHub workflow command."""
    return escape_github_data(text).replace(":", "%3A").replace(",", "%2C")


def escape_html(text: str) -> str:
    """Make a text plain words in HTML, in an attribute's quotes too."""
    entities = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}
    inert = "".join(entities.get(letter, letter) for letter in escape_text(text))
    return inert.replace(_COMMAND, "#&#35;[")


def escape_xml(text: str) -> str:
    """Make a text plain words in XML 1.0, which has no way to write some characters at all."""
    return _NOT_XML.sub(_show, escape_html(text))


_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 §2.2 leaves out, beyond what no output shows as it is."""


def escape_json(printed: str) -> str:
    """Make printed JSON safe to look at: the same values, with nothing hidden and nothing that steers."""
    hidden = _UNSAFE.sub(lambda match: match[0] if match[0] == "\n" else _encode(match[0]), printed)
    return hidden.replace(_COMMAND, "#\\u0023[")


def _encode(letter: str) -> str:
    code = ord(letter)
    if code < 0x10000:
        return f"\\u{code:04x}"
    high, low = divmod(code - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"


def escape_sarif(text: str) -> str:
    """Make a text plain words in a SARIF message, where brackets before a parenthesis are a link (§3.11.6)."""
    return escape_text(text).replace("](", "] (")
