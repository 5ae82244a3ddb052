"""All measurements, each in a fresh process, as tables in benchmarks/README.md.

python benchmarks/run.py [--seeds 3] [--sections "Start-up and drawing" "Minutes a lesson" …]

Sections that are not named keep their text; without names, all are measured. The comparison on real
photographs runs where Oxford-IIIT Pet and the ImageNet weights are on the machine or can be downloaded.
"""

import argparse
import datetime
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys

from segkit.run import minutes_range

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent
README = HERE / "README.md"
RECIPES = {
    "widespread": "widespread recipe, 5 epochs",
    "corrected": "the same network, mistakes corrected, 5 epochs",
    "improved": "improved recipe",
}
RIVALS = {
    "improved": "light U-Net of lesson 04",
    "deeplab_16": "DeepLab v3+ of lesson 07, output stride 16",
    "deeplab_8": "the same, output stride 8",
    "fpn": "FPN of lesson 06, levels from stride 2 to 32",
    "pspnet": "PSPNet of lesson 06, output stride 8",
}
LARGER = {
    "improved --size 256": "light U-Net of lesson 04",
    "deeplab_16 --size 256": "DeepLab v3+ of lesson 07, output stride 16",
}
# As the lecture prints them: forward and backward in ms, training and inference memory in MB, size in MB.
LECTURE = {
    "SegNet": (422.50, 488.71, 6803, 1052, 117),
    "LargeFOV": (110.06, 160.73, 5618, 1993, 83),
    "FCN-16s": (317.09, 484.11, 9735, 1806, 539),
    "DeconvNet": (474.65, 602.15, 9731, 1872, 877),
}


