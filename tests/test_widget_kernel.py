"""A widget in JupyterLab whose kernel goes: by a restart from the menu, or because the process died."""

import nbformat
import pytest
from test_lessons_browser import (  # noqa: F401  the fixtures of a running JupyterLab
    ROOT,
    folder_for_screenshots,
    lab,
    open_notebook,
    page,
    run_all,
)

pytestmark = pytest.mark.timeout(240)
PANEL = """
import minigrad as mg
import viz

@viz.playground
def double(no_grad=False):
    x = mg.tensor(1.0, requires_grad=True)
    with mg.set_grad_enabled(not no_grad):
        x * 2

double
"""


@pytest.fixture
def panel_notebook():
    """A notebook with one panel where JupyterLab can find it."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(PANEL)])
    notebook.metadata["kernelspec"] = {"display_name": "Python 3", "language": "python", "name": "python3"}
    path = ROOT / "work" / "panel_without_kernel.ipynb"
    path.parent.mkdir(exist_ok=True)
    nbformat.write(notebook, path)
    yield path.relative_to(ROOT).as_posix()
    path.unlink()
    (path.parent / ".ipynb_checkpoints" / f"{path.stem}-checkpoint.ipynb").unlink(missing_ok=True)


SESSION = "window.jupyterapp.shell.currentWidget.sessionContext"
CRASH = "import os; os._exit(1)"
ENDS = {
    "restart": f"() => {{ {SESSION}.restartKernel(); }}",
    "crash": f"() => {{ {SESSION}.session.kernel.requestExecute({{ code: {CRASH!r} }}).done.catch(() => 0); }}",
    "shutdown": f"() => {{ {SESSION}.shutdown(); }}",
}

BROKEN_LINKS = "all => all.filter((one) => !['none', ''].includes(getComputedStyle(one, '::before').display)).length"


@pytest.mark.parametrize("end", ENDS)
def test_a_panel_whose_kernel_has_gone_says_so_and_works_again_when_its_cell_is_run(page, lab, panel_notebook, end):  # noqa: F811
    open_notebook(page, lab, panel_notebook)
    assert run_all(page) == []
    switch = page.get_by_role("switch", name="no_grad")
    switch.wait_for()
    page.evaluate(ENDS[end])
    page.wait_for_selector(".vg-lost", timeout=30_000)
    words = page.locator(".vg-lost-note").text_content()
    assert "run this cell again" in words and ("stopped" in words) == (end == "shutdown")
    assert page.locator(".vc").evaluate("part => part.inert")
    marks = page.locator(".jupyter-widgets-disconnected").evaluate_all(BROKEN_LINKS)
    assert marks == 0, "ipywidgets' sign of a broken link says nothing that the words do not"
    if end == "restart":
        page.wait_for_function(f"() => {SESSION}.session?.kernel?.status === 'idle'", timeout=30_000)
        assert run_all(page) == []
        page.wait_for_selector(".vg-lost", state="detached")
        page.get_by_role("switch", name="no_grad").click()
        page.wait_for_selector("[data-drawn='2']")
