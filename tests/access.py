"""What keeps people out of a page, as axe-core finds it. The package that carries it is read, no network is asked."""

from importlib.resources import files

GRAVE = ("serious", "critical")
RUN = """async (within) => {
    const found = await axe.run(within, { resultTypes: ["violations"] });
    return found.violations.flatMap(({ id, impact, help, nodes }) => nodes.map((node) =>
        [impact, `${id}: ${help}: ${node.target.join(" ")}: ${node.failureSummary}`]));
}"""


def findings(page, within):
    """Everything serious or critical inside of what the selector means, in words."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text("utf-8"))
    assert page.locator(within).count(), f"there is no {within}"
    return [words for impact, words in page.evaluate(RUN, within) if impact in GRAVE]
