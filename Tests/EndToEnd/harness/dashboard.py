"""The web dashboard as a program asks it: pages, forms with what they bring back, and JSON."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from typing import Any
from urllib.parse import urlencode

from .client import until
from .gateway import Gateway


@dataclass
class Said:
    """An answer."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def words(self) -> str:
        """What a person reads of the page, in one line."""
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", self.text)).split())

    def fields(self, action: str) -> dict[str, str]:
        """The hidden fields of the page's form whose action begins so."""
        form = next(one for one in re.findall(r"<form.*?</form>", self.text, re.S) if f'action="{action}' in one)
        found = re.findall(r'<input type="hidden" name="([^"]*)"\s+value="([^"]*)">', form)
        return {name: unescape(value) for name, value in found}


class Visitor:
    """Somebody with a cookie, or a program with a token."""

    def __init__(self, host: str, port: int, token: str | None = None) -> None:
        self.host, self.port, self.token = host, port, token
        self.cookie: str | None = None

    @property
    def origin(self) -> str:
        return f"http://{self.host}:{self.port}"

    def ask(self, verb: str, path: str, body: str | None = None, **headers: str) -> Said:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        if self.cookie:
            sent.setdefault("Cookie", self.cookie)
        connection = http.client.HTTPConnection(self.host, self.port, timeout=30)
        try:
            connection.request(verb, path, body, sent)
            answer = connection.getresponse()
            got = {name.lower(): value for name, value in answer.getheaders()}
            if "set-cookie" in got:
                self.cookie = got["set-cookie"].split(";")[0]
            return Said(answer.status, got, answer.read().decode())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Said:
        return self.ask("GET", path, **headers)

    def page(self, path: str) -> Said:
        """A page that is there."""
        said = self.get(path, Accept="text/html")
        assert said.status == 200, (path, said.status, said.words[:500])
        return said

    def send(self, page: str, action: str, **fields: str) -> Said:
        """Sends the form of a page that leads to `action`, filled in."""
        return self.post(action, self.page(page).fields(action) | fields)

    @contextlib.contextmanager
    def stream(self, path: str) -> Iterator[Iterator[tuple[str, str]]]:
        """The events of a stream as they come: kind and data."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=30)
        with contextlib.closing(connection):
            connection.request("GET", path, headers={"Cookie": self.cookie} if self.cookie else {})
            answer = connection.getresponse()
            assert (answer.status, answer.getheader("content-type")) == (200, "text/event-stream")
            yield self._events(answer)

    @staticmethod
    def _events(answer: http.client.HTTPResponse) -> Iterator[tuple[str, str]]:
        kind = ""
        end = time.monotonic() + 30
        while time.monotonic() < end:
            line = answer.readline().decode().rstrip("\n")
            if line.startswith("event: "):
                kind = line[7:]
            elif line.startswith("data: "):
                yield kind, line[6:]

    def post(self, path: str, fields: dict[str, str], **headers: str) -> Said:
        own = {"Content_Type": "application/x-www-form-urlencoded"} | headers
        return self.ask("POST", path, urlencode(fields), **own)

    def post_json(self, path: str, body: Any, **headers: str) -> Said:
        return self.ask("POST", path, json.dumps(body), Content_Type="application/json", **headers)


def visitor(gateway: Gateway, token: str | None = None) -> Visitor:
    """Somebody at the dashboard of a gateway that was configured with `dashboard` on port 0."""
    found = until(
        lambda: re.search(r"dashboard on http://([\d.]+):(\d+)/", gateway.error_text()), what="the dashboard's address"
    )
    return Visitor(found[1], int(found[2]), token)
