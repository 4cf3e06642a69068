"""No bytes make validate raise, nothing is hidden, and the order of files means nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from reconciler.definitions import yaml_document as document
from reconciler.definitions.yaml_document import read_document
from reconciler.model.catalogue import read_shipped_catalogue
from reconciler.model.findings import sort_findings
from reconciler.model.system import NEVER_SENT, SENT
from reconciler.operations.validate import validate
from reconciler.rules import RULES, check_documents
from tests.builders import ENVIRONMENTS, a_definition_text

if TYPE_CHECKING:
    from random import Random

    from reconciler.definitions.yaml_document import Document
    from reconciler.model.canonical_json import Json
    from reconciler.model.findings import Finding

VALID = a_definition_text()
FRAGMENTS = [
    "id: ",
    "vendor: ",
    "name:",
    "\n  nb: ",
    "\n- ",
    "rights: ",
    "environments:\n  tt02:\n    ",
    "allow: ",
    "withdrawn: true",
    "&a ",
    "*a",
    "[",
    "]",
    "{",
    "}",
    ": ",
    "'",
    '"',
    "|\n",
    "---\n",
    "!!str ",
    "<<: ",
    "null",
    "~",
    "true",
    "1_000",
    "0x1F",
    "\t",
    "\u202e",
    "é",
    "\ufeff",
    "%",
    "https://",
    "https://[",
    "https://*",
    "urn:altinn:accesspackage:",
    "0192:",
    "\n",
    " ",
]
yaml_like = st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=8), max_size=40).map("".join)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """Take a valid definition and cut, repeat or replace a piece of it."""
    text = VALID
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 40)))
        text = (
            text[:start] + draw(st.sampled_from(FRAGMENTS) | st.text(max_size=5) | st.just("")) + text[end:]
        )
    return text


names = st.sampled_from(
    [*SENT, *NEVER_SENT, "environments", "allow", "requests", "withdrawn", "isAssignable", "<<", *RULES]
)
names |= st.sampled_from(
    ["ID", "urn", "resource", "value", "tt02", "prod", "local", "nb", "nn", "en", "ClientId", "RIGHTS"]
)
names |= st.text(max_size=3)
leaves = st.sampled_from(
    [
        "991825827",
        "0192:991825827",
        "991825827_smartcloud",
        "urn:altinn:resource",
        "https://a.example",
        "x" * 300,
    ]
) | st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5))
trees = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=6),
    max_leaves=40,
)
"""Any JSON, with the names and values of a definition in places where they do not belong."""


def _read(text: str, name: str = "systems/a.yaml") -> Document:
    return read_document(name, text.encode("utf-8", "surrogatepass"))


def _validate(*texts: str) -> tuple[Finding, ...]:
    documents = [_read(text, f"systems/{number}.yaml") for number, text in enumerate(texts)]
    return validate(documents, ENVIRONMENTS).findings


@given(st.binary(max_size=400))
@example(b"[" * 100_000)
@example(b"{a: " * 100_000)
@example(b"- " * 100_000)
@example(b"? " * 10_000)
@example(b"\xff\xfe")
@example(b"id: &a [*a]")
@example(b"%YAML 1.99999999999\n---\n")
@example(b'id: "\\UFFFFFFFF"')
@example(b'name: {nb: "\\ud800"}')
@example(b"a: !%ff x")
@pytest.mark.parametrize("fast", [True, False])
def test_no_bytes_make_validate_raise(fast: bool, content: bytes) -> None:  # noqa: FBT001 - a parameter of the test
    """Whatever a pull request puts into a file, validate answers with findings, with either parser."""
    with pytest.MonkeyPatch.context() as patch:
        if not fast:
            patch.setattr(document, "CParser", None)
        validate([read_document("systems/a.yaml", content)], ENVIRONMENTS)


@given(yaml_like | mutated())
def test_nothing_that_looks_like_a_definition_makes_validate_raise(text: str) -> None:
    """Text that gets past the parser gets through every rule, and each finding has its place in the file."""
    lines = text.count("\n") + 2
    for finding in _validate(text):
        assert 0 < finding.place.line <= lines
        assert finding.message
        assert len(finding.message) < 1000


@given(trees)
def test_no_tree_makes_validate_raise(tree: Json) -> None:
    """Whatever stands where, each finding is in the file, says something short, and has a path."""
    text = json.dumps(tree, indent=1)
    for finding in _validate(text):
        assert 0 < finding.place.line <= text.count("\n") + 1
        assert 0 < len(finding.message) < 500
        assert finding.message.isprintable()
        assert finding.place.path.isprintable()


@given(st.lists(mutated(), min_size=2, max_size=4), st.randoms(use_true_random=False))
def test_the_order_of_files_means_nothing(texts: list[str], chance: Random) -> None:
    """The same files in another order give the same definitions and findings, in the same order."""
    documents = [_read(text, f"systems/{number}.yaml") for number, text in enumerate(texts)]
    shuffled = chance.sample(documents, len(documents))
    first, second = (
        check_documents(each, read_shipped_catalogue(), ENVIRONMENTS) for each in (documents, shuffled)
    )

    assert first == second
    assert first.findings == sort_findings(first.findings)


@given(st.dictionaries(st.sampled_from(SENT), leaves | st.lists(leaves, max_size=3) | trees, max_size=4))
def test_an_exception_hides_nothing(changes: dict[str, Json]) -> None:
    """With an exception to every rule that knows one, the same is found at the same places."""

    def tell(text: str) -> list[tuple[str, str, str]]:
        found = _validate(text)
        return [(each.rule, each.message, str(each.place)) for each in found if "allow" not in each.rule]

    text = a_definition_text(**changes)
    allow = {name: "a reason" for name, rule in RULES.items() if rule.allowable}
    assert sorted(tell(text)) == sorted(tell(f"{text}allow: {json.dumps(allow)}\n"))


@given(mutated())
@example("id: x\nallow: ")
@example("id: x\x85y\nallow: z")
@example("name: {nb: , nn: }\nid: \n")
def test_both_parsers_read_the_same(text: str) -> None:
    """Without the C parser the tree and its positions are the same; an inner byte order mark has no width."""
    assume("\ufeff" not in text)
    fast = _read(text)
    if not fast.faults:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(document, "CParser", None)
            slow = _read(text)
        assert fast == slow or slow.faults
