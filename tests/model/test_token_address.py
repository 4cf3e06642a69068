"""Which spellings are one address, and the table of issuer × address × transport for tokens and grants."""

from __future__ import annotations

import pytest

from reconciler.model.token_address import find_objection, identify, is_sound

PROD, TEST = "https://maskinporten.no/", "https://test.maskinporten.no/"
PLATFORM = "https://platform.altinn.no/authentication/api/v1/openid/"
TT02 = "https://platform.tt02.altinn.no/authentication/api/v1/openid/"
AT22 = "https://platform.at22.altinn.cloud/authentication/api/v1/openid/"
OWN, LOCAL = "https://issuer.example/", "http://127.0.0.1:8080/mp/"

TARGETS = (
    "https://platform.altinn.no",
    "https://platform.tt02.altinn.no",
    "https://other.altinn.no",
    "https://platform.at22.altinn.cloud",
    "https://register.example",
    "http://127.0.0.1:8080",
)
TOKENS = {
    # issuer: whether its token may go to each of TARGETS, in their order
    PROD: (True, False, True, False, False, False),
    TEST: (False, True, True, True, False, False),
    PLATFORM: (True, False, True, False, False, False),
    TT02: (False, True, True, True, False, False),
    AT22: (False, True, True, True, False, False),
    "https://sky.maskinporten.no": (True, True, True, True, False, False),
    "HTTPS://MASKINPORTEN.NO./": (True, False, True, False, False, False),
    "https://test.maskinporten.no:443": (False, True, True, True, False, False),
    OWN: (False, False, False, False, False, False),
    LOCAL: (False, False, False, False, False, True),
    "https://maskinporten.no@issuer.example/": (False,) * 6,
    "https://maskinporten.no.issuer.example/": (False,) * 6,
    "https://xmaskinporten.no/": (False,) * 6,
    "http://maskinporten.no/": (False,) * 6,
    "maskinporten.no": (False,) * 6,
    "": (False,) * 6,
}


@pytest.mark.parametrize("issuer", TOKENS)
def test_a_token_goes_where_its_issuer_belongs(issuer: str) -> None:
    """W3: tokens of Maskinporten and the platforms go to Altinn alone, and no stage's to another."""
    told = [find_objection("token", issuer, target) for target in TARGETS]

    assert tuple(not each for each in told) == TOKENS[issuer]


@pytest.mark.parametrize("issuer", [PROD, TEST, PLATFORM, TT02, AT22, "https://sky.maskinporten.no", ""])
def test_naming_an_official_issuer_opens_no_other_address(issuer: str) -> None:
    """W3: an environment that names Maskinporten as its own still gets no token of it."""
    for target in ("https://register.example", "http://127.0.0.1:8080", "http://localhost:8080"):
        assert find_objection("token", issuer, target, named=issuer)


@pytest.mark.parametrize(
    ("issuer", "address", "named", "may"),
    [
        (OWN, "https://register.example", OWN, True),
        (OWN, "https://register.example", "https://ISSUER.example:443", True),
        (OWN, "https://register.example", "https://other.example/", False),
        (OWN, "https://register.example", PROD, False),
        (OWN, "https://issuer.example/register", "", True),
        (OWN, "https://issuer.example:8443", "", False),
        (OWN, "http://issuer.example", OWN, False),
        (OWN, "http://127.0.0.1:1", OWN, True),
        (OWN, "ftp://issuer.example", OWN, False),
        (LOCAL, "http://localhost:9090", "http://[::1]:8080/mp", True),
        (LOCAL, "http://127.0.0.1.example:8080", LOCAL, False),
        (PROD, "http://platform.altinn.no", PROD, False),
        (PROD, "https://altinn.no", PROD, False),
        (PROD, "https://altinn.no.register.example", PROD, False),
        (PROD, "https://platform.altinn.no@register.example", PROD, False),
        (PROD, "https://register.example#.altinn.no", PROD, False),
        (PROD, "https://register.example\\.altinn.no", PROD, False),
        (PROD, "https://xaltinn.no", PROD, False),
        (PROD, "https://PLATFORM.Altinn.NO.", PROD, True),
        (TEST, "https://evil.altinn.cloud", TEST, False),
        (TEST, "https://maskinporten.no", TEST, False),
        (TEST, "https://test.maskinporten.no", TEST, False),
        ("", "https://platform.altinn.no", PROD, False),
    ],
)
def test_where_a_token_may_go(issuer: str, address: str, named: str, *, may: bool) -> None:
    """W3: the transport, the look-alikes, and the environments that have an issuer of their own."""
    assert (find_objection("token", issuer, address, named=named) == "") is may


