"""Files as a CI runner names them."""

from __future__ import annotations

import pytest

from reconciler.model.findings import Finding, Location, Severity
from reconciler.render.places import move_findings


@pytest.mark.parametrize(
    ("file", "moved"),
    [
        ("systems/a.yaml", "registry/systems/a.yaml"),
        ("/elsewhere/a.yaml", "/elsewhere/a.yaml"),
        ("C:/elsewhere/a.yaml", "C:/elsewhere/a.yaml"),
        ("//server/share/a.yaml", "//server/share/a.yaml"),
        ("", ""),
    ],
)
def test_a_whole_path_gets_no_folder_in_front(file: str, moved: str) -> None:
    """G6: a file under the root is named from the workspace; one of elsewhere keeps its drive or its root."""
    finding = Finding("a-rule", Severity.NOTE, "A message", Location(file, ""))

    (found,) = move_findings([finding], "registry")

    assert found.place.file == moved
