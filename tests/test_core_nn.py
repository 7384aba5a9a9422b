"""Modules: parameters are found, states come back or nothing is changed, layers know their two modes, losses."""

import copy
from collections import OrderedDict

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn

F = nn.functional


class Net(nn.Module):
    def __init__(self):
        self.width = 4  # before super().__init__(), which is fine for anything but parameters and modules
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(2, self.width), nn.Linear(self.width, 1, bias=False)])
        self.scale = nn.Parameter(mg.ones(1))
        self.register_buffer("seen", mg.zeros(1))
        self.plain = mg.ones(3)

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x * self.scale


# Modules


def test_a_module_that_has_run_knows_its_new_dtype_at_once():
    layer, x = nn.Linear(3, 2), mg.ones(4, 3)
    layer(x)
    layer.weight * mg.ones(2, 3)
    layer.double()
    with pytest.raises(RuntimeError, match="same dtype"):
        layer(x)
    with pytest.raises(RuntimeError, match="same dtype"):
        layer.float()(x.double())
    assert layer(x).dtype is mg.float32 and layer.double()(x.double()).dtype is mg.float64


def test_parameters_buffers_and_modules_are_found_by_name():
    net = Net()
    inner = ["layers.0.weight", "layers.0.bias", "layers.1.weight"]
    assert [name for name, _ in net.named_parameters()] == ["scale", *inner]
    assert list(net.state_dict()) == ["scale", "seen", *inner]
    assert [name for name, _ in net.named_modules()] == ["", "layers", "layers.0", "layers.1"]
    assert all(p.is_leaf and p.requires_grad for p in net.parameters())
    assert net.layers[1].bias is None and not net.seen.requires_grad


def test_layers_in_a_plain_list_are_not_found():
    net = nn.Module()
    net.layers = [nn.Linear(1, 1)]
    assert list(net.parameters()) == []


def test_shared_parameters_come_once_in_parameters_and_by_each_name_in_the_state():
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    net[1].weight = net[0].weight
    assert [name for name, _ in net.named_parameters()] == ["0.weight", "0.bias", "1.bias"]
    assert list(net.state_dict()) == ["0.weight", "0.bias", "1.weight", "1.bias"]


def test_what_replaces_a_module_or_parameter_keeps_its_place():
    net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    net[0] = nn.Linear(2, 3, bias=False)
    net.add_module("1", nn.Tanh())
    assert [type(m).__name__ for m in net] == ["Linear", "Tanh", "Linear"] and net(mg.ones(1, 2)).shape == (1, 1)
    net[2].weight = nn.Parameter(mg.zeros(1, 3))
    assert list(net.state_dict()) == ["0.weight", "2.weight", "2.bias"]


def test_what_a_module_owns_is_found_by_path():
    net = Net()
    net.register_module("gone", None)
    net.again = net.layers
    assert {"scale", "seen", "layers"} <= set(dir(net))
    assert net.get_buffer("seen") is net.seen and net.get_parameter("layers.0.bias") is net.layers[0].bias
    assert [name for name, _ in net.named_children()] == ["layers"]  # shared and missing ones do not come again
    assert [name for name, _ in net.named_modules()] == ["", "layers", "layers.0", "layers.1"]
    paths = [name for name, _ in net.named_modules(remove_duplicate=False)]
    assert paths.count("again.0") == paths.count("layers.0") == 1 and "gone" not in paths
    assert "again.0.weight" in dict(net.named_parameters(remove_duplicate=False)) and "gone" not in net.state_dict()
    for path, words in (("plain.x", "`plain` is not an nn.Module"), ("nothing", "has no attribute `nothing`"),
                        ("plain", "`plain` is not an nn.Parameter")):  # fmt: skip
        with pytest.raises(AttributeError, match=words):
            net.get_parameter(path)
    with pytest.raises(TypeError, match="parameter name should be a string"):
        net.register_parameter(3, None)


