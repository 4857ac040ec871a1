"""M1, M2, G6, G7: what a click does, and what a look at a link does not."""

import urllib.parse

from harness import World, http_call, wait_for


class Click(World):
    ORG = {"contacts": 40, "leads": 40, "extra": ("--custom-checkbox", "Marketo_Sales_Opt_Out__c")}

    def setUp(self):
        super().setUp()
        self.daemon.connect(self.org)
        self.import_people()
        leads = {r["Email"].lower(): r for r in self.org.records("Lead") if r.get("Email")}
        contacts = {r["Email"].lower(): r for r in self.org.records("Contact") if r.get("Email")}
        twins = sorted(set(leads) & set(contacts))
        self.assertTrue(twins, "the generator makes twins of lead and contact")
        self.address = twins[0]
        self.contact, self.lead = contacts[self.address]["Id"], leads[self.address]["Id"]

    def ticks(self, field="HasOptedOutOfEmail"):
        return [self.org.records(obj, id=record_id)[0][field]
                for obj, record_id in (("Contact", self.contact), ("Lead", self.lead))]

    def everything(self):
        status = self.daemon.api("GET", "/api/v1/status")
        del status["now"]
        return (status, self.daemon.api("GET", f"/api/v1/people/by-address/{urllib.parse.quote(self.address)}"))

    def test_one_click_ticks_contact_and_lead(self):
        self.assertEqual(self.ticks(), [False, False])
        status, headers, _ = self.one_click(self.link(self.address))
        self.assertEqual(status, 200)
        self.assertNotIn("set-cookie", headers)
        wait_for("both boxes", lambda: self.ticks() == [True, True])
        person = self.daemon.json("people", "show", self.address)
        self.assertTrue(person["unsubscribed_at"])
        kinds = [entry["kind"] for entry in person["history"]]
        self.assertIn("unsubscribed", kinds)
        wait_for("the ticks in the history", lambda: sum(
            entry["kind"] == "ticked" for entry in self.daemon.json("people", "show", self.address)["history"]) == 2)

    def test_push_with_the_switch_off_sets_email_opt_out_whatever_the_mode(self):
        self.daemon.cli("settings", "set", "sync.mode=sales",
                        "sync.field.contact=Marketo_Sales_Opt_Out__c", "sync.field.lead=Marketo_Sales_Opt_Out__c")
        settings = {s["name"]: s["value"] for s in self.daemon.json("settings", "get")["settings"]}
        self.assertEqual(settings["sync.nightly"], "off")
        self.one_click(self.link(self.address))
        wait_for("both boxes", lambda: self.ticks() == [True, True])
        self.assertEqual(self.ticks("Marketo_Sales_Opt_Out__c"), [False, False])

    def test_push_with_the_switch_on_follows_the_mode(self):
        self.daemon.cli("settings", "set", "sync.nightly=on", "sync.mode=sales",
                        "sync.field.contact=Marketo_Sales_Opt_Out__c", "sync.field.lead=Marketo_Sales_Opt_Out__c")
        self.one_click(self.link(self.address))
        wait_for("both sales boxes", lambda: self.ticks("Marketo_Sales_Opt_Out__c") == [True, True])
        self.assertEqual(self.ticks(), [False, False])

    def test_looking_at_a_link_changes_nothing(self):
        path = self.link(self.address)
        before = self.everything()
        for method in ("GET", "HEAD", "OPTIONS"):
            status, _, body = http_call(self.daemon.public, method, path)
            self.assertEqual(status, 405 if method == "OPTIONS" else 200)
        self.assertEqual(self.everything(), before)
        self.assertEqual(self.ticks(), [False, False])

    def test_bad_tokens_get_the_honest_page(self):
        good = self.link(self.address)
        before = self.everything()
        flipped = good[:-5] + ("A" if good[-5] != "A" else "B") + good[-4:]
        bad = [flipped, good[:-7], good.swapcase().replace("/U/", "/u/"), "/u/" + "A" * 120, "/u/x"]
        answers = set()
        for path in bad:
            for method in ("GET", "POST"):
                body = "List-Unsubscribe=One-Click" if method == "POST" else None
                status, _, page = http_call(self.daemon.public, method, path, body,
                                            {"Content-Type": "application/x-www-form-urlencoded"})
                self.assertEqual(status, 400, (method, path))
                answers.add(page)
        self.assertEqual(len(answers), 1, "one honest page, the same for all")
        self.assertIn(b"<form", answers.pop())
        self.assertEqual(self.everything(), before)

    def test_a_link_of_somebody_unknown_still_suppresses(self):
        path = self.link("nobody.we.know@example.net")
        self.assertEqual(self.one_click(path)[0], 200)
        result = self.daemon.json("check", "nobody.we.know@example.net")["results"][0]
        self.assertFalse(result["may_mail"])
        self.assertEqual(result["state"], "unsubscribed")

    def test_the_second_click_is_answered_like_the_first(self):
        path = self.link(self.address)
        self.assertEqual(self.one_click(path)[::2], self.one_click(path)[::2])
