"""A plan against definitions is the plan against a register that holds exactly what they ask for.

Beside a plan for another environment it is the same plan, as far as it is shown.

Left out of the comparison, since a plan that asks no register cannot know it:

* the register's address, and with it the digests of the plan and of its file;
* `against`, which only the one has;
* `newest_entry`: the change log of a system;
* system users: the register of these tests does not count them;
* `live` and its digest of a deleted system, which keeps in the register what it had when it was deleted.

Outside the pairs of states is what no definition at the revision asked for: systems that others registered, ids of
systems that were withdrawn before they were registered, changes by hand, and what was not applied.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, NamedTuple, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.definitions.files import find_definitions, read_documents
from reconciler.errors import ServerFailed
from reconciler.operations.archive import Archive, trace_to_definitions
from reconciler.operations.elsewhere import add_elsewhere
from reconciler.operations.plan import plan, plan_against
from reconciler.operations.scope import Scope
from reconciler.operations.validate import resolve_all, validate
from reconciler.planning.acceptance import Acceptances
from reconciler.planning.ownership import Ownership
from reconciler.planning.plan import Plan, Target, keep_what_changes
from reconciler.planning.plan_audit import audit
from reconciler.planning.plan_file import to_json
from reconciler.planning.request_body import build_body
from tests.builders import ENVIRONMENTS, VENDOR, a_definition_text
from tests.execution.stage import OURS, Stage, a_client, open_stage
from tests.git import git
from tests.served import Repository

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from reconciler.clients.register import Register
    from reconciler.model.canonical_json import Json
    from reconciler.operations.archive import BaseFiles
    from reconciler.rules import Checked

RESOURCES = ("ske-krav-og-betalinger", "res-a", "res-b")
PACKAGES = ("urn:altinn:accesspackage:skattegrunnlag", "urn:altinn:accesspackage:toll")
URLS = ("https://one.example/", "HTTPS://Two.example:443/a?b=c", "https://three.example/å")
OMITTED = ("rights", "accessPackages", "clientId", "allowedRedirectUrls", "isVisible")
CLIENTS = 8
PLACES = (*ENVIRONMENTS, "dev")
"""The configured environments; each may say something of its own."""
State = dict[str, dict[str, "Json"]]
"""The members that each definition states, by a letter; client ids are numbers."""
Pair = tuple[str, State, State]
"""The environment, the definitions at the revision, and those of the working tree."""


class Pool(NamedTuple):
    """Which of the client ids a definition has, at its top and in an overlay: no two have the same."""

    top: list[int]
    overlay: list[int]


def _draw_list(draw: st.DrawFn, choices: Sequence[str]) -> list[str]:
    return draw(st.lists(st.sampled_from(choices), unique=True, max_size=len(choices)))


def _draw_overlay(draw: st.DrawFn, pool: Pool) -> dict[str, Json]:
    """Draw what differs in an environment: nothing, single members, or that the system is withdrawn."""
    choices: dict[str, st.SearchStrategy[Json]] = {
        "name": st.sampled_from("pq").map(lambda text: {"nb": text, "nn": "n", "en": "e"}),
        "rights": st.sampled_from([[], ["res-b"]]),
        "isVisible": st.booleans(),
        "clientId": st.lists(st.sampled_from(pool.overlay or [0]), unique=True, max_size=len(pool.overlay)),
        "withdrawn": st.just(value=True),
    }
    named = draw(st.lists(st.sampled_from([*choices, *choices][:-1]), unique=True, max_size=3))
    return {name: draw(choices[name]) for name in named}


def _draw_definition(draw: st.DrawFn, pool: Pool) -> dict[str, Json]:
    members: dict[str, Json] = {
        "name": {"nb": draw(st.sampled_from("ab")), "nn": "n", "en": "e"},
        "description": {"nb": "n", "nn": "n", "en": draw(st.sampled_from("cd"))},
        "rights": _draw_list(draw, RESOURCES),
        "accessPackages": _draw_list(draw, PACKAGES),
        "allowedRedirectUrls": _draw_list(draw, URLS),
        "isVisible": draw(st.booleans()),
        "clientId": pool.top,
    }
    if draw(st.integers(0, 7)) == 0:
        members["accessPackages"] = [PACKAGES[0], PACKAGES[0]]
        members["allow"] = {"package-duplicate": "to be blocked"}
    if draw(st.integers(0, 4)) == 0:
        members[draw(st.sampled_from(OMITTED))] = ...
    if draw(st.integers(0, 2)):
        named = draw(st.lists(st.sampled_from(PLACES), unique=True, min_size=1))
        members["environments"] = {name: _draw_overlay(draw, pool) for name in named}
    if draw(st.integers(0, 7)) == 0:
        members["withdrawn"] = True
    return members


def _draw_state(draw: st.DrawFn, letters: str, before: State) -> State:
    """Draw a definition for most letters; some stay as they were before."""
    holders = [*letters, *letters.upper(), ""]
    places = {number: draw(st.sampled_from(holders)) for number in range(CLIENTS)}
    state: State = {}
    for letter in letters:
        pool = Pool(
            [number for number, place in places.items() if place == letter],
            [number for number, place in places.items() if place == letter.upper()],
        )
        kind = draw(st.integers(0, 5))
        if kind == 0:
            continue
        drawn = _draw_definition(draw, pool)
        if kind == 1 and letter in before:
            drawn = {**before[letter], "clientId": pool.top}
            drawn.pop("environments", None)
        state[letter] = drawn
    return state


@st.composite
def pairs(draw: st.DrawFn) -> Pair:
    """Draw up to five definitions at a revision and in the working tree, and the environment that is planned."""
    letters = "abcde"[: draw(st.integers(1, 5))]
    base = _draw_state(draw, letters, {})
    return draw(st.sampled_from(PLACES)), base, _draw_state(draw, letters, base)


@dataclass
class Uncounted:
    """A register that does not say how many system users there are."""

    register: Register

    def __getattr__(self, name: str) -> object:
        """Answer everything else as the register does."""
        return getattr(self.register, name)

    def count_system_users(self, system: str) -> dict[str, int]:
        """Fail, as the register does at times."""
        raise ServerFailed(f"The system users of {system} are not counted.", status=500)


@dataclass
class Bench:
    """A register, and a repository whose commits are the states."""

    stage: Stage
    repository: Repository
    count: int = 0

    def write(self, state: State) -> None:
        """Have exactly the definitions of a state in the working tree."""
        for file in (self.repository.root / "systems").glob("*"):
            file.unlink()
        for letter, members in state.items():
            system = f"{VENDOR}_g{self.count}{letter}"
            self.repository.write(f"{system}.yaml", a_definition_text(id=system, **self.name(members)))

    def name(self, members: Mapping[str, Json]) -> dict[str, Json]:
        """Give members the client ids of this pair, at the top and in overlays."""
        named = {"clientId": [], **members}
        if isinstance(named["clientId"], list):
            named["clientId"] = [a_client(self.count * CLIENTS + number) for number in named["clientId"]]
        if "environments" in named:
            named["environments"] = {
                name: self.name(overlay) if "clientId" in overlay else overlay
                for name, overlay in named["environments"].items()
            }
        return named

    def seed(self, archive: Archive) -> list[str]:
        """Register what the committed definitions ask for, as apply would; gives the ids."""
        systems = archive.read_base("HEAD").systems
        for name, (_, system) in systems.items():
            body = build_body(system, None)
            if system.isDeleted:
                texts = {"nb": "x", "nn": "x", "en": "x"}
                body |= {"name": texts, "description": texts}
            self.stage.register.create_system(body)
            if system.isDeleted:
                self.delete(name)
        return [*systems]

    def delete(self, system: str) -> None:
        """Delete a system, whatever the register answers to that."""
        address = f"{self.stage.emulator.base}/control/writes"
        self.stage.control_client.post(address, json={"system": system, "action": "delete"})

    def compare(self, pair: Pair) -> Plan:
        """Plan a pair against its definitions and against a register, and see that it is the same plan."""
        self.count += 1
        environment, base, now = pair
        root = self.repository.root
        archive = Archive(root, environment, PLACES)
        self.write(base)
        git(root, "add", "-A")
        git(root, "commit", "-q", "--allow-empty", "-m", "State")
        self.write(now)
        checked = validate(read_documents(root, find_definitions(root)), PLACES)
        systems = resolve_all(checked.definitions, environment)
        ids = self.seed(archive)
        try:
            register = cast("Register", Uncounted(self.stage.register))
            target = Target(environment, self.stage.emulator.base, VENDOR)
            ownership = Ownership(OURS, Acceptances(date(2026, 1, 1)))
            asked = plan(systems, target, register, ownership, scope=Scope(checked.findings))
            asked = trace_to_definitions(asked, systems, archive, archive.read_base("HEAD"))
        finally:
            for name in ids:  # what is deleted is not listed for the next pair
                self.delete(name)
        files = archive.read_files("HEAD")
        made = plan_as_known(checked, archive, files)
        assert strip(made) == strip(asked)
        assert list(audit(made)) == []
        self.look_elsewhere(asked, checked, archive, files)
        return made

    @staticmethod
    def look_elsewhere(asked: Plan, checked: Checked, archive: Archive, files: BaseFiles) -> None:
        """See that a plan has, for each other environment that is touched, the plan against its definitions."""
        found = add_elsewhere(asked, checked.definitions, Scope(checked.findings), archive, files)
        sections = {each.target.environment: each for each in found.elsewhere}
        for name in set(PLACES) - {"local", archive.environment}:
            alone = keep_what_changes(plan_as_known(checked, replace(archive, environment=name), files))
            touched = alone.changes or alone.unmanaged
            assert sections.pop(name, None) == (alone if touched else None)
        assert (sections, found.elsewhere_unknown, found.digest) == ({}, "", asked.digest)


def plan_as_known(checked: Checked, archive: Archive, files: BaseFiles) -> Plan:
    """Plan the archive's environment against the definitions alone."""
    environment = archive.environment
    systems = resolve_all(checked.definitions, environment)
    target = Target(environment, "", VENDOR)
    return plan_against(systems, target, archive, files.resolve(environment), Scope(checked.findings))


