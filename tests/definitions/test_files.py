"""Which files are definitions, what is read of them, and what is written beside them."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest

from reconciler import platform
from reconciler.definitions.files import (
    MOST_BYTES,
    _print,
    append_file,
    find_definitions,
    prepare_own_folder,
    read_documents,
    read_file,
    write_file,
)
from reconciler.definitions.yaml_document import MAX_BYTES, FaultKind
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

NEEDS_A_PERSON = pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Make a repository with an empty `systems/`."""
    made = tmp_path / "repository"
    (made / "systems").mkdir(parents=True)
    return made


def put(root: Path, name: str, text: str = "id: x\n") -> Path:
    """Put a file into a repository."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def find(root: Path, *paths: Path) -> list[str]:
    """Find definitions, and give their names."""
    return [document.file for document in read_documents(root, find_definitions(root, paths))]


def read(root: Path, path: Path) -> tuple[str, ...]:
    """Read one file, and give what is wrong with it."""
    (document,) = read_documents(root, [path])
    return tuple(fault.message for fault in document.faults)


def test_definitions_are_the_yaml_files_under_systems(root: Path) -> None:
    """Both endings count, at any depth; names with a dot in front and other endings do not."""
    for name in (
        "b.yaml",
        "a.yml",
        "team/deep/c.yaml",
        ".hidden.yaml",
        ".git/d.yaml",
        "team/.e/f.yaml",
        "README.md",
        "g.yaml.bak",
        "h.json",
        "yaml",
    ):
        put(root, f"systems/{name}")
    put(root, "elsewhere.yaml")

    assert find(root) == ["systems/a.yml", "systems/b.yaml", "systems/team/deep/c.yaml"]


def test_no_systems_is_no_definitions(tmp_path: Path) -> None:
    """A repository without the folder has no definitions, which is no error."""
    assert find_definitions(tmp_path) == ()


def test_given_paths_are_taken_as_they_are(root: Path) -> None:
    """A given file is read whatever it is called, a given folder is searched, and nothing else is."""
    put(root, "systems/a.yaml")
    odd = put(root, "other/odd.txt")
    put(root, "team/b.yaml")

    assert find(root, odd, root / "team") == ["other/odd.txt", "team/b.yaml"]


def test_a_file_named_twice_is_read_once(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file is one definition however often and however it is named."""
    path = put(root, "systems/a.yaml")
    monkeypatch.chdir(root)

    assert find(root, path, root / "systems", path.relative_to(root), root / "systems/../systems/a.yaml") == [
        "systems/a.yaml"
    ]


def test_a_path_that_does_not_exist_is_told(root: Path) -> None:
    """A misspelt path is a usage error, and never a run over nothing."""
    with pytest.raises(UsageError, match=r"There is no .*/nothing\.yaml"):
        find_definitions(root, [root / "nothing.yaml"])


def test_a_file_outside_the_root_keeps_its_whole_name(root: Path, tmp_path: Path) -> None:
    """What a person names outside the repository is read, under its own path."""
    outside = put(tmp_path, "outside.yaml")

    (document,) = read_documents(root, [outside])

    assert (document.file, document.faults) == (outside.as_posix(), ())


def test_names_are_relative_to_a_root_behind_a_link(root: Path, tmp_path: Path) -> None:
    """Where the root itself is reached through a link, names stay short."""
    put(root, "systems/a.yaml")
    link = tmp_path / "link"
    link.symlink_to(root)

    assert find(link) == ["systems/a.yaml"]


def test_a_link_inside_the_repository_is_followed(root: Path) -> None:
    """A link to another file of the repository is that file, under the link's name."""
    put(root, "shared/a.yaml", "id: shared\n")
    (root / "systems/b.yaml").symlink_to("../shared/a.yaml")

    (document,) = read_documents(root, find_definitions(root))

    assert (document.file, document.text) == ("systems/b.yaml", "id: shared\n")


