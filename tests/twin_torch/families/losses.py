"""Losses: as functions and as layers, with every option that changes what they compute."""

from ..cases import family, texts

REDUCTIONS = ("", ", reduction='sum'", ", reduction='none'", ", reduction='average'")


@family
def regression_losses():
    for name in ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "soft_margin_loss"):
        for reduction in REDUCTIONS:
            for pair in (
                ("f4(2,3)", "f4(2,3)"), ("f4(4,)", "f4(4,) const"), ("f4()", "f4()"), ("f4(0,)", "f4(0,)"),
                ("f4(2,3)", "f4(3,)"), ("f4(2,3)", "f4(3,2)"), ("f4(8,) ugly", "f4(8,)"),
                ("f4(6,) ties", "f4(6,) ties"), ("f8(2,)", "f8(2,)"), ("f4(2,)", "i8(2,)"), ("f4(2,)", "f8(2,)"),
                ("i8(2,)", "i8(2,)"), ("f4(2,3) T", "f4(2,3)"),
            ):  # fmt: skip
                yield f"F.{name}(a, b{reduction})", *pair
    for text in texts("""
        F.smooth_l1_loss(a, b, beta=0.5)  F.smooth_l1_loss(a, b, beta=0)  F.smooth_l1_loss(a, b, beta=-1)
        F.huber_loss(a, b, delta=0.5)  F.huber_loss(a, b, delta=0)  nn.MSELoss()(a, b)
        nn.L1Loss(reduction='sum')(a, b)  nn.SmoothL1Loss(beta=2.0)(a, b)  nn.HuberLoss(delta=2.0)(a, b)
        nn.MSELoss(reduction='none')(a, b)  F.mse_loss(a)  F.mse_loss(a, 2.0)  nn.MSELoss()(a)
        nn.MSELoss(reduction='x')(a, b)  F.mse_loss(input=a, target=b)  F.cosine_embedding_loss(a, b, m.ones(2))
        F.cosine_embedding_loss(a, b, -m.ones(2), margin=0.1)  F.hinge_embedding_loss(a, b.sign())
        F.margin_ranking_loss(a, b, m.ones(3))  F.triplet_margin_loss(a, b, a + b)  nn.CosineSimilarity()(a, b)
        nn.CosineSimilarity(dim=0)(a, b)  nn.PairwiseDistance()(a, b)  F.gaussian_nll_loss(a, b, m.ones(2, 3))
        F.poisson_nll_loss(a, b.abs())  nn.HingeEmbeddingLoss()(a, b.sign())
        nn.CosineEmbeddingLoss()(a, b, m.ones(2))
    """):  # fmt: skip
        yield text, "f4(2,3)", "f4(2,3)"
        yield text, "f4(3,)", "f4(3,) const"


@family
def binary_losses():
    for reduction in REDUCTIONS:
        for pair in (
            ("f4(2,3) unit", "f4(2,3) unit"), ("f4(3,) unit", "f4(3,) unit const"), ("f4() unit", "f4() unit"),
            ("f4(3,)", "f4(3,) unit"), ("f4(2,) zero", "f4(2,) zero const"), ("f4(0,)", "f4(0,)"),
            ("f4(2,) unit", "f4(3,) unit"), ("f4(2,) unit", "i8(2,) below2"), ("f4(3,) nan", "f4(3,) unit"),
            ("f4(2,) unit", "f8(2,) unit"), ("i8(2,) below2", "f4(2,)"), ("f4(2,1) unit", "f4(2,) unit"),
        ):  # fmt: skip
            yield f"F.binary_cross_entropy(a, b{reduction})", *pair
            yield f"F.binary_cross_entropy_with_logits(a, b{reduction})", *pair
    for text in texts("""
        F.binary_cross_entropy(a, b, weight=m.tensor([1.0, 2.0, 3.0]))  nn.BCELoss()(a, b)
        nn.BCELoss(reduction='sum')(a, b)
        F.binary_cross_entropy_with_logits(a, b, pos_weight=m.tensor([1.0, 2.0, 3.0]))  nn.BCEWithLogitsLoss()(a, b)
        F.binary_cross_entropy_with_logits(a, b, weight=m.tensor(2.0))
        nn.BCEWithLogitsLoss(pos_weight=m.tensor(3.0))(a, b)  F.binary_cross_entropy_with_logits(a * 100, b)
        F.binary_cross_entropy(a.sigmoid(), b)  nn.BCELoss(weight=m.ones(3))(a, b)
        F.binary_cross_entropy_with_logits(a, b, pos_weight=m.ones(2))
        nn.BCEWithLogitsLoss(m.ones(3), reduction='none')(a, b)
    """):  # fmt: skip
        yield text, "f4(2,3) unit", "f4(2,3) unit const"
        yield text, "f4(3,) unit", "f4(3,) unit"


