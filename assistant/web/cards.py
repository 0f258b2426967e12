"""What a card of the chat shows, worked out from the answer; the templates only set it out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import quote as percent_encode

from assistant.question import content_words
from assistant.registry import Registry
from assistant.related import question_for
from assistant.types import Answer, Citation, Support
from assistant.web.conversation import Exchange
from assistant.web.site import Answerer
from assistant.web.speech import day as day
from assistant.web.speech import language, said
from corpus.types import Document, Section
from index.words import terms

CONTEXT = 300
"""Characters of the passage that are shown on each side of the quote."""

PEEK = 320
"""Characters of a quote that are shown in passing, over its number."""

NEAREST = 280
"""Characters of a nearest passage that are shown under a refusal."""

NAMED = 3
"""Documents that a refusal names as searched; of more it gives the number."""

QUESTION = 600
"""Characters of a question that are shown."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What an answer is, in words and by a sign, so that nobody has to tell it by its colour."""

    words: str
    sign: str = ""
    tone: str = "good"


DEFINITION = Kind("Canonical definition, word for word")
CHECKED = Kind("Checked against the canonical wording")
EXTRACTIVE = Kind("In the words of the documents")
MODEL = Kind("Written by a language model, checked against the documents", "✎")
PARTIAL = Kind("Partly in the documents", "◐", "warn")
NOT_FOUND = Kind("Not in the documents", "○", "warn")
# Reasons for which nothing was searched, so that nothing is said about what the documents hold.
UNSEARCHED = {
    "smalltalk": Kind(""),
    "no_question": Kind("Not a question", "○", "warn"),
    "empty_index": Kind("Nothing to search yet", "⚠", "warn"),
    "outside_job": Kind("Not what this is for", "○", "warn"),
}


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Sentences of an answer that rest on the same citations, whose numbers follow them once.

    `lead` is what the answer's text says between the sentences before and these.
    """

    text: str
    support: Support
    citations: tuple[int, ...]
    mark: str = ""
    lead: str = ""

    @property
    def pieces(self) -> tuple[str, str, str]:
        """The text before the words that were asked for, these words, and the text after them."""
        before, found, after = self.text.partition(self.mark) if self.mark else (self.text, "", "")
        return before, found, after


@dataclass(frozen=True, slots=True)
class Source:
    """One citation as a card: the quote inside its passage, and where it stands.

    `href` is our page of it, `published` the address that is copied with the quote.
    """

    citation: Citation
    anchor: str
    heading: str
    meta: str
    before: str
    after: str
    href: str
    published: str
    body: str = ""


@dataclass(frozen=True, slots=True)
class Near:
    """A nearest passage under a refusal, cut where words of the question begin and end."""

    citation: Citation
    pieces: tuple[tuple[str, bool], ...]
    href: str


@dataclass(frozen=True, slots=True)
class Group:
    """The sources of one answer. `turn` counts the exchanges of the conversation from 1."""

    turn: int
    question: str
    sources: list[Source]


def kind(answer: Answer) -> Kind:
    if answer.outcome == "not_found":
        return UNSEARCHED.get(answer.reason or "", NOT_FOUND)
    if answer.outcome == "partial":
        return PARTIAL
    if answer.mode == "definition" and lead(answer):
        return CHECKED
    return {"definition": DEFINITION, "extractive": EXTRACTIVE, "model": MODEL}[answer.mode]


def searched_for(answer: Answer) -> str | None:
    """The question as it was searched for, where that is more than another way to type it."""
    standalone = answer.standalone_question.strip()
    return None if _folded(standalone) in ("", _folded(answer.question)) else standalone


def _folded(question: str) -> str:
    return " ".join(question.split()).casefold()


def paragraphs(answer: Answer) -> list[Paragraph]:
    """The sentences, those that follow each other from the same source put together."""
    found: list[Paragraph] = []
    at = 0
    for (support, numbers), group in groupby(answer.sentences, key=lambda one: (one.support, one.citations)):
        run = [sentence.text for sentence in group]
        start = answer.text.find(run[0], at)
        between = answer.text[at:start] if found and start >= 0 else ""
        found.append(
            Paragraph(
                _joined(run, numbers, numbered(answer)),
                support,
                numbers,
                _mark_of([numbered(answer)[number] for number in numbers]),
                _unnumbered(between),
            )
        )
        at = _end_of(run, answer.text, at)
    return found


def _end_of(run: Sequence[str], text: str, at: int) -> int:
    """Where the last of some sentences ends in a text that has them in order."""
    for sentence in run:
        found = text.find(sentence, at)
        at = found + len(sentence) if found >= 0 else at
    return at


def _unnumbered(text: str) -> str:
    """Text without the numbers of citations, a line a paragraph."""
    parts = (" ".join(re.sub(r"\[\d+\]", "", part).split()) for part in text.split("\n\n"))
    return "\n".join(part for part in parts if part)


def _mark_of(citations: Iterable[Citation]) -> str:
    """The words that the first citation with a mark marks."""
    marked = ((one, one.mark) for one in citations if one.mark)
    return next((one.quote[mark[0] - one.start : mark[1] - one.start] for one, mark in marked), "")


def _joined(sentences: list[str], numbers: tuple[int, ...], citations: Mapping[int, Citation]) -> str:
    # Between two sentences of a quote stands what stands there in the document: a space or a new line.
    quote = citations[numbers[0]].quote if numbers else ""
    start, end = quote.find(sentences[0]), quote.rfind(sentences[-1]) + len(sentences[-1])
    words = " ".join(sentences)
    return quote[start:end] if start >= 0 and quote[start:end].split() == words.split() else words


def lead(answer: Answer) -> str:
    """What the answer's text says before its sentences: that the documents say otherwise, or differ."""
    return answer.text.partition(answer.sentences[0].text)[0].strip() if answer.sentences else ""