def test_a_link_out_of_the_repository_is_not_read(root: Path, tmp_path: Path) -> None:
    """A definition from a pull request cannot make the tool read another file of the machine."""
    secret = put(tmp_path, "secret.yaml", "secret\n")
    link = root / "systems/a.yaml"
    link.symlink_to(secret)

    (document,) = read_documents(root, [link])

    assert document.text == ""
    assert [fault.message for fault in document.faults] == [
        "The file is a link that leads out of the repository"
    ]


def test_a_folder_that_is_a_link_out_of_the_repository_is_not_read(root: Path, tmp_path: Path) -> None:
    """Nor can it, when `systems/` itself is the link."""
    put(tmp_path, "elsewhere/a.yaml", "secret\n")
    (root / "systems").rmdir()
    (root / "systems").symlink_to(tmp_path / "elsewhere")

    (document,) = read_documents(root, find_definitions(root))

    assert document.text == ""
    assert [fault.message for fault in document.faults] == [
        "The file is a link that leads out of the repository"
    ]


def test_a_linked_folder_is_told(root: Path) -> None:
    """A folder that is a link is not searched, and that is said: its systems would quietly be unmanaged."""
    put(root, "shared/a.yaml")
    (root / "systems/team").symlink_to("../shared")
    put(root, "systems/b.yaml")

    documents = read_documents(root, find_definitions(root))

    assert [document.file for document in documents] == ["systems/b.yaml", "systems/team"]
    assert [fault.message for fault in documents[1].faults] == ["A folder that is a link is not searched"]


@pytest.mark.parametrize("target", ["nothing.yaml", "a.yaml"])
def test_a_link_to_nothing_is_told(root: Path, target: str) -> None:
    """A link that leads nowhere, or to itself, is a finding and no crash."""
    link = root / "systems/a.yaml"
    link.symlink_to(target)

    assert find_definitions(root) == (link,)
    assert read(root, link) == ("This is not a regular file",)


def test_a_pipe_does_not_stop_the_tool(root: Path) -> None:
    """A fifo is not opened: reading it would wait for ever."""
    pipe = root / "systems/a.yaml"
    os.mkfifo(pipe)

    assert find_definitions(root) == (pipe,)
    assert read(root, pipe) == ("This is not a regular file",)


@NEEDS_A_PERSON
def test_an_unreadable_file_is_told(root: Path) -> None:
    """A file without permission is a finding; the others are still checked."""
    path = put(root, "systems/a.yaml")
    path.chmod(0)

    assert read(root, path) == ("The file cannot be read: Permission denied",)


@NEEDS_A_PERSON
def test_an_unreadable_folder_is_told(root: Path) -> None:
    """A folder that cannot be searched stops the run: its systems would quietly be unmanaged."""
    put(root, "systems/team/a.yaml")
    (root / "systems/team").chmod(0)

    try:
        with pytest.raises(UsageError, match="Permission denied"):
            find_definitions(root)
    finally:
        (root / "systems/team").chmod(0o700)


def test_a_large_file_is_not_read_on(root: Path) -> None:
    """Not more than a megabyte and a byte is ever read."""
    path = root / "systems/a.yaml"
    with path.open("wb") as stream:
        stream.truncate(MAX_BYTES * 1024)

    (document,) = read_documents(root, [path])

    assert [fault.kind for fault in document.faults] == [FaultKind.SIZE]


def test_a_name_that_is_not_utf_8_is_readable(root: Path) -> None:
    """A file name of stray bytes can be printed, and written to every output."""
    path = os.fsencode(root / "systems") + b"/\xff.yaml"
    with open(path, "w", encoding="utf-8") as stream:  # noqa: PTH123 - a name of bytes
        stream.write("id: x\n")

    (document,) = read_documents(root, find_definitions(root))

    assert document.file == "systems/\ufffd.yaml"
    assert document.text == "id: x\n"


def test_documents_come_in_the_order_of_their_names(root: Path) -> None:
    """The order of the disk and of the command line means nothing."""
    paths = [put(root, f"systems/{name}.yaml") for name in ("b", "a/z", "C", "a")]

    assert find(root, *paths) == find(root, *paths[::-1])


