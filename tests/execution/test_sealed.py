"""A plan file that was edited and sealed again does what was reviewed, or it is refused."""

from __future__ import annotations

import copy
import hashlib
import json
import random
import tracemalloc
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx
import pytest

from reconciler.clients.parallel import read_all
from reconciler.errors import Refused, ServerFailed
from reconciler.execution.freshness import check_fresh
from reconciler.execution.impact_evidence import gather_evidence
from reconciler.execution.preflight import Site, Terms, clear, lock_for_apply
from reconciler.execution.signoff import check_accepted
from reconciler.operations.rollback import plan_rollback
from reconciler.planning.plan import judge_plan, plan_changes
from reconciler.planning.plan_file import MAX_BYTES, MAX_VALUES, print_plan, read_plan
from tests.builders import VENDOR, a_definition_text
from tests.execution.stage import Stage, a_client, a_full_document, define, withdraw
from tests.served import Repository, Served, start_served

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from reconciler.model.canonical_json import Json
    from reconciler.model.system import RegisteredSystem
    from reconciler.planning.plan import Plan

EDITS = 2_000
FEW = 60
SEED = 20261121
USERS = 37


@dataclass
class Shelf:
    """A register that holds still: what it answered once, it answers each time."""

    documents: Mapping[str, RegisteredSystem | None]
    logs: Mapping[str, Sequence[Mapping[str, Json]]]
    users: int = USERS
    workers: int = 4
    broken: bool = False
    """Whether no system users can be counted."""

    def read_system(self, system: str) -> RegisteredSystem | None:
        """Answer what was read."""
        return self.documents.get(system)

    def read_changes(self, system: str) -> Sequence[Mapping[str, Json]]:
        """Answer what was read."""
        return self.logs.get(system, ())

    def count_system_users(self, system: str) -> dict[str, int]:
        """Answer the same for all."""
        if self.broken:
            raise ServerFailed(f"The list of `{system}` cannot be read.", status=500)
        return {"standard": self.users}


def _shelve(stage: Stage, ids: Sequence[str]) -> Shelf:
    logs = {name: stage.register.read_changes(name) for name in ids}
    return Shelf(read_all(stage.register, ids), logs)


def _judge(plan: Plan, shelf: Shelf, stage: Stage) -> Plan:
    return judge_plan(plan, gather_evidence(plan, shelf, stage.ownership()))  # type: ignore[arg-type]  # reads only


def _make_plan(stage: Stage) -> tuple[Plan, Shelf]:
    """Plan everything that can happen to a system, with a swap, and a value that somebody else set."""
    ids = stage.fresh(*"abcdefgh")
    a, b, c, d, e, f, g, _ = ids
    one = [a_client(stage.count * 10 + number) for number in range(5)]
    stage.seed(
        a_full_document(a, clientId=[one[0]]),
        a_full_document(b, clientId=[one[1]]),
        a_full_document(c, clientId=[one[2]]),
        a_full_document(e, clientId=[]),
        a_full_document(f, clientId=[]),
        a_full_document(g, clientId=[one[3], one[4]]),
    )
    stage.control("POST", "writes", {"system": g, "set": {"isVisible": False}, "client_id": "somebody"})
    asked = [
        define(a, clientId=[one[1]], isVisible=False),
        define(b, clientId=[one[0]]),
        withdraw(c),
        define(d, clientId=[]),
        define(e, clientId=[]),
        define(f, clientId=[], rights=...),
        define(g, clientId=[one[3]], description={"nb": "x", "nn": "«æ»", "en": "\U0001f600"}),
    ]
    shelf = _shelve(stage, ids)
    made = plan_changes(stage.target, asked, {name: shelf.documents[name] for name in ids[:7]}, [])
    return _judge(made, shelf, stage), shelf


