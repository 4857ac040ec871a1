"""What goes wrong outside is survived inside: an org that is slow, down, cut short or set up half; a
crash and a stop in each phase of a run; a removal in the middle."""

import signal
import sqlite3
import subprocess
import threading
import time

from harness import OPTOUT, PATIENCE_S, QUICK, World, cli, wait_for

SALES = "Marketo_Sales_Opt_Out__c"
# Far below the time-outs of the calls under way, far above a clean stop.
STOP_S = 20 if QUICK else 5


class Trouble(World):
    ORG = {"contacts": 60, "leads": 30, "seed": 3, "extra": ("--custom-checkbox", SALES)}
    SWITCH = "on"

    def setUp(self):
        super().setUp()
        self.daemon.connect(self.org)
        self.import_people()
        self.daemon.cli("settings", "set", f"sync.nightly={self.SWITCH}")
        self.record = next(r for r in self.org.records("Contact") if r.get("Email"))
        self.address = self.record["Email"].lower()

    def box(self):
        return self.org.records("Contact", id=self.record["Id"])[0]["HasOptedOutOfEmail"]

    def tick(self):
        self.org.edit("Contact", self.record["Id"], HasOptedOutOfEmail=True)

    def person(self):
        return self.daemon.json("people", "show", self.address)

    def row(self):
        return next((r for r in self.daemon.json("diagnostics")["rows"] if r["record_id"] == self.record["Id"]), None)

    def state(self, **figures):
        self.org.ask("POST", "/org-state", figures)

    def fault(self, **fault):
        self.org.ask("POST", "/faults", fault)

    def ask_run(self, kind="now"):
        return self.daemon.api("POST", "/api/v1/runs", {"kind": kind}, expect=202)["run_id"]

    def run_of(self, run_id):
        return self.daemon.api("GET", f"/api/v1/runs/{run_id}")

    def ended(self, run_id):
        return wait_for(f"the end of run {run_id}", lambda: next(
            (r for r in [self.run_of(run_id)] if r["state"] in ("done", "held", "failed", "discarded")), None))

    def reaches(self, run_id, state):
        wait_for(f"run {run_id} to be {state}", lambda: self.run_of(run_id)["state"] == state, step_s=0.002)

    def stops_soon(self):
        started = time.monotonic()
        self.assertEqual(self.daemon.stop(), 0)
        self.assertLess(time.monotonic() - started, STOP_S)


class HalfSetUp(Trouble):
    def failed(self, *words):
        run = self.ended(self.ask_run("dry"))
        self.assertEqual(run["state"], "failed", run)
        for word in words:
            self.assertIn(word, run["note"])

    def test_a_mode_without_its_field_fails_the_run_and_nothing_else(self):
        self.daemon.cli("settings", "set", "sync.mode=sales")
        self.failed("sync.field.contact")

    def test_fields_that_are_hidden_everywhere_fail_the_run_and_nothing_else(self):
        for obj in ("Contact", "Lead"):
            self.org.ask("POST", "/fls", {"object": obj, "field": "HasOptedOutOfEmail", "read": False, "edit": False})
        self.failed("HasOptedOutOfEmail")

    def test_a_brake_of_zero_percent_holds_and_does_not_crash(self):
        self.run_sync_done()
        self.tick()
        self.daemon.cli("settings", "set", "brake.percent=0", "brake.rows_min=0")
        self.assertEqual(self.ended(self.ask_run())["state"], "held")

    def run_sync_done(self):
        return self.daemon.run_sync()


class Reading(Trouble):
    ORG = {**Trouble.ORG, "extra": ("--bulk-page-rows", "20")}

    def test_a_page_that_was_cut_is_fetched_again(self):
        self.tick()
        self.fault(kind="truncate", path="/results", skip=1, bytes=300)
        self.fault(kind="status", path="/results", skip=1, status=200, content_type="text/csv",
                   body='"Id","Email","HasOptedOutOfEmail"\n"0035')
        self.daemon.run_sync()
        self.assertTrue(self.person()["unsubscribed"])

    def test_a_maintenance_page_instead_of_an_answer_is_waited_out(self):
        self.tick()
        self.fault(kind="html", path="/jobs/query", skip=2, count=2)
        self.daemon.run_sync()
        self.assertTrue(self.person()["unsubscribed"])

    def test_a_session_that_ends_in_the_middle_of_a_job_is_renewed(self):
        self.tick()
        self.state(bulk_delay_ms=700)
        run_id = self.ask_run("dry")
        self.reaches(run_id, "reading")
        time.sleep(0.4)
        self.org.ask("POST", "/session/expire", {})
        run = self.ended(run_id)
        self.assertEqual((run["state"], run["planned_here"]), ("done", 1), run)

    def test_a_field_that_was_hidden_since_the_last_run_holds_the_next(self):
        self.daemon.run_sync()
        self.org.ask("POST", "/fls", {"object": "Lead", "field": "HasOptedOutOfEmail", "read": False, "edit": False})
        run = self.ended(self.ask_run())
        self.assertEqual(run["state"], "held")
        self.assertIn("Lead", run["note"])


