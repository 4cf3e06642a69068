"""A definition to fill in: it reads as what it was made of, whatever that is, and needs no `fmt`."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.definitions.canonical_form import format_definition
from reconciler.definitions.editor import read_text
from reconciler.definitions.meaning import read_value
from reconciler.definitions.outline import write_outline
from reconciler.definitions.yaml_nodes import Mapping
from reconciler.model.system import LANGUAGES
from tests.builders import VENDOR

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
LIST = st.lists(TEXT, max_size=3, unique=True)


@settings(max_examples=15)
@given(
    texts=st.fixed_dictionaries(dict.fromkeys(LANGUAGES, TEXT)),
    lists=st.fixed_dictionaries(dict.fromkeys(("rights", "clientId"), LIST)),
    comments=st.lists(TEXT, min_size=3, max_size=3),
    environments=st.lists(st.sampled_from(["tt02", "prod"]), unique=True),
)
def test_an_outline_says_what_it_was_made_of(
    texts: dict[str, str], lists: dict[str, list[str]], comments: list[str], environments: list[str]
) -> None:
    """Neither a text nor a comment of somebody else's can become another member."""
    texts = {language: texts[language] for language in LANGUAGES}
    members = {
        "id": f"{VENDOR}_new",
        "vendor": VENDOR,
        "name": texts,
        "description": texts,
        **lists,
        "isVisible": False,
    }
    entries = dict(zip(lists["rights"], comments, strict=False))
    text = write_outline(members, {each: {} for each in environments}, entries)
    root = read_text(text)

    assert isinstance(root, Mapping)
    said = {key.text: read_value(value, "") for key, value in root.entries}
    assert said.pop("environments") == {each: {} for each in environments}
    assert said.pop("isVisible") == "false"
    assert said == {
        name: tuple(each) if isinstance(each, list) else each
        for name, each in members.items()
        if name != "isVisible"
    }
    assert format_definition(text) == text
