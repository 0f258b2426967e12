"""What is counted, in the form that Prometheus reads. The one file that knows prometheus_client."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from assistant.types import Answer
from assistant.web.site import Answerer

CONTENT_TYPE = CONTENT_TYPE_LATEST
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


_OF_THE_MODEL = {
    "asked": ("assistant_model_questions", "Questions that the language model was asked."),
    "calls": ("assistant_model_calls", "Requests to the language model."),
    "failed": ("assistant_model_failures", "Questions for which the language model failed."),
    "removed": ("assistant_model_removed_sentences", "Sentences of the language model that were removed."),
}


class _OfTheModel(Collector):
    """What the writer counts itself; nothing where no model writes."""

    def __init__(self) -> None:
        self.state: Mapping[str, Any] | None = None

    def collect(self) -> Iterator[CounterMetricFamily]:
        for key, (name, words) in _OF_THE_MODEL.items():
            if self.state is not None:
                yield CounterMetricFamily(name, words, value=self.state[key])


class Metrics:
    """The figures of one running program, in a registry of their own."""

    def __init__(self) -> None:
        registry = CollectorRegistry()
        self._registry = registry
        self._questions = Counter(
            "assistant_questions", "Questions by outcome and by what answered.", ["outcome", "mode"], registry=registry
        )
        self._refusals = Counter("assistant_refusals", "Refused questions by reason.", ["reason"], registry=registry)
        self._failures = Counter(
            "assistant_question_failures", "Questions without an answer, by why.", ["why"], registry=registry
        )
        self._notices = Counter(
            "assistant_model_notices",
            "Answers about which the language model left something to say: by mode model, sentences were removed; by "
            "another mode, it failed and the answer is without it.",
            ["mode"],
            registry=registry,
        )
        self._stages = Histogram(
            "assistant_stage_seconds", "Seconds by stage.", ["stage"], buckets=_SECONDS, registry=registry
        )
        self._responses = Counter("assistant_responses", "HTTP responses by status.", ["status"], registry=registry)
        self._ready = Gauge("assistant_ready", "1 where questions can be answered.", registry=registry)
        self._built = Gauge("assistant_index_built_timestamp_seconds", "When the index was built.", registry=registry)
        self._age = Gauge("assistant_index_age_seconds", "How old the index is.", registry=registry)
        self._version = Gauge("assistant_index_info", "The index that serves.", ["version"], registry=registry)
        self._documents = Gauge("assistant_documents", "Documents that are indexed.", registry=registry)
        self._passages = Gauge("assistant_passages", "Passages that are indexed.", registry=registry)
        self._refused = Gauge("assistant_refused_documents", "Documents that could not be used.", registry=registry)
        self._drifted = Gauge(
            "assistant_drifted_definitions", "Definitions whose wording no document has now.", registry=registry
        )
        self._model = _OfTheModel()
        registry.register(self._model)

    def answered(self, answer: Answer) -> None:
        self._questions.labels(answer.outcome, answer.mode).inc()
        if answer.outcome == "not_found":
            self._refusals.labels(answer.reason or "").inc()
        if answer.notice is not None:
            self._notices.labels(answer.mode).inc()
        for stage, seconds in answer.seconds.items():
            self._stages.labels(stage).observe(seconds)

    def failed(self, why: str) -> None:
        """`why` is "wrong" for a question that cannot be answered as it is, "fault" for ours, "stopped"."""
        self._failures.labels(why).inc()

    def responded(self, status: int) -> None:
        self._responses.labels(str(status)).inc()

    def page(self, answerer: Answerer | None, built: datetime | None, now: datetime) -> bytes:
        """All figures as text; those of the index as it is now."""
        self._ready.set(answerer is not None)
        self._version.clear()
        if answerer is not None:
            self._version.labels(answerer.index_version).set(1)
            self._documents.set(len(answerer.documents))
            self._passages.set(answerer.passage_count)
            self._refused.set(len(answerer.refused))
            self._drifted.set(len(answerer.drifted))
            self._model.state = answerer.model
        if built is not None:
            self._built.set(built.timestamp())
            self._age.set((now - built).total_seconds())
        return generate_latest(self._registry)


Built = Callable[[], datetime | None]
"""When the index that serves was built; None where that is not known."""
