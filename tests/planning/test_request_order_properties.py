"""The order of a plan's requests, for any way in which client ids can move."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.system import RegisteredSystem
from reconciler.planning.change import Change, Create, Delete, Keep, Update
from reconciler.planning.request_order import Step, order_steps, put_back
from tests.builders import a_live_document

Placing = dict[str, frozenset[str]]


def _document(name: str, clients: frozenset[str]) -> dict[str, object]:
    document = a_live_document(id=name, clientId=sorted(clients))
    del document["isDeleted"]
    return document


def _change(name: str, held: frozenset[str] | None, wanted: frozenset[str] | None) -> Change:
    live = None
    if held is not None:
        live = RegisteredSystem({**_document(name, held), "isDeleted": False})
    if wanted is None:
        return Delete(id=name, live=live) if live is not None else Keep(id=name)
    if held is None:
        return Create(id=name, document=_document(name, wanted))
    if held == wanted:
        return Keep(id=name, live=live)
    return Update(id=name, live=live, document=_document(name, wanted))


@st.composite
def moves(draw: st.DrawFn) -> tuple[Placing, Placing, list[Change]]:
    """Place client ids on systems twice: as they are and as they are to be; a system may come or go."""
    names = [f"991825827_{letter}" for letter in "abcdef"[: draw(st.integers(1, 6))]]
    clients = [f"client-{number}" for number in range(draw(st.integers(0, 8)))]

    def place(present: list[str]) -> Placing:
        homes = {client: draw(st.sampled_from([*present, None])) for client in clients} if present else {}
        return {name: frozenset(c for c, home in homes.items() if home == name) for name in present}

    before = place([name for name in names if draw(st.integers(0, 4))])
    after = place([name for name in names if draw(st.integers(0, 4))])
    changes = [_change(name, before.get(name), after.get(name)) for name in names]
    return before, after, changes


def _play(before: Placing, step: Step) -> Placing:
    if step.method == "DELETE":
        return {name: held for name, held in before.items() if name != step.id}
    assert step.document is not None
    return {**before, step.id: frozenset(step.document["clientId"])}


def _shared(placing: Placing) -> list[str]:
    every = [client for held in placing.values() for client in held]
    return sorted({client for client in every if every.count(client) > 1})


@given(moves())
def test_no_client_id_is_ever_on_two_systems(case: tuple[Placing, Placing, list[Change]]) -> None:
    """Sent one by one, the steps keep every client id on one system, and end where the files ask."""
    placing, after, changes = case
    for step in order_steps(changes):
        placing = _play(placing, step)
        assert _shared(placing) == [], step
    assert placing == after


@given(moves(), st.randoms(use_true_random=False))
def test_any_order_that_the_steps_allow_is_as_good(
    case: tuple[Placing, Placing, list[Change]], chance: object
) -> None:
    """Steps that do not wait for each other may overlap: any order that respects `after` is safe."""
    placing, after, changes = case
    left = list(order_steps(changes))
    done: set[int] = set()
    while left:
        ready = [step for step in left if set(step.after) <= done]
        step = chance.choice(ready)  # type: ignore[attr-defined]  # hypothesis hands out random.Random
        left.remove(step)
        placing = _play(placing, step)
        done.add(step.number)
        assert _shared(placing) == []
    assert placing == after


@given(moves())
def test_there_is_one_final_step_for_each_change(case: tuple[Placing, Placing, list[Change]]) -> None:
    """There are as many requests as changes, and the intermediate ones on top."""
    _, _, changes = case
    steps = order_steps(changes)

    assert sorted(step.id for step in steps if step.final) == sorted(
        c.id for c in changes if c.action != "keep"
    )
    assert [step.number for step in steps] == list(range(1, len(steps) + 1))
    assert order_steps(changes[::-1]) == steps


@given(moves())
def test_every_release_has_its_way_back(case: tuple[Placing, Placing, list[Change]]) -> None:
    """A PUT that frees a client id says how it is put back; the way back holds all that the step freed."""
    _, _, changes = case
    for step in order_steps(changes):
        if step.releases and step.method == "PUT":
            assert step.way_back is not None
            assert set(step.releases) <= set(step.way_back["clientId"])
        else:
            assert step.way_back is None


def test_a_swap_passes_through_an_intermediate_document() -> None:
    """Two systems that swap client ids need three requests, and the first only takes an id away."""
    first = _change("991825827_a", frozenset({"x", "own"}), frozenset({"y", "own"}))
    second = _change("991825827_b", frozenset({"y"}), frozenset({"x"}))

    steps = order_steps([first, second])

    assert [(s.number, s.id[-1], s.method, s.purpose, s.after) for s in steps] == [
        (1, "a", "PUT", "release client id x", ()),
        (2, "b", "PUT", "update, release client id y, claim client id x", (1,)),
        (3, "a", "PUT", "update, claim client id y", (1, 2)),
    ]
    assert steps[0].document is not None
    assert steps[0].document["clientId"] == ["own"]


def test_a_ring_of_three_needs_one_intermediate_step() -> None:
    """Three systems in a ring need four requests."""
    ring = [
        _change(f"991825827_{name}", frozenset({held}), frozenset({wanted}))
        for name, held, wanted in (("a", "x", "y"), ("b", "y", "z"), ("c", "z", "x"))
    ]

    assert [step.final for step in order_steps(ring)] == [False, True, True, True]


def test_an_intermediate_document_says_every_member() -> None:
    """A PUT resets what it leaves out, so what the live document leaves out is said, and nothing is null."""
    first = _change("991825827_a", frozenset({"x"}), frozenset({"y"}))
    second = _change("991825827_b", frozenset({"y"}), frozenset({"x"}))
    assert first.live is not None
    live = {name: value for name, value in first.live.document.items() if name not in {"isVisible", "rights"}}
    live |= {"accessPackages": None, "contactEmail": "a@b.no"}
    document = {**(first.document or {}), "contactEmail": "a@b.no"}
    first = Update(id=first.id, live=RegisteredSystem(live), document=document)

    release = order_steps([first, second])[0]

    for body in (release.document, release.way_back):
        assert body is not None
        assert (body["isVisible"], body["rights"], body["accessPackages"]) == (True, [], [])
        assert body["contactEmail"] == "a@b.no"
    held = RegisteredSystem({**live, "clientId": []})
    back = put_back(release, ("x",), held)
    assert back is not None
    assert back.document is not None
    assert (back.document["isVisible"], back.document["clientId"]) == (True, ["x"])
