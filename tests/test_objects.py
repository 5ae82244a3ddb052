"""AveragePrecision against a plain loop: boxes, masks and key points, with crowds, empty pictures and absent classes."""

import numpy as np
import pytest

from segkit.datasets.objects import boxes_of
from segkit.metrics import AveragePrecision, average_precision

SIZE, PLACES, POINTS = (24, 30), 4, 3


def random_objects(seed, crowds=True):
    """A few pictures with up to four rectangles each, and what a poor detector says of them."""
    random = np.random.default_rng(seed)
    pictures = int(random.integers(1, 5))
    truth = {
        "instances": np.zeros((pictures, *SIZE), int),
        "labels": random.integers(0, 3, (pictures, PLACES)),
        "valid": np.zeros((pictures, PLACES), bool),
        "boxes": np.zeros((pictures, PLACES, 4), np.float32),
        "crowd": np.zeros((pictures, PLACES), bool),
    }
    for picture, ids in enumerate(truth["instances"]):
        for number in range(random.integers(0, PLACES + 1)):
            top, left = random.integers(0, 16, 2)
            height, width = random.integers(3, 14, 2)
            ids[top : top + height, left : left + width] = number + 1
        present = np.isin(np.arange(1, PLACES + 1), ids)
        truth["valid"][picture] = present
        truth["crowd"][picture] = present & (random.random(PLACES) < 0.2) & crowds
        truth["boxes"][picture] = boxes_of(ids, PLACES)
    truth["keypoints"] = np.concatenate(
        [random.random((pictures, PLACES, POINTS, 2)), random.integers(0, 3, (pictures, PLACES, POINTS, 1))],
        axis=-1,
    )
    masks = np.stack([[ids == number + 1 for number in range(PLACES)] for ids in truth["instances"]])
    shifts = random.integers(-2, 3, (pictures, PLACES, 2))
    found = {
        "boxes": truth["boxes"] + random.normal(scale=0.05, size=truth["boxes"].shape),
        "labels": np.where(random.random((pictures, PLACES)) < 0.8, truth["labels"], 0),
        "scores": random.permutation(pictures * PLACES).reshape(pictures, PLACES) / 100,
        "valid": truth["valid"] ^ (random.random((pictures, PLACES)) < 0.2),
        "masks": np.stack(
            [
                [np.roll(mask, shift, (0, 1)) for mask, shift in zip(*both, strict=True)]
                for both in zip(masks, shifts, strict=True)
            ]
        ).astype("float32"),
        "keypoints": truth["keypoints"]
        + np.append(
            random.normal(scale=0.03, size=(*truth["keypoints"].shape[:-1], 2)),
            np.zeros((pictures, PLACES, POINTS, 1)),
            -1,
        ),
    }
    found["boxes"][..., 2:] = np.maximum(found["boxes"][..., 2:], found["boxes"][..., :2] + 0.05)
    return truth, found


def alike(kind, truth, found, picture, number, guess, crowd):
    """IoU of boxes or masks (of a crowd: the answer's share inside it), or the likeness of key points."""
    height, width = SIZE
    if kind == "keypoints":
        ours, theirs = truth["keypoints"][picture, number], found["keypoints"][picture, guess]
        area = np.sum(truth["instances"][picture] == number + 1)
        far = np.sum(((ours - theirs)[:, :2] * [height, width]) ** 2, axis=1)
        return np.mean(np.exp(-far / (2 * 0.05) ** 2 / area / 2)[ours[:, 2] > 0])
    if kind == "boxes":
        one, two = (
            each * [height, width, height, width]
            for each in (truth["boxes"][picture, number], found["boxes"][picture, guess])
        )
        sides = np.minimum(one[2:], two[2:]) - np.maximum(one[:2], two[:2])
        shared = np.prod(np.maximum(sides, 0))
        mine, other = np.prod(one[2:] - one[:2]), np.prod(two[2:] - two[:2])
    else:
        one, two = truth["instances"][picture] == number + 1, found["masks"][picture, guess] >= 0.5
        shared, mine, other = np.sum(one & two), one.sum(), two.sum()
    either = other if crowd else mine + other - shared
    return shared / either if either else 0


