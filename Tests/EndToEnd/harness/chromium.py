"""Real Chromium, driven by Playwright: pages as people see them, and what makes them usable.

The browser is Debian's, found or installed by `packages`; Playwright brings only the driver.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any

from . import packages

try:
    from playwright.sync_api import Browser, Page, sync_playwright
except ImportError:  # pragma: no cover - named in the reason for the skip
    sync_playwright = None

_UNUSABLE = """() => {
  const said = [];
  const name = (one) => `${one.tagName.toLowerCase()}#${one.id}[name=${one.name || ""}]`;
  const seen = (one) => one.getClientRects().length > 0;
  for (const one of document.querySelectorAll("input:not([type=hidden]), select, textarea")) {
    const labels = [...(one.labels || [])].map((label) => label.textContent.trim()).join("");
    if (!labels && !one.getAttribute("aria-label")) said.push(`${name(one)} has no label`);
    if (one.type === "radio" && !one.closest("fieldset")?.querySelector("legend")?.textContent.trim())
      said.push(`${name(one)} stands in no group with a name`);
  }
  for (const one of document.querySelectorAll("button, a[href]"))
    if (!one.textContent.trim() && !one.getAttribute("aria-label")) said.push(`${name(one)} says nothing`);
  const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
  for (const id of new Set(ids)) if (ids.filter((other) => other === id).length > 1) said.push(`two are called #${id}`);
  for (const one of document.querySelectorAll("table"))
    if (!one.querySelector("th[scope]")) said.push("a table has no headings");
  if (!document.documentElement.lang) said.push("the page names no language");
  if (document.querySelectorAll("h1").length !== 1) said.push("the page has not one heading of its own");
  if (document.querySelector("[style], style, script:not([src])")) said.push("something is written into the page");
  if (document.documentElement.scrollWidth > innerWidth) said.push(`the page is ${document.documentElement.scrollWidth} wide`);

  // WCAG 2.2, 1.4.3: the ratio of the lighter to the darker luminance, each plus 0.05.
  const rgb = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const luminance = ([r, g, b]) => {
    const line = (v) => ((v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * line(r) + 0.7152 * line(g) + 0.0722 * line(b);
  };
  const ground = (one) => {
    for (let at = one; at; at = at.parentElement) {
      const colour = rgb(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let lowest = 21;
  while (walker.nextNode()) {
    const one = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !seen(one) || one.closest(".hide, .skip, svg, option")) continue;
    const [a, b] = [luminance(rgb(getComputedStyle(one).color)), luminance(ground(one))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    lowest = Math.min(lowest, ratio);
    if (ratio < 4.5) said.push(`contrast ${ratio.toFixed(2)} of "${walker.currentNode.data.trim().slice(0, 40)}"`);
  }
  return { said, lowest };
}"""


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


def why_missing() -> str | None:
    """Why there is no browser, for a skip; None where there is one."""
    if sync_playwright is None:
        return "no playwright (pip install -r Tests/EndToEnd/requirements.txt)"
    if packages.program("chromium", "chromium") is None:
        return packages.why_missing("chromium", "chromium")
    return None


@contextlib.contextmanager
def running() -> Iterator[Browser]:
    """The browser, for the time of a block."""
    # Chromium's sandbox needs another user than root; the pages are our own.
    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=packages.program("chromium", "chromium"), args=options)
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def page(
    browser: Browser, address: str, *, dark: bool = False, width: int = 1200, script: bool = True, **options: Any
) -> Iterator[Page]:
    """A page of its own, with its own cookies; what went wrong in it fails the test."""
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if dark else "light",
        java_script_enabled=script,
        **options,
    )
    # A debug build on a busy machine takes its time.
    context.set_default_timeout(20_000)
    one = context.new_page()
    wrong: list[str] = []
    one.on("pageerror", lambda error: wrong.append(f"script: {error}"))
    one.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    try:
        one.goto(address)
        yield one
        assert not wrong, wrong
    finally:
        context.close()


def look(one: Page) -> float:
    """Fails where something on the page has no label, is too pale, too wide or written into it; returns the lowest contrast."""
    found = one.evaluate(_UNUSABLE)
    assert not found["said"], (one.url, found["said"])
    assert (over := one.evaluate(LABELS)) == [], (one.url, over)
    return found["lowest"]
