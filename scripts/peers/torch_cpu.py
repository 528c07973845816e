"""Lets PyTorch's wheel for Linux be imported without the gigabytes of CUDA that it is linked to.

PyTorch as it comes for Linux names CUDA's libraries, and is not loaded without them. Only the CPU is timed here, and
what computes there (libtorch_cpu.so, libc10.so) stays as it is. libtorch_cuda.so is taken out, and for it and every
other library that is named and not there a small one is compiled, with the symbols that libtorch_python.so wants
to see. Nothing on a CPU calls them; where something does, the process ends with the name of the symbol. PyTorch's parts for
several machines are left out, as in a build without them.
"""

import os
import re
import shlex
import subprocess
import tempfile
from pathlib import Path

# What is large and of no use without a GPU; the last is loaded on demand.
GPU_ONLY = ["libtorch_cuda.so", "libtorch_cuda_linalg.so", "libtorch_nvshmem.so"]

# Libraries of the system's own, which every process has.
SYSTEM = re.compile(r"(lib(c|m|dl|rt|pthread|stdc\+\+|gcc_s)|ld-linux.*)\.so")

# What is called while PyTorch is loaded, to leave something in a place that this gives.
AT_START = {"_ZN4c10d15get_gil_checkerEv"}


class Failed(Exception):
    """A sentence for the user."""


def command(*arguments):
    try:
        done = subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    except OSError as error:
        raise Failed(f"cannot run {arguments[0]}, which a C++ compiler comes with: {error}") from error
    if done.returncode != 0:
        raise Failed(f"{' '.join(arguments[:2])} failed: {done.stderr.strip()[-500:]}")
    return done.stdout


def symbols(library, which):
    """The dynamic symbols of a library: (name, version or "")."""
    found = set()
    for line in command("nm", "-D", which, str(library)).splitlines():
        kind, symbol = line.split()[-2:]
        # A weak symbol may stay without a definition.
        if not (which == "--undefined-only" and kind in "wv"):
            name, _, version = symbol.partition("@")
            found.add((name, version.lstrip("@")))
    return found


def stand_in(names, text):
    """C that defines these symbols: type information as C++ lays it out, other data as zeros, functions that end."""
    lines = ["#include <stdio.h>", "#include <stdlib.h>",
             "static void *end(const char *name) {",
             '    fprintf(stderr, "%s is of CUDA, which is not here\\n", name); abort(); }',
             "extern char class_info[] __asm__(\"_ZTVN10__cxxabiv117__class_type_infoE\");"]
    for n, name in enumerate(sorted(names)):
        if name.startswith("_ZTI"):
            lines.append(f'const struct {{ void *vtable; const char *name; }} s{n} __asm__("{name}") = '
                         f'{{ class_info + 2 * sizeof(void *), "{name[4:]}" }};')
        elif name.startswith("_ZTV"):
            lines.append(f'void *s{n}[64] __asm__("{name}");')
        elif name in AT_START:
            body = "static void *place[8]; return place;"
            lines.append(f'void *s{n}(void) __asm__("{name}"); void *s{n}(void) {{ {body} }}')
        else:
            lines.append(f'void *s{n}(void) __asm__("{name}"); void *s{n}(void) {{ return end("{name}"); }}')
    text.write_text("\n".join(lines) + "\n")


def compile_library(soname, names, into):
    compiler = shlex.split(os.environ.get("CC") or "cc")
    with tempfile.TemporaryDirectory() as scratch:
        source, versions = Path(scratch, "stand_in.c"), Path(scratch, "versions")
        stand_in(names, source)
        versions.write_text(f"{soname} {{ global: *; }};\n")
        command(*compiler, "-shared", "-fPIC", "-w", str(source), "-o", str(into / soname), f"-Wl,-soname,{soname}",
                f"-Wl,--version-script={versions}", "-lstdc++")


def leave_out_distributed(file):
    """PyTorch may be built without these parts, and then makes no object of NVIDIA's library as it is imported."""
    text, place = file.read_text(), "def is_available("
    if place not in text:
        raise Failed(f"{file} was expected to define `is_available`")
    parts = ["_c10d_init", "_rpc_init", "_dist_autograd_init", "_faulty_agent_init"]
    gone = f"for part in {parts}:\n    if hasattr(torch._C, part):\n        delattr(torch._C, part)\n\n\n"
    if gone not in text:
        file.write_text(text.replace(place, gone + place, 1))


def without_cuda(packages):
    """Changes the PyTorch in this site-packages."""
    lib = packages / "torch" / "lib"
    leave_out_distributed(packages / "torch" / "distributed" / "__init__.py")
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
            # A symbol with a version is of the library that gave it; of the others any may have them.
            own = {name for name, version in missing if version == soname}
            rest = {name for name, version in missing if not version} if soname == GPU_ONLY[0] else set()
            compile_library(soname, own | rest, lib)
