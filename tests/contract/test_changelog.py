"""§5: the change log, who changed what and how."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING

from tests.contract.target import NAMES, PACKAGE, RIGHT

if TYPE_CHECKING:
    from tests.contract.target import Target


def test_create(creator: Target) -> None:
    """§5: a creation keeps the request in PascalCase, nulls included, URLs as sent."""
    system_id = creator.make_id()
    document = creator.document(
        f" {system_id} ",
        vendor={"authority": "x", "ID": f"0192:{creator.org} "},
        allowedRedirectUrls=["https://VG.no"],
    )
    internal_id = creator.post({**document, "accessPackages": None}).json()
    (entry,) = creator.get(system_id, "changelog").json()
    assert entry.pop("clientId")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?\+00:00", entry.pop("created"))
    assert entry == {
        "systemInternalId": internal_id,
        "changedByOrgNumber": creator.org,
        "changeType": "create",
        "changedData": {
            "Id": system_id,
            "Name": NAMES,
            "Rights": [{"Action": None, "Resource": RIGHT["resource"]}],
            "Vendor": {"ID": f"0192:{creator.org}"},
            "ClientId": document["clientId"],
            "IsVisible": False,
            "Description": NAMES,
            "AccessPackages": None,
            "AllowedRedirectUrls": ["https://VG.no"],
        },
    }


def test_key_order(creator: Target) -> None:
    """§5: keys come as jsonb orders them, by length and then by bytes."""
    document = creator.create(name={"nno": "x", **NAMES})
    (entry,) = creator.get(str(document["id"]), "changelog").json()
    keys = "Id Name Rights Vendor ClientId IsVisible Description AccessPackages AllowedRedirectUrls"
    assert list(entry["changedData"]) == keys.split()
    assert list(entry["changedData"]["Name"]) == ["en", "nb", "nn", "nno"]


def test_every_kind(creator: Target) -> None:
    """§5: every write has its kind and its data; the newest comes first."""
    document = creator.create()
    path = str(document["id"])
    creator.put(path, {**document, "isVisible": True}).raise_for_status()
    creator.put(path, [{**RIGHT, "action": "x"}], "rights").raise_for_status()
    creator.put(path, [PACKAGE], "accesspackages").raise_for_status()
    creator.delete(path).raise_for_status()
    log = creator.get(path, "changelog").json()
    kinds = ["delete", "accesspackageupdate", "rightsupdate", "update", "create"]
    assert [entry["changeType"] for entry in log] == kinds
    assert "changedData" not in log[0]
    assert log[1]["changedData"] == [{"Urn": PACKAGE["urn"]}]
    assert log[2]["changedData"] == [{"Action": "x", "Resource": RIGHT["resource"]}]
    assert log[3]["changedData"]["IsVisible"] is True
    assert sorted((entry["created"] for entry in log), reverse=True) == [entry["created"] for entry in log]
    assert len({entry["systemInternalId"] for entry in log}) == 1


def test_author(emulated: Target) -> None:
    """§5: organisation and client come from the caller's token; a token without a client leaves it out."""
    document = emulated.create()
    path = str(document["id"])
    client_id = str(uuid.uuid4())
    emulated.put(path, document, token=emulated.make_token(client_id=client_id)).raise_for_status()
    emulated.put(path, document, token=emulated.make_token(client_id=None)).raise_for_status()
    newest, older, _ = emulated.get(path, "changelog").json()
    assert "clientId" not in newest
    assert (older["clientId"], older["changedByOrgNumber"]) == (client_id, emulated.org)


def test_refused_writes_leave_no_trace(creator: Target) -> None:
    """§5: what was refused or rolled back has no entry."""
    document = creator.create()
    path = str(document["id"])
    creator.put(path, {**document, "rights": [{"resource": [{"id": "x", "value": "y"}]}]})
    creator.put(path, {**document, "name": {}})
    creator.put(path, [{"urn": "x"}], "accesspackages")
    assert len(creator.get(path, "changelog").json()) == 1


def test_unknown_members_are_not_logged(creator: Target) -> None:
    """§5: the log keeps the model, so what was ignored is not in it."""
    document = creator.create(softDeleted=True)
    (entry,) = creator.get(str(document["id"]), "changelog").json()
    assert "SoftDeleted" not in entry["changedData"]
    assert "softDeleted" not in entry["changedData"]
