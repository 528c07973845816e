"""Puts libtorch into .libtorch/, from the wheel of PyTorch that pip finds, pinned by version and SHA-256.

Usage: libtorch.py ROOT [--cuda]. Only the standard library and pip are needed.

For a CPU only the headers and the CPU libraries are taken (about 0.6 GB on disk). The stamp, written last, records
every library's size, so that what is broken or half there is noticed and made anew.
"""

import argparse
import json
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile

VERSION = "2.13.0"

# What pip is asked for, a machine: package==version, its wheel's tag, its wheel's SHA-256.
WHEELS = {
    ("Linux", "x86_64"): [
        ("torch==2.13.0", "manylinux_2_28_x86_64", "60fcdcb2f3876e21146cb4524ef06397d727ca9ad5f020818547e25075fe3cb7"),
        ("nvidia-cuda-runtime==13.0.96", "manylinux2014_x86_64", "7f82250d7782aa23b6cfe765ecc7db554bd3c2870c43f3d1821f1d18aebf0548"),
        ("nvidia-cuda-cupti==13.0.85", "manylinux_2_25_x86_64", "4eb01c08e859bf924d222250d2e8f8b8ff6d3db4721288cf35d14252a4d933c8"),
    ],
    ("Linux", "aarch64"): [
        ("torch==2.13.0", "manylinux_2_28_aarch64", "092790c696a760c729fd5722835f50b9d81fd7c8f141571f3f3cf4081a8f664c"),
        ("nvidia-cuda-runtime==13.0.96", "manylinux2014_aarch64", "ef9bcbe90493a2b9d810e43d249adb3d02e98dd30200d86607d8d02687c43f55"),
        ("nvidia-cuda-cupti==13.0.85", "manylinux_2_25_aarch64", "796bd679890ee55fb14a94629b698b6db54bcfd833d391d5e94017dd9d7d3151"),
    ],
    ("Darwin", "arm64"): [
        ("torch==2.13.0", "macosx_14_0_arm64", "e76f9bcecc52b8ff711239a2f7547d5353df95878ab232f0773c1d95928b92f8"),
    ],
}

# libtorch_cpu.so itself wants the last two, also where there is no GPU.
CPU_LIBRARIES = {"libtorch_cpu.so", "libc10.so", "libgomp.so.1", "libcudart.so.13", "libcupti.so.13"}


def fail(message):
    sys.exit(f"setup: {message}")


def pip(*arguments):
    quiet = [] if sys.stderr.isatty() else ["--quiet"]
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments, *quiet]
    if subprocess.run(command).returncode != 0:
        fail("pip could not bring libtorch (its message stands above); run this again to try again")


def download(wheels, into):
    """Downloads wheels; pip itself refuses one whose hash is not the pinned one."""
    requirements = into / "requirements.txt"
    requirements.write_text("".join(f"{name} --hash=sha256:{sha}\n" for name, _, sha in wheels))
    tags = [flag for _, tag, _ in wheels for flag in ("--platform", tag)]
    pip("download", "--no-deps", "--only-binary=:all:", "--python-version", "311", *tags,
        "--require-hashes", "--dest", str(into), "-r", str(requirements))
    return sorted(into.glob("*.whl"))


def wanted(name, every_library):
    """Where in .libtorch/ a wheel's entry goes, or None."""
    path = pathlib.PurePosixPath(name)
    if name.endswith("/") or ".." in path.parts:
        return None
    if path.parts[:2] == ("torch", "include"):
        return pathlib.Path(*path.parts[1:])
    if path.name in CPU_LIBRARIES or (every_library and path.parts[:2] == ("torch", "lib")):
        return pathlib.Path("lib", path.name)
    return None


def unpack(wheels, into, every_library):
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            for entry in archive.infolist():
                target = wanted(entry.filename, every_library)
                if target is None:
                    continue
                (into / target).parent.mkdir(parents=True, exist_ok=True)
                with archive.open(entry) as source, open(into / target, "wb") as file:
                    shutil.copyfileobj(source, file, 1 << 20)


def stand_in_for_libtorch(lib):
    """The wheel's libtorch.so wants the CUDA libraries; an empty one in its place wants only the CPU's."""
    compiler = shutil.which("c++") or shutil.which("g++")
    command = [compiler, "-shared", "-x", "c++", os.devnull, "-o", "libtorch.so", "-Wl,--no-as-needed", "-L.",
               "-ltorch_cpu", "-lc10", "-Wl,-rpath,$ORIGIN", "-Wl,--allow-shlib-undefined"]
    if subprocess.run(command, cwd=lib).returncode != 0:
        fail("the C++ compiler could not link against libtorch (its message stands above)")


def install_cpu(wheels, into, scratch):
    mac = platform.system() == "Darwin"
    unpack(download(wheels, scratch), into, every_library=mac)
    if not mac:
        stand_in_for_libtorch(into / "lib")


def install_cuda(wheels, into, scratch):
    """The whole wheel and the CUDA wheels it names, side by side as libtorch's own rpath expects them."""
    tags = [flag for _, tag, _ in wheels for flag in ("--platform", tag)]
    machine = platform.machine()
    tags += [flag for tag in ("2_17", "2_24", "2_27") for flag in ("--platform", f"manylinux_{tag}_{machine}")]
    torch = download(wheels[:1], scratch)[0]
    pip("install", "--target", str(into / "site"), "--only-binary=:all:", "--python-version", "311", *tags,
        str(torch))
    for folder in ("include", "lib"):
        (into / folder).symlink_to(pathlib.Path("site", "torch", folder))


def stamp_of(root, cuda):
    libraries = sorted((root / "lib").glob("lib*"))
    return {"version": VERSION, "cuda": cuda, "sizes": {path.name: path.stat().st_size for path in libraries}}


def is_complete(root, cuda):
    try:
        stamp = json.loads((root / "stamp.json").read_text())
        return stamp == stamp_of(root, stamp["cuda"]) and (stamp["cuda"] or not cuda)
    except (OSError, ValueError, KeyError):
        return False


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("root", type=pathlib.Path)
    arguments.add_argument("--cuda", action="store_true")
    options = arguments.parse_args()
    root, cuda = options.root, options.cuda
    if is_complete(root, cuda):
        return
    machine = (platform.system(), platform.machine())
    if machine not in WHEELS:
        known = ", ".join(" ".join(name) for name in WHEELS)
        fail(f"no libtorch is pinned for {' '.join(machine)} (known: {known}); set LIBTORCH to one of your own")
    needed = 12 if cuda else 2
    free = shutil.disk_usage(root.parent).free / 1e9
    if free < needed:
        fail(f"{needed} GB of disk space are needed, {free:.1f} GB are free at {root.parent}")
    if root.exists():
        print("setup: .libtorch is not complete; making it anew", file=sys.stderr)
    what = "libtorch with CUDA (about 3 GB)" if cuda else "libtorch (about 540 MB)"
    print(f"setup: downloading {what}", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix=".libtorch-", dir=root.parent) as scratch:
        scratch = pathlib.Path(scratch)
        aside = scratch / "libtorch"
        aside.mkdir()
        (install_cuda if cuda else install_cpu)(WHEELS[machine], aside, scratch)
        (aside / "build-version").write_text(VERSION + "\n")
        (aside / "stamp.json").write_text(json.dumps(stamp_of(aside, cuda), indent=1) + "\n")
        if root.exists():
            shutil.rmtree(root)
        aside.rename(root)


main()
