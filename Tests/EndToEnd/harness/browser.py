"""A real browser: Debian's Chromium without a window, spoken to in its own protocol over two pipes, so nothing is installed.

The protocol's messages are JSON, each ended by a zero byte (`--remote-debugging-pipe`).
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome")
MISSING = "no Chromium here: apt-get install chromium (make test does it as root on Debian)"


def found() -> str | None:
    """The browser's program; None where there is none."""
    return os.environ.get("TOLLGATE_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


class Page:
    """One tab. It shows what is given by `open`, and nothing of it may reach the network."""

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser, self._session = browser, session
        self.call("Page.enable")
        self.call("Network.enable")
        self.call("Network.emulateNetworkConditions", offline=True, latency=0, downloadThroughput=-1, uploadThroughput=-1)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        return self._browser.call(method, self._session, **parameters)

    def offline(self, is_offline: bool) -> None:
        """A page of a server on loopback needs the network; a file does not."""
        self.call(
            "Network.emulateNetworkConditions", offline=is_offline, latency=0, downloadThroughput=-1, uploadThroughput=-1
        )

    def open(self, url: str | Path, *, width: int = 1280, height: int = 900, dark: bool = False, print: bool = False) -> None:
        """Shows a page and waits until it has loaded."""
        self.show_as(width=width, height=height, dark=dark, print=print)
        self._browser.events.clear()
        error = self.call("Page.navigate", url=url.as_uri() if isinstance(url, Path) else url).get("errorText")
        assert error is None, f"{url}: {error}"
        self._browser.wait_for("Page.loadEventFired", self._session)

    def show_as(self, *, width: int, height: int = 900, dark: bool = False, print: bool = False) -> None:
        """The window's size, the colour scheme that is preferred, and whether for paper."""
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", media="print" if print else "", features=[scheme])

    def evaluate(self, script: str) -> Any:
        """The value of an expression, or of what it promises."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def screenshot(self, file: Path, *, whole: bool = True) -> None:
        """What is to be seen, as PNG."""
        answer = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        file.write_bytes(base64.b64decode(answer["data"]))

    def pdf(self, file: Path) -> None:
        """What would be printed."""
        answer = self.call("Page.printToPDF", preferCSSPageSize=True, printBackground=True)
        file.write_bytes(base64.b64decode(answer["data"]))


class Browser:
    """A running browser with a profile of its own."""

    def __init__(self, program: str, folder: Path, timeout: float = 120) -> None:
        self._timeout = timeout
        self._number = 0
        self._rest = b""
        self.events: list[dict[str, Any]] = []
        ours_in, theirs_out = os.pipe()
        theirs_in, ours_out = os.pipe()
        words = [
            program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            "--disable-extensions", "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--hide-scrollbars", "--remote-debugging-pipe", f"--user-data-dir={folder}", "about:blank",
        ]  # fmt: skip
        # The protocol's pipes are the descriptors 3 and 4; copies far from these cannot be one of them already.
        reads, writes = (fcntl.fcntl(one, fcntl.F_DUPFD, 20) for one in (theirs_in, theirs_out))

        def arrange() -> None:
            os.dup2(reads, 3)
            os.dup2(writes, 4)

        self._process = subprocess.Popen(
            words, preexec_fn=arrange, pass_fds=(3, 4), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        os.close(reads)
        os.close(writes)
        os.close(theirs_in)
        os.close(theirs_out)
        self._in, self._out = ours_in, ours_out

    def page(self) -> Page:
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        return Page(self, self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"])

    def call(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]
            if "method" in answer:
                self.events.append(answer)

    def wait_for(self, method: str, session: str) -> None:
        def is_it(event: dict[str, Any]) -> bool:
            return event["method"] == method and event.get("sessionId") == session

        while not any(map(is_it, self.events)):
            self.events.append(self._next())
        self.events.clear()

    def _next(self) -> dict[str, Any]:
        end = time.monotonic() + self._timeout
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._in], [], [], max(end - time.monotonic(), 0))
            assert ready, "the browser does not answer"
            piece = os.read(self._in, 1 << 20)
            assert piece, f"the browser has ended, status {self._process.poll()}"
            self._rest += piece
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)

    def close(self) -> None:
        with contextlib.suppress(Exception):
            self.call("Browser.close")
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._in)
        os.close(self._out)


@contextlib.contextmanager
def browsing() -> Iterator[Browser]:
    """A browser for the block's time."""
    program = found()
    assert program, MISSING
    with tempfile.TemporaryDirectory(prefix="tollgate-browser-", ignore_cleanup_errors=True) as folder:
        browser = Browser(program, Path(folder))
        try:
            yield browser
        finally:
            browser.close()


LABELS = """
(() => {
  const texts = svg => [...svg.querySelectorAll('text')].filter(t => t.getBoundingClientRect().width > 0)
    .map(t => ({ said: t.textContent, box: t.getBoundingClientRect() }))
  const over = []
  for (const svg of document.querySelectorAll('svg')) {
    const all = texts(svg), frame = svg.getBoundingClientRect()
    for (const [i, a] of all.entries()) {
      if (a.box.left < frame.left - 1 || a.box.right > frame.right + 1) over.push([a.said, 'the edge'])
      for (const b of all.slice(i + 1)) {
        const wide = Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left)
        const high = Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top)
        if (wide > 0.5 && high > 3) over.push([a.said, b.said])
      }
    }
  }
  return over
})()
"""
"""Labels of drawings that lie over one another, or stand out of their drawing."""

CONTRAST = """
(() => {
  const parse = css => { const n = css.match(/[\\d.]+/g)?.map(Number) ?? [0, 0, 0, 0]; return { r: n[0], g: n[1], b: n[2], a: n[3] ?? 1 } }
  const light = c => { const f = v => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4 }
    return 0.2126 * f(c.r) + 0.7152 * f(c.g) + 0.0722 * f(c.b) }
  const ratio = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05) }
  const ground = element => {
    for (let e = element; e; e = e.parentElement) {
      const c = parse(getComputedStyle(e).backgroundColor)
      if (c.a === 1) return c
    }
    return { r: 255, g: 255, b: 255, a: 1 }
  }
  // A label in a drawing lies on the last shape under its middle.
  const shape = text => {
    const box = text.getBoundingClientRect(), x = box.left + box.width / 2, y = box.top + box.height / 2
    let found = null
    for (const s of text.ownerSVGElement.querySelectorAll('rect')) {
      const b = s.getBoundingClientRect()
      if (b.left <= x && x <= b.right && b.top <= y && y <= b.bottom) found = s
    }
    return found && parse(getComputedStyle(found).fill)
  }
  const poor = []
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement, style = getComputedStyle(element), box = element.getBoundingClientRect()
    if (!node.textContent.trim() || box.width === 0 || style.visibility !== 'visible' || element.closest('style, title')) continue
    const isLabel = element instanceof SVGElement
    const ink = parse(isLabel ? style.fill : style.color)
    const under = (isLabel && shape(element)) || ground(isLabel ? element.ownerSVGElement : element)
    const found = ratio(ink, under)
    if (found < 4.5) poor.push([node.textContent.trim().slice(0, 40), Math.round(found * 100) / 100])
  }
  return poor
})()
"""
"""Texts whose contrast with their ground is below WCAG 2.2's 4.5 to 1."""
