"""Preparing data when things go wrong: kills, races, full disks, folders that cannot be written, damage."""

import errno
import os
import shutil
import subprocess
import sys
import time

import pytest
import tqdm.notebook

from segkit.datasets import builders, load, storage

SMALL = """
import sys, time
from segkit.datasets import builders, storage
builders.PaperPets.SPLITS = {"train": (1, 40), "validation": (2, 3), "test": (3, 3)}
draw = builders.PaperPets.DRAW
def slow(*args):
    print("drawing", file=sys.__stdout__, flush=True)
    time.sleep(float(sys.argv[1]))
    return draw(*args)
builders.PaperPets.DRAW = staticmethod(slow)
print("prepared", storage.paper_pets().info.splits["train"].num_examples, flush=True)
"""


def start_preparing(folder, pause):
    environment = os.environ | {"SEGKIT_DATA": str(folder)}
    return subprocess.Popen([sys.executable, "-c", SMALL, str(pause)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                            text=True, env=environment, cwd=folder)  # fmt: skip


def test_killed_while_preparing_the_next_run_recovers(tmp_path):
    victim = start_preparing(tmp_path, 0.5)
    for line in victim.stdout:  # ends with the process, whatever it does
        if "drawing" in line:
            break
    time.sleep(0.7)
    victim.kill()
    victim.wait()
    (left,) = tmp_path.glob(".preparing-*")
    out, _ = start_preparing(tmp_path, 0).communicate(timeout=120)
    assert "prepared 40" in out
    assert left.exists()  # it may belong to somebody in another container, until it is old
    long_ago = time.time() - storage.ABANDONED - 10
    for path in [*left.rglob("*"), left]:
        os.utime(path, (long_ago, long_ago))
    storage._sweep(tmp_path)
    assert not left.exists()


def test_two_notebooks_preparing_at_once_both_get_the_data(tmp_path):
    """And a third one, in another container that shares the folder and not the process numbers, is left alone."""
    theirs = tmp_path / ".preparing-theirs"
    (theirs / "paper_pets").mkdir(parents=True)
    first, second = start_preparing(tmp_path, 0.02), start_preparing(tmp_path, 0.02)
    for process in (first, second):
        out, _ = process.communicate(timeout=120)
        assert process.returncode == 0 and "prepared 40" in out
    assert list(tmp_path.glob(".preparing-*")) == [theirs]


@pytest.fixture
def tiny(monkeypatch, tmp_path):
    monkeypatch.setattr(builders.PaperPets, "SPLITS", {"train": (1, 3), "validation": (2, 2), "test": (3, 2)})
    monkeypatch.setenv("SEGKIT_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def test_a_full_disk_is_named_and_leaves_nothing(monkeypatch, tiny):
    draw = builders.PaperPets.DRAW

    def full(seed, index, *rest):
        if index == 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        return draw(seed, index, *rest)

    monkeypatch.setattr(builders.PaperPets, "DRAW", staticmethod(full))
    with pytest.raises(OSError, match="disk is full.*SEGKIT_DATA") as caught:
        storage.paper_pets()
    assert caught.value.errno == errno.ENOSPC
    assert not list(tiny.rglob("*.tfrecord*"))
    monkeypatch.setattr(builders.PaperPets, "DRAW", staticmethod(draw))
    assert storage.paper_pets().info.splits["train"].num_examples == 3


@pytest.mark.parametrize("harm", ["removed", "emptied", "half"])
def test_a_set_without_its_description_mends_itself(tiny, harm):
    info = storage.pathlib.Path(storage.paper_pets().data_dir) / "dataset_info.json"
    if harm == "removed":
        info.unlink()
    else:
        info.write_text("" if harm == "emptied" else info.read_text()[:40])
    assert storage.paper_pets().info.splits["train"].num_examples == 3
    assert len(load("paper_pets").train) == 3


def test_damaged_records_name_the_folder_to_remove(tiny):
    folder = storage.pathlib.Path(storage.paper_pets().data_dir)
    records = next(folder.glob("*train*"))
    content = bytearray(records.read_bytes())
    content[len(content) // 2] ^= 255
    records.write_bytes(content)
    with pytest.raises(OSError, match=r"damaged: remove that folder") as caught:
        _ = load("paper_pets").train
    assert str(folder) in str(caught.value)


def test_a_download_that_breaks_off_is_replaced_aloud(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "none"))
    monkeypatch.setenv("SEGKIT_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(builders.PaperPets, "SPLITS", {"train": (1, 3), "validation": (2, 2), "test": (3, 2)})
    monkeypatch.setattr(storage, "_reach", lambda address: None)
    prepare = storage._prepare

    def broken(builder, downloads):
        if builder.name == "oxford_iiit_pet":
            raise ConnectionError("reset by peer")
        prepare(builder, downloads)

    monkeypatch.setattr(storage, "_prepare", broken)
    assert load("oxford_iiit_pet").name == "paper_pets"
    said = capsys.readouterr().out
    assert "ConnectionError, reset by peer" in said and "TFDS_DATA_DIR" in said
    assert not list((tmp_path / "data").glob(".preparing-*"))


def test_a_read_only_disk_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("SEGKIT_DATA", str(tmp_path))

    def refuse(root):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(storage, "_sweep", refuse)
    with pytest.raises(OSError, match="cannot be written: set SEGKIT_DATA"):
        storage.paper_pets()


def test_where_data_live(monkeypatch, tmp_path):
    monkeypatch.setenv("SEGKIT_DATA", str(tmp_path / "mine"))
    assert storage.home() == tmp_path / "mine"
    monkeypatch.delenv("SEGKIT_DATA")
    checkout = storage.pathlib.Path(storage.__file__).resolve().parents[2] / "data"
    assert storage.home() == checkout
    monkeypatch.setattr(storage.os, "access", lambda *args: False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert storage.home() == tmp_path / ".cache" / "segkit"


def test_nothing_is_written_to_the_working_directory(tiny, tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    storage.paper_pets()
    assert not list(elsewhere.iterdir()) and (tiny / "paper_pets").is_dir()


def test_a_folder_that_cannot_be_written_is_named(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("SEGKIT_DATA", str(tmp_path / "file"))
    with pytest.raises(OSError, match="SEGKIT_DATA"):
        storage.paper_pets()


def test_an_untouched_clone_works_from_any_directory(tmp_path):
    """A copy of what git tracks, never installed, used from elsewhere: data go into the copy's data folder."""
    root = storage.pathlib.Path(storage.__file__).resolve().parents[2]
    clone, elsewhere = tmp_path / "clone", tmp_path / "elsewhere"
    elsewhere.mkdir()
    tracked = subprocess.run(
        ["git", "ls-files", "segkit", "data"], cwd=root, capture_output=True, text=True, check=True
    )
    for name in tracked.stdout.splitlines():
        (clone / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / name, clone / name)
    environment = {key: value for key, value in os.environ.items() if key != "SEGKIT_DATA"} | {
        "PYTHONPATH": str(clone)
    }
    run = subprocess.run(
        [sys.executable, "-c", SMALL, "0"], cwd=elsewhere, env=environment, capture_output=True, text=True
    )
    assert "prepared 40" in run.stdout, run.stderr[-2000:]
    assert (clone / "data" / "paper_pets").is_dir() and not list(elsewhere.iterdir())


def test_drawing_counts_scenes_on_the_error_stream_alone(monkeypatch, tmp_path, capsys):
    """In a notebook, whatever else it showed would be an output of the cell that happened to draw first."""
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda *args, **kwargs: shown.append(args))
    monkeypatch.setenv("SEGKIT_DATA", str(tmp_path))
    monkeypatch.setattr(builders.PaperPets, "SPLITS", {"train": (1, 3), "validation": (2, 2), "test": (3, 2)})
    monkeypatch.setattr("tensorflow_datasets.core.utils.tqdm_utils.tqdm_lib.tqdm", tqdm.notebook.tqdm)
    assert storage.paper_pets().is_prepared()
    out, err = capsys.readouterr()
    assert not shown and not out
    assert "drawing paper_pets, train" in err and "0/3" in err
