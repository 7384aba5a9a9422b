"""What the digit page does where its runtime cannot be had: it says what to do, and leaves nothing half done."""

import stat
import sys
import tarfile

import digitpage
import pytest


@pytest.fixture
def empty(tmp_path, monkeypatch):
    """No runtime has been fetched yet."""
    monkeypatch.setattr(digitpage, "CACHE", tmp_path / "cache")
    monkeypatch.setenv("PATH", str(tmp_path / "programs"))
    (tmp_path / "model.onnx").write_bytes(b"model")
    return tmp_path


def npm_that(folder, does):
    """A program that is called npm, and does this in Python with `folder`, where the package is to go."""
    program = folder / "programs" / "npm"
    program.parent.mkdir()
    program.write_text(f"#!{sys.executable}\nimport sys\nfolder = sys.argv[-1]\n{does}\n")
    program.chmod(program.stat().st_mode | stat.S_IEXEC)


def test_without_npm_it_says_where_to_get_it(empty):
    page = digitpage.digit_page(empty / "model.onnx", empty / "page.html")
    assert "needs npm, which comes with Node.js" in repr(page)
    assert "npm pack onnxruntime-web@1.30.0" in repr(page)
    assert "The lesson goes on" in page._repr_html_()
    assert not (empty / "page.html").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="a script is no program there")
def test_what_npm_complains_of_is_told(empty):
    npm_that(empty, "sys.exit('npm error network <unreachable>')")
    page = digitpage.digit_page(empty / "model.onnx", empty / "page.html")
    assert "npm error network <unreachable>. Is there a network?" in repr(page)
    assert "<unreachable>" not in page._repr_html_()


@pytest.mark.skipif(sys.platform == "win32", reason="a script is no program there")
def test_a_package_that_is_not_the_known_one_is_not_used(empty):
    npm_that(empty, f"open(folder + '/{digitpage.PACKAGE}.tgz', 'wb').write(b'something else')")
    with pytest.raises(digitpage.Missing, match="is not the file that is known by this name"):
        digitpage.runtime()
    assert list((empty / "cache").iterdir()) == []


def test_a_package_put_there_by_hand_is_unpacked_and_the_page_holds_all_of_it(empty, monkeypatch):
    archive = empty / "cache" / f"{digitpage.PACKAGE}.tgz"
    archive.parent.mkdir()
    with tarfile.open(archive, "w:gz") as packed:
        for name in digitpage.FILES:
            (empty / name).write_text(f"this is {name}")
            packed.add(empty / name, f"package/dist/{name}")
    monkeypatch.setattr(digitpage, "SHA256", digitpage.hashlib.sha256(archive.read_bytes()).hexdigest())
    page = digitpage.digit_page(empty / "model.onnx", empty / "page.html")
    assert repr(page) == "The digit page is in page.html."
    text = (empty / "page.html").read_text("utf-8")
    assert "{" + "model}" not in text and "your model (5 bytes of ONNX)" in text
    archive.unlink()
    assert [path.name for path in (empty / "cache").iterdir()] == [digitpage.PACKAGE]
    assert digitpage.write(empty / "model.onnx", empty / "page.html") is None, "from the cache"
    assert (empty / "page.html").read_text("utf-8") == text, "the same bytes each time"


@pytest.mark.skipif(sys.platform == "win32", reason="a script is no program there")
def test_an_npm_that_never_ends_is_given_up(empty):
    npm_that(empty, "import time; time.sleep(60)")
    with pytest.raises(digitpage.Missing, match=r"not done in 0\.5 seconds; `python course\.py digits`"):
        digitpage.runtime(patience=0.5)
    assert list((empty / "cache").iterdir()) == []
