"""The page of each rule, which `reconciler explain` prints, and the manual that is made of them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler.definitions.yaml_document import read_document
from reconciler.model.findings import Severity
from reconciler.rules import RULES
from reconciler.rules.definition_reader import check_document
from tests.builders import ENVIRONMENTS
from tests.citations import link_citations

if TYPE_CHECKING:
    from reconciler.rules import Rule

MANUAL = Path(__file__).parents[2] / "docs" / "rules.md"
INTRODUCTION = """\
# The rules

`reconciler validate` asks these {count} rules of every definition, in every environment that any file names.
`reconciler explain RULE` prints the same pages. `plan` and `apply` ask them first, and stop at errors. A rule that
the register has too bears the register's code.

An error can be allowed, with a reason that reviewers see; it is a warning from then on. An exception that nothing
needs is a warning itself.

```yaml
allow:
  id-characters: registered in 2024, and ids cannot be renamed # the rule as a whole
  client-id-format:
    clientId[1]: the test client of our partner # the rule at one path
```

Shape, a missing language, duplicate ids, a client id on two systems and what the register could never keep or be
asked for cannot be allowed. Odd texts, and ids that differ in letter case only, can be allowed for what the register
holds already: a plan blocks the change that would bring them in. Of more than twenty findings of one rule in one
file the others are counted.
"""
LONGEST_LINE = 88
"""A page is read in a terminal."""


def _find_examples(rule: Rule) -> list[str]:
    """Give the indented paragraphs of a page."""
    blocks = re.findall(r"(?:^ {4}.*\n?|^\n(?= {4}))+", rule.page, re.MULTILINE)
    return [re.sub(r"^ {4}", "", block, flags=re.MULTILINE).strip("\n") for block in blocks if block.strip()]


def _write_page(rule: Rule) -> str:
    kind = rule.severity.value + (f" · `{rule.code}`" if rule.code else "")
    allowed = {
        True: "can be allowed",
        False: "cannot be allowed",
        "held": "can be allowed where the register holds it",
    }
    return f"## {rule.id}\n\n{kind} · {allowed[rule.allowable]}\n\n{link_citations(rule.page)}\n"


def _write_manual() -> str:
    rules = sorted(RULES.values(), key=lambda rule: rule.id)
    rows = "".join(
        f"| [{rule.id}](#{rule.id}) | {rule.severity.value} | {rule.summary} |\n" for rule in rules
    )
    table = f"| rule | severity | what holds |\n|---|---|---|\n{rows}"
    introduction = INTRODUCTION.format(count=len(rules))
    return "\n".join([introduction, table, *(_write_page(rule) for rule in rules)])


def test_the_manual_is_made_of_the_pages(request: pytest.FixtureRequest) -> None:
    """docs/rules.md says what the program says; `--accept` writes it again."""
    if request.config.getoption("--accept"):
        MANUAL.write_text(_write_manual(), encoding="utf-8")

    assert MANUAL.read_text(encoding="utf-8") == _write_manual()


@pytest.mark.parametrize("name", RULES)
def test_every_page_says_what_holds_why_and_how_to_mend_it(name: str) -> None:
    """A page starts with one sentence, goes on with the reason, and ends with what to do."""
    rule = RULES[name]
    first, *rest = rule.page.split("\n\n")

    assert first.endswith(".")
    assert rule.summary == " ".join(first.split())
    assert any(paragraph.startswith("Fix: ") for paragraph in rest)
    assert not rest[0].startswith("Fix: ")
    assert max(map(len, rule.page.splitlines()[1:])) <= LONGEST_LINE


@pytest.mark.parametrize("name", [name for name, rule in RULES.items() if rule.code])
def test_a_rule_of_the_registers_names_its_clause(name: str) -> None:
    """Where the register has the same rule, the page says where that is written down."""
    rule = RULES[name]

    assert re.fullmatch(r"AUTH\.VLD-000\d\d", rule.code)
    assert re.search(rf"§3,\s+{rule.code[-5:]}", rule.page)


@pytest.mark.parametrize("name", [name for name, rule in RULES.items() if _find_examples(rule)])
def test_every_example_can_be_copied(name: str) -> None:
    """An example is YAML with members that exist, or a command."""
    for example in _find_examples(RULES[name]):
        if example.startswith("reconciler "):
            continue
        _, findings = check_document(read_document("a.yaml", example.encode()), ENVIRONMENTS)
        assert {each.rule for each in findings} <= {"missing-member", "duplicate-key"}, example


def test_a_kebab_case_id_names_a_rule() -> None:
    """Ids are words joined by hyphens, so that they can be typed and searched for."""
    assert [name for name in RULES if not re.fullmatch(r"[a-z]+(-[a-z]+)+", name)] == ["spelling"]
    assert {rule.severity for rule in RULES.values()} == set(Severity)