def _make_rollback(stage: Stage) -> tuple[Plan, Shelf]:
    """Plan the way back from a run."""
    ids = stage.fresh("a", "b")
    one = [a_client(stage.count * 10 + number) for number in range(3)]
    stage.seed(*(a_full_document(name, clientId=[one[index]]) for index, name in enumerate(ids)))
    asked = [
        define(name, clientId=[one[index]], isVisible=False, rights=[], accessPackages=[])
        for index, name in enumerate(ids)
    ]
    stage.apply(stage.plan(asked))
    shelf = _shelve(stage, ids)
    made = plan_rollback(stage.newest(), stage.target, shelf, stage.ownership())  # type: ignore[arg-type]  # as above
    assert len(made.writes) == 2
    return made, shelf


def _digest(value: Json) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _magnitude(users: Json) -> Json:
    return users if not isinstance(users, int) or users < 1 else 10 ** (len(str(users)) - 1)


def _list_breaking(impacts: Json) -> Json:
    return [
        {"rule": each["rule"], "path": each["path"], "system_users": _magnitude(each["system_users"])}
        for each in impacts
        if each["severity"] == "breaking"
    ]


def seal(body: Json) -> bytes:
    """Give a plan file its digests again, as somebody would who has read how they are made.

    The counts stay: who takes a whole change out, and counts again, has a smaller plan that is honest, and only
    the digest that `--accept` names can tell it from the other.
    """
    try:
        for change in body["changes"]:
            if change["live_digest"] is not None or change["live"] is not None:
                change["live_digest"] = _digest(change["live"]) if change["live"] is not None else None
        members = ("id", "action", "steps", "document")
        acted = [
            {
                **{name: change[name] for name in members},
                "live_digest": change["live_digest"] or "",
                "impacts": _list_breaking(change["impacts"]),
            }
            for change in body["changes"]
            if change["action"] != "keep"
        ]
        head = {name: body[name] for name in ("format_version", "environment", "register", "vendor")}
        body["digest"] = _digest({**head, "impacts": _list_breaking(body["impacts"]), "changes": acted})
        body["file_digest"] = _digest({name: value for name, value in body.items() if name != "file_digest"})
    except (KeyError, TypeError, AttributeError):
        pass  # too broken to be sealed, and so it stays
    return (json.dumps(body, indent=2, ensure_ascii=False) + "\n").encode("utf-8", "surrogatepass")


def _list_places(value: Json, into: list[tuple[Json, Json]]) -> None:
    """List every place of a JSON value as its container and key."""
    if isinstance(value, (dict, list)):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            into.append((value, key))
            _list_places(value[key], into)


def _nest(depth: int) -> Json:
    value: Json = "x"
    for _ in range(depth):
        value = [value]
    return value


def _invent(chance: random.Random, was: Json) -> Json:
    """Give another value: near the old one, of another type, or hostile."""
    near: list[Json] = [
        None,
        True,
        False,
        0,
        1,
        -1,
        10**40,
        1.5,
        "",
        "x",
        [],
        {},
        _nest(300),
        "\ud800",
        "x" * 9999,
    ]
    if isinstance(was, str):
        near += [was + " ", was.upper(), was[:-1], was.swapcase()] * 3
        near += ["delete", "update", "keep", "DELETE", "PUT", "breaking", "note"]
    if isinstance(was, int):
        near += [was + 1, was - 1, was * 100, not was] * 3
    if isinstance(was, list):
        near += [was[1:], was + was, was[::-1], [*was, "x"]] * 3
    if isinstance(was, dict):
        near += [{**was, "x": 1}, dict(list(was.items())[1:])] * 3
    return chance.choice(near)


def edit(body: Json, chance: random.Random) -> None:
    """Change one thing, anywhere."""
    places: list[tuple[Json, Json]] = []
    _list_places(body, places)
    container, key = chance.choice(places)
    kind = chance.randrange(10)
    if kind < 5:
        container[key] = _invent(chance, container[key])
    elif kind < 7:
        del container[key]
    elif kind < 9:
        other, name = chance.choice([place for place in places if type(place[0]) is type(container)])
        container[key] = copy.deepcopy(other[name])
    elif isinstance(container, list):
        container.insert(key, copy.deepcopy(container[key]))
    else:
        container[f"{key}x"] = copy.deepcopy(container[key])


