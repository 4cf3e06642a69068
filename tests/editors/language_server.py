"""A YAML language server as an editor runs it: a program that is spoken to over its standard streams."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from types import TracebackType

PATIENCE = 60
"""Seconds for an answer, on a busy machine."""


def find_server() -> Path | None:
    """Find the server's script, which `YAML_LANGUAGE_SERVER` names."""
    named = os.environ.get("YAML_LANGUAGE_SERVER", "")
    return Path(named) if named and Path(named).exists() else None


class LanguageServer:
    """Speaks the Language Server Protocol 3.17 (base protocol: a header with the length, then JSON)."""

    def __init__(self, script: Path) -> None:
        """Start the server."""
        self._process = subprocess.Popen(
            [shutil.which("node") or "node", str(script), "--stdio"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._received: Queue[dict[str, Any]] = Queue()
        self._diagnostics: dict[str, list[dict[str, Any]]] = {}
        self._number = 0
        Thread(target=self._receive, daemon=True).start()

    def __enter__(self) -> Self:
        """Say what this editor can do, and that it takes completions and diagnostics."""
        self.ask("initialize", {"processId": None, "rootUri": None, "capabilities": _CAPABILITIES})
        self._send({"method": "initialized", "params": {}})
        settings = {
            "yaml": {
                "validate": True,
                "completion": True,
                "yamlVersion": "1.2",
                "schemaStore": {"enable": False},
            }
        }
        self._send({"method": "workspace/didChangeConfiguration", "params": {"settings": settings}})
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the server."""
        self._process.kill()
        self._process.communicate()

    def open(self, file: Path) -> list[dict[str, Any]]:
        """Open a file and wait for its diagnostics."""
        uri, text = file.as_uri(), file.read_text(encoding="utf-8")
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        self._send({"method": "textDocument/didOpen", "params": {"textDocument": document}})
        while uri not in self._diagnostics:
            self._take()
        return self._diagnostics[uri]

    def complete(self, file: Path, line: int, column: int) -> dict[str, dict[str, Any]]:
        """Ask for completions at a place (from 0), by their labels."""
        place = {"line": line, "character": column}
        answer = self.ask(
            "textDocument/completion", {"textDocument": {"uri": file.as_uri()}, "position": place}
        )
        items = answer["items"] if isinstance(answer, dict) else answer
        return {each["label"]: each for each in items}

    def hover(self, file: Path, line: int, column: int) -> str:
        """Ask what is said of a place (from 0)."""
        place = {"line": line, "character": column}
        answer = self.ask("textDocument/hover", {"textDocument": {"uri": file.as_uri()}, "position": place})
        return str(answer["contents"]["value"])

    def ask(self, method: str, params: dict[str, Any]) -> Any:  # noqa: ANN401 - any JSON
        """Send a request and wait for its answer."""
        self._number += 1
        number = self._number
        self._send({"id": number, "method": method, "params": params})
        while True:
            message = self._take()
            if message.get("id") == number and "method" not in message:
                assert "error" not in message, message
                return message.get("result")

    def _take(self) -> dict[str, Any]:
        """Take the next message, and answer what the server asks of its editor."""
        try:
            message = self._received.get(timeout=PATIENCE)
        except Empty:
            raise AssertionError(f"No word from the language server in {PATIENCE} s") from None
        if message.get("method") == "textDocument/publishDiagnostics":
            self._diagnostics[message["params"]["uri"]] = message["params"]["diagnostics"]
        elif "method" in message and "id" in message:
            items = message["params"].get("items", []) if isinstance(message.get("params"), dict) else []
            self._send({"id": message["id"], "result": [None for _ in items]})
        return message

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._process.stdin.flush()

    def _receive(self) -> None:
        """Read messages as long as there are any."""
        stream = self._process.stdout
        assert stream is not None
        while True:
            length = 0
            while header := stream.readline().strip():
                name, _, value = header.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            if not length:
                return
            self._received.put(json.loads(stream.read(length)))


_CAPABILITIES: dict[str, Any] = {
    "textDocument": {
        "completion": {"completionItem": {"documentationFormat": ["markdown", "plaintext"]}},
        "hover": {"contentFormat": ["markdown"]},
        "publishDiagnostics": {},
    }
}
