# SPDX-License-Identifier: GPL-3.0-or-later
import contextlib
import hashlib
import json
import os
import re
import shutil
from pathlib import Path

import pytest
from gnuradio.lwmspectro import Bundle, BundleError, kernels, open_bundle
from gnuradio.lwmspectro.bundle_writer import write_bundle
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

VLEN = kernels.window_spec().vlen


@pytest.fixture
def folder(make_bundle):
    return make_bundle()


def edit(folder: Path, *path: str, value: object) -> None:
    """Sets bundle.json[path...]."""
    manifest = json.loads((folder / "bundle.json").read_text())
    place = manifest
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    (folder / "bundle.json").write_text(json.dumps(manifest))


def test_load(folder):
    bundle = Bundle.load(folder)
    assert bundle.id == "tiny-1"
    assert bundle.protocols == ("wifi", "lte", "nr", "none")
    assert bundle.spec.vlen == VLEN
    assert bundle.thresholds.protocol_p == 0.7
    assert len(bundle.read("router.onnx")) == bundle.manifest.files["router.onnx"].bytes
    assert (folder / "MODEL_CARD.md").read_text() == "# tiny\n"


def test_open_bundle(folder, monkeypatch):
    bundle = open_bundle(str(folder))
    assert open_bundle(bundle) is bundle
    monkeypatch.setenv("LWMSPECTRO_MODEL", str(folder))
    assert open_bundle().id == "tiny-1"
    assert open_bundle("").folder == folder


def test_an_installed_bundle_has_a_name(folder, tmp_path, monkeypatch):
    from gnuradio.lwmspectro import _paths

    (tmp_path / "models").mkdir()
    shutil.copytree(folder, tmp_path / "models" / "other")
    monkeypatch.setattr(_paths, "SHARE_DIR", tmp_path)
    monkeypatch.chdir(tmp_path)
    assert open_bundle("other").folder == tmp_path / "models" / "other"
    monkeypatch.setenv("LWMSPECTRO_MODEL", "other")
    assert open_bundle().id == "tiny-1"
    for name in ("nowhere", "./other", "x" * 300):
        with pytest.raises(BundleError, match=re.escape(name.removeprefix("./"))):
            open_bundle(name)
    shutil.copytree(folder, tmp_path / "other")  # one's own comes first
    assert open_bundle("other").folder == Path("other")


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (["format"], 3, "format: expected 1 or 2, got 3"),
        (["format"], "1", "bundle.json.format: expected a whole number, got '1' (string)"),
        (["extra"], 1, "got unknown ['extra']"),
        (["name"], "", "names, version and labels: expected plain words, got ''"),
        (["version"], "\ud800", "expected plain words, got '\\ud800'"),
        (["labels", "protocol"], ["wifi", "a\nb", "nr", "none"], "got 'a\\nb'"),
        (["labels", "protocol"], ["none"], "labels.protocol: expected different names"),
        (["labels", "protocol"], ["a", "a", "b", "c"], "labels.protocol: expected different names"),
        (["labels"], {}, "labels.protocol: expected different names, got []"),
        (["labels", "protocol"], ["wifi", "lte", "none"], "logits: expected 3 values, got 4"),
        (["spec", "n_frames"], 129, f"expected {VLEN + 128} values, got {VLEN}"),
        (["spec", "n_frames"], 2**31, "n_frames: expected 1 to 1000000, got 2147483648"),
        (["spec", "n_frames"], 64, "hop_frames: expected 1 to 64, got 128"),
        (["thresholds", "temperature"], 0, "temperature: expected 0.001 to 1000, got 0"),
        (["thresholds", "protocol_p"], 1.5, "protocol_p: expected 0 to 1, got 1.5"),
        (["models"], {}, "models: expected 'router', got []"),
        (["models", "router", "input", "dtype"], "int8", "tokens: expected float32, got int8"),
        (["models", "router", "input", "shape"], [1, VLEN], f'expected shape ["batch", {VLEN}]'),
        (["models", "router", "file"], "../router.onnx", "expected plain file names"),
        (["models", "router", "file"], "other.onnx", "expected an entry for 'other.onnx'"),
        (["files", "../x"], {"sha256": "0", "bytes": 1}, "expected plain file names"),
        (["files", "/etc/passwd"], {"sha256": "0", "bytes": 1}, "expected plain file names"),
        (["files", "gone"], {"sha256": "0", "bytes": 1}, "No such file"),
        (["files"], {}, "expected an entry for 'MODEL_CARD.md', got none"),
        (["files", "MODEL_CARD.md", "sha256"], "0", "MODEL_CARD.md: expected SHA-256 0, got"),
        (["files", "router.onnx", "bytes"], 1, "router.onnx: expected 1 bytes, got"),
        (["files", "router.onnx", "sha256"], "0", "router.onnx: expected SHA-256 0, got"),
    ],
)
def test_what_is_wrong_says_expected_and_got(folder, path, value, message):
    edit(folder, *path, value=value)
    with pytest.raises(BundleError) as caught:
        Bundle.load(folder)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_changed_model_is_noticed(folder):
    content = bytearray((folder / "router.onnx").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "router.onnx").write_bytes(content)
    with pytest.raises(BundleError, match="expected SHA-256"):
        Bundle.load(folder)


