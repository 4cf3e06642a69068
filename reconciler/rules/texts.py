"""Rules on what customers read: `name` and `description` in their languages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reconciler.definitions.yaml_document import Scalar, make_printable, print_path, quote
from reconciler.model.findings import Severity
from reconciler.model.system import LANGUAGES, SENT, Part
from reconciler.rules.registry import Fault, system_rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.definitions.definition import Resolved
    from reconciler.definitions.yaml_document import Path

_CONTROL = "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]"
"""C0 and C1 but for tab and line feed, and the marks that turn the direction of what follows: nothing printable."""
_COMMENT = re.compile(r"[ \t]+#")


def _read_texts(subject: Resolved) -> tuple[tuple[str, dict[str, str]], ...]:
    return (("name", subject.system.name), ("description", subject.system.description))


@system_rule("language-missing", allowable=False)
def check_missing_languages(subject: Resolved) -> Iterator[Fault]:
    """Name and description are given in nb, nn and en.

    The register answers a missing language with an internal error instead of a reason
    (System Register contract §4, Q8): its database refuses the text. The codes are
    compared by letter case, so `NB` is another language.

    Fix: add the language; the same text in two of them is fine.

        name: {nb: SmartCloud 1, nn: Smart SKY, en: SmartCloud 1}
    """
    for member, texts in _read_texts(subject):
        for language in LANGUAGES:
            if language not in texts:
                near = next((each for each in texts if each.strip().lower() == language), "")
                hint = f"Write {quote(near)} as `{language}`." if near else f"Add `{language}:`."
                yield Fault((member, language), f"`{member}` has no `{language}`", hint)


@system_rule("language-empty", allowable="held")
def check_empty_texts(subject: Resolved) -> Iterator[Fault]:
    """No text that customers read is empty.

    The register stores an empty text (System Register contract §2.2), and customers
    would be asked to give rights to a system without a name.

    Fix: write the text. One that the register holds already can be let through; a plan
    blocks the change that would make a text empty.

        allow:
          language-empty:
            description.en: registered so in 2024
    """
    for member, texts in _read_texts(subject):
        for language, text in texts.items():
            if not text or text.isspace():
                message = f"`{member}.{make_printable(language)}` is empty"
                yield Fault((member, language), message, "Write the text.")


@system_rule("language-extra", severity=Severity.WARNING)
def check_extra_languages(subject: Resolved) -> Iterator[Fault]:
    """Only nb, nn and en are shown anywhere.

    The register stores any other language as it is (System Register contract §2.2),
    and no page of Altinn reads it. Often it is a misspelt code.

    Fix: correct the code, or remove the line.
    """
    for member, texts in _read_texts(subject):
        for language in texts:
            if language not in LANGUAGES:
                message = f"{quote(language)} in `{member}` is a language that nothing shows"
                yield Fault((member, language), message, "Correct the code, or remove the line.")


@system_rule("stray-whitespace", allowable="held")
def check_whitespace(subject: Resolved) -> Iterator[Fault]:
    """No text starts or ends with white space, or holds control characters.

    The register trims the id and the vendor and nothing else (System Register contract
    §2.3), so what is sent is what customers see. A mark that turns the direction of the
    text can make a name read as another one.

    Fix: remove it. A block text ends without a line break when it starts with `|-`.

        description:
          nb: |-
            SmartCloud er verdens beste system.

    What the register holds already can be let through with `allow:`; a plan blocks the
    change that would bring it in.
    """
    for member, texts in _read_texts(subject):
        for language, text in texts.items():
            trimmed = text.strip()
            if not trimmed:
                continue
            found = None if text.isprintable() else re.search(_CONTROL, text)
            if text == trimmed and not found:
                continue
            place = f"`{member}.{make_printable(language)}`"
            if text != trimmed:
                message = f"{place} starts or ends with white space: {quote(text)}"
                yield Fault((member, language), message, "Remove it; a block text ends well with `|-`.")
            if found:
                message = f"{place} holds the control character U+{ord(found[0]):04X}"
                yield Fault((member, language), message, "Remove it.")


@system_rule("null-character", allowable=False)
def check_null_characters(subject: Resolved) -> Iterator[Fault]:
    r"""No text holds the character U+0000.

    The register's database cannot store it, and answers with an internal error (System
    Register contract §2.8).

    Fix: remove it; in double quotes it is written as `\0` or `\x00`.
    """
    source = subject.definition.document.text
    if "\\" not in source and "\0" not in source:  # YAML writes it with a backslash
        return
    for member in SENT:
        for path in _find_null(getattr(subject.system, member), (member,)):
            message = f"`{print_path(path)}` holds the character U+0000"
            yield Fault(path, message, "Remove it.")


def _find_null(value: object, path: Path) -> Iterator[Path]:
    """Find the texts of a member that hold the character."""
    if isinstance(value, str):
        if "\0" in value:
            yield path
    elif isinstance(value, tuple):
        for index, each in enumerate(value):
            yield from _find_null(each, (*path, index))
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from _find_null(f"{name}\n{each}", (*path, name))
    elif isinstance(value, Part):
        for name in type(value).model_fields:
            yield from _find_null(getattr(value, name), (*path, name))


@system_rule("comment-behind-text", severity=Severity.WARNING)
def check_comments(subject: Resolved) -> Iterator[Fault]:
    """No comment stands behind a name or a description that is written without quotes.

    YAML takes ` #` and what follows for a comment, so that `nb: Demo #1 for all` says
    `Demo`, and customers read that.

    Fix: quote the whole text, or move the comment to a line of its own.

        name:
          nb: "Demo #1 for all"
          nn: Demo
          en: Demo
    """
    document = subject.definition.document
    if not _COMMENT.search(document.text):
        return
    for member, texts in _read_texts(subject):
        for language in filter(texts.__contains__, LANGUAGES):
            node = document.find(subject.path((member, language)))
            if isinstance(node, Scalar) and node.plain and _has_comment(document.text, node):
                message = f"`{member}.{language}` ends before a `#`: it says {quote(texts[language])}"
                hint = "Quote the whole text, or move the comment to a line of its own."
                yield Fault((member, language), message, hint)


def _has_comment(source: str, node: Scalar) -> bool:
    """Say whether a comment follows a plain text in the line where it ends."""
    above = source.split("\n", node.position.line - 1)[:-1]
    at = sum(map(len, above)) + len(above) + node.position.column - 1
    for word in node.text.split():
        while source[at : at + 1].isspace():
            at += 1
        if not source.startswith(word, at):
            return False
        at += len(word)
    return _COMMENT.match(source, at) is not None