def by_loop(kind, truth, found, threshold):
    means = []
    for label in range(3):
        count, answers = 0, []
        for picture in range(len(truth["labels"])):
            mine = [
                n
                for n in range(PLACES)
                if truth["valid"][picture, n] and truth["labels"][picture, n] == label
            ]
            ignored = {
                n: truth["crowd"][picture, n]
                or (kind == "keypoints" and not truth["keypoints"][picture, n, :, 2].any())
                for n in mine
            }
            count += sum(not ignored[n] for n in mine)
            guesses = [
                n
                for n in range(PLACES)
                if found["valid"][picture, n] and found["labels"][picture, n] == label
            ]
            taken = set()
            for guess in sorted(guesses, key=lambda n: -found["scores"][picture, n]):
                best, match = threshold, None
                for ignore in (False, True):  # a crowd only where no object fits
                    for n in mine:
                        crowd = truth["crowd"][picture, n]
                        if (
                            ignored[n] is not ignore
                            and bool(ignored[n]) != ignore
                            or (n in taken and not crowd)
                        ):
                            continue
                        score = alike(kind, truth, found, picture, n, guess, crowd)
                        if score >= best:
                            best, match = score, n
                    if match is not None:
                        break
                if match is not None:
                    taken.add(match)
                if match is None or not ignored[match]:
                    answers.append((found["scores"][picture, guess], match is not None))
        if not count:
            continue
        right = np.array([good for _, good in sorted(answers, reverse=True)], float)
        hits = np.cumsum(right)
        recall, precision = hits / count, hits / np.arange(1, len(hits) + 1)
        means.append(
            np.mean([max(precision[recall >= r - 1e-12], default=0) for r in np.linspace(0, 1, 101)])
        )
    return np.mean(means) if means else np.nan


@pytest.mark.parametrize("kind", ["boxes", "masks", "keypoints"])
def test_average_precision_is_what_a_loop_counts(kind):
    scores = []
    for seed in range(100):
        truth, found = random_objects(seed)
        if kind == "keypoints":  # what a crowd's points mean is nobody's agreement: left out
            truth["crowd"][:] = False
            truth["keypoints"][..., 2] = np.maximum(truth["keypoints"][..., 2], 1)
        result = average_precision(truth, found, kind)
        for name, threshold in (("AP50", 0.5), ("AP75", 0.75)):
            expected = by_loop(kind, truth, found, threshold)
            assert result[name] == pytest.approx(expected, abs=1e-6, nan_ok=True), (seed, name)
        scores.append(result["AP50"])
    assert 0.1 < np.nanmean(scores) < 0.9  # neither all found nor nothing


def test_batches_add_up():
    truth, found = random_objects(3)
    metric = AveragePrecision("masks")
    for picture in range(len(truth["labels"])):
        part = slice(picture, picture + 1)
        metric.update_state(
            *({name: values[part] for name, values in each.items()} for each in (truth, found))
        )
    assert metric.result() == average_precision(truth, found)
    metric.reset_state()
    assert np.isnan(metric.result()["AP"])


def test_small_masks_are_pasted_into_their_boxes():
    truth, found = random_objects(4, crowds=False)
    found |= {"boxes": truth["boxes"], "labels": truth["labels"], "valid": truth["valid"]}
    found["masks"] = np.ones((*truth["valid"].shape, 28, 28), "float32")  # each box is full
    whole = {"masks": np.zeros((*truth["valid"].shape, *SIZE), "float32")}
    for picture, number in np.argwhere(truth["valid"]):
        top, left, bottom, right = np.round(truth["boxes"][picture, number] * [*SIZE, *SIZE]).astype(int)
        whole["masks"][picture, number, top:bottom, left:right] = 1
    assert average_precision(truth, found) == average_precision(truth, found | whole)


def test_what_does_not_fit_is_said():
    truth, found = random_objects(5)
    with pytest.raises(ValueError, match="choose 'boxes', 'masks', 'keypoints'"):
        AveragePrecision("points")
    with pytest.raises(ValueError, match="pictures and answers to"):
        average_precision({name: values[:0] for name, values in truth.items()}, found)
