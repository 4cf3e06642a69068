"""The configuration file, the choice of an environment, and where credentials come from."""

from __future__ import annotations

import os
import re
from datetime import date
from typing import TYPE_CHECKING

import pytest

from reconciler.cli.environment import choose_environment
from reconciler.clients.credentials import read_credentials
from reconciler.definitions.settings import Settings, find_root, read_settings
from reconciler.definitions.starter import make_config
from reconciler.errors import CredentialsError, SettingsError, UsageError
from reconciler.model.environment import BUILT_IN, PARTIES, ConfiguredCheck
from reconciler.operations.access import find_delegation

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from reconciler.model.environment import Environment

SERVED = (
    '[environments.served]\nregister = "http://127.0.0.1:8080/"\nmaskinporten = "http://localhost:8080/mp"\n'
)
KEY = "-----BEGIN PRIVATE KEY-----\nsecret-secret-secret\n-----END PRIVATE KEY-----"
CLIENT = {"MASKINPORTEN_CLIENT_ID": "a-client"}


def configure(root: Path, text: str, name: str = "reconciler.toml") -> Settings:
    """Write a configuration file and read it."""
    (root / name).write_text(text, encoding="utf-8")
    return read_settings(root)


def complain(root: Path, text: str, name: str = "reconciler.toml") -> list[str]:
    """Write a wrong configuration file and give what is said of it."""
    with pytest.raises(SettingsError) as caught:
        configure(root, text, name)
    assert caught.value.hint
    return caught.value.message.splitlines()


def test_three_environments_are_built_in(tmp_path: Path) -> None:
    """Without a file there are local, tt02 and prod, and each of the two has its own Maskinporten."""
    settings = read_settings(tmp_path)

    assert list(settings.environments) == ["local", "tt02", "prod"]
    addresses = [(each.register, each.maskinporten) for each in settings.environments.values()]
    assert addresses == [
        ("", ""),
        ("https://platform.tt02.altinn.no", "https://test.maskinporten.no/"),
        ("https://platform.altinn.no", "https://maskinporten.no/"),
    ]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("reconciler.toml", SERVED),
        ("pyproject.toml", SERVED.replace("environments", "tool.reconciler.environments")),
    ],
)
def test_an_environment_is_added(tmp_path: Path, name: str, text: str) -> None:
    """Either file adds one; the register ends without a slash and the issuer with one."""
    served = configure(tmp_path, text, name).environments["served"]

    assert served.register == "http://127.0.0.1:8080"
    assert served.maskinporten == "http://localhost:8080/mp/"
    assert served.identity == served.register


def test_two_files_are_refused(tmp_path: Path) -> None:
    """One repository has one configuration."""
    (tmp_path / "pyproject.toml").write_text("[tool.reconciler]\n", encoding="utf-8")

    assert complain(tmp_path, SERVED) == [
        "Both reconciler.toml and [tool.reconciler] in pyproject.toml are there."
    ]


def test_every_error_comes_at_once(tmp_path: Path) -> None:
    """Each error stands on a line of its own, with the line in the file and the nearest name."""
    text = """\
# environments.one and regster stand in a comment
enviroments = 1
[environments.one]
register = "https://one.example"
maskinportn = "https://mp.example/"

[environments.two]
register = "http://two.example"
maskinporten = 5
clients = "one"

[environments.Three]
regster = "https://three.example"
[environments]
four = 4
"""

    assert complain(tmp_path, text) == [
        "reconciler.toml:2: `enviroments` is not a setting; did you mean `environments`?",
        "reconciler.toml:5: `maskinportn` is not a setting of an environment; did you mean `maskinporten`?",
        "reconciler.toml:3: `environments.one` has no `maskinporten`",
        "reconciler.toml:8: `register` of `two` is not an https address, nor http on this machine",
        "reconciler.toml:9: `maskinporten` is not a text",
        "reconciler.toml:10: `clients` of `two` is not a list of texts",
        "reconciler.toml:13: `regster` is not a setting of an environment; did you mean `register`?",
        "reconciler.toml:12: `Three` is no name for an environment: use a–z, 0–9 and `-`",
        "reconciler.toml:12: `environments.Three` has no `register`",
        "reconciler.toml:12: `environments.Three` has no `maskinporten`",
        "reconciler.toml:15: `environments.four` is not a table",
    ]