def remark(answer: Answer) -> str:
    """What the answer's text says after its sentences: which part of the question is left open, say."""
    return _unnumbered(answer.text[_end_of([one.text for one in answer.sentences], answer.text, 0) :])


def numbered(answer: Answer) -> dict[int, Citation]:
    """The citations by the number that text and cards show: both take it from the same object."""
    return {citation.number: citation for citation in answer.citations}


def examples(answerer: Answerer) -> Sequence[str]:
    """Questions to start from, in the reader's language."""
    if language() == "en":
        return answerer.examples
    asked = [one for one in answerer.registry.definitions if one.question]
    return [question_for(one, language()) for one in asked] or answerer.examples


def nearest(answer: Answer) -> list[Near]:
    """The nearest passages, the words that they share with the question set off."""
    wanted = set(terms(" ".join(content_words(answer.standalone_question, answer.language)), answer.language))
    return [
        Near(one, tuple(_shared(clip_end(one.quote, NEAREST), wanted, answer.language)), address(one))
        for one in answer.nearest
    ]


def _shared(text: str, wanted: set[str], language: str) -> Iterator[tuple[str, bool]]:
    at = 0
    for word in re.finditer(r"\w+", text):
        if wanted.intersection(terms(word[0], language)):
            if word.start() > at:
                yield text[at : word.start()], False
            yield word[0], True
            at = word.end()
    if at < len(text):
        yield text[at:], False


def groups(exchanges: Iterable[Exchange], answerer: Answerer | None) -> list[Group]:
    """The sources of each answer of a conversation, in order."""
    return [
        Group(turn, clip_end(exchange.question, 120), sources(exchange.answer, turn, answerer))
        for turn, exchange in enumerate(exchanges, start=1)
        if exchange.answer is not None
    ]


def sources(answer: Answer, turn: int, answerer: Answerer | None) -> list[Source]:
    """A card for each citation. `turn` keeps the anchors of two answers apart."""
    return [_source(citation, turn, answerer) for citation in answer.citations]


def _source(citation: Citation, turn: int, answerer: Answerer | None) -> Source:
    document = _document(citation, answerer) if answerer else None
    before, after = _around(citation, document, answerer) if document and answerer else ("", "")
    return Source(
        citation=citation,
        anchor=anchor(citation, turn),
        heading=citation.section or citation.title,
        meta=_meta(citation, document),
        before=before,
        after=after,
        href=address(citation),
        published=_published(citation),
        body=body_of(citation, answerer.registry) if answerer else "",
    )


def body_of(citation: Citation, registry: Registry) -> str:
    """The body whose canonical wording a citation shows; empty where it shows none."""
    same = [one for one in registry.wordings if one.document_id == citation.document_id]
    return next((one.body for one in same if one.start < citation.end and citation.start < one.end), "")


def _published(citation: Citation) -> str:
    """Where the catalogue says that a document was published, if that is on the web; else our page of the quote."""
    url = citation.url or ""
    return url if url.startswith(("https://", "http://")) else address(citation)


def _document(citation: Citation, answerer: Answerer) -> Document | None:
    # The index may have been renewed since the answer was given: then only the quote is left of it.
    document = answerer.document(citation.document_id)
    return document if document and document.text[citation.start : citation.end] == citation.quote else None


def _around(citation: Citation, document: Document, answerer: Answerer) -> tuple[str, str]:
    start, end = answerer.context(citation)
    before = _below_heading(document.text[start : citation.start].lstrip(), document.section_at(citation.start))
    after = document.text[citation.end : end].rstrip()
    return clip_start(before, CONTEXT), clip_end(after, CONTEXT)


def _below_heading(text: str, section: Section) -> str:
    # The card has the heading above it already.
    line, _, below = text.partition("\n")
    return below.lstrip() if section.heading_path[-1:] == (line.strip(),) else text


def _meta(citation: Citation, document: Document | None) -> str:
    parts = [
        citation.title if citation.section else None,
        page_in_words(citation.page, citation.page_label),
        said("received {day}", day=day(document.date)) if document and document.date else None,
    ]
    return " · ".join(part for part in parts if part)


def page_in_words(page: int | None, label: str | None) -> str:
    """A page in the reader's language; nothing where there is none."""
    if page is None:
        return ""
    if label:
        return said("page {label} ({number} in the file)", label=label, number=page)
    return said("page {number}", number=page)


def anchor(citation: Citation, turn: int) -> str:
    """The place of a citation's card on the page, unique in a conversation."""
    return f"t{turn}-s{citation.number}"


def address(citation: Citation) -> str:
    """The document's page, opened at the citation: without a script by the fragment alone."""
    return document_address(citation.document_id, citation.id)


def document_address(document_id: str, citation_id: str | None = None) -> str:
    place = f"?cite={citation_id}#{citation_id}" if citation_id else ""
    return f"/documents/{percent_encode(document_id)}{place}"


def clip_start(text: str, limit: int) -> str:
    """The end of `text`, from a word's beginning on, in at most `limit` characters and an ellipsis."""
    return text if len(text) <= limit else "… " + text[-limit:].partition(" ")[2].lstrip()


def clip_end(text: str, limit: int) -> str:
    """The beginning of `text`, up to a word's end, in at most `limit` characters and an ellipsis.

    >>> clip_end("incubation and spin-off programmes", 20)
    'incubation and …'
    """
    return text if len(text) <= limit else (text[:limit].rpartition(" ")[0] or text[:limit]).rstrip() + " …"
