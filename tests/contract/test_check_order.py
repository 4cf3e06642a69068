"""§1.5: the order of checks, endpoint by endpoint; a request that fails several shows the first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.contract.target import OTHER_ORG, VENDOR, is_server_error, list_codes, one

if TYPE_CHECKING:
    from tests.contract.target import Target

BAD_RIGHT = {"resource": [{"id": "wrong", "value": "x"}]}
OTHERS = {"consumer": {"authority": "iso6523-actorid-upis", "ID": f"0192:{OTHER_ORG}"}}


class TestCommonSteps:
    """§1.5 a–d: route, token, scope, body."""

    @pytest.mark.parametrize("path", ["/nothing", f"{VENDOR}/a/b", f"{VENDOR}/a/rights/x", f"{VENDOR}//"])
    def test_a_no_route(self, target: Target, path: str) -> None:
        """§1.5 a: a path without a route is 404 with no body, token or not."""
        answer = target.call("GET", path, token="")
        assert (answer.status_code, answer.content) == (404, b"")

    @pytest.mark.parametrize(
        ("method", "part", "allow"),
        [
            ("GET", "rights", "PUT"),
            ("GET", "accesspackages", "PUT"),
            ("POST", "changelog", "GET"),
            ("PATCH", "", "DELETE, GET, PUT"),
        ],
    )
    def test_a_wrong_method(self, target: Target, method: str, part: str, allow: str) -> None:
        """§1.5 a, §1.2: a method that the route lacks is 405 with `Allow` and no body."""
        answer = target.call(method, one("x", part), token="")
        assert (answer.status_code, answer.headers["allow"], answer.content) == (405, allow, b"")

    @pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
    def test_b_no_token(self, target: Target, method: str) -> None:
        """§1.5 b: no token is 401 with no body, before the body is looked at."""
        answer = target.call(method, one("x"), token="", content=b"not json")
        assert (answer.status_code, answer.content) == (401, b"")

    def test_c_no_scope(self, emulated: Target) -> None:
        """§1.5 c: a token without the scope is 403 with no body, before the body is looked at."""
        token = emulated.make_token(scope="altinn:authentication/systemregister")
        answer = emulated.call("PUT", one("x"), token=token, content=b"not json")
        assert (answer.status_code, answer.content) == (403, b"")

    def test_d_body_before_the_system(self, target: Target) -> None:
        """§1.5 d: a body that cannot be bound is 400 B-MODEL, before the system is looked for."""
        answer = target.put("000000000_nobody", {"id": 1})
        assert answer.status_code == 400
        assert "errors" in answer.json()

    def test_d_media_type(self, target: Target) -> None:
        """§1.5 d: a body of another media type is 415 B-PD."""
        answer = target.call("POST", VENDOR, content=b"{}", headers={"Content-Type": "text/plain"})
        assert (answer.status_code, answer.json()["title"]) == (415, "Unsupported Media Type")


class TestPost:
    """§1.5 V3."""

    def test_1_trims_before_it_checks(self, creator: Target) -> None:
        """V3 step 1: `id` and `vendor.ID` are trimmed, so that neither prefix nor spaces are wrong."""
        system_id = creator.make_id()
        padded = creator.document(f" {system_id}\t", vendor={"ID": f" 0192:{creator.org}\n"})
        assert creator.post(padded).status_code == 200
        assert creator.get(system_id).json()["id"] == system_id

    def test_2_prefix_alone(self, target: Target) -> None:
        """V3 step 2: a prefix other than 0192 is answered alone, whatever else is wrong."""
        document = target.document("with space", vendor={"ID": "9908:1"}, rights=[BAD_RIGHT, BAD_RIGHT])
        assert list_codes(target.post(document)) == ["00000"]

    def test_2_before_ownership(self, target: Target) -> None:
        """V3 step 2: a wrong prefix is 400 for another vendor too (Q21)."""
        document = target.document("x", vendor={"ID": f"9908:{OTHER_ORG}"})
        assert list_codes(target.post(document)) == ["00000"]

    def test_3_order(self, emulated: Target) -> None:
        """V3 step 3: every other problem at once, in the order of §3."""
        taken = emulated.create()
        emulated.control("PUT", "packages/urn:altinn:accesspackage:neither", {})
        package = {"urn": "urn:altinn:accesspackage:neither"}
        pairs = [{"id": "urn:altinn:resource", "value": value} for value in ("nothing", "ttd-am-k6")]
        right = {"resource": pairs}
        document = emulated.document(
            "000_with space",
            clientId=taken["clientId"],
            allowedRedirectUrls=["http://vg.no"],
            rights=[BAD_RIGHT, right, right],
            accessPackages=[package, package],
            isVisible=True,
        )
        codes = "00013 00001 00005 00004 00009 00003 00017 00006 00008 00007 00018"
        assert list_codes(emulated.post(document)) == codes.split()

    def test_4_forbidden_hides_problems(self, target: Target) -> None:
        """V3 step 4: a stranger gets 403 with no body, whatever else is wrong."""
        document = target.document("x y", vendor={"ID": "0192:000000000"}, rights=[BAD_RIGHT])
        answer = target.post(document)
        assert (answer.status_code, answer.content) == (403, b"")

    def test_5_problems(self, target: Target) -> None:
        """V3 step 5: the owner gets the problems."""
        document = target.document(f"{target.org}_x y", rights=[BAD_RIGHT])
        assert list_codes(target.post(document)) == ["00013", "00009"]

    def test_6_is_one_transaction(self, creator: Target) -> None:
        """V3 step 6: a system whose client ids cannot be inserted is not there either."""
        document = creator.document(creator.make_id(), clientId=["twice", "twice"])
        assert creator.post(document).status_code == 409
        assert creator.get(str(document["id"])).status_code == 404

    def test_7_success(self, creator: Target) -> None:
        """V3 step 7: 200 with the internal GUID as a JSON string, the one that the change log names."""
        document = creator.document(creator.make_id())
        answer = creator.post(document)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/json; charset=utf-8"
        log = creator.get(str(document["id"]), "changelog").json()
        assert [entry["systemInternalId"] for entry in log] == [answer.json()]

    def test_duplicate_key(self, creator: Target) -> None:
        """V3: a violated unique constraint is 409 with a text that may not be true (Q9)."""
        document = creator.document(creator.make_id(), clientId=["a", "a"])
        answer = creator.post(document)
        text = f"The System already exist: {document['id']}"
        assert (answer.status_code, answer.text) == (409, text)

    def test_other_exception(self, creator: Target) -> None:
        """V3: any other exception is 500 with its raw message."""
        answer = creator.post(creator.document(creator.make_id(), name={"nb": "x", "nn": "x"}))
        assert answer.status_code == 500
        assert answer.text.startswith("23514: value for domain business_application.translated_text")

    def test_exception_before_ownership(self, target: Target) -> None:
        """V3: an exception of steps 2–3 comes before 403 (Q21)."""
        answer = target.post(target.document("x", vendor={"ID": "0192"}))
        assert (answer.status_code, answer.text) == (500, "Index was outside the bounds of the array.")


class TestPut:
    """§1.5 V4."""

    def test_1_trims_before_it_checks(self, creator: Target) -> None:
        """V4 step 1: the body is trimmed before it is compared with the path."""
        document = creator.create()
        padded = {**document, "id": f" {document['id']} ", "vendor": {"ID": f"\u00a00192:{creator.org} "}}
        assert creator.put(str(document["id"]), padded).status_code == 200

    def test_2_unknown(self, target: Target) -> None:
        """V4 step 2: an unknown system is 404 with a text, before ownership."""
        document = target.document("nobody", vendor={"ID": "0192:000000000"})
        answer = target.put("nobody", document)
        assert (answer.status_code, answer.text) == (404, "System with ID 'nobody' not found.")

    def test_3_not_the_owner(self, emulated: Target) -> None:
        """V4 step 3: a stranger gets 403, before the body's vendor, id and state are looked at."""
        document = emulated.create()
        emulated.delete(str(document["id"]))
        body = emulated.document("x", vendor={"ID": f"0192:{OTHER_ORG}"}, rights=[BAD_RIGHT])
        answer = emulated.put(str(document["id"]), body, token=emulated.make_token(**OTHERS))
        assert (answer.status_code, answer.content) == (403, b"")

    @pytest.mark.parametrize("vendor", [f"0192:{OTHER_ORG}", "9908:991825827", "0192:991825827:x"])
    def test_4_other_vendor_in_the_body(self, creator: Target, vendor: str) -> None:
        """V4 step 4: another vendor in the body is 404, before ids are compared (Q11)."""
        document = creator.create()
        answer = creator.put(str(document["id"]), {**document, "id": "x", "vendor": {"ID": vendor}})
        assert (answer.status_code, answer.text) == (404, f"System with ID '{document['id']}' not found.")

    def test_5_other_id_in_the_body(self, creator: Target) -> None:
        """V4 step 5: another id in the body is 00012 alone, before the state is looked at."""
        document = creator.create()
        creator.delete(str(document["id"]))
        body = {**document, "id": str(document["id"]).upper(), "rights": [BAD_RIGHT]}
        assert list_codes(creator.put(str(document["id"]), body)) == ["00012"]

    def test_6_deleted(self, creator: Target) -> None:
        """V4 step 6: a deleted system is 400 with a text, before anything is validated."""
        document = creator.create()
        creator.delete(str(document["id"]))
        answer = creator.put(str(document["id"]), {**document, "rights": [BAD_RIGHT]})
        assert (answer.status_code, answer.text) == (400, "Cannot update a system marked as deleted.")

    def test_7_order(self, emulated: Target) -> None:
        """V4 step 7: rights, packages with the proposed visibility, then client ids."""
        emulated.create(clientId=["taken-1", "taken-2"])
        document = emulated.create(accessPackages=[{"urn": "urn:altinn:accesspackage:ansvarlig-revisor"}])
        body = {
            **document,
            "rights": [BAD_RIGHT, BAD_RIGHT],
            "isVisible": True,
            "clientId": ["taken-1", "taken-2", "twice", "TWICE"],
        }
        codes = "00009 00006 00018 00011 00004 00004"
        assert list_codes(emulated.put(str(document["id"]), body)) == codes.split()

    def test_8_is_one_transaction(self, creator: Target) -> None:
        """V4 step 8: a write that the database refuses changes nothing and logs nothing."""
        document = creator.create()
        path = str(document["id"])
        before = creator.get(path).json()
        refused = {**document, "allowedRedirectUrls": ["vg.no"], "clientId": []}
        assert is_server_error(creator.put(path, refused))
        assert creator.get(path).json() == before
        assert len(creator.get(path, "changelog").json()) == 1

    def test_10_success(self, creator: Target) -> None:
        """V4 step 10: 200 with `succeeded`."""
        document = creator.create()
        answer = creator.put(str(document["id"]), document)
        assert (answer.status_code, answer.json()) == (200, {"succeeded": True})

    def test_exception(self, creator: Target) -> None:
        """V4: any exception is the generic 500, without its message."""
        document = creator.create()
        assert is_server_error(creator.put(str(document["id"]), {**document, "name": {"nb": "x"}}))


