"""Answers and lists as a person reads them in a terminal, and as records for `--json`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from assistant.ask import Assistant
from assistant.citations import page_name
from assistant.service import is_outdated
from assistant.settings import Settings
from assistant.shapes import CheckRecord, DefinitionRecord, DocumentRecord, PassageRecord
from assistant.types import Answer, Citation
from corpus.types import Drifted, Refused

_UNSEARCHED = ("smalltalk", "outside_job")
_KINDS = {"definition": "Canonical definition, word for word", "extractive": "In the words of the documents"}


def show_answer(answer: Answer) -> None:
    """The answer, then its sources, or what came nearest."""
    console = _console()
    if answer.standalone_question != " ".join(answer.question.split()):
        console.print(Text(f"Searched for: {answer.standalone_question}", style="dim"))
    answered = answer.outcome != "not_found"
    if answered or answer.reason not in _UNSEARCHED:
        kind = _kind(answer) if answered else "Not in the documents"
        console.print(Text("Partly in the documents" if answer.outcome == "partial" else kind, style="bold"))
    console.print(Text(answer.text))
    sources = answer.citations if answered else answer.nearest
    if sources:
        console.print(Text("\nSources" if answered else "\nNearest passages", style="bold"))
    for citation in sources:
        console.print(Text(f"[{citation.number}] {_place(citation)}"))
        if not answered:
            console.print(Text(f"    “{' '.join(citation.quote.split())}”"))


def _kind(answer: Answer) -> str:
    """What kind of answer it is: a definition that follows other words is one that a text was checked against."""
    if answer.mode == "definition" and not answer.text.startswith(answer.citations[0].quote):
        return "Checked against the canonical wording"
    return _KINDS.get(answer.mode, answer.mode)


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
        "drifted": [drifted_record(one) for one in assistant.drifted],
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
    show_drifted(found["drifted"])


def show_hits(records: Sequence[PassageRecord]) -> None:
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


def show_documents(records: Sequence[DocumentRecord], refused: Sequence[Refused]) -> None:
    table = Table(box=None, pad_edge=False)
    for column in ("id", "title", "kind", "language", "date", "pages"):
        table.add_column(column)
    for one in records:
        cells = (one["id"], one["title"], one["kind"], one["language"], one["date"], one["pages"])
        table.add_row(*(Text(str(cell or "")) for cell in cells))
    console = _console()
    console.print(table)
    for item in refused:
        console.print(Text(f"refused: {item.path}: {item.reason}"))


def drifted_record(one: Drifted) -> dict[str, Any]:
    """A definition whose wording is gone, as plain values."""
    return asdict(one)


def show_definitions(records: Sequence[DefinitionRecord], drifted: Sequence[dict[str, Any]] = ()) -> None:
    console = _console()
    for record in records:
        names = ", ".join((*record["acronyms"], *record["names"]))
        console.print(Text.assemble((record["term"], "bold"), f" ({_whose(record)})"))
        console.print(Text(f"  {names}", style="dim"))
    show_drifted(drifted)


def show_drifted(records: Sequence[dict[str, Any]]) -> None:
    console = _console()
    for record in records:
        console.print(Text(f"drifted      {record['term']} ({record['body']}): {record['reason']}"))
        if record["nearest"]:
            console.print(Text(f"             there now: {' '.join(record['nearest'].split())[:300]}"))


def show_definition(record: DefinitionRecord, others: Sequence[DefinitionRecord] = ()) -> None:
    """A wording, and below it the other wordings of the term by name."""
    console = _console()
    console.print(Text(f"{record['term']} ({_whose(record)})", style="bold"))
    console.print(Text(record["wording"]))
    console.print(Text(f"\n{record['title']} · {record['section']} · characters {record['start']}–{record['end']}"))
    if record["url"]:
        console.print(Text(record["url"]))
    for other in others:
        console.print(Text(f"Also: {_whose(other)}, {other['title']}", style="dim"))


def show_check(record: CheckRecord, sentence: str) -> None:
    """The verdict in a word and a sentence, then each difference with what it stands for."""
    console = _console()
    console.print(Text(record["verdict"].replace("_", " ").capitalize(), style="bold"))
    console.print(Text(sentence))
    for one in record["differences"]:
        note = f"  ({one['note']})" if one["note"] else ""
        if one["canonical"]:
            console.print(Text(f"- {' '.join(one['canonical'].split())}", style="red"))
        if one["given"]:
            console.print(Text(f"+ {' '.join(one['given'].split())}{note}", style="green"))
    if record["formatting"]:
        console.print(Text(f"Form: {', '.join(record['formatting'])}", style="dim"))
    for around in record["surroundings"]:
        console.print(Text(f"Around it: {around['kind']} ({' '.join(around['text'].split())[:60]})", style="dim"))


def show_audit(record: dict[str, Any]) -> None:
    """The findings of an audit, a line each, with their differences below."""
    console = _console()
    for one in record["findings"]:
        page = f" · {page_name(one['page'], None)}" if one["page"] else ""
        verdict = Text(f"{one['verdict']:16}", style="bold red" if one["drifted"] else "bold")
        console.print(verdict + Text(f" {one['document']}{page} · {one['term']} ({one['confidence']:.2f})"))
        for change in one["differences"]:
            left, right = (" ".join(change[side].split())[:120] for side in ("canonical", "given"))
            console.print(Text(f"    {change['operation']}: “{left}” → “{right}”", style="dim"))
    drifted = sum(one["drifted"] for one in record["findings"])
    console.print(
        Text(
            f"{len(record['findings'])} places in {len(record['documents'])} documents ({record['pages']} pages), "
            f"{drifted} that no longer have the wording."
        )
    )


def _whose(record: DefinitionRecord) -> str:
    """Whose wording it is and since when, in a few words."""
    parts = [record["body"], record["status"], record["version"]]
    if record["valid_from"]:
        parts.append(f"from {record['valid_from']}")
    if record["valid_to"]:
        parts.append(f"to {record['valid_to']}")
    return ", ".join(part for part in parts if part)


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
