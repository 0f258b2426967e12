"""Definition answers: the canonical wording untouched, or the sentence by which a document defines."""

from __future__ import annotations

import re

from assistant.language import plain
from corpus.spans import Span, paragraph_at, sentences, trim
from corpus.split import WHOLE_SECTION, body_start
from corpus.types import Document, Passage, Section
from index.words import terms

# What stands between a term and its meaning in a defining sentence.
_DEFINES = re.compile(
    r"[\s*_`]*(?:\([^)]{1,40}\)\s*)?['\"’”*_`]*\s*(?:,[^,.]{1,60},\s*)?"
    r"(?:\b(?:is|are)\s+(?!NO_NOUN)(?=\w)|\b(?:means?|refers? to|denotes?|designates?|signif(?:y|ies)"
    r"|(?:is|are|can be|may be) defined as)\b|:\s+(?!see\b)(?=\S+\s+\S)|\s[-–—]\s|\t)".replace(
        # After "is", these begin a statement about a thing, not what the thing is.
        "NO_NOUN",
        r"(?:not|also|only|often|usually|currently|now|still|always|never|based|due|used|made|held|found|given|open"
        r"|free|available|required|expected|located|subject|able|in|on|at|by|from|for|with|to|under|of|as|more|less"
        r"|very|so|\w+(?:ed|en) (?:by|on|in|to|at|as|with|from|for|under|out|if|when)|\w+ing|\w+ly)\b",
    ),
    re.IGNORECASE,
)
_BEFORE_TERM = re.compile(
    r"^[\s\"'‘“«(*_`#]*(?:(?:the term|the expression|an?|the|les?|la|el|der|die|das)\s+)?[\"'‘“«*_`]*", re.IGNORECASE
)
_NAMED_AS = re.compile(r"\b(?:umbrella|generic|collective|common)\s+(?:name|term)\b", re.IGNORECASE)


def defining_span(document: Document, passage: Passage, term: str) -> Span | None:
    """Where a passage defines a term: a sentence with the term as its subject, or what stands
    under a heading that is the term. None where the term is only mentioned."""
    wanted = terms(term, document.language)
    section = document.section_at(passage.start)
    if section.heading_path and _is_heading_of(section, wanted, document.language):
        return _under_heading(document, section)
    return next(
        (
            span
            for span in sentences(document.text, passage.start, passage.end)
            if defines(document.text[slice(*span)], wanted, document.language)
        ),
        None,
    )


def defines(sentence: str, wanted: list[str], language: str) -> bool:
    """Whether a sentence says what a term is, given by its stems.

    >>> defines("A lease (L) is a contract.", ["leas"], "en"), defines("Leases end.", ["leas"], "en")
    (True, False)
    """
    rest = sentence[_BEFORE_TERM.match(sentence).end() :]  # type: ignore[union-attr]
    words = list(re.finditer(r"\w+", rest))
    if not wanted or len(words) <= len(wanted):
        return False
    subject = rest[: words[len(wanted) - 1].end()]
    if terms(subject, language) != wanted:
        return False
    # An umbrella name for several things says what they have in common, not what one of them is.
    return bool(_DEFINES.match(rest, len(subject))) and not _NAMED_AS.search(sentence)


def _is_heading_of(section: Section, wanted: list[str], language: str) -> bool:
    heading = re.sub(r"\([^)]*\)", "", section.heading_path[-1])
    return terms(re.sub(r"^(?:the|an?)\s+", "", plain(heading)), language) == wanted


def _under_heading(document: Document, section: Section) -> Span | None:
    """The section's text where it is short, else its first paragraph."""
    start, end = trim(document.text, body_start(document.text, section), section.end)
    if start >= end:
        return None
    return (start, end) if end - start <= WHOLE_SECTION else paragraph_at(document.text, start, start, end)
