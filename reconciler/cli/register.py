"""`reconciler register serve`: the embedded register on a port, for other programs and for tests."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated, Protocol

import typer

from reconciler.body import build_body
from reconciler.cli.console import show_text, tell, tell_findings
from reconciler.cli.options import Format, FormatOption, make_app
from reconciler.errors import SettingsError, UsageError
from reconciler.findings import Severity
from reconciler.model import Json
from reconciler.normalise import normalise
from reconciler.operations import resolve_all, validate
from reconciler.settings import BUILT_IN
from reconciler.workspace import find_definitions, read_documents

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager


class Serving(Protocol):
    """A register that is served, and where."""

    base: str
    maskinporten: str


app = make_app(group=True)


@app.callback()
def group() -> None:
    """Run the embedded register for other programs."""


@app.command()
def serve(
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 picks a free one.")] = 0,
    state: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Keep state here (in memory).", show_default=False)
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Clients, resources, packages.",
            show_default=False,
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    seed: Annotated[
        Path | None,
        typer.Option(
            "--seed",
            metavar="DIR",
            help="Definitions to start with.",
            show_default=False,
            exists=True,
            file_okay=False,
        ),
    ] = None,
    form: FormatOption = Format.TEXT,
) -> None:
    """Run the embedded register in the foreground until it is stopped."""
    stopped = Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: stopped.set())
    log = None if form is Format.JSON else tell
    with _start(config, port, state, _read_seed(seed) if seed else [], log) as emulator:
        if form is Format.JSON:
            addresses = {"base": emulator.base, "maskinporten": emulator.maskinporten}
            show_text(json.dumps(addresses) + "\n")
        else:
            show_text(_describe(emulator.base, emulator.maskinporten))
        stopped.wait()
    tell("Stopped.")


def _start(
    config: Path | None,
    port: int,
    state: Path | None,
    seed: Sequence[Mapping[str, Json]],
    log: Callable[[str], None] | None,
) -> AbstractContextManager[Serving]:
    from reconciler.emulator import start  # noqa: PLC0415 - loads a server, which the help does not need

    try:
        return start(config, port=port, state=state, seed=seed, access_log=log)
    except ValueError as error:
        raise SettingsError(str(error), hint="docs/emulator.md describes the file.") from error
    except OSError as error:
        raise UsageError(
            f"The register cannot start: {error.strerror or error}.", hint="Try --port 0."
        ) from error


def _read_seed(folder: Path) -> list[dict[str, Json]]:
    """Read definitions as the documents that a register would hold; withdrawn ones are left out."""
    documents = read_documents(folder, find_definitions(folder, [folder]))
    checked = validate(documents, [each.name for each in BUILT_IN])
    if not checked.sound:
        tell_findings([each for each in checked.findings if each.severity is Severity.ERROR], len(documents))
        raise UsageError(f"The definitions in {folder} have errors.", hint="Mend them first.")
    systems = resolve_all(checked.definitions, "local")
    return [build_body(normalise(each.system), None) for each in systems if not each.withdrawn]


_SCOPE = "altinn:authentication/systemregister.write"


def _describe(base: str, maskinporten: str) -> str:
    return f"""\
Register:      {base}/authentication/api/v1/systemregister
Maskinporten:  {maskinporten}

To point this tool at it, put into reconciler.toml:

[environments.served]
register = "{base}"
maskinporten = "{maskinporten}"

A token for tests, without any key:

curl "{base}/api/GetEnterpriseToken?env=local&orgNo=991825827&scopes={_SCOPE}"
"""
