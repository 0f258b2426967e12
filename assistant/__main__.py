"""`assistant` and `python -m assistant`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line. A `UserError` becomes one line on standard error and exit code 2."""
    from assistant.cli import app
    from corpus.errors import UserError

    try:
        app()
    except UserError as error:
        print(error, file=sys.stderr)  # noqa: T201 - the one place where errors are shown
        sys.exit(2)


if __name__ == "__main__":
    main()