def test_a_file_is_written_whole_and_private(tmp_path: Path) -> None:
    """What is written replaces what was there, is its owner's alone, and leaves nothing beside it."""
    path = put(tmp_path, "plan.json", "old")

    write_file(path, "new: æ\n")

    assert path.read_bytes() == "new: æ\n".encode()
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    """Writing to a link leaves what it leads to alone."""
    target = put(tmp_path, "target", "kept")
    link = tmp_path / "plan.json"
    link.symlink_to(target)

    write_file(link, "new")

    assert target.read_text(encoding="utf-8") == "kept"
    assert link.read_text(encoding="utf-8") == "new"


@pytest.mark.parametrize("kind", ["folder", "pipe", "nowhere"])
def test_what_cannot_be_written_is_told(tmp_path: Path, kind: str) -> None:
    """A folder, a pipe or a device is never replaced, and a missing folder is not made."""
    path = tmp_path / kind
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path = path / "plan.json"
    before = sorted(tmp_path.iterdir())

    with pytest.raises(UsageError, match="cannot be written"):
        write_file(path, "new")

    assert sorted(tmp_path.iterdir()) == before


def test_a_text_that_is_no_utf_8_leaves_nothing_behind(tmp_path: Path) -> None:
    """A lone surrogate cannot be written, and what stood there stays."""
    path = put(tmp_path, "plan.json", "old")

    with pytest.raises(UsageError, match="cannot be written"):
        write_file(path, "\ud800")

    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """A missing file is a usage error."""
    with pytest.raises(UsageError, match=r"nothing\.json cannot be read: No such file or directory\."):
        read_file(tmp_path / "nothing.json")


def test_the_own_folder_is_private_and_out_of_git(tmp_path: Path) -> None:
    """It is made once, closed to others every time, and hides itself from git; a changed ignore file stays."""
    own = prepare_own_folder(tmp_path)
    assert (own / ".gitignore").read_text(encoding="utf-8") == "*\n"

    own.chmod(0o755)
    (own / ".gitignore").write_text("*\n!keep\n", encoding="utf-8")

    assert prepare_own_folder(tmp_path) == own
    assert own.stat().st_mode & 0o777 == 0o700
    assert (own / ".gitignore").read_text(encoding="utf-8") == "*\n!keep\n"


def test_the_own_folder_is_never_somebody_elses(tmp_path: Path) -> None:
    """A repository that brings a link in its place cannot make the tool write elsewhere."""
    other = tmp_path / "other"
    other.mkdir(mode=0o755)
    (tmp_path / ".reconciler").symlink_to(other)

    with pytest.raises(UsageError, match=r"\.reconciler"):
        prepare_own_folder(tmp_path)

    assert list(other.iterdir()) == []


def test_the_own_folder_in_the_place_of_a_file_is_told(tmp_path: Path) -> None:
    """A file of that name is a usage error, and no crash."""
    put(tmp_path, ".reconciler")

    with pytest.raises(UsageError, match=r"\.reconciler"):
        prepare_own_folder(tmp_path)


@pytest.mark.parametrize(
    ("before", "after"), [(None, "b\n"), ("", "b\n"), ("a\n", "a\nb\n"), ("a", "a\nb\n")]
)
def test_text_is_added_on_a_line_of_its_own(tmp_path: Path, before: str | None, after: str) -> None:
    """What stands there is kept, its last line ended."""
    path = tmp_path / "notes.yaml"
    if before is not None:
        path.write_text(before, encoding="utf-8")

    append_file(path, "b\n")

    assert path.read_text(encoding="utf-8") == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"a\r\n", b"a\r\nb\r\nc\r\n"),
        (b"a\r\na", b"a\r\na\r\nb\r\nc\r\n"),
        (b"a\nb\r\n", b"a\nb\r\nb\nc\n"),
    ],
)
def test_added_text_has_the_line_ends_of_the_file(tmp_path: Path, before: bytes, after: bytes) -> None:
    """G6: a checkout on Windows has CRLF, and its files are not mixed; the first line decides."""
    path = tmp_path / "notes.yaml"
    path.write_bytes(before)

    append_file(path, "b\nc\n")

    assert path.read_bytes() == after


