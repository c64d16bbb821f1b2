"""Cancels a statement by libpq's PQcancelBlocking, through psycopg. Connection parameters as JSON in argv, JSON out."""
import json
import sys
import threading
import time

import psycopg

parameters = json.loads(sys.argv[1])
report = {"libpq": psycopg.pq.version()}
with psycopg.connect(**parameters, autocommit=True) as connection:

    def cancel():
        # A cancel that comes before its statement cancels nothing, so it is sent until one is met.
        while "statement" not in report:
            try:
                connection.cancel_safe(timeout=20)
                report.setdefault("cancel", "sent")
            except psycopg.Error as error:
                report["cancel"] = str(error)
            time.sleep(0.2)

    canceller = threading.Thread(target=cancel)
    canceller.start()
    try:
        connection.execute("SELECT pg_sleep(60)")
        report["statement"] = "slept"
    except psycopg.errors.QueryCanceled as error:
        report["statement"] = error.sqlstate
    canceller.join()
    report["afterwards"] = connection.execute("SELECT 1").fetchone()[0]
print(json.dumps(report))
