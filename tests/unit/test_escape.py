"""Untrusted text made inert, one function a target."""

from __future__ import annotations

import json

import pytest

from reconciler.render.escape import LONGEST, escape_json, escape_text, shorten


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
