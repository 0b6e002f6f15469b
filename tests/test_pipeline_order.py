"""Order: stages never decrease, and a wrong order is explained."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable
from pathlib import Path

import pytest

from asgi_stack.pipeline import Pipeline, PipelineOrderError, Stage
from asgi_stack.types import AnyASGIApp, Receive, Scope, Send


class Layer:
    """Pass everything through."""

    def __init__(self, app: AnyASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything through."""
        await self.app(scope, receive, send)


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Do nothing."""


def layer(name: str, stage: object = None) -> type[Layer]:
    """Make a class of this name that declares a stage, or none."""
    return type(name, (Layer,), {} if stage is None else {"stage": stage})


def pipeline(classes: Iterable[type[Layer]]) -> Pipeline:
    """Use classes in their order."""
    return functools.reduce(Pipeline.use, classes, Pipeline())


DOCUMENTATION = (Path(__file__).parents[1] / "docs" / "pipeline.md").read_text()

HEADERS = layer("Headers", Stage.HEADERS)
CONTEXT = layer("Context", Stage.CONTEXT)
ERRORS = layer("Errors", Stage.ERRORS)
FREE = layer("Free")


@pytest.mark.parametrize(
    "classes",
    [
        [layer(stage.name, stage) for stage in Stage],
        [layer("One", Stage.TRAFFIC), layer("Two", Stage.TRAFFIC)],
        [FREE, HEADERS, layer("Other"), ERRORS, layer("Another")],
        [layer("Foreign", "production"), HEADERS, layer("Numbered", 1)],
    ],
)
def test_a_right_order_is_built(classes: list[type[Layer]]) -> None:
    """Stages may repeat; layers without a stage, and those whose `stage` is something else, go anywhere."""
    built = pipeline(classes).build(app)

    assert type(built) is classes[0]


def test_a_wrong_order_is_explained() -> None:
    """The message names both classes, the harm, and an order of the whole pipeline that works."""
    with pytest.raises(PipelineOrderError) as caught:
        pipeline([CONTEXT, FREE, ERRORS, HEADERS]).build(app)

    assert str(caught.value) == (
        "Errors (ERRORS) stands outside Headers (HEADERS): 500 responses would lack security headers. "
        "An order that works, outermost first: Headers > Free > Context > Errors > app"
    )


def test_the_order_is_checked_by_build_alone() -> None:
    """A pipeline may pass through a wrong order while it is put together."""
    wrong = pipeline([ERRORS, HEADERS])

    built = wrong.without(ERRORS).insert_after(HEADERS, ERRORS).build(app)

    assert type(built) is HEADERS


def test_a_layer_between_does_not_hide_a_wrong_order() -> None:
    """Two staged layers are compared whatever stands between them."""
    with pytest.raises(PipelineOrderError, match=r"Errors \(ERRORS\) stands outside Context \(CONTEXT\)"):
        pipeline([ERRORS, FREE, CONTEXT]).build(app)


def test_equal_stages_keep_their_order_in_the_advice() -> None:
    """The order that works is a stable sort."""
    first, second = layer("First", Stage.TRAFFIC), layer("Second", Stage.TRAFFIC)

    with pytest.raises(PipelineOrderError, match="outermost first: Errors > First > Second > app"):
        pipeline([first, second, ERRORS]).build(app)


def test_a_partial_has_the_stage_of_its_class() -> None:
    """A functools.partial does not escape the check."""
    with pytest.raises(PipelineOrderError, match=r"Errors \(ERRORS\) stands outside Headers"):
        Pipeline().use(functools.partial(ERRORS)).use(HEADERS).build(app)


@pytest.mark.parametrize(("inner", "outer"), list(itertools.combinations(Stage, 2)))
def test_every_swap_has_its_harm(inner: Stage, outer: Stage) -> None:
    """Each of the 36 wrong pairs is explained, here as in the documentation, and the advice can be followed."""
    classes = {"Outer": layer("Outer", outer), "Inner": layer("Inner", inner)}

    with pytest.raises(PipelineOrderError) as caught:
        pipeline(classes.values()).build(app)

    claim, _, advice = str(caught.value).partition(". An order that works, outermost first: ")
    assert f"| {claim.partition('): ')[2]} |" in DOCUMENTATION
    assert type(pipeline(classes[name] for name in advice.removesuffix(" > app").split(" > ")).build(app)).__name__ == (
        "Inner"
    )


@pytest.mark.parametrize(
    ("outer", "inner", "harm"),
    [
        (Stage.ERRORS, Stage.CONTEXT, "error bodies would have no correlation id"),
        (Stage.LOGGING, Stage.CONTEXT, "request lines would have no correlation id"),
        (Stage.LOGGING, Stage.TRACING, "request lines would have no span id"),
        (Stage.LOGGING, Stage.HEALTH, "every health probe would be logged"),
        (Stage.ERRORS, Stage.LOGGING, "request lines would not show the status that the client got"),
        (Stage.DATABASE, Stage.LIFESPAN, "it would meet the start before resources are open"),
    ],
)
def test_harms_are_in_plain_words(outer: Stage, inner: Stage, harm: str) -> None:
    """The commonest swaps name what a user would miss."""
    with pytest.raises(PipelineOrderError, match=harm):
        pipeline([layer("Outer", outer), layer("Inner", inner)]).build(app)
