"""A canonical wording with its source, as people put it into a letter, a page or a bibliography."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape as escaped
from urllib.parse import quote as percent_encode

from assistant.citations import page_name
from corpus.errors import UserError
from corpus.types import Definition, Document

_TEX = re.compile(r"[&%$#_{}\\~^]")
_TEX_WORDS = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
# What would end an address in Markdown, in BibTeX or at all.
_NO_ADDRESS = re.compile(r"[\s<>\"'(){}\[\]\\^`|\x00-\x1f\x7f]")
_MARKDOWN = re.compile(r"([\\`*_\[\]<>])")


def with_source(form: str, definition: Definition, document: Document) -> str:
    """The wording, to the letter, with its source. Raises UserError for a form that there is not."""
    if form not in _FORMS:
        raise UserError(f"Found the format {form!r}, expected one of {', '.join(_FORMS)}.")
    return _FORMS[form](definition, document)


def _plain(definition: Definition, document: Document) -> str:
    return f"“{_wording(definition, document)}”\n— {_source(definition, document)}"


def _markdown(definition: Definition, document: Document) -> str:
    quote = "\n".join(f"> {line}".rstrip() for line in _marked(_wording(definition, document)).splitlines())
    title = _marked(document.title)
    address = _address(document)
    linked = f"[{title}]({address})" if address else f"*{title}*"
    return f"{quote}\n>\n> — {_marked(definition.body)}, {linked}{_marked(_details(definition, document))}"


def _html(definition: Definition, document: Document) -> str:
    address = _address(document)
    cite = f' cite="{escaped(address)}"' if address else ""
    paragraphs = re.split(r"\n\s*\n", _wording(definition, document))
    body = "".join(f"<p>{escaped(one).replace(chr(10), '<br>')}</p>" for one in paragraphs)
    title = f"<cite>{escaped(document.title)}</cite>"
    linked = f'<a href="{escaped(address)}">{title}</a>' if address else title
    caption = f"{escaped(definition.body)}, {linked}{escaped(_details(definition, document))}"
    quote = f'<blockquote{cite} lang="{escaped(document.language)}">{body}</blockquote>'
    return f"<figure>{quote}<figcaption>{caption}</figcaption></figure>"


def _bibtex(definition: Definition, document: Document) -> str:
    key = re.sub(r"\W+", "-", f"{definition.body}-{definition.term}".lower()).strip("-")
    day = definition.valid_from or document.date
    wording = " ".join(_wording(definition, document).split())
    fields = [
        ("author", f"{{{_tex(definition.body)}}}"),
        ("title", _tex(document.title)),
        ("year", str(day.year) if day else ""),
        ("url", _address(document)),
        ("note", f"Definition of ``{_tex(definition.term)}''{_tex(_details(definition, document))}"),
        ("abstract", _tex(wording)),
    ]
    lines = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields if value)
    return f"@misc{{{key},\n{lines}\n}}"


def _wording(definition: Definition, document: Document) -> str:
    return document.text[definition.start : definition.end]


def _source(definition: Definition, document: Document) -> str:
    address = f", {_address(document)}" if _address(document) else ""
    return f"{definition.body}, “{document.title}”{_details(definition, document)}{address}"


def _details(definition: Definition, document: Document) -> str:
    """Where in the document, which version, and of when."""
    page = page_name(document.page_at(definition.start), document.page_label_at(definition.start))
    since = f"in force from {definition.valid_from}" if definition.valid_from else ""
    received = f"received {document.date}" if document.date else ""
    found = (document.section_at(definition.start).title, page, definition.version, since or received)
    return "".join(f", {part}" for part in found if part)


def _address(document: Document) -> str:
    """The document's address where it is one that can be opened; what could end it is percent-encoded."""
    if document.url is None or not document.url.startswith(("https://", "http://")):
        return ""
    return _NO_ADDRESS.sub(lambda found: percent_encode(found[0], safe=""), document.url)


def _marked(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", text)


def _tex(text: str) -> str:
    return _TEX.sub(lambda found: _TEX_WORDS.get(found[0], f"\\{found[0]}"), text)


_FORMS: dict[str, Callable[[Definition, Document], str]] = {
    "plain": _plain, "markdown": _markdown, "html": _html, "bibtex": _bibtex,
}  # fmt: skip
FORMS = tuple(_FORMS)