def test_an_inline_table_has_lines_too(tmp_path: Path) -> None:
    """A setting within a line is found in that line."""
    text = 'environments.a = { register = "https://a.example", maskinporten = "https://a.example/" }\n'
    text += (
        'environments.b = { register = "https://b.example", maskinporten = "https://b.example/", x = 1 }\n'
    )

    assert complain(tmp_path, text) == ["reconciler.toml:2: `x` is not a setting of an environment"]


@pytest.mark.parametrize("name", [each.name for each in BUILT_IN])
@pytest.mark.parametrize("key", ["register", "maskinporten"])
def test_a_built_in_environment_cannot_be_redefined(tmp_path: Path, name: str, key: str) -> None:
    """A branch cannot send a token elsewhere by giving a known name another address."""
    text = f'[environments.{name}]\n{key} = "https://elsewhere.example"\n'

    assert complain(tmp_path, text) == [
        f"reconciler.toml:2: `{key}` of `{name}` cannot be redefined; give another environment another name"
    ]


@pytest.mark.parametrize("issuer", ["https://maskinporten.no/", "https://TEST.maskinporten.no"])
@pytest.mark.parametrize("register", ["https://evil.example", "http://localhost:1"])
def test_an_own_environment_needs_its_own_issuer(tmp_path: Path, issuer: str, register: str) -> None:
    """W3: an official Maskinporten with a register of one's own is an error in the file, with its line."""
    text = f'[environments.mine]\nregister = "{register}"\nmaskinporten = "{issuer}"\n'

    (told,) = complain(tmp_path, text)

    assert told.startswith("reconciler.toml:3: no token for `mine`: ")
    assert told.endswith("; an environment of your own needs its own issuer")


def test_an_environment_at_altinn_may_name_maskinporten(tmp_path: Path) -> None:
    """W3: another of Altinn's own test environments is added with the issuer that it trusts."""
    text = '[environments.at22]\nregister = "https://platform.at22.altinn.cloud"\n'

    settings = configure(tmp_path, text + 'maskinporten = "https://test.maskinporten.no/"\n')

    assert settings.environments["at22"].register == "https://platform.at22.altinn.cloud"


def test_two_names_of_one_register_have_one_identity(tmp_path: Path) -> None:
    """W17: what locks, journals and plans know a register by does not depend on how it is written."""
    one, two = (SERVED, SERVED.replace("served", "again").replace("127.0.0.1:8080/", "LOCALHOST:8080"))

    environments = configure(tmp_path, one + two).environments

    assert environments["served"].identity == environments["again"].identity == "http://127.0.0.1:8080"
    assert environments["again"].register == "http://LOCALHOST:8080"


@pytest.mark.parametrize("built_in", BUILT_IN, ids=lambda each: each.name)
def test_a_built_in_environment_takes_clients_and_unmanaged(tmp_path: Path, built_in: Environment) -> None:
    """What is said of whose writes count leaves the addresses as they are."""
    text = f'[environments.{built_in.name}]\nclients = ["one"]\nunmanaged = ["991825827_old"]\n'

    found = configure(tmp_path, text).environments[built_in.name]

    assert found == built_in._replace(clients=("one",), unmanaged=("991825827_old",))


def test_what_a_new_configuration_offers_is_read(tmp_path: Path) -> None:
    """The line that is only a comment at first is right as well; `local` has no key."""
    text = make_config(["local", "tt02"], None).text
    found = configure(tmp_path, text.replace("# key_expires", "key_expires")).environments

    assert found["tt02"].key_expires == date(2027, 3, 1)
    assert (found["tt02"].clients, found["local"].key_expires) == ((), None)


@pytest.mark.parametrize("day", ["2027-03-01", '"2027-03-01"'], ids=["day", "text"])
def test_the_last_day_of_a_key(tmp_path: Path, day: str) -> None:
    """TOML has days of its own, and some people write them as texts."""
    found = configure(tmp_path, f"[environments.prod]\nkey_expires = {day}\n").environments["prod"]

    assert found.key_expires == date(2027, 3, 1)


