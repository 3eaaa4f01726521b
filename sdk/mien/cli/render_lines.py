"""Lines that a render prints when it is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mien.cli.output import print_done
from mien.model.face_names import list_faces

if TYPE_CHECKING:
    from mien.api import RenderReport
    from mien.model.shot import Shot

__all__ = ["tell_report"]


def tell_report(report: RenderReport, shot: Shot) -> None:
    """Print what a render did."""
    from mien.rendering.registry import describe_choice

    edited = list_faces([shot.face(number) for number in report.faces])
    word = "face" if len(report.faces) == 1 else "faces"
    done = f"{word} {edited} edited in {report.frames_edited}" if edited else "none changed"
    if report.frames_resumed:
        done += f", {report.frames_resumed} of them from the render before"
    how = ""
    if report.renderer is not None:
        how = f"; renderer: {describe_choice(report.renderer, report.renderer_reason)}"
    print_done(
        f"wrote {report.output}: {report.frames} frames, {done}; {_encoding(report)},"
        f" {report.frames / report.seconds:.1f} frames/s{how}"
    )
    for note in report.notes:
        print_done(f"  {note}")


def _encoding(report: RenderReport) -> str:
    """Codec and quality, as `h264 (visually-lossless, crf 18, preset medium)`."""
    return f"{report.codec} ({report.quality})" if report.quality else report.codec
