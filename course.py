#!/usr/bin/env python3
"""Set up the course in .venv and start it; needs nothing but Python 3.11 or newer.

    python course.py lab     open JupyterLab on the first lesson   (--no-browser, --port N, --ip A; the rest goes to it)
    python course.py test    run every test there is               (all that follows goes to pytest: -k name, -x, ...)
    python course.py docs    make the reference of minigrad, in .docs
    python course.py digits  get what the page of lesson 14 needs  (through npm; later it works without a network)
    python course.py setup   only set up, or repair what is there

Even Python 2.7 must be able to read this file to its end, or it could not say what is missing: so no f-strings here.
"""

from __future__ import print_function

import os
import subprocess
import sys


def old_python():
    """Return the sentence for a Python that is too old; if a newer one is at hand, it names that one."""
    what = "course.py needs Python 3.11 or newer, and this is Python {0}.{1}: ".format(*sys.version_info[:2])
    with open(os.devnull, "w") as nowhere:
        for command in ("python3.13", "python3.12", "python3.14", "python3.11"):
            try:  # a name on the PATH may be an empty shell
                if subprocess.call([command, "-c", ""], stdout=nowhere, stderr=nowhere) == 0:
                    return what + "run `{0} {1}` instead.".format(command, " ".join(sys.argv))
            except OSError:
                continue
    return what + "install Python 3.13 (from python.org or your system's packages) and run this command with it."


if sys.version_info < (3, 11):
    sys.exit(old_python())

import argparse
import contextlib
import errno
import hashlib
import json
import re
import shutil
import signal
import socket
import sysconfig
import threading
import time
import urllib.parse

WINDOWS = os.name == "nt"
SELF = os.path.realpath(__file__)
ROOT = os.path.dirname(SELF)
LOCK = os.path.join(ROOT, "requirements.lock")
VENV = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(VENV, "Scripts" if WINDOWS else "bin", "python.exe" if WINDOWS else "python")
VERSION = "python{0}.{1}".format(*sys.version_info[:2])
SITE = os.path.join(VENV, "Lib" if WINDOWS else os.path.join("lib", VERSION), "site-packages")
STAMP = os.path.join(VENV, "course.json")  # written last: where it stands, the set-up was complete
PORT = 8888

AGAIN = ", then run the same command again."
WRITE = "The folder {0} cannot be written: copy the course to a folder of your own{1}".format(ROOT, AGAIN)
FULL = "The disk is full: free about 1.5 GB for {0} and the temporary folder{1}".format(ROOT, AGAIN)
NETWORK = "The packages could not be downloaded: check the network, and the proxy if there is one" + AGAIN
BAD_LOCK = "requirements.lock {0}: restore it (`git checkout requirements.lock`, or a fresh copy of the course)" + AGAIN
WRONG_LOCK = BAD_LOCK.format("does not fit what was downloaded, or is damaged")
NO_BUILD = "A package does not exist for this Python on this computer: use a 64-bit Python 3.11, 3.12 or 3.13" + AGAIN
NO_VENV = "This Python lacks its venv module: install it (Debian, Ubuntu: `sudo apt install python3-venv`)" + AGAIN
DAMAGED = "The set-up in .venv is damaged: run the same command again, and it will be made anew."
# What installers print, and the sentence it stands for. The first that matches counts: a full disk brings others along.
FAILURES = (
    (r"No space left|os error 28|os error 112|Errno 28|not enough space on the disk|quota exceeded", FULL),
    (r"DO NOT MATCH THE HASHES|Hash mismatch|Hashes are required|Invalid req|Couldn't parse req", WRONG_LOCK),
    (r"[Ll]ong [Pp]ath", "The folder's path is too long for Windows: move the course to C:\\course" + AGAIN),
    (r"NewConnectionError|Max retries|Connection (refused|reset|broken)|timed out|Timeout|ProxyE|SSLError", NETWORK),
    (r"name resolution|getaddrinfo|unreachable|dns error|error sending request|CERTIFICATE|Failed to fetch", NETWORK),
    (r"No matching distribution|no wheels with|No solution found|no usable wheels", NO_BUILD),
    (r"ensurepip|No module named '?(venv|pip)\b", NO_VENV),
    (r"Permission denied|Access is denied|Errno 13|os error (5|13)\b|Read-only file system|os error 30", WRITE),
)