def _clear(content: bytes, shelf: Shelf, stage: Stage, folder: Path) -> Plan | None:
    """Give the plan as it would be carried out, by who accepts whatever it says; None where it is refused."""
    site = Site(shelf, stage.target, stage.ownership(), folder, folder, folder / "locks")  # type: ignore[arg-type]  # as above
    cleared: list[Plan] = []
    with suppress(
        Refused
    ):  # any other failure is a fault, and so is another exit code than that of a refusal
        plan = read_plan(content)
        with lock_for_apply(site) as lock, clear(plan, lock, Terms(plan.digest)) as clearance:
            cleared.append(clearance.plan)
    return cleared[0] if cleared else None


def _name_breaking(plan: Plan) -> list[Json]:
    return [(each.rule, each.path, each.magnitude) for each in plan.breaking]


def _try_edits(
    stage: Stage, folder: Path, number: int, make: Callable[[Stage], tuple[Plan, Shelf]]
) -> dict[str, int]:
    plan, shelf = make(stage)
    content = print_plan(plan).encode()
    assert seal(json.loads(content)) == content
    assert _clear(content, shelf, stage, folder) == plan
    found = {"refused": 0, "harmless": 0, "none": 0}
    for index in range(number):
        chance = random.Random(SEED + index)  # noqa: S311 - the same edits every time
        body = json.loads(content)
        for _ in range(chance.choice((1, 1, 1, 2, 3))):
            edit(body, chance)
        edited = seal(body)
        cleared = _clear(edited, shelf, stage, folder)
        if cleared is not None:
            # Whatever the edit did, the same is sent, and the same has to be accepted.
            assert cleared.steps == plan.steps, (SEED + index, edited)
            assert _name_breaking(cleared) == _name_breaking(plan), (SEED + index, edited)
        found["none" if edited == content else "refused" if cleared is None else "harmless"] += 1
    return found


@pytest.mark.parametrize("make", [_make_plan, _make_rollback])
def test_a_few_edits_change_nothing_without_a_refusal(
    stage: Stage, tmp_path: Path, make: Callable[[Stage], tuple[Plan, Shelf]]
) -> None:
    """W4: a sample of the many below."""
    found = _try_edits(stage, tmp_path, FEW, make)

    assert found["refused"] > FEW / 2


@pytest.mark.thorough
@pytest.mark.parametrize("make", [_make_plan, _make_rollback])
def test_no_edit_changes_anything_without_a_refusal(
    stage: Stage, tmp_path: Path, make: Callable[[Stage], tuple[Plan, Shelf]]
) -> None:
    """W4: thousands of edits, each sealed again: refused with 4, or what is sent and accepted is as before."""
    found = _try_edits(stage, tmp_path, EDITS, make)

    assert found["refused"] > EDITS / 2
    assert found["harmless"] > EDITS / 100


def _find(body: Json, action: str) -> Json:
    return next(each for each in body["changes"] if each["action"] == action)


def _strip_impacts(body: Json) -> None:
    for change in body["changes"]:
        change["impacts"] = [each for each in change["impacts"] if each["severity"] != "breaking"]
    body["impacts"] = []


def _lie_about_users(body: Json) -> None:
    for impact in _find(body, "delete")["impacts"]:
        impact["system_users"] = 0
        impact["message"] = impact["message"].replace(f"{USERS} system users", "0 system users")


def _lie_in_a_field(body: Json) -> None:
    field = next(each for each in _find(body, "update")["fields"] if each["path"] == "isVisible")
    field["before"], field["after"] = field["after"], field["before"]


def _delete_instead(body: Json) -> None:
    step = next(each for each in _find(body, "update")["steps"] if each["releases"] == [])
    step["method"], step["purpose"] = "DELETE", "delete"


def _delete_what_is_kept(body: Json) -> None:
    step = copy.deepcopy(_find(body, "delete")["steps"][0])
    step["number"] = 99
    _find(body, "keep")["steps"] = [step]


