"""More than there is room for: slow clients, floods of connections, full queues. Whoever is well-behaved is served
meanwhile, nothing grows without end, and afterwards all is as before.

Clients come from many addresses of the loopback network, since the daemon counts by client."""

import os
import resource
import select
import socket
import sqlite3
import time

from harness import QUICK, World, http_call, wait_for

FORM = "Content-Type: application/x-www-form-urlencoded\r\n"
CLICK = "List-Unsubscribe=One-Click"
RSS_KB_MAX = 64 * 1024
RSS_KB_MORE_MAX = 4 * 1024


class Client:
    """One connection, from an address of its own choice; reads no more than it is asked to."""

    def __init__(self, address, source="127.0.0.1", receive_bytes=None):
        host, port = address.split(":")
        self.socket = socket.socket()
        if receive_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.socket.bind((source, 0))
        self.socket.settimeout(20)
        self.socket.connect((host, int(port)))

    def send(self, text):
        """False when the other end has gone."""
        try:
            self.socket.sendall(text.encode())
            return True
        except OSError:
            return False

    def send_what_fits(self, text):
        self.socket.setblocking(False)
        try:
            while True:
                self.socket.send(text.encode())
        except OSError:
            self.socket.settimeout(20)

    def reply(self):
        """(status, headers in lower case); 0 when the connection ended before."""
        data = b""
        try:
            while b"\r\n\r\n" not in data:
                more = self.socket.recv(4096)
                if not more:
                    return 0, ""
                data += more
        except ConnectionError:
            return 0, ""
        head, _, body = data.partition(b"\r\n\r\n")
        text = head.decode("latin-1").lower()
        for line in text.split("\r\n"):
            if line.startswith("content-length:"):
                rest = int(line.split(":")[1]) - len(body)
                while rest > 0:
                    rest -= len(self.socket.recv(rest)) or rest
        return int(text.split(" ")[1]), text

    def ask(self, text):
        self.send(text)
        return self.reply()

    def click(self, path):
        return self.ask(click(path))[0]

    def close(self):
        self.socket.close()


def click(path):
    return f"POST {path} HTTP/1.1\r\nHost: a\r\n{FORM}Content-Length: {len(CLICK)}\r\n\r\n{CLICK}"


def other_clients(count, group=1):
    return [f"127.{group}.{i // 200}.{i % 200 + 1}" for i in range(count)]


