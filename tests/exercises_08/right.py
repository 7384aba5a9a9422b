"""Right answers of different style. All of them must pass."""

import minigrad as mg


def scaled_loss(model, loss_fn, parts, optimizer):
    """Each part's loss carries its share of the rows."""
    total = sum(len(x) for x, _ in parts)
    optimizer.zero_grad()
    mean = 0.0
    for x, y in parts:
        loss = loss_fn(model(x), y) * (len(x) / total)
        loss.backward()
        mean += loss.item()
    optimizer.step()
    return mean


def weighted_backward(model, loss_fn, parts, optimizer):
    """The share goes in with the backward; cleared through the model; the forward in a function of its own."""
    rows = [x.shape[0] for x, _ in parts]

    def go(x, y, share):
        loss = loss_fn(model(x), y)
        loss.backward(gradient=mg.ones((), dtype=loss.dtype) * share)
        return share * loss.item()

    model.zero_grad()
    reported = sum([go(x, y, n / sum(rows)) for (x, y), n in zip(parts, rows, strict=True)])
    optimizer.step()
    return reported


def divided_afterwards(model, loss_fn, parts, optimizer):
    """Sums over rows first; one division of every gradient at the end. Cleared by hand, to None."""
    for p in model.parameters():
        p.grad = None
    seen = report = 0
    for x, y in reversed(parts):
        loss = loss_fn(model(x), y) * len(x)
        loss.backward()
        seen, report = seen + len(x), report + float(loss)
    with mg.no_grad():
        for p in model.parameters():
            p.grad /= seen
    optimizer.step()
    return report / seen


def zeros_and_while(model, loss_fn, parts, optimizer):
    """Cleared to zeros in place of None, after the first forward; a while loop that counts down."""
    left, place, mean = sum(x.shape[0] for x, _ in parts), 0, 0.0
    total = left
    while left:
        x, y = parts[place]
        loss = loss_fn(model(x), y) * x.shape[0] / total
        if place == 0:
            optimizer.zero_grad(set_to_none=False)
        loss.backward()
        mean += loss.detach().item()
        left, place = left - x.shape[0], place + 1
    optimizer.step()
    return mean


ANSWERS = [scaled_loss, weighted_backward, divided_afterwards, zeros_and_while]
