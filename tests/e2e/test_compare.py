"""`compare` as a person runs it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.builders import CLIENT, OTHER_CLIENT, VENDOR

if TYPE_CHECKING:
    from tests.served import Repository, Served

pytestmark = pytest.mark.slow

ID = f"{VENDOR}_smartcloud"
RIGHTS = [{"resource": [{"id": "urn:altinn:resource", "value": "ske-krav-og-betalinger"}]}]


def test_files_are_compared_without_a_credential(repository: Repository) -> None:
    """By default nothing is asked: the overlays are what differs."""
    repository.define(environments={"tt02": {}, "prod": {"clientId": [OTHER_CLIENT], "rights": []}})
    done = repository.run("compare", "tt02", "prod")

    assert done.returncode == 0, done.stderr
    assert 'rights["ske-krav-og-betalinger"]  in tt02 only' in done.stdout
    assert "Expected to differ: 2 values" in done.stdout
    assert done.stdout.endswith("prod is 1 change behind tt02.\n")


def test_registers_are_read_where_it_is_asked(repository: Repository, served: Served) -> None:
    """With --live each register is asked with the credentials that carry its name."""
    repository.define(environments={"served": {}, "local": {}}, rights=RIGHTS)
    repository.run("apply", "--yes", "-e", "served")
    repository.run("apply", "--yes", "-e", "local")
    named = {f"{name}_SERVED": value for name, value in served.environ.items() if name.startswith("MASK")}
    blank = dict.fromkeys((name for name in served.environ if name.startswith("MASK")), "")
    repository.define(
        environments={"served": {}, "local": {}}, rights=RIGHTS, clientId=[CLIENT, OTHER_CLIENT]
    )
    repository.run("apply", "--yes", "-e", "local")
    done = repository.run(
        "compare", "local", "served", "--live", "--format", "json", timeout=60, **named, **blank
    )

    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["unread"] == {}
    assert said["behind"] == 0
    [field] = said["systems"][0]["fields"]
    assert field["path"] == f'clientId["{OTHER_CLIENT}"]'
    assert field["live"] == {"local": OTHER_CLIENT, "served": None}
    assert field["desired"] == {"local": OTHER_CLIENT, "served": OTHER_CLIENT}


def test_a_mistake_is_named(repository: Repository) -> None:
    """One environment twice, an unknown one, and a system that nobody asks for."""
    repository.define()

    for words, said in (
        (("tt02", "tt02"), "Both environments are 'tt02'."),
        (("tt02", "prd"), "Did you mean 'prod'?"),
        (("tt02", "prod", "x"), "No definition asks for 'x' in tt02 or prod."),
    ):
        done = repository.run("compare", *words)
        assert (done.returncode, said in done.stderr) == (2, True), done.stderr
