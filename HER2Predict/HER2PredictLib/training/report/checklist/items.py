"""The items of a guideline as a part of the page: where each is answered, how far, and what the data cannot tell."""

from __future__ import annotations

import html
from collections.abc import Sequence

from ..page_parts import paragraphs
from .tripod import Item


def items_html(items: Sequence[Item], caption: str) -> str:
    """A table of the items, with the number of those that are answered."""
    lines = []
    for item in items:
        where = f'<a href="#{item.section}">{_section_name(item.section)}</a>' if item.section else ""
        cells = [where, f'<span class="status">{item.answer}</span>', html.escape(item.missing)]
        row = "".join(f"<td>{cell}</td>" for cell in [html.escape(item.topic), *cells])
        lines.append(f'<tr><th scope="row">{item.number}</th>{row}</tr>')
    heads = "".join(
        f'<th scope="col">{head}</th>' for head in ("Item", "Topic", "Where", "Answer", "What the data cannot tell")
    )
    answered = sum(item.answer == "answered" for item in items)
    partly = sum(item.answer == "in part" for item in items)
    introduction = paragraphs(
        f"Of {len(items)} items this report answers {answered} and {partly} in part; the others are for the "
        "researcher to add."
    )
    return (
        f'{introduction}<div class="scroll"><table class="items"><caption>{caption}, topics in short</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{''.join(lines)}</tbody></table></div>"
    )


def _section_name(section: str) -> str:
    part, _, rest = section.partition("-")
    name = rest or part
    return {
        "top": "Title",
        "use": "Intended use",
        "missing": "Missing data",
        "split": "Training and test set",
        "statistics": "Evaluation",
        "mlp": "Calls",
        "reproduction": "To do it again",
        "splits": "Other random splits",
    }.get(name, name.capitalize())
