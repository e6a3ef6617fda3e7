"""A browser by hand: it keeps the dashboard's cookie, follows no redirect, and sends a page's forms as they stand on it."""

from __future__ import annotations

import contextlib
import html
import http.client
import json
import re
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode


class Answer:
    def __init__(self, status: int, headers: dict[str, str], body: str) -> None:
        self.status, self.headers, self.body = status, headers, body

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        """What a person reads of the page, in one line."""
        return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", self.body)).split())

    def fields(self, action: str) -> dict[str, str]:
        """The hidden fields of the page's form that leads to `action`."""
        found = re.search(rf'<form[^>]*action="{re.escape(action)}"[^>]*>(.*?)</form>', self.body, re.DOTALL)
        assert found, f"the page has no form that leads to {action}: {self.text[:500]}"
        hidden = re.findall(r'<input type="hidden" name="([^"]+)"\s+value="([^"]*)"', found[1])
        return {name: html.unescape(value) for name, value in hidden}


class Visitor:
    """One visitor of the pages at a port of loopback."""

    def __init__(self, port: int, token: str | None = None) -> None:
        self.port, self.token, self.cookie = port, token, ""

    def ask(self, path: str, method: str = "GET", body: str | None = None, **headers: str) -> Answer:
        own = {"Accept": "text/html"}
        if self.cookie:
            own["Cookie"] = self.cookie
        if self.token:
            own["Authorization"] = f"Bearer {self.token}"
        if body is not None:
            own["Content-Type"] = "application/x-www-form-urlencoded"
        own |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(connection):
            connection.request(method, path, body=body, headers=own)
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            if cookie := found.get("set-cookie"):
                self.cookie = cookie.split(";")[0]
            return Answer(answer.status, found, answer.read().decode())

    def page(self, path: str) -> Answer:
        answer = self.ask(path)
        assert answer.status == 200, (path, answer.status, answer.text[:500])
        return answer

    def send(self, page: str, action: str, **fields: str) -> Answer:
        """Fills in the form of a page that leads to `action`, and sends it."""
        return self.ask(action, "POST", urlencode(self.form(page, action) | fields))

    def form(self, page: str, action: str) -> dict[str, str]:
        """The hidden fields of a page's form."""
        return self.page(page).fields(action)

    def post(self, path: str, fields: dict[str, str], **headers: str) -> Answer:
        """Sends a form, whichever page it stood on."""
        return self.ask(path, "POST", urlencode(fields), **headers)

    def post_json(self, path: str, body: Any, **headers: str) -> Answer:
        return self.ask(path, "POST", json.dumps(body), **({"Content_Type": "application/json"} | headers))

    @contextlib.contextmanager
    def stream(self, path: str) -> Iterator[Iterator[tuple[str, str]]]:
        """The events of a stream as they come."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(connection):
            connection.request("GET", path, headers={"Accept": "text/event-stream"} | ({"Cookie": self.cookie} if self.cookie else {}))
            answer = connection.getresponse()
            assert answer.status == 200 and answer.getheader("content-type") == "text/event-stream"
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
