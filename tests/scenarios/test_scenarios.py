"""Each scenario prints on minigrad what it printed on PyTorch."""

import pytest

from .run import NAMES, load, run


@pytest.mark.parametrize("name", NAMES)
def test_the_story_ends_as_on_pytorch(name):
    assert run(name) == load()[name]


def test_the_answers_are_those_of_these_scenarios():
    answers = load()
    assert list(answers) == NAMES and all(answers.values())
