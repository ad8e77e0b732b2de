"""Stands for slicer.i18n: user-visible strings pass through here; this host has no translations."""


def translate(context: str, text: str) -> str:
    """The text, in the language of the application."""
    if not isinstance(text, str):
        raise TypeError(f"only text can be translated, not {type(text).__name__}")
    return text


def tr(text: str) -> str:
    """The text, in the language of the application; imported as `_`."""
    return translate("", text)


def __dir__() -> list[str]:
    return []
