"""`%load_ext viz` and `%%graph`: run one notebook cell and see its graph below it."""

from viz.live import Live, OpenRun, shell_variables

USAGE = "%%graph takes at most one name for the run, as in `%%graph run`"


def register(shell):
    """Give this IPython shell the cell magic `%%graph`."""

    def graph(line, cell):
        """Run this cell, then show the graph of what it ran. `%%graph run` also keeps the run under that name."""
        name = line.strip()
        if name and not name.isidentifier():
            raise ValueError(f"{USAGE}; {name!r} is no name")
        run = OpenRun()
        with run.recording():
            shell.run_cell(cell, store_history=False)  # an error of the cell is shown there and does not come up here
        run.end(shell_variables(shell))
        if name:
            shell.user_ns[name] = run
        view = Live()
        view.follow(run)
        return view

    shell.register_magic_function(graph, "cell", "graph")
