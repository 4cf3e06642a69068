"""What a pipeline installs: every package by version and hash, from no named address, and with no credential near."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib import metadata
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from packaging.markers import Marker, default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from reconciler import __version__
from reconciler.clients.credentials import CREDENTIAL_VARIABLES
from tests.git import commit_all, git
from tests.workflows.runner import PROJECT, read_yaml
from tests.workflows.test_static import WORKFLOWS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

FOLDER = PROJECT / ".github" / "actions" / "reconcile"
LOCKS = {"requirements.txt": "dependencies", "build-requirements.txt": "requires"}
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
SYSTEMS = {"linux": "Linux", "darwin": "Darwin", "win32": "Windows"}
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


class Pin(NamedTuple):
    """One entry of a lock file."""

    requirement: Requirement
    hashes: tuple[str, ...]

    @property
    def name(self) -> str:
        """The name, as it is compared."""
        return canonicalize_name(self.requirement.name)


def read_lock(name: str) -> list[Pin]:
    """Read a lock file; every line that is no comment is a pin."""
    text = re.sub(r"#.*", "", (FOLDER / name).read_text(encoding="utf-8")).replace("\\\n", " ")
    return [
        Pin(Requirement(line.partition("--hash")[0].strip()), tuple(_HASH.findall(line)))
        for line in text.splitlines()
        if line.strip()
    ]


def list_platforms() -> Iterator[Mapping[str, str]]:
    """List what a marker may ask of every system and Python that is promised."""
    for python, (platform, system) in itertools.product(PYTHONS, SYSTEMS.items()):
        own = {"python_version": python, "python_full_version": f"{python}.0", "sys_platform": platform}
        own |= {"platform_system": system, "os_name": "nt" if platform == "win32" else "posix", "extra": ""}
        yield {**{name: str(value) for name, value in default_environment().items()}, **own}


def holds(marker: Marker | None, platform: Mapping[str, object]) -> bool:
    """Say whether a marker holds on a platform; no marker holds everywhere."""
    return marker is None or marker.evaluate({name: str(value) for name, value in platform.items()})


def read_asked(name: str) -> list[Requirement]:
    """Read what `pyproject.toml` asks for in the place of one lock file."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    table = project["project"] if name == "requirements.txt" else project["build-system"]
    return [Requirement(each) for each in table[LOCKS[name]]]


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_is_pinned_by_version_and_hash(name: str) -> None:
    """Each entry has one version and the hashes of its files, and nothing else."""
    pins = read_lock(name)

    assert pins
    for pin in pins:
        assert re.fullmatch(r"==[^*,]+", str(pin.requirement.specifier)), pin.name
        assert len(set(pin.hashes)) == len(pin.hashes) > 0, pin.name
        assert pin.requirement.url is None


@pytest.mark.parametrize("name", [*LOCKS, "install.sh"])
def test_no_index_is_named(name: str) -> None:
    """Where packages come from is a matter of the machine: no address, and no option that takes one."""
    text = (FOLDER / name).read_text(encoding="utf-8")

    assert (
        re.findall(r"://|\bindex-url|--(?:find-links|trusted-host)|\b[\w-]+\.(?:org|com|io|net)\b", text)
        == []
    )


@pytest.mark.parametrize("name", LOCKS)
def test_what_the_project_asks_for_is_pinned(name: str) -> None:
    """Each requirement of `pyproject.toml` is pinned, at a version that it allows, on each system and Python."""
    pins = read_lock(name)

    for platform in list_platforms():
        asked = [each for each in read_asked(name) if holds(each.marker, platform)]
        versions = {
            pin.name: str(pin.requirement.specifier)[2:]
            for pin in pins
            if holds(pin.requirement.marker, platform)
        }
        loose = [
            str(each)
            for each in asked
            if canonicalize_name(each.name) not in versions
            or not each.specifier.contains(versions[canonicalize_name(each.name)])
        ]
        assert loose == [], platform


def test_what_the_packages_ask_for_is_pinned() -> None:
    """What they depend on, on any system and Python, is pinned too: nothing else is ever resolved."""
    pins = read_lock("requirements.txt")
    platforms = list(list_platforms())

    missing = [
        (pin.name, str(each))
        for pin in pins
        for platform in platforms
        if holds(pin.requirement.marker, platform)
        for each in _list_requirements(pin)
        if holds(each.marker, platform) and not _is_pinned(each, pins, platform)
    ]

    assert missing == []


