"""Makes the definitions say what a register holds, by the smallest edit.

It sees that a plan then has nothing left to do. Nothing is written here.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from reconciler.definitions.definition import BLANK
from reconciler.definitions.editor import edit_definition
from reconciler.definitions.resolve import resolve
from reconciler.definitions.starter import MODELINE
from reconciler.definitions.template import describe_system, fill_languages, make_file_name, write_new
from reconciler.definitions.yaml_document import read_document
from reconciler.errors import EditRefused
from reconciler.model.findings import Severity
from reconciler.model.normalise import normalise
from reconciler.model.system import IDENTITY, SENT, System
from reconciler.operations.plan import find_allowed
from reconciler.operations.selection import list_ids
from reconciler.operations.validate import resolve_all, validate
from reconciler.planning.blocking import Obstacles
from reconciler.planning.change import Keep
from reconciler.planning.plan import plan_changes
from reconciler.rules import RULES
from reconciler.rules.definition_reader import check_document

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from reconciler.definitions.definition import Definition
    from reconciler.definitions.yaml_document import Document
    from reconciler.model.canonical_json import Json
    from reconciler.model.catalogue import Catalogue
    from reconciler.model.findings import Finding
    from reconciler.model.system import RegisteredSystem
    from reconciler.planning.plan import Plan, Target
    from reconciler.rules import Checked

_MOST_PATHS = 5
"""Of one rule's exceptions in a file; where there are more, the rule is allowed for the whole file."""
_ROUNDS = 3
"""Of exceptions: one can bring another rule's fault to light."""


@dataclass(frozen=True, slots=True)
class FileChange:
    """A definition file as it was and as it is to be."""

    file: str
    before: str
    """Empty for a new file."""
    after: str

    @property
    def is_new(self) -> bool:
        """Say whether there was no such file."""
        return not self.before


@dataclass(frozen=True, slots=True)
class Imported:
    """What the definitions are to be, and what a plan would then do."""

    changes: tuple[FileChange, ...]
    notes: tuple[str, ...]
    """What was filled in, in sentences."""
    obstacles: tuple[str, ...]
    """What could not be imported, in sentences."""
    findings: tuple[Finding, ...]
    """The errors that are left in files that were touched."""
    plan: Plan | None
    """Of the imported systems only; None where nothing was asked of a register."""
    unmet: tuple[str, ...] = ()
    """The systems that the files still do not describe as was wanted."""

    @property
    def differing(self) -> tuple[str, ...]:
        """The ids of imported systems that the files still do not describe as they are registered."""
        changes = self.plan.changes if self.plan else ()
        return tuple(each.id for each in changes if not isinstance(each, Keep))

    @property
    def done(self) -> bool:
        """Say whether the files say what was wanted, and nothing is left to fix."""
        return not (self.obstacles or self.findings or self.unmet)

    @property
    def whole(self) -> bool:
        """Say whether that is all, and a plan has nothing left to do."""
        return self.done and not self.differing


@dataclass(frozen=True, slots=True)
class Place:
    """Where imported values are to stand."""

    environment: str
    """Empty for none in particular."""
    environments: tuple[str, ...]
    """The configured ones, in their order."""
    asked: Mapping[str, Catalogue] | None = None
    """What is saved of environments, by their names."""
    has_schema: bool = False
    """Whether the schema of a definition lies beside them, for editors."""

    @property
    def others(self) -> tuple[str, ...]:
        """Where else a definition exists that names no environment."""
        return tuple(each for each in self.environments if each not in {"local", "prod", self.environment})


@dataclass(frozen=True, slots=True)
class Defined:
    """Which systems the definitions are about."""

    ids: tuple[str, ...]
    vendor: str
    """The organisation number; empty where there are none, or several."""


def find_defined(texts: Mapping[str, str], environments: tuple[str, ...]) -> Defined:
    """Find the ids that the definitions give their systems anywhere, and the one vendor of all."""
    ids: list[str] = []
    vendors: set[str] = set()
    for file, text in texts.items():
        document = read_document(file, text.encode())
        definition, _ = check_document(document, environments)
        ids += list_ids(document, definition)
        if definition is not None and "vendor" in definition.members:
            vendors.add(resolve(definition, "local").system.vendor.organisation)
    return Defined(tuple(dict.fromkeys(ids)), vendors.pop() if len(vendors) == 1 else "")


