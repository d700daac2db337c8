"""The protocol between the benchmark runner and a peer, one line each way.

The peer prints {"ready": true, ...} once it is warm. For each "run N" on stdin it takes N steps in every memory
format and prints {"format": ..., "seconds": [per step], ...} for each; "quit" or end of file stops it. While it
waits it uses no processor, so the runner can alternate it with pathex on a noisy machine.
"""

import argparse
import json
import platform
import sys
import time

import torch

FORMATS = {"nchw": torch.contiguous_format, "channels_last": torch.channels_last}


def arguments(description, batch):
    """The options every peer has; the peer may add its own before parsing."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batch", type=int, default=batch)
    parser.add_argument("--seconds", type=float, default=60, help="a run starts no step after this many, per format")
    parser.add_argument("--format", choices=["auto", *FORMATS], default="auto", help="auto: each in turn")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--warmup", type=int, default=2, help="untimed steps per format")
    return parser


def serve(options, make_step, **about):
    """`make_step(memory_format)` builds the state and returns a function that takes one step and returns a
    dictionary to report beside the seconds of the last step. `about` is reported when ready.
    """
    torch.set_num_threads(options.threads)
    names = list(FORMATS) if options.format == "auto" else [options.format]
    steps = {}
    for name in names:
        torch.manual_seed(options.seed)
        steps[name] = make_step(FORMATS[name])
        for _ in range(options.warmup):
            steps[name]()
    say(ready=True, torch=torch.__version__, device=processor(), **vars(options), **about)
    for line in sys.stdin:
        match line.split():
            case ["run", count] if count.isdecimal():
                for name in names:
                    seconds, report = timed(steps[name], int(count), options.seconds)
                    say(format=name, seconds=seconds, **report)
            case ["quit"]:
                return
            case words:
                say(error=f"expected 'run N' or 'quit': {' '.join(words)}")


def timed(step, count, limit):
    seconds, report = [], {}
    while len(seconds) < count and sum(seconds) < limit:
        start = time.perf_counter()
        report = step()
        seconds.append(time.perf_counter() - start)
    return seconds, report


def say(**message):
    print(json.dumps(message), flush=True)


def processor():
    try:
        with open("/proc/cpuinfo") as info:
            return next(line.split(":")[1].strip() for line in info if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
