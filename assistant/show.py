"""Answers and lists as a person reads them in a terminal, and as records for `--json`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from assistant.ask import Assistant
from assistant.citations import cite, page_name
from assistant.service import is_outdated
from assistant.settings import Settings
from assistant.types import Answer, Citation
from corpus.types import Definition, DocumentInfo, Refused
from index.search import Hit

_UNSEARCHED = ("smalltalk", "outside_job")
_KINDS = {"definition": "Canonical definition, word for word", "extractive": "In the words of the documents"}


def show_answer(answer: Answer) -> None:
    """The answer, then its sources, or what came nearest."""
    console = _console()
    if answer.standalone_question != " ".join(answer.question.split()):
        console.print(Text(f"Searched for: {answer.standalone_question}", style="dim"))
    answered = answer.outcome != "not_found"
    if answered or answer.reason not in _UNSEARCHED:
        kind = _KINDS.get(answer.mode, answer.mode) if answered else "Not in the documents"
        console.print(Text("Partly in the documents" if answer.outcome == "partial" else kind, style="bold"))
    console.print(Text(answer.text))
    sources = answer.citations if answered else answer.nearest
    if sources:
        console.print(Text("\nSources" if answered else "\nNearest passages", style="bold"))
    for citation in sources:
        console.print(Text(f"[{citation.number}] {_place(citation)}"))
        if not answered:
            console.print(Text(f"    “{' '.join(citation.quote.split())}”"))


def status(settings: Settings, assistant: Assistant) -> dict[str, Any]:
    """What the index is and holds, as plain values."""
    manifest = assistant.snapshot.manifest
    return {
        "index": settings.index,
        "corpus": str(settings.corpus),
        "version": manifest.version,
        "built": manifest.built,
        "encoder": manifest.encoder,
        "outdated": is_outdated(settings, assistant),
        "documents": manifest.documents,
        "passages": manifest.passages,
        "recall": manifest.recall,
        "sentences": manifest.sentences,
        "definitions": len(assistant.registry.definitions),
        "remarks": [
            {"path": document.path, "remark": remark} for document in assistant.documents for remark in document.remarks
        ],
        "refused": [{"path": item.path, "reason": item.reason} for item in assistant.refused],
        "notice": assistant.notice,
    }


def show_status(found: dict[str, Any]) -> None:
    console = _console()
    for key, value in found.items():
        if not isinstance(value, list) and value is not None:
            console.print(Text(f"{key:12} {value}"))
    for item in found["remarks"]:
        console.print(Text(f"remark       {item['path']}: {item['remark']}"))
    for item in found["refused"]:
        console.print(Text(f"refused      {item['path']}: {item['reason']}"))


def hit_record(assistant: Assistant, hit: Hit) -> dict[str, Any]:
    """A hit as plain values; `score` is higher for the better.

    `joined` is the hit with its neighbours where it is only a part of a definition or a list, else None.
    """
    passage = hit.passage
    together = assistant.snapshot.joined(passage)
    start, end = together[0].start, together[-1].end
    document = assistant.snapshot.document(passage.document_id)
    return {
        "passage_id": passage.id,
        "document_id": document.id,
        "title": document.title,
        "section": " › ".join(passage.heading_path),
        "page": document.page_at(passage.start),
        "page_label": document.page_label_at(passage.start),
        "start": passage.start,
        "end": passage.end,
        "score": round(hit.score, 6),
        "dense_rank": hit.dense_rank,
        "lexical_rank": hit.lexical_rank,
        "text": document.text[passage.start : passage.end],
        "joined": {"start": start, "end": end, "text": document.text[start:end]} if len(together) > 1 else None,
    }


def show_hits(records: Sequence[dict[str, Any]]) -> None:
    console = _console()
    for number, record in enumerate(records, 1):
        ranks = f"dense {record['dense_rank'] or '–'}, lexical {record['lexical_rank'] or '–'}"
        place = " · ".join(
            part
            for part in (record["title"], record["section"], page_name(record["page"], record["page_label"]))
            if part
        )
        console.print(Text(f"{number}. {place} ({record['score']:.4f}; {ranks})", style="bold"))
        console.print(Text("   " + " ".join(record["text"].split())[:300]))
        if joined := record["joined"]:
            console.print(Text(f"   a part of characters {joined['start']}–{joined['end']}", style="dim"))


def document_record(document: DocumentInfo) -> dict[str, Any]:
    """A document without its text, as plain values."""
    return {
        "id": document.id,
        "title": document.title,
        "path": document.path,
        "url": document.url,
        "language": document.language,
        "kind": document.kind,
        "date": document.date.isoformat() if document.date else None,
        "pages": document.pages,
        "characters": document.characters,
        "sha256": document.sha256,
    }


def show_documents(records: Sequence[dict[str, Any]], refused: Sequence[Refused]) -> None:
    table = Table(box=None, pad_edge=False)
    for column in ("id", "title", "kind", "language", "date", "pages"):
        table.add_column(column)
    for record in records:
        table.add_row(*(Text(str(record[key] or "")) for key in ("id", "title", "kind", "language", "date", "pages")))
    console = _console()
    console.print(table)
    for item in refused:
        console.print(Text(f"refused: {item.path}: {item.reason}"))


def definition_record(assistant: Assistant, definition: Definition) -> dict[str, Any]:
    """A definition with its wording and the citation that leads to it, as plain values."""
    document = assistant.snapshot.document(definition.document_id)
    citation = cite(1, document, definition.start, definition.end)
    return {
        "term": definition.term,
        "names": list(definition.names),
        "acronyms": list(definition.acronyms),
        "translations": {language: list(names) for language, names in definition.translations.items()},
        "body": definition.body,
        "status": definition.status,
        "valid_from": definition.valid_from.isoformat() if definition.valid_from else None,
        "wording": citation.quote,
        "document_id": document.id,
        "title": document.title,
        "section": citation.section,
        "page": citation.page,
        "page_label": citation.page_label,
        "start": definition.start,
        "end": definition.end,
        "sha256": definition.sha256,
        "citation_id": citation.id,
        "url": citation.url,
    }


def show_definitions(records: Sequence[dict[str, Any]]) -> None:
    console = _console()
    for record in records:
        names = ", ".join((*record["acronyms"], *record["names"]))
        console.print(Text.assemble((record["term"], "bold"), f" ({record['body']}, {record['status']})"))
        console.print(Text(f"  {names}", style="dim"))


def show_definition(record: dict[str, Any]) -> None:
    console = _console()
    console.print(Text(f"{record['term']} ({record['body']}, {record['status']})", style="bold"))
    console.print(Text(record["wording"]))
    console.print(Text(f"\n{record['title']} · {record['section']} · characters {record['start']}–{record['end']}"))
    if record["url"]:
        console.print(Text(record["url"]))


def _place(citation: Citation) -> str:
    place = (
        citation.title,
        citation.section,
        page_name(citation.page, citation.page_label),
        f"characters {citation.start}–{citation.end}",
    )
    return " · ".join(part for part in place if part)


def _console() -> Console:
    # Piped output is not wrapped: a quotation must come out as it stands.
    console = Console(highlight=False, markup=False)
    return console if console.is_terminal else Console(highlight=False, markup=False, width=10_000, soft_wrap=True)
