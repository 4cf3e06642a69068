"""The configuration: what each key does is tested where it works; here, what is said about mistakes."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.emulator import start
from reconciler.emulator.control.toml_lines import find_lines
from tests.emulator.callers import (
    HTTP,
    ORG,
    VENDOR,
    WRITE,
    connect,
    control,
    make_claims,
    make_jwk,
    send_grant,
    sign,
)

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric import rsa

WHOLE = """
problem_shape = "before"
clock_offset = 1.5
unknown_members = "kept"
page_size = 2
system_users_file = "users.json"

[[clients]]
client_id = "c1"
org = "991825827"
scopes = ["altinn:authentication/systemregister.write"]
jwks_file = "jwks.json"
access_token_lifetime = 60
not_granted = []
propagation = 0

[[clients]]
client_id = "c2"
org = "312605031"
scopes = []

[maskinporten]
max_lifetime = 180
tolerated_claims = ["nbf", "sub"]
accept_token_url = true
accept_bare_issuer = true
user_scopes = ["openid"]

[[maskinporten.delegations]]
consumer = "312605031"
supplier = "991825827"
scope = "x"

[resources]
my-resource = "GenericAccessResource"

[packages]
"urn:altinn:accesspackage:mine" = {isDelegable = true, isAssignable = false, name = "Mine"}

[[system_users]]
id = "00000000-0000-0000-0000-000000000001"
systemId = "991825827_x"
reporteeOrgNo = "312605031"
supplierOrgno = "991825827"
externalRef = "a"

[[faults]]
fault = "status"
status = 418
path = "/nothing/*"
times = 0

[[faults]]
fault = "writer"
path = ["/nowhere"]
write = {system = "991825827_x", set = {isVisible = true}}
"""

WRONG = """problem_shape = "2025"
page_size = 2.5
clokc_offset = 1

[[clients]]
client_id = "c1"
org = "123"
scopes = "altinn:x"
jwk = '{"kty": "EC"}'

[[clients]]
org = 5
scope = ["x"]
jwks = [
  {kty = "RSA"},
]
jwks_file = "nothing.json"

[maskinporten]
accept_token_url = "yes"
trusted_certificates = "nothing.pem"

[resources]
x = 1

[packages]
"urn:x" = {isDelegable = "true", isAssignabel = true}

[[faults]]
method = "GET"

[[faults]]
fault = "resett"
times = -1

