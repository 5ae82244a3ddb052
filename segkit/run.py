"""Open a lesson: device, profile, seed, figure defaults, and the claims that the lesson makes."""

import contextlib
import dataclasses
import difflib
import json
import logging
import os
import pathlib
import shutil
import subprocess
import time
import warnings

from . import hints

PROFILES = ("quick", "full")
LESSONS = json.loads((pathlib.Path(__file__).parent / "lessons.json").read_text(encoding="utf-8"))


@dataclasses.dataclass
class Run:
    """One run of one lesson, as `start` found it."""

    lesson: str
    profile: str
    device: str
    precision: str  # for training: see training_precision
    seed: int
    started: float = dataclasses.field(default_factory=time.monotonic)

    def pick(self, *values, **named):
        """The value for this run's profile: `run.pick(quick=8, full=30)`."""
        if values or set(named) != set(PROFILES):
            raise TypeError("run.pick takes a value for each profile, by name: run.pick(quick=8, full=30).")
        return named[self.profile]

    @contextlib.contextmanager
    def training_precision(self):
        """`with run.training_precision(): model = …` builds for training in the precision that suits the device."""
        import keras

        before = keras.config.dtype_policy()
        keras.config.set_dtype_policy(self.precision)
        try:
            yield
        finally:
            keras.config.set_dtype_policy(before)

    def claim(self, sentence, value, *, against, bound):
        """State a measured number, and fail if it is not what the lesson says.

        `against` is the value at which the sentence would be wrong: 0 for "A is better than B", 0.5 for "more than half".
        `bound` lies half-way from there to the worst value of several seeds (tools/claims.py measures it), so that a number
        beyond the bound bears the sentence out. In the full profile, with other data and longer training, the number is
        printed and not judged.
        """
        value = float(value)
        if bound == against:
            raise ValueError(
                f"The claim {sentence!r} has its bound at {against}, which it is to be told from."
            )
        if journal := os.environ.get("SEGKIT_CLAIMS"):
            row = dict(seed=self.seed, claim=sentence, value=value, against=against, bound=bound)
            with open(journal, "a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
        wanted = f"{'at least' if bound > against else 'at most'} {bound:.4g}"
        holds = value >= bound if bound > against else value <= bound
        judged = self.profile == "quick"
        verdict = "not judged: the bound belongs to the quick profile"
        if judged:
            verdict = "holds" if holds else "FAILS"
        print(f"{sentence}: {value:.4g} ({wanted}: {verdict})")
        if judged and not holds and not journal:
            raise AssertionError(f"{sentence}: measured {value:.4g}, expected {wanted}.")

    def done(self, result):
        """Close the lesson with its main result and the time that it took."""
        print(f"{self.lesson} · {result} · {time.monotonic() - self.started:.0f} s")


def start(lesson):
    """Open a lesson: choose the profile, set seed and figure defaults, and say so in one line.

    Numbers are float32 until a training asks for `run.precision`, the one that suits the device.
    """
    notebook = hints.find(lesson)
    if notebook is None and lesson not in LESSONS:
        raise ValueError(_unknown(lesson))
    seed = _seed()
    with _silence():
        import keras

        gpus = _gpus()
    from . import show
    from .show.play import STORED

    profile = os.environ.get("SEGKIT_PROFILE") or ("full" if gpus else "quick")
    if profile not in PROFILES:
        raise ValueError(f"SEGKIT_PROFILE is {profile!r}; set it to quick or full, or leave it unset.")
    keras.config.set_dtype_policy("float32")
    with _silence():  # TensorFlow loads here under JAX and PyTorch: it has a seed, too
        keras.utils.set_random_seed(seed)
    show.set_defaults()
    hints.install(lesson)
    # A lesson builds many small models, and TensorFlow warns that it traces each of them.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    # Keras 3.15 says this at every fit on a tf.data.Dataset, whatever one passes.
    warnings.filterwarnings("ignore", message="`shuffle=True` was passed, but will be ignored")

    device = f"{len(gpus)} GPU" if gpus else f"CPU with {os.cpu_count()} cores"
    run = Run(lesson=lesson, profile=profile, device=device, precision=_precision(gpus), seed=seed)
    facts = [lesson, f"{profile} profile", device, f"trains in {run.precision}", f"seed {seed}"]
    minutes = _minutes(notebook, profile)
    if minutes and not os.environ.get(STORED):  # a stored page says it on its first screen
        facts.append(f"{minutes_range(minutes)} minutes")
    print(" · ".join(facts))
    return run


def minutes_range(minutes):
    """From what a lesson took alone to what it took beside another one, as `_minutes` gives them."""
    alone, beside = minutes
    return f"{alone:g}" if alone == beside else f"{alone:g} to {beside:g}"


def _minutes(notebook, profile):
    """What tools/execute.py wrote into the notebook; None where there is no notebook or no measurement."""
    if notebook is None:
        return None
    return json.loads(notebook.read_text(encoding="utf-8"))["metadata"].get("minutes", {}).get(profile)


def _unknown(lesson):
    near = difflib.get_close_matches(str(lesson), LESSONS, n=1)
    if near:
        return f"There is no lesson {lesson!r}. Did you mean {near[0]!r}?"
    return (
        f"There is no lesson {lesson!r}. Lessons are called like {next(iter(LESSONS))!r}; a notebook of your own is "
        f"known by its file, and {pathlib.Path.cwd().name}/ has no {lesson}.ipynb."
    )


def _seed():
    text = os.environ.get("SEGKIT_SEED") or "0"
    if not text.isdecimal() or int(text) >= 2**32:
        raise ValueError(f"SEGKIT_SEED is {text!r}; set it to a whole number from 0 on, or leave it unset.")
    return int(text)


@contextlib.contextmanager
def _silence():
    """Nothing on stderr while TensorFlow loads: its C++ libraries write there before any setting reaches them.

    An exception still passes.
    """
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _gpus():
    """The GPUs that the backend sees. Keras 3.15 lists no devices under PyTorch."""
    import keras

    if keras.backend.backend() == "torch":
        import torch

        return [f"gpu:{number}" for number in range(torch.cuda.device_count())]
    return [name for name in keras.distribution.list_devices() if not name.lower().startswith("cpu")]


def _precision(gpus):
    """bfloat16 where the GPU has it, float16 on older GPUs (Keras then scales the loss), float32 on CPU."""
    if not gpus or not shutil.which("nvidia-smi"):
        return "float32"
    query = ["nvidia-smi", "--query-gpu=compute_cap", "--format=csv,noheader"]
    answer = subprocess.run(query, capture_output=True, text=True, check=False).stdout.split()
    if not answer:
        return "float32"
    capability = min(float(line) for line in answer)
    return "mixed_bfloat16" if capability >= 8 else "mixed_float16" if capability >= 7 else "float32"
