"""A sentence as the words that checks look at: numbers with their bounds and units, dates, names, stems."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

from corpus.wording import without_accents
from index.words import stem

Kind = Literal["word", "name", "number", "kept", "link", "be", "free", "coordinator", "relative", "mark"]
_TABLE = Path(__file__).with_name("verify.toml")
_SHAPES = str.maketrans({"’": "'", "‘": "'", "‐": "-", "‑": "-", "−": "-", "\u00ad": None, "\u200b": None})
_MONTH = (
    "January|February|March|April|May|June|July|August|September|October|November|December"
    "|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec"
)
_DIGITS = r"\d{1,3}(?:[,\u00a0\u202f ]\d{3})+(?:\.\d+)?(?![\d])|\d+(?:\.\d+)?"
_TOKEN = re.compile(
    rf"(?P<iso>\b\d{{4}}-\d\d-\d\d\b)"
    rf"|(?P<day>\b\d{{1,2}})(?:st|nd|rd|th)?(?:\s+of)?\s+(?P<month>{_MONTH})\b(?:,?\s+(?P<year>\d{{4}})\b)?"
    rf"|\b(?P<month2>{_MONTH})\s+(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?\b(?!\s*[:%])(?:,?\s+(?P<year2>\d{{4}})\b)?"
    rf"|\b(?P<month3>{_MONTH})\s+(?P<year3>\d{{4}})\b"
    rf"|\b(?P<hour>\d{{1,2}})(?::(?P<minute>\d\d)\b|[.:](?P<minute2>\d\d)(?=\s?[ap]\.?m)|(?=\s?[ap]\.?m))"
    rf"(?:\s?(?P<half>[ap])\.?m\b\.?)?"
    rf"|(?P<sign>(?<![\w%)])[-+])?(?P<number>(?<![\w.])(?:{_DIGITS}))(?![^\W\d_])"
    r"|(?P<word>\w+(?:[-.&/]\w+)*(?:'(?=\s|$))?|%|€|\$|£|§|°)"
    r"|(?P<own>'s\b)"
    r"|(?P<mark>[,;:()—–.!?]|\s-\s)"
)
_BREAKS = frozenset(",;:()—–-")


@dataclass(frozen=True, slots=True)
class Token:
    """A word: `norm` is what is compared. `surface` is how it is written; `group` what a kept word belongs to.

    `group` is also the tense of a form of "be", and how a number is written.
    """

    kind: Kind
    norm: str
    surface: str
    group: str = ""
    unit: str = ""

    @property
    def counts(self) -> bool:
        """Whether it says something: it must stand in the source, and leaving it out may change what is said."""
        return self.kind in ("word", "name", "number", "kept")


@dataclass(frozen=True, slots=True)
class Tables:
    """`verify.toml`, turned to what is looked up."""

    free: frozenset[str]
    pronouns: frozenset[str]
    determiners: frozenset[str]
    be: Mapping[str, str]
    have: frozenset[str]
    do: frozenset[str]
    links: Mapping[str, str]
    coordinators: frozenset[str]
    relatives: frozenset[str]
    synonyms: Mapping[str, frozenset[str]]
    kept: Mapping[str, tuple[str, str]]
    phrases: tuple[tuple[re.Pattern[str], str], ...]
    bounds: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...]
    units: Mapping[str, str]
    numbers: Mapping[str, int]
    forms: Mapping[str, str]
    invariable: frozenset[str]


@cache
def tables() -> Tables:
    """What `verify.toml` holds."""
    raw: dict[str, Any] = tomllib.loads(_TABLE.read_text(encoding="utf-8"))
    return Tables(
        free=frozenset(raw["free"]),
        pronouns=frozenset(raw["pronouns"]),
        determiners=frozenset(raw["determiners"]),
        be={word: tense for tense, words in raw["be"].items() for word in words},
        have=frozenset(raw["have"]),
        do=frozenset(raw["do"]),
        links={word: group[0] for group in raw["links"] for word in group},
        coordinators=frozenset(raw["coordinators"]),
        relatives=frozenset(raw["relatives"]),
        synonyms=_by_stem(raw["synonyms"], {form: word for word, forms in raw["forms"].items() for form in forms}),
        kept={word: (group, words[0]) for group, groups in raw["kept"].items() for words in groups for word in words},
        phrases=tuple((re.compile(one["from"], re.IGNORECASE), one["to"]) for one in raw["phrases"]),
        bounds=tuple((one["sign"], tuple(one["before"]), tuple(one["after"])) for one in raw["bounds"]),
        units={word: unit for unit, words in raw["units"].items() for word in words},
        numbers=raw["numbers"],
        forms={form: word for word, forms in raw["forms"].items() for form in forms},
        invariable=frozenset(raw["same_forms"]["both"]),
    )


def _by_stem(groups: Sequence[Sequence[str]], forms: Mapping[str, str]) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for group in groups:
        stems = frozenset(stem(forms.get(word, word)) for word in group)
        for one in stems:
            found[one] = found.get(one, frozenset()) | stems
    return found


def tokens(text: str) -> list[Token]:
    """The words of one English sentence in order.

    >>> [t.norm for t in tokens("At least 2,500 visitors paid €4 on 3 May 2024.") if t.counts]
    ['>=2500', 'visitor', 'pay', '4€', '2024-05-03']
    """
    said = text.translate(_SHAPES)
    for pattern, form in tables().phrases:
        said = pattern.sub(form, said)
    return _named(_bounded(_with_units(_numbers(list(_raw(said))))))


def lemma(word: str) -> str:
    """What a word is compared by: its stem, or that of the word whose irregular form it is."""
    known = tables()
    return stem(known.forms.get(word, word))


def _raw(text: str) -> Iterator[Token]:
    for match in _TOKEN.finditer(text):
        found = {name: value for name, value in match.groupdict().items() if value is not None}
        said = match.group()
        if date := _date(found):
            yield Token("number", date, said, "date")
        elif "hour" in found:
            yield Token("number", _time(found), said, "time")
        elif "number" in found:
            value = re.sub(r"[,\u00a0\u202f ]", "", found["number"])
            yield Token("number", ("-" if found.get("sign") == "-" else "") + _plainly(float(value)), said, "digits")
        elif "own" in found:
            yield Token("link", "'s", said)
        elif "mark" in found:
            yield Token("mark", said.strip(), said)
        else:
            yield from _word(said)


def _date(found: Mapping[str, str]) -> str:
    if "iso" in found:
        return found["iso"]
    month = found.get("month") or found.get("month2") or found.get("month3")
    if month is None:
        return ""
    number = [name[:3] for name in _MONTH.split("|")].index(month[:3]) + 1
    year = found.get("year") or found.get("year2") or found.get("year3") or "0000"
    day = found.get("day") or found.get("day2") or "0"
    return f"{year}-{number:02}-{int(day):02}"


def _time(found: Mapping[str, str]) -> str:
    hour = (
        int(found["hour"]) % 12 + (12 if found["half"].lower() == "p" else 0) if "half" in found else int(found["hour"])
    )
    return f"{hour}:{found.get('minute') or found.get('minute2') or '00'}"


def _plainly(value: float) -> str:
    return f"{value:.10f}".rstrip("0").rstrip(".")


def _word(said: str) -> Iterator[Token]:
    known = tables()
    low = without_accents(said.rstrip("'")).lower()
    simple = low.replace("-", " ").split()
    if len(simple) > 1 and all(part in known.numbers for part in simple):
        for part in simple:
            yield from _word(part)
        return
    if low in known.numbers and said != "Hundred":
        yield Token("number", _plainly(known.numbers[low]), said, "words")
    elif low in known.coordinators:
        yield Token("coordinator", low, said)
    elif low in known.relatives:
        yield Token("relative", low, said)
    elif low in known.be:
        yield Token("be", low, said, known.be[low])
    elif low in known.free or low in known.do:
        yield Token("free", low, said)
    elif low in known.kept and said != "May":
        group, norm = known.kept[low]
        yield Token("kept", norm, said, group)
    elif low in known.links:
        yield Token("link", known.links[low], said)
    else:
        yield Token("word", lemma(low), said)
    if said.endswith("'"):
        yield Token("link", "'s", "'")


def _numbers(found: Sequence[Token]) -> list[Token]:
    """Numbers in words as one: "two hundred and forty", "2.4 million"."""
    kept: list[Token] = []
    for token in found:
        if token.group == "words" and float(token.norm) < 100 and _counts_on(kept):
            # "two hundred and forty".
            kept.pop()
        last = kept[-1] if kept else None
        joins = (
            last is not None and last.kind == "number" and last.group in ("digits", "words") and token.group == "words"
        )
        if joins and last is not None:
            one, other = float(last.norm), float(token.norm)
            if other >= 100 and other > one:
                kept[-1] = replace(last, norm=_plainly(one * other), surface=f"{last.surface} {token.surface}")
                continue
            if last.group == "words" and one % 10 == 0 and other < 10 and one < 100:
                kept[-1] = replace(last, norm=_plainly(one + other), surface=f"{last.surface} {token.surface}")
                continue
            if last.group == "words" and one >= 100 and other < 100:
                kept[-1] = replace(last, norm=_plainly(one + other), surface=f"{last.surface} {token.surface}")
                continue
        kept.append(token)
    return kept


def _counts_on(kept: Sequence[Token]) -> bool:
    """Whether "and" stands behind hundreds in words."""
    if len(kept) < 2 or kept[-1].norm != "and" or kept[-2].group != "words":
        return False
    return float(kept[-2].norm) >= 100


def _with_units(found: Sequence[Token]) -> list[Token]:
    """Numbers with the unit or currency before or behind them."""
    units = tables().units
    kept: list[Token] = []
    at = 0
    while at < len(found):
        token = found[at]
        after = found[at + 1] if at + 1 < len(found) else None
        if token.surface in ("€", "$", "£") and after and after.kind == "number" and after.group in ("digits", "words"):
            kept.append(replace(after, unit=units[token.surface], surface=token.surface + after.surface))
            at += 2
            continue
        if token.kind == "number" and token.group in ("digits", "words") and after:
            unit = units.get(after.surface.lower())
            if unit:
                kept.append(replace(token, unit=unit, surface=f"{token.surface} {after.surface}"))
                at += 2
                continue
        kept.append(token)
        at += 1
    return kept


def _bounded(found: Sequence[Token]) -> list[Token]:
    """Numbers with what bounds them: "at least", "up to", "or more"."""
    kept: list[Token] = []
    at = 0
    while at < len(found):
        token = found[at]
        at += 1
        if token.kind != "number" or token.group in ("date", "time"):
            kept.append(token)
            continue
        sign, taken = _bound_before(kept)
        said = " ".join([*(one.surface for one in kept[len(kept) - taken :]), token.surface])
        del kept[len(kept) - taken :]
        after, length = _bound_after(found, at)
        if length:
            sign, at = sign + after, at + length
        kept.append(replace(token, norm=f"{sign}{token.norm}{token.unit}", surface=said))
    return kept


def _bound_before(kept: Sequence[Token]) -> tuple[str, int]:
    for sign, phrases, _ in tables().bounds:
        for phrase in phrases:
            words = phrase.split()
            if [token.surface.lower() for token in kept[-len(words) :]] == words:
                return sign, len(words)
    return "", 0


def _bound_after(found: Sequence[Token], at: int) -> tuple[str, int]:
    for sign, _, phrases in tables().bounds:
        for phrase in phrases:
            words = phrase.split()
            if [token.surface.lower() for token in found[at : at + len(words)]] == words:
                return sign, len(words)
    return "", 0


def _named(found: Sequence[Token]) -> list[Token]:
    """Words with a capital inside the sentence, and acronyms, as names, which only themselves can stand for."""
    kept: list[Token] = []
    for at, token in enumerate(found):
        acronym = len(token.surface) > 1 and token.surface.isupper()
        inside = at > 0 and token.surface[:1].isupper()
        next_is = at == 0 and token.surface[:1].isupper() and len(found) > 1 and found[1].surface[:1].isupper()
        if token.kind == "word" and (acronym or inside or next_is):
            kept.append(replace(token, kind="name", norm=without_accents(token.surface).lower()))
        else:
            kept.append(token)
    return kept
