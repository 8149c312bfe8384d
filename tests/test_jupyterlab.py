"""A student's first hour in JupyterLab, driven in Chromium: run, solve, move a slider, save.

Slow: `make slow`. Skipped, and says so, without Playwright or Chromium. The student works on copies in a folder of
their own; the checkout that merlib comes from stays as it was.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.request import urlopen

import nbformat
import pytest
from chromium import open_browser, skip_without_chromium

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ("00_start_here", "02_preprocessing")
PATIENCE = 1800  # seconds, for a slow machine; a notebook takes about one minute
BOX = ".jp-Cell-outputArea:has(.widget-slider)"  # where a cell shows a slider
PROMPTS = ".jp-CodeCell .jp-InputArea-prompt"
IDLE = ".jp-Notebook-ExecutionIndicator[data-status='idle']"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(4 * PATIENCE)]


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A student's folder with copies of two notebooks."""
    folder = tmp_path_factory.mktemp("desk")
    for name in NOTEBOOKS:
        shutil.copyfile(ROOT / "notebooks" / f"{name}.ipynb", folder / f"{name}.ipynb")
    return folder


@pytest.fixture(scope="module")
def lab(desk, tmp_path_factory):
    """Address of a JupyterLab that serves the student's folder to this machine alone."""
    skip_without_chromium()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    home = tmp_path_factory.mktemp("home")
    settings = home / "settings" / "@jupyterlab" / "notebook-extension" / "tracker.jupyterlab-settings"
    settings.parent.mkdir(parents=True)
    settings.write_text(json.dumps({"windowingMode": "none"}))  # every cell is in the page, also out of sight
    told = {"JUPYTERLAB_SETTINGS_DIR": str(home / "settings"), "JUPYTER_CONFIG_DIR": str(home / "config")}
    told |= {"MERLIB_RESULTS": str(home / "results"), "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces")}
    told |= {"PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))}
    options = ["--no-browser", "--allow-root", f"--port={port}", f"--notebook-dir={desk}", "--IdentityProvider.token="]
    log = (home / "log").open("w")
    process = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", *options], env=os.environ | told, stdout=log, stderr=log
    )
    try:
        address = f"http://127.0.0.1:{port}"
        wait_until(lambda: answers(f"{address}/api/status"), 180, "JupyterLab does not answer")
        yield address
    finally:
        process.terminate()
        process.wait(30)
        log.close()


@pytest.fixture
def page(lab):
    with open_browser() as browser:
        opened = browser.new_page(viewport={"width": 1366, "height": 900})
        opened.set_default_timeout(600_000)
        yield opened


def wait_until(holds: Callable[[], bool], seconds: float, otherwise: str) -> None:
    assert holds_within(holds, seconds), otherwise