def test_a_model_that_changes_after_loading_is_noticed(folder):
    bundle = Bundle.load(folder)
    (folder / "router.onnx").write_bytes(bytes(bundle.manifest.files["router.onnx"].bytes))
    with pytest.raises(BundleError, match="expected SHA-256"):
        bundle.read("router.onnx")


def test_links_are_not_followed(folder, tmp_path):
    (folder / "router.onnx").rename(tmp_path / "elsewhere")
    (folder / "router.onnx").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BundleError, match="expected a plain file"):
        Bundle.load(folder)


def test_a_fifo_does_not_hang(folder):
    (folder / "bundle.json").unlink()
    os.mkfifo(folder / "bundle.json")
    with pytest.raises(BundleError, match="expected a plain file"):
        Bundle.load(folder)


@pytest.mark.parametrize("name", ["missing", ""])
def test_no_bundle_there(tmp_path, name):
    with pytest.raises(BundleError):
        Bundle.load(f"{tmp_path}/{name}")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)
@given(st.data())
def test_any_damage_to_the_manifest_is_one_kind_of_error(folder, data):
    text = (folder / "bundle.json").read_bytes()
    at = data.draw(st.integers(0, len(text)))
    damaged = (
        text[:at] + data.draw(st.binary(max_size=4)) + text[at + data.draw(st.integers(0, 9)) :]
    )
    copy = folder.with_name("damaged")
    copy.mkdir(exist_ok=True)
    for name in ("router.onnx", "MODEL_CARD.md"):
        (copy / name).write_bytes((folder / name).read_bytes())
    (copy / "bundle.json").write_bytes(damaged)
    with contextlib.suppress(BundleError):
        Bundle.load(copy)


def rewrite(folder: Path, target: Path | None = None, **change: object) -> Bundle:
    """Writes the bundle that is in a folder over itself, or into another."""
    manifest = json.loads((folder / "bundle.json").read_text())
    fields = {key: value for key, value in manifest.items() if key not in ("format", "files")}
    contents = {"router.onnx": (folder / "router.onnx").read_bytes()}
    return write_bundle(target or folder, {**fields, **change}, contents, "# card\n")


def test_writing_replaces_the_old_bundle(folder):
    old = {path.name for path in folder.iterdir()}
    assert rewrite(folder, version="2").id == "tiny-2"
    assert {path.name for path in folder.iterdir()} == old
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


@pytest.mark.parametrize("name", ["router.onnx", "MODEL_CARD.md"])
def test_hashes_are_of_what_was_written(folder, name):
    entry = Bundle.load(folder).manifest.files[name]
    content = (folder / name).read_bytes()
    assert (entry.sha256, entry.bytes) == (hashlib.sha256(content).hexdigest(), len(content))


def test_a_changed_card_is_noticed(folder):
    (folder / "MODEL_CARD.md").write_text("# tinY\n")
    with pytest.raises(BundleError, match=r"MODEL_CARD.md: expected SHA-256"):
        Bundle.load(folder)


def test_files_that_are_not_listed_are_ignored(folder):
    (folder / "notes.txt").write_text("mine")
    assert Bundle.load(folder).id == "tiny-1"


def test_writing_spares_a_folder_that_is_no_bundle(make_bundle, tmp_path):
    source, target = make_bundle(), tmp_path / "papers"
    target.mkdir()
    (target / "thesis.tex").write_text("years of work")
    with pytest.raises(BundleError, match="expected a bundle or nothing, got a folder without"):
        rewrite(source, target)
    assert [path.name for path in target.iterdir()] == ["thesis.tex"]
    assert (target / "thesis.tex").read_text() == "years of work"


def test_writing_spares_files_beside_a_bundle(folder):
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(BundleError, match=r"files of a bundle alone, got also \['notes.txt'\]"):
        rewrite(folder, version="2")
    assert (folder / "notes.txt").read_text() == "mine"
    assert Bundle.load(folder).id == "tiny-1"


def test_writing_spares_files_and_links(folder, tmp_path):
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link").symlink_to(folder)
    for name in ("file", "link"):
        with pytest.raises(BundleError, match="expected a bundle's folder, got a file or a link"):
            rewrite(folder, tmp_path / name)
    assert (tmp_path / "file").read_text() == "mine"
    assert Bundle.load(folder).id == "tiny-1"


def test_writing_fills_an_empty_folder(folder, tmp_path):
    (tmp_path / "new").mkdir()
    assert rewrite(folder, tmp_path / "new", version="2").id == "tiny-2"


def test_the_old_bundle_comes_back_when_the_new_one_cannot_move(folder, monkeypatch):
    rename = Path.rename

    def interrupted(self, target):
        if self.name == "new":
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        rewrite(folder, version="2")
    assert Bundle.load(folder).id == "tiny-1"


@pytest.mark.parametrize("change", [{"version": ""}, {"surplus": 1}, {"labels": {}}])
def test_writing_nonsense_leaves_the_old_bundle(folder, change):
    with pytest.raises(BundleError):
        rewrite(folder, **change)
    assert Bundle.load(folder).id == "tiny-1"
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_writing_stays_in_the_folder(folder):
    with pytest.raises(ValueError, match="expected plain file names"):
        write_bundle(folder, {}, {"../escape": b""}, "")
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]
