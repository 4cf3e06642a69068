"""Definitions in a folder of a repository: found from its top, and named as a runner finds them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from tests.builders import VENDOR
from tests.git import git
from tests.served import Repository

if TYPE_CHECKING:
    from pathlib import Path

FILE = "register/systems/a.yaml"


def run(folder: Path, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the program in a folder."""
    kept = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(
        [sys.executable, "-m", "reconciler", *words],
        cwd=folder,
        env={**kept, **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture
def top(tmp_path: Path) -> Path:
    """Make a git repository with definitions in `register/`, one of them wrong."""
    git(tmp_path, "init", "-q", "--template=")
    repository = Repository(tmp_path / "register")
    repository.write("a.yaml", f"id: {VENDOR}_a\nvendor: nobody\n")
    return tmp_path


@pytest.mark.parametrize(
    "path", ["register/systems", pytest.param("register/systems/a.yaml", marks=pytest.mark.slow)]
)
def test_the_root_is_found_from_the_path(top: Path, path: str) -> None:
    """G5: from the top, as a hook is run; files are named from their root."""
    done = run(top, "validate", path)

    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("systems/a.yaml:")


def test_paths_of_two_roots_are_refused(top: Path) -> None:
    """G5: each has a configuration of its own; a path without a root goes with the folder that one is in."""
    Repository(top / "other").define()
    done = run(top, "validate", "register/systems", "other/systems")
    assert (done.returncode, done.stdout) == (2, "")
    assert "different repositories" in done.stderr

    (top / "odd.yaml").write_text("id: x\n")
    assert run(top / "other", "validate", str(top / "odd.yaml")).stdout.startswith(str(top / "odd.yaml"))


@pytest.mark.parametrize("environ", [{}, pytest.param({"CI_PROJECT_DIR": "{top}"}, marks=pytest.mark.slow)])
def test_every_output_of_a_runner_names_the_file_as_it_finds_it(top: Path, environ: dict[str, str]) -> None:
    """G5: annotations, SARIF, Code Quality and JUnit; JSON and text stay relative to the root."""
    given = {name: value.format(top=top) for name, value in environ.items()}
    forms = ("github", "sarif", "gitlab", "junit", "json")
    words = [f"--format={name}={top / name}" for name in forms]

    done = run(top / "register", "validate", *words, **given)

    assert done.stdout.startswith("systems/a.yaml:")
    text = {name: (top / name).read_text() for name in forms}
    assert f"::error file={FILE},line=" in text["github"]
    results = json.loads(text["sarif"])["runs"][0]["results"]
    uris = {each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for each in results}
    assert uris == {FILE}
    assert {each["location"]["path"] for each in json.loads(text["gitlab"])} == {FILE}
    cases = ET.fromstring(text["junit"]).iter("testcase")  # noqa: S314 - our own
    assert {each.get("classname") for each in cases} == {FILE, "reconciler"}
    assert {each["file"] for each in json.loads(text["json"])["findings"]} == {"systems/a.yaml"}


def test_a_plan_and_drift_name_the_file_as_the_runner_finds_it(top: Path) -> None:
    """G5: what is blocked or differs stands in the file below the top."""
    repository = Repository(top / "register")
    (top / "register/systems/a.yaml").unlink()
    repository.define("b")
    repository.define("c", clientId=[])

    for verb in ("plan", "drift"):
        done = run(top / "register", verb, f"--format=sarif={top / 'sarif'}", "--format=github")
        assert done.returncode in {0, 3, 1}, done.stderr
        found = (top / "sarif").read_text() + done.stdout
        places = [each for each in found.replace("%2F", "/").split('"') if each.endswith("_b.yaml")]
        assert all(each.startswith("register/systems/") for each in places), places
        if verb == "drift":
            assert places