class Pushing(Trouble):
    def outage(self):
        """Somebody else's push meets an org that is down, until no calls are tried any more."""
        self.state(state="maintenance")
        self.daemon.cli("unsubscribe", self.other()["Email"])
        wait_for("the breaker", lambda: self.daemon.log_text().count("push.call.failed") >= 3)

    def other(self):
        return next(r for r in self.org.records("Lead") if r.get("Email") and r["Email"].lower() != self.address)

    def test_a_removal_during_an_outage_is_done_at_once_and_nothing_is_ticked_later(self):
        self.outage()
        self.daemon.cli("unsubscribe", self.address)
        wait_for("the queued push", lambda: self.row() and self.row()["state"] in ("pending", "waiting"))
        self.daemon.cli("remove", self.address, "--reason", "a slip", "--yes")
        self.assertFalse(self.person()["unsubscribed"])
        self.state(state="normal")
        wait_for("the other push", self.daemon.drained)
        self.assertFalse(self.box())

    def test_a_click_does_not_wait_longer_than_the_outage(self):
        self.outage()
        self.daemon.cli("unsubscribe", self.address)
        self.state(state="normal")
        started = time.monotonic()
        wait_for("the tick", self.box)
        self.assertLess(time.monotonic() - started, 12)

    def test_a_removal_while_a_call_is_under_way_waits_for_its_answer(self):
        self.daemon.cli("org", "status")
        self.state(latency_ms=700)
        self.daemon.cli("unsubscribe", self.address)
        wait_for("the call", lambda: self.row() and self.row()["state"] == "in_flight")
        self.daemon.cli("remove", self.address, "--reason", "a slip", "--yes")
        self.assertTrue(self.person()["removal_waiting"])
        wait_for("the answer", lambda: not self.person()["removal_waiting"])
        self.assertFalse(self.person()["unsubscribed"])

    def test_a_locked_record_is_tried_again_and_holds_up_no_other(self):
        self.fault(kind="record", code="UNABLE_TO_LOCK_ROW", message="locked", id=self.record["Id"])
        self.daemon.cli("unsubscribe", self.address)
        wait_for("the tick", self.box)
        wait_for("the settled push", self.daemon.drained)

    def test_a_record_that_is_gone_is_listed_and_the_other_one_ticked(self):
        gone, there = [r for r in self.org.records("Contact") if r.get("Email")][:2]
        self.fault(kind="record", code="NOT_FOUND", message="no such record", id=gone["Id"], count=9)
        self.daemon.cli("unsubscribe", "--from-file", "-", stdin=f"{gone['Email']}\n{there['Email']}\n")
        wait_for("the tick", lambda: self.org.records("Contact", id=there["Id"])[0]["HasOptedOutOfEmail"])
        row = wait_for("the refusal", lambda: next(
            (r for r in self.daemon.json("diagnostics")["rows"] if r["record_id"] == gone["Id"] and r["state"] == "dead"), None))
        self.assertEqual(row["error_code"], "NOT_FOUND")

    def test_a_row_that_cannot_be_settled_holds_up_no_other(self):
        self.daemon.cli("org", "status")
        self.state(latency_ms=500)
        self.daemon.cli("unsubscribe", self.address)
        wait_for("the call", lambda: self.row() and self.row()["state"] == "in_flight")
        with sqlite3.connect(f"{self.daemon.state}/optout.db") as db:
            db.execute("UPDATE outbox SET state = 6")
        db.close()
        self.daemon.cli("unsubscribe", self.other()["Email"])
        wait_for("the other push", self.daemon.drained, patience_s=15)

    def test_connecting_anew_under_load_moves_to_the_new_session(self):
        """Calls overlap all the time, so there is never a moment without any."""
        self.daemon.cli("org", "status")
        self.state(latency_ms=150)
        people = [r["Email"] for r in self.org.records("Lead") if r.get("Email")]
        logins = lambda: self.org.calls()["by_kind"]["login"]
        stop = threading.Event()

        def unsubscribe():
            while not stop.is_set():
                for address in people:
                    self.daemon.api("POST", "/api/v1/unsubscribes", {"address": address})
                    if stop.wait(0.01):
                        break

        thread = threading.Thread(target=unsubscribe)
        thread.start()
        try:
            wait_for("pushes", lambda: self.org.calls()["by_kind"]["collection"] > 5)
            before = logins()
            self.daemon.connect(self.org)
            wait_for("the login of the lane", lambda: logins() >= before + 2, patience_s=5)
        finally:
            stop.set()
            thread.join()


