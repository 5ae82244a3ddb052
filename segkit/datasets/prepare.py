"""Where prepared data live, and how they get there once, whole or not at all."""

import contextlib
import errno
import os
import pathlib
import shutil
import time
import urllib.error
import urllib.request

ABANDONED = 3600  # seconds after which a half-prepared folder belongs to nobody


class NotAvailable(Exception):
    """The data set is not on this machine and cannot be fetched now."""


def home():
    """`$SEGKIT_DATA`, else `data/` of the checkout that segkit runs from, else `~/.cache/segkit`."""
    if chosen := os.environ.get("SEGKIT_DATA"):
        return pathlib.Path(chosen).expanduser()
    checkout = pathlib.Path(__file__).resolve().parents[2]
    if (checkout / "data" / "README.md").exists() and os.access(checkout / "data", os.W_OK):
        return checkout / "data"
    return pathlib.Path("~/.cache/segkit").expanduser()


def paper_pets():
    """The prepared builder of `paper_pets`; draws the scenes on first use."""
    from .builders import PaperPets

    return _prepared(lambda folder: PaperPets(data_dir=folder))


def oxford_iiit_pet():
    """The prepared builder of Oxford-IIIT Pet, from TFDS' folder or ours; downloads it on first use (800 MB)."""
    import tensorflow_datasets as tfds

    def make(folder):
        return tfds.builder("oxford_iiit_pet:4.*.*", data_dir=folder)

    _quiet()
    default = pathlib.Path(os.environ.get("TFDS_DATA_DIR", "~/tensorflow_datasets")).expanduser()
    if default.is_dir():
        with contextlib.suppress(Exception):  # whatever is wrong there, our own folder may still have it
            builder = make(default)
            if builder.is_prepared():
                return builder
    return _prepared(make, address="https://thor.robots.ox.ac.uk/~vgg/data/pets/annotations.tar.gz")


def _prepared(make, address=None):
    """Prepare in a private folder, then move it into place in one step.

    An interrupted preparation leaves nothing that a later one would trust, and when two processes prepare
    the same set at once, the first to finish wins and the second takes its result.
    """
    root = home()
    _quiet()
    try:
        builder = make(root)
        if builder.is_prepared():
            return builder
        final = pathlib.Path(builder.data_dir)
        if address is not None:
            _reach(address)
        root.mkdir(parents=True, exist_ok=True)
        _sweep(root)
        workshop = root / f".preparing-{final.parent.name}-{os.getpid()}"
        try:
            _prepare(make(workshop), downloads=root / "downloads")
            _move(pathlib.Path(make(workshop).data_dir), final)
        finally:
            shutil.rmtree(workshop, ignore_errors=True)
    except Exception as error:  # TensorFlow's own file errors are no OSError
        if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT) or "No space left" in str(error):
            raise OSError(
                errno.ENOSPC,
                f"The disk is full while preparing data in {root}: free some space, or set SEGKIT_DATA "
                "to a folder on a larger disk. Nothing half-made was kept; run the cell again.",
            ) from error
        if isinstance(error, PermissionError | FileExistsError | NotADirectoryError):
            raise type(error)(f"{root} cannot be written: set SEGKIT_DATA to a folder that can.") from error
        raise
    return make(root)


def _prepare(builder, downloads):
    import tensorflow_datasets as tfds

    config = tfds.download.DownloadConfig(num_shards=1) if builder.name == "paper_pets" else None
    builder.download_and_prepare(download_dir=downloads, download_config=config)


def _move(made, final):
    final.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.rename(made, final)
    except OSError:
        if not (final / "dataset_info.json").exists():
            raise


def _quiet():
    """TFDS logs a warning for every folder that is not there yet."""
    import absl.logging

    absl.logging.set_verbosity(absl.logging.ERROR)


def _sweep(root):
    """Remove what an interrupted preparation left behind."""
    for left in root.glob(".preparing-*"):
        owner = left.name.rsplit("-", 1)[-1]
        alive = owner.isdigit() and pathlib.Path(f"/proc/{owner}").exists()
        with contextlib.suppress(FileNotFoundError):
            if not alive and (
                pathlib.Path("/proc").is_dir() or time.time() - left.stat().st_mtime > ABANDONED
            ):
                shutil.rmtree(left, ignore_errors=True)


def _reach(address):
    """One quick question to the server, so that no network means one line and not minutes of retries."""
    try:
        urllib.request.urlopen(urllib.request.Request(address, method="HEAD"), timeout=10).close()
    except (urllib.error.URLError, OSError) as error:
        raise NotAvailable(getattr(error, "reason", error)) from error
