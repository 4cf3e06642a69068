"""What a verb works with: the root, the settings, the environment and the checked definitions.

The one place where the layers that do input and output are put together. HTTP and keys are imported when needed.
"""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import typer

from reconciler.cli.console import notify, notify_findings, show_progress, show_text
from reconciler.cli.environment import choose_environment
from reconciler.cli.options import Format
from reconciler.cli.outputs import write_findings
from reconciler.cli.ownership import find_ownership
from reconciler.clients.credentials import read_credentials
from reconciler.definitions.catalogue_file import read_catalogues
from reconciler.definitions.files import find_definitions, read_documents, read_file
from reconciler.definitions.settings import find_root, read_settings
from reconciler.definitions.working_tree import compare_with_head
from reconciler.errors import Exit
from reconciler.model.canonical_json import SHORT
from reconciler.model.environment import READERS
from reconciler.model.findings import Severity, count_findings
from reconciler.operations.access import check_writer, find_delegation
from reconciler.operations.archive import Archive
from reconciler.operations.broken_files import separate
from reconciler.operations.elsewhere import add_elsewhere, find_vendor_anywhere
from reconciler.operations.plan import judge, plan_against, plan_unjudged
from reconciler.operations.scope import Scope, Touched
from reconciler.operations.selection import check_form
from reconciler.operations.validate import check_vendor, choose_vendor, find_vendor, resolve_all, validate
from reconciler.planning.key_expiry import find_key_expiry
from reconciler.planning.ownership import Ownership
from reconciler.planning.plan import Target, stamp
from reconciler.planning.plan_file import read_plan
from reconciler.render import json as as_json
from reconciler.render.formats import LOGGED
from reconciler.render.phrases import count
from reconciler.rules.look_ups import find_taken

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.cli.ahead import Ahead
    from reconciler.cli.outputs import Outputs
    from reconciler.clients.credentials import Credentials
    from reconciler.clients.maskinporten import TokenSource
    from reconciler.clients.register import HttpRegister
    from reconciler.definitions.definition import Resolved
    from reconciler.definitions.yaml_document import Document
    from reconciler.execution.customer_evidence import OpenCustomers
    from reconciler.model.environment import Environment
    from reconciler.model.findings import Finding
    from reconciler.operations.broken_files import BrokenFile
    from reconciler.planning.plan import Plan
    from reconciler.rules import Checked


@dataclass(frozen=True, slots=True)
class Context:
    """Everything that is known before the register is asked."""

    root: Path
    environment: Environment
    checked: Checked
    systems: tuple[Resolved, ...]
    """What the definitions ask for in this environment."""
    vendor: str
    environments: tuple[str, ...] = ()
    """The configured ones, in their order."""
    only: tuple[str, ...] = ()
    """Patterns of the systems that are asked for; empty for all."""
    broken: tuple[BrokenFile, ...] = ()
    """The definitions that cannot be used; `checked` and `systems` are without them."""
    touched: Touched | None = None
    """What a change touches, where only that is asked for."""
    ahead: Ahead | None = None
    """What the register is asked before it is connected to."""

    @property
    def scope(self) -> Scope:
        """What of the definitions a plan is about."""
        return Scope(self.checked.findings, self.only, self.broken, self.touched)


def read_context(root: Path | None, environment: str | None, vendor: str, form: Format) -> Context:
    """Read and check everything on this side; ends the run with 1 where a definition is wrong.

    Raises `UsageError` where there is no repository, no such environment, or nothing to do.
    """
    found = read_definitions(root, environment, vendor, form)
    return replace(found, vendor=find_vendor(found.systems, vendor))


def read_definitions(root: Path | None, environment: str | None, vendor: str, form: Format) -> Context:
    """Read and check likewise, where there may be no system; the vendor is the one that is given, or empty.

    Raises `UsageError` where there is no repository, or no such environment.
    """
    found, documents = _read(root, environment, vendor)
    if not found.checked.sound:
        _refuse(found.checked, len(documents), form)
    return found


def read_usable(
    root: Path | None,
    environment: str | None,
    vendor: str,
    outputs: Outputs,
    *,
    verb: str,
    ahead: Ahead | None = None,
) -> Context:
    """Read and check likewise, and go on without the definitions that are wrong, for verbs that only read.

    `ahead` has the register read meanwhile. Ends the run with 1 where none can be used, or which vendor's they are is
    not known; then the findings are in all outputs. Raises `UsageError` where there is no repository, no such
    environment, or a vendor is named that has no definition.
    """
    found, documents = _read(root, environment, vendor, ahead)
    if vendor and documents and not found.checked.definitions:
        find_vendor((), vendor)
    if found.checked.sound:
        return found
    usable, broken = separate(found.checked, documents, open_archive(found))
    if not usable.definitions or not broken:
        write_findings(found.checked.findings, len(documents), outputs, found.root, verb=verb, quiet=True)
        if outputs.stdout not in LOGGED:  # there they stand already, and both streams end in one log
            _notify_of_errors(found.checked, len(documents))
        _end_uncompared(ahead)
    _notify_of_errors(found.checked, len(documents))
    systems = resolve_all(usable.definitions, found.environment.name)
    return replace(found, checked=usable, systems=systems, broken=broken)


