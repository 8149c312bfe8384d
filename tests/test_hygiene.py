"""What must never enter the repository: real samples, annotation sheets, machine paths, hosts of registries."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import re
import subprocess
from collections import Counter
from functools import cache
from pathlib import Path

import matplotlib
import nbformat
import numpy as np
import pytest
from PIL import Image
from real_image_scan import MapFinder, decode, file_hashes, pictures_in, recognisable, repository_files
from scipy.ndimage import gaussian_filter, zoom

matplotlib.use("Agg")
import matplotlib.pyplot as plt

ROOT = Path(__file__).resolve().parents[1]
ITSELF = {ROOT / "tests" / "test_hygiene.py", ROOT / "tests" / "real_image_scan.py"}
BINARY = re.compile(
    r"\.(png|jpe?g|bmp|gif|tiff?|webp|npy|npz|pt|pth|pkl|pickle|joblib|tar|gz|zip|safetensors|onnx|tflite|avi|mp4)$",
    re.I,
)
PICTURE_FOLDERS = re.compile(r"^(docs/figures/|results/reference/(.*/)?artefacts/).*\.png$")
TEXT = {
    ".py",
    ".md",
    ".toml",
    ".yml",
    ".yaml",
    ".txt",
    ".csv",
    ".json",
    ".ipynb",
    ".cff",
    ".sh",
    ".css",
    ".html",
    ".svg",
    ".rst",
}
MACHINE_PATH = re.compile(r"(?<![\w.~$)}\]/-])/(?:work|home|root|tmp|Users)/")
REGISTRY = re.compile(r"pypi\.org|pythonhosted|--extra-index-url|--find-links|https?://(localhost|10\.|192\.168)", re.I)


def files() -> list[Path]:
    return repository_files(ROOT)


def text_files() -> list[Path]:
    named = {"Makefile", "LICENSE", "run", "Snakefile"}
    return [path for path in files() if (path.suffix in TEXT or path.name in named) and path not in ITSELF]


def matches(pattern: re.Pattern, paths: list[Path]) -> list[str]:
    """Where `pattern` occurs, as file:line; pictures inside notebooks are left out."""
    found = []
    for path in paths:
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            if len(line) < 5000 and (match := pattern.search(line)):
                found.append(f"{path.relative_to(ROOT) if path.is_relative_to(ROOT) else path}:{number} {match[0]!r}")
    return found


def published_hashes() -> set[str]:
    """SHA-256 of every published file of real samples that the manifests know."""
    found = set()
    for listing in (ROOT / "data_manifests").glob("*/files.csv"):
        with listing.open(encoding="utf-8", newline="") as stream:
            found |= {row["sha256"] for row in csv.DictReader(stream)}
    return found


def bytes_of_real_samples(paths: list[Path], known: set[str]) -> list[str]:
    return [str(path) for path in paths if file_hashes(path) & known]


def pictures_of_real_samples(paths: list[Path], *finders: MapFinder) -> list[str]:
    found, looked_at = [], {}
    for path in paths:
        for picture in pictures_in(path):
            known = hashlib.sha256(picture).digest()  # many figures are files and outputs of notebooks too
            if known not in looked_at:
                image = decode(picture)
                shown = [] if image is None else [finder.shown_in(image) for finder in finders]
                looked_at[known] = [f"{each[1]} ({each[0]:.3f})" for each in shown if each]
            found += [f"{path.name} shows {each}" for each in looked_at[known]]
    return found


# --- the repository itself ---------------------------------------------------------------------------------------


def test_pictures_and_arrays_lie_only_where_figures_are_published():
    names = [path.relative_to(ROOT).as_posix() for path in files()]
    assert [name for name in names if BINARY.search(name) and not PICTURE_FOLDERS.match(name)] == []


def test_the_manifest_lists_the_published_maps():
    assert len(published_hashes()) >= 442


def test_no_file_has_the_bytes_of_a_real_sample():
    assert bytes_of_real_samples(files(), published_hashes()) == []


@pytest.fixture(scope="module")
def first_maps(flow_archive):
    return MapFinder.of_archive(flow_archive)


@pytest.fixture(scope="module")
def second_maps(phase_archive):
    """Other crops, less sharp; own figures resemble its channels by .95 at most, but for those left out."""
    return MapFinder.of_archive(phase_archive, plain_too=False)


@pytest.mark.long
@pytest.mark.real
def test_no_picture_shows_a_real_sample(first_maps):
    assert pictures_of_real_samples(files(), first_maps) == []


@pytest.mark.slow  # four times as many maps
@pytest.mark.real
def test_no_picture_shows_a_real_sample_of_the_second_archive(second_maps):
    assert pictures_of_real_samples(files(), second_maps) == []


def test_no_annotation_sheet_is_in_the_repository():
    assert [path.name for path in files() if path.suffix.lower() in {".xlsx", ".xls", ".ods"}] == []


def test_no_path_of_a_machine():
    assert matches(MACHINE_PATH, text_files()) == []


def test_no_host_of_a_package_registry():
    assert matches(REGISTRY, text_files()) == []


def test_no_folder_is_crowded():
    folders = Counter(path.parent.relative_to(ROOT).as_posix() for path in files() if path.suffix == ".py")
    assert {name: count for name, count in folders.items() if name.startswith("merlib") and count > 21} == {}


def test_modules_have_one_purpose_and_a_name_that_says_it():
    modules = [path for path in files() if path.suffix == ".py" and path.is_relative_to(ROOT / "merlib")]
    assert [str(path) for path in modules if path.stem in {"utils", "util", "helpers", "common", "misc"}] == []
    lengths = {path.relative_to(ROOT).as_posix(): len(path.read_text().splitlines()) for path in modules}
    assert {name: length for name, length in lengths.items() if length > 300} == {}


def test_what_the_readme_writes_into_a_checkout_is_ignored_by_git():
    if not (ROOT / ".git").exists():
        pytest.skip("IGNORED FILES NOT CHECKED: no git checkout")
    written = ["twin/casme2/SYNTHETIC.json", "twin/casme2/Cropped/sub01/a/reg_img1.jpg", "report.html", "data/x.png"]
    told = subprocess.run(["git", "-C", ROOT, "check-ignore", *written], capture_output=True, text=True)
    assert told.stdout.split() == written


def test_an_exported_twin_is_nobody_s_face_wherever_it_lies(tmp_path):
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    for name in ("mine/SYNTHETIC.json", "mine/sub01/reg_img1.jpg", "face.jpg", "committed/SYNTHETIC.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    subprocess.run(["git", "-C", tmp_path, "add", "committed"], check=True)
    (tmp_path / "committed" / "face.jpg").write_text("")
    subprocess.run(["git", "-C", tmp_path, "add", "committed/face.jpg"], check=True)
    seen = [path.relative_to(tmp_path).as_posix() for path in repository_files(tmp_path)]
    assert seen == ["committed/SYNTHETIC.json", "committed/face.jpg", "face.jpg"]


# --- planted faults: each guard catches what it is there for -------------------------------------------------------


@cache
def invented_maps(count: int = 20) -> MapFinder:
    """Smooth random fields stretched to 0..255 in each channel, like the published maps but of nobody."""
    random = np.random.default_rng(5)
    fields = gaussian_filter(random.normal(size=(count, 28, 28, 3)), (0, 2.5, 2.5, 0))
    low, high = fields.min((1, 2), keepdims=True), fields.max((1, 2), keepdims=True)
    maps = np.round(255 * (fields - low) / (high - low)).astype(np.uint8)
    return MapFinder(maps, tuple(f"map {index}" for index in range(count)))


def png(image: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "PNG")
    return stream.getvalue()


def shown(draw) -> bytes:
    """A figure of three panels, the middle one drawn by `draw`, as a notebook output holds it."""
    figure, axes = plt.subplots(1, 3, figsize=(9, 3))
    axes[0].plot([0, 1, 4])
    draw(axes[1])
    axes[2].bar([1, 2], [250, 83])
    stream = io.BytesIO()
    figure.savefig(stream, format="png")
    plt.close(figure)
    return stream.getvalue()


def nearest(flow: np.ndarray, times: int) -> np.ndarray:
    return flow.repeat(times, 0).repeat(times, 1)


DRAWINGS = {
    "the map": lambda flow: png(flow),
    "enlarged": lambda flow: png(nearest(flow, 7)),
    "enlarged smoothly": lambda flow: png(zoom(flow, (9, 9, 1), order=1)),
    "mirrored": lambda flow: png(nearest(flow[:, ::-1], 4)),
    "imshow in colour": lambda flow: shown(lambda axes: axes.imshow(flow)),
    "imshow of u": lambda flow: shown(lambda axes: axes.imshow(flow[..., 0])),
    "imshow of v, diverging": lambda flow: shown(lambda axes: axes.imshow(flow[..., 1], cmap="coolwarm")),
    "imshow of strain, grey": lambda flow: shown(lambda axes: axes.imshow(flow[..., 2], cmap="gray")),
    "smooth imshow": lambda flow: shown(lambda axes: axes.imshow(flow, interpolation="bilinear")),
    "in a montage": lambda flow: png(np.tile(np.concatenate([flow, 255 - nearest(flow, 2)[:28, :28]]), (2, 3, 1))),
}


def notebook_with(picture: bytes, path: Path) -> Path:
    data = {"image/png": base64.b64encode(picture).decode()}
    cell = nbformat.v4.new_code_cell("axes.imshow(flow)", outputs=[nbformat.v4.new_output("display_data", data)])
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    return path


@pytest.mark.long
@pytest.mark.parametrize("drawing", DRAWINGS)
def test_a_map_is_found_however_it_is_drawn(drawing, tmp_path):
    finder = invented_maps()
    for index in (0, 7, 13):
        path = notebook_with(DRAWINGS[drawing](finder.maps[index]), tmp_path / "04.ipynb")
        [complaint] = pictures_of_real_samples([path], finder)
        assert f"map {index} " in complaint


@pytest.mark.long
def test_other_pictures_are_not_taken_for_a_map(tmp_path):
    finder = invented_maps()
    others = np.random.default_rng(6)
    stranger = MapFinder(invented_maps(40).maps[20:], tuple(map(str, range(20))))
    curves = shown(lambda axes: axes.plot(others.normal(size=50).cumsum()))
    mean = shown(lambda axes: axes.imshow(finder.maps.mean(0) / 255))
    matrix = shown(lambda axes: axes.imshow(others.integers(0, 90, (3, 3))))
    pictures = [curves, mean, matrix, *(DRAWINGS["imshow in colour"](flow) for flow in stranger.maps[:5])]
    for picture in pictures:
        assert pictures_of_real_samples([notebook_with(picture, tmp_path / "x.ipynb")], finder) == []


def test_a_picture_in_a_vector_drawing_or_page_is_looked_at(tmp_path):
    finder = invented_maps()
    code = base64.b64encode(png(nearest(finder.maps[3], 5))).decode()
    for name, text in {
        "figure.svg": f'<svg><image xlink:href="data:image/png;base64,\n{code[:76]}\n{code[76:]}"/></svg>',
        "page.md": f"![](data:image/png;base64,{code})",
    }.items():
        (tmp_path / name).write_text(text)
        assert len(pictures_of_real_samples([tmp_path / name], finder)) == 1, name


def planted_and_found(drawing: str, finder: MapFinder, index: int, folder: Path) -> None:
    picture = DRAWINGS[drawing](finder.maps[index])
    (folder / "planted.png").write_bytes(picture)
    planted = [folder / "planted.png", notebook_with(picture, folder / "04.ipynb")]
    complaints = pictures_of_real_samples(planted, finder)
    assert len(complaints) == 2
    assert all(finder.names[index] in complaint for complaint in complaints)


FEW = {"the map", "imshow in colour", "in a montage"}  # the others are drawn of invented maps above


@pytest.mark.real
@pytest.mark.parametrize(
    "drawing", [name if name in FEW else pytest.param(name, marks=pytest.mark.slow) for name in DRAWINGS]
)
def test_a_planted_real_map_is_found(drawing, first_maps, tmp_path):
    assert len(first_maps.names) == 442
    planted_and_found(drawing, first_maps, 200, tmp_path)


@pytest.mark.slow
@pytest.mark.real
@pytest.mark.parametrize("drawing", [name for name in DRAWINGS if "imshow of" not in name])  # not a plain channel alone
def test_a_planted_map_of_the_second_archive_is_found(drawing, second_maps, tmp_path):
    index = second_maps.names.index("sub17_EP05_09 .png")
    planted_and_found(drawing, second_maps, index, tmp_path)


@pytest.mark.slow
@pytest.mark.real
def test_almost_every_map_of_the_second_archive_has_a_channel_to_be_known_by(second_maps):
    fields = np.moveaxis(second_maps.maps, -1, 0)
    known = recognisable(fields.reshape(-1, 28, 28)).reshape(3, -1).any(0)
    of_motion = second_maps.maps[..., 2].any((1, 2))  # the others are maps of directions, without strain
    assert of_motion.sum() == 884
    assert known[of_motion].mean() > 0.95


def test_what_anything_smooth_resembles_is_not_looked_for():
    y, x = np.mgrid[-1:1:28j, -1:1:28j]
    corner = np.zeros((28, 28))
    corner[0, 0] = 255
    plain = [100 * x + 50 * y, 255 - 90 * (x**2 + y**2), corner, np.where(x > 0, 255, 0)]
    assert recognisable(np.stack([*plain, *invented_maps().maps[..., 0]])).tolist() == [False] * 4 + [True] * 20


@pytest.mark.real
def test_the_bytes_of_a_real_map_are_found_under_any_name(flow_archive, tmp_path):
    source = next(flow_archive.rglob("*.png"))
    (tmp_path / "figure.png").write_bytes(source.read_bytes())
    (tmp_path / "notes.txt").write_bytes(source.read_bytes())
    notebook_with(source.read_bytes(), tmp_path / "04.ipynb")
    assert len(bytes_of_real_samples(sorted(tmp_path.iterdir()), published_hashes())) == 3


@pytest.mark.parametrize(
    "name",
    [
        "notebooks/map.png",
        "tests/x.NPZ",
        "results/reference/a.pth",
        "merlib/f.jpg",
        "docs/figures/f.npy",
        ".c/latest.pkl",
    ],
)
def test_a_picture_or_array_elsewhere_is_caught(name):
    assert BINARY.search(name)
    assert not PICTURE_FOLDERS.match(name)


def test_published_figures_are_allowed():
    assert PICTURE_FOLDERS.match("results/reference/megc2019_flow/artefacts/am3f.figure5.png")
    assert PICTURE_FOLDERS.match("docs/figures/result.png")


@pytest.mark.parametrize(
    ("pattern", "bad", "good"),
    [
        (MACHINE_PATH, "data = '/home/me/casme2'", "results/tmp/x and ~/home/ and $HOME/work/"),
        (MACHINE_PATH, "see /work/main/x.py", "../shared/real/work/x"),
        (REGISTRY, "pip install --extra-index-url x", "pip install merlib"),
    ],
)
def test_a_forbidden_line_is_caught_and_a_harmless_one_is_not(pattern, bad, good, tmp_path):
    (tmp_path / "bad.py").write_text(f"x = 1\n{bad}\n")
    (tmp_path / "good.py").write_text(f"{good}\n")
    assert len(matches(pattern, [tmp_path / "bad.py"])) == 1
    assert matches(pattern, [tmp_path / "good.py"]) == []


def test_a_damaged_picture_is_no_picture():
    assert decode(b"not a picture") is None