@dataclass(slots=True)
class _Importer:
    """The texts of the definitions while they change."""

    place: Place
    texts: dict[str, str]
    """Each file as it is on disk, with its byte order mark."""
    original: Mapping[str, str]
    taken: set[str]
    notes: list[str] = field(default_factory=list)
    obstacles: list[str] = field(default_factory=list)

    def read(self) -> list[Document]:
        return [read_document(file, text.encode()) for file, text in self.texts.items()]

    def find_definitions(self, documents: Iterable[Document]) -> dict[str, tuple[str, Definition | None]]:
        """Find the file of each system: the one that defines it in the environment, else in any."""
        near: dict[str, tuple[str, Definition | None]] = {}
        exact: dict[str, tuple[str, Definition | None]] = {}
        for document in documents:
            definition, _ = check_document(document, self.place.environments)
            if definition is None or document.faults:
                near.update(dict.fromkeys(list_ids(document, definition), (document.file, None)))
                continue
            near.update(dict.fromkeys(list_ids(document, definition), (document.file, definition)))
            if definition.exists_in(self.place.environment):
                name = str({**definition.members, **definition.overlay(self.place.environment)}.get("id"))
                exact[name] = (document.file, definition)
        return near | exact

    def add(self, system: System, found: tuple[str, Definition | None] | None) -> None:
        """Make the definitions say what a system is."""
        system, filled = (system, ()) if system.isDeleted else fill_languages(system)
        for each in filled:
            self.notes.append(
                f"`{system.id}` has no `{each}` in the register; the file takes another language's."
            )
        if found is None:
            self._write_new(system)
            return
        file, definition = found
        if definition is None:
            self.obstacles.append(f"`{system.id}` is not imported: {file} cannot be read")
            return
        try:
            members, overlays = _find_edits(definition, system, self.place)
            if members or overlays:
                self.texts[file] = edit_definition(self.texts[file], members, overlays)
        except EditRefused as error:
            self.obstacles.append(f"`{system.id}` is not imported into {file}: {error.message}. {error.hint}")

    def _write_new(self, system: System) -> None:
        name = make_file_name(system.id, self.taken)
        self.taken.add(name.lower())
        where: dict[str, Json] = {self.place.environment: {}} if self.place.environment else {}
        text = write_new(describe_system(system), where)
        self.texts[f"systems/{name}"] = MODELINE + text if self.place.has_schema else text

    def allow(self, files: set[str]) -> Checked:
        """Allow what the rules object to in files, as far as they can be allowed; give what is left."""
        checked = validate(self.read(), self.place.environments, asked=self.place.asked)
        for _ in range(_ROUNDS):
            errors = [each for each in checked.findings if each.severity is Severity.ERROR]
            wanted = [each for each in errors if each.place.file in files and RULES[each.rule].allowable]
            if not wanted:
                break
            known = {each.document.file: each for each in checked.definitions}
            for file in sorted({each.place.file for each in wanted}):
                exceptions = _find_exceptions(
                    known[file], [e for e in wanted if e.place.file == file], self.place
                )
                try:
                    self.texts[file] = edit_definition(self.texts[file], {"allow": exceptions})
                except EditRefused as error:
                    self.obstacles.append(f"{file} needs `allow:`: {error.message}. {error.hint}")
            checked = validate(self.read(), self.place.environments, asked=self.place.asked)
        return checked

    def conclude(self, checked: Checked, made: Plan | None) -> Imported:
        """Give the files that differ from what they were, and what is left."""
        changes = [
            FileChange(file, self.original.get(file, ""), text)
            for file, text in sorted(self.texts.items())
            if text != self.original.get(file)
        ]
        files = {each.file for each in changes}
        errors = [
            each for each in checked.findings if each.severity is Severity.ERROR and each.place.file in files
        ]
        return Imported(tuple(changes), tuple(self.notes), tuple(self.obstacles), tuple(errors), made)


@dataclass(frozen=True, slots=True)
class Registered:
    """Some systems of a register, and what the definitions are to say of them."""

    target: Target
    live: Mapping[str, RegisteredSystem]
    wanted: Mapping[str, System]
    """By the same ids: what the register holds, or only a part of it."""


def take_all(target: Target, live: Mapping[str, RegisteredSystem]) -> Registered:
    """Want everything that a register holds of some systems, which have been read before."""
    return Registered(target, live, {name: each.read() for name, each in live.items()})


