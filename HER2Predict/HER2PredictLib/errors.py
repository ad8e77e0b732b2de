"""The one exception that a user can mend."""


class InputError(Exception):
    """Something about the input is wrong; the message says what, with the value, and what to do about it.

    The panel and the command show the message and nothing else. Every other exception is a bug and keeps its traceback.
    `code` is a stable name for programs, such as ``roi-empty``; ``input`` where nobody tells it from others.
    """

    def __init__(self, message: str, code: str = "input") -> None:
        super().__init__(message)
        self.code = code