class Switch(Trouble):
    def test_switched_off_between_plan_and_approval_nothing_comes_home(self):
        self.tick()
        held = self.ended(self.ask_run())
        self.assertEqual(held["state"], "held")
        self.daemon.cli("settings", "set", "sync.nightly=off")
        self.daemon.api("POST", f"/api/v1/runs/{held['run_id']}/approve")
        self.assertEqual(self.ended(held["run_id"])["state"], "failed")
        self.assertFalse(self.person()["unsubscribed"])

    def test_another_field_between_plan_and_approval_wants_another_plan(self):
        self.tick()
        held = self.ended(self.ask_run())
        self.daemon.cli("settings", "set", "sync.mode=sales", f"sync.field.contact={SALES}", f"sync.field.lead={SALES}")
        self.daemon.api("POST", f"/api/v1/runs/{held['run_id']}/approve")
        run = self.ended(held["run_id"])
        self.assertEqual(run["state"], "failed")
        self.assertIn("plan", run["note"])
        self.assertFalse(self.person()["unsubscribed"])


class Stops(Trouble):
    """A stop is never held by a call that Salesforce does not answer."""

    def setUp(self):
        super().setUp()
        self.daemon.stop()
        self.daemon.start(("--drain-ms", "300"))

    def test_while_a_job_is_waited_for(self):
        self.state(bulk_delay_ms=3600_000)
        self.reaches(self.ask_run("dry"), "reading")
        time.sleep(0.2)
        self.stops_soon()

    def test_while_a_night_waits_for_an_answer_and_the_run_goes_on_after_the_restart(self):
        self.tick()
        self.state(latency_ms=60_000)
        run_id = self.ask_run()
        self.reaches(run_id, "reading")
        self.stops_soon()
        self.state(latency_ms=0)
        self.daemon.start()
        self.assertEqual(self.ended(run_id)["state"], "held")

    def test_while_an_admin_waits_for_the_org(self):
        self.state(latency_ms=60_000)
        asking = subprocess.Popen([OPTOUT, "org", "status", "--state-dir", self.daemon.state],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.3)
        self.stops_soon()
        self.assertNotEqual(asking.wait(PATIENCE_S), 0)

    def test_while_a_push_waits_for_its_answer_and_it_is_sent_again(self):
        self.state(latency_ms=60_000)
        self.daemon.cli("unsubscribe", self.address)
        wait_for("the call", lambda: self.row() and self.row()["state"] == "in_flight")
        self.stops_soon()
        self.state(latency_ms=0)
        self.daemon.start()
        wait_for("the settled push", self.daemon.drained)
        self.assertTrue(self.box())


class Alone(Trouble):
    """Commands without a daemon."""

    def test_an_unsubscribe_reaches_salesforce_before_the_command_ends(self):
        self.daemon.stop()
        cli(self.daemon.state, "unsubscribe", self.address)
        self.assertTrue(self.box())
        self.daemon.start()
        self.assertIsNone(self.row())

    def test_with_an_org_that_is_away_it_stays_queued_and_the_command_does_not_wait(self):
        self.daemon.stop()
        self.state(state="maintenance")
        started = time.monotonic()
        cli(self.daemon.state, "unsubscribe", self.address)
        self.assertLess(time.monotonic() - started, STOP_S)
        self.state(state="normal")
        self.daemon.start()
        wait_for("the tick", self.box)

    def test_a_daemon_is_stopped_by_sigterm_after_sigusr1_too(self):
        self.daemon.process.send_signal(signal.SIGUSR1)
        time.sleep(0.2)
        self.stops_soon()


