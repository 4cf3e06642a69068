"""Makes untrusted text inert, one function a target.

Whatever comes from a definition or from the register is somebody else's text: it may hold escape
sequences, line breaks and marks that turn the reading direction.
"""

from __future__ import annotations

import html
import re

LONGEST = 300
"""Characters of one value that an output for people shows."""

_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
"""Control, format and direction characters (Unicode categories Cc, Cf, Zl, Zp, Cs): what a terminal obeys
and a reader does not see."""


def _show(match: re.Match[str]) -> str:
    code = ord(match[0])
    named = {0x09: "\\t", 0x0A: "\\n", 0x0D: "\\r"}
    return named.get(code) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")


def escape_text(text: str) -> str:
    """Make a text safe for a terminal and a log: one line, nothing hidden, nothing that steers."""
    return _UNSAFE.sub(_show, text)


def shorten(text: str, longest: int = LONGEST) -> str:
    """Cut a long text, and say how long it was."""
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text):,} characters)"


def escape_html(text: str) -> str:
    """Make a text safe inside HTML, in an element or a quoted attribute."""
    return html.escape(escape_text(text), quote=True)


_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~&@:/$])")


def escape_markdown(text: str) -> str:
    """Make a text safe inside a table cell of GitHub's Markdown: no mark-up, no mention, no link, one line."""
    return _MARKDOWN.sub(lambda match: f"&#{ord(match[0])};", escape_text(text))


def escape_github_data(text: str) -> str:
    """Escape the message of a workflow command (actions/toolkit, core/command.ts)."""
    return escape_text(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def escape_github_property(text: str) -> str:
    """Escape a property of a workflow command, which a colon or a comma would end."""
    return escape_github_data(text).replace(":", "%3A").replace(",", "%2C")


_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, not even escaped: https://www.w3.org/TR/xml/#charsets."""


def clean_xml(text: str) -> str:
    """Leave out of a text what XML cannot hold; the writer of XML escapes the rest."""
    return _NOT_XML.sub("", escape_text(text))
