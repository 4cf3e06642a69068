"""The emulator answers as Altinn's own service did, request by request."""

from __future__ import annotations

import pytest

from reconciler.emulator import start
from tests.recordings.comparer import Comparer, Difference
from tests.recordings.play import play
from tests.recordings.transcript import FOLDER, Answer, Transcript, cut, read_transcript

EXPLAINED = {
    "consumer/list-null": "the control endpoint leaves a claim out that is null",
    "consumer/read-null": "likewise",
    "consumer/post-null": "likewise",
}
"""Differences that come from the replaying, not from the emulator's answers."""


def play_on_a_new_one(transcript: Transcript) -> dict[str, list[Difference]]:
    """Replay a set against a new emulator; gives the differences by request."""
    with start(FOLDER / "emulator.toml") as emulator:
        return {name: found for name, found in play(emulator.base, transcript) if found}


def show_hard(found: dict[str, list[Difference]]) -> dict[str, list[str]]:
    """Keep the differences that are not in order alone."""
    shown = {name: [str(each) for each in kept if not each.is_soft] for name, kept in found.items()}
    return {name: texts for name, texts in shown.items() if texts}


@pytest.mark.slow
def test_written_by_hand() -> None:
    """Of 1,738 answers to requests written by hand none differs, except those that the replaying explains."""
    found = play_on_a_new_one(read_transcript("written"))

    assert {name: texts for name, texts in show_hard(found).items() if name not in EXPLAINED} == {}
    assert [name for name, each in found.items() if any(one.kind == "order" for one in each)] == []


def test_a_part_of_the_generated() -> None:
    """None of the first 500 generated requests has another answer or another order of members."""
    found = play_on_a_new_one(cut(read_transcript("generated"), 500))

    assert show_hard(found) == {}
    assert [name for name, each in found.items() if any(one.kind == "order" for one in each)] == []


@pytest.mark.slow
def test_all_generated() -> None:
    """None of 5,933 generated requests has another answer or another order of members."""
    found = play_on_a_new_one(read_transcript("generated"))

    assert show_hard(found) == {}
    assert [name for name, each in found.items() if any(one.kind == "order" for one in each)] == []


@pytest.mark.slow
def test_customers() -> None:
    """System users, §3 to §9.2: of 563 answers to vendors and customers none differs."""
    found = play_on_a_new_one(read_transcript("users"))

    assert show_hard(found) == {}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ('{"a":1,"b":[{"c":"x"}]}', None),
        ('{"b":[{"c":"x"}],"a":1}', "order"),
        ('{"a":1,"b":[{"c":"y"}]}', "value"),
        ('{"a":true,"b":[{"c":"x"}]}', "value"),
        ('{"a":1,"b":[{}]}', "missing"),
        ('{"a":1,"b":[{"c":"x"}],"d":0}', "extra"),
        ('{"a":1,"b":[]}', "length"),
        ("a", "body"),
    ],
)
def test_the_comparer_sees(body: str, kind: str | None) -> None:
    """Every kind of difference between two bodies is found, and named."""
    recorded = Answer(200, {}, '{"a":1,"b":[{"c":"x"}]}')
    found = Comparer().compare("x", recorded, Answer(200, {}, body), is_unordered=False)

    assert [each.kind for each in found] == ([] if kind is None else [kind])


def test_the_comparer_sees_status_and_headers() -> None:
    """A different status, a missing header and an extra header are found."""
    found = Comparer().compare(
        "x", Answer(404, {"allow": "PUT"}, ""), Answer(405, {"expires": "-1"}, ""), is_unordered=False
    )

    assert [(each.kind, each.where) for each in found] == [
        ("status", ""),
        ("header", "allow"),
        ("header", "expires"),
    ]


def test_the_comparer_knows_ids() -> None:
    """An id must be that of the same request; times and trace ids must have their form."""
    first, second, others = (f"{digit}b8f7d0e-2f0e-4a57-9d0a-0b7a2f9c1d11" for digit in "012")
    unknown = "3b8f7d0e-2f0e-4a57-9d0a-0b7a2f9c1d11"
    comparer = Comparer()
    comparer.learn("a", Answer(200, {}, f'"{first}"'), Answer(200, {}, f'"{second}"'))
    comparer.learn("b", Answer(200, {}, f'"{unknown}"'), Answer(200, {}, f'"{others}"'))
    recorded = Answer(200, {}, f'{{"id":"{first}","created":"2026-01-01T00:00:00.1+00:00"}}')
    good = Answer(200, {}, f'{{"id":"{second}","created":"2026-02-02T00:00:00.25+00:00"}}')
    bad = Answer(200, {}, f'{{"id":"{others}","created":"2026-02-02T00:00:00.250+00:00"}}')

    assert comparer.compare("x", recorded, good, is_unordered=False) == []
    assert [each.where for each in comparer.compare("x", recorded, bad, is_unordered=False)] == [
        "$.id",
        "$.created",
    ]


def test_the_comparer_finds_rows() -> None:
    """Rows of an unordered list are compared by their id, and their order is counted separately."""
    rows = ['{"systemId":"a","x":1}', '{"systemId":"b","x":2}']
    recorded = Answer(200, {}, f"[{','.join(rows)}]")
    other = Answer(200, {}, f"[{','.join(reversed(rows))}]")

    assert [each.kind for each in Comparer().compare("x", recorded, other, is_unordered=True)] == ["rows"]
    assert {each.kind for each in Comparer().compare("x", recorded, other, is_unordered=False)} == {"value"}
