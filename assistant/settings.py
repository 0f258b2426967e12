"""Settings: from flags, then `ASSISTANT_*` environment variables, then `assistant.toml`, then defaults."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from corpus.catalogue import SHIPPED_DOCUMENTS
from corpus.errors import UserError
from index.encode import SHIPPED_MODEL
from index.reader import SHIPPED_READER

SETTINGS_FILE = "assistant.toml"
_HOME = Path(".assistant")


def _as_names(value: object) -> object:
    # Only commas part them: a name may have a blank inside.
    return tuple(name.strip() for name in value.split(",") if name.strip()) if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_as_names)]
"""Names or addresses: in a variable with commas between them, in the file a list."""


class Settings(BaseSettings):
    """Every setting with its default. The field `corpus` is the variable `ASSISTANT_CORPUS`."""

    model_config = SettingsConfigDict(
        env_prefix="ASSISTANT_", toml_file=SETTINGS_FILE, extra="ignore", env_ignore_empty=True, frozen=True
    )

    corpus: Path = SHIPPED_DOCUMENTS
    # A folder, or the address of a Chroma server for the vectors: then the rest lies in a folder named after it.
    index: str = str(_HOME / "index")
    # A model's name or folder, run by onnxruntime; "torch" or "torch:MODEL" for the reference.
    encoder: str = SHIPPED_MODEL
    reader: str = SHIPPED_READER
    # Whether `encoder` and `reader` may be names on the Hugging Face hub, which is then asked for them.
    hub: Literal["allow", "deny"] = "deny"
    # A language model that writes answers, as provider:name; unset, none does.
    model: str | None = None
    # What one question may take of it: seconds and calls, and tokens a call.
    model_seconds: float = Field(30.0, gt=0, le=600)
    model_calls: int = Field(4, ge=1, le=20)
    model_tokens: int = Field(800, ge=50, le=20_000)
    # Whether passages go in as documents and the provider cites them itself: "native", with anthropic:… alone.
    model_citations: Literal["off", "native"] = "off"
    # The address of a server that speaks the OpenAI protocol, for a language model.
    model_url: str | None = None
    # What is kept of conversations: an SQLite file, or the address of a PostgreSQL database.
    records: str = str(_HOME / "records.sqlite")
    # For how many days; with 0 nothing is kept.
    keep_days: int = Field(365, ge=0, le=36_500)
    # People sign in with the names of this file, or are named by a header of the proxies; with neither nobody is asked.
    users: Path | None = None
    trust_header: str | None = Field(None, pattern="^[A-Za-z0-9-]+$")
    # The staff among those whom the header names.
    staff: Names = ()
    proxies: Names = ("127.0.0.0/8", "::1")
    host: str = "127.0.0.1"
    port: int = 7860
    # Whether everybody who reaches the address is served, where nobody is asked who they are.
    open: bool = False
    # Where questions and files are counted: in this process, or in a Redis server for several. 0 is no limit.
    limits: str = "memory"
    questions_a_minute: int = Field(60, ge=0)
    uploads_an_hour: int = Field(300, ge=0)
    # How many answers may be under way before further questions are turned away for a moment. 0 is no limit.
    answers_at_once: int = Field(32, ge=0, le=1000)
    # How many processes answer; 1 is the one that serves.
    workers: int = Field(1, ge=1, le=64)
    # How long a request may take until its answer begins.
    request_seconds: float = Field(120, gt=0)
    log: Literal["plain", "json"] = "plain"
    # Whether the log has the words of questions.
    log_questions: bool = False
    title: str = "Ask the association"
    contact: str | None = None

    @property
    def asks_who(self) -> bool:
        """Whether people have to say who they are."""
        return self.users is not None or self.trust_header is not None

    @property
    def server(self) -> str | None:
        """The address of the Chroma server that holds the vectors; None where they lie in the index's folder."""
        return self.index if _is_address(self.index) else None

    @property
    def index_folder(self) -> Path:
        """The folder of the index, or of what a Chroma server does not hold of it."""
        if not _is_address(self.index):
            return Path(self.index)
        return _HOME / f"index-{re.sub('[^A-Za-z0-9.]+', '-', urlsplit(self.index).netloc)}"

    @field_validator("index", "records", mode="before")
    @classmethod
    def _as_text(cls, value: object) -> object:
        return str(value) if isinstance(value, Path) else value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the library's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags, then the environment, then the file; no .env and no secrets folder."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def load_settings(**flags: Any) -> Settings:
    """The settings, flags that are not None first. Raises UserError naming the one that is wrong."""
    try:
        settings = Settings(**{name: value for name, value in flags.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        raise UserError(
            f"The setting {name} (ASSISTANT_{name.upper()}) is {first.get('input')!r}: {first['msg']}; correct it."
        ) from error
    except ValueError as error:
        raise UserError(f"{SETTINGS_FILE}: it is not valid TOML ({error}); correct that place.") from error
    _check_index(settings.index)
    return settings


def _is_address(index: str) -> bool:
    return "://" in index


def _check_index(index: str) -> None:
    if not _is_address(index):
        return
    try:
        parts = urlsplit(index)
        fit = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fit = False
    if not fit or parts.path.strip("/"):
        raise UserError(
            f"ASSISTANT_INDEX is {index!r}, which is no address of a Chroma server: give one like "
            "http://127.0.0.1:8000, or a folder."
        )
