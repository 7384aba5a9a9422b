"""Ops that rearrange: reshape, views, joining, splitting, repeating, padding."""

from ..cases import family, texts

SPECS = (
    "f4(2,3)", "f4(2,3,2)", "f4(4,)", "f4()", "f4(0,)", "f4(1,3,1)", "f4(2,3) T", "f4(2,2) step", "i8(2,3)",
    "f4(2,0)",
)


@family
def reshaping():
    for text in texts("""
        a.reshape(6)  a.reshape(-1)  a.reshape(3, 2)  a.reshape((3, -1))  a.reshape(1, -1, 1)  a.reshape(-1, -1)
        a.reshape(0, -1)  a.reshape(())  a.reshape(7)  a.reshape(2.0)  m.reshape(a, (-1,))  m.reshape(a, (2, 3))
        a.reshape(-2)  a.reshape()  a.reshape(0)  m.reshape(a, 6)  a.view(-1)  a.view(3, 2)  a.view(6, 1)
        a.view((2, -1))  a.view(4)  a.view(1, -1)  a.view(a.size(0), -1)  a.view_as(a)  a.reshape_as(a.ravel())
        a.view(shape=(1, -1))  a.flatten()  a.flatten(1)  a.flatten(0, 1)  a.flatten(start_dim=1, end_dim=-1)
        m.flatten(a, -2)  a.flatten(1, 0)  a.flatten(5)  a.ravel()  m.ravel(a)  a.unflatten(0, (1, -1))
        a.unflatten(-1, (3, 1))  m.unflatten(a, 0, (2, 1))  a.unflatten(0, (5, 5))  a.contiguous()  a.clone()
        m.clone(a)  a.detach()  a.numel(), a.dim(), a.ndim, a.shape, a.size()  a.size(0), a.size(-1)  a.size(dim=1)
        a.size(7)  a.shape.numel()  len(a)  a.nelement()  a.stride()  a.is_contiguous()  m.squeeze(a)  a.squeeze()
        a.squeeze(0)  a.squeeze(-1)  a.squeeze(1)  a.squeeze(5)  a.squeeze((0, 2))  a.squeeze(dim=0)
        m.squeeze(a, (0, -1))  a.unsqueeze(0)  a.unsqueeze(-1)  a.unsqueeze(2)  a.unsqueeze(-4)  m.unsqueeze(a, 1)
        a.unsqueeze(dim=0)  a.unsqueeze()  m.atleast_1d(a)  m.atleast_2d(a)  m.atleast_3d(a)  a[None]
        a.storage_offset()
    """):  # fmt: skip
        for spec in SPECS:
            yield text, spec


@family
def transposing():
    for text in texts("""
        a.T  a.t()  m.t(a)  a.mT  a.transpose(0, 1)  m.transpose(a, 0, 1)  a.transpose(-1, -2)  a.transpose(0, 5)
        a.transpose(0, 0)  a.permute(1, 0)  a.permute((1, 0))  m.permute(a, (1, 0))  a.permute(2, 0, 1)
        a.permute(-1, 0, 1)  a.permute(0, 0)  a.permute(0)  a.permute()  a.permute(1, 2, 3)  a.swapaxes(0, 1)
        m.swapaxes(a, 0, -1)  a.swapdims(0, 1)  a.movedim(0, -1)  m.movedim(a, 0, 1)  m.moveaxis(a, (0, 1), (1, 0))
        a.moveaxis(0, 1)  a.movedim((0, 1), (0,))  a.H  a.adjoint()  a.transpose(dim0=0, dim1=1)
        a.T.is_contiguous(), a.T.stride()  a.T.contiguous().stride()  a.transpose(0, 1).reshape(-1)  a.t().view(-1)
        a.transpose(0)  a.permute(dims=(1, 0))
    """):  # fmt: skip
        for spec in SPECS:
            yield text, spec


