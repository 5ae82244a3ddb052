"""Drawn scenes for long trainings, from seeds that no split of paper_pets uses; drawn once, kept in build/."""

import concurrent.futures
import os

import numpy as np

from notebooks import ROOT
from segkit.paper import SPECIES, draw_scene
from segkit.paper.scenes import COUNT_WEIGHTS

TRAINING_SEED, TEST_SEED = 1000, 1001
SIZE, PART = 128, 250


def draw_part(seed, first, path):
    """Scenes first … first + PART - 1: pictures, trimaps (0 pet, 1 background, 2 border), which species there are."""
    pixels = np.empty((PART, SIZE, SIZE, 4), np.uint8)
    species = np.zeros((PART, len(SPECIES)), np.uint8)
    for index in range(PART):
        scene = draw_scene(seed, first + index, SIZE)
        pixels[index, ..., :3] = scene["image"]
        pixels[index, ..., 3] = scene["segmentation_mask"] - 1
        species[index, np.unique(scene["label"])] = 1
    unfinished = path.with_suffix(f".{os.getpid()}.npz")
    np.savez(unfinished, pixels=pixels, species=species)
    unfinished.rename(path)


def draw_objects_part(seed, first, path):
    """Scenes first … first + PART - 1 with their objects: pictures and instance ids in one array, species of each id."""
    pixels = np.empty((PART, SIZE, SIZE, 4), np.uint8)
    labels = np.zeros((PART, max(COUNT_WEIGHTS)), np.uint8)  # 0 where there is no object, 1 … species
    for index in range(PART):
        scene = draw_scene(seed, first + index, SIZE)
        pixels[index, ..., :3] = scene["image"]
        pixels[index, ..., 3] = scene["instance_mask"]
        labels[index, : len(scene["label"])] = scene["label"] + 1
    unfinished = path.with_suffix(f".{os.getpid()}.npz")
    np.savez(unfinished, pixels=pixels, labels=labels)
    unfinished.rename(path)


def objects(count, seed=TRAINING_SEED, processes=None):
    """(count, SIZE, SIZE, 3) pictures, (count, SIZE, SIZE) ids 1 … N from back to front, (count, 5) labels."""
    paths = _drawn("objects", count, seed, draw_objects_part, processes)
    images = np.empty((len(paths) * PART, SIZE, SIZE, 3), np.uint8)
    instances = np.empty(images.shape[:3], np.int32)
    labels = np.empty((len(images), max(COUNT_WEIGHTS)), np.int32)
    for start, path in zip(range(0, len(images), PART), paths, strict=True):
        rows = slice(start, start + PART)
        with np.load(path) as part:
            images[rows], instances[rows] = part["pixels"][..., :3], part["pixels"][..., 3]
            labels[rows] = part["labels"]
    return images[:count], instances[:count], labels[:count]


def _drawn(kind, count, seed, draw, processes=None):
    """The files that hold these scenes, drawn where they are not there yet."""
    folder = ROOT / "build" / f"{kind}_{SIZE}_{seed}"
    folder.mkdir(parents=True, exist_ok=True)
    firsts = range(0, count, PART)
    paths = [folder / f"{first:06d}.npz" for first in firsts]
    missing = [(seed, first, path) for first, path in zip(firsts, paths, strict=True) if not path.exists()]
    if missing:
        print(f"drawing {len(missing) * PART} scenes", flush=True)
        with concurrent.futures.ProcessPoolExecutor(processes) as pool:
            list(pool.map(draw, *zip(*missing, strict=True)))
    return paths


def scenes(count, seed=TRAINING_SEED):
    """(count, SIZE, SIZE, 3) pictures, (count, SIZE, SIZE) trimaps, (count, 3) 0 or 1 for cat, dog, bird."""
    paths = _drawn("scenes", count, seed, draw_part)
    images = np.empty((len(paths) * PART, SIZE, SIZE, 3), np.uint8)
    masks = np.empty(images.shape[:3], np.uint8)
    species = np.empty((len(images), len(SPECIES)), np.uint8)
    for first, path in zip(range(0, len(images), PART), paths, strict=True):
        with np.load(path) as part:
            images[first : first + PART], masks[first : first + PART] = (
                part["pixels"][..., :3],
                part["pixels"][..., 3],
            )
            species[first : first + PART] = part["species"]
    return images[:count], masks[:count], species[:count]
