"""Composition: what a pipeline builds, and what a built app remembers."""

from __future__ import annotations

import copy
import functools
from typing import ClassVar

import pytest

from asgi_stack.pipeline import Pipeline, Stage, application_of, pipeline_of
from asgi_stack.types import AnyASGIApp, Receive, Scope, Send
from tests.driver import exchange
from tests.tags import A, B, C, Tag, app, body_of


class Slotted:
    """A layer that takes no attributes."""

    __slots__ = ("app",)

    def __init__(self, app: AnyASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything through."""
        await self.app(scope, receive, send)


def unchanged(app: AnyASGIApp) -> AnyASGIApp:
    """Add nothing: a factory that gives the app back."""
    return app


class TestBuild:
    """`Pipeline.build`."""

    async def test_first_used_is_outermost(self) -> None:
        """Pipeline().use(A).use(B).use(C).build(app) is A(B(C(app)))."""
        pipeline = Pipeline().use(A).use(B).use(C)

        result = await exchange(pipeline.build(app))

        assert result.body == b"A(B(C(app)))"
        assert result.body == (await exchange(A(B(C(app))))).body

    async def test_options_reach_the_layer(self) -> None:
        """A layer is made with the options given to `use`."""
        pipeline = Pipeline().use(A, mark="1").use(B)

        assert await body_of(pipeline.build(app)) == b"A1(B(app))"

    def test_an_empty_pipeline_gives_the_app_itself(self) -> None:
        """Without layers nothing is wrapped, and the app is not marked."""
        built = Pipeline().build(app)

        assert built is app
        assert pipeline_of(built) is None

    async def test_two_builds_share_nothing(self) -> None:
        """One pipeline wraps two apps in layers of their own."""
        layers: list[Tag] = []

        def recorded(app: AnyASGIApp) -> AnyASGIApp:
            layers.append(A(app))
            return layers[-1]

        async def other(scope: Scope, receive: Receive, send: Send) -> None:
            await app({**scope, "answer": b"other"}, receive, send)

        pipeline = Pipeline().use(recorded)
        first, second = pipeline.build(app), pipeline.build(other)

        assert layers[0] is not layers[1]
        assert [await body_of(first), await body_of(second)] == [b"A(app)", b"A(other)"]

    @pytest.mark.parametrize("wrong", [None, "shop.main:app", Pipeline()])
    def test_an_app_that_cannot_be_called_is_refused(self, wrong: object) -> None:
        """`build` demands a callable and names what it got."""
        with pytest.raises(TypeError, match=rf"needs an ASGI application.*got {type(wrong).__name__}"):
            Pipeline().use(A).build(wrong)  # type: ignore[arg-type]

    @pytest.mark.parametrize("result", [None, "app"])
    def test_a_factory_that_gives_no_app_is_named(self, result: object) -> None:
        """A factory whose result cannot be called is a TypeError that names it."""

        def forgetful(app: AnyASGIApp) -> AnyASGIApp:
            del app
            return result  # type: ignore[return-value]

        with pytest.raises(TypeError, match=rf"forgetful must give.*returned {type(result).__name__}"):
            Pipeline().use(forgetful).build(app)

    def test_a_factory_that_raises_gets_a_note(self) -> None:
        """The exception passes as it is, with one note: the layer and its options, secrets redacted."""
        error = ValueError("unknown preset")

        def failing(app: AnyASGIApp, *, preset: str, token: str) -> AnyASGIApp:
            del app, preset, token
            raise error

        with pytest.raises(ValueError, match="unknown preset") as caught:
            Pipeline().use(A).use(failing, preset="ap", token="hunter2").use(B).build(app)

        assert caught.value is error
        assert caught.value.__notes__ == [
            "raised while the pipeline made its layer failing(preset='ap', token='[REDACTED]')"
        ]


class TestFactories:
    """What may be a layer; `tests/integration` has those of other projects."""

    async def test_function_factory(self) -> None:
        """A function of the form (app, **options) is a layer like any class."""

        def shouting(app: AnyASGIApp, mark: str = "") -> AnyASGIApp:
            return A(app, mark=mark)

        assert await body_of(Pipeline().use(shouting, mark="!").build(app)) == b"A!(app)"

    async def test_partial(self) -> None:
        """A functools.partial keeps its own options and takes the rest."""
        assert await body_of(Pipeline().use(functools.partial(A, mark="1")).build(app)) == b"A1(app)"

    async def test_a_signature_that_cannot_be_read(self) -> None:
        """Options of a class without a readable signature are believed until build calls it."""

        class Hidden(A):
            __signature__: ClassVar[int] = 0

        assert await body_of(Pipeline().use(Hidden, mark="1").build(app)) == b"Hidden1(app)"
        with pytest.raises(TypeError, match="unexpected keyword argument 'mrak'") as caught:
            Pipeline().use(Hidden, mrak="1").build(app)  # type: ignore[call-arg]
        assert caught.value.__notes__ == ["raised while the pipeline made its layer Hidden(mrak='1')"]


class TestMemory:
    """`pipeline_of` and `application_of`."""

    def test_a_built_app_knows_its_pipeline_and_application(self) -> None:
        """The outermost layer remembers both."""
        pipeline = Pipeline().use(A).use(B)
        built = pipeline.build(app)

        assert pipeline_of(built) is pipeline
        assert application_of(built) is app

    @pytest.mark.parametrize("stranger", [app, A(app), None, 3])
    def test_others_have_none(self, stranger: AnyASGIApp) -> None:
        """What no pipeline built has no pipeline, and is its own application."""
        assert pipeline_of(stranger) is None
        assert application_of(stranger) is stranger

    def test_a_layer_around_a_built_app_hides_it(self) -> None:
        """A wrapper that copies the attributes of a built app is not taken for one."""
        built = Pipeline().use(lambda inner: functools.partial(inner)).build(app)  # noqa: PLW0108 - a new object

        @functools.wraps(built, assigned=())
        async def wrapper(scope: Scope, receive: Receive, send: Send) -> None:
            await built(scope, receive, send)

        assert pipeline_of(built) is not None
        assert pipeline_of(wrapper) is None

    async def test_a_layer_without_attributes_still_works(self) -> None:
        """A slotted outermost layer is built as ever; only the memory is missing."""
        built = Pipeline().use(Slotted).use(A).build(app)

        assert await body_of(built) == b"A(app)"
        assert pipeline_of(built) is None

    def test_the_app_itself_is_never_marked(self) -> None:
        """Layers that give the app back leave no trace on it."""
        built = Pipeline().use(unchanged).build(app)

        assert built is app
        assert pipeline_of(app) is None

    def test_a_stack_in_a_stack(self) -> None:
        """A built app inside another pipeline keeps its own memory."""
        inner = Pipeline().use(A).build(app)
        outer = Pipeline().use(B).build(inner)

        assert application_of(outer) is inner
        assert application_of(inner) is app

    async def test_a_deep_copy_remembers_too(self) -> None:
        """A deep copy of a built app has its own memory of an equal pipeline."""
        built = copy.deepcopy(Pipeline().use(A).build(app))

        assert pipeline_of(built) == Pipeline().use(A)
        assert await body_of(built) == b"A(app)"


def test_stages_are_ordered_outermost_first() -> None:
    """The public order of stages, outermost first."""
    names = [stage.name for stage in Stage]

    assert names == sorted(names, key=lambda name: Stage[name])
    assert names == [
        "LIFESPAN",
        "HEADERS",
        "CONTEXT",
        "HEALTH",
        "TRACING",
        "LOGGING",
        "ERRORS",
        "TRAFFIC",
        "DATABASE",
    ]
