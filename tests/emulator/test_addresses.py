"""Where an emulator is reached, and when its control endpoint is closed (rows E21 and E26)."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from reconciler.emulator.server.addresses import Links, check_url, describe, is_loopback


@pytest.mark.parametrize(
    ("host", "public_url", "base", "is_closed"),
    [
        ("127.0.0.1", None, "http://127.0.0.1:8080", False),
        ("localhost", None, "http://localhost:8080", False),
        ("::1", None, "http://[::1]:8080", False),
        ("0.0.0.0", None, "http://127.0.0.1:8080", True),  # noqa: S104 - compared, not bound
        ("::", None, "http://[::1]:8080", True),
        ("", None, "http://127.0.0.1:8080", True),
        ("10.0.0.1", None, "http://10.0.0.1:8080", True),
        ("register", None, "http://register:8080", True),
        ("127.0.0.1", "http://localhost:9000/", "http://localhost:9000", False),
        ("127.0.0.1", "https://register.example/a/", "https://register.example/a", True),
        ("127.0.0.1", "http://localhost.example", "http://localhost.example", True),
        ("0.0.0.0", "http://localhost:9000", "http://localhost:9000", True),  # noqa: S104 - the same
    ],
)
def test_describe(host: str, public_url: str | None, base: str, *, is_closed: bool) -> None:
    """E26: whatever others might reach is closed, unless there is a token to know them by."""
    address = describe(host, 8080, public_url, has_token=False)
    assert (address.base, address.is_closed) == (base, is_closed)
    assert address.maskinporten == f"{base}/maskinporten/"
    assert not describe(host, 8080, public_url, has_token=True).is_closed


@pytest.mark.parametrize("host", ["localhost.example", "128.0.0.1", "0.0.0.0", "", "127.0.0.1.example"])  # noqa: S104 - compared, not bound
def test_is_not_loopback(host: str) -> None:
    """E26: only an address of loopback, or the name `localhost`, is this machine alone."""
    assert not is_loopback(host)


@pytest.mark.parametrize("url", ["http://x", "https://x.example:8443/a/b/", "http://[::1]:80"])
def test_good_url(url: str) -> None:
    """E26: these are public addresses."""
    assert check_url(url) is None


@pytest.mark.parametrize(
    "url", ["", "x", "//x", "ftp://x", "http://", "http://u@x", "http://x#a", "http://[x"]
)
def test_bad_url(url: str) -> None:
    """E26: these are none, and it is said why."""
    assert check_url(url)


@pytest.mark.parametrize(
    ("headers", "base"),
    [
        ({"host": "a:1"}, "http://a:1"),
        ({}, "http://127.0.0.1:8080"),
        ({"host": "a", "x-forwarded-host": "b"}, "http://b"),
        ({"host": "a", "x-forwarded-proto": "https"}, "https://a"),
        ({"host": "a", "x-forwarded-host": "evil , b ", "x-forwarded-proto": "ftp,https"}, "https://b"),
        ({"host": "a", "x-forwarded-host": "", "x-forwarded-proto": " "}, "http://a"),
    ],
)
def test_links(headers: dict[str, str], base: str) -> None:
    """E21: a link begins with what was called, as the nearest proxy says; HTTP/1.0 needs no `Host`."""
    scope = {
        "type": "http",
        "scheme": "http",
        "path": "/",
        "query_string": b"",
        "server": ("127.0.0.1", 8080),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    assert Links().find_base(Request(scope)) == base
    assert Links("https://fixed.example").find_base(Request(scope)) == "https://fixed.example"
