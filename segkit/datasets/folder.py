"""A student's own pictures: a folder of pictures, a folder of masks, matched by name."""

import pathlib

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from ..labels import VOID, check_mask
from .pictures import Pictures

ENDINGS = (".png", ".jpg", ".jpeg")
SIDEWAYS = {
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # EXIF orientations


def from_folder(images, masks, classes, *, size=None, colors=None, void=(VOID,)):
    """Read PNG and JPEG pictures and their masks: `from_folder("pictures", "masks", ["background", "cell"])`.

    A mask has its picture's name without the ending, and is one of
      - class numbers 0 … len(classes)−1 (grey or palette PNG), 255 or a number listed in `void` for void;
      - 0 and 255, when there are two classes;
      - colours, with `colors={"cell": (255, 0, 0), …}`; a colour that is not listed is an error.
    `size` (a number, or (height, width)) resizes all: pictures smoothly, masks by nearest neighbour.
    """
    classes = tuple(classes)
    picture_files, mask_files = _files(images), _files(masks)
    if missing := sorted(picture_files.keys() - mask_files.keys()):
        raise FileNotFoundError(
            f"No mask for {picture_files[missing[0]].name} in {masks} ({len(missing)} missing): "
            "name each mask like its picture, or remove the picture."
        )
    if lonely := sorted(mask_files.keys() - picture_files.keys()):
        raise FileNotFoundError(
            f"No picture for the mask {mask_files[lonely[0]].name} in {images} ({len(lonely)} missing): "
            "name each picture like its mask, or remove the mask."
        )
    size = (size, size) if isinstance(size, int) else size
    all_images, all_masks, names = [], [], sorted(picture_files)
    for name in names:
        path, mask_path = picture_files[name], mask_files[name]
        opened = _open(path)
        orientation = opened.getexif().get(0x0112, 1)
        image = _read_image(ImageOps.exif_transpose(opened))
        mask = _read_mask(mask_path, classes, colors, void, orientation, stored=opened.size)
        check_mask(mask, len(classes), image, f"{mask_path.name}")
        if size is not None and image.shape[:2] != size:
            image = np.asarray(Image.fromarray(image).resize(size[::-1], Image.Resampling.BILINEAR))
            mask = np.asarray(Image.fromarray(mask).resize(size[::-1], Image.Resampling.NEAREST))
        if all_images and image.shape != all_images[0].shape:
            first, this = all_images[0].shape, image.shape
            raise ValueError(
                f"{path.name} is {this[0]}×{this[1]} and {picture_files[names[0]].name} is {first[0]}×{first[1]}: "
                "give size=(height, width) to bring all pictures to one size."
            )
        all_images.append(image)
        all_masks.append(mask)
    return Pictures(np.stack(all_images), np.stack(all_masks), classes, tuple(names))


def _files(folder):
    folder = pathlib.Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(
            f"There is no folder {folder}: check the path (you are in {pathlib.Path.cwd()})."
        )
    found = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in ENDINGS and not path.name.startswith("."):
            if path.stem in found:
                raise ValueError(f"{found[path.stem].name} and {path.name} share a name: keep one of them.")
            found[path.stem] = path
    if not found:
        raise FileNotFoundError(f"{folder} holds no pictures: put {', '.join(ENDINGS)} files into it.")
    return found


def _open(path):
    try:
        opened = Image.open(path)
        opened.load()
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        raise ValueError(
            f"{path.name} cannot be read as a picture ({error}): open it in a viewer, save it again, or remove it."
        ) from error
    return opened


def _read_image(opened):
    if opened.mode.startswith("I"):  # 16 bits a pixel, as microscopes write; Pillow would clip them to white
        pixels = np.asarray(opened)
        grey = (pixels // 257 if pixels.max() > 255 else pixels).astype(np.uint8)
        opened = Image.fromarray(grey)
    return np.asarray(opened.convert("RGB"))


def _read_mask(path, classes, colors, void, orientation, stored):
    opened = _open(path)
    # A picture that its camera marked as turned is turned when read, as every viewer does. A mask whose size
    # shows that it was drawn on the stored pixels is turned too; any other was drawn on the picture as shown.
    if orientation in SIDEWAYS and opened.size == stored != stored[::-1]:
        opened = opened.transpose(SIDEWAYS[orientation])
    else:
        opened = ImageOps.exif_transpose(opened)
    if colors is not None:
        return _from_colors(np.asarray(opened.convert("RGB")), path, classes, colors)
    if opened.mode in ("RGB", "RGBA", "LA"):
        channels = np.asarray(opened.convert("RGB"))
        if (channels != channels[..., :1]).any():
            raise ValueError(
                f'{path.name} is a colour mask: give colors={{"class name": (red, green, blue), …}}.'
            )
        mask = channels[..., 0]
    else:
        mask = np.asarray(opened)
    if mask.dtype == bool:
        mask = mask.astype(np.uint8)
    elif len(classes) == 2 and set(np.unique(mask)) == {0, 255} and 255 in void:
        mask = (mask == 255).astype(np.uint8)
    if np.issubdtype(mask.dtype, np.integer):
        mask = np.where(np.isin(mask, void), VOID, mask)
        if mask.max() <= 255 and mask.min() >= 0:
            mask = mask.astype(np.uint8)
    return mask


def _from_colors(pixels, path, classes, colors):
    if unknown := sorted(set(colors) - set(classes) - {"void"}):
        raise ValueError(
            f"colors names {unknown[0]!r}, which is none of the classes ({', '.join(classes)}) nor 'void'."
        )
    mask = np.full(pixels.shape[:2], VOID, np.uint8)
    known = np.zeros(pixels.shape[:2], bool)
    for name, color in colors.items():
        here = (pixels == np.asarray(color, np.uint8)).all(axis=-1)
        mask[here] = VOID if name == "void" else classes.index(name)
        known |= here
    if not known.all():
        color = tuple(int(value) for value in pixels[~known][0])
        share = 1 - known.mean()
        raise ValueError(
            f"{path.name} has the colour {color} ({share:.1%} of its pixels), which colors does not list: add it, "
            'add "void": that colour, or save the mask as PNG (JPEG blurs colours).'
        )
    return mask
