"""The assistant as a LangChain runnable: a question or messages in, an `AIMessage` with citations out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.content import create_citation, create_text_block
from langchain_core.runnables import Runnable, RunnableConfig

from assistant.types import Answer, Citation, Turn
from corpus.errors import UserError

_ROLES = {"human": "user", "ai": "assistant"}
Asked = str | Mapping[str, Any] | Sequence[BaseMessage]
"""A question, {"question", "history"} as in a batch line, or messages of which the last one asks."""


class AssistantRunnable(Runnable[Asked, AIMessage]):
    """Answers as messages. Each sentence is a text block with the `Citation`s that carry it.

    A citation's `cited_text` is the document's text to the letter, and its `extras` say where that is:
    document, section, page, start and end. The whole answer record is in `response_metadata`.
    """

    def __init__(self, answer: Callable[[str, Sequence[Turn]], Answer]) -> None:
        """`answer` is `Assistant.ask`, or anything that answers like it."""
        self._answer = answer

    def invoke(self, input: Asked, config: RunnableConfig | None = None, **kwargs: Any) -> AIMessage:
        """One answer. Raises UserError where there is no question to answer."""
        return self._call_with_config(self._message, input, config, run_type="chain", **kwargs)

    def stream(self, input: Asked, config: RunnableConfig | None = None, **kwargs: Any) -> Iterator[AIMessage]:
        """The answer's blocks one after the other; together they are the message that `invoke` gives."""
        message = self.invoke(input, config, **kwargs)
        blocks = [dict(block) for block in message.content if isinstance(block, dict)]
        for place, block in enumerate(blocks):
            metadata = message.response_metadata if place == len(blocks) - 1 else {}
            # Blocks with an index of their own stay apart when chunks are added.
            yield AIMessageChunk(content=[{**block, "index": place}], response_metadata=metadata)

    def _message(self, asked: Asked) -> AIMessage:
        answer = self._answer(*_question_in(asked))
        return AIMessage(content_blocks=_blocks(answer), response_metadata={"answer": answer.as_dict()})


def _question_in(asked: Asked) -> tuple[str, list[Turn]]:
    if isinstance(asked, str):
        return asked, []
    if isinstance(asked, Mapping):
        history = [Turn(one["role"], one["content"]) for one in asked.get("history") or ()]
        return asked["question"], history
    turns = [Turn(_ROLES[one.type], one.text) for one in asked if one.type in _ROLES]
    if not turns or turns[-1].role != "user":
        raise UserError("Found messages that end with no question, expected the last one to be a human's.")
    return turns[-1].content, turns[:-1]


def _blocks(answer: Answer) -> list[Any]:
    """The answer's text in pieces that join to it, each with one sentence and that sentence's citations.

    What is told below the last sentence, such as an unofficial translation, is a block that cites nothing.
    """
    starts = _starts(answer)
    if not starts:
        return [create_text_block(answer.text)]
    last, sentence = starts[-1]
    end = answer.text.find("\n\n", last + len(sentence.text))
    end = end if end >= 0 else len(answer.text)
    edges = [0, *(start for start, _ in starts[1:]), end]
    blocks = [
        create_text_block(
            answer.text[edges[place] : edges[place + 1]],
            annotations=[
                _annotation(one, start - edges[place], len(sentence.text))
                for one in answer.citations
                if one.number in sentence.citations
            ],
        )
        for place, (start, sentence) in enumerate(starts)
    ]
    return [*blocks, create_text_block(answer.text[end:])] if end < len(answer.text) else blocks


def _starts(answer: Answer) -> list[tuple[int, Any]]:
    """Where each sentence begins in the answer's text; one that stands there in other words is left out."""
    found, after = [], 0
    for sentence in answer.sentences:
        start = answer.text.find(sentence.text, after)
        if start >= 0:
            found.append((start, sentence))
            after = start + len(sentence.text)
    return found


def _annotation(one: Citation, start: int, length: int) -> Any:
    """A citation; `start` and `length` are the sentence's in its block, as LangChain counts."""
    return create_citation(
        id=one.id,
        url=one.url,
        title=one.title,
        start_index=start,
        end_index=start + length,
        cited_text=one.quote,
        document_id=one.document_id,
        section=one.section,
        page=one.page,
        start=one.start,
        end=one.end,
        number=one.number,
    )
