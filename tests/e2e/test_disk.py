"""A disk without room below the real daemon: the kernel refuses to let its files grow (RLIMIT_FSIZE), while clicks come
in and after."""

import resource
import subprocess
import threading

from harness import OPTOUT, World, http_call, wait_for

UNLIMITED = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
ROOM_BYTES = 8192


class Disk(World):
    ORG = {"contacts": 1, "leads": 1}

    def setUp(self):
        super().setUp()
        self.daemon.cli("settings", "set", f"public.url=http://{self.daemon.public}")
        self.people = [f"p{i}@example.com" for i in range(2000)]
        self.links = {l["address"]: l["url"].split(self.daemon.public, 1)[1]
                      for l in self.daemon.api("POST", "/api/v1/links", {"addresses": self.people})["links"]}
        self.waiting = list(self.people)
        self.kept, self.put_off, self.odd, self.lock, self.stop = [], 0, [], threading.Lock(), threading.Event()

    def click(self):
        """As a mail program: what was put off is tried again."""
        while not self.stop.is_set():
            with self.lock:
                address = self.waiting.pop(0)
            status, headers, _ = self.one_click(self.links[address])
            with self.lock:
                if status == 200:
                    self.kept.append(address)
                    continue
                self.waiting.insert(0, address)
                self.put_off += 1
                if status != 503 or not headers.get("retry-after", "").isdigit():
                    self.odd.append((status, headers))
            self.stop.wait(0.01)

    def ready(self):
        status, _, body = http_call(self.daemon.public, "GET", "/readyz")
        return status, body.decode()


    def test_clicks_are_put_off_without_room_and_kept_with_room(self):
        threads = [threading.Thread(target=self.click) for _ in range(4)]
        for thread in threads:
            thread.start()
        self.addCleanup(self.stop.set)
        for _ in range(2):
            kept = len(self.kept)
            wait_for("clicks to be kept", lambda: len(self.kept) > kept + 20)
            resource.prlimit(self.daemon.process.pid, resource.RLIMIT_FSIZE, (ROOM_BYTES, resource.RLIM_INFINITY))
            put_off = self.put_off
            wait_for("clicks to be put off", lambda: self.put_off > put_off + 20)
            kept = len(self.kept)
            status, words = self.ready()
            self.assertEqual(status, 503)
            self.assertIn("raise the limit of the file size", words)
            self.assertEqual(http_call(self.daemon.public, "GET", self.links[self.people[0]])[0], 200)
            self.assertEqual(len(self.kept), kept, "nothing is kept without room")
            resource.prlimit(self.daemon.process.pid, resource.RLIMIT_FSIZE, UNLIMITED)
            wait_for("the house to be ready", lambda: self.ready()[0] == 200)
        kept = len(self.kept)
        wait_for("clicks to be kept again", lambda: len(self.kept) > kept + 20)
        self.stop.set()
        for thread in threads:
            thread.join()
        self.assertEqual(self.odd, [])
        self.daemon.kill()
        self.daemon.start()
        results = self.daemon.api("POST", "/api/v1/check", {"addresses": self.kept})["results"]
        self.assertEqual([r["address"] for r in results if r["may_mail"]], [])

    def test_a_start_without_room_says_what_to_do(self):
        self.assertEqual(self.daemon.stop(), 0)
        run = subprocess.run(
            [OPTOUT, "serve", "--state-dir", self.daemon.state, "--listen-public", self.daemon.public],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            restore_signals=False,  # sanitizers try to write before there is a program that ignores SIGXFSZ
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY)))
        self.assertNotEqual(run.returncode, 0)
        self.assertIn("raise the limit of the file size", run.stderr)
        self.daemon.start()