@pytest.mark.parametrize(
    "day",
    ["2027-03-01T12:00:00Z", '"2027-02-30"', '"20270301"', '"in March"', "20270301", "true", "[2027-03-01]"],
)
def test_what_is_no_last_day(tmp_path: Path, day: str) -> None:
    """It is one day, and a time of it or a number is a mistake."""
    assert complain(tmp_path, f"[environments.prod]\nkey_expires = {day}\n") == [
        "reconciler.toml:2: `key_expires` of `prod` is not a day such as 2027-03-01"
    ]


@pytest.mark.parametrize("given", ['"991825827"', '["991825827"]', '["991825827", "991825827"]'])
def test_on_whose_behalf(tmp_path: Path, given: str) -> None:
    """One vendor or several; which of them is meant says the run's vendor, or there is only one."""
    text = f'[environments.prod]\nconsumer_org = {given}\nsupplier = "312605031"\n'
    found = configure(tmp_path, text).environments["prod"]

    assert (found.consumer_org, found.supplier) == (("991825827",), "312605031")
    assert found.find_delegation("") == found.find_delegation("991825827") == ("991825827", "312605031")
    assert found.find_delegation("310661414") is None


def test_several_vendors_need_a_name(tmp_path: Path) -> None:
    """On whose behalf is never guessed."""
    text = '[environments.prod]\nconsumer_org = ["991825827", "310661414"]\n'
    found = configure(tmp_path, text).environments["prod"]

    assert find_delegation(found, "310661414") == ("310661414", "")
    assert find_delegation(found, "312605031") is None
    with pytest.raises(UsageError, match="names several vendors: 991825827, 310661414"):
        find_delegation(found, "")


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (
            "consumer_org = 991825827",
            "2: `consumer_org` of `prod` is not an organisation number in quotation marks",
        ),
        ('consumer_org = ["991825827", "1"]', "2: `consumer_org` of `prod` is not an organisation number"),
        ('consumer_org = ""', "2: `consumer_org` of `prod` is not an organisation number"),
        ('supplier = ["312605031"]', "2: `supplier` of `prod` is not an organisation number"),
        (
            'consumer_org = "991825827"\nsupplier = "991825827"',
            "3: `supplier` of `prod` cannot act for itself",
        ),
    ],
)
def test_what_is_no_delegation(tmp_path: Path, lines: str, told: str) -> None:
    """Numbers are texts of nine digits, and the supplier is another organisation."""
    (said,) = complain(tmp_path, f"[environments.prod]\n{lines}\n")

    assert said.startswith(f"reconciler.toml:{told}")


CHECKS = "[[environments.tt02.checks]]\n"
CHECK = 'system = "991825827_a"\nrequest = "standard"\ncustomer = "310904473"\n'


def test_checks_are_read(tmp_path: Path) -> None:
    """With the reference and the scope that are meant where none is named."""
    text = f'{CHECKS}{CHECK}{CHECKS}{CHECK}reference = "b"\nscopes = ["c"]\n'
    found = configure(tmp_path, text).environments["tt02"].checks

    usual = ConfiguredCheck("991825827_a", "standard", "310904473")
    assert found == (usual, usual._replace(reference="b", scopes=("c",)))
    assert (usual.reference, usual.scopes) == ("reconciler-check", (PARTIES,))


def test_an_environment_is_marked_for_tests(tmp_path: Path) -> None:
    """tt02 and local are for tests, prod never is, and one's own where it says so."""
    found = configure(tmp_path, f"{SERVED}test = true\n{SERVED.replace('served', 'other')}").environments

    assert [name for name, each in found.items() if each.test] == ["local", "tt02", "served"]