def test_what_may_be_assigned():
    net = Net()
    with pytest.raises(TypeError, match="int as parameter 'scale'"):
        net.scale = 5
    with pytest.raises(TypeError, match="Tensor as parameter 'scale'"):
        net.scale = mg.ones(1)
    with pytest.raises(TypeError, match="child module 'layers'"):
        net.layers = 5
    with pytest.raises(TypeError, match="not a Module subclass"):
        nn.Sequential(lambda x: x)
    with pytest.raises(TypeError, match="not a Module subclass"):
        nn.ModuleList([nn.ReLU(), 3])
    with pytest.raises(TypeError, match="buffer"):
        net.register_buffer("other", 5)
    net.scale, net.seen = None, mg.ones(1)
    assert "scale" not in net.state_dict() and net.state_dict()["seen"].item() == 1
    del net.layers
    assert list(net.parameters()) == []
    with pytest.raises(AttributeError, match="no attribute 'layers'"):
        net.layers  # noqa: B018  reading it is the test
    with pytest.raises(AttributeError):
        del net.layers

    class Hasty(nn.Module):
        def __init__(self):
            self.layer = nn.Linear(1, 1)

    with pytest.raises(AttributeError, match=r"before Module.__init__\(\) call.*super"):
        Hasty()


def test_a_module_without_forward_says_so():
    with pytest.raises(NotImplementedError, match=r'Module \[Module\] is missing the required "forward"'):
        nn.Module()(1)
    with pytest.raises(NotImplementedError, match=r"ModuleList.*for layer in layers.*Sequential"):
        nn.ModuleList()(1)


def test_a_forward_hook_sees_and_replaces_the_output():
    layer = nn.ReLU()
    handle = layer.register_forward_hook(lambda module, inputs, output: output + inputs[0])
    assert layer(mg.ones(1)).item() == 2
    handle.remove()
    assert layer(mg.ones(1)).item() == 1


def test_state_comes_back_into_the_same_objects():
    net, other = Net(), Net()
    weight = other.layers[0].weight
    assert repr(other.load_state_dict(net.state_dict())) == "<All keys matched successfully>"
    assert other.layers[0].weight is weight and other.layers[0].weight.is_leaf
    x = mg.ones(3, 2)
    assert other(x).tolist() == net(x).tolist()
    saved = net.state_dict()
    with mg.no_grad():
        net.scale += 1
    assert saved["scale"].item() == 2  # the dict shows the model's own memory


@pytest.mark.parametrize(("change", "kind", "words"), [
    (lambda state: state.pop("scale"), RuntimeError, r'Missing key\(s\) in state_dict: "scale"\. '),
    (lambda state: state.update(extra=mg.ones(1)), RuntimeError, r'Unexpected key\(s\) in state_dict: "extra"\. '),
    (lambda state: state.update({"layers.1.weight": mg.ones(9)}), RuntimeError, r"mismatch for layers\.1.*\[9\]"),
    (lambda state: state.update({"layers.1.weight": np.ones((1, 4))}), RuntimeError, r"layers\.1\.weight.*ndarray"),
])  # fmt: skip
def test_a_state_that_does_not_fit_copies_nothing(change, kind, words):
    net, other = Net(), Net()
    state = OrderedDict((name, t.clone() + 1) for name, t in net.state_dict().items())
    before = {name: t.tolist() for name, t in other.state_dict().items()}
    versions = [t._version for t in other.parameters()]
    change(state)
    with pytest.raises(kind, match=words):
        other.load_state_dict(state)
    assert {name: t.tolist() for name, t in other.state_dict().items()} == before
    assert [t._version for t in other.parameters()] == versions


def test_a_state_may_take_the_place_of_the_old_one():
    net, state = Net(), Net().state_dict()
    kept = nn.Parameter(mg.full((1,), 4.0))
    net.load_state_dict({**state, "scale": kept, "seen": mg.ones(1)}, assign=True)
    assert net.scale is kept and isinstance(net.layers[0].weight, nn.Parameter) and net.seen.tolist() == [1]
    assert net.layers[0].weight.data_ptr() == state["layers.0.weight"].data_ptr()


def test_a_partial_state_loads_when_not_strict():
    layer = nn.Linear(1, 1)
    found = layer.load_state_dict({"weight": mg.ones(1, 1), "extra": mg.ones(1)}, strict=False)
    assert found.missing_keys == ["bias"] and found.unexpected_keys == ["extra"] and layer.weight.item() == 1


def test_a_module_goes_to_a_place_and_back_and_to_a_type(gpu):
    net = nn.Linear(2, 2)
    weight = net.weight
    assert net.cuda() is net and net.weight is weight and weight.is_cuda
    assert not net.cpu().weight.is_cuda and net.cuda(0).weight.is_cuda and net.cuda("cuda:0").weight.is_cuda
    assert net.cpu().type(mg.float64).weight.dtype is mg.float64


