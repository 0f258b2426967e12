"""An answer as it comes about, as server-sent events: status, sentence, answer, and error with one sentence.

A language model's draft is not sent: nothing in it is checked yet.
"""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from typing import Any

from fastapi.responses import StreamingResponse

from assistant.types import Answer, Checked, Citation, Done, Event, Sentence, Status
from assistant.web.conversation import BUG
from corpus.errors import UserError

KEEP_ALIVE = 10.0
"""Seconds after which a comment says that the line is still held: proxies cut one on which nothing comes."""

Message = tuple[str, dict[str, Any]]

log = logging.getLogger(__name__)


def event_stream(start: Callable[[], Iterator[Event]]) -> StreamingResponse:
    """The response that follows an answer. When the reader goes away, the work ends at its next event."""
    return StreamingResponse(
        lines(start),
        media_type="text/event-stream",
        # A proxy that collects what it passes on would make a stream one late piece.
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def lines(start: Callable[[], Iterator[Event]], every: float = KEEP_ALIVE) -> AsyncGenerator[str, None]:
    """The stream as it is sent, a comment after `every` so many seconds without an event."""
    queue: asyncio.Queue[Message | None] = asyncio.Queue()
    loop, gone = asyncio.get_running_loop(), threading.Event()

    def put(message: Message | None) -> None:
        loop.call_soon_threadsafe(queue.put_nowait, message)

    work = asyncio.create_task(asyncio.to_thread(_follow, start, put, gone))
    try:
        while True:
            try:
                message = await asyncio.wait_for(queue.get(), every)
            except TimeoutError:
                yield ": the answer is still being looked for\n\n"
                continue
            if message is None:
                break
            yield _written(*message)
        await work
    finally:
        gone.set()


def _follow(start: Callable[[], Iterator[Event]], put: Callable[[Message | None], None], gone: threading.Event) -> None:
    """Hand on each message; stop the answering where the reader has gone."""
    try:
        events = start()
        for message in messages(events):
            if gone.is_set():
                # Closing it stops what is under way, a language model's writing too.
                _close(events)
                return
            put(message)
    except UserError as error:
        put(("error", {"error": str(error)}))
    except Exception:
        log.exception("a question could not be answered")
        put(("error", {"error": BUG}))
    put(None)


def _close(events: Iterator[Event]) -> None:
    close = getattr(events, "close", None)
    if close is not None:
        close()


def messages(events: Iterable[Event]) -> Iterator[Message]:
    """The named messages of an answer's events.

    A checked sentence is told at once where it has no citations to wait for; the others with the answer,
    which has them.
    """
    told = False
    for event in events:
        match event:
            case Status(stage):
                yield "status", {"stage": stage}
            case Checked(sentence, number) if not sentence.citations:
                told = True
                yield "sentence", _sentence(sentence, number, ())
            case Done(answer):
                if not told:
                    yield from _sentences(answer)
                yield "answer", answer.as_dict()


def _sentences(answer: Answer) -> Iterator[Message]:
    for number, sentence in enumerate(answer.sentences):
        cited = [one for one in answer.citations if one.number in sentence.citations]
        yield "sentence", _sentence(sentence, number, cited)


def _sentence(sentence: Sentence, number: int, cited: Iterable[Citation]) -> dict[str, Any]:
    return {
        "number": number,
        "text": sentence.text,
        "support": sentence.support,
        "citations": [one.as_dict() for one in cited],
    }


def _written(name: str, data: dict[str, Any]) -> str:
    # Half a surrogate pair, which a question in JSON can hold, is none that can be sent.
    told = json.dumps(data, ensure_ascii=False).encode(errors="replace").decode()
    return f"event: {name}\ndata: {told}\n\n"
