"""What a verb works with: the root, the settings, the environment and the checked definitions.

The one place where rooms that do I/O are put together. HTTP and keys are imported when they are needed.
"""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from reconciler.cli.console import show_text, tell, tell_findings
from reconciler.cli.options import Format
from reconciler.errors import Exit
from reconciler.findings import Severity, count_findings
from reconciler.operations import WORKERS, find_vendor, resolve_all, validate
from reconciler.render import json as as_json
from reconciler.render.text import count
from reconciler.settings import choose_environment, find_root, read_settings
from reconciler.workspace import find_definitions, read_documents

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model import Resolved
    from reconciler.register import HttpRegister
    from reconciler.rules import Checked
    from reconciler.settings import Environment


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that is known before the register is asked."""

    root: Path
    environment: Environment
    checked: Checked
    systems: tuple[Resolved, ...]
    """What the definitions ask for in this environment."""
    vendor: str


def set_scene(root: Path | None, environment: str | None, vendor: str, form: Format) -> Scene:
    """Read and check everything on this side; ends the run with 1 where a definition is wrong.

    Raises `UsageError` where there is no repository, no such environment, or nothing to do.
    """
    found = find_root(root or Path.cwd())
    settings = read_settings(found)
    chosen = choose_environment(settings, environment, os.environ)
    documents = read_documents(found, find_definitions(found))
    checked = validate(documents, settings.environments, vendor=vendor)
    if not checked.sound:
        if form is Format.JSON:
            show_text(as_json.render_findings(checked.findings, len(documents)))
        tell_findings([each for each in checked.findings if each.severity is Severity.ERROR], len(documents))
        tell("The register was not asked anything: mend the errors first.")
        raise typer.Exit(Exit.FAILED)
    systems = resolve_all(checked.definitions, chosen.name)
    return Scene(found, chosen, checked, systems, find_vendor(systems, vendor))


def tell_warnings(scene: Scene) -> None:
    """Mention what is not wrong enough to stop anything."""
    counts = count_findings(scene.checked.findings)
    told = [count(counts[each], each.value) for each in (Severity.WARNING, Severity.NOTE) if counts[each]]
    if told:
        tell(f"{' and '.join(told)} on the definitions: `reconciler validate` shows them.")


@contextmanager
def open_register(scene: Scene, *, read_only: bool) -> Iterator[tuple[Environment, HttpRegister]]:
    """Connect to the environment's register; `local` starts the embedded one first.

    The first line on stderr names the environment and its address.
    """
    from reconciler.maskinporten import open_tokens  # noqa: PLC0415 - loads HTTP and cryptography
    from reconciler.register import HttpRegister  # noqa: PLC0415 - loads HTTP
    from reconciler.settings import read_credentials  # noqa: PLC0415 - beside the two it serves

    with ExitStack() as stack:
        environment = scene.environment
        if environment.name == "local":
            from reconciler.local import open_local  # noqa: PLC0415 - loads a server

            local = open_local(scene.root, vendors=[scene.vendor], resources=_list_resources(scene))
            environment, credentials = stack.enter_context(local)
            tell(f"Environment local: the embedded register at {environment.register}")
        else:
            tell(f"Environment {environment.name}: {environment.register}")
            credentials = read_credentials(os.environ)
        tokens = stack.enter_context(open_tokens(environment, credentials))
        register = HttpRegister(environment, tokens, workers=WORKERS, read_only=read_only)
        yield environment, stack.enter_context(register)


def _list_resources(scene: Scene) -> list[str]:
    values = {pair.value for each in scene.systems for right in each.system.rights for pair in right.resource}
    return sorted(values)
