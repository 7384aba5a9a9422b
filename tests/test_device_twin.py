"""The programs of the twin table once more, on another device: the outcome there is the outcome on the CPU."""

import functools
import re

import pytest

import minigrad as mg
from tests.strict import standin
from tests.twin_torch import families  # noqa: F401  the families enter themselves
from tests.twin_torch import run as on_cpu
from tests.twin_torch.cases import FAMILIES, NAMES, cases_of, draw
from tests.twin_torch.compare import difference

# What is about main memory, prints where a tensor is, or draws anew each time.
OF_THE_CPU = re.compile(
    r"np\.|numpy|device|cuda|cpu|repr|str\(|f'|print|pickle|rand|empty|data_ptr|storage|__array__|pretrained|to\(3\)"
    r"|a\.byte"  # of a negative number: what C leaves open
)
OF_AN_ORDER = re.compile(  # of several numbers for one place the last stays, but on a GPU there is no last
    r"scatter_?\(\D*(0|-1), (index=)?b, (src=)?c\)|index_copy|index_put\(\(b,\), c\)|\[(b|\[1,1\])\] \+?="
)
OF_A_LAYOUT = re.compile(r"stride|contiguous|view")  # a copy on another device has no gaps
MAKERS = {"tensor", "as_tensor", "asarray", "scalar_tensor", "zeros", "ones", "full", "arange", "range", "linspace",
          "logspace", "eye"}  # fmt: skip


class There:
    """minigrad or minigrad.nn, but what is made without a device is made on this one."""

    def __init__(self, device, module=mg):
        self.device, self.module = device, module

    def __getattr__(self, name):
        found = getattr(self.module, name)
        if found is mg.nn:
            return There(self.device, found)
        if self.module is mg and name in MAKERS:
            return functools.partial(found, device=self.device)
        layer = isinstance(found, type) and issubclass(found, mg.nn.Module) and found is not mg.nn.Module
        if layer or found is mg.from_numpy:
            return lambda *args, **kwargs: found(*args, **kwargs).to(self.device)
        if found is mg.nn.Parameter:
            return lambda x, **kwargs: found(x.to(self.device) if isinstance(x, mg.Tensor) else x, **kwargs)
        return found


def brought_back(value):
    """The same value with its tensors on the CPU, asking for gradients as before."""
    if isinstance(value, mg.Tensor):
        return mg.Tensor(value.detach().cpu().array).requires_grad_(value.requires_grad)
    if isinstance(value, dict):
        return {key: brought_back(part) for key, part in value.items()}
    if hasattr(value, "__next__"):
        value = tuple(value)
    if isinstance(value, (tuple, list)):
        parts = [brought_back(part) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    return value


def run_there(case, device):
    """As twin_torch.run.run, on the device."""
    m, arrays = There(device), []
    names = on_cpu._names(m)
    try:
        for position, (name, spec) in enumerate(zip(NAMES, case.specs, strict=False)):
            array, wanted = draw(spec, position)
            names[name] = m.from_numpy(array).requires_grad_(wanted)
        exec(on_cpu._compiled(case.program), names)
        result = names.pop("_result")
        for value in names.values():
            if isinstance(value, mg.nn.Module):
                assert all(p.is_cuda for p in value.parameters())
        text = on_cpu._describe(brought_back(result), mg, arrays)
    except Exception as error:
        on_cpu._reset(m)
        return on_cpu.Outcome(on_cpu._kind(error), (), error)
    try:
        on_cpu._backward(result, m)
    except Exception as error:
        on_cpu._reset(m)
        return on_cpu.Outcome(f"{text} | {on_cpu._kind(error)}", tuple(arrays), error)
    found = [
        f"{name}: {on_cpu._describe(brought_back(leaf.grad), mg, arrays)}" for name, leaf in on_cpu._leaves(names, mg)
    ]
    on_cpu._reset(m)
    return on_cpu.Outcome(" | ".join([text, ", ".join(found)] if found else [text]), tuple(arrays))


@pytest.mark.parametrize("name", sorted(FAMILIES))
def test_programs_give_the_same_there(name, gpu):
    failures, count = [], 0
    with on_cpu.quietly(strict=True):
        for case in cases_of(name):
            if OF_AN_ORDER.search(case.program) and gpu.xp is not standin:
                continue
            gaps = any(" step" in spec for spec in case.specs)
            if not OF_THE_CPU.search(case.program) and not (gaps and OF_A_LAYOUT.search(case.program)):
                count += 1
                found = difference(on_cpu.run(case, mg), run_there(case, gpu))
                if found is not None and " says too little" not in found:  # the twin table itself sees to that
                    failures.append(f"{case.text}\n{found.replace('PyTorch:', 'CPU:').replace('here:', 'there:')}")
    if failures:
        pytest.fail(f"{len(failures)} of {count} differ\n" + "\n".join(failures[:40]), pytrace=False)
