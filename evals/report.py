"""The report of a run: one HTML file that asks nothing of anyone, with the table, plots and every question."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.ask import Assistant
from assistant.citations import page_name
from assistant.types import Citation
from assistant.web.templating import environment
from evals.evidence import Evidence
from evals.figures import ALL, HEADLINE, METRICS, Figure, confidences
from evals.records import Record, Run
from evals.statistics import calibration, risk_coverage

REPORT = "report.html"
_AROUND = 300
_templates = environment(Path(__file__).parent / "templates")


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Some text of a document with the part of it that is quoted."""

    place: str
    before: str
    quote: str
    after: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A question as the report lists it. `verdict` is "right", "wrong" or "not scored"."""

    record: Record
    verdict: str
    cited: tuple[Excerpt, ...]
    expected: tuple[Excerpt, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A group of questions with its headline figures, None where one does not apply."""

    group: str
    figures: tuple[Figure | None, ...]


def write_report(folder: Path, run: Run, records: Sequence[Record], assistant: Assistant) -> Path:
    """Write `report.html` into a run's folder. The same run gives the same file."""
    path = folder / REPORT
    path.write_text(_templates.get_template(REPORT).render(_values(run, records, assistant)), encoding="utf-8")
    return path


def question_html(record: Record, assistant: Assistant) -> str:
    """One question as the report shows it, for a page of ours."""
    return _templates.get_template("question.html").render(one=_shown(record, assistant))


def verdict_of(record: Record) -> str:
    """ "right" where the question was answered with all its evidence, or refused where it had to be."""
    needed = ("answered", "evidence_cited") if record.case.question.answerable else ("abstained",)
    values = [record.scores[name].value for name in needed if name in record.scores]
    if None in values or not values:
        return "not scored"
    return "right" if all(value == 1 for value in values) else "wrong"


def _values(run: Run, records: Sequence[Record], assistant: Assistant) -> Mapping[str, Any]:
    figures = [Figure(**figure) for figure in run.figures]
    by_place = {(figure.group, figure.metric): figure for figure in figures}
    rows = [
        Row(group, tuple(by_place.get((group, name)) for name in HEADLINE))
        for group in dict.fromkeys(figure.group for figure in figures)
    ]
    answered, labels = confidences(records)
    return {
        "run": run,
        "headline": HEADLINE,
        "metrics": METRICS,
        "rows": [row for row in rows if any(row.figures)],
        "others": [figure for figure in figures if figure.group == ALL and figure.metric not in HEADLINE],
        "questions": [_shown(record, assistant) for record in records],
        "types": list(dict.fromkeys(record.case.question.type for record in records if record.case.question.type)),
        "risk": risk_coverage(answered, labels) if len(answered) else [],
        "calibration": calibration(answered, labels) if len(answered) else [],
    }


def _shown(record: Record, assistant: Assistant) -> Shown:
    answer = record.case.answer
    citations = answer.citations or answer.nearest if answer else ()
    return Shown(
        record,
        verdict_of(record),
        tuple(_cited(assistant, one) for one in citations),
        tuple(_expected(assistant, record.case.evidence)),
    )


def _cited(assistant: Assistant, citation: Citation) -> Excerpt:
    place = " · ".join(
        part for part in (citation.title, citation.section, page_name(citation.page, citation.page_label)) if part
    )
    return _excerpt(assistant, place, citation.document_id, citation.start, citation.end, citation.quote)


def _expected(assistant: Assistant, evidence: Evidence) -> Iterator[Excerpt]:
    for places in evidence:
        if places:
            first = places[0]
            document = assistant.snapshot.document(first.document_id)
            section = document.section_at(first.start).title
            place = " · ".join(part for part in (document.title, section) if part)
            yield _excerpt(
                assistant, place, first.document_id, first.start, first.end, document.text[first.start : first.end]
            )


def _excerpt(assistant: Assistant, place: str, document_id: str, start: int, end: int, quote: str) -> Excerpt:
    document = assistant.document(document_id)
    if document is None:
        # A document of another server's index: its quotation is all there is.
        return Excerpt(place, "", quote, "")
    section = document.section_at(start)
    before = document.text[max(section.start, start - _AROUND) : start]
    after = document.text[end : max(end, min(section.end, end + _AROUND))]
    return Excerpt(place, before, quote, after)
