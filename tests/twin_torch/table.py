"""minigrad/DIFFERENCES.md: where minigrad differs from PyTorch. Made by `python -m tests.twin_torch --table`.

What it says stands in page.py. Every row there is shown by cases of the twin table (differences.py), or by a program
in FURTHER here, written as a case's: it says what minigrad answers, and PyTorch, where it is installed, has to answer
something else.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import minigrad

from .cases import Case
from .run import run

FILE = Path(minigrad.__file__).with_name("DIFFERENCES.md")


class Further(NamedTuple):
    """What no case shows: the row of the page, a program, and minigrad's answer."""

    row: str
    program: str
    answer: str

    def answer_of(self, library):
        """What the library gives for the program's last line."""
        return run(Case("further", self.program), library).text.partition(" | ")[0]


def absent(row, names):
    """Names that minigrad does not have, and PyTorch has."""
    asked = [f"hasattr({space}, '{name}')" for space, _, name in (given.rpartition(".") for given in names.split())]
    return Further(row, f"[{', '.join(asked)}]", str([False] * len(asked)))


def named(row, program, name):
    """The name of a result's node."""
    return Further(row, f"x = m.ones(2, 2, requires_grad=True); ({program}).grad_fn.name()", repr(name))


NODES = """def nodes(steps):
    found, ways = set(), [nn.GRU(2, 2)(m.ones(steps, 2))[0].grad_fn]
    while ways:
        node = ways.pop()
        if node is not None and node not in found:
            found.add(node)
            ways.extend(parent for parent, _ in node.next_functions)
    return len(found)
nodes(1) == nodes(5)"""

