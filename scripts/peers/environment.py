"""Makes the Python environment of the peers: .peers/ of the checkout, what requirements.txt pins and nothing else.

Called by scripts/peers/run. A virtual environment cannot be moved, so it is made in its place; the stamp, written last,
says what it was made from and how much there is: where that does not match, something is missing or cut short, and
it is made anew.
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
SPACE = 4.5


def say(message):
    print(f"peers: {message}", file=sys.stderr)


def fail(message):
    say(message)
    sys.exit(1)


def made_from():
    """A hash of everything that decides what the environment is."""
    files = ["requirements.txt", "environment.py", "torch_cpu.py"]
    parts = [(HERE / name).read_bytes() for name in files] + [sys.version.encode(), platform.machine().encode()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def packages_of(root):
    return root / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"


def amount(folder):
    """Files and bytes there, but for what Python compiles as it runs."""
    files = size = 0
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            more = (0, 0) if entry.name == "__pycache__" else amount(entry.path)
        else:
            more = 1, entry.stat(follow_symlinks=False).st_size
        files, size = files + more[0], size + more[1]
    return files, size


def stamp_of(root):
    files, size = amount(packages_of(root))
    return {"made_from": made_from(), "files": files, "bytes": size}


def is_whole(root):
    try:
        stamp = json.loads((root / "stamp.json").read_text())
        runs = subprocess.run([root / "bin" / "python", "-c", "pass"], stderr=subprocess.DEVNULL).returncode == 0
        return runs and stamp == stamp_of(root)
    except (OSError, ValueError):
        return False


def check_machine(folder):
    if sys.version_info < (3, 11):
        fail(f"Python 3.11 or later is needed; {sys.executable} is {platform.python_version()}. Name another one in "
             "PYTHON: PYTHON=python3.12 scripts/peers/run")
    for module, package in [("venv", "python3-venv"), ("ensurepip", "python3-venv")]:
        try:
            __import__(module)
        except ImportError:
            fail(f"Python's module `{module}` is needed, and {sys.executable} has none "
                 f"(Debian, Ubuntu: apt-get install {package})")
    free = shutil.disk_usage(folder).free / 1e9
    if free < SPACE:
        fail(f"{SPACE} GB of free disk space are needed in {folder}; {free:.1f} GB are free")


def install(root):
    """Where it will stand: a virtual environment cannot be moved. It is there when its stamp is."""
    shutil.rmtree(root, ignore_errors=True)
    scratch = tempfile.mkdtemp(prefix=".peers.tmp-", dir=root.parent)
    try:
        subprocess.run([sys.executable, "-m", "venv", root], check=True, stdout=sys.stderr)
        pip = [root / "bin" / "python", "-m", "pip", "install", "--no-deps", "--only-binary=:all:", "--no-compile"]
        if not sys.stderr.isatty():
            pip.append("--quiet")
        # Large files stay on the checkout's disk.
        settings = {"TMPDIR": scratch, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        pip += ["-r", HERE / "requirements.txt"]
        if subprocess.run(pip, env={**os.environ, **settings}, stdout=sys.stderr).returncode != 0:
            fail("pip could not install what scripts/peers/requirements.txt pins (its message stands above): is there "
                 f"a network, and are there wheels for Python {platform.python_version()} on {platform.machine()}?")
        packages = packages_of(root)
        shutil.rmtree(packages / "torch" / "include", ignore_errors=True)
        if sys.platform == "linux":
            torch_cpu.without_cuda(packages)
        (root / "stamp.json").write_text(json.dumps(stamp_of(root)) + "\n")
    except torch_cpu.Failed as error:
        fail(f"PyTorch cannot be made to do without CUDA: {error}")
    except subprocess.CalledProcessError as error:
        fail(f"a virtual environment could not be made: {error}")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def main():
    root = HERE.parent.parent / ".peers"
    if is_whole(root):
        return
    check_machine(root.parent)
    if os.path.lexists(root):
        say(".peers is not whole, or not what is pinned; it is made anew")
    say("installing PyTorch, JAX, Keras and ONNX Runtime into .peers (about 0.8 GB to download)")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        install(root)
    except OSError as error:
        fail(f"could not make .peers: {error}")
    except KeyboardInterrupt:
        say("interrupted; the next run makes it anew")
        sys.exit(130)


main()
