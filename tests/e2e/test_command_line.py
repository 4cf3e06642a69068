"""The words of the command line that every verb shares, and those that are mistyped."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from reconciler.cli.verbs import VERBS
from tests.e2e.test_secrets import assert_hidden, list_secrets

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from tests.served import Repository

pytestmark = pytest.mark.thorough

_REQUEST = r"(?:GET|POST|PUT|DELETE) /\S+ \d{3} \d+ ms"


@pytest.mark.usefixtures("served")
@pytest.mark.parametrize(
    "words",
    [
        ["-v", "plan"],
        pytest.param(["plan", "-v"], marks=pytest.mark.slow),
        pytest.param(["plan", "--verbose", "--format", "json"], marks=pytest.mark.slow),
    ],
)
def test_a_line_a_request_where_it_is_asked_for(
    repository: Repository, private_key: RSAPrivateKey, words: list[str]
) -> None:
    """Before the verb or behind it; nothing secret is in it, and stdout is as it was."""
    quiet, done = (
        repository.run(*(each for each in words if each not in {"-v", "--verbose"})),
        repository.run(*words),
    )

    first, *lines = done.stderr.splitlines()
    assert first.startswith("Environment served")
    assert len(lines) >= 3
    assert all(re.fullmatch(_REQUEST, line) for line in lines), done.stderr
    assert done.returncode == quiet.returncode == 0
    assert "created" in done.stdout or done.stdout == quiet.stdout  # JSON has its time in it
    assert quiet.stderr == f"{first}\n"
    assert_hidden(done, repository, list_secrets(private_key))


@pytest.mark.usefixtures("served")
@pytest.mark.parametrize(
    "words",
    [["plan", "--debug"], pytest.param(["--debug", "plan", "-v"], marks=pytest.mark.slow)],
    ids=["behind", "both"],
)
def test_everything_is_logged_where_it_is_asked_for(
    repository: Repository, private_key: RSAPrivateKey, words: list[str]
) -> None:
    """Behind the verb too; with both options nothing is said twice."""
    done = repository.run(*words)

    assert "traceparent" in done.stderr
    logged = re.findall(
        rf"(?<=INFO reconciler\.clients\.http_client: ){_REQUEST}$", done.stderr, re.MULTILINE
    )
    sent = re.findall("HTTP Request: ", done.stderr)
    assert len(logged) == len(sent) >= 3
    assert re.findall(rf"^{_REQUEST}$", done.stderr, re.MULTILINE) == []
    assert_hidden(done, repository, list_secrets(private_key))


@pytest.mark.parametrize("verb", [pytest.param(each, marks=pytest.mark.slow) for each in VERBS])
def test_every_verb_takes_both(repository: Repository, verb: str) -> None:
    """They stand in the help of each, and are understood behind it."""
    done = repository.run(verb, "-v", "--debug", "--help")

    assert done.returncode == 0, done.stderr
    assert re.search(r"^  -v, --verbose  ", done.stdout, re.MULTILINE)
    assert re.search(r"^  --debug  ", done.stdout, re.MULTILINE)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["aply", "--yes"], "error: There is no verb 'aply'.\n       Did you mean 'apply'?\n"),
        pytest.param(
            ["-v", "xyzzy"],
            "error: There is no verb 'xyzzy'.\n       'reconciler --help' lists them.\n",
            marks=pytest.mark.slow,
        ),
    ],
    ids=["near", "far"],
)
def test_a_verb_that_there_is_not(repository: Repository, words: list[str], sentence: str) -> None:
    """A usage error with the nearest verb."""
    done = repository.run(*words)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == sentence


def test_a_hostile_verb_is_shown_harmless(repository: Repository) -> None:
    """A job can pass on what somebody else wrote."""
    done = repository.run("\x1b[2Jrun\n::error::x")

    assert done.returncode == 2
    assert done.stderr.replace("\n", " ").isprintable()
    assert not any(line.startswith("::") for line in done.stderr.splitlines())


def test_an_option_that_there_is_not(repository: Repository) -> None:
    """A usage error with those that are like it."""
    done = repository.run("plan", "--formt", "json")

    assert (done.returncode, done.stdout) == (2, "")
    assert "No such option: --formt (Possible options: --format" in done.stderr
