"""nbgrader's settings for this course. Run nbgrader in this folder; README.md has the commands."""

import os
import sysconfig

# nbgrader starts `alembic` by its bare name, which is found only where the environment was activated
os.environ["PATH"] = sysconfig.get_path("scripts") + os.pathsep + os.environ.get("PATH", "")

c = get_config()  # noqa: F821  given by the loader

c.CourseDirectory.course_id = "see_the_graph"
c.ClearSolutions.code_stub = {"python": "raise NotImplementedError  # put your code in place of this line"}
c.Execute.timeout = 60  # seconds for one cell; a loop without end gets no points and stops nobody else's grading
c.GenerateFeedback.preprocessors = [
    "nbgrader.preprocessors.GetGrades",
    "exercises.feedback.HideTests",  # what nbgrader would print of the hidden tests
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]
