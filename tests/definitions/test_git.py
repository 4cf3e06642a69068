"""What is read of a repository's objects, and that nothing a repository configures is run for it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from reconciler.definitions import git as module
from reconciler.definitions import git_log
from reconciler.definitions.changed_files import compare_files
from reconciler.definitions.files import find_top
from reconciler.definitions.git import (
    GitFailed,
    LineOrigin,
    find_gap,
    find_line_origin,
    read_at_head,
    read_base,
    read_blobs,
)
from reconciler.definitions.git_log import read_revisions
from reconciler.definitions.yaml_document import MAX_BYTES
from reconciler.errors import UsageError
from tests.git import commit_all, git

if TYPE_CHECKING:
    from pathlib import Path

CANARY = "canary-4711-of-a-key"


def commit(root: Path, message: str, **files: str | None) -> str:
    """Write definitions, commit everything, and give the commit."""
    (root / "systems").mkdir(exist_ok=True)
    for name, text in files.items():
        path = root / "systems" / f"{name}.yaml"
        path.unlink() if text is None else path.write_text(text)
    return commit_all(root, message)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a repository with one definition in one commit."""
    made = tmp_path_factory.mktemp("first") / "repository"
    made.mkdir()
    git(made, "init", "-q", "-b", "main", "--template=")
    commit(made, "First", a="id: one\n")
    return made


@pytest.fixture
def root(tmp_path: Path, first: Path) -> Path:
    """Copy that repository for a test to change."""
    return shutil.copytree(first, tmp_path / "repository")


def read(root: Path, file: str = "systems/a.yaml") -> list[tuple[str, bytes | None]]:
    """Read the subjects and contents of a file's revisions."""
    return [(each.subject, each.content) for each in read_revisions(root, file)]


def read_all(root: Path, name: str) -> dict[str, bytes | None]:
    """Read the definitions at a revision."""
    base = read_base(root, name)
    contents = read_blobs(root, [each.object for each in base.blobs])
    return {blob.name: content for blob, content in zip(base.blobs, contents, strict=True)}


def test_revisions_come_newest_first_across_renames_and_removals(root: Path) -> None:
    """Each with its content, who and when; the removal has none, and the name before is followed."""
    git(root, "mv", "systems/a.yaml", "systems/b.yaml")
    commit(root, "Rename")
    last = commit(root, "Edit æøå", b="id: two\n")
    commit(root, "Remove", b=None)

    found = list(read_revisions(root, "systems/b.yaml"))

    assert [(each.subject, each.content) for each in found] == [
        ("Remove", None),
        ("Edit æøå", b"id: two\n"),
        ("Rename", b"id: one\n"),
        ("First", b"id: one\n"),
    ]
    assert (found[1].commit, found[1].author, found[1].date) == (
        last,
        "anna@AUTHOR",
        "2026-11-01T12:00:00+01:00",
    )


def test_a_merge_that_was_resolved_by_hand_is_a_revision(root: Path) -> None:
    """Its content is what the merge made of the two."""
    git(root, "checkout", "-qb", "other")
    commit(root, "Theirs", a="id: theirs\n")
    git(root, "checkout", "-q", "main")
    commit(root, "Ours", a="id: ours\n")
    with pytest.raises(subprocess.CalledProcessError):
        git(root, "merge", "-q", "other")
    commit(root, "Merge", a="id: both\n")

    assert ("Merge", b"id: both\n") in read(root)


def test_a_definition_that_was_a_link_is_none(root: Path) -> None:
    """What a link says is a path."""
    (root / "systems/a.yaml").unlink()
    (root / "systems/a.yaml").symlink_to("/etc/passwd")
    commit(root, "Link")

    assert read(root)[0] == ("Link", None)


