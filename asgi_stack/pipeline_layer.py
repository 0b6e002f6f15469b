"""One layer of a pipeline: what makes it, with which options, and where it stands."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from types import MappingProxyType

from asgi_stack.pipeline_drawing import draw_options, name_of, unwrap
from asgi_stack.types import AnyASGIApp, MiddlewareFactory

__all__ = ["Layer", "Stage"]


class Stage(IntEnum):
    """Where a layer stands, outermost first.

    Headers come first so that nothing leaves without them; the id exists before the span starts; the request line is
    written inside the span; health probes are neither traced nor logged; what refuses a request or opens a session
    stands inside the layer that renders its errors.
    """

    LIFESPAN = 1
    HEADERS = 2
    CONTEXT = 3
    HEALTH = 4
    TRACING = 5
    LOGGING = 6
    ERRORS = 7
    TRAFFIC = 8
    DATABASE = 9


@dataclass(frozen=True, slots=True, repr=False)
class Layer:
    """Record a factory of the form `(app, **options) -> ASGI app` and the options it will be called with.

    Attributes:
        factory: The class or function, or a `functools.partial` of one.
        options: A read-only copy of the options, in the order they were given.

    Raises:
        TypeError: The factory is not callable, or its signature does not take these options. A factory whose
            signature cannot be read is believed until the pipeline is built.
    """

    factory: MiddlewareFactory[...]
    options: Mapping[str, object] = field(default_factory=dict[str, object])

    def __post_init__(self) -> None:
        """Check the options and freeze them."""
        if not callable(self.factory):
            raise TypeError(
                f"a layer must be a class or function of the form (app, **options), got {type(self.factory).__name__}"
            )
        object.__setattr__(self, "options", MappingProxyType(dict(self.options)))
        _check_options(self)

    @property
    def name(self) -> str:
        """The name of the class or function, without its module."""
        return name_of(self.factory)

    @property
    def stage(self) -> Stage | None:
        """The stage that the factory declares; None for a layer that may stand anywhere."""
        stage = getattr(unwrap(self.factory), "stage", None)
        if isinstance(stage, str) and stage.upper() in Stage.__members__:
            raise TypeError(f"{self.name}.stage is the text {stage!r}; give Stage.{stage.upper()}")
        return stage if isinstance(stage, Stage) else None

    def is_made_by(self, factory: MiddlewareFactory[...]) -> bool:
        """Tell whether this layer comes from a factory; a `functools.partial` counts as what it wraps."""
        return unwrap(self.factory) == unwrap(factory)

    def wrap(self, app: AnyASGIApp) -> AnyASGIApp:
        """Call the factory: put this layer around an app.

        Raises:
            TypeError: The factory gave something that cannot be called.
            Exception: Whatever the factory raises, with a note that names this layer.
        """
        try:
            wrapped = self.factory(app, **self.options)
        except Exception as error:
            error.add_note(f"raised while the pipeline made its layer {self}")
            raise
        if not callable(wrapped):
            raise TypeError(f"{self.name} must give an ASGI application, but it returned {type(wrapped).__name__}")
        return wrapped

    def __str__(self) -> str:
        """Write the layer as a call, secrets redacted."""
        return f"{self.name}({draw_options(self.options)})"

    def __repr__(self) -> str:
        """Write the record, secrets redacted."""
        return f"Layer({', '.join(filter(None, (self.name, draw_options(self.options))))})"

    def __hash__(self) -> int:
        """Hash factory and options; like a tuple's, this raises TypeError when an option has no hash."""
        return hash((self.factory, frozenset(self.options.items())))

    def __reduce__(self) -> tuple[type[Layer], tuple[MiddlewareFactory[...], dict[str, object]]]:
        """Copy and pickle as what the layer was made of: a read-only view can do neither."""
        return Layer, (self.factory, dict(self.options))


def _check_options(layer: Layer) -> None:
    if "app" in layer.options:
        raise TypeError(f"{layer.name}: 'app' is not an option; build() gives each layer the app that it wraps")
    try:
        signature = inspect.signature(layer.factory)
    except (TypeError, ValueError):
        return
    try:
        signature.bind(None, **layer.options)
    except TypeError as error:
        raise TypeError(f"{layer.name} {_fault(signature, layer.options) or error}") from None


def _fault(signature: inspect.Signature, options: Mapping[str, object]) -> str:
    """Say in words why options do not fit; empty when it is none of the usual mistakes."""
    first, *others = signature.parameters.values() or (None,)
    if first is None or first.kind in (first.KEYWORD_ONLY, first.VAR_KEYWORD):
        return "does not take the app as its first positional argument"
    known = {each.name: each for each in others if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)}
    missing = [name for name, each in known.items() if each.default is each.empty and name not in options]
    if {"receive", "send"} <= set(missing):
        return "is an ASGI application itself; give the class or function that makes the layer"
    takes_any = any(each.kind is each.VAR_KEYWORD for each in others)
    unknown = [name for name in options if name not in known]
    if unknown and not takes_any:
        return _unknown(unknown[0], list(known))
    return f"needs the option {' and '.join(map(repr, missing))}" if missing else ""


def _unknown(option: str, known: list[str]) -> str:
    near = difflib.get_close_matches(option, known, n=1)
    if near:
        return f"has no option {option!r}; did you mean {near[0]!r}?"
    return f"has no option {option!r}; it takes {', '.join(known) or 'none'}"
