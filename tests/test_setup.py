"""The launcher from the outside, in copies of the project with a stand-in for uv.

Nothing is downloaded here. What the stand-in installs are modules that print what they were called with.
"""

import ast
import errno
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

import pytest

ROOT = pathlib.Path(__file__).parent.parent
UV = '''
import os, pathlib, subprocess, sys, time
kind = sys.argv[1]
with open(os.environ["UV_LOG"], "a") as log:
    log.write(" ".join([kind, str(os.getpid()), *sys.argv[2:]]) + "\\n")
if kind == "venv":
    python = sys.argv[sys.argv.index("--python") + 1]
    sys.exit(subprocess.call([python, "-m", "venv", "--without-pip", sys.argv[-1]]))
time.sleep(float(os.environ.get("UV_SLEEP", 0)))
print(os.environ.get("UV_SAYS", "Installed"))
if "UV_SAYS" in os.environ:
    sys.exit(2)
prefix = pathlib.Path(sys.argv[sys.argv.index("--python") + 1]).parent.parent
[site] = prefix.glob("lib/python*/site-packages")
report = """
import json, os, sys
def main(*args):
    own = {name: value for name, value in os.environ.items() if "JUPYTER" in name or name == "PYTHONPATH"}
    print("CALLED " + json.dumps([args[0] if args else sys.argv[1:], own]))
    return 4 if "fail" in str(args) else 0
"""
(site / "jupyterlab").mkdir(exist_ok=True)
for name in ("jupyterlab/__init__.py", "jupyterlab/labapp.py", "pytest.py"):
    (site / name).write_text(report)
(site / "jupyter_server").mkdir(exist_ok=True)
(site / "jupyter_server/serverapp.py").write_text("""
import json, os
def list_running_servers():
    return json.loads(os.environ.get("RUNNING", "[]"))
""")
for name in ("jupyterlab", "pytest"):
    (site / (name + "-1.dist-info")).mkdir(exist_ok=True)
'''


