"""What minigrad/DIFFERENCES.md says, row by row. differences.py says which cases show a row, table.py has programs.

A section is a title, a sentence, the heads of its columns, and its rows by name: as many cells as there are columns.
"""

from __future__ import annotations

from typing import NamedTuple


class Section(NamedTuple):
    """One part of the page."""

    title: str
    text: str
    columns: tuple
    rows: dict


BOTH = ("", "minigrad", "PyTorch")

PAGE = [
    Section("What may surprise you", "What you can meet in an ordinary program.", BOTH, {
        "random": ("random numbers", "NumPy's (PCG64); one seed gives the same on every platform and device",
                   "its own generators: other numbers from the same seed"),
        "printed": ("printed names", "`Size([2])`, `minigrad.float32`", "`torch.Size([2])`, `torch.float32`"),
        "errors": ("errors", "of PyTorch's kinds, with names: `ShapeError` is a RuntimeError and a ValueError, "
                   "`DtypeError` a RuntimeError and a TypeError, `GradError` a RuntimeError", "RuntimeError"),
        "safe backward": ("an error during `backward`", "every `.grad` is as it was before",
                          "leaves that were reached by then keep what they got"),
        "no cycle": ("`backward(create_graph=True)`", "says nothing: there is no reference cycle", "warns of one"),
        "anomaly": ("`detect_anomaly`", "the error itself quotes the forward line",
                    "the line is in a warning beside the error"),
        "names of nodes": ("names of nodes", "after minigrad's operations: LinearBackward0, MatmulBackward0, "
                           "ReshapeBackward0; all of the type `Node`, with one output",
                           "AddmmBackward0, MmBackward0, ViewBackward0; each a type for itself"),
        "nodes": ("how many nodes", "one for each of `cross_entropy`, `1 / x`, all steps of a layer of `GRU`; several "
                  "for `mse_loss`",
                  "two for `cross_entropy` (LogSoftmaxBackward0, NllLossBackward0) and for `1 / x`, some for each step "
                  "of `GRU`; one for `mse_loss`"),
        "nothing to derive": ("second derivatives that are 0 everywhere: of `relu`, `max_pool1d`, a convolution's bias",
                              "not on the graph: None, or an error where there is nothing else", "zeros"),
        "loss shapes": ("`mse_loss`, `l1_loss`, `huber_loss` of a target of another shape", "refused",
                        "broadcast, with a warning"),
        "module state": ("`Module.load_state_dict` where one entry does not fit", "copies nothing",
                         "copies all that fits"),
        "optimizer state": ("`Optimizer.load_state_dict`", "copies the state",
                            "two optimizers that load one state share it from then on"),
        "optimizer flags": ("`foreach`, `fused`, `capturable` of optimizers", "accepted, and change nothing",
                            "choose another implementation"),
        "load": ("`save`, `load`", "safetensors files; nothing is unpickled, tensors come to the CPU",
                 "pickle"),
        "workers": ("`num_workers`, `pin_memory` of `DataLoader`", "accepted; batches are made in this process",
                    "processes of their own"),
    }),
    Section("Not in minigrad", "The names are missing, or say at once that they are.", ("not here", "use"), {
        "out": ("`out=`", "the result; to write over a tensor: `add_`, `copy_`, `x[:] = ...`"),
        "dtypes": ("`bfloat16`, unsigned integers above `uint8`, complex numbers", "`float16`, `int64`, two tensors"),
        "meta": ("the device 'meta', which knows shapes only", "tensors without elements: `empty(0, 3)`"),
        "sparse": ("sparse, quantized and nested tensors", "dense ones with masks"),
        "storage": ("storages, `resize_`, `set_`", "`x.numpy()`, which is the memory; `reshape`"),
        "as_strided": ("`as_strided`", "slices, `unfold`, `expand`"),
        "attributes": ("attributes of your own on tensors", "a dict beside them"),
        "old names": ("older names: `Tensor([1, 2])`, `FloatTensor`, `x.type()`, `range`, `constant_pad_nd`, "
                      "`embedding` outside `nn.functional`, `add(x, 2, y)`",
                      "`tensor`, `x.dtype`, `arange`, `nn.functional.pad`, `nn.functional.embedding`, "
                      "`add(x, y, alpha=2)`"),
        "decompositions": ("decompositions of matrices (`svd`, `eigh`, `qr`, `cholesky`, `lstsq`, `pinv`), and norms "
                           "made of singular values", "numpy.linalg on `x.detach().numpy()`, without gradients"),
        "special": ("rarer functions of `special` (`zeta`, `i0`, `gammainc`, `ndtri`)",
                    "scipy.special on arrays, without gradients"),
        "fft": ("`fft`, `distributions`", "numpy.fft, without gradients; `normal`, `bernoulli`, `multinomial`"),
        "func": ("forward mode, `vmap`, `func`, `is_grads_batched`", "`autograd.functional`; a loop"),
        "compile": ("`compile`", "`jit.compile`"),
        "one process": ("`autocast`, distributed training, checkpointing", "train in one dtype, in one process"),
        "lazy": ("lazy layers", "the same without Lazy: say how many features come in"),
        "three axes": ("layers over three axes (`Conv3d`, ...)", "those over two"),
        "decoder": ("`TransformerDecoder`, `Transformer`", "build on `MultiheadAttention`, `TransformerEncoder`"),
        "rarer layers": ("`CTCLoss`, `MaxUnpool2d`, `grid_sample`, `weight_norm` and rarer ones",
                         "compose operations: their gradients come by themselves"),
        "proj_size": ("`LSTM(proj_size=...)`", "a `Linear` behind the layer"),
        "optimizers": ("`LBFGS`, `Rprop`, `ASGD` and rarer optimizers; `differentiable=True`",
                       "subclass `optim.Optimizer`; write the update with tensor operations"),
        "rarer hooks": ("hooks on all modules, on optimizers and on state dicts; `get_gradient_edge`, "
                        "`allow_mutation_on_saved_tensors`, `is_anomaly_enabled`",
                        "subclass, or call what you need where you need it"),
        "backward hook": ("full backward hooks that replace the gradients of several inputs (looking is allowed)",
                          "a hook on each tensor"),
    }),
    Section("Refused here", "PyTorch goes on.", ("what", "why, and what to do"), {
        "numpy operands": ("`x + array`, `x @ array` with a NumPy array",
                           "which of the two decides the dtype is easily overlooked: use `from_numpy`"),
        "no tensor": ("`add(1, 2)` and the like without any tensor", "Python adds numbers"),
        "inner lists": ("`x[[[0, 1], [1, 0]]]`", "PyTorch is about to change what it means: write a tuple or a tensor"),
        "range of indices": ("`take_along_dim` with indices out of range", "PyTorch wraps them round"),
        "windows": ("changing windows that overlap (`unfold`) in place",
                    "the result would hang on the order: change a `clone`"),
        "packed": ("backward after a saved tensor was changed, although the pack hook handed the tensor itself on",
                   "PyTorch computes with the changed numbers: pack a `clone`"),
        "bool power": ("`mask **= True`", "truth values have no powers: use `.long()`"),
        "whole factors": ("`addmm` and its kin among integers with a `beta` or `alpha` that is not whole",
                          "PyTorch cuts it to a whole number"),
        "whole means": ("`avg_pool1d`, `avg_pool2d` and `max_pool2d` of integers",
                        "a mean is a fraction, and what pads a largest is -inf: use `.float()`, as everywhere"),
        "images": ("`AdaptiveAvgPool2d` of a plain matrix", "it takes images, (C, H, W), and batches of them"),
        "empty": ("`batch_norm` of an empty batch with running statistics that do not fit, `cummax` along an axis "
                  "that an empty tensor does not have", "an empty tensor is looked at like any other"),
        "negative share": ("`label_smoothing` below 0", "it is a share, from 0 to 1"),
        "numbers among parameters": ("`ParameterList` of anything but tensors", "an ordinary list keeps the rest"),
        "classes": ("`@no_grad()` on a class", "PyTorch is giving it up, too: decorate its methods"),
        "last offset": ("`embedding_bag` with `include_last_offset`, and offsets that do not end with the "
                        "input's length",
                        "PyTorch takes all the rest into the last bag, whatever they say"),
        "causal": ("`attn_mask` beside `is_causal`", "PyTorch's manual forbids it, too"),
        "weights": ("`WeightedRandomSampler` without replacement, of more than there are weights above 0",
                    "there is nothing left to draw"),
    }),
    Section("Possible here", "PyTorch refuses.", ("what", "how far"), {
        "gradients": ("gradients that PyTorch does not have",
                      "`2 % x` and `remainder(7, x)`, `True ** x`, `clamp` between bounds that broadcast, `scatter` "
                      "with fewer indices than sources or with `reduce`, `vander`, `huber_loss` of mixed dtypes, the "
                      "target of `soft_margin_loss`, pooling to size 0"),
        "pieces": ("changing the pieces of `split`, `chunk` and `unbind` in place", "as any other view"),
        "no_grad views": ("a view made under `no_grad`",
                          "it does not require grad (in PyTorch it says so, but refuses to be used once it was "
                          "changed), and may be looked at after a change"),
        "late views": ("changing a view in place that was made before its base came onto the graph",
                       "as any other view; PyTorch takes it for a leaf"),
        "detached": ("`x.detach_()` after `x` was saved for backward",
                     "what was computed has its gradient all the same"),
        "inference": ("tensors made in `inference_mode`",
                      "`linear` and others but arithmetic save them for backward; views of them that are taken later "
                      "are ordinary tensors, and those of ordinary ones that are taken there are not"),
        "bool kernels": ("truth values where PyTorch has no code for them",
                         "`searchsorted`, `addcmul`, `clamp(mask, min=True)`"),
        "dtype names": ("dtypes by other names", "`dtype='float32'`, `dtype=np.float32`"),
        "forms": ("arguments in more forms", "`reshape(x, 6)`, `maximum(x, 2)`, `sort(x, 0, stable=True)`, "
                  "`dim=None` in `prod`, `max`, `min`, `median` and `dim=()` in `logsumexp` for all axes, "
                  "`x[mask] = value` with a mask of `uint8`"),
        "multi hook": ("`register_multi_grad_hook` on leaves", "in `autograd.grad`, too"),
        "layouts": ("any layout in memory", "`kron` and `take_along_dim` take transposed tensors; "
                    "`x[1:].copy_(x[:-1])` copies what was there before"),
    }),
    Section("Other numbers", "And other gradients, versions, strides, in corners.", BOTH, {
        "sums": ("last digits of sums", "NumPy's order of adding", "its own"),
        "multi_dot": ("`chain_matmul`, `linalg.multi_dot`", "from left to right", "in the cheapest order"),
        "gelu": ("`gelu` of infinity, float32", "infinity", "nan"),
        "sinc": ("the gradient of `sinc` near 0", "exact", "lost in rounding"),
        "polygamma": ("`polygamma` at infinity, and of n=1, the derivative of `digamma`, at -1, -2, ...", "0, and inf",
                      "nan from n=2 on, and a large number"),
        "short rows": ("the gradient of `cosine_similarity` of rows shorter than `eps`", "exact",
                       "as if they were not shorter"),
        "hardsigmoid": ("the gradient of `hardsigmoid`, float64", "all digits", "those of float32"),
        "prod": ("the gradient of `prod` where one factor is nan and two are 0", "nan", "0"),
        "powers": ("further derivatives by b of `0 ** b`, and of `inf ** b` below 0", "0, their limit", "nan"),
        "half": ("`1e6 % x`, `1e6 // x`, `xlogy(x, 1e6)` in float16", "1e6 is 1e6", "1e6 is infinity there"),
        "count": ("the gradient of a norm with p=0, which counts", "0", "None"),
        "beta": ("the gradient of the input of `addmm(..., beta=0)`", "None", "0"),
        "unique": ("nan in `unique(x, dim=0)`, and in `mode`", "last", "anywhere, and first"),
        "unique gradient": ("`unique`, `unique_consecutive` on the graph", "constants, as what `argmax` gives",
                            "an error in backward"),
        "spread of none": ("the gradient of `var`, `std` with `dim=()`", "that over all axes", "divided by 1 - 1"),
        "steps": ("`arange(0, 3, 0.5, dtype=int32)`", "0, 0, 1, 1, 2, 2", "zeros: the step is cut first"),
        "async": ("`@no_grad()` on an `async` function", "off while it runs", "on"),
        "logical_not": ("`x.logical_not_()` on the graph", "a change like any other: the gradient is 0",
                        "not noticed: the gradient is that from before"),
        "hook of a view": ("a hook on a view that is changed in place after that",
                           "gets the gradient of the old numbers, as on other tensors", "is not called any more"),
        "other data": ("`x.data = ...` between forward and backward", "the gradient of what was computed",
                       "the new numbers stand in for the saved ones"),
        "versions": ("`from_numpy(x.numpy())`", "shares the version counter with `x`", "has one of its own"),
        "strides": ("strides",
                    "NumPy's, which may be 0 along axes of length 1; `zeros_like` and its kin lie in row order",
                    "never 0 there; in the layout of what they are like"),
        "out_proj": ("`out_proj` of `MultiheadAttention`", "a `Linear`", "a subclass with a name of its own"),
    }),
    Section("Other kinds of error", "Both refuse.", BOTH, {
        "too few axes": ("too few axes for `baddbmm`, `addbmm`, `mv`, `embedding`, `avg_pool2d`", "ShapeError",
                         "IndexError"),
        "not a tensor": ("`Parameter(3)`", "TypeError", "AttributeError"),
        "list of tensors": ("`tensor([...])` of tensors with several elements", "ShapeError",
                            "ValueError or TypeError, by dtype"),
        "hook": ("`register_multi_grad_hook` of a tensor that does not require grad", "GradError", "AssertionError"),
        "too large": ("whole numbers beyond int64: `x ** 2**63`, `x.fill_(2**63)`", "OverflowError, as for `x + 2**63`",
                      "RuntimeError"),
        "leaf first": ("`leaf[9] = 1.0`, `leaf.add_(None)`: two mistakes in one", "GradError, for changing a leaf",
                       "IndexError, TypeError"),
    }),
]  # fmt: skip

ROWS = {name: cells for section in PAGE for name, cells in section.rows.items()}


def markdown():
    """The page."""
    lines = [
        "# Where minigrad differs from PyTorch", "",
        "On purpose, that is: everything else is meant to answer as PyTorch 2.13 does, errors included.",
        "`tests/twin_torch` holds thousands of small programs against PyTorch's recorded answers. Every row below is",
        "shown by some of them, or by a program of its own, so a row that is no longer so fails the tests. What still",
        "has to be put right would stand in `open.txt` there. `python -m tests.twin_torch --table` makes this page.",
    ]  # fmt: skip
    for section in PAGE:
        heads = [section.columns, ["---"] * len(section.columns), *section.rows.values()]
        lines += ["", f"## {section.title}", "", section.text, "", *(f"| {' | '.join(cells)} |" for cells in heads)]
    return "\n".join(lines) + "\n"
