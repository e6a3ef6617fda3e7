"""The weekly report's page in a real browser: wide, on a phone, in the dark, on paper.

`TOLLGATE_SCREENSHOTS=folder` keeps what was seen there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness.browser import DRAWN_CONTRASTS, LABELS, chromium
from harness.browser import page as opened
from harness.month import Month
from playwright.sync_api import Page

FORMS = {
    "wide": {"width": 1280},
    "phone": {"width": 390, "height": 844},
    "dark": {"width": 1280, "dark": True},
    "phone-dark": {"width": 390, "height": 844, "dark": True},
    "print": {"width": 794, "height": 1123, "print": True},
}


@pytest.fixture(scope="module")
def report(month: Month, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("page") / "weekly.html"
    words = ("report", "weekly", "--no-ingest", "--week", "2026-W47", "--format", "html", "--out", file)
    month.home.tollgate(*words, *month.words())
    return file


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with chromium() as browser, opened(browser) as one:
        # A report loads nothing.
        one.context.set_offline(True)
        yield one


def show(page: Page, report: Path, width: int, height: int = 900, dark: bool = False, print: bool = False) -> None:
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme="dark" if dark else "light", media="print" if print else "screen")
    page.goto(report.as_uri())


@pytest.fixture(params=FORMS)
def form(request: pytest.FixtureRequest, page: Page, report: Path) -> str:
    show(page, report, **FORMS[request.param])
    if folder := os.environ.get("TOLLGATE_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"weekly-{request.param}.png", full_page=True)
        if request.param == "print":
            page.pdf(path=Path(folder) / "weekly.pdf", prefer_css_page_size=True, print_background=True)
    return request.param


def test_nothing_of_the_page_stands_out_to_the_side(form: str, page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= FORMS[form]["width"]
    # What is wider scrolls within its own frame, which a keyboard reaches.
    stuck = "[...document.querySelectorAll('.scroll')].filter(e => e.scrollWidth > e.clientWidth + 1 && e.tabIndex < 0).length"
    assert page.evaluate(stuck) == 0


def test_no_label_of_a_drawing_lies_over_another(form: str, page: Page) -> None:
    assert page.evaluate("document.querySelectorAll('svg').length") > 20
    assert page.evaluate(LABELS) == []


def test_texts_stand_out_from_their_ground(form: str, page: Page) -> None:
    assert page.evaluate(DRAWN_CONTRASTS) == []


def test_labels_of_drawings_can_be_read(form: str, page: Page) -> None:
    smallest = "Math.min(...[...document.querySelectorAll('svg text')].map(t => t.getBoundingClientRect().height).filter(h => h > 0))"
    assert page.evaluate(smallest) >= 9


def test_the_scheme_is_the_readers(page: Page, report: Path) -> None:
    grounds = set()
    for dark in (False, True):
        show(page, report, width=1280, dark=dark)
        grounds.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert len(grounds) == 2


def test_every_link_leads_somewhere_and_every_drawing_says_what_it_shows(page: Page, report: Path) -> None:
    show(page, report, width=1280)
    dead = "[...document.querySelectorAll('a')].filter(a => !document.getElementById(a.hash.slice(1))).map(a => a.href)"
    assert page.evaluate(dead) == []
    mute = "[...document.querySelectorAll('svg')].filter(s => !(s.getAttribute('aria-label') || s.querySelector('title')?.textContent)).length"
    assert page.evaluate(mute) == 0