OFFICIAL = (
    '[environments.a]\nregister = "https://platform.altinn.no"\nmaskinporten = "https://maskinporten.no/"\n'
)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            f"[[environments.prod.checks]]\n{CHECK}",
            "1: `prod` cannot have `checks`: customers are not asked there",
        ),
        (
            f"{SERVED}[[environments.served.checks]]\n{CHECK}",
            "4: `served` cannot have `checks`: it is not marked `test = true`",
        ),
        (
            f"{OFFICIAL}test = true\n",
            "4: `test` of `a` cannot be true: its register is the one of production",
        ),
        (f'{SERVED}test = "yes"\n', "4: `test` of `served` is neither true nor false"),
        ("[environments.prod]\ntest = true\n", "2: `test` of `prod` cannot be redefined"),
        ("[environments.tt02]\nchecks = 1\n", "2: `checks` of `tt02` is not a list of tables, `[[…]]`"),
        (
            f"{CHECKS}{CHECK}{CHECKS}{CHECK.replace('_a', '_b')}refrence = 1",
            "9: `refrence` is not a setting of a check of `tt02`; did you mean `reference`?",
        ),
        (CHECKS + CHECK.partition("\n")[2], "1: a check of `tt02` has no `system`"),
        (
            f'{CHECKS}{CHECK}reference = "310904473"',
            "5: `reference` of a check of `tt02` is the customer's own number",
        ),
        (
            f'{CHECKS}{CHECK}reference = "a/b"',
            "5: `reference` of a check of `tt02` is not a short text of letters",
        ),
        (
            f"{CHECKS}{CHECK}scopes = []",
            "5: `scopes` of a check of `tt02` is not a list of",
        ),
    ],
    ids=[
        *("production", "unmarked", "marked production", "marked with a text", "marked prod", "no list"),
        *("unknown", "missing", "own number", "address", "scopes"),
    ],
)
def test_what_is_no_check(tmp_path: Path, text: str, told: str) -> None:
    """Customers are asked only where it is for tests, and every other problem has its line too."""
    (said,) = complain(tmp_path, text)

    assert said.startswith(f"reconciler.toml:{told}")


@pytest.mark.parametrize("pattern", ["", "*" * 11, "a" * 301], ids=["empty", "stars", "long"])
def test_unmanaged_takes_patterns_of_ids(tmp_path: Path, pattern: str) -> None:
    """Of any form that an id can fit and that is quickly compared."""
    assert (
        configure(tmp_path, '[environments.tt02]\nunmanaged = ["9*_o?d[12]"]').environments["tt02"].unmanaged
    )
    with pytest.raises(
        SettingsError, match="toml:2: `unmanaged` of `tt02` holds what is no short pattern of ids"
    ):
        configure(tmp_path, f'[environments.tt02]\nunmanaged = ["{pattern}"]')


@pytest.mark.parametrize(
    "address",
    [
        "https://register.example",
        "https://Register.Example:8443/path",
        "http://127.0.0.1:80",
        "http://[::1]:8080",
        "http://LOCALHOST/",
    ],
)
def test_an_address_is_https_or_this_machine(tmp_path: Path, address: str) -> None:
    """An https address may be anywhere, an http one is loopback's."""
    text = SERVED.replace("http://127.0.0.1:8080/", address)

    assert configure(tmp_path, text).environments["served"].register == address.rstrip("/")


@pytest.mark.parametrize(
    "address",
    [
        "",
        "register.example",
        "ftp://register.example",
        "http://register.example",
        "http://127.0.0.1.example",
        "http://127.0.0.2.evil.example",
        "http://localhost@register.example",
        "https://user:word@register.example",
        "https://",
        "https:///path",
        "https://regi ster.example",
        "https://register.example\\\\@evil.example",
        "https://register\\nexample",
        "https://register.example:0",
        "https://register.example:99999",
        "https://register.example:port",
        "https://register.example/?",
        "https://register.example/#part",
        "https://register..example",
        f"https://{'a' * 64}.example",
        "https://[::1",
        "https://ræv.example",
    ],
)
def test_any_other_address_is_refused(tmp_path: Path, address: str) -> None:
    """An address that would send a token in the clear, or hides where it goes, is an error."""
    text = SERVED.replace("http://127.0.0.1:8080/", address)

    (told,) = complain(tmp_path, text)
    assert told.endswith("`register` of `served` is not an https address, nor http on this machine")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[environments", "cannot be read"),
        ("environments = 5", "`environments` is not a table"),
        ("tool = 5\nenvironments = []", "`tool` is not a setting"),
    ],
)
def test_a_file_of_another_shape_is_told(tmp_path: Path, text: str, told: str) -> None:
    """A file that is no TOML, or other tables, is a sentence and no traceback."""
    assert told in complain(tmp_path, text)[0]


@pytest.mark.parametrize("text", ["tool = 5\n", 'tool = "reconciler"\n', "[tool]\nreconciler = 5\n"])
def test_a_strange_pyproject_does_no_harm(tmp_path: Path, text: str) -> None:
    """A `pyproject.toml` of somebody else's making is read with care."""
    (tmp_path / "systems").mkdir()
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")

    assert find_root(tmp_path) == tmp_path
    if "reconciler = " in text:
        with pytest.raises(SettingsError, match=r"pyproject\.toml:2: `reconciler` is not a table"):
            read_settings(tmp_path)
    else:
        assert len(read_settings(tmp_path).environments) == 3