class Problem(Exception):
    """One sentence that says what is wrong and what to do."""


def explain(text):
    """Return the sentence for what an installer or the system said, or None."""
    return next((sentence for pattern, sentence in FAILURES if re.search(pattern, text)), None)


# What stands in .venv ---


def read_lock():
    """Return the lock file's text and its hash."""
    try:
        with open(LOCK, "rb") as file:
            content = file.read()
    except OSError:
        raise Problem(BAD_LOCK.format("is missing"))
    return content.decode("utf-8", "replace"), hashlib.sha256(content).hexdigest()


def identity():
    """What must stay as it is for a finished set-up to work: packages fit one Python, and scripts hold the path."""
    return [VERSION, sysconfig.get_platform(), ROOT]


def installed():
    """Return the names of the packages in .venv, as their metadata folders spell them."""
    with contextlib.suppress(OSError):
        return sorted(name for name in os.listdir(SITE) if name.endswith(".dist-info"))
    return []


def state():
    """Return "ready", "outdated" (another lock, or a package gone: put right in place) or "none" (made anew)."""
    try:
        with open(STAMP, encoding="utf-8") as file:
            stamp = json.load(file)
        if stamp["identity"] != identity() or not os.access(PYTHON, os.X_OK):
            return "none"
        whole = set(stamp["packages"]) <= set(installed())
        return "ready" if whole and stamp["lock"] == read_lock()[1] else "outdated"
    except (OSError, ValueError, KeyError, TypeError):
        return "none"


def write_stamp():
    """Say that the set-up is complete; whoever reads the stamp, at whatever moment, finds a whole one or none."""
    with open(STAMP + ".part", "w", encoding="utf-8") as part:
        json.dump({"identity": identity(), "lock": read_lock()[1], "packages": installed()}, part, indent=1)
    os.replace(STAMP + ".part", STAMP)


def forget_stamp():
    with contextlib.suppress(OSError):
        os.remove(STAMP)


def remove_venv():
    """Remove .venv, whatever it is: a folder, a file, a link."""
    forget_stamp()
    try:
        if os.path.islink(VENV) or os.path.isfile(VENV):
            os.remove(VENV)
        elif os.path.isdir(VENV):
            shutil.rmtree(VENV)
    except OSError:
        raise Problem("The old .venv cannot be removed: close every program that uses it" + AGAIN)


# Making it ---


