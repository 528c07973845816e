"""Puts libtorch into .libtorch/ of the checkout, out of PyTorch's wheel, pinned by version and SHA-256.

Called by scripts/setup. Needs pip, which knows where wheels come from, and the standard library.

Where there is no NVIDIA GPU, only the headers and the CPU's libraries are taken (0.5 GB); with one, or with --cuda,
all libraries and the CUDA libraries they want. The work is done aside and renamed into place when it is whole.
The stamp, written last, says what was installed, down to each library's size: where it does not match what is
there, something is missing or cut short, and it is made anew.
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

# What tch asks for. Only the libtorch in the wheel is used, so that the wheel for one Python serves all.
VERSION = "2.13.0"
PYTHON = "311"

# For each machine: requirement, platform, SHA-256 of the wheel. PyTorch's first; its CPU library itself wants a
# library of each of the two others, also where there is no GPU.
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

# Of the wheels for Linux, what a CPU needs.
CPU_LIBRARIES = {"libtorch_cpu.so", "libc10.so", "libgomp.so.1", "libcudart.so.13", "libcupti.so.13"}

# Free space needed, in GB: the wheels, what pip does with them, and what is unpacked.
SPACE = {"cpu": 1.5, "cuda": 6}


def say(message):
    print(f"setup: {message}", file=sys.stderr)


def fail(message):
    say(message)
    sys.exit(1)


def pip_download(requirements, platforms, scratch, *options):
    """The wheels that pip brings for these lines of a requirements file."""
    folder = Path(tempfile.mkdtemp(dir=scratch))
    (folder / "requirements.txt").write_text("\n".join(requirements) + "\n")
    command = [sys.executable, "-m", "pip", "download", "--only-binary=:all:", "--python-version", PYTHON, *options]
    command += [f"--platform={name}" for name in platforms]
    command += ["--dest", str(folder), "-r", str(folder / "requirements.txt")]
    if not sys.stderr.isatty():
        command.append("--quiet")
    # Large files stay on the checkout's disk, and nothing is installed, so that a virtual environment is not needed.
    settings = {"TMPDIR": str(folder), "PIP_REQUIRE_VIRTUALENV": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    # Standard output is left to the program that scripts/lab runs.
    if subprocess.run(command, env={**os.environ, **settings}, stdout=sys.stderr).returncode != 0:
        fail(f"pip could not bring {requirements[0].split()[0]} (its message stands above). If hashes do not match, "
             "a cache or mirror holds a broken file: try PIP_NO_CACHE_DIR=1 scripts/setup. Without a network, set "
             "up where there is one (for a machine with a GPU: scripts/setup --cuda)")
    return sorted(folder.glob("*.whl"))


def download_pinned(pin, scratch):
    """The one wheel of this pin; pip refuses it if its hash is another."""
    requirement, name, sha256 = pin
    line = f"{requirement} --hash=sha256:{sha256}"
    return pip_download([line], [name], scratch, "--no-deps", "--require-hashes")[0]


def unpack(wheel, into, place):
    """Puts each file of the wheel where `place` says, given the parts of its path; None leaves it out."""
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
    # The wheel's own libtorch.so, a mere list of libraries, names CUDA's too; this one names the CPU's.
    command = [*shlex.split(os.environ.get("CXX") or "c++"), "-shared", "-x", "c++", os.devnull, "-o", "libtorch.so",
               "-L.", "-Wl,--no-as-needed", "-ltorch_cpu", "-lc10", "-Wl,-rpath,$ORIGIN",
               "-Wl,--allow-shlib-undefined"]
    if subprocess.run(command, cwd=into / "lib", stdout=sys.stderr).returncode != 0:
        fail(f"the C++ compiler ({command[0]}) could not link libtorch.so (its message stands above)")


def install_cuda(into, scratch):
    """PyTorch and the CUDA libraries lie in site/ as pip would lay them, since they find each other by that."""
    torch = download_pinned(PINS[0], scratch)
    with zipfile.ZipFile(torch) as archive:
        metadata = archive.read(f"torch-{VERSION}.dist-info/METADATA").decode()
    wanted = [line.split(";")[0] for line in email.message_from_string(metadata).get_all("Requires-Dist")]
    libraries = [line for line in wanted if line.startswith(("cuda-toolkit", "nvidia-"))]
    unpack(torch, into, place_cuda)
    # pip takes a platform to the letter; these are all that PyTorch itself runs on.
    platforms = [f"manylinux_2_{minor}_{MACHINE}" for minor in range(17, 29)] + [f"manylinux2014_{MACHINE}"]
    for wheel in pip_download(libraries, platforms, scratch):
        unpack(wheel, into, place_cuda)
    for folder in ("include", "lib"):
        (into / folder).symlink_to(Path("site", "torch", folder))


def headers_of(folder):
    """How many files and bytes there are."""
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
    """What was installed ("cpu", "cuda" or None), and whether it is still whole and what is pinned."""
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
    """Aside, in a folder that goes whatever happens, and then into place."""
    # Unless killed outright: what is that old, nobody is at work on.
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
            # Another set-up at the same time may have been first.
            if look_at(root) != (kind, True):
                raise


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--cuda", action="store_true")
    cuda = arguments.parse_args().cuda
    root = Path(__file__).resolve().parent.parent / ".libtorch"
    before, whole = look_at(root)
    # Once there, CUDA stays: it serves a machine without a GPU as well.
    kind = "cuda" if cuda or before == "cuda" or has_gpu() else "cpu"
    if whole and kind == before:
        return
    check_machine(kind, root.parent)
    if os.path.lexists(root) and not whole:
        say(".libtorch is not whole, or not what is pinned; it is made anew")
    size = {"cpu": "for the CPU (about 0.5 GB)", "cuda": "with CUDA (about 3 GB)"}[kind]
    say(f"downloading libtorch {VERSION} {size} into .libtorch")
    # As an exception, so that the folder aside is removed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        install(root, kind)
    except OSError as error:
        fail(f"could not install libtorch: {error}")
    except KeyboardInterrupt:
        say("interrupted; nothing was changed")
        sys.exit(130)
    if kind != before and (root.parent / "target").exists():
        # tch was built against another libtorch at the same place, which cargo does not notice.
        for profile in ([], ["--release"]):
            subprocess.run(["cargo", "clean", "--quiet", "--package", "torch-sys", *profile], cwd=root.parent)
    say(f"libtorch {VERSION} is in .libtorch; scripts/lab, scripts/test and plain cargo find it there")


main()
