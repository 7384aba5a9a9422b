"""What tests of all kinds share."""

import os
import shutil
import sys

import pytest


def need(found, what):
    """Skip a test whose machine lacks something, in one line; in CI everything but a GPU has to be there."""
    if not found and os.environ.get("CI") == "true" and what != "a CUDA device":
        pytest.fail(f"CI has to provide {what}", pytrace=False)
    if not found:
        pytest.skip(f"needs {what}, which this machine lacks")
    return found


@pytest.fixture(autouse=True)
def nobody_watches():
    """Each test begins without the watchers of runs that an earlier test has left to the garbage collector."""
    from minigrad import modes

    modes.state.watchers = ()


@pytest.fixture(scope="session")
def chromium():
    """The path of the system's Chromium."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return need(next(filter(None, map(shutil.which, names)), None), "Chromium")


@pytest.fixture(scope="module")
def browser(chromium):
    """Chromium, which asks the network for nothing by itself."""
    from playwright.sync_api import sync_playwright

    flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync"]  # fmt: skip
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def web_runtime():
    """ONNX Runtime Web, for the digit page; a machine that cannot get it goes without, in CI too."""
    import digitpage

    try:
        return digitpage.runtime()
    except digitpage.Missing as missing:
        return pytest.skip(str(missing))


@pytest.fixture(scope="session")
def cuda():
    """CuPy, on a machine with a CUDA device."""
    try:
        import cupy

        return need(cupy if cupy.cuda.runtime.getDeviceCount() else None, "a CUDA device")
    except Exception:  # CuPy or the driver is missing, and each has its own way to say so
        return need(None, "a CUDA device")


@pytest.fixture(params=["strict", pytest.param("gpu", marks=pytest.mark.gpu)])
def gpu(request, monkeypatch):
    """A device that is not the CPU: a stand-in as strict as CuPy, and CuPy itself where there is a GPU."""
    import minigrad

    if request.param == "gpu":
        request.getfixturevalue("cuda")
    else:
        from tests.strict import standin

        monkeypatch.setattr(sys.modules["minigrad.device"], "_cupy", standin)  # minigrad.device itself is the class
    return minigrad.device("cuda")


def pytest_terminal_summary(terminalreporter):
    """Print what tests have measured; nothing is asserted of it."""
    reports = terminalreporter.stats.get("passed", [])
    found = [value for report in reports for name, value in report.user_properties if name == "measured"]
    if found:
        terminalreporter.section("measured")
        for line in found:
            terminalreporter.write_line(line)
