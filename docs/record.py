#!/usr/bin/env python3
"""Records what a command shows in a real terminal, as SVG: docs/record.py OUT.svg COLUMNS LINES WHEN COMMAND…

The picture is of the moment WHEN: a text that the screen shows, as a regular expression. Needs tmux. docs/run.svg is made by

    cargo build --release --example wine
    docs/record.py docs/run.svg 100 9 ' [5-9][0-9]/139' sh -c 'echo "$ cargo run --release --example wine"; exec target/release/examples/wine $(mktemp -d)'
"""

import html
import os
import re
import subprocess
import sys
import tempfile
import time
import unicodedata

COLOURS = {"31": "#f47067", "32": "#57ab5a", "33": "#c69026", "36": "#39c5cf"}
WIDTH, HEIGHT = 8.4, 18


def main():
    out, columns, lines, when, *command = sys.argv[1:]
    socket = os.path.join(tempfile.mkdtemp(), "tmux")

    def tmux(*args):
        run = subprocess.run(["tmux", "-S", socket, "-f", "/dev/null", *args], check=True, capture_output=True, text=True)
        return run.stdout

    plain = ["env", "-u", "CI", "-u", "NO_COLOR", "LC_ALL=C.UTF-8"]
    tmux("new-session", "-d", "-x", columns, "-y", lines, *plain, *command)
    try:
        while not re.search(when, tmux("capture-pane", "-p")):
            time.sleep(0.02)
        screen = tmux("capture-pane", "-p", "-e")
    finally:
        subprocess.run(["tmux", "-S", socket, "kill-server"], check=False)
    with open(out, "w") as file:
        file.write(svg(screen.rstrip("\n").split("\n"), int(columns)))


def svg(lines, columns):
    width, height = columns * WIDTH + 24, len(lines) * HEIGHT + 24
    rows = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" font-size="14" fill="#cdd9e5"',
        '     font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, DejaVu Sans Mono, monospace">',
        f'<rect width="{width:.0f}" height="{height}" rx="8" fill="#22272e"/>',
    ]
    style = []
    for number, line in enumerate(lines):
        column = 0
        for part in re.split(r"(\x1b\[[0-9;]*m)", line.rstrip()):
            if part.startswith("\x1b"):
                codes = [code or "0" for code in part[2:-1].split(";")]
                style = [code for code in style + codes if code != "39"] if "0" not in codes else []
                continue
            if part.strip():
                left = len(part) - len(part.lstrip())
                x, y = 12 + (column + left) * WIDTH, 12 + number * HEIGHT + 14
                text, cells = part.strip(), wide(part.strip())
                rows.append(f'<text x="{x:.1f}" y="{y}" textLength="{cells * WIDTH:.1f}"{look(style)}>{html.escape(text)}</text>')
            column += wide(part)
    return "\n".join(rows + ["</svg>", ""])


def look(style):
    colour = next((COLOURS[code] for code in style if code in COLOURS), None)
    return "".join(
        [
            f' fill="{colour}"' if colour else "",
            ' font-weight="bold"' if "1" in style else "",
            ' opacity="0.55"' if "2" in style else "",
            ' xml:space="preserve"',
        ]
    )


def wide(text):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


if __name__ == "__main__":
    main()
