"""Words under the pointer: they name files and people, so nothing in them is markup."""

from html import escape

from opqn_app.core.harmless import in_text


def plain(text: str) -> str:
    """`text` as a tooltip shows it letter by letter.

    Qt takes what looks like HTML for HTML, and would load the picture that it names.
    """
    text = in_text(text)
    if "<" not in text and "&lt;" not in text:
        return text
    return f'<span style="white-space: pre-wrap">{escape(text)}</span>'
