"""The reference pages say what the program has: their made parts, the variables it reads, the JSON it writes."""

from __future__ import annotations

import pytest

from tests.citations import DOCS
from tests.manual.makers import MAKERS
from tests.manual.parts import REPAIR, read_parts, replace_part


@pytest.mark.parametrize(
    ("page", "part"), [(page, part) for page, parts in MAKERS.items() for part in parts], ids=str
)
def test_a_made_part_is_what_the_program_says(page: str, part: str, request: pytest.FixtureRequest) -> None:
    """A part of a page that is made from the program; `--accept` writes it again."""
    path = DOCS / page
    text = path.read_text(encoding="utf-8")
    made = replace_part(text, part, MAKERS[page][part]())
    assert part in read_parts(text), f"docs/{page} has no place for {part}"
    if request.config.getoption("--accept"):
        path.write_text(made, encoding="utf-8")
        return

    assert text == made, f"docs/{page} is not what the program says; this writes it again: {REPAIR}"
