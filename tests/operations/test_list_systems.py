"""What `list` finds, and how it is written."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

from reconciler.operations.list_systems import list_systems
from reconciler.operations.scope import Scope
from reconciler.planning.inventory import Inventory, Registration, Row
from reconciler.render import inventory_csv
from reconciler.render.json import render_inventory as render_json
from reconciler.render.lines import print_lines
from reconciler.render.text.inventory import render_inventory
from tests.builders import CLIENT
from tests.operations.test_operations import TARGET, Memory, define, name
from tests.operations.test_scope import a_broken_file, only
from tests.render.inert import find_commands, find_steering
from tests.render.samples import HOSTILE


def a_register() -> Memory:
    """Make a register with a system of every kind."""
    memory = Memory(users={name("managed"): {"standard": 36, "agent": 1}})
    memory.hold("managed", clientId=[CLIENT])
    for word in ("stray", "old_1", "broken"):
        memory.hold(word, clientId=[], isVisible=False)
    memory.hold("deleted", clientId=[], isDeleted=True)
    return memory


DEFINED = (
    define("managed"),
    define("deleted", clientId=[]),
    define("missing", clientId=[]),
    define("gone", withdrawn=True),
)
SCOPE = Scope(broken=(a_broken_file("", "broken"),))


def test_every_system_has_its_row() -> None:
    """What is registered and what is defined, by id, with the counts that are known."""
    found = list_systems(DEFINED, TARGET, a_register(), SCOPE, expected=[name("old_*")])

    assert {each.id.partition("_")[2]: each.state for each in found.rows} == {
        "broken": Registration.BROKEN,
        "deleted": Registration.DELETED,
        "gone": Registration.WITHDRAWN,
        "managed": Registration.MANAGED,
        "missing": Registration.MISSING,
        "old_1": Registration.EXPECTED,
        "stray": Registration.UNMANAGED,
    }
    assert [each.id for each in found.rows] == sorted(each.id for each in found.rows)
    rows = {each.state: each for each in found.rows}
    assert rows[Registration.MANAGED] == Row(
        id=name("managed"),
        state=Registration.MANAGED,
        name="SmartCloud",
        file=f"systems/{name('managed')}.yaml",
        visible=True,
        rights=1,
        packages=1,
        client_ids=1,
        deleted=False,
        users=37,
    )
    assert (rows[Registration.UNMANAGED].users, rows[Registration.UNMANAGED].visible) == (None, False)
    assert rows[Registration.BROKEN].file == "systems/broken.yaml"
    assert rows[Registration.MISSING] == Row(
        id=name("missing"),
        state=Registration.MISSING,
        name="SmartCloud",
        file=f"systems/{name('missing')}.yaml",
    )
    assert not found.is_whole


def test_only_some_are_listed() -> None:
    """As everywhere; without definitions too."""
    found = list_systems(DEFINED, TARGET, a_register(), only("m*"))
    bare = list_systems((), TARGET, a_register(), Scope())

    assert [each.id for each in found.rows] == [name("managed"), name("missing")]
    assert found.narrowed is not None
    assert {each.state for each in bare.rows} == {Registration.UNMANAGED}
    assert found.is_whole
    assert len(bare.rows) == 4


def test_a_system_that_cannot_be_read_is_listed_with_the_reason() -> None:
    """An id with a slash has no address."""
    memory = a_register()
    memory.hold("a/b", clientId=[])

    found = list_systems((), TARGET, memory, Scope())

    (row,) = [each for each in found.rows if each.state is Registration.UNREADABLE]
    assert "`/`" in row.reason
    assert not found.is_whole


def test_the_columns_stay_and_no_cell_is_a_formula() -> None:
    """A name can be anybody's, and a spreadsheet takes what begins so for a formula."""
    names = ["=1+1", "+47", "-1", "@SUM(A1)", " =1", "\t=1", "\r=1", '"; x', "a,b\nc", "plain", "\uff1d1"]
    rows = tuple(Row(id=f"i{each}", state=Registration.MANAGED, name=text) for each, text in enumerate(names))
    found = Inventory(TARGET, (*rows, Row(id="z", state=Registration.MISSING, deleted=False, users=0)))

    header, *cells = csv.reader(io.StringIO(inventory_csv.render_inventory(found)))

    assert ",".join(header) == (
        "id,name,state,visible,rights,access_packages,client_ids,system_users,deleted,file,reason"
    )
    shown = [row[1] for row in cells]
    assert not [each for each in shown if each.lstrip().startswith(("=", "+", "-", "@", "\uff1d"))]
    assert "plain" in shown
    assert cells[-1][3:9] == ["", "", "", "", "0", "false"]
    assert all(len(row) == len(header) for row in cells)


def test_no_format_is_steered_by_a_name() -> None:
    """Whatever the register holds is somebody else's text."""
    row = Row(id=HOSTILE, state=Registration.UNREADABLE, name=HOSTILE, file=HOSTILE, reason=HOSTILE, rights=1)
    found = Inventory(replace(TARGET, environment=HOSTILE), (row,), None, HOSTILE)

    for text in (
        print_lines(render_inventory(found)),
        render_json(found),
        inventory_csv.render_inventory(found),
    ):
        assert find_steering(text) == []
        assert find_commands(text) == []


def test_what_is_not_known_is_null_and_said() -> None:
    """Not 0."""
    found = list_systems((), TARGET, a_register(), only("stray"))

    (system,) = json.loads(render_json(found))["systems"]
    text = print_lines(render_inventory(found))

    assert (system["system_users"], system["state"], system["file"]) == (None, "unmanaged", None)
    assert "hidden, 1 right, 1 access package, 0 client ids, system users not known" in text
    assert text.splitlines()[-1] == "1 system: 1 unmanaged."
