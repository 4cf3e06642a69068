"""Apply, for any state of the register and any definitions: it ends where the files ask, and soon."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.execution.impact_evidence import gather_evidence
from reconciler.model.system import RegisteredSystem
from reconciler.planning.change import Impact, Weight
from reconciler.planning.plan import Plan, Target, judge_plan, plan_changes, stamp
from reconciler.planning.plan_audit import audit
from reconciler.planning.plan_file import print_plan, read_plan
from tests.builders import VENDOR, a_live_document, a_resolved
from tests.execution.stage import Stage, a_client, open_stage
from tests.served import VENDOR_PATH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from reconciler.definitions.definition import Resolved
    from reconciler.model.canonical_json import Json

RESOURCES = ("ske-krav-og-betalinger", "res-a", "res-b")
PACKAGES = ("urn:altinn:accesspackage:skattegrunnlag", "urn:altinn:accesspackage:toll")
URLS = ("https://one.example/", "https://two.example/a?b=c", "https://three.example/å")
TEXTS = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=12).map(
    lambda text: text.strip() or "x"
)
World = tuple[dict[str, dict[str, "Json"]], dict[str, dict[str, "Json"] | None]]
"""The live documents, and what is asked for, both by a letter; None asks for a deletion."""


@pytest.fixture(scope="module")
def stage(private_key: RSAPrivateKey, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Run one emulator for all examples."""
    resources = dict.fromkeys(RESOURCES, "GenericAccessResource")
    with open_stage(private_key, tmp_path_factory.mktemp("journal"), resources=resources) as opened:
        yield opened


def _pick(draw: st.DrawFn, choices: tuple[str, ...]) -> list[str]:
    return draw(st.lists(st.sampled_from(choices), unique=True, max_size=len(choices)))


def _draw_members(draw: st.DrawFn, clients: list[int]) -> dict[str, Json]:
    text = {"nb": draw(TEXTS), "nn": "x", "en": "x"}
    return {
        "clients": clients,
        "name": text,
        "rights": [
            {"resource": [{"id": "urn:altinn:resource", "value": value}]} for value in _pick(draw, RESOURCES)
        ],
        "accessPackages": [{"urn": urn} for urn in _pick(draw, PACKAGES)],
        "allowedRedirectUrls": _pick(draw, URLS),
        "isVisible": draw(st.booleans()),
    }


def _place(draw: st.DrawFn, names: list[str]) -> dict[str, list[int]]:
    """Put each client id on one of the systems, or on none."""
    homes = {number: draw(st.sampled_from([*names, ""])) for number in range(5)}
    return {name: [number for number, home in homes.items() if home == name] for name in names}


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Draw up to five systems: live, deleted or not there; asked for, withdrawn or without a definition."""
    names = list("abcde"[: draw(st.integers(1, 5))])
    there = [name for name in names if draw(st.integers(0, 3))]
    wanted = [name for name in names if draw(st.integers(0, 4))] or names[:1]
    withdrawn = [name for name in wanted if draw(st.integers(0, 5)) == 0]
    held = _place(draw, there)
    live = {name: _draw_members(draw, held[name]) for name in there}
    for name in there:
        live[name]["isDeleted"] = draw(st.integers(0, 7)) == 0
    asked = _place(draw, [name for name in wanted if name not in withdrawn])
    return live, {name: None if name in withdrawn else _draw_members(draw, asked[name]) for name in wanted}


def _name(members: dict[str, Json], stem: int) -> dict[str, Json]:
    """Give the members of a document: the client ids become those of this example."""
    rest = {name: value for name, value in members.items() if name != "clients"}
    return {**rest, "clientId": [a_client(stem * 10 + number) for number in members["clients"]]}


def _realise(world: World, stem: int) -> tuple[list[dict[str, Json]], list[Resolved]]:
    """Make the documents and definitions of an example, with ids of its own."""
    live, asked = world
    documents = [
        a_live_document(id=f"{VENDOR}_p{stem}{letter}", contactEmail="a@b.no", **_name(members, stem))
        for letter, members in live.items()
    ]
    definitions = [
        a_resolved(
            "local",
            id=f"{VENDOR}_p{stem}{letter}",
            **({"withdrawn": True} if members is None else _name(members, stem)),
        )
        for letter, members in asked.items()
    ]
    return documents, definitions


def _plan(stage: Stage, ids: list[str], asked: list[Resolved]) -> Plan:
    found = {name: stage.register.read_system(name) for name in ids}
    wanted = {each.system.id for each in asked}
    others = [
        system
        for name, system in found.items()
        if name not in wanted and system is not None and not system.document["isDeleted"]
    ]
    made = plan_changes(stage.target, asked, {name: found.get(name) for name in wanted}, others)
    return judge_plan(made, gather_evidence(made, stage.register, stage.ownership()))


@pytest.mark.slow
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(world=worlds())
def test_apply_leaves_nothing_but_what_is_blocked(stage: Stage, world: World) -> None:
    """A new plan has nothing to do but the blocked systems, after at most a write a change and intermediate step."""
    stage.count += 1
    documents, asked = _realise(world, stage.count)
    stage.seed(*documents)
    ids = sorted({*(each["id"] for each in documents), *(each.system.id for each in asked)})
    plan = _plan(stage, ids, asked)
    stage.control("DELETE", "log")

    report = stage.apply(read_plan(print_plan(plan).encode()))

    assert {each.word for each in report.outcomes} <= {"done"}, report.outcomes
    sent = [e for e in stage.log() if e["path"].startswith(VENDOR_PATH) and e["method"] != "GET"]
    assert len(sent) <= len(plan.writes) + len([step for step in plan.steps if not step.final])
    again = _plan(stage, ids, asked)
    assert {each.id for each in again.changes if each.action != "keep"} == {each.id for each in plan.blocked}
    held = stage.held(*ids)
    for document in documents:
        assert held[document["id"]].get("contactEmail") == "a@b.no"


HOSTILE = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@pytest.mark.slow
@given(world=worlds(), texts=st.lists(HOSTILE, min_size=4, max_size=4), unknown=HOSTILE)
def test_a_saved_plan_is_the_plan(world: World, texts: list[str], unknown: str) -> None:
    """Whatever stands in definitions and in the register: printed and read back, a plan is equal to itself."""
    documents, asked = _realise(world, 1)
    for document in documents:
        document["description"] = dict(zip(("nb", "nn", "en"), texts, strict=False))
        document[f"x{unknown}"] = {unknown: [unknown, None, 1.5, True]}
    live = {each["id"]: RegisteredSystem(each) for each in documents}
    target = Target(texts[0], texts[1], VENDOR)
    wanted = {each.system.id for each in asked}
    others = [system for name, system in live.items() if name not in wanted]
    made = plan_changes(target, asked, {name: live.get(name) for name in wanted}, others)
    made = stamp(judge_plan(made, {}), [], created=texts[2], tool_version=texts[3])
    impact = Impact(texts[0], Weight.BREAKING, texts[1], texts[2], None)
    made = replace(made, impacts=(impact,))
    content = print_plan(made).encode()

    assert list(audit(made)) == []
    assert read_plan(content) == made
    assert read_plan(content).digest == made.digest