@pytest.mark.parametrize("mark", ["reconciler.toml", "pyproject.toml", "systems"])
def test_the_root_is_the_nearest_folder_with_a_mark(tmp_path: Path, mark: str) -> None:
    """From a folder below, the nearest one upwards with any of the three marks is the root."""
    below = tmp_path / "repository" / "docs" / "deep"
    below.mkdir(parents=True)
    (tmp_path / "systems").mkdir()
    (below / "pyproject.toml").write_text("[tool.other]\n", encoding="utf-8")
    root = tmp_path / "repository"
    if mark == "systems":
        (root / mark).mkdir()
    else:
        (root / mark).write_text("[tool.reconciler]\n" if mark == "pyproject.toml" else "", encoding="utf-8")

    assert find_root(below) == root


def test_no_root_is_a_usage_error(tmp_path: Path) -> None:
    """Outside a repository the sentence says what was looked for."""
    with pytest.raises(UsageError) as caught:
        find_root(tmp_path)

    assert "systems/" in caught.value.message
    assert "--root" in caught.value.hint


def test_local_is_the_default(tmp_path: Path) -> None:
    """Nothing named and no credential: the embedded register."""
    settings = read_settings(tmp_path)

    assert choose_environment(settings, None, {}).name == "local"
    assert choose_environment(settings, None, {"RECONCILER_ENVIRONMENT": "tt02"}).name == "tt02"
    assert choose_environment(settings, "prod", {"RECONCILER_ENVIRONMENT": "tt02"}).name == "prod"
    assert choose_environment(settings, "local", {"RECONCILER_TOKEN": "x"}).name == "local"


@pytest.mark.parametrize(
    "variable",
    [
        "RECONCILER_TOKEN",
        "MASKINPORTEN_CLIENT_ID",
        "MASKINPORTEN_CLIENT_JWK",
        "MASKINPORTEN_PRIVATE_KEY_PATH",
    ],
)
def test_a_credential_without_an_environment_is_a_usage_error(tmp_path: Path, variable: str) -> None:
    """A forgotten variable does not plan against the embedded register and is green for ever."""
    with pytest.raises(UsageError) as caught:
        choose_environment(read_settings(tmp_path), None, {variable: "x"})

    assert caught.value.message == f"{variable} is set, but no environment is named."


@pytest.mark.parametrize(("name", "environ"), [("", {}), (None, {"RECONCILER_ENVIRONMENT": " "})])
def test_an_empty_environment_is_a_usage_error(
    tmp_path: Path, name: str | None, environ: Mapping[str, str]
) -> None:
    """A CI variable that nobody set is empty, and is not taken for `local`."""
    with pytest.raises(UsageError, match="is empty"):
        choose_environment(read_settings(tmp_path), name, environ)


@pytest.mark.parametrize(
    ("name", "hint"), [("tt2", "Did you mean `tt02`?"), ("zzz", "Known: local, tt02, prod.")]
)
def test_an_unknown_environment_is_told_with_the_nearest(tmp_path: Path, name: str, hint: str) -> None:
    """A misspelt environment is a usage error with a way out."""
    with pytest.raises(UsageError) as caught:
        choose_environment(read_settings(tmp_path), name, {})

    assert (caught.value.message, caught.value.hint) == (f"There is no environment `{name}`.", hint)


@pytest.mark.parametrize(
    "variable",
    ["MASKINPORTEN_CLIENT_JWK", "MASKINPORTEN_JWK", "MASKINPORTEN_PRIVATE_KEY", "MASKINPORTEN_CLIENT_PEM"],
)
@pytest.mark.parametrize("how", ["value", "@file", "_PATH"])
def test_a_key_comes_from_a_variable_or_a_file(tmp_path: Path, variable: str, how: str) -> None:
    """Every name takes the key itself, `@file`, or with `_PATH` a file."""
    file = tmp_path / "key"
    file.write_text(f"\ufeff{KEY}\n", encoding="utf-8")
    given = {"value": KEY, "@file": f"@{file}", "_PATH": str(file)}[how]
    name = f"{variable}_PATH" if how == "_PATH" else variable

    found = read_credentials({**CLIENT, name: given, "MASKINPORTEN_KEY_ID": "one"})

    assert (found.client_id, found.key.reveal(), found.kid) == ("a-client", KEY, "one")
    assert "secret" not in repr(found)


