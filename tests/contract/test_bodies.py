"""§0: the bodies, and those that are published or recorded, member for member."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler.emulator import start
from tests.contract.target import VENDOR, Target, visit

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

SAMPLES = Path(__file__).parent / "samples"
TRACE = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


def read_sample(name: str) -> dict[str, object]:
    """Read a published or recorded body."""
    sample: dict[str, object] = json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    return sample


def drop_trace(answer: httpx.Response) -> dict[str, object]:
    """Give a problem without its trace id, which has the W3C form."""
    body: dict[str, object] = answer.json()
    assert TRACE.fullmatch(str(body.pop("traceId")))
    return body


@pytest.fixture
def before() -> Iterator[Target]:
    """Run an emulator that prints problems as they were before July 2026."""
    with start({"problem_shape": "before"}) as emulator, visit(emulator.base) as target:
        yield target


def test_b_pd_404(target: Target) -> None:
    """§0.1 B-PD: 404."""
    answer = target.get("nobody")
    assert answer.headers["content-type"] == "application/problem+json; charset=utf-8"
    assert drop_trace(answer) == {
        "type": "https://tools.ietf.org/html/rfc9110#section-15.5.5",
        "title": "Not Found",
        "status": 404,
    }


def test_b_pd_415(target: Target) -> None:
    """§0.1 B-PD: 415."""
    answer = target.call("POST", VENDOR, content=b"x", headers={"Content-Type": "text/plain"})
    assert drop_trace(answer) == {
        "type": "https://tools.ietf.org/html/rfc9110#section-15.5.16",
        "title": "Unsupported Media Type",
        "status": 415,
    }


def test_b_500(target: Target) -> None:
    """§0.1 B-500: an unhandled exception."""
    answer = target.put("nobody", [], "rights")
    assert answer.headers["content-type"] == "application/problem+json; charset=utf-8"
    assert drop_trace(answer) == {
        "type": "https://tools.ietf.org/html/rfc9110#section-15.6.1",
        "title": "An error occurred while processing your request.",
        "status": 500,
    }


def test_b_model(target: Target) -> None:
    """§0.3 B-MODEL: shape and order of the members."""
    answer = target.delete("nobody")
    assert list(answer.json()) == ["type", "title", "status", "errors", "traceId"]
    assert drop_trace(answer) == {
        "type": "https://tools.ietf.org/html/rfc9110#section-15.5.1",
        "title": "One or more validation errors occurred.",
        "status": 400,
        "errors": {"return": ["System not found"]},
    }


def test_b_vld(target: Target) -> None:
    """§0.2 B-VLD: shape and order of the members, inline extensions included."""
    rights = [{"resource": [{"id": "urn:altinn:resource", "value": "no-such-a"}]}]
    answer = target.post(target.document(f"{target.org}_a b", rights=rights))
    names = "type title status code traceId statusDescription validationErrors"
    assert list(answer.json()) == names.split()
    assert list(answer.json()["validationErrors"][1]) == [
        "code",
        "title",
        "paths",
        "ResourceIds Not Found : ",
    ]
    body = drop_trace(answer)
    del body["validationErrors"]
    assert body == {
        "type": "urn:altinn:error:STD-00000",
        "title": "One or more validation errors occurred.",
        "status": 400,
        "code": "STD-00000",
        "statusDescription": "Bad Request",
    }


def test_b_prob(target: Target) -> None:
    """§0.2 B-PROB: a plain problem."""
    answer = target.call("GET", "/authentication/api/v1/systemuser/vendor/bysystem/nobody")
    assert answer.headers["content-type"] == "application/problem+json"
    assert drop_trace(answer) == {
        "type": "urn:altinn:error:AUTH-00011",
        "title": "The Id does not refer to a Registered System.",
        "status": 404,
        "code": "AUTH-00011",
        "statusDescription": "Not Found",
    }


def test_b_prob_before(before: Target) -> None:
    """§0.2: the same problem as it was before July 2026."""
    path = "/authentication/api/v1/systemuser/vendor/bysystem/nobody"
    assert before.call("GET", path).json() == {
        "type": "https://tools.ietf.org/html/rfc9110#section-15.5.5",
        "title": "Not Found",
        "status": 404,
        "detail": "The Id does not refer to a Registered System.",
        "code": "AUTH-00011",
    }


def test_success_is_compact(creator: Target) -> None:
    """§0.1: success is compact JSON in UTF-8, without nulls."""
    document = creator.create(name={"en": "x", "nb": "æ < ' 😀", "nn": "x"}, rights=[])
    answer = creator.get(str(document["id"]))
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert '"nb":"æ < \' \\uD83D\\uDE00"' in answer.text
    assert ": " not in answer.text
    assert "null" not in answer.text


def test_efm_vendor_response() -> None:
    """The recorded answer of an integration platform comes out of the POST that makes it."""
    sample = read_sample("efm_vendor_response")
    with start() as emulator, visit(emulator.base, "991825827") as target:
        target.post(sample).raise_for_status()
        assert target.get(str(sample["id"])).json() == sample


def test_docs_get_response_deleted() -> None:
    """The documented answer for a deleted system comes out of POST and DELETE."""
    sample = read_sample("docs_get_response_deleted_nb")
    with start() as emulator, visit(emulator.base, "312605031") as target:
        target.post({**sample, "allowedRedirectUrls": ["https://altinn.no"]}).raise_for_status()
        assert target.delete(str(sample["id"])).status_code == 200
        assert target.get(str(sample["id"])).json() == sample


def test_docs_get_response_deleted_as_a_seed() -> None:
    """The same answer comes out of a seed."""
    sample = read_sample("docs_get_response_deleted_nb")
    with start(seed=[sample]) as emulator, visit(emulator.base, "312605031") as target:
        assert target.get(str(sample["id"])).json() == sample


def test_talli_get_after_put() -> None:
    """The recorded answer after a PUT comes out of POST and PUT."""
    sample = read_sample("talli_get_after_put")
    with start() as emulator, visit(emulator.base, "930835978") as target:
        target.post({**sample, "isVisible": False, "rights": []}).raise_for_status()
        target.put(str(sample["id"]), sample).raise_for_status()
        assert target.get(str(sample["id"])).json() == sample


def test_efm_problemdetails_v4(before: Target) -> None:
    """The recorded problem from before July 2026 comes out under that switch."""
    before.post(before.document("991825827_a", clientId=["taken"])).raise_for_status()
    answer = before.post(before.document("991825827_b", clientId=["taken"]))
    assert answer.json() == read_sample("efm_problemdetails_v4")
    extended = {"resource": [{"id": "x", "value": "y"}]}
    answer = before.post(before.document("991825827_c", rights=[extended]))
    (problem,) = answer.json()["validationErrors"]
    assert problem["Invalid Resource Id Details : "] == "y"
    assert "title" not in problem


def test_efm_bysystem_response() -> None:
    """The recorded list of system users comes out when they are given."""
    sample = read_sample("efm_bysystem_response")
    path = SAMPLES / "efm_bysystem_response.json"
    with (
        start({"system_users_file": str(path)}, seed=[read_sample("efm_vendor_response")]) as emulator,
        visit(emulator.base, "991825827") as target,
    ):
        address = "/authentication/api/v1/systemuser/vendor/bysystem/991825827_integrasjonspunkt"
        assert target.call("GET", address).json() == sample
