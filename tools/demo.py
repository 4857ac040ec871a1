"""The story of scripts/demo: one click, one night, one half-hearted removal, with the figures of this machine.

usage: demo.py BUILD-FOLDER [--once]
"""

import contextlib
import fcntl
import http.client
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
import urllib.parse

CONTACTS, LEADS, OPTED_OUT_PERCENT, CLICKS = 10_000, 5_000, 2, 25
HOME = os.path.abspath("demo-data")
MARK = os.path.join(HOME, "made-by-scripts-demo")
PATIENCE_S = 60


def say(text=""):
    print(text, flush=True)


class Broken(Exception):
    """A step of the story did not hold."""


def free_port(wanted):
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return probe.getsockname()[1]
    raise Broken("no free port on 127.0.0.1")


def wait_for(what, question, step_s=0.001):
    deadline = time.monotonic() + PATIENCE_S
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise Broken(f"waited {PATIENCE_S} s for {what}")
        time.sleep(step_s)


class Site:
    """A kept-alive HTTP connection to one port."""

    def __init__(self, address):
        self.address = address
        self.connection = http.client.HTTPConnection(address, timeout=PATIENCE_S)

    def call(self, method, path, body=None, content_type="application/json"):
        self.connection.request(method, path, body, {"Content-Type": content_type} if body is not None else {})
        reply = self.connection.getresponse()
        return reply.status, reply.read()


class Org:
    def __init__(self, build):
        port, control = free_port(8090), free_port(8091)
        self.process = subprocess.Popen(
            [f"{build}/sim/org/orgsim", "--contacts", str(CONTACTS), "--leads", str(LEADS),
             "--opted-out", str(OPTED_OUT_PERCENT), "--seed", "2026", "--port", str(port), "--control-port", str(control),
             "--grant-email-opt-out", "--client-id", "demo", "--client-secret", "demo-secret"],
            stdout=subprocess.PIPE, stderr=open(os.path.join(HOME, "orgsim.log"), "ab"), text=True)
        self.ready = self.process.stdout.readline().strip()
        if not self.ready:
            raise Broken("orgsim did not start; see demo-data/orgsim.log")
        self.api, self.control = f"127.0.0.1:{port}", Site(f"127.0.0.1:{control}")

    def records(self, obj, **where):
        status, body = self.control.call("GET", f"/records?{urllib.parse.urlencode({'object': obj, **where})}")
        if status != 200:
            raise Broken(f"orgsim control: {status} {body[:200]!r}")
        return [json.loads(line) for line in body.splitlines() if line]

    def is_ticked(self, obj, record_id):
        return self.records(obj, id=record_id)[0]["HasOptedOutOfEmail"]

    def edit(self, obj, record_id, **fields):
        status, body = self.control.call(
            "POST", "/records/edit", json.dumps({"object": obj, "id": record_id, "set": fields}))
        if status >= 300:
            raise Broken(f"orgsim control: {status} {body[:200]!r}")


