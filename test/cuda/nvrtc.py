"""Compiles CUDA C with NVRTC, which needs no GPU: nvrtc.py LIBRARY ARCHITECTURES FILE..., for example libnvrtc.so.13 sm_80,sm_90 a.cu b.cu.

Prints one JSON line: [{"file", "architecture", "seconds", "log", "ok", "kernels": {name: {"registers", "spilledBytes"}}}].
Without arguments it says what there is to compile with, each version once: {"libraries": [{"path", "version": "13.0"}], "reason": why there is none}.
NVRTC is looked for where the cuda device looks: PATHEX_CUDA_LIBRARIES (colon-separated), the pip wheels under VIRTUAL_ENV, CONDA_PREFIX and
python3's site-packages, CUDA_HOME or CUDA_PATH, then wherever the dynamic linker looks.
"""
import ctypes
import glob
import json
import os
import re
import site
import sys
import time

NAMES = ["libnvrtc.so.13", "libnvrtc.so.12"]


def folders():
    env = os.environ
    yield from filter(None, env.get("PATHEX_CUDA_LIBRARIES", "").split(":"))
    roots = [glob.glob(f"{env[v]}/lib/python*/site-packages") for v in ("VIRTUAL_ENV", "CONDA_PREFIX") if v in env]
    for root in [*sum(roots, []), *site.getsitepackages(), site.getusersitepackages()]:
        yield from glob.glob(f"{root}/nvidia/*/lib")
    for variable in ("CUDA_HOME", "CUDA_PATH"):
        if variable in env:
            yield f"{env[variable]}/lib64"


def version_of(nvrtc):
    major, minor = ctypes.c_int(), ctypes.c_int()
    nvrtc.nvrtcVersion(ctypes.byref(major), ctypes.byref(minor))
    return f"{major.value}.{minor.value}"


def find():
    found = {}
    for path in [*(f"{folder}/{name}" for folder in folders() for name in NAMES), *NAMES]:
        try:
            found.setdefault(version_of(ctypes.CDLL(path)), path)
        except OSError:
            continue
    return [{"path": path, "version": version} for version, path in found.items()]


def open_library(path):
    """With its built-in functions, which it may not find by itself; see openNvrtcLibrary of native/cuda."""
    nvrtc = ctypes.CDLL(path, ctypes.RTLD_GLOBAL)
    try:
        ctypes.CDLL(os.path.join(os.path.dirname(path), f"libnvrtc-builtins.so.{version_of(nvrtc)}"), ctypes.RTLD_GLOBAL)
    except OSError:
        pass
    return nvrtc


def text(nvrtc, program, what):
    size = ctypes.c_size_t()
    getattr(nvrtc, f"nvrtcGet{what}Size")(program, ctypes.byref(size))
    buffer = ctypes.create_string_buffer(size.value)
    getattr(nvrtc, f"nvrtcGet{what}")(program, buffer)
    return buffer.value.decode(errors="replace")


def compile_file(nvrtc, path, architecture):
    with open(path, "rb") as file:
        source = file.read()
    program = ctypes.c_void_p()
    nvrtc.nvrtcCreateProgram(ctypes.byref(program), source, path.encode(), 0, None, None)
    options = [f"-arch={architecture}".encode(), b"--ptxas-options=-v"]
    started = time.process_time()
    status = nvrtc.nvrtcCompileProgram(program, len(options), (ctypes.c_char_p * len(options))(*options))
    seconds = time.process_time() - started
    log = text(nvrtc, program, "ProgramLog")
    nvrtc.nvrtcDestroyProgram(ctypes.byref(program))
    found = re.findall(r"Compiling entry function '(\w+)'.*?(\d+) bytes spill stores.*?Used (\d+) registers", log, re.S)
    kernels = {name: {"registers": int(registers), "spilledBytes": int(spilled)} for name, spilled, registers in found}
    warnings = "\n".join(line for line in log.splitlines() if not re.match(r"ptxas\s+(info|\.)|$", line))
    return {"file": path, "architecture": architecture, "seconds": round(seconds, 3), "log": warnings, "ok": status == 0, "kernels": kernels}


def main(library=None, architectures="", *files):
    if library is None:
        libraries = find()
        reason = None if libraries else f"no {' or '.join(NAMES)}; node scripts/cuda-wheels.mjs installs it, PATHEX_CUDA_LIBRARIES names another folder"
        print(json.dumps({"libraries": libraries, "reason": reason}))
        return
    nvrtc = open_library(library)
    print(json.dumps([compile_file(nvrtc, file, architecture) for file in files for architecture in architectures.split(",")]))


main(*sys.argv[1:])
