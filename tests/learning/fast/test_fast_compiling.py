"""Every process runs the same compiled loops, whoever compiled them and whatever it did before."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from merlib.learning.fast import kernels
from merlib.learning.fast.kernels import blocked

ROOT = Path(__file__).parents[3]

TRAIN = """
import hashlib
import torch
from merlib.models import build_model
from merlib.learning.fast import fast_forward

torch.set_num_threads(1)
bits = hashlib.sha256()
for name, options in [("am3f_flownet", {"filters": [3, 5]}), ("ststnet", {})]:
    torch.manual_seed(0)
    model = build_model(name, classes=3, **options).train()
    for _ in range(2):
        loss = fast_forward(model)({"flow": torch.randn(4, 3, 28, 28)})
        loss = getattr(loss, "logits", loss).square().sum()
        gradients = torch.autograd.grad(loss, list(model.parameters()))
        for gradient in gradients:
            bits.update(gradient.numpy().tobytes())
print(bits.hexdigest())
"""


@pytest.mark.slow  # half a minute of compiling; the imports that would break it are checked below
def test_the_process_that_compiles_computes_the_bits_of_one_that_loads_what_was_compiled(tmp_path):
    # a compiled function that calls a compiled one runs another copy of it once it comes from numba's cache
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    bits, compiled = [], []
    for _ in range(2):
        command = [sys.executable, "-c", TRAIN]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        bits.append(done.stdout)
        compiled.append({path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.nbc")})
    assert compiled[0]
    assert compiled[0] == compiled[1]  # the second process compiled nothing
    assert bits[0] == bits[1]


def test_compiled_loops_use_what_their_own_file_holds():
    # numba's cache on disk would not see a change in another file
    for path in Path(kernels.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and ((node.module or "").startswith("merlib") or node.level):
                assert node.module == "merlib.learning.fast.kernels.compiling", path.name
                assert {name.name for name in node.names} <= {"compiled", "inlined"}, path.name


def test_what_loops_call_is_inlined():
    files = set(Path(kernels.__file__).parent.glob("*.py"))
    files = [path for path in files if path.name not in ("__init__.py", "compiling.py")]
    assert len(files) >= 5
    for path in files:
        nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        functions = [node for node in nodes if isinstance(node, ast.FunctionDef)]
        marks = {node.name: {ast.unparse(mark) for mark in node.decorator_list} for node in functions}
        loops = [node for node in functions if marks[node.name] & {"compiled", "inlined"}]
        assert loops, path
        for loop in loops:
            calls = [node.func for part in loop.body for node in ast.walk(part) if isinstance(node, ast.Call)]
            own = {called.id for called in calls if isinstance(called, ast.Name)} & set(marks)
            for called in own:  # an intrinsic's code is put in place as well
                assert marks[called] & {"inlined", "intrinsic(prefer_literal=True)"}, f"{path}: {loop.name}, {called}"


def test_each_size_of_blocks_has_an_index_of_its_own():
    # numba writes an index unlocked: two processes that compile two sizes would take each other's code for their own
    loops = [blocked._convolution(*sizes) for sizes in ((4, 4, 3), (2, 4, 3), (2, 4, 5))]
    assert len({loop.__qualname__ for loop in loops}) == 3
    assert len({loop._cache._impl.filename_base for loop in loops}) == 3


@pytest.mark.long
def test_whatever_compiles_with_numba_settles_the_width_of_vectors_first():
    # otherwise a process that looked at faces before it trains gives other bits than its workers
    files = [*(ROOT / "merlib").rglob("*.py"), *(ROOT / "tests").rglob("*.py")]
    assert len(files) > 100
    for path in files:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        lines = {"numba": [], "merlib.wide_vectors": []}
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                kind = "numba" if name.split(".")[0] in ("numba", "face_alignment") else name
                lines.setdefault(kind, []).append(node.lineno)
        if lines["numba"] and path.name not in ("wide_vectors.py", "compiling.py"):
            assert lines["merlib.wide_vectors"], path
            assert min(lines["merlib.wide_vectors"]) < min(lines["numba"]), path
