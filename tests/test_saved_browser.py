"""A notebook that is opened again in JupyterLab after its kernel was shut down shows still pictures."""

import nbformat
import pytest
from test_lessons_browser import (  # noqa: F401  fixtures
    PATIENCE,
    ROOT,
    SHOTS,
    folder_for_screenshots,
    lab,
    open_notebook,
    page,
    run_all,
    settled_digest,
)

# ruff: noqa: F811  a test takes a fixture by its name
pytestmark = pytest.mark.timeout(240)
CELLS = ["import minigrad as mg, viz\nw = mg.tensor([3.0], requires_grad=True)",
         "@viz.playground\ndef square(no_grad=False):\n    with mg.set_grad_enabled(not no_grad):\n        y = w * w\n"
         "    return y\nsquare"]


@pytest.fixture
def saved():
    """A notebook of its own for as long as it is needed."""
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS])
    made.metadata["kernelspec"] = {"display_name": "Python 3", "language": "python", "name": "python3"}
    path = ROOT / "work" / "saved.ipynb"
    path.parent.mkdir(exist_ok=True)
    nbformat.write(made, path)
    yield path.relative_to(ROOT).as_posix()
    path.unlink()


def test_a_notebook_opened_again_without_its_kernel_shows_its_pictures(page, lab, saved):
    open_notebook(page, lab, saved)
    assert run_all(page) == []
    settled_digest(page.locator(".vg-around"))
    page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")
    page.wait_for_function("() => !window.jupyterapp.shell.currentWidget.context.model.dirty")
    assert page.locator(".vg-node").count() == 3  # what is on the page goes on
    page.evaluate("""async (path) => {
        const { commands, shell } = window.jupyterapp;
        await shell.currentWidget.sessionContext.shutdown();
        shell.currentWidget.close();
        await commands.execute('docmanager:open', { path, kernel: null });
    }""", saved)
    page.get_by_role("img", name="Graph: 1 op, 1 recorded").wait_for(timeout=1000 * PATIENCE)
    page.get_by_text("The graph as text").click()
    page.get_by_text("digest ").first.wait_for()
    page.screenshot(path=SHOTS / "saved.png")
    assert page.locator(".jp-OutputArea-output").filter(has_text="Error displaying widget").count() == 0
