"""The flow archive: right channels, both layouts alike, and every damaged copy refused with its file's name."""

from __future__ import annotations

import shutil

import cv2
import numpy as np
import pytest
from archive_builder import CLIPS, FLAT, LABEL_LIST, stretched_flow, write_by_subject, write_flat, write_map

from merlib.datasets.archive.reader import UNVERIFIED, read_flow_archive
from merlib.datasets.own_maps import read_own_maps
from merlib.errors import MerlibError


@pytest.fixture
def small(tmp_path):
    return write_flat(tmp_path / "archive")


@pytest.fixture
def real_copy(flow_archive, tmp_path):
    """A private copy of the real archive to plant faults in."""
    return shutil.copytree(flow_archive, tmp_path / "copy", copy_function=_copy_writable)


def _copy_writable(source, target):
    shutil.copyfile(source, target)
    return target


def refused(folder, verify=True) -> MerlibError:
    with pytest.raises(MerlibError) as error:
        read_flow_archive(folder, verify=verify)
    assert error.value.found
    assert error.value.expected
    assert error.value.action
    return error.value


def relabel(folder, old: str, new: str) -> None:
    path = folder / LABEL_LIST
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


# --- what a good archive gives -------------------------------------------------------------------------------


def test_red_is_u_green_is_v_blue_is_strain(small):
    samples = read_flow_archive(small, verify=False)
    row = list(samples.keys).index("casme2/sub01/EP02_01f")
    assert samples.inputs["flow"].dtype == np.float32
    np.testing.assert_array_equal(samples.inputs["flow"][row], stretched_flow(0))
    rgb = cv2.imread(str(small / FLAT / "sub01_EP02_01f .png"))[..., ::-1]
    np.testing.assert_array_equal(samples.inputs["flow"][row][0], rgb[..., 0])


def test_rows_are_sorted_and_carry_their_own_map_and_label(small):
    samples = read_flow_archive(small, verify=False)
    assert list(samples.keys) == [
        "casme2/sub01/EP02_01f",
        "casme2/sub02/EP01_11f",
        "samm/006/006_1_2",
        "samm/006/006_1_3",
        "smic/s01/s01_ne_01",
    ]
    assert samples.labels.tolist() == [1, 0, 0, 2, 0]
    for row, i in enumerate((0, 1, 3, 4, 2)):
        np.testing.assert_array_equal(samples.inputs["flow"][row], stretched_flow(i))


def test_order_of_the_list_does_not_change_the_digest(small, tmp_path):
    # the same maps under a list written backwards
    other = shutil.copytree(small, tmp_path / "other")
    header, *lines = (other / LABEL_LIST).read_text(encoding="utf-8").splitlines()
    (other / LABEL_LIST).write_text("\n".join([header, *lines[::-1]]) + "\n", encoding="utf-8")
    digests = {read_flow_archive(folder, verify=False).digest for folder in (small, other)}
    assert len(digests) == 1


def test_both_layouts_give_the_same_digest(small, tmp_path):
    flows = [stretched_flow(i) for i in range(len(CLIPS))]
    sorted_copy = write_by_subject(tmp_path / "sorted", CLIPS, flows)
    flat = read_flow_archive(small, verify=False)
    for folder in (sorted_copy, sorted_copy / "three_norm_u_v_os"):
        assert read_flow_archive(folder, verify=False).digest == flat.digest


def test_layout_by_subject_reads_each_clip_once_from_its_test_folder(tmp_path):
    flows = [stretched_flow(i) for i in range(len(CLIPS))]
    folder = write_by_subject(tmp_path, CLIPS, flows)
    assert len(list(folder.rglob("*.png"))) == len(CLIPS) * 4  # four subjects: each map in each one's folders
    for path in folder.rglob("u_train/*/*.png"):
        path.unlink()
    assert len(read_flow_archive(folder, verify=False)) == len(CLIPS)


def test_spellings_of_a_subject_in_the_list_are_made_canonical(small):
    relabel(small, "samm,006,006_1_2,", "samm,6,006_1_2,")
    samples = read_flow_archive(small, verify=False)
    assert "samm/006/006_1_2" in samples.keys


def test_reading_without_checks_is_noted_on_the_samples(small):
    assert read_flow_archive(small, verify=False).notes == (UNVERIFIED,)


def strain_like(seed: int) -> np.ndarray:
    """SYNTHETIC maps whose third channel is skewed, as strain is."""
    flow = stretched_flow(seed).astype(np.float64)
    flow[2] = 255 * (flow[2] / 255) ** 6
    return flow.astype(np.uint8)


@pytest.mark.parametrize(("order", "accepted"), [([0, 1, 2], True), ([1, 0, 2], True), ([2, 1, 0], False)])
def test_own_maps_whose_strain_is_another_channel_are_refused(order, accepted, small):
    for i, (_, subject, clip, _) in enumerate(CLIPS):
        write_map(small / FLAT / f"{subject}_{clip} .png", strain_like(i)[order])
    if accepted:
        assert read_own_maps(small).name == small.name
    else:
        assert "looks like strain" in refused(small, verify=False).found


