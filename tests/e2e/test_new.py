"""`reconciler new` as a person runs it: with options, and on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.builders import VENDOR
from tests.terminal import answer_all

if TYPE_CHECKING:
    from tests.served import Repository

pytestmark = pytest.mark.slow

CLIENT = "7f0c3a1e-2d0f-4a57-9d0a-0b7a2f9c1d11"
PATH = f"systems/{VENDOR}_new.yaml"


def test_a_definition_is_written_from_options(repository: Repository) -> None:
    """It passes `validate --strict` and `fmt --check`, and a second run does not touch it."""
    words: tuple[str, ...] = (
        "new",
        "new",
        "--vendor",
        VENDOR,
        "--name",
        "Sky",
        "--name",
        "en=Cloud",
        "--description",
        "Sky.",
    )
    words += ("--package", "skattegrunnlag", "--client-id", CLIENT, "-e", "tt02")
    shown = repository.run(*words, "--dry-run")
    assert (shown.returncode, (repository.root / PATH).exists()) == (0, False), shown.stderr

    done = repository.run(*words)

    assert done.returncode == 0, done.stderr
    text = (repository.root / PATH).read_text(encoding="utf-8")
    assert [line[4:] for line in done.stdout.splitlines()[1:]] == text.splitlines()
    assert "\n  nb: Sky\n  nn: Sky\n  en: Cloud\n" in text
    assert max(map(len, text.splitlines())) <= 80
    assert repository.run("validate", "--strict").returncode == 0
    assert repository.run("fmt", "--check", PATH).returncode == 0
    again = repository.run(*words, "--hidden")
    assert (again.returncode, "is there already" in again.stderr) == (2, True)
    assert (repository.root / PATH).read_text(encoding="utf-8") == text


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--package", "skatt"), 2, "'skatt' fits 4 access packages"),
        (("--name", "sv=Moln"), 2, "'sv' in --name is no language"),
        (("-e", "tt20"), 2, "There is no environment 'tt20'."),
        (("--client-id", "mine"), 4, "client-id-format"),
    ],
)
def test_nothing_is_written_where_something_is_wrong(
    repository: Repository, words: tuple[str, ...], code: int, said: str
) -> None:
    """The reason is given, and there is no file."""
    done = repository.run("new", f"{VENDOR}_new", *words)

    assert (done.returncode, said in done.stderr) == (code, True), done.stderr
    assert not (repository.root / PATH).exists()


def test_it_asks_on_a_terminal(repository: Repository) -> None:
    """For all that was not said, and for one of several packages by its number."""
    code, said = answer_all(
        repository,
        ["new", f"{VENDOR}_new", "--name", "Sky"],
        [
            ("Description in Bokmål:", "Alt i skyen"),
            ("Description in Nynorsk [Alt i skyen]:", ""),
            ("Description in English [Alt i skyen]:", "All in the cloud"),
            ("words or its name (no):", "skatt"),
            ("Which, by number (none):", "2"),
            ("words or its name (no more):", ""),
            ("Resource to ask customers for, by words or its name (no):", ""),
            ("Maskinporten client (no):", CLIENT),
            ("Maskinporten client (no more):", ""),
            ("Redirect URL (no):", ""),
            ("find it in Altinn themselves? [y/N]:", "y"),
            ("tt02, prod (none):", "tt20"),
            ("no environment", ""),
            ("Write it? [y/N]:", "y"),
        ],
    )

    assert code == 0, said
    text = (repository.root / PATH).read_text(encoding="utf-8")
    assert "  en: All in the cloud\n" in text
    assert "  - urn:altinn:accesspackage:skatt-naering # Skatt næring\n" in text
    assert "\nisVisible: true" in text
    assert repository.run("validate", "--strict").returncode == 0
