"""Keeps hidden tests out of the feedback. nbgrader itself would print them, as code and again in each traceback."""

from nbgrader.preprocessors import ClearHiddenTests
from nbgrader.utils import is_grade


class HideTests(ClearHiddenTests):
    """Removes hidden tests from the code of graded cells, and from their errors everything but the message."""

    def preprocess_cell(self, cell, resources, cell_index):
        """One cell of the feedback notebook."""
        cell, resources = super().preprocess_cell(cell, resources, cell_index)
        if is_grade(cell) and cell.cell_type == "code":
            for output in cell.outputs:
                if output.output_type == "error":
                    output.traceback = [output.evalue or output.ename]
        return cell, resources
