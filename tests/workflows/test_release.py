"""What a release is made of: a tag that is the version, its changes, packages, a list of parts and an image."""

from __future__ import annotations

import json
import re
import shutil
import sys
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft7Validator  # type: ignore[import-untyped]  # it has no types

from reconciler import __version__
from tests.git import commit_all, git
from tests.workflows.runner import PROJECT, read_yaml
from tests.workflows.test_install import check_installed, make_tool, read_lock, run

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

RELEASE = PROJECT / ".github" / "release"
TAG = f"v{__version__}"
CHANGELOG = """# Changelog

## [Unreleased]

### Added

- One thing.

### Fixed

- Another.

## [0.0.1] - 2026-01-01

### Added

- Everything.
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Make a checkout with what the script reads, and a small changelog."""
    made = tmp_path / "tree"
    for name in (".github/release/release.py", "reconciler/__init__.py", "docs/changelog.d/README.md"):
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROJECT / name, made / name)
    shutil.copytree(PROJECT / ".github/actions/reconcile", made / ".github/actions/reconcile")
    (made / "CHANGELOG.md").write_text(CHANGELOG, encoding="utf-8")
    return made


def release(tree: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the script of a checkout."""
    return run(sys.executable, tree / ".github/release/release.py", *words)


def test_a_tag_that_is_not_the_version_is_refused(tree: Path) -> None:
    """Before anything is built."""
    done = release(tree, "check", "v9.9.9")

    assert done.returncode == 1
    assert f"The tag v9.9.9 is not the version {__version__}" in done.stderr


@pytest.mark.parametrize("merged", [True, False], ids=["merged", "not merged"])
def test_only_what_is_merged_is_released(tree: Path, *, merged: bool) -> None:
    """A tag on a commit that `main` does not have stops the release, whatever the tag says."""
    job = read_yaml(PROJECT / ".github/workflows/release.yml")["jobs"]["check"]
    (script,) = [each["run"] for each in job["steps"] if each.get("name") == "Compare the tag"]
    release(tree, "join", __version__, "2026-12-01")
    git(tree, "init", "-q")
    commit_all(tree, "Release")
    git(tree, "update-ref", "refs/remotes/origin/main", "HEAD")
    if not merged:
        git(tree, "commit", "-q", "--allow-empty", "-m", "More")

    done = run("bash", "-ec", f"cd {tree}\n{script}".replace("python ", f"{sys.executable} "), TAG=TAG)

    assert (done.returncode, "::error::The tag is not on main." in done.stdout) == (
        int(not merged),
        not merged,
    )


def test_a_release_without_its_changes_is_refused(tree: Path) -> None:
    """The changelog has no section for it; joined, it has, and the fragments are in it and gone."""
    fragments = tree / "docs" / "changelog.d"
    (fragments / "zebra.fixed.md").write_text("- A third.\n", encoding="utf-8")
    (fragments / "key.security.md").write_text("- A fourth.\n", encoding="utf-8")

    assert "has no section" in release(tree, "check", TAG).stderr
    assert release(tree, "join", __version__, "2026-12-01").returncode == 0

    assert release(tree, "check", TAG).returncode == 0
    said = "### Added\n\n- One thing.\n\n### Fixed\n\n- Another.\n- A third.\n\n### Security\n\n- A fourth.\n"
    assert release(tree, "notes", TAG).stdout == said
    text = (tree / "CHANGELOG.md").read_text(encoding="utf-8")
    assert text.startswith(f"# Changelog\n\n## [Unreleased]\n\n## [{__version__}] - 2026-12-01\n\n### Added")
    assert text.endswith(CHANGELOG.partition("## [0.0.1]")[1] + CHANGELOG.partition("## [0.0.1]")[2])
    assert [path.name for path in fragments.iterdir()] == ["README.md"]


def test_a_fragment_that_is_left_over_stops_a_release(tree: Path) -> None:
    """What is merged between joining and tagging is in nobody's notes."""
    release(tree, "join", __version__, "2026-12-01")
    (tree / "docs/changelog.d/late.added.md").write_text("- Late.\n", encoding="utf-8")

    assert "late.added.md" in release(tree, "check", TAG).stderr


def test_every_fragment_has_a_kind(tree: Path) -> None:
    """Those of this repository have; one of another name is refused."""
    names = [path.name for path in (PROJECT / "docs/changelog.d").glob("*.md") if path.name != "README.md"]
    kind = re.compile(r"[a-z0-9-]+\.(?:added|changed|deprecated|removed|fixed|security)\.md")

    assert [name for name in names if not kind.fullmatch(name)] == []
    for name in names:
        text = (PROJECT / "docs/changelog.d" / name).read_text(encoding="utf-8")
        assert re.fullmatch(r"(?:- .+\n(?:  .+\n)*)+", text), name
    (tree / "docs/changelog.d/new-verb.md").write_text("- A verb.\n", encoding="utf-8")
    assert "new-verb.md is no fragment" in release(tree, "check", TAG).stderr


def test_the_list_of_parts_is_the_lock(tree: Path) -> None:
    """Each pinned package stands in it with its hashes, and each reference leads to one of them."""
    parts = json.loads(release(tree, "sbom", TAG, "3a5c").stdout)
    pins = read_lock("requirements.txt")

    assert (parts["bomFormat"], parts["specVersion"], parts["version"]) == ("CycloneDX", "1.6", 1)
    assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", parts["serialNumber"])
    own = parts["metadata"]["component"]
    assert (own["version"], own["properties"]) == (__version__, [{"name": "commit", "value": "3a5c"}])
    found = {
        (each["name"], each["version"], tuple(one["content"] for one in each["hashes"]))
        for each in parts["components"]
    }
    assert found == {(pin.name, str(pin.requirement.specifier)[2:], pin.hashes) for pin in pins}
    assert release(tree, "sbom", TAG, "3a5c").stdout == release(tree, "sbom", TAG, "3a5c").stdout


def test_the_parts_are_connected(tree: Path) -> None:
    """The program depends on what `pyproject.toml` names, and every part is reached from it."""
    parts = json.loads(release(tree, "sbom", TAG, "3a5c").stdout)
    below = {each["ref"]: each["dependsOn"] for each in parts["dependencies"]}
    own = parts["metadata"]["component"]["bom-ref"]
    reached, waiting = {own}, [own]
    while waiting:
        more = [each for each in below[waiting.pop()] if each not in reached]
        reached.update(more)
        waiting += more

    assert set(below) == {own, *(each["bom-ref"] for each in parts["components"])}
    assert reached == set(below)
    assert any(each.startswith("pkg:pypi/httpx@") for each in below[own])
    assert not any(each.startswith("pkg:pypi/h11@") for each in below[own])


def read_instructions() -> list[list[tuple[str, str]]]:
    """Read the Dockerfile: for each stage, its instructions in order."""
    text = re.sub(r"^#.*\n", "", (RELEASE / "Dockerfile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    stages: list[list[tuple[str, str]]] = []
    for line in text.replace("\\\n", " ").splitlines():
        word, _, rest = line.partition(" ")
        if word == "FROM":
            stages.append([])
        if word:
            stages[-1].append((word, rest))
    return stages


def test_the_image_runs_as_nobody_on_a_pinned_base() -> None:
    """Both stages begin with one digest, and what is started is the program, as a user without rights."""
    build, last = read_instructions()
    bases = {stage[0][1].removesuffix(" AS build") for stage in (build, last)}
    (base,) = bases

    assert re.fullmatch(r"python:3\.\d+-slim@sha256:[0-9a-f]{64}", base)
    words = dict(last)
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", words["USER"])
    assert words["ENTRYPOINT"] == '["reconciler"]'
    assert [word for word, _ in last].index("USER") > [word for word, _ in last].index("RUN")
    assert not {"ARG", "SECRET", "ADD"} & {word for stage in (build, last) for word, _ in stage}


def test_the_image_is_named_by_its_digest(tmp_path: Path) -> None:
    """The release's notes are the section, the commit, the image and the packages' digests; no image, no line."""
    job = read_yaml(PROJECT / ".github/workflows/release.yml")["jobs"]["release"]
    (step,) = [each for each in job["steps"] if each.get("name") == "Release"]

    for digest in (f"sha256:{'a' * 64}", ""):
        notes, words = run_release(step["run"], tmp_path / f"with{len(digest)}", digest)
        assert words[:3] == ["release", "create", TAG]
        assert "--verify-tag" in words
        assert words[-2:] == ["release/dist/a.whl", "release/sbom.cdx.json"]
        assert notes.startswith("### Added\n\n- One thing.\n\nCommit: `3a5c`\n")
        assert (f"Image: `registry.example/one@{digest}`" in notes) is bool(digest)
        assert re.search(r"^[0-9a-f]{64}  a\.whl$", notes, re.MULTILINE)
    assert step["env"]["DIGEST"] == "${{ needs.image.outputs.digest }}"


def run_release(script: str, work: Path, digest: str) -> tuple[str, list[str]]:
    """Run the shell that makes the release, with packages; give its notes, and the words that `gh` got."""
    dist = work / "release" / "dist"
    dist.mkdir(parents=True)
    (dist / "a.whl").write_text("a wheel")
    (dist.parent / "notes.md").write_text("### Added\n\n- One thing.\n")
    (work / "gh").write_text('#!/bin/sh\nprintf "%s\\n" "$@" > "$RUNNER_TEMP/words"\n')
    (work / "gh").chmod(0o755)
    given = {
        "TAG": TAG,
        "COMMIT": "3a5c",
        "IMAGE": "registry.example/one",
        "DIGEST": digest,
        "REPOSITORY": "a/b",
    }

    done = run(
        "bash", "-ec", f"cd {work}\n{script}", PATH=f"{work}:/usr/bin:/bin", RUNNER_TEMP=str(work), **given
    )

    assert done.returncode == 0, done.stderr
    return (work / "notes.md").read_text(), (work / "words").read_text().splitlines()


@pytest.mark.thorough
def test_the_image_s_steps_install_the_program(tmp_path: Path) -> None:
    """Built and run where a builder is; else the steps of its first stage are executed, and the program runs."""
    tool = make_tool(tmp_path)
    commit = commit_all(tool, "Release")
    source = tmp_path / "source"
    source.mkdir()
    git(tool, "archive", "--output", str(tmp_path / "source.tar"), "HEAD")
    with tarfile.open(tmp_path / "source.tar") as files:
        files.extractall(source, filter="data")
    if shutil.which("docker") and run("docker", "info").returncode == 0:
        tag = f"reconciler-test:{commit}"
        built = run("docker", "build", "--tag", tag, "--file", RELEASE / "Dockerfile", source)
        assert built.returncode == 0, built.stderr
        words = ["docker", "run", "--rm", "--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", tag]  # noqa: S108 - in the container
        assert f"({commit[:12]})" in run(*words, "--version").stdout
        return

    target = tmp_path / "opt"
    for word, rest in read_instructions()[0]:
        if word == "RUN":
            script = rest.replace("/source", str(source)).replace("/opt/reconciler", str(target))
            done = run("bash", "-euc", script, PYTHON=sys.executable)
            assert done.returncode == 0, done.stderr

    check_installed(target, commit)
    assert list(target.rglob("reconciler/__pycache__/*.pyc"))


@pytest.mark.thorough
def test_the_same_commit_gives_the_same_packages(tmp_path: Path) -> None:
    """Twice the same bytes; they hold the commit, and the wheel has what runs and nothing else."""
    tool = make_tool(tmp_path)
    shutil.copytree(RELEASE, tool / ".github/release")
    (tool / "CHANGELOG.md").write_text(CHANGELOG, encoding="utf-8")
    assert (
        run(sys.executable, tool / ".github/release/release.py", "join", __version__, "2026-12-01").returncode
        == 0
    )
    commit = commit_all(tool, "Release")
    outs = [tmp_path / "one", tmp_path / "two"]

    for out in outs:
        done = run("bash", tool / ".github/release/build.sh", TAG, out, PYTHON=sys.executable)
        assert done.returncode == 0, done.stderr

    made = [
        {path.relative_to(out): path.read_bytes() for path in out.rglob("*") if path.is_file()}
        for out in outs
    ]
    assert made[0] == made[1]
    names = sorted(path.as_posix() for path in made[0])
    assert names == [
        f"dist/systemregister_reconciler-{__version__}-py3-none-any.whl",
        f"dist/systemregister_reconciler-{__version__}.tar.gz",
        "notes.md",
        "sbom.cdx.json",
        "source.tar.gz",
    ]
    with zipfile.ZipFile(outs[0] / names[0]) as wheel:
        assert commit in wheel.read("reconciler/build.py").decode()
        tops = {name.partition("/")[0] for name in wheel.namelist()}
        assert tops == {"reconciler", f"systemregister_reconciler-{__version__}.dist-info"}
    assert (outs[0] / "notes.md").read_text().startswith("### Added\n")


@pytest.mark.thorough
def test_the_list_of_parts_satisfies_its_schema(tree: Path, tmp_path: Path) -> None:
    """The schema is CycloneDX's own, from the package that has it."""
    words = ["--quiet", "--no-deps", "--only-binary", ":all:", "--dest", str(tmp_path)]
    done = run(sys.executable, "-m", "pip", "download", *words, "cyclonedx-python-lib")
    if done.returncode:
        pytest.skip(f"the schema cannot be had from the index: {done.stderr.splitlines()[-1:]}")
    (file,) = tmp_path.glob("cyclonedx*.whl")
    with zipfile.ZipFile(file) as wheel:
        name = next(each for each in wheel.namelist() if each.endswith("bom-1.6.SNAPSHOT.schema.json"))
        schema = json.loads(wheel.read(name))
    parts = json.loads(release(tree, "sbom", TAG, "3a5c").stdout)
    others = json.dumps(schema).replace('"spdx.SNAPSHOT.schema.json"', '"#/definitions/anything"')
    schema = json.loads(
        re.sub(r'"jsf-0\.82\.SNAPSHOT\.schema\.json#[^"]*"', '"#/definitions/anything"', others)
    )
    schema["definitions"]["anything"] = {}

    assert [error.message for error in Draft7Validator(schema).iter_errors(parts)] == []
