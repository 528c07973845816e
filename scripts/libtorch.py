"""Installs libtorch in .libtorch/ of the checkout, from PyTorch's wheel, pinned by version and SHA-256.

Called by scripts/setup. Needs pip, which downloads the wheels, and the standard library.

Without an NVIDIA GPU, only the headers and the CPU libraries are installed (0.5 GB). With a GPU, or with
--cuda, all libraries and the CUDA libraries that they need are installed. The files are written to a
temporary folder, which is renamed when it is complete. A stamp, written last, lists the installed files with
the size of each library. If the stamp does not match the files, libtorch is installed again.
"""

import argparse
import email
import json
import os
import platform
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path, PurePosixPath

# The version that tch needs. Only the wheel's libtorch is used, which is the same for every Python version.
VERSION = "2.13.0"
PYTHON = "311"

# For each machine: requirement, platform, SHA-256 of the wheel. The first wheel is PyTorch's. Its CPU library
# needs a library of each of the other two, even without a GPU.
WHEELS = {
    "Linux x86_64": [
        ("torch==2.13.0", "manylinux_2_28_x86_64",
         "60fcdcb2f3876e21146cb4524ef06397d727ca9ad5f020818547e25075fe3cb7"),
        ("nvidia-cuda-runtime==13.0.96", "manylinux2014_x86_64",
         "7f82250d7782aa23b6cfe765ecc7db554bd3c2870c43f3d1821f1d18aebf0548"),
        ("nvidia-cuda-cupti==13.0.85", "manylinux_2_25_x86_64",
         "4eb01c08e859bf924d222250d2e8f8b8ff6d3db4721288cf35d14252a4d933c8"),
    ],
    "Linux aarch64": [
        ("torch==2.13.0", "manylinux_2_28_aarch64",
         "092790c696a760c729fd5722835f50b9d81fd7c8f141571f3f3cf4081a8f664c"),
        ("nvidia-cuda-runtime==13.0.96", "manylinux2014_aarch64",
         "ef9bcbe90493a2b9d810e43d249adb3d02e98dd30200d86607d8d02687c43f55"),
        ("nvidia-cuda-cupti==13.0.85", "manylinux_2_25_aarch64",
         "796bd679890ee55fb14a94629b698b6db54bcfd833d391d5e94017dd9d7d3151"),
    ],
    "Darwin arm64": [
        ("torch==2.13.0", "macosx_14_0_arm64",
         "e76f9bcecc52b8ff711239a2f7547d5353df95878ab232f0773c1d95928b92f8"),
    ],
}
SYSTEM, MACHINE = platform.system(), platform.machine()
PINS = WHEELS.get(f"{SYSTEM} {MACHINE}", [])

# The libraries of the wheels for Linux that the CPU needs.
CPU_LIBRARIES = {"libtorch_cpu.so", "libc10.so", "libgomp.so.1", "libcudart.so.13", "libcupti.so.13"}

# The free space needed, in GB: the wheels, pip's temporary files and the unpacked files.
SPACE = {"cpu": 1.5, "cuda": 6}


def say(message):
    print(f"setup: {message}", file=sys.stderr)


def fail(message):
    say(message)
    sys.exit(1)


