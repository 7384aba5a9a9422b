"""A recorded run as a file: each kind read back by a reader of its own, whole or not there, only words."""

import base64
import hashlib
import json
import re
import zlib
from html.parser import HTMLParser
from xml.etree import ElementTree

import pygraphviz
import pytest
from PIL import Image

import minigrad as mg
import viz
from viz.film import frames
from viz.graph import Graph
from viz.layout import LayoutError

ENDINGS = (".svg", ".steps.svg", ".png", ".pdf", ".gif", ".html", ".dot")
SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = [
    '"]; evil [label="',
    "two\nlines\tand\x00\x1b\x7f\ud800\uffff",
    "</script><script>document.title='broken'</script>",
    "</script x><!--<script >",
    "</style></noscript></pre><img src=x onerror=document.title=1>",
    "<!-- --><![CDATA[ ]]> &lt; &amp; &nosuch; %s {policy}",
    'class="n0" \\n \\" \\N',
    "long" * 2500,
    "🙂👩🏽‍🚀🏳️‍🌈",
    "\u202eשלום עולם مرحبا\u2066",
]

hostile = pytest.mark.parametrize("name", HOSTILE, ids=map(str, range(len(HOSTILE))))


def recorded(backward=True):
    with viz.watch() as run:
        w = mg.tensor(3.0, requires_grad=True)
        y = w * w + 2.0
    if backward:
        y.backward()
    return run


def named(name):
    """A run in which everything that a learner names is called `name`."""
    graph = Graph()
    given = [graph.add_value(role=role, shape=(), dtype="float32", name=name, requires_grad=True)
             for role in ("leaf", "parameter", "input")]
    y = graph.add_step("mul", "elementwise", [given[0].id, given[1].id], (name, "b"), shape=(), dtype="float32",
                       attributes={"mode": name}, module=name, output={"name": name})
    graph.add_step(name, name, [y.id, given[2].id], ("a", "b"), shape=(), dtype="float32", output={"name": name})
    return viz.Run(graph)


class Page(HTMLParser):
    """The tags, attributes and texts of a page. A browser without scripts reads what stands in noscript as markup."""

    def __init__(self, source):
        super().__init__()
        self.tags, self.inside, self.texts = [], [], {}
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in ("meta", "link", "img", "rect", "path"):
            self.inside.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert tag == self.inside.pop()

    def handle_data(self, data):
        if self.inside:
            self.texts.setdefault(self.inside[-1], []).append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


def stages(run):
    """What the film says, stage by stage."""
    tree = ElementTree.fromstring(run.steps_svg())
    groups = [group for group in tree.iter(f"{SVG}g") if re.fullmatch(r"v\w{8}-n\d+", group.get("class", ""))]
    return [" ".join(line.text for line in group.iter(f"{SVG}text")) for group in groups]


# ---------------------------------------------------------------- files


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_ending_says_what_is_written(tmp_path, ending):
    start = {".png": b"\x89PNG\r\n", ".pdf": b"%PDF-", ".gif": b"GIF89a",
             ".html": b"<!doctype html>", ".dot": b"digraph run {"}
    run, path = recorded(), tmp_path / f"graph{ending}"
    run.save(path)
    first = path.read_bytes()
    assert first.startswith(start.get(ending, b"<svg "))
    run.save(str(tmp_path / f"AGAIN{ending.upper()}"))
    assert (tmp_path / f"AGAIN{ending.upper()}").read_bytes() == first  # nothing in it depends on the time
    assert len(list(tmp_path.iterdir())) == 2


def test_the_text_of_a_file_is_that_of_its_method(tmp_path):
    run = recorded()
    for ending, text in ((".svg", run.svg()), (".steps.svg", run.steps_svg()), (".html", run.html()),
                         (".dot", run.dot().source)):
        run.save(tmp_path / f"a{ending}")
        assert (tmp_path / f"a{ending}").read_text("utf-8") == text


@pytest.mark.parametrize("name", ["graph.bmp", "graph", "svg", "graph.svg.bak", ""])
def test_an_unknown_ending_names_those_that_are_known(tmp_path, name):
    with pytest.raises(ValueError) as error:
        recorded().save(str(tmp_path / name))
    assert all(ending in str(error.value) for ending in ENDINGS) and list(tmp_path.iterdir()) == []