def import_systems(
    registered: Registered, texts: Mapping[str, str], taken: Iterable[str], place: Place
) -> Imported:
    """Make the definitions say what is wanted of some systems.

    `texts` are the definition files by name, as they are on disk; `taken` the names of all files in their folder,
    in small letters. Nothing is written.
    """
    importer = _Importer(place, dict(texts), texts, set(taken))
    found = importer.find_definitions(importer.read())
    for name, system in sorted(registered.wanted.items()):
        importer.add(system, found.get(name))
    checked = importer.allow({file for file, text in importer.texts.items() if text != texts.get(file)})
    wanted = {name: normalise(fill_languages(each)[0]) for name, each in registered.wanted.items()}
    systems = [
        each for each in resolve_all(checked.definitions, place.environment) if each.system.id in wanted
    ]
    held = {each.system.id: registered.live[each.system.id] for each in systems}
    faults = Obstacles(find_allowed(systems, checked.findings))
    made = plan_changes(registered.target, systems, held, (), faults)
    said = {each.system.id: normalise(each.system) for each in systems}
    unmet = tuple(name for name, each in sorted(wanted.items()) if said.get(name) != each)
    return replace(importer.conclude(checked, made), unmet=unmet)


def import_bodies(
    systems: Sequence[System], texts: Mapping[str, str], taken: Iterable[str], place: Place
) -> Imported:
    """Make the definitions say what some bodies hold.

    No register is asked, so there is no plan; and since nothing says that they are registered, what the rules object
    to is left for a person to correct.
    """
    importer = _Importer(place, dict(texts), texts, set(taken))
    for system in systems:
        importer.add(system, importer.find_definitions(importer.read()).get(system.id))
    checked = validate(importer.read(), place.environments, asked=place.asked)
    return importer.conclude(checked, None)


def _find_edits(
    definition: Definition, system: System, place: Place
) -> tuple[dict[str, Json], dict[str, dict[str, Json]]]:
    """Find what a definition has to say anew, at its top and in its overlays."""
    here = place.environment
    stated = {**BLANK, **definition.members, **definition.overlay(here)}
    wanted = describe_system(system)
    asked = normalise(System.model_validate({name: stated[name] for name in SENT if name in stated}))
    held = normalise(system)
    compared = IDENTITY if system.isDeleted else SENT
    differing = {name: wanted[name] for name in compared if getattr(asked, name) != getattr(held, name)}
    if bool(stated.get("withdrawn")) is not system.isDeleted:
        differing["withdrawn"] = system.isDeleted
    members: dict[str, Json] = {}
    overlays: dict[str, dict[str, Json]] = {}
    if here and not definition.exists_in(here):
        overlays = _name_others(definition, place)
        overlays[here] = differing
        return members, overlays
    for name, value in differing.items():
        if here and _stands_apart(definition, name, place):
            overlays = overlays or _name_others(definition, place)
            overlays.setdefault(here, {})[name] = value
        else:
            members[name] = value
    return members, overlays


def _name_others(definition: Definition, place: Place) -> dict[str, dict[str, Json]]:
    """Name where a definition exists that named no environment: the first overlay would take the others away."""
    return {} if definition.overlays is not None else {each: {} for each in place.others}


def _stands_apart(definition: Definition, member: str, place: Place) -> bool:
    """Say whether a member's value belongs under the environment: it stands there, or others take it from the top."""
    if member in definition.overlay(place.environment) or member == "withdrawn":
        return True
    if definition.overlays is None:
        return bool(place.others)
    named = set(definition.overlays) - {"local", place.environment}
    return any(member not in definition.overlay(each) for each in named)


def _find_exceptions(definition: Definition, errors: Sequence[Finding], place: Place) -> dict[str, Json]:
    """Give the whole `allow:` of a definition, with a reason for each error."""
    reason = f"registered so in {place.environment} when it was imported"
    allowed: dict[str, Json] = dict(definition.allow)
    for rule in sorted({each.rule for each in errors}):
        paths = sorted({each.place.path for each in errors if each.rule == rule})
        before = allowed.get(rule, {})
        whole = len(paths) > _MOST_PATHS or isinstance(before, str)
        allowed[rule] = reason if whole else {**before, **dict.fromkeys(paths, reason)}
    return allowed