def _send_something_unknown(body: Json) -> None:
    _find(body, "create")["document"]["isAdmin"] = True


def _drop_something_unknown(body: Json) -> None:
    del _find(body, "update")["document"]["contactEmail"]


def _send_a_text_for_a_truth(body: Json) -> None:
    _find(body, "create")["document"]["isVisible"] = 1


def _change_the_way_back(body: Json) -> None:
    step = next(step for each in body["changes"] for step in each["steps"] if step["way_back"])
    step["way_back"]["isVisible"] = not step["way_back"]["isVisible"]


def _name_another_vendor(body: Json) -> None:
    _find(body, "create")["document"]["vendor"]["ID"] = "0192:310000000"


def _hide_the_writes_of_others(body: Json) -> None:
    _find(body, "update")["newest_entry"] = "2999-01-01T00:00:00.0000000+00:00"


def _say_another_thing_goes(body: Json) -> None:
    _find(body, "delete")["fields"][0]["after"] = False


def _say_it_is_put_back(body: Json) -> None:
    change = _find(body, "update")
    change["reason"] = "put back as it was (document 000000000000)"
    change["document"]["contactEmail"] = "somebody@else.example"


@pytest.mark.parametrize(
    ("lie", "said"),
    [
        (_strip_impacts, "leaves out system-deleted"),
        (_lie_about_users, "had 0 system users when it was planned, and has 37 system users now"),
        (_lie_in_a_field, "its fields are not what its documents differ in"),
        (_delete_instead, "Its steps are not those that its changes need"),
        (_delete_what_is_kept, "Its steps are not those that its changes need"),
        (_send_something_unknown, "its document is not what its fields and the live document make"),
        (_drop_something_unknown, "its document is not what its fields and the live document make"),
        (_send_a_text_for_a_truth, "its document is not what its fields and the live document make"),
        (_change_the_way_back, "Its steps are not those that its changes need"),
        (_name_another_vendor, "the document is of another system or vendor"),
        (_hide_the_writes_of_others, "as its newest change-log entry, and there is none"),
        (_say_another_thing_goes, "its fields are not those of a deletion"),
        (_say_it_is_put_back, "its document is not what its fields and the live document make"),
    ],
)
def test_a_lie_is_named(stage: Stage, tmp_path: Path, lie: Callable[[Json], None], said: str) -> None:
    """W4: each is sealed with correct digests and accepted by its own, and is refused before the first request."""
    plan, shelf = _make_plan(stage)
    body = json.loads(print_plan(plan))
    lie(body)
    edited = read_plan(seal(body))
    site = Site(shelf, stage.target, stage.ownership(), tmp_path, tmp_path, tmp_path / "locks")  # type: ignore[arg-type]  # as above

    with (
        lock_for_apply(site) as lock,
        pytest.raises(Refused) as refused,
        clear(edited, lock, Terms(edited.digest)),
    ):
        pytest.fail("it was cleared")

    assert said in refused.value.message
    assert not list(tmp_path.glob("*.jsonl"))


@pytest.mark.parametrize(
    ("before", "after", "passes"),
    [(37, 38, True), (0, 0, True), (237, 3, True), (0, 237, False), (99, 100, False)],
)
def test_system_users_are_counted_again(
    stage: Stage, before: int, after: int, *, passes: bool, tmp_path: Path
) -> None:
    """W5: what was reviewed at 0 system users is not done to 237; one more customer is no other plan."""
    plan, shelf = _make_plan(stage)
    shelf.users = before
    plan = _judge(plan, shelf, stage)
    shelf.users = after
    assert (_clear(print_plan(plan).encode(), shelf, stage, tmp_path) is not None) is passes
    if passes:
        check_fresh(plan, shelf, stage.ownership())  # type: ignore[arg-type]  # as `verify` does
        return
    with pytest.raises(Refused) as refused:
        check_fresh(plan, shelf, stage.ownership())  # type: ignore[arg-type]  # as above
    assert f"had {before} system users when it was planned, and has {after} system users now" in str(
        refused.value
    )
    again = _judge(plan, shelf, stage)
    with pytest.raises(Refused, match="--accept names"):
        check_accepted(again, plan.digest, ())


