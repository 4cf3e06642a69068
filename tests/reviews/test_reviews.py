"""What a reviewer reads of each of twelve pull requests, whole: the comment, and the output as text.

The installed command runs as the workflow of a pull request runs it. `pytest --accept` rewrites the files.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.git import git
from tests.reviews.pull_requests import PULL_REQUESTS, SYSTEMS, define, seed
from tests.served import Repository, Served, start_served

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from tests.reviews.pull_requests import PullRequest

pytestmark = pytest.mark.slow
HERE = Path(__file__).parent / "golden"
RESOURCES = ("ske-krav-og-betalinger", "ske-innrapportering-boligsameie")
"""What the environment knows."""


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """Make a git repository without definitions."""
    made = Repository(tmp_path / "repository")
    made.track("comment.md", "plan.txt")
    return made


@pytest.fixture
def register(private_key: RSAPrivateKey, repository: Repository) -> Iterator[Served]:
    """Serve the register of the environment `test`."""
    with start_served(private_key, resources=dict.fromkeys(RESOURCES, "GenericAccessResource")) as emulator:
        one = Served(emulator, private_key)
        text = f'[environments.test]\nregister = "{one.base}"\nmaskinporten = "{emulator.maskinporten}"\n'
        (repository.root / "reconciler.toml").write_text(text, encoding="utf-8")
        repository.environ = {**one.environ, "RECONCILER_ENVIRONMENT": "test"}
        yield one


def review(pull_request: PullRequest, repository: Repository, register: Served) -> tuple[str, str]:
    """Commit the base and the change, and plan the change: what stands in the comment, and what in the log."""
    for name in SYSTEMS:
        define(repository, name)
    pull_request.base(repository)
    repository.commit("Describe what is registered")
    seed(register)
    pull_request.outside(register)
    git(repository.root, "checkout", "-qb", "pull-request")
    pull_request.change(repository)
    repository.commit("Change it")
    done = repository.run("plan", "--base", "main", "--format", "markdown=comment.md", "--format", "text")
    comment = repository.root / "comment.md"
    shown = comment.read_text(encoding="utf-8") if comment.exists() else ""
    log = f"{done.stdout}[stderr]\n{done.stderr}[exit code {done.returncode}]\n"
    return normalise(shown or "(no comment)\n"), normalise(log)


def normalise(text: str) -> str:
    """Put the same in place of addresses, digests, commits, times and versions, which differ each time."""
    for pattern, instead in (
        (r"http://127\.0\.0\.1:\d+", "https://register.example"),
        (r"\b[0-9a-f]{64}\b", "d" * 64),
        (r"\b[0-9a-f]{40}\b", "c" * 40),
        (r"(?<![-0-9a-f])(?=[0-9a-f]*[a-f]|[0-9]{12}\b)[0-9a-f]{12}(?![-0-9a-f])", "d" * 12),
        (
            r"\d{4}-\d\d-\d\dT\d\d(:|&#58;)\d\d(:|&#58;)\d\d(\.\d+)?(Z|\+00(:|&#58;)00)",
            "2026-11-21T12:00:00Z",
        ),
        (r"\d{4}-\d\d-\d\d \d\d(:|&#58;)\d\d UTC", "2026-11-21 12:00 UTC"),
        (r"reconciler \d+\.\d+\.\d+\S*", "reconciler 0.0.0."),
    ):
        text = re.sub(pattern, instead, text)
    return text


@pytest.mark.parametrize("pull_request", PULL_REQUESTS, ids=lambda each: each.name)
def test_review(
    pull_request: PullRequest, repository: Repository, register: Served, request: pytest.FixtureRequest
) -> None:
    """A reviewer gets exactly this."""
    comment, log = review(pull_request, repository, register)

    for ending, text in (("md", comment), ("txt", log)):
        file = HERE / f"{pull_request.name}.{ending}"
        if request.config.getoption("--accept"):
            HERE.mkdir(exist_ok=True)
            file.write_text(text, encoding="utf-8", newline="")
        assert text == file.read_text(encoding="utf-8")


def test_every_file_has_its_pull_request() -> None:
    """Twelve pull requests, and no file is left behind by one that is gone."""
    names = {f"{each.name}.{ending}" for each in PULL_REQUESTS for ending in ("md", "txt")}

    assert len(PULL_REQUESTS) == 12
    assert {path.name for path in HERE.iterdir()} == names
