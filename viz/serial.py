"""A recorded graph as JSON text, and back, without losing anything.

The text is one object: `format` and `version`, then the fields of `viz.graph.Graph`. A record (`Value`, `Step`, ...) is
an object with its fields by name, those at their default left out; tuples are lists; a dictionary with ids as keys is a
list of pairs; a number among the inputs of a step is `{"value": 2.0}`; and since JSON has no nan and no infinity, these
are `{"float": "nan"}`, `{"float": "inf"}` and `{"float": "-inf"}`.

The text may come from anywhere. It is read field by field against what a graph can hold and never evaluated, so that
every view of what comes out works.
"""

import json
import math
import re
from dataclasses import MISSING, fields

from viz.captured import Block, Captured
from viz.graph import (
    Arm,
    Booking,
    Entry,
    Graph,
    Number,
    Read,
    Return,
    Saved,
    Source,
    Step,
    Storage,
    Value,
    Visit,
)
from viz.summary import KEEP, Summary

HEAD = {"format": "viz recorded graph", "version": 2}
LARGEST = 2**64  # beyond the largest integer of an array
_RECORDS = (Summary, Storage, Value, Number, Saved, Source, Step, Entry, Visit, Booking, Read, Return, Arm, Block,
            Captured, Graph)


class _Wrong(ValueError):
    """One part of the text is not what it should be; the message begins with the place of that part."""


def to_json(graph):
    """The graph as JSON text (plain ASCII); `from_json` reads it back.

    >>> to_json(Graph())
    '{"format": "viz recorded graph", "version": 2}'
    """
    return json.dumps(HEAD | _plain(graph), allow_nan=False)


def from_json(source):
    """The Graph of a text from `to_json`. Errors: ValueError, in one sentence, for any other text.

    >>> from_json('{"format": "viz recorded graph", "version": 2, "steps": 3}')
    Traceback (most recent call last):
        ...
    ValueError: this is not a recorded graph: steps must be a list
    """
    try:
        data = json.loads(source, parse_constant=_refused)
        if not isinstance(data, dict) or any(data.pop(key, None) != what for key, what in HEAD.items()):
            raise _Wrong(f"it must begin with {json.dumps(HEAD)[1:-1]}; write it with run.to_json()")
        graph = _record(Graph)(data, "")
        _check(graph)
    except RecursionError:
        raise ValueError("this is not a recorded graph: it is nested too deep") from None
    except (ValueError, TypeError) as error:  # json.loads has a TypeError for what is no text
        raise ValueError(f"this is not a recorded graph: {str(error)[:200]}") from None
    return graph


def _plain(item):
    kind = type(item)
    if kind in _RECORDS:
        return {part.name: _plain(value) for part in fields(item)
                if (value := getattr(item, part.name)) != _default(part) or kind is Number}
    if kind is dict:
        by_id = item and not all(isinstance(key, str) for key in item)
        return [[key, _plain(value)] for key, value in item.items()] if by_id else {
            key: _plain(value) for key, value in item.items()}
    if kind in (tuple, list):
        return [_plain(part) for part in item]
    if kind is float and not math.isfinite(item):
        return {"float": str(item)}
    return item


def _default(part):
    return part.default if part.default_factory is MISSING else part.default_factory()


def _refused(word):
    raise _Wrong(f"{word} is no JSON")


# Readers: each takes a part of the text and its place, and returns what the graph holds, or raises _Wrong.

def _need(right, at, what):
    if not right:
        raise _Wrong(f"{at or 'the text'} must be {what}")


def _record(kind):
    """A reader of objects with the fields of this class, each with its own reader."""
    parts = {part.name: part for part in fields(kind)}

    def read(item, at):
        _need(isinstance(item, dict), at, "an object")
        for key in item:
            if key not in parts:
                raise _Wrong(f"{at or 'the text'} has an unknown key {key[:40]!r}")
        for name, part in parts.items():
            if name not in item and part.default is part.default_factory is MISSING:
                raise _Wrong(f"{at} has no {name!r}")
        return kind(**{name: _READERS[kind][name](item[name], f"{at}.{name}".lstrip(".")) for name in item})
    return read


def _several(reader, made=tuple):
    def read(item, at):
        _need(isinstance(item, list), at, "a list")
        return made([reader(part, f"{at}[{number}]") for number, part in enumerate(item)])
    return read


def _by_id(reader):
    def read(item, at):
        item = [] if item == {} else item
        _need(isinstance(item, list) and all(isinstance(pair, list) and len(pair) == 2 for pair in item), at,
              "a list of pairs")
        return {_count(key, at): reader(part, f"{at}[{number}][1]") for number, (key, part) in enumerate(item)}
    return read


def _by_name(reader):
    def read(item, at):
        _need(isinstance(item, dict), at, "an object")
        return {key: reader(part, f"{at}[{key[:40]!r}]") for key, part in item.items()}
    return read


def _or_none(reader):
    return lambda item, at: None if item is None else reader(item, at)


def _one_of(*choices):
    def read(item, at):
        _need(isinstance(item, str) and item in choices, at, f"one of {', '.join(choices)}")
        return item
    return read


