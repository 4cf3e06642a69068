"""§2.1–2.3, 2.5, 2.6: how a body is read, what each member becomes, what outlives a deletion."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING

import pytest

from tests.contract.target import (
    NAMES,
    OTHER_ORG,
    PACKAGE,
    RIGHT,
    VENDOR,
    is_server_error,
    list_codes,
    one,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from tests.contract.target import Target

NULL_REFERENCE = "Object reference not set to an instance of an object."
JSON = {"Content-Type": "application/json"}


def post_text(target: Target, text: str | bytes) -> httpx.Response:
    """POST a body as it stands."""
    content = text if isinstance(text, bytes) else text.encode()
    return target.call("POST", VENDOR, content=content, headers=JSON)


def list_errors(answer: httpx.Response) -> dict[str, list[str]]:
    """List what model binding refused."""
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json; charset=utf-8"
    errors: dict[str, list[str]] = answer.json()["errors"]
    return errors


class TestParsing:
    """§2.1 and §0.3."""

    @pytest.mark.parametrize("fold", [str.lower, str.upper, str.capitalize])
    def test_member_names_in_any_case(self, creator: Target, fold: Callable[[str], str]) -> None:
        """§2.1: members are found in any letter case, and answered in the one of §1.3."""
        document = creator.document(creator.make_id())
        body = {fold(name): value for name, value in document.items()}
        assert creator.post(body).status_code == 200
        answered = creator.get(str(document["id"])).json()
        expected = {**document, "isDeleted": False}
        assert answered == expected

    def test_unknown_members(self, creator: Target) -> None:
        """§2.1: unknown members are ignored, so a misspelt list is silently empty."""
        document = creator.document(creator.make_id(), allowedRedirectUrls=None)
        extra = {"softDeleted": True, "isDeleted": True, "allowedRedirectUrl": ["https://vg.no"]}
        assert creator.post({**document, **extra, "x": {"y": [1, None, 2.5]}}).status_code == 200
        answered = creator.get(str(document["id"])).json()
        assert answered == {**document, "isDeleted": False, "allowedRedirectUrls": []}

    def test_language_keys_are_case_sensitive(self, creator: Target) -> None:
        """§2.1: dictionary keys are kept as sent, in their letter case."""
        names = {"EN": "x", **NAMES}
        document = creator.create(name=names)
        assert creator.get(str(document["id"])).json()["name"] == names

    def test_repeated_members(self, creator: Target) -> None:
        """§2.1: of a repeated member the last one counts."""
        document = creator.document(creator.make_id())
        text = json.dumps(document)[:-1] + ', "isVisible": false, "ISVISIBLE": true}'
        assert post_text(creator, text).status_code == 200
        assert creator.get(str(document["id"])).json()["isVisible"] is True

    @pytest.mark.parametrize(
        "text",
        [
            "{",
            "[1,",
            '{"id":"x",}',
            '{"id":"x"} // comment',
            '{/**/"id":"x"}',
            "{'id':'x'}",
            '{"id":NaN}',
            '{"id" "x"}',
            '{"id":"x" "y"}',
            '{"id":01}',
            '{"id":"\x01"}',
            '{"id":"\\x"}',
            '{"id":"\\ud800"}',
            '{"id":"x',
            '{"id"',
            '{"id":',
            '{"id":[1',
            "   ",
            "{}{}",
            b'{"id":"\xff"}',
        ],
    )
    def test_malformed(self, target: Target, text: str | bytes) -> None:
        """E9, §0.3, §2.7: what is not JSON is 400 with a `$` key and the parameter's name."""
        errors = list_errors(post_text(target, text))
        assert errors.pop("registerNewSystem") == ["The registerNewSystem field is required."]
        (path,) = errors
        assert path.startswith("$")

    def test_depth(self, target: Target) -> None:
        """§2.1: 32 levels are read, 33 are not."""
        deep = {"id": "x", "vendor": {"ID": "9908:1"}, "name": {}, "description": {}}
        fits = json.dumps({**deep, "more": 0}).replace("0}", "[" * 31 + "]" * 31 + "}")
        assert list_codes(post_text(target, fits)) == ["00000"]
        errors = list_errors(post_text(target, fits.replace("[]", "[[]]")))
        assert "maximum configured depth of 32" in str(errors)

    @pytest.mark.parametrize("text", ["", "null"])
    def test_no_body(self, target: Target, text: str) -> None:
        """§0.3: an empty body or a literal null is refused as missing."""
        assert list_errors(post_text(target, text)) == {
            "": ["A non-empty request body is required."],
            "registerNewSystem": ["The registerNewSystem field is required."],
        }

    def test_required_members(self, target: Target) -> None:
        """§0.3: absent required members are all named, under `$`."""
        errors = list_errors(target.post({"rights": []}))
        assert errors == {
            "$": [
                (
                    "JSON deserialization for type 'Altinn.Platform.Authentication.Core.SystemRegister."
                    "Models.RegisterSystemRequest' was missing required properties including: 'id', "
                    "'vendor', 'name', 'description'."
                )
            ],
            "registerNewSystem": ["The registerNewSystem field is required."],
        }

    @pytest.mark.parametrize(
        ("method", "part", "parameter"),
        [
            ("PUT", "", "proposedUpdateToSystem"),
            ("PUT", "rights", "rights"),
            ("PUT", "accesspackages", "accessPackages"),
        ],
    )
    def test_parameter_names(self, target: Target, method: str, part: str, parameter: str) -> None:
        """§0.3: the second key is the parameter of the endpoint."""
        answer = target.call(method, one("x", part), content=b"{", headers=JSON)
        assert list(list_errors(answer))[1] == parameter

    @pytest.mark.parametrize(
        ("member", "value", "key", "kind"),
        [
            ("isVisible", "true", "$.isVisible", "System.Boolean"),
            ("isVisible", None, "$.isVisible", "System.Boolean"),
            ("isVisible", 1, "$.isVisible", "System.Boolean"),
            ("id", 1, "$.id", "System.String"),
            ("vendor", "0192:1", "$.vendor", "VendorInfo"),
            ("name", {"nb": 1}, "$.name.nb", "System.String"),
            ("name", "x", "$.name", "System.Collections.Generic.IDictionary"),
            ("clientId", "x", "$.clientId", "System.Collections.Generic.List"),
            ("clientId", [1], "$.clientId[0]", "System.String"),
            ("rights", {}, "$.rights", "System.Collections.Generic.List"),
            ("rights", ["x"], "$.rights[0]", "Right"),
            ("rights", [{"resource": [{"id": 1}]}], "$.rights[0].resource[0].id", "System.String"),
            ("accessPackages", ["x"], "$.accessPackages[0]", "AccessPackage"),
            ("allowedRedirectUrls", [1], "$.allowedRedirectUrls[0]", "System.Uri"),
            ("allowedRedirectUrls", ["https://"], "$.allowedRedirectUrls[0]", "System.Uri"),
        ],
    )
    def test_wrong_types(self, target: Target, member: str, value: object, key: str, kind: str) -> None:
        """§0.3: a value of the wrong type is named by its JSON path, with its place in the text."""
        document = target.document(f"{target.org}_x")
        errors = list_errors(target.post({**document, member: value}))
        assert list(errors) == ["registerNewSystem", key]
        assert errors[key][0].startswith("The JSON value could not be converted to ")
        assert kind in errors[key][0]
        assert f"Path: {key} | LineNumber: 0 | BytePositionInLine: " in errors[key][0]

    @pytest.mark.parametrize(
        ("change", "keys"),
        [
            ({"id": None}, ["Id"]),
            ({"name": None}, ["Name"]),
            ({"description": None}, ["Description"]),
            ({"clientId": None}, ["ClientId"]),
            ({"allowedRedirectUrls": None}, ["AllowedRedirectUrls"]),
            ({"vendor": {"ID": None}}, ["SystemVendorOrgNumber", "Vendor.ID"]),
            ({"rights": [{"resource": None}]}, ["Rights[0].Resource"]),
            ({"rights": [{"resource": [{"id": None, "value": "x"}]}]}, ["Rights[0].Resource[0].Id"]),
            ({"rights": [{"resource": [{"id": "x", "value": ""}]}]}, ["Rights[0].Resource[0].Value"]),
            (
                {"rights": [RIGHT, {"resource": [{"id": " "}]}]},
                ["Rights[1].Resource[0].Id", "Rights[1].Resource[0].Value"],
            ),
            ({"id": None, "name": None}, ["Id", "Name"]),
        ],
    )
    def test_nulls_that_may_not_be(self, target: Target, change: dict[str, object], keys: list[str]) -> None:
        """§0.3, §2.2: an explicit null, or an empty attribute, is named by its C# path."""
        document = target.document(f"{target.org}_x")
        errors = list_errors(target.post({**document, **change}))
        assert list(errors) == keys
        for key, (text,) in errors.items():
            assert text == f"The {key.rpartition('.')[2]} field is required."

    def test_part_bodies_are_checked_too(self, target: Target) -> None:
        """§0.3: V5 names a faulty attribute by its place in the list."""
        answer = target.put("x", [{"resource": [{"id": "x"}]}], "rights")
        assert list(list_errors(answer)) == ["[0].Resource[0].Value"]

    @pytest.mark.parametrize(("part", "kind"), [("rights", "Right"), ("accesspackages", "AccessPackage")])
    def test_wrong_types_in_parts(self, target: Target, part: str, kind: str) -> None:
        """§0.3: V5 and V6 name a wrong element by its place in the list."""
        errors = list_errors(target.put("x", ["x"], part))
        assert kind in errors["$[0]"][0]
        assert "$" in list_errors(target.put("x", {}, part))

    @pytest.mark.parametrize(
        "content_type", ["application/json", "text/json; charset=utf-8", "application/x+json"]
    )
    def test_media_types(self, target: Target, content_type: str) -> None:
        """§0.3: JSON under any of its names is read."""
        body = json.dumps(target.document("x", vendor={"ID": "9908:1"})).encode()
        headers = {"Content-Type": content_type}
        assert list_codes(target.call("POST", VENDOR, content=body, headers=headers)) == ["00000"]

    @pytest.mark.parametrize("content_type", [None, "text/plain", "application/json; charset=latin1"])
    def test_other_media_types(self, target: Target, content_type: str | None) -> None:
        """§0.3: a missing or an unsupported content type is 415."""
        headers = {} if content_type is None else {"Content-Type": content_type}
        assert target.call("POST", VENDOR, content=b"{}", headers=headers).status_code == 415


