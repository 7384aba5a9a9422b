"""The reference that `python course.py docs` makes: every public name is in it, and nothing comes from elsewhere."""

import html.parser
import inspect
import re
from urllib.parse import urljoin

import pytest

import minigrad
from tests import docs
from tests.docs.pages import PAGES, Page, find, public, sections


class Reader(html.parser.HTMLParser):
    """Collects a page's ids, its links, and whatever a browser would fetch to show it."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.fetched = set(), set(), set()
        self.fetched |= set(re.findall(r"url\((.*?)\)|@import (\S+)", text))
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.ids |= {given.get("id")}
        (self.links if tag == "a" else self.fetched).add(given.get("href") or given.get("src"))


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Every page that is made, by its address."""
    folder = tmp_path_factory.mktemp("docs")
    assert docs.build(folder) == folder / "index.html"
    files = {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in folder.rglob("*.html")}
    assert not [name for name, text in files.items() if "&lt;span" in text]  # mark-up that is shown as text
    return {name: Reader(text) for name, text in files.items()}


@pytest.mark.parametrize("name", PAGES)
def test_every_public_name_has_an_entry_that_says_what_it_is(site, name):
    space, page = find(name), Page(name, find(name))
    for each in public(space):
        if f"{name}.{each}" in PAGES:
            assert f"{name}.{each}".replace(".", "/") + ".html" in site
        elif not inspect.ismodule(getattr(space, each)):
            assert page.members[each].docstring and each in site[page.address].ids, each


def test_every_public_module_has_a_page():
    spaces = {name: find(name) for name in PAGES}
    found = {f"{name}.{n}" for name, s in spaces.items() for n in public(s) if inspect.ismodule(getattr(s, n))}
    assert found - set(PAGES) == {"minigrad.utils"}
    assert minigrad.utils.__all__ == ["data"] and minigrad.utils.data.__all__ == minigrad.data.__all__


def test_names_stand_as_a_reader_types_them():
    top, tensor, nn = (Page(name, find(name)) for name in ("minigrad", "minigrad.Tensor", "minigrad.nn"))
    assert str(top.members["add"].signature).startswith("(input, other") and "sum" in top.members
    assert str(tensor.members["sum"].signature) == "(dim=None, keepdim=False, *, dtype=None)"
    assert str(nn.members["Linear"].call).startswith("(in_features, out_features, bias=True")
    assert "tanh.vjp(" in top.members["tanh"].source  # the record of an op includes its derivatives
    assert str(tensor.members["add_"].signature) == "(other, *, alpha=1)"
    assert top.members["absolute"].docstring == "Another name of `abs`."


def test_the_start_page_has_the_reading_path_and_the_differences(site):
    assert {"reading-minigrad", "where-minigrad-differs-from-pytorch"} <= site["index.html"].ids


def test_nothing_comes_from_another_host(site):
    for name, page in site.items():
        assert not [a for a in page.fetched if a and re.match(r"['\"]?(\w+:)?//", str(a))], name


def test_every_link_arrives(site):
    for name, page in site.items():
        for link in filter(None, page.links):
            file, _, place = urljoin(name, link).partition("#")
            if not re.match(r"https?:", link):
                assert file in site and (not place or place in site[file].ids), f"{name} links to {link}"


def test_a_docstring_is_cut_into_paragraphs():
    text = "The sum of `x` and `y`. Shapes: (N,) -> ()\nErrors: none.\n\n>>> a\nShapes: 3"
    assert sections(text, ["x"]) == (
        "The sum of *x* and `y`.\n\n**Shapes:** (N,) -> ()\n\n**Errors:** none.\n\n>>> a\nShapes: 3"
    )