[[faults]]
fault = "writer"
"""

SAID = """
emulator.toml:1: problem_shape: one of "2026-07", "before" is expected, not '2025'; did you mean "2026-07"?
emulator.toml:2: page_size: a whole number from 0 is expected, not 2.5
emulator.toml:3: clokc_offset: is not known; did you mean "clock_offset"?
emulator.toml:7: clients[0].org: nine digits are expected, not '123'
emulator.toml:8: clients[0].scopes: a list of strings is expected, not 'altinn:x'
emulator.toml:9: clients[0].jwk: the key has no kid
emulator.toml:11: clients[1].client_id: is missing
emulator.toml:12: clients[1].org: a string is expected, not 5
emulator.toml:13: clients[1].scope: is not known; did you mean "scopes"?
emulator.toml:14: clients[1].jwks: the key has no kid
emulator.toml:17: clients[1].jwks_file: cannot be read: …
emulator.toml:20: maskinporten.accept_token_url: true or false is expected, not 'yes'
emulator.toml:21: maskinporten.trusted_certificates: cannot be read: …
emulator.toml:24: resources.x: a string is expected, not 1
emulator.toml:27: packages.urn:x.isDelegable: true or false is expected, not 'true'
emulator.toml:27: packages.urn:x.isAssignabel: is not known; did you mean "isAssignable"?
emulator.toml:29: faults[0].fault: is missing
emulator.toml:33: faults[1].fault: one of … is expected, not 'resett'; did you mean "reset"?
emulator.toml:34: faults[1].times: a whole number from 0 is expected, not -1
emulator.toml:36: faults[2].write.system: is missing
"""


def shorten(line: str) -> str:
    """Leave out what the machine says, and the list of faults."""
    if "cannot be read" in line:
        return line.partition("cannot be read: ")[0] + "cannot be read: …"
    if '"latency"' in line:
        return line.replace(line[line.index("one of") : line.index(" is expected")], "one of …")
    return line


def test_whole_file(tmp_path: Path, private_key: rsa.RSAPrivateKey) -> None:
    """A file with every key starts an emulator that does what it says."""
    (tmp_path / "jwks.json").write_text(json.dumps({"keys": [make_jwk(private_key)]}))
    user = {"id": "2", "systemId": f"{ORG}_x", "reporteeOrgNo": ORG, "supplierOrgno": ORG, "externalRef": "b"}
    (tmp_path / "users.json").write_text(json.dumps({"links": {}, "data": [user]}))
    path = tmp_path / "emulator.toml"
    path.write_text(WHOLE)
    with start(path) as emulator, connect(emulator) as client:
        grant = sign(make_claims(emulator, "c1", sub="c1"), private_key)
        assert send_grant(emulator, grant).json()["expires_in"] == 60
        found = client.get("/resourceregistry/api/v1/resource/my-resource").json()
        assert found["resourceType"] == "GenericAccessResource"
        package = "/accessmanagement/api/v1/meta/info/accesspackages/package/urn/mine"
        assert client.get(package).json()["name"] == "Mine"
        assert client.get("/nothing/x").status_code == 418
        assert client.post(VENDOR, json={"id": 1}).status_code == 400
        assert [fault["fault"] for fault in control(emulator, "GET", "faults").json()] == ["status", "writer"]


def test_every_mistake_at_once(tmp_path: Path) -> None:
    """All mistakes come at once, in the order of the file, each with its line and the nearest known word."""
    path = tmp_path / "emulator.toml"
    path.write_text(WRONG)
    with pytest.raises(ValueError, match="emulator") as caught:
        start(path)
    assert [shorten(line) for line in str(caught.value).splitlines()] == SAID.strip().splitlines()


def test_mapping() -> None:
    """A mapping has the same shape, and its mistakes have no line."""
    with pytest.raises(ValueError, match="clients") as caught:
        start({"clients": [{"client_id": "x", "org": ORG, "scopes": [WRITE], "jwk": "{"}], "faults": "x"})
    first, second = str(caught.value).splitlines()
    assert first.startswith("clients[0].jwk: cannot be read: ")
    assert second == "faults: a list of tables, [[faults]], is expected, not 'x'"


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"clients": {}}, "clients: a list of tables, [[clients]], is expected, not {}"),
        ({"maskinporten": 1}, "maskinporten: a table is expected, not 1"),
        ({"clock_offset": "1"}, "clock_offset: a number is expected, not '1'"),
        ({"resources": {"x": None}}, ""),
        ({"zzz": 1}, "zzz: is not known"),
        (
            {"faults": [{"fault": "truncate", "when": "before"}]},
            "faults[0].when: an answer is truncated after it was made",
        ),
        (
            {"clients": [{"client_id": "x", "org": "991825827", "jwk": [1]}]},
            "clients[0].jwk: a JWK, a JWKS, or a list of JWKs is expected",
        ),
        (
            {"clients": [{"client_id": "x", "org": "991825827", "jwk": {"kid": "x", "kty": "EC"}}]},
            "clients[0].jwk: only an RSA key with `n` and `e` can be registered",
        ),
        (
            {"system_users_file": "nothing.json"},
            "system_users_file: [Errno 2] No such file or directory: 'nothing.json'",
        ),
    ],
)
def test_shapes(config: dict[str, object], said: str) -> None:
    """A value of the wrong type is named with what is expected."""
    if not said:
        start(config).close()
        return
    with pytest.raises(ValueError, match=r".") as caught:
        start(config)
    assert str(caught.value) == said


def test_not_toml(tmp_path: Path) -> None:
    """A file that is no TOML is one mistake, with its line."""
    path = tmp_path / "emulator.toml"
    path.write_text("a = 1\nb = \n")
    with pytest.raises(ValueError, match=r"emulator\.toml: .*line 2"):
        start(path)


def test_no_file(tmp_path: Path) -> None:
    """A file that is not there is an OSError."""
    with pytest.raises(FileNotFoundError):
        start(tmp_path / "nothing.toml")


def test_seeds(tmp_path: Path) -> None:
    """A seed that cannot be is named with what is wrong with it, and nothing starts."""
    names = {"nb": "x", "nn": "x", "en": "x"}
    good: dict[str, object] = {
        "id": f"{ORG}_a",
        "vendor": {"ID": f"0192:{ORG}"},
        "name": names,
        "description": names,
    }
    seeds: list[dict[str, object]] = [
        good,
        {**good, "id": 1},
        {**good, "id": "b", "vendor": {"ID": "1:2"}},
        {**good, "id": "c", "name": {}},
        {**good, "id": "d", "vendor": None},
    ]
    state = tmp_path / "state.sqlite"
    with pytest.raises(ValueError, match="seed") as caught:
        start(seed=seeds, state=state)
    said = str(caught.value).splitlines()
    assert [line.partition(":")[0] for line in said] == [
        "seed 2 (1)",
        "seed 3 (b)",
        "seed 4 (c)",
        "seed 5 (d)",
    ]
    with start(state=state) as emulator:
        assert HTTP.get(f"{emulator.base}/control/systems").json() == []


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        ("a = 1", ("a",), 1),
        ("\n# c\na.b = 1", ("a", "b"), 3),
        ('[x."y.z"]\nk = 1', ("x", "y.z", "k"), 2),
        ("[[t]]\na = 1\n[[t]]\nb = 1", ("t", 1, "b"), 4),
        ("[[t]]\n[t.u]\nb = 1", ("t", 0, "u", "b"), 3),
        ("[[t]]\n[[t.u]]\nb = 1\n[[t.u]]", ("t", 0, "u", 1), 4),
        ('a = """\n[x]\nb = 1\n"""\nc = 1', ("c",), 5),
        ("a = '''\n[x]'''\nc = 1", ("c",), 3),
        ("a = [\n  1, # ]\n  ']',\n]\nc = 1", ("c",), 5),
        ("a = [\n[1],\n[2]\n]\nc = 1", ("c",), 5),
        ("a = {b = [1]}\nc = 1", ("c",), 2),
        ("a = '[' # '''\nc = 1", ("c",), 2),
        ("a = 1\r\nb = 2", ("b",), 2),
    ],
)
def test_lines(text: str, path: tuple[str | int, ...], line: int) -> None:
    """Keys are found on their lines, past strings, lists and comments."""
    tomllib.loads(text)
    assert find_lines(text)[path] == line


KEYS = st.text("abc", min_size=1, max_size=2)
VALUES = st.sampled_from(["1", '"#[["', "'''\n[x]\n'''", "[\n1,\n[2], # ]\n]", "{a = [1]}", '"""a\nb = 1"""'])


@given(st.lists(st.tuples(KEYS, VALUES), unique_by=lambda pair: pair[0], max_size=6))
def test_lines_of_all(pairs: list[tuple[str, str]]) -> None:
    """Every key of a file that `tomllib` reads has a line, and the line begins with the key."""
    text = "".join(f"{key} = {value}\n" for key, value in pairs)
    found = find_lines(text)
    lines = text.splitlines()
    assert {path[0] for path in found} == set(tomllib.loads(text))
    assert all(lines[line - 1].startswith(str(path[0])) for path, line in found.items())
