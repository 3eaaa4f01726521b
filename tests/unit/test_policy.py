"""The policy of an installation: what it says, who may add to it, and that nobody takes from it."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import mien
from mien.cli.main import run
from mien.consent import Policy, RenderPermit, policy, read_policy
from mien.consent import permit as permit_module
from mien.consent.permit import check_untracked, permit_render
from mien.errors import ConsentError, OutputError, PolicyError
from mien.model.shot import Shot
from mien.rendering.plans import face_plans
from tests.documents import make_shot
from tests.unit.test_project import write_movie

DAY = datetime.date(2026, 1, 31)
ANNA = mien.Consent("Anna Example", "contract", DAY)
REQUIRED = "[consent]\nrequired = true\n"

Write = Callable[[str], Path]


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes the policy of the installation, for the time of a test in this process."""
    path = tmp_path / "system.toml"
    monkeypatch.setattr(policy, "system_policy_file", lambda: path)

    def write(text: str) -> Path:
        path.write_text(text)
        return path

    return write


@pytest.fixture
def added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes a policy that `MIEN_POLICY` names."""
    path = tmp_path / "show.toml"

    def write(text: str) -> Path:
        path.write_text(text)
        monkeypatch.setenv("MIEN_POLICY", str(path))
        return path

    return write


def permit(shot: Shot, span: str = "0:24", control: str = "jawOpen") -> RenderPermit:
    edits = [mien.Edit(shot.faces[0]).set(control, 0.5, span="4:8")]
    frames = shot.clock.parse_range(span)
    return permit_render(shot, face_plans(shot, edits, frames), frames, title="a shot")


def test_without_a_policy_nothing_is_demanded(system: Write) -> None:
    del system
    assert read_policy() == Policy()
    permit(make_shot(24))
    check_untracked("a.mov")


def test_what_it_says_is_read(system: Write, tmp_path: Path) -> None:
    path = system(
        '[consent]\nrequired = true\ndocument = true\nuses = ["Dub"]\n'
        f'[ledger]\nrequired = true\nfile = "{tmp_path}/ledger.jsonl"\nuser = true\nhost = true\n'
        "[provenance]\nrequired = true\n"
    )
    read = read_policy()
    assert read.files == (path,)
    assert len(read.digest) == 64
    assert replace(read, files=(), digest="") == Policy(
        True, True, ("dub",), True, tmp_path / "ledger.jsonl", True, True, True
    )
    assert read.ledger_path == tmp_path / "ledger.jsonl"


def test_a_variable_adds_and_never_takes(system: Write, added: Write, tmp_path: Path) -> None:
    ledger = tmp_path / "a.jsonl"
    system(f'{REQUIRED}uses = ["dub"]\n[ledger]\nrequired = true\nfile = "{ledger}"\n')
    added(
        '[consent]\nrequired = false\nuses = ["trailer"]\n'
        f'[ledger]\nrequired = false\nfile = "{tmp_path}/mine.jsonl"\nuser = true\n'
        "[provenance]\nrequired = true\n"
    )
    both = read_policy()
    assert both.consent_required
    assert both.ledger_required
    assert both.provenance_required
    assert both.uses == ("dub", "trailer")
    assert both.ledger_file == ledger
    assert both.ledger_user


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[consent]\nrequird = true\n", "consent.requird"),
        ('[consent]\nrequired = "yes"\n', "consent.required"),
        ("[consent]\nuses = 'dub'\n", "consent.uses"),
        ("[consent]\nuses = [' ']\n", "use is missing"),
        ("consent", "no TOML"),
        ("[ledger]\nfile = 'ledger.jsonl'\n", "absolute path"),
        ("[trust]\n", "trust"),
        ("\udcff", "no TOML"),
    ],
)
def test_a_damaged_policy_permits_nothing(text: str, message: str, system: Write) -> None:
    system("").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(PolicyError, match=message):
        permit(make_shot(24))
    with pytest.raises(PolicyError, match=message):
        check_untracked("a.mov")


def test_a_policy_that_is_lost_permits_nothing(
    system: Write, added: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    added("").unlink()
    with pytest.raises(PolicyError, match="no such file"):
        read_policy()
    monkeypatch.delenv("MIEN_POLICY")
    system("").unlink()
    (tmp_path / "system.toml").symlink_to(tmp_path / "gone.toml")
    with pytest.raises(PolicyError, match="no such file"):
        read_policy()
    (tmp_path / "etc").symlink_to(tmp_path / "gone")
    monkeypatch.setattr(policy, "system_policy_file", lambda: tmp_path / "etc" / "policy.toml")
    with pytest.raises(PolicyError, match="no such file"):
        read_policy()
    (tmp_path / "gone").mkdir()
    assert read_policy() == Policy()


@pytest.mark.parametrize(
    ("consent", "rule", "message"),
    [
        (None, "", "nothing says on whose word"),
        (replace(ANNA, date=datetime.date(2999, 1, 1)), "", "holds from 2999"),
        (replace(ANNA, expires=DAY), "", "ended on 2026-01-31"),
        (replace(ANNA, controls=("eyes", "mouthSmile")), "", "not for jawOpen"),
        (replace(ANNA, uses=("trailer",)), 'uses = ["dub"]\n', "not for dub"),
        (ANNA, "document = true\n", "names no document"),
    ],
)
def test_without_a_consent_that_holds_it_is_refused(
    consent: mien.Consent | None, rule: str, message: str, system: Write
) -> None:
    path = system(REQUIRED + rule)
    shot = make_shot(24)
    if consent is not None:
        shot = mien.set_consent(shot, 1, consent)
    with pytest.raises(ConsentError, match=message) as caught:
        permit(shot)
    assert str(path) in caught.value.cause
    assert "mien consent set" in caught.value.remedy


@pytest.mark.parametrize(
    "consent",
    [
        ANNA,
        replace(ANNA, date=DAY, expires=DAY),
        replace(ANNA, controls=("jaw",), uses=("Dub", "trailer"), document="a" * 64),
        replace(ANNA, controls=("jawOpen",)),
    ],
)
def test_within_a_consent_it_is_permitted(
    consent: mien.Consent, system: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The day is held: a run of the tests may pass midnight between collecting and running this.
    monkeypatch.setattr(permit_module, "today", lambda: DAY)
    system(REQUIRED + 'uses = ["dub"]\n')
    permit(mien.set_consent(make_shot(24), 1, consent))


def test_frames_and_faces_without_an_edit_need_none(system: Write) -> None:
    system(REQUIRED)
    permit(make_shot(24, faces=2), span="10:20")
    shot = mien.set_consent(make_shot(24, faces=2), 1, ANNA)
    permit(shot)


def test_what_was_never_tracked_is_refused_at_once(system: Write) -> None:
    system(REQUIRED)
    with pytest.raises(ConsentError, match="there is no consent"):
        check_untracked("a.mov")


def test_a_consent_that_does_not_hold_is_said_where_nothing_is_demanded(system: Write) -> None:
    del system
    shot = mien.set_consent(make_shot(24), 1, replace(ANNA, expires=DAY))
    assert permit(shot).notes == ("face 1: the consent of Anna Example ended on 2026-01-31.",)


def test_provenance_may_be_ruled(system: Write) -> None:
    shot = make_shot(24)
    assert permit(shot).check_signed(False) is False
    system("[provenance]\nrequired = true\n")
    assert permit(shot).check_signed(True) is True
    with pytest.raises(OutputError, match="may not be switched off"):
        permit(shot).check_signed(False)
    mien.check_consent(shot)
    with pytest.raises(OutputError, match="may not be switched off"):
        mien.check_consent(shot, provenance=False)
    project = replace(mien.Project(shot), provenance=False)
    with pytest.raises(OutputError, match="may not be switched off"):
        mien.check_consent(project)
    mien.check_consent(project, provenance=True)


def test_a_clip_is_not_tracked_for_a_render_that_is_refused(
    system: Write,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def track(*_: object, **__: object) -> None:
        raise AssertionError("it was tracked")

    monkeypatch.setattr("mien.api.track", track)
    system("[provenance]\nrequired = true\n")
    clip, output = write_movie(tmp_path / "a.mp4"), tmp_path / "out.mp4"
    command = ["render", str(clip), "-o", str(output), "--set", "smile=0.5"]
    assert run([*command, "--no-provenance"]) == 2
    assert "may not be switched off" in capsys.readouterr().err
    assert not output.exists()
