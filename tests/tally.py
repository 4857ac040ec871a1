"""Counts what a run of `meson test` has really run, since its exit code also likes a run of nothing.

usage: tally.py TESTLOG.json [--no-skips]

Exit 1 when no program ran, when a program ran no test, when one is expected to fail (any failure would do: say which in
a test of its own), and with --no-skips when anything was skipped. Lines for scripts/test: `note: ` and `skipped: `.
"""

import json
import re
import sys

CASE = re.compile(r"^(not )?ok \d+(?: (?:- )?(.*))?$", re.MULTILINE)
SKIP_ALL = re.compile(r"^1\.\.0 # SKIP ?(.*)$", re.MULTILINE | re.IGNORECASE)
UNITTEST = re.compile(r"^Ran (\d+) tests? in", re.MULTILINE)
UNITTEST_SKIP = re.compile(r"^(.*) \.\.\. skipped (.*)$", re.MULTILINE)


def cases_of(program):
    """The number of tests that ran, and (test, reason) of those skipped."""
    out, err = program.get("stdout", ""), program.get("stderr", "")
    cases = CASE.findall(out)
    skipped = [("all of it", why) for why in SKIP_ALL.findall(out)]
    skipped += [(what, "") for _, what in cases if "# SKIP" in what.upper()]
    ran = len(cases) - sum("# SKIP" in what.upper() for _, what in cases)
    for count in UNITTEST.findall(out + err):
        found = UNITTEST_SKIP.findall(out + err)
        skipped += found
        ran += int(count) - len(found)
    speaks = cases or skipped or UNITTEST.search(out + err) or "1..0" in out
    # A program of one test that speaks only by its exit code.
    return (ran if speaks else 1), skipped


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        programs = [json.loads(line) for line in file]
    total, skips, faults = 0, 0, []
    for program in programs:
        name = program["name"].split(" / ")[-1]
        ran, skipped = cases_of(program)
        total += ran
        skips += len(skipped)
        for what, why in skipped:
            print(f"skipped: {name}: {what}: {why}".rstrip(": "))
        if program["result"] not in ("OK", "SKIP"):
            faults.append(f"{name}: {program['result']}")
        elif ran == 0 and not skipped:
            faults.append(f"{name} ran no test")
    if not programs:
        faults.append("no test program has run")
    if skips and "--no-skips" in sys.argv[2:]:
        faults.append(f"{skips} skipped, although the recordings are there")
    print(f"note: {len(programs)} programs, {total} tests, {skips} skipped")
    for fault in faults:
        print(f"note: {fault}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
