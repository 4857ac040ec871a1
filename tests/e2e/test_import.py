"""People come in by CSV: good rows in, each bad one named."""

import json
import os

from harness import World, cli


class Import(World):
    ORG = {"contacts": 30, "leads": 5}

    def test_bad_rows_are_named_and_good_ones_are_in(self):
        self.daemon.connect(self.org)
        with_mail = [r for r in self.org.records("Contact") if r.get("Email")]
        first, second = with_mail[0], with_mail[1]
        bad_checksum = first["Id"][:15] + ("AAA" if first["Id"][15:] != "AAA" else "BAA")
        rows = [
            b"\xef\xbb\xbfEmail,First Name,Last Name,Salesforce ID",
            b"good.one@example.com,Ann,One," + first["Id"].encode(),
            b"fifteen@example.com,Bob,Two," + second["Id"][:15].encode(),
            b"bad.id@example.com,Cy,Three," + bad_checksum.encode(),
            b"not an address,Di,Four,",
            b'"broken,Ed,Five,',
            b"last.one@example.com,Flo,Six,",
        ]
        path = os.path.join(self.folder, "broken.csv")
        with open(path, "wb") as file:
            file.write(b"\r\n".join(rows[:5]) + b"\r\n" + b'half "quoted" row,x,y,z\r\n' + rows[6] + b"\r\n")
        out = cli(self.daemon.state, "people", "import", path, "--json", code=3)
        answer = json.loads(out)
        self.assertEqual(answer["created"], 3)
        self.assertEqual(answer["failed"], 3)
        by_line = {e["line"]: e for e in answer["errors"]}
        self.assertEqual(sorted(by_line), [4, 5, 6])
        self.assertIn("salesforce", by_line[4]["column"].lower())
        self.assertIn("email", by_line[5]["column"].lower())
        self.assertTrue(all(e["reason"] for e in answer["errors"]))
        person = self.daemon.json("people", "show", "fifteen@example.com")
        self.assertEqual([r["record_id"] for r in person["records"]], [second["Id"]])
        self.daemon.cli("people", "show", "last.one@example.com")

    def test_an_import_never_lifts_a_stop(self):
        self.daemon.cli("unsubscribe", "gone@example.com")
        path = os.path.join(self.folder, "again.csv")
        with open(path, "w") as file:
            file.write("email,first_name\ngone@example.com,Back\n")
        self.daemon.cli("people", "import", path)
        self.assertFalse(self.daemon.json("check", "gone@example.com")["results"][0]["may_mail"])

    def test_a_file_without_an_address_column_is_refused_whole(self):
        path = os.path.join(self.folder, "none.csv")
        with open(path, "w") as file:
            file.write("name,phone\nx,1\n")
        cli(self.daemon.state, "people", "import", path, code=1)
