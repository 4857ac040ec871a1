"""Start, stop, crash: what was answered stays, the rest is said."""

import json
import subprocess
import threading

from harness import OPTOUT, World, cli, http_call, wait_for


class Life(World):
    ORG = {"contacts": 200, "leads": 10}

    def test_sigterm_under_load_loses_no_answered_click(self):
        self.daemon.connect(self.org)
        self.import_people()
        self.daemon.cli("settings", "set", f"public.url=http://{self.daemon.public}")
        people = [p["address"] for p in self.daemon.api("GET", "/api/v1/people?limit=150")["people"]]
        links = {l["address"]: l["url"].split(self.daemon.public, 1)[1]
                 for l in self.daemon.api("POST", "/api/v1/links", {"addresses": people})["links"]}
        answered, lock, stop = set(), threading.Lock(), threading.Event()

        def click(some):
            for address in some:
                if stop.is_set():
                    return
                try:
                    status, _, _ = self.one_click(links[address])
                except OSError:
                    return
                if status == 200:
                    with lock:
                        answered.add(address)

        threads = [threading.Thread(target=click, args=(people[i::4],)) for i in range(4)]
        for thread in threads:
            thread.start()
        wait_for("some clicks", lambda: len(answered) > 20)
        self.assertEqual(self.daemon.stop(), 0)
        stop.set()
        for thread in threads:
            thread.join()
        self.daemon.start()
        for address in answered:
            self.assertFalse(self.daemon.api("POST", "/api/v1/check", {"addresses": [address]})["results"][0]["may_mail"])
        wait_for("all pushes", self.daemon.drained)
        ticked = {r["Email"].lower() for obj in ("Contact", "Lead") for r in self.org.records(obj)
                  if r.get("Email") and r["HasOptedOutOfEmail"]}
        self.assertEqual(answered - ticked, set())

    def test_kill_9_loses_no_answered_click_and_pushes_it_after_the_restart(self):
        self.daemon.connect(self.org)
        self.import_people()
        record = next(r for r in self.org.records("Contact") if r.get("Email"))
        path = self.link(record["Email"])
        self.org.ask("POST", "/org-state", {"state": "maintenance"})
        self.assertEqual(self.one_click(path)[0], 200)
        self.daemon.kill()
        self.org.ask("POST", "/org-state", {"state": "normal"})
        self.daemon.start()
        wait_for("the tick", lambda: self.org.records("Contact", id=record["Id"])[0]["HasOptedOutOfEmail"])

    def test_an_expired_session_is_renewed(self):
        self.daemon.connect(self.org)
        self.import_people()
        some = [r for r in self.org.records("Contact") if r.get("Email")][:2]
        for record in some:
            self.org.ask("POST", "/session/expire", {})
            self.daemon.cli("unsubscribe", record["Email"])
            wait_for("the tick", lambda: self.org.records("Contact", id=record["Id"])[0]["HasOptedOutOfEmail"])

    def test_a_hidden_field_is_listed_not_lost(self):
        self.daemon.connect(self.org)
        self.import_people()
        self.org.ask("POST", "/fls", {"object": "Lead", "field": "HasOptedOutOfEmail", "read": False, "edit": False})
        lead = next(r for r in self.org.records("Lead") if r.get("Email"))
        self.daemon.cli("unsubscribe", lead["Email"])
        row = wait_for("the refusal", lambda: next(
            (r for r in self.daemon.json("diagnostics")["rows"] if r["state"] == "dead" and r["record_id"] == lead["Id"]), None))
        self.assertEqual(row["error_code"], "INVALID_FIELD")
        self.assertTrue(row["advice"])

    def test_commands_work_without_a_daemon_too(self):
        self.assertEqual(self.daemon.stop(), 0)
        state = self.daemon.state
        cli(state, "unsubscribe", "alone@example.com")
        answer = json.loads(cli(state, "check", "alone@example.com", "--json"))
        self.assertFalse(answer["results"][0]["may_mail"])

    def test_a_second_daemon_is_refused(self):
        run = subprocess.run([OPTOUT, "serve", "--state-dir", self.daemon.state, "--listen-public", "127.0.0.1:0",
                              "--listen-admin", "127.0.0.1:0"], capture_output=True, text=True, timeout=30)
        self.assertEqual(run.returncode, 1)
        self.assertIn("lock", run.stderr.lower())

    def test_admin_listener_wants_a_token_and_scopes_hold(self):
        status, _, _ = http_call(self.daemon.admin, "GET", "/api/v1/status")
        self.assertEqual(status, 401)
        token = self.daemon.json("token", "add", "mailer", "--scope", "send")["token"]
        bearer = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self.assertEqual(http_call(self.daemon.admin, "GET", "/api/v1/check?address=a%40example.com", None, bearer)[0], 200)
        self.assertEqual(http_call(self.daemon.admin, "PATCH", "/api/v1/settings", "{}", bearer)[0], 403)
        self.assertEqual(http_call(self.daemon.public, "GET", "/api/v1/status", None, bearer)[0], 404)

    def test_health_and_metrics(self):
        self.assertEqual(http_call(self.daemon.public, "GET", "/healthz")[0], 200)
        self.assertIn(b"optout_store_commits_total", http_call(self.daemon.socket, "GET", "/metrics")[2])