def test_own_maps_may_have_been_cut_to_whole_numbers_the_published_were_not(small):
    flow = stretched_flow(0).clip(0, 254)
    write_map(small / FLAT / "sub01_EP02_01f .png", flow)
    assert len(read_own_maps(small)) == len(CLIPS)


def test_a_map_no_row_names_is_left_out_and_noted(small):
    write_map(small / FLAT / "sub09_EP09 .png", stretched_flow(9))
    samples = read_flow_archive(small, verify=False)
    assert len(samples) == len(CLIPS)
    assert any("sub09_EP09 .png" in note for note in samples.notes)


# --- what a bad archive gives --------------------------------------------------------------------------------


def test_missing_folder_is_named(tmp_path):
    assert str(tmp_path / "nowhere") in refused(tmp_path / "nowhere").found
    assert "merlib data get" in refused(tmp_path).action


@pytest.mark.parametrize("folder", ["three_norm_u_v_os", FLAT])
def test_an_archive_without_clips_is_refused(tmp_path, folder):
    (tmp_path / folder).mkdir(parents=True)
    (tmp_path / LABEL_LIST).write_text("dataset,sub,filename_o,label\n", encoding="utf-8")
    assert "no clip" in refused(tmp_path, verify=False).found


def test_missing_map_is_named(small):
    (small / FLAT / "006_006_1_3 .png").unlink()
    assert "006_006_1_3 .png" in refused(small, verify=False).found


def test_truncated_map_is_named(small):
    path = small / FLAT / "sub02_EP01_11f .png"
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    error = refused(small, verify=False)
    assert path.name in error.found
    assert f"truncated after {len(content) // 2} bytes" in error.found


def test_empty_map_is_named(small):
    path = small / FLAT / "sub02_EP01_11f .png"
    path.write_bytes(b"")
    assert "truncated after 0 bytes" in refused(small, verify=False).found


def test_file_that_is_no_image_is_named(small):
    path = small / FLAT / "sub02_EP01_11f .png"
    path.write_bytes(b"not an image IEND\xaeB`\x82")
    assert "cannot be decoded" in refused(small, verify=False).found


@pytest.mark.parametrize("size", [(27, 28), (56, 56)])
def test_map_of_another_size_is_named_with_its_shape(small, size):
    path = small / FLAT / "sub01_EP02_01f .png"
    cv2.imwrite(str(path), np.zeros((*size, 3), np.uint8))
    error = refused(small, verify=False)
    assert path.name in error.found
    assert str((*size, 3)) in error.found


def test_grey_map_is_refused(small):
    path = small / FLAT / "sub01_EP02_01f .png"
    cv2.imwrite(str(path), np.zeros((28, 28), np.uint8))
    assert "(28, 28)" in refused(small, verify=False).found


def test_channel_that_is_not_stretched_is_refused(small):
    flow = stretched_flow(0)
    flow[1] = flow[1] // 2
    write_map(small / FLAT / "sub01_EP02_01f .png", flow)
    assert "(0, 127)" in refused(small, verify=False).found


@pytest.mark.parametrize("label", ["3", "-1", "1.5", "", "angry"])
def test_label_outside_the_classes_is_named_with_its_line(small, label):
    relabel(small, "006_1_2,0,", f"006_1_2,{label},")
    error = refused(small, verify=False)
    assert f"line 5: label {label!r}" in error.found
    assert "0 negative, 1 positive, 2 surprise" in error.expected


@pytest.mark.parametrize("column", ["dataset", "sub", "filename_o", "label"])
def test_list_without_a_column_is_refused(small, column):
    relabel(small, "dataset,sub,filename_o,label,apex", "dataset,sub,filename_o,label,apex".replace(column, "x", 1))
    assert f"has no column {column};" in refused(small, verify=False).found


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", None])
def test_list_that_cannot_be_read_is_named(small, content):
    path = small / LABEL_LIST
    path.unlink() if content is None else path.write_bytes(content)
    assert LABEL_LIST in refused(small, verify=False).found


@pytest.mark.parametrize(("old", "new"), [("smic,s01,", "smik,s01,"), ("smic,s01,", "smic,s99,")])
def test_unknown_data_set_or_subject_is_named_with_its_line(small, old, new):
    relabel(small, old, new)
    assert "line 4" in refused(small, verify=False).found


def test_repeated_row_is_refused(small):
    with (small / LABEL_LIST).open("a", encoding="utf-8") as file:
        file.write("samm,6,006_1_2,0,,,\n")
    assert "samm/006/006_1_2 is listed twice" in refused(small, verify=False).found