def test_system_users_that_are_no_longer_known_are_another_plan(stage: Stage) -> None:
    """W5: "not known" is an order of its own, in both directions."""
    plan, shelf = _make_plan(stage)
    shelf.broken = True
    unknown = _judge(plan, shelf, stage)
    with pytest.raises(Refused, match="has a number of system users that is not known now"):
        check_fresh(plan, shelf, stage.ownership())  # type: ignore[arg-type]  # as above
    check_fresh(unknown, shelf, stage.ownership())  # type: ignore[arg-type]  # as above
    shelf.broken = False
    with pytest.raises(Refused, match="had a number of system users that is not known when"):
        check_fresh(unknown, shelf, stage.ownership())  # type: ignore[arg-type]  # as above


@pytest.mark.parametrize(
    "content",
    [
        b'{"format_version": "1", "changes": ' + b"[" * 5_000 + b"]" * 5_000 + b"}",
        b"[" + b"[]," * MAX_VALUES + b"[]]",
        b'{"format_version": "1", "tool_version": "' + b"x" * MAX_BYTES + b'"}',
    ],
    ids=["deep", "many", "large"],
)
def test_a_hostile_file_costs_little(content: bytes) -> None:
    """W4: deep nesting and huge files are refused, and the memory they take stays in proportion."""
    tracemalloc.start()
    try:
        with pytest.raises(Refused):
            read_plan(content)
        assert tracemalloc.get_traced_memory()[1] < 3 * len(content) + (8 << 20)
    finally:
        tracemalloc.stop()


@pytest.mark.slow
def test_a_deletion_that_was_reviewed_at_no_users_is_not_done_to_many(
    private_key: RSAPrivateKey, tmp_path: Path
) -> None:
    """W5: by the program: 0 at the review, 237 afterwards: `verify`, `apply FILE` and `apply --accept` end with 4."""
    repository = Repository(tmp_path / "repository")
    system = f"{VENDOR}_smartcloud"
    with start_served(private_key) as emulator:
        served = Served(emulator, private_key)
        repository.write("a.yaml", a_definition_text(id=system, clientId=[]))
        repository.configure(emulator.base, emulator.maskinporten)
        repository.environ = served.environ
        assert repository.run("apply", "--yes").returncode == 0
        repository.write("a.yaml", a_definition_text(id=system, clientId=[]) + "withdrawn: true\n")
        assert repository.run("plan", "--out", "plan.json").returncode == 0
        digest = json.loads((repository.root / "plan.json").read_text())["digest"]
        asked = [["verify", "plan.json"], ["apply", "plan.json"], ["apply"]]
        accepted = ["--yes", "--accept", digest]

        _put_users(served, system, 237)
        for words in asked:
            done = repository.run(*words, *(accepted if words[0] == "apply" else []))
            assert done.returncode == 4, (words, done.stderr)
            when = "in that plan" if words == ["apply"] else "when it was planned"
            numbers = f"had 0 system users {when}, and has 237 system users now"
            assert numbers in done.stderr, done.stderr
        assert served.read(system)["isDeleted"] is False
        _put_users(served, system, 0)
        assert repository.run("verify", "plan.json").returncode == 0
        assert repository.run("apply", "plan.json", *accepted).returncode == 0
        assert served.read(system)["isDeleted"] is True


def _put_users(served: Served, system: str, number: int) -> None:
    users = [
        {
            "id": f"ca73c480-3a77-476e-9e94-{index:012}",
            "systemId": system,
            "reporteeOrgNo": "312605031",
            "supplierOrgno": VENDOR,
            "externalRef": f"ref-{index}",
        }
        for index in range(number)
    ]
    httpx.put(f"{served.base}/control/systemusers", json=users).raise_for_status()
