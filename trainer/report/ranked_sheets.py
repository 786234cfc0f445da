"""Ranked lists as a picture: the query, its best hits, and which of them are right."""

from PIL import Image, ImageDraw, ImageFont

from trainer.data.picture_files import Dropped
from trainer.data.pictures import PictureSource
from trainer.evaluate.encoding import read_crop
from trainer.evaluate.results import EvalReport, MethodResult
from trainer.report.chart_style import DARK, LIGHT, Theme

FACE = 92  # px of a shown face
GAP = 10
MARK = 20  # room below a face for its mark and score
HEAD = 26  # room for a line of text above each half
HEADS = ("Drawn at random", "The worst")


def ranked_sheet(
    report: EvalReport, result: MethodResult, source: PictureSource, theme: Theme
) -> Image.Image | None:
    """A row for each list; None without lists. The mark is a shape as well as a colour."""
    if not result.lists:
        return None
    most = max(len(entry.hits) for entry in result.lists)
    left = 3 * GAP + FACE
    n, n_drawn = len(result.lists), sum(not entry.is_worst for entry in result.lists)
    size = (left + most * (FACE + GAP) + GAP, GAP + n * (FACE + MARK + GAP) + 2 * HEAD)
    sheet = Image.new("RGB", size, theme.background)
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(12)
    right, wrong = theme.series[0], theme.series[1]
    for row, entry in enumerate(result.lists):
        top = GAP + row * (FACE + MARK + GAP) + (1 + entry.is_worst) * HEAD
        if row in (0, n_drawn):
            head = ImageFont.load_default(14)
            draw.text((GAP, top - HEAD), HEADS[entry.is_worst], fill=theme.text, font=head)
        _paste(sheet, source, entry.query, (GAP, top))
        draw.text((GAP, top + FACE + 3), f"AP {entry.ap:.3f}", fill=theme.muted, font=font)
        for place, (hit, is_same, score) in enumerate(
            zip(entry.hits, entry.is_same, entry.scores, strict=True)
        ):
            x = left + place * (FACE + GAP)
            _paste(sheet, source, hit, (x, top))
            colour = right if is_same else wrong
            draw.rectangle((x - 2, top - 2, x + FACE + 1, top + FACE + 1), outline=colour, width=3)
            _mark(draw, (x + 1, top + FACE + 6), colour, is_right=is_same)
            draw.text((x + 18, top + FACE + 3), f"{score:#.4g}", fill=theme.muted, font=font)
    return sheet


def sheets(report: EvalReport, source: PictureSource) -> dict[str, tuple[Image.Image, Image.Image]]:
    """Model → its sheet in light and in dark."""
    found = {}
    for result in report.of_models():
        light, dark = (ranked_sheet(report, result, source, theme) for theme in (LIGHT, DARK))
        if light is not None and dark is not None:
            found[result.label] = (light, dark)
    return found


def _paste(sheet: Image.Image, source: PictureSource, row: int, at: tuple[int, int]) -> None:
    crop = read_crop(source, row)
    if not isinstance(crop, Dropped):
        sheet.paste(Image.fromarray(crop).resize((FACE, FACE), Image.Resampling.LANCZOS), at)


def _mark(draw: ImageDraw.ImageDraw, at: tuple[int, int], colour: str, *, is_right: bool) -> None:
    """A tick or a cross, 11 px."""
    x, y = at
    if is_right:
        draw.line([(x, y + 5), (x + 4, y + 9), (x + 11, y)], fill=colour, width=3)
    else:
        draw.line([(x, y), (x + 10, y + 9)], fill=colour, width=3)
        draw.line([(x + 10, y), (x, y + 9)], fill=colour, width=3)
