"""Values as YAML text come back as they were."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.definitions.meaning import read_value
from reconciler.definitions.yaml_document import read_document
from reconciler.definitions.yaml_writer import Layout, write_flow, write_member, write_scalar
from tests.odd_files import LONG, MEMBERS

TEXT = st.one_of(LONG, st.text(st.characters(codec="utf-8")))


def _read(text: str) -> object:
    document = read_document("a.yaml", text.encode())
    assert document.faults == (), text
    assert document.root is not None
    return read_value(document.root, "")


@given(text=TEXT, style=st.sampled_from(["", "'", '"']))
def test_a_text_comes_back(text: str, style: str) -> None:
    """Whatever it holds, in lines and in brackets."""
    assert _read(f"a: {write_scalar(text, style)}\n") == {"a": text}
    assert _read(f"[{write_scalar(text, style, flow=True)}, b]\n") == (text, "b")
    assert _read("\n".join(write_member("a", text, 0, Layout())) + "\n") == {"a": text}


@given(value=st.one_of(*MEMBERS.values()), quote=st.sampled_from(["", '"']))
def test_a_value_comes_back(value: object, quote: str) -> None:
    """Lists and mappings, in lines and in brackets."""
    expected = _read(f"a: {write_flow(value, quote)}\n")

    for layout in (Layout(), Layout(4, 0), Layout(quote=quote)):
        assert _read("\n".join(write_member("a", value, 2, layout)) + "\n") == expected


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("SmartCloud 1", "SmartCloud 1"),
        ("https://a.example/b?c=d#e", "https://a.example/b?c=d#e"),
        ("urn:altinn:accesspackage:a", "urn:altinn:accesspackage:a"),
        ("32ef65ac-6e62-498d-880f-76c85c2052ae", "32ef65ac-6e62-498d-880f-76c85c2052ae"),
        ("991825827", '"991825827"'),
        ("1e5", '"1e5"'),
        ("No", '"No"'),
        ("2026-01-01", '"2026-01-01"'),
        ("Demo #1", '"Demo #1"'),
        ("a: b", '"a: b"'),
        ("", '""'),
        ("a\u202eb", '"a\\u202Eb"'),
    ],
)
def test_what_is_quoted(text: str, written: str) -> None:
    """What programs could read as something else, and what a person could not see."""
    assert write_scalar(text) == written
