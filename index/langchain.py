"""The search as a LangChain retriever and the encoder as LangChain embeddings, for anyone's chain."""

from __future__ import annotations

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict

from index.encode import Encoder
from index.search import Hit, Snapshot


class PassageRetriever(BaseRetriever):
    """The `k` best passages for a question, with where each stands in its document."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    snapshot: Snapshot
    k: int = 4

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:  # noqa: ARG002 - the library's signature
        return [self._document(hit) for hit in self.snapshot.search(query, self.k)]

    def _document(self, hit: Hit) -> Document:
        passage = hit.passage
        document = self.snapshot.document(passage.document_id)
        return Document(
            id=passage.id,
            page_content=document.text[passage.start : passage.end],
            metadata={
                "document_id": document.id,
                "title": document.title,
                "section": " › ".join(passage.heading_path),
                "page": document.page_at(passage.start),
                "page_label": document.page_label_at(passage.start),
                "start": passage.start,
                "end": passage.end,
                "source": document.url or document.path,
                "score": hit.score,
            },
        )


class EncoderEmbeddings(Embeddings):
    """An encoder of the index behind LangChain's interface. Vectors have length 1."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [list(map(float, row)) for row in self._encoder.encode(texts)]

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]
