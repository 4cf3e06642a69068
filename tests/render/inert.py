"""What makes an output inert, target by target; each check gives what is wrong."""

from __future__ import annotations

import json
import re
import unicodedata
from html.parser import HTMLParser
from typing import TYPE_CHECKING, ClassVar
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Iterator

_STEERING = {"Cc", "Cf", "Zl", "Zp", "Cs"}
_GITHUB = re.compile(r"::(error|warning|notice)( [^:]*)?::[^\r\n]*|::group::[^\r\n]+|::endgroup::")
_AZURE = re.compile(
    r"##vso\[task\.logissue type=(error|warning);([a-z]+=[^;\]\r\n]+;)*\][^\r\n]*|##\[group\][^\r\n]+|##\[endgroup\]"
)
_ENDS = ("::endgroup::", "##[endgroup]")
_BEGINNINGS = ("::group::", "##[group]")
_ANYWHERE = re.compile(r"##[a-z]*\[|section_(start|end):\d+:\S*\r?\x1b", re.IGNORECASE)
"""What Azure's, TeamCity's, GitHub's old and GitLab's runner obey wherever it stands in a line."""
_TAGS = {"details", "/details", "summary", "/summary", "code", "/code", "b", "/b"}
"""The tags that our Markdown is made with."""
_LINKED = re.compile(r"@\w|(?<!&)#\d|GH-\d|://|www\.|!?\[[^\]]*\]\(|~~|\$\w", re.IGNORECASE)
"""What GitHub makes a mention, a reference, a link or a formula of."""


def find_steering(text: str) -> list[str]:
    """Find the characters that a terminal obeys and a reader does not see."""
    return [each for each in text if each != "\n" and unicodedata.category(each) in _STEERING]


def find_commands(text: str) -> list[str]:
    """Find the lines that a runner would obey."""
    return [line for line in text.split("\n") if line.lstrip().startswith("::") or _ANYWHERE.search(line)]


def find_strange_commands(text: str, form: str) -> list[str]:
    """Find the lines that a runner would obey, and that are not one whole command of ours; groups do not nest."""
    lines = text.split("\n")
    ours, sign = (_GITHUB, "::") if form == "github" else (_AZURE, "##")
    strange = [
        line
        for line in find_commands(text)
        if not ours.fullmatch(line) or _ANYWHERE.search(line.removeprefix(sign))
    ]
    folds = [line.startswith(_BEGINNINGS) for line in lines if line.startswith((*_BEGINNINGS, *_ENDS))]
    strange += [] if folds == [True, False] * (len(folds) // 2) else ["a group within a group"]
    return strange + lines[-1:][: bool(lines[-1])]


def check_markdown(text: str) -> Iterator[str]:
    """Find raw HTML that is not ours, of anything that GitHub would link, and of broken tables and sections."""
    yield from _check_fences(text)
    lines = _FENCED.sub("", text).split("\n")
    yield from (f"a comment in line {number}" for number, line in enumerate(lines[1:], 2) if "<!--" in line)
    body = "\n".join(lines[1:])
    yield from (f"the tag {tag}" for tag in re.findall(r"<([^>\s]*)", body) if tag not in _TAGS)
    yield from (f"the link {found[0]}" for found in _LINKED.finditer(body))
    if body.count("<details") != body.count("</details>") or body.count("<code>") != body.count("</code>"):
        yield "tags that are not closed"
    width = 0
    for line in lines:
        columns = line.count("|")
        if line.startswith("|") and width and columns != width:
            yield f"{columns} columns where there were {width}"
        width = columns if line.startswith("|") else 0
    inert = re.compile(
        r"<!--|#{2,3} |\||</?details>|<summary>|(  )?- |>$|> |\*|"
        r"Vendor |Others wrote to |\d|Digest: |Drift: |No drift|Client ids |Open before |Plan for |"
        r"Apply stops |Merging writes |$"
    )
    yield from (f"a line that begins {line[:20]!r}" for line in lines if not inert.match(line))


_HEADERS = frozenset(
    {
        "--- register today",
        "--- files at the base",
        "--- our file before",
        "+++ after apply",
        "+++ our file now; the register stays as it is",
    }
)
"""What the columns of changed lines are."""
_FENCED = re.compile(r"^(`{3,})diff\n(.*?)^\1\n", re.DOTALL | re.MULTILINE)
"""A block of changed lines: what stands within is shown as it is, whatever it is."""


def _check_fences(text: str) -> Iterator[str]:
    """Find lines within a block that are not ours, and what could end it."""
    for found in _FENCED.finditer(text):
        for line in found[2].splitlines():
            if not line.startswith(("+ ", "- ")) and line not in _HEADERS:
                yield f"a line in a block that begins {line[:20]!r}"
            if found[1] in line:
                yield f"a fence within a block: {line[:20]!r}"


class _Page(HTMLParser):
    """Reads a page, and notes what it holds and what is not closed."""

    VOID: ClassVar = {"meta", "br", "input", "link", "img"}

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.trouble: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.trouble.append(f"</{tag}> closes nothing")


_PAGE_TAGS = {
    *(
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "header",
        "h1",
        "h2",
        "h3",
        "p",
        "ul",
        "li",
        "b",
        "br",
    ),
    *("main", "div", "label", "input", "output", "section", "article", "span", "code", "table", "caption"),
    *("details", "summary", "pre"),
    *("thead", "tbody", "tr", "th", "td", "footer", "script"),
}
_PAGE_ATTRIBUTES = {
    *("lang", "charset", "http-equiv", "content", "name", "class", "id", "role", "hidden", "for", "type"),
    *("autocomplete", "spellcheck", "data-row", "data-rows", "scope"),
}
"""No `src`, no `href`, no `style`, and nothing that begins with `on`."""


def check_html(text: str) -> Iterator[str]:
    """Find tags and attributes that are not ours, and of what is not closed."""
    page = _Page()
    page.feed(text)
    page.close()
    yield from page.trouble
    yield from (f"<{tag}> is not closed" for tag in page.open)
    yield from (f"<{tag}>" for tag in sorted(page.tags - _PAGE_TAGS))
    yield from (f"the attribute {name}" for name in sorted(page.attributes - _PAGE_ATTRIBUTES))
    yield from (f"{count} scripts" for count in [text.count("<script")] if count != 1)


def check_xml(text: str) -> Iterator[str]:
    """Say whether the text is no XML, or holds elements that are not JUnit's."""
    root = ET.fromstring(text)  # noqa: S314 - our own output, which is what is under test
    known = {"testsuites", "testsuite", "testcase", "failure", "system-out"}
    yield from (each.tag for each in root.iter() if each.tag not in known)


def check_json(text: str) -> Iterator[str]:
    """Say whether the text is no JSON document on lines of its own."""
    json.loads(text)
    yield from () if text.endswith(("}\n", "]\n")) else ("something after the document",)
