"""The description of the API that programs and people read: every call with its schemas and a real example.

Schemas come from the types of the records, so that they cannot say something else. The examples lie in
`api_examples.json`; they are what the API answers over the invented documents of the tests.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NotRequired
from urllib.parse import quote, urlencode

from pydantic import TypeAdapter
from typing_extensions import TypedDict

from assistant import shapes
from assistant.listing import FOUND, MOST_FOUND
from assistant.types import Answer, Citation

_EXAMPLES = Path(__file__).parent / "templates" / "api_examples.json"
_REFERENCE = "#/components/schemas/{model}"


class Turn(TypedDict):
    """One message of the conversation so far."""

    role: str
    content: str


class Question(TypedDict):
    """A question; `history` is the conversation so far, oldest first, `stream` asks for events."""

    question: str
    id: NotRequired[str | int | None]
    history: NotRequired[list[Turn] | None]
    stream: NotRequired[bool]


class Wording(TypedDict):
    """A text to check; without a term it is compared with the wording that it is nearest to."""

    pasted_text: str
    id: NotRequired[str | int | None]
    term: NotRequired[str | None]


class Problem(TypedDict):
    """What went wrong, in one plain sentence."""

    error: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a call, in its address (`path`) or after it (`query`)."""

    name: str
    where: str
    kind: str
    says: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """A call of the API. `returns` names a schema, `many` says that a list of it comes."""

    name: str
    method: str
    path: str
    summary: str
    says: str
    returns: str | None
    many: bool = False
    takes: str | None = None
    parameters: tuple[Parameter, ...] = ()
    errors: tuple[int, ...] = (400, 503)


_ID = Parameter("id", "path", "string", "The document's id, as the list gives it.", required=True)
CALLS = (
    Call(
        "ask", "POST", "/api/ask", "Ask a question",
        "One answer with its citations, the answer record of `assistant ask --json`. With the header Accept: "
        "text/event-stream, or with stream = true, the answer comes as server-sent events: status, sentence (each "
        "with its citations where they are known), answer with the whole record, or error with one sentence.",
        "Answer", takes="Question", errors=(400, 413, 500, 503),
    ),
    Call(
        "search", "GET", "/api/search", "Search the documents",
        "The passages nearest to some words, best first, with their scores and citations; no answer is composed.",
        "PassageRecord", many=True,
        parameters=(
            Parameter("q", "query", "string", "What to search for.", required=True),
            Parameter("limit", "query", "integer", f"How many passages, 1 to {MOST_FOUND}; {FOUND} by default."),
        ),
    ),
    Call(
        "documents", "GET", "/api/documents", "List the documents", "Every document that is indexed, without its text.",
        "DocumentRecord", many=True, errors=(503,),
    ),
    Call(
        "document", "GET", "/api/documents/{id}", "Look at a document", "A document with its sections and pages.",
        "DocumentDetails", parameters=(_ID,), errors=(404, 503),
    ),
    Call(
        "text", "GET", "/api/documents/{id}/text", "Read a document's text",
        "The text in which the offsets of citations count, or the span of it from start to end, in Unicode code "
        "points, end exclusive. The range of a citation gives its quote.",
        None,
        parameters=(
            _ID,
            Parameter("start", "query", "integer", "The first character; 0 by default."),
            Parameter("end", "query", "integer", "The character after the last one; the text's end by default."),
        ),
        errors=(400, 404, 503),
    ),
    Call(
        "citation", "GET", "/api/citations/{id}", "Resolve a citation",
        "What a citation's id stands for: document, section, page, span and quote. An id holds for as long as the "
        "document's text is in the corpus.",
        "Citation", parameters=(Parameter("id", "path", "string", "The citation's id.", required=True),),
        errors=(404, 503),
    ),
    Call(
        "definitions", "GET", "/api/definitions", "List the definitions", "Every canonical wording of the registry.",
        "DefinitionRecord", many=True, errors=(503,),
    ),
    Call(
        "definition", "GET", "/api/definitions/{term}", "Look up a definition",
        "The canonical wording of a term, by its name, an acronym or another name, with the term's other wordings.",
        "DefinitionAnswer",
        parameters=(
            Parameter("term", "path", "string", "A term, an acronym or another name.", required=True),
            Parameter("as_of", "query", "string", "A day such as 2020-01-01: the wording in force then."),
        ),
        errors=(400, 404, 503),
    ),
    Call(
        "check", "POST", "/api/definitions/check", "Check a text against a definition",
        "Whether a text still has the canonical wording of a term: the verdict and the differences, word by word.",
        "CheckRecord", takes="Wording", errors=(400, 413, 503),
    ),
)  # fmt: skip
_TYPES: dict[str, Any] = {
    "Answer": Answer, "Citation": Citation, "Question": Question, "Wording": Wording, "Problem": Problem,
    "PassageRecord": shapes.PassageRecord, "DocumentRecord": shapes.DocumentRecord,
    "DocumentDetails": shapes.DocumentDetails, "DefinitionRecord": shapes.DefinitionRecord,
    "DefinitionAnswer": shapes.DefinitionAnswer, "CheckRecord": shapes.CheckRecord,
}  # fmt: skip
_STATUS = {
    400: "The request cannot be read as it is; the sentence says why.",
    404: "There is nothing of that name here.",
    413: "The request is too large.",
    500: "A fault of the program; its log has the details.",
    503: "The index is still loading, or could not be loaded.",
}


