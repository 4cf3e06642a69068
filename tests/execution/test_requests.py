"""How many requests an apply sends for one system, and which: each closes a window, and none is asked twice."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest

from tests.execution.stage import a_client, a_full_document, define, withdraw
from tests.served import VENDOR_PATH

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.definitions.definition import Resolved
    from tests.execution.stage import Stage

USERS = "/authentication/api/v1/systemuser/vendor/bysystem"


def _take_requests(stage: Stage, system: str) -> list[str]:
    """List what was asked about one system since this was called before, in order."""
    entries = stage.log()
    stage.control("DELETE", "log")
    named = {
        f"{VENDOR_PATH}/{system}": "document",
        f"{VENDOR_PATH}/{system}/changelog": "log",
        f"{USERS}/{system}": "users",
        VENDOR_PATH: "document",
    }
    paths = [(str(each["method"]), unquote(str(each["path"]))) for each in entries]
    return [
        f"{'' if method == 'GET' else method + ' '}{named[path]}" for method, path in paths if path in named
    ]


def _create(stage: Stage, name: str) -> Resolved:
    return define(name, clientId=[a_client(stage.count * 10)])


def _register(stage: Stage, name: str) -> list[str]:
    mine = [a_client(stage.count * 10)]
    stage.seed(a_full_document(name, clientId=mine))
    stage.control("POST", "writes", {"system": name, "set": {}})  # a system of the register has a log
    return mine


def _update(stage: Stage, name: str) -> Resolved:
    return define(name, clientId=_register(stage, name), isVisible=False)


def _delete(stage: Stage, name: str) -> Resolved:
    _register(stage, name)
    return withdraw(name)


def _keep(stage: Stage, name: str) -> Resolved:
    return define(name, clientId=_register(stage, name))


@pytest.mark.parametrize(
    ("make", "planned", "checked", "written"),
    [
        (_create, ["document"], ["document"], ["document", "POST document", "document", "log"]),
        (
            _update,
            ["document", "log"],
            ["document", "log"],
            ["document", "log", "PUT document", "document", "log"],
        ),
        (
            _delete,
            ["document", "log", "users"],
            ["document", "log", "users"],
            ["document", "log", "DELETE document", "document", "log"],
        ),
        (_keep, ["document"], [], []),
    ],
    ids=["create", "update", "delete", "keep"],
)
def test_each_request_for_a_system_has_its_use(
    stage: Stage,
    make: Callable[[Stage, str], Resolved],
    planned: list[str],
    checked: list[str],
    written: list[str],
) -> None:
    """The table in `docs/apply.md`: as planned, before the first write, and around the write itself."""
    (name,) = stage.fresh("a")
    asked = [make(stage, name)]
    stage.control("DELETE", "log")

    plan = stage.plan(asked)
    assert _take_requests(stage, name) == planned
    report = stage.apply(plan)

    assert _take_requests(stage, name) == [*checked, *written]
    assert [each.word for each in report.outcomes] == (["done"] if written else [])


def test_systems_of_one_plan_cost_no_more_each(stage: Stage) -> None:
    """Ten creates take ten times the requests of one, and no other."""
    asked = [_create(stage, name) for name in (stage.fresh("a")[0] for _ in range(10))]
    stage.control("DELETE", "log")

    stage.apply(stage.plan(asked))

    assert len([each for each in stage.log() if str(each["path"]).startswith(VENDOR_PATH)]) == 10 * (
        1 + 1 + 4
    )


def test_a_plan_that_was_only_shown_takes_two_requests_more_at_each_write(stage: Stage) -> None:
    """It names no newest entry, so the document and the log are read until they are of one moment."""
    (name,) = stage.fresh("a")
    plan = stage.plan([_update(stage, name)])
    shown = replace(plan, changes=tuple(replace(each, newest=None) for each in plan.changes))
    stage.control("DELETE", "log")

    report = stage.apply(shown)

    assert _take_requests(stage, name) == [
        *("document", "log"),
        *("document", "log", "document", "log", "PUT document", "document", "log"),
    ]
    assert [each.word for each in report.outcomes] == ["done"]
    assert shown.digest == plan.digest
