"""A language model behind LangChain's interface: an optional layer, and the only file that imports langchain.

`provider:name` is what LangChain's `init_chat_model` takes; with an address, a server that speaks the
OpenAI protocol is asked (`openai:NAME`), which needs no key of its own.
"""

from __future__ import annotations

import logging
import os
import re
import time
import weakref
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Literal

from assistant.retries import retried
from assistant.watchdog import Cords, watched
from corpus.errors import UserError
from index.tracing import span

log = logging.getLogger(__name__)
_SECONDS = 120.0
_ATTEMPTS = 3
_INSTALL = "python -m pip install -c constraints.txt 'association-assistant[model]'"
_OPENAI = ("openai", "azure_openai")
_TRACING = ("LANGSMITH_TRACING", "LANGSMITH_TRACING_V2", "LANGCHAIN_TRACING", "LANGCHAIN_TRACING_V2")
_TRACES = (*_TRACING, "LANGSMITH_ENDPOINT", "LANGCHAIN_ENDPOINT", "LANGSMITH_API_KEY", "LANGCHAIN_API_KEY")
_MEANT = "langsmith"
_LIKE_A_KEY = re.compile(r"\b(?:sk|pk|key|gsk|xai|AIza)[-_]?[\w*-]{12,}|\bBearer\s+\S+", re.IGNORECASE)
_BUSY = (408, 409, 425, 429, 500, 502, 503, 504, 529)
_UNKNOWN_OPTION = (400, 404, 415, 422, 501)

Form = Literal["schema", "json", "markers"]
Message = tuple[str, Any]
"""A role, "system", "human" or "ai", and what it says: text, or content blocks in its provider's form."""


class ModelError(UserError):
    """A model gave no reply that can be used; the message says why, for staff."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model said, and the tokens that it took, where the model tells."""

    text: str
    tokens: int | None


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a reply as it comes: text, and content blocks with the provider's own citations, where it gives any."""

    text: str
    blocks: tuple[Mapping[str, Any], ...] = ()


class Model:
    """A chat model that is asked at temperature 0.

    `form` is how it can be made to reply: by a JSON schema, in JSON, or in text with markers. It is
    found out with the first request that succeeds and remembered. `cords` know the responses that are open,
    where the client of the provider tells of them.
    """

    def __init__(self, name: str, chat: Any, form: Form = "markers", cords: Cords | None = None) -> None:
        self.name = name
        self.form = form
        self._chat = chat
        self._cords = cords or Cords()

    @classmethod
    def open(cls, name: str, url: str | None = None, *, seconds: float = _SECONDS, tokens: int | None = None) -> Model:
        """Raises UserError where there is no such provider, its package or key is missing, or it would be traced."""
        refuse_tracing(os.environ)
        if ":" not in name:
            raise UserError(f"Found the model {name!r}, expected provider:name, such as openai:gpt-oss-20b.")
        try:
            from langchain.chat_models import init_chat_model
        except ImportError as error:
            raise UserError(f"A language model needs LangChain, which is not installed: {_INSTALL}.") from error
        provider = name.partition(":")[0]
        more: dict[str, Any] = {} if tokens is None else {"max_tokens": tokens}
        if url:
            # Servers of one's own speak the older of the protocol's two forms.
            more |= {"base_url": url, "api_key": os.environ.get("OPENAI_API_KEY", "none"), "use_responses_api": False}
        form: Form = "schema" if provider in _OPENAI else "markers"
        cords = Cords()
        try:
            client = _client(cords) if provider in _OPENAI else None
            more |= {"http_client": client} if client else {}
            model = cls(name, init_chat_model(name, temperature=0, timeout=seconds, max_retries=0, **more), form, cords)
            if client:
                weakref.finalize(model, client.close)
            return model
        except ImportError as error:
            package = f"langchain-{provider.replace('_', '-')}"
            raise UserError(
                f"The model {name!r} cannot be used, its package is missing: python -m pip install {package}."
            ) from error
        except (ValueError, TypeError) as error:
            raise UserError(
                f"The model {name!r} cannot be used ({_said(error)}): check provider, package and key."
            ) from error
        except Exception as error:
            raise UserError(f"The model {name!r} cannot be used ({_said(error)}): check its key.") from error

    def ask(self, instructions: str, text: str) -> Reply:
        """One reply to a text under some instructions. Raises UserError where the model gives none."""
        try:
            message = retried(
                lambda: self._chat.invoke([("system", instructions), ("human", text)]), _is_busy, _ATTEMPTS, _SECONDS
            )
        except Exception as error:
            raise ModelError(
                f"The model {self.name} gave no reply ({type(error).__name__}: {_said(error)})."
            ) from error
        used = message.usage_metadata or {}
        return Reply(str(message.text), used.get("total_tokens"))

    def stream(
        self, messages: Sequence[Message], until: float, schema: Mapping[str, Any] | None = None
    ) -> Iterator[Piece]:
        """A reply as it comes. `until` is the time, by `time.monotonic`, at which it must be over.

        With a schema the reply is JSON of that shape as far as the server can be made to, see `form`.
        Closing the iterator ends the request. Raises ModelError.
        """
        form = self.form if schema is not None else "markers"
        while True:
            try:
                yield from self._followed(messages, until, self._options(form, schema))
            except ModelError as error:
                if form == "markers" or not _is_unknown_option(error.__cause__):
                    raise
                form = "json" if form == "schema" else "markers"
                continue
            break
        if schema is not None and form != self.form:
            # A request may be refused for another cause too: only what was replied to tells what a server takes.
            log.info("The model %s takes no %s; from now on it is asked for %s.", self.name, self.form, form)
            self.form = form

    def _followed(self, messages: Sequence[Message], until: float, options: Mapping[str, Any]) -> Iterator[Piece]:
        """The pieces as a thread of their own reads them: what keeps a connection busy does not stop the clock."""
        pieces = watched(lambda: self._streamed(messages, until, options), until, self._cords)
        with span("model", is_current=False, model=self.name, messages=len(messages)):
            try:
                yield from pieces
            except TimeoutError as error:
                raise ModelError(f"The model {self.name} was not done in time.") from error

    def _streamed(self, messages: Sequence[Message], until: float, options: Mapping[str, Any]) -> Generator[Piece]:
        first, chunks = self._opened(messages, until, options)
        with closing(chunks):
            try:
                while first is not None:
                    yield _piece(first)
                    first = next(chunks, None)
            except Exception as error:
                raise self._failed(error) from error

    def _opened(self, messages: Sequence[Message], until: float, options: Mapping[str, Any]) -> tuple[Any, Any]:
        """The first chunk of a reply, asked for again where the server is busy, and the iterator over the rest."""

        def start() -> tuple[Any, Any]:
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError("no time is left")
            limit = {"timeout": left} if self._takes_timeout else {}
            chunks = self._chat.stream(list(messages), **options, **limit)
            return next(chunks, None), chunks

        try:
            return retried(start, _is_busy, _ATTEMPTS, until - time.monotonic())
        except Exception as error:
            raise self._failed(error) from error

    @property
    def _takes_timeout(self) -> bool:
        return self.name.partition(":")[0] in _OPENAI

    def _options(self, form: Form, schema: Mapping[str, Any] | None) -> dict[str, Any]:
        if form == "schema":
            named = {"name": "answer", "schema": dict(schema or {}), "strict": True}
            return _body({"type": "json_schema", "json_schema": named})
        return _body({"type": "json_object"}) if form == "json" else {}

    def _failed(self, error: Exception) -> ModelError:
        return ModelError(f"The model {self.name} gave no reply ({type(error).__name__}: {_said(error)}).")