def _text(item, at):
    _need(isinstance(item, str), at, "text")
    return item


def _name(item, at):
    _need(isinstance(item, str) and re.fullmatch(r"[\w.:<>?-]{1,80}", item), at, "a short name")
    return item


def _bool(item, at):
    _need(isinstance(item, bool), at, "true or false")
    return item


def _count(item, at):
    _need(type(item) is int and 0 <= item < LARGEST, at, "a number 0, 1, 2, ...")
    return item


def _whole(item, at):
    _need(type(item) is int and abs(item) < LARGEST, at, "a whole number")
    return item


def _number(item, at):
    if isinstance(item, dict) and len(item) == 1 and item.get("float") in ("nan", "inf", "-inf"):
        return float(item["float"])
    _need(isinstance(item, bool | int | float), at, "a number")
    return item


def _element(item, at):
    number = _number(item, at)
    _need(not isinstance(number, int) or abs(number) < LARGEST, at, "a number that fits into an array")
    return number


def _values(item, at):
    return [_values(part, at) for part in item] if isinstance(item, list) else _element(item, at)


def _attribute(item, at):
    if isinstance(item, list):
        return tuple(_attribute(part, at) for part in item)
    return item if item is None or isinstance(item, str) else _number(item, at)


def _input(item, at):
    return _record(Number)(item, at) if isinstance(item, dict) else _count(item, at)


def _summary(item, at):
    what = _record(Summary)(item, at)
    if what.values is None:
        _need(all(number is not None for number in (what.low, what.mean, what.high)), at,
              "a summary with its values, or with low, mean and high")
        _need(len(what.sample) <= 2 * KEEP, f"{at}.sample", f"at most {2 * KEEP} numbers")
    else:
        _need(_fits(what.values, what.shape), f"{at}.values", "nested as the shape says")
    return what


def _fits(values, shape):
    if not shape:
        return not isinstance(values, list)
    return isinstance(values, list) and len(values) == shape[0] and all(_fits(row, shape[1:]) for row in values)


def _event(item, at):
    """A line of the history: what has a step is a Visit, what has an entry a Booking."""
    return _record(Visit if isinstance(item, dict) and "step" in item else Booking)(item, at)


def _storage(item, at):
    what = _record(Storage)(item, at)
    _need(len(what.span) == 2, f"{at}.span", "a begin and an end")
    return what


def _entry(item, at):
    entry = _record(Entry)(item, at)
    _need(entry.what != "add" or entry.change, at, "an entry with its change")
    return entry


def _declared(item, at):
    _need(isinstance(item, list) and len(item) == 2, at, "a shape and a dtype")
    return _open_shape(item[0], at), _name(item[1], at)


def _back(item, at):
    _need(isinstance(item, list) and len(item) == 3, at, "a value, a step and a name")
    return _count(item[0], at), _count(item[1], at), _text(item[2], at)


_shape, _maybe_summary, _maybe_count = _several(_count), _or_none(_summary), _or_none(_count)
_open_shape, _source = _or_none(_several(_maybe_count)), _or_none(_record(Source))
_READERS = {
    Summary: {"shape": _shape, "dtype": _name, "values": _or_none(_values), "low": _or_none(_element),
              "mean": _or_none(_element), "high": _or_none(_element), "sample": _several(_element)},
    Storage: {"buffer": _maybe_count, "span": _several(_count), "strides": _several(_whole), "version": _count},
    Value: {"id": _count, "role": _one_of("parameter", "leaf", "input", "result"), "shape": _open_shape, "dtype": _name,
            "device": _name, "requires_grad": _bool, "name": _or_none(_text), "data": _maybe_summary,
            "producer": _maybe_count, "storage": _or_none(_storage)},
    Number: {"value": _number},
    Saved: {"name": _text, "shape": _shape, "nbytes": _count, "version": _count, "buffer": _maybe_count,
            "span": _several(_count)},
    Source: {"line": _count, "text": _text, "script": _or_none(_count)},
    Step: {"id": _count, "op": _name, "kind": _name, "inputs": _several(_input), "arguments": _several(_name),
           "output": _count, "attributes": _by_name(_attribute), "commutes": _bool, "recorded": _bool,
           "reason": _or_none(_one_of("no_grad", "cut", "no input requires grad")), "module": _or_none(_text),
           "source": _source, "iteration": _count, "backward": _maybe_count, "saved": _several(_record(Saved)),
           "freed": _bool, "contributions": _several(_maybe_summary), "entered": _several(_text)},
    Entry: {"what": _one_of("before", "add", "zero", "elsewhere", "step"), "change": _maybe_summary,
            "total": _maybe_summary, "backward": _maybe_count, "source": _source, "by": _or_none(_text)},
    Visit: {"step": _count, "backward": _count, "gradient": _summary, "contributions": _several(_maybe_summary),
            "after": _count, "freed": _bool, "source": _source},
    Booking: {"value": _count, "entry": _count, "after": _count},
    Read: {"value": _count, "how": _name, "source": _source, "given": _or_none(_number)},
    Return: {"read": _count, "step": _maybe_count, "position": _count, "value": _maybe_count},
    Arm: {"source": _record(Source), "test": _record(Source), "read": _maybe_count, "parameters": _several(_count)},
    Block: {"kind": _one_of("if", "then", "else", "loop"), "name": _text, "start": _count, "stop": _count,
            "source": _source, "back": _several(_back), "ran": _or_none(_text), "idle": _bool},
    Captured: {"name": _text, "results": _several(_count), "blocks": _several(_record(Block)),
               "declared": _by_id(_declared)},
    Graph: {"values": _several(_record(Value), list), "steps": _several(_record(Step), list),
            "gradients": _by_id(_summary), "ledger": _by_id(_several(_entry, list)),
            "reads": _several(_record(Read), list), "modules": _by_name(_text), "backwards": _count,
            "history": _several(_event, list), "pins": _by_id(_several(_text)), "scripts": _several(_text, list),
            "returns": _several(_record(Return), list), "untaken": _several(_record(Arm), list),
            "captured": _or_none(_record(Captured))},
}