def test_a_ready_token_needs_nothing_else() -> None:
    """A token bypasses the key, and is masked."""
    found = read_credentials({"RECONCILER_TOKEN": " aaa.bbb.ccc\n"})

    assert found.token.reveal() == "aaa.bbb.ccc"
    assert "aaa" not in repr(found)


@pytest.mark.parametrize("token", ["Bearer aaa.bbb", '"aaa.bbb"', "aaa\nbbb", "aææ", "aaa\r\nHost: evil"])
def test_what_is_no_token_is_refused_unquoted(token: str) -> None:
    """What no header can carry is refused here, since HTTP's refusal would quote it."""
    with pytest.raises(CredentialsError) as caught:
        read_credentials({"RECONCILER_TOKEN": token})

    assert "aaa" not in f"{caught.value.message} {caught.value.hint}"


@pytest.mark.parametrize(
    "environ",
    [
        {"MASKINPORTEN_CLIENT_JWK": "secret-one", "MASKINPORTEN_PRIVATE_KEY": "secret-two"},
        {"MASKINPORTEN_CLIENT_JWK": "secret-one", "MASKINPORTEN_CLIENT_JWK_PATH": "{file}"},
        {"MASKINPORTEN_JWK": "@{file}", "MASKINPORTEN_CLIENT_JWK": "secret-one"},
    ],
)
def test_two_different_keys_are_refused(tmp_path: Path, environ: dict[str, str]) -> None:
    """Two halves of two configurations make no credential."""
    file = tmp_path / "key"
    file.write_text("secret-three", encoding="utf-8")
    given = {name: value.format(file=file) for name, value in environ.items()}

    with pytest.raises(CredentialsError) as caught:
        read_credentials({**CLIENT, **given})

    assert caught.value.message.endswith(" hold different keys.")
    assert all(name in caught.value.message for name in environ)
    assert "secret" not in caught.value.message


def test_the_same_key_twice_is_fine(tmp_path: Path) -> None:
    """A key in a variable and, spaced otherwise, in a file is one key."""
    file = tmp_path / "key"
    file.write_text(KEY, encoding="utf-8")
    environ = {
        "MASKINPORTEN_PRIVATE_KEY": KEY.replace("\n", r"\n"),
        "MASKINPORTEN_CLIENT_PEM_PATH": str(file),
    }

    assert read_credentials({**CLIENT, **environ}).key


def test_two_kids_are_refused() -> None:
    """Two ids for one key cannot both be right."""
    kids = {"MASKINPORTEN_KID": "one", "MASKINPORTEN_KEY_ID": "two"}

    with pytest.raises(CredentialsError, match="differ"):
        read_credentials({**CLIENT, "MASKINPORTEN_PRIVATE_KEY": KEY, **kids})


@pytest.mark.parametrize(
    ("environ", "missing"),
    [
        ({}, "MASKINPORTEN_CLIENT_ID, MASKINPORTEN_CLIENT_JWK"),
        (CLIENT, "MASKINPORTEN_CLIENT_JWK"),
        ({"MASKINPORTEN_JWK": KEY}, "MASKINPORTEN_CLIENT_ID"),
    ],
)
def test_a_missing_half_is_named(environ: Mapping[str, str], missing: str) -> None:
    """What is missing is said by name."""
    with pytest.raises(CredentialsError) as caught:
        read_credentials(environ)

    assert caught.value.message == f"There is no credential; missing: {missing}."
    assert "RECONCILER_TOKEN" in caught.value.hint


