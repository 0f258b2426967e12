"""The search as a LangChain retriever and the encoder as LangChain embeddings, for anyone's chain."""

from __future__ import annotations

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict

from index.encode import Encoder
from index.search import Hit, Snapshot

# Passages of one list may join to the same text.
_SPARE = 3


class PassageRetriever(BaseRetriever):
    """The `k` best passages for a question, with where each stands in its document.

    A passage that is a part of a definition or a list comes with its neighbours that hold the rest.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    snapshot: Snapshot
    k: int = 4

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:  # noqa: ARG002 - the library's signature
        found: list[Document] = []
        for hit in self.snapshot.search(query, _SPARE * self.k):
            document = self._document(hit)
            if not any(_lies_in(document, other) for other in found):
                found.append(document)
        return found[: self.k]

    def _document(self, hit: Hit) -> Document:
        passage = hit.passage
        document = self.snapshot.document(passage.document_id)
        together = self.snapshot.joined(passage)
        start, end = together[0].start, together[-1].end
        return Document(
            id=passage.id,
            page_content=document.text[start:end],
            metadata={
                "document_id": document.id,
                "title": document.title,
                "section": " › ".join(passage.heading_path),
                "page": document.page_at(start),
                "page_label": document.page_label_at(start),
                "start": start,
                "end": end,
                "source": document.url or document.path,
                "score": hit.score,
            },
        )


def _lies_in(inner: Document, outer: Document) -> bool:
    left, right = inner.metadata, outer.metadata
    same = left["document_id"] == right["document_id"]
    return bool(same and right["start"] <= left["start"] and left["end"] <= right["end"])


class EncoderEmbeddings(Embeddings):
    """An encoder of the index behind LangChain's interface. Vectors have length 1."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [list(map(float, row)) for row in self._encoder.encode(texts)]

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]
