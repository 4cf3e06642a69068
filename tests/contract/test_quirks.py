"""§4: the quirks that a careful client must survive, Q1 to Q27."""

from __future__ import annotations

import threading
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.contract.target import (
    ADMIN,
    NAMES,
    OTHER_ORG,
    PORTAL,
    PREFIX,
    RIGHT,
    VENDOR,
    is_server_error,
    list_codes,
    one,
)

if TYPE_CHECKING:
    from tests.contract.target import Target


def test_q1_delete_without_client_ids(creator: Target) -> None:
    """Q1: DELETE of a system without client ids commits and answers 400 B-PD."""
    document = creator.create(clientId=[])
    answer = creator.delete(str(document["id"]))
    assert (answer.status_code, set(answer.json())) == (400, {"type", "title", "status", "traceId"})
    assert creator.get(str(document["id"])).json()["isDeleted"] is True


def test_q2_delete_twice(creator: Target) -> None:
    """Q2: the second DELETE is 400 B-PD and writes another line in the change log."""
    document = creator.create()
    assert [creator.delete(str(document["id"])).status_code for _ in range(2)] == [200, 400]
    log = creator.get(str(document["id"]), "changelog").json()
    assert [entry["changeType"] for entry in log] == ["delete", "delete", "create"]


def test_q3_burnt_ids(creator: Target) -> None:
    """Q3: neither POST nor PUT brings a deleted system back."""
    document = creator.create()
    creator.delete(str(document["id"]))
    assert list_codes(creator.post(document)) == ["00002"]
    assert creator.put(str(document["id"]), document).text == "Cannot update a system marked as deleted."


def test_q4_absent_from_the_list(creator: Target) -> None:
    """Q4: a deleted system is absent from the list and answered by its id."""
    document = creator.create()
    creator.delete(str(document["id"]))
    assert document["id"] not in {one["systemId"] for one in creator.call("GET", VENDOR).json()}
    assert creator.get(str(document["id"])).status_code == 200


def test_q5_the_list_lacks_members(creator: Target) -> None:
    """Q5: the list has neither client ids nor redirect URLs."""
    creator.create()
    for listed in creator.call("GET", VENDOR).json():
        assert {"clientId", "allowedRedirectUrls", "isDeleted"}.isdisjoint(listed)


def test_q6_silent_defaults(creator: Target) -> None:
    """Q6: a misspelt list is emptied without an error."""
    document = creator.create()
    body = {**document, "clientIds": document["clientId"]}
    del body["clientId"]
    assert creator.put(str(document["id"]), body).status_code == 200
    assert creator.get(str(document["id"])).json()["clientId"] == []


def test_q7_nulls(creator: Target) -> None:
    """Q7: null is 500 for rights, fine for packages on POST, 500 for packages on PUT and for the vendor."""
    document = creator.create()
    path = str(document["id"])
    assert creator.post({**creator.document(creator.make_id()), "rights": None}).status_code == 500
    assert creator.post({**creator.document(creator.make_id()), "accessPackages": None}).status_code == 200
    for member in ("rights", "accessPackages", "vendor"):
        assert is_server_error(creator.put(path, {**document, member: None}))


def test_q8_missing_language(creator: Target) -> None:
    """Q8: a missing language is 500, not 400."""
    document = creator.document(creator.make_id(), description={"nb": "x", "en": "x"})
    assert creator.post(document).status_code == 500


def test_q9_409_is_no_proof(creator: Target) -> None:
    """Q9: 409 says that the system exists, and it does not."""
    mark = str(uuid.uuid4())
    document = creator.document(creator.make_id(), clientId=[mark, mark])
    assert creator.post(document).status_code == 409
    assert creator.get(str(document["id"])).status_code == 404
    creator.create(clientId=[mark])


def test_q10_raw_exceptions(creator: Target) -> None:
    """Q10: POST prints the exception, PUT hides it."""
    document = creator.create()
    broken = {**document, "name": {}}
    created = creator.post({**broken, "id": creator.make_id(), "clientId": []})
    assert created.text.startswith("23514")
    assert "23514" not in creator.put(str(document["id"]), broken).text