class TestMembers:
    """§2.2, row by row: default, null, stored and answered form."""

    def test_defaults(self, creator: Target) -> None:
        """§2.2: what is left out is an empty list, and visible."""
        document = creator.document(creator.make_id())
        minimal = {name: document[name] for name in ("id", "vendor", "name", "description")}
        assert creator.post(minimal).status_code == 200
        assert creator.get(str(document["id"])).json() == {
            **minimal,
            "rights": [],
            "accessPackages": [],
            "isDeleted": False,
            "clientId": [],
            "isVisible": True,
            "allowedRedirectUrls": [],
        }

    def test_member_order(self, creator: Target) -> None:
        """§1.3: the answer's members come in the order of the contract."""
        text = creator.get(str(creator.create()["id"])).text
        first = "id vendor name description rights accessPackages"
        then = "isDeleted clientId isVisible allowedRedirectUrls"
        assert list(json.loads(text)) == [*first.split(), *then.split()]

    @pytest.mark.parametrize("length", [255, 256])
    def test_id_length(self, creator: Target, length: int) -> None:
        """§2.2 `id`: 255 characters fit, 256 are a database error."""
        system_id = creator.make_id().ljust(length, "x")
        answer = creator.post(creator.document(system_id))
        if length == 255:
            assert answer.status_code == 200
        else:
            assert (answer.status_code, answer.text) == (
                500,
                "22001: value too long for type character varying(255)",
            )

    def test_vendor_extra_part(self, creator: Target) -> None:
        """§2.2 `vendor.ID`: what follows a second colon is dropped."""
        document = creator.create(vendor={"ID": f"0192:{creator.org}:x"})
        assert creator.get(str(document["id"])).json()["vendor"] == {"ID": f"0192:{creator.org}"}

    @pytest.mark.parametrize("body", [{}, {"authority": "x"}])
    def test_vendor_without_id(self, target: Target, body: object) -> None:
        """E4, §0.3: a vendor without an id is found by model validation."""
        errors = list_errors(target.post(target.document("x", vendor=body)))
        assert list(errors) == ["SystemVendorOrgNumber", "Vendor.ID"]

    def test_null_vendor(self, target: Target) -> None:
        """§2.2 `vendor`: null is the generic 500, on POST too (Q7)."""
        document = {**target.document("x"), "vendor": None}
        assert is_server_error(target.post(document))
        assert is_server_error(target.put("x", document))

    def test_authority(self, creator: Target) -> None:
        """§2.2 `vendor.authority`: anything is read, nothing is answered."""
        document = creator.create(vendor={"authority": {"x": 1}, "ID": f"0192:{creator.org}"})
        assert creator.get(str(document["id"])).json()["vendor"] == {"ID": f"0192:{creator.org}"}

    @pytest.mark.parametrize("member", ["name", "description"])
    @pytest.mark.parametrize("missing", ["en", "nb", "nn"])
    def test_missing_language(self, creator: Target, member: str, missing: str) -> None:
        """§2.2 `name`, `description`: a missing language is a database error (Q8)."""
        texts = {language: "x" for language in NAMES if language != missing}
        answer = creator.post(creator.document(creator.make_id(), **{member: texts}))
        assert (answer.status_code, answer.text) == (
            500,
            (
                "23514: value for domain business_application.translated_text violates check constraint "
                f'"translated_text_contains_{missing}"'
            ),
        )
        document = creator.create()
        assert is_server_error(creator.put(str(document["id"]), {**document, member: texts}))

    def test_languages_are_checked_in_order(self, creator: Target) -> None:
        """§2.2 `name`: en is looked for first, then nb, then nn."""
        answer = creator.post(creator.document(creator.make_id(), name={}))
        assert answer.text.endswith('"translated_text_contains_en"')

    def test_texts(self, creator: Target) -> None:
        """§2.2 `name`: other languages, empty and null texts are kept; nothing is trimmed."""
        names = {"en": "", "nb": None, "nn": " x ", "se": "davvi", "": "empty"}
        document = creator.create(name=names)
        assert creator.get(str(document["id"])).json()["name"] == names

    def test_text_order(self, creator: Target) -> None:
        """§2.5: languages come by length, then by bytes."""
        document = creator.create(name={"nno": "x", "nn": "x", "æ": "x", "nb": "x", "en": "x", "n": "x"})
        answered = creator.get(str(document["id"])).json()["name"]
        assert list(answered) == ["n", "en", "nb", "nn", "æ", "nno"]

    def test_null_rights(self, creator: Target) -> None:
        """§2.2 `rights`: null is 500, with the exception's text on POST (Q7)."""
        document = creator.document(creator.make_id())
        answer = creator.post({**document, "rights": None})
        assert (answer.status_code, answer.text) == (500, NULL_REFERENCE)
        document = creator.create()
        assert is_server_error(creator.put(str(document["id"]), {**document, "rights": None}))

    def test_null_packages(self, creator: Target) -> None:
        """§2.2 `accessPackages`: null is stored as NULL by POST and left out by GET; PUT is 500 (Q7)."""
        document = creator.document(creator.make_id())
        assert creator.post({**document, "accessPackages": None}).status_code == 200
        assert "accessPackages" not in creator.get(str(document["id"])).json()
        assert is_server_error(creator.put(str(document["id"]), {**document, "accessPackages": None}))

    @pytest.mark.parametrize("member", ["rights", "allowedRedirectUrls", "clientId"])
    def test_null_elements(self, creator: Target, member: str) -> None:
        """§2.2: a null inside a list passes the model and fails in the service."""
        document = creator.document(creator.make_id())
        answer = creator.post({**document, member: [None]})
        assert (answer.status_code, answer.headers["content-type"]) == (500, "text/plain; charset=utf-8")
        document = creator.create()
        assert is_server_error(creator.put(str(document["id"]), {**document, member: [None]}))

    @pytest.mark.parametrize("rights", [[{"resource": [None]}], [None, {"resource": []}]])
    def test_null_attributes(self, creator: Target, rights: object) -> None:
        """§2.2 `rights`: a null right or attribute passes the model and fails in the service."""
        answer = creator.post({**creator.document(creator.make_id()), "rights": rights})
        assert (answer.status_code, answer.text) == (500, NULL_REFERENCE)

    def test_action(self, creator: Target) -> None:
        """§2.2 `rights[].action`: any text is kept; null and absent are left out."""
        rights = [{**RIGHT, "action": " x "}, {**RIGHT, "action": None}]
        document = creator.create(rights=rights)
        assert creator.get(str(document["id"])).json()["rights"] == [{"action": " x ", **RIGHT}, RIGHT]

    def test_empty_resource(self, creator: Target) -> None:
        """§2.2 `rights[].resource`: it may be empty or left out."""
        document = creator.create(rights=[{"resource": []}, {"action": "read"}])
        answered = creator.get(str(document["id"])).json()["rights"]
        assert answered == [{"resource": []}, {"action": "read", "resource": []}]

    def test_client_ids(self, creator: Target) -> None:
        """§2.2 `clientId`: any text is kept as it is, in its order."""
        mark = uuid.uuid4().hex
        ids = [f" {mark} ", mark.upper(), "UPDATED CLIENT ID " + mark, mark]
        document = creator.create(clientId=ids)
        assert creator.get(str(document["id"])).json()["clientId"] == ids

    def test_visibility_left_out_of_put(self, creator: Target) -> None:
        """§2.2 `isVisible`: left out of a PUT it makes the system visible (Q24)."""
        document = creator.create(isVisible=False)
        body = {name: value for name, value in document.items() if name != "isVisible"}
        creator.put(str(document["id"]), body)
        assert creator.get(str(document["id"])).json()["isVisible"] is True

    def test_nul_characters(self, creator: Target) -> None:
        """E14, §2.8: PostgreSQL stores no NUL character."""
        answer = creator.post(creator.document(creator.make_id(), name={**NAMES, "nb": "a\0b"}))
        assert (answer.status_code, answer.text[:5]) == (500, "22021")
        document = creator.create(name={**NAMES, "nb": "\\u0000"})
        assert creator.get(str(document["id"])).json()["name"]["nb"] == "\\u0000"

    def test_put_replaces_everything(self, creator: Target) -> None:
        """§2.2, Q6: a PUT with the required members alone empties all lists."""
        document = creator.create(isVisible=False)
        minimal = {name: document[name] for name in ("id", "vendor", "name", "description")}
        assert creator.put(str(document["id"]), minimal).status_code == 200
        answered = creator.get(str(document["id"])).json()
        lists = ("rights", "accessPackages", "clientId", "allowedRedirectUrls")
        assert [answered[name] for name in lists] == [[], [], [], []]
        assert answered["isVisible"] is True

    def test_order_is_kept(self, creator: Target) -> None:
        """§2.5: rights, attributes, packages, client ids and URLs keep their order, repeats of URLs too."""
        resources = ["kravogbetaling", "ske-krav-og-betalinger", "authentication-e2e-test"]
        pairs = [{"id": "urn:altinn:resource", "value": value} for value in resources]
        mark = uuid.uuid4().hex
        changes = {
            "rights": [{"resource": pairs}, {"resource": [pairs[2], pairs[2]]}, {"resource": pairs[:1]}],
            "accessPackages": [{"urn": f"urn:altinn:accesspackage:{name}"} for name in ("toll", "a-ordning")],
            "clientId": [f"{name}-{mark}" for name in "cab"],
            "allowedRedirectUrls": ["https://z.no/", "https://a.no/", "https://z.no/"],
        }
        answered = creator.get(str(creator.create(**changes)["id"])).json()
        assert {name: answered[name] for name in changes} == changes


