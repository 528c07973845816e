"""Compiles a CUDA file with NVRTC for cards of some compute capabilities, and prints the remarks of the assembler.

usage: compile_kernel.py FOLDER FILE CAPABILITY...      FOLDER: where pip has installed nvidia-cuda-nvrtc
"""

import ctypes
import sys
from pathlib import Path


def libraries(folder):
    """NVRTC. The library of its built-in functions is loaded before, because NVRTC would not find it."""
    names = sorted(path for path in Path(folder).glob("nvidia/**/libnvrtc*.so.*") if ".alt." not in path.name)
    for builtins in (path for path in names if "builtins" in path.name):
        ctypes.CDLL(str(builtins), mode=ctypes.RTLD_GLOBAL)
    return ctypes.CDLL(str(next(path for path in names if "builtins" not in path.name)))


def compiled(nvrtc, source, options):
    """True if NVRTC and its assembler accept the source; and what they say."""
    program, size = ctypes.c_void_p(), ctypes.c_size_t()
    created = nvrtc.nvrtcCreateProgram(ctypes.byref(program), source, b"kernel.cu", 0, None, None)
    result = nvrtc.nvrtcCompileProgram(program, len(options), (ctypes.c_char_p * len(options))(*options))
    nvrtc.nvrtcGetProgramLogSize(program, ctypes.byref(size))
    log = ctypes.create_string_buffer(size.value)
    nvrtc.nvrtcGetProgramLog(program, log)
    return created == result == 0, log.value.decode()


def main():
    folder, file, *capabilities = sys.argv[1:]
    nvrtc, source = libraries(folder), Path(file).read_bytes()
    for capability in capabilities:
        # For `sm`, unlike `compute`, the result is machine code.
        options = [f"--gpu-architecture=sm_{capability}", "--ptxas-options=-v"]
        is_good, log = compiled(nvrtc, source, [option.encode() for option in options])
        print(f"sm_{capability}: {'compiled' if is_good else 'FAILED'}\n{log}")
        if not is_good:
            sys.exit(1)


main()