FURTHER = [
    Further("random", "m.manual_seed(0); m.rand(1).item() < 0.6", "False"),
    Further("printed", "repr(m.ones(2).shape).startswith('torch')", "False"),
    Further(
        "errors", "try: m.ones(2) + m.ones(3)\nexcept Exception as error: r = isinstance(error, ValueError)\nr", "True",
    ),
    Further(
        "safe backward",
        "a = m.tensor(1.0, requires_grad=True); b = m.tensor(1.0, requires_grad=True); y = b * 2\n"
        "y.register_hook(lambda g: g[9])\n"
        "try: (a * 3 + y).backward()\n"
        "except IndexError: r = a.grad is None\nr",
        "True",
    ),
    Further(
        "no cycle",
        "import warnings\n"
        "with warnings.catch_warnings(record=True) as told:\n"
        "    warnings.simplefilter('always')\n"
        "    (m.ones(2, requires_grad=True) * 2).sum().backward(create_graph=True)\nlen(told)",
        "0",
    ),
    Further(
        "anomaly",
        "x = m.zeros(1, requires_grad=True)\n"
        "try:\n"
        "    with m.autograd.detect_anomaly(): (m.sqrt(x) * 0).sum().backward()\n"
        "except RuntimeError as error: r = '<case>' in str(error)  # the file of this program\nr",
        "True",
    ),
    named("names of nodes", "F.linear(x, m.ones(3, 2), m.ones(3))", "LinearBackward0"),
    named("nodes", "F.cross_entropy(x, m.tensor([1, 0]))", "CrossEntropyBackward0"),
    named("nodes", "1 / x", "DivBackward0"),
    named("nodes", "F.mse_loss(x, m.ones(2, 2))", "MeanBackward0"),
    Further("nodes", NODES, "True"),
    Further(
        "nothing to derive",
        "x = m.ones(1, requires_grad=True); (g,) = m.autograd.grad(x.relu(), x, create_graph=True); g.requires_grad",
        "False",
    ),
    Further(
        "module state",
        "l = nn.Linear(1, 1)\n"
        "try: l.load_state_dict({'weight': m.full((1, 1), 9.0), 'bias': m.zeros(5)})\n"
        "except RuntimeError: r = l.weight.item() == 9\nr",
        "False",
    ),
    Further(
        "optimizer state",
        "p = nn.Parameter(m.ones(1)); p.grad = m.ones(1); o = optim.SGD([p], lr=1.0, momentum=0.9); o.step()\n"
        "q = nn.Parameter(m.ones(1)); n = optim.SGD([q], lr=1.0, momentum=0.9); n.load_state_dict(o.state_dict())\n"
        "n.state[q]['momentum_buffer'] is o.state[p]['momentum_buffer']",
        "False",
    ),
    Further(
        "optimizer flags",
        "p = nn.Parameter(m.ones(1)); p.grad = m.ones(1); optim.Adam([p], capturable=True).step(); p.item() < 1",
        "True",
    ),
    Further("load", "import io, pickle; m.load(io.BytesIO(pickle.dumps([1])))", "RuntimeError"),
    Further(
        "workers",
        "import os\n"
        "class Process(m.utils.data.Dataset):\n"
        "    def __len__(self): return 1\n"
        "    def __getitem__(self, i): return os.getpid()\n"
        "next(iter(m.utils.data.DataLoader(Process(), num_workers=1))).item() == os.getpid()",
        "True",
    ),
    Further("out", "m.add(m.ones(2), m.ones(2), out=m.zeros(2))", "TypeError"),
    absent("dtypes", "m.bfloat16 m.uint16 m.complex64"),
    absent("sparse", "m.sparse_coo_tensor m.quantize_per_tensor m.nested"),
    absent("storage", "m.Tensor.untyped_storage m.Tensor.resize_ m.Tensor.set_"),
    absent("as_strided", "m.Tensor.as_strided"),
    absent("old names", "m.FloatTensor m.range m.constant_pad_nd m.embedding"),
    absent("decompositions", "m.linalg.svd m.linalg.eigh m.linalg.qr m.linalg.cholesky m.linalg.lstsq m.linalg.pinv"),
    absent("special", "m.special.zeta m.special.i0 m.special.gammainc m.special.ndtri"),
    Further("polygamma", "m.polygamma(2, m.tensor(m.inf)).item() == 0", "True"),
    absent("fft", "m.fft m.distributions"),
    absent("func", "m.autograd.forward_ad m.vmap m.func"),
    absent("compile", "m.compile"),
    absent("one process", "m.autocast m.distributed m.utils.checkpoint"),
    absent("three axes", "nn.Conv3d nn.MaxPool3d nn.BatchNorm3d"),
    absent("decoder", "nn.TransformerDecoder nn.Transformer"),
    absent("rarer layers", "nn.CTCLoss nn.MaxUnpool2d F.grid_sample nn.utils.weight_norm"),
    absent("optimizers", "optim.LBFGS optim.Rprop optim.ASGD"),
    Further(
        "optimizers", "optim.SGD([m.ones(1, requires_grad=True)], lr=0.1, differentiable=True).defaults['lr']",
        "NotImplementedError",
    ),
    Further(
        "backward hook",
        "class Product(nn.Module):\n"
        "    def forward(self, a, b): return a * b\n"
        "p = Product(); h = p.register_full_backward_hook(lambda module, gi, go: tuple(g * 0 for g in gi))\n"
        "p(m.ones(1, requires_grad=True) * 1, m.ones(1, requires_grad=True) * 1).backward()",
        "RuntimeError",
    ),
    Further(
        "packed",
        "x = m.ones(2, requires_grad=True); y = x * 2\n"
        "with m.autograd.graph.saved_tensors_hooks(lambda kept: kept, lambda kept: kept): z = (y * y).sum()\n"
        "with m.no_grad(): y.add_(1)\n"
        "z.backward()",
        "RuntimeError",
    ),
    absent("rarer hooks", "nn.Module.register_state_dict_pre_hook optim.Optimizer.register_step_pre_hook "
           "m.autograd.graph.get_gradient_edge m.autograd.graph.allow_mutation_on_saved_tensors m.is_anomaly_enabled"),
    Further("negative share", "F.cross_entropy(m.ones(1, 2), m.tensor([1]), label_smoothing=-0.5)", "RuntimeError"),
    Further("numbers among parameters", "nn.ParameterList([1])", "TypeError"),
    Further("classes", "m.no_grad()(type('K', (), {}))", "TypeError"),
    Further("inference", "with m.inference_mode(): x = m.ones(2)\nx[0].is_inference()", "False"),
    Further(
        "inference",
        "with m.inference_mode(): w = m.ones(1, 2)\nF.linear(m.ones(2, requires_grad=True), w).requires_grad", "True",
    ),
    Further("bool kernels", "m.searchsorted(m.tensor([False, True]), m.tensor(True)).item()", "1"),
    Further("unique", "m.tensor([m.nan, 1.0]).mode().indices.item()", "1"),
    Further("unique gradient", "m.unique(m.ones(2, requires_grad=True)).requires_grad", "False"),
    Further(
        "spread of none",
        "x = m.tensor([1.0, 3.0], requires_grad=True); x.var(dim=()).backward(); x.grad.tolist() == [-2, 2]", "True",
    ),
    Further("steps", "m.arange(0, 3, 0.5, dtype=m.int32).tolist()", "[0, 0, 1, 1, 2, 2]"),
    Further("async", "import asyncio\n@m.no_grad()\nasync def f(): return m.is_grad_enabled()\nasyncio.run(f())",
            "False"),
    Further("too large", "m.ones(1).long().fill_(2**63)", "OverflowError"),
    Further("weights", "list(m.utils.data.WeightedRandomSampler([0.0, 1.0], 2, replacement=False))", "RuntimeError"),
    Further(
        "no_grad views", "x = m.ones(2, requires_grad=True)\nwith m.no_grad(): v = x.view(2)\nv.requires_grad", "False",
    ),
    Further(
        "powers",
        "b = m.tensor(2.0, requires_grad=True); (g,) = m.autograd.grad(0.0 ** b, b, create_graph=True)\n"
        "m.autograd.grad(g, b)[0].item() == 0",
        "True",
    ),
    Further("half", "h = m.tensor([2.0], dtype=m.float16); (1e6 % h).item() == 0 and m.xlogy(h, 1e6).item() < 99",
            "True"),
    Further("hook", "m.autograd.graph.register_multi_grad_hook([m.ones(1)], len)", "RuntimeError"),
    Further("forms", "m.maximum(m.ones(1), 2).item() == 2", "True"),
    Further("layouts", "x = m.arange(4); x[1:].copy_(x[:-1]); x.tolist() == [0, 0, 1, 2]", "True"),
    Further(
        "multi hook",
        "x = m.ones(1, requires_grad=True); m.autograd.graph.register_multi_grad_hook([x], len)\n"
        "m.autograd.grad(x * 2, x)[0].item() == 2",
        "True",
    ),
    Further(
        "multi_dot",
        "m.linalg.multi_dot([m.full((9, 1), 1e30), m.full((1, 9), 1e30), m.full((9, 1), 1e-30)]).max().item() < 1e38",
        "False",
    ),
]  # fmt: skip
