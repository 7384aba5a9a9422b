"""Recurrent cells and layers: layers, directions, batches first, packed sequences."""

from ..cases import family, programs, texts


@family
def recurrent_cells():
    for name in ("RNNCell", "GRUCell", "LSTMCell"):
        for spec in ("f4(2,3)", "f4(3,)", "f4(2,4)", "f8(2,3)", "f4(0,3)", "f4(2,3) T", "f4(1,2,3)"):
            yield f"cell = fill(nn.{name}(3, 4))\ncell(a)", spec
        state = "(b, c)" if name == "LSTMCell" else "b"
        for trio in (
            ("f4(2,3)", "f4(2,4)", "f4(2,4)"), ("f4(3,)", "f4(4,)", "f4(4,)"), ("f4(2,3)", "f4(2,3)", "f4(2,3)"),
            ("f4(2,3)", "f4(3,4)", "f4(3,4)"), ("f4(2,3)", "f4(4,)", "f4(4,)"),
        ):
            yield f"cell = fill(nn.{name}(3, 4))\ncell(a, {state})", *trio
            yield f"cell = fill(nn.{name}(3, 4, bias=False))\ncell(a, {state})", *trio
        yield f"c = nn.{name}(3, 4)\nrepr(c), list(c.state_dict()), [tuple(p.shape) for p in c.parameters()]",
        yield f"cell = fill(nn.{name}(3, 4))\nh = None\nfor x in a:\n    h = cell(x, h)\nh", "f4(5,2,3)"
    yield "cell = fill(nn.RNNCell(3, 4, nonlinearity='relu'))\ncell(a)", "f4(2,3)"
    yield "nn.RNNCell(3, 4, nonlinearity='selu')(a)", "f4(2,3)"


@family
def recurrent_layers():
    for name in ("RNN", "GRU", "LSTM"):
        for option in texts("""
            num_layers=1  num_layers=2  bidirectional=True  batch_first=True  bias=False
            num_layers=2, bidirectional=True, batch_first=True  dropout=0.0  num_layers=0  dropout=2.0
        """):
            for spec in ("f4(5,2,3)", "f4(5,3)", "f4(1,1,3)", "f4(5,2,4)", "f8(5,2,3)", "f4(5,0,3)", "f4(3,)"):
                yield f"layer = fill(nn.{name}(3, 4, {option}))\nlayer(a)", spec
            yield f"list(nn.{name}(3, 4, {option}).state_dict()), repr(nn.{name}(3, 4, {option}))",
        state = "(b, c)" if name == "LSTM" else "b"
        for trio in (
            ("f4(5,2,3)", "f4(1,2,4)", "f4(1,2,4)"), ("f4(5,3)", "f4(1,4)", "f4(1,4)"),
            ("f4(5,2,3)", "f4(2,2,4)", "f4(2,2,4)"), ("f4(5,2,3)", "f4(2,4)", "f4(2,4)"),
            ("f4(5,2,3)", "f4(1,3,4)", "f4(1,3,4)"),
        ):
            yield f"layer = fill(nn.{name}(3, 4))\nlayer(a, {state})", *trio
        for program in programs(f"""
            layer = fill(nn.{name}(3, 4))
            packed = nn.utils.rnn.pack_padded_sequence(a, [5, 2])
            out, h = layer(packed)
            nn.utils.rnn.pad_packed_sequence(out), h

            layer = fill(nn.{name}(3, 4, num_layers=2, bidirectional=True))
            packed = nn.utils.rnn.pack_padded_sequence(a, [3, 5], enforce_sorted=False)
            out, h = layer(packed)
            out.data, h

            layer = fill(nn.{name}(3, 4, batch_first=True))
            lengths = m.tensor([1, 4])
            packed = nn.utils.rnn.pack_padded_sequence(a.transpose(0, 1), lengths, True, False)
            out, h = layer(packed)
            nn.utils.rnn.pad_packed_sequence(out, batch_first=True), h

            layer = fill(nn.{name}(3, 4))
            out, h = layer(a)
            out2, h2 = layer(a, h)
            out2[-1]

            layer = fill(nn.{name}(3, 4))
            layer.input_size, layer.hidden_size, layer.num_layers, layer.bidirectional, layer.weight_hh_l0.shape

            layer = fill(nn.{name}(3, 4))
            out, h = layer(nn.utils.rnn.pack_sequence([a[:, 0], a[:2, 1]]))
            type(out).__name__, out.data, out.batch_sizes
        """):
            yield program, "f4(5,2,3)"
    yield "layer = fill(nn.RNN(3, 4, nonlinearity='relu'))\nlayer(a)", "f4(5,2,3)"
    yield "nn.RNN(3, 4, nonlinearity='gelu')",
    yield "layer = fill(nn.LSTM(3, 4, proj_size=2))\nlayer(a)", "f4(5,2,3)"