@pytest.mark.parametrize("blank", [" ", "\t", "\u00a0", "\u2003", "\u3000", "\x85"])
def test_trim(creator: Target, blank: str) -> None:
    """§2.3: `id` and `vendor.ID` lose every kind of blank at their ends."""
    system_id = creator.make_id()
    padded = creator.document(
        f"{blank}{system_id}{blank}", vendor={"ID": f"{blank}0192:{creator.org}{blank}"}
    )
    assert creator.post(padded).status_code == 200
    assert creator.get(system_id).status_code == 200


def test_not_trimmed(creator: Target) -> None:
    """§2.3: texts, actions, attributes, URNs, client ids and the path are not trimmed."""
    document = creator.create(name={**NAMES, "nb": " x\t"}, clientId=[f" {uuid.uuid4()} "])
    answered = creator.get(str(document["id"])).json()
    assert (answered["name"]["nb"], answered["clientId"]) == (" x\t", document["clientId"])
    assert creator.get(f" {document['id']}").status_code == 404
    space = {"resource": [{"id": "urn:altinn:resource ", "value": "x"}]}
    assert list_codes(creator.put(str(document["id"]), {**document, "rights": [space]})) == ["00009"]
    urn = [{"urn": f" {PACKAGE['urn']}"}]
    assert list_codes(creator.put(str(document["id"]), {**document, "accessPackages": urn})) == ["00008"]


