"""Check the order of a pipeline's layers, and say what a wrong one would cost."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from operator import attrgetter
from typing import Final

from asgi_stack.pipeline_layer import Layer, Stage

__all__ = ["PipelineOrderError", "check_order"]

HARM: Final = {
    (Stage.HEALTH, Stage.HEADERS): "health answers would lack security headers",
    (Stage.ERRORS, Stage.HEADERS): "500 responses would lack security headers",
    (Stage.TRAFFIC, Stage.HEADERS): "refusals such as 429 would lack security headers",
    (Stage.HEALTH, Stage.CONTEXT): "health answers would have no correlation id",
    (Stage.TRACING, Stage.CONTEXT): "spans would have no correlation id",
    (Stage.LOGGING, Stage.CONTEXT): "request lines would have no correlation id",
    (Stage.ERRORS, Stage.CONTEXT): "error bodies would have no correlation id",
    (Stage.TRAFFIC, Stage.CONTEXT): "refusals such as 429 would have no correlation id",
    (Stage.TRACING, Stage.HEALTH): "every health probe would be traced",
    (Stage.LOGGING, Stage.HEALTH): "every health probe would be logged",
    (Stage.TRAFFIC, Stage.HEALTH): "health probes would count against the limits, and fail under load",
    (Stage.DATABASE, Stage.HEALTH): "every health probe would get a database session",
    (Stage.LOGGING, Stage.TRACING): "request lines would have no span id",
    (Stage.ERRORS, Stage.TRACING): "error lines would have no span id",
    (Stage.TRAFFIC, Stage.TRACING): "refused requests would have no span",
    (Stage.ERRORS, Stage.LOGGING): "request lines would not show the status that the client got",
    (Stage.TRAFFIC, Stage.LOGGING): "refused requests would have no request line",
    (Stage.DATABASE, Stage.LOGGING): "a failed commit would come after the request line is written",
    (Stage.TRAFFIC, Stage.ERRORS): "refusals would reach the server as exceptions and leave as its bare 500",
    (Stage.DATABASE, Stage.ERRORS): "a failed commit would reach the server as an exception and leave as its bare 500",
    (Stage.DATABASE, Stage.TRAFFIC): "refused requests would get a database session",
}
"""What goes wrong when a layer of the first stage stands outside one of the second."""

GENERAL_HARM: Final = {
    Stage.LIFESPAN: "it would meet the start before resources are open, and the shutdown after they are closed",
    Stage.HEADERS: "a response that it sends itself would lack security headers",
    Stage.CONTEXT: "what it writes would have no correlation id",
    Stage.HEALTH: "every health probe would pass through it",
    Stage.TRACING: "its work would lie outside the request's span",
}
"""The same for all other pairs, by the second stage; "it" is the layer that stands outside."""


class PipelineOrderError(ValueError):
    """Raised by `Pipeline.build` when a layer stands outside one that must be further out."""


def check_order(layers: Sequence[Layer]) -> None:
    """Demand non-decreasing stages from outermost to innermost; layers without a stage go anywhere.

    Raises:
        PipelineOrderError: Names the first two layers that are in the wrong order, the harm, and an order that works.
    """
    staged = [(layer.stage, layer.name) for layer in layers if layer.stage]
    for (outer, outer_name), (inner, inner_name) in pairwise(staged):
        if outer > inner:
            harm = HARM.get((outer, inner)) or GENERAL_HARM[inner]
            order = " > ".join([*(layer.name for layer in _in_order(layers)), "app"])
            msg = (
                f"{outer_name} ({outer.name}) stands outside {inner_name} ({inner.name}): {harm}. "
                f"An order that works, outermost first: {order}"
            )
            raise PipelineOrderError(msg)


def _in_order(layers: Sequence[Layer]) -> list[Layer]:
    """Sort the layers that have a stage, stably, among their own places; the others stay where they are."""
    staged = iter(sorted((layer for layer in layers if layer.stage), key=attrgetter("stage")))
    return [next(staged) if layer.stage else layer for layer in layers]