@family
def cross_entropies():
    pairs = (
        ("f4(3,4)", "i8(3,) below4"), ("f4(4,)", "i8() below4"), ("f4(2,3,4)", "i8(2,4) below3"),
        ("f4(2,3,2,2)", "i8(2,2,2) below3"), ("f4(3,4)", "f4(3,4) unit"), ("f4(4,)", "f4(4,) unit const"),
        ("f4(3,4)", "i8(3,) below9"), ("f4(3,4)", "i8(2,) below4"), ("f4(3,4)", "f4(3,) unit"),
        ("f4(3,4)", "i4(3,) below4"), ("f4(0,4)", "i8(0,) below4"), ("f4(3,1)", "i8(3,) below1"),
        ("f8(3,4)", "i8(3,) below4"), ("f4(3,4) big", "i8(3,) below4"), ("f4(3,4) ugly", "i8(3,) below4"),
        ("f4(3,4) T", "i8(3,) below4"), ("i8(3,4)", "i8(3,) below4"), ("f4(3,4)", "i8(3,1) below4"),
        ("f4()", "i8() below1"), ("f4(3,4)", "u1(3,) below4"),
    )  # fmt: skip
    options = ["", *texts("""
        , reduction='sum'  , reduction='none'  , ignore_index=1  , label_smoothing=0.1
        , weight=m.tensor([0.5, 1.0, 2.0, 1.5])  , reduction='x'
    """)]  # fmt: skip
    for option in options:
        for pair in pairs:
            yield f"F.cross_entropy(a, b{option})", *pair
            if "smoothing" not in option:
                yield f"F.nll_loss(a, b{option})", *pair
    for text in texts("""
        F.cross_entropy(a, b, weight=m.tensor([0.5, 1.0, 2.0, 1.5]), label_smoothing=0.2)
        F.cross_entropy(a, b, label_smoothing=2.0)  F.cross_entropy(a, b, weight=m.ones(3))
        F.cross_entropy(a, b, ignore_index=0, reduction='none')  nn.CrossEntropyLoss()(a, b)
        F.cross_entropy(a, b, m.tensor([0.5, 1.0, 2.0, 1.5]), reduction='sum')  F.cross_entropy(a, b, ignore_index=-1)
        F.cross_entropy(a, b, m.tensor([0.5, 1.0, 2.0, 1.5]), ignore_index=1, label_smoothing=0.1, reduction='none')
        nn.CrossEntropyLoss(weight=m.tensor([1.0, 2.0, 3.0, 4.0]))(a, b)
        nn.CrossEntropyLoss(label_smoothing=0.1)(a, b)  nn.NLLLoss()(F.log_softmax(a, 1), b)
        nn.NLLLoss(ignore_index=2, reduction='sum')(a, b)  F.nll_loss(F.log_softmax(a, -1), b)
        F.cross_entropy(a, b, ignore_index=-100)  F.cross_entropy(a, m.full_like(b, -100))
        F.cross_entropy(a, m.full_like(b, -100), reduction='sum')  F.cross_entropy(a, -b - 1)  F.cross_entropy(a)
        F.cross_entropy(a, None)  F.cross_entropy(a, [0, 1, 2])  F.cross_entropy(input=a, target=b)
        F.multi_margin_loss(a, b)  nn.CrossEntropyLoss(reduction='none')(a, b).shape  F.cross_entropy(a, b.float())
        F.cross_entropy(a, F.one_hot(b, 4).float())  F.cross_entropy(a, F.one_hot(b, 4))
    """):  # fmt: skip
        yield text, "f4(3,4)", "i8(3,) below4"


@family
def divergences():
    for option in ["", *texts("""
        , reduction='sum'  , reduction='none'  , reduction='batchmean'  , log_target=True
        , reduction='batchmean', log_target=True  , reduction='x'
    """)]:
        for pair in (
            ("f4(2,3)", "f4(2,3) unit"), ("f4(3,)", "f4(3,) unit"), ("f4(2,3)", "f4(3,) unit"),
            ("f4(3,)", "f4(3,) zero"), ("f4(0,)", "f4(0,)"), ("f4(2,3)", "f4(2,3)"),
        ):
            yield f"F.kl_div(a, b{option})", *pair
    yield "nn.KLDivLoss(reduction='batchmean')(F.log_softmax(a, 1), F.softmax(b, 1))", "f4(2,3)", "f4(2,3)"
    yield "nn.KLDivLoss(log_target=True)(a, b)", "f4(2,3)", "f4(2,3)"