def test_conversion_happens_in_place_or_not_at_all():
    layer = nn.Linear(2, 1)
    weight = layer.weight
    layer(mg.ones(1, 2)).sum().backward()
    assert layer.to(mg.float64) is layer and layer.weight is weight and weight.dtype is mg.float64
    assert weight.grad.dtype is mg.float64 and weight.is_leaf and weight.requires_grad
    with pytest.raises(TypeError, match="floating-point"):
        layer.to(mg.int64)
    assert weight.dtype is mg.float64


def test_deep_copies_are_independent():
    net = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    twin = copy.deepcopy(net)
    assert list(twin.state_dict()) == list(net.state_dict())
    with mg.no_grad():
        twin[0].weight.zero_()
    assert net[0].weight.tolist() != twin[0].weight.tolist() and type(twin[0].weight) is nn.Parameter


def test_a_module_prints_as_a_tree():
    assert repr(nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.ReLU(), nn.Dropout(0.2)))) == (
        "Sequential(\n  (0): Linear(in_features=2, out_features=3, bias=True)\n"
        "  (1): Sequential(\n    (0): ReLU()\n    (1): Dropout(p=0.2, inplace=False)\n  )\n)"
    )
    assert repr(nn.BatchNorm1d(3)) == (
        "BatchNorm1d(3, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)"
    )
    assert repr(nn.Parameter(mg.ones(1))) == "Parameter containing:\ntensor([1.], requires_grad=True)"


def test_sequences_of_modules():
    net = nn.Sequential(OrderedDict(first=nn.Linear(2, 3), then=nn.Tanh()))
    assert list(net.state_dict()) == ["first.weight", "first.bias"] and len(net) == 2
    assert list(net[:1].state_dict()) == ["first.weight", "first.bias"] and net[:1][0] is net[0]
    layers = nn.ModuleList([nn.ReLU()]).append(nn.Tanh())
    assert [type(m).__name__ for m in layers[1:]] == ["Tanh"] and len(layers) == 2


def test_initial_weights_stay_in_their_range_and_follow_the_seed():
    mg.manual_seed(0)
    layer = nn.Linear(16, 100)
    assert 0.2 < abs(layer.weight.detach().numpy()).max() <= 0.25 and layer.weight.dtype is mg.float32
    mg.manual_seed(0)
    assert nn.Linear(16, 100).weight.tolist() == layer.weight.tolist()


# Layers that know two modes


def test_eval_switches_layers_and_no_grad_switches_recording():
    x = mg.ones(50, 4)
    layer = nn.Dropout(0.5)
    assert set(np.unique(layer(x).numpy())) == {0, 2}
    with mg.no_grad():
        assert set(np.unique(layer(x).numpy())) == {0, 2}  # no_grad is not eval()
    layer.eval()
    assert layer(x) is x
    net = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5)).eval()
    assert net(x).requires_grad and not net[1].training and net.train()[1].training
    with pytest.raises(ValueError, match="boolean"):
        net.train("yes")


def test_a_submodule_that_overrides_train_is_asked():
    class Frozen(nn.Tanh):
        def train(self, mode=True):
            return super().train(False)

    net = nn.Sequential(Frozen())
    assert not net.train()[0].training


def test_dropout_scales_what_it_keeps_and_its_extremes():
    x = mg.ones(1000, requires_grad=True)
    y = F.dropout(x, 0.25, generator=mg.Generator().manual_seed(1))
    y.sum().backward()
    assert x.grad.tolist() == y.tolist() and abs(y.mean().item() - 1) < 0.1
    assert F.dropout(x, 0.0) is x and F.dropout(x, 1.0).tolist() == [0] * 1000


def test_alpha_dropout_keeps_mean_and_variance():
    mg.manual_seed(0)
    x = mg.randn(200_000)
    for drop in (lambda x: F.alpha_dropout(x, 0.3, training=True), nn.AlphaDropout(0.3, inplace=True)):
        y = drop(x.clone())
        assert abs(y.mean().item()) < 0.01 and abs(y.var().item() - 1) < 0.02 and (y == x).sum() == 0
    assert F.alpha_dropout(x, 1.0, training=True).abs().max() == 0


def test_noise_that_belongs_to_training():
    mg.manual_seed(0)
    x = -mg.ones(1000)
    y = nn.RReLU(0.1, 0.3)(x)
    assert -0.3 <= y.min() < -0.29 and -0.11 < y.max() <= -0.1 and repr(nn.RReLU()).startswith("RReLU(lower=0.125, ")
    assert repr(nn.RReLU(inplace=True)).endswith("inplace=True)")
    kept = F.dropout(x.clone(), 0.5, training=True, inplace=True)
    assert set(kept.tolist()) == {0.0, -2.0}
    hot = F.gumbel_softmax(mg.zeros(500, 3, requires_grad=True), hard=True)
    assert hot.requires_grad and set(hot.tolist()[0]) <= {0.0, 1.0} and (hot.sum(1) == 1).all()
    assert (hot.sum(0) > 100).all()
    leaf = mg.tensor([-1.0, 2.0])
    assert F.elu_(leaf) is leaf and leaf[0] < 0


