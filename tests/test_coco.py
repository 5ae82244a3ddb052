"""from_coco against pycocotools: ids, boxes, labels, crowds, key points; and what is refused."""

import json

import numpy as np
import pycocotools.mask as run_lengths
import pytest
from PIL import Image

from segkit.datasets import from_coco

SIZE = (40, 50)  # height, width


def annotation(number, picture, category, segmentation, **others):
    return {
        "id": number,
        "image_id": picture,
        "category_id": category,
        "segmentation": segmentation,
        "iscrowd": 0,
        **others,
    }


@pytest.fixture
def described(tmp_path):
    """Three pictures: two overlapping objects, a crowd with key points beside, and nothing."""
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for number in (1, 2, 3):
        Image.fromarray(np.random.RandomState(number).randint(0, 256, (*SIZE, 3), np.uint8)).save(
            pictures / f"{number}.png"
        )
    crowd = np.zeros(SIZE, np.uint8, order="F")
    crowd[:8] = 1
    encoded = run_lengths.encode(crowd)
    points = [25, 20, 2, 0, 0, 0, 30, 30, 1]
    content = {
        "images": [{"id": number, "file_name": f"{number}.png"} for number in (1, 2, 3)],
        "categories": [{"id": 18, "name": "dog"}, {"id": 3, "name": "car"}],
        "annotations": [
            annotation(1, 1, 18, [[15, 15, 25, 15, 25, 25, 15, 25]], area=100),
            annotation(2, 1, 3, [[5, 5, 45, 5, 45, 35, 5, 35]], area=1200),
            annotation(3, 2, 3, {"size": SIZE, "counts": encoded["counts"].decode()}, iscrowd=1, area=400),
            annotation(4, 2, 18, [[20, 15, 40, 15, 30, 35]], area=200, keypoints=points, num_keypoints=2),
        ],
    }
    (tmp_path / "file.json").write_text(json.dumps(content))
    return tmp_path / "file.json", pictures, content


def test_ids_boxes_and_labels(described):
    file, folder, content = described
    pictures = from_coco(file, folder, size=SIZE)
    assert pictures.classes == ("background", "car", "dog") and pictures["instances"].dtype == np.int32
    np.testing.assert_array_equal(pictures["valid"], [[True, True], [True, False], [False, False]])
    np.testing.assert_array_equal(pictures["labels"], [[1, 2], [2, 0], [0, 0]])
    dog, car = (
        run_lengths.decode(run_lengths.merge(run_lengths.frPyObjects(one["segmentation"], *SIZE))).astype(
            bool
        )
        for one in content["annotations"][:2]
    )
    np.testing.assert_array_equal(pictures["instances"][0] == 2, dog)  # the smaller one is seen
    np.testing.assert_array_equal(pictures["instances"][0] == 1, car & ~dog)
    np.testing.assert_array_equal(pictures.masks[0], np.where(dog, 2, car))
    assert (pictures.masks[1][:8] == 255).all() and (pictures["instances"][1][:8] == 0).all()  # the crowd
    np.testing.assert_allclose(pictures["boxes"][0, 1] * (40, 50, 40, 50), [15, 15, 25, 25], atol=1.01)
    np.testing.assert_allclose(
        pictures["keypoints"][1, 0], [[20 / 40, 25 / 50, 2], [0, 0, 0], [30 / 40, 30 / 50, 1]]
    )
    half = from_coco(file, folder, size=(20, 25))
    np.testing.assert_allclose(half["boxes"][0], pictures["boxes"][0], atol=0.06)


def test_what_is_no_coco_file(described, tmp_path):
    file, folder, content = described
    with pytest.raises(FileNotFoundError, match="There is no file"):
        from_coco(tmp_path / "nothing.json", folder, size=32)
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(ValueError, match="is no JSON file"):
        from_coco(tmp_path / "broken.json", folder, size=32)
    (tmp_path / "other.json").write_text("{}")
    with pytest.raises(ValueError, match="is no COCO file: it has no 'images'"):
        from_coco(tmp_path / "other.json", folder, size=32)
    (folder / "2.png").unlink()
    with pytest.raises(FileNotFoundError, match=r"file\.json names 2\.png, which is not in"):
        from_coco(file, folder, size=32)
