"""Elements of HTML and SVG; any text in them is escaped, wherever it came from."""

from __future__ import annotations

import html
from collections.abc import Iterable

#: Written as the replacement character: HTML allows no control characters, and a name in a header may hold some.
_CONTROLS = dict.fromkeys((*range(9), 11, 12, *range(14, 32), *range(127, 160), 0xFFFE, 0xFFFF), "\ufffd")
#: Elements that have no end tag.
_VOID = {"img", "meta", "wbr"}
#: Nothing is loaded and nothing runs, whatever came onto the page.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def element(name: str, /, *content: str, **attributes: str | float | None) -> Markup:
    """An element; attributes that are None are left out.

    A trailing underscore of an attribute's name is dropped and any other is a hyphen: ``class_``, ``aria_label``.
    """
    stated = ""
    for key, value in attributes.items():
        if value is not None:
            text = value if isinstance(value, str) else f"{value:.6g}"
            stated += f' {key.rstrip("_").replace("_", "-")}="{_escaped(text)}"'
    return Markup(f"<{name}{stated}>" if name in _VOID else f"<{name}{stated}>{joined(content)}</{name}>")


def joined(parts: Iterable[str]) -> Markup:
    """Parts one after the other, those that are no markup escaped."""
    return Markup("".join(part if isinstance(part, Markup) else _escaped(part) for part in parts))


#: Where a line may break.
BREAK = element("wbr")


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
    """Names and what they stand for, one below the other."""
    lines = (element("tr", element("th", name, scope="row"), element("td", text)) for name, text in rows)
    return element("table", element("tbody", *lines), class_="facts")


def strip(rows: Iterable[tuple[str, str]]) -> Markup:
    """Names and what they stand for, one beside the other."""
    items = (element("li", element("span", name, class_="name"), " ", element("span", text)) for name, text in rows)
    return element("ul", *items, class_="strip")


def section(name: str, heading: str, *content: str, class_: str | None = None) -> Markup:
    """A part of the page with its heading."""
    return element("section", element("h2", heading, id=name), *content, class_=class_, aria_labelledby=name)


def document(title: str, style: str, *body: str) -> str:
    """A whole page that loads nothing."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", title),
        element("style", Markup(style)),
    )
    return f"<!DOCTYPE html>\n{element('html', head, element('body', *body), lang='en')}\n"


def _escaped(text: str) -> str:
    """As HTML has it; what UTF-8 cannot write, as of a file's name that is none, becomes a question mark."""
    return html.escape(text.translate(_CONTROLS).encode("utf-8", "replace").decode("utf-8"))
