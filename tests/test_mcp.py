"""The tools for other assistants, asked by the protocol's own client: over pipes and over HTTP."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable, Coroutine
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from mcp import Client, MCPError, StdioServerParameters

from assistant.mcp_server import make_server, over_http
from tests.browser.library import LANTERN, Library
from tests.servers import serving

ROOT = Path(__file__).parents[1]
Asking = Callable[[Client], Coroutine[Any, Any, Any]]


def over(transport: str) -> AbstractContextManager[Any]:
    """The server to connect to, really started."""
    if transport == "pipes":
        command = ["-W", "error", "-m", "tests.tool_server"]
        return nullcontext(StdioServerParameters(command=sys.executable, args=command, cwd=ROOT))
    server = make_server(Library, "Ask the harbour")
    return serving(over_http(server, "127.0.0.1"))


def asked(transport: str, asking: Asking) -> Any:
    async def run(server: Any) -> Any:
        async with Client(f"{server}/mcp" if isinstance(server, str) else server) as client:
            return await asking(client)

    with over(transport) as server:
        return asyncio.run(run(server))


@pytest.mark.parametrize("transport", ["pipes", "http"])
def test_every_tool_gives_the_record_of_its_published_shape_and_a_short_text(transport: str) -> None:
    async def asking(client: Client) -> Any:
        tools = (await client.list_tools()).tools
        return tools, [
            await client.call_tool("ask", {"question": "What is a lantern?"}),
            await client.call_tool("search", {"words": "flame", "limit": 1}),
            await client.call_tool("definition", {"term": "LT"}),
            await client.call_tool("check_wording", {"text": LANTERN.replace("dusk", "dawn"), "term": "lantern"}),
        ]

    tools, (answer, found, defined, checked) = asked(transport, asking)
    library = Library()
    assert [tool.name for tool in tools] == ["ask", "search", "definition", "check_wording"]
    for tool, result in zip(tools, (answer, found, defined, checked), strict=True):
        assert tool.annotations.read_only_hint
        jsonschema.Draft202012Validator(tool.output_schema).validate(result.structured_content)
    assert answer.structured_content == library.ask("What is a lantern?").as_dict()
    assert answer.content[0].text.startswith(f"answered: {LANTERN} [1]\n\nSources:\n[1] The harbour book · Lanterns")
    assert found.structured_content["passages"][0]["end"] == 148
    assert defined.structured_content["wording"] == LANTERN
    assert defined.content[0].text.startswith(f"“{LANTERN}”\n— lantern (Harbour office, since 2001-05-01)")
    assert checked.structured_content["verdict"] == "altered"
    assert checked.content[0].text.endswith(f"The canonical wording: “{LANTERN}”")


def test_a_model_is_told_to_quote_word_for_word_and_to_give_the_address() -> None:
    async def asking(client: Client) -> Any:
        return client.instructions, (await client.list_tools()).tools

    instructions, tools = asked("pipes", asking)
    assert "word for word" in instructions
    for tool in tools[:3]:
        assert "verbatim" in tool.description
        assert "address" in tool.description


@pytest.mark.parametrize(
    ("tool", "given", "said"),
    [
        ("ask", {"question": "a flood?"}, "The question is too wet: ask a dry one."),
        ("ask", {"question": "?", "history": [{"role": "user"}]}, "Found a history that is no list"),
        ("search", {"words": ""}, "There is nothing to search for: give some words."),
        ("definition", {"term": "boat"}, "There is no canonical definition of 'boat'"),
    ],
)
def test_a_users_mistake_is_an_error_of_the_tool_in_its_own_words(tool: str, given: dict[str, Any], said: str) -> None:
    result = asked("http", lambda client: client.call_tool(tool, given))
    assert result.is_error
    assert result.content[0].text.startswith(said)


def test_a_fault_of_ours_tells_nothing_of_itself() -> None:
    result = asked("http", lambda client: client.call_tool("ask", {"question": "a storm?"}))
    assert (result.is_error, result.content[0].text) == (True, "Error executing tool ask")


def test_a_documents_text_is_a_resource_also_under_an_id_with_a_slash() -> None:
    result = asked("pipes", lambda client: client.read_resource("document://harbour/lanterns"))
    assert result.contents[0].text == Library().page.text
    with pytest.raises((MCPError, BaseExceptionGroup)) as caught:
        asked("http", lambda client: client.read_resource("document://none"))
    assert "There is no document 'none'" in "".join(map(str, _leaves(caught.value)))


def _leaves(error: BaseException) -> list[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return [leaf for one in error.exceptions for leaf in _leaves(one)]
    assert isinstance(error, MCPError)
    return [error]


def test_without_the_package_the_command_says_how_to_install_it() -> None:
    code = (
        "import sys; sys.modules['mcp'] = None; sys.argv = ['assistant', 'mcp']; "
        "from assistant.__main__ import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    said = "The tools need the package mcp, which is not installed: pip install 'association-assistant[mcp]'."
    assert (done.returncode, done.stdout, done.stderr.strip()) == (2, "", said)
