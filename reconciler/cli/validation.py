"""Checks definition files and writes what it finds, for `reconciler validate` and for a hook that names files.

It does not import the library of the command line, whose start takes as long as checking two hundred files.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from reconciler.cli.console import notify
from reconciler.cli.outputs import choose_outputs, write_findings
from reconciler.definitions.files import find_definitions, find_lists, read_documents
from reconciler.definitions.settings import find_common_root, read_settings
from reconciler.errors import Exit, UsageError
from reconciler.model.catalogue import explain_shipped_age
from reconciler.model.findings import Severity
from reconciler.operations.selection import check_form
from reconciler.operations.validate import (
    Narrowed,
    add_crossing,
    goes_by_shipped,
    list_claims,
    narrow_findings,
    validate,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from reconciler.definitions.settings import Settings
    from reconciler.definitions.yaml_document import Document
    from reconciler.model.catalogue import Catalogue
    from reconciler.rules import Checked

    Age = Callable[[date], str]
    """Says on a day that a list is old, or nothing."""


class FileCheck(NamedTuple):
    """What is checked, and where the findings go: the arguments and options of `reconciler validate`."""

    paths: Sequence[Path] = ()
    formats: Sequence[str] | None = None
    strict: bool = False
    vendor: str = ""
    only: Sequence[str] = ()
    online: bool = False
    environment: str | None = None
    root: Path | None = None


def check_files(asked: FileCheck) -> Exit:
    """Check definition files, write the findings, and give the exit code."""
    if asked.environment is not None and not asked.online:
        raise UsageError(
            "Without --online the files are checked for every environment.",
            hint="Pass --online to ask one of them for what the files name there, or leave --environment out.",
        )
    outputs = choose_outputs(asked.formats)
    found = find_common_root(asked.root, asked.paths)
    files = find_definitions(found, asked.paths)
    documents = read_documents(found, files)
    settings = read_settings(found)
    saved, ages = _read_saved(found, settings.environments)
    if asked.online:
        check = partial(_ask, found, settings, asked.environment, saved, asked.vendor)
    else:
        check = partial(_check, settings, saved, asked.vendor)
    checked = check(documents)
    if asked.paths:
        checked = _check_beside(checked, documents, found, files, check)
    notify_of_age(checked, ages, datetime.now(UTC).date())
    chosen = Narrowed(checked.findings, len(documents), 0)
    if patterns := check_form(asked.only):
        from reconciler.render.phrases import count  # noqa: PLC0415 - only where files are left out

        chosen = narrow_findings(checked, documents, patterns)
        notify(f"--only leaves out {chosen.left_out:,} of {count(len(documents), 'file')}.")
    write_findings(chosen.findings, chosen.files, outputs, found, verb="validate")
    worst = {Severity.ERROR, Severity.WARNING} if asked.strict else {Severity.ERROR}
    if any(finding.severity in worst for finding in chosen.findings):
        return Exit.FAILED
    return Exit.DONE


def _read_saved(root: Path, environments: Iterable[str]) -> tuple[Mapping[str, Catalogue], Sequence[Age]]:
    """Read what is saved of environments, and what says how old it is; nothing is loaded where nothing is saved."""
    if not find_lists(root, environments):
        return {}, ()
    from reconciler.definitions.catalogue_file import read_lists  # noqa: PLC0415 - only where there is one
    from reconciler.model.catalogue_list import make_catalogues  # noqa: PLC0415 - as above

    lists = read_lists(root, environments)
    return make_catalogues(lists), [each.explain_age for each in lists.values()]


def notify_of_age(checked: Checked, saved: Sequence[Age], today: date) -> None:
    """Say which lists are old; of the shipped one only where a finding is what it says."""
    shipped = [explain_shipped_age] if goes_by_shipped(checked.findings) else []
    for explain in (*saved, *shipped):
        if sentence := explain(today):
            notify(f"note: {sentence}")


def _check(
    settings: Settings, saved: Mapping[str, Catalogue], vendor: str, documents: Sequence[Document]
) -> Checked:
    return validate(documents, settings.environments, vendor=vendor, asked=saved)


def _check_beside(
    checked: Checked,
    documents: Sequence[Document],
    root: Path,
    files: Sequence[Path],
    check: Callable[[Sequence[Document]], Checked],
) -> Checked:
    """Check named files beside the others that can have the same ids or client ids; most often there are none."""
    from reconciler.definitions.mentions import find_mentioning  # noqa: PLC0415 - only where files are named

    others = find_mentioning(root, files, list_claims(checked))
    if not others:
        return checked
    return add_crossing(checked, check([*documents, *read_documents(root, others)]), documents)


def _ask(
    root: Path,
    settings: Settings,
    environment: str | None,
    saved: Mapping[str, Catalogue],
    vendor: str,
    documents: Sequence[Document],
) -> Checked:
    """Check the files, and ask an environment's metadata for what they name there."""
    from reconciler.cli.environment import choose_environment  # noqa: PLC0415 - loads what only this needs
    from reconciler.cli.metadata import ask_environment  # noqa: PLC0415 - loads HTTP
    from reconciler.operations.online import validate_online  # noqa: PLC0415 - beside the one that serves it

    chosen = choose_environment(settings, environment, os.environ)
    ask = partial(ask_environment, root, chosen)
    return validate_online(documents, settings.environments, chosen.name, ask, vendor=vendor, saved=saved)
