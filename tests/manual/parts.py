"""Made parts of pages: the program writes what stands between `<!-- made: NAME -->` and `<!-- end of NAME -->`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.citations import DOCS

if TYPE_CHECKING:
    from collections.abc import Iterable

REPAIR = ".venv/bin/pytest -q tests/manual --accept"
"""What writes all of them again."""
_PART = re.compile(
    r"^<!-- made: (?P<name>\S+) -->\n(?P<text>.*?)^<!-- end of (?P=name) -->$", re.MULTILINE | re.DOTALL
)
_PAGE = re.compile(r"(?<![\w/(])docs/([\w./-]+\.md)")


def read_parts(page: str) -> dict[str, str]:
    """Read the parts of a page by their names."""
    return {match["name"]: match["text"] for match in _PART.finditer(page)}


def replace_part(page: str, name: str, made: str) -> str:
    """Give the page with another text in one of its parts."""

    def put(match: re.Match[str]) -> str:
        if match["name"] != name:
            return match[0]
        return f"<!-- made: {name} -->\n\n{made.strip()}\n\n<!-- end of {name} -->"

    return _PART.sub(put, page)


def draw_table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Draw a Markdown table; a bar in a cell is escaped, and a line end becomes a blank."""
    heads = list(heads)
    lines = [heads, ["---"] * len(heads), *([_make_cell(cell) for cell in row] for row in rows)]
    return (
        "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
        .replace("| --- |", "|---|")
        .replace(" --- |", "---|")
    )


def _make_cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def link_pages(text: str) -> str:
    """Link the pages that a text of the program names by their path in the repository."""
    return _PAGE.sub(lambda match: f"[{match[1]}](../{match[1]})", text)


def find_pages() -> list[str]:
    """Name the pages that have such parts, by their path in `docs/`."""
    pages = sorted(DOCS.rglob("*.md"))
    return [
        each.relative_to(DOCS).as_posix() for each in pages if read_parts(each.read_text(encoding="utf-8"))
    ]