@pytest.mark.parametrize(
    ("part", "bad", "code", "good"),
    [
        ("rights", [BAD_RIGHT], "00009", []),
        ("accesspackages", [{"urn": "x"}], "00008", []),
    ],
    ids=["V5", "V6"],
)
class TestPutParts:
    """§1.5 V5 and V6."""

    def test_1_unknown(self, target: Target, part: str, bad: object, code: str, good: object) -> None:
        """Step 1: an unknown system is the generic 500, not 404 (Q12)."""
        for body in (bad, good):
            assert is_server_error(target.put(f"nobody_{code}", body, part))

    def test_2_not_the_owner(self, emulated: Target, part: str, bad: object, code: str, good: object) -> None:
        """Step 2: a stranger gets 403, before state and body are judged."""
        document = emulated.create()
        emulated.delete(str(document["id"]))
        for body in (bad, good):
            answer = emulated.put(str(document["id"]), body, part, token=emulated.make_token(**OTHERS))
            assert (answer.status_code, answer.content) == (403, b""), code

    def test_3_deleted(self, creator: Target, part: str, bad: object, code: str, good: object) -> None:
        """Step 3: a deleted system is 400 with a text, before the body is judged."""
        document = creator.create()
        creator.delete(str(document["id"]))
        for body in (bad, good):
            answer = creator.put(str(document["id"]), body, part)
            assert answer.text == "Cannot update a system marked as deleted.", code

    def test_4_problems(self, creator: Target, part: str, bad: object, code: str, good: object) -> None:
        """Step 4: the part is validated like in a whole document."""
        document = creator.create()
        assert list_codes(creator.put(str(document["id"]), bad, part)) == [code]
        assert creator.put(str(document["id"]), good, part).status_code == 200

    def test_6_success(self, creator: Target, part: str, bad: object, code: str, good: object) -> None:
        """Step 6: 200, the whole list is replaced and nothing else is."""
        document = creator.create()
        path = str(document["id"])
        before = creator.get(path).json()
        assert creator.put(path, bad, part).status_code == 400, code
        assert creator.put(path, good, part).json() == {"succeeded": True}
        member = "rights" if part == "rights" else "accessPackages"
        assert creator.get(path).json() == {**before, member: good}


