"""Each citation of a contract leads to what it cites, and the index leads to each page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.citations import (
    DOCS,
    REFERENCE,
    ROOT,
    Citation,
    find_broken_links,
    find_citations,
    find_headings,
    find_links,
    find_unknown,
    link_citations,
    read_anchors,
)

if TYPE_CHECKING:
    from pathlib import Path

PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *DOCS.rglob("*.md")])
CONTRACTS = [REFERENCE / f"{name}.md" for name in ("register", "maskinporten", "pipelines", "system-users")]
"""How the real services behave; the other pages of the reference are about this program."""
SOURCES = sorted([*(ROOT / "reconciler").rglob("*.py"), *(ROOT / "tests").rglob("*.py")])
CITING = [path for path in [*PAGES, *SOURCES] if path.name not in {"citations.py", "test_reference.py"}]
_LINKED = re.compile(r"\[§(?P<number>[\d.]+)\]\((?P<target>[^)\s]+)\)")


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _find_contract(path: Path) -> str:
    """Give the contract that a page of the reference is; empty for every other file."""
    return path.stem if path in CONTRACTS else ""


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_every_citation_leads_to_a_heading() -> None:
    """No comment, docstring or page cites a section that is not there."""
    unknown = {_name(path): find_unknown(_read(path), _find_contract(path)) for path in CITING}

    assert {name: found for name, found in unknown.items() if found} == {}


def test_there_are_citations() -> None:
    """The finder finds what it is for: hundreds of them, of all three contracts."""
    found = [one for path in SOURCES if path in CITING for one in find_citations(_read(path))]

    assert len(found) > 400
    assert {one.contract for one in found} == {"register", "maskinporten", "system-users"}


def test_every_code_and_quirk_that_is_cited_has_its_row() -> None:
    """`§3, 00006` is a row of the validations, and `Q22` is one of the quirks."""
    register = _read(REFERENCE / "register.md")
    rows = set(re.findall(r"^\| (000\d\d|Q\d+) \|", register, re.MULTILINE))
    cited = {
        row for path in CITING for row in re.findall(r"§3,[\s#]+(000\d\d)\b|\b(Q\d{1,2})\b", _read(path))
    }

    assert {code or quirk for code, quirk in cited} - rows == set()
    assert len(rows) > 40


def test_every_row_of_the_checks_of_a_grant_is_there() -> None:
    """`Maskinporten contract §2.6 row 20` is a row of that table."""
    section = _read(REFERENCE / "maskinporten.md").split("### 2.6 ")[1].split("\n## ")[0]

    assert re.findall(r"^\| (\d+) \|", section, re.MULTILINE) == [str(number) for number in range(1, 22)]


@pytest.mark.parametrize("path", [each for each in PAGES if each not in CONTRACTS], ids=_name)
def test_a_page_links_what_it_cites(path: Path) -> None:
    """On a page a citation is a link to its heading, which has its number."""
    text = _read(path)
    folder = "" if path.parent == REFERENCE else "reference/"
    linked = {match.start("number") - 1: match for match in _LINKED.finditer(text)}

    for one in find_citations(text):
        anchor = read_anchors(one.contract)[one.section]
        assert linked[one.start]["target"] == f"{folder}{one.contract}.md#{anchor}"


def test_the_index_names_every_page() -> None:
    """`docs/README.md` links to each page of the documentation."""
    pages = {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")} - {"README.md"}
    pages = {name for name in pages if not name.startswith("changelog.d/")}

    assert pages - set(find_links(_read(DOCS / "README.md"))) == set()


def test_the_numbers_of_a_contract_are_used_once() -> None:
    """No two headings of one page have one number."""
    for name in ("register", "maskinporten", "system-users"):
        numbers = [one.number for one in find_headings(_read(REFERENCE / f"{name}.md")) if one.number]
        assert len(numbers) == len(set(numbers))


class TestFinder:
    """The finder itself, on small texts, right and wrong."""

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("(System Register contract §2.4)", [("register", "2.4")]),
            ("contract §3, 00006", [("register", "3")]),
            ("Maskinporten contract §2.3, §2.6 row 20", [("maskinporten", "2.3"), ("maskinporten", "2.6")]),
            (
                "Maskinporten\n    # contract §1.1, and\n (§4.2)",
                [("maskinporten", "1.1"), ("maskinporten", "4.2")],
            ),
            (
                "Maskinporten contract §4. System Register\ncontract §4",
                [("maskinporten", "4"), ("register", "4")],
            ),
            ("RFC 3986 §5.2.4, YAML 1.2 core schema §10.3.2, SARIF §3.49, XML 1.0\n§2.2", []),
        ],
    )
    def test_finding(self, text: str, expected: list[tuple[str, str]]) -> None:
        """A section is that of the contract that was named last; standards have sections of their own."""
        assert [(one.contract, one.section) for one in find_citations(text)] == expected

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("contract §2.44", ["register contract §2.44"]),
            ("see §12 (System Register contract §2.4)", ["register contract §12"]),
            ("Maskinporten contract §9.3", ["maskinporten contract §9.3"]),
            ("RFC 1234 §1, §77.1", ["register contract §77.1"]),
        ],
    )
    def test_a_wrong_citation_is_named(self, text: str, expected: list[str]) -> None:
        """A section that no heading has is named with its contract."""
        assert find_unknown(text) == expected

    def test_places(self) -> None:
        """A citation is placed from its sign to the end of its number."""
        assert list(find_citations("see §2.4.")) == [Citation("register", "2.4", 4, 8)]

    def test_links(self) -> None:
        """A link has the anchor that GitHub makes of the heading; an unknown section has none."""
        linked = link_citations("(contract §2.4)")

        assert linked == "(contract [§2.4](reference/register.md#24-redirect-urls))"
        with pytest.raises(KeyError):
            link_citations("contract §99")

    def test_a_broken_link_is_named(self, tmp_path: Path) -> None:
        """Links to no file, to no heading, and within the page; what stands in code is none."""
        (tmp_path / "other.md").write_text("# A (B) `c-d`\n", encoding="utf-8")
        page = tmp_path / "page.md"
        page.write_text(
            "# Here\n[a](gone.md) [b](other.md#a-b-c-d) [c](other.md#x) [d](#here) [e](#there) [f](https://x.no/#y)\n"
            "`[g](code.md)`\n```\n# No heading\n[h](code.md)\n```\n[i](#no-heading)\n",
            encoding="utf-8",
        )

        assert find_broken_links(page) == ["gone.md", "other.md#x", "#there", "#no-heading"]
