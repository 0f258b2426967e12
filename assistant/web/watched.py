"""An answerer that counts and logs what it is asked: never the words, unless that is wanted."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

from assistant.logs import with_fields
from assistant.types import Answer, Done, Event
from assistant.web.metrics import Metrics
from assistant.web.site import Answerer
from corpus.errors import UserError

log = logging.getLogger(__name__)


def watching(
    get: Callable[[], Answerer | None], metrics: Metrics, *, log_questions: bool = False
) -> Callable[[], Answerer | None]:
    """`get`, of which every question is counted and logged."""

    def watched() -> Answerer | None:
        answerer = get()
        return cast(Answerer, Watched(answerer, metrics, log_questions=log_questions)) if answerer else None

    return watched


class Watched:
    """Everything but the questions is the answerer's own."""

    def __init__(self, answerer: Answerer, metrics: Metrics, *, log_questions: bool) -> None:
        self._answerer = answerer
        self._metrics = metrics
        self._log_questions = log_questions

    def __getattr__(self, name: str) -> Any:
        return getattr(self._answerer, name)

    def ask(self, question: str, *more: Any, **options: Any) -> Answer:
        with self._counting_failures(question, lambda: False):
            answer = self._answerer.ask(question, *more, **options)
        self._answered(answer)
        return answer

    def stream(self, question: str, *more: Any, **options: Any) -> Iterator[Event]:
        has_answer = False
        with self._counting_failures(question, lambda: has_answer):
            for event in self._answerer.stream(question, *more, **options):
                if isinstance(event, Done):
                    self._answered(event.answer)
                    has_answer = True
                yield event

    def without_model(self) -> Answerer:
        # What the page asks for itself, to offer questions, is nobody's question.
        return self._answerer.without_model()

    def _answered(self, answer: Answer) -> None:
        self._metrics.answered(answer)
        seconds = {f"{stage}_seconds": round(taken, 4) for stage, taken in answer.seconds.items()}
        fields = {"outcome": answer.outcome, "reason": answer.reason, "mode": answer.mode, "language": answer.language}
        index = {"index": answer.index_version}
        log.info("question", extra=with_fields(**fields, **seconds, **index, **self._words(answer.question)))

    @contextmanager
    def _counting_failures(self, question: str, has_answer: Callable[[], bool]) -> Iterator[None]:
        try:
            yield
        except GeneratorExit:
            if not has_answer():
                self._failed("stopped", question)
            raise
        except UserError:
            self._failed("wrong", question)
            raise
        except Exception:
            self._failed("fault", question)
            raise

    def _failed(self, why: str, question: str) -> None:
        self._metrics.failed(why)
        log.info("question", extra=with_fields(outcome="none", why=why, **self._words(question)))

    def _words(self, question: str) -> dict[str, str]:
        return {"question": question} if self._log_questions else {}