def _list_requirements(pin: Pin) -> Iterable[Requirement]:
    """List what a package asks for, where the pinned version is installed here; `install.sh` checks all of them."""
    try:
        if metadata.version(pin.name) != str(pin.requirement.specifier)[2:]:
            return ()
        return [Requirement(each) for each in metadata.requires(pin.name) or ()]
    except metadata.PackageNotFoundError:
        return ()


def _is_pinned(asked: Requirement, pins: Iterable[Pin], platform: Mapping[str, str]) -> bool:
    return any(
        pin.name == canonicalize_name(asked.name) and holds(pin.requirement.marker, platform) for pin in pins
    )


def test_the_action_installs_by_the_lock() -> None:
    """Its step installs with the script, and no other step of it installs."""
    steps = read_yaml(FOLDER / "action.yml")["runs"]["steps"]
    installing = [step["run"] for step in steps if re.search(r"\bpip\b|install", step.get("run", ""))]

    assert installing == ['bash "$ACTION/install.sh" "$RUNNER_TEMP/reconciler"']


INSTALLS = re.compile(r"\b(?:pip|npm|apt-get|nox|uv)\b|install\.sh|\.ci/run|docker build")
SECRET = re.compile(r"secrets\.|github\.token|MASKINPORTEN|TOKEN|PASSWORD|JWK|PRIVATE_KEY")


def list_environments(
    steps: Iterable[Mapping[str, Any]], outer: Mapping[str, str]
) -> Iterator[tuple[Mapping[str, Any], dict[str, str]]]:
    """List each step with all variables that it gets, the steps of our own actions among them."""
    for step in steps:
        own = {**outer, **step.get("env", {})}
        yield step, own
        if str(step.get("uses", "")).startswith("$/"):
            action = read_yaml(PROJECT / step["uses"].removeprefix("$/") / "action.yml")
            yield from list_environments(action["runs"]["steps"], own)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_no_step_that_installs_has_a_secret(path: Path) -> None:
    """Neither its own variables hold one, nor those of its job, its workflow or the step that calls the action."""
    workflow = read_yaml(path)
    holders = [
        step.get("name", step.get("run", step.get("uses")))
        for job in workflow["jobs"].values()
        for step, environ in list_environments(
            job.get("steps", []), {**workflow.get("env", {}), **job.get("env", {})}
        )
        if INSTALLS.search(step.get("run", "")) or step.get("uses", "").startswith("actions/setup-")
        if SECRET.search(str(environ))
        or SECRET.search(step.get("run", ""))
        or SECRET.search(str(step.get("with")))
    ]

    assert holders == []


def test_plan_and_apply_run_one_build() -> None:
    """Both jobs use the action of the commit that the workflow stands at, and nothing chooses another."""
    jobs = read_yaml(PROJECT / ".github" / "workflows" / "apply.yml")["jobs"]
    used = {
        name: {step["uses"] for step in jobs[name]["steps"] if "reconcile" in step.get("uses", "")}
        for name in ("plan", "apply")
    }

    assert used["plan"] == used["apply"] == {"$/.github/actions/reconcile"}


def test_the_finder_finds_a_secret() -> None:
    """A credential in any of the places that count is seen."""
    step = {"uses": "$/.github/actions/reconcile", "env": {"MASKINPORTEN_CLIENT_JWK": "${{ secrets.A }}"}}
    seen = [
        (found["name"], bool(SECRET.search(str(environ))))
        for found, environ in list_environments([step], {})
        if "name" in found
    ]

    assert ("Install", True) in seen