def test_v6_uses_the_stored_visibility(creator: Target) -> None:
    """§1.5 V6 step 4: 00018 looks at the visibility that is stored."""
    client_package = [{"urn": "urn:altinn:accesspackage:ansvarlig-revisor"}]
    visible, hidden = creator.create(isVisible=True), creator.create(isVisible=False)
    assert list_codes(creator.put(str(visible["id"]), client_package, "accesspackages")) == ["00018"]
    assert creator.put(str(hidden["id"]), client_package, "accesspackages").status_code == 200


class TestDelete:
    """§1.5 V7."""

    def test_1_unknown(self, target: Target) -> None:
        """V7 step 1: an unknown system is 400 with `errors.return`, not 404 (Q2)."""
        answer = target.delete("000000000_nobody")
        assert (answer.status_code, answer.json()["errors"]) == (400, {"return": ["System not found"]})

    def test_2_not_the_owner(self, emulated: Target) -> None:
        """V7 step 2: a stranger gets 403 and deletes nothing."""
        document = emulated.create()
        answer = emulated.delete(str(document["id"]), token=emulated.make_token(**OTHERS))
        assert (answer.status_code, answer.content) == (403, b"")
        assert emulated.get(str(document["id"])).json()["isDeleted"] is False

    def test_3_commits(self, creator: Target) -> None:
        """V7 step 3: the system is marked, its client ids are free, the log has a line."""
        document = creator.create()
        creator.delete(str(document["id"]))
        assert creator.get(str(document["id"])).json()["isDeleted"] is True
        creator.create(clientId=document["clientId"])
        log = creator.get(str(document["id"]), "changelog").json()
        assert [entry["changeType"] for entry in log] == ["delete", "create"]

    def test_4_nothing_to_free(self, creator: Target) -> None:
        """V7 step 4: without client ids it answers 400 B-PD and has deleted all the same (Q1)."""
        document = creator.create(clientId=[])
        answer = creator.delete(str(document["id"]))
        assert (answer.status_code, answer.json()["title"]) == (400, "Bad Request")
        assert "errors" not in answer.json()
        assert creator.get(str(document["id"])).json()["isDeleted"] is True

    def test_5_success(self, creator: Target) -> None:
        """V7 step 5: otherwise 200 with `succeeded`."""
        answer = creator.delete(str(creator.create()["id"]))
        assert (answer.status_code, answer.json()) == (200, {"succeeded": True})


