"""Entries for the registry that a glossary or a report suggests, for a person to accept or throw away.

Three forms of text define: a short heading, or a line of its own, with a definition below it; a row of
a glossary's table, which its reader makes such a section; and, where there is no glossary, a sentence
whose subject is a term ("An X is …"). "See X" below a heading makes it another name of X.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from assistant.define import defines
from corpus.language import language_of
from corpus.readers.types import Reading
from corpus.spans import Span, paragraphs, sentences, trim
from corpus.wording import folded
from index.words import terms

_LONGEST_TERM = 8
_LONGEST, _SHORTEST = 2500, 25
_ENDS = 6
# So many entries that define their term by name, and this share of all, make a document a glossary: then the others
# are entries too, and its sentences are not looked through.
_GLOSSARY = 5
_GLOSSARY_SHARE = 0.3
# A word before a colon that begins so many lines is a label of the document's form.
_LABELS = 3
_SEE = re.compile(
    r"^\s*(?:see(?: also| under)?|cf\.|→|voir|siehe|véase|ver|redirects? to)\s*:?\s+(?:Glossary:)?[\"'“‘«]?"
    r"(?P<term>[^.\n\"'”’»]{2,80}?)(?=\s+Retrieved from|[.\n\"'”’»]|$)", re.IGNORECASE
)  # fmt: skip
_LABEL = re.compile(r"^(?P<label>[^\W\d_][\w /-]{1,24}):[ \t]+", re.MULTILINE)
_DEFINING_LABEL = re.compile(
    r"definition|meaning|description|definición|définition|definição|definizione|bedeutung|定义", re.IGNORECASE
)
_ACRONYM = re.compile(r"^(?P<term>.*\S)\s*\((?P<acronym>[A-Z][A-Za-z&/-]{1,9})\)\s*$")
# How a glossary begins an entry: with what the thing is.
_PHRASE = re.compile(
    r"(?:an?|the|any|all|[a-zà-ÿ(]|[A-Z][a-zà-ÿ-]+ (?:of|that|which|who|used|for|in|or|and|by|to)\b)", re.IGNORECASE
)
_WORD = r"[^\s,;:.()\"'“”‘’«»]+"
_VERB = (
    r"(?:(?:is|are)\s+(?:an?|the|any|those|all)\s|means?\s|refers?\s+to\s|denotes?\s|designates?\s"
    r"|(?:is|are|can be|may be)\s+defined\s+as\s)"
)
_SENTENCE = re.compile(
    r"^(?:An?\s+|The (?:term|expression|concept|phrase)\s+(?:of\s+)?)?"
    rf"[\"'“‘«]?(?P<term>{_WORD}(?:[ -]{_WORD}){{0,5}}?)"
    rf"[\"'”’»]?(?:\s*\((?P<acronym>[A-Z][A-Za-z&-]{{1,9}})\))?\s+{_VERB}"
)
_NO_TERM = re.compile(
    r"^(?:this|that|these|those|it|they|there|here|he|she|we|you|i|one|each|both|such|what|which|who|some|many|most|all"
    r"|however|therefore|in|on|at|for|from|by|with|as|if|when|while|although|our|their|its|his|her|your|but|and|or|the"
    r"|another|other|no|not|only|also|then|thus|where|how|why|let|note|finally|today|now)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A term and the span that seems to define it; `why` names the form of text that it was found in."""

    term: str
    start: int
    end: int
    why: str
    acronyms: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


def suggestions(reading: Reading) -> list[Suggestion]:
    """What a document suggests, in reading order, each term once."""
    text, language = reading.text, language_of(reading.text)
    entries: list[tuple[Suggestion, bool]] = []
    aliases: dict[str, list[str]] = {}
    blocks = list(_blocks(text))
    inside = [span for _, _, span in blocks]
    headed = [(head, body) for head, body in _sections(reading) if not any(a <= body[0] < b for a, b in inside)]
    for head, body in [*headed, *((head, body) for head, body, _ in blocks)]:
        if see := _SEE.match(text[slice(*body)]):
            aliases.setdefault(_plain(see["term"]), []).append(head)
        elif one := _entry_of(text, head, body):
            entries.append((one, _names_itself(text, one, language)))
    named_itself = sum(sure for _, sure in entries)
    is_glossary = named_itself >= _GLOSSARY and named_itself >= _GLOSSARY_SHARE * len(entries)
    found: dict[str, Suggestion] = {}
    for one, sure in entries:
        if sure or is_glossary:
            found.setdefault(_plain(one.term), one)
    for one in () if is_glossary else _sentences(text, language):
        found.setdefault(_plain(one.term), one)
    named = [_with_names(one, aliases.get(_plain(one.term), ())) for one in found.values()]
    return sorted(named, key=lambda one: one.start)


def toml_of(some: Sequence[Suggestion], text: str, document: str, body: str) -> str:
    """Suggestions as entries of `definitions.toml`, ready to be pasted there."""
    return "\n".join(_entry(one, text, document, body) for one in some)


def _plain(term: str) -> str:
    return folded(re.sub(r"\s*\([^()]*\)\s*$", "", term))


