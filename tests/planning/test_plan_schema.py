"""The JSON Schema that the program prints for its plans."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft7Validator  # type: ignore[import-untyped]  # it has no types

import reconciler
from reconciler.planning.plan_file import print_plan
from reconciler.planning.plan_file_v1 import PlanFile
from tests.render.samples import PLANS
from tests.schemas import print_schema

SCHEMA = Path(reconciler.__file__).parent / "data" / "plan.schema.json"


def test_the_schema_is_made_from_the_types(request: pytest.FixtureRequest) -> None:
    """What other programs are given is what a plan file is read with; `--accept` writes it again."""
    made = print_schema(PlanFile, "A plan of system registrations, format 1")
    if request.config.getoption("--accept"):
        SCHEMA.write_text(made, encoding="utf-8")

    assert SCHEMA.read_text(encoding="utf-8") == made


@pytest.mark.parametrize("name", [name for name in PLANS if "hostile" not in name])
def test_a_saved_plan_is_valid(name: str) -> None:
    """Once the schema lacked members of every plan, and so refused all of them."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    Draft7Validator.check_schema(schema)

    assert [
        each.message for each in Draft7Validator(schema).iter_errors(json.loads(print_plan(PLANS[name]())))
    ] == []