def test_q11_other_vendor(creator: Target) -> None:
    """Q11: another vendor in the body looks exactly like absence."""
    document = creator.create()
    other = {**document, "vendor": {"ID": f"0192:{OTHER_ORG}"}}
    there = creator.put(str(document["id"]), other)
    absent = creator.put(f"{document['id']}x", {**other, "id": f"{document['id']}x"})
    assert (there.status_code, there.text) == (404, absent.text.replace("x'", "'"))


def test_q12_parts_of_nothing(target: Target) -> None:
    """Q12: V5 and V6 on an unknown system are 500."""
    for part in ("rights", "accesspackages"):
        assert is_server_error(target.put("000000000_nobody", [], part))


def test_q13_last_writer_wins(creator: Target) -> None:
    """Q13: a writer can overwrite changes that it never read; there is no ETag."""
    document = creator.create()
    path = str(document["id"])
    creator.put(path, {**document, "name": {**NAMES, "nb": "first"}}).raise_for_status()
    answer = creator.put(path, {**document, "name": {**NAMES, "nb": "second"}})
    assert answer.status_code == 200
    assert "etag" not in creator.get(path).headers
    assert creator.get(path).json()["name"]["nb"] == "second"


def test_q13_overlap(emulated: Target) -> None:
    """Q13: of two writes that overlap the one that waited is 500."""
    document = emulated.create()
    path = str(document["id"])
    emulated.control("POST", "faults", {"fault": "overlap", "path": f"*{path}", "seconds": 0.4})
    statuses: list[int] = []
    first = threading.Thread(target=lambda: statuses.append(emulated.put(path, document).status_code))
    first.start()
    time.sleep(0.1)
    statuses.append(emulated.put(path, document).status_code)
    first.join()
    emulated.control("DELETE", "faults")
    assert sorted(statuses) == [200, 500]