def strip(made: Plan) -> Json:
    """Give a plan as JSON without what only a register knows."""
    body = to_json(made)
    for name in ("register", "against", "digest", "file_digest"):
        body.pop(name, None)
    for change in body["changes"]:
        del change["newest_entry"]
        if change["live"] and change["live"]["isDeleted"]:
            del change["live"], change["live_digest"]
    return body


@pytest.fixture(scope="module")
def bench(private_key: RSAPrivateKey, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Run one emulator and keep one repository for all pairs."""
    folder = tmp_path_factory.mktemp("against")
    repository = Repository(folder / "repository")
    repository.track()
    resources = dict.fromkeys(RESOURCES, "GenericAccessResource")
    with open_stage(private_key, folder / "journal", resources=resources) as stage:
        yield Bench(stage, repository)


@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow])
@given(pair=pairs())
@pytest.mark.slow
def test_it_is_the_plan_against_a_register_that_holds_the_base(bench: Bench, pair: Pair) -> None:
    """Changes, blocks, steps, impacts, origins and unmanaged systems are the same."""
    bench.compare(pair)


@pytest.mark.thorough
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(pair=pairs())
def test_it_is_the_same_plan_for_many_pairs(bench: Bench, pair: Pair) -> None:
    """The same, for more of them."""
    bench.compare(pair)


def a_state(**systems: Mapping[str, Json]) -> State:
    """Make definitions by letter, of which a test says what it is about."""
    texts = {"nb": "n", "nn": "n", "en": "n"}
    return {
        name: {"name": texts, "description": texts, "clientId": [], **each} for name, each in systems.items()
    }


HELD: Mapping[str, Json] = {"clientId": [0], "rights": ["res-a"]}
IN_PROD: Mapping[str, Json] = {"environments": {"prod": {"clientId": [1]}, "tt02": {}}}
NAMED: Mapping[str, tuple[Pair, dict[str, str], set[str]]] = {
    "a creation": (("tt02", {}, a_state(a=HELD)), {"a": "create"}, set()),
    "a client id that moves": (
        ("tt02", a_state(a=HELD, b={}), a_state(a={"rights": ["res-a"]}, b={"clientId": [0]})),
        {"a": "update", "b": "update"},
        {"client-id-removed", "client-id-claimed"},
    ),
    "a swap": (
        (
            "tt02",
            a_state(a={"clientId": [0]}, b={"clientId": [1]}),
            a_state(a={"clientId": [1]}, b={"clientId": [0]}),
        ),
        {"a": "update", "b": "update"},
        {"client-id-removed", "client-id-claimed"},
    ),
    "a withdrawal": (
        ("tt02", a_state(a=HELD), a_state(a={**HELD, "withdrawn": True})),
        {"a": "delete"},
        {"system-deleted"},
    ),
    "a withdrawal that is taken back": (
        ("tt02", a_state(a={"withdrawn": True}), a_state(a={})),
        {"a": "blocked"},
        set(),
    ),
    "a removed record of a withdrawal": (
        ("tt02", a_state(a={"withdrawn": True}, b={}), a_state(b={})),
        {"b": "keep"},
        set(),
    ),
    "a removed file": (("tt02", a_state(a=HELD, b={}), a_state(b={})), {"b": "keep"}, set()),
    "a client id of a removed file": (
        ("tt02", a_state(a=HELD), a_state(b={"clientId": [0]})),
        {"b": "blocked"},
        set(),
    ),
    "a release for nothing": (
        (
            "tt02",
            a_state(a={"clientId": [0]}, b={"rights": ["res-a"]}),
            a_state(a={}, b={"clientId": [0], "rights": ...}),
        ),
        {"a": "blocked", "b": "blocked"},
        set(),
    ),
    "a member that is left out": (
        ("tt02", a_state(a=HELD), a_state(a={**HELD, "rights": ...})),
        {"a": "blocked"},
        set(),
    ),
    "a fault that is allowed": (
        (
            "tt02",
            a_state(a={"accessPackages": []}),
            a_state(a={"accessPackages": [PACKAGES[0]] * 2, "allow": {"package-duplicate": "x"}}),
        ),
        {"a": "blocked"},
        set(),
    ),
    "production only": (
        (
            "prod",
            a_state(a={**HELD, "environments": {"prod": {}, "tt02": {}}}),
            a_state(a={**HELD, **IN_PROD}),
        ),
        {"a": "update"},
        {"client-id-removed"},
    ),
    "all but production": (
        (
            "tt02",
            a_state(a={**HELD, "environments": {"prod": {}, "tt02": {}}}),
            a_state(a={**HELD, **IN_PROD}),
        ),
        {"a": "keep"},
        set(),
    ),
    "an environment that is left": (
        ("prod", a_state(a={"environments": {"prod": {}}}), a_state(a={})),
        {},
        set(),
    ),
}


@pytest.mark.parametrize("name", NAMED)
def test_what_it_says_of(bench: Bench, name: str) -> None:
    """Each kind of change that the random pairs are made of, by itself."""
    pair, actions, rules = NAMED[name]

    made = bench.compare(pair)

    assert {each.id[-1]: each.action for each in made.changes} == actions
    impacts = {impact.rule for each in made.changes for impact in each.impacts}
    assert impacts == rules
    removed = {each.id[-1] for each in made.unmanaged if each.former}
    living = {letter for letter, members in pair[1].items() if "withdrawn" not in members}
    assert removed == living - {each.id[-1] for each in made.changes}
    assert {field.origin for each in made.changes for field in each.fields} <= {"this change"}
