"""Fields bound around log calls belong to the request they were bound in."""

from __future__ import annotations

from contextlib import suppress
from contextvars import copy_context

from asgi_stack.log_fields import bind_log_fields, bound_log_fields, keep_log_fields


class TestBindLogFields:
    """Fields for the length of a block."""

    def test_fields_leave_with_their_block(self) -> None:
        """Inner fields come on top of outer ones and go with their block, also when it raises."""
        owner = object()

        with bind_log_fields(owner, {"a": 1, "b": 1}):
            with suppress(KeyError), bind_log_fields(owner, {"b": 2, "c": 2}):
                inner = bound_log_fields(owner)
                raise KeyError
            outer = bound_log_fields(owner)

        assert inner == {"a": 1, "b": 2, "c": 2}
        assert outer == {"a": 1, "b": 1}
        assert bound_log_fields(owner) is None

    def test_fields_show_to_their_owner_alone(self) -> None:
        """What one request bound does not show in the next, even where the server hands the context on."""
        first, second = object(), object()

        with bind_log_fields(first, {"user": "alice"}), bind_log_fields(second, {"step": 1}):
            seen = bound_log_fields(second), bound_log_fields(first), bound_log_fields(None)

        assert seen == ({"step": 1}, None, None)

    def test_no_owner_is_an_owner_too(self) -> None:
        """Outside any request fields are bound to None."""
        with bind_log_fields(None, {"job": "nightly"}):
            assert bound_log_fields(None) == {"job": "nightly"}
            assert bound_log_fields(object()) is None

    def test_given_mapping_is_left_alone(self) -> None:
        """The caller's mapping is copied."""
        given = {"a": 1}

        with bind_log_fields(None, given), bind_log_fields(None, {"b": 2}):
            pass

        assert given == {"a": 1}


class TestKeepLogFields:
    """A record that takes over inside another one's block."""

    def test_heir_keeps_the_fields(self) -> None:
        """The fields of the current owner pass to the heir, and back at the end of the block."""
        owner, heir = object(), object()

        with bind_log_fields(owner, {"a": 1}):
            with keep_log_fields(owner, heir):
                inside = bound_log_fields(heir)
            after = bound_log_fields(owner), bound_log_fields(heir)

        assert inside == {"a": 1}
        assert after == ({"a": 1}, None)

    def test_heir_of_one_gets_nothing_of_others(self) -> None:
        """Fields that an earlier request left behind are not handed on."""
        earlier, owner, heir = object(), object(), object()

        with bind_log_fields(earlier, {"user": "alice"}), keep_log_fields(owner, heir):
            assert bound_log_fields(heir) is None
            assert bound_log_fields(earlier) is None

    def test_nothing_bound_is_nothing_kept(self) -> None:
        """Without fields there is nothing to hand on."""
        with keep_log_fields(None, heir := object()):
            assert bound_log_fields(heir) is None


def test_block_may_be_left_from_another_context() -> None:
    """A generator that is closed from elsewhere ends its block without an error."""
    block = bind_log_fields(None, {"a": 1})
    copy_context().run(block.__enter__)

    assert not copy_context().run(block.__exit__, None, None, None)
