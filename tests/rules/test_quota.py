"""Many findings of one rule in one file: twenty are shown, the others are counted, and nothing is hidden."""

from __future__ import annotations

import tracemalloc
from collections import Counter

import pytest

from reconciler.definitions.yaml_document import MAX_BYTES, MAX_VALUES, read_document
from reconciler.model.findings import Severity
from reconciler.operations.validate import validate
from reconciler.rules.quota import MOST
from tests.builders import ENVIRONMENTS, a_definition_text

MANY = [f"client{number}" for number in range(1000)]


def _count(text: str) -> Counter[str]:
    return Counter(
        each.rule for each in validate([read_document("a.yaml", text.encode())], ENVIRONMENTS).findings
    )


@pytest.mark.parametrize(
    ("text", "rule", "count"),
    [
        (a_definition_text(clientId=MANY), "client-id-format", 1000),
        (a_definition_text(rights=["a"] * 500), "right-duplicate", 499),
        (a_definition_text() + "".join(f"x{number}: 1\n" for number in range(300)), "unknown-member", 300),
        (a_definition_text() + "a: 1\n" * 301, "duplicate-key", 300),
        (a_definition_text(allow=dict.fromkeys(MANY, "x")), "allow-unknown", 1000),
        (a_definition_text(clientId=MANY[:21]), "client-id-format", 21),
        (a_definition_text(clientId=MANY, environments={"tt02": {}, "prod": {}}), "client-id-format", 1000),
    ],
)
def test_many_findings_of_a_rule_are_counted(text: str, rule: str, count: int) -> None:
    """S6: what is more than twenty is one finding with the number, as bad as the others."""
    findings = validate([read_document("a.yaml", text.encode())], ENVIRONMENTS).findings
    found = [each for each in findings if each.rule == rule]
    summed = found[-1]

    assert len(found) == MOST + 1
    assert summed.message == f"`{rule}` finds {count - MOST:,} more in this file"
    assert {each.severity for each in found} == {Severity.ERROR}
    assert summed.environments == ()
    assert summed.place.line >= found[-2].place.line


def test_names_are_looked_up_for_what_is_shown() -> None:
    """S6: a template of thousands of rights that the system does not ask for is no minute's work."""
    own, other = ([f"{name}-{number}" for number in range(1000)] for name in ("ske-right", "ske-rigth"))
    text = a_definition_text(rights=own, requests={"standard": {"rights": other}})
    findings = validate([read_document("a.yaml", text.encode())], ENVIRONMENTS).findings
    found = [each for each in findings if each.rule == "request-beyond-system"]

    assert len(found) == MOST + 1
    assert found[0].hint == "Did you mean `ske-right-0`?"
    assert all(each.hint.startswith("Did you mean") for each in found[:MOST])


def test_twenty_findings_are_shown() -> None:
    """S6: nothing is counted where everything can be shown."""
    assert _count(a_definition_text(clientId=MANY[:MOST]))["client-id-format"] == MOST


def test_what_is_counted_keeps_its_environments() -> None:
    """S6: the same fault in two environments counts once, and what only one sees is said of that one."""
    text = a_definition_text(environments={"tt02": {}, "prod": {"clientId": MANY}})
    findings = validate([read_document("a.yaml", text.encode())], ENVIRONMENTS).findings

    assert {each.environments for each in findings if each.rule == "client-id-format"} == {("prod",)}


def test_what_is_not_allowed_is_counted_by_itself() -> None:
    """S6: a hundred allowed findings do not hide the one that is not."""
    allow = {f"clientId[{number}]": "a test client" for number in range(999)}
    text = a_definition_text(clientId=MANY, allow={"client-id-format": allow})
    checked = validate([read_document("a.yaml", text.encode())], ENVIRONMENTS)
    found = [each for each in checked.findings if each.rule == "client-id-format"]

    assert [each.place.path for each in found if each.severity is Severity.ERROR] == ["clientId[999]"]
    assert Counter(each.severity for each in found) == {Severity.WARNING: MOST + 1, Severity.ERROR: 1}
    assert not any(each.rule == "allow-unneeded" for each in checked.findings)


def test_more_values_than_a_definition_can_need_are_refused() -> None:
    """S6: a megabyte of `x,` is not read to its end."""
    text = "a: [" + "x," * (MAX_BYTES // 2 - 5) + "]"
    (finding,) = validate([read_document("a.yaml", text.encode())], ENVIRONMENTS).findings

    assert (finding.rule, finding.place.line) == ("file-too-large", 1)
    assert finding.message == f"The file holds more than {MAX_VALUES:,} values"


@pytest.mark.slow
def test_memory_stays_in_proportion() -> None:
    """S6: the findings of 8,000 wrong entries take no more memory than the entries themselves."""
    content = a_definition_text(accessPackages=["x"] * 8000).encode()
    document = read_document("a.yaml", content)
    tracemalloc.start()
    try:
        validate([document], ENVIRONMENTS)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 20_000_000
