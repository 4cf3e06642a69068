"""Rules on what customers read: `name` and `description` in their languages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reconciler.document import quote, shorten
from reconciler.findings import Severity
from reconciler.rules.registry import Fault, system_rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model import Resolved

LANGUAGES = ("nb", "nn", "en")
"""The register's database refuses a text without one of them (System Register contract §2.2)."""
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""C0 and C1 but for tab and line feed, and the marks that turn the direction of what follows."""


def _read_texts(subject: Resolved) -> tuple[tuple[str, dict[str, str]], ...]:
    return (("name", subject.system.name), ("description", subject.system.description))


@system_rule("language-missing", allowable=False)
def check_missing_languages(subject: Resolved) -> Iterator[Fault]:
    """Name and description are given in nb, nn and en.

    The register answers a missing language with an internal error instead of a reason
    (System Register contract §4, Q8): its database refuses the text. The codes are
    compared by letter case, so `NB` is another language.

    Mend it: add the language; the same text in two of them is fine.

        name: {nb: SmartCloud 1, nn: Smart SKY, en: SmartCloud 1}
    """
    for member, texts in _read_texts(subject):
        for language in LANGUAGES:
            if language not in texts:
                near = next((each for each in texts if each.strip().lower() == language), "")
                hint = f"Write {quote(near)} as `{language}`." if near else f"Add `{language}:`."
                yield Fault((member, language), f"`{member}` has no `{language}`", hint)


@system_rule("language-empty", allowable=False)
def check_empty_texts(subject: Resolved) -> Iterator[Fault]:
    """No text that customers read is empty.

    The register stores an empty text (System Register contract §2.2), and customers
    would be asked to give rights to a system without a name.

    Mend it: write the text.
    """
    for member, texts in _read_texts(subject):
        for language, text in texts.items():
            if not text or text.isspace():
                message = f"`{member}.{shorten(language)}` is empty"
                yield Fault((member, language), message, "Write the text.")


@system_rule("language-extra", severity=Severity.WARNING, allowable=False)
def check_extra_languages(subject: Resolved) -> Iterator[Fault]:
    """Only nb, nn and en are shown anywhere.

    The register stores any other language as it is (System Register contract §2.2),
    and no page of Altinn reads it. Often it is a misspelt code.

    Mend it: correct the code, or remove the line.
    """
    for member, texts in _read_texts(subject):
        for language in texts:
            if language not in LANGUAGES:
                message = f"{quote(language)} in `{member}` is a language that nothing shows"
                yield Fault((member, language), message, "Correct the code, or remove the line.")


@system_rule("stray-whitespace", allowable=False)
def check_whitespace(subject: Resolved) -> Iterator[Fault]:
    """No text starts or ends with white space, or holds control characters.

    The register trims the id and the vendor and nothing else (System Register contract
    §2.3), so what is sent is what customers see. A mark that turns the direction of the
    text can make a name read as another one.

    Mend it: remove it. A block text ends without a line break when it starts with `|-`.

        description:
          nb: |-
            SmartCloud er verdens beste system.
    """
    for member, texts in _read_texts(subject):
        for language, text in texts.items():
            trimmed = text.strip()
            if not trimmed:
                continue
            place = f"`{member}.{shorten(language)}`"
            if text != trimmed:
                message = f"{place} starts or ends with white space: {quote(text)}"
                yield Fault((member, language), message, "Remove it; a block text ends well with `|-`.")
            found = _CONTROL.search(text)
            if found:
                message = f"{place} holds the control character U+{ord(found[0]):04X}"
                yield Fault((member, language), message, "Remove it.")
