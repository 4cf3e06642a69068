"""The house as `reconciler/__init__.py` draws it: who may know whom, and how large a room is."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import reconciler
from reconciler import errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

HOUSE = Path(reconciler.__file__).parent
FLOORS = (
    (
        "errors",
        "escape",
        "findings",
        "secret",
        "host",
        "redirect",
        "tree",
        "syntax",
        "address",
        "digest",
        "suggest",
        "revision",
    ),
    ("document", "environment"),
    ("model",),
    ("catalogue", "normalise", "problem", "size", "definition"),
    ("resolve",),
    ("rules", "body", "diff"),
    ("changelog",),
    ("change", "settlement"),
    ("impact",),
    ("steps",),
    ("plan",),
    ("origin", "acceptance", "history"),
    ("audit", "plan_v1", "outcome", "drift", "verdict"),
    ("planfile", "explanation"),
    ("platform", "record", "network", "egress"),
    ("exchange",),
    ("workspace", "credentials"),
    ("settings", "trace", "answer", "http", "keys", "journal", "lock", "actions"),
    ("git", "claims"),
    ("maskinporten",),
    ("refusal",),
    ("register", "local", "past"),
    ("survey", "listing", "metadata", "snapshot", "attempt", "recovery", "evidence"),
    ("operations",),
    ("preflight",),
    ("apply",),
    ("render",),
    ("cli",),
    ("__main__",),
)
"""From the ground up: a room imports rooms of lower floors, and of its own."""
PURE = FLOORS[:14]
"""The floors that read no clock, no disk, no socket and no process."""
IMPURE = {
    "os",
    "time",
    "datetime",
    "random",
    "secrets",
    "socket",
    "subprocess",
    "logging",
    "shutil",
    "tempfile",
}
OWNERS = {
    "pydantic": {"model", "definition", "plan_v1"},
    "ruamel": {"document"},
    "_ruamel_yaml": {"document"},
    "deepdiff": {"diff"},
    "jwt": {"maskinporten", "keys"},
    "cryptography": {"maskinporten", "keys", "local"},
    "httpx": {"http", "exchange", "answer", "refusal", "register", "maskinporten"},
    "httpcore": {"network", "exchange", "egress"},
    "certifi": {"egress"},
    "typer": {"cli"},
    "rich": {"cli", "render"},
    "starlette": set(),
    "uvicorn": set(),
}
"""Which room each library belongs to, so that a policy on it is true everywhere; the emulator has its own."""
LAZY = {"diff": {"deepdiff"}, "render": {"rich"}}
"""Imports inside a function, for start-up's sake; `cli` and `__main__` may have any."""
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "base", "core", "misc"}
LONGEST_MODULE, LONGEST_FUNCTION, MOST_PARAMETERS = 400, 50, 6


def _modules() -> list[str]:
    return sorted(str(path.relative_to(HOUSE).with_suffix("")) for path in HOUSE.rglob("*.py"))


OURS = [name for name in _modules() if not name.startswith("emulator/") and name != "__init__"]
EVERY = _modules()


@cache
def _tree(name: str) -> ast.Module:
    return ast.parse((HOUSE / f"{name}.py").read_text(encoding="utf-8"))


def _room(name: str) -> str:
    return name.partition("/")[0]


