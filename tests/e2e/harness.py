"""Starts the real programs in folders of their own and talks to them as their users would.

Nothing here knows how optout or orgsim work inside: only command lines, HTTP and exit codes.
"""

import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse

BUILD = os.environ["OPTOUT_BUILD"]
QUICK = bool(os.environ.get("OPTOUT_E2E_QUICK"))
OPTOUT = os.path.join(BUILD, "src/cli/optout")
ORGSIM = os.path.join(BUILD, "sim/org/orgsim")
# Sanitizer builds are several times slower; every wait is for an event, this is only when to give up.
PATIENCE_S = 120 if QUICK else 60


def wait_for(what, question, patience_s=PATIENCE_S, step_s=0.02):
    """Asks until the answer is true; fails with what it waited for."""
    deadline = time.monotonic() + patience_s
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"gave up after {patience_s} s waiting for {what}")
        time.sleep(step_s)


def http_call(address, method, path, body=None, headers=None):
    """One HTTP exchange; address is host:port or a path of a Unix socket. Gives (status, headers, bytes)."""
    if address.startswith("/"):
        connection = http.client.HTTPConnection("localhost", timeout=PATIENCE_S)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(PATIENCE_S)
    else:
        connection = http.client.HTTPConnection(address, timeout=PATIENCE_S)
    try:
        if address.startswith("/"):
            connection.sock.connect(address)
        connection.request(method, path, body=body, headers=headers or {})
        reply = connection.getresponse()
        return reply.status, {k.lower(): v for k, v in reply.getheaders()}, reply.read()
    finally:
        connection.close()


class Program:
    """A process whose stderr is kept in a file, for the report of a failing test."""

    def __init__(self, args, log, env=None):
        self.log_path = log
        self.log = open(log, "ab")
        self.process = subprocess.Popen(args, stdout=subprocess.PIPE, stderr=self.log, env=env)

    def end(self):
        self.process.stdout.close()
        self.log.close()
        return self.process.returncode

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        return self.end()

    def stop(self):
        """SIGTERM, and the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=PATIENCE_S)
        return self.end()

    def log_text(self):
        with open(self.log_path, errors="replace") as file:
            return file.read()


class Org(Program):
    """The simulated org: its API, and its control port, through which tests act as people in Salesforce."""

    def __init__(self, folder, contacts=50, leads=25, opted_out=0, seed=1, extra=()):
        super().__init__(
            [ORGSIM, "--contacts", str(contacts), "--leads", str(leads), "--opted-out", str(opted_out),
             "--seed", str(seed), "--port", "0", "--control-port", "0", "--grant-email-opt-out",
             "--client-id", "optout-test", "--client-secret", "s3cret", *extra],
            os.path.join(folder, "orgsim.log"))
        line = self.process.stdout.readline().decode()
        found = re.search(r"API http://(\S+).*control http://(\S+)", line)
        if not found:
            raise AssertionError(f"orgsim did not come up: {line!r}\n{self.log_text()}")
        self.api, self.control = found.group(1), found.group(2)
        self.line, self.asked = http.client.HTTPConnection(self.control, timeout=PATIENCE_S), 0

    def end(self):
        self.line.close()
        return super().end()

    def ask(self, method, path, body=None):
        """One act on the control port, over a kept-alive connection, unless orgsim may be about to close it."""
        if time.monotonic() - self.asked > 20:
            self.line.close()
        self.asked = time.monotonic()
        self.line.request(method, path, None if body is None else json.dumps(body),
                          {"Content-Type": "application/json"})
        reply = self.line.getresponse()
        answer = reply.read()
        if reply.status >= 300:
            raise AssertionError(f"orgsim control {method} {path}: {reply.status} {answer[:500]!r}")
        return answer

    def records(self, obj, **where):
        query = urllib.parse.urlencode({"object": obj, **where})
        return [json.loads(line) for line in self.ask("GET", f"/records?{query}").splitlines() if line]

    def edit(self, obj, record_id, **fields):
        self.ask("POST", "/records/edit", {"object": obj, "id": record_id, "set": fields})

    def calls(self):
        return json.loads(self.ask("GET", "/calls"))


class Daemon(Program):
    """optout serve with a state folder."""

    def __init__(self, folder, extra=()):
        self.state = os.path.join(folder, "state")
        os.makedirs(self.state, mode=0o700, exist_ok=True)
        self.folder = folder
        if not os.path.exists(os.path.join(self.state, "optout.keys")):
            run = subprocess.run([OPTOUT, "key", "init", "--state-dir", self.state], capture_output=True, text=True)
            assert run.returncode == 0, run.stderr
        self.public = f"127.0.0.1:{free_port()}"
        self.admin = f"127.0.0.1:{free_port()}"
        self.socket = os.path.join(self.state, "optout.sock")
        self.start(extra)

    def start(self, extra=()):
        self.launch(extra)
        wait_for("optout to be ready", self.is_ready, step_s=0.005)

    def launch(self, extra=()):
        super().__init__(
            [OPTOUT, "serve", "--state-dir", self.state, "--listen-public", self.public,
             "--listen-admin", self.admin, *extra],
            os.path.join(self.folder, "optout.log"))

    def is_ready(self):
        if self.process.poll() is not None:
            raise AssertionError(f"optout ended with {self.process.returncode}:\n{self.log_text()[-3000:]}")
        try:
            return http_call(self.socket, "GET", "/readyz")[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    def cli(self, *args, code=0, stdin=None):
        """Runs a command against this daemon's state; checks the exit code; gives stdout."""
        return cli(self.state, *args, code=code, stdin=stdin)

    def json(self, *args, **kwargs):
        return json.loads(self.cli(*args, "--json", **kwargs))

    def api(self, method, path, body=None, expect=200, content_type="application/json"):
        data = body if body is None or isinstance(body, (bytes, str)) else json.dumps(body)
        status, _, answer = http_call(self.socket, method, path, data, {"Content-Type": content_type})
        assert status == expect, f"{method} {path}: {status} {answer[:800]!r}"
        return json.loads(answer) if answer else None

    def drained(self):
        """True when no push waits to be sent or answered."""
        counts = self.api("GET", "/api/v1/status")["outbox"]
        return counts["pending"] + counts["in_flight"] + counts["waiting"] + counts["unknown"] == 0

    def connect(self, org):
        self.cli("org", "connect", "--login-url", f"http://{org.api}", "--client-id", "optout-test",
                 "--client-secret-file", "-", stdin="s3cret\n")

    def run_sync(self, *args):
        """Sync now, to the end; approves a first run. Gives the run."""
        self.cli("sync", "--wait", *args)
        run = self.api("GET", "/api/v1/runs?limit=1")["runs"][0]
        if run["state"] == "held":
            self.cli("sync", "--approve", str(run["run_id"]), "--wait")
        run = self.api("GET", f"/api/v1/runs/{run['run_id']}")
        assert run["state"] == "done", run
        wait_for("the pushes of the run", self.drained)
        return run


