"""`reconciler register serve`: the embedded register on a port, for other programs and for tests."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated, Protocol, TypeAlias

import typer

from reconciler.cli.console import notify, notify_findings, show_text
from reconciler.cli.options import Format, FormatOption, Verb, VerbGroup, make_app
from reconciler.definitions.files import find_definitions, read_documents, read_file
from reconciler.errors import SettingsError, UsageError
from reconciler.model.canonical_json import Json
from reconciler.model.environment import BUILT_IN
from reconciler.model.findings import Severity
from reconciler.model.normalise import normalise
from reconciler.operations.validate import resolve_all, validate
from reconciler.planning.request_body import build_body

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager


class Serving(Protocol):
    """A register that is served, and where."""

    base: str
    local: str
    maskinporten: str
    is_closed: bool


app = make_app(group=True)
_ConfigOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Clients, resources and switches, as docs/emulator.md has them.",
        show_default=False,
        exists=True,
        dir_okay=False,
    ),
]


@app.callback(
    cls=VerbGroup,
    epilog="reconciler register serve --port 8080\nreconciler register serve --state register.json",
)
def group() -> None:
    """Run the embedded register for other programs."""


@app.command(
    cls=Verb,
    epilog="reconciler register serve --port 8080\nreconciler register serve --seed systems --format json",
)
def serve(
    *,
    port: Annotated[
        int, typer.Option(metavar="N", min=0, max=65535, help="The port; 0 picks a free one.")
    ] = 0,
    host: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS", help="The address to listen on. Default: 127.0.0.1.", show_default=False
        ),
    ] = None,
    public_url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="The address that others use.", show_default=False),
    ] = None,
    state: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Keep state here. Default: in memory.", show_default=False),
    ] = None,
    config: _ConfigOption = None,
    seed: Annotated[
        Path | None,
        typer.Option(
            "--seed",
            metavar="DIR",
            help="Definitions or JSON documents to start with.",
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
    log = None if form is Format.JSON else notify
    over = _read_over(host, public_url)
    seeds = _read_seed(seed) if seed else []
    with _start(config, port, state, seeds, log, over) as emulator:
        _show(emulator, form)
        stopped.wait()
    notify("Stopped.")


def _show(emulator: Serving, form: Format) -> None:
    if emulator.is_closed:
        notify(_CLOSED)
    addresses = {"base": emulator.base, "maskinporten": emulator.maskinporten, "local": emulator.local}
    show_text(json.dumps(addresses) + "\n" if form is Format.JSON else _describe(**addresses))


def _start(
    config: Path | None,
    port: int,
    state: Path | None,
    seed: Sequence[Mapping[str, Json]],
    log: Callable[[str], None] | None,
    over: Mapping[str, str],
) -> AbstractContextManager[Serving]:
    from reconciler.emulator import start  # noqa: PLC0415 - loads a server, which the help does not need

    try:
        return start(config, port=port, state=state, seed=seed, access_log=log, **over)
    except ValueError as error:
        raise SettingsError(str(error), hint="docs/emulator.md describes the file.") from error
    except OSError as error:
        raise UsageError(
            f"The register cannot start: {error.strerror or error}.", hint="Try --port 0, or another --host."
        ) from error


def _read_over(host: str | None, public_url: str | None) -> dict[str, str]:
    """Read what counts before the configuration; the control token never stands among the arguments."""
    over = {"host": host, "public_url": public_url, "control_token": os.environ.get(_TOKEN_NAME) or None}
    return {name: value for name, value in over.items() if value is not None}


def _read_seed(folder: Path) -> list[dict[str, Json]]:
    """Read what a register would hold: definitions, and documents as JSON; withdrawn ones are left out."""
    documents = read_documents(folder, find_definitions(folder, [folder]))
    checked = validate(documents, [each.name for each in BUILT_IN])
    if not checked.sound:
        notify_findings(
            [each for each in checked.findings if each.severity is Severity.ERROR], len(documents)
        )
        raise UsageError(f"The definitions in {folder} have errors.", hint="Fix them first.")
    systems = resolve_all(checked.definitions, "local")
    seeds = [build_body(normalise(each.system), None) for each in systems if not each.withdrawn]
    for path in sorted(folder.rglob("*.json")):
        if not any(part.startswith(".") for part in path.relative_to(folder).parts):
            seeds += _read_json_seed(path, folder)
    return seeds


def _read_json_seed(path: Path, folder: Path) -> list[dict[str, Json]]:
    """Read answers of the register or bodies of requests: one document, or a list of them."""
    try:
        value = json.loads(read_file(path, within=folder))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is not JSON: {error}.", hint="Fix it, or move it elsewhere.") from error
    documents = value if isinstance(value, list) else [value]
    for each in documents:
        names = {name.lower() for name in each} if isinstance(each, dict) else set()
        if not names >= {"id", "vendor"}:
            raise UsageError(
                f"{path} is not a system: `id` and `vendor` are missing.",
                hint="Take whole documents, as GET answers or POST is sent. The list of all systems has less.",
            )
    return documents


_TOKEN_NAME = "RECONCILER_CONTROL_TOKEN"  # noqa: S105 - the name of a variable
_CLOSED = (
    f"The control endpoint and the token generator are closed: others can reach this. Set {_TOKEN_NAME}."
)
_SCOPE = "altinn:authentication/systemregister.write"


def _describe(base: str, maskinporten: str, local: str) -> str:
    return f"""\
Register:      {base}/authentication/api/v1/systemregister
Maskinporten:  {maskinporten}

To point this tool at it, put into reconciler.toml:

[environments.served]
register = "{base}"
maskinporten = "{maskinporten}"

A token for tests, without any key:

curl "{local}/api/GetEnterpriseToken?env=local&orgNo=991825827&scopes={_SCOPE}"
"""