class Evening(Trouble):
    """The schedule, with the time moved to it: what was switched on days ago is due three minutes ago."""

    def change(self, *statement):
        with sqlite3.connect(f"{self.daemon.state}/optout.db") as db:
            db.execute(*statement)
        db.close()

    def nights(self):
        return [r for r in self.daemon.api("GET", "/api/v1/runs?limit=10")["runs"] if r["kind"] == "night"]

    def restart(self, *statement):
        self.daemon.kill()
        if statement:
            self.change(*statement)
        self.daemon.start()

    def test_one_night_a_day_which_waits_for_its_org_and_replaces_one_that_is_held(self):
        self.tick()
        due = time.strftime("%H:%M", time.gmtime(time.time() - 180))
        self.daemon.cli("settings", "set", "sync.zone=UTC", f"sync.time={due}")
        self.state(state="maintenance")
        self.restart("UPDATE setting SET changed_at_ms = changed_at_ms - 3 * 86400000 WHERE name = 'sync.nightly'")
        wait_for("the night to meet the maintenance", lambda: "run.call.failed" in self.daemon.log_text())
        self.assertEqual([r["state"] for r in self.nights()], ["reading"])
        self.state(state="normal")
        first = self.ended(self.nights()[0]["run_id"])
        self.assertEqual(first["state"], "held")
        self.restart()
        time.sleep(2.2)
        self.assertEqual(len(self.nights()), 1, "one a day, however often the service restarts")
        # As if that had been yesterday's.
        self.restart("UPDATE run SET local_date = local_date - 1")
        wait_for("the next night", lambda: len(self.nights()) == 2)
        self.assertEqual(self.ended(self.nights()[0]["run_id"])["state"], "held")
        self.assertEqual(self.run_of(first["run_id"])["state"], "discarded")
        self.daemon.api("POST", f"/api/v1/runs/{first['run_id']}/approve", expect=409)
        self.assertFalse(self.person()["unsubscribed"])


class Crash(Trouble):
    """kill -9 in each phase of a run: it goes on where it stood, and nothing is done twice."""

    ORG = {**Trouble.ORG, "extra": ("--bulk-delay-ms", "400")}

    def comes_home(self, run_id):
        self.daemon.start()
        run = self.ended(run_id)
        if run["state"] == "held":
            self.daemon.cli("sync", "--approve", str(run_id), "--wait")
            run = self.run_of(run_id)
        self.assertEqual(run["state"], "done", run)
        wait_for("the pushes of the run", self.daemon.drained)
        entries = [e for e in self.person()["history"] if e["kind"] == "unsubscribed"]
        self.assertEqual(len(entries), 1)
        again = self.daemon.run_sync()
        self.assertEqual((again["planned_here"], again["planned_there"]), (0, 0))

    def test_while_reading(self):
        self.tick()
        run_id = self.ask_run()
        self.reaches(run_id, "reading")
        self.daemon.kill()
        self.comes_home(run_id)

    def test_while_held_and_after_the_approval(self):
        self.tick()
        run_id = self.ask_run()
        self.assertEqual(self.ended(run_id)["state"], "held")
        self.daemon.kill()
        self.daemon.start()
        self.assertEqual(self.run_of(run_id)["state"], "held")
        self.assertFalse(self.person()["unsubscribed"])
        self.daemon.api("POST", f"/api/v1/runs/{run_id}/approve")
        self.daemon.kill()
        self.comes_home(run_id)

    def test_while_planning_and_applying(self):
        """The states pass in milliseconds, so they are written as a crash would have left them."""
        self.tick()
        run_id = self.ask_run()
        self.assertEqual(self.ended(run_id)["state"], "held")
        for state in ("planning", "applying"):
            self.daemon.kill()
            self.set_run_state(run_id, {"planning": 3, "applying": 6}[state])
            self.daemon.start()
            self.assertEqual(self.ended(run_id)["state"], {"planning": "held", "applying": "done"}[state])
        self.daemon.kill()
        self.set_run_state(run_id, 6)
        self.comes_home(run_id)

    def set_run_state(self, run_id, state):
        with sqlite3.connect(f"{self.daemon.state}/optout.db") as db:
            db.execute("UPDATE run SET state = ? WHERE run_id = ?", (state, run_id))
        db.close()
