"""Plugin of pytest: one line of JSON for each phase of a test, because reports of pytest are made for people."""
import json
import os

import pytest


class Outcomes:
    def __init__(self, file):
        self.file = file

    def pytest_runtest_logreport(self, report):
        crash = getattr(report.longrepr, "reprcrash", None)
        line = {"test": report.nodeid, "phase": report.when, "outcome": report.outcome}
        if crash is not None:
            line["message"] = crash.message.split("\n")[0]
        print(json.dumps(line), file=self.file, flush=True)


@pytest.hookimpl
def pytest_configure(config):
    config.pluginmanager.register(Outcomes(open(os.environ["LAKEGATE_OUTCOMES"], "w")))