def test_tabs_inside_an_id(creator: Target) -> None:
    """§2.3: only the common space is refused inside an id."""
    system_id = f"{creator.make_id()}\ta\u00a0b"
    assert creator.post(creator.document(system_id)).status_code == 200
    assert creator.get(system_id).json()["id"] == system_id


class TestPaths:
    """§1.1: how an id is found in a path."""

    def test_case_sensitive(self, creator: Target) -> None:
        """§1.1: an id is matched in its letter case."""
        system_id = creator.make_id() + "_Ab"
        creator.post(creator.document(system_id)).raise_for_status()
        assert creator.get(system_id).status_code == 200
        assert creator.get(system_id.lower()).status_code == 404

    def test_route_literals_in_any_case(self, creator: Target) -> None:
        """§1.1: route literals are matched in any case, with or without a slash at the end."""
        document = creator.create()
        path = one(str(document["id"])).replace("systemregister/vendor", "SystemRegister/VENDOR")
        for spelling in (path, f"{path}/", f"{path}/ChangeLog/"):
            assert creator.call("GET", spelling).status_code == 200
        assert creator.call("GET", f"{VENDOR}/").status_code == 200

    def test_percent_encoding(self, creator: Target) -> None:
        """§1.1: an id with æ, a percent sign or a plus is found when it is encoded."""
        system_id = f"{creator.make_id()}_æ%+&=?#"
        creator.post(creator.document(system_id)).raise_for_status()
        assert creator.get(system_id).json()["id"] == system_id

    def test_slash(self, creator: Target) -> None:
        """§1.1: an id with a slash can be registered and never be addressed."""
        system_id = f"{creator.make_id()}/x"
        creator.post(creator.document(system_id)).raise_for_status()
        assert creator.get(system_id).status_code == 404


