"""Rules on what customers read: `name` and `description` in their languages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.findings import Severity
from reconciler.rules.registry import Fault, quote, system_rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model import Resolved

LANGUAGES = ("nb", "nn", "en")
"""The register's database refuses a text without one of them (System Register contract §2.2)."""


def _texts(subject: Resolved) -> Iterator[tuple[str, dict[str, str]]]:
    yield "name", subject.system.name
    yield "description", subject.system.description


@system_rule("language-missing", allowable=False)
def check_missing_languages(subject: Resolved) -> Iterator[Fault]:
    """Name and description are given in nb, nn and en.

    The register answers a missing language with an internal error instead of a reason (System Register
    contract §4, Q8). Language codes are written in lower case.
    """
    for member, texts in _texts(subject):
        for language in LANGUAGES:
            if language not in texts:
                yield Fault((member,), f"`{member}` has no `{language}`", f"Add `{language}:`.")


@system_rule("language-empty", allowable=False)
def check_empty_texts(subject: Resolved) -> Iterator[Fault]:
    """No text that customers read is empty.

    The register stores an empty text, and customers see nothing.
    """
    for member, texts in _texts(subject):
        for language, text in texts.items():
            if not text.strip():
                yield Fault((member, language), f"`{member}.{language}` is empty", "Write the text.")


@system_rule("language-extra", severity=Severity.WARNING, allowable=False)
def check_extra_languages(subject: Resolved) -> Iterator[Fault]:
    """Only nb, nn and en are shown anywhere.

    The register stores other languages as they are, and nothing reads them.
    """
    for member, texts in _texts(subject):
        for language in texts:
            if language not in LANGUAGES:
                message = f"{quote(language)} in `{member}` is a language that nothing shows"
                yield Fault((member, language), message, "Remove it, or correct the code.")


@system_rule("stray-whitespace", allowable=False)
def check_whitespace(subject: Resolved) -> Iterator[Fault]:
    """No text starts or ends with white space, or holds control characters.

    The register trims ids and nothing else (System Register contract §2.3), so customers would see it.
    """
    for member, texts in _texts(subject):
        for language, text in texts.items():
            if text.strip() and text != text.strip():
                message = f"`{member}.{language}` starts or ends with white space"
                yield Fault((member, language), message, "Remove it; a block text ends well with `|-`.")
            elif any(ord(each) < 0x20 and each not in "\n\t" for each in text):
                message = f"`{member}.{language}` holds a control character"
                yield Fault((member, language), message, "Remove it.")
