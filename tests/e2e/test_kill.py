"""kill -9 at any moment: under a load of clicks, in each phase of a night, with an org that is slow, cut off or gone.

OPTOUT_KILLS=N kills N times under load (100; 10 with --quick); OPTOUT_SEED repeats a run's moments as far as threads and
disk allow.
"""

import collections
import os
import random
import signal
import statistics
import sys
import time

from harness import QUICK, Org, World, free_port, wait_for
from load import Clicks, audit

KILLS = int(os.environ.get("OPTOUT_KILLS", 10 if QUICK else 100))
SEED = int(os.environ.get("OPTOUT_SEED", time.time_ns() // 1000 % 1_000_000))
CONNECTIONS = 64
# Answered clicks between two kills are drawn from 0 to twice this: some tens of group commits, and pushes in each state.
CLICKS_PER_LIFE = 60 if QUICK else 150
START_MS = 200 if QUICK else 30  # about the time from exec to ready


class Killed(World):
    def setUp(self):
        super().setUp()
        self.random = random.Random(SEED)
        self.starts_ms = []

    def note(self, text):
        print(f"{self.id().split('.', 1)[1]}: seed {SEED}, {text}", file=sys.stderr)

    def kill_and_launch(self):
        self.daemon.kill()
        self.launched = time.monotonic()
        self.daemon.launch()

    def wait_until_ready(self):
        wait_for("optout to be ready", self.daemon.is_ready, step_s=0.001)
        self.starts_ms.append((time.monotonic() - self.launched) * 1000)

    def connect_all(self):
        self.daemon.connect(self.org)
        csv = self.people_csv()
        self.import_people(csv)
        rows = [line.split(",") for line in csv.splitlines()[1:]]
        self.people = {address.strip('"'): [i for i in ids if i] for address, *ids in rows}

    def addresses(self, keep):
        """Of the org's records, as the database writes them."""
        return {r["Email"].lower() for obj in ("Contact", "Lead") for r in self.org.records(obj) if r.get("Email") and keep(r)}

    def check_nobody(self, addresses, what):
        self.assertEqual(sorted(addresses)[:5], [], f"{len(addresses)} {what}")

    def check_unsubscribed(self, addresses):
        results = self.daemon.api("POST", "/api/v1/check", {"addresses": addresses})["results"]
        self.check_nobody([r["address"] for r in results if r["state"] != "unsubscribed"], "were answered and are not there")

    def check_clicks(self, clicks):
        """After the end of the load and of the daemon: who was answered, and who was not."""
        found, answered = audit(self.daemon.state), collections.Counter(clicks.answered)
        unsubscribed = {address for address, person in found.items() if person.unsubscribed}
        counted = {address: person.stops + person.repeats for address, person in found.items()}
        self.check_nobody(answered.keys() - unsubscribed, "were answered and are not unsubscribed")
        self.check_nobody(unsubscribed - set(clicks.sent), "were never asked for")
        self.check_nobody([a for a, p in found.items() if p.stops != p.unsubscribed], "have not one entry")
        self.check_nobody([a for a, n in answered.items() if n > counted[a]], "were answered more often than is counted")
        self.check_nobody([a for a, n in counted.items() if n > answered[a] + clicks.tries.get(a, 0)],
                          "count more clicks than were sent")
        return unsubscribed

    def check_ticks(self, unsubscribed):
        """Every linked record of these is ticked, and nobody else's."""
        ticked = {r["Id"] for obj in ("Contact", "Lead") for r in self.org.records(obj) if r["HasOptedOutOfEmail"]}
        self.check_nobody({i for a in unsubscribed for i in self.people[a]} - ticked, "records are not ticked")
        self.check_nobody(self.addresses(lambda r: r["HasOptedOutOfEmail"]) - unsubscribed, "are ticked without a reason")


class UnderLoad(Killed):
    PEOPLE = min(KILLS * CLICKS_PER_LIFE * 2, 100_000)  # then the load begins anew, with repeated wishes
    ORG = {"contacts": PEOPLE, "leads": PEOPLE // 10}

    def troubles(self):
        """What the org is up to while some of the kills land: kill number to what happens and how it ends."""
        ask = self.org.ask
        normal = lambda: ask("POST", "/org-state", {"latency_ms": 0, "state": "normal"})
        fault = lambda kind: (lambda: ask("POST", "/faults", {"kind": kind, "path": "/composite", "count": 3}),
                              lambda: ask("DELETE", "/faults"))
        cases = [
            (lambda: ask("POST", "/org-state", {"latency_ms": 150}), normal),
            fault("reset_after"),
            fault("reset_before"),
            (lambda: self.org.process.send_signal(signal.SIGSTOP), lambda: self.org.process.send_signal(signal.SIGCONT)),
            (lambda: ask("POST", "/org-state", {"state": "maintenance"}), normal),
        ]
        return {KILLS * (i + 1) // (len(cases) + 2): case for i, case in enumerate(cases)}

    def live(self, clicks):
        """One life of the daemon, up to the moment of its end."""
        if self.random.random() < 0.1:
            time.sleep(self.random.uniform(0, START_MS / 1000))  # it dies while it starts
            return
        self.wait_until_ready()
        self.check_unsubscribed(clicks.answered[self.checked:])
        self.checked = len(clicks.answered)
        clicks.wait_for(self.checked + self.random.randrange(2 * CLICKS_PER_LIFE))
        time.sleep(self.random.uniform(0, 0.005))

    def test_no_answered_click_is_lost_by_kill_9(self):
        self.connect_all()
        addresses = [a for a in self.people if self.people[a]]
        self.random.shuffle(addresses)
        silent = len(addresses) // 20  # they never ask
        clicks = Clicks(self.daemon, addresses[silent:], CONNECTIONS, endless=True)
        self.addCleanup(clicks.kill)
        troubles, self.checked = self.troubles(), 0
        began = time.monotonic()
        self.kill_and_launch()
        for number in range(1, KILLS):
            begin, end = troubles.get(number, (None, None))
            if begin:
                begin()
            self.live(clicks)
            self.kill_and_launch()
            if end:
                end()
        self.wait_until_ready()
        took_s = time.monotonic() - began
        clicks.end()
        self.check_unsubscribed(clicks.answered[self.checked:])
        wait_for("the pushes", self.daemon.drained)
        self.assertEqual(self.daemon.json("diagnostics")["rows"], [])
        self.assertEqual(self.daemon.stop(), 0)
        unsubscribed = self.check_clicks(clicks)
        self.check_ticks(unsubscribed)
        self.note(f"{KILLS} kills in {took_s:.1f} s, {len(clicks.answered)} clicks answered, "
                  f"{len(clicks.lost_sent_us)} sent and not answered, {len(unsubscribed)} unsubscribed, "
                  f"start to ready {statistics.median(self.starts_ms):.0f} ms (median) {max(self.starts_ms):.0f} ms (most)")
        self.assertGreater(len(clicks.answered), KILLS * CLICKS_PER_LIFE // 2)
        self.assertEqual(clicks.refused, {})


class Night(Killed):
    """Killed while reading (four times), planning (three), held, applying (until it is done, three at most) and pushing."""

    ORG = {"contacts": 1000 if QUICK else 6000, "leads": 300 if QUICK else 1500, "opted_out": 30,
           "extra": ("--bulk-page-rows", "100" if QUICK else "1000")}
    READING, PLANNING, APPLYING = (1, 1, 1) if QUICK else (4, 3, 3)

    def state_now(self):
        """The last state that this life's log names; the log is nearer to the moment than the API."""
        lines = [line for line in self.daemon.log_text()[self.log_start:].splitlines() if " run.state " in line]
        return lines[-1].split(" state=")[1].split()[0] if lines else ""

    def launch(self):
        self.log_start = len(self.daemon.log_text())
        self.kill_and_launch()

    def kill_in(self, state, within_ms):
        wait_for(f"the run to be {state}", lambda: self.state_now() == state, step_s=0.0005)
        time.sleep(self.random.uniform(0, within_ms / 1000))
        self.daemon.process.kill()
        self.daemon.process.wait()
        self.killed.append(self.state_now())
        self.launch()

    def run_now(self):
        return self.daemon.api("GET", "/api/v1/runs?limit=1")["runs"][0]

    def rests(self):
        self.wait_until_ready()
        return wait_for("the run to rest", lambda: next(
            (r for r in [self.run_now()] if r["state"] in ("held", "done", "failed", "discarded")), None))

    def test_a_night_that_is_killed_in_each_phase_ends_with_the_union(self):
        self.connect_all()
        expected = self.addresses(lambda r: r["HasOptedOutOfEmail"])
        here = sorted(set(self.people) - expected)[:len(self.people) // 20]
        self.daemon.cli("unsubscribe", "--from-file", "-", stdin="\n".join(here) + "\n")
        wait_for("the pushes", self.daemon.drained)
        for record_id in sorted(i for a in here for i in self.people[a])[::2]:
            self.org.edit("Contact" if record_id.startswith("003") else "Lead", record_id, HasOptedOutOfEmail=False)
        expected |= set(here)
        self.daemon.cli("settings", "set", "sync.nightly=on")
        self.killed, self.launched, self.log_start = [], time.monotonic(), len(self.daemon.log_text())
        run_id = self.daemon.api("POST", "/api/v1/runs", {"kind": "now"}, expect=202)["run_id"]

        for _ in range(self.READING):
            self.kill_in("reading", 1000 if QUICK else 200)
        for _ in range(self.PLANNING):
            self.kill_in("planning", 12)
        self.assertEqual(self.rests()["state"], "held")
        self.launch()
        self.assertEqual(self.rests()["state"], "held")
        self.daemon.api("POST", f"/api/v1/runs/{run_id}/approve")
        for _ in range(self.APPLYING):
            if self.state_now() != "done":
                self.kill_in("applying", 120)
        run = self.rests()
        self.assertEqual((run["run_id"], run["state"]), (run_id, "done"), run)
        wait_for("the pushes", self.daemon.drained)

        self.check_nobody(self.addresses(lambda r: r["HasOptedOutOfEmail"]) ^ expected, "are on one side only")
        self.check_nobody(self.addresses(lambda r: not r["HasOptedOutOfEmail"]) & expected, "have a record that is not ticked")
        again = self.daemon.run_sync()
        self.assertEqual((again["planned_here"], again["planned_there"]), (0, 0), again)
        self.assertEqual(self.daemon.stop(), 0)
        found = audit(self.daemon.state)
        self.check_nobody({a for a, p in found.items() if p.unsubscribed} ^ expected, "are on one side only")
        self.check_nobody([a for a, p in found.items() if (p.stops, p.repeats) != (p.unsubscribed, 0)], "have not one entry")
        self.note(f"killed while {', '.join(self.killed)}; {len(expected)} people on both sides, "
                  f"{run['skipped']} of {run['planned_here'] + run['planned_there']} rows were done before a kill")


class OrgDies(Killed):
    """The org goes in the middle of pushes and comes back without what it was told; Optout is killed on the way as well."""

    PORT, CONTROL = free_port(), free_port()
    ORG = {"contacts": 400 if QUICK else 3000, "leads": 100,
           "extra": ("--port", str(PORT), "--control-port", str(CONTROL))}

    def test_what_a_lost_org_forgot_is_ticked_again_by_the_night(self):
        self.connect_all()
        self.daemon.cli("settings", "set", "sync.nightly=on")
        addresses = [a for a in self.people if self.people[a]]
        clicks = Clicks(self.daemon, addresses, CONNECTIONS)
        self.addCleanup(clicks.kill)
        clicks.wait_for(len(addresses) // 10)
        wait_for("a tick", lambda: self.org.calls()["by_kind"]["collection"] > 0, step_s=0.001)
        self.org.kill()
        clicks.wait_for(len(addresses) // 5)  # an unsubscribe does not need Salesforce
        self.kill_and_launch()
        self.wait_until_ready()
        clicks.wait_for(len(addresses) // 2)
        self.org = Org(self.folder, **self.ORG)
        self.addCleanup(self.org.kill)
        self.org.ask("POST", "/org-state", {"latency_ms": 100})  # late from now on
        clicks.wait_for(len(addresses))
        clicks.end()
        self.kill_and_launch()
        self.wait_until_ready()
        wait_for("the pushes", self.daemon.drained)
        self.org.ask("POST", "/org-state", {"latency_ms": 0})
        run = self.daemon.run_sync()
        self.assertEqual(self.daemon.stop(), 0)
        unsubscribed = self.check_clicks(clicks)
        self.check_ticks(unsubscribed)
        self.note(f"{len(unsubscribed)} unsubscribed, {run['planned_there']} ticked again by the night")
        self.assertGreater(run["planned_there"], 0)


class Stopped(Killed):
    """SIGTERM under the same load."""

    ROUNDS = 2 if QUICK else 6
    CLICKS = 50 if QUICK else 300
    ORG = {"contacts": ROUNDS * CLICKS * 6, "leads": 0}
    SMALL_S = 10 if QUICK else 1  # to notice, to commit, to close

    def stop_s(self):
        began = time.monotonic()
        self.assertEqual(self.daemon.stop(), 0)
        return time.monotonic() - began

    def test_each_request_that_was_sent_before_sigterm_is_answered_and_each_answer_is_durable(self):
        self.connect_all()
        clicks = Clicks(self.daemon, [a for a in self.people if self.people[a]], CONNECTIONS, endless=True)
        self.addCleanup(clicks.kill)
        stops_s, lost = [], 0
        for _ in range(self.ROUNDS):
            clicks.wait_for(len(clicks.answered) + self.random.randrange(self.CLICKS, 2 * self.CLICKS))
            began_us = time.monotonic_ns() // 1000
            stops_s.append(self.stop_s())
            unsubscribed = {a for a, person in audit(self.daemon.state).items() if person.unsubscribed}
            wait_for("the answers to be read", lambda: unsubscribed <= set(clicks.answered))
            self.check_nobody(set(clicks.answered) ^ unsubscribed, "were answered and are not there, or the reverse")
            self.check_nobody([t for t in clicks.lost_sent_us[lost:] if t < began_us], "were sent before and never answered")
            lost = len(clicks.lost_sent_us)
            self.daemon.start()
        clicks.end()
        self.assertEqual(self.daemon.stop(), 0)
        self.check_clicks(clicks)
        self.note(f"{self.ROUNDS} stops under load, {len(clicks.answered)} clicks answered, {lost} sent while it closed and not "
                  f"answered, {max(stops_s) * 1000:.0f} ms at most")
        self.assertEqual(clicks.refused, {})

    def stuck(self, drain_ms):
        """A daemon with a push under way that its org does not answer."""
        self.connect_all()
        self.daemon.stop()
        self.daemon.start(("--drain-ms", str(drain_ms)))
        self.org.ask("POST", "/org-state", {"latency_ms": 60_000})
        address = next(a for a in self.people if self.people[a])
        self.daemon.cli("unsubscribe", address)
        wait_for("the call", lambda: self.daemon.api("GET", "/api/v1/status")["outbox"]["in_flight"] == 1)
        return address

    def test_a_call_without_an_answer_holds_the_stop_for_drain_ms_at_most(self):
        self.stuck(700)
        self.assertLess(self.stop_s(), 0.7 + self.SMALL_S)

    def test_a_second_sigterm_ends_at_once_and_loses_nothing(self):
        address = self.stuck(60_000)
        begun = self.daemon.log_text().count("daemon.stopping")
        self.daemon.process.send_signal(signal.SIGTERM)
        wait_for("the stop", lambda: self.daemon.log_text().count("daemon.stopping") > begun)
        began = time.monotonic()
        self.daemon.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.daemon.process.wait(), 1)
        self.assertLess(time.monotonic() - began, self.SMALL_S)
        self.daemon.end()
        self.org.ask("POST", "/org-state", {"latency_ms": 0})
        self.daemon.start()
        self.check_unsubscribed([address])
        wait_for("the push", self.daemon.drained)
        self.check_ticks({address})
