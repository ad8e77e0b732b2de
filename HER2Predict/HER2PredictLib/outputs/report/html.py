"""Elements of HTML and SVG; any text in them is escaped, wherever it came from."""

from __future__ import annotations

import html
from collections.abc import Iterable


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


#: Elements that have no end tag.
_VOID = {"img", "meta"}


def element(name: str, /, *content: str, **attributes: str | float | None) -> Markup:
    """An element; attributes that are None are left out.

    A trailing underscore of an attribute's name is dropped and any other is a hyphen: ``class_``, ``aria_label``.
    """
    stated = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{html.escape(_text(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Markup(f"<{name}{stated}>" if name in _VOID else f"<{name}{stated}>{joined(content)}</{name}>")


def joined(parts: Iterable[str]) -> Markup:
    """Parts one after the other, those that are no markup escaped."""
    return Markup("".join(part if isinstance(part, Markup) else html.escape(part, quote=False) for part in parts))


def table(caption: str, heads: Iterable[str], rows: Iterable[tuple[str, ...]], class_: str | None = None) -> Markup:
    """A table; the first cell of each row is its heading."""
    head = element("tr", *(element("th", text, scope="col") for text in heads))
    body = (
        element("tr", element("th", first, scope="row"), *(element("td", text) for text in others))
        for first, *others in rows
    )
    return element(
        "table", element("caption", caption), element("thead", head), element("tbody", *body), class_=class_
    )


def facts(rows: Iterable[tuple[str, str]]) -> Markup:
    """Names and what they stand for."""
    lines = (element("tr", element("th", name, scope="row"), element("td", text)) for name, text in rows)
    return element("table", element("tbody", *lines), class_="facts")


def section(name: str, heading: str, *content: str, class_: str | None = None) -> Markup:
    """A part of the page with its heading."""
    return element("section", element("h2", heading, id=name), *content, class_=class_, aria_labelledby=name)


def document(title: str, style: str, *body: str) -> str:
    """A whole page that loads nothing."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", title),
        element("style", Markup(style)),
    )
    return f"<!DOCTYPE html>\n{element('html', head, element('body', *body), lang='en')}\n"


def _text(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.6g}"
