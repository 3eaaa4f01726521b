"""The page of a report in a browser: wipe, scrub, play, curves, worst frames; without scripts."""

from __future__ import annotations

import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import mien
from mien._types import ByteArray
from mien.model.controls import INDEX, NAMES
from mien.reporting.film import PairFilm
from mien.reporting.page import report_page
from mien.reporting.pictures import FramePictures, frames_to_show, jpeg
from tests.browser import Browser

FRAMES, START = 30, 100
HERE = Path.cwd()
EDITED = {
    "path": str(HERE / "edit.mov"), "size": [320, 180], "frames": 30, "codec": "h264",
    "pixel_format": "yuv420p",
}  # fmt: skip
SIZE = (320, 180)


def picture(row: int, shade: int) -> ByteArray:
    """A grey picture with a bright bar that moves with the frames."""
    shown = np.full((SIZE[1], SIZE[0], 3), shade, np.uint8)
    shown[:, row * 10 : row * 10 + 10] = 255
    return shown


def made_report() -> mien.ShotReport:
    performed = np.zeros((FRAMES, len(NAMES)), np.float32)
    target, achieved = performed.copy(), performed.copy()
    target[:, INDEX["jawOpen"]] = np.hanning(FRAMES)
    achieved[:, INDEX["jawOpen"]] = 0.8 * np.hanning(FRAMES)
    everywhere = np.ones(FRAMES, np.bool_)
    flicker = np.zeros(FRAMES, np.float32)
    face = mien.FaceReport(
        1, "</script><b>Anna", performed, target, achieved, everywhere, everywhere,
        np.full(FRAMES, 0.93, np.float32), 0.97, flicker,
    )  # fmt: skip
    bound = mien.ReportThreshold(0.9, 1.1)
    return mien.ShotReport(
        Path("plate.mov"), Path("<i>edit</i>.mov"), None, mien.FrameRange(START, START + FRAMES),
        mien.Clock(Fraction(25), 300), (face,),
        (
            mien.ReportFigure("curves.gain", 0.8, "achieved / asked", face=1, threshold=bound),
            mien.ReportFigure("sharpness", 1.0, "times the plate's", threshold=bound),
        ),
        (
            mien.FrameTrouble(START + 20, "sharpness", 3.2, 1.6, "times the plate's", what="soft"),
            mien.FrameTrouble(START + 5, "rim.color", 5.0, 4.0, "CIELAB", what="rim"),
        ),
        {
            "settings": {}, "matte": {"how": "<script>alert(1)</script>"},
            "original_media": {"path": "/home/anna/Her takes/plate.mov", "rate": "24000/1001"},
            "edited_media": EDITED, "occlusion": {"matte": "/mnt/share/hand.%04d.png"},
            "provenance": {"problems": ["/home/anna/edit.mov cannot be read.", f"See {HERE}/a."]},
        },
        notes=(f"The matte {HERE}/hands/left.mov was left out.",),
    )  # fmt: skip


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    report = made_report()
    with PairFilm(SIZE, Fraction(25), FRAMES) as film:
        for row in range(FRAMES):
            film.take(row, picture(row, 40), picture(row, 160))
        data = film.finish()
    images = [
        FramePictures(frame, troubles, *(jpeg(picture(0, shade)) for shade in (40, 160, 0)))
        for frame, troubles in frames_to_show(report)
    ]
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(report_page(report, images, (data, film.part, film.beside)))
    return path


@pytest.fixture
def browser(page: Path) -> Iterator[Browser]:
    with Browser() as one:
        one.open(page)
        assert one.wait("document.body.dataset.ready") == "yes"
        one.wait("document.querySelector('canvas').dataset.frame")
        yield one


def shade(browser: Browser, x: float) -> int:
    """The red of a pixel of what is shown, at a part of its width, low in the picture."""
    script = (
        "(() => { const c = document.querySelector('canvas');"
        f" return c.getContext('2d').getImageData(c.width * {x}, c.height - 8, 1, 1).data[0]; }})()"
    )
    return int(browser.run(script))


def shown(browser: Browser) -> int:
    return int(browser.run("Number(document.querySelector('canvas').dataset.frame)"))


def test_the_worst_frames_are_chosen_apart_and_worst_first() -> None:
    report = made_report()
    assert [frame for frame, _ in frames_to_show(report)] == [START + 20, START + 5]


