"""The tools over the invented documents, on standard input and output: a program that the tests start."""

from assistant.mcp_server import make_server
from tests.browser.library import Library

if __name__ == "__main__":
    library = Library()
    make_server(lambda: library, "Ask the harbour").run()
