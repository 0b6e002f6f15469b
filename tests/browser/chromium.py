"""Chromium, driven by what a user would see and click."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.expected_conditions import element_to_be_clickable, presence_of_element_located
from selenium.webdriver.support.wait import WebDriverWait

WAIT_S: Final = 15.0

_ELSEWHERE: Final = ("/favicon.ico", "ERR_NAME_NOT_RESOLVED")
"""What Chromium asks for by itself, and what ReDoc fetches from its maker's host, which no test reaches."""


class Browser:
    """One window; `started` makes it."""

    def __init__(self, driver: Chrome) -> None:
        self._driver = driver
        self._wait = WebDriverWait(driver, WAIT_S)

    @classmethod
    @contextmanager
    def started(cls, chromium: str, driver: str, flags: Sequence[str]) -> Iterator[Browser]:
        """Start Chromium, and end it."""
        options = ChromeOptions()
        options.binary_location = chromium
        for flag in flags:
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        started = Chrome(options=options, service=ChromeService(driver))
        try:
            yield cls(started)
        finally:
            started.quit()

    def open(self, url: str) -> None:
        """Visit a page."""
        self._driver.get(url)

    def find(self, selector: str) -> WebElement:
        """Wait for an element."""
        return self._wait.until(presence_of_element_located((By.CSS_SELECTOR, selector)))

    def click(self, selector: str) -> None:
        """Wait for an element, and click it."""
        self._wait.until(element_to_be_clickable((By.CSS_SELECTOR, selector))).click()

    def type(self, selector: str, text: str) -> None:
        """Fill a field in."""
        field = self.find(selector)
        field.clear()
        field.send_keys(text)

    def wait_for_text(self, selector: str, text: str) -> None:
        """Wait until an element shows a text."""
        self._wait.until(lambda driver: text in driver.find_element(By.CSS_SELECTOR, selector).text)

    def style_of(self, selector: str, name: str) -> str:
        """Give a property of an element's style as it is shown."""
        return self.find(selector).value_of_css_property(name)

    def errors(self) -> list[str]:
        """Give the console's errors since the last call, but those of _ELSEWHERE."""
        entries: list[dict[str, str]] = self._driver.get_log("browser")  # type: ignore[no-untyped-call]  # selenium has no types for it
        found = [entry["message"] for entry in entries if entry["level"] == "SEVERE"]
        return [message for message in found if not any(cause in message for cause in _ELSEWHERE)]
