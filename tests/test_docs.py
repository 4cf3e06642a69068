"""What the README promises is what the program has."""

from __future__ import annotations

import re

import pytest

from reconciler.cli.main import VERBS
from reconciler.errors import Exit
from reconciler.model.environment import BUILT_IN, Environment
from reconciler.render.formats import FORMATS
from tests.citations import DOCS, ROOT, find_broken_links

_NAMED = re.compile(r"`((?:[\w.]+/)+(?:\w+\.\w+)?|\w+\.py)`")
"""A file, or a folder with its slash, in the style of code."""
_ROOTS = (ROOT, ROOT / "reconciler")
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_exit_code_stands_in_the_table() -> None:
    """The table of the README has each code once, and no other."""
    table = README.split("## Exit codes")[1].split("##")[0]

    assert [int(code) for code in re.findall(r"^\| (\d) \|", table, re.MULTILINE)] == [
        code.value for code in Exit
    ]


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_described(verb: str) -> None:
    """Each verb has its row."""
    table = README.split("## The verbs")[1].split("##")[0]

    assert re.search(rf"^\| `{verb}[ `]", table, re.MULTILINE)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_named(name: str) -> None:
    """Each format is named where the outputs are."""
    assert f"`{name}`" in README


@pytest.mark.parametrize("environment", BUILT_IN, ids=lambda each: each.name)
def test_every_environment_stands_with_its_addresses(environment: Environment) -> None:
    """The built-in environments stand with the addresses that the program uses."""
    name, register = environment.name, environment.register
    row = next(line for line in README.splitlines() if line.startswith(f"| `{name}` |"))

    assert register in row


def test_the_links_of_the_documentation_lead_somewhere() -> None:
    """A page, or a heading of one, that is linked to is there."""
    pages = [ROOT / "README.md", ROOT / "CHANGELOG.md", *DOCS.rglob("*.md")]
    broken = {page.relative_to(ROOT).as_posix(): find_broken_links(page) for page in pages}

    assert {name: links for name, links in broken.items() if links} == {}


def test_the_files_that_the_documentation_names_are_there() -> None:
    """Each file or folder of ours that a page names is there; `architecture.md` names them within the package."""
    pages = [path for path in [*ROOT.glob("*.md"), *DOCS.rglob("*.md")] if path.name != "CHANGELOG.md"]
    named = {
        (page.name, name)
        for page in pages
        for name in _NAMED.findall(page.read_text(encoding="utf-8"))
        if name.startswith(("reconciler/", "tests/")) or page.name == "architecture.md"
    }
    missing = [each for each in sorted(named) if not any((root / each[1]).exists() for root in _ROOTS)]

    assert missing == []
    assert len(named) > 50  # the finder finds them
