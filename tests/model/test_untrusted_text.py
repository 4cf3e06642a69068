"""Untrusted text made inert, one function a target."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from reconciler.model.untrusted_text import _UNSAFE
from reconciler.render.escape import (
    LONGEST,
    escape_github_data,
    escape_html,
    escape_json,
    escape_line,
    escape_markdown,
    escape_text,
    escape_xml_document,
    shorten,
)

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Blåbærsyltetøy – €5 😀", "Blåbærsyltetøy – €5 😀"),
        ("a\tb\nc\rd", "a\\tb\\nc\\rd"),
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("\x9b2J", "\\x9b2J"),
        ("\x00\x07\x7f", "\\x00\\x07\\x7f"),
        ("a\u202egnp.exe", "a\\u202egnp.exe"),
        ("\u2066a\u2069", "\\u2066a\\u2069"),
        ("one\u2028two\u2029three\x85four", "one\\u2028two\\u2029three\\x85four"),
        ("in\u00advis\u200bi\u2060ble\ufeff", "in\\xadvis\\u200bi\\u2060ble\\ufeff"),
        ("\U000e0041", "\\U000e0041"),
        ("\ud800", "\\ud800"),
        ("", ""),
    ],
)
def test_what_steers_a_terminal_is_shown(text: str, shown: str) -> None:
    """Words stay as they are; what a terminal obeys, or a reader does not see, is spelt out on one line."""
    assert escape_text(text) == shown


def test_a_text_that_is_as_long_as_may_be_is_whole() -> None:
    """Exactly the longest text is shown in full, and the next one is cut with its length."""
    assert shorten("x" * LONGEST) == "x" * LONGEST
    assert shorten("x" * (LONGEST + 1)) == "x" * LONGEST + "… (301 characters)"
    assert shorten("x" * 100_000, 10) == "xxxxxxxxxx… (100,000 characters)"


@pytest.mark.parametrize("value", ["\u202e\x9b\x7f", "\U000e0041", "\ud800", 'a"\\\n\u2028', "æ😀"])
def test_json_means_the_same(value: str) -> None:
    """An escaped JSON document reads back as what it was, and shows nothing but its own line breaks."""
    printed = json.dumps({"a": value}, ensure_ascii=False, indent=1)

    shown = escape_json(printed)

    assert json.loads(shown) == {"a": value}
    assert all(line.isprintable() for line in shown.split("\n"))
    assert shown.count("\n") == 2


COMMANDS = (
    "##[error]x",
    "##vso[task.setvariable variable=a]b",
    "##VSO[task.complete]",
    "##teamcity[buildStop]",
    "a ##vso[x] b",
    "###vso[x]",
    "####[x]",
    "##vso##vso[[x]",
)


@pytest.mark.parametrize("text", COMMANDS)
@pytest.mark.parametrize(
    "escape",
    [escape_line, escape_markdown, escape_html, escape_xml_document, escape_json, escape_github_data],
)
def test_no_runner_finds_a_command_within_a_line(text: str, escape: Callable[[str], str]) -> None:
    """S5: Azure's agent and others look for them anywhere, in any output."""
    assert re.search(r"##[a-z]*\[", escape(text), re.IGNORECASE) is None


@pytest.mark.parametrize("text", COMMANDS)
def test_a_command_in_json_keeps_its_value(text: str) -> None:
    """S5: JSON is read by programs too, so its values stay."""
    assert json.loads(escape_json(json.dumps({text: [text, f"\\{text}"]}))) == {text: [text, f"\\{text}"]}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("::error::x", "\\::error::x"),
        ("  ::error::x", "  \\::error::x"),
        ("\u00a0::error::x", "\u00a0\\::error::x"),
        ("\n::error::x", "\\n::error::x"),
        ("a ::error::x", "a ::error::x"),
        (":error", ":error"),
        ("section_start:1:a\r\x1b[0K", "section_start:1:a\\r\\x1b[0K"),
    ],
)
def test_no_line_begins_with_a_command(text: str, shown: str) -> None:
    """S4: GitHub's runner trims a line and looks at its first letters; GitLab's needs control characters."""
    assert escape_line(text) == shown


def test_no_unsafe_letter_is_printable() -> None:
    """So the quick look that decides whether JSON has to be looked through passes over none."""
    unsafe = re.findall(_UNSAFE, "".join(map(chr, range(0x110000))))

    assert len(unsafe) > 2_000
    assert [each for each in unsafe if escape_json(each) == each] == ["\n"]
