"""Makes untrusted text harmless, one function a target.

Whatever comes from a definition or from the register is somebody else's text: it may hold escape
sequences, line breaks and marks that turn the reading direction.
"""

from __future__ import annotations

import re
from functools import cache

from reconciler.model.untrusted_text import (
    escape_json,
    escape_line,
    escape_text,
    escape_words,
    hide_commands,
    show_character,
)

__all__ = ["escape_json", "escape_line", "escape_text"]
"""What every target has in common; it lies below, for what is saved is escaped too."""

LONGEST = 300
"""Characters of one value that an output for people shows."""


def shorten(text: str, longest: int = LONGEST) -> str:
    """Cut a long text, and say how long it was."""
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text):,} characters)"


def split_code(sentence: str) -> list[tuple[str, bool]]:
    """Split a sentence at the backticks that it marks code with: each part, and whether it is code.

    A backtick that closes nothing is a letter.
    """
    parts = sentence.split("`")
    if len(parts) % 2 == 0:
        parts[-2:] = ["`".join(parts[-2:])]
    return [(part, number % 2 == 1) for number, part in enumerate(parts)]


def quote_code(sentence: str) -> str:
    """Put what a sentence marks as code between quotes, for an output that has no other way to show it."""
    return "".join(f"'{part}'" if code else part for part, code in split_code(sentence))


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


def escape_github_data(text: str) -> str:
    """Make a text the message of a GitHub workflow command; line breaks survive, encoded."""
    encoded = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return escape_words(encoded)


def escape_github_property(text: str) -> str:
    """Make a text a property of a GitHub workflow command."""
    return escape_github_data(text).replace(":", "%3A").replace(",", "%2C")


def escape_azure_data(text: str) -> str:
    """Make a text the message of a command of Azure's agent; line breaks survive, encoded.

    https://github.com/microsoft/azure-pipelines-agent, docs/design/percentEncoding.md.
    """
    encoded = text.replace("%", "%AZP25").replace("\r", "%0D").replace("\n", "%0A")
    return escape_words(encoded)


def escape_azure_property(text: str) -> str:
    """Make a text a property of a command of Azure's agent."""
    return escape_azure_data(text).replace(";", "%3B").replace("]", "%5D")


def escape_html(text: str) -> str:
    """Make a text plain words in HTML, in an attribute's quotes too."""
    entities = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}
    escaped = "".join(entities.get(letter, letter) for letter in escape_text(text))
    return hide_commands(escaped, "&#35;")


def make_xml(text: str) -> str:
    """Make a text what XML 1.0 can hold, which has no way to write some characters at all; the printer escapes it."""
    return _find_not_xml().sub(show_character, escape_text(text))


def escape_xml_document(printed: str) -> str:
    """Make printed XML safe to look at: the same document, in which a runner finds no command."""
    return hide_commands(printed, "&#35;")


@cache
def _find_not_xml() -> re.Pattern[str]:
    """Match what XML 1.0 §2.2 leaves out, beyond what no output shows as it is; compiling it takes 4 ms."""
    return re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def escape_sarif(text: str) -> str:
    """Make a text plain words in a SARIF message, where brackets before a parenthesis are a link (SARIF §3.11.6)."""
    return escape_text(text).replace("](", "] (")
