"""A pipeline as a value: each change makes a new one, and it is a collection of records."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from functools import partial

import pytest

from asgi_stack.pipeline import DuplicateLayerError, Layer, Pipeline, UnknownLayerError
from asgi_stack.types import AnyASGIApp
from tests.tags import A, B, C, Tag, app, body_of


class TestChanges:
    """Each method returns a new pipeline."""

    def test_a_pipeline_never_changes(self) -> None:
        """Every method leaves the pipeline that it is called on as it was."""
        pipeline = Pipeline().use(A).use(B)
        before = tuple(pipeline)

        pipeline.use(C)
        pipeline.extend(Pipeline().use(C))
        pipeline.without(A)
        pipeline.replace(A, mark="1")
        pipeline.insert_before(A, C)
        pipeline.insert_after(A, C)

        assert tuple(pipeline) == before
        with pytest.raises(AttributeError):
            pipeline.layers = ()  # type: ignore[misc]

    def test_options_are_copied(self) -> None:
        """Options that a record shows cannot be changed through it or through what it was made of."""
        options: dict[str, object] = {"mark": "1"}
        layer = Layer(A, options)
        options["mark"] = "2"

        assert layer.options == {"mark": "1"}
        with pytest.raises(TypeError):
            layer.options["mark"] = "3"  # type: ignore[index]

    async def test_extend_adds_inside(self) -> None:
        """`extend` puts the other pipeline's layers inside, in their order."""
        pipeline = Pipeline().use(A).extend(Pipeline().use(B).use(C))

        assert await body_of(pipeline.build(app)) == b"A(B(C(app)))"

    async def test_without_leaves_out(self) -> None:
        """`without` removes one layer and keeps the others' order."""
        assert await body_of(Pipeline().use(A).use(B).use(C).without(B).build(app)) == b"A(C(app))"

    def test_replace_drops_the_old_options(self) -> None:
        """`replace` keeps the place and none of the old options."""

        def two(app: AnyASGIApp, *, x: int = 0, y: int = 0) -> AnyASGIApp:
            del x, y
            return app

        pipeline = Pipeline().use(A).use(two, x=1).use(B).replace(two, y=2)

        assert pipeline == Pipeline().use(A).use(two, y=2).use(B)

    async def test_insert_before_is_outside(self) -> None:
        """`insert_before` puts the new layer directly outside the anchor."""
        assert await body_of(Pipeline().use(A).use(C).insert_before(C, B, mark="1").build(app)) == b"A(B1(C(app)))"

    async def test_insert_after_is_inside(self) -> None:
        """`insert_after` puts the new layer directly inside the anchor."""
        assert await body_of(Pipeline().use(A).use(C).insert_after(A, B, mark="1").build(app)) == b"A(B1(C(app)))"

    @pytest.mark.parametrize(
        "change",
        [
            lambda pipeline: pipeline.without(C),
            lambda pipeline: pipeline.replace(C),
            lambda pipeline: pipeline.insert_before(C, Tag),
            lambda pipeline: pipeline.insert_after(C, Tag),
        ],
        ids=["without", "replace", "insert_before", "insert_after"],
    )
    def test_an_unknown_layer_is_named(self, change: Callable[[Pipeline], Pipeline]) -> None:
        """A layer that is not there is an error that names it and those that are."""
        with pytest.raises(UnknownLayerError, match="C is not in this pipeline, which holds A, B"):
            change(Pipeline().use(A).use(B))

    @pytest.mark.parametrize(
        "change",
        [
            lambda pipeline: pipeline.use(A),
            lambda pipeline: pipeline.use(partial(A, mark="1")),
            lambda pipeline: pipeline.extend(Pipeline().use(A)),
            lambda pipeline: pipeline.insert_before(B, A),
            lambda pipeline: pipeline.insert_after(B, A),
        ],
        ids=["use", "use a partial", "extend", "insert_before", "insert_after"],
    )
    def test_the_same_layer_twice_is_named(self, change: Callable[[Pipeline], Pipeline]) -> None:
        """A second layer of the same class is refused at once; a partial counts as what it wraps."""
        with pytest.raises(DuplicateLayerError, match="A is in the pipeline already"):
            change(Pipeline().use(A).use(B))

    async def test_a_subclass_is_another_layer(self) -> None:
        """A class and its subclass may stand in one pipeline."""

        class Again(A):
            pass

        assert await body_of(Pipeline().use(A).use(Again).build(app)) == b"A(Again(app))"

    def test_a_partial_is_found_by_its_class(self) -> None:
        """The methods that name a layer see through partial."""
        pipeline = Pipeline().use(partial(A, mark="1")).use(B)

        assert pipeline.without(A) == Pipeline().use(B)
        assert A in pipeline


class TestCollection:
    """A pipeline as a value and as a collection of records."""

    def test_iteration_gives_records_outermost_first(self) -> None:
        """Each record holds a factory, its options and what they say of it."""
        first, second = Pipeline().use(A, mark="1").use(B)

        assert (first.factory, first.options, first.name, first.stage) == (A, {"mark": "1"}, "A", None)
        assert second.factory is B

    def test_records_make_the_same_pipeline(self) -> None:
        """`Pipeline` takes the records that iteration gives."""
        pipeline = Pipeline().use(A, mark="1").use(B)

        assert Pipeline(pipeline) == pipeline

    def test_length_and_membership(self) -> None:
        """`len` counts layers and `in` asks for a class."""
        pipeline = Pipeline().use(A).use(B)

        assert (len(pipeline), A in pipeline, C in pipeline) == (2, True, False)

    def test_equality(self) -> None:
        """Layers, options and order decide; the order of the options does not."""

        def two(app: AnyASGIApp, *, x: int, y: int) -> AnyASGIApp:
            del x, y
            return app

        assert Pipeline().use(two, x=1, y=2) == Pipeline().use(two, y=2, x=1)
        assert Pipeline().use(two, x=1, y=2) != Pipeline().use(two, x=1, y=3)
        assert Pipeline().use(A).use(B) != Pipeline().use(B).use(A)

    def test_hash_where_options_have_one(self) -> None:
        """Equal pipelines are one key of a set; an option without a hash is a TypeError."""

        def listed(app: AnyASGIApp, *, names: list[str]) -> AnyASGIApp:
            del names
            return app

        assert len({Pipeline().use(A, mark="1"), Pipeline().use(A, mark="1")}) == 1
        with pytest.raises(TypeError, match="unhashable"):
            hash(Pipeline().use(listed, names=["a"]))

    def test_copies(self) -> None:
        """A pipeline can be copied deeply and pickled."""
        pipeline = Pipeline().use(B, mark="2").use(A, mark="1")

        assert copy.deepcopy(pipeline) == pipeline
        assert pickle.loads(pickle.dumps(pipeline)) == pipeline  # noqa: S301 - our own bytes

    def test_repr_is_what_was_written(self) -> None:
        """`repr` gives the calls that make the pipeline, secrets redacted."""

        def signed(app: AnyASGIApp, *, secret: str) -> AnyASGIApp:
            del secret
            return app

        pipeline = Pipeline().use(A, mark="1").use(B).use(signed, secret="hunter2")

        assert repr(pipeline) == "Pipeline().use(A, mark='1').use(B).use(signed, secret='[REDACTED]')"
        assert repr(next(iter(pipeline))) == "Layer(A, mark='1')"
