"""What happens in a request, as OpenTelemetry spans. The one file that knows opentelemetry.

Off unless a standard variable names a collector: OTEL_EXPORTER_OTLP_ENDPOINT, or OTEL_EXPORTER_OTLP_TRACES_ENDPOINT.
The library reads the others itself (OTEL_SERVICE_NAME, OTEL_TRACES_SAMPLER, OTEL_EXPORTER_OTLP_HEADERS and so on).
Spans hold names, counts and times: no question, no answer, no name of a person.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import Any

from corpus.errors import UserError

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
SERVICE = "association-assistant"
_INSTALL = "python -m pip install -c constraints.txt 'association-assistant[tracing]'"
# What a process traces with, once it was set up; without it nothing of the library is loaded.
_tracers: list[Any] = []


def is_wanted(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether a collector is named, and tracing is not switched off by OTEL_SDK_DISABLED."""
    disabled = environment.get("OTEL_SDK_DISABLED", "").lower() == "true"
    return not disabled and any(environment.get(name) for name in ENDPOINTS)


def set_up() -> Callable[[], None]:
    """Trace from now on where that is wanted; what is returned sends what is left, and ends it.

    Raises UserError where the packages are missing.
    """
    if not is_wanted():
        return lambda: None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        named = next(name for name in ENDPOINTS if os.environ.get(name))
        raise UserError(f"{named} is set, and the packages for tracing are not installed: {_INSTALL}.") from error
    name = os.environ.get("OTEL_SERVICE_NAME") or SERVICE
    provider = TracerProvider(resource=Resource.create({"service.name": name}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    _tracers[:] = [provider.get_tracer(SERVICE)]

    def end() -> None:
        _tracers.clear()
        provider.shutdown()

    return end


@contextmanager
def span(
    name: str, parent: Mapping[str, str] | None = None, *, is_current: bool = True, **attributes: str | int | float
) -> Iterator[Span]:
    """A span around the block. `parent` is what `carried` gave in another process.

    Where the block yields, who goes on with it may do so elsewhere: then it must not be the current one.
    """
    if not _tracers:
        yield Span(None)
        return
    from opentelemetry.propagate import extract

    context = extract(parent) if parent else None
    from opentelemetry import trace

    started = _tracers[0].start_span(name, context=context, attributes=attributes)
    used = trace.use_span(started, record_exception=False, set_status_on_exception=False)
    with used if is_current else nullcontext():
        try:
            yield Span(started)
        except GeneratorExit:
            # Nobody wants to know the rest, which is no error.
            raise
        except BaseException as error:
            # Its kind alone: what an error says may quote a question.
            Span(started).set(error=type(error).__name__)
            raise
        finally:
            started.end()


class Span:
    """A span that is under way; without tracing, nothing."""

    def __init__(self, started: Any) -> None:
        self._started = started

    def set(self, **attributes: str | int | float) -> None:
        """Say more of it."""
        if self._started is not None:
            self._started.set_attributes(attributes)


def carried() -> dict[str, str]:
    """What another process needs to go on with the current span; empty without tracing."""
    headers: dict[str, str] = {}
    if _tracers:
        from opentelemetry.propagate import inject

        inject(headers)
    return headers
