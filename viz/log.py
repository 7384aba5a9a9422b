"""The log of a run: all that an op leaves behind while the learner waits.

A tensor is told from another by the weak reference to it, of which Python makes one for each object. `known` keeps
these references, so a tensor is known by its number as long as the log is there, dead or alive.
"""

import weakref
from collections import deque
from sys import _getframe

from minigrad import memory
from minigrad.tensor import Tensor
from viz import text
from viz.names import PASSED
from viz.notes import kept_of
from viz.summary import KEEP

HELD = 16 * 2**20  # bytes of arrays in the notes of a run, about
_ref = weakref.ref


class Log:
    """Of each op a note, of each tensor and node its number.

    `ran` is what the core calls while this is all it has to tell (see `minigrad.modes.watch`).
    notes: tuples of a function of the recorder and what it is to be called with, in the order of the values.
    known: weak reference to a tensor or node -> the number of its value. sources: number of what no step made -> its
    reference. nodes: references, the oldest first. met: id of a code of the learner's -> the names.Met of it.
    numbers: what was read and may come back. backward: None outside of backward, 0 before it has touched this run,
    else its number.
    """

    def __init__(self, recorder, graph, sites, modules, numbers):
        self.recorder, self.make = weakref.ref(recorder), type(recorder).make_step
        self.graph, self.sites, self.modules, self.numbers = graph, sites, modules, numbers
        self.notes, self.held, self.most = deque(), 0, HELD
        self.known, self.sources, self.nodes, self.met = {}, {}, [], {}
        self._doubtful = {}  # sources that have to be looked at again when they are used again
        self.count = len(graph.values)  # values, those in the notes with them
        self.backward = None

    def ran(self, op, inputs, attributes, output):
        """An op has run in the ordinary way, and made a new tensor."""
        frame, sorts, known, given = _getframe(2), self.sites.sorts, self.known, []
        while sorts.get(key := id(frame.f_code)) == PASSED:
            frame = frame.f_back
        way = (key, frame.f_lasti) if key in self.met else self.sites.way(frame, self.met)
        for x in inputs:
            if isinstance(x, Tensor):
                number = known.get(_ref(x))
                given.append(self.recorder().came_in(x, way) if number is None else number)
            else:
                given.append((x,))
        edge = output._edge
        if edge is not None:
            self.put(op, given, attributes, output, None, _ref(edge), edge.plan.tensors, edge.saved, way, inputs)
        else:  # a tracked input without a rule, such as the condition of where, is a cut as well
            cut = not op.rules or any([isinstance(x, Tensor) and x._edge is not None for x in inputs])
            reason = "cut" if cut else "no input requires grad"
            self.put(op, given, attributes, output, reason, None, (), (), way, inputs)

    def put(self, op, given, attributes, output, reason, node, names, saved, way, inputs, before=None, name=None):
        """Note an op. `viz.notes.Note` says what is noted."""
        count, array, modules = self.count, output.array, self.modules
        if attributes:
            attributes = {key: text.plain(what) for key, what in attributes.items()}
        data = array.tobytes() if array.size <= KEEP else kept_of(array, inputs)
        backward = None if self.backward is None else self.count_backward()
        self.notes.append((
            self.make, op, attributes, given, array, data, memory.epoch, reason, node, names, saved, way,
            modules.current, modules.entered or (), backward, before, name))
        if modules.entered:
            modules.entered = []
        if node is not None:
            self.known[node] = count
            self.nodes.append(node)
        if before not in self.sources:  # a leaf that was changed in place stays itself
            self.known[_ref(output)] = count
        self.count = count + 1
        if self.numbers:
            self.recorder().used(count - len(self.sources), inputs)
        self.held += array.nbytes
        if self.held > self.most:
            self.recorder().settle()

    def number(self, tensor):
        """The number of a tensor or node; None for what is not of this run."""
        return self.find(_ref(tensor))

    def find(self, reference):
        """The same for a weak reference."""
        number = self.known.get(reference)
        return self._doubtful.get(reference) if number is None else number

    def enter(self, tensor):
        """The number of a new source."""
        number, self.count = self.count, self.count + 1
        self.known[_ref(tensor)] = number
        self.sources[number] = _ref(tensor)
        return number

    def doubt(self):
        """Whether sources require grad may be otherwise from now on: those that are used again are looked at again."""
        for number, reference in self.sources.items():
            self.known.pop(reference, None)
            self._doubtful[reference] = number

    def again(self, tensor):
        """The number of a source that was looked at again just now; None for any other tensor."""
        number = self._doubtful.pop(_ref(tensor), None) if self._doubtful else None
        if number is not None:
            self.known[_ref(tensor)] = number
        return number

    def count_backward(self):
        """The number of the backward that runs: it has touched this run."""
        if self.backward == 0:
            self.graph.backwards += 1
            self.backward = self.graph.backwards
        return self.backward
