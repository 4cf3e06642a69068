"""The layers as `reconciler/__init__.py` draws them: who imports whom, and how large a module is."""

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

PACKAGE = Path(reconciler.__file__).parent
LAYERS = (
    ("errors", "platform"),
    ("model",),
    ("definitions",),
    ("rules",),
    ("planning", "clients"),
    ("execution",),
    ("operations",),
    ("render",),
    ("cli",),
    ("__main__",),
)
"""From the bottom up: a module imports its own package and those of lower layers, never its neighbour."""
EMULATOR = ("catalogue", "dotnet", "server", "register", "systemusers", "maskinporten", "control", "metadata")
"""The packages of the emulator, likewise; `catalogue` is a module, and the others at the top put all together."""
PURE = ("model", "rules", "planning")
"""The packages that read no clock, no disk, no socket and no process."""
AT_THE_TOP = {"__init__", "__main__", "errors", "platform"}
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
    "pydantic": {"model", "definitions", "planning"},
    "ruamel": {"definitions"},
    "_ruamel_yaml": {"definitions"},
    "deepdiff": {"planning"},
    "jwt": {"clients"},
    "cryptography": {"clients"},
    "httpx": {"clients"},
    "httpcore": {"clients"},
    "certifi": {"clients"},
    "typer": {"cli"},
    "rich": {"cli", "render"},
    "starlette": set(),
    "uvicorn": set(),
}
"""Which package each library belongs to, so that a policy on it is true everywhere; the emulator has its own."""
LAZY = {"planning": {"deepdiff"}, "render": {"rich"}}
"""Imports inside a function, for start-up's sake; `cli` and `__main__` may have any."""
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "base", "core", "misc"}
LONGEST_MODULE, LONGEST_FUNCTION, MOST_PARAMETERS = 400, 50, 6


def _modules() -> list[str]:
    return sorted(str(path.relative_to(PACKAGE).with_suffix("")) for path in PACKAGE.rglob("*.py"))


OURS = [name for name in _modules() if not name.startswith("emulator/") and name != "__init__"]
EVERY = _modules()


@cache
def _tree(name: str) -> ast.Module:
    return ast.parse((PACKAGE / f"{name}.py").read_text(encoding="utf-8"))


def _package(name: str) -> str:
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


def _layer(package: str) -> int:
    return next(number for number, packages in enumerate(LAYERS) if package in packages)


def _emulator_layer(name: str) -> int:
    package = name.removeprefix("emulator/").partition("/")[0]
    return EMULATOR.index(package) if package in EMULATOR else len(EMULATOR)


def _hold_each(names: Iterable[str], find: Callable[[str], Iterable[object]]) -> None:
    """Fail with every offence in every module; pytest would cut a comparison short."""
    offences = [f"{name}: {each}" for name in names for each in find(name)]

    assert not offences, "\n".join(["", *offences])


def _functions(name: str) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(_tree(name)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node


def test_every_package_has_its_layer() -> None:
    """A new package is given a layer here, and drawn in the docstring of the whole; few modules stand outside."""
    packages = {_package(name) for name in OURS}

    assert packages == {package for layer in LAYERS for package in layer}
    assert {name for name in EVERY if "/" not in name} == AT_THE_TOP
    drawn = re.findall(r"^ {4}(\w+)", reconciler.__doc__ or "", re.MULTILINE)
    assert sorted(packages | {"emulator"}) == sorted(drawn)


def test_imports_run_downwards() -> None:
    """A module imports from its own package and from lower layers, for types too."""

    def find_upward(name: str) -> Iterator[str]:
        own = _package(name)
        for imported in _imports(_tree(name)):
            package, _, rest = imported.partition(".")
            other = rest.partition(".")[0]
            if (
                package == "reconciler"
                and other not in {"", "emulator", own}
                and _layer(other) >= _layer(own)
            ):
                yield imported

    _hold_each(OURS, find_upward)


def test_imports_of_the_emulator_run_downwards() -> None:
    """The same between the packages of the emulator."""

    def find_upward(name: str) -> Iterator[str]:
        for imported in _imports(_tree(name)):
            other = imported.removeprefix("reconciler.").replace(".", "/")
            within = name.split("/")[1] == [*other.split("/"), ""][1]
            if (
                other.startswith("emulator/")
                and not within
                and _emulator_layer(other) > _emulator_layer(name)
            ):
                yield imported

    _hold_each((name for name in EVERY if name.startswith("emulator/")), find_upward)


def test_no_modules_import_each_other() -> None:
    """There is no circle, not even one for types."""
    known = {
        name: {each.removeprefix("reconciler.").replace(".", "/") for each in _imports(_tree(name))} - {name}
        for name in EVERY
    }

    assert set(TopologicalSorter(known).static_order()) >= set(known)  # a circle raises, and is named


def test_the_emulator_is_an_independent_witness() -> None:
    """It imports nothing of ours."""

    def find_ours(name: str) -> Iterator[str]:
        for each in _imports(_tree(name)):
            if each.startswith("reconciler") and not each.startswith("reconciler.emulator"):
                yield each

    _hold_each((name for name in EVERY if name.startswith("emulator/")), find_ours)


def test_of_the_emulator_only_its_start_is_known() -> None:
    """Two modules start it, and nothing else of it is used."""
    used = {
        (name, alias.name)
        for name in OURS
        for node in ast.walk(_tree(name))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("reconciler.emulator")
        for alias in node.names
    }

    assert used == {("clients/embedded", "start"), ("cli/register", "start")}


def test_a_library_has_its_owner() -> None:
    """A library that has an owner is imported nowhere else."""

    def find_foreign(name: str) -> Iterator[str]:
        for each in sorted({each.partition(".")[0] for each in _imports(_tree(name))}):
            if each in OWNERS and _package(name) not in OWNERS[each]:
                yield each

    _hold_each(OURS, find_foreign)


def test_the_middle_is_pure() -> None:
    """Nothing between the files and the clients reads a clock, a disk, a socket or a process."""
    clockless = {"date"}  # a date is a value; `today` and `now` are the clock
    pure = [name for name in OURS if _package(name) in PURE]

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
        return inner - LAZY.get(_package(name), set())

    _hold_each((name for name in OURS if _package(name) not in {"cli", "__main__"}), find_inner)


def test_modules_are_small() -> None:
    """No module over 400 lines, no function over 50, no more than six parameters, no boolean by position."""

    def find_large(name: str) -> Iterator[str]:
        if Path(name).name in FORBIDDEN_NAMES:
            yield "a name that says nothing"
        lines = len((PACKAGE / f"{name}.py").read_text(encoding="utf-8").splitlines())
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
