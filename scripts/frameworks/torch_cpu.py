"""Makes PyTorch's wheel for Linux importable without the gigabytes of CUDA libraries that it links to.

Only the CPU is timed, and the libraries that compute there (libtorch_cpu.so, libc10.so) stay unchanged.
libtorch_cuda.so is removed. A small stub is compiled for it and for every other missing library, with the symbols
that libtorch_python.so needs. No CPU code calls them; a call ends the process with the symbol's name. The distributed
package is disabled, as in a build without it.
"""

import os
import re
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

# Large libraries without use on a CPU; the last one is loaded on demand.
GPU_ONLY = ["libtorch_cuda.so", "libtorch_cuda_linalg.so", "libtorch_nvshmem.so"]

# The one class of torch.distributed.tensor that C++ asks for, whether or not a tensor is distributed.
DTENSOR = 'class DTensor:\n    """No tensor is distributed."""\n'

# Libraries of the system.
SYSTEM = re.compile(r"(lib(c|m|dl|rt|pthread|stdc\+\+|gcc_s)|ld-linux.*)\.so")

# Functions that are called while PyTorch is loaded; each returns a place to store a value.
CALLED_ON_IMPORT = {"_ZN4c10d15get_gil_checkerEv"}


class Failed(Exception):
    """An error message for the user."""


def command(*arguments):
    try:
        done = subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    except OSError as error:
        raise Failed(f"cannot run {arguments[0]}, a tool of the C++ compiler: {error}") from error
    if done.returncode != 0:
        raise Failed(f"{' '.join(arguments[:2])} failed: {done.stderr.strip()[-500:]}")
    return done.stdout


def symbols(library, which):
    """The dynamic symbols of a library: (name, version or "")."""
    found = set()
    for line in command("nm", "-D", which, str(library)).splitlines():
        kind, symbol = line.split()[-2:]
        # A weak symbol needs no definition.
        if not (which == "--undefined-only" and kind in "wv"):
            name, _, version = symbol.partition("@")
            found.add((name, version.lstrip("@")))
    return found


def write_stub(names, text):
    """Writes C that defines these symbols: C++ type information, zeros for other data, functions that abort."""
    lines = ["#include <stdio.h>", "#include <stdlib.h>",
             "static void *end(const char *name) {",
             '    fprintf(stderr, "%s belongs to CUDA, which is not installed\\n", name); abort(); }',
             "extern char class_info[] __asm__(\"_ZTVN10__cxxabiv117__class_type_infoE\");"]
    for n, name in enumerate(sorted(names)):
        if name.startswith("_ZTI"):
            lines.append(f'const struct {{ void *vtable; const char *name; }} s{n} __asm__("{name}") = '
                         f'{{ class_info + 2 * sizeof(void *), "{name[4:]}" }};')
        elif name.startswith("_ZTV"):
            lines.append(f'void *s{n}[64] __asm__("{name}");')
        elif name in CALLED_ON_IMPORT:
            body = "static void *place[8]; return place;"
            lines.append(f'void *s{n}(void) __asm__("{name}"); void *s{n}(void) {{ {body} }}')
        else:
            lines.append(f'void *s{n}(void) __asm__("{name}"); void *s{n}(void) {{ return end("{name}"); }}')
    text.write_text("\n".join(lines) + "\n")


def compile_library(soname, names, into):
    compiler = shlex.split(os.environ.get("CC") or "cc")
    with tempfile.TemporaryDirectory() as scratch:
        source, versions = Path(scratch, "stub.c"), Path(scratch, "versions")
        write_stub(names, source)
        versions.write_text(f"{soname} {{ global: *; }};\n")
        command(*compiler, "-shared", "-fPIC", "-w", str(source), "-o", str(into / soname), f"-Wl,-soname,{soname}",
                f"-Wl,--version-script={versions}", "-lstdc++")


def replace(file, place, text):
    """Replaces the first occurrence of `place` in a file."""
    old = file.read_text()
    if place not in old:
        raise Failed(f"{file} was expected to have `{place.strip()}`")
    file.write_text(old.replace(place, text, 1))


def disable_distributed(torch):
    """Disables the distributed package, which would create objects of NVIDIA's libraries on import."""
    place = "def is_available("
    parts = ["_c10d_init", "_rpc_init", "_dist_autograd_init", "_faulty_agent_init"]
    gone = f"for part in {parts}:\n    if hasattr(torch._C, part):\n        delattr(torch._C, part)\n\n\n"
    replace(torch / "distributed" / "__init__.py", place, gone + place)
    # torch.compile needs the rest: it asks for one operation of CUDA where another one is registered in Python, and for
    # the class of distributed tensors.
    replace(torch / "_inductor" / "comm_lowering.py", "        symm_mem.one_shot_all_reduce\n",
            "        symm_mem._low_contention_all_gather\n")
    shutil.rmtree(torch / "distributed" / "tensor")
    (torch / "distributed" / "tensor").mkdir()
    (torch / "distributed" / "tensor" / "__init__.py").write_text(DTENSOR)


def without_cuda(packages):
    """Removes CUDA from the PyTorch of this site-packages folder."""
    lib = packages / "torch" / "lib"
    disable_distributed(packages / "torch")
    for name in GPU_ONLY:
        (lib / name).unlink(missing_ok=True)
    folders = [lib, packages / "torch.libs", *packages.glob("nvidia/*/lib")]
    there = {path.name: path for folder in folders for path in folder.glob("*.so*")}
    needed, defined = set(), set()
    for library in ["libtorch_python.so", "libtorch.so", "libtorch_cpu.so", "libshm.so", "libc10_cuda.so"]:
        needed |= set(re.findall(r"NEEDED.*\[(.*)\]", command("readelf", "-d", str(lib / library))))
    wanted = symbols(lib / "libtorch_python.so", "--undefined-only")
    compiler = shlex.split(os.environ.get("CC") or "cc")
    of_cxx = Path(command(*compiler, "-print-file-name=libstdc++.so.6").strip())
    for path in [*there.values(), of_cxx]:
        defined |= {name for name, _ in symbols(path, "--defined-only")}
    missing = {(name, version) for name, version in wanted
               if name not in defined and not name.startswith(("Py", "_Py"))
               and not version.startswith(("GLIBC", "CXXABI", "GCC"))}
    for soname in sorted(needed - set(there)):
        if not SYSTEM.match(soname):
            # A versioned symbol belongs to the library of that name; the others may be in any library.
            own = {name for name, version in missing if version == soname}
            rest = {name for name, version in missing if not version} if soname == GPU_ONLY[0] else set()
            compile_library(soname, own | rest, lib)
