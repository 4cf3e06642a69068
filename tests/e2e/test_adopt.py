"""`reconciler drift --adopt`: a change by hand becomes a change of a file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.builders import OTHER_CLIENT, VENDOR, a_live_document
from tests.e2e.test_import import NEW

if TYPE_CHECKING:
    from tests.served import Repository, Served

pytestmark = pytest.mark.slow

SYSTEM = f"{VENDOR}_smartcloud"
TEXT = NEW.replace("  - ske-krav", "  # the tax office\n  - ske-krav").replace("\n", "\r\n")


@pytest.fixture
def adopted(repository: Repository, served: Served) -> Repository:
    """Commit and apply a definition with comments and odd line ends."""
    del served
    path = repository.root / f"systems/{SYSTEM}.yaml"
    path.write_bytes(TEXT.encode())
    repository.track()
    repository.commit("Define")
    assert repository.run("apply", "--yes").returncode == 0
    return repository


def change_by_hand(served: Served, system: str = SYSTEM, /, **members: object) -> None:
    """Change a system as another client."""
    held = served.read(system)
    answer = served.ask("PUT", f"/{system}", {**held, **members})
    assert answer.status_code == 200, answer.text


def test_what_others_changed_is_written(adopted: Repository, served: Served) -> None:
    """Only the lines that differ change; the next plan and the next drift have nothing to say."""
    change_by_hand(served, isVisible=False, clientId=[*served.read(SYSTEM)["clientId"], OTHER_CLIENT])
    path = adopted.root / f"systems/{SYSTEM}.yaml"

    shown = adopted.run("drift", "--adopt", "--dry-run")
    assert (shown.returncode, path.read_bytes()) == (0, TEXT.encode())
    assert "+isVisible: false" in shown.stderr.splitlines()

    done = adopted.run("drift", "--adopt")

    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[-2:] == [f"~ systems/{SYSTEM}.yaml", "1 file written; plan: 1 unchanged"]
    expected = TEXT.replace("isVisible: true", "isVisible: false").replace(
        "052ae\r\n", f"052ae\r\n  - {OTHER_CLIENT}\r\n"
    )
    assert path.read_bytes() == expected.encode()
    assert adopted.run("plan", "--exit-code").returncode == 0
    adopted.commit("Adopt")
    assert adopted.run("drift").returncode == 0


def test_what_is_not_applied_yet_stays_asked_for(adopted: Repository, served: Served) -> None:
    """Beside a change by hand, also in the same list."""
    change_by_hand(served, clientId=[*served.read(SYSTEM)["clientId"], OTHER_CLIENT])
    path = adopted.root / f"systems/{SYSTEM}.yaml"
    own = "5f0c3a1e-2d0f-4a57-9d0a-0b7a2f9c1d11"
    text = TEXT.replace("052ae\r\n", f"052ae\r\n  - {own}\r\n").replace("nb: Best", "nb: Better")
    path.write_bytes(text.encode())
    adopted.commit("Ask for more")

    done = adopted.run("drift", "--adopt")

    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[-1] == "1 file written; plan: 0 unchanged, 1 to update"
    assert path.read_bytes() == text.replace(own, f"{own}\r\n  - {OTHER_CLIENT}").encode()


def test_new_and_deleted_systems_are_adopted(adopted: Repository, served: Served) -> None:
    """What others registered gets a file, and what they deleted is withdrawn."""
    other = a_live_document(id=f"{VENDOR}_other", clientId=[])
    del other["isDeleted"]
    assert served.ask("POST", "", other).status_code == 200
    served.ask("DELETE", f"/{SYSTEM}")

    some = adopted.run("drift", "--adopt", f"{VENDOR}_oth*")
    assert some.returncode == 3, some.stderr  # the deletion is left
    assert "+ systems/991825827_other.yaml" in some.stderr.splitlines()

    rest = adopted.run("drift", "--adopt")

    assert rest.returncode == 0, rest.stderr
    text = (adopted.root / f"systems/{SYSTEM}.yaml").read_bytes()
    assert text.endswith(b"environments:\r\n  served:\r\n    withdrawn: true\r\n")
    assert adopted.run("plan", "--exit-code").returncode == 0


def test_an_accepted_difference_is_left(adopted: Repository, served: Served) -> None:
    """It was decided already."""
    change_by_hand(served, isVisible=False)
    until = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
    accepted = adopted.run("accept", SYSTEM, "isVisible", "--until", until, "--reason", "a test")
    assert accepted.returncode == 0, accepted.stderr

    done = adopted.run("drift", "--adopt")

    assert (done.returncode, done.stderr.splitlines()[-1]) == (0, "Nothing to adopt.")


def test_ids_go_with_adopt(adopted: Repository) -> None:
    """Alone they would be taken for something else; and one that fits no system is a typo."""
    assert adopted.run("drift", SYSTEM).returncode == 2
    done = adopted.run("drift", "--adopt", f"{VENDOR}_typo")
    assert (done.returncode, f"{VENDOR}_typo fits no system" in done.stderr) == (2, True), done.stderr
