"""The one exception whose message is written for the person who runs the program."""


class UserError(Exception):
    """Something the user can put right.

    The message is shown as it is, without a traceback: one plain sentence that names the place,
    what was found, what was expected and what to do.
    """


class IndexMissingError(UserError):
    """There is no index yet; building one puts it right."""