@pytest.mark.parametrize(
    ("audience", "endpoint", "may"),
    [
        (PROD, "https://maskinporten.no/token", True),
        (PROD, "https://MASKINPORTEN.no.:443/token", True),
        (PROD, "https://test.maskinporten.no/token", False),
        (PROD, "https://maskinporten.no.example/token", False),
        (PROD, "http://maskinporten.no/token", False),
        (PROD, "https://platform.altinn.no/token", False),
        (PROD, "https://maskinporten.no:8443/token", False),
        (OWN, "https://issuer.example/elsewhere", True),
        (OWN, "https://register.example/token", False),
        (LOCAL, "http://localhost:8080/mp/token", True),
        (LOCAL, "http://127.0.0.1:8081/mp/token", False),
        ("", "https://maskinporten.no/token", False),
    ],
)
def test_a_grant_goes_to_its_audience(audience: str, endpoint: str, *, may: bool) -> None:
    """W3: a token endpoint on another host than the audience's gets no grant, whoever names it."""
    for named in ("", audience, endpoint):
        assert (find_objection("grant", audience, endpoint, named=named) == "") is may


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://localhost:8080", "http://127.0.0.1:8080"),
        ("http://[::1]:8080", "http://localhost:8080/"),
        ("http://[0:0:0:0:0:0:0:1]:8080", "http://127.0.0.1:8080"),
        ("HTTP://LOCALHOST.:8080//", "http://127.0.0.1:8080"),
        ("http://localhost", "http://127.0.0.1:80"),
        ("https://register.example:443/", "https://REGISTER.example."),
        ("https://register.example/a/", "https://register.example/a"),
    ],
)
def test_one_register_has_one_identity(one: str, other: str) -> None:
    """W17: letter case, default port, a dot or slash at the end, and the names of this machine do not count."""
    assert identify(one) == identify(other) == identify(identify(one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8081"),
        ("https://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("https://register.example/a", "https://register.example/A"),
        ("https://register.example", "https://www.register.example"),
        ("https://127.0.0.2", "https://127.0.0.1"),
    ],
)
def test_two_registers_stay_two(one: str, other: str) -> None:
    """W17: what can be two registers is two."""
    assert identify(one) != identify(other)


def test_what_is_no_address_is_left_as_it_is() -> None:
    """W17: the identity of what could not be configured is itself."""
    assert not is_sound("register.example")
    assert identify("register.example") == "register.example"


@pytest.mark.parametrize(
    ("address", "sound"),
    [
        ("https://register.example", True),
        ("HTTPS://Register.example:8443/mp/", True),
        ("http://localhost:8080", True),
        ("http://[::1]:8080/mp", True),
        ("http://register.example", False),
        ("ftp://register.example", False),
        ("https://user@register.example", False),
        ("https://register.example?to=x", False),
        ("https://register.example/#x", False),
        ("https://register.example\\.altinn.no", False),
        ("https://register.example/a b", False),
        ("https://register.example/\n", False),
        ("https://rëgister.example", False),
        ("https://[2001:db8::1]", False),
        ("https://register.example:0", False),
        ("https://register.example:65536", False),
        ("https://", False),
        ("", False),
    ],
)
def test_a_sound_address_hides_nothing(address: str, *, sound: bool) -> None:
    """W3: no user info, query, fragment, backslash, blank or letter beyond ASCII; http on this machine only."""
    assert is_sound(address) is sound


def test_why_a_token_stays_here_is_said() -> None:
    """W3: an issuer that is missing, and one that is not sound, are two sentences."""
    assert find_objection("token", "", "https://platform.altinn.no") == "it does not say who issued it"
    assert (
        find_objection("token", "ftp://x", "https://platform.altinn.no")
        == "its issuer is not an https address"
    )