class TestReads:
    """§1.5 V1, V2 and V8."""

    def test_v2_unknown(self, target: Target) -> None:
        """V2: an unknown system is 404 B-PD, before ownership."""
        answer = target.get("000000000_nobody")
        assert (answer.status_code, answer.json()["title"]) == (404, "Not Found")

    def test_v2_not_the_owner(self, emulated: Target) -> None:
        """V2: a stranger gets 403 with no body."""
        path = one(str(emulated.create()["id"]))
        answer = emulated.call("GET", path, token=emulated.make_token(**OTHERS))
        assert (answer.status_code, answer.content) == (403, b"")

    def test_v2_deleted(self, creator: Target) -> None:
        """V2: a deleted system is still answered."""
        document = creator.create()
        creator.delete(str(document["id"]))
        assert creator.get(str(document["id"])).status_code == 200

    def test_v8_unknown(self, target: Target) -> None:
        """V8: an unknown system is 404 with a text that has no quotes."""
        answer = target.get("nobody", "changelog")
        assert (answer.status_code, answer.text) == (404, "System with ID nobody not found.")

    def test_v8_not_the_owner(self, emulated: Target) -> None:
        """V8: a stranger gets 403 with no body."""
        path = one(str(emulated.create()["id"]), "changelog")
        answer = emulated.call("GET", path, token=emulated.make_token(**OTHERS))
        assert (answer.status_code, answer.content) == (403, b"")

    def test_v1_no_consumer(self, emulated: Target) -> None:
        """V1: a token without `consumer` is 403."""
        answer = emulated.call("GET", VENDOR, token=emulated.make_token(consumer=None))
        assert (answer.status_code, answer.content) == (403, b"")

    def test_v1_malformed_consumer(self, emulated: Target) -> None:
        """V1: a malformed `consumer` is the generic 500."""
        token = emulated.make_token(consumer={"authority": "other", "ID": "0192:991825827"})
        assert is_server_error(emulated.call("GET", VENDOR, token=token))

    def test_v1_none(self, emulated: Target) -> None:
        """V1: a vendor without systems gets an empty list."""
        others = {"authority": "iso6523-actorid-upis", "ID": "0192:310000000"}
        answer = emulated.call("GET", VENDOR, token=emulated.make_token(consumer=others))
        assert (answer.status_code, answer.json()) == (200, [])