def _sections(reading: Reading) -> Iterator[tuple[str, Span]]:
    """Each heading with the first paragraph below it."""
    for section in reading.sections:
        if not section.heading_path:
            continue
        head = section.heading_path[-1]
        at = reading.text.find(head, section.start, section.end)
        after = at + len(head) if at >= 0 else section.start
        blocks = paragraphs(reading.text, after, section.end)
        worded = [span for span in blocks if any(char.isalnum() for char in reading.text[slice(*span)])]
        if worded:
            yield head, worded[0]


def _blocks(text: str) -> Iterator[tuple[str, Span, Span]]:
    """Each paragraph whose first line may be a term: that, what its other lines say of it, and all of it."""
    counts = Counter(match["label"] for match in _LABEL.finditer(text))
    labels = {label for label, count in counts.items() if count >= _LABELS and not _SEE.match(f"{label}: another")}
    for start, end in paragraphs(text):
        line_end = text.find("\n", start, end)
        if line_end < 0 or not _is_term(text[start:line_end].strip()):
            continue
        body = _value(text, line_end + 1, end, labels)
        if body[0] < body[1]:
            yield text[start:line_end].strip(), body, (start, end)


def _value(text: str, start: int, end: int, labels: set[str]) -> Span:
    """What is said of a term: the line with the label of a definition, else all up to the first label."""
    found = [match for match in _LABEL.finditer(text, start, end) if match["label"] in labels]
    defining = next((match for match in found if _DEFINING_LABEL.search(match["label"])), None)
    begin = defining.end() if defining else start
    stop = next((match.start() for match in found if match.start() >= begin), end)
    return trim(text, begin, stop)


def _entry_of(text: str, head: str, body: Span) -> Suggestion | None:
    """What an entry of a glossary would be: a term, and what may say what it is."""
    start, end = body
    match = _ACRONYM.match(head)
    term = (match["term"] if match else head).strip(" :.–—-*_#\"'")
    if not _is_term(term) or not _SHORTEST <= end - start <= _LONGEST:
        return None
    opening = text[start : sentences(text, start, end)[0][1]]
    if folded(term) not in folded(opening) and (_NO_TERM.match(opening) or not _PHRASE.match(opening)):
        return None
    return Suggestion(term, start, end, "heading and paragraph", (match["acronym"],) if match else ())


def _names_itself(text: str, one: Suggestion, language: str) -> bool:
    """Whether an entry's text defines the term by its name: that is no section of a report."""
    first = sentences(text, one.start, one.end)[0]
    return _defines(text[slice(*first)], one.term, language)


def _sentences(text: str, language: str) -> Iterator[Suggestion]:
    """The sentences whose subject is a term that they define."""
    for start, end in sentences(text):
        match = _SENTENCE.match(text[start:end])
        if match is None or not _SHORTEST <= end - start <= _LONGEST or not _is_term(match["term"]):
            continue
        acronyms = (match["acronym"],) if match["acronym"] else ()
        if _defines(text[start:end], match["term"], language):
            yield Suggestion(match["term"], start, end, "defining sentence", acronyms)


def _defines(sentence: str, term: str, language: str) -> bool:
    return defines(sentence, terms(term, language), language)


def _is_term(term: str) -> bool:
    words = term.split()
    return (
        0 < len(words) <= _LONGEST_TERM
        and len(term) > 1
        and not _NO_TERM.match(term)
        and not re.search(r"[.!?;:]|\d{3}", term)
        and any(char.isalpha() for char in term)
    )


def _with_names(one: Suggestion, names: Sequence[str]) -> Suggestion:
    return replace(one, names=tuple(dict.fromkeys(names)))


def _entry(one: Suggestion, text: str, document: str, body: str) -> str:
    start, end = trim(text, one.start, one.end)
    wording = text[start:end]
    lines = [
        f"# {one.why}; {len(wording)} characters: {' '.join(wording.split())[:90]}",
        "[[definition]]",
        f"term = {_quoted(one.term)}",
        f"body = {_quoted(body)}",
        f"document = {_quoted(document)}",
        *([f"acronyms = [{', '.join(map(_quoted, one.acronyms))}]"] if one.acronyms else []),
        *([f"names = [{', '.join(map(_quoted, one.names))}]"] if one.names else []),
        *_place(wording, text, start, end),
        f'sha256 = "{sha256(wording.encode("utf-8", "surrogatepass")).hexdigest()}"',
        "",
    ]
    return "\n".join(lines)


def _place(wording: str, text: str, start: int, end: int) -> list[str]:
    """The first and last words of a wording, as many as make them stand in one place only; else its offsets."""
    words = list(re.finditer(r"\S+", wording))
    for count in (_ENDS, 2 * _ENDS, 4 * _ENDS):
        if count >= len(words):
            break
        first, last = wording[: words[count - 1].end()], wording[words[-count].start() :]
        if text.count(first) == 1 and text.find(last, start + len(first)) == end - len(last):
            return [f"first = {_quoted(first)}", f"last = {_quoted(last)}"]
    alone = text.count(wording) == 1 and len(words) <= 4 * _ENDS
    return [f"quotation = {_quoted(wording)}"] if alone else [f"start = {start}", f"end = {end}"]


def _quoted(text: str) -> str:
    # A basic string of TOML is one of JSON, but for the character that JSON leaves alone.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
