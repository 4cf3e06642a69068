"""The layers as `docs/architecture.md` draws them: who imports whom, and how large a module is."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from dataclasses import is_dataclass
from graphlib import TopologicalSorter
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import reconciler
from reconciler import errors
from tests.builders import a_definition_text
from tests.imports import (
    EMULATOR,
    EVERY,
    LAYERS,
    OURS,
    PACKAGE,
    draw_imports,
    find_imports,
    find_libraries,
    find_package,
    find_part,
    list_imports,
    parse_module,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

PAGE = PACKAGE.parent / "docs" / "architecture.md"
_PASSED_OVER = re.compile(r"[#] (?:noqa|type: ignore)\b")
_DRAWING = re.compile(r"(<!-- imports[^>]*-->\n\n)(.*?)(\n\n<!-- end of imports -->)", re.DOTALL)
PURE = ("model", "rules", "planning")
"""The packages that read no clock, no disk, no socket and no process."""
AT_THE_TOP = {"__init__", "__main__", "build", "errors", "platform"}
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
    "pydantic": {"model", "definitions", "planning", "execution"},
    "ruamel": {"definitions"},
    "_ruamel_yaml": {"definitions"},
    "jwt": {"clients"},
    "cryptography": {"clients"},
    "httpx": {"clients"},
    "httpcore": {"clients"},
    "certifi": {"clients"},
    "typer": {"cli"},
    "jinja2": {"render"},
    "markupsafe": {"render"},
    "rich": {"cli", "render"},
    "starlette": set(),
    "uvicorn": set(),
}
"""Which package each library belongs to, so that a policy on it is true everywhere; the emulator has its own."""
LAZY = {
    "definitions": {
        "definitions/check_settings",
        "definitions/yaml_reasons",
        "definitions/yaml_syntax",
        "tomllib",
    },
    "model": {"difflib"},
    "platform": {"select", "shlex", "subprocess"},
    "planning": {"planning/plan_file_v1"},
    "render": {"rich"},
}
"""Imports inside a function, for start-up's sake; `cli` and `__main__` may have any."""
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "base", "core", "misc"}
MODULES_OF_VALIDATE = 65
"""How many modules of ours checking a file may load; `--format json` needs fewer, since lines are for people."""
DATACLASSES_OF_VALIDATE = 2
"""How many dataclasses of ours they may make: each compiles its methods, which takes as long as loading a module."""
LONGEST_MODULE, LONGEST_FUNCTION, MOST_PARAMETERS = 400, 50, 6


def _layer(package: str) -> int:
    return next(number for number, packages in enumerate(LAYERS) if package in packages)


def _find_ours(name: str) -> set[str]:
    return set(list_imports(name))


def _hold_each(names: Iterable[str], find: Callable[[str], Iterable[object]]) -> None:
    """Fail with every offence in every module; pytest would cut a comparison short."""
    offences = [f"{name}: {each}" for name in names for each in find(name)]

    assert not offences, "\n".join(["", *offences])


