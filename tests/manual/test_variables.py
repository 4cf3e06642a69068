"""docs/reference/environment-variables.md names every variable that the program reads, and no other."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import reconciler
from reconciler.clients.credentials import CREDENTIAL_VARIABLES
from tests.citations import REFERENCE

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = (REFERENCE / "environment-variables.md").read_text(encoding="utf-8")
SOURCES = sorted(Path(reconciler.__file__).parent.rglob("*.py"))
_NAME = re.compile(r"(?:_RECONCILER_)?[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|[A-Z]{3,}|(?:https|all|no)_proxy")
_READERS = {"environ", "environb", "getenv", "getproxies_environment", "proxy_bypass"}
"""What a module that reads variables names."""
_OTHERS = re.compile(r"HEAD|O_[A-Z]+")
"""What looks like one: a word of git, and the flags of opening a file."""
_OF_LIBRARIES = {"HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"}
"""What `urllib.request` reads for us: `getproxies_environment`, `proxy_bypass`."""


def list_variables(source: str) -> Iterator[str]:
    """List the texts of a module that could name a variable; none where the module reads no variables.

    Such a module is one that names the environment. A text counts wherever it stands in it, in a constant of the
    module too, unless its form is none of a variable or it is the placeholder of an option.
    """
    tree = ast.parse(source)
    named = {each.id for each in ast.walk(tree) if isinstance(each, ast.Name)}
    named |= {each.attr for each in ast.walk(tree) if isinstance(each, ast.Attribute)}
    named |= {each.arg for each in ast.walk(tree) if isinstance(each, ast.arg)}
    if not named & _READERS:
        return
    placeholders = {
        each.value for each in ast.walk(tree) if isinstance(each, ast.keyword) and each.arg == "metavar"
    }
    for each in ast.walk(tree):
        if not isinstance(each, ast.Constant) or each in placeholders or not isinstance(each.value, str):
            continue
        if _NAME.fullmatch(each.value) and not _OTHERS.fullmatch(each.value):
            yield each.value


def _read_page() -> set[str]:
    return {name for name in re.findall(r"`([^`\s]+)`", PAGE) if _NAME.fullmatch(name)}


def test_every_variable_is_on_the_page() -> None:
    """Found in the sources, in every module that reads the environment."""
    read = {name for path in SOURCES for name in list_variables(path.read_text(encoding="utf-8"))}
    read |= {*CREDENTIAL_VARIABLES, *_OF_LIBRARIES}

    assert sorted(read - _read_page()) == []


def test_every_variable_of_the_page_is_read() -> None:
    """A variable that is read no more leaves the page; those with an environment's name behind them are examples."""
    sources = "".join(path.read_text(encoding="utf-8") for path in SOURCES)
    known = {*CREDENTIAL_VARIABLES, *_OF_LIBRARIES}
    named = {name for name in _read_page() if name not in known and f'"{name}"' not in sources}

    assert {name for name in named if not name.endswith("_PROD")} == {"FILE"} & named


def test_a_variable_is_found() -> None:
    """Behind a subscript, a call, a constant of the module; not in a module that reads none."""
    source = 'import os\nNAME = "A_NAME"\nos.environ["ONE"], os.environ.get("TWO"), os.environ.get(NAME)\n'

    assert sorted(list_variables(source)) == ["A_NAME", "ONE", "TWO"]
    assert list(list_variables('NAME = "A_NAME"')) == []
    assert list(list_variables('import os\nos.environ\nOption(metavar="FILE")')) == []
