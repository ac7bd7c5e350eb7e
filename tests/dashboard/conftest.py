"""A browser: Chromium, without a window, with a fresh profile for each test."""

import os
import shutil

import pytest
from playwright.sync_api import sync_playwright

from peers.place import TOOLS

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"]
NAMES = ("chromium", "google-chrome", "google-chrome-stable")
FETCHED = TOOLS / "browser"


def chromium():
    """TRIBUTARY_CHROMIUM, else the system's, else the one that tests/test-tools fetched."""
    named = os.environ.get("TRIBUTARY_CHROMIUM") or next((path for name in NAMES if (path := shutil.which(name))), None)
    return named or next(map(str, sorted(FETCHED.glob("chromium-*/*/chrome"))), None)


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium(), args=FLAGS, headless=True)
        yield started
        started.close()


class Look:
    """One page that is looked at, and what must never happen on any: errors, violations, requests to elsewhere."""

    def __init__(self, page, origin, console):
        self.page = page
        self.origin = origin
        self.faults = console
        self.elsewhere = []
        page.on("request", lambda request: None if request.url.startswith(origin) else self.elsewhere.append(request.url))

    def text(self, selector):
        return self.page.locator(selector).inner_text()

    def wait_headline(self, words, seconds=10):
        self.page.wait_for_function("words => document.getElementById('headline').textContent.includes(words)", arg=words,
                                    timeout=seconds * 1000 * float(os.environ.get("TRIBUTARY_PATIENCE", "1")))

    def wide(self):
        """How far the page can be scrolled sideways."""
        return self.page.evaluate("document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth")


@pytest.fixture
def look(browser):
    """`look(url, width=…, dark=…)` opens the page; at the end of the test nothing may have gone wrong in it."""
    looks, contexts = [], []

    def opened(url, width=1200, height=900, dark=False, still=False, allowed=()):
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light",
                                      reduced_motion="reduce" if still else "no-preference")
        contexts.append(context)
        page = context.new_page()
        faults = []
        page.on("pageerror", lambda error: faults.append(f"error: {error}"))
        page.on("console", lambda said: faults.append(f"{said.type}: {said.text}")
                if said.type in ("error", "warning") and not any(word in said.text for word in allowed) else None)
        page.add_init_script("addEventListener('securitypolicyviolation', e => console.error('CSP: ' + e.violatedDirective))")
        made = Look(page, url.rstrip("/"), faults)
        page.goto(url)
        looks.append(made)
        return made

    yield opened
    for made in looks:
        assert made.faults == [], made.faults
        assert made.elsewhere == [], made.elsewhere
    for context in contexts:
        context.close()