def _functions(name: str) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(parse_module(name)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node


def test_every_package_has_its_layer() -> None:
    """A new package is given a layer here, and drawn in the docstring of the whole; few modules stand outside."""
    packages = {find_package(name) for name in OURS}

    assert packages == {package for layer in LAYERS for package in layer}
    assert {name for name in EVERY if "/" not in name} == AT_THE_TOP
    drawn = re.findall(r"^ {4}(\w+)", reconciler.__doc__ or "", re.MULTILINE)
    assert sorted(packages | {"emulator"}) == sorted(drawn)


def test_imports_run_downwards() -> None:
    """A module imports from its own package and from lower layers, for types too."""

    def find_upward(name: str) -> Iterator[str]:
        own = find_package(name)
        for imported in _find_ours(name):
            other = find_package(imported)
            if other not in {"__init__", "emulator", own} and _layer(other) >= _layer(own):
                yield imported

    _hold_each(OURS, find_upward)


def test_imports_of_the_emulator_run_downwards() -> None:
    """The same between the packages of the emulator, whose modules at the top may import all of them."""

    def find_upward(name: str) -> Iterator[str]:
        own = find_part(name)
        if own in EMULATOR:
            lower = EMULATOR[: EMULATOR.index(own) + 1]
            yield from (each for each in _find_ours(name) if find_part(each) not in lower)

    _hold_each((name for name in EVERY if name.startswith("emulator/")), find_upward)


def test_no_modules_import_each_other() -> None:
    """There is no cycle, not even one for types."""
    known = {name: _find_ours(name) - {name} for name in EVERY}

    assert set(TopologicalSorter(known).static_order()) >= set(known)  # a cycle raises, and is named


def test_the_imports_between_packages_are_drawn(request: pytest.FixtureRequest) -> None:
    """The page shows the imports that there are; `--accept` draws them again."""
    text, drawing = PAGE.read_text(encoding="utf-8"), draw_imports()
    if request.config.getoption("--accept"):
        PAGE.write_text(_DRAWING.sub(rf"\g<1>{drawing}\g<3>", text), encoding="utf-8")
        return
    found = _DRAWING.search(text)
    hint = "If the new imports are meant: pytest tests/test_architecture.py --accept, and commit the page."

    assert found is not None, f"{PAGE.name} has lost the marks around its drawing"
    assert found[2].splitlines() == drawing.splitlines(), hint


def test_the_emulator_is_an_independent_witness() -> None:
    """It imports nothing of ours."""

    def find_shared(name: str) -> set[str]:
        return {each for each in _find_ours(name) if not each.startswith("emulator/")}

    _hold_each((name for name in EVERY if name.startswith("emulator/")), find_shared)


def test_of_the_emulator_only_its_start_is_known() -> None:
    """Two modules start it, and nothing else of it is used."""
    used = {
        (name, alias.name)
        for name in OURS
        for node in ast.walk(parse_module(name))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("reconciler.emulator")
        for alias in node.names
    }

    assert used == {("clients/embedded", "start"), ("cli/register", "start")}


def test_a_library_has_its_owner() -> None:
    """A library that has an owner is imported nowhere else."""

    def find_foreign(name: str) -> Iterator[str]:
        for each in sorted(set(find_libraries(parse_module(name)))):
            if each in OWNERS and find_package(name) not in OWNERS[each]:
                yield each

    _hold_each(OURS, find_foreign)


def test_the_middle_is_pure() -> None:
    """Nothing between the files and the clients reads a clock, a disk, a socket or a process."""
    clockless = {"date"}  # a date is a value; `today` and `now` are the clock
    pure = [name for name in OURS if find_package(name) in PURE]

    def find_impure(name: str) -> set[str]:
        imported = {
            node.module if isinstance(node, ast.ImportFrom) else alias.name
            for node in ast.walk(parse_module(name))
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
            imported
            for function in _functions(name)
            for tree in [ast.Module(body=function.body, type_ignores=[])]
            for imported in (*find_imports(tree), *find_libraries(tree))
        }
        return inner - LAZY.get(find_package(name), set())

    _hold_each((name for name in OURS if find_package(name) not in {"cli", "__main__"}), find_inner)


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


def test_no_two_classes_have_one_name() -> None:
    """One word a thing: who reads a name knows which class is meant; the emulator has words of its own."""
    witness = [name for name in EVERY if name not in OURS and name != "__init__"]
    for side in (OURS, witness):
        places: dict[str, list[str]] = {}
        for name in side:
            for node in parse_module(name).body:
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    places.setdefault(node.name, []).append(name)

        assert {each: found for each, found in places.items() if len(found) > 1} == {}


def test_every_exception_from_a_check_has_its_reason() -> None:
    """A line that lint or types pass over says why, here and in the program."""
    root = PACKAGE.parent
    reasoned = re.compile(r"[#] noqa: [A-Z0-9, ]+ - [`\w]|[#] type: ignore\[[a-z, -]+\]  # [`\w]")
    files = [path for folder in (PACKAGE, root / "tests") for path in sorted(folder.rglob("*.py"))]

    def find_bare(name: str) -> Iterator[int]:
        lines = (root / name).read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines, 1):
            if _PASSED_OVER.search(line) and not reasoned.search(line):
                yield number

    _hold_each((path.relative_to(root).as_posix() for path in files), find_bare)