class Optout:
    def __init__(self, build):
        self.program = os.path.abspath(f"{build}/src/cli/optout")
        self.state = os.path.join(HOME, "state")
        os.makedirs(self.state, mode=0o700)
        self.run("key", "init")
        self.public, self.admin = f"127.0.0.1:{free_port(8080)}", f"127.0.0.1:{free_port(8081)}"
        self.process = subprocess.Popen(
            [self.program, "serve", "--state-dir", self.state, "--listen-public", self.public,
             "--listen-admin", self.admin], stderr=open(os.path.join(HOME, "optout.log"), "ab"))
        self.site = Site(self.public)
        wait_for("optout serve", self.is_ready, 0.01)

    def is_ready(self):
        if self.process.poll() is not None:
            raise Broken("optout serve ended; see demo-data/optout.log")
        with contextlib.suppress(OSError, http.client.HTTPException):
            return Site(self.public).call("GET", "/readyz")[0] == 200

    def run(self, *args, stdin=None):
        done = subprocess.run([self.program, *args, "--state-dir", self.state], input=stdin, capture_output=True, text=True)
        if done.returncode:
            raise Broken(f"optout {' '.join(args)}: exit {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def json(self, *args):
        return json.loads(self.run(*args, "--json"))

    def drained(self):
        counts = self.json("status")["outbox"]
        return counts["pending"] + counts["in_flight"] + counts["waiting"] + counts["unknown"] == 0

    def night(self):
        """Sync now: the night's work at once. Gives the run and its seconds."""
        started = time.monotonic()
        self.run("sync", "--wait")
        run = self.json("runs")["runs"][0]
        if run["state"] == "held":
            say(f"   held before its first write: {run['note']}")
            say(f"   its plan: {run['planned_here']} to unsubscribe here, {run['planned_there']} boxes to tick; approving it")
            self.run("sync", "--approve", str(run["run_id"]), "--wait")
        run = self.json("runs", "show", str(run["run_id"]))
        if run["state"] != "done":
            raise Broken(f"the run ended as {run['state']}: {run['note']}")
        wait_for("the pushes of the night", self.drained, 0.02)
        return run, time.monotonic() - started


def everybody(org):
    """What the sales system would export: each address with the IDs of its Contact and its Lead."""
    people = {}
    for obj, column in (("Contact", "contact_id"), ("Lead", "lead_id")):
        for record in org.records(obj):
            if record.get("Email"):
                people.setdefault(record["Email"].lower(), {}).setdefault(column, record["Id"])
    return people


def show_history(optout, address):
    for entry in optout.json("people", "show", address)["history"][:3]:
        line = f"      {entry['at'][:19].replace('T', ' ')}  {entry['details']}"
        say(line + (f"  (by {entry['actor']})" if entry.get("actor") else ""))


def one_click_story(org, optout, people):
    twins = [(a, ids) for a, ids in sorted(people.items())
             if len(ids) == 2 and not org.is_ticked("Contact", ids["contact_id"]) and not org.is_ticked("Lead", ids["lead_id"])]
    chosen = twins[:CLICKS]
    if not chosen:
        raise Broken("no address with an unticked Contact and Lead")
    spent = []
    for address, ids in chosen:
        path = urllib.parse.urlsplit(optout.json("link", address)["links"][0]["url"]).path
        status, _ = optout.site.call("GET", path)
        if status != 200 or org.is_ticked("Contact", ids["contact_id"]):
            raise Broken("looking at a link must show a page and change nothing")
        started = time.monotonic()
        status, _ = optout.site.call("POST", path, "List-Unsubscribe=One-Click", "application/x-www-form-urlencoded")
        answered_ms = (time.monotonic() - started) * 1000
        if status != 200:
            raise Broken(f"the one-click POST was answered {status}")
        wait_for("Contact and Lead to be ticked", lambda: org.is_ticked("Contact", ids["contact_id"])
                 and org.is_ticked("Lead", ids["lead_id"]), 0)
        spent.append((answered_ms, (time.monotonic() - started) * 1000))
    answered, ticked = zip(*spent)
    say(f"   {len(chosen)} one-click POSTs, one after the other; each answered when it is on disk")
    say(f"   answered after {statistics.median(answered):.1f} ms; Contact and Lead ticked after "
        f"{statistics.median(ticked):.1f} ms (medians; slowest {max(ticked):.1f} ms)")
    wait_for("the settled pushes", optout.drained, 0.02)
    show_history(optout, chosen[0][0])
    return chosen[0]


def night_story(org, optout, people):
    address, ids = next((a, i) for a, i in sorted(people.items(), reverse=True)
                        if "lead_id" in i and "contact_id" in i and not org.is_ticked("Lead", i["lead_id"]))
    org.edit("Lead", ids["lead_id"], HasOptedOutOfEmail=True)
    say(f"   somebody ticks Email Opt Out of Lead {ids['lead_id']} in Salesforce")
    run, seconds = optout.night()
    if not optout.json("people", "show", address)["unsubscribed_at"]:
        raise Broken("the night did not bring the tick home")
    wait_for("the Contact of the same address", lambda: org.is_ticked("Contact", ids["contact_id"]))
    say(f"   the night read {run['contacts_read']} Contacts and {run['leads_read']} Leads in {seconds:.1f} s with "
        f"{run['calls']} calls: unsubscribed here {run['done_here']}, boxes ticked there {run['done_there']}")
    show_history(optout, address)


def removal_story(org, optout, address, ids):
    optout.run("remove", address, "--reason", "asked by phone to come back", "--yes")
    if optout.json("people", "show", address)["unsubscribed_at"]:
        raise Broken("the removal did not lift the unsubscribe here")
    say("   an admin removes an unsubscribe here, but the box in Salesforce stays ticked")
    optout.night()
    if not optout.json("people", "show", address)["unsubscribed_at"]:
        raise Broken("the night did not restore the opt-out")
    if not org.is_ticked("Contact", ids["contact_id"]):
        raise Broken("the box in Salesforce was cleared")
    say("   the night restores it: a resubscribe is never synced")
    show_history(optout, address)


def prepare_home():
    """A fresh folder. Gives the file whose lock says that a demo is running in it."""
    if os.path.isdir(HOME):
        if not os.path.exists(MARK):
            raise Broken(f"{HOME} exists and was not made by scripts/demo: move it away")
        with open(MARK, "w") as mark:
            lock(mark)
            shutil.rmtree(HOME)
    os.makedirs(HOME, mode=0o700)
    mark = open(MARK, "w")
    lock(mark)
    return mark


def lock(mark):
    try:
        fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Broken("another scripts/demo is still up in this checkout: end it with Ctrl-C there") from None


def story(build, processes):
    org = Org(build)
    processes.append(org.process)
    optout = Optout(build)
    processes.append(optout.process)
    say(f"\n1. A Salesforce org (simulated) with {CONTACTS} Contacts and {LEADS} Leads; Optout with SQLite in {os.path.relpath(optout.state)}/")
    optout.run("org", "connect", "--login-url", f"http://{org.api}", "--client-id", "demo", "--client-secret-file", "-",
               stdin="demo-secret\n")
    optout.run("settings", "set", f"public.url=http://{optout.public}", "company.name=Example Ltd")
    people = everybody(org)
    path = os.path.join(HOME, "people.csv")
    with open(path, "w", encoding="utf-8") as file:
        file.write("email,contact_id,lead_id\n")
        file.writelines(f'"{a}",{i.get("contact_id", "")},{i.get("lead_id", "")}\n' for a, i in sorted(people.items()))
    started = time.monotonic()
    optout.run("people", "import", path)
    say(f"   connected; {len(people)} people imported with their Salesforce IDs in {time.monotonic() - started:.1f} s")

    say("\n2. The nightly sync is switched on; the first run reads everything")
    optout.run("settings", "set", "sync.nightly=on")
    run, seconds = optout.night()
    say(f"   {run['done_here']} people were opted out in Salesforce and are now unsubscribed here ({seconds:.1f} s)")

    say("\n3. A recipient clicks")
    address, ids = one_click_story(org, optout, people)

    say("\n4. A tick in Salesforce, then a night")
    night_story(org, optout, people)

    say("\n5. A removal on one side only, then a night")
    removal_story(org, optout, address, ids)
    guest = next(r for r in org.records("Contact") if r.get("Email") and not r["HasOptedOutOfEmail"])
    return org, optout, address, guest


def main():
    build, once = sys.argv[1], "--once" in sys.argv[2:]
    processes, mark = [], None
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        mark = prepare_home()
        org, optout, address, guest = story(build, processes)
        say("\nEach step held.")
        if once:
            return 0
        link = optout.json("link", guest["Email"])["links"][0]["url"]
        state = os.path.relpath(optout.state)
        say(f"""
Optout and the org stay up until Ctrl-C. To look around:
   a recipient's page        {link}
   their record in the org   http://{org.control.address}/records?object=Contact&id={guest["Id"]}
                             (press the button on the page, then load this again: HasOptedOutOfEmail)
   a history                 {os.path.relpath(optout.program)} people show {address} --state-dir {state}
   the nights                {os.path.relpath(optout.program)} runs --state-dir {state}
   untick it over there      curl -d '{{"object":"Contact","id":"{guest["Id"]}","set":{{"HasOptedOutOfEmail":false}}}}' http://{org.control.address}/records/edit
   and let a night see it    {os.path.relpath(optout.program)} sync --wait --state-dir {state}
   health                    http://{optout.public}/healthz
   everything it can do      {os.path.relpath(optout.program)} --help""")
        while all(process.poll() is None for process in processes):
            time.sleep(0.2)
        say("demo: a program ended; see demo-data/*.log")
        return 1
    except Broken as fault:
        say(f"\nThis step did not hold: {fault}\nLogs: demo-data/optout.log, demo-data/orgsim.log")
        return 1
    except KeyboardInterrupt:
        say()
        return 0
    finally:
        for process in reversed(processes):
            process.terminate()
        for process in processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=20)
        if mark:
            mark.close()


if __name__ == "__main__":
    sys.exit(main())
