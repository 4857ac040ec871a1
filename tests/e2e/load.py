"""Many recipients at once, and the auditor who looks at the database afterwards."""

import os
import re
import signal
import subprocess
import threading

from harness import BUILD, PATIENCE_S, http_call, wait_for

CLICKER = os.path.join(BUILD, "tests/e2e/clicker")
AUDIT = os.path.join(BUILD, "tests/e2e/audit")
LINKS_AT_ONCE = 10000


def link_paths(daemon, addresses):
    """The path of each address's unsubscribe link."""
    url = f"http://{daemon.public}"
    daemon.cli("settings", "set", f"public.url={url}")
    paths = []
    for i in range(0, len(addresses), LINKS_AT_ONCE):
        links = daemon.api("POST", "/api/v1/links", {"addresses": addresses[i:i + LINKS_AT_ONCE]})["links"]
        paths += [link["url"].removeprefix(url) for link in links]
    return paths


class Clicks:
    """One-click unsubscribes over kept-alive connections (clicker.c), one for each address, in order; endless: and again from
    the first."""

    def __init__(self, daemon, addresses, connections=64, endless=False):
        self.addresses = addresses
        self.answered = []  # addresses, in the order of their 2xx
        self.tries = {}     # address: how often it was answered otherwise or not at all
        self.refused = {}   # status: how often
        self.lost_sent_us = []  # of the wholly sent ones that got no answer: when they were sent
        self.sent = None    # addresses that were ever sent, once the load has ended
        self.process = subprocess.Popen([CLICKER, daemon.public.rsplit(":", 1)[1], str(connections), *["endless"] * endless],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.process.stdin.write("".join(f"{path}\n" for path in link_paths(daemon, addresses)).encode())
        self.process.stdin.close()
        self.thread = threading.Thread(target=self.listen)
        self.thread.start()

    def listen(self):
        for line in self.process.stdout:
            word, number, *rest = line.split()
            if word == b"ok":
                self.answered.append(self.addresses[int(number)])
                continue
            if word == b"end":
                self.sent = self.addresses[:int(number)]
                continue
            address = self.addresses[int(number)]
            self.tries[address] = self.tries.get(address, 0) + 1
            if word == b"no":
                self.refused[int(rest[0])] = self.refused.get(int(rest[0]), 0) + 1
            elif int(rest[0]):
                self.lost_sent_us.append(int(rest[0]))

    def is_over(self):
        return self.sent is not None

    def wait_for(self, count):
        """Until so many were answered in all."""
        wait_for(f"{count} clicks", lambda: len(self.answered) >= count or self.is_over(), step_s=0.001)

    def end(self):
        """No further clicks; those under way are waited for."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.thread.join(PATIENCE_S)
        assert self.process.wait(PATIENCE_S) == 0 and self.sent is not None, "the load did not end cleanly"
        self.process.stdout.close()

    def kill(self):
        """For clean-ups."""
        if self.process.poll() is None:
            self.process.kill()
        self.thread.join(PATIENCE_S)
        self.process.wait()
        self.process.stdout.close()


class Audited:
    """A person as the database has it."""

    def __init__(self, unsubscribed, stops, repeats, ticks):
        self.unsubscribed = unsubscribed == "yes"
        self.stops, self.repeats, self.ticks = int(stops), int(repeats), int(ticks)


def audit(state, keys=None):
    """Verifies the proof chains and opens every history entry; people by address."""
    run = subprocess.run([AUDIT, os.path.join(state, "optout.db"), keys or os.path.join(state, "optout.keys")],
                         capture_output=True, text=True, timeout=PATIENCE_S * 4)
    assert run.returncode == 0, run.stderr
    return {address: Audited(*rest) for address, *rest in (line.split("\t") for line in run.stdout.splitlines())}
