"""What to run while editing and before a push; `nox` alone runs the tests and the lint, as CI does."""

from __future__ import annotations

import nox

nox.needs_version = ">=2024.4.15"
nox.options.sessions = ["tests", "lint"]
nox.options.reuse_venv = "yes"

QUICK = "not e2e and not slow and not bench and not live"


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