class Progress:
    """A line that counts packages: those that pip names while it gets them, then those that have arrived in .venv."""

    def __init__(self, lock_text):
        self.total = max(1, len(set(re.findall(r"^([\w.-]+)==", lock_text, re.MULTILINE))))
        self.got, self.arriving, self.name, self.shown = 0, False, "", None
        self.start, self.live = time.monotonic(), sys.stdout.isatty()
        self.over, self.ticker = threading.Event(), threading.Thread(target=self.tick)

    def __enter__(self):
        self.ticker.start()

    def __exit__(self, *_):
        self.over.set()
        self.ticker.join()
        print("\r" + " " * 78 + "\r" if self.live else "", end="", flush=True)

    def tick(self):
        while not self.over.wait(0.2):
            self.show()

    def take(self, line):
        """Take in one line of the installer's output."""
        word, _, rest = line.strip().partition(" ")
        self.total -= word == "Ignoring" and self.total > 1  # a package for another system
        self.got += word in ("Collecting", "Processing")
        self.arriving = self.arriving or word in ("Installing", "Prepared")
        if word in ("Collecting", "Downloading"):
            self.name = re.split(r"[=\s(]|-\d", rest)[0]

    def show(self):
        done = min(self.total, len(installed()) if self.arriving else self.got)
        what = "installing" if self.arriving else "getting"
        if self.live:
            bar = ("#" * (30 * done // self.total)).ljust(30, ".")
            text = "       [{0}] {1}/{2} {3:3.0f} s ".format(bar, done, self.total, time.monotonic() - self.start)
            print("\r" + (text + what + ("" if self.arriving else " " + self.name))[:78].ljust(78), end="", flush=True)
        elif (what, 4 * done // self.total) != self.shown:  # a log file gets a few lines, not hundreds
            self.shown = (what, 4 * done // self.total)
            print("       {0}: {1} of {2}".format(what, done, self.total), flush=True)


def environment():
    """Return the environment of every program started here: no setting in it leads out of the course's own folder."""
    away = r"PYTHON(HOME|PATH)|__PYVENV_LAUNCHER__|VIRTUAL_ENV|PIP_(TARGET|PREFIX|ROOT)|JUPYTER_PATH|JUPYTERLAB_\w+_DIR"
    env = {name: value for name, value in os.environ.items() if not re.fullmatch(away, name)}
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):  # matrices of a lesson are small: threads only wait for
        env.setdefault(name, "1")  # one another, for seconds when the machine has something else to do
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
        env[name] = os.path.join(VENV, "jupyter", name.lower())
    env.update(JUPYTER_CONFIG_PATH=os.path.join(ROOT, ".jupyter"), JUPYTER_PREFER_ENV_PATH="1")
    env.update(PIP_USER="0", PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_NO_INPUT="1")
    return env


def run(command, guard, progress=None):
    """Run a command to its end; raise Problem if it fails. It keeps `guard`, the lock, as long as it lives."""
    child = subprocess.Popen(
        command, cwd=ROOT, env=environment(), pass_fds=() if WINDOWS else (guard,), encoding="utf-8", errors="replace",
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    text = ""
    try:
        with progress or contextlib.nullcontext():
            for line in child.stdout:
                text += line
                if progress:
                    progress.take(line)
        code = child.wait()
    finally:
        if child.poll() is None:  # Ctrl-C: nothing may go on writing behind our back
            child.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(5)
            child.kill()
        child.stdout.close()
    if code:
        full = shutil.disk_usage(ROOT).free < 20e6  # not every program says so
        last = " | ".join(text.strip().split("\n")[-3:])[-500:]
        name = os.path.basename(command[0])
        raise Problem(FULL if full else explain(text) or "{0} failed ({1}): run it again.".format(name, last))


def try_lock(guard):
    try:
        if WINDOWS:
            import msvcrt

            os.lseek(guard, 1 << 20, os.SEEK_SET)  # behind the file's end, where the lock keeps nobody from reading
            msvcrt.locking(guard, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in (errno.EAGAIN, errno.EACCES, errno.EDEADLK)  # else no locks here: go on without
    return True


@contextlib.contextmanager
def only_one():
    """Let one set-up at a time work on the folder, by a lock on this very file that ends with its last holder.

    The installer inherits it. So if this process is killed, the next one waits for the orphan, and no mark goes stale.
    """
    guard = os.open(SELF, os.O_RDONLY)
    try:
        told = False
        while not try_lock(guard):
            if not told:
                print("Another set-up of this folder is at work; waiting for it to end (Ctrl-C gives up).", flush=True)
            told = True
            time.sleep(0.2)
        yield guard
    finally:
        os.close(guard)


def install(uv, guard, in_place):
    """Fill .venv from the lock, with uv (its path) or with pip (None)."""
    base = getattr(sys, "_base_executable", None) or sys.executable
    if not in_place:
        remove_venv()
        os.mkdir(VENV)  # a folder that cannot be written shows before anything is downloaded
        run([uv, "venv", "--no-project", "--python", base, VENV] if uv else [base, "-m", "venv", VENV], guard)
    elif not uv and not os.path.isdir(os.path.join(SITE, "pip")):  # uv makes environments without pip
        run([PYTHON, "-m", "ensurepip"], guard)
    if uv:
        command = [uv, "pip", "install", "--python", PYTHON, "--no-build"]
    else:
        command = [PYTHON, "-u", "-m", "pip", "install", "--only-binary", ":all:", "--progress-bar", "off"]
    run(command + ["--require-hashes", "--no-deps", "-r", LOCK], guard, Progress(read_lock()[0]))


def make(guard, in_place):
    """Make .venv, or bring a finished one to the present lock."""
    start, uv = time.monotonic(), shutil.which("uv")
    print("Bringing .venv up to date" if in_place else "Setting the course up in .venv; only the first time is slow")
    if in_place:
        os.replace(STAMP, STAMP + ".old")
    print("  1/2  installing the packages of requirements.lock with {0}".format("uv" if uv else "pip"), flush=True)
    try:
        try:
            install(uv, guard, in_place)
        except Problem as problem:
            if not uv or str(problem) == FULL:
                raise
            print("       uv could not do it; trying pip", flush=True)  # which may know a proxy that uv does not
            install(None, guard, in_place)
    except Problem as problem:
        if in_place and str(problem) in (NETWORK, WRONG_LOCK):  # found while downloading: nothing has changed yet
            os.replace(STAMP + ".old", STAMP)
        raise
    root = os.path.relpath(ROOT, SITE).replace(os.sep, "/")
    with open(os.path.join(SITE, "minigrad.pth"), "w", encoding="ascii") as file:
        file.write(root + "\n" + root + "/notebooks\n")  # the project, and what the lessons import, are on the path
    print("  2/2  checking", flush=True)
    text = read_lock()[0]
    needed = [name for name in ("numpy", "jupyterlab", "ipykernel", "pytest", "nbval") if "\n" + name + "==" in text]
    run([PYTHON, "-c", "import " + ", ".join(["sys"] + needed)], guard)
    write_stamp()
    print("Ready: {0} packages in {1:.0f} s.".format(len(installed()), time.monotonic() - start), flush=True)


def set_up():
    """Do whatever is missing; where nothing is, this takes milliseconds."""
    read_lock()
    if state() != "ready":
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the installer is stopped as well
        with only_one() as guard:
            now = state()  # another set-up may just have done it
            if now != "ready":
                make(guard, in_place=now == "outdated")


# What it is for ---


def lab_options(args):
    parser = argparse.ArgumentParser(
        prog="course.py lab", allow_abbrev=False, epilog="Everything else is passed on to `jupyter lab`."
    )
    parser.add_argument("--no-browser", action="store_true", help="print the address instead of opening a browser")
    parser.add_argument("--port", type=int, help="port to serve on (default {0}, or the next free one)".format(PORT))
    parser.add_argument("--ip", default="localhost", help="address to serve on (0.0.0.0: all)")
    return parser.parse_known_args(args)


def is_free(ip, port):
    """Whether a server could listen there; raise Problem if the computer does not have that address at all."""
    if not 0 <= port < 65536:
        return False
    had = False
    with contextlib.suppress(socket.gaierror):
        host = None if ip in ("", "*") else ip
        for family, kind, protocol, _, address in socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        ):
            try:
                with socket.socket(family, kind, protocol) as probe:
                    if not WINDOWS:  # where it would let two programs share a port
                        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    probe.bind(address)
                    had = True
            except OSError as error:
                if error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
                    return False
    if not had:
        raise Problem("This computer has no address {0}: leave --ip out, or use --ip 0.0.0.0 for all.".format(ip))
    return True


def choose_port(ip, wish):
    """Return the port that was wished for, if it can be had; without a wish, the first that can."""
    if wish is not None and is_free(ip, wish):
        return wish
    first = wish if wish and 1023 < wish < 65000 else PORT
    port = next((port for port in range(first, first + 50) if is_free(ip, port)), 0)
    if wish is not None:
        advice = "stop the program that uses it, or run `python course.py lab --port {0}`.".format(port)
        raise Problem("Port {0} is in use or not allowed: {1}".format(wish, advice))
    if port != PORT:
        print("Port {0} is in use, so JupyterLab gets port {1}.".format(PORT, port))
    return port


def running():
    """Return the addresses of the JupyterLabs of this course that have not been stopped yet. Runs in .venv's Python."""
    from jupyter_server.serverapp import list_running_servers

    return ["{0}lab?token={1}".format(server["url"], server["token"]) for server in list_running_servers()]


def lab(args):
    """Start JupyterLab on the first lesson (or on the notebook among the arguments). Runs in .venv's Python."""
    from copies import renew_all  # the learner works in copies, in work/
    from jupyterlab.labapp import main

    options, rest = lab_options(args)
    lessons = [os.path.abspath(name) for name in rest if name.endswith(".ipynb")]
    others = running()
    lessons += renew_all(open_elsewhere=bool(others)) + [os.path.join(ROOT, "work")]
    page = "/lab/tree/" + urllib.parse.quote(os.path.relpath(lessons[0], ROOT).replace(os.sep, "/"))
    own = ["--ServerApp.root_dir=" + ROOT, "--LabApp.default_url=" + page, "--ServerApp.port_retries=0"]
    own += ["--ip=" + options.ip, "--port={0}".format(options.port)] + ["--no-browser"] * options.no_browser
    own += ["--log-level=ERROR", "--LabApp.log_level=ERROR", "-y"]  # -y: one Ctrl-C is enough
    if not WINDOWS and os.geteuid() == 0:  # containers run as root, and Jupyter would refuse to
        own += ["--allow-root"]
    for address in others:
        print("JupyterLab is already running for this course: {0}".format(address))
    print("Starting {0}; stop it with Ctrl-C in this window.".format("another" if others else "JupyterLab"), flush=True)
    sys.argv = ["jupyter-lab"] + own + [name for name in rest if not name.endswith(".ipynb")]
    return main()


def test(args):
    """Run all tests in one pytest run, set up in pyproject.toml. Runs in .venv's Python."""
    import pytest

    # A notebook's cells belong together, so a worker gets whole files. `-n 0` among the arguments turns this off.
    return pytest.main(["-n", "2", "--dist", "loadfile"] + args)


def docs(args):
    """Make the pages of the reference. Runs in .venv's Python."""
    from tests.docs import main

    return main()


def digits(args):
    """Get what the digit page of lesson 14 runs on. Runs in .venv's Python."""
    from digitpage import Missing, runtime

    try:
        print("Ready: {0}".format(", ".join(path.name for path in runtime(patience=1200))))
    except Missing as missing:
        raise Problem(str(missing))


def inside(command, args):
    """Hand over to .venv's Python, which comes back to this file with --in-venv."""
    line = [PYTHON, SELF, "--in-venv", command] + args
    with contextlib.suppress(OSError):  # IPython warns where the folder around its own is missing
        os.makedirs(os.path.join(VENV, "jupyter"), exist_ok=True)
    os.chdir(ROOT)
    sys.stdout.flush()
    try:
        if not WINDOWS:
            os.execve(PYTHON, line, environment())
        with contextlib.suppress(KeyboardInterrupt):  # there, exec would give the terminal back at once
            return subprocess.call(line, env=environment())
        return 130
    except OSError:
        forget_stamp()
        raise Problem(DAMAGED)


def main(args):
    if args[:1] == ["--in-venv"]:
        try:
            return {"lab": lab, "test": test, "docs": docs, "digits": digits}[args[1]](args[2:])
        except (ImportError, SyntaxError):  # from a package that is half there
            forget_stamp()
            raise Problem(DAMAGED)
    if args[:1] not in (["lab"], ["test"], ["docs"], ["digits"], ["setup"]):
        print(__doc__.split("\n\nEven")[0])
        return 0 if args[:1] in (["-h"], ["--help"]) else 2
    if WINDOWS and os.path.normcase(sys.prefix) == os.path.normcase(VENV) and state() != "ready":
        return subprocess.call([sys._base_executable, SELF] + args)  # a running program cannot be replaced there
    command, args = args[0], args[1:]
    if command == "lab":
        options, rest = lab_options(args)  # a bad option or port shows before the long part
        args = ["--port", str(choose_port(options.ip, options.port)), "--ip", options.ip]
        args += ["--no-browser"] * options.no_browser
        args += [os.path.abspath(name) if name.endswith(".ipynb") else name for name in rest]
    set_up()
    return 0 if command == "setup" else inside(command, args)


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # a path may hold what an old console cannot show
    try:
        sys.exit(main(sys.argv[1:]))
    except Problem as problem:
        sys.exit("\n" + str(problem))
    except KeyboardInterrupt:
        print("\nStopped: run the same command again to go on; what was downloaded is kept.", file=sys.stderr)
        sys.exit(130)
    except OSError as error:
        sys.exit("\n" + (explain(str(error)) or "{0}: put this right{1}".format(error, AGAIN)))
