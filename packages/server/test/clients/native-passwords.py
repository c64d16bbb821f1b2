"""Logs in with a password by psycopg and libpq 18. Reads JSON of connection parameters from argv, prints JSON."""
import json
import sys

import psycopg

reports = []
for parameters in json.loads(sys.argv[1]):
    try:
        with psycopg.connect(**parameters) as connection:
            reports.append(connection.execute("SELECT session_user").fetchone()[0])
    except psycopg.OperationalError as error:
        reports.append(str(error))
print(json.dumps({"libpq": psycopg.pq.version(), "reports": reports}))