def _read(
    root: Path | None, environment: str | None, vendor: str, ahead: Ahead | None = None
) -> tuple[Context, tuple[Document, ...]]:
    found = find_root(root or Path.cwd())
    settings = read_settings(found)
    chosen = choose_environment(settings, environment, os.environ)
    if ahead is not None:
        ahead.begin(chosen, vendor)
    documents = read_documents(found, find_definitions(found))
    asked = read_catalogues(found, settings.environments)
    checked = validate(documents, settings.environments, vendor=vendor, asked=asked)
    systems = resolve_all(checked.definitions, chosen.name)
    context = Context(found, chosen, checked, systems, vendor, tuple(settings.environments), ahead=ahead)
    return context, documents


def _refuse(checked: Checked, files: int, form: Format) -> NoReturn:
    """Show what is wrong with the definitions, and end the run."""
    if form is Format.JSON:
        show_text(as_json.render_findings(checked.findings, files))
    _notify_of_errors(checked, files)
    _end_uncompared()


def _end_uncompared(ahead: Ahead | None = None) -> NoReturn:
    """End a run whose definitions cannot be used, and say whether the register was asked something."""
    is_asked = ahead is not None and ahead.has_begun
    done = "Nothing was compared with the register" if is_asked else "The register was not asked anything"
    notify(f"{done}: fix the errors first.")
    raise typer.Exit(Exit.FAILED)


def _notify_of_errors(checked: Checked, files: int) -> None:
    notify_findings([each for each in checked.findings if each.severity is Severity.ERROR], files)


def check_named(context: Context) -> Context:
    """Raise `UsageError` where there are definitions, and none that names the environment: that may be a slip."""
    if context.checked.definitions and not context.systems and not context.broken:
        find_vendor((), context.vendor)
    return context


def narrow(context: Context, only: Sequence[str] | None) -> Context:
    """Narrow a context to the systems that fit a pattern; raises `UsageError` for what is no pattern."""
    return replace(context, only=check_form(only or ()))


def notify_of_warnings(context: Context) -> None:
    """Mention what is not wrong enough to stop anything."""
    counts = count_findings(context.checked.findings)
    shown = [count(counts[each], each.value) for each in (Severity.WARNING, Severity.NOTE) if counts[each]]
    if shown:
        notify(f"{' and '.join(shown)} on the definitions: `reconciler validate` shows them.")


@dataclass(frozen=True, slots=True)
class Connection:
    """An open register, whose systems are asked of it, and which writes there are ours."""

    environment: Environment
    """With the address that `local` has in this run."""
    credentials: Credentials
    register: HttpRegister
    target: Target
    ownership: Ownership
    taken: tuple[str, ...] = ()
    """The resources that the embedded register takes as existing."""
    organisation: str = ""
    """The token's; empty where it does not say."""


@contextmanager
def connect(
    root: Path,
    environment: Environment,
    vendor: str,
    *,
    read_only: bool,
    resources: Sequence[str] = (),
    workers: int = READERS,
    environ: Mapping[str, str] = os.environ,
    ahead: Ahead | None = None,
) -> Iterator[Connection]:
    """Connect to an environment's register, for so many requests at a time; `local` starts the embedded one.

    The one that `ahead` opened is taken. The first line on stderr names the environment and its address. Where no
    vendor is named, it is the token's organisation, and in `local` the one whose systems are there. Raises `UsageError`
    where that is not one, and `Refused` where something is to be written by a client that may not.
    """
    from reconciler.clients.token_claims import read_claims, read_organisation  # noqa: PLC0415 - only with tokens

    identity = environment
    with ExitStack() as stack:
        early = None if ahead is None else ahead.take()
        taken: tuple[str, ...] = ()
        if early is not None:
            credentials = early.credentials
        elif environment.name == "local":
            from reconciler.clients.embedded import list_vendors, open_local  # noqa: PLC0415 - loads a server

            vendor = vendor or choose_vendor(list_vendors(root))
            known = read_catalogues(root, read_settings(root).environments).get("local")
            local = open_local(root, vendors=[vendor], resources=resources, known=known)
            environment, credentials, taken = stack.enter_context(local)
            notify(f"Environment local: the embedded register at {environment.register}")
        else:
            notify(f"Environment {environment.name}: {environment.register}")
            credentials = read_credentials(environ)
        tokens, register = (
            (early.tokens, early.register)
            if early
            else stack.enter_context(_dial(environment, credentials, vendor, workers, read_only=read_only))
        )
        organisation = read_organisation(tokens.token())
        target = find_target(identity, vendor or choose_vendor([organisation] if organisation else []))
        own = str(read_claims(tokens.token()).get("client_id") or credentials.client_id)
        if not read_only:
            check_writer(environment, own)
        ownership = find_ownership(root, environment, own)
        yield Connection(environment, credentials, register, target, ownership, taken, organisation)


