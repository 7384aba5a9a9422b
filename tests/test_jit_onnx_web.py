"""A saved model in JavaScript: onnxruntime-web, where its npm package is installed beside the project."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import minigrad as mg
from minigrad import jit
from tests.onnx_graphs import recorded, turns

pytest.importorskip("onnx")
ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "node_modules" / "onnxruntime-web"
SCRIPT = """
    import fs from "fs";
    const ort = await import(process.argv[2]);
    ort.env.wasm.numThreads = 1;
    const session = await ort.InferenceSession.create(fs.readFileSync(process.argv[3]));
    const found = [];
    for (const {data, dims} of JSON.parse(fs.readFileSync(process.argv[4]))) {
        const result = await session.run({x: new ort.Tensor("float32", Float32Array.from(data), dims)});
        found.push(Array.from(result[session.outputNames[0]].data));
    }
    console.log(JSON.stringify(found));
"""


@pytest.mark.parametrize("name", ["mlp", "turns"])
def test_node_gets_what_minigrad_gets(name, tmp_path):
    node = shutil.which("node")
    if not node or not PACKAGE.is_dir():
        pytest.skip("needs node and the npm package onnxruntime-web (npm install onnxruntime-web@1.30.0)")
    mg.manual_seed(0)
    if name == "mlp":
        module = mg.nn.Sequential(mg.nn.Linear(3, 8), mg.nn.ReLU(), mg.nn.Linear(8, 4))
        graph, axes = recorded(module, mg.ones(2, 3)), {"x": [0]}
    else:
        graph, axes = turns(), None
    inputs = [np.random.default_rng(n).normal(size=(n, 3)).astype("float32") for n in (1, 2, 5)]
    jit.save(graph, tmp_path / "model.onnx", dynamic_axes=axes)
    (tmp_path / "cases.json").write_text(json.dumps([{"data": x.ravel().tolist(), "dims": x.shape} for x in inputs]))
    (tmp_path / "run.mjs").write_text(SCRIPT)
    command = [node, "run.mjs", (PACKAGE / "dist" / "ort.node.min.mjs").as_uri(), "model.onnx", "cases.json"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=120)
    assert ran.returncode == 0, ran.stderr
    for x, got in zip(inputs, json.loads(ran.stdout), strict=True):
        wanted = graph(mg.tensor(x))
        wanted = wanted[0] if isinstance(wanted, tuple) else wanted
        np.testing.assert_allclose(got, wanted.detach().numpy().ravel(), 1e-5, 1e-6)
