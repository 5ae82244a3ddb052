"""Reading picture files that may be anything: by content and not by name, of bounded size, closed afterwards."""

import contextlib
import pathlib
import unicodedata

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp")
# A file is what its content says. Pillow also knows formats that run programs, PostScript among them: these are not asked.
FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "WEBP")
OTHERS = (
    ".gif",
    ".heic",
    ".heif",
    ".avif",
    ".jp2",
    ".svg",
    ".dcm",
    ".npy",
    ".nii",
    ".gz",
    ".psd",
    ".raw",
)  # pictures, too
MOST_PIXELS = 64_000_000  # a small file may hold more than memory does
ORIENTATION = 0x0112  # the EXIF entry in which a camera says how it was held


def files_of(folder):
    """Name without ending → path, for every picture of a folder."""
    if not isinstance(folder, str | pathlib.Path):
        raise TypeError(
            f"from_folder takes the folder that holds the files, as text, and not a {type(folder).__name__}."
        )
    folder = pathlib.Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(
            f"There is no folder {folder}: check the path (you are in {pathlib.Path.cwd()})."
        )
    found = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in PICTURES and not path.name.startswith(".") and path.is_file():
            name = unicodedata.normalize("NFC", path.stem)
            if name in found:
                raise ValueError(f"{found[name].name} and {path.name} share a name: keep one of them.")
            found[name] = path
    others = sorted(path.name for path in folder.iterdir() if path.suffix.lower() in OTHERS)
    if others:
        more = f" and {len(others) - 1} more" if others[1:] else ""
        print(f"{folder.name}: {others[0]}{more} left out; pictures are read from {', '.join(PICTURES)}.")
    if not found:
        raise FileNotFoundError(f"{folder} holds no pictures: put {', '.join(PICTURES)} files into it.")
    return found


def look(path):
    """Height and width as shown, and the brightest pixel of a deep picture (255 of others); keeps no pixels."""
    with _open(path) as opened:
        turned = opened.getexif().get(ORIENTATION, 1) >= 5
        brightest = int(np.asarray(opened).max()) if deep(opened) else 255
        return (opened.size if turned else opened.size[::-1]), brightest


def read(path):
    """The opened picture in memory, its file closed again."""
    with _open(path) as opened:
        opened.load()
        return opened.copy() if opened.format != "JPEG" else _with_exif(opened)


@contextlib.contextmanager
def _open(path):
    try:
        with Image.open(path, formats=FORMATS) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise ValueError(
                    f"{path.name} is {opened.height}×{opened.width} pixels, more than {MOST_PIXELS // 1_000_000} million: "
                    "make it smaller, or cut it into tiles."
                )
            yield opened
    except Image.DecompressionBombError as error:
        raise ValueError(
            f"{path.name} has far more than {MOST_PIXELS // 1_000_000} million pixels: make it smaller, or cut it into tiles."
        ) from error
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        raise ValueError(
            f"{path.name} cannot be read as a picture ({error}): open it in a viewer, save it again, or remove it."
        ) from error


def _with_exif(opened):
    copy = opened.copy()
    copy.getexif().update(opened.getexif())
    return copy


def shown(opened):
    """As a viewer shows it: turned as the camera's mark says."""
    return ImageOps.exif_transpose(opened)


def deep(opened):
    """More than 8 bits a pixel, as microscopes write."""
    return opened.mode.startswith("I") or opened.mode == "F"


def shade_range(brightest):
    """What white is in a folder's deep pictures: 255, or all ones of as many bits as its brightest pixel needs."""
    return next(white for white in (255, 1023, 4095, 16383, 65535, 2**31) if max(brightest) <= white)


def rgb(opened, white):
    """(H, W, 3) uint8."""
    if deep(opened):  # Pillow would clip them to white
        opened = Image.fromarray(
            np.rint(np.asarray(opened, np.float64) * (255 / white)).clip(0, 255).astype(np.uint8)
        )
    return np.asarray(opened.convert("RGB"))