def _client(cords: Cords) -> Any:
    """The provider's own client, which tells of each response that it opens."""
    from openai import DefaultHttpxClient

    return DefaultHttpxClient(event_hooks={"response": [cords.opened]})


def _body(response_format: Mapping[str, Any]) -> dict[str, Any]:
    """A format as it goes to the server: the client's own way wants events that not every server sends."""
    return {"extra_body": {"response_format": response_format}}


def refuse_tracing(environ: Mapping[str, str]) -> None:
    """Raises UserError where variables would send every question to LangSmith and nobody said that it is meant."""
    if environ.get("ASSISTANT_TRACING", "").lower() == _MEANT:
        return
    found = [name for name in _TRACES if environ.get(name, "").strip().lower() not in ("", "false", "0")]
    if found:
        raise UserError(
            f"{', '.join(found)} is set, which sends questions and documents to LangSmith: unset it, or set "
            "ASSISTANT_TRACING=langsmith if that is meant."
        )
    # Nothing of a question goes to a third party that nobody named.
    os.environ["LANGSMITH_TRACING"] = "false"


def masked(text: str, environ: Mapping[str, str] | None = None) -> str:
    """A text without the keys in it: those of the environment, and what looks like one.

    >>> masked("Incorrect API key provided: sk-abcdefghijklmnop.", {})
    'Incorrect API key provided: ***.'
    """
    known = os.environ if environ is None else environ
    for name, value in known.items():
        if name.endswith(("_API_KEY", "_TOKEN", "_SECRET")) and len(value) > 5:
            text = text.replace(value, "***")
    return _LIKE_A_KEY.sub("***", text)


def _said(error: BaseException) -> str:
    return " ".join(masked(str(error)).split())[:200]


def _piece(chunk: Any) -> Piece:
    # Google tells what grounds a reply beside its text.
    is_rich = isinstance(chunk.content, list) or "grounding_metadata" in chunk.response_metadata
    blocks = chunk.content_blocks if is_rich else ()
    return Piece(str(chunk.text), tuple(blocks))


def _status(error: BaseException | None) -> int | None:
    found = getattr(error, "status_code", None) or getattr(getattr(error, "response", None), "status_code", None)
    return found if isinstance(found, int) else None


def _is_busy(error: BaseException) -> bool:
    """Whether asking again may help: the server is busy, or broke the connection. Being slow is no such reason."""
    status = _status(error)
    if status is not None:
        return status in _BUSY
    name = type(error).__name__
    return "Connection" in name or "RemoteProtocol" in name


def _is_unknown_option(error: BaseException | None) -> bool:
    return _status(error) in _UNKNOWN_OPTION
