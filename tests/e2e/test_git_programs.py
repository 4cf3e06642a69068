"""Every verb that uses git, in a repository that configures every program it can, with a key in the environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.builders import VENDOR
from tests.definitions.test_git import CANARY, PROGRAMS, commit, plant
from tests.git import git
from tests.served import Repository

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.slow
def test_no_verb_runs_what_a_repository_configures(tmp_path: Path) -> None:
    """G1: drift, history, plan --base, plan and apply; the key in their environment reaches nobody."""
    root = tmp_path / "repository"
    root.mkdir()
    repository = Repository(root)
    git(root, "init", "-q", "-b", "main", "--template=")
    repository.define()
    (root / ".gitignore").write_text(".reconciler/\n.state/\n")
    commit(root, "First")
    assert repository.run("apply", "--yes").returncode == 0
    repository.define(isVisible=False)
    commit(root, "Second")
    ran = tmp_path / "ran"
    program = plant(tmp_path / "programs" / "odd", ran)
    for hook in ("post-checkout", "post-index-change", "reference-transaction"):
        plant(root / "hooks" / hook, ran)
    for key, value in (*((each, program) for each in PROGRAMS), ("log.showSignature", "true")):
        git(root, "config", key, value)
    body = git(root, "cat-file", "commit", "HEAD")
    signature = "\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----\n\n"
    signed = f"{body.replace(chr(10) * 2, signature, 1)}\n".encode()
    git(
        root,
        "update-ref",
        "refs/heads/main",
        git(root, "hash-object", "-t", "commit", "-w", "--stdin", given=signed),
    )
    git(root, "config", "core.hooksPath", str(root / "hooks"))
    (root / ".gitattributes").write_text("* diff=odd filter=odd\n")

    for words in (
        ["drift"],
        ["history", f"{VENDOR}_smartcloud"],
        ["plan", "--base", "main"],
        ["plan"],
        ["apply", "--yes"],
    ):
        done = repository.run(
            *words, "-e", "local", MASKINPORTEN_JWK_UNUSED=CANARY, GIT_PAGER=program, PAGER=program
        )
        assert done.returncode in {0, 3}, done.stderr
        assert "fault" not in done.stderr
        assert not ran.exists(), (words, ran.read_text())