def test_map_in_another_subjects_test_folder_is_refused(tmp_path):
    folder = write_by_subject(tmp_path, CLIPS, [stretched_flow(i) for i in range(len(CLIPS))])
    tests = folder / "three_norm_u_v_os" / "s01" / "u_test" / "0"
    write_map(tests / "006_006_1_2 .png", stretched_flow(3))
    assert "another subject in the test folder of s01" in refused(folder, verify=False).found


def test_class_folder_outside_the_classes_is_refused(tmp_path):
    clips = [(*clip[:3], 3) if clip[1] == "s01" else clip for clip in CLIPS]
    folder = write_by_subject(tmp_path, clips, [stretched_flow(i) for i in range(len(CLIPS))])
    assert "label '3'" in refused(folder, verify=False).found


def test_a_small_archive_is_not_the_published_one(small):
    assert "organisers" in refused(small).expected


# --- the real archive ----------------------------------------------------------------------------------------


@pytest.mark.real
def test_real_archive_has_the_published_counts(flow_archive):
    samples = read_flow_archive(flow_archive)
    assert samples.inputs["flow"].shape == (442, 3, 28, 28)
    assert samples.classes == ("negative", "positive", "surprise")
    assert np.bincount(samples.labels).tolist() == [250, 109, 83]
    assert len(set(samples.groups)) == 68
    assert samples.notes == ()
    flat = samples.inputs["flow"].reshape(442 * 3, -1)
    assert (flat.min(axis=1) == 0).all()
    assert (flat.max(axis=1) == 255).all()
    np.testing.assert_array_equal(samples.keys, np.sort(samples.keys))


@pytest.mark.long
@pytest.mark.real
def test_real_maps_sorted_by_subject_give_the_digest_of_the_flat_layout(flow_archive, tmp_path):
    samples = read_flow_archive(flow_archive)
    root = tmp_path / "three_norm_u_v_os"
    for dataset_subject, clip, label in zip(samples.groups, samples.clips, samples.labels, strict=True):
        subject = dataset_subject.split("/")[1]
        target = root / subject / "u_test" / str(label) / f"{subject}_{clip} .png"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(flow_archive / FLAT / f"{subject}_{clip} .png", target)
    assert read_flow_archive(tmp_path).digest == samples.digest
    for path in root.rglob("*.png"):  # the copies that circulate in this layout are encoded otherwise
        before = path.read_bytes()
        assert cv2.imwrite(str(path), cv2.imread(str(path)), [cv2.IMWRITE_PNG_COMPRESSION, 0])
        assert path.read_bytes() != before
    assert read_flow_archive(tmp_path).digest == samples.digest
    target.unlink()
    assert target.name in refused(tmp_path).found


@pytest.mark.real
def test_real_map_whose_content_differs_is_named(real_copy):
    path = real_copy / FLAT / "s20_s20_sur_01 .png"
    path.write_bytes(path.read_bytes())
    read_flow_archive(real_copy)
    flow = cv2.imread(str(path))
    flow[5, 5, 0] ^= 1
    cv2.imwrite(str(path), flow)
    error = refused(real_copy)
    assert path.name in error.found
    assert "SHA-256" in error.found
    assert read_flow_archive(real_copy, verify=False).notes == (UNVERIFIED,)


@pytest.mark.real
def test_real_maps_exchanged_between_clips_are_caught(real_copy):
    first, second = real_copy / FLAT / "006_006_1_2 .png", real_copy / FLAT / "006_006_1_3 .png"
    a, b = first.read_bytes(), second.read_bytes()
    first.write_bytes(b)
    second.write_bytes(a)
    assert "006_006_1_2 .png" in refused(real_copy).found


@pytest.mark.real
def test_real_missing_and_truncated_maps_are_named(real_copy):
    path = real_copy / FLAT / "037_037_3_2 .png"
    path.write_bytes(path.read_bytes()[:100])
    assert "037_037_3_2 .png: truncated after 100 bytes" in refused(real_copy).found
    path.unlink()
    assert "'037_037_3_2 .png' is missing" in refused(real_copy).found


@pytest.mark.real
def test_real_label_other_than_the_organisers_names_the_subject(real_copy):
    relabel(real_copy, "samm,037,037_3_2,0,", "samm,037,037_3_2,1,")
    error = refused(real_copy)
    assert error.found == "samm/037 has 1 positive."
    assert "1 negative" in error.expected


@pytest.mark.real
def test_real_labels_swapped_inside_one_subject_are_caught_by_the_hash(real_copy):
    relabel(real_copy, "casme2,sub01,EP02_01f,1,", "casme2,sub01,EP02_01f,0,")
    relabel(real_copy, "casme2,sub01,EP19_05f,0,", "casme2,sub01,EP19_05f,1,")
    assert "swapped" in refused(real_copy).found


@pytest.mark.real
def test_real_list_with_a_row_left_out_names_the_subject(real_copy):
    relabel(real_copy, "samm,037,037_3_2,0,,037_037_3_2.jpg,\n", "")
    assert refused(real_copy).found == "samm/037 has no clip."
