"""No bytes make validate raise, and the order of files means nothing."""

from __future__ import annotations

from hypothesis import assume, example, given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from reconciler import document
from reconciler.document import read_document
from reconciler.normalise import normalise, resolve
from reconciler.operations import validate
from reconciler.rules.shape import check_document
from tests.builders import ENVIRONMENTS, a_definition_text

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


@given(st.binary(max_size=400))
@example(b"[" * 100_000)
@example(b"{a: " * 100_000)
@example(b"- " * 100_000)
@example(b"? " * 10_000)
@example(b"\xff\xfe")
@example(b"id: &a [*a]")
def test_no_bytes_make_validate_raise(content: bytes) -> None:
    """Whatever a pull request puts into a file, validate answers with findings."""
    validate([read_document("systems/a.yaml", content)], ENVIRONMENTS)


@given(yaml_like | mutated())
def test_nothing_that_looks_like_a_definition_makes_validate_raise(text: str) -> None:
    """Text that gets past the parser gets through every rule, and each finding has its place in the file."""
    content = text.encode("utf-8", "surrogatepass")
    lines = text.count("\n") + 2
    for finding in validate([read_document("systems/a.yaml", content)], ENVIRONMENTS).findings:
        assert 0 < finding.place.line <= lines
        assert finding.message
        assert len(finding.message) < 1000


@given(mutated(), mutated())
def test_the_order_of_files_means_nothing(first: str, second: str) -> None:
    """The same files in another order give the same findings in the same order."""
    texts = {"systems/a.yaml": first, "systems/b.yaml": second}
    documents = [read_document(name, text.encode("utf-8", "surrogatepass")) for name, text in texts.items()]

    assert validate(documents, ENVIRONMENTS).findings == validate(documents[::-1], ENVIRONMENTS).findings


@given(mutated())
def test_both_parsers_read_the_same(text: str) -> None:
    """Without the C parser the tree and its positions are the same; an inner byte order mark has no width."""
    assume("\ufeff" not in text)
    fast = read_document("a.yaml", text.encode("utf-8", "surrogatepass"))
    if not fast.faults:
        slow = document._compose("a.yaml", fast.text, YAML(typ="safe", pure=True).parse(fast.text))
        assert fast == slow or slow.faults


@given(mutated())
def test_normalise_is_idempotent(text: str) -> None:
    """What is canonical stays as it is."""
    definition, _ = check_document(
        read_document("a.yaml", text.encode("utf-8", "surrogatepass")), ENVIRONMENTS
    )
    if definition is not None:
        once = normalise(resolve(definition, "local").system)
        trailing = [url for url in once.allowedRedirectUrls if url != url.strip()]
        assert normalise(once) == once or trailing
