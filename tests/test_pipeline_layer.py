"""Options: what `use` refuses at once, and in which words."""

from __future__ import annotations

import functools

import pytest

from asgi_stack.pipeline import Layer, Pipeline
from asgi_stack.types import AnyASGIApp, Receive, Scope, Send


class Limit:
    """A layer with one required and one optional option."""

    def __init__(self, app: AnyASGIApp, *, max_bytes: int, status: int = 413) -> None:
        self.app = app
        self.max_bytes = max_bytes
        self.status = status

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything through."""
        await self.app(scope, receive, send)

    @classmethod
    def of_megabytes(cls, app: AnyASGIApp, *, megabytes: int) -> Limit:
        """Make the layer from another unit."""
        return cls(app, max_bytes=megabytes * 1_000_000)


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Do nothing: an app, not a factory."""


def sized(app: AnyASGIApp, size: int = 500) -> AnyASGIApp:
    """Take an option by name or position."""
    del size
    return app


def open_to_all(app: AnyASGIApp, /, **options: object) -> AnyASGIApp:
    """Take any option."""
    del options
    return app


def named(app: AnyASGIApp, *, cls: str, other: str, self: str, args: str) -> AnyASGIApp:
    """Take options with the names of the pipeline's own parameters."""
    del cls, other, self, args
    return app


def without_app(*, app: AnyASGIApp) -> AnyASGIApp:
    """Take the app by name only."""
    return app


def two_positions(app: AnyASGIApp, size: int, /) -> AnyASGIApp:
    """Take an option that has no name."""
    del size
    return app


class TestRefused:
    """Mistakes that a signature shows."""

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"max_byte": 1}, "Limit has no option 'max_byte'; did you mean 'max_bytes'?"),
            ({"max_bytes": 1, "colour": 1}, "Limit has no option 'colour'; it takes max_bytes, status"),
            ({"status": 400}, "Limit needs the option 'max_bytes'"),
            ({}, "Limit needs the option 'max_bytes'"),
            ({"max_bytes": 1, "app": None}, "Limit: 'app' is not an option; build() gives each layer the app"),
        ],
    )
    def test_a_wrong_option_is_named(self, options: dict[str, int], message: str) -> None:
        """Class, option and near names are in the message, at the call of `use`."""
        with pytest.raises(TypeError) as caught:
            Pipeline().use(Limit, **options)

        assert str(caught.value).startswith(message)

    def test_positional_options_are_refused(self) -> None:
        """Options go by name, also where the class would take them by position."""
        with pytest.raises(TypeError, match="sized takes its options by name only, got 1 positional"):
            Pipeline().use(sized, 500)

    @pytest.mark.parametrize("method", ["replace", "insert_before", "insert_after"])
    def test_every_method_checks(self, method: str) -> None:
        """All methods that take options check them as `use` does."""
        pipeline = Pipeline().use(Limit, max_bytes=1)
        classes = (Limit,) if method == "replace" else (Limit, sized)

        with pytest.raises(TypeError, match="has no option 'colour'"):
            getattr(pipeline, method)(*classes, colour=1)
        with pytest.raises(TypeError, match="by name only, got 2 positional"):
            getattr(pipeline, method)(*classes, 1, 2)

    def test_no_options_at_all(self) -> None:
        """A factory that takes only the app says so."""

        def bare(app: AnyASGIApp) -> AnyASGIApp:
            return app

        with pytest.raises(TypeError, match="bare has no option 'x'; it takes none"):
            Pipeline().use(bare, x=1)  # type: ignore[call-arg]

    @pytest.mark.parametrize("factory", [application, Limit(application, max_bytes=1)])
    def test_an_app_in_place_of_a_factory(self, factory: AnyASGIApp) -> None:
        """An application, made already, is told from a factory."""
        with pytest.raises(TypeError, match=r"(application|Limit) is an ASGI application itself; give the class"):
            Pipeline().use(factory)  # type: ignore[arg-type, call-arg]

    @pytest.mark.parametrize("factory", [None, "Limit", 500])
    def test_what_cannot_be_called(self, factory: object) -> None:
        """A layer must be callable; the message names the type of what was given."""
        with pytest.raises(TypeError, match=rf"must be a class or function.*got {type(factory).__name__}"):
            Pipeline().use(factory)  # type: ignore[arg-type]

    def test_a_factory_that_takes_no_app(self) -> None:
        """The app goes first and by position."""
        with pytest.raises(TypeError, match="without_app does not take the app as its first positional argument"):
            Pipeline().use(without_app)  # type: ignore[arg-type, call-arg]
        with pytest.raises(TypeError, match="<lambda> does not take the app as its first positional argument"):
            Pipeline().use(lambda: application)  # type: ignore[arg-type, misc]

    def test_what_no_option_can_give(self) -> None:
        """Other mismatches are told in the words of the signature."""
        with pytest.raises(TypeError, match="two_positions missing a required"):
            Pipeline().use(two_positions)  # type: ignore[call-arg]

    def test_an_open_factory_may_have_required_options(self) -> None:
        """A factory that takes any option still names the one that it needs."""

        def counted(app: AnyASGIApp, /, *, limit: int, **options: object) -> AnyASGIApp:
            del limit, options
            return app

        with pytest.raises(TypeError, match="counted needs the option 'limit'"):
            Pipeline().use(counted, colour="red")  # type: ignore[call-arg]

    def test_records_are_checked_too(self) -> None:
        """A record made by hand is checked like a call of `use`."""
        with pytest.raises(TypeError, match="Limit needs the option 'max_bytes'"):
            Layer(Limit)


class TestAccepted:
    """What fits."""

    def test_any_option_of_an_open_factory(self) -> None:
        """A factory with **options takes all names."""
        layer = next(iter(Pipeline().use(open_to_all, anything=1)))

        assert layer.options == {"anything": 1}

    def test_options_named_like_our_parameters(self) -> None:
        """`cls`, `other`, `self` and `args` are free for the layer's own options."""
        options = {"cls": "1", "other": "2", "self": "3", "args": "4"}

        anchored = Pipeline().use(Limit, max_bytes=1)

        assert next(iter(Pipeline().use(named, **options))).options == options
        assert next(iter(anchored.insert_before(Limit, named, **options))).options == options

    def test_a_partial_brings_required_options(self) -> None:
        """What a partial holds is not missing, and may be given anew."""
        partial = functools.partial(Limit, max_bytes=1)

        assert next(iter(Pipeline().use(partial))).name == "Limit"
        assert next(iter(Pipeline().use(partial, max_bytes=2))).options == {"max_bytes": 2}

    def test_a_class_method_is_a_factory(self) -> None:
        """A bound class method is recognised as the same one whenever it is looked up."""
        pipeline = Pipeline().use(Limit.of_megabytes, megabytes=1)

        assert next(iter(pipeline)).name == "Limit.of_megabytes"
        assert len(pipeline.without(Limit.of_megabytes)) == 0


def test_stage_written_as_text_is_refused() -> None:
    """A stage that is only its name would not be checked, so it is an error that names the class and the right one."""

    class Limit:
        stage = "traffic"

        def __init__(self, app: AnyASGIApp) -> None: ...

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None: ...

    with pytest.raises(TypeError, match=r"Limit\.stage is the text 'traffic'; give Stage\.TRAFFIC"):
        Pipeline().use(Limit).build(Limit(None))  # type: ignore[arg-type]