@pytest.mark.slow
def test_wipe_scrub_play_plots_and_worst_frames(browser: Browser, tmp_path: Path) -> None:
    # The wipe: before on the left, after on the right; it follows the hand.
    assert shade(browser, 0.25) < 80 < 120 < shade(browser, 0.75)
    box = browser.run(
        "(() => { const b = document.querySelector('canvas').getBoundingClientRect();"
        " return [b.left, b.top, b.width, b.height]; })()"
    )
    left, top, width, height = box
    middle = top + height / 2
    browser.mouse("mousePressed", left + width * 0.5, middle)
    browser.mouse("mouseMoved", left + width * 0.9, middle)
    browser.mouse("mouseReleased", left + width * 0.9, middle, down=False)
    assert float(browser.run("document.querySelector('canvas').dataset.wipe")) > 0.85
    assert shade(browser, 0.75) < 80

    # Scrubbing shows the frame that it says: the bar is where it was in that frame.
    for row in (7, 23):
        browser.run(
            "(() => { const s = document.querySelector('.scrub input');"
            f" s.value = {row}; s.dispatchEvent(new Event('input')); }})()"
        )
        browser.wait(f"document.querySelector('canvas').dataset.frame == {START + row}")
        assert shade(browser, (row * 10 + 5) / SIZE[0]) > 200
        said = browser.run("document.querySelector('.bar output').textContent")
        assert said.startswith(f"frame {START + row}")
        told = browser.run("document.querySelector('.plot output').textContent")
        assert told.count(".") == 3, told

    # The worst frames: a click on one, and the next one after it.
    browser.run("document.querySelector('a[data-frame]').click()")
    browser.wait(f"document.querySelector('canvas').dataset.frame == {START + 20}")
    browser.run("document.querySelector('[data-jump=\"1\"]').click()")
    browser.wait(f"document.querySelector('canvas').dataset.frame == {START + 5}")

    # A click in a plot goes to its frame.
    browser.run(
        "(() => { const p = document.querySelector('.plot svg'); const b ="
        " p.getBoundingClientRect(); p.dispatchEvent(new MouseEvent('click', {clientX: b.left +"
        " b.width * 0.35, bubbles: true})); })()"
    )
    browser.wait(f"document.querySelector('canvas').dataset.frame == {START + 10}")

    # The difference: what is alike is black.
    browser.run("document.querySelector('[data-view=difference]').click()")
    assert shade(browser, 0.9) > 200
    browser.run("document.querySelector('[data-view=beside]').click()")
    assert shade(browser, 0.1) < 80 < 120 < shade(browser, 0.95)

    browser.run("document.querySelector('[data-do=play]').click()")
    browser.wait(f"Number(document.querySelector('canvas').dataset.frame) > {START + 11}")
    browser.wait("document.querySelector('video').ended || document.querySelector('video').paused")
    assert browser.problems() == []
    assert len(browser.picture(tmp_path / "page.png")) > 10_000


@pytest.mark.slow
def test_a_phone_shows_all_of_it_without_scrolling_aside(browser: Browser) -> None:
    browser.resize(390, 844, phone=True)
    time.sleep(0.2)
    assert browser.run("document.documentElement.scrollWidth") <= 390


@pytest.mark.slow
def test_without_scripts_figures_pictures_curves_and_film_are_there(page: Path) -> None:
    with Browser(scripts=False) as one:
        one.open(page)
        # The protocol may look at a page that may not run scripts itself.
        seen = (
            "[...document.querySelectorAll('video[controls], .figures tr, .frame img, .plot path')]"
            ".filter((one) => one.getBoundingClientRect().width > 0).map((one) => one.tagName)"
        )
        tags = one.run(seen)
        assert tags.count("VIDEO") == 1
        assert tags.count("TR") == 4
        assert tags.count("IMG") == 6
        assert tags.count("path") >= 3
        assert one.run("document.querySelector('.bar').hidden")
        assert one.run("document.querySelector('.frame img').naturalWidth") > 0
        assert one.problems() == []


def test_what_files_and_faces_are_called_is_text(page: Path) -> None:
    text = page.read_text()
    assert "<i>edit" not in text
    assert "</script><b>" not in text
    assert "<script>alert" not in text
    assert "http" not in text.replace("http-equiv", "")


def test_the_page_names_files_and_not_where_they_lie(page: Path) -> None:
    text = page.read_text()
    told = [str(HERE), str(Path.home()), "/home/", "anna", "Her takes", "/mnt/"]
    assert [word for word in told if word in text.partition("<video")[0]] == []
    assert [word for word in told if word in text.rpartition("</video>")[2]] == []
    for name in ("plate.mov", "hand.%04d.png", "left.mov was left out", "24000/1001"):
        assert name in text
    assert "edit.mov cannot be read." in text
