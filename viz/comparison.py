"""The difference of two runs as a widget: that of `viz.widget` with another picture in it."""

import traitlets

from viz.folds import NONE
from viz.overlay import drawn, scene
from viz.widget import GraphWidget


class DiffWidget(GraphWidget):
    """Draws a Diff; below the picture stands each difference in words.

    Traits as in GraphWidget; fold: "all" or "auto" folds what both graphs have, None nothing.
    """

    direction = traitlets.Enum([""], "").tag(sync=True)  # it cannot be turned

    def show(self, diff, note=None):
        """Draw this Diff, and below it `note`, by default each difference in a line."""
        self._run = diff
        note = diff.text().partition("\n")[2] if note is None else note
        with self.hold_sync():
            self.scene, self.note, self.error, self.stale = scene(diff, self.fold, self._opened), note, "", False

    def text(self):
        """The outline of the difference, which tells all that the note does, and an error if there is one."""
        return "\n".join(part for part in (self.scene["outline"], self.error) if part)

    def fold_by(self, fold):
        """Fold in another way; all boxes are shut. Errors: ValueError for a fold that is none of a difference."""
        self._run.svg(fold=fold)
        super().fold_by(fold)

    def _drawn(self, below):
        return self._run.svg(below, self.fold, self._opened)

    def _refold(self, change):
        if self._run is None:
            return
        folds = self.scene.get("folds", NONE)
        opened = {key for key, _ in folds["open"]}
        wanted, fold = change(opened, opened | set(folds["shut"])), self.fold if folds["way"] else "all"
        try:
            more = drawn(self._run, fold, wanted)
        except ValueError as error:
            self.error = f"Not unfolded: {error}."
            return
        self.fold, self._opened = fold, wanted
        with self.hold_sync():
            self.scene, self.error = self.scene | {"notice": ""} | more, ""