def _imports(tree: ast.AST) -> Iterator[str]:
    """Give every module that is imported anywhere, for types too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            if node.module == "reconciler":
                yield from (f"reconciler.{alias.name}" for alias in node.names if alias.name != "__version__")
            else:
                yield node.module


def _floor(room: str) -> int:
    return next(number for number, rooms in enumerate(FLOORS) if room in rooms)


def _hold_each(names: Iterable[str], find: Callable[[str], Iterable[object]]) -> None:
    """Fail with every offence in every module; pytest would cut a comparison short."""
    offences = [f"{name}: {each}" for name in names for each in find(name)]

    assert not offences, "\n".join(["", *offences])


def _functions(name: str) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(_tree(name)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node


def test_every_room_has_its_place() -> None:
    """A new room is given a floor here, and drawn in the docstring of the package."""
    rooms = {_room(name) for name in OURS}
    known = {room for floor in FLOORS for room in floor}

    assert rooms == known
    lines = re.findall(r"^ {4}(.*)", reconciler.__doc__ or "", re.MULTILINE)
    cells = [cell for line in lines for cell in re.split(r" {2,}", line)]
    drawn = {room.removesuffix("/") for cell in cells for room in cell.split(", ")}
    assert sorted(rooms - {"__main__"} - drawn) == []


def test_a_room_knows_only_the_floors_below() -> None:
    """Imports run downwards, or within a floor."""

    def find_above(name: str) -> Iterator[str]:
        for imported in _imports(_tree(name)):
            package, _, rest = imported.partition(".")
            room = rest.partition(".")[0]
            if (
                package == "reconciler"
                and room not in {"", "emulator"}
                and _floor(room) > _floor(_room(name))
            ):
                yield imported

    _hold_each(OURS, find_above)


def test_no_rooms_import_each_other() -> None:
    """There is no circle, not even one for types."""
    known: dict[str, set[str]] = {_room(name): set() for name in OURS}
    for name in OURS:
        rooms = {each.split(".")[1] for each in _imports(_tree(name)) if each.startswith("reconciler.")}
        known[_room(name)] |= rooms - {_room(name)}

    assert set(TopologicalSorter(known).static_order()) >= set(known)  # a circle raises, and is named


def test_the_emulator_is_an_independent_witness() -> None:
    """It imports nothing of ours."""

    def find_ours(name: str) -> Iterator[str]:
        for each in _imports(_tree(name)):
            if each.startswith("reconciler") and not each.startswith("reconciler.emulator"):
                yield each

    _hold_each((name for name in EVERY if name.startswith("emulator/")), find_ours)


def test_of_the_emulator_only_its_start_is_known() -> None:
    """Two rooms start it, and nothing else of it is used."""
    used = {
        (name, alias.name)
        for name in OURS
        for node in ast.walk(_tree(name))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("reconciler.emulator")
        for alias in node.names
    }

    assert used == {("local", "start"), ("cli/register", "start")}


def test_a_library_has_its_owner() -> None:
    """A library that has an owner is imported nowhere else."""

    def find_foreign(name: str) -> Iterator[str]:
        for each in sorted({each.partition(".")[0] for each in _imports(_tree(name))}):
            if each in OWNERS and _room(name) not in OWNERS[each]:
                yield each

    _hold_each(OURS, find_foreign)


def test_the_middle_is_pure() -> None:
    """Below the line nothing reads a clock, a disk, a socket or a process."""
    clockless = {"date"}  # a date is a value; `today` and `now` are the clock
    pure = [name for name in OURS if any(_room(name) in floor for floor in PURE)]

    def find_impure(name: str) -> set[str]:
        imported = {
            node.module if isinstance(node, ast.ImportFrom) else alias.name
            for node in ast.walk(_tree(name))
            if isinstance(node, (ast.Import, ast.ImportFrom))
            for alias in node.names
            if alias.name not in clockless
        }
        return {str(each).partition(".")[0] for each in imported} & IMPURE

    _hold_each(pure, find_impure)


def test_imports_stand_at_the_top() -> None:
    """Only what start-up must not pay for is imported inside a function."""

    def find_inner(name: str) -> set[str]:
        inner = {
            imported.partition(".")[0]
            for function in _functions(name)
            for imported in _imports(ast.Module(body=function.body, type_ignores=[]))
        }
        return inner - LAZY.get(_room(name), set())

    _hold_each((name for name in OURS if _room(name) not in {"cli", "__main__"}), find_inner)


def test_a_room_is_small() -> None:
    """No module over 400 lines, no function over 50, no more than six parameters, no boolean by position."""

    def find_large(name: str) -> Iterator[str]:
        if Path(name).name in FORBIDDEN_NAMES:
            yield "a name that says nothing"
        lines = len((HOUSE / f"{name}.py").read_text(encoding="utf-8").splitlines())
        if lines > LONGEST_MODULE:
            yield f"{lines} lines"
        for function in _functions(name):
            yield from (f"{function.name}: {fault}" for fault in _find_faults(function, name))

    _hold_each(EVERY, find_large)


def _find_faults(function: ast.FunctionDef | ast.AsyncFunctionDef, name: str) -> Iterator[str]:
    lines = (function.end_lineno or 0) - function.lineno + 1
    if lines > LONGEST_FUNCTION:
        yield f"{lines} lines"
    places = [*function.args.posonlyargs, *function.args.args]
    own = [each for each in places if each.arg not in {"self", "cls"}]
    parameters = len(own) + len(function.args.kwonlyargs)
    if parameters > MOST_PARAMETERS and not name.startswith("cli/"):
        yield f"{parameters} parameters"
    flags = [each.arg for each in places if each.annotation and ast.unparse(each.annotation) == "bool"]
    if flags:
        yield f"booleans by position: {', '.join(flags)}"
    defaults = [each for each in function.args.defaults if isinstance(each, ast.Constant)]
    if any(isinstance(each.value, bool) for each in defaults):
        yield "a default that is a boolean by position"


def test_nothing_prints() -> None:
    """Results go through `cli/console`."""

    def find_prints(name: str) -> Iterator[int]:
        for node in ast.walk(_tree(name)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
                yield node.lineno

    _hold_each((name for name in EVERY if name != "cli/console"), find_prints)


def test_every_exception_is_of_one_tree() -> None:
    """What stops the tool derives from `ReconcilerError`, so that it is always told in a sentence."""
    ours = {each for each, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, Exception)}

    def find_other(name: str) -> Iterator[str]:
        for node in ast.walk(_tree(name)):
            if isinstance(node, ast.ClassDef):
                bases = {base.id for base in node.bases if isinstance(base, ast.Name)}
                if not bases & ours and any(each.endswith(("Exception", "Error")) for each in bases):
                    yield node.name

    _hold_each((name for name in OURS if name != "errors"), find_other)


def test_the_tree_of_exceptions_is_drawn() -> None:
    """Each class of `errors` stands in the drawing at its top."""
    kinds = [
        each for each, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, Exception)
    ]

    assert [each for each in kinds if each not in (errors.__doc__ or "")] == []


@pytest.mark.parametrize(
    ("words", "heavy"),
    [
        (
            ["--version"],
            ["pydantic", "ruamel", "httpx", "jwt", "cryptography", "starlette", "uvicorn", "deepdiff"],
        ),
        (["validate"], ["httpx", "jwt", "cryptography", "starlette", "uvicorn", "deepdiff", "rich"]),
    ],
)
def test_starting_up_loads_only_what_is_needed(words: list[str], heavy: list[str], tmp_path: Path) -> None:
    """A hook that validates does not wait for HTTP, keys or a server."""
    (tmp_path / "systems").mkdir()
    code = (
        "import sys\n"
        f"sys.argv = ['reconciler', *{words!r}]\n"
        "from reconciler.__main__ import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print('loaded:', sorted({{each.partition('.')[0] for each in sys.modules}} & set({heavy!r})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60
    )

    assert done.stdout.splitlines()[-1] == "loaded: []"