def test_q14_post_race(creator: Target) -> None:
    """Q14: of several equal POSTs at once one succeeds, the others are 00002 or 409."""
    document = creator.document(creator.make_id())
    statuses: list[int] = []
    threads = [
        threading.Thread(target=lambda: statuses.append(creator.post(document).status_code)) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses.count(200) == 1
    assert set(statuses) <= {200, 400, 409}
    assert len(creator.get(str(document["id"]), "changelog").json()) == 1


def test_q15_what_never_comes_back(creator: Target) -> None:
    """Q15: URLs as sent, `authority` and null actions never come back."""
    document = creator.create(
        allowedRedirectUrls=["https://VG.no"],
        vendor={"authority": "iso6523-actorid-upis", "ID": f"0192:{creator.org}"},
        rights=[{**RIGHT, "action": None}],
    )
    answered = creator.get(str(document["id"])).json()
    assert answered["allowedRedirectUrls"] == ["https://vg.no/"]
    assert answered["vendor"] == {"ID": f"0192:{creator.org}"}
    assert answered["rights"] == [RIGHT]


def test_q16_empty_client_id(emulated: Target) -> None:
    """Q16: the empty client id is unique over all vendors, and is not shown."""
    shown = f"x-{uuid.uuid4()}"
    document = emulated.create(clientId=["", shown])
    answered = emulated.get(str(document["id"])).json()
    assert answered["clientId"] == [shown]
    assert list_codes(emulated.post(emulated.document(emulated.make_id(), clientId=[""]))) == ["00004"]
    emulated.delete(str(document["id"]))
    emulated.delete(str(emulated.create(clientId=[""])["id"]))


def test_a_put_frees_an_empty_client_id(emulated: Target) -> None:
    """R14, Q16: GET hides it, so what GET gave, sent back, drops it; `docs/apply.md` says so."""
    document = emulated.create(clientId=[""])
    name = str(document["id"])
    emulated.put(name, {**document, "clientId": emulated.get(name).json()["clientId"]}).raise_for_status()

    freed = emulated.create(clientId=[""])

    emulated.delete(str(freed["id"]))
    emulated.delete(name)
    page = (Path(__file__).parents[2] / "docs/apply.md").read_text(encoding="utf-8")
    assert "an empty client id" in page


def test_q17_no_op_put(creator: Target) -> None:
    """Q17: a PUT that changes nothing still writes a line in the change log."""
    document = creator.create()
    creator.put(str(document["id"]), document).raise_for_status()
    assert len(creator.get(str(document["id"]), "changelog").json()) == 2


def test_q18_one_call_each(emulated: Target) -> None:
    """Q18: one upstream call for each attribute and each package; a failing one means not found."""
    resource = {
        "fault": "status",
        "status": 500,
        "path": "/resourceregistry/*",
        "from": "register",
        "skip": 1,
    }
    emulated.control("POST", "faults", resource)
    pairs = [{"id": "urn:altinn:resource", "value": "ske-krav-og-betalinger"}] * 3
    (problem,) = emulated.post(emulated.document(emulated.make_id(), rights=[{"resource": pairs}])).json()[
        "validationErrors"
    ]
    (seen,) = emulated.control("GET", "faults").json()
    emulated.control("DELETE", "faults")
    assert problem["ResourceIds Not Found : "] == "ske-krav-og-betalinger"
    assert (seen["seen"], seen["struck"]) == (3, 1)


@pytest.mark.parametrize("value", ["resourcelist", "export", "Search"])
def test_q19_other_routes(emulated: Target, value: str) -> None:
    """Q19 (inferred): resource ids that are routes of the registry end in 500."""
    rights = [{"resource": [{"id": "urn:altinn:resource", "value": value}]}]
    answer = emulated.post(emulated.document(emulated.make_id(), rights=rights))
    assert (answer.status_code, "could not be converted" in answer.text) == (500, True)
    document = emulated.create()
    assert is_server_error(emulated.put(str(document["id"]), {**document, "rights": rights}))


@pytest.mark.parametrize(
    ("accept", "content_type", "text"),
    [
        (None, "text/plain; charset=utf-8", "System with ID 'a\"b' not found."),
        ("*/*", "text/plain; charset=utf-8", "System with ID 'a\"b' not found."),
        ("text/plain", "text/plain; charset=utf-8", "System with ID 'a\"b' not found."),
        ("application/json, */*", "text/plain; charset=utf-8", "System with ID 'a\"b' not found."),
        ("text/html", "text/plain; charset=utf-8", "System with ID 'a\"b' not found."),
        ("application/json", "application/json; charset=utf-8", '"System with ID \'a\\"b\' not found."'),
        (
            "text/html, application/json",
            "application/json; charset=utf-8",
            '"System with ID \'a\\"b\' not found."',
        ),
    ],
)
def test_q20_accept(target: Target, accept: str | None, content_type: str, text: str) -> None:
    """Q20: a text is raw or a quoted JSON string, as `Accept` asks."""
    headers = {"Accept": accept} if accept else {"Accept": ""}
    document = target.document('a"b')
    answer = target.call("PUT", one('a"b'), json=document, headers=headers)
    assert (answer.headers["content-type"], answer.text) == (content_type, text)


def test_q21_403_hides_problems(target: Target) -> None:
    """Q21: 403 hides validation problems; 00000 and exceptions come before it."""
    stranger = {"ID": "0192:000000000"}
    assert target.post(target.document("a b", vendor=stranger)).status_code == 403
    assert list_codes(target.post(target.document("a b", vendor={"ID": "1:1"}))) == ["00000"]
    document = {**target.document("a b", vendor=stranger), "rights": None}
    assert target.post(document).status_code == 500


def test_q22_case_games(creator: Target) -> None:
    """Q22 (inferred): replacing an own id by another system's in another letter case is 500."""
    mark = f"a-{uuid.uuid4()}"
    document = creator.create(clientId=[mark])
    creator.create(clientId=[mark.upper()])
    assert is_server_error(creator.put(str(document["id"]), {**document, "clientId": [mark.upper()]}))
    assert creator.get(str(document["id"])).json()["clientId"] == [mark]


def test_q23_admin_needs_a_consumer(emulated: Target) -> None:
    """Q23: an administrator writes for any vendor, but not without a `consumer`."""
    document = emulated.create()
    path = str(document["id"])
    nobody = emulated.make_token(scope=ADMIN, consumer=None)
    created = emulated.post(emulated.document(emulated.make_id()), token=nobody)
    assert (created.status_code, created.headers["content-type"]) == (500, "text/plain; charset=utf-8")
    assert is_server_error(emulated.put(path, document, token=nobody))
    assert is_server_error(emulated.put(path, [], "rights", token=nobody))
    assert is_server_error(emulated.put(path, [], "accesspackages", token=nobody))
    assert is_server_error(emulated.delete(path, token=nobody))
    assert emulated.get(path).json() == {**document, "isDeleted": False}
    others = {"authority": "iso6523-actorid-upis", "ID": f"0192:{OTHER_ORG}"}
    somebody = emulated.make_token(scope=ADMIN, consumer=others)
    assert emulated.put(path, document, token=somebody).status_code == 200
    newest = emulated.get(path, "changelog").json()[0]
    assert newest["changedByOrgNumber"] == OTHER_ORG


def test_q24_visibility_default(creator: Target) -> None:
    """Q24: a PUT that leaves the flag out can fail with 00018."""
    packages = [{"urn": "urn:altinn:accesspackage:ansvarlig-revisor"}]
    document = creator.create(isVisible=False, accessPackages=packages)
    body = {name: value for name, value in document.items() if name != "isVisible"}
    assert list_codes(creator.put(str(document["id"]), body)) == ["00018"]


@pytest.mark.parametrize("member", ["name", "description", "clientId"])
def test_q25_unreadable_row(emulated: Target, member: str) -> None:
    """Q25 (inferred): one legacy row without a member makes the vendor's list a 500, and no other vendor's."""
    org = {"name": "310000003", "description": "310000004", "clientId": "310000005"}[member]
    consumer = {"authority": "iso6523-actorid-upis", "ID": f"0192:{org}"}
    token = emulated.make_token(consumer=consumer)
    document = emulated.document(f"{org}_legacy", vendor={"ID": f"0192:{org}"})
    emulated.control("POST", "systems", {**document, member: None})
    assert is_server_error(emulated.call("GET", VENDOR, token=token))
    assert member not in emulated.call("GET", one(f"{org}_legacy"), token=token).json()
    assert emulated.call("GET", VENDOR).status_code == 200


def test_q26_http_by_put(creator: Target) -> None:
    """Q26: PUT takes an `http` URL that POST refuses."""
    document = creator.create()
    body = {**document, "allowedRedirectUrls": ["http://vg.no/"]}
    assert creator.put(str(document["id"]), body).status_code == 200
    assert list_codes(creator.post({**body, "id": creator.make_id(), "clientId": []})) == ["00005"]


def test_q27_put_checks_less(creator: Target) -> None:
    """Q27: PUT makes none of the checks 00000 to 00002 and 00005."""
    document = creator.create()
    body = {**document, "allowedRedirectUrls": ["http://vg.no/"]}
    assert creator.put(str(document["id"]), body).status_code == 200
    wrong_prefix = {**document, "vendor": {"ID": f"9908:{creator.org}"}}
    assert creator.put(str(document["id"]), wrong_prefix).status_code == 404


def test_portal_routes_are_closed(target: Target) -> None:
    """§1.2: a vendor's token gets 403 on P1–P4."""
    for path in (PREFIX, f"{PREFIX}/x", f"{PREFIX}/x/rights", f"{PREFIX}/x/accesspackages"):
        answer = target.call("GET", path)
        assert (answer.status_code, answer.content) == (403, b""), PORTAL
