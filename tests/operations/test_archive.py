"""What the definitions asked for at other revisions, as one environment sees them."""

from __future__ import annotations

from dataclasses import replace
from typing import IO, TYPE_CHECKING

import pytest

from reconciler.definitions.git import GitFailed, list_blobs, read_blobs, start_git
from reconciler.definitions.yaml_document import Document
from reconciler.errors import UsageError
from reconciler.model.normalise import normalise
from reconciler.operations.archive import Archive, trace_to_definitions, trace_to_history
from reconciler.planning.origin import Origin
from reconciler.planning.plan import Target, plan_changes
from tests.builders import ENVIRONMENTS, VENDOR, a_definition_text, a_registered_system, a_resolved
from tests.definitions.test_git import commit
from tests.git import git

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from reconciler.model.system import System

ID = "991825827_smartcloud"
FILE = f"systems/{ID}.yaml"


def names(text: str) -> dict[str, str]:
    """Give one name in all languages."""
    return {"nb": text, "nn": text, "en": text}


def text(name: str, **changes: object) -> str:
    """Make a definition with a name, which exists locally and in production."""
    return a_definition_text(name=names(name), **changes)


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """Make a repository whose one definition was committed as one, broken, another's, and two."""
    git(tmp_path, "init", "-q", "-b", "main", "--template=")
    commit(tmp_path, "One", **{ID: text("one")})
    commit(tmp_path, "Broken", **{ID: "id: ["})
    commit(tmp_path, "Another", **{ID: text("other", id="991825827_other")})
    commit(
        tmp_path,
        "Two",
        **{ID: text("two") + "environments: {local: {}, prod: {name: {nb: p, nn: p, en: p}}}\n"},
    )
    return Archive(tmp_path, "local", ENVIRONMENTS)


def test_a_history_is_of_one_system_in_one_environment(archive: Archive) -> None:
    """What was broken, or another system, is left out; an overlay counts where it holds; contents are not kept."""
    found = archive.read_history(FILE, ID)

    assert [(revision.subject, each.name["nb"]) for revision, each in found] == [
        ("Two", "two"),
        ("One", "one"),
    ]
    assert {revision.content for revision, _ in found} == {None}
    assert archive.read_states(FILE, ID) == tuple(each for _, each in found)
    in_prod = Archive(archive.root, "prod", ENVIRONMENTS).read_history(FILE, ID)
    assert [each.name["nb"] for _, each in in_prod] == ["p"]
    assert archive.find_gap() == ""


