"""A student's own pictures: a folder of pictures, a folder of masks or of instance masks, matched by name."""

import difflib

import numpy as np
from PIL import ImageColor

from ..labels import VOID, check_mask
from . import image_files
from .objects import numbered, objects_of
from .pictures import Pictures
from .sizes import as_size, resize_image, resize_labels

LOSSY = (".jpg", ".jpeg", ".webp")


def from_folder(
    images,
    masks=None,
    classes=("background", "object"),
    *,
    instances=None,
    size=None,
    colors=None,
    void=(VOID,),
):
    """Read pictures and their masks: `from_folder("pictures", "masks", ["background", "cell"])`.

    A mask is a PNG, TIFF or BMP with its picture's name, and all masks of a folder hold either
      - class numbers 0 … len(classes)−1 (grey or palette), 255 or a number listed in `void` for void;
      - 0 and 255, when there are two classes;
      - colours, with `colors={"cell": (255, 0, 0), …}`; a colour that is not listed is an error.

    `instances="ids"` names a folder of instance masks, 0 for background and a number for each object, of any size:
    boxes and labels are made from them; without `masks`, every object belongs to the second class.
    `size`, (height, width) or the height alone, resizes all: pictures smoothly, masks by nearest neighbour.
    """
    classes = _classes(classes)
    if masks is None and instances is None:
        raise TypeError(
            "from_folder needs masks, a folder of masks, or instances=, a folder of instance masks."
        )
    paths = image_files.files_of(images)
    folders = {
        kind: image_files.files_of(folder)
        for kind, folder in (("mask", masks), ("instance mask", instances))
        if folder is not None
    }
    for kind, found in folders.items():
        _match(paths, found, kind)
    names = sorted(paths)
    shapes, brightest = zip(*(image_files.look(paths[name]) for name in names), strict=True)
    white, one_shape = image_files.shade_range(brightest), len(set(shapes)) == 1
    if size is None and not one_shape:
        other = next(index for index, shape in enumerate(shapes) if shape != shapes[0])
        (height, width), (first_height, first_width) = shapes[other], shapes[0]
        raise ValueError(
            f"{paths[names[other]].name} is {height}×{width} and {paths[names[0]].name} is {first_height}×{first_width}: "
            "give size=(height, width) to bring all pictures to one size."
        )
    size = shapes[0] if size is None else as_size(size, shapes[0] if one_shape else (1, 1))
    palette = None if colors is None else _palette(colors, classes)
    read_number = _numbers if palette is None else lambda opened, path: _from_colors(opened, path, palette)
    read_images, raw, values = [], {kind: [] for kind in folders}, []
    for name in names:  # one at a time: a folder of photographs does not fit into memory before it is resized
        picture = image_files.read(paths[name])
        image = image_files.rgb(image_files.shown(picture), white)
        for kind, found in folders.items():
            opened = _upright(image_files.read(found[name]), picture, paths[name], found[name])
            mask = (read_number if kind == "mask" else _ids)(opened, found[name])
            check_mask(np.zeros(mask.shape, int), 1, image, found[name].name)
            if kind == "mask":
                values.append(np.unique(mask))
            raw[kind].append(resize_labels(mask, size))
        read_images.append(resize_image(image, size))
    if masks is None:
        read_masks = [(ids > 0).astype(np.uint8) for ids in raw["instance mask"]]
    else:
        mask_paths = [folders["mask"][name] for name in names]
        understood = _encoding(values, mask_paths, classes, void) if palette is None else lambda mask: mask
        for labels, path in zip(values, mask_paths, strict=True):
            check_mask(understood(labels[None]), len(classes), name=path.name)
        read_masks = [understood(mask) for mask in raw["mask"]]
    fields = {}
    if instances is not None:
        fields = objects_of([numbered(ids) for ids in raw["instance mask"]], read_masks)
    return Pictures(
        np.stack(read_images), np.stack(read_masks).astype(np.uint8), classes, tuple(names), fields
    )


def _classes(classes):
    if isinstance(classes, str) or not hasattr(classes, "__iter__"):
        raise TypeError(
            f'classes is {classes!r}; give the names of all classes in the order of their numbers, ["background", "cell"].'
        )
    classes = tuple(classes)
    if len(set(classes)) < len(classes):
        twice = next(name for name in classes if classes.count(name) > 1)
        raise ValueError(f"classes names {twice!r} twice: give every class a name of its own.")
    return classes


def _match(paths, found, kind):
    for here, there, what in ((paths, found, f"No {kind} for"), (found, paths, f"No picture for the {kind}")):
        if missing := sorted(here.keys() - there.keys()):
            name = here[missing[0]].name
            free = there.keys() - here.keys()
            near = [other for other in sorted(free) if missing[0].lower() in other.lower()]
            near = near or difflib.get_close_matches(missing[0], free, 1, 0.5)
            hint = f"; is it {there[near[0]].name}?" if near else ""
            raise FileNotFoundError(
                f"{what} {name} ({len(missing)} missing{hint}): name each {kind} like its picture, or remove the one without."
            )


