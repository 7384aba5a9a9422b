"""The page that sets viz beside other tools: here with viz alone, as the others are not installed where this runs."""

import subprocess
import sys

import pytest

import minigrad as mg
from tests.side_by_side import page, probes, tools
from tests.side_by_side.models import MODELS


@pytest.mark.parametrize("probe", probes.PROBES, ids=lambda probe: probe.question)
def test_a_learner_can_read_it_in_the_picture(probe):
    assert probes.ask(tools.page, mg, probe)


def test_a_probe_is_not_answered_by_a_picture_that_lacks_it():
    mute = lambda model, x, backwards: {"picture": "<svg><style>no_grad</style><text>mul &lt;1&gt;</text></svg>"}  # noqa: E731
    assert not any(probes.ask(mute, mg, probe) for probe in probes.PROBES)
    assert "mul <1>" in probes.words("<svg><text>mul &lt;1&gt;</text></svg>")


@pytest.mark.parametrize("name", MODELS)
def test_each_model_is_drawn(name):
    views = tools.viz(*MODELS[name](mg))
    assert page.nodes(views["picture"]) > 4


def test_the_page_names_what_is_missing_and_what_took_too_long(tmp_path):
    drawn = {("viz", name): {"seconds": 0.01, "views": tools.viz(*MODELS[name](mg))} for name in MODELS}
    drawn |= {("slow", name): {"error": "stopped after 60 s"} for name in MODELS}
    told = {"viz": {probes.PROBES[0].question: True}, "slow": {"error": "stopped"}}
    text = page.html(drawn, told, ["torchlens"])
    assert "torchlens" in text and text.count("stopped after 60 s") == 8 and "✓ yes" in text
    assert "<script" not in text and "http:" not in text.replace("http://www.w3.org", "")


def test_the_command_writes_the_page_in_other_processes(tmp_path):
    file = tmp_path / "side.html"
    done = subprocess.run([sys.executable, "-m", "tests.side_by_side", str(file), "--only", "viz"], capture_output=True,
                          text=True, check=True)  # fmt: skip
    assert done.stdout.count("shapes") == 4 and "questions answered" in done.stdout
    assert "data:image/svg" in file.read_text()
