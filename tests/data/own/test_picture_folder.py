"""tinynet.data.pictures: a folder of pictures for each class."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image

from tests.data.own.drawn import MODES, folder_of_pictures
from tinynet.data import pictures, preparation_of


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return folder_of_pictures(tmp_path_factory.mktemp("own") / "shapes", 20, tuple(MODES))


def test_pictures_of_any_size_and_mode_are_brought_to_one(folder):
    train, test, preparation = pictures(folder)
    assert train.classes == test.classes == preparation.classes == ("bar", "disc")
    assert (train.x.shape[1:], train.x.dtype, train.y.dtype) == ((3, 32, 32), np.float32, np.int64)
    assert len(train) + len(test) == 40
    assert 0 <= train.x.min() <= train.x.max() <= 1
    bars, discs = train.x[train.y == 0], train.x[train.y == 1]
    assert (
        bars[:, 0, 16, :2].mean() - bars[:, 0, 2, :2].mean()
    ) > 0.3  # the bar reaches the sides, and the disc does not
    assert abs(discs[:, 0, 16, :2].mean() - discs[:, 0, 2, :2].mean()) < 0.05


def test_grey_pictures_have_one_channel_and_keep_a_small_size_that_they_share(tmp_path):
    for name, level in (("dark", 20), ("light", 200)):
        (tmp_path / name).mkdir()
        for i in range(12):
            Image.fromarray(np.full((28, 20), level + i, np.uint8)).save(tmp_path / name / f"{i}.png")
    train, _, preparation = pictures(tmp_path)
    assert train.x.shape[1:] == preparation.input_shape == (1, 28, 20)
    assert np.abs(np.sort(train.x[train.y == 0, 0, 0, 0] * 255) % 1).max() < 1e-4
    assert pictures(tmp_path, size=8)[0].x.shape[1:] == (1, 8, 8)
    assert pictures(tmp_path, size=(9, 7))[0].x.shape[1:] == (1, 9, 7)


def test_a_picture_stays_in_its_part_when_others_come_or_go(folder, tmp_path):
    _, before, _ = pictures(folder)
    more = folder_of_pictures(shutil.copytree(folder, tmp_path / "more"), 6, seed=1)
    (more / "disc" / "disc.0.0.png").rename(more / "disc" / "another name.png")
    _, after, _ = pictures(more)
    hashes = {x.tobytes() for x in after.x}
    assert {x.tobytes() for x in before.x} <= hashes
    assert len(after) >= len(before)


def test_equal_pictures_are_never_on_both_sides(folder, tmp_path):
    twice = shutil.copytree(folder, tmp_path / "twice")
    for path in list(twice.rglob("*.*")):
        if path.is_file():
            shutil.copy(path, path.with_name(f"copy.of.{path.name}"))
    train, test, _ = pictures(twice)
    assert not {x.tobytes() for x in train.x} & {x.tobytes() for x in test.x}


def test_a_preparation_goes_through_json_and_does_the_same(folder):
    train, test, preparation = pictures(folder, size=16)
    again = preparation_of(json.loads(json.dumps(preparation.config())))
    assert repr(again) == repr(preparation) == "PicturePreparation(input_shape=(3, 16, 16), 2 classes)"
    for before, after in zip((train, test), again.parts(folder), strict=True):
        assert np.array_equal(before.x, after.x)
        assert np.array_equal(before.y, after.y)
        assert before.source == after.source
    assert len(again.dataset(folder)) == len(train) + len(test)
    x = again(folder / "disc" / "disc.0.0.png")
    assert any(np.array_equal(x, other) for other in np.concatenate([train.x, test.x]))


def test_folders_for_training_and_test_are_taken_as_they_are(tmp_path):
    for part, seed in (("Train", 1), ("val", 2), ("test", 3)):
        folder_of_pictures(tmp_path / part, 3, seed=seed)
    train, test, _ = pictures(tmp_path)
    assert (len(train), len(test)) == (12, 6)
    shutil.rmtree(tmp_path / "test")
    train, test, _ = pictures(tmp_path)
    assert (len(train), len(test)) == (6, 6)


def test_of_an_animated_picture_the_first_frame_is_taken(folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "copy")
    frames = [Image.new("L", (40, 40), level) for level in (90, 200, 255)]
    frames[0].save(copy / "disc" / "moving.gif", save_all=True, append_images=frames[1:])
    _, _, preparation = pictures(copy)
    assert np.abs(preparation(copy / "disc" / "moving.gif") * 255 - 90).max() < 1.5


def test_what_is_hidden_or_of_the_system_is_left_alone_and_links_end(folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "copy")
    (copy / ".git").mkdir()
    (copy / "__MACOSX").mkdir()
    (copy / "disc" / ".DS_Store").write_bytes(b"x")
    (copy / "disc" / "Thumbs.db").write_bytes(b"x")
    (copy / "notes.txt").write_text("beside the classes")
    (copy / "disc" / "deeper").mkdir()
    (copy / "disc" / "disc.0.0.png").rename(copy / "disc" / "deeper" / "disc..png")
    (copy / "disc" / "deeper" / "loop").symlink_to(copy / "disc")
    train, test, _ = pictures(copy)
    assert len(train) + len(test) == 40


def test_broken_pictures_are_named_and_left_out_if_asked(folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "copy")
    for name in ("a.png", "b.jpg", "c.gif", "d.txt", "e.png"):
        (copy / "bar" / name).write_bytes(b"no picture")
    with pytest.raises(
        ValueError, match=r"^pictures: 5 of 45 files cannot be used: .*a\.png.*b\.jpg.*c\.gif.*And 2 more\."
    ):
        pictures(copy)
    train, test, _ = pictures(copy, skip_broken=True)
    assert len(train) + len(test) == 40
