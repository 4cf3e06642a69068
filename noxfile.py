"""What to run while editing and before a push; `nox` alone runs the tests and the lint, as CI does."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import nox

nox.needs_version = ">=2024.4.15"
nox.options.sessions = ["tests", "lint"]
nox.options.reuse_venv = "yes"

QUICK = "not e2e and not slow and not bench and not live"
LOCKS = Path(".github/actions/reconcile")


@nox.session
def tests(session: nox.Session) -> None:
    """Run all tests but the slow ones, which `.ci/run` runs."""
    session.install("--editable", ".[test]")
    session.run("pytest", "-q", "-n", "auto", *session.posargs)


@nox.session
def quick(session: nox.Session) -> None:
    """Run the tests that start no program and serve no register of their own, with few examples each."""
    session.install("--editable", ".[test]")
    session.env["HYPOTHESIS_PROFILE"] = "brief"
    session.run("pytest", "-q", "-n", "auto", "-m", QUICK, *session.posargs)


@nox.session
def thorough(session: nox.Session) -> None:
    """Run the tests that take longest, for an hour or so."""
    session.install("--editable", ".[test,browser,schemas]")
    session.run("pytest", "-q", "-n", "auto", "-m", "thorough", *session.posargs)


@nox.session
def without_posix(session: nox.Session) -> None:
    """Run all tests but the slow ones without the modules that Windows does not have."""
    session.install("--editable", ".[test]")
    session.env["WITHOUT_POSIX"] = "1"
    session.run("pytest", "-q", "-n", "auto", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and types."""
    session.install("--editable", ".[test,lint,browser]")
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("mypy")


@nox.session
def lock(session: nox.Session) -> None:
    """Resolve what pipelines install anew; `-- --upgrade` takes newer versions, but none of the last seven days."""
    session.install("uv")
    backend = Path(os.path.relpath(session.create_tmp()), "build-system")
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))
    backend.write_text("\n".join(project["build-system"]["requires"]), encoding="utf-8")
    options = ["--quiet", "--universal", "--python-version", "3.11", "--generate-hashes", "--no-build"]
    options += [
        "--exclude-newer",
        "7 days",
        "--no-emit-index-url",
        "--custom-compile-command",
        "nox -s lock",
        *session.posargs,
    ]
    for source, name in ((Path("pyproject.toml"), "requirements.txt"), (backend, "build-requirements.txt")):
        session.run("uv", "pip", "compile", *options, "-o", str(LOCKS / name), str(source))