def test_batch_norm_agrees_with_pytorch():
    layer = nn.BatchNorm1d(2)
    x = mg.tensor([[1.0, 2.0], [3.0, 6.0], [5.0, 1.0]])
    with mg.no_grad():
        y = layer(x)  # updates the running statistics all the same
    assert np.allclose(y.numpy(), [[-1.2247, -0.4629], [0, 1.3887], [1.2247, -0.9258]], atol=1e-4)
    assert np.allclose(layer.running_mean.numpy(), [0.3, 0.3])
    assert np.allclose(layer.running_var.numpy(), [1.3, 1.6])
    layer.eval()
    expected = [[0.6139, 1.3440], [2.3680, 4.5062], [4.1222, 0.5534]]
    assert np.allclose(layer(x).detach().numpy(), expected, atol=1e-4)
    assert np.allclose(layer.running_mean.numpy(), [0.3, 0.3]) and layer(x).requires_grad


# Losses


def test_losses():
    scores, target = mg.tensor([[2.0, 0.0, 0.0], [0.0, 0.0, 3.0]], requires_grad=True), mg.tensor([0, 1])
    rows = [np.log(np.exp(2) + 2) - 2, np.log(np.exp(3) + 2)]
    assert np.allclose(F.cross_entropy(scores, target, reduction="none").tolist(), rows)
    assert nn.CrossEntropyLoss()(scores, target).item() == pytest.approx(np.mean(rows))
    assert nn.CrossEntropyLoss(reduction="sum")(scores, target).item() == pytest.approx(np.sum(rows))
    F.cross_entropy(scores, target).backward()
    softmax = scores.detach().softmax(dim=1).numpy()
    assert np.allclose(scores.grad.numpy(), (softmax - np.eye(3)[[0, 1]]) / 2, atol=1e-6)
    assert F.cross_entropy(mg.zeros(4), mg.tensor(2)).item() == pytest.approx(np.log(4))
    assert np.isnan(F.cross_entropy(mg.zeros(0, 4), mg.zeros(0).long()).item())
    a, b = mg.tensor([1.0, 2.0]), mg.tensor([3.0, 5.0])
    assert [nn.MSELoss(reduction=how)(a, b).tolist() for how in ("mean", "sum", "none")] == [6.5, 13, [4, 9]]


def test_weights_and_options_of_losses():
    x, y, w = mg.tensor([[1.0, 3.0]]), mg.tensor([[0.0, 1.0]]), mg.tensor([[1.0, 3.0]])
    assert F.mse_loss(x, y, weight=w).item() == (1 + 3 * 4) / 4
    assert F.mse_loss(x, y, weight=w, reduction="sum").item() == 13
    assert np.isclose(
        F.multilabel_soft_margin_loss(x, y, weight=w).item(),
        F.binary_cross_entropy_with_logits(x, y, weight=w).item(),
    )
    assert np.isclose(nn.MultiLabelSoftMarginLoss()(x, y).item(), F.binary_cross_entropy_with_logits(x, y).item())
    counts = mg.tensor([1.0, 5.0])
    more = F.poisson_nll_loss(x[0], counts, full=True) - F.poisson_nll_loss(x[0], counts)
    assert np.isclose(more.item(), (5 * np.log(5) - 5 + np.log(2 * np.pi * 5) / 2) / 2)
    assert np.isclose(F.gaussian_nll_loss(x, y, mg.ones(1)).item(), F.gaussian_nll_loss(x, y, mg.ones(1, 2)).item())
    near, middle, far = mg.zeros(1, 2), mg.full((1, 2), 1.0), mg.full((1, 2), 1.5)
    assert F.triplet_margin_loss(near, middle, far, swap=True) > F.triplet_margin_loss(near, middle, far)
    right = mg.tensor([0])
    assert F.multi_margin_loss(x, right, weight=mg.tensor([2.0, 1.0])) == 2 * F.multi_margin_loss(x, right)
    with pytest.warns(UserWarning, match="size_average and reduce args will be deprecated"):
        assert F.mse_loss(x, y, size_average=False).item() == 5
    with pytest.warns(UserWarning, match="size_average and reduce args will be deprecated"):
        assert F.mse_loss(x, y, reduce=False).tolist() == [[1, 4]]


