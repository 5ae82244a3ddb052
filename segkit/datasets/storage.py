"""Where prepared data live, and how they get there once, whole or not at all."""

import contextlib
import errno
import os
import pathlib
import shutil
import tempfile
import time
import urllib.error
import urllib.request

ABANDONED = 6 * 3600  # seconds without a change after which a half-prepared folder belongs to nobody


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


def paper_places():
    """The prepared builder of `paper_places`; draws the scenes on first use."""
    from .builders import PaperPlaces

    return _prepared(lambda folder: PaperPlaces(data_dir=folder))


def paper_cells():
    """The prepared builder of `paper_cells`; draws the slides on first use."""
    from .builders import PaperCells

    return _prepared(lambda folder: PaperCells(data_dir=folder))


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
    if builder := _ready(make, root):
        return builder
    try:
        if address is not None:
            _reach(address)
        root.mkdir(parents=True, exist_ok=True)
        _sweep(root)
        # a name of its own also among containers that share the folder, where process numbers repeat
        workshop = pathlib.Path(tempfile.mkdtemp(prefix=".preparing-", dir=root))
        try:
            made = make(workshop)
            _prepare(made, downloads=root / "downloads")
            final = root / pathlib.Path(made.data_dir).relative_to(workshop)
            _move(pathlib.Path(made.data_dir), final, lambda: _ready(make, root))
        finally:
            shutil.rmtree(workshop, ignore_errors=True)
    except NotAvailable:
        raise
    except Exception as error:  # TensorFlow's own file errors are no OSError
        if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT) or "No space left" in str(error):
            raise OSError(
                errno.ENOSPC,
                f"The disk is full while preparing data in {root}: free some space, or set SEGKIT_DATA "
                "to a folder on a larger disk. Nothing half-made was kept; run the cell again.",
            ) from error
        unwritable = isinstance(error, PermissionError | FileExistsError | NotADirectoryError)
        if unwritable or getattr(error, "errno", None) == errno.EROFS:
            raise OSError(f"{root} cannot be written: set SEGKIT_DATA to a folder that can.") from error
        if address is not None and not isinstance(error, KeyboardInterrupt):
            reason = f"the download broke off: {type(error).__name__}, {str(error).splitlines()[0][:200]}"
            raise NotAvailable(reason) from error
        raise
    return make(root)


def _ready(make, root):
    """The builder of a set that is there and whole, else None: a description that cannot be read counts as not there."""
    try:
        builder = make(root)
        return builder if builder.is_prepared() else None
    except Exception:  # an empty or broken dataset_info.json, whatever its reader makes of it
        return None


def _prepare(builder, downloads):
    import tensorflow_datasets as tfds

    if not builder.name.startswith("paper_"):
        builder.download_and_prepare(download_dir=downloads)
        return
    config = tfds.download.DownloadConfig(num_shards=1)
    tfds.disable_progress_bar()  # the scenes count themselves
    try:
        with contextlib.redirect_stdout(None):  # nothing is downloaded, whatever TFDS says
            builder.download_and_prepare(download_dir=downloads, download_config=config)
    finally:
        tfds.enable_progress_bar()


def _move(made, final, ready):
    """Into place in one step; what stands there and is no whole set makes room."""
    final.parent.mkdir(parents=True, exist_ok=True)
    for _ in range(2):
        try:
            os.rename(made, final)
            return
        except OSError:
            if ready():  # another process was faster
                return
            if not final.exists():
                raise
            broken = tempfile.mkdtemp(prefix=".preparing-broken-", dir=made.parents[2])
            with contextlib.suppress(FileNotFoundError):
                os.rename(final, pathlib.Path(broken) / final.name)
    raise FileExistsError(final)


def _quiet():
    """TFDS logs a warning for every folder that is not there yet."""
    import absl.logging

    absl.logging.set_verbosity(absl.logging.ERROR)


def _sweep(root):
    """Remove what an interrupted preparation left behind, long ago."""
    for left in root.glob(".preparing-*"):
        with contextlib.suppress(OSError):
            changed = max(path.stat().st_mtime for path in (left, *left.rglob("*")))
            if time.time() - changed > ABANDONED:
                shutil.rmtree(left, ignore_errors=True)


def _reach(address):
    """One quick question to the server, so that no network means one line and not minutes of retries."""
    try:
        urllib.request.urlopen(urllib.request.Request(address, method="HEAD"), timeout=10).close()
    except (urllib.error.URLError, OSError) as error:
        raise NotAvailable(getattr(error, "reason", error)) from error
