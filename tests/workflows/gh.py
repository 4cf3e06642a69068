"""A stand-in for `gh api`: the part of github.com that the actions ask, kept in one JSON file.

It runs as a program of its own, which is given the file and the words: `python gh.py github.json api …`.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

Json: TypeAlias = Any
"""What was read from JSON, or is to be written."""
PAGE = 2
"""Entries on a page; GitHub's are 30 and 100, and nobody should rely on there being one."""


def answer(state: dict[str, Json], method: str, path: str, body: Json) -> Json:
    """Answer one request, and change the state; raises `LookupError` for what is not there."""
    place, _, query = path.partition("?")
    asked = dict(parse_qsl(query))
    route = re.sub(r"^repos/[^/]+/[^/]+/", "", place)
    for pattern, verb, act in ROUTES:
        match = re.fullmatch(pattern, route)
        if match and verb == method:
            return act(state, match.groups(), body, asked)
    raise LookupError(f"{method} {path}")


def _number(entries: list[dict[str, Json]]) -> int:
    return 1 + len(entries)


def _find(entries: list[dict[str, Json]], name: str, value: str) -> dict[str, Json]:
    return next(entry for entry in entries if str(entry[name]) == value)


def _list_comments(state: Json, words: Json, _body: Json, _asked: Json) -> Json:
    return [each for each in state["comments"] if str(each["number"]) == words[0]]


def _add_comment(state: Json, words: Json, body: Json, _asked: Json) -> Json:
    made = {"id": _number(state["comments"]), "number": int(words[0]), "user": {"type": "Bot"}, **body}
    state["comments"].append(made)
    return made


def _change_comment(state: Json, words: Json, body: Json, _asked: Json) -> Json:
    found = _find(state["comments"], "id", words[0])
    if found["user"]["type"] != "Bot":
        raise LookupError("somebody else's comment")
    found.update(body)
    return found


def _list_issues(state: Json, _words: Json, _body: Json, asked: Json) -> Json:
    return [
        each
        for each in state["issues"]
        if each["state"] == asked["state"] and asked["labels"] in each["labels"]
    ]


def _add_issue(state: Json, _words: Json, body: Json, _asked: Json) -> Json:
    made = {"number": _number(state["issues"]), "state": "open", **body}
    state["issues"].append(made)
    return made


def _change_issue(state: Json, words: Json, body: Json, _asked: Json) -> Json:
    found = _find(state["issues"], "number", words[0])
    found.update(body)
    return found


def _list_artifacts(state: Json, _words: Json, _body: Json, _asked: Json) -> Json:
    return {"total_count": len(state["artifacts"]), "artifacts": state["artifacts"]}


ROUTES: Json = (
    (r"issues/(\d+)/comments", "GET", _list_comments),
    (r"issues/(\d+)/comments", "POST", _add_comment),
    (r"issues/comments/(\d+)", "PATCH", _change_comment),
    (r"issues", "GET", _list_issues),
    (r"issues", "POST", _add_issue),
    (r"issues/(\d+)", "PATCH", _change_issue),
    (r"pulls/(\d+)", "GET", lambda state, words, *_: _find(state["pulls"], "number", words[0])),
    (
        r"commits/(\w+)/pulls",
        "GET",
        lambda state, words, *_: [each for each in state["pulls"] if words[0] in each["commits"]],
    ),
    (r"code-scanning/sarifs", "POST", lambda state, _words, body, _asked: state["sarifs"].append(body)),
    (r"actions/artifacts", "GET", _list_artifacts),
    (r"actions/runs/(\d+)", "GET", lambda state, words, *_: _find(state["runs"], "id", words[0])),
)


def cut_pages(found: Json) -> list[Json]:
    """Cut a list into pages, as it is or in the object that counts it; anything else is one page."""
    name = "artifacts" if isinstance(found, dict) and "artifacts" in found else ""
    entries = found[name] if name else found
    if not isinstance(entries, list):
        return [found]
    pages = [entries[start : start + PAGE] for start in range(0, len(entries), PAGE)] or [[]]
    return [{**found, name: page} for page in pages] if name else pages


def main(file: Path, words: list[str]) -> None:
    """Answer as the program does: pages one behind the other with `--paginate`, else the first."""
    options = {"--method": "GET", "--input": ""}
    for name in options:
        if name in words:
            options[name] = words[words.index(name) + 1]
    path = next(word for word in words[1:] if word.startswith("repos/"))
    body = json.loads(Path(options["--input"]).read_text(encoding="utf-8")) if options["--input"] else None
    state = json.loads(file.read_text(encoding="utf-8"))
    state["asked"].append([options["--method"], path])
    zipped = re.fullmatch(r"repos/[^/]+/[^/]+/actions/artifacts/(\d+)/zip", path)
    if zipped:
        found = _find(state["artifacts"], "id", zipped[1])
        if found["expired"]:
            raise LookupError("410 Gone")
        sys.stdout.buffer.write((file.parent / found["zip"]).read_bytes())
    else:
        pages = cut_pages(answer(state, options["--method"], path, body))
        shown = pages if "--paginate" in words else pages[:1]
        sys.stdout.write("".join(json.dumps(page) for page in shown))
    file.write_text(json.dumps(state), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
