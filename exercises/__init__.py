"""Graded exercises. `exercises.graders` checks answers; nbgrader's own folders stand beside it. See README.md."""
