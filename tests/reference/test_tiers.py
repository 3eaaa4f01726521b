"""The preview tier from end to end, with a small VAE and a LoRA for few steps made here."""

from __future__ import annotations

import json
from pathlib import Path

import av
import numpy as np
import pytest

from mien.cli.main import run

pytestmark = pytest.mark.slow


def test_a_preview(
    complete_models: Path,
    tracked_360p: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("MIEN_MODELS", str(complete_models))
    pictures = {}
    asked = ["--set", "jawOpen=+0.6@18:26", "--frames", "21:23", "--renderer", "reference",
             "--reference-size", "64", "--lossless", "--json"]  # fmt: skip
    for name, tier in (
        ("preview", ["--tier", "preview"]),
        ("full VAE", ["--tier", "preview", "--no-reference-small-vae"]),
        ("few steps", ["--reference-steps", "4", "--reference-guidance", "1"]),
    ):
        output = tmp_path / f"{name}.mkv"
        assert run(["render", str(tracked_360p), "-o", str(output), *asked, *tier]) == 0
        assert json.loads(capsys.readouterr().out)["frames_edited"] == 2
        with av.open(str(output)) as container:
            decoded = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
        pictures[name] = np.stack(decoded)
    assert not np.array_equal(pictures["preview"], pictures["full VAE"])
    assert not np.array_equal(pictures["full VAE"], pictures["few steps"])
