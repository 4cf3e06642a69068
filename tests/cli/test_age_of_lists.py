"""`validate` says when the list that it goes by is old, by a clock that is given."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from reconciler.cli.validation import notify_of_age
from reconciler.definitions.yaml_document import read_document
from reconciler.model.catalogue import AS_OF, STALE
from reconciler.operations.validate import validate
from tests.builders import a_definition_text


@pytest.mark.parametrize(
    ("package", "days", "said"),
    [
        ("helt-ny", STALE, False),
        ("helt-ny", STALE + 1, True),
        ("eksplisitt", STALE + 1, True),
        ("jordbruk", STALE + 1, False),
    ],
)
def test_the_age_of_the_shipped_list_is_said_where_it_matters(
    package: str,
    days: int,
    said: bool,  # noqa: FBT001 - a table
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Where a finding is what it says: a newer list could say something else."""
    text = a_definition_text(accessPackages=[f"urn:altinn:accesspackage:{package}"])
    checked = validate([read_document("systems/a.yaml", text.encode())], ["local", "tt02"])

    notify_of_age(checked, (), date.fromisoformat(AS_OF) + timedelta(days))

    note = f"note: The shipped list of access packages of {AS_OF} is {days} days old: "
    assert capsys.readouterr().err.startswith(note) is said
