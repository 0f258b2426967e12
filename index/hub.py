"""Models by their name on the Hugging Face hub, only where that is allowed. Only file that imports huggingface_hub.

By default nothing is fetched: a name is refused in words. Only weights in .safetensors are taken, with
what belongs to them; no file that can run code.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from corpus.errors import UserError

_NAME = re.compile(r"[\w.-]+/[\w.-]+")
_FILES = ("*.json", "*.safetensors", "*.txt", "*.model", "*/*.json", "*/*.safetensors")


def is_hub_name(setting: str) -> bool:
    """Whether a setting names a model on the hub, such as "intfloat/multilingual-e5-small", and no folder here."""
    return bool(_NAME.fullmatch(setting)) and not Path(setting).expanduser().exists()


def folder_of(setting: str, *, allowed: bool) -> str:
    """The folder of a model that a setting names on the hub, fetched where it is not here; else the setting.

    Raises UserError where fetching is not allowed, or where it failed.
    """
    if not is_hub_name(setting):
        return setting
    if not allowed:
        raise UserError(
            f"{setting!r} is no folder here. If it is the name of a model on the Hugging Face hub, ASSISTANT_HUB=allow "
            "lets it be fetched from there."
        )
    # Counting who fetches what is the hub's business, not ours.
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        return str(snapshot_download(setting, allow_patterns=list(_FILES)))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError, ValueError) as error:
        said = " ".join(str(error).split())[:200]
        raise UserError(f"The model {setting!r} could not be fetched from the hub ({said}): name a folder.") from error
