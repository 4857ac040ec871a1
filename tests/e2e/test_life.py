"""Day to day: sessions, refusals, commands without a daemon, who may ask what. Ends and starts: test_kill, test_start."""

import json

from harness import World, cli, http_call, wait_for


class Life(World):
    ORG = {"contacts": 200, "leads": 10}

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
