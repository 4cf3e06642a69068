"""Definitions in a folder of a repository: found from its top, and named as a runner finds them."""

from __future__ import annotations

import html
import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from reconciler.render.formats import COUNTED, FORMATS, PLACED
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


NAMED_FROM_THE_ROOT = {"text", "json"}
NAMING = [form for form in FORMATS if form not in COUNTED]


@pytest.mark.parametrize("environ", [{}, pytest.param({"CI_PROJECT_DIR": "{top}"}, marks=pytest.mark.slow)])
def test_every_output_of_a_platform_names_the_file_as_it_finds_it(top: Path, environ: dict[str, str]) -> None:
    """G5: each of them from the top of the repository; JSON and text stay relative to the root."""
    given = {name: value.format(top=top) for name, value in environ.items()}
    words = [f"--format={name}={top / name}" for name in NAMING]

    done = run(top / "register", "validate", *words, **given)

    assert done.stdout.startswith("systems/a.yaml:")
    text = {name: html.unescape((top / name).read_text()) for name in NAMING}
    assert _find_places("\n".join(text[name] for name in NAMED_FROM_THE_ROOT)) == {"systems/a.yaml"}
    assert {name: _find_places(text[name]) for name in NAMING if name not in NAMED_FROM_THE_ROOT} == {
        name: {FILE} for name in NAMING if name not in NAMED_FROM_THE_ROOT
    }
    assert f"::error file={FILE},line=" in text["github"]
    assert f"##vso[task.logissue type=error;sourcepath={FILE};linenumber=" in text["azure"]
    results = json.loads(text["sarif"])["runs"][0]["results"]
    uris = {each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for each in results}
    assert uris == {FILE}
    assert {each["location"]["path"] for each in json.loads(text["gitlab"])} == {FILE}
    for name in ("junit", "junit-strict"):
        cases = ET.parse(top / name).iter("testcase")  # noqa: S314 - our own
        assert {each.get("classname") for each in cases} == {FILE, "reconciler"}


def _find_places(text: str) -> set[str]:
    """Find the definition files that a text names, with every folder that stands before them."""
    return set(re.findall(r"[\w./-]*systems/(?:\w+_)?[abc]\.yaml", text))


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["plan", pytest.param("drift", marks=pytest.mark.slow)])
def test_a_plan_and_drift_name_the_file_as_the_platform_finds_it(top: Path, verb: str) -> None:
    """G5: what is blocked, changes or differs stands in the file below the top, in the summary of the step too."""
    repository = Repository(top / "register")
    (top / "register/systems/a.yaml").unlink()
    repository.define("b")
    repository.define("c", clientId=[])
    temporary = top / "temporary"
    temporary.mkdir()
    runner = {"TF_BUILD": "True", "AGENT_TEMPDIRECTORY": str(temporary), "BUILD_SOURCESDIRECTORY": str(top)}

    words = [f"--format={name}={top / name}" for name in PLACED if name not in COUNTED]
    done = run(top / "register", verb, *words, "--format=azure", **runner)

    assert done.returncode in {0, 3}, done.stderr
    (summary,) = temporary.iterdir()
    assert f"##vso[task.uploadsummary]{summary}\n" in done.stderr
    texts = {name: (top / name).read_text() for name in PLACED if name not in COUNTED}
    found = {
        name: _find_places(html.unescape(text))
        for name, text in {**texts, "stdout": done.stdout, "summary": summary.read_text()}.items()
    }
    silent = {"sarif", "junit", "junit-strict", "gitlab"} if verb == "plan" else set()  # nothing is wrong
    expected = {f"register/systems/{VENDOR}_{name}.yaml" for name in "bc"}
    assert {name for name, places in found.items() if places == expected} >= set(found) - silent
    assert all(places <= expected for places in found.values())
