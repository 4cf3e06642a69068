"""A secret shows itself to nobody who does not ask for it by name."""

from __future__ import annotations

import copy
import json
import logging
import pickle
from typing import TYPE_CHECKING

import pytest

from reconciler.clients.credentials import Credentials
from reconciler.model.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable

TEXT = "hunter2"


@pytest.mark.parametrize(
    "show",
    [
        str,
        repr,
        "{}".format,
        "{:>20}".format,
        "{!r}".format,
        lambda secret: f"{secret} {secret!s} {secret!r} {secret!a}",
        lambda secret: "%s %r" % (secret, secret),  # noqa: UP031 - logging formats so
        lambda secret: str([secret, {secret: secret}]),
        lambda secret: repr(Credentials("client", secret, "kid", secret)),
        lambda secret: json.dumps({"token": secret}, default=str),
        lambda secret: repr(ValueError(secret)),
    ],
)
def test_it_prints_as_stars(show: Callable[[Secret], str]) -> None:
    """However a secret gets into a text, it is masked."""
    shown = show(Secret(TEXT))

    assert TEXT not in shown
    assert "***" in shown


def test_it_is_masked_in_a_log(caplog: pytest.LogCaptureFixture) -> None:
    """A log record with a secret among its arguments holds stars."""
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("test").debug("token %s", Secret(TEXT))

    assert caplog.messages == ["token ***"]


@pytest.mark.parametrize("write", [pickle.dumps, copy.deepcopy, json.dumps])
def test_it_is_not_written(write: Callable[[Secret], object]) -> None:
    """What would write or copy a secret whole refuses."""
    with pytest.raises(TypeError):
        write(Secret(TEXT))


def test_it_reveals_its_text_and_compares() -> None:
    """A secret gives its text on request, equals its like only, and is false when empty."""
    assert Secret(TEXT).reveal() == TEXT
    assert Secret(TEXT) == Secret(TEXT)
    assert len({Secret(TEXT), Secret(TEXT), Secret("other")}) == 2
    assert Secret(TEXT) != TEXT
    assert not Secret("")
