"""The functions that `gradio_client` calls by name; each gives the record that the HTTP API gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from assistant.check import check_record, check_wording
from assistant.listing import FOUND, definition_answer, found_passages
from assistant.web.conversation import turns
from assistant.web.site import Answerer, Site
from corpus.errors import UserError

Endpoint = tuple[str, Callable[..., Any]]


def endpoints(site: Site) -> tuple[Endpoint, ...]:
    """The endpoints by name. Each raises UserError for what the caller can put right."""

    def ask(question: str, history: list[dict[str, Any]] | None = None) -> dict[str, Any]:
        """One answer with its citations. `history` is a list of {"role", "content"}, oldest first."""
        return _ready(site).ask(question, turns(history or ())).as_dict()

    def search(words: str, limit: int = FOUND) -> list[Any]:
        """The passages nearest to some words, best first."""
        # A client sends every number of JSON as it likes.
        return list(found_passages(_ready(site), words, int(limit)))

    def definition(term: str, as_of: str | None = None) -> Any:
        """The canonical wording of a term, of a day where one is given, with the term's other wordings."""
        return definition_answer(_ready(site), term, as_of)

    def check_wording_of(text: str, term: str | None = None) -> Any:
        """Whether a text still has the canonical wording of a term, by default of the nearest one."""
        answerer = _ready(site)
        return check_record(check_wording(answerer, text, term), answerer)

    return ("ask", ask), ("search", search), ("definition", definition), ("check_wording", check_wording_of)


def _ready(site: Site) -> Answerer:
    answerer = site.get()
    if answerer is None:
        raise UserError(site.obstacle)
    return answerer