def test_a_file_of_any_name_has_its_history(root: Path) -> None:
    """A name is neither an option, a pattern nor a word of git's own."""
    names = ["a b", "a\nb", "-rf", ":(top)x", "ø", 'q"', "*"]
    commit(root, "Odd", **{name: f"id: {number}\n" for number, name in enumerate(names)})

    found = read_all(root, "main")
    for number, name in enumerate(names):
        assert found[f"systems/{name}.yaml"] == f"id: {number}\n".encode()
    for name in names[1:4]:
        assert read(root, f"systems/{name}.yaml") == [("Odd", found[f"systems/{name}.yaml"])]


def test_a_subject_cannot_stand_for_a_record(root: Path) -> None:
    """Whatever bytes a commit holds, there is one record of it, and it is short."""
    commit(root, "\x01\x02 :100644 100644 a b M " + "x" * 100_000, a="id: two\n")

    found = read(root)

    assert [content for _, content in found] == [b"id: two\n", b"id: one\n"]
    assert len(found[0][0]) < 310


def test_a_base_is_where_the_branch_left_it(root: Path) -> None:
    """What others merged since is not in it; hidden files, links and other endings are not definitions."""
    git(root, "checkout", "-qb", "pull-request")
    git(root, "checkout", "-q", "main")
    commit(root, "Later", later="id: later\n")
    git(root, "checkout", "-q", "pull-request")
    (root / "systems/.accepted.yaml").write_text("[]\n")
    (root / "systems/link.yaml").symlink_to("a.yaml")
    (root / "systems/team").mkdir()
    (root / "systems/team/b.yml").write_text("id: b\n")
    head = commit(root, "More", text="id: text\n")

    assert read_all(root, "main") == {"systems/a.yaml": b"id: one\n"}
    assert set(read_all(root, "HEAD")) == {"systems/a.yaml", "systems/team/b.yml", "systems/text.yaml"}
    assert read_base(root, "HEAD").commit == head


def test_definitions_in_a_folder_of_the_repository_have_a_history(root: Path) -> None:
    """Names are relative to the root of the definitions, wherever it lies in the repository."""
    below = root / "deep" / "er"
    below.mkdir(parents=True)
    commit(below, "Below", c="id: below\n")

    assert read(below, "systems/c.yaml") == [("Below", b"id: below\n")]
    assert read_all(below, "main") == {"systems/c.yaml": b"id: below\n"}
    assert find_top(below) == root


def test_objects_are_sized_before_they_are_read(root: Path) -> None:
    """S8: what is no definition by its size is never read; git hands over none of it."""
    commit(root, "Large", a="x" * (MAX_BYTES + 1))
    commit(root, "Largest that may be", a="y" * MAX_BYTES)

    assert [content and len(content) for _, content in read(root)] == [MAX_BYTES, None, 8]
    commit(root, "Large again", a="z" * (MAX_BYTES + 1))
    assert read_all(root, "HEAD") == {"systems/a.yaml": None}


