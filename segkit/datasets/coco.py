"""Pictures described by a COCO file: polygons and run lengths become instance ids, boxes and labels."""

import json
import pathlib

import numpy as np

from ..labels import VOID
from . import image_files
from .objects import numbered, objects_of
from .pictures import Pictures
from .sizes import as_size, resize_image, resize_labels


def from_coco(file, images, *, size):
    """Read a COCO file and its folder of pictures: `from_coco("instances.json", "pictures", size=256)`.

    The masks hold classes: 0 background, then the file's categories in the order of their numbers; crowds become void.
    Where objects overlap, the smaller one is seen. Key points come along where all objects have as many.
    """
    try:
        import pycocotools.mask as run_lengths
    except ImportError as error:
        raise ImportError("COCO files are read with pycocotools: pip install pycocotools.") from error
    described, images, size = _described(file), pathlib.Path(images), as_size(size)
    categories = sorted(described["categories"], key=lambda category: category["id"])
    label_of = {category["id"]: label for label, category in enumerate(categories, start=1)}
    by_picture = {picture["id"]: [] for picture in described["images"]}
    for annotation in described["annotations"]:
        by_picture[annotation["image_id"]].append(annotation)
    for picture in described["images"]:
        if not (images / picture["file_name"]).is_file():
            raise FileNotFoundError(
                f"{pathlib.Path(file).name} names {picture['file_name']}, which is not in {images}."
            )
    white = image_files.shade_range(
        [image_files.look(images / picture["file_name"])[1] for picture in described["images"]] or [255]
    )
    read_images, masks, instances, keypoints = [], [], [], []
    for picture in described["images"]:
        path = images / picture["file_name"]
        opened = image_files.read(path)
        image = image_files.rgb(opened, white)
        height, width = image.shape[:2]
        mask, ids, points = np.zeros((height, width), np.uint8), np.zeros((height, width), np.int32), []
        for annotation in sorted(
            by_picture[picture["id"]], key=lambda one: (not one.get("iscrowd", 0), -one.get("area", 0))
        ):
            shape = annotation["segmentation"]
            if isinstance(shape, dict):
                shape = (
                    run_lengths.frPyObjects(shape, height, width)
                    if isinstance(shape["counts"], list)
                    else shape
                )
            else:
                shape = run_lengths.merge(run_lengths.frPyObjects(shape, height, width))
            inside = run_lengths.decode(shape).astype(bool)
            crowd = bool(annotation.get("iscrowd", 0))
            mask[inside] = VOID if crowd else label_of[annotation["category_id"]]
            if not crowd:
                points.append(np.reshape(annotation.get("keypoints", []), (-1, 3)) / (width, height, 1))
                ids[inside] = len(points)
        read_images.append(resize_image(image, size))
        masks.append(resize_labels(mask, size))
        ids = resize_labels(ids, size)
        instances.append(numbered(ids))
        keypoints.append([points[number - 1][:, [1, 0, 2]] for number in np.unique(ids) if number])
    fields = objects_of(instances, masks)
    if counts := {len(points) for each in keypoints for points in each} - {0}:
        fields["keypoints"] = np.zeros((*fields["valid"].shape, max(counts), 3), np.float32)
        for row, each in zip(fields["keypoints"], keypoints, strict=True):
            for place, points in zip(row, each, strict=False):
                place[: len(points)] = points
    classes = ("background", *(category["name"] for category in categories))
    names = tuple(picture["file_name"] for picture in described["images"])
    return Pictures(np.stack(read_images), np.stack(masks), classes, names, fields)


def _described(file):
    try:
        described = json.loads(pathlib.Path(file).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise FileNotFoundError(
            f"There is no file {file}: check the path (you are in {pathlib.Path.cwd()})."
        ) from None
    except json.JSONDecodeError as error:
        raise ValueError(f"{file} is no JSON file ({error}): fetch it again.") from error
    if missing := [key for key in ("images", "annotations", "categories") if key not in described]:
        raise ValueError(f"{file} is no COCO file: it has no {missing[0]!r}.")
    return described
