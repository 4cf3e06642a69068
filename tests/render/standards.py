"""What SARIF 2.1.0, the Jenkins JUnit schema and GitLab's Code Quality ask of a document.

Written down from the standards, member by member, for the members that we write: no package ships the two
schemas. Anything else than what is listed here is an error, so a new member has to be looked up.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from reconciler.model.canonical_json import Json

    Check = Callable[[Json], bool]
    Shape = Mapping[str, tuple[bool, object]]


def _is_text(value: Json) -> bool:
    return isinstance(value, str) and value != ""


def _is_from_one(value: Json) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _is_index(value: Json) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= -1


def _is_relative(value: Json) -> bool:
    """Say whether a value is a relative URI reference (RFC 3986) without a way up or out."""
    allowed = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=@/:-]|%[0-9A-Fa-f]{2})+")
    if not isinstance(value, str) or not allowed.fullmatch(value):
        return False
    return not urlsplit(value).scheme and not value.startswith("/")


def _one_of(*values: str) -> Check:
    return lambda value: value in values


_REQUIRED, _OPTIONAL = True, False
_LEVEL = _one_of("none", "note", "warning", "error")
_MESSAGE: Shape = {"text": (_REQUIRED, _is_text)}
_RULE: Shape = {  # SARIF §3.49 reportingDescriptor
    "id": (_REQUIRED, _is_text),
    "shortDescription": (_REQUIRED, _MESSAGE),
    "fullDescription": (_REQUIRED, _MESSAGE),
    "help": (_REQUIRED, _MESSAGE),
    "defaultConfiguration": (_OPTIONAL, {"level": (_OPTIONAL, _LEVEL)}),
}
_DRIVER: Shape = {  # SARIF §3.19 toolComponent
    "name": (_REQUIRED, _is_text),
    "version": (_REQUIRED, _is_text),
    "rules": (_REQUIRED, [_RULE]),
}
_PLACE: Shape = {  # SARIF §3.28 location
    "physicalLocation": (
        _REQUIRED,
        {
            "artifactLocation": (_REQUIRED, {"uri": (_REQUIRED, _is_relative)}),
            "region": (
                _REQUIRED,
                {"startLine": (_REQUIRED, _is_from_one), "startColumn": (_OPTIONAL, _is_from_one)},
            ),
        },
    ),
    "logicalLocations": (
        _OPTIONAL,
        [{"fullyQualifiedName": (_REQUIRED, _is_text), "kind": (_OPTIONAL, _is_text)}],
    ),
}
_RESULT: Shape = {  # SARIF §3.27 result, and what GitHub asks for beyond it
    "ruleId": (_REQUIRED, _is_text),
    "ruleIndex": (_OPTIONAL, _is_index),
    "level": (_OPTIONAL, _LEVEL),
    "message": (_REQUIRED, _MESSAGE),
    "locations": (_REQUIRED, [_PLACE]),
    "partialFingerprints": (_REQUIRED, {"primaryLocationLineHash": (_REQUIRED, _is_text)}),
}
_RUN: Shape = {  # SARIF §3.14
    "tool": (_REQUIRED, {"driver": (_REQUIRED, _DRIVER)}),
    "automationDetails": (_OPTIONAL, {"id": (_REQUIRED, _is_text)}),
    "columnKind": (_OPTIONAL, _one_of("utf16CodeUnits", "unicodeCodePoints")),
    "results": (_REQUIRED, [_RESULT]),
}
_SARIF: Shape = {  # SARIF §3.13 sarifLog
    "$schema": (_OPTIONAL, _is_text),
    "version": (_REQUIRED, _one_of("2.1.0")),
    "runs": (_REQUIRED, [_RUN]),
}
_CODE_QUALITY: Shape = {  # GitLab, "Code Quality report format"
    "description": (_REQUIRED, _is_text),
    "check_name": (_REQUIRED, _is_text),
    "fingerprint": (_REQUIRED, _is_text),
    "severity": (_REQUIRED, _one_of("info", "minor", "major", "critical", "blocker")),
    "location": (
        _REQUIRED,
        {
            "path": (_REQUIRED, lambda value: _is_text(value) and not value.startswith(("./", "/"))),
            "lines": (_REQUIRED, {"begin": (_REQUIRED, _is_from_one)}),
        },
    ),
}


def _check(value: Json, shape: object, path: str) -> Iterator[str]:
    """Say what of a value is not as its shape: a mapping of members, a list of one shape, or a check."""
    if callable(shape):
        if not shape(value):
            yield f"{path} is {value!r}"
    elif isinstance(shape, list):
        if not isinstance(value, list):
            yield f"{path} is no list"
        else:
            for index, each in enumerate(value):
                yield from _check(each, shape[0], f"{path}[{index}]")
    elif not isinstance(value, dict):
        yield f"{path} is no object"
    else:
        assert isinstance(shape, dict)
        yield from (f"{path}.{name} is unknown" for name in value if name not in shape)
        for name, (required, inner) in shape.items():
            if name in value:
                yield from _check(value[name], inner, f"{path}.{name}")
            elif required:
                yield f"{path}.{name} is missing"


def check_sarif(log: Json) -> Iterator[str]:
    """Say what is wrong with a SARIF log."""
    yield from _check(log, _SARIF, "$")
    for run in log["runs"]:
        rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
        prints = [each["partialFingerprints"]["primaryLocationLineHash"] for each in run["results"]]
        if len(set(rules)) != len(rules) or len(set(prints)) != len(prints):
            yield "a rule or a fingerprint stands twice"
        for each in run["results"]:
            if rules[each["ruleIndex"]] != each["ruleId"]:
                yield f"{each['ruleId']} is at another index"


def check_code_quality(issues: Json) -> Iterator[str]:
    """Say what is wrong with a Code Quality report."""
    yield from _check(issues, [_CODE_QUALITY], "$")
    prints = [each["fingerprint"] for each in issues]
    if len(set(prints)) != len(prints):
        yield "a fingerprint stands twice"


_CHILDREN: Mapping[str, set[str]] = {
    "testsuites": {"testsuite"},
    "testsuite": {"testsuite", "properties", "testcase", "system-out", "system-err"},
    "testcase": {"skipped", "error", "failure", "system-out", "system-err"},
    "failure": set(),
    "system-out": set(),
}
_ATTRIBUTES: Mapping[str, tuple[set[str], set[str]]] = {
    "testsuites": (set(), {"name", "time", "tests", "failures", "errors"}),
    "testsuite": (
        {"name", "tests", "failures", "errors"},
        {"group", "time", "skipped", "timestamp", "hostname", "id", "package", "file", "log", "url"},
    ),
    "testcase": ({"name"}, {"time", "classname", "group"}),
    "failure": (set(), {"type", "message"}),
    "system-out": (set(), set()),
}
"""Of each element of Jenkins' junit-10.xsd that we write: the required attributes, and the optional ones."""
_MIXED = {"failure", "system-out"}


def check_junit(text: str) -> Iterator[str]:
    """Say what is wrong with a JUnit report."""
    root = ET.fromstring(text)  # noqa: S314 - our own output, which is what is under test
    if root.tag != "testsuites":
        yield f"the root is {root.tag}"
    for element in root.iter():
        required, optional = _ATTRIBUTES[element.tag]
        if not required <= set(element.attrib) <= required | optional:
            yield f"{element.tag} has {sorted(element.attrib)}"
        yield from (
            f"{each.tag} in {element.tag}" for each in element if each.tag not in _CHILDREN[element.tag]
        )
        stray = [element.tail, None if element.tag in _MIXED else element.text]
        yield from (f"text in or after {element.tag}" for text in stray if (text or "").strip())
    for suite in root.iter("testsuite"):
        cases = list(suite.iter("testcase"))
        names = {(case.get("classname"), case.get("name")) for case in cases}
        failed = sum(case.find("failure") is not None for case in cases)
        if len(names) != len(cases):
            yield "a name stands twice"
        if (suite.get("tests"), suite.get("failures"), suite.get("errors")) != (
            str(len(cases)),
            str(failed),
            "0",
        ):
            yield f"{len(cases)} cases and {failed} failures are counted as {suite.attrib}"