class TestLife:
    """§2.6: uniqueness, and what a deletion leaves behind."""

    def test_deleted_document(self, creator: Target) -> None:
        """§2.6: a deleted system still shows all its members, client ids and URLs included."""
        document = creator.create()
        creator.delete(str(document["id"]))
        assert creator.get(str(document["id"])).json() == {**document, "isDeleted": True}

    def test_lists_leave_deleted_ones_out(self, creator: Target) -> None:
        """§2.6: the list shows invisible systems and no deleted ones (Q4)."""
        document = creator.create(isVisible=False)
        ids = {one["systemId"] for one in creator.call("GET", VENDOR).json()}
        assert document["id"] in ids
        creator.delete(str(document["id"]))
        ids = {one["systemId"] for one in creator.call("GET", VENDOR).json()}
        assert document["id"] not in ids

    def test_burnt_id(self, creator: Target) -> None:
        """§2.6: an id is never free again (Q3)."""
        document = creator.create()
        creator.delete(str(document["id"]))
        assert list_codes(creator.post({**document, "clientId": []})) == ["00002"]

    def test_client_ids_of_a_deleted_system(self, creator: Target) -> None:
        """§2.6: they are free at once, though the deleted document still lists them."""
        document = creator.create()
        creator.delete(str(document["id"]))
        again = creator.create(clientId=document["clientId"])
        assert creator.get(str(again["id"])).json()["clientId"] == document["clientId"]

    def test_client_ids_removed_by_put(self, creator: Target) -> None:
        """§2.6: a client id that a PUT removes is free at once."""
        document = creator.create()
        creator.put(str(document["id"]), {**document, "clientId": []}).raise_for_status()
        creator.create(clientId=document["clientId"])

    def test_client_id_of_another_vendor(self, emulated: Target) -> None:
        """§2.6: a client id is unique among all vendors."""
        document = emulated.create()
        others = {"consumer": {"authority": "iso6523-actorid-upis", "ID": f"0192:{OTHER_ORG}"}}
        body = emulated.document(
            f"{OTHER_ORG}_{uuid.uuid4().hex}",
            vendor={"ID": f"0192:{OTHER_ORG}"},
            clientId=document["clientId"],
        )
        assert list_codes(emulated.post(body, token=emulated.make_token(**others))) == ["00004"]

    def test_client_ids_are_case_sensitive_on_post(self, creator: Target) -> None:
        """§2.5: another letter case is another client id, to POST and to the database."""
        document = creator.create(clientId=[f"a-{uuid.uuid4()}"])
        upper = str(document["clientId"])[2:-2].upper()
        assert creator.post(creator.document(creator.make_id(), clientId=[upper])).status_code == 200


