"""Hostile text in anything that comes from a file or from the register stays inert in every output."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from reconciler.render import escape
from reconciler.render.formats import load_renderer
from reconciler.render.json import render_history as render_json
from reconciler.render.lines import print_lines
from reconciler.render.markdown import LONGEST
from reconciler.render.text.drift import render_drift
from reconciler.render.text.findings import render_findings
from reconciler.render.text.history import render_history
from reconciler.render.text.plan import render_plan
from tests.render.inert import (
    check_html,
    check_json,
    check_markdown,
    check_xml,
    find_commands,
    find_steering,
    find_strange_commands,
)
from tests.render.samples import (
    HOSTILE,
    a_hostile_plan,
    a_hostile_report,
    a_hostile_timeline,
    hostile_findings,
)
from tests.render.standards import check_code_quality, check_junit, check_sarif

if TYPE_CHECKING:
    from collections.abc import Iterator

    from markdown_it.token import Token

FRAGMENTS = (
    *(
        "::error::x",
        "::set-output name=a::b",
        "##[error]",
        "##vso[task.setvariable]",
        "##TeamCity[x]",
        "section_start:1:a\r\x1b[0K",
        "%0A",
        "\r\n",
        "\n",
        "\u2028",
        "\x85",
        "\t",
    ),
    *(
        "\x1b[31m",
        "\x9b2J",
        "\x00",
        "\x7f",
        "\u202e",
        "\u2066",
        "\u200b",
        "\ufeff",
        "\ud800",
        "\ufffe",
        "\U000e0041",
    ),
    *(
        "|",
        "\\|",
        "\\",
        "`",
        "```",
        "~~~",
        "</details>",
        "</summary>",
        "</code>",
        "<script>",
        "</script>",
        "</style>",
    ),
    *("-->", "--!>", "<!--", "]]>", "<![CDATA[", "&", "&lt;", "&#64;", "&#x40;", "<", ">", '"', "'"),
    *("@octocat", "@org/team", "#123", "GH-7", "o/r#1", "https://evil.example", "www.evil.example", "a@b.no"),
    *(
        "[a](b)",
        "![a](b)",
        "[a]: b",
        "**",
        "__",
        "*",
        "_",
        "~~",
        "$x$",
        ":tada:",
        "# ",
        "- ",
        "1. ",
        "> ",
        "| a |",
    ),
    *("    ", " ", ",", ":", ";", "=", "a", "ø", "😀", "{0}", "](1)"),
)
hostile = st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=5), max_size=8).map("".join)


def _render(form: str, text: str) -> Iterator[str]:
    renderer = load_renderer(form)
    yield renderer.render_plan(a_hostile_plan(text))
    yield renderer.render_findings(hostile_findings(text), 3)
    yield renderer.render_drift(a_hostile_report(text))


def _hold(form: str, text: str) -> Iterator[str]:
    """Render a hostile text, and hold each output to what all of them promise."""
    for output in _render(form, text):
        # A plan as JSON is the file that is applied, and has its own one way of being printed.
        if form != "json" or '"format_version"' not in output:
            assert not find_steering(output)
            assert form in {"github", "azure"} or not find_commands(output)
        yield output


@given(hostile)
@example(HOSTILE)
@example("x" * 100_000)
@example("")
def test_markdown_stays_inert(text: str) -> None:
    """No tag, link, mention, comment or column comes from a value, and the limit holds."""
    for output in _hold("markdown", text):
        assert list(check_markdown(output)) == []
        assert len(output) <= LONGEST


@given(hostile)
@example(HOSTILE)
def test_a_markdown_reader_sees_only_our_structure(text: str) -> None:
    """Parsed, a hostile comment has the same blocks and the same markup as one of plain words, but for code."""

    def is_plain(token: Token) -> bool:
        return token.type == "text" or token.content in {"<code>", "</code>"}

    def outline(output: str) -> list[list[str]]:
        tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(output)
        return [
            [token.type, *(each.type for each in token.children or () if not is_plain(each))]
            for token in tokens
        ]

    plain = [outline(each) for each in _render("markdown", "plain")]

    assert [outline(each) for each in _render("markdown", f"a{text}")] == plain


@given(hostile)
@example(HOSTILE)
@example("x" * 100_000)
@pytest.mark.parametrize("form", ["github", "azure"])
def test_annotations_stay_inert(form: str, text: str) -> None:
    """Each line that a runner obeys is one of our commands, whole."""
    for output in _hold(form, text):
        assert find_strange_commands(output, form) == []
        assert max(map(len, find_commands(output)), default=0) < 64_000


@given(hostile)
@example(HOSTILE)
@example("x" * 100_000)
@example("")
def test_html_stays_inert(text: str) -> None:
    """The page has our tags and attributes only, each closed, and its policy stands."""
    for output in _hold("html", text):
        assert list(check_html(output)) == []


@given(hostile)
@example(HOSTILE)
@example("")
def test_xml_stays_inert(text: str) -> None:
    """The report is XML whatever the text, and valid."""
    for output in _hold("junit-strict", text):
        assert list(check_xml(output)) == []
        assert list(check_junit(output)) == []


@given(hostile)
@example(HOSTILE)
@pytest.mark.parametrize("form", ["json", "sarif", "gitlab"])
def test_json_stays_inert(form: str, text: str) -> None:
    """Each document is JSON, and a message holds no link."""
    for output in _hold(form, f"{text}x"):
        assert list(check_json(output)) == []
        if form == "gitlab":
            assert list(check_code_quality(json.loads(output))) == []
        if form == "sarif":
            log = json.loads(output)
            assert list(check_sarif(log)) == []
            assert not any("](" in each["message"]["text"] for run in log["runs"] for each in run["results"])


@given(hostile)
@example(HOSTILE)
@example("x" * 100_000)
def test_texts_stay_inert(text: str) -> None:
    """Plans and findings are lines of ours, whatever the values hold."""
    for lines in (render_plan(a_hostile_plan(text)), render_findings(hostile_findings(text), 3)):
        made = list(lines)
        output = print_lines(made)
        assert output.count("\n") == len(made)
        assert not find_steering(output)
        assert not find_commands(output)


@given(hostile)
@example(HOSTILE)
@example("x" * 100_000)
def test_lines_stay_inert(text: str) -> None:
    """Drift and history are shown in lines of ours, and as JSON that reads back as it was."""
    timeline = a_hostile_timeline(text)
    for lines in (render_drift(a_hostile_report(text)), render_history(text, timeline)):
        made = list(lines)
        output = print_lines(made)
        assert output.count("\n") == len(made)
        assert not find_steering(output)
        assert not find_commands(output)
        assert max(map(len, output.splitlines())) < 6000
    read = json.loads(render_json(text, timeline))
    assert (read["id"], read["chapters"][0]["client"]) == (text, text)


@given(hostile)
def test_what_is_escaped_reads_as_it_is_shown(text: str) -> None:
    """A reader of a page, a report or a comment sees the same words that a terminal shows."""
    shown = escape.escape_line(text)

    assert escape.escape_line(shown) == shown
    assert find_steering(escape.escape_github_property(text) + escape.escape_azure_property(text)) == []
    assert not set(escape.escape_azure_property(text)) & set("\r\n;]")
    assert not set(escape.escape_github_property(text)) & set("\r\n:,")