@family
def expanding():
    for text in texts("""
        a.expand(2, 3)  a.expand(4, 2, 3)  a.expand(-1, 3)  a.expand(2, -1)  a.expand((3, 2, 3))  a.expand(-1, 2, 3)
        a.expand(5)  a.expand(0, 3)  a.expand(2, 0)  a.expand()  a.expand_as(m.zeros(4, 2, 3))
        m.broadcast_to(a, (2, 2, 3))  a.broadcast_to(1, 3)  a.broadcast_to((2, 3))
        m.broadcast_tensors(a, m.ones(2, 1))  m.broadcast_shapes((2, 1), (3,))  m.broadcast_shapes((2, 1), (3, 3))
        a.repeat(2)  a.repeat(2, 1)  a.repeat((2, 2))  a.repeat(1, 2, 3)  a.repeat(0, 1)  a.repeat(-1, 1)  a.repeat()
        a.tile(2)  m.tile(a, (2, 1))  a.tile((1, 1, 2))  m.repeat_interleave(a, 2)  a.repeat_interleave(2, dim=0)
        a.repeat_interleave(3, -1)  a.repeat_interleave(m.tensor([1, 2]), dim=0)
        m.repeat_interleave(a, m.tensor([2, 0]), dim=0)  a.repeat_interleave(-1)  a.repeat_interleave(0)
        a.expand(2, 3).stride()  a.expand(2, 3).is_contiguous()  a.expand(2, 3).sum()
        m.repeat_interleave(m.tensor([1, 2]))
    """):  # fmt: skip
        for spec in ("f4(3,)", "f4(2,3)", "f4(1,3)", "f4()", "f4(2,1)", "f4(0,)", "i8(2,3)", "f4(2,3) T"):
            yield text, spec


@family
def joining():
    for text in texts("""
        m.cat([a, b])  m.cat((a, b), dim=1)  m.cat([a, b], -1)  m.concat([a, b])  m.stack([a, b])
        m.stack((a, b), dim=1)  m.stack([a, b], -1)  m.hstack([a, b])  m.vstack([a, b])  m.dstack([a, b])
        m.cat([a, b, a])  m.cat([a, b], dim=5)  m.stack([a, b], 5)  m.column_stack([a, b])  m.row_stack([a, b])
        m.concatenate([a, b], axis=0)  m.cat([a])  m.stack([b])  m.cat(tensors=[a, b], dim=0)  m.cat([a, b], axis=0)
    """):  # fmt: skip
        for pair in (
            ("f4(2,3)", "f4(2,3)"), ("f4(2,3)", "f4(1,3)"), ("f4(2,3)", "f4(2,1)"), ("f4(3,)", "f4(3,)"),
            ("f4()", "f4()"), ("f4(0,)", "f4(2,3)"), ("f4(2,2)", "i8(2,2)"), ("f4(2,3) T", "f4(2,3) step"),
            ("f4(2,3)", "f4(3,)"), ("f2(2,)", "f8(2,)"), ("b1(2,)", "u1(2,)"), ("f4(2,) const", "f4(2,)"),
        ):  # fmt: skip
            yield text, *pair
    for text in texts("""
        m.cat([])  m.stack([])  m.cat(a)  m.stack(a)  m.cat([a, 2])  m.cat([a, None])  m.stack([a, 'text'])  m.cat(3)
        m.cat([a, [1.0]])  m.stack(list(a))  m.cat(a.unbind())  m.stack([x * 2 for x in a])
        m.cat([x.reshape(1, -1) for x in a])  m.cat()
    """):  # fmt: skip
        for spec in ("f4(2,3)", "f4(3,)", "f4(2,1,2)"):
            yield text, spec


