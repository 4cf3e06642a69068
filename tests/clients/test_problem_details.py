"""The register's problem bodies, in every shape they come in, as one sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.clients.problem_details import explain_problem, read_codes, read_trace

if TYPE_CHECKING:
    from reconciler.model.canonical_json import Json

TRACE = "00-6e1f0c7f3c0b4a0e9f5a3c2b1d0e4f55-7a1b2c3d4e5f6071-00"
NEW: dict[str, Json] = {
    "type": "urn:altinn:error:STD-00000",
    "title": "One or more validation errors occurred.",
    "status": 400,
    "code": "STD-00000",
    "traceId": TRACE,
    "statusDescription": "Bad Request",
    "validationErrors": [
        {
            "code": "AUTH.VLD-00013",
            "title": "System ID cannot have spaces",
            "paths": ["/registersystemrequest/systemid"],
        },
        {
            "code": "AUTH.VLD-00003",
            "title": "One or more resources were not found.",
            "paths": ["/registersystemrequest/rights/resource"],
            "ResourceIds Not Found : ": "no-such-a | no-such-b",
        },
    ],
}
OLD: dict[str, Json] = {
    "type": "https://tools.ietf.org/html/rfc9110#section-15.5.1",
    "title": "Bad Request",
    "status": 400,
    "detail": "One or more validation errors occurred.",
    "code": "STD-00000",
    "validationErrors": [
        {
            "code": "AUTH.VLD-00003",
            "detail": "One or more resources were not found.",
            "paths": [],
            "ResourceIds Not Found : ": "no-such-a",
        }
    ],
}
MODEL: dict[str, Json] = {
    "type": "https://tools.ietf.org/html/rfc9110#section-15.5.1",
    "title": "One or more validation errors occurred.",
    "status": 400,
    "errors": {
        "$.isVisible": ["The JSON value could not be converted to System.Boolean. Path: $.isVisible"],
        "registerNewSystem": ["The registerNewSystem field is required."],
        "": ["A non-empty request body is required."],
        "return": "System not found",
    },
    "traceId": TRACE,
}
STANDARD: dict[str, Json] = {
    "code": "STD-00000",
    "validationErrors": [{"code": "STD.VLD-00000", "title": "The field is required.", "paths": ["/id"]}],
}
PLAIN: dict[str, Json] = {
    "type": "urn:altinn:error:AUTH-00063",
    "title": "One or more packages were not found.",
    "status": 400,
    "code": "AUTH-00063",
    "NotFoundPackages": "urn:a, urn:b",
    "statusDescription": "Bad Request",
}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (
            NEW,
            (
                "AUTH.VLD-00013 System ID cannot have spaces; AUTH.VLD-00003 One or more resources were not found"
                " – ResourceIds Not Found: no-such-a | no-such-b"
            ),
        ),
        (
            OLD,
            "AUTH.VLD-00003 One or more resources were not found – ResourceIds Not Found: no-such-a",
        ),
        (
            MODEL,
            (
                "$.isVisible: The JSON value could not be converted to System.Boolean. Path: $.isVisible; "
                "registerNewSystem: The registerNewSystem field is required; A non-empty request body is required; "
                "return: System not found"
            ),
        ),
        (STANDARD, "STD.VLD-00000 The field is required"),
        (PLAIN, "AUTH-00063 One or more packages were not found – NotFoundPackages: urn:a, urn:b"),
        ({"title": "Bad Request", "status": 400, "traceId": TRACE}, "Bad Request"),
        ({"title": "Not Found", "detail": "It is gone.", "status": 404}, "It is gone"),
        ("The system is deleted.\nand more", "The system is deleted"),
        ({"code": ["odd"], "title": "T"}, "['odd'] T"),
        ("x" * 1000, "x" * 300),
    ],
    ids=["new", "old", "model", "standard", "plain", "bare", "detail", "text", "odd", "long"],
)
def test_every_shape_is_one_sentence(body: Json, told: str) -> None:
    """Codes, texts and every unknown member are told, whatever the shape."""
    assert explain_problem(body, 400) == f"The register answered 400: {told}."


@pytest.mark.parametrize(
    "body",
    [
        None,
        "",
        " \n ",
        {"code": None},
        {"validationErrors": 5},
        "<html><h1>502</h1></html>",
        "\ufeff\n<!DOCTYPE html>",
        [],
        5,
        True,
        {},
    ],
)
def test_a_body_that_says_nothing_is_told_by_its_status(body: Json) -> None:
    """A gateway's page, or nothing at all, leaves the status."""
    assert explain_problem(body, 502) == "The register answered 502."


def test_codes_and_the_trace_are_read() -> None:
    """The codes come in the register's order; support asks for the trace."""
    assert read_codes(NEW) == ("AUTH.VLD-00013", "AUTH.VLD-00003")
    assert read_codes(STANDARD) == ("STD.VLD-00000",)
    assert (read_codes(MODEL), read_codes("text"), read_codes({"validationErrors": [{}, 5]})) == ((), (), ())
    assert (read_trace(MODEL), read_trace("text"), read_trace({"traceId": None})) == (TRACE, "", "")


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.sampled_from(["errors", "validationErrors", "title", "detail", "code", "traceId"]) | st.text(),
            inner,
        )
    ),
)


@given(_JSON)
def test_no_body_makes_it_fail(body: Json) -> None:
    """Whatever JSON an answer holds, it is told."""
    assert explain_problem(body, 500).startswith("The register answered 500")
    assert isinstance(read_codes(body), tuple)
    assert isinstance(read_trace(body), str)


@pytest.mark.parametrize("value", ["..", "a | ..", "x.", " a", ""])
def test_a_value_at_fault_is_shown_whole(value: str) -> None:
    """R20: a right named `..` was cut off in "not found: .."."""
    error = {"code": "AUTH.VLD-00003", "title": "It was not found.", "ResourceIds Not Found : ": value}

    told = explain_problem({"validationErrors": [error]}, 400)

    assert told == (
        f"The register answered 400: AUTH.VLD-00003 It was not found – ResourceIds Not Found: `{value}`."
    )
