"""A page in which a digit is drawn and a saved model reads it, without Python: one HTML file that holds all it needs.

    page = digit_page("digits.onnx", "digits.html")

In it stand the model and ONNX Runtime Web, which comes through npm, once, into `.cache` (`python course.py digits` gets it
beforehand). The model takes one picture of 64 numbers from 0 to 1 and gives ten parts of 1; all zero: no digit.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
CACHE = HERE.parent / ".cache"
VERSION = "1.30.0"
PACKAGE = f"onnxruntime-web-{VERSION}"
SHA256 = "d2228df7e4616bc3348bf504ee888f3bec43789a273f0a63f3e68d203ce3bf71"
FILES = ("ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm")  # the only two of its many that the page needs
AGAIN = f"Get it by hand with `npm pack onnxruntime-web@{VERSION}`, put the file into the folder .cache, and try again."


class Missing(RuntimeError):
    """ONNX Runtime Web is not here and cannot be had; the message says what to do."""


def runtime(patience=90):
    """The two files of ONNX Runtime Web, fetched through npm the first time (33 MB).

    patience: seconds that npm may take. Errors: Missing.
    """
    folder, by_hand = CACHE / PACKAGE, CACHE / f"{PACKAGE}.tgz"
    if not all((folder / name).is_file() for name in FILES):
        CACHE.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as part:
            _unpack(by_hand if by_hand.is_file() else _fetched(Path(part), patience), Path(part), folder)
    return [folder / name for name in FILES]


def _fetched(folder, patience):
    """The package, as npm packs it into this folder."""
    npm = shutil.which("npm")
    if npm is None:
        raise Missing(f"The digit page needs npm, which comes with Node.js (nodejs.org). {AGAIN}")
    print(f"Getting onnxruntime-web {VERSION} through npm: 33 MB, only this once ...", flush=True)
    command = [npm, "pack", f"onnxruntime-web@{VERSION}", "--silent", "--pack-destination", str(folder)]
    try:
        ran = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", cwd=folder,
                             stdin=subprocess.DEVNULL, timeout=patience)  # fmt: skip
    except subprocess.TimeoutExpired:
        raise Missing(f"npm was not done in {patience} seconds; `python course.py digits` is more patient.") from None
    found = folder / f"{PACKAGE}.tgz"
    if ran.returncode or not found.is_file():
        said = (ran.stderr.strip().splitlines() or ["it does not say why"])[-1]
        raise Missing(f"npm could not get onnxruntime-web {VERSION}: {said}. Is there a network? {AGAIN}")
    return found


def _unpack(archive, part, folder):
    """Put the files that are needed into the folder, each whole or not at all; `part` is a folder to work in."""
    if hashlib.sha256(archive.read_bytes()).hexdigest() != SHA256:
        raise Missing(f"{archive.name} is not the file that is known by this name: remove it. {AGAIN}")
    folder.mkdir(exist_ok=True)
    with tarfile.open(archive) as packed:
        for name in FILES:
            (part / name).write_bytes(packed.extractfile(f"package/dist/{name}").read())
            os.replace(part / name, folder / name)


def write(model, path):
    """Write the page of an ONNX file. Errors: Missing; OSError for a model that is not there."""
    content = Path(model).read_bytes()
    style, script = ((HERE / "pages" / f"digits.{kind}").read_text("utf-8") for kind in ("css", "js"))
    code, wasm = (_base64(gzip.compress(file.read_bytes(), mtime=0)) for file in runtime())
    text = (HERE / "pages" / "digits.html").read_text("utf-8")
    parts = {"policy": _policy(style, script), "style": style, "version": VERSION, "model_bytes": f"{len(content):,}",
             "runtime": code, "wasm": wasm, "model": _base64(content), "script": script}  # fmt: skip
    for name, part in parts.items():
        text = text.replace("{" + name + "}", part, 1)
    text = text.replace("{megabytes}", f"{len(text) / 1e6:.1f}", 1)
    part = Path(path).with_suffix(".part")
    part.write_text(text, encoding="utf-8")
    os.replace(part, path)


def _base64(content):
    return base64.b64encode(content).decode()


def _policy(style, script):
    """Only what is written here runs, and nothing is asked of anybody: the runtime is unpacked from the page itself."""
    sums = [_base64(hashlib.sha256(text.encode()).digest()) for text in (style, script)]
    return (f"default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; style-src 'sha256-{sums[0]}'; "
            f"script-src 'sha256-{sums[1]}' blob: 'wasm-unsafe-eval'")  # fmt: skip


class DigitPage:
    """The page inside of a notebook, with the way to the file; or what to do where it could not be made."""

    def __init__(self, path=None, why=None):
        self.path, self.why = path, why

    def __repr__(self):
        return f"The digit page is in {self.path.name}." if self.path else self.why

    def _repr_html_(self):
        if self.path is None:
            return f"<p>{html.escape(self.why)} The lesson goes on without it.</p>"
        near = html.escape(Path(os.path.relpath(self.path)).as_posix())
        return (f'<iframe src="{near}" title="Draw a digit" style="width:100%;height:560px;border:0;border-radius:12px">'
                f'</iframe><p>The same page by itself: <a href="{near}" target="_blank">{near}</a></p>')  # fmt: skip


def digit_page(model, path):
    """The page of an ONNX file, written to `path`. Where the runtime cannot be had it says so, and what to do."""
    try:
        write(model, path)
    except Missing as missing:
        return DigitPage(why=str(missing))
    return DigitPage(Path(path))