def cli(state, *args, code=0, stdin=None):
    run = subprocess.run([OPTOUT, *args, "--state-dir", state], input=stdin, capture_output=True, text=True,
                         timeout=PATIENCE_S * 4)
    assert run.returncode == code, (
        f"optout {' '.join(args)}: exit {run.returncode}, expected {code}\n{run.stdout[-2000:]}\n{run.stderr[-3000:]}")
    return run.stdout


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class World(unittest.TestCase):
    """A test with a folder, an org and a daemon; shows their logs when it fails."""

    ORG = {}

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="optout-e2e-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.org = Org(self.folder, **self.ORG)
        self.addCleanup(self.org.kill)
        self.daemon = Daemon(self.folder)
        self.addCleanup(self.end_daemon)

    def end_daemon(self):
        """Ends cleanly, and no sanitizer has complained anywhere on the way."""
        if self.daemon.process.poll() is None:
            self.assertEqual(self.daemon.stop(), 0, self.daemon.log_text()[-4000:])
        for program in (self.daemon, self.org):
            text = program.log_text()
            for complaint in ("ThreadSanitizer", "AddressSanitizer", "LeakSanitizer", "runtime error:"):
                self.assertNotIn(complaint, text, text[-6000:])

    def tearDown(self):
        outcome = self._outcome
        failed = bool(getattr(outcome, "errors", None) and any(error for _, error in outcome.errors if error))
        result = getattr(outcome, "result", None)
        failed = failed or any(test is self for test, _ in (result.failures + result.errors if result else []))
        if failed:
            for program in (self.daemon, self.org):
                sys.stderr.write(f"\n--- {program.log_path}\n{program.log_text()[-4000:]}\n")

    def people_csv(self):
        """Everybody of the org as the sales system's export would have them: address and both IDs."""
        people = {}
        for obj, column in (("Contact", "contact_id"), ("Lead", "lead_id")):
            for record in self.org.records(obj):
                if record.get("Email"):
                    people.setdefault(record["Email"].lower(), {}).setdefault(column, record["Id"])
        lines = ["email,contact_id,lead_id"]
        for address, ids in sorted(people.items()):
            lines.append(f'"{address}",{ids.get("contact_id", "")},{ids.get("lead_id", "")}')
        return "\n".join(lines) + "\n"

    def import_people(self, csv=None):
        path = os.path.join(self.folder, "people.csv")
        with open(path, "w", encoding="utf-8") as file:
            file.write(csv or self.people_csv())
        self.daemon.cli("people", "import", path)

    def link(self, address):
        """The path of the address's unsubscribe link."""
        self.daemon.cli("settings", "set", f"public.url=http://{self.daemon.public}")
        url = self.daemon.json("link", address)["links"][0]["url"]
        return urllib.parse.urlsplit(url).path

    def one_click(self, path):
        return http_call(self.daemon.public, "POST", path, "List-Unsubscribe=One-Click",
                         {"Content-Type": "application/x-www-form-urlencoded"})
