"""Bytes on a connection, and what comes back until it is closed or silent."""

from __future__ import annotations

import contextlib
import socket
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.emulator import Emulator


class Answer(NamedTuple):
    """One answer as it was sent."""

    status: int
    headers: dict[str, str]
    """By name, in small letters."""
    body: bytes


@contextlib.contextmanager
def open_wire(emulator: Emulator, seconds: float = 10) -> Iterator[socket.socket]:
    """Open a connection that waits so long for anything."""
    address = urlsplit(emulator.base)
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=seconds) as wire:
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield wire


def read_all(wire: socket.socket) -> bytes:
    """Read until the other side closes; TimeoutError where it does not."""
    read = b""
    with contextlib.suppress(ConnectionResetError):
        while data := wire.recv(65536):
            read += data
    return read


def ask(emulator: Emulator, data: bytes) -> bytes:
    """Send some bytes on a connection of their own, and read until the server closes it."""
    with open_wire(emulator) as wire:
        wire.sendall(data)
        return read_all(wire)


def split(data: bytes) -> list[Answer]:
    """Split what a server sent into answers; ValueError where it is none, or not framed as it says."""
    answers: list[Answer] = []
    while data:
        head, found, data = data.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        version, status, *_ = lines[0].split(" ")
        if not found or version != "HTTP/1.1":
            raise ValueError(lines)
        headers = {line.partition(":")[0].lower(): line.partition(":")[2].strip() for line in lines[1:]}
        if status == "100":
            continue
        body, data = _take_body(headers, data)
        answers.append(Answer(int(status), headers, body))
    return answers


def _take_body(headers: dict[str, str], data: bytes) -> tuple[bytes, bytes]:
    if "transfer-encoding" not in headers:
        length = headers.get("content-length")
        return (data, b"") if length is None else (data[: int(length)], data[int(length) :])
    body = b""
    while True:
        size, found, data = data.partition(b"\r\n")
        if not found:
            raise ValueError("chunks without an end")
        many = int(size, 16)
        if many == 0:
            return body, data.removeprefix(b"\r\n")
        body += data[:many]
        data = data[many + 2 :]
