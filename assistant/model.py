"""A language model behind LangChain's interface: an optional layer, and the only file that imports langchain.

`provider:name` is what LangChain's `init_chat_model` takes; with an address, a server that speaks the
OpenAI protocol is asked (`openai:NAME`), which needs no key of its own.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from corpus.errors import UserError

_SECONDS = 120
_INSTALL = "python -m pip install -c constraints.txt 'association-assistant[model]'"


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model said, and the tokens that it took, where the model tells."""

    text: str
    tokens: int | None


class Model:
    """A chat model that is asked one thing at a time, at temperature 0."""

    def __init__(self, name: str, chat: Any) -> None:
        self.name = name
        self._chat = chat

    @classmethod
    def open(cls, name: str, url: str | None = None) -> Model:
        """Raises UserError where there is no such provider, its package is missing, or its key is."""
        # Nothing of a question goes to a third party that nobody named.
        os.environ["LANGSMITH_TRACING"] = "false"
        if ":" not in name:
            raise UserError(f"Found the model {name!r}, expected provider:name, such as openai:gpt-oss-20b.")
        try:
            from langchain.chat_models import init_chat_model
        except ImportError as error:
            raise UserError(f"A language model needs LangChain, which is not installed: {_INSTALL}.") from error
        more: dict[str, Any] = {"base_url": url, "api_key": os.environ.get("OPENAI_API_KEY", "none")} if url else {}
        try:
            return cls(name, init_chat_model(name, temperature=0, timeout=_SECONDS, max_retries=1, **more))
        except (ImportError, ValueError, TypeError) as error:
            said = " ".join(str(error).split())[:200]
            raise UserError(f"The model {name!r} cannot be used ({said}): check provider, package and key.") from error
        except Exception as error:
            said = " ".join(str(error).split())[:200]
            raise UserError(f"The model {name!r} cannot be used ({said}): check its key.") from error

    def ask(self, instructions: str, text: str) -> Reply:
        """One reply to a text under some instructions. Raises UserError where the model gives none."""
        try:
            message = self._chat.invoke([("system", instructions), ("human", text)])
        except Exception as error:
            said = " ".join(str(error).split())[:200]
            raise UserError(f"The model {self.name} gave no reply ({type(error).__name__}: {said}).") from error
        used = message.usage_metadata or {}
        return Reply(str(message.text), used.get("total_tokens"))