@contextmanager
def _dial(
    environment: Environment, credentials: Credentials, vendor: str, workers: int, *, read_only: bool
) -> Iterator[tuple[TokenSource, HttpRegister]]:
    """Open the register of an environment, and what gives tokens for it; nothing is asked of either."""
    from reconciler.clients.maskinporten import open_tokens  # noqa: PLC0415 - loads HTTP and cryptography
    from reconciler.clients.register import HttpRegister  # noqa: PLC0415 - loads HTTP

    delegation = find_delegation(environment, vendor)
    with (
        open_tokens(environment, credentials, delegation, notify=notify) as tokens,
        HttpRegister(environment, tokens, workers=workers, read_only=read_only, notify=notify) as register,
    ):
        yield tokens, register


@contextmanager
def open_register(context: Context, *, read_only: bool, workers: int = READERS) -> Iterator[Connection]:
    """Connect to the register of a context, which knows every resource that the definitions name if it is local."""
    resources = _list_resources(context)
    with connect(
        context.root,
        context.environment,
        find_vendor(context.systems, context.vendor) if context.systems else context.vendor,
        read_only=read_only,
        resources=resources,
        workers=workers,
        ahead=context.ahead,
    ) as connection:
        if not context.systems:
            check_vendor(connection.target.vendor, connection.organisation, connection.register.administers)
        texts = {each.document.file: each.document.text for each in context.checked.definitions}
        search = replace(open_archive(context), texts=texts).search
        yield replace(connection, ownership=replace(connection.ownership, search_revisions=search))


def make_plan(
    context: Context,
    connection: Connection,
    open_customers: OpenCustomers | None = None,
    *,
    for_apply: bool = True,
) -> Plan:
    """Plan, with progress on a terminal, and stamp the plan with the time and the version.

    The customers whom a change concerns are counted where they can be opened. A plan that is only to be read does
    without the change logs that can add nothing to it.
    """
    register, ownership = connection.register, connection.ownership
    with show_progress("Reading") as progress:
        made = plan_unjudged(
            context.systems, connection.target, register, ownership, scope=context.scope, progress=progress
        )
        made = judge(made, register, ownership, open_customers, for_apply=for_apply)
    return _stamp(made, context, [*find_taken(context.systems, connection.taken), *find_ending(context)])


def find_ending(context: Context) -> tuple[Finding, ...]:
    """Find whether the environment's key ends soon, by its configuration."""
    return find_key_expiry(context.environment.key_expires, datetime.now(UTC).date())


def make_plan_against(context: Context, name: str) -> Plan:
    """Plan as if the register held what the definitions at a revision ask for; no register and no credential is read.

    The first line on stderr says so. Raises `UsageError` where that revision is not known in full.
    """
    archive = open_archive(context)
    files = archive.read_files(name, context.checked.definitions)
    base = files.resolve(archive.environment)
    notify(
        f"Environment {context.environment.name}: the register is not asked; the definitions at "
        f"{base.commit[:SHORT] or name} stand for it."
    )
    notify_of_gap(archive)
    vendor = find_vendor_anywhere(context.systems, base, context.checked.definitions, files, context.vendor)
    target = Target(context.environment.name, "", vendor)
    made = plan_against(context.systems, target, archive, base, context.scope)
    made = add_elsewhere(made, context.checked.definitions, context.scope, archive, files, context.vendor)
    return _stamp(made, context)


def _stamp(made: Plan, context: Context, beside: Sequence[Finding] = ()) -> Plan:
    from reconciler.build import find_version  # noqa: PLC0415 - `validate` makes no plan

    now = datetime.now(UTC).isoformat(timespec="seconds")
    revision = context.touched.checkout if context.touched else None
    documents = [each.definition.document for each in context.systems]
    revision = revision or compare_with_head(context.root, documents)
    found = [*context.checked.findings, *beside]
    return stamp(made, found, created=now, tool_version=find_version(), revision=revision)


def _list_resources(context: Context) -> list[str]:
    rights = (right for each in context.systems for right in each.system.rights)
    return sorted({pair.value for right in rights for pair in right.resource})


def read_saved(path: Path) -> Plan:
    """Read a saved plan; raises `UsageError` where there is none, and `Refused` where it is not as written."""
    return read_plan(read_file(path))


def find_target(environment: Environment, vendor: str) -> Target:
    """Name whose systems in which register an environment's plans are for."""
    return Target(environment.name, environment.identity, vendor)


def open_archive(context: Context) -> Archive:
    """Give the history of the definitions, for the context's environment."""
    return Archive(context.root, context.environment.name, context.environments)


def notify_of_gap(archive: Archive) -> None:
    """Say why the history of the definitions is incomplete, where it is."""
    if gap := archive.find_gap():
        notify(f"The history of the definitions is incomplete: {gap}.")