def test_reduced_form(creator: Target) -> None:
    """§1.4: the list gives another id member, the bare number, no client ids and no URLs (Q5)."""
    document = creator.create(isVisible=False)
    answer = creator.call("GET", VENDOR)
    (found,) = [one for one in answer.json() if one["systemId"] == document["id"]]
    assert found == {
        "systemId": document["id"],
        "systemVendorOrgNumber": creator.org,
        "systemVendorOrgName": "",
        "name": NAMES,
        "description": NAMES,
        "rights": [RIGHT],
        "accessPackages": [PACKAGE],
        "isVisible": False,
    }


def test_list_headers(target: Target) -> None:
    """§1.2: the list says that it is not to be stored."""
    headers = target.call("GET", VENDOR).headers
    assert (headers["cache-control"], headers["pragma"]) == ("no-store,no-cache", "no-cache")
    assert "etag" not in headers


def test_the_list_has_no_order(emulated: Target) -> None:
    """E33, §1.4: the list is in no order that a client could guess, and it changes when a system is written."""
    org = "310000001"
    token = emulated.make_token(consumer={"authority": "iso6523-actorid-upis", "ID": f"0192:{org}"})
    vendor = {"ID": f"0192:{org}"}
    documents = [emulated.document(f"{org}_{number}", vendor=vendor) for number in range(10, 30)]
    for document in documents:
        emulated.post(document, token=token).raise_for_status()
    listed = [one["systemId"] for one in emulated.call("GET", VENDOR, token=token).json()]
    for document in documents:
        emulated.put(str(document["id"]), document, token=token).raise_for_status()
    again = [one["systemId"] for one in emulated.call("GET", VENDOR, token=token).json()]
    made = [document["id"] for document in documents]
    assert sorted(listed) == sorted(again) == made
    assert len({tuple(listed), tuple(again), tuple(made)}) == 3
