"""Compose middlewares; the order is checked when the pipeline is built, never at a request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, ParamSpec

from asgi_stack.pipeline_drawing import name_of, path_of
from asgi_stack.pipeline_layer import Layer, Stage
from asgi_stack.pipeline_order import PipelineOrderError, check_order
from asgi_stack.types import AnyASGIApp, ASGIApp, MiddlewareFactory

__all__ = [
    "DuplicateLayerError",
    "Layer",
    "Pipeline",
    "PipelineOrderError",
    "Stage",
    "UnknownLayerError",
    "application_of",
    "pipeline_of",
]

P = ParamSpec("P")

BUILD: Final = "_asgi_stack_build"
"""The attribute under which the outermost layer remembers how it was built."""


class DuplicateLayerError(ValueError):
    """Raised when a pipeline would hold the same layer twice."""


class UnknownLayerError(ValueError):
    """Raised when a pipeline is asked to change a layer that it does not hold."""


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Pipeline:
    """Compose middlewares around an ASGI app, first used outermost.

    As an equation: `Pipeline().use(A).use(B).build(app)` is `A(B(app))`.

    A pipeline never changes: each method that adds, removes or replaces returns a new one, and one pipeline may build
    any number of apps. Two are equal when they hold equal layers in the same order; a pipeline has a hash when all
    its options have one.

    Args:
        layers: Records as iteration gives them, outermost first; `Pipeline(pipeline)` is equal to `pipeline`.

    Raises:
        DuplicateLayerError: A class or function occurs twice.
    """

    layers: tuple[Layer, ...]

    def __init__(self, layers: Iterable[Layer] = ()) -> None:
        """Hold the layers, each class or function once."""
        object.__setattr__(self, "layers", tuple(layers))
        for position, layer in enumerate(self.layers):
            if any(layer.is_made_by(outer.factory) for outer in self.layers[:position]):
                raise DuplicateLayerError(
                    f"{layer.name} is in the pipeline already; to use it twice on purpose, give a subclass of it"
                )

    def use(self, cls: MiddlewareFactory[P], /, *args: P.args, **options: P.kwargs) -> Pipeline:
        """Add a layer inside those there are.

        Args:
            cls: A class or function of the form `(app, **options) -> ASGI app`, anybody's.
            args: Always empty: options go by name.
            options: What `cls` takes after the app. `app` itself is not an option.

        Raises:
            TypeError: An option is unknown, missing or positional, as far as the signature of `cls` can be read.
            DuplicateLayerError: The pipeline holds `cls` already.
        """
        return Pipeline((*self.layers, _layer(cls, args, options)))

    def extend(self, other: Pipeline) -> Pipeline:
        """Add all layers of another pipeline inside those there are.

        Raises:
            DuplicateLayerError: Both hold the same class.
        """
        return Pipeline((*self.layers, *other.layers))

    def without(self, cls: MiddlewareFactory[...], /) -> Pipeline:
        """Leave a layer out.

        Raises:
            UnknownLayerError: The pipeline does not hold `cls`.
        """
        return self._spliced(self._position(cls), 1)

    def replace(self, cls: MiddlewareFactory[P], /, *args: P.args, **options: P.kwargs) -> Pipeline:
        """Give a layer other options at the same place; none of its old options is kept.

        Raises:
            TypeError: As for `use`.
            UnknownLayerError: The pipeline does not hold `cls`.
        """
        return self._spliced(self._position(cls), 1, _layer(cls, args, options))

    def insert_before(
        self, cls: MiddlewareFactory[...], other: MiddlewareFactory[P], /, *args: P.args, **options: P.kwargs
    ) -> Pipeline:
        """Add the layer `other` with its options directly outside `cls`.

        Raises:
            TypeError: As for `use`.
            UnknownLayerError: The pipeline does not hold `cls`.
            DuplicateLayerError: The pipeline holds `other` already.
        """
        return self._spliced(self._position(cls), 0, _layer(other, args, options))

    def insert_after(
        self, cls: MiddlewareFactory[...], other: MiddlewareFactory[P], /, *args: P.args, **options: P.kwargs
    ) -> Pipeline:
        """Add the layer `other` with its options directly inside `cls`.

        Raises:
            TypeError: As for `use`.
            UnknownLayerError: The pipeline does not hold `cls`.
            DuplicateLayerError: The pipeline holds `other` already.
        """
        return self._spliced(self._position(cls) + 1, 0, _layer(other, args, options))

    def build(self, app: AnyASGIApp) -> ASGIApp:
        """Put all layers around an app; an empty pipeline gives the app itself.

        Raises:
            TypeError: `app` cannot be called, or a factory gave something that cannot.
            PipelineOrderError: A layer stands outside one that must be further out.
            Exception: Whatever a layer's class raises, with a note that names the layer.
        """
        if not callable(app):
            raise TypeError(
                f"build() needs an ASGI application, a callable of (scope, receive, send), got {type(app).__name__}"
            )
        check_order(self.layers)
        built = app
        for layer in reversed(self.layers):
            built = layer.wrap(built)
        if built is not app:
            _remember(_Build(self, app, built))
        return built

    def draw(self, app: object = None) -> str:
        """Draw the stack, outermost first: a line for each layer with stage and options, secrets redacted.

        Args:
            app: What to name in the last line: an application, a name that is written as it is, or None for no name.
        """
        rows = [(layer.stage.name if layer.stage else "-", str(layer)) for layer in self.layers]
        rows.append(("app", app if isinstance(app, str) else "" if app is None else path_of(app)))
        width = max(len(stage) for stage, _ in rows)
        return "\n".join(f"{stage:<{width}}  {text}".rstrip() for stage, text in rows)

    def __iter__(self) -> Iterator[Layer]:
        """Give the layers, outermost first."""
        return iter(self.layers)

    def __len__(self) -> int:
        """Count the layers."""
        return len(self.layers)

    def __contains__(self, cls: MiddlewareFactory[...]) -> bool:
        """Tell whether the pipeline holds a layer made by this class or function."""
        return any(layer.is_made_by(cls) for layer in self.layers)

    def __str__(self) -> str:
        """Draw the stack around an app that is not known yet."""
        return self.draw()

    def __repr__(self) -> str:
        """Write the calls that make this pipeline, secrets redacted."""
        return "Pipeline()" + "".join(f".use({repr(layer).removeprefix('Layer(')}" for layer in self.layers)

    def _position(self, cls: MiddlewareFactory[...]) -> int:
        for position, layer in enumerate(self.layers):
            if layer.is_made_by(cls):
                return position
        held = ", ".join(layer.name for layer in self.layers) or "no layer"
        raise UnknownLayerError(f"{name_of(cls)} is not in this pipeline, which holds {held}")

    def _spliced(self, position: int, removed: int, *added: Layer) -> Pipeline:
        return Pipeline((*self.layers[:position], *added, *self.layers[position + removed :]))


@dataclass(frozen=True, slots=True, eq=False)
class _Build:
    """What a built app remembers. It names the app that it speaks of, since proxies and wrappers copy attributes."""

    pipeline: Pipeline
    application: AnyASGIApp
    built: AnyASGIApp


def pipeline_of(app: object) -> Pipeline | None:
    """Give the pipeline that built an app, or None.

    None also for a built app with another layer around it, and for one whose outermost layer takes no attributes
    (a class with `__slots__`).
    """
    build = _build_of(app)
    return build.pipeline if build else None


def application_of(app: AnyASGIApp) -> AnyASGIApp:
    """Give the app that a pipeline was built around, or the app itself when no pipeline built it."""
    build = _build_of(app)
    return build.application if build else app


def _build_of(app: object) -> _Build | None:
    build = getattr(app, BUILD, None)
    return build if isinstance(build, _Build) and build.built is app else None


def _remember(build: _Build) -> None:
    with suppress(AttributeError, TypeError):
        setattr(build.built, BUILD, build)


def _layer(factory: MiddlewareFactory[...], args: tuple[object, ...], options: dict[str, object]) -> Layer:
    if args:
        raise TypeError(f"{name_of(factory)} takes its options by name only, got {len(args)} positional")
    return Layer(factory, options)