def test_an_old_file_stays_until_the_new_one_is_whole(tmp_path, monkeypatch):
    path = tmp_path / "graph.svg"
    path.write_text("old")
    with pytest.raises(ValueError, match="nothing is recorded"):
        viz.Run().save(path)
    monkeypatch.setattr("os.fsync", lambda file: 1 / 0)  # the disk is full
    with pytest.raises(ZeroDivisionError):
        recorded().save(path)
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("ending", ENDINGS)
def test_nothing_recorded_is_no_file(tmp_path, ending):
    with pytest.raises(ValueError, match="nothing is recorded"):
        viz.Run().save(tmp_path / f"graph{ending}")
    assert list(tmp_path.iterdir()) == []


def test_what_is_too_large_to_draw_is_a_page_of_words(tmp_path):
    with viz.watch() as run:
        x = mg.ones(1)
        for _ in range(3000):
            x = x + 1
    for ending in (".svg", ".png", ".pdf", ".steps.svg", ".gif"):
        with pytest.raises(LayoutError):
            run.save(tmp_path / f"graph{ending}")
    page = run.html()
    assert "3000 ops" in page and "<svg" not in page and run.scene(fold=None)["notice"][:40] in page


def test_without_typst_the_error_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "typst", None)
    with pytest.raises(ModuleNotFoundError, match=r"\.png needs the package typst \(pip install typst\)"):
        recorded().save(tmp_path / "graph.png")


# ---------------------------------------------------------------- PNG and PDF


def test_a_png_has_two_dots_for_each_pixel(tmp_path):
    run = recorded()
    run.save(tmp_path / "graph.png")
    data, tree = (tmp_path / "graph.png").read_bytes(), ElementTree.fromstring(run.svg())
    for start, name in ((16, "width"), (20, "height")):
        assert abs(int.from_bytes(data[start:start + 4], "big") - 2 * float(tree.get(name))) <= 1


def test_a_wide_png_stays_within_what_programs_can_open(tmp_path):
    with viz.watch() as run:
        x = mg.ones(1)
        for _ in range(150):
            x = x + 1
    run.save(tmp_path / "graph.png")
    width = int.from_bytes((tmp_path / "graph.png").read_bytes()[16:20], "big")
    assert 15_000 < width <= 16_001


