"""What a verb keeps libraries from importing, in a process of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import sys
from typer.main import get_command
from reconciler.cli.main import app
get_command(app).get_command(None, "plan")
import pydantic
print(type(sys.modules["pydantic.plugin._loader"]).__name__, pydantic.TypeAdapter(int).validate_python("1"))
from pydantic.plugin._loader import PYDANTIC_ENTRY_POINT_GROUP
print(type(sys.modules["pydantic.plugin._loader"]).__name__, PYDANTIC_ENTRY_POINT_GROUP)
"""


@pytest.mark.slow
def test_pydantic_gets_its_own_module_where_it_needs_more_of_it() -> None:
    """It looks for no plugins; a version that asks the module for something else gets the real one."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=60
    )

    assert done.stdout.splitlines() == ["_NoPlugins 1", "module pydantic"]


@pytest.mark.slow
def test_options_of_the_whole_program_look_for_no_plugins() -> None:
    """They are read before the verb is known, by pydantic too, which would load what lists installed packages."""
    code = (
        "import sys\n"
        "from reconciler.__main__ import run\n"
        "sys.argv = ['reconciler', 'explain', 'spelling']\n"
        "run()\n"
        "print('importlib.metadata' in sys.modules, 'pydantic' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )

    assert done.stdout.splitlines()[-1] == "False True"
