"""The requests of a plan in the order in which they have to be sent.

Pure. A client id sits on one active system in the whole register (System Register contract §3, 00004), so
it is released before it is claimed; systems that swap client ids pass through an intermediate document.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, assert_never

from reconciler.planning.change import Create, Delete, Update
from reconciler.planning.request_body import keep_all

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reconciler.model.canonical_json import Json
    from reconciler.model.system import RegisteredSystem
    from reconciler.planning.change import Change, Write

Method = Literal["POST", "PUT", "DELETE"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One request: what is sent to which system, after which others, and the way back."""

    number: int
    """From 1, in an order in which the steps may be sent one by one."""
    id: str
    method: Method
    purpose: str
    document: Mapping[str, Json] | None
    """The body; None for a DELETE."""
    after: tuple[int, ...] = ()
    """The steps that have to be done before this one."""
    claims: tuple[str, ...] = ()
    """Client ids that another system releases for this step."""
    releases: tuple[str, ...] = ()
    """Client ids that this step frees for a later one."""
    way_back: Mapping[str, Json] | None = None
    """The body that puts the released client ids back; None where nothing is released or a DELETE did it."""
    final: bool = True
    """Whether the system's change is complete after it."""


@dataclass(slots=True)
class _Node:
    """A change on its way into the order."""

    change: Write
    held: frozenset[str]
    wanted: frozenset[str]
    waits_for: dict[str, frozenset[str]]
    """The ids of the systems that have to release something first, and what."""
    released: int = 0
    """The number of the step that released what others wait for; 0 where that is still to come."""

    @property
    def id(self) -> str:
        return self.change.id


def group_steps(steps: Iterable[Step]) -> Mapping[str, Sequence[Step]]:
    """Group the requests by their system, in their order; a system that needs none is not there."""
    grouped: dict[str, list[Step]] = {}
    for step in steps:
        grouped.setdefault(step.id, []).append(step)
    return grouped


def order_steps(changes: Iterable[Change]) -> tuple[Step, ...]:
    """Order the requests of all changes that write.

    After every step, no client id is on two systems; after the last, every system is as its change asks.
    Equal changes give equal steps, whatever their order.
    """
    writes = sorted(
        (each for each in changes if isinstance(each, (Create, Update, Delete))), key=lambda each: each.id
    )
    nodes = _link(writes)
    wanted_of_others: dict[str, frozenset[str]] = dict.fromkeys(nodes, frozenset())
    for node in nodes.values():
        for holder, clients in node.waits_for.items():
            wanted_of_others[holder] |= clients
    steps: list[Step] = []
    waiting = dict(nodes)
    while waiting:
        ready = next((node for node in waiting.values() if _blockers(node, nodes) == []), None)
        if ready is None:
            node = _find_in_ring(waiting, nodes)
            steps.append(_release(node, len(steps) + 1, wanted_of_others[node.id]))
            node.released = len(steps)
            continue
        after = tuple(sorted({nodes[name].released for name in ready.waits_for} | ({ready.released} - {0})))
        steps.append(_finish(ready, len(steps) + 1, after, wanted_of_others[ready.id]))
        ready.released = ready.released or len(steps)
        del waiting[ready.id]
    return tuple(steps)


def _link(writes: Sequence[Write]) -> dict[str, _Node]:
    nodes = {each.id: _Node(each, each.live_client_ids, _client_ids(each.document), {}) for each in writes}
    holders = {client: node.id for node in nodes.values() for client in node.held - node.wanted}
    for node in nodes.values():
        for client in sorted(node.wanted - node.held):
            holder = holders.get(client)
            if holder is not None:
                node.waits_for[holder] = node.waits_for.get(holder, frozenset()) | {client}
    return nodes


def _client_ids(document: Mapping[str, Json] | None) -> frozenset[str]:
    return frozenset((document or {}).get("clientId") or ())


def _blockers(node: _Node, nodes: Mapping[str, _Node]) -> list[str]:
    return [name for name in node.waits_for if not nodes[name].released]


def _find_in_ring(waiting: Mapping[str, _Node], nodes: Mapping[str, _Node]) -> _Node:
    """Follow what waits for what until a system comes round again; it stands in a ring."""
    name = next(iter(waiting))
    seen: list[str] = []
    while name not in seen:
        seen.append(name)
        name = min(_blockers(nodes[name], nodes))
    return nodes[min(seen[seen.index(name) :])]


def _release(node: _Node, number: int, wanted: frozenset[str]) -> Step:
    """Make the intermediate step of a ring: the live document without the client ids that others wait for."""
    body = keep_all(node.change.live.document if node.change.live else {})
    freed = tuple(sorted(wanted))
    return Step(
        number=number,
        id=node.id,
        method="PUT",
        purpose=f"release {_name_clients(freed)}",
        document={**body, "clientId": [each for each in body["clientId"] if each not in wanted]},
        releases=freed,
        way_back=body,
        final=False,
    )


def _finish(node: _Node, number: int, after: tuple[int, ...], wanted: frozenset[str]) -> Step:
    change = node.change
    claims = tuple(sorted(frozenset().union(*node.waits_for.values()))) if node.waits_for else ()
    releases = () if node.released else tuple(sorted(wanted))
    words = [change.action]
    if releases:
        words.append(f"release {_name_clients(releases)}")
    if claims:
        words.append(f"claim {_name_clients(claims)}")
    step = Step(
        number=number,
        id=node.id,
        method=_get_method(change),
        purpose=", ".join(words),
        document=change.document,
        after=after,
        claims=claims,
        releases=releases,
    )
    if not releases or change.document is None:
        return step
    back = {**change.document, "clientId": [*change.document["clientId"], *releases]}
    return replace(step, way_back=back)


def _get_method(change: Write) -> Method:
    match change:
        case Create():
            return "POST"
        case Update():
            return "PUT"
        case Delete():
            return "DELETE"
        case _:
            assert_never(change)


def put_back(released: Step, clients: tuple[str, ...], held: RegisteredSystem | None) -> Step | None:
    """Make the step that puts released client ids back on a system as it is now; None where it is deleted."""
    if held is None or held.is_deleted:
        return None
    body = keep_all(held.document)
    document = {**body, "clientId": [*body["clientId"], *clients]}
    purpose = f"put back {_name_clients(clients)}"
    return Step(number=0, id=released.id, method="PUT", purpose=purpose, document=document, final=False)


def _name_clients(clients: tuple[str, ...]) -> str:
    return f"client id{'' if len(clients) == 1 else 's'} {', '.join(clients)}"