def test_nothing_prints() -> None:
    """Results go through `cli/console`."""

    def find_prints(name: str) -> Iterator[int]:
        for node in ast.walk(parse_module(name)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
                yield node.lineno

    _hold_each((name for name in EVERY if name != "cli/console"), find_prints)


def test_every_exception_is_of_one_tree() -> None:
    """What stops the tool derives from `ReconcilerError`, so that it is always told in a sentence."""
    ours = {each for each, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, Exception)}

    def find_other(name: str) -> Iterator[str]:
        for node in ast.walk(parse_module(name)):
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


def _load_with(words: list[str], folder: Path) -> set[str]:
    """Run the program, and give the modules that it loaded."""
    code = (
        "import sys\n"
        f"sys.argv = ['reconciler', *{words!r}]\n"
        "from reconciler.__main__ import run\n"
        "run()\n"
        "print(*sorted(sys.modules))"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True, timeout=60)
    return set(done.stdout.splitlines()[-1].split())


def test_validate_loads_what_it_needs_and_no_more(tmp_path: Path) -> None:
    """A hook that checks one file loads no plan, no journal, no output but the one that was asked for."""
    (tmp_path / "systems").mkdir()
    (tmp_path / "systems/a.yaml").write_text("id: 991825827_a\n", encoding="utf-8")

    own = {each for each in _load_with(["validate"], tmp_path) if each.startswith("reconciler.")}
    packages = {each.split(".")[1] for each in own}

    assert not packages & {"planning", "execution", "emulator"}
    assert sorted(each for each in own if each.startswith("reconciler.clients.")) == [
        "reconciler.clients.exposure"
    ]
    assert {each.split(".")[2] for each in own if each.startswith("reconciler.render.")} == {
        "escape",
        "formats",
        "lines",
        "phrases",
        "places",
        "terminal",
        "text",
    }
    assert len(own) <= MODULES_OF_VALIDATE


def test_json_of_findings_needs_no_lines_for_people(tmp_path: Path) -> None:
    """Nor does a check of sound words look for others like them, start a program or make many a slow class."""
    (tmp_path / "systems").mkdir()
    (tmp_path / "systems/a.yaml").write_text(a_definition_text(), encoding="utf-8")

    loaded = _load_with(["validate", "--format", "json"], tmp_path)
    own = {each for each in loaded if each.startswith("reconciler.")}
    classes = {
        made
        for name in own
        for _, made in inspect.getmembers(import_module(name), is_dataclass)
        if made.__module__ in own
    }

    rare = [
        "difflib",
        "subprocess",
        "reconciler.definitions.yaml_reasons",
        "reconciler.definitions.yaml_syntax",
    ]
    assert [each for each in rare if each in loaded] == []
    assert sorted(each for each in own if each.startswith("reconciler.render.")) == [
        "reconciler.render.escape",
        "reconciler.render.formats",
        "reconciler.render.json_findings",
        "reconciler.render.places",
    ]
    assert len(classes) <= DATACLASSES_OF_VALIDATE


@pytest.mark.parametrize(
    ("words", "heavy"),
    [
        *(
            (
                [word],
                [
                    "typer",
                    "pydantic",
                    "ruamel",
                    "httpx",
                    "jwt",
                    "cryptography",
                    "starlette",
                    "uvicorn",
                    "deepdiff",
                ],
            )
            for word in ("--version", "--help")
        ),
        (
            ["validate"],
            ["typer", "httpx", "jwt", "cryptography", "starlette", "uvicorn", "rich", "jinja2"],
        ),
    ],
)
@pytest.mark.e2e
def test_starting_up_loads_only_what_is_needed(words: list[str], heavy: list[str], tmp_path: Path) -> None:
    """A hook that validates does not wait for HTTP, keys or a server."""
    (tmp_path / "systems").mkdir()
    loaded = {each.partition(".")[0] for each in _load_with(words, tmp_path)}

    assert sorted(loaded & set(heavy)) == []
