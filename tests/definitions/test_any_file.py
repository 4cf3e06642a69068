"""Whatever a readable file looks like, it is changed as asked, or refused; nothing else happens."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from reconciler.definitions.canonical_form import format_definition
from reconciler.definitions.editor import edit_definition
from reconciler.definitions.meaning import find_meaning, read_value
from reconciler.definitions.yaml_document import Mapping, read_document
from reconciler.errors import EditRefused
from tests.odd_files import MEMBERS, files

if TYPE_CHECKING:
    from reconciler.model.canonical_json import Json

RULES = Path(__file__).parent.parent / "rules"
EXAMPLES = [
    path.read_bytes().decode("utf-8", "replace")
    for path in sorted(RULES.glob("*/*.yaml"))
    if path.stat().st_size < 5_000
]
PIECES = [
    *(
        "\n",
        "\r\n",
        "\t",
        " ",
        "  ",
        "#",
        " # c",
        ":",
        ": ",
        "- ",
        "? ",
        "---\n",
        "...\n",
        "%YAML 1.2\n---\n",
    ),
    *(
        "'",
        '"',
        "&a ",
        "*a",
        "!!str ",
        "!",
        "|",
        ">-\n  ",
        "[",
        "]",
        "{",
        "}",
        ",",
        "~",
        "\ufeff",
        "\r",
        "\\",
    ),
    *(
        "rights:\n",
        "name: ",
        "environments:\n  tt02:\n",
        "isVisible: false\n",
        "[a, b]",
        "{nb: x}",
        "é",
        "🎉",
    ),
]
VALUES: dict[str, list[Json]] = {
    "id": ["991825827_b"],
    "vendor": ["991825827"],
    "name": [{"nb": "a", "nn": "b: c", "en": "d"}],
    "description": [{"nb": "one\ntwo", "nn": "", "en": "x"}],
    "rights": [
        [],
        ["mva"],
        ["mva", {"resource": [{"id": "urn:altinn:resource", "value": "a"}], "action": "b"}],
    ],
    "clientId": [[], ["a", "b", "c"]],
    "isVisible": [True, False],
    "withdrawn": [True],
    "allow": [{"id-format": "because"}],
}


@st.composite
def mutants(draw: st.DrawFn) -> str:
    """Draw a file into which pieces of YAML were put, or from which some were taken."""
    text = draw(st.one_of(st.sampled_from(EXAMPLES), files()))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(text)))
        cut = draw(st.sampled_from([0, 0, 1, 5]))
        text = text[:at] + draw(st.sampled_from(["", *PIECES])) + text[at + cut :]
    return text


@st.composite
def wishes(draw: st.DrawFn) -> dict[str, Json]:
    """Draw what some members are to say."""
    names = draw(st.lists(st.sampled_from([*VALUES]), unique=True, max_size=4))
    return {name: draw(st.sampled_from(VALUES[name])) for name in names}


@given(text=mutants(), members=wishes(), overlay=wishes())
def test_an_edit_is_made_or_refused(text: str, members: dict[str, Json], overlay: dict[str, Json]) -> None:
    """It says what was wanted, whatever the file held."""
    overlay.pop("allow", None)
    try:
        after = edit_definition(text, members, {"tt02": overlay} if overlay else None)
    except EditRefused:
        return
    document = read_document("a.yaml", after.encode())
    assert document.faults == ()
    assert isinstance(document.root, Mapping)
    assert edit_definition(after, members, {"tt02": overlay} if overlay else None) == after


@given(text=mutants())
def test_a_file_is_formatted_or_refused(text: str) -> None:
    """The canonical form is one that stays."""
    try:
        after = format_definition(text)
    except EditRefused:
        return
    assert format_definition(after) == after


@given(text=mutants())
def test_what_a_file_says_already_changes_no_byte(text: str) -> None:
    """For every readable file: from the text to the tree and back."""
    document = read_document("a.yaml", text.encode())
    if document.faults or not isinstance(document.root, Mapping):
        return
    said = {name: entry[1] for name in MEMBERS if (entry := document.root.find(name)) is not None}
    values = {name: read_value(node, name) for name, node in said.items()}
    sound = {name: value for name, value in values.items() if _is_sound(name, value)}
    if "\r" in text.replace("\r\n", ""):
        return

    assert edit_definition(text, sound) == text


def _is_sound(name: str, value: Json) -> bool:
    return find_meaning(name, value) == find_meaning(name, value)  # what is unsound equals nothing