@dataclass(frozen=True, slots=True)
class Example:
    """A call as it was made, and what came back: JSON, or text. `path` and `query` fill in the parameters."""

    path: dict[str, str]
    query: dict[str, str]
    body: Any
    answer: Any

    def address(self, call: Call) -> str:
        """The address that was asked, below the server's."""
        path = call.path.format(**{name: quote(value, safe="/") for name, value in self.path.items()})
        return f"{path}?{urlencode(self.query)}" if self.query else path


@cache
def examples() -> dict[str, Example]:
    """An example of each call by the call's name."""
    found = json.loads(_EXAMPLES.read_text(encoding="utf-8"))
    return {name: Example(**one) for name, one in found.items()}


def document(title: str) -> dict[str, Any]:
    """The OpenAPI document."""
    paths: dict[str, dict[str, Any]] = {}
    for call in CALLS:
        paths.setdefault(call.path, {})[call.method.lower()] = _operation(call, examples()[call.name])
    return {
        "openapi": "3.1.0",
        "info": {
            "title": title,
            "version": "1",
            "description": "Answers quoted to the letter from an association's documents, each citation leading to "
            "the exact words. Offsets are Unicode code points, end exclusive. Shapes only ever gain fields.",
        },
        "paths": paths,
        "components": {"schemas": _schemas()},
    }


def _schemas() -> dict[str, Any]:
    schemas: dict[str, Any] = {}
    for name, shape in _TYPES.items():
        schema = TypeAdapter(shape).json_schema(mode="serialization", ref_template=_REFERENCE)
        schemas.update(schema.pop("$defs", {}))
        schemas[name] = schema
    return schemas


def _operation(call: Call, example: Example) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": call.name,
        "summary": call.summary,
        "description": call.says,
        "parameters": [_parameter(one, example) for one in call.parameters],
        "responses": {"200": {"description": "OK", "content": _content(call, example)}, **_problems(call)},
    }
    if call.takes:
        content = {"application/json": {"schema": _reference(call.takes), "example": example.body}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _parameter(one: Parameter, example: Example) -> dict[str, Any]:
    shown = (example.path if one.where == "path" else example.query).get(one.name)
    made = {
        "name": one.name, "in": one.where, "required": one.required, "description": one.says,
        "schema": {"type": one.kind},
    }  # fmt: skip
    return made if shown is None else {**made, "example": int(shown) if one.kind == "integer" else shown}


def _content(call: Call, example: Example) -> dict[str, Any]:
    if call.returns is None:
        return {"text/plain": {"schema": {"type": "string"}, "example": example.answer}}
    schema = _reference(call.returns)
    content = {
        "application/json": {
            "schema": {"type": "array", "items": schema} if call.many else schema,
            "example": example.answer,
        }
    }
    return {**content, "text/event-stream": {"schema": {"type": "string"}}} if call.name == "ask" else content


def _problems(call: Call) -> dict[str, Any]:
    content = {"application/json": {"schema": _reference("Problem")}}
    return {str(status): {"description": _STATUS[status], "content": content} for status in call.errors}


def _reference(name: str) -> dict[str, str]:
    return {"$ref": _REFERENCE.format(model=name)}