def run(*words: str | Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a program with the machine's own configuration of pip."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COV_"))}
    return subprocess.run(
        [str(word) for word in words], env={**own, **environ}, capture_output=True, text=True, check=False
    )


def find_python(version: str) -> str | None:
    """Find an interpreter of a version that answers."""
    name = shutil.which(f"python{version}")
    return name if name and run(name, "-c", "").returncode == 0 else None


@pytest.fixture
def tool(tmp_path: Path) -> Path:
    """Make a repository with what the program is installed from; skip where no package can be had."""
    return make_tool(tmp_path)


def make_tool(tmp_path: Path) -> Path:
    """Make a repository with what the program is installed from; skip where no package can be had."""
    probe = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-cache-dir"]
    done = run(*probe, "--timeout", "5", "--retries", "0", "--dest", tmp_path / "probe", "pluggy")
    if done.returncode:
        pytest.skip(f"no package can be had from the index: {done.stderr.splitlines()[-1:]}")
    made = tmp_path / "tool"
    for name in ("reconciler", ".github/actions/reconcile"):
        shutil.copytree(PROJECT / name, made / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", ".gitattributes"):
        shutil.copy(PROJECT / name, made / name)
    git(made, "init", "-q")
    return made


def install(tool: Path, target: Path, python: str = sys.executable) -> subprocess.CompletedProcess[str]:
    """Install as the pipelines do."""
    return run("bash", tool / ".github/actions/reconcile/install.sh", target, PYTHON=python)


@pytest.mark.slow
def test_an_altered_hash_stops_the_installation(tool: Path, tmp_path: Path) -> None:
    """A file that is not the pinned one is not installed, and neither is the program."""
    lock = tool / ".github/actions/reconcile/requirements.txt"
    first = read_lock("requirements.txt")[0]
    text = lock.read_text(encoding="utf-8")
    for each in first.hashes:
        text = text.replace(each, f"{(int(each[0], 16) + 1) % 16:x}{each[1:]}")
    lock.write_text(text, encoding="utf-8")

    done = install(tool, tmp_path / "environment")

    assert done.returncode != 0
    assert "DO NOT MATCH THE HASHES" in done.stderr
    assert first.name in done.stderr
    assert not (tmp_path / "environment" / "bin" / "reconciler").exists()


@pytest.mark.slow
def test_the_pinned_packages_run_the_program(tool: Path, tmp_path: Path) -> None:
    """As the page says it: from one commit, by the lock, and nothing else is beside it; also where it was moved to."""
    commit = commit_all(tool, "Release")
    page = (PROJECT / "docs" / "install.md").read_text(encoding="utf-8")
    script = page.partition("```sh\n")[2].partition("```")[0]
    script = re.sub(r"(?m)^RECONCILER_REPOSITORY=.*", f"RECONCILER_REPOSITORY=file://{tool}", script)
    script = re.sub(r"(?m)^RECONCILER_COMMIT=.*", f"RECONCILER_COMMIT={commit}", script)

    done = run("bash", "-euc", f"cd {tmp_path}\n{script}", PYTHON=sys.executable)

    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(f"reconciler {__version__} ({commit[:12]})\n")
    check_installed(tmp_path / ".reconciler-environment", commit)
    again = install(tmp_path / "reconciler-source", tmp_path / ".reconciler-environment")
    assert again.returncode == 0  # the second step of a job finds it there
    moved = (tmp_path / ".reconciler-environment").rename(tmp_path / "moved")
    assert commit[:12] in run(moved / "bin" / "python", "-I", "-m", "reconciler", "--version").stdout


@pytest.mark.parametrize(
    "name",
    [each for each in CREDENTIAL_VARIABLES if each not in {"MASKINPORTEN_CLIENT_ID", "MASKINPORTEN_SIGNER"}],
)
def test_nothing_is_installed_beside_a_key(name: str, tmp_path: Path) -> None:
    """The script itself looks, whoever calls it; an empty variable is none."""
    words = ("bash", FOLDER / "install.sh", tmp_path / "environment")

    done = run(*words, **{name: "a key"})

    assert done.returncode == 1
    assert f"error: {name} is in the environment" in done.stderr
    assert "a key" not in done.stderr
    assert not (tmp_path / "environment").exists()
    assert name not in run(*words, **{name: "", "PYTHON": "/nowhere"}).stderr


@pytest.mark.slow
def test_another_commit_is_not_installed(tool: Path, tmp_path: Path) -> None:
    """Where the repository gives something else than the commit that was asked for, nothing is installed."""
    commit_all(tool, "Release")
    page = (PROJECT / "docs" / "install.md").read_text(encoding="utf-8")
    script = page.partition("```sh\n")[2].partition("```")[0]
    script = re.sub(r"(?m)^RECONCILER_REPOSITORY=.*", f"RECONCILER_REPOSITORY=file://{tool}", script)

    done = run(
        "bash", "-euc", f"cd {tmp_path}\n{script.replace('0123456789abcdef' * 2 + '01234567', 'HEAD')}"
    )

    assert done.returncode != 0
    assert not (tmp_path / ".reconciler-environment").exists()


def check_installed(target: Path, commit: str) -> None:
    """Check what stands in an environment: the pins and the program, and not even pip."""
    script = "from importlib.metadata import distributions as all; print(*(each.name for each in all()))"
    names = run(target / "bin" / "python", "-c", script).stdout.split()
    here = {**default_environment(), "extra": ""}
    pinned = {pin.name for pin in read_lock("requirements.txt") if holds(pin.requirement.marker, here)}

    assert {canonicalize_name(name) for name in names} == pinned | {"systemregister-reconciler"}
    said = run(target / "bin" / "reconciler", "--version")
    assert f"({commit[:12]})" in said.stdout, said.stderr


@pytest.mark.thorough
def test_what_pip_takes_from_git_says_its_commit(tool: Path, tmp_path: Path) -> None:
    """The installer notes which commit it took, and the program reads the note."""
    commit = commit_all(tool, "Release")
    words = ["--quiet", "--no-deps", "--target", str(tmp_path / "site"), f"git+file://{tool}@{commit}"]
    done = run(sys.executable, "-m", "pip", "install", *words)
    assert done.returncode == 0, done.stderr

    script = "from reconciler.build import find_version; print(find_version())"
    said = run(sys.executable, "-c", f"import sys; sys.path[:0] = [{str(tmp_path / 'site')!r}]; {script}")

    assert said.stdout == f"{__version__}+{commit}\n", said.stderr


@pytest.mark.thorough
@pytest.mark.parametrize("version", PYTHONS)
def test_it_is_installed_on_every_python(version: str, tool: Path, tmp_path: Path) -> None:
    """On each that is on this machine."""
    python = find_python(version)
    if python is None:
        pytest.skip(f"Python {version} is not on this machine")
    commit = commit_all(tool, "Release")

    done = install(tool, tmp_path / "environment", python)

    assert done.returncode == 0, done.stderr
    check_installed(tmp_path / "environment", commit)


@pytest.mark.thorough
@pytest.mark.parametrize("version", PYTHONS)
@pytest.mark.parametrize(
    "platform",
    [
        "manylinux_2_28_x86_64",
        "manylinux_2_28_aarch64",
        "macosx_11_0_arm64",
        "win_amd64",
    ],
)
def test_a_pinned_wheel_exists_for_every_platform(
    version: str, platform: str, tool: Path, tmp_path: Path
) -> None:
    """For each system and Python, each pin has a wheel whose hash is in the lock."""
    here = {"manylinux": "linux", "macosx": "darwin", "win": "win32"}[platform.partition("_")[0]]
    known = next(
        each
        for each in list_platforms()
        if each["python_version"] == version and each["sys_platform"] == here
    )
    wanted = tmp_path / "wanted.txt"
    wanted.write_text(
        "".join(
            f"{pin.name}{pin.requirement.specifier} {' '.join(f'--hash=sha256:{one}' for one in pin.hashes)}\n"
            for pin in read_lock("requirements.txt")
            if holds(pin.requirement.marker, known)
        )
    )
    chosen = ["--python-version", version, *(f"--platform={each}" for each in _list_older(platform))]
    words = ["--quiet", "--no-deps", "--only-binary", ":all:", "--require-hashes", "--dest", str(tmp_path)]

    done = run(sys.executable, "-m", "pip", "download", *words, *chosen, "--requirement", wanted)

    assert tool.is_dir()  # the index can be reached
    assert done.returncode == 0, done.stderr


def _list_older(platform: str) -> list[str]:
    """List the platform tags that a system of one tag takes, since pip is told all of them."""
    if platform.startswith("manylinux"):
        machine = platform.removeprefix("manylinux_2_28_")
        return [f"manylinux_2_{minor}_{machine}" for minor in range(28, 16, -1)] + [
            f"manylinux2014_{machine}"
        ]
    return [platform]
