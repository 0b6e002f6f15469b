"""Which of the two error formats an Accept header asks for."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_stack.negotiation import accept_of, asks_for_html, prefers_problem_json

PROBLEM = "application/problem+json"
CHROME = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


class TestPreference:
    """Problem details are for clients that ask for them."""

    @pytest.mark.parametrize(
        "accept",
        [
            PROBLEM,
            "Application/Problem+JSON",
            f"  {PROBLEM}  ",
            f"{PROBLEM}, application/json",
            f"application/json, {PROBLEM}",
            f"application/json;q=0.5, {PROBLEM};q=0.5",
            f"application/json;q=0.8, {PROBLEM};q=0.9",
            f"{PROBLEM};q=0.001",
            f"{PROBLEM};Q=0.5, application/json;q=0.4",
            f"{PROBLEM} ; q=1.000 , */*",
            f"{PROBLEM};q=0.1, text/html",
            f"{PROBLEM};q=0.5, */*;q=0.5",
            f"{PROBLEM}, */*",
            f"{PROBLEM};q=0.5, application/*;q=0.4, */*",
            f"{PROBLEM};q=0.2, application/json;q=0.1, application/*, */*",
            f"{PROBLEM};q=0.2, application/json;q=0, */*",
            f"{PROBLEM};charset=utf-8",
            f'{PROBLEM};charset="utf-8";q=0.3, application/json;q=0.2',
            f"{PROBLEM};q=0.2, application/json;version=2",
            f'text/html;title="a,b;q=0 \\" , c", {PROBLEM}',
            f"{PROBLEM};q=0, {PROBLEM};q=0.5",
            f"{PROBLEM};",
            f"{PROBLEM};;q=0.5;",
        ],
    )
    def test_a_client_that_asks_gets_it(self, accept: str) -> None:
        """The type is named, with a weight above 0 and no less than that of application/json."""
        assert prefers_problem_json(accept)
        assert prefers_problem_json(accept.encode())

    @pytest.mark.parametrize(
        "accept",
        [
            "",
            "*/*",
            "application/*",
            "application/json",
            CHROME,
            "application/problem+xml",
            "application/vnd.shop.problem+json",
            f"{PROBLEM};q=0",
            f"{PROBLEM};q=0.000, */*;q=0.1",
            f"{PROBLEM};q=0.5, application/json",
            f"application/json;q=0.6, {PROBLEM};q=0.5",
            f"{PROBLEM};q=0.5, */*",
            f"{PROBLEM};q=0.5, application/*;q=0.6, */*;q=0.1",
            f"{PROBLEM};q=0.5, application/json, application/*;q=0.1",
            f"{PROBLEM};q=0.5, application/json;charset=utf-8",
            f'{PROBLEM};profile="https://example.org/p"',
            f"{PROBLEM};version=2;q=0.9",
            f'text/html;title="{PROBLEM}"',
        ],
    )
    def test_all_others_get_the_default(self, accept: str) -> None:
        """The type is not named, refused, wanted less, or wanted in a form that is not served."""
        assert not prefers_problem_json(accept)
        assert not prefers_problem_json(accept.encode())


class TestOddInput:
    """What is malformed costs neither an exception nor time."""

    @pytest.mark.parametrize(
        "weight", ["", "x", "-1", "2", "1.1", "nan", "inf", "1e-3", ".5", "0,5", '"0.5"', "0.5 0.4"]
    )
    def test_a_wrong_weight_takes_its_range_out(self, weight: str) -> None:
        """A weight that is no number from 0 to 1 cannot be compared, so its range does not count."""
        assert not prefers_problem_json(f"{PROBLEM};q={weight}")
        assert prefers_problem_json(f"{PROBLEM};q=0.1, application/json;q={weight}")

    def test_more_digits_than_three_are_read(self) -> None:
        """A weight may be more precise than the grammar has it."""
        assert prefers_problem_json(f"{PROBLEM};q=0.55555, application/json;q=0.55554")

    def test_text_beyond_latin_1_is_no_type(self) -> None:
        """A header that a test client gave as any text is read as far as it is a header."""
        assert prefers_problem_json(f"\u20ac/\u20ac, {PROBLEM}")

    def test_an_endless_quote_hides_the_rest(self) -> None:
        """Nothing after a quote that is never closed is a range."""
        assert not prefers_problem_json(f'text/html;a="b, {PROBLEM}')
        assert prefers_problem_json(f'{PROBLEM}, text/html;a="b')

    @given(st.text(alphabet='ap/+jsoncilt*;,=q"\\ .01', max_size=200), st.text(max_size=50))
    def test_nothing_raises(self, left: str, right: str) -> None:
        """Any text around the type's name gives an answer, the same for text and bytes."""
        accept = f"{left}{PROBLEM}{right}"

        assert prefers_problem_json(accept) == prefers_problem_json(accept.encode("latin-1", "replace"))

    @pytest.mark.parametrize(
        "filler", [",", ";", ";q=1", '"', '\\"', '"\\', "a/b;q=0.5,", f"{PROBLEM};q=1,", " ", "\t,", "*/*;q=0.1,"]
    )
    @pytest.mark.parametrize("size", [4000, 65_536], ids=["read", "not-read"])
    def test_long_headers_take_no_time(self, filler: str, size: int) -> None:
        """The longest header that is read takes milliseconds whatever it holds; a longer one is not read at all."""
        accept = f"{PROBLEM},{filler * (size // len(filler))}".encode()
        started = time.process_time()

        asked = prefers_problem_json(accept)

        assert time.process_time() - started < 0.1
        assert asked in ({True, False} if size == 4000 else {False})


class TestPages:
    """Who asks for pages."""

    @pytest.mark.parametrize(
        ("accept", "expected"),
        [
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", True),
            ("application/xhtml+xml", True),
            ("application/json, TEXT/HTML;q=0.1", True),
            (b"text/html", True),
            ("text/html;q=0", False),
            ("*/*", False),
            ("text/*", False),
            ("", False),
            ("text/html," * 1000, False),
        ],
    )
    def test_type_has_to_be_named(self, accept: str | bytes, expected: bool) -> None:
        """Browsers do; clients that take anything get data."""
        assert asks_for_html(accept) is expected


class TestAcceptOf:
    """A request's Accept values as one."""

    def test_several_are_joined(self) -> None:
        """Two headers mean the same as one with both values."""
        headers = [(b"accept", b"text/html"), (b"accept-language", b"de"), (b"Accept", PROBLEM.encode())]

        accept = accept_of(headers)

        assert accept == f"text/html,{PROBLEM}".encode()
        assert prefers_problem_json(accept)

    def test_none_is_empty(self) -> None:
        """A request without the header asks for nothing."""
        assert accept_of([(b"host", b"a")]) == b""
        assert not prefers_problem_json(accept_of([]))
