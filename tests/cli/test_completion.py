"""What a shell offers while a command line is written."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.builders import VENDOR

if TYPE_CHECKING:
    from tests.served import Repository

pytestmark = pytest.mark.slow

ID = f"{VENDOR}_smartcloud"


def offer(repository: Repository, line: str, shell: str = "bash") -> list[str]:
    """Ask as bash does for words that continue a line."""
    words = {"COMP_WORDS": line, "COMP_CWORD": str(len(line.split(" ")) - 1), "_TYPER_COMPLETE_ARGS": line}
    words |= {"_TYPER_COMPLETE_WORD_TO_COMPLETE": line.rsplit(" ", maxsplit=1)[-1]}
    words |= {"_TYPER_COMPLETE_FISH_ACTION": "get-args"} if shell == "fish" else {}
    done = repository.run(timeout=60, _RECONCILER_COMPLETE=f"complete_{shell}", **words)
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("reconciler pla", ["plan"]),
        ("reconciler plan --ag", ["--against"]),
        ("reconciler plan -e ser", ["served"]),
        *(
            (f"reconciler {verb} {VENDOR}_s", [ID])
            for verb in ("history", "import", "export", "drift --adopt")
        ),
        (f"reconciler check {ID} --request ", ["standard", "own"]),
        ("reconciler export --request s", ["standard"]),
        ("reconciler explain client-id-cl", ["client-id-claimed"]),
        ("reconciler rollback l", ["latest"]),
        ("reconciler compare t", ["tt02"]),
        ("reconciler catalogue show skattegr", ["skattegrunnlag"]),
        ("reconciler new x --package regnskapsforer-l", ["regnskapsforer-lonn"]),
    ],
)
def test_words_are_offered(repository: Repository, line: str, words: list[str]) -> None:
    """Verbs, options, environments, ids, explanations and runs are offered by how they begin."""
    repository.configure("http://127.0.0.1:9", "http://127.0.0.1:9/")
    template = {"accessPackages": ["urn:altinn:accesspackage:skattegrunnlag"]}
    repository.define(
        requests={"standard": template}, environments={"served": {"requests": {"own": template}}}
    )
    repository.define("other", requests={"another": template})

    assert offer(repository, line) == words


def test_a_broken_repository_offers_less(repository: Repository) -> None:
    """What cannot be read is no reason to print an error into somebody's prompt."""
    repository.define().write_text("id: [", encoding="utf-8")
    (repository.root / "reconciler.toml").write_text("environments = 7", encoding="utf-8")

    assert offer(repository, "reconciler plan -e p") == ["prod"]
    assert offer(repository, "reconciler history 9") == []
    assert "apply" in offer(repository, "reconciler aply ")


@pytest.mark.parametrize("shell", ["zsh", "fish", "powershell"])
def test_every_shell_is_known(repository: Repository, shell: str) -> None:
    """Each shell's script is printed, and the program answers in its form."""
    script = repository.run("completion", shell)

    assert script.returncode == 0
    assert "_RECONCILER_COMPLETE" in script.stdout
    assert any("plan" in word for word in offer(repository, "reconciler pla", shell))


@pytest.mark.skipif(not shutil.which("bash"), reason="there is no bash here")
def test_bash_completes(repository: Repository) -> None:
    """The script works in a real bash."""
    repository.define()
    script = repository.run("completion", "bash").stdout
    program = f"reconciler() {{ '{sys.executable}' -m reconciler \"$@\"; }}\n{script}\n"
    program += "reconciler_path=$(mktemp -d)\n"
    program += f'printf \'#!/bin/sh\\nexec "{sys.executable}" -m reconciler "$@"\\n\' > $reconciler_path/reconciler\n'
    program += "chmod +x $reconciler_path/reconciler\n"
    program += "COMP_WORDS=(reconciler history 9918) COMP_CWORD=2\n"
    program += '_reconciler_completion $reconciler_path/reconciler; echo "${COMPREPLY[@]}"\n'
    bash = shutil.which("bash") or "bash"
    done = subprocess.run(
        [bash, "-c", program], cwd=repository.root, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == ID