@family
def splitting():
    for text in texts("""
        a.split(2)  a.split(1, dim=1)  a.split([1, 3])  a.split([1, 2], 1)  m.split(a, 3)  m.split(a, 2, dim=-1)
        a.split(0)  a.split(-1)  a.split([1, 1])  a.split(9)  a.chunk(2)  a.chunk(3, dim=1)  m.chunk(a, 3)  a.chunk(9)
        a.chunk(0)  m.tensor_split(a, 3)  a.tensor_split((1, 3))  a.tensor_split(2, dim=1)  a.unbind()  m.unbind(a, 1)
        a.unbind(-1)  a.unbind(7)  list(a)  x, *rest = a; x, rest  m.hsplit(a, 3)  m.vsplit(a, 2)  a.narrow(0, 1, 2)
        m.narrow(a, 1, 0, 1)  a.narrow(0, -1, 1)  a.narrow(0, 3, 5)  a.narrow(0, 0, -1)  a.select(0, 1)
        a.select(1, -1)  m.select(a, 0, 9)  a.unfold(0, 2, 1)  a.unfold(0, 2, 2)  a.unfold(-1, 2, 1)
        a.unfold(0, 9, 1)  a.unfold(0, 2, 0)  a.unfold(0, 0, 1)  a.split(2)[0].sum()  a.split(2.0)
    """):  # fmt: skip
        for spec in ("f4(4,3)", "f4(5,)", "f4(2,3,2)", "f4()", "f4(0,)", "i8(4,2)", "f4(4,3) T"):
            yield text, spec


@family
def turning():
    for text in texts("""
        a.flip(0)  m.flip(a, (0, 1))  a.flip(-1)  m.flip(a, [0])  a.flip(0, 0)  a.flip(5)  a.flip()  m.fliplr(a)
        m.flipud(a)  a.roll(1)  a.roll(1, 0)  m.roll(a, (1, -1), (0, 1))  m.roll(a, shifts=2, dims=-1)  a.roll((1, 2))
        a.roll(9, 0)  m.roll(a, 1, 7)  m.rot90(a)  m.rot90(a, 2, (0, 1))  m.rot90(a, -1, [1, 0])
        m.rot90(a, 1, (0, 0))  a.rot90(3)  m.tril(a)  a.tril(1)  m.triu(a, diagonal=-1)  a.triu()  m.diag(a)
        a.diag(1)  m.diag(a, -1)  m.diagonal(a)  a.diagonal(1)  m.diagonal(a, offset=-1)  a.diagonal(0, 1, 0)
        a.diagonal(9)  m.diag_embed(a)  m.diag_embed(a, 1)  m.diagflat(a)  m.block_diag(a, a)  m.cartesian_prod(a, a)
        m.meshgrid(a, a, indexing='ij')  m.meshgrid(a, a, indexing='xy')  m.meshgrid([a, a[:2]], indexing='ij')
        m.combinations(a)  m.vander(a)  m.tril_indices(3, 3)  m.triu_indices(2, 3, offset=1)
        m.swapaxes(a, 0, 1).flip(0)
    """):  # fmt: skip
        for spec in ("f4(3,3)", "f4(2,3)", "f4(4,)", "f4()", "f4(2,2,3)", "f4(0,)", "i8(3,2)", "f4(3,2) T", "b1(2,2)"):
            yield text, spec


@family
def padding():
    for pads in texts("""
        (1, 2)  (1, 1, 2, 0)  (-1, 1)  (0, 0)  (1,)  (1, 1, 1, 1, 1, 1)  (3, 3)  [1, 0]  (2, 1, 0, 1)  (-5, 0)
    """):
        for mode in ["", *texts("""
            , value=1.5  , mode='reflect'  , mode='replicate'  , mode='circular'  , 'constant', 2  , mode='odd'
        """)]:
            for spec in ("f4(2,3)", "f4(1,2,3)", "f4(1,2,3,3)", "f4(3,)"):
                yield f"F.pad(a, {pads}{mode})", spec
        for spec in ("i8(2,3)", "f4(0,)", "f4(2,0)", "f4(2,3) T", "f4()", "b1(2,2)"):
            yield f"F.pad(a, {pads})", spec
    yield "m.nn.functional.pad(a, 1)", "f4(2,)"
    yield "m.constant_pad_nd(a, (1, 1), 2.0)", "f4(2,)"
