"""Start-up after every kind of end: it either starts and has lost nothing, or it refuses, says what to do, fails and
leaves the database as it found it. Never a new database in the place of a damaged one, never a start with half."""

import glob
import hashlib
import os
import pathlib
import random
import resource
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time
import unittest

from harness import OPTOUT, PATIENCE_S, QUICK, cli, http_call, wait_for
from load import audit

PEOPLE = 400
DB, WAL, SHM, LOCK, KEYS, SOCK = "optout.db", "optout.db-wal", "optout.db-shm", "optout.db.lock", "optout.keys", "optout.sock"
PAGE = 4096
NOBODY = 65534


class Process:
    """optout serve on a state folder, which may refuse. Signals and exit codes are the test's business."""

    def __init__(self, state, *args, user=None):
        self.socket = os.path.join(state, "optout.sock")
        program = os.open(OPTOUT, os.O_RDONLY)  # the other user may not reach its folder
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            [f"/proc/self/fd/{program}", "serve", "--state-dir", state, "--listen-public", "127.0.0.1:0",
             "--listen-admin", "127.0.0.1:0", *args],
            stdout=subprocess.DEVNULL, stderr=self.log, pass_fds=[program], user=user, cwd="/",
            env={**os.environ, "HOME": "/nonexistent"})
        os.close(program)

    def call(self, method, path, body=None):
        status, _, answer = http_call(self.socket, method, path, body, {"Content-Type": "application/json"})
        return status, answer

    def has_answered(self):
        """True when ready, False when it has ended, None when neither."""
        if self.process.poll() is not None:
            return False
        try:
            return self.call("GET", "/readyz")[0] == 200 or None
        except OSError:
            return None

    def is_ready(self):
        wait_for("an answer or an end", lambda: self.has_answered() is not None, step_s=0.002)
        return bool(self.has_answered())

    def unsubscribe(self, address):
        try:
            return self.call("POST", "/api/v1/unsubscribes", f'{{"address":"{address}"}}')[0]
        except OSError:
            return 0

    def end(self, number):
        """Sends the signal; gives what wait gives."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(PATIENCE_S)

    def said(self):
        self.log.seek(0)
        return self.log.read()

    def close(self):
        self.end(signal.SIGKILL)
        self.log.close()


class States(unittest.TestCase):
    """State folders to be harmed: one that was stopped cleanly, and one whose process was killed with a full log."""

    @classmethod
    def setUpClass(cls):
        cls.root = tempfile.mkdtemp(prefix="optout-e2e-")
        cls.addClassCleanup(shutil.rmtree, cls.root, ignore_errors=True)
        cls.killed, cls.stopped = os.path.join(cls.root, "killed"), os.path.join(cls.root, "stopped")
        cls.people = [f"p{i}@example.com" for i in range(PEOPLE)]
        cls.make(cls.stopped, cls.people[:-20], signal.SIGTERM)
        shutil.copytree(cls.stopped, cls.killed)
        cls.make(cls.killed, cls.people[-20:], signal.SIGKILL)
        cls.people_of = {cls.killed: cls.people, cls.stopped: cls.people[:-20]}

    @classmethod
    def make(cls, state, people, number):
        if not os.path.exists(state):
            cli(state, "key", "init")
        process = Process(state)
        assert process.is_ready(), process.said()
        cli(state, "unsubscribe", "--from-file", "-", stdin="\n".join(people) + "\n")
        process.end(number)
        process.close()

    def setUp(self):
        self.states = 0
        os.chmod(self.root, 0o755)  # for NOBODY

    def copy(self, base):
        self.states += 1
        state = os.path.join(self.root, f"{self._testMethodName}-{self.states}")
        shutil.copytree(base, state, ignore=lambda _, names: [n for n in names if n.endswith(".sock")])
        self.addCleanup(shutil.rmtree, state, ignore_errors=True)
        return state

    def starts(self, state, people, *args, keys=None):
        """Everybody is there, and somebody new is taken in and stays."""
        process = Process(state, *args)
        self.addCleanup(process.close)
        self.assertTrue(process.is_ready(), process.said())
        self.assertEqual(process.unsubscribe("new@example.com"), 200)
        self.assertEqual(process.end(signal.SIGTERM), 0, process.said())
        found = {address for address, person in audit(state, keys).items() if person.unsubscribed}
        self.assertEqual(set(people) - found, set(), "lost")
        self.assertIn("new@example.com", found)

    def refuses(self, state, words, *args, user=None, code=1):
        """With words that name the thing and what to do; nothing is touched."""
        before = fingerprint(state)
        process = Process(state, *args, user=user)
        self.addCleanup(process.close)
        self.assertFalse(process.is_ready(), f"it started; expected: {words}")
        self.assertEqual(process.process.returncode, code, process.said())
        for word in words:
            self.assertIn(word, process.said())
        self.assertEqual(fingerprint(state), before)


def fingerprint(state):
    """Of the database and its log; an empty log is none."""
    paths = [pathlib.Path(state, name) for name in (DB, WAL)]
    return [(p.stat().st_size, hashlib.sha256(p.read_bytes()).hexdigest())
            if p.is_file() and (p.name == DB or p.stat().st_size) else None for p in paths]


def overwrite(name, data, at=0):
    """data: bytes, or a number of random ones."""
    def harm(state):
        with open(os.path.join(state, name), "r+b" if os.path.exists(os.path.join(state, name)) else "wb") as file:
            file.seek(*((0, os.SEEK_END) if at is None else (at,)))
            file.write(os.urandom(data) if isinstance(data, int) else data)
    return harm


def cut(name, size):
    """size: bytes, or a share of what there is."""
    def harm(state):
        path = os.path.join(state, name)
        os.truncate(path, int(os.path.getsize(path) * size) if isinstance(size, float) else size)
    return harm


def remove(*names):
    return lambda state: [os.remove(os.path.join(state, name)) for name in names]


def sql(statement):
    def harm(state):
        with sqlite3.connect(os.path.join(state, "optout.db")) as db:
            db.execute(statement)
        db.close()
    return harm


def all_of(*harms):
    return lambda state: [harm(state) for harm in harms]


def make_folder(name):
    return lambda state: os.mkdir(os.path.join(state, name))


def old_socket(state):
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(os.path.join(state, "optout.sock"))


def half_made(state):
    for name in ("runs/7.plan.part", "spool/night-AbCdEf", "optout.keys.tmp"):
        os.makedirs(os.path.dirname(os.path.join(state, name)), exist_ok=True)
        overwrite(name, 5000)(state)


def other_keys(state):
    os.remove(os.path.join(state, "optout.keys"))
    cli(state, "key", "init")


DAMAGED = ("optout.db: damaged", "restore a backup")
GONE = ("in use before", "restore a backup")


class Left(States):
    """What an earlier process, the power or somebody else left."""

    STARTS = [
        # What a process leaves that could not tidy up.
        ("killed", ()),
        ("killed", (remove(SHM),)),
        ("killed", (cut(SHM, 0),)),
        ("killed", (overwrite(SHM, 32768),)),
        ("killed", (overwrite(WAL, 5000, None),)),  # a commit that was never finished
        ("killed", (overwrite(WAL, bytes(5000), None),)),
        ("killed", (overwrite(LOCK, b"4194305\nmade\n"),)),  # of a process that is not there
        ("killed", (remove(LOCK),)),
        ("killed", (old_socket,)),
        ("killed", (half_made,)),
        ("stopped", ()),
        ("stopped", (overwrite(WAL, b""), overwrite(SHM, b""))),
        ("stopped", (overwrite(LOCK, 40),)),
    ]
    REFUSES = [
        # A new database would stand in the place of one that was there.
        ("stopped", cut(DB, 0), GONE),
        ("killed", cut(DB, 0), GONE),
        ("stopped", cut(DB, 100), GONE),
        ("stopped", remove(DB), GONE),
        ("killed", remove(DB), GONE),
        ("killed", remove(DB, LOCK), GONE),
        ("killed", all_of(cut(DB, 0), remove(LOCK)), GONE),
        # Half of one.
        ("stopped", cut(DB, PAGE), DAMAGED),
        ("killed", cut(DB, PAGE), DAMAGED),
        ("stopped", cut(DB, 0.5), DAMAGED),
        ("killed", cut(DB, 0.5), DAMAGED),
        ("stopped", cut(DB, 0.99), DAMAGED),
        ("stopped", overwrite(DB, 100), DAMAGED),
        ("stopped", overwrite(DB, 100 * PAGE), DAMAGED),
        ("stopped", overwrite(DB, bytes(PAGE)), DAMAGED),
        *[("stopped", overwrite(DB, data, page * PAGE), DAMAGED)
          for page in (([7] if QUICK else [1, 3, 5, 8, 13, 21, 34])) for data in (PAGE, bytes(PAGE))],
        # Not ours.
        ("stopped", sql("INSERT INTO migration SELECT max(number) + 1, 'later', x'00', 0 FROM migration"),
         ("newer version", "use that version")),
        ("stopped", sql("PRAGMA application_id = 17"), ("another program", "store_url")),
        ("stopped", all_of(remove(DB), sql("CREATE TABLE t (a)")), ("another program", "store_url")),
        ("stopped", other_keys, ("another keyring", "restore the key file")),
        ("stopped", remove(KEYS), ("no key file", "restore it from its backup")),
        ("stopped", cut(KEYS, 0), ("optout.keys", "from its backup")),
        ("stopped", cut(KEYS, 0.5), ("optout.keys", "from its backup")),
        ("stopped", overwrite(KEYS, 200), ("optout.keys", "from its backup")),
        ("stopped", all_of(remove(DB, LOCK), make_folder(DB)), ("optout.db", "directory")),
        ("stopped", overwrite(SOCK, b"text"), ("optout.sock", "not a socket", "move it away")),
    ]

    def test_it_starts_with_everything(self):
        for number, (base, harms) in enumerate(self.STARTS):
            with self.subTest(number=number, base=base):
                state = self.copy(getattr(self, base))
                for harm in harms:
                    harm(state)
                self.starts(state, self.people_of[getattr(self, base)])
                self.assertEqual(glob.glob(f"{state}/runs/*.part") + glob.glob(f"{state}/spool/*"), [], "left-overs")

    def test_it_refuses_and_touches_nothing(self):
        for number, (base, harm, words) in enumerate(self.REFUSES):
            with self.subTest(number=number, base=base, words=words):
                state = self.copy(getattr(self, base))
                harm(state)
                self.refuses(state, words)

    def test_a_first_start_that_is_killed_can_be_repeated(self):
        moments = random.Random(1)
        for _ in range(5 if QUICK else 25):
            state = os.path.join(self.root, f"first-{time.monotonic_ns()}")
            cli(state, "key", "init")
            for _ in range(2):
                process = Process(state)
                time.sleep(moments.uniform(0, 0.2 if QUICK else 0.015))
                process.close()
            self.starts(state, [])
            shutil.rmtree(state)

    def test_a_state_folder_that_may_not_be_written_is_named(self):
        """By another user than root, to whom nothing is forbidden. 4: the database cannot be had just now."""
        for mode, code, words in ((0o500, 4, ("optout.db", "let the user of this process write")),
                                  (0o000, 1, ("optout.keys", "let the user of this process read"))):
            state = self.copy(self.stopped)
            user = NOBODY if os.geteuid() == 0 else None
            for path in (state, *glob.glob(f"{state}/*")) if user else ():
                os.chown(path, user, user)
            os.chmod(state, mode)
            try:
                self.refuses(state, words, user=user, code=code)
            finally:
                os.chmod(state, 0o700)

    def test_a_state_folder_that_cannot_be_made_is_named(self):
        self.refuses(os.path.join(self.stopped, DB), (f"{self.stopped}/{DB}", "Not a directory"))
        self.refuses("/proc/optout", ("/proc/optout",))

    def test_a_missing_state_folder_is_made(self):
        keys = os.path.join(self.stopped, KEYS)
        self.starts(os.path.join(self.root, "new", "state"), [], "--key-file", keys, keys=keys)

    def test_every_number_at_its_ends_is_one_to_start_with(self):
        ends = {"reader-threads": (1, 32), "writer-queue-max": (16, 1000000), "connections-max": (8, 60000),
                "drain-ms": (0, 600000), "push-calls-in-flight-max": (1, 4), "sf-timeout-ms": (1000, 600000)}
        for end in (0, 1):
            args = [word for name, numbers in ends.items() for word in (f"--{name}", str(numbers[end]))]
            self.starts(self.copy(self.stopped), self.people_of[self.stopped], *args)


class Ended(States):
    """Real ends, with unsubscribes up to the last moment."""

    def run_until(self, state, end, people):
        """Unsubscribes people until the process is gone; gives those that were answered."""
        process = Process(state)
        self.addCleanup(process.close)
        self.assertTrue(process.is_ready(), process.said())
        resource.prlimit(process.process.pid, resource.RLIMIT_CORE, (0, 0))
        answered = [a for a in people[:10] if process.unsubscribe(a) == 200]
        self.assertEqual(len(answered), 10)
        code = end(process)
        return answered + [a for a in people[10:] if process.unsubscribe(a) == 200], code, process

    def test_whatever_ended_it_the_next_start_has_everything(self):
        by = lambda number: lambda process: process.end(number)
        cases = [(by(signal.SIGTERM), 0), (by(signal.SIGINT), 0), (by(signal.SIGKILL), -9)]
        if not QUICK:  # sanitizers make of these what they like
            cases += [(by(signal.SIGSEGV), -11), (by(signal.SIGABRT), -6), (by(signal.SIGBUS), -7)]
        for turn, (end, expected) in enumerate(cases):
            with self.subTest(expected=expected):
                state = self.copy(self.stopped)
                answered, code, _ = self.run_until(state, end, [f"t{turn}-{i}@example.com" for i in range(10)])
                self.assertEqual(code, expected)
                self.starts(state, self.people_of[self.stopped] + answered)

    def test_a_full_disk_refuses_and_loses_nothing(self):
        """As a limit of the size of files, which needs no disk of its own: some commits go through, then none."""
        for turn, number in enumerate((signal.SIGTERM, signal.SIGKILL)):
            state = self.copy(self.stopped)

            def fill(process):
                wal = os.path.getsize(os.path.join(state, WAL))
                resource.prlimit(process.process.pid, resource.RLIMIT_FSIZE, (wal + 100_000, resource.RLIM_INFINITY))

            answered, _, process = self.run_until(state, fill, [f"f{turn}-{i}@example.com" for i in range(60)])
            self.assertLess(len(answered), 60)
            self.assertEqual(process.unsubscribe("no-room@example.com"), 503)
            self.assertEqual(process.end(number), -number if number == signal.SIGKILL else 0, process.said())
            self.starts(state, self.people_of[self.stopped] + answered)


class Beside(States):
    """Another daemon is there."""

    def test_the_second_of_a_database_or_a_socket_is_refused(self):
        state, other = self.copy(self.stopped), self.copy(self.stopped)
        first = Process(state)
        self.addCleanup(first.close)
        self.assertTrue(first.is_ready(), first.said())
        self.refuses(other, (f"process {first.process.pid} ", f"{state}/{LOCK}"), "--store-url", f"sqlite:{state}/{DB}")
        self.refuses(other, ("another process listens", f"{state}/{SOCK}"), "--socket", f"{state}/{SOCK}")
        second = Process(state)
        self.addCleanup(second.close)
        self.assertEqual(second.process.wait(PATIENCE_S), 1)
        self.assertIn(f"process {first.process.pid} has the database open", second.said())
        self.assertEqual(first.unsubscribe("still@example.com"), 200)
        self.assertEqual(first.end(signal.SIGTERM), 0)
        self.starts(state, [*self.people_of[self.stopped], "still@example.com"])

    def test_a_port_that_is_taken_is_named(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            self.refuses(self.copy(self.stopped), (address, "in use"), "--listen-public", address)
