"""The command line as scripts see it: exit codes, files it makes, what it says where.

usage: program.py OPTOUT [unittest arguments]
"""

import fcntl
import json
import os
import stat
import subprocess
import sys
import tempfile
import unittest

OPTOUT = sys.argv.pop(1)


class Program(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="optout-cli-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.state = os.path.join(self.folder, "state")
        self.environment = {"PATH": os.environ["PATH"], "HOME": self.folder, "OPTOUT_STATE_DIR": self.state,
                            "OPTOUT_CONFIG": self.write("optout.conf", "# nothing\n")}
        self.environment.update({k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")})

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def run_it(self, *args, code=0, stdin="", stdout=subprocess.PIPE):
        run = subprocess.run([OPTOUT, *args], env=self.environment, input=stdin, stdout=stdout,
                             stderr=subprocess.PIPE, text=True, timeout=60)
        self.assertEqual(run.returncode, code, f"{args}: {run.stdout} {run.stderr}")
        return run

    def test_the_key_file_is_private_and_never_replaced(self):
        run = self.run_it("key", "init")
        self.assertIn("Back it up", run.stdout)
        path = os.path.join(self.state, "optout.keys")
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(os.stat(self.state).st_mode), 0o700)
        with open(path, "rb") as file:
            before = file.read()
        run = self.run_it("key", "init", code=1)
        self.assertIn("exists and is left as it is", run.stderr)
        with open(path, "rb") as file:
            self.assertEqual(file.read(), before)
        self.assertEqual(os.listdir(self.state), ["optout.keys"], "nothing is left lying about")

    def test_everything_it_makes_is_for_its_user_alone(self):
        self.run_it("key", "init")
        self.run_it("status")
        for name in os.listdir(self.state):
            self.assertEqual(stat.S_IMODE(os.stat(os.path.join(self.state, name)).st_mode) & 0o077, 0, name)

    def test_without_a_key_file_it_says_how_to_make_one(self):
        self.assertIn("optout key init", self.run_it("status", code=1).stderr)

    def test_wrong_use_is_exit_2_with_the_way_out(self):
        for args, said in ((("nonsense",), "there is no command nonsense"), (("token",), "token add NAME"),
                           (("people", "show"), "takes ADDRESS|ID"), (("people", "show", "a", "b"), "not more"),
                           (("status", "--bogus"), "no option --bogus"), (("sync", "--approve", "x"), "number of a run"),
                           (("unsubscribe",), "one ADDRESS"), (("remove", "a@x.example"), "--reason"),
                           (("settings", "set", "novalue"), "NAME=VALUE"), (("--bogus",), "no option --bogus"),
                           (("org", "connect", "--client-id", "x"), "--login-url")):
            with self.subTest(args=args):
                run = self.run_it(*args, code=2)
                self.assertIn(said, run.stderr)
                self.assertEqual(run.stdout, "")

    def test_there_is_no_option_that_takes_a_secret(self):
        help_text = self.run_it("org", "connect", "-h").stdout
        self.assertIn("--client-secret-file FILE", help_text)
        self.run_it("org", "connect", "--client-secret", "hunter2", code=2)

    def test_nothing_to_do_shows_the_overview_and_help_succeeds(self):
        for args, code in (((), 2), (("--help",), 0), (("help",), 0), (("-h",), 0)):
            run = self.run_it(*args, code=code)
            self.assertIn("people import FILE|-", run.stdout)
            self.assertIn("--state-dir PATH", run.stdout)
        for args in (("sync", "-h"), ("help", "sync"), ("-h", "sync")):
            self.assertIn("Usage: optout sync [OPTIONS]", self.run_it(*args).stdout)

    def test_version(self):
        plain = self.run_it("version").stdout
        self.assertEqual(self.run_it("--version").stdout, plain)
        self.assertEqual(json.loads(self.run_it("version", "--json").stdout)["version"], plain.split()[1])

    def test_a_faulty_configuration_is_named_by_line_and_stops_everything_but_its_own_commands(self):
        path = self.write("bad.conf", "drain_ms = soon\nlog_leven = info\n")
        run = self.run_it("status", "--config", path, code=2)
        self.assertIn(f"{path}:1: drain_ms", run.stderr)
        run = self.run_it("config", "check", "--config", path, code=2)
        self.assertIn(f"{path}:1: drain_ms", run.stderr)
        self.assertIn(f"{path}:2: there is no option log_leven", run.stderr)
        self.run_it("config", "example", "--config", path)
        self.run_it("version", "--config", path)

    def test_config_show_tells_where_each_value_was_set(self):
        path = self.write("good.conf", "\ndrain_ms = 5\n")
        shown = json.loads(self.run_it("config", "show", "--origin", "--json", "--config", path, "--log-level", "warn").stdout)
        origins = {option["name"]: option["origin"] for option in shown["options"]}
        self.assertEqual(origins["drain_ms"], f"{path}:2")
        self.assertEqual(origins["log_level"], "--log-level")
        self.assertEqual(origins["state_dir"], "OPTOUT_STATE_DIR")
        self.assertEqual(origins["log_json"], "default")

    def test_a_misspelt_variable_is_told_by_the_check(self):
        self.environment["OPTOUT_DRIAN_MS"] = "5"
        run = self.run_it("config", "check")
        self.assertIn("OPTOUT_DRIAN_MS, which is no option", run.stderr)

    def test_a_full_disk_under_standard_output_is_a_failure(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            self.assertIn("standard output", self.run_it("version", code=1, stdout=full).stderr)

    def test_somebody_who_holds_the_lock_and_does_not_answer_is_exit_4(self):
        self.run_it("key", "init")
        self.run_it("status")
        with open(os.path.join(self.state, "optout.db.lock"), "r+", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            fcntl.lockf(lock, fcntl.LOCK_EX)
            self.assertIn("nobody answers at", self.run_it("status", code=4).stderr)

    def test_addresses_come_from_arguments_and_standard_input(self):
        self.run_it("key", "init")
        run = self.run_it("unsubscribe", "--from-file", "-", "--source", "import", code=3,
                          stdin="a@x.example\n\nno address\nb@x.example\n")
        self.assertIn("-:3: ", run.stderr)
        self.assertIn("2 unsubscribed, 1 failed", run.stdout)
        results = json.loads(self.run_it("check", "c@x.example", "-", "--json", stdin="a@x.example\n").stdout)["results"]
        self.assertEqual([(r["address"], r["may_mail"]) for r in results], [("c@x.example", True), ("a@x.example", False)])

    def test_a_removal_asks_or_wants_yes(self):
        self.run_it("key", "init")
        self.run_it("unsubscribe", "a@x.example")
        run = self.run_it("remove", "a@x.example", "--reason", "came back", code=2)
        self.assertIn("next nightly", run.stderr)
        self.run_it("remove", "a@x.example", "--reason", "came back", "--yes")
        run = self.run_it("remove", "a@x.example", "--reason", "again", "--yes", code=1)
        self.assertIn("is not unsubscribed", run.stderr)

    def test_an_import_names_file_and_line_and_is_partly_done(self):
        self.run_it("key", "init")
        path = self.write("people.csv", "email,first_name\nann@x.example,Ann\nnobody,No\n")
        run = self.run_it("people", "import", path, code=3)
        self.assertIn(f"{path}:3: column email: ", run.stderr)
        self.assertIn("2 rows: 1 created", run.stdout)
        self.run_it("people", "import", os.path.join(self.folder, "missing.csv"), code=1)


if __name__ == "__main__":
    unittest.main()