def test_a_key_file_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    """A file that is missing, a folder, empty or binary is named by its variable, with what to do."""
    (tmp_path / "empty").write_text("\n", encoding="utf-8")
    (tmp_path / "binary").write_bytes(b"\x30\x82secret\xff")
    told = {}
    for name in ("missing", "empty", "binary", "."):
        with pytest.raises(CredentialsError) as caught:
            read_credentials({**CLIENT, "MASKINPORTEN_JWK_PATH": str(tmp_path / name)})
        told[name] = caught.value.message
        assert caught.value.hint
        assert caught.value.__suppress_context__ or caught.value.__context__ is None

    start = "The key file that MASKINPORTEN_JWK_PATH names"
    assert told == {
        "missing": f"{start} cannot be read: No such file or directory.",
        "empty": f"{start} is empty.",
        "binary": f"{start} is not a text; it may be a PKCS#12 or DER file.",
        ".": f"{start} cannot be read: it is a folder.",
    }


@pytest.mark.parametrize("name", ["reconciler.toml", "pyproject.toml"])
@pytest.mark.parametrize("kind", ["/dev/zero", "out", "pipe", "folder", "nowhere", "itself"])
def test_a_configuration_is_a_regular_file(tmp_path: Path, name: str, kind: str) -> None:
    """S2: a repository cannot make the tool read a device, wait at a pipe, or read another file of the machine."""
    root = tmp_path / "repository"
    (root / "systems").mkdir(parents=True)
    (tmp_path / "outside.toml").write_text("secret = 'hunter2'\n")
    path = root / name
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        target = {"out": "../outside.toml", "nowhere": "nothing", "itself": name}.get(kind, kind)
        path.symlink_to(target)

    assert find_root(root) == root
    with pytest.raises(SettingsError, match=re.escape(str(path))) as caught:
        read_settings(root)
    assert "hunter2" not in caught.value.message


def test_a_pipe_above_the_repository_is_passed_over(tmp_path: Path) -> None:
    """S2: what lies above, in a folder of everybody's, does not stop the search for a root."""
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    os.mkfifo(below / "pyproject.toml")
    (tmp_path / "a" / "pyproject.toml").symlink_to("/dev/zero")
    (tmp_path / "systems").mkdir()

    assert find_root(below) == tmp_path


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a = " + "[" * 100_000 + "]" * 100_000, "nested too deeply"),
        ("a = " + "{a=" * 50_000 + "1" + "}" * 50_000, "nested too deeply"),
        (".".join("a" * 60_000) + " = 1", "a line has too many dots"),
        ("[" + ".".join("a" * 60_000) + "]", "a line has too many dots"),
        ("# " + "x" * 300_000, "more than 262,144 bytes"),
        ("a = 1\n\xff", "cannot be read"),
    ],
)
@pytest.mark.parametrize("name", ["reconciler.toml", "pyproject.toml"])
def test_a_configuration_has_a_measure(tmp_path: Path, name: str, text: str, told: str) -> None:
    """S2: depth and size are a sentence, neither "a fault of reconciler" nor a minute of waiting."""
    (tmp_path / name).write_text(text, encoding="latin-1")

    with pytest.raises(SettingsError, match=told):
        read_settings(tmp_path)


def test_a_link_within_the_repository_is_followed(tmp_path: Path) -> None:
    """S2: only what leads out is refused."""
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "own.toml").write_text(SERVED)
    (tmp_path / "reconciler.toml").symlink_to("conf/own.toml")

    assert "served" in read_settings(tmp_path).environments


def test_a_key_may_come_through_a_pipe(tmp_path: Path) -> None:
    """S2: as a shell's `<(…)` hands it over; a link is followed, as a secret that is mounted is one."""
    reader, writer = os.pipe()
    os.write(writer, KEY.encode())
    os.close(writer)
    (tmp_path / "link").symlink_to(f"/dev/fd/{reader}")

    try:
        found = read_credentials({**CLIENT, "MASKINPORTEN_JWK_PATH": str(tmp_path / "link")})
    finally:
        os.close(reader)

    assert found.key.reveal() == KEY


@pytest.mark.parametrize("kind", ["/dev/zero", "pipe", "huge"])
def test_a_key_file_has_a_measure(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """S2: a device, a pipe that nobody writes to, and a file without end are named by their variable."""
    monkeypatch.setattr("reconciler.platform._SILENCE", 0.05)
    path = tmp_path / "key"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "huge":
        with path.open("wb") as stream:
            stream.truncate(1 << 40)
    else:
        path.symlink_to(kind)

    with pytest.raises(CredentialsError, match="The key file that MASKINPORTEN_JWK_PATH names"):
        read_credentials({**CLIENT, "MASKINPORTEN_JWK_PATH": str(path)})
