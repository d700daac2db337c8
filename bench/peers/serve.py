"""The protocol between the benchmark runner and a peer, one line each way.

The peer prints {"ready": true, "formats": [...], ...} once it is warm. For each "run N" on stdin it takes N steps in
every format and prints {"format": ..., "seconds": [...], ...} for each; "quit" or end of file stops it. While it waits
it uses no processor, so the runner can alternate it with pathex on a noisy machine.

A format is a memory format and, on a GPU, how the step is run: eager, compiled by torch.compile, or captured into a
CUDA graph. Seconds are those of each step, by the clock; on a GPU one figure, a step's share of N steps between two
CUDA events.
"""

import argparse
import json
import platform
import sys
import time

import torch

FORMATS = {"nchw": torch.contiguous_format, "channels_last": torch.channels_last}
MODES = ("eager", "compile", "graphs", "compile+graphs")
CAPTURE_WARMUP = 3  # eager steps before a capture: the libraries choose and allocate in them


def arguments(description, batch, modes="eager"):
    """The options every peer has; the peer may add its own before parsing. `modes`: the default on a GPU."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batch", type=int, default=batch)
    parser.add_argument("--seconds", type=float, default=60, help="a run starts no step after this many, per format; cpu only")
    parser.add_argument("--format", choices=["auto", *FORMATS], default="auto", help="auto: each in turn")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--warmup", type=int, default=2, help="untimed steps per format")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--precision", choices=["strict", "tf32", "bf16"], default="strict", help="strict: float32; tf32: tensor cores for products; bf16: autocast as well where the peer trains")
    parser.add_argument("--modes", help=f"some of {','.join(MODES)}; default: on a GPU {modes}, else eager")
    parser.add_argument("--compile-mode", default="default", help="of torch.compile, such as max-autotune-no-cudagraphs")
    parser.set_defaults(gpu_modes=modes)
    return parser


def serve(options, make_step, **about):
    """`make_step(memory_format, mode)` builds the state and returns a function that takes one step and returns a dictionary
    to report beside the seconds of the last step; it passes what of a step can be compiled or captured through `mode`.
    A format that fails is left out, with the reason, as long as another works. `about` is reported when ready.
    """
    torch.set_num_threads(options.threads)
    if options.device == "cuda":
        set_up_gpu(options)
    steps, skipped, last = {}, {}, None
    for name, memory_format, mode in formats_of(options):
        torch.manual_seed(options.seed)
        try:
            step = make_step(memory_format, Mode(mode, options))
            for _ in range(options.warmup):
                step()
            steps[name] = step
        except Exception as error:  # whatever a compiler or a capture may raise
            skipped[name], last = f"{type(error).__name__}: {error}".strip().split("\n")[0], error
    if not steps:
        raise last
    answer(options, steps, skipped, **about)


def answer(options, steps, skipped, **about):
    """Says that the steps, by the names of their formats, are warm, and takes them as they are asked for."""
    say(ready=True, torch=torch.__version__, formats=list(steps), skipped=skipped, **versions(options), **vars(options), **about)
    for line in sys.stdin:
        match line.split():
            case ["run", count] if count.isdecimal():
                for name, step in steps.items():
                    seconds, report = timed_by_events(step, int(count)) if options.device == "cuda" else timed(step, int(count), options.seconds)
                    say(format=name, seconds=seconds, **report)
            case ["quit"]:
                return
            case words:
                say(error=f"expected 'run N' or 'quit': {' '.join(words)}")


def set_up_gpu(options):
    if not torch.cuda.is_available():
        sys.exit(f"torch {torch.__version__} sees no GPU here")
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = options.precision != "strict"
    torch.backends.cudnn.benchmark = True


def formats_of(options):
    """(name, memory format, mode) of each format. torch.compile lays convolutions out as it likes: one is enough."""
    modes = (options.modes or (options.gpu_modes if options.device == "cuda" else "eager")).split(",")
    if unknown := set(modes) - set(MODES):
        sys.exit(f"modes: {','.join(sorted(unknown))} unknown; choose from {','.join(MODES)}")
    for mode in modes:
        names = [options.format] if options.format != "auto" else ["channels_last"] if "compile" in mode else list(FORMATS)
        for name in names:
            yield name if modes == ["eager"] and options.device == "cpu" else f"{mode} {name}", FORMATS[name], mode


class Mode:
    """How a step is run: both of its methods give the function back unless the mode says otherwise."""

    def __init__(self, name, options):
        self.parts, self.options = name.split("+"), options

    def compiled(self, function):
        return torch.compile(function, mode=self.options.compile_mode) if "compile" in self.parts else function

    def captured(self, function):
        return captured(function) if "graphs" in self.parts else function


def captured(function):
    """A function without arguments as one CUDA graph. What it reads and writes has to stay where it is; each call
    overwrites what the last one returned.
    """
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(CAPTURE_WARMUP):
            function()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        result = function()

    def replay():
        graph.replay()
        return result

    return replay


def timed(step, count, limit):
    seconds, report = [], {}
    while len(seconds) < count and sum(seconds) < limit:
        start = time.perf_counter()
        report = step()
        seconds.append(time.perf_counter() - start)
    return seconds, report


def timed_by_events(step, count):
    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    report = {}
    start.record()
    for _ in range(count):
        report = step()
    end.record()
    end.synchronize()
    return [start.elapsed_time(end) / 1000 / max(count, 1)], report


def say(**message):
    print(json.dumps(message, default=lambda tensor: tensor.item()), flush=True)


def versions(options):
    if options.device == "cpu":
        return {"processor": processor()}
    return {"processor": torch.cuda.get_device_name(), "cuda": torch.version.cuda, "cudnn": torch.backends.cudnn.version()}


def processor():
    try:
        with open("/proc/cpuinfo") as info:
            return next(line.split(":")[1].strip() for line in info if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