def test_many_histories_are_searched_in_one_pass(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many files there are, git is started four times; each shows the newest of what it has by itself."""
    files = {f"systems/{VENDOR}_{number}.yaml": f"{VENDOR}_{number}" for number in range(20)}
    for word in ("one", "two", "three"):
        commit(archive.root, word, **{each: text(word, id=each) for each in files.values()})
    started: list[str] = []

    def start(root: Path, *words: str) -> AbstractContextManager[tuple[IO[bytes], IO[bytes]]]:
        started.append(words[0])
        return start_git(root, *words)

    for module in ("git", "git_log"):
        monkeypatch.setattr(f"reconciler.definitions.{module}.start_git", start)
    seen: dict[str, list[str]] = {each: [] for each in files.values()}

    def is_enough(system: System) -> bool:
        seen[system.id].append(system.name["nb"])
        return system.name["nb"] == "two"

    assert archive.search(files, is_enough) == frozenset()
    assert set(map(tuple, seen.values())) == {("three", "two")}
    assert sorted(started) == ["cat-file", "cat-file", "log", "rev-parse"]

    # They were added by a commit that has a parent, and can come from another file there.
    assert archive.search(files, lambda each: each.name["nb"] == "none") == frozenset(files)


def test_a_search_passes_over_what_the_definition_says_now(archive: Archive) -> None:
    """It states nothing that differs; what is broken, another system or of no history is not shown either."""
    seen: list[str] = []

    def note(system: System) -> bool:
        seen.append(system.name["nb"])
        return False

    now = read_blobs(archive.root, [each.object for each in list_blobs(archive.root, "HEAD", FILE)])
    current = replace(archive, texts={FILE: (next(now) or b"").decode()})

    assert current.search({FILE: ID}, note) == frozenset()
    assert seen == ["one"]
    assert archive.search({FILE: ID, "systems/none.yaml": "none"}, note) == frozenset()
    assert seen == ["one", "two", "one"]


def test_a_history_that_git_does_not_read_is_left_to_each_file(
    archive: Archive, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a repository there is nothing more; where git fails there may be."""
    alone = Archive(tmp_path_factory.mktemp("alone"), "local", ENVIRONMENTS)
    assert alone.search({FILE: ID}, lambda _: True) == frozenset()

    def fail(*_: object) -> None:
        raise GitFailed("No.")

    monkeypatch.setattr("reconciler.operations.archive.walk_log", fail)
    assert archive.search({FILE: ID}, lambda _: True) == {FILE}


def test_what_is_as_it_was_is_read_from_the_working_tree(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Git's name of an object is a hash of its content: only what differs is read, and nothing else comes of it."""
    others = {f"{VENDOR}_{word}": text(word, id=f"{VENDOR}_{word}") for word in ("same", "changed")}
    commit(archive.root, "More", **others)
    found = archive.read_files("HEAD")
    asked: list[int] = []

    def count_objects(root: Path, objects: Sequence[bytes]) -> Generator[bytes | None, None, None]:
        asked.append(len(objects))
        return read_blobs(root, objects)

    monkeypatch.setattr("reconciler.operations.archive.read_blobs", count_objects)
    edited = archive._read_definition(f"systems/{VENDOR}_changed.yaml", text("edited").encode())
    here = [each for file, each in found.definitions.items() if not file.endswith("changed.yaml")]
    again = archive.read_files("HEAD", [*here, *([edited] if edited else [])])

    assert asked == [1]
    assert list(again.definitions) == list(found.definitions)
    assert again.resolve("local").systems == found.resolve("local").systems


def test_a_removed_definition_has_a_past(archive: Archive) -> None:
    """Its last revisions are still there to be read."""
    commit(archive.root, "Remove", **{ID: None})

    assert [each.name["nb"] for each in archive.read_states(FILE, ID)] == ["two", "one"]


def test_a_field_has_its_origin_in_the_history(archive: Archive) -> None:
    """What the register holds of an earlier revision is not applied yet; what no revision asked for is drift."""
    wanted = a_resolved(name=names("two"))
    for held, origin in (("one", Origin.NOT_APPLIED), ("strange", Origin.OVERWRITES_DRIFT)):
        live = a_registered_system(name=names(held))
        made = plan_changes(Target("local", "local", VENDOR), [wanted], {ID: live}, [])

        traced = trace_to_history(made, [wanted], archive)

        assert {field.origin for change in traced.changes for field in change.fields} == {origin}


def test_a_field_has_its_origin_against_a_base(archive: Archive) -> None:
    """What the base did not ask for is this change; a definition that is gone names its former file."""
    commit(archive.root, "Gone", gone=text("gone", id="991825827_gone", clientId=[]))
    git(archive.root, "checkout", "-qb", "pull-request")
    wanted = a_resolved(name=names("three"))
    live = a_registered_system(name=names("two"))
    gone = a_registered_system(id="991825827_gone", clientId=[])
    made = plan_changes(Target("local", "local", VENDOR), [wanted], {ID: live}, [gone])

    traced = trace_to_definitions(made, [wanted], archive, archive.read_base("main"))

    assert {field.origin for change in traced.changes for field in change.fields} == {Origin.THIS_CHANGE}
    assert [each.former for each in traced.unmanaged] == ["systems/gone.yaml"]
    with pytest.raises(UsageError, match="There is no revision nothing"):
        archive.read_base("nothing")


def test_a_file_that_is_as_it_was_is_not_parsed_again(archive: Archive) -> None:
    """The definition of the working tree stands for it, where file name and text are the same."""
    (before,) = archive.read_files("HEAD").definitions.values()
    renamed = replace(before, document=Document("systems/other.yaml", before.document.text))
    edited = replace(before, document=Document(FILE, f"{before.document.text}# Edited\n"))

    assert archive.read_files("HEAD", [before]).definitions[FILE] is before
    for each in (renamed, edited):
        found = archive.read_files("HEAD", [each]).definitions
        assert found == {FILE: before}
        assert found[FILE] is not before


def test_a_history_that_git_does_not_read_is_unknown_and_said(archive: Archive) -> None:
    """G3: it is never taken for drift, nor for a history without commits."""
    (archive.root / ".git/HEAD").write_text("garbage")
    wanted = a_resolved(name=names("two"))
    live = a_registered_system(name=names("one"))
    made = plan_changes(Target("local", "local", VENDOR), [wanted], {ID: live}, [])

    traced = trace_to_history(made, [wanted], archive)

    assert {field.origin for change in traced.changes for field in change.fields} == {Origin.UNKNOWN}
    assert "not a git repository" in archive.find_gap()
    with pytest.raises(GitFailed):
        archive.read_history(FILE, ID)


def test_a_content_that_is_no_system_is_none(archive: Archive) -> None:
    """Whatever a revision holds, it is read or left out, and nothing is raised."""
    for content in (b"", b"\xff", b"[]", b"id: x\n", b"a: " + b"[" * 200):
        assert archive.read(FILE, content) is None
    assert archive.read(FILE, a_definition_text().encode()) == normalise(a_registered_system().read())