def _upright(mask, picture, picture_path, path):
    """The mask as it lies on the picture as shown.

    A picture that its camera marked as turned is turned when read, as every viewer does. Its mask may have been drawn
    on the picture as shown or on the stored pixels: where the sizes tell, they decide; where they do not, we ask.
    """
    mark = picture.getexif().get(image_files.ORIENTATION, 1)
    if mark in (0, 1) or mask.getexif().get(image_files.ORIENTATION, 1) != 1:
        return image_files.shown(mask)
    on_shown, on_stored = mask.size == image_files.shown(picture).size, mask.size == picture.size
    if on_shown and on_stored:
        raise ValueError(
            f"{picture_path.name} carries its camera's mark that it was held turned, and whether {path.name} was drawn before or "
            "after turning cannot be told: open the picture in an editor, save it as PNG, and see that the mask fits."
        )
    if not on_stored:
        return mask
    marked = mask.copy()
    marked.getexif()[image_files.ORIENTATION] = mark
    return image_files.shown(marked)


def _lossless(path):
    if path.suffix.lower() in LOSSY:
        raise ValueError(
            f"{path.name} is a {path.suffix[1:].upper()}, which blurs labels at every edge: save masks as PNG."
        )


def _ids(opened, path):
    _lossless(path)
    ids = np.asarray(opened)
    if ids.ndim == 3:  # ids beyond 255 in colours: any colour is an object, black is none
        red, green, blue = np.moveaxis(ids[..., :3].astype(np.int64), -1, 0)
        ids = red + 256 * green + 65536 * blue
    if not np.issubdtype(ids.dtype, np.integer) and ids.dtype != bool:
        raise TypeError(
            f"{path.name} holds {ids.dtype} values, and ids are whole numbers: save it as a 16-bit PNG."
        )
    return ids.astype(np.int64)


def _numbers(opened, path):
    """A mask's numbers as they are written, not yet understood."""
    _lossless(path)
    if opened.mode in ("RGB", "RGBA", "LA", "PA"):
        channels = np.asarray(opened.convert("RGBA"))
        flat = (channels[..., :3] == channels[0, 0, :3]).all()
        if flat and (channels[..., 3] != channels[0, 0, 3]).any():
            raise ValueError(
                f"{path.name} is drawn in transparency alone: save the mask as a grey PNG without transparency."
            )
        if (channels[..., :3] != channels[..., :1]).any():
            raise ValueError(
                f'{path.name} is a colour mask: give colors={{"class name": (red, green, blue), …}}.'
            )
        return channels[..., 0]
    mask = np.asarray(opened)
    return mask.astype(np.uint8) if mask.dtype == bool else mask


def _encoding(values, paths, classes, void):
    """What 255 means is decided once for the folder, white or void, from the values of each mask: raw mask → labels."""
    found = [set(each.tolist()) for each in values]
    white = {255, 65535}
    black_and_white = [index for index, each in enumerate(found) if each <= {0, *white} and each & white]
    numbered_too = [index for index, each in enumerate(found) if each - {0} - white - set(void)]
    if len(classes) == 2 and black_and_white:
        if not numbered_too:
            return lambda mask: (mask > 0).astype(np.uint8)
        if 255 in void and not any(found[index] & white for index in numbered_too):
            raise ValueError(
                f"{paths[black_and_white[0]].name} is black and white (0 and 255) and {paths[numbered_too[0]].name} holds class "
                "numbers, so whether 255 means void cannot be told: save all masks in one way."
            )
    return lambda mask: _void_marked(mask, void)


def _void_marked(mask, void):
    if not np.issubdtype(mask.dtype, np.integer):
        return mask  # check_mask says what is wrong
    mask = np.where(np.isin(mask, void), VOID, mask)
    return mask.astype(np.uint8) if 0 <= mask.min() and mask.max() <= 255 else mask


def _palette(colors, classes):
    """Class number → colour, as three numbers."""
    if unknown := sorted(set(colors) - set(classes) - {"void"}):
        raise ValueError(
            f"colors names {unknown[0]!r}, which is none of the classes ({', '.join(classes)}) nor 'void'."
        )
    palette = {}
    for name, color in colors.items():
        try:
            color = (
                ImageColor.getrgb(color) if isinstance(color, str) else tuple(int(value) for value in color)
            )
            if len(color) != 3 or not all(0 <= value <= 255 for value in color):
                raise ValueError
        except (TypeError, ValueError):
            raise ValueError(
                f"The colour of {name!r} is {colors[name]!r}; give red, green and blue from 0 to 255, as (255, 0, 0)."
            ) from None
        if color in palette.values():
            raise ValueError(f"Two classes have the colour {color}: {name!r} needs one of its own.")
        palette[VOID if name == "void" else classes.index(name)] = color
    return palette


def _from_colors(opened, path, palette):
    pixels = np.asarray(opened.convert("RGB"))
    mask = np.full(pixels.shape[:2], VOID, np.uint8)
    known = np.zeros(pixels.shape[:2], bool)
    for label, color in palette.items():
        here = (pixels == np.asarray(color, np.uint8)).all(axis=-1)
        mask[here] = label
        known |= here
    if not known.all():
        color = tuple(int(value) for value in pixels[~known][0])
        share = 1 - known.mean()
        raise ValueError(
            f"{path.name} has the colour {color} ({share:.1%} of its pixels), which colors does not list: add it, "
            'add "void": that colour, or save the mask as PNG (JPEG blurs colours).'
        )
    return mask
