"""Settings: from flags, then `ASSISTANT_*` environment variables, then `assistant.toml`, then defaults."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from corpus.catalogue import SHIPPED_DOCUMENTS
from corpus.errors import UserError
from index.encode import SHIPPED_MODEL

SETTINGS_FILE = "assistant.toml"


class Settings(BaseSettings):
    """Every setting with its default. The field `corpus` is the variable `ASSISTANT_CORPUS`."""

    model_config = SettingsConfigDict(
        env_prefix="ASSISTANT_", toml_file=SETTINGS_FILE, extra="ignore", env_ignore_empty=True, frozen=True
    )

    corpus: Path = SHIPPED_DOCUMENTS
    index: Path = Path(".assistant/index")
    # A model's name or folder, run by onnxruntime; "torch" or "torch:MODEL" for the reference.
    encoder: str = SHIPPED_MODEL
    host: str = "127.0.0.1"
    port: int = 7860
    title: str = "Ask the association"
    contact: str | None = None

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
    if "://" in str(settings.index) or str(settings.index).startswith(("http:", "https:")):
        raise UserError(
            f"ASSISTANT_INDEX is {str(settings.index)!r}, the address of a Chroma server, which this version cannot "
            "use yet: give a folder."
        )
    return settings
