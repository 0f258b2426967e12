"""The examples of the API's description, made by asking the API over the invented documents.

`python -m tests.api_examples` writes them anew after a change of a record.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from assistant.web.app import create_app
from assistant.web.openapi import CALLS, Example
from tests.browser.library import LANTERN, Library

FILE = Path(__file__).parents[1] / "assistant/web/templates/api_examples.json"
_DOCUMENT = "harbour/lanterns"


def made() -> dict[str, dict[str, Any]]:
    """An example of each call, by its name, with what the API really answers."""
    library = Library()
    citation = library.cited(LANTERN)
    asked: dict[str, dict[str, Any]] = {
        "ask": {"body": {"id": "q1", "question": "What is a lantern?"}},
        "search": {"query": {"q": "lantern flame", "limit": "1"}},
        "documents": {},
        "document": {"path": {"id": _DOCUMENT}},
        "text": {"path": {"id": _DOCUMENT}, "query": {"start": str(citation.start), "end": str(citation.end)}},
        "citation": {"path": {"id": citation.id}},
        "definitions": {},
        "definition": {"path": {"term": "LT"}, "query": {"as_of": "2020-01-01"}},
        "check": {"body": {"term": "lantern", "pasted_text": LANTERN.replace("dusk", "dawn")}},
    }
    with TestClient(create_app(lambda: library)) as client:
        return {call.name: _asked(client, call.name, asked[call.name]) for call in CALLS}


def _asked(client: TestClient, name: str, given: dict[str, Any]) -> dict[str, Any]:
    call = next(one for one in CALLS if one.name == name)
    example = Example(given.get("path", {}), given.get("query", {}), given.get("body"), None)
    response = client.request(call.method, example.address(call), json=example.body)
    response.raise_for_status()
    answer = response.json() if call.returns else response.text
    return {"path": example.path, "query": example.query, "body": example.body, "answer": answer}


if __name__ == "__main__":
    FILE.write_text(json.dumps(made(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8", newline="\n")