def measure(script, *arguments):
    command = [sys.executable, str(HERE / script), *map(str, arguments)]
    done = subprocess.run(
        command, capture_output=True, text=True, env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    row = json.loads(done.stdout.splitlines()[-1])
    print(" ".join(map(str, arguments)), row, flush=True)
    return row


def table(head, rows):
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    return "\n".join(lines + [f"| {' | '.join(map(str, row))} |" for row in rows])


def spread(values, digits=3):
    mean = f"{statistics.mean(values):.{digits}f}"
    return mean if len(values) == 1 else f"{mean} ({min(values):.{digits}f}–{max(values):.{digits}f})"


def pets(seeds, recipes, how, size=128):
    """The recipes in turn, seed by seed, so that a machine that slows down slows all of them."""
    note = (
        f"Photographs of Oxford-IIIT Pet at {size} px, the part of the set that is on the machine. {how}, in turn, "
        f"{'one seed' if seeds == 1 else f'over {seeds} seeds; mean, and smallest to largest'}. Seconds are of the whole training, compiling included; CPU seconds, of all cores together, are of the whole process (read these where other work shared the machine). *s to 0.65*: training time until "
        f"mean IoU on the test pictures passes 0.65. `python benchmarks/pets.py {next(iter(recipes))} --seed 0` repeats one training."
    )
    rows = [
        {"asked": recipe, **measure("pets.py", *recipe.split(), "--seed", seed)}
        for seed in range(seeds)
        for recipe in recipes
    ]
    if any(row["data"] != "oxford_iiit_pet" or not row["weights"].endswith("imagenet") for row in rows):
        return f"{note}\n\nOxford-IIIT Pet or the ImageNet weights are not on this machine: not measured."
    lines = []
    for recipe, title in recipes.items():
        mine = [row for row in rows if row["asked"] == recipe]
        seconds = [row["seconds"] for row in mine]
        goals = [row["seconds_to_goal"] for row in mine]
        lines.append(
            [
                title,
                f"{mine[0]['parameters'] / 1e6:.1f} M",
                spread(seconds, 0),
                spread([row["cpu_seconds"] for row in mine], 0),
                spread([row["mean_iou"] for row in mine]),
                *(spread([row["iou"][label] for row in mine]) for label in range(3)),
                spread(goals, 0) if all(goals) else f"not reached by {goals.count(None)} of {len(goals)}",
                max(row["peak_memory_mb"] for row in mine),
            ]
        )
    head = [
        "recipe",
        "parameters",
        "seconds",
        "CPU s",
        "mean IoU",
        "pet",
        "background",
        "border",
        "s to 0.65",
        "peak MB",
    ]
    return f"{note}\n\n{table(head, lines)}"


def pipeline():
    note = (
        "600 drawn pictures of 128 px, batches of 16, read as `fit(batches.repeat(), steps_per_epoch=len(batches))` reads them; medians "
        "of 21 epochs after the first. All of ours shuffle and draw anew in each epoch, and send bytes; the tutorials' pipeline flips "
        "before its cache, once for all. *First batch*: the wait for the first batch after the end of an epoch."
    )
    kinds = {
        "as they are": "segkit, shuffled",
        "flips": "segkit, flips",
        "flips and crops": "segkit, flips and crops",
        "flips, crops and turns": "segkit, flips, crops and turns",
        "tutorial": "widespread recipe",
    }
    rows = [(title, measure("measure.py", "pipeline", kind)) for kind, title in kinds.items()]
    lines = [
        [title, row["pictures_per_second"], row["first_batch_ms"], row["peak_memory_mb"]]
        for title, row in rows
    ]
    return f"{note}\n\n{table(['pipeline', 'pictures/s', 'first batch, ms', 'peak MB'], lines)}"


def startup():
    seconds, drawing, display = (measure("measure.py", name) for name in ("startup", "drawing", "display"))
    lines = [
        ["`import keras`", f"{seconds['import_keras']:.2f} s"],
        ["`import segkit` adds", f"{seconds['import_segkit_adds']:.3f} s"],
        ["`segkit.start(…)`", f"{seconds['start']:.2f} s"],
        ["paper_pets, one core, 128 px", f"{drawing['scenes_per_second']} scenes/s"],
        ["paper_pets, all 900 prepared", f"{drawing['prepare_900_seconds']} s"],
        ["display callback, three pictures of 128 px", f"{display['seconds_per_frame']:.2f} s a frame"],
    ]
    return f"Medians of fresh processes.\n\n{table(['what', 'measured'], lines)}"


def growth():
    note = "Training step of the light U-Net of lesson 04, encoder trained behind stride 8."
    sizes = [measure("measure.py", "growth", size, 4) for size in (64, 128, 256, 512)]
    batches = [measure("measure.py", "growth", 128, batch) for batch in (1, 4, 16, 64)]
    keys = ("size", "batch", "ms_per_picture", "peak_memory_mb")
    lines = [[row[key] for key in keys] for row in (*sizes, *batches)]
    return f"{note}\n\n{table(['size', 'batch', 'ms a picture', 'peak MB'], lines)}"


def cells():
    weights, elastic = measure("measure.py", "weights", 512), measure("measure.py", "elastic", 512)
    tiles = [measure("measure.py", "tiles", size) for size in (512, 1024, 2048, 4096)]
    note = (
        f"At 512 px a weight map (w0 10, σ 5, {weights['cells']} cells) is made {weights['maps_per_second']} times a second, and picture, mask "
        f"and instances are elastically deformed {elastic['deformations_per_second']} times a second. Below, pictures predicted in tiles "
        "by the quick U-Net of lesson 05, each size in a fresh process; peak memory holds Python, TensorFlow and the picture, too."
    )
    lines = [
        [
            row["size"],
            row["seconds"],
            round(1e6 * row["seconds"] / row["size"] ** 2, 2),
            row["peak_memory_mb"],
            row["peak_memory_mb"] - row["before_mb"],
        ]
        for row in tiles
    ]
    head = ["size", "seconds", "µs a pixel", "peak MB", "of these for this picture"]
    return f"{note}\n\n{table(head, lines)}"


def real_cells(folder, seeds):
    """Membranes and nuclei: where their folders are given."""
    note = (
        "Pictures of real microscopes, read by `from_folder`; the quick U-Net of lesson 05, 600 steps on crops of 128 px, tiles for "
        f"prediction; {seeds} seeds, mean and smallest to largest. `python benchmarks/cells.py nuclei FOLDER --w0 0` repeats one row."
    )
    if folder is None:
        return f"{note}\n\nNot measured: give `--cells FOLDER`, which holds em_membrane and nuclei."
    kinds = {
        "membranes (15 slices of 512 px to learn from, 5 to test)": ("membranes", "em_membrane", 10),
        "nuclei (120 pictures of 256 px, 30 to test), with the weight between neighbours": (
            "nuclei",
            "nuclei",
            10,
        ),
        "nuclei, without it": ("nuclei", "nuclei", 0),
    }
    lines = []
    for title, (task, name, w0) in kinds.items():
        rows = [measure("cells.py", task, folder / name, "--w0", w0, "--seed", seed) for seed in range(seeds)]
        found = [[row.get(key) for row in rows] for key in ("pixel_error", "count_error")]
        classes = list(rows[0]["iou"])
        lines.append(
            [
                title,
                *(spread(values) if None not in values else "" for values in found),
                "; ".join(f"{label} {spread([row['iou'][label] for row in rows])}" for label in classes),
                round(statistics.mean(row["cpu_seconds"] for row in rows)),
            ]
        )
    objects = measure("detectors.py", "nuclei", folder / "nuclei")
    detected = [
        [kind, *(f"{value:.3f}" for value in objects[kind].values()), objects["cpu_seconds"]]
        for kind in ("boxes", "masks")
    ]
    detector = (
        "Mask R-CNN on the same nuclei, one seed: 600 steps on crops of 128 px, the test pictures whole."
    )
    return (
        f"{note}\n\n{table(['task', 'pixel error', 'count error', 'IoU', 'CPU s'], lines)}\n\n"
        f"{detector}\n\n{table(['', 'AP', 'AP50', 'AP75', 'CPU s'], detected)}"
    )


def segmenters():
    pools = [measure("segmenters.py", "pooling", kind) for kind in ("segkit", "scatter", "onnx")]
    kinds = ("fcn", "strided", "segnet", "mirrored")
    # in turn, so that a machine that slows down slows all of them; the median of three rounds
    rounds = [[measure("segmenters.py", "training", kind) for kind in kinds] for _ in range(3)]
    networks = [
        rows[0] | {"training_ms": statistics.median(row["training_ms"] for row in rows)}
        for rows in zip(*rounds, strict=True)
    ]
    fcn, strided, segnet, mirrored = (row["parameters"] for row in networks)
    assert abs(strided / fcn - 1) < 0.02 and mirrored == segnet, (fcn, strided, segnet, mirrored)
    titles = (
        "pool and unpool, segkit",
        "pool and unpool, TensorFlow's argmax and scatter",
        "pool and unpool, ONNX Runtime",
        "FCN-8s on MobileNetV2",
        "plain Keras, strided convolutions down and transposed up",
        "SegNet, a quarter of its width",
        "plain Keras, the same convolutions, nearest upsampling",
    )
    keys = ("parameters", "forward_ms", "training_ms", "xla", "index_bytes", "peak_memory_mb")
    lines = [
        [title, *(row.get(key, "–") for key in keys)]
        for title, row in zip(titles, pools + networks, strict=True)
    ]
    head = ["what", "parameters", "forward", "training", "XLA compiles it", "bytes an index", "peak MB"]
    note = (
        "Milliseconds a picture; medians after a warm-up, for networks over three processes. Pooling: windows of 2 × 2 on maps of "
        "128 × 128 × 64, batches of 4, two threads; *training* is forward and gradient. All three give "
        "equal maps, the first two equal gradients. Networks: *training* is a step of Adam on 8 pictures "
        "of 128 px with 3 classes, random weights; the plain networks have no skips and pass on no indices."
    )
    return f"{note}\n\n{table(head, lines)}"


def output_strides():
    note = (
        "DeepLab v3+ of lesson 07 (the encoder trained whole) by output stride, and its ASPP alone: milliseconds a picture of a step of Adam "
        "on 8 pictures of 128 px; medians of 21 steps after a warm-up, then of three processes, in turn."
    )
    kinds = {f"deeplab_{stride}": f"output stride {stride}" for stride in (32, 16, 8)}
    kinds |= {f"aspp_{stride}": f"ASPP alone, at stride {stride}" for stride in (16, 8)}
    rounds = [{kind: measure("segmenters.py", "training", kind) for kind in kinds} for _ in range(3)]
    lines = []
    for kind, title in kinds.items():
        rows = [each[kind] for each in rounds]
        milliseconds = statistics.median(row["training_ms"] for row in rows)
        lines.append([title, f"{rows[0]['parameters']:,}", milliseconds, rows[0]["peak_memory_mb"]])
    return f"{note}\n\n{table(['what', 'parameters', 'training, ms', 'peak MB'], lines)}"


def detectors():
    cases = [
        *(
            ("quick", kind, size, batch, 5)
            for kind in ("training", "inference")
            for size in (128, 256, 512)
            for batch in (1, 8)
        ),
        *(("quick", "training", 128, 8, objects) for objects in (20, 80)),
        *(("full", kind, 256, 1, 5) for kind in ("training", "inference")),
    ]
    rows = [(case, measure("detectors.py", *case)) for case in cases]
    names = {"quick": "MobileNetV2", "full": "ResNet-50"}
    lines = [
        [
            names[form],
            kind,
            size,
            batch,
            objects if kind == "training" else "–",
            row["ms"],
            row["peak_memory_mb"],
        ]
        for (form, kind, size, batch, objects), row in rows
    ]
    networks = table(["form", "", "size", "batch", "places for objects", "ms a picture", "MB"], lines)
    ways = {
        "segkit": "segkit, two small matrices",
        "onnx": "ONNX Runtime",
        "crop_and_resize": "crop_and_resize, then means of four",
    }
    rows = {kind: measure("detectors.py", "align", kind) for kind in ways}
    lines = [
        [title, *(rows[kind].get(column, "–") for column in rows["segkit"])] for kind, title in ways.items()
    ]
    note = (
        "A step of SGD, or detection with masks, without XLA, in a process each; medians after a warm-up. MB is what the process grows by, "
        "building and tracing included. MobileNetV2 is `MaskRCNNConfig.quick` with its encoder trained behind stride 4; ResNet-50 is "
        "`MaskRCNNConfig.full` for 91 classes (512 proposals in training and detection), from random weights."
    )
    quality = [
        [proposals, kind, *(f"{value:.3f}" for value in numbers.values())]
        for proposals in (8, 16, 64, 128)
        for kind, numbers in measure("detectors.py", "precision", proposals).items()
    ]
    shipped = (
        "The weights that the course ships, on the 200 test pictures of paper_pets, by pycocotools; by the number of proposals that the second "
        "stage is given."
    )
    quality = f"{shipped}\n\n{table(['proposals', '', 'AP', 'AP50', 'AP75'], quality)}"
    below = (
        "RoIAlign on one map, one thread: its sides and channels, and the bins. *Training* is forward and gradient; `crop_and_resize` "
        "is off by half a cell and more, and XLA does not compile it. Ours multiplies the whole map by small matrices: it suits small maps and "
        "accelerators, and on a CPU a large map costs more than reading the few cells that count."
    )
    return f"{quality}\n\n{note}\n\n{networks}\n\n{below}\n\n{table(['RoIAlign', *rows['segkit']], lines)}"


def crf():
    rows = [
        (size, classes, settings, kind, measure("crf.py", kind, size, classes, settings))
        for size, classes, settings in ((96, 3, "own"), (96, 3, "strong"), (512, 21, "strong"))
        for kind in ("exact", "fast", "pydensecrf2")
        if size <= 96 or kind != "exact"
    ]
    keys = ("seconds", "changed", "agreement", "peak_memory_mb")
    lines = [
        [f"{size}×{size}, {classes} labels", settings, kind, *(row.get(key, "–") for key in keys)]
        for size, classes, settings, kind, row in rows
    ]
    head = ["picture", "settings", "form", "seconds", "labels changed", "agreement", "peak MB"]
    note = (
        "One picture, five iterations, one thread; medians of three calls after one. *Exact*: the layer `DenseCRF` in a `tf.function`; *fast*: "
        "`dense_crf` on a permutohedral lattice; pydensecrf2 where it is installed (C++, also a lattice). *Agreement*: the share of pixels "
        "with the label of the exact form, at 512×512 of the fast one. *Labels changed*: by the CRF. *Own*: the layer's own settings; "
        "*strong*: scores that say next to nothing, and a CRF that decides in their place."
    )
    return f"{note}\n\n{table(head, lines)}"


def metrics():
    """Metrics beside what they are added to, or beside the tool that they call."""
    shares = measure("measure.py", "metrics")
    step = shares.pop("step_ms")
    quality, precision = (
        measure("measure.py", "panoptic", 1000),
        measure("measure.py", "average_precision", 1000),
    )
    lines = [[f"`{name}`", f"{share:.1%}"] for name, share in shares.items()]
    note = (
        f"Shares of a training step of the light U-Net at 128 px, batch 8 ({step} ms), without XLA. Panoptic quality of 1,000 pictures of "
        f"512×512 with 20 objects under XLA: {quality['seconds']} s. Average precision of 1,000 pictures with 20 masks each: "
        f"{precision['ours_seconds']} s; by pycocotools alone {precision['alone_seconds']} s."
    )
    return f"{note}\n\n{table(['metric', 'share of a step'], lines)}"


def costs():
    lines = []
    for name, printed in LECTURE.items():
        row = measure("costs.py", name, "inference") | measure("costs.py", name, "training")
        keys = ("forward_ms", "backward_ms", "training_mb", "inference_mb", "file_mb")
        pairs = zip(printed, (row[key] for key in keys), strict=True)
        cells = [f"{theirs:g} · {ours:.0f}" for theirs, ours in pairs]
        lines.append([name, f"{row['parameters']:,}", *cells])
    head = ["", "parameters", "forward, ms", "backward, ms", "training, MB", "inference, MB", "size, MB"]
    note = (
        "Printed by the lecture (a GPU) · measured here (two CPU cores), at full size on one picture of 224 × 224, each network in a "
        "fresh process. Backward is a training step (SGD) without its forward pass; memory is what the process grows by, building "
        "the network included; size is the file of the weights. Medians of five calls. SegNet for 11 classes, the others for 21."
    )
    return f"{note}\n\n{table(head, lines)}"


def minutes():
    lines = []
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        measured = json.loads(path.read_text(encoding="utf-8"))["metadata"].get("minutes", {})
        lines += [(path.stem, minutes_range(measured["quick"]))] if "quick" in measured else []
    return f"*quick*, on 2 cores: a lesson alone, and beside another one.\n\n{table(['lesson', 'minutes'], lines)}"


def main():
    sections = {
        "Pets: three recipes side by side": lambda: pets(
            options.seeds, RECIPES, "Each recipe trains on all training pictures"
        ),
        "Pets: U-Net, DeepLab, FPN and PSPNet": lambda: pets(
            options.seeds,
            RIVALS,
            "Each network trains by the improved recipe, on ImageNet's MobileNetV2, on all training pictures",
        ),
        "Pets: pictures of 256 px": lambda: pets(
            options.seeds, LARGER, "The same, with crops of 192 px", 256
        ),
        "Input pipeline alone": pipeline,
        "Start-up and drawing": startup,
        "Growth with picture size and batch": growth,
        "Cells: weight maps, deformations, tiles": cells,
        "Real cells": lambda: real_cells(options.cells, options.seeds),
        "Pooling with indices, FCN and SegNet": segmenters,
        "DeepLab by output stride": output_strides,
        "Mask R-CNN": detectors,
        "What four networks cost": costs,
        "Dense CRF": crf,
        "Metrics": metrics,
        "Minutes a lesson": minutes,
    }
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--sections", nargs="+", choices=sections, default=list(sections), metavar="TITLE")
    parser.add_argument(
        "--cells", type=pathlib.Path, help="the folder of em_membrane and nuclei, where it is"
    )
    options = parser.parse_args()
    head, *parts = README.read_text(encoding="utf-8").split("\n## ")
    texts = {title: body.strip() for title, body in (part.split("\n", 1) for part in parts)}
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}, {datetime.date.today():%B %Y}"
    if set(options.sections) == set(sections):
        head = f"# Benchmarks\n\nMade by `make bench` ({machine}). Times depend on the machine; ratios much less. Claims of the lessons: [claims.json](claims.json), by `make claims`.\n"
    for title in options.sections:
        texts[title] = sections[title]()
        if f"({machine})" not in head:  # where and when the other sections were measured
            texts[title] += f"\n\nMeasured on {machine}."
    ours = [f"\n## {title}\n\n{texts[title]}\n" for title in sections if title in texts]
    README.write_text(head + "".join(ours), encoding="utf-8")


if __name__ == "__main__":
    main()