class Overload(World):
    ORG = {"contacts": 1, "leads": 1}

    def daemon_with(self, *options):
        self.path = self.link("somebody@example.com")
        self.daemon.stop()
        self.daemon.start(options)
        self.daemon.api("GET", "/api/v1/status")
        self.before, self.rss_before = self.descriptors(), self.rss_kb()

    def paths(self, count):
        links = self.daemon.api("POST", "/api/v1/links", {"addresses": [f"p{i}@example.com" for i in range(count)]})["links"]
        return ["/u/" + link["url"].rsplit("/", 1)[1] for link in links]

    def may_mail(self, count):
        answer = self.daemon.api("POST", "/api/v1/check", {"addresses": [f"p{i}@example.com" for i in range(count)]})
        return [result["may_mail"] for result in answer["results"]]

    def proc(self, name):
        return f"/proc/{self.daemon.process.pid}/{name}"

    def descriptors(self):
        return len(os.listdir(self.proc("fd")))

    def cpu_s(self):
        with open(self.proc("stat"), encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def metric(self, name):
        text = http_call(self.daemon.socket, "GET", "/metrics")[2].decode()
        return int(next(line.split()[1] for line in text.splitlines() if line.startswith(name + " ")))

    def one_more_click(self):
        """Of somebody else, who is served whatever goes on; gives the seconds it took."""
        began = time.monotonic()
        client = Client(self.daemon.public)
        self.assertEqual(client.click(self.path), 200)
        client.close()
        return time.monotonic() - began

    def stays_small(self):
        """Its peak, and soon what it holds; sanitizers need more."""
        if not QUICK:
            self.assertLess(self.rss_kb(peak=True), RSS_KB_MAX)
            wait_for("memory to be given back", lambda: self.rss_kb() < self.rss_before + RSS_KB_MORE_MAX, patience_s=5)

    def rss_kb(self, peak=False):
        with open(self.proc("status"), encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmHWM:" if peak else "VmRSS:"))

    def does_not_spin(self):
        cpu, seconds = self.cpu_s(), 0.5
        time.sleep(seconds)
        self.assertLess(self.cpu_s() - cpu, seconds * 0.4)

    def is_as_before(self, clients):
        for client in clients:
            client.close()
        wait_for("the closed connections to be forgotten", lambda: self.descriptors() <= self.before)
        self.one_more_click()
        self.stays_small()

    def test_slow_clients_are_cut_in_time_and_hold_up_nobody(self):
        count = 100 if QUICK else 500
        self.daemon_with("--request-deadline-ms", "2000", "--idle-timeout-ms", "2000")
        head = f"POST {self.path} HTTP/1.1\r\nHost: a\r\n{FORM}X: {'x' * 11000}\r\n"
        slow, drips = [], []
        for i, source in enumerate(other_clients(count)):
            client = Client(self.daemon.public, source, receive_bytes=4096)
            slow.append(client)
            if i % 25 == 0:
                client.send_what_fits(f"GET {self.path} HTTP/1.1\r\nHost: a\r\n\r\n")
            elif i % 2:
                drips.append(client)
            else:
                client.send(head + "Content-Length: 9000\r\n\r\n" + "x" * 8000)
        started, slowest, sent = time.monotonic(), 0, 0
        while self.descriptors() > self.before:
            for client in drips:
                client.send(head[sent])
            sent += 1
            slowest = max(slowest, self.one_more_click())
            self.assertLess(time.monotonic() - started, 60 if QUICK else 10)
            time.sleep(0.05)
        self.assertLess(slowest, 10 if QUICK else 1)
        self.is_as_before(slow)

    def test_a_flood_of_connections_makes_it_neither_spin_nor_deaf(self):
        self.daemon_with("--connections-max", "128")
        flood = [Client(self.daemon.public, source) for source in other_clients(300)]
        # One client alone cannot hold more than half: what is beyond is told so.
        greedy = [Client(self.daemon.public, "127.9.9.9") for _ in range(80)]
        self.does_not_spin()
        self.one_more_click()
        self.assertLessEqual(self.descriptors(), self.before + 128 + 4)
        self.is_as_before(flood + greedy)

    def test_without_descriptors_it_goes_on(self):
        self.daemon_with()
        room = resource.prlimit(self.daemon.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(self.daemon.process.pid, resource.RLIMIT_NOFILE, (self.before + 20, room[1]))
        flood = [Client(self.daemon.public, source) for source in other_clients(60)]
        wait_for("the shortage", lambda: "Too many open files" in self.daemon.log_text())
        self.does_not_spin()
        self.one_more_click()
        resource.prlimit(self.daemon.process.pid, resource.RLIMIT_NOFILE, room)
        self.is_as_before(flood)
        self.assertLess(self.daemon.log_text().count("http.arrival.failed"), 5)

    def test_a_full_queue_is_answered_503_and_what_was_answered_200_is_kept(self):
        count, queue = 60, 16
        self.daemon_with("--writer-queue-max", str(queue))
        paths = self.paths(count)
        with sqlite3.connect(f"{self.daemon.state}/optout.db", isolation_level=None) as db:
            db.execute("BEGIN IMMEDIATE")
            clients = [Client(self.daemon.public) for _ in paths]
            for client, path in zip(clients, paths):
                client.send(click(path))
            refused = wait_for("refusals", lambda: [
                i for i, client in enumerate(clients) if select.select([client.socket], [], [], 0)[0]])
            self.assertGreaterEqual(len(refused), 1)
            wait_for("all that do not fit", lambda: len(
                select.select([client.socket for client in clients], [], [], 0)[0]) >= count - 2 * queue)
            db.execute("ROLLBACK")
        db.close()
        answers = [client.reply() for client in clients]
        statuses = [status for status, _ in answers]
        self.assertEqual(set(statuses), {200, 503})
        self.assertTrue(all("\r\nretry-after: " in head for status, head in answers if status == 503))
        self.assertGreaterEqual(statuses.count(200), queue)
        self.assertEqual([status != 200 for status in statuses], self.may_mail(count))
        self.is_as_before(clients)

    def test_a_right_link_never_meets_429(self):
        self.daemon_with()
        paths = self.paths(300)
        client = Client(self.daemon.public)
        typed = [client.ask(f"POST /u HTTP/1.1\r\nHost: a\r\n{FORM}Content-Length: {len(body)}\r\n\r\n{body}")[0]
                 for body in (f"address=t{i}%40example.com" for i in range(15))]
        self.assertEqual(sorted(set(typed)), [200, 429])
        self.assertEqual({client.click(path) for path in paths}, {200})
        self.is_as_before([client])

    def test_a_flood_of_bad_requests_is_refused_counted_and_not_logged_without_end(self):
        self.daemon_with("--log-level", "debug")
        post = f"POST {self.path} HTTP/1.1\r\nHost: a\r\n"
        rows = [
            (431, "GET / HTTP/1.1\r\nHost: a\r\nX: " + "x" * 65536 + "\r\n\r\n"),
            (431, "GET / HTTP/1.1\r\nHost: a\r\n" + "X: y\r\n" * 150 + "\r\n"),
            (414, "GET /" + "x" * 65536 + " HTTP/1.1\r\nHost: a\r\n\r\n"),
            (413, post + "Content-Length: 16385\r\n\r\n"),
            (413, post + "Transfer-Encoding: chunked\r\n\r\n" + ("1000\r\n" + "x" * 4096 + "\r\n") * 5 + "0\r\n\r\n"),
            (400, post + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            (400, post + "Content-Length: x\r\n\r\n"),
            (505, "GET / HTTP/3.0\r\nHost: a\r\n\r\n"),
        ]
        lines, refused, started = self.daemon.log_text().count("\n"), self.metric("optout_http_refused_total"), time.monotonic()
        rounds = 20 if QUICK else 60
        for _ in range(rounds):
            for status, request in rows:
                client = Client(self.daemon.public)
                got = client.ask(request)[0]
                client.close()
                self.assertEqual(got, status, request[:80])
        seconds = time.monotonic() - started + 2
        wait_for("the summary", lambda: "log.suppressed of=http.microhttpd" in self.daemon.log_text())
        self.assertLess(self.daemon.log_text().count("\n") - lines, 52 * seconds)
        # Counted are those that the library did not refuse by itself.
        self.assertGreaterEqual(self.metric("optout_http_refused_total") - refused, rounds * 4)
        self.assertEqual(self.may_mail(1), [True])
        self.is_as_before([])
