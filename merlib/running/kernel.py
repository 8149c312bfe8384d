"""Execute one notebook in a kernel of its own; the runner starts this module as a process for each notebook.

The job comes as JSON on standard input: ``source`` (a notebook with its outputs or without), ``output``,
``parameters``, ``cwd``, ``timeout`` (seconds per cell), ``cells`` (file for the progress over cells), ``result`` (file
for the outcome), ``runtime`` (a temporary folder of the runner, for the kernel's connection file with its key and for
the notebook while it is executed) and ``scratch`` (files of the runner that are useless once it has ended).

Each notebook needs a process because papermill changes the working directory. Kernels communicate by IPC instead of
TCP, because kernels that start together collide on ports. Nothing of merlib is imported here.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path


def end_with_parent(runtime: str, scratch: list[str]) -> None:
    """End this process, its kernel and the kernel's workers when the runner has ended, for instance because of a kill.

    The temporary files are removed too, since nobody else would. The trackers of shared memory are not killed: they
    remove what the workers leave, and then end by themselves.
    """
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        import psutil

        for process in psutil.Process().children(recursive=True):
            with suppress(psutil.Error):
                if "resource_tracker" not in " ".join(process.cmdline()):
                    process.kill()
        shutil.rmtree(runtime, ignore_errors=True)
        for path in scratch:
            Path(path).unlink(missing_ok=True)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def write_json(path: str, content: dict) -> None:
    """Write JSON to `path` in one step: a reader sees the old content or the new one."""
    temporary = f"{path}.{os.getpid()}.tmp"
    Path(temporary).write_text(json.dumps(content), encoding="utf-8")
    os.replace(temporary, path)


def execute(job: dict) -> dict:
    """Execute the job's notebook and return ``{"state": "done"}`` or ``{"state": "failed", "error": {...}}``."""
    import papermill
    from jupyter_client import AsyncKernelManager
    from papermill.exceptions import PapermillExecutionError

    # The path of a Unix socket is limited to about a hundred characters. By default it would be in the working folder.
    sockets = os.path.join(os.environ["JUPYTER_RUNTIME_DIR"], "kernel")
    transport = {"transport": "ipc", "ip": sockets} if len(sockets) < 90 else {}

    class IPCKernelManager(AsyncKernelManager):
        """Kernel manager that talks through Unix sockets."""

        def __init__(self, **options):
            super().__init__(**transport, **options)

    current = {"index": 0, "source": ""}
    output = Path(job["output"])
    partial = Path(job["runtime"], "partial.ipynb")

    def cell_starts(cell, cell_index, **_):
        current.update(index=cell_index, source=cell.source)
        write_json(job["cells"], {"cell": cell_index})

    error = None
    try:
        papermill.execute_notebook(
            _literal(job["source"]),
            _literal(str(partial)),
            parameters=job["parameters"] or None,
            cwd=job["cwd"],
            progress_bar=False,
            start_timeout=120,
            execution_timeout=job["timeout"],
            kernel_manager_class=IPCKernelManager,
            on_cell_start=cell_starts,
        )
    except PapermillExecutionError as failure:
        error = {
            "cell": current["index"],
            "source": failure.source,
            "name": failure.ename,
            "value": failure.evalue,
            "traceback": list(failure.traceback),
        }
    except Exception as failure:  # such as a dead kernel, or a cell that took too long
        error = {
            "cell": current["index"],
            "source": current["source"],
            "name": type(failure).__name__,
            "value": str(failure),
            "traceback": [],
        }
    if partial.exists():  # perhaps on another file system, so it is copied beside the output and then renamed
        beside = output.with_name(f".{output.name}.{os.getpid()}.tmp")
        shutil.copyfile(partial, beside)
        os.replace(beside, output)
    return {"state": "failed", "error": error} if error else {"state": "done", "error": None}


def _literal(path: str) -> str:
    """Return a path with its braces doubled, because papermill formats paths with the parameters."""
    return path.replace("{", "{{").replace("}", "}}")


def main() -> int:
    """Read the job, execute it and write its result; the exit status is 0 if the notebook ran to its end, else 1."""
    job = json.load(sys.stdin)
    end_with_parent(job["runtime"], job["scratch"])
    os.environ["JUPYTER_RUNTIME_DIR"] = job["runtime"]
    result = execute(job)
    write_json(job["result"], result)
    return 0 if result["state"] == "done" else 1


if __name__ == "__main__":
    sys.exit(main())