def _check(graph):
    """What holds between the parts: ids are places, and nothing is used before it is made."""
    made = {}
    for number, step in enumerate(graph.steps):
        at = f"steps[{number}]"
        _need(step.id == number, f"{at}.id", f"{number}")
        _need(step.output < len(graph.values) and step.output not in made, f"{at}.output", "the id of its own value")
        for source in step.inputs:
            known = isinstance(source, Number) or (
                source < len(graph.values) and (graph.values[source].producer is None or source in made))
            _need(known, f"{at}.inputs", "values that are there before it")
        made[step.output] = number
        # An argument without an input has no name that a view could show for what is saved of it.
        lost = {item.name for item in step.saved} & set(step.arguments[len(step.inputs):])
        _need(not lost, f"{at}.saved", "arrays of its inputs")
        _need(len(step.contributions) in (0, len(step.inputs)), f"{at}.contributions", "one for each input")
        _need(all(len(item.span) == 2 for item in step.saved), f"{at}.saved", "arrays with a begin and an end")
    for number, value in enumerate(graph.values):
        at = f"values[{number}]"
        _need(value.id == number, f"{at}.id", f"{number}")
        _need(value.producer == made.get(number), f"{at}.producer", "the step that made it")
        lies = value.storage is None or len(value.storage.strides) == len(value.shape or ())
        _need(lies, f"{at}.storage", "as its shape says")
        _need((value.role == "result") == (value.producer is not None), f"{at}.role", "result for what a step made")
    for at, ids in (("gradients", graph.gradients), ("ledger", graph.ledger), ("pins", graph.pins),
                    ("reads", [read.value for read in graph.reads])):
        _need(all(number < len(graph.values) for number in ids), at, "about values that are there")
    for source in (part.source for part in (*graph.steps, *graph.reads, *graph.history) if hasattr(part, "source")):
        known = source is None or source.script is None or source.script < len(graph.scripts)
        _need(known, "script", "the number of a text among the scripts")
    _check_boundaries(graph)
    _check_blocks(graph)
    for number, event in enumerate(graph.history):
        at = f"history[{number}]"
        if isinstance(event, Visit):
            _need(event.step < len(graph.steps), f"{at}.step", "a step that is there")
            sent, inputs = len(event.contributions), len(graph.steps[event.step].inputs)
            _need(sent == inputs, f"{at}.contributions", "one for each input")
        else:
            _need(event.entry < len(graph.ledger.get(event.value, ())), f"{at}.entry", "a line of the ledger")


def _check_blocks(graph):
    around, values, steps = [], len(graph.values), len(graph.steps)
    _need(graph.captured is None or all(number < values for number in graph.captured.results), "captured.results",
          "values that are there")
    for number, block in enumerate(graph.blocks):
        at = f"captured.blocks[{number}]"
        around = [stop for stop in around if stop > block.start]
        _need(block.start < block.stop <= min(around, default=steps), at, "steps inside the block around it")
        _need(not number or block.start >= graph.blocks[number - 1].start, at, "behind the block before it")
        _need(all(value < values and block.start <= step < block.stop for value, step, _ in block.back), f"{at}.back",
              "from values that are there to steps in it")
        around.append(block.stop)


def _check_boundaries(graph):
    for number, back in enumerate(graph.returns):
        at, inputs = f"returns[{number}]", ()
        _need(back.read < len(graph.reads), at, "of a read that is there")
        if back.value is None:
            _need(back.step is not None and back.step < len(graph.steps), at, "into a step or a source that is there")
            inputs = graph.steps[back.step].inputs[back.position:back.position + 1]
            _need(inputs and isinstance(inputs[0], Number), at, "in the place of a number")
        else:
            known = back.step is None and back.value < len(graph.values) and graph.values[back.value].producer is None
            _need(known, at, "into a step or a source that is there")
    for number, arm in enumerate(graph.untaken):
        known = arm.read is None or arm.read < len(graph.reads)
        _need(known and all(value < len(graph.values) and graph.values[value].producer is None
                            for value in arm.parameters), f"untaken[{number}]", "about what is there")
