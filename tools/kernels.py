"""Run lessons from top to bottom, a fresh kernel each and several at a time, and tell how they go."""

import asyncio
import dataclasses
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import uuid

import nbformat
from nbclient import NotebookClient
from traitlets.config import Config

LONGEST_CELL = 900  # seconds
RESULT = re.compile(r"^\S+ · (.*) · \d+ s$", re.M)  # what run.done prints
COLORS = re.compile(r"\x1b\[[0-9;]*m")


@dataclasses.dataclass
class Outcome:
    """How one lesson went."""

    path: pathlib.Path
    notebook: nbformat.NotebookNode
    seconds: float = 0.0
    result: str = ""
    error: str = ""  # one line
    traceback: str = ""
    warnings: list = dataclasses.field(default_factory=list)


def run(work, jobs, ended=lambda outcome: None):
    """Run each (path, notebook, variables of its environment), `jobs` at a time, and return the outcomes in reading order.

    One that stops does not stop the others; the longest are run first, so that no core waits at the end. `ended` is
    called with each outcome as it comes.
    """

    def minutes(item):
        return item[1].metadata.get("minutes", {}).get("quick", [0])[0]

    async def every():
        free = asyncio.Semaphore(jobs)
        longest_first = sorted(work, key=minutes, reverse=True)
        return await asyncio.gather(*(_run_one(*item, jobs, free, ended) for item in longest_first))

    return sorted(asyncio.run(every()), key=lambda outcome: outcome.path)


def connection():
    """Settings of a kernel manager: sockets that have names of their own.

    A port is free when it is chosen and may be taken when the kernel has started, by another one that starts beside it;
    then one of the two never answers. Windows has ports alone.
    """
    if sys.platform == "win32":
        return {}
    name = f"segkit-{uuid.uuid4().hex[:12]}.json"  # short: a socket's path has about a hundred letters
    return {"transport": "ipc", "connection_file": str(pathlib.Path(tempfile.gettempdir()) / name)}


async def _run_one(path, notebook, variables, jobs, free, ended):
    async with free:
        outcome = Outcome(path, notebook)
        for cell in notebook.cells:
            cell.metadata.pop("execution", None)
        client = NotebookClient(
            notebook,
            timeout=LONGEST_CELL,
            kernel_name="python3",
            record_timing=False,
            resources={"metadata": {"path": str(path.parent)}},
            config=Config(KernelManager=connection()),
            **_progress(path.stem, notebook),
        )
        started = time.monotonic()
        try:
            # What TensorFlow and the kernel log is not for readers; what Python writes to stderr is in the outputs, too.
            await client.async_execute(env=_environment(jobs) | variables, stderr=subprocess.DEVNULL)
        except Exception as problem:
            outcome.traceback = COLORS.sub("", str(problem)).strip() or type(problem).__name__
            outcome.error = outcome.traceback.splitlines()[-1]
            print(f"{path.stem:16} stopped: {outcome.error}", flush=True)
        outcome.seconds = time.monotonic() - started
        _read_outputs(outcome)
        ended(outcome)
        return outcome


def _environment(jobs):
    """Lessons that run side by side share the cores, and a GPU's memory."""
    environment = os.environ | {"SEGKIT_STORED": "1"}  # nobody moves a slider here
    if jobs == 1:
        return environment
    threads = str(max(1, os.cpu_count() // jobs))
    return environment | {
        "TF_NUM_INTRAOP_THREADS": threads,
        "TF_NUM_INTEROP_THREADS": threads,
        "OMP_NUM_THREADS": threads,
        "TF_FORCE_GPU_ALLOW_GROWTH": "true",
    }


def _progress(name, notebook):
    """Hooks that print a line a cell: lesson, cell k of n, seconds."""
    numbers = [
        index for index, cell in enumerate(notebook.cells) if cell.cell_type == "code" and cell.source.strip()
    ]
    began = {}

    def start(cell, cell_index):
        began[cell_index] = time.monotonic()

    def end(cell, cell_index, execute_reply):
        seconds = time.monotonic() - began[cell_index]
        print(
            f"{name:16} cell {numbers.index(cell_index) + 1:2} of {len(numbers)} {seconds:6.1f} s", flush=True
        )

    return {"on_cell_execute": start, "on_cell_executed": end}


def _read_outputs(outcome):
    """Take the lesson's result and its warnings out of the outputs, and drop stderr, which is no part of a lesson."""
    for cell in outcome.notebook.cells:
        for output in cell.get("outputs", []):
            if output.get("name") == "stderr" and "Warning" in output.text:
                outcome.warnings.append(output.text.strip().splitlines()[0])
            if output.get("name") == "stdout" and (found := RESULT.search(output.text)):
                outcome.result = found[1]
        if "outputs" in cell:
            cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]


def table(outcomes):
    """A line a lesson, then what went wrong in full."""
    lines = [f"{'lesson':16} seconds  warnings  result"]
    for outcome in outcomes:
        said = f"STOPPED: {outcome.error}" if outcome.error else outcome.result
        lines.append(f"{outcome.path.stem:16} {outcome.seconds:7.0f}  {len(outcome.warnings):8}  {said}")
    for outcome in outcomes:
        lines += [f"{outcome.path.stem}: {warning[:160]}" for warning in outcome.warnings]
        if outcome.traceback:
            lines.append(f"\n{outcome.path.stem} stopped:\n{outcome.traceback}")
    return "\n".join(lines)
