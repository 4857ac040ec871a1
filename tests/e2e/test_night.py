"""M3-M5, G4, G9: a night makes both sides the union, and a second one finds nothing to do."""

import json
import time

from harness import QUICK, World, wait_for

CONTACTS, LEADS, DIFFERENCES = (2000, 1000, 100) if QUICK else (100_000, 50_000, 5_000)


class Night(World):
    ORG = {"contacts": CONTACTS, "leads": LEADS, "seed": 7}

    def ticked(self):
        """Addresses with a ticked record, and addresses with a record that is not, in the org."""
        yes, no = set(), set()
        for obj in ("Contact", "Lead"):
            for record in self.org.records(obj):
                if record.get("Email"):
                    (yes if record["HasOptedOutOfEmail"] else no).add(record["Email"].lower())
        return yes, no

    def set_boxes(self, records, value):
        for record in records:
            self.org.edit("Contact" if record["Id"].startswith("003") else "Lead", record["Id"], HasOptedOutOfEmail=value)

    def unsubscribed_here(self):
        found, after = set(), 0
        while True:
            page = self.daemon.api("GET", f"/api/v1/people?filter=unsubscribed&limit=1000&after={after}")
            found.update(person["address"] for person in page["people"])
            after = page["next"]
            if not after:
                return found

    def test_both_sides_become_the_union_and_a_second_run_writes_nothing(self):
        self.daemon.connect(self.org)
        started = time.monotonic()
        self.import_people()
        imported_s = time.monotonic() - started

        records = sorted((r for obj in ("Contact", "Lead") for r in self.org.records(obj) if r.get("Email")),
                         key=lambda r: r["Email"].lower() + r["Id"])
        addresses = sorted({r["Email"].lower() for r in records})
        here = addresses[10::len(addresses) // DIFFERENCES][:DIFFERENCES]
        there = addresses[3::len(addresses) // DIFFERENCES][:DIFFERENCES]
        self.assertEqual((len(here), len(there)), (DIFFERENCES, DIFFERENCES))
        one_of = {r["Email"].lower(): r for r in records}
        # Here: unsubscribed and pushed, and then somebody unticks every record of them in Salesforce.
        self.daemon.cli("unsubscribe", "--from-file", "-", "--source", "import", stdin="\n".join(here) + "\n")
        self.assertEqual(len(self.unsubscribed_here()), DIFFERENCES)
        wait_for("the pushes", self.daemon.drained)
        self.set_boxes([r for r in records if r["Email"].lower() in set(here)], False)
        # There: one record of each is ticked.
        one_of = {r["Email"].lower(): r for r in records}
        self.set_boxes([one_of[address] for address in there], True)
        self.assertEqual(self.ticked()[0], set(there))

        self.daemon.cli("settings", "set", "sync.nightly=on")
        started = time.monotonic()
        run = self.daemon.run_sync()
        night_s = time.monotonic() - started

        expected = set(here) | set(there)
        self.assertEqual(self.unsubscribed_here(), expected)
        yes, no = self.ticked()
        self.assertEqual(yes, expected)
        self.assertEqual(no & expected, set(), "every record of an opted-out address is ticked")

        stamps = {r["Id"]: r["SystemModstamp"] for obj in ("Contact", "Lead") for r in self.org.records(obj)}
        again = self.daemon.run_sync()
        self.assertEqual((again["planned_here"], again["planned_there"], again["done_here"], again["done_there"]),
                         (0, 0, 0, 0))
        self.assertEqual(stamps, {r["Id"]: r["SystemModstamp"]
                                  for obj in ("Contact", "Lead") for r in self.org.records(obj)},
                         "a second run writes nothing")
        print(f"night: {CONTACTS} contacts, {LEADS} leads, {DIFFERENCES} differences each way: import {imported_s:.1f} s, "
              f"night with pushes {night_s:.1f} s, {run['done_here']} unsubscribed here, {run['done_there']} ticks there")


class SmallNight(World):
    ORG = {"contacts": 60, "leads": 30, "seed": 3}

    def setUp(self):
        super().setUp()
        self.daemon.connect(self.org)
        self.import_people()
        self.daemon.cli("settings", "set", "sync.nightly=on")
        self.record = next(r for r in self.org.records("Contact") if r.get("Email"))
        self.address = self.record["Email"].lower()

    def box(self):
        return self.org.records("Contact", id=self.record["Id"])[0]["HasOptedOutOfEmail"]

    def person(self):
        return self.daemon.json("people", "show", self.address)

    def test_a_tick_in_salesforce_comes_home_with_its_history(self):
        self.org.edit("Contact", self.record["Id"], HasOptedOutOfEmail=True)
        self.daemon.run_sync()
        person = self.person()
        self.assertTrue(person["unsubscribed_at"])
        entry = next(e for e in person["history"] if e["kind"] == "unsubscribed")
        self.assertEqual(entry["source"], "salesforce-sync")
        self.assertIn(self.record["Id"], json.dumps(entry))

    def test_a_removal_here_alone_is_restored(self):
        self.daemon.cli("unsubscribe", self.address)
        wait_for("the tick", self.box)
        wait_for("the settled push", self.daemon.drained)
        self.daemon.cli("remove", self.address, "--reason", "asked to come back", "--yes")
        self.assertFalse(self.person()["unsubscribed_at"])
        self.daemon.run_sync()
        self.assertTrue(self.person()["unsubscribed_at"])

    def test_an_untick_in_salesforce_alone_is_restored(self):
        self.daemon.cli("unsubscribe", self.address)
        wait_for("the tick", self.box)
        wait_for("the settled push", self.daemon.drained)
        self.org.edit("Contact", self.record["Id"], HasOptedOutOfEmail=False)
        self.daemon.run_sync()
        wait_for("the tick again", self.box)

    def test_lifted_on_both_sides_stays_lifted(self):
        self.daemon.cli("unsubscribe", self.address)
        wait_for("the tick", self.box)
        wait_for("the settled push", self.daemon.drained)
        self.daemon.cli("remove", self.address, "--reason", "asked to come back", "--yes")
        for obj in ("Contact", "Lead"):
            for record in self.org.records(obj, email=self.address):
                self.org.edit(obj, record["Id"], HasOptedOutOfEmail=False)
        self.daemon.run_sync()
        self.assertFalse(self.person()["unsubscribed_at"])
        self.assertFalse(self.box())

    def test_the_first_run_is_held_until_approved_and_a_dry_run_writes_nothing(self):
        self.org.edit("Contact", self.record["Id"], HasOptedOutOfEmail=True)
        self.daemon.cli("sync", "--dry-run", "--wait")
        self.assertFalse(self.person()["unsubscribed_at"])
        self.daemon.cli("sync", "--wait")
        run = self.daemon.api("GET", "/api/v1/runs?limit=1")["runs"][0]
        self.assertEqual(run["state"], "held")
        self.assertFalse(self.person()["unsubscribed_at"], "a held run has applied nothing")
        plan = self.daemon.json("runs", "plan", str(run["run_id"]))
        self.assertIn(self.record["Id"], json.dumps(plan))
        self.daemon.cli("sync", "--approve", str(run["run_id"]), "--wait")
        self.assertTrue(self.person()["unsubscribed_at"])

    def test_a_ticked_record_that_nobody_knows_becomes_a_person(self):
        answer = self.org.ask("POST", "/records", {"object": "Lead", "set": {
            "LastName": "Unknown", "Company": "None", "Email": "Stranger@example.org", "HasOptedOutOfEmail": True}})
        self.assertTrue(json.loads(answer)["id"].startswith("00Q"))
        self.daemon.run_sync()
        self.assertFalse(self.daemon.json("check", "stranger@example.org")["results"][0]["may_mail"])

    def test_sync_now_needs_the_switch_a_dry_run_does_not(self):
        self.daemon.cli("settings", "set", "sync.nightly=off")
        self.daemon.cli("sync", "--wait", code=1)
        self.daemon.cli("sync", "--dry-run", "--wait")
