"""A progress bar on standard error, with the time left; quiet lines where there is no terminal."""

import sys
import time


class Bar:
    def __init__(self, name, total):
        self.name, self.total, self.done = name, max(1, total), 0
        self.start = self.shown = time.monotonic()
        self.terminal = sys.stderr.isatty()
        self.note = ""

    def step(self, count=1, note=""):
        self.done += count
        self.note = note or self.note
        now = time.monotonic()
        if now - self.shown >= (0.2 if self.terminal else 20):
            self.shown = now
            self._show("\r" if self.terminal else "", "" if self.terminal else "\n")

    def close(self):
        self._show("\r" if self.terminal else "", "\n")

    def _show(self, before, after):
        share = min(1.0, self.done / self.total)
        spent = time.monotonic() - self.start
        left = spent / share - spent if share else 0
        filled = int(share * 24)
        sys.stderr.write(f"{before}{self.name:<12} [{'#' * filled}{'.' * (24 - filled)}] {share:4.0%} {spent:5.0f} s, {left:4.0f} s left {self.note}   {after}")
        sys.stderr.flush()