def test_a_pdf_is_one_page_of_curves_with_its_fonts(tmp_path):
    recorded().save(tmp_path / "graph.pdf")
    data = (tmp_path / "graph.pdf").read_bytes()
    inflated = b"".join(_inflated(part) for part in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", data, re.DOTALL))
    whole = data + inflated
    assert len(re.findall(rb"/Type\s*/Page\b", whole)) == 1
    assert b"/FontFile" in whole and b"/ToUnicode" in whole and not re.search(rb"/Subtype\s*/Image", whole)
    assert b"/CreationDate" not in whole


def _inflated(part):
    try:
        return zlib.decompress(part)
    except zlib.error:
        return b""


# ---------------------------------------------------------------- the film


def test_the_film_tells_forward_then_backward():
    with viz.watch() as run:
        w = mg.tensor(3.0, requires_grad=True)
        y = w * w
        z = y + 2.0
    z.backward()
    assert stages(run) == [
        "given w", "forward #1 mul of w, w → 9.0", "forward #2 add 2.0 of #1 y, 2.0 → 11.0",
        "backward #2 add sends back: #1 y = 1.0", "backward #1 mul sends back: w = 3.0, w = 3.0",
        "done 2 ops, 2 recorded; 1 leaf requiring grad, 1 with a gradient"]


def test_a_caption_has_an_end_and_no_gradient_is_told_at_the_last():
    with viz.watch() as run:
        leaves = [mg.ones(1, requires_grad=True) for _ in range(60)]
        y = leaves[0] + sum(leaf.detach() for leaf in leaves[1:])
    y.backward()
    told = stages(run)
    assert max(map(len, told)) < 125 and told[0].endswith("…")
    groups = ElementTree.fromstring(run.steps_svg()).iter(f"{SVG}g")
    tags = {group.get("class")[10:] for group in groups if any(part.text == "no gradient" for part in group)}
    assert tags == {f"h{len(told) - 1}"}


def test_a_film_without_backward_ends_with_the_last_op():
    assert [line.split()[0] for line in stages(recorded(backward=False))] == ["given", "forward", "forward", "done"]


def test_the_film_says_what_is_not_recorded_and_leaves_out_where_nothing_flows():
    with viz.watch() as run:
        w = mg.tensor(3.0, requires_grad=True)
        with mg.no_grad():
            c = w * 2.0
        y = w * c
    y.backward()
    told = stages(run)
    assert told[1] == "forward #1 mul 2.0 of w, 2.0 → 6.0 (not recorded: grad mode was off (no_grad))"
    assert told[3:-1] == ["backward #2 mul sends back: w = 6.0"]


def test_the_film_at_rest_is_the_whole_picture():
    tree = ElementTree.fromstring(recorded().steps_svg())
    [style] = tree.iter(f"{SVG}style")
    media, _, rules = style.text.partition("{")
    assert media == "@media (prefers-reduced-motion:no-preference)" and "opacity" in rules
    hidden = [group for group in tree.iter(f"{SVG}g") if group.get("opacity") == "0"]
    captions = [group for group in tree.iter(f"{SVG}g") if re.search(r"-n\d+$", group.get("class", ""))]
    assert hidden == captions[:-1]  # nothing of the picture is hidden by more than the style sheet


def test_gradients_come_in_the_stage_that_sends_them_and_leave_no_ghost_before():
    groups = [group for group in ElementTree.fromstring(recorded().steps_svg()).iter(f"{SVG}g") if group.get("class")]
    stage = {text.text: group.get("class")[10:] for group in groups[::-1] for text in group.iter(f"{SVG}text")}
    assert [stage[words] for words in ("w", "mul", "add 2.0", "y", "grad")] == ["s0", "s1", "s2", "s2", "h4"]
    flows = [group.get("class")[10:] for group in groups if re.fullmatch(r"v\w{8}-h\d+", group.get("class"))]
    assert sorted(flows) == ["h3", "h4", "h4", "h4"]  # three arrows and the tag


def test_every_class_of_the_film_plays_and_two_films_keep_apart():
    one, other = recorded().steps_svg(), recorded(backward=False).steps_svg()
    for film in (one, other):
        classes = set(re.findall(r'class="([^"]+)"', film))
        assert classes and all(f".{name}{{animation:{name} " in film for name in classes)
    assert not set(re.findall(r'class="([^"]+)"', one)) & set(re.findall(r'class="([^"]+)"', other))


@pytest.mark.parametrize("seconds", [0, -1.0, float("nan"), float("inf")])
def test_a_step_takes_time(seconds):
    with pytest.raises(ValueError, match="seconds has to be a positive number"):
        recorded().steps_svg(seconds)


# ---------------------------------------------------------------- the film as a GIF


def test_a_gif_plays_every_step_for_ever_and_rests_at_the_end(tmp_path):
    run = recorded()
    run.save(tmp_path / "graph.gif")
    with Image.open(tmp_path / "graph.gif") as film:
        times, shown = [], []
        for frame in range(film.n_frames):
            film.seek(frame)
            times.append(film.info["duration"])
            shown.append(film.convert("RGB").tobytes())
        assert film.info["loop"] == 0 and len(set(shown)) == film.n_frames == len(stages(run))
        assert times == [1400] * (film.n_frames - 1) + [4200]
        tree = ElementTree.fromstring(run.steps_svg())
        assert abs(film.size[0] - 2 * float(tree.get("width"))) <= 1


def test_what_has_not_happened_yet_is_a_ghost_in_a_frame():
    first, *_, last = map(ElementTree.fromstring, frames(recorded().graph))
    seen = [{group.get("opacity") for group in frame.iter(f"{SVG}g")} - {None} for frame in (first, last)]
    assert seen == [{"0", "0.14", "1"}, {"0", "1"}]
    assert not [group for frame in (first, last) for group in frame.iter() if group.get("class")]


def test_a_wide_gif_stays_small_enough_for_a_slide(tmp_path):
    with viz.watch() as run:
        x = mg.ones(1)
        for _ in range(20):
            x = x + 1
    run.save(tmp_path / "graph.gif")
    with Image.open(tmp_path / "graph.gif") as film:
        assert 1900 < film.size[0] <= 1921


def test_a_gif_of_too_many_steps_and_one_without_pillow_say_what_to_do(tmp_path, monkeypatch):
    with viz.watch() as run:
        x = mg.ones(1)
        for _ in range(125):
            x = x + 1
    with pytest.raises(LayoutError, match=r"at most 120 steps, and this run has 127: save it as \.steps\.svg"):
        run.save(tmp_path / "graph.gif")
    monkeypatch.setitem(__import__("sys").modules, "PIL", None)
    with pytest.raises(ModuleNotFoundError, match=r"\.gif needs the package pillow \(pip install pillow\)"):
        recorded().save(tmp_path / "graph.gif")
    assert list(tmp_path.iterdir()) == []


# ---------------------------------------------------------------- the page


def without_places(scene):
    """A scene but for where things are: a page keeps room for what is written into it while it is stepped through."""
    places = {"x", "y", "w", "h", "lx", "ly", "rx", "ry", "path", "room", "width", "height", "nodes", "edges"}
    parts = [scene, *scene["nodes"], *scene["edges"]]
    return [{name: what for name, what in part.items() if name not in places} for part in parts]


def test_the_page_carries_its_scene_and_allows_nothing_but_itself():
    run = recorded()
    page = Page(run.html())
    carried = json.loads(page.texts["script"][0])
    assert without_places(carried["scene"]) == without_places(run.scene())
    assert [moment["words"] for moment in carried["moments"][1:]] == [moment.caption for moment in viz.steps(run)]
    [policy] = [tag["content"] for tag in page.all("meta") if tag.get("http-equiv") == "Content-Security-Policy"]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    for kind, source in (("style-src", page.texts["style"][0]), ("script-src", page.texts["script"][1])):
        assert rules[kind] == f"'sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}'"
    assert "unsafe" not in policy
    assert not re.search(r"\beval\b|new Function|innerHTML|import\(", page.texts["script"][1])


def test_the_page_asks_for_nothing_and_handles_nothing_inline():
    for tag, attributes in Page(recorded().html()).tags:
        assert not {name for name in attributes if name.startswith("on") or name in ("src", "style")}, tag
        assert tag == "link" or "href" not in attributes
    assert [tag["href"] for tag in Page(recorded().html()).all("link")] == ["data:,"]


def test_without_scripts_there_is_a_still_picture_and_the_outline():
    run = recorded()
    page = Page(run.html())
    assert page.tags.index(("div", {"class": "still"})) > page.tags.index(("noscript", {}))
    assert len(page.all("svg")) == 1 and run.outline() in "".join(page.texts["pre"])


# ---------------------------------------------------------------- hostile labels


@hostile
def test_hostile_labels_stay_words_in_svg(name):
    run, tame = named(name), named("x")
    for make in (viz.Run.svg, viz.Run.steps_svg):
        tree = ElementTree.fromstring(make(run).encode("utf-8"))
        assert sorted({part.tag.removeprefix(SVG) for part in tree.iter()}) == sorted(
            {part.tag.removeprefix(SVG) for part in ElementTree.fromstring(make(tame)).iter()})
        assert not {key for part in tree.iter() for key in part.attrib if key.startswith("on") or "href" in key}


@hostile
def test_hostile_labels_stay_words_in_a_page(name):
    run = named(name)
    page, tame = Page(run.html()), Page(named("x").html())
    assert [tag for tag, _ in page.tags] == [tag for tag, _ in tame.tags]
    carried = json.loads(page.texts["script"][0])["scene"]
    assert without_places(carried) == without_places(run.scene()) and page.texts["script"][1] == tame.texts["script"][1]
    assert page.inside == [] and not set("<>&") & set(page.texts["script"][0])  # browsers end a script in more ways


@hostile
def test_hostile_labels_stay_words_in_dot(name, tmp_path):
    named(name).save(tmp_path / "graph.dot")
    read = pygraphviz.AGraph((tmp_path / "graph.dot").read_text("utf-8"))
    assert sorted(read.nodes()) == ["n0", "n1", "n2", "n3", "n4", "n5"] and len(read.edges()) == 5


@pytest.mark.parametrize("ending", [".png", ".pdf"])
def test_hostile_labels_can_be_typeset(ending, tmp_path):
    for number, name in enumerate([*HOSTILE, "#panic() $x$ #read(\"/etc/passwd\")"]):
        named(name).save(tmp_path / f"{number}{ending}")
        assert (tmp_path / f"{number}{ending}").stat().st_size > 3000
