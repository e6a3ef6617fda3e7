"""A real Chromium, and what a careful reader would find wrong with a page in it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from .packages import program, why_missing

WIDE, PHONE = (1280, 900), (390, 844)

# The relative luminance and the contrast of WCAG 2.2 (1.4.3), of each text against what is drawn behind it.
CONTRASTS = """() => {
  const parse = (text) => { const m = text.match(/[\\d.]+/g).map(Number); return m.length < 4 ? [...m, 1] : m; };
  const over = (a, b) => [0, 1, 2].map((i) => a[i] * a[3] + b[i] * (1 - a[3])).concat(1);
  const light = (c) => { const f = (v) => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; };
    return 0.2126 * f(c[0]) + 0.7152 * f(c[1]) + 0.0722 * f(c[2]); };
  const ground = (node) => {
    const layers = [];
    for (let one = node; one; one = one.parentElement) {
      const c = parse(getComputedStyle(one).backgroundColor);
      if (c[3] > 0) layers.push(c);
      if (c[3] === 1) break;
    }
    const base = matchMedia('(prefers-color-scheme: dark)').matches ? [18, 18, 18, 1] : [255, 255, 255, 1];
    return layers.reverse().reduce((below, layer) => over(layer, below), base);
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim();
    const node = walker.currentNode.parentElement;
    if (!text || node.closest('svg, script, style, .skip, .hide, option') || !node.getClientRects().length) continue;
    const style = getComputedStyle(node);
    if (style.visibility === 'hidden') continue;
    const behind = ground(node);
    const [a, b] = [light(over(parse(style.color), behind)), light(behind)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) found.push(text.slice(0, 40) + ': ' + ratio.toFixed(2));
  }
  return found;
}"""

UNNAMED = """() => [...document.querySelectorAll('input:not([type=hidden]), select, textarea, button, a[href], svg[role=img]')]
  .filter((one) => {
    const text = (node) => (node?.textContent || '').trim();
    const labels = one.labels ? [...one.labels].map(text).join('') : '';
    const own = ['BUTTON', 'A'].includes(one.tagName) ? text(one) : '';
    const title = one.tagName === 'svg' ? text(one.querySelector('title')) : '';
    return !(labels || own || title || one.getAttribute('aria-label') || one.getAttribute('aria-labelledby'));
  }).map((one) => one.outerHTML.slice(0, 120))"""

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

DRAWN_CONTRASTS = """
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


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, driven by Playwright; the test is skipped where it cannot be had."""
    path = program("chromium", "chromium", "fonts-liberation")
    if path is None:
        pytest.skip(why_missing("chromium", "chromium"))
    with sync_playwright() as driver:
        # Root has no sandbox for it; the pages are ours.
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"])
        with contextlib.closing(browser):
            yield browser


@contextlib.contextmanager
def page(browser: Browser, size: tuple[int, int] = WIDE, dark: bool = False, script: bool = True) -> Iterator[Page]:
    """A page of its own cookies. Whatever a script or the content policy complains about fails the test."""
    scheme: Any = "dark" if dark else "light"
    view: Any = {"width": size[0], "height": size[1]}
    context = browser.new_context(viewport=view, color_scheme=scheme, java_script_enabled=script)
    one = context.new_page()
    complaints: list[str] = []
    one.on("pageerror", lambda error: complaints.append(str(error)))
    one.on("console", lambda said: complaints.append(said.text) if said.type == "error" and "Content Security" in said.text else None)
    try:
        yield one
    finally:
        context.close()
    assert complaints == []


def faults(one: Page) -> dict[str, list[str]]:
    """What is wrong with the page as it stands, by kind; nothing where all is well."""
    found = {
        "contrast below 4.5": one.evaluate(CONTRASTS),
        "without a name": one.evaluate(UNNAMED),
        "texts of a chart on each other": one.evaluate(LABELS),
    }
    wide = one.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    found["wider than the window"] = [f"by {wide} pixels"] if wide > 0 else []
    return {kind: list for kind, list in found.items() if list}
