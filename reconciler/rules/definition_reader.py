"""Reads a document as a definition, and reports what breaks a rule on shape.

The one way from a `Document` to a `Definition`. It reads any letter case of a member's name, and never
guesses: what it does not know is an error, because the register would silently ignore it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.definitions.definition import (
    LISTS,
    PARTS,
    REQUESTS,
    TEMPLATE_NAMES,
    TOP_ONLY,
    Definition,
    ShapeError,
    check_shape,
    read_shape,
    read_templates,
)
from reconciler.definitions.resolve import find_missing_members
from reconciler.definitions.yaml_document import (
    FaultKind,
    Items,
    Mapping,
    Position,
    Scalar,
    make_printable,
    print_path,
    quote,
)
from reconciler.definitions.yaml_text import QUOTE
from reconciler.model.findings import Finding, Location
from reconciler.model.suggest import find_nearest
from reconciler.model.system import (
    IDENTITY,
    NEVER_SENT,
    NEVER_SENT_VENDOR,
    REQUIRED,
    SENT,
    Plain,
)
from reconciler.rules.quota import Quota
from reconciler.rules.registry import Fault
from reconciler.rules.shape import (
    ALIAS_BOMB,
    DUPLICATE_KEY,
    FILE_TOO_LARGE,
    MISSING_MEMBER,
    NEVER_SENT_RULE,
    SEVERAL_DOCUMENTS,
    SPELLING,
    UNKNOWN_ENVIRONMENT,
    UNKNOWN_MEMBER,
    WRONG_TYPE,
    YAML_SYNTAX,
)

if TYPE_CHECKING:
    from collections.abc import Mapping as Dict

    from reconciler.definitions.yaml_document import Document, Node, Path
    from reconciler.model.canonical_json import Json
    from reconciler.rules.registry import Rule

_FAULTS: Dict[FaultKind, tuple[Rule, str]] = {
    FaultKind.SYNTAX: (YAML_SYNTAX, QUOTE),
    FaultKind.SIZE: (FILE_TOO_LARGE, "One system a file."),
    FaultKind.ALIASES: (ALIAS_BOMB, "Write the values out."),
    FaultKind.DOCUMENTS: (SEVERAL_DOCUMENTS, "Move what follows `---` to a file of its own."),
    FaultKind.DUPLICATE: (DUPLICATE_KEY, "Keep one of them."),
}

_OVERLAY_NAMES = (*SENT, "withdrawn", "isAssignable", REQUESTS)
_TOP_NAMES = (*_OVERLAY_NAMES, *sorted(TOP_ONLY))
_KEPT: Dict[str, Dict[str, str]] = {"": NEVER_SENT, "vendor": NEVER_SENT_VENDOR}
_EMPTY_LISTS = LISTS | {"clientId", "allowedRedirectUrls"}
_ENVIRONMENTS = "environments"


class _Reader:
    """Turns a tree into plain values under canonical names, and reports what is wrong with it."""

    __slots__ = ("broken", "document", "findings", "quota", "unsound")

    def __init__(self, document: Document) -> None:
        self.document = document
        self.findings: list[Finding] = []
        self.broken: set[Path] = set()
        """Where a finding already stands, so that the type check does not repeat it."""
        self.unsound: set[str] = set()
        """The members that hold such a place, at the top or in an overlay."""
        self.quota = Quota()

    def report(
        self, rule: Rule, path: Path, message: str, hint: str = "", *, at: Position | None = None
    ) -> None:
        """Add a finding; without `at`, its place is that of the path."""
        if self.quota.skip((rule.id, rule.severity)):
            return
        place = Location(self.document.file, print_path(path), *(at or self.document.locate(path)))
        finding = rule.find(Fault(path, message, hint), place)
        if self.quota.add(finding):
            self.findings.append(finding)

    def conclude(self) -> tuple[Finding, ...]:
        """Give all findings, and for those that were only counted one of each rule."""
        return (*self.findings, *(summed for _, summed in self.quota.sum_up()))

    def read_members(self, node: Mapping, path: Path, names: tuple[str, ...], kept: str) -> dict[str, Json]:
        """Read a mapping whose members are declared in `names`."""
        folded = {name.lower(): name for name in names}
        ignored = {name.lower(): why for name, why in _KEPT.get(kept, {}).items()}
        values: dict[str, Json] = {}
        for key, value in node.entries:
            name = folded.get(key.text.lower())
            here = (*path, key.text)
            if name is None and key.text.lower() in ignored:
                message = f"`{key.text}` is never sent: {ignored[key.text.lower()]}"
                self.report(NEVER_SENT_RULE, here, message, "Remove the line.", at=key.position)
            elif name is None:
                self._report_unknown(key, here, names)
            elif name in values:
                message = f"`{key.text}` stands twice, in two spellings"
                self.report(DUPLICATE_KEY, here, message, "Keep one of them.", at=key.position)
            else:
                if name != key.text:
                    message = f"`{key.text}` is spelt `{name}` in the register's answers"
                    self.report(SPELLING, here, message, f"Write `{name}`.", at=key.position)
                values[name] = self.read_value(value, (*path, name), name)
        return values

    def _report_unknown(self, key: Scalar, path: Path, names: tuple[str, ...]) -> None:
        if self.quota.skip((UNKNOWN_MEMBER.id, UNKNOWN_MEMBER.severity)):
            return
        near = find_nearest(key.text.lower(), [name.lower() for name in names])
        meant = next((name for name in names if name.lower() == near), "")
        hint = f"Did you mean `{meant}`?" if meant else f"Known here: {', '.join(names)}."
        if key.text == "<<":
            hint = "Merge keys are not read; write the members out."
        elif key.text in TOP_ONLY:
            hint = f"Write `{key.text}` at the top level."
        message = f"{quote(key.text)} is not a member that the register or this tool knows"
        self.report(UNKNOWN_MEMBER, path, message, hint, at=key.position)

    def read_value(self, node: Node, path: Path, member: str) -> Json:
        """Read any value; mappings of declared parts get their names checked."""
        if path == (_ENVIRONMENTS,):
            return node  # `read_overlays` reads it, with the rest of the file known
        if isinstance(node, Scalar):
            if node.is_null:
                listed = member in _EMPTY_LISTS and isinstance(path[-1], str)
                hint = "Write `[]` for an empty list." if listed else "Write a value, or leave it out."
                self.report(WRONG_TYPE, path, f"`{print_path(path)}` is null", hint, at=node.position)
                self.broken.add(path)
                return None
            return Plain(node.text) if node.plain else node.text
        if isinstance(node, Items):
            return tuple(self.read_value(each, (*path, i), member) for i, each in enumerate(node.nodes))
        names = _find_names(path, member)
        if names:
            return self.read_members(node, path, names, member)
        return {key.text: self.read_value(each, (*path, key.text), "") for key, each in node.entries}

    def read_overlays(self, node: Node, known: tuple[str, ...]) -> dict[str, dict[str, Json]]:
        """Read `environments`: a mapping of environment to what differs there."""
        if not isinstance(node, Mapping):
            hint = "Write `environments: {tt02: {}, prod: {}}`."
            self.report(WRONG_TYPE, (_ENVIRONMENTS,), "`environments` is not a mapping", hint)
            return {}
        overlays: dict[str, dict[str, Json]] = {}
        for key, value in node.entries:
            path: Path = (_ENVIRONMENTS, key.text)
            if key.text not in known:
                near = find_nearest(key.text.lower(), known)
                hint = f"Did you mean `{near}`?" if near else f"Configured: {', '.join(known)}."
                message = f"No environment `{make_printable(key.text)}` is configured"
                self.report(UNKNOWN_ENVIRONMENT, path, message, hint, at=key.position)
            elif isinstance(value, Scalar) and value.is_null:
                overlays[key.text] = {}
            elif isinstance(value, Mapping):
                members = self.read_members(value, path, _OVERLAY_NAMES, "")
                overlays[key.text] = self.keep_sound(members, path, top=False)
                if REQUESTS in overlays[key.text]:
                    overlays[key.text][REQUESTS] = read_templates(overlays[key.text][REQUESTS])
            else:
                self.report(
                    WRONG_TYPE,
                    path,
                    f"`{print_path(path)}` is not a mapping",
                    "Write `{}` for no difference.",
                )
        return overlays

    def keep_sound(self, members: dict[str, Json], prefix: Path, *, top: bool) -> dict[str, Json]:
        """Report each value of the wrong type, and keep the members that have none."""
        broken = {
            path[len(prefix)]
            for path in self.broken
            if path[: len(prefix)] == prefix and len(path) > len(prefix)
        }
        problems, values = check_shape(members, top=top)
        for problem in problems:
            broken.add(problem.path[0])
            path = (*prefix, *problem.path)
            if path not in self.broken and not any(path[: len(each)] == each for each in self.broken):
                self._report_shape(problem, path)
        self.unsound |= {str(name) for name in broken}
        sound = {name: value for name, value in members.items() if name not in broken}
        return {**sound, **(read_shape(sound) if broken else values)}

    def _report_shape(self, problem: ShapeError, path: Path) -> None:
        shown = print_path(path)
        if problem.missing:
            message = f"`{print_path(path[:-1])}` has no `{path[-1]}`"
            self.report(MISSING_MEMBER, path, message, f"Add `{path[-1]}`.")
            return
        self.report(
            WRONG_TYPE,
            path,
            f"`{shown}` is {_describe(problem.found)}, not {problem.expected}",
            _hint(problem),
        )


def _find_names(path: Path, member: str) -> tuple[str, ...]:
    """Give the names that may stand in a mapping; none where it is of no declared kind."""
    if path[:-1] == (REQUESTS,) or (path[:1] == (_ENVIRONMENTS,) and path[2:-1] == (REQUESTS,)):
        return TEMPLATE_NAMES
    in_list = bool(path) and isinstance(path[-1], int)
    return PARTS[member] if member in PARTS and in_list == (member in LISTS) else ()


def _describe(value: object) -> str:
    if isinstance(value, str):
        return f"the text {quote(value)}" if value else "an empty text"
    return "a list" if isinstance(value, tuple) else "a mapping" if isinstance(value, dict) else "null"


def _hint(problem: ShapeError) -> str:
    if problem.expected == "a list" and isinstance(problem.found, str):
        return "Write it as a list: `- …` on a line of its own."
    if problem.expected == "true or false":
        return "Write `true` or `false`, without quotes."
    return f"Write {problem.expected}."


def check_document(
    document: Document, environments: tuple[str, ...]
) -> tuple[Definition | None, tuple[Finding, ...]]:
    """Read a document as a definition; None where it is too broken for the other rules.

    `environments` are the configured ones. The values of members that are `broken` are unknown; they
    are left out, so that the other rules can still check the rest.
    """
    reader = _Reader(document)
    for fault in document.faults:
        rule, hint = _FAULTS[fault.kind]
        reader.report(rule, (), fault.message, fault.hint or hint, at=fault.position)
    root = document.root
    if not isinstance(root, Mapping):
        if not document.faults:
            found = "empty" if root is None else "not a mapping"
            reader.report(WRONG_TYPE, (), f"The file is {found}", "Start with `id:` and `vendor:`.")
        return None, reader.conclude()
    members = reader.read_members(root, (), _TOP_NAMES, "")
    node = members.pop(_ENVIRONMENTS, None)
    sound = reader.keep_sound(members, (), top=True)
    overlays = reader.read_overlays(node, environments) if node else None
    allow, written = sound.pop("allow", {}), sound.pop(REQUESTS, {})
    requests = read_templates(written) if written else {}
    definition = Definition(document, sound, overlays, allow, frozenset(reader.unsound), requests)
    missing = _report_missing(reader, definition, environments)
    broken = frozenset(reader.unsound | missing)
    return replace(definition, broken=broken), reader.conclude()


def _report_missing(reader: _Reader, definition: Definition, environments: tuple[str, ...]) -> set[str]:
    """Report each member that is not stated where it has to be, and name them all."""
    where: dict[str, list[str]] = {}
    existing = [name for name in environments if definition.exists_in(name)]
    for environment in existing:
        for name in find_missing_members(definition, environment):
            where.setdefault(name, []).append(environment)
    excused = definition.broken
    if "withdrawn" in excused:  # it decides what has to be stated, and cannot be read
        excused |= set(REQUIRED) - set(IDENTITY)
    for name, missing in where.items():
        if name not in excused:
            suffix = "" if len(missing) == len(existing) else f" in {', '.join(missing)}"
            reader.report(MISSING_MEMBER, (name,), f"`{name}` is missing{suffix}", f"Add `{name}:`.")
    return set(where)
