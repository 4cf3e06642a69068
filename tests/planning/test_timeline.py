"""A change log as a timeline: what each write changed, and which revision asked for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.revision import Revision
from reconciler.planning.change_log import LogEntry, State
from reconciler.planning.timeline import make_timeline
from reconciler.render.json import render_history as render_json
from reconciler.render.lines import print_lines
from reconciler.render.text.history import render_history
from tests.builders import CLIENT, VENDOR, a_system

if TYPE_CHECKING:
    from reconciler.model.system import System


def an_entry(kind: str, hour: int) -> LogEntry:
    """Make a log entry."""
    return LogEntry(kind, VENDOR, CLIENT, f"2026-11-20T{hour:02}:00:00Z")


def a_revision(number: int) -> Revision:
    """Make a commit that touched the definition."""
    return Revision(f"{number}" * 40, f"2026-11-{number:02}T08:00:00Z", "Kari", f"Change {number}", b"")


def list_paths(*states: tuple[str, System | None]) -> list[tuple[str, list[str]]]:
    """Make a timeline of states, oldest first; give each entry's kind and the paths that it changed."""
    made = [State(an_entry(kind, hour), system) for hour, (kind, system) in enumerate(states)]
    return [
        (each.entry.kind, [field.path for field in each.fields]) for each in make_timeline(made[::-1], [])
    ]


def test_a_timeline_begins_with_everything_and_goes_on_with_what_changed() -> None:
    """Oldest first, although the log is newest first; a creation is a difference from nothing."""
    created, hidden, deleted = a_system(), a_system(isVisible=False), a_system(isVisible=False)

    (first, paths), *rest = list_paths(
        ("create", created), ("update", hidden), ("delete", deleted.model_copy(update={"isDeleted": True}))
    )

    assert first == "create"
    assert {path.partition(".")[0].partition("[")[0] for path in paths} == {
        "name",
        "description",
        "rights",
        "accessPackages",
        "clientId",
        "allowedRedirectUrls",
        "isVisible",
    }
    assert rest == [("update", ["isVisible"]), ("delete", [])]


def test_what_came_is_after_and_what_stood_there_is_before() -> None:
    """In time, and not by which side asks for it."""
    states = [
        State(an_entry("update", 1), a_system(isVisible=False)),
        State(an_entry("create", 0), a_system()),
    ]

    (field,) = make_timeline(states, [])[1].fields

    assert (field.before, field.after) == (True, False)


def test_a_write_that_changed_nothing_is_an_entry() -> None:
    """Somebody saved the same again."""
    assert list_paths(("create", a_system()), ("update", a_system()))[1] == ("update", [])


def test_a_state_that_the_log_does_not_know_has_no_fields() -> None:
    """A log that starts late does not say what its first writes changed, and what follows is a beginning."""
    (first, second) = list_paths(("rightsupdate", None), ("update", a_system()))

    assert first == ("rightsupdate", [])
    assert "isVisible" in second[1]


def test_the_newest_revision_that_a_state_equals_is_named() -> None:
    """Revisions come newest first; a state that no revision equals has none."""
    states = [
        State(an_entry("update", 2), a_system(isVisible=False)),
        State(an_entry("update", 1), a_system(clientId=[])),
        State(an_entry("create", 0), a_system()),
    ]
    revisions = [
        (a_revision(3), a_system(isVisible=False)),
        (a_revision(2), a_system()),
        (a_revision(1), a_system()),
    ]

    entries = make_timeline(states, revisions)

    assert [each.revision for each in entries] == [revisions[1][0], None, revisions[0][0]]


def test_an_empty_log_is_an_empty_timeline() -> None:
    """R6: which is said, and is no error."""
    assert make_timeline([], [(a_revision(1), a_system())]) == ()
    text = print_lines(render_history("a", ()))
    assert text.splitlines()[0] == "History of a: 0 writes"
    assert "The change log is empty" in text
    assert '"chapters": []' in render_json("a", ())


def test_a_file_that_is_not_committed_is_named_beside_the_revisions() -> None:
    """A state can equal both: somebody edited the file back to what an older commit has."""
    old, new = a_system(), a_system(isVisible=False)
    states = [State(an_entry("update", 1), new), State(an_entry("create", 0), old)]
    revision = a_revision(1)

    draft = make_timeline(states, [(revision, old)], {"systems/a.yaml": new})
    both = make_timeline(states, [(revision, old)], {"systems/a.yaml": old})

    assert [(each.revision, each.uncommitted) for each in draft] == [(revision, ""), (None, "systems/a.yaml")]
    assert [(each.revision, each.uncommitted) for each in both] == [(revision, "systems/a.yaml"), (None, "")]
    last = print_lines(render_history("a", draft)).splitlines()[-1]
    assert last == "    equals systems/a.yaml as it is here, not committed"
    assert '"uncommitted": "systems/a.yaml"' in render_json("a", draft)