def pip_download(requirements, platforms, scratch, *options):
    """Downloads the wheels for these lines of a requirements file and returns their paths."""
    folder = Path(tempfile.mkdtemp(dir=scratch))
    (folder / "requirements.txt").write_text("\n".join(requirements) + "\n")
    command = [sys.executable, "-m", "pip", "download", "--only-binary=:all:", "--python-version", PYTHON, *options]
    command += [f"--platform={name}" for name in platforms]
    command += ["--dest", str(folder), "-r", str(folder / "requirements.txt")]
    if not sys.stderr.isatty():
        command.append("--quiet")
    # Large files stay on the checkout's disk. Nothing is installed, so no virtual environment is needed.
    settings = {"TMPDIR": str(folder), "PIP_REQUIRE_VIRTUALENV": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    # Standard output belongs to the program that scripts/lab runs.
    if subprocess.run(command, env={**os.environ, **settings}, stdout=sys.stderr).returncode != 0:
        fail(f"pip could not bring {requirements[0].split()[0]} (its message stands above). If hashes do not "
             "match, a cache or mirror holds a broken file: try PIP_NO_CACHE_DIR=1 scripts/setup. Without a "
             "network, set up where there is one (for a machine with a GPU: scripts/setup --cuda)")
    return sorted(folder.glob("*.whl"))


def download_pinned(pin, scratch):
    """Downloads the wheel of a pin and returns its path. pip refuses a wheel with another hash."""
    requirement, name, sha256 = pin
    line = f"{requirement} --hash=sha256:{sha256}"
    return pip_download([line], [name], scratch, "--no-deps", "--require-hashes")[0]


def unpack(wheel, into, place):
    """Writes each file of the wheel to the path that `place` returns for its parts; None omits the file."""
    with zipfile.ZipFile(wheel) as archive:
        for entry in archive.infolist():
            target = None if entry.is_dir() else place(PurePosixPath(entry.filename).parts)
            if target is not None:
                (into / target).parent.mkdir(parents=True, exist_ok=True)
                with archive.open(entry) as source, open(into / target, "wb") as file:
                    shutil.copyfileobj(source, file, 1 << 20)
    wheel.unlink()


def place_cpu(parts):
    if parts[:2] == ("torch", "include"):
        return Path(*parts[1:])
    if parts[-2:-1] == ("lib",) and (parts[-1] in CPU_LIBRARIES or SYSTEM == "Darwin"):
        return Path("lib", parts[-1])
    return None


def place_cuda(parts):
    if parts[:2] in (("torch", "include"), ("torch", "lib")) or (parts[0] == "nvidia" and "lib" in parts):
        return Path("site", *parts)
    return None


def install_cpu(into, scratch):
    for pin in PINS:
        unpack(download_pinned(pin, scratch), into, place_cpu)
    if SYSTEM == "Darwin":
        return
    missing = CPU_LIBRARIES - {path.name for path in (into / "lib").glob("*")}
    if missing:
        fail(f"the wheels hold no {', '.join(sorted(missing))}")
    # The libtorch.so of the wheel only lists libraries, CUDA's among them. This one lists the CPU libraries.
    command = [*shlex.split(os.environ.get("CXX") or "c++"), "-shared", "-x", "c++", os.devnull, "-o", "libtorch.so",
               "-L.", "-Wl,--no-as-needed", "-ltorch_cpu", "-lc10", "-Wl,-rpath,$ORIGIN",
               "-Wl,--allow-shlib-undefined"]
    if subprocess.run(command, cwd=into / "lib", stdout=sys.stderr).returncode != 0:
        fail(f"the C++ compiler ({command[0]}) could not link libtorch.so (its message stands above)")


def install_cuda(into, scratch):
    """Installs PyTorch and the CUDA libraries in site/, in the layout of pip, by which they find each other."""
    torch = download_pinned(PINS[0], scratch)
    with zipfile.ZipFile(torch) as archive:
        metadata = archive.read(f"torch-{VERSION}.dist-info/METADATA").decode()
    wanted = [line.split(";")[0] for line in email.message_from_string(metadata).get_all("Requires-Dist")]
    libraries = [line for line in wanted if line.startswith(("cuda-toolkit", "nvidia-"))]
    unpack(torch, into, place_cuda)
    # pip matches platforms literally. This list has all platforms that PyTorch runs on.
    platforms = [f"manylinux_2_{minor}_{MACHINE}" for minor in range(17, 29)] + [f"manylinux2014_{MACHINE}"]
    for wheel in pip_download(libraries, platforms, scratch):
        unpack(wheel, into, place_cuda)
    for folder in ("include", "lib"):
        (into / folder).symlink_to(Path("site", "torch", folder))


def headers_of(folder):
    """Returns the number and the total size in bytes of the files in a folder."""
    files = size = 0
    for entry in os.scandir(folder):
        more = headers_of(entry.path) if entry.is_dir() else (1, entry.stat().st_size)
        files, size = files + more[0], size + more[1]
    return files, size


def stamp_of(root, kind):
    libraries = [path for pattern in ("lib/lib*", "site/nvidia/**/lib*.so*") for path in root.glob(pattern)]
    return {
        "kind": kind,
        "wheels": [" ".join(pin) for pin in PINS],
        "headers": dict(zip(("files", "bytes"), headers_of(root / "include"))),
        "libraries": {str(path.relative_to(root)): path.stat().st_size for path in sorted(libraries)},
    }


def look_at(root):
    """Returns the installed kind ("cpu", "cuda" or None), and True if its files match stamp and pins."""
    try:
        stamp = json.loads((root / "stamp.json").read_text())
        kind = stamp["kind"]
    except (OSError, ValueError, KeyError, TypeError):
        return None, False
    try:
        return kind, stamp == stamp_of(root, kind)
    except OSError:
        return kind, False


def has_gpu():
    try:
        return subprocess.run(["nvidia-smi", "-L"], stdout=subprocess.PIPE, stderr=subprocess.PIPE).returncode == 0
    except OSError:
        return False


def check_machine(kind, folder):
    if sys.version_info < (3, 8):
        fail(f"Python 3.8 or later is needed; python3 is {platform.python_version()}")
    if not PINS:
        fail(f"there is no libtorch here for {SYSTEM} {MACHINE}, which is what python3 was built for")
    if kind == "cuda" and SYSTEM != "Linux":
        fail(f"there is no CUDA for {SYSTEM}")
    libc, libc_version = platform.libc_ver()
    if SYSTEM == "Linux" and (libc != "glibc" or [int(part) for part in libc_version.split(".")] < [2, 28]):
        fail(f"libtorch needs glibc 2.28 or later; here is {libc or 'another C library'} {libc_version}")
    free = shutil.disk_usage(folder).free / 1e9
    if free < SPACE[kind]:
        fail(f"{SPACE[kind]} GB of free disk space are needed in {folder}; {free:.1f} GB are free")


def install(root, kind):
    """Installs libtorch in a temporary folder, which is always removed, and then renames it into place."""
    # A killed process leaves its folder behind. Nobody works on one that is a day old.
    for left in root.parent.glob(".libtorch.tmp-*"):
        if time.time() - left.stat().st_mtime > 86400:
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=".libtorch.tmp-", dir=root.parent) as scratch:
        scratch = Path(scratch)
        new = scratch / "libtorch"
        new.mkdir()
        {"cpu": install_cpu, "cuda": install_cuda}[kind](new, scratch)
        (new / "build-version").write_text(VERSION + "\n")
        (new / "stamp.json").write_text(json.dumps(stamp_of(new, kind), indent=1) + "\n")
        try:
            if os.path.lexists(root):
                root.rename(scratch / "old")
            new.rename(root)
        except OSError:
            # Another process may have installed it at the same time.
            if look_at(root) != (kind, True):
                raise


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--cuda", action="store_true")
    cuda = arguments.parse_args().cuda
    root = Path(__file__).resolve().parent.parent / ".libtorch"
    before, whole = look_at(root)
    # An installed CUDA stays, because it also works on a machine without a GPU.
    kind = "cuda" if cuda or before == "cuda" or has_gpu() else "cpu"
    if whole and kind == before:
        return
    check_machine(kind, root.parent)
    if os.path.lexists(root) and not whole:
        say(".libtorch is not whole, or not what is pinned; it is made anew")
    size = {"cpu": "for the CPU (about 0.5 GB)", "cuda": "with CUDA (about 3 GB)"}[kind]
    say(f"downloading libtorch {VERSION} {size} into .libtorch")
    # SIGTERM raises an exception, so that the temporary folder is removed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        install(root, kind)
    except OSError as error:
        fail(f"could not install libtorch: {error}")
    except KeyboardInterrupt:
        say("interrupted; nothing was changed")
        sys.exit(130)
    if kind != before and (root.parent / "target").exists():
        # tch was built against another libtorch at the same path, which cargo does not notice.
        for profile in ([], ["--release"]):
            subprocess.run(["cargo", "clean", "--quiet", "--package", "torch-sys", *profile], cwd=root.parent)
    say(f"libtorch {VERSION} is in .libtorch; scripts/lab, scripts/test and plain cargo find it there")


main()