@pytest.mark.parametrize(
    ("path", "separator", "shown"),
    [
        ("systems\\sub\\a.yaml", "\\", "systems/sub/a.yaml"),
        ("C:\\vendor\\systems\\a.yaml", "\\", "C:/vendor/systems/a.yaml"),
        ("\\\\server\\share\\a.yaml", "\\", "//server/share/a.yaml"),
        ("systems/a\\b.yaml", "/", "systems/a\\b.yaml"),
    ],
)
def test_a_file_is_named_with_forward_slashes(path: str, separator: str, shown: str) -> None:
    """G6: plan files, annotations and git speak of one file by one name on every system."""
    assert _print(path, separator) == shown


def test_nothing_is_added_to_what_is_no_text(tmp_path: Path) -> None:
    """A file that is no UTF-8 is told, and left as it is."""
    path = tmp_path / "notes.yaml"
    path.write_bytes(b"\xff")

    with pytest.raises(UsageError, match="not UTF-8"):
        append_file(path, "b\n")

    assert path.read_bytes() == b"\xff"


@pytest.mark.parametrize("kind", ["device", "pipe", "folder", "loop", "huge"])
def test_only_regular_files_of_some_size_are_read(tmp_path: Path, kind: str) -> None:
    """S2: a saved plan or a list of acceptances that is a device, a pipe or endless is a sentence."""
    path = tmp_path / "plan.json"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "huge":
        with path.open("wb") as stream:
            stream.truncate(MOST_BYTES + 1)
    else:
        path.symlink_to("/dev/zero" if kind == "device" else path)

    with pytest.raises(UsageError, match=r"plan\.json"):
        read_file(path)


def test_a_file_of_the_repository_is_no_link_out_of_it(root: Path, tmp_path: Path) -> None:
    """S2: what a person names may be a link; what a repository brings may not lead out of it."""
    secret = put(tmp_path, "secret.yaml", "secret\n")
    link = root / "systems/.accepted.yaml"
    link.symlink_to(secret)

    assert read_file(link) == b"secret\n"
    with pytest.raises(UsageError, match="leads out of the repository"):
        read_file(link, within=root)


@pytest.mark.parametrize("name", ["", "journal", "local"])
@pytest.mark.parametrize("kind", ["link", "dangling link", "pipe", "file"])
def test_nothing_of_our_own_is_made_through_a_link(root: Path, tmp_path: Path, name: str, kind: str) -> None:
    """S3: whatever a repository puts where the tool keeps its things, nothing outside is made or touched."""
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o755)
    own = root / ".reconciler" / name
    own.parent.mkdir(exist_ok=True)
    if kind == "pipe":
        os.mkfifo(own)
    elif kind == "file":
        own.write_text("")
    else:
        own.symlink_to(outside if kind == "link" else tmp_path / "planted")

    with pytest.raises(UsageError, match=re.escape(str(own))):
        prepare_own_folder(root, name)

    assert list(outside.iterdir()) == []
    assert outside.stat().st_mode & 0o777 == 0o755
    assert not (tmp_path / "planted").exists()


@pytest.mark.parametrize("target", ["planted", "target"])
def test_the_ignore_file_is_not_written_through_a_link(root: Path, tmp_path: Path, target: str) -> None:
    """S3: a dangling link would plant a file anywhere."""
    kept = put(tmp_path, "target", "kept")
    (root / ".reconciler").mkdir()
    (root / ".reconciler/.gitignore").symlink_to(tmp_path / target)

    with pytest.raises(UsageError, match=r"\.gitignore cannot be used: it is a link"):
        prepare_own_folder(root)

    assert not (tmp_path / "planted").exists()
    assert kept.read_text() == "kept"


def test_without_the_kernels_help_links_are_looked_for(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """S3: Windows opens what a link leads to, so the link is looked for before."""
    monkeypatch.setattr(platform, "_NO_FOLLOW", 0)
    monkeypatch.setattr(platform, "_PLAIN", 0)
    target = put(root, "target", "kept")
    link = root / "link"
    link.symlink_to(target)

    assert platform.read_plain(target, 100) == b"kept"
    with pytest.raises(OSError, match="it is a link"):
        platform.open_plain(link, os.O_WRONLY | os.O_CREAT)