class Copy:
    """A copy of the launcher in a folder whose name is hard on programs, with nothing but the stand-in on the PATH."""

    def __init__(self, folder):
        self.root = folder / "my course é"
        self.venv = self.root / ".venv"
        (folder / "bin").mkdir()
        (self.root / "notebooks").mkdir(parents=True)
        shutil.copy(ROOT / "course.py", self.root)
        shutil.copy(ROOT / "notebooks/copies.py", self.root / "notebooks")
        (self.root / "requirements.lock").write_text("\njupyterlab==1\npytest==1\n")
        (self.root / "some_lesson_module.py").write_text("")
        (folder / "uv.py").write_text(UV)
        (folder / "bin/uv").write_text(f'#!/bin/sh\nexec "{sys.executable}" "{folder}/uv.py" "$@"\n')
        (folder / "bin/uv").chmod(0o755)
        self.log = folder / "log"
        self.env = {"PATH": str(folder / "bin"), "HOME": str(folder), "UV_LOG": str(self.log), "PIP_RETRIES": "1"}

    def start(self, *args, **env):
        command = [sys.executable, str(self.root / "course.py"), *args]
        how = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        if os.name == "posix":  # who runs the tests in the background may have told them to take no notice of Ctrl-C
            how["preexec_fn"] = _hear_ctrl_c
        return subprocess.Popen(command, env=self.env | env, encoding="utf-8", **how)

    def run(self, *args, code=0, **env):
        """Run the launcher to its end; return what it printed, errors included."""
        process = self.start(*args, **env)
        text = process.communicate(timeout=60)[0]
        assert process.returncode == code, text
        return text

    def called(self, text):
        """What the stand-in for JupyterLab or pytest was called with: its arguments and its environment."""
        return json.loads(re.search(r"^CALLED (.*)$", text, re.MULTILINE)[1])

    def installs(self):
        """The kinds of calls of uv since the last question."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        self.log.write_text("")
        return [line.split()[0] for line in lines]


@pytest.fixture
def copy(tmp_path):
    if os.name == "nt":
        pytest.skip("the stand-in for uv is a shell script")
    return Copy(tmp_path)


@pytest.fixture
def launcher(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    import course

    return course


# Setting up -------------------------------------------------------------------------------------------------------


def test_first_run_installs_with_hashes_and_second_run_does_nothing(copy):
    text = copy.run("setup")
    venv, pip = copy.log.read_text().splitlines()
    assert venv.startswith("venv") and "--require-hashes" in pip and pip.endswith("requirements.lock")
    assert "1/2" in text and "2/2" in text and "Ready: 2 packages" in text
    copy.installs()
    assert copy.run("setup") == "" and copy.installs() == []


def test_the_project_can_be_imported_in_the_venv(copy):
    copy.run("setup")
    code = "import some_lesson_module as m; print(m.__file__)"
    found = subprocess.check_output([copy.venv / "bin/python", "-c", code], cwd="/", text=True)
    assert found.strip() == str(copy.root / "some_lesson_module.py")


def break_python(copy):
    (copy.venv / "bin/python").unlink()


def break_stamp(copy):
    (copy.venv / "course.json").write_text('{"identity": [')


def lose_stamp(copy):  # what a set-up looks like that was killed
    (copy.venv / "course.json").unlink()


def file_for_venv(copy):
    shutil.rmtree(copy.venv)
    copy.venv.write_text("")


def empty_venv(copy):
    shutil.rmtree(copy.venv)
    copy.venv.mkdir()


def move(copy):
    copy.root = copy.root.rename(copy.root.with_name("moved"))
    copy.venv = copy.root / ".venv"


@pytest.mark.parametrize("harm", [break_python, break_stamp, lose_stamp, file_for_venv, empty_venv, move])
def test_a_broken_venv_is_made_anew(copy, harm):
    copy.run("setup")
    copy.installs()
    harm(copy)
    assert "Ready" in copy.run("setup")
    assert copy.installs() == ["venv", "pip"]
    assert copy.run("setup") == ""


def test_a_changed_lock_is_brought_in_without_losing_what_the_learner_added(copy):
    copy.run("setup")
    copy.installs()
    [site] = copy.venv.glob("lib/*/site-packages")
    (site / "torch.py").write_text("")
    with open(copy.root / "requirements.lock", "a") as lock:
        lock.write("# changed\n")
    assert "up to date" in copy.run("setup")
    assert copy.installs() == ["pip"] and (site / "torch.py").exists()
    assert copy.run("setup") == ""


def test_a_package_that_went_is_put_back(copy):
    copy.run("setup")
    copy.installs()
    [info] = copy.venv.glob("lib/*/site-packages/jupyterlab-1.dist-info")
    info.rmdir()
    copy.run("setup")
    assert copy.installs() == ["pip"] and info.exists()


def test_damage_inside_a_package_is_named_and_repaired(copy):
    copy.run("setup")
    [module] = copy.venv.glob("lib/*/site-packages/jupyterlab/labapp.py")
    module.unlink()
    assert "damaged: run the same command again" in copy.run("lab", "--no-browser", code=1)
    copy.called(copy.run("lab", "--no-browser"))


def test_an_interpreter_that_does_not_start_is_named_and_repaired(copy):
    copy.run("setup")
    (copy.venv / "bin/python").unlink()
    (copy.venv / "bin/python").mkdir()
    assert "damaged: run the same command again" in copy.run("test", code=1)
    copy.called(copy.run("test"))


# What goes wrong --------------------------------------------------------------------------------------------------


def test_a_full_disk_is_named_and_a_second_run_repairs_it(copy):
    text = copy.run("setup", code=1, UV_SAYS="error: failed to write: No space left on device (os error 28)")
    assert "The disk is full: free" in text and "Traceback" not in text
    assert "Ready" in copy.run("setup")


def test_no_network_with_pip_is_named_and_a_second_run_repairs_it(copy):
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_CONFIG_FILE": os.devnull, "PATH": ""}
    (copy.root / "requirements.lock").write_text("nothing==1 --hash=sha256:" + 64 * "0" + "\n")
    text = copy.run("setup", code=1, **nowhere)
    assert "with pip" in text and "check the network" in text and "Traceback" not in text
    assert "Ready" in copy.run("setup")


def test_a_failed_update_keeps_what_works_for_the_next_try(copy, launcher, monkeypatch):
    copy.run("setup")
    (copy.root / "requirements.lock").write_text("\njupyterlab==1\npytest==1\n# changed\n")
    monkeypatch.setattr(launcher, "STAMP", str(copy.venv / "course.json"))

    def no_network(*_):
        raise launcher.Problem(launcher.NETWORK)

    monkeypatch.setattr(launcher, "install", no_network)
    with pytest.raises(launcher.Problem, match="check the network"):
        launcher.make(0, in_place=True)
    copy.installs()
    copy.run("setup")
    assert copy.installs() == ["pip"]


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "disk is full"),
        ("NewConnectionError('... Failed to establish a new connection: [Errno -3] Temporary failure')", "the network"),
        ("error: Failed to fetch: `http...` Caused by: dns error", "the network"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "restore it"),
        ("error: Failed to read `x`  Caused by: Hash mismatch for `x==1`", "restore it"),
        ("ERROR: No matching distribution found for pygraphviz==2.0", "3.11, 3.12 or 3.13"),
        ("because ensurepip is not available.  On Debian", "apt install python3-venv"),
        ("/usr/bin/python3: No module named venv", "apt install python3-venv"),
        (str(PermissionError(errno.EACCES, os.strerror(errno.EACCES), "/x/.venv")), "a folder of your own"),
        (str(OSError(errno.EROFS, "Read-only file system", "/x/.venv")), "a folder of your own"),
        (str(OSError(errno.ENOSPC, "No space left on device")), "disk is full"),
    ],
)
def test_what_installers_and_the_system_say_becomes_one_sentence(launcher, said, advice):
    sentence = launcher.explain(said)
    assert advice in sentence and "\n" not in sentence and sentence.endswith("run the same command again.")


def test_an_unknown_failure_is_shown(launcher):
    assert launcher.explain("some new trouble") is None
    guard = os.open(ROOT / "course.py", os.O_RDONLY)
    with pytest.raises(launcher.Problem, match=r"failed \(some new trouble\): run it again"):
        launcher.run([sys.executable, "-c", "import sys; sys.exit('some new trouble')"], guard)
    os.close(guard)


def test_a_missing_lock_is_named(copy):
    (copy.root / "requirements.lock").unlink()
    assert "requirements.lock is missing: restore it" in copy.run("lab", code=1)
    assert not copy.venv.exists()


def test_an_old_python_gets_one_sentence(copy):
    pretend = "import runpy, sys; sys.version_info = (3, 8, 18); runpy.run_path(sys.argv[1], None, '__main__')"
    command = [sys.executable, "-c", pretend, str(copy.root / "course.py")]
    done = subprocess.run(command, env={"PATH": ""}, capture_output=True, text=True)
    assert done.returncode == 1 and done.stdout == ""
    assert re.fullmatch(r"course.py needs Python 3.11 or newer, and this is Python 3.8: install .*\n", done.stderr)


def test_the_launcher_has_no_syntax_that_an_old_python_cannot_read():
    source = (ROOT / "course.py").read_text("ascii")
    for node in ast.walk(ast.parse(source)):
        assert not isinstance(node, ast.JoinedStr | ast.AnnAssign | ast.NamedExpr | ast.AsyncFunctionDef | ast.Nonlocal)
        assert not (isinstance(node, ast.Raise) and node.cause), node.lineno
        assert not any(isinstance(element, ast.Starred) for element in getattr(node, "elts", [])), node.lineno
        assert not (isinstance(node, ast.Dict) and None in node.keys), node.lineno
        assert not (isinstance(node, ast.arguments) and (node.kwonlyargs or node.posonlyargs))
        assert not (isinstance(node, ast.arg) and node.annotation)


# Stopped, and twice at once ---------------------------------------------------------------------------------------


def _hear_ctrl_c():
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize(("how", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopping_stops_the_installer_too(copy, how, code):
    process = copy.start("setup", UV_SLEEP="60")
    until(lambda: copy.log.exists() and "pip" in copy.log.read_text())
    process.send_signal(how)
    text = process.communicate(timeout=20)[0]
    assert process.returncode == code and "Traceback" not in text
    assert ("run the same command again" in text) == (how == signal.SIGINT)
    pid = int(re.search(r"^pip (\d+)", copy.log.read_text(), re.MULTILINE)[1])
    until(lambda: not alive(pid))
    assert "Ready" in copy.run("setup")


def test_after_a_kill_the_next_run_waits_for_the_orphan_and_repairs(copy):
    process = copy.start("setup", UV_SLEEP="1")
    until(lambda: copy.log.exists() and "pip" in copy.log.read_text())
    process.kill()
    process.communicate()
    text = copy.run("setup")
    assert "waiting for it to end" in text and "Ready" in text
    assert copy.run("setup") == ""


def test_two_at_once_set_up_once(copy):
    first, second = copy.start("setup", UV_SLEEP="0.5"), copy.start("setup", UV_SLEEP="0.5")
    texts = [first.communicate(timeout=30)[0], second.communicate(timeout=30)[0]]
    assert first.returncode == second.returncode == 0
    assert "".join(texts).count("Ready") == 1 and "".join(texts).count("waiting") == 1
    assert copy.installs() == ["venv", "pip"]


# Handing over -----------------------------------------------------------------------------------------------------


def test_what_follows_test_goes_to_pytest_and_its_exit_code_comes_back(copy):
    args, _ = copy.called(copy.run("test", "-k", "fan out", "-x"))
    assert args == ["-n", "2", "--dist", "loadfile", "-k", "fan out", "-x"]
    copy.run("test", "-k", "fail", code=4)


def test_lab_opens_a_copy_of_the_first_lesson_and_passes_options_on(copy):
    for name in ("00_first one", "05_später"):
        (copy.root / f"notebooks/{name}.ipynb").write_text('{"cells": [], "metadata": {}}')
    port = free_port()
    text = copy.run("lab", "--no-browser", f"--port={port}", "--ip", "127.0.0.1", "--debug", "--A.b=c d")
    args, _ = copy.called(text)
    assert "--LabApp.default_url=/lab/tree/work/00_first%20one.ipynb" in args
    assert f"--ServerApp.root_dir={copy.root}" in args
    assert {"--no-browser", f"--port={port}", "--ip=127.0.0.1"} <= set(args) and args[-2:] == ["--debug", "--A.b=c d"]
    args, _ = copy.called(copy.run("lab", str(copy.root / "notebooks/05_später.ipynb")))
    assert "--LabApp.default_url=/lab/tree/notebooks/05_sp%C3%A4ter.ipynb" in args and "--no-browser" not in args


def test_a_second_lab_names_the_first_and_leaves_alone_what_that_has_open(copy):
    copy.run("lab")
    opened = copy.root / "work/00_first.ipynb"
    (copy.root / "notebooks/00_first.ipynb").write_text('{"cells": [], "metadata": {}}')
    opened.write_text('{"cells": [], "metadata": {}, "shown": "application/vnd.jupyter.widget-view+json"}')
    before = opened.read_bytes()
    text = copy.run("lab", RUNNING='[{"url": "http://localhost:8888/", "token": "abc"}]')
    assert "already running for this course: http://localhost:8888/lab?token=abc\nStarting another" in text
    assert copy.called(text) and opened.read_bytes() == before


def test_lab_without_lessons_opens_their_folder(copy):
    args, _ = copy.called(copy.run("lab"))
    assert "--LabApp.default_url=/lab/tree/work" in args


def test_the_settings_of_the_person_stay_out_of_it(copy):
    theirs = {"JUPYTER_CONFIG_DIR": "/theirs", "JUPYTER_PATH": "/theirs", "PYTHONPATH": "/theirs"}
    _, env = copy.called(copy.run("lab", **theirs))
    assert "/theirs" not in env.values() and env["JUPYTER_CONFIG_DIR"].startswith(str(copy.venv))


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def test_a_port_in_use_is_named_before_anything_is_set_up(copy):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        text = copy.run("lab", "--port", str(port), code=1)
    assert re.search(rf"Port {port} is in use .*: stop the program .*--port \d+`\.\n$", text)
    assert not copy.venv.exists()


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (["--port", "99999"], r"Port 99999 is in use or not allowed: .*--port \d+`"),
        (["--ip", "203.0.113.7"], r"no address 203.0.113.7: leave --ip out"),
    ],
)
def test_an_impossible_address_is_named(copy, args, sentence):
    assert re.search(sentence, copy.run("lab", *args, code=1))


def test_without_a_command_both_commands_are_shown(copy):
    for args, code in (([], 2), (["lesson"], 2), (["--help"], 0)):
        text = copy.run(*args, code=code)
        assert "course.py lab" in text and "course.py test" in text
    assert not copy.venv.exists()
