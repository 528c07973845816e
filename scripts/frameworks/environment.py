"""Makes the Python environment of the frameworks: .frameworks/ of the checkout, with the pins of requirements.txt.

Called by scripts/frameworks/run. A virtual environment cannot be moved, so it is made in place. A stamp is written
last, with a hash of its sources and the number and size of its files. If the stamp does not match, it is made again.
"""

import hashlib
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import torch_cpu

HERE = Path(__file__).resolve().parent
FREE_GB = 4.5


def say(message):
    print(f"frameworks: {message}", file=sys.stderr)


def fail(message):
    say(message)
    sys.exit(1)


def source_hash():
    """A hash of everything that determines the environment."""
    files = ["requirements.txt", "environment.py", "torch_cpu.py"]
    parts = [(HERE / name).read_bytes() for name in files] + [sys.version.encode(), platform.machine().encode()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def packages_of(root):
    return root / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"


def file_totals(folder):
    """The number and bytes of the files in a folder, without Python's compiled files."""
    files = size = 0
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            more = (0, 0) if entry.name == "__pycache__" else file_totals(entry.path)
        else:
            more = 1, entry.stat(follow_symlinks=False).st_size
        files, size = files + more[0], size + more[1]
    return files, size


def stamp_of(root):
    files, size = file_totals(packages_of(root))
    return {"source_hash": source_hash(), "files": files, "bytes": size}


def is_complete(root):
    try:
        stamp = json.loads((root / "stamp.json").read_text())
        runs = subprocess.run([root / "bin" / "python", "-c", "pass"], stderr=subprocess.DEVNULL).returncode == 0
        return runs and stamp == stamp_of(root)
    except (OSError, ValueError):
        return False


def check_machine(folder):
    if sys.version_info < (3, 11):
        fail(f"expected Python 3.11 or later, found {platform.python_version()} ({sys.executable}); name another one: "
             "PYTHON=python3.12 scripts/frameworks/run")
    for module, package in [("venv", "python3-venv"), ("ensurepip", "python3-venv")]:
        try:
            __import__(module)
        except ImportError:
            fail(f"expected Python's module `{module}`, found none in {sys.executable} "
                 f"(Debian, Ubuntu: apt-get install {package})")
    free = shutil.disk_usage(folder).free / 1e9
    if free < FREE_GB:
        fail(f"expected {FREE_GB} GB of free disk space in {folder}, found {free:.1f} GB")


def install(root):
    """Installs the environment in place. The stamp comes last: without it the environment is incomplete."""
    shutil.rmtree(root, ignore_errors=True)
    scratch = tempfile.mkdtemp(prefix=".frameworks.tmp-", dir=root.parent)
    try:
        subprocess.run([sys.executable, "-m", "venv", root], check=True, stdout=sys.stderr)
        pip = [root / "bin" / "python", "-m", "pip", "install", "--no-deps", "--only-binary=:all:", "--no-compile"]
        if not sys.stderr.isatty():
            pip.append("--quiet")
        # /tmp may be too small for the wheels.
        settings = {"TMPDIR": scratch, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        pip += ["-r", HERE / "requirements.txt"]
        if subprocess.run(pip, env={**os.environ, **settings}, stdout=sys.stderr).returncode != 0:
            fail("pip could not install scripts/frameworks/requirements.txt (see its message above); check the network, and "
                 f"that wheels exist for Python {platform.python_version()} on {platform.machine()}")
        packages = packages_of(root)
        if sys.platform == "linux":
            torch_cpu.without_cuda(packages)
        (root / "stamp.json").write_text(json.dumps(stamp_of(root)) + "\n")
    except torch_cpu.Failed as error:
        fail(f"cannot remove CUDA from PyTorch: {error}")
    except subprocess.CalledProcessError as error:
        fail(f"cannot make a virtual environment: {error}")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def main():
    root = HERE.parent.parent / ".frameworks"
    if is_complete(root):
        return
    check_machine(root.parent)
    if os.path.lexists(root):
        say(".frameworks is incomplete or outdated; making it again")
    say("installing PyTorch, JAX, Keras, ONNX Runtime, OpenVINO, torchrecurrent into .frameworks (about 0.9 GB to download)")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        install(root)
    except OSError as error:
        fail(f"cannot make .frameworks: {error}")
    except KeyboardInterrupt:
        say("interrupted; the next call starts again")
        sys.exit(130)


main()
