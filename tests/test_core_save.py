"""Saving and loading: what comes back, what other programs read, and that a bad file is refused, whole and in words."""

import io
import json
import os
import pickle
import random
import stat

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn


def saved(obj):
    file = io.BytesIO()
    mg.save(obj, file)
    return file.getvalue()


def loaded(content):
    return mg.load(io.BytesIO(content))


def made(header, numbers=b""):
    """A file with this header, as text or as a table."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + numbers


def entry(dtype="F32", shape=(1,), offsets=(0, 4)):
    return {"a": {"dtype": dtype, "shape": shape, "data_offsets": offsets}}


@pytest.mark.parametrize("dtype", [
    mg.float16, mg.float32, mg.float64, mg.int8, mg.int16, mg.int32, mg.int64, mg.uint8, mg.bool,
])  # fmt: skip
@pytest.mark.parametrize("shape", [(), (3,), (0, 2), (2, 3, 1)])
def test_every_dtype_and_shape_comes_back(dtype, shape):
    values = mg.tensor(np.arange(np.prod(shape, dtype=int)).reshape(shape) % 2, dtype=dtype)
    back = loaded(saved({"a": values, "odd": mg.ones(3, dtype=mg.uint8)}))
    assert list(back) == ["a", "odd"] and back["a"].dtype is dtype and back["a"].shape == shape
    assert back["a"].tolist() == values.tolist() and back["a"].array.flags.writeable


def test_the_bytes_are_those_of_the_format():
    content = saved({"b": mg.tensor([1], dtype=mg.uint8), "a": mg.tensor([[1.0, 2.0]]).t()})
    length = int.from_bytes(content[:8], "little")
    assert json.loads(content[8 : 8 + length]) == {
        "b": {"dtype": "U8", "shape": [1], "data_offsets": [8, 9]},
        "a": {"dtype": "F32", "shape": [2, 1], "data_offsets": [0, 8]},
    }
    assert length % 8 == 0 and content[8 + length :] == np.array([1, 2], "<f4").tobytes() + b"\1"


def test_a_training_run_goes_on_from_its_file(tmp_path):
    def run():
        mg.manual_seed(0)
        model = nn.Linear(3, 2)
        optimizer = mg.optim.Adam(model.parameters(), lr=0.1)
        return model, optimizer, mg.optim.lr_scheduler.MultiStepLR(optimizer, [2, 2, 5], 0.5)

    def train(parts, steps):
        model, optimizer, schedule = parts
        for _ in range(steps):
            optimizer.zero_grad()
            (model(mg.ones(4, 3)) ** 2).sum().backward()
            optimizer.step()
            schedule.step()
        return parts

    straight, first, second = train(run(), 6), train(run(), 3), run()
    mg.save({"epoch": 3, "parts": [part.state_dict() for part in first]}, tmp_path / "run.safetensors")
    checkpoint = mg.load(tmp_path / "run.safetensors")
    assert checkpoint["epoch"] == 3
    for part, state in zip(second, checkpoint["parts"], strict=True):
        part.load_state_dict(state)
    train(second, 3)
    assert second[0].weight.tolist() == straight[0].weight.tolist()
    assert second[2].get_last_lr() == straight[2].get_last_lr() == [0.1 / 8]


def test_nesting_comes_back_as_it_was():
    obj = {"t": (1, 2.5, None, True, "x"), 3: [mg.Size((2, 3)), np.float32(1.5)], None: float("-inf"), 2.5: {}, "": [],
           "leaf": mg.ones(1, requires_grad=True), "n": {"t": mg.ones(2)}, "n.t": mg.zeros(1)}  # fmt: skip
    back = loaded(saved(obj))
    assert back["t"] == obj["t"] and back[3] == [(2, 3), 1.5] and type(back[3][0]) is mg.Size
    assert back[None] == float("-inf") and back[2.5] == {} and back[""] == []
    assert back["leaf"].requires_grad and not back["n"]["t"].requires_grad
    assert back["n"]["t"].tolist() == [1, 1] and back["n.t"].tolist() == [0]
    assert loaded(saved(mg.ones(2))).tolist() == [1, 1] and loaded(saved(5)) == 5 and loaded(saved({})) == {}
    view = mg.arange(6).reshape(2, 3)[:, 1]
    assert loaded(saved({"view": view}))["view"].tolist() == [1, 4]


@pytest.mark.parametrize(("obj", "words"), [
    (nn.Linear(1, 1), r"obj is a Linear; .* save its \.state_dict\(\)"),
    ({"a": [1, {2}]}, "obj at 'a.1' is a set"),
    ({"a": np.ones(1)}, "at 'a' is a ndarray.*from_numpy"),
    ({(1, 2): 3}, "a key in obj is a tuple"),
    (print, "is a builtin_function"),
])  # fmt: skip
def test_what_is_no_data_is_not_saved(obj, words, tmp_path):
    with pytest.raises(TypeError, match=words):
        mg.save(obj, tmp_path / "file")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(("content", "words"), [
    (b"", "it is empty"), (b"abc", "too short"), (b"\0" * 20, "not a safetensors file"),
    (b"PK\x03\x04" + b"\0" * 40, "torch.save.*never unpickles"), (pickle.dumps({"a": 1}), "it is a pickle"),
    (b"\x93NUMPY\1\0v\0{'descr'", "NumPy"), (b"\x89HDF\r\n\x1a\n", "HDF5"), (b"\x1f\x8b\x08\0\0\0\0\0", "gzip"),
    (b"\xff" * 8 + b"{}", "not a safetensors file"), ((99).to_bytes(8, "little") + b"{}", "header is cut short"),
    (made(b"{]"), "header is damaged"), (made(b'{"\xff":1}'), "header is damaged"),
    (made(b"{}", b"1"), "holds 1 bytes"),
    (made(b"{" + b'"a":' + b"[" * 100_000), "nested too deep"), (made({"a": 1}), "'a' is no tensor"),
    (made(b'{"a":1,"a":2}'), "stands twice"), (made({"__metadata__": {"a": 1}}), "not texts"),
    (made(entry()), "holds 0 bytes"), (made(entry("BF16"), b"1234"), "dtype BF16, and minigrad has F16, F32"),
    (made(entry(3), b"1234"), "dtype of 'a' is not a name"), (made(entry(shape=(2,)), b"1234"), "do not fit its shape"),
    (made(entry(shape=(-1,)), b"1234"), "not whole numbers"), (made(entry(shape=(True,)), b"1234"), "not whole"),
    (made(entry(shape=1), b"1234"), "not whole"), (made(entry(offsets=(0,)), b"1234"), "no place"),
    (made(entry(shape=(1,) * 65), b"1234"), "not whole numbers"),
    (made(entry(offsets=(4, 8)), b"12345678"), "begin at 4"),
    (made(entry(shape=(0, 2**62), offsets=(0, 0))), "out of all bounds"),
    (made(entry("BOOL", (4,)), b"\0\1\1\2"), "bool, with other bytes"),
    (made({"a": entry()["a"], "b": entry()["a"]}, b"1234"), "begin at 0, not at 4"),
    *((made({"__metadata__": {"minigrad.structure": structure}}), words) for structure, words in (
        ("{", "damaged"), ('{"tensor": "a"}', "names 'a', which is not there"), ('{"a": 1, "b": 2}', "not one of"),
        ('{"run": []}', "unknown part 'run'"), ('{"dict": [1]}', "not made of pairs"), ('{"tensor": [1]}', "not there"),
        ('{"dict": [[[], 1]]}', "a key that cannot be one"), ("[" * 100_000, "nested too deep"),
    )),
])  # fmt: skip
def test_a_bad_file_is_refused_by_name_and_in_words(content, words, tmp_path):
    path = tmp_path / "bad.safetensors"
    path.write_bytes(content)
    with pytest.raises(RuntimeError, match=r"load\(\): '.*bad\.safetensors' cannot be read: .*(" + words + ")"):
        mg.load(path)


def test_a_file_cut_or_scratched_anywhere_loads_or_is_refused_and_no_more():
    content = saved({"a": mg.ones(3), "b": {"c": (mg.zeros(2, dtype=mg.bool), [1, "x"])}})
    for end in range(len(content)):
        with pytest.raises(RuntimeError, match="cannot be read"):
            loaded(content[:end])
    pick = random.Random(0)
    for _ in range(3000):
        scratched = bytearray(content)
        for _ in range(pick.randint(1, 3)):
            scratched[pick.randrange(len(content))] = pick.choice(b'0123456789{}[],:"\0\xff')
        try:
            loaded(bytes(scratched))
        except RuntimeError as error:
            assert "cannot be read" in str(error)


def test_a_header_longer_than_the_format_allows_is_not_written(tmp_path, monkeypatch):
    monkeypatch.setattr("minigrad.serialization._LONGEST_HEADER", 20)
    with pytest.raises(ValueError, match="the format allows 20"):
        mg.save({"a": mg.ones(1)}, tmp_path / "a")
    assert os.listdir(tmp_path) == []


def test_types_and_places_survive_pickling():
    for thing in (mg.float32, mg.bool, mg.device("cpu"), mg.device("cuda:1")):
        back = pickle.loads(pickle.dumps(thing))
        assert back == thing and repr(back) == repr(thing)


def test_loading_runs_nothing(tmp_path):
    class Trap:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "trap"),)

    (tmp_path / "file").write_bytes(pickle.dumps(Trap()))
    with pytest.raises(RuntimeError, match="never unpickles"):
        mg.load(tmp_path / "file", weights_only=False)
    assert os.listdir(tmp_path) == ["file"]


def test_a_crash_while_saving_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "model.safetensors"
    mg.save({"a": mg.ones(1)}, path)

    def full(_):
        raise OSError("disk full")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="disk full"):
        mg.save({"a": mg.zeros(1)}, path)
    assert os.listdir(tmp_path) == [path.name] and mg.load(path)["a"].tolist() == [1]


@pytest.mark.skipif(os.name != "posix", reason="links and pipes as POSIX has them")
def test_links_go_on_leading_to_the_file_and_a_pipe_is_written_to(tmp_path):
    target, link = tmp_path / "target", tmp_path / "link"
    link.symlink_to(target)
    mg.save({"a": mg.ones(1)}, link)
    assert link.is_symlink() and mg.load(target)["a"].tolist() == [1]
    mask = os.umask(0o022)
    os.umask(mask)
    assert stat.S_IMODE(target.stat().st_mode) == 0o666 & ~mask
    mg.save({"a": mg.ones(1)}, os.devnull)
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)


def test_where_tensors_go_and_what_is_no_file(tmp_path):
    path = str(tmp_path / "a")
    mg.save({"a": mg.ones(1)}, path)
    assert mg.load(path, map_location=mg.device("cpu"))["a"].device == mg.device("cpu")
    with pytest.raises(TypeError, match="expected a name"):
        mg.load(path, map_location={"cuda": "cpu"})
    with pytest.raises(FileNotFoundError):
        mg.load(tmp_path / "none")
    with pytest.raises(TypeError, match="mode 'rb'"):
        mg.load(io.StringIO("text"))
    with open(path, "rb") as file:
        assert mg.load(file)["a"].tolist() == [1]


def test_tensors_come_from_a_gpu_and_go_to_it(gpu, tmp_path):
    mg.save({"a": mg.ones(2).to(gpu), "n": [mg.ones(1).to(gpu)]}, tmp_path / "a")
    assert mg.load(tmp_path / "a")["a"].device.type == "cpu"
    assert mg.load(tmp_path / "a", gpu)["n"][0].is_cuda
