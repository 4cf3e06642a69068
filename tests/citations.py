"""Where code, tests and pages cite a section of a contract, and which heading of `docs/reference/` it means.

A citation is a section sign with a number. It means the contract that was named last before it in the same file,
and the register's where none was named. A sign behind the name of a published standard is none.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference"
_CONTRACT = re.compile(r"\b(register|maskinporten|system users)[\s#]+contract\b", re.IGNORECASE)
_STANDARDS = r"RFC \d+|YAML 1\.2(?: core schema)?|XML 1\.0|CommonMark|SARIF"
_SECTION = re.compile(rf"(?P<standard>(?:{_STANDARDS})\s+)?§(?P<number>\d+(?:\.\d+)*)")
_HEADING = re.compile(r"^#+ (?P<text>(?:(?P<number>\d+(?:\.\d+)*)\.? )?.+)$", re.MULTILINE)
_CODE = re.compile(r"^```.*?^```$|`[^`\n]+`", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")


class Citation(NamedTuple):
    """One citation: the contract (the name of its page), the section, and where it stands in the text."""

    contract: str
    section: str
    start: int
    end: int


class Heading(NamedTuple):
    """One heading: its number, empty for none, and the anchor that GitHub gives it."""

    number: str
    anchor: str


def find_citations(text: str, own: str = "") -> Iterator[Citation]:
    """Find the citations of a file in their order; the page of a contract, `own`, cites itself."""
    named = [(match.start(), match[1].lower().replace(" ", "-")) for match in _CONTRACT.finditer(text)]
    for match in _SECTION.finditer(text):
        if not match["standard"]:
            before = [name for start, name in named if start < match.start()]
            yield Citation(own or (before or ["register"])[-1], match["number"], match.start(), match.end())


def find_headings(text: str) -> list[Heading]:
    """Find the headings of a page, with the anchors that GitHub makes of them."""
    return [
        Heading(match["number"] or "", re.sub(r"[^\w\- ]", "", match["text"].lower()).replace(" ", "-"))
        for match in _HEADING.finditer(re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL))
    ]


def find_links(text: str) -> list[str]:
    """Find what a page links to; what stands in code is no link."""
    return _LINK.findall(_CODE.sub("", text))


@cache
def read_anchors(contract: str) -> dict[str, str]:
    """Give the anchor of each section of a contract by its number."""
    text = (REFERENCE / f"{contract}.md").read_text(encoding="utf-8")
    return {heading.number: heading.anchor for heading in find_headings(text) if heading.number}


def find_unknown(text: str, own: str = "") -> list[str]:
    """Name the citations of a file that lead to no heading."""
    return [
        f"{one.contract} contract §{one.section}"
        for one in find_citations(text, own)
        if one.section not in read_anchors(one.contract)
    ]


def link_citations(text: str) -> str:
    """Make each citation of a page in `docs/` a link to its heading; raises `KeyError` where there is none."""
    parts, done = list[str](), 0
    for one in find_citations(text):
        target = f"reference/{one.contract}.md#{read_anchors(one.contract)[one.section]}"
        parts += [text[done : one.start], f"[§{one.section}]({target})"]
        done = one.end
    return "".join([*parts, text[done:]])


def find_broken_links(page: Path) -> list[str]:
    """Name the links of a page to files, or to headings of pages, that do not exist."""
    return [
        link
        for link in find_links(page.read_text(encoding="utf-8"))
        if "://" not in link and not _leads_somewhere(page, link)
    ]


def _leads_somewhere(page: Path, link: str) -> bool:
    name, _, anchor = link.partition("#")
    target = page.parent / name if name else page
    if not target.exists():
        return False
    return not anchor or anchor in {one.anchor for one in find_headings(target.read_text(encoding="utf-8"))}
