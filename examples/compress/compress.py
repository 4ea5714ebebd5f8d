"""Compresses a file with one method and measures it. Standard library only; xpm gives it its arguments as flags."""

import argparse
import bz2
import json
import lzma
import os
import time
import zlib

parser = argparse.ArgumentParser()
parser.add_argument("--file.name", dest="name", required=True)
parser.add_argument("--file.path", dest="path", required=True)
parser.add_argument("--file.bytes", dest="bytes", type=int, required=True)
parser.add_argument("--method", choices=["zlib", "bz2", "lzma"], required=True)
parser.add_argument("--method.level", dest="level", type=int, required=True)
parser.add_argument("--repeats", type=int, required=True)
parser.add_argument("--packed", required=True)
args = parser.parse_args()

methods = {
    "zlib": (lambda data: zlib.compress(data, args.level), zlib.decompress),
    "bz2": (lambda data: bz2.compress(data, args.level), bz2.decompress),
    "lzma": (lambda data: lzma.compress(data, preset=args.level), lzma.decompress),
}
compress, decompress = methods[args.method]

with open(args.path, "rb") as file:
    data = file.read()
if len(data) != args.bytes:
    raise ValueError(f"{args.path} has {len(data)} bytes, not {args.bytes}: the plan read another file")

with open(os.environ["XPM_EVENTS"], "a", buffering=1) as events:
    seconds = []
    for repeat in range(args.repeats):
        begin = time.perf_counter()
        packed = compress(data)
        seconds.append(time.perf_counter() - begin)
        print(json.dumps({"metric": "seconds", "step": repeat, "value": seconds[-1]}), file=events)
        print(json.dumps({"progress": (repeat + 1) / args.repeats, "description": args.method}), file=events)

if decompress(packed) != data:
    raise ValueError(f"{args.method} does not give back what it was given")
with open(args.packed, "wb") as file:
    file.write(packed)
with open(os.environ["XPM_OUTPUT"], "w") as file:
    json.dump({"bytes": len(packed), "seconds": min(seconds)}, file)