def test_several_heads_may_share_keys():
    q, k = mg.rand(1, 4, 3, 2), mg.rand(1, 2, 3, 2)
    twice = k.repeat_interleave(2, 1)
    shared = F.scaled_dot_product_attention(q, k, k, enable_gqa=True)
    assert np.allclose(shared, F.scaled_dot_product_attention(q, twice, twice))


def test_recorded_statistics_may_stand_in_for_those_of_the_instance():
    x, mean, var = mg.rand(2, 3, 4), mg.zeros(3), mg.ones(3)
    assert np.allclose(F.instance_norm(x, mean, var, use_input_stats=False, eps=0.0), x)


@pytest.mark.parametrize(
    ("run", "kind", "words"),
    [
        (lambda x: F.softshrink(x, -1.0), RuntimeError, "lambda must be greater or equal to 0"),
        (lambda x: F.conv1d(3, x), TypeError, "argument 'input' must be a Tensor, not int"),
        (lambda x: F.conv1d(x, x, groups=0), RuntimeError, "non-positive groups"),
        (lambda x: F.conv1d(x, x, stride=2, padding="same"), RuntimeError, "not supported for strided"),
        (lambda x: F.conv_transpose1d(x[:, :1], x[:, :1], output_padding=1), RuntimeError, "must be smaller"),
        (lambda x: F.conv_transpose1d(x[:, :1], x[:, :1], padding=9), RuntimeError, "is too small"),
        (lambda x: F.fold(x, (2, 2), 2), RuntimeError, "does not fit output_size"),
        (lambda x: F.embedding(mg.tensor([0]), x[0], sparse=True), NotImplementedError, "not in minigrad"),
        (lambda x: F.dropout1d(x[0, 0], training=True), RuntimeError, "Expected 2D or 3D input"),
        (lambda x: F.nll_loss(x, 3), TypeError, "argument 'target' must be a Tensor, not int"),
        (lambda x: F.gaussian_nll_loss(x, x, -x), ValueError, "var has negative entry"),
        (lambda x: F.multi_margin_loss(x[0], mg.tensor([0, 0]), p=3), ValueError, "only p == 1 and p == 2"),
        (lambda x: F.pad(x, (1, 1), "reflect", value=3.0), ValueError, "doesn't take in value"),
        (lambda x: F.pad(x, (-2, -2)), RuntimeError, "leaves too little of the 3"),
        (lambda x: F.max_pool1d(x, 1, padding=-1), RuntimeError, "pad must be non-negative"),
        (lambda x: F.avg_pool2d(x, 1, divisor_override=0), RuntimeError, "divisor must be not zero"),
    ],
)
def test_what_functions_refuse_in_words(run, kind, words):
    with pytest.raises(kind, match=words):
        run(mg.ones(1, 2, 3))


def test_a_layer_uses_what_is_put_in_the_place_of_a_parameter():
    layer, x = nn.Linear(2, 1, bias=False), mg.tensor([[1.0, 2.0]])
    scale = mg.tensor(3.0, requires_grad=True)
    del layer.weight
    layer.weight = scale * mg.ones(1, 2)
    layer(x).sum().backward()
    assert layer(x).item() == 9 and scale.grad.item() == 3 and not layer._parameters.get("weight")


def test_the_import_lines_of_a_pytorch_script_work():
    """`torch` replaced by `minigrad`, as a learner would."""
    names = {}
    exec(
        "import minigrad as torch\n"
        "import minigrad.nn as nn\n"
        "import minigrad.nn.functional as F\n"
        "import minigrad.optim as optim\n"
        "from minigrad.utils.data import DataLoader, TensorDataset\n"
        "from minigrad.autograd import grad\n",
        names,
    )
    assert names["F"] is names["torch"].nn.functional
    assert names["DataLoader"] is names["torch"].utils.data.DataLoader is mg.data.DataLoader


def test_the_loss_of_a_single_row_needs_no_batch():
    scores = mg.tensor([1.0, 2.0, 4.0], requires_grad=True)
    alone = mg.nn.functional.cross_entropy(scores, mg.tensor(1))
    assert alone.item() == pytest.approx(mg.nn.functional.cross_entropy(scores[None], mg.tensor([1])).item())
    alone.backward()
    assert scores.grad.sum().item() == pytest.approx(0, abs=1e-6) and scores.grad[1] < 0 < scores.grad[0]