def holds_within(holds: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(1)
    return False


def answers(address: str) -> bool:
    try:
        with urlopen(address, timeout=5):
            return True
    except OSError:
        return False


def choose(page, menu: str, command: str) -> None:
    """Choose an entry of JupyterLab's menu bar."""
    page.locator(".lm-MenuBar-item", has_text=menu).first.click()
    page.locator(f".lm-Menu-item[data-command='{command}']").first.click()


def kernels(address: str) -> list[dict]:
    with urlopen(f"{address}/api/kernels", timeout=30) as answer:
        return json.load(answer)


def at_rest(address: str) -> bool:
    """Whether a kernel is there, connected to the page, and has nothing to do."""
    return any(kernel["connections"] and kernel["execution_state"] == "idle" for kernel in kernels(address))


def run_all(page, address: str, name: str) -> None:
    """Open a notebook, run all of its cells and wait for the last."""
    for _ in range(5):  # what is asked for while the kernel still connects may be lost: begin again
        page.goto(f"{address}/lab/tree/{name}.ipynb?reset")
        page.wait_for_selector(IDLE)
        for button in page.locator(".jp-Dialog .jp-mod-accept").all():  # such as a question which kernel to take
            button.click()
        wait_until(lambda: at_rest(address), 300, "no kernel is ready")
        choose(page, "Run", "runmenu:run-all")
        if holds_within(lambda: numbered(page) > 0, 120):
            break
    wait_until(lambda: numbered(page) == page.locator(PROMPTS).count(), PATIENCE, f"{name} did not run to its end")
    wait_until(lambda: at_rest(address), PATIENCE, f"the kernel of {name} does not come to rest")


def answer(page, question: str, text: str) -> str:
    """Write an answer into the cell of an exercise as a student does, run the cell, and return what it says."""
    cell = page.locator(".jp-CodeCell").filter(has=page.locator(".cm-content", has_text=question)).first
    cell.scroll_into_view_if_needed()
    prompt = cell.locator(".jp-InputArea-prompt")
    before = prompt.text_content()
    cell.locator(".cm-content").click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.insert_text(text)
    page.keyboard.press("Control+Enter")
    wait_until(lambda: prompt.text_content() not in (before, "[*]:"), 120, "the answer's cell does not run")
    return cell.locator(".jp-OutputArea-output").last.inner_text()


def numbered(page) -> int:
    """Return how many code cells have been executed."""
    return sum(any(sign.isdigit() for sign in text) for text in page.locator(PROMPTS).all_text_contents())


def save(page, path: Path) -> nbformat.NotebookNode:
    """Save the open notebook and return what lies on the disk."""
    before = path.stat().st_mtime_ns
    choose(page, "File", "docmanager:save")
    wait_until(lambda: path.stat().st_mtime_ns > before and is_whole(path), 60, f"{path.name} is not saved")
    return nbformat.read(path, as_version=4)


def is_whole(path: Path) -> bool:
    """Whether a file holds JSON to its end: a save that is under way leaves it empty or cut."""
    try:
        json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return False
    return True


def clear_prompts(path: Path) -> None:
    """Take the committed outputs away, so that what is seen was run here."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    nbformat.write(notebook, path)


def errors_in(notebook: nbformat.NotebookNode) -> list[str]:
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return [output.evalue for output in outputs if output.output_type == "error"]


def changes() -> str:
    return subprocess.run(["git", "-C", ROOT, "status", "--porcelain"], capture_output=True, text=True).stdout


def test_the_first_notebook_runs_an_exercise_is_solved_and_it_is_saved(page, lab, desk):
    before = changes()
    path = desk / "00_start_here.ipynb"
    clear_prompts(path)
    run_all(page, lab, path.stem)
    question = 'check("00.share", share)'
    assert answer(page, question, f"share = 25\n{question}").startswith("not yet")
    right = 'share = (samples.labels == samples.classes.index("negative")).mean()'
    assert answer(page, question, f"{right}\n{question}").startswith("right")
    saved = save(page, path)
    assert any(right in cell.source and "right" in str(cell.outputs) for cell in saved.cells)
    code = [cell for cell in saved.cells if cell.cell_type == "code"]
    assert errors_in(saved) == []
    assert [cell.source for cell in code if cell.execution_count is None] == []
    assert any("image/png" in output.get("data", {}) for cell in code for output in cell.outputs)
    assert changes() == before


def test_a_slider_moves_and_its_picture_follows(page, lab, desk):
    before = changes()
    path = desk / "02_preprocessing.ipynb"
    clear_prompts(path)
    run_all(page, lab, path.stem)
    box = page.locator(BOX).first
    box.scroll_into_view_if_needed()
    shown = f"() => [...document.querySelector('{BOX}').querySelectorAll('img')].map(i => i.src).join()"
    page.wait_for_function(f"() => ({shown})().length > 0")
    picture = page.evaluate(shown)
    handle = box.locator(".noUi-handle").first
    handle.focus()
    for _ in range(3):
        handle.press("ArrowRight")
    page.wait_for_function(f"before => ({shown})() !== before && ({shown})().length > 0", arg=picture)
    assert errors_in(save(page, path)) == []
    assert changes() == before