def test_the_revisions_of_a_file_have_a_measure(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """S8: many revisions of the largest size are not all read."""
    monkeypatch.setattr(git_log, "MOST_HISTORY", 25)
    for number in range(5):
        commit(root, f"{number}", a=f"id: number{number}\n")

    assert [subject for subject, _ in read(root)] == ["4", "3"]


def test_many_objects_are_read_in_their_order(root: Path) -> None:
    """They are named a hundred at a time; one that is missing or too large is left out where it stands."""
    (root / "systems/large.yaml").write_bytes(b"0" * (MAX_BYTES + 1))
    commit(root, "Large")
    known = {each.name: each.object for each in read_base(root, "HEAD").blobs}
    small, large = known["systems/a.yaml"], known["systems/large.yaml"]

    found = list(read_blobs(root, [*[small] * 150, b"0" * 40, large, *[small] * 99]))

    assert found == [*[b"id: one\n"] * 150, None, None, *[b"id: one\n"] * 99]


@pytest.mark.slow
def test_a_small_repository_of_huge_definitions_takes_no_memory(root: Path) -> None:
    """S8: twenty revisions of 60 MB, which zeros make an 8 MB repository of."""
    pytest.importorskip("resource", reason="a process's memory is measured by what only POSIX has")
    for number in range(20):
        (root / "systems/a.yaml").write_bytes(b"# %d\n" % number + b"\0" * 60_000_000)
        commit(root, f"{number}")
    code = (
        "import resource, sys\nfrom pathlib import Path\nfrom reconciler.definitions.git import *\n"
        "from reconciler.definitions.git_log import *\n"
        "root = Path(sys.argv[1])\nbefore = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "assert len(list(read_revisions(root, 'systems/a.yaml'))) == 21\n"
        "assert list(read_blobs(root, [b.object for b in read_base(root, 'HEAD').blobs])) == [None]\n"
        "own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before\n"
        "children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss\n"
        "assert own < 20_000, own\nassert children < 300_000, children\n"
    )
    subprocess.run([sys.executable, "-c", code, str(root)], check=True, timeout=120)


def test_a_file_is_read_as_it_was_committed(root: Path, tmp_path: Path) -> None:
    """What the working tree holds, a link, and a file that no commit has are not what was committed."""
    file = "systems/a.yaml"
    (root / file).write_text("id: three\n")
    assert read_at_head(root, file) == b"id: one\n"
    assert read_at_head(root / "systems", "a.yaml") == b"id: one\n"
    assert read_at_head(root, "systems/b.yaml") is None
    assert read_at_head(root, "systems") is None
    (root / file).unlink()
    (root / file).symlink_to("b.yaml")
    commit(root, "Link")
    assert read_at_head(root, file) is None
    empty = tmp_path / "empty"
    empty.mkdir()
    assert read_at_head(empty, file) is None
    git(empty, "init", "-q", "--template=")
    assert read_at_head(empty, file) is None


def test_lines_have_the_newest_commit_that_changed_one_of_them(root: Path) -> None:
    """With its author as the commit names them, whatever a `.mailmap` or a list of ignored revisions says."""
    before = commit(root, "Two more", a="id: one\nb: 1\nc: 1\n")
    (root / ".mailmap").write_text("Somebody Else <anna@AUTHOR>\n")
    last = commit(root, "Another", a="id: one\nb: 1\nc: 2\n")
    git(root, "config", "blame.ignoreRevsFile", ".ignored")
    (root / ".ignored").write_text(f"{last}\n")

    for first, end, wanted in ((2, 2, before), (1, 3, last)):
        at = git(root, "log", "-1", "--format=%cI", wanted)
        found = find_line_origin(root, "systems/a.yaml", first, end)
        assert found == LineOrigin(wanted, "anna@AUTHOR", at)
    with pytest.raises(GitFailed):
        find_line_origin(root, "systems/a.yaml", 7, 9)


def test_a_shallow_clone_does_not_know_who_wrote_older_lines(root: Path, tmp_path: Path) -> None:
    """It would name whoever made the oldest commit that is there."""
    commit(root, "Another", a="id: one\nb: 1\n")
    last = commit(root, "And another", a="id: one\nb: 2\n")
    at = git(root, "log", "-1", "--format=%cI")
    for depth, found in (("1", LineOrigin()), ("2", LineOrigin(last, "anna@AUTHOR", at))):
        clone = tmp_path / f"clone-{depth}"
        git(root, "clone", "-q", "--depth", depth, f"file://{root}", str(clone))
        assert find_line_origin(clone, "systems/a.yaml", 2, 2) == found
        assert find_line_origin(clone, "systems/a.yaml", 1, 1) == LineOrigin()


def test_no_repository_has_no_history_and_no_base(tmp_path: Path) -> None:
    """Without a repository there is nothing to miss; a base that is named is a usage error."""
    assert (find_gap(tmp_path), read(tmp_path)) == ("", [])
    with pytest.raises(UsageError, match="is no git repository"):
        read_base(tmp_path, "main")


def test_a_repository_without_commits_has_no_history(tmp_path: Path) -> None:
    """A first run before the first commit."""
    git(tmp_path, "init", "-q")

    assert (find_gap(tmp_path), read(tmp_path)) == ("", [])
    with pytest.raises(UsageError, match="There is no revision HEAD"):
        read_base(tmp_path, "HEAD")


def test_a_name_that_is_no_revision_is_a_usage_error(root: Path) -> None:
    """Neither an option nor a range."""
    for name in ("nothing", "-x", "--all", "main..main", "main:systems", "a b", "^main", "@{9}", "f" * 40):
        with pytest.raises(UsageError, match=re.escape(f"There is no revision {name}.")):
            read_base(root, name)


def test_a_shallow_clone_says_so(root: Path, tmp_path: Path) -> None:
    """What is cut off is not taken for what never was."""
    old = git(root, "rev-parse", "HEAD")
    commit(root, "Second", a="id: two\n")
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{root}", "shallow")

    assert find_gap(tmp_path / "shallow") == "the clone is shallow"
    assert read_base(tmp_path / "shallow", old).reason == f"the clone is shallow and does not hold {old}"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_a_checkout_of_another_user_is_read(root: Path) -> None:
    """G3: in a container the checkout often belongs to somebody else; git must not answer otherwise for it."""
    for path in (root, *root.rglob("*")):
        os.lchown(path, 54321, 54321)
    probe = [shutil.which("git") or "git", "-C", str(root), "status"]
    environ = {"PATH": os.environ["PATH"], "HOME": str(root.parent), "GIT_CONFIG_NOSYSTEM": "1"}
    assert b"dubious ownership" in subprocess.run(probe, env=environ, capture_output=True, check=False).stderr

    assert find_gap(root) == ""
    assert read(root) == [("First", b"id: one\n")]
    assert read_all(root, "main") == {"systems/a.yaml": b"id: one\n"}


def test_gits_own_error_is_the_reason(root: Path) -> None:
    """G3: a repository that git does not read is neither none, nor one without a history."""
    (root / ".git/HEAD").write_text("garbage")

    assert "not a git repository" in find_gap(root)
    for ask in (lambda: read(root), lambda: read_base(root, "main")):
        with pytest.raises(GitFailed, match=r"git cannot read .*: not a git repository"):
            ask()


def test_no_git_is_said(root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """G3: without the program there is no answer, and the reason is not the repository's."""
    monkeypatch.setenv("PATH", str(tmp_path))

    assert find_gap(root) == "There is no git in PATH"
    with pytest.raises(GitFailed, match="There is no git in PATH"):
        read(root)


def test_a_git_of_the_repository_is_not_run(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """G1: nor one in a relative folder of PATH, which is the repository's as well."""
    plant(root / "bin" / "git", tmp_path / "ran")
    plant(root / "git", tmp_path / "ran")
    monkeypatch.chdir(root)
    monkeypatch.setenv("PATH", os.pathsep.join([".", "", "bin", str(root / "bin"), os.environ["PATH"]]))

    assert read(root) == [("First", b"id: one\n")]
    assert not (tmp_path / "ran").exists()


def test_git_is_given_up_in_time(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """G1: a repository can bring a pipe in the place of a file that git reads."""
    monkeypatch.setattr(module, "_SECONDS", 0.3)
    os.mkfifo(root / "pipe")
    git(root, "config", "include.path", str(root / "pipe"))

    assert find_gap(root) == "git took more than 0.3 seconds"


def test_an_answer_has_a_measure(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """S8: a list without end is not taken into memory."""
    monkeypatch.setattr(module, "_MOST_ANSWER", 10)

    with pytest.raises(GitFailed, match="more than 10 bytes"):
        read_base(root, "HEAD")


def plant(path: Path, ran: Path) -> str:
    """Put a program where a repository could, which leaves what it was run with."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\nenv > {ran}\necho $0 >> {ran}\nexit 1\n")
    path.chmod(0o755)
    return str(path)


PROGRAMS = (
    *(
        "core.fsmonitor",
        "core.pager",
        "pager.log",
        "pager.show",
        "core.editor",
        "core.sshCommand",
        "core.askPass",
    ),
    *("core.gitProxy", "core.alternateRefsCommand", "gpg.program", "gpg.openpgp.program", "gpg.x509.program"),
    *(
        "gpg.ssh.program",
        "gpg.ssh.defaultKeyCommand",
        "credential.helper",
        "diff.external",
        "diff.odd.command",
    ),
    *("diff.odd.textconv", "filter.odd.clean", "filter.odd.smudge", "filter.odd.process", "merge.odd.driver"),
    *("sequence.editor", "trailer.odd.command", "uploadpack.packObjectsHook", "remote.origin.uploadpack"),
    *(
        "core.gitAttributesProgram",
        "browser.odd.cmd",
        "man.odd.cmd",
        "interactive.diffFilter",
        "sendemail.smtpserver",
    ),
)
"""Whatever git-config(1) knows that names a program; each is planted, in the repository and in what it includes."""


@pytest.fixture
def hostile(root: Path, tmp_path: Path) -> Path:
    """Make a repository that configures every kind of program, has signed commits, and lacks an object."""
    ran = tmp_path / "ran"
    program = plant(tmp_path / "programs" / "odd", ran)
    for name in ("post-checkout", "post-index-change", "reference-transaction", "fsmonitor-watchman"):
        plant(root / "hooks" / name, ran)
    commit(root, "Second", a="id: two\n", b="id: three\n")
    git(root, "config", "user.signingkey", "odd")
    body = git(root, "cat-file", "commit", "HEAD")
    signed = body.replace(
        "\n\n", "\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----\n\n", 1
    )
    name = git(root, "hash-object", "-t", "commit", "-w", "--stdin", given=f"{signed}\n".encode())
    git(root, "update-ref", "refs/heads/main", name)
    (root / ".gitattributes").write_text("* diff=odd filter=odd merge=odd\n")
    missing = root / ".git" / "objects"
    blob = git(root, "rev-parse", "HEAD~1:systems/a.yaml")
    (missing / blob[:2] / blob[2:]).unlink()
    included = tmp_path / "included"
    included.write_text(f"[log]\n\tshowSignature = true\n[core]\n\tfsmonitor = {program}\n")
    for key in PROGRAMS:
        git(root, "config", key, program)
    settings = {
        "log.showSignature": "true",
        "core.hooksPath": str(root / "hooks"),
        "alias.log": f"!{program}",
        "alias.cat-file": f"!{program}",
        "alias.rev-parse": f"!{program}",
        "include.path": str(included),
        "extensions.partialClone": "origin",
        "core.repositoryFormatVersion": "1",
        "remote.origin.promisor": "true",
        "remote.origin.url": f"ext::{program} %S",
        "protocol.ext.allow": "always",
        "protocol.file.allow": "always",
        "log.mailmap": "true",
        "mailmap.file": "/dev/zero",
        "diff.orderFile": "/dev/zero",
        "blame.ignoreRevsFile": "/dev/zero",
        "core.attributesFile": "/dev/zero",
    }
    for key, value in settings.items():
        git(root, "config", key, value)
    return root


def test_nothing_that_a_repository_configures_is_run(
    hostile: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """G1, G2: whatever is planted in its configuration, and signed commits do not change an answer."""
    monkeypatch.setenv("MASKINPORTEN_PRIVATE_KEY", CANARY)

    assert find_gap(hostile) == ""
    assert read_base(hostile, "main").blobs != ()
    compared = compare_files(hostile, "main~1", [])
    assert compared is not None
    assert compared.uncommitted == frozenset()
    assert [subject for subject, _ in read(hostile)] == ["Second", "First"]
    assert sum(len(each) for each in git_log.walk_log(hostile, {"systems/a.yaml"})) == 2
    assert read_at_head(hostile, "systems/a.yaml") is not None
    assert find_line_origin(hostile, "systems/b.yaml", 1, 1).author == "anna@AUTHOR"
    assert not (tmp_path / "ran").exists(), (tmp_path / "ran").read_text()


@pytest.mark.parametrize(
    "words", [("log", "-1"), ("log", "-1", "--raw"), ("ls-files", "-t"), ("rev-parse", "HEAD")]
)
def test_no_other_words_run_a_program_either(hostile: Path, tmp_path: Path, words: tuple[str, ...]) -> None:
    """G1: the settings hold by themselves, whatever flags a later reading of git forgets."""
    (hostile / ".gitattributes").unlink()

    module.ask_git(hostile, *words)

    assert not (tmp_path / "ran").exists(), (tmp_path / "ran").read_text()


def test_our_settings_win_over_a_repositorys(hostile: Path) -> None:
    """G1: each program that can be set is ours, though the repository sets it."""
    ours = module._SETTINGS
    effective = {
        key: module.ask_git(hostile, "config", "--get", "--default", "", key).decode().strip() for key in ours
    }

    assert effective == dict(ours)
    assert set(PROGRAMS) & set(ours) >= {
        "core.fsmonitor",
        "core.sshCommand",
        "credential.helper",
        "gpg.program",
    }


def test_what_is_planted_would_run(hostile: Path, tmp_path: Path) -> None:
    """G1: the same words without our settings run the programs, so that the test above can fail."""
    ran = tmp_path / "ran"
    for words in (("log", "-1"), ("cat-file", "-p", "HEAD~1:systems/a.yaml"), ("status",)):
        ran.unlink(missing_ok=True)
        program = shutil.which("git") or "git"
        environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "GIT_PAGER": "cat"}
        command = [
            program,
            "-c",
            "mailmap.file=",
            "-c",
            "diff.orderFile=/dev/null",
            "-C",
            str(hostile),
            *words,
        ]
        subprocess.run(
            [*command[:1], "-c", "core.attributesFile=/dev/null", *command[1:]],
            env=environ,
            capture_output=True,
            check=False,
            timeout=30,
        )
        assert ran.exists(), words


def test_the_users_own_signatures_are_not_shown(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """G2: a person who has signatures shown everywhere gets the same answer."""
    (tmp_path / ".gitconfig").write_text("[log]\n\tshowSignature = true\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "log.showSignature")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "true")

    assert read(root) == [("First", b"id: one\n")]


def test_git_gets_a_few_named_variables(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """G1: no credential, and nothing that a hook or a person set for another git."""
    for name in (
        "MASKINPORTEN_CLIENT_JWK",
        "RECONCILER_TOKEN",
        "GIT_DIR",
        "GIT_SSH_COMMAND",
        "LD_PRELOAD",
        "GIT_TRACE",
    ):
        monkeypatch.setenv(name, CANARY)

    command, environ = module._compose(root, ["log"])

    assert CANARY not in " ".join([*command, *environ.values()])
    assert set(environ) <= {
        *(
            "PATH",
            "TMPDIR",
            "TEMP",
            "TMP",
            "SYSTEMROOT",
            "LC_ALL",
            "GIT_CONFIG_NOSYSTEM",
            "GIT_CONFIG_GLOBAL",
        ),
        *("GIT_ATTR_NOSYSTEM", "GIT_TERMINAL_PROMPT", "GIT_NO_LAZY_FETCH", "GIT_OPTIONAL_LOCKS"),
        *("GIT_NO_REPLACE_OBJECTS", "GIT_ALLOW_PROTOCOL", "GIT_LITERAL_PATHSPECS"),
    }
    assert f"safe.directory={root}" in command
