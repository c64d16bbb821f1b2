"""
Transactions of many sessions by statements that psycopg prepares in the server at their first use; one more than it
keeps, so that it closes some. Reads JSON of connection parameters, sessions and rounds from argv, prints JSON.
"""
import json
import sys
from concurrent.futures import ThreadPoolExecutor

import psycopg

parameters, sessions, rounds = (json.loads(argument) for argument in sys.argv[1:])


def work(session):
    right = 0
    with psycopg.connect(**parameters, prepare_threshold=0) as connection:
        connection.prepared_max = 3
        for step in range(1, rounds + 1):
            with connection.transaction():
                connection.execute("INSERT INTO psycopg_ledger VALUES (%s, %s)", [session, step])
                counted = connection.execute(
                    "SELECT count(*), sum(step)::int FROM psycopg_ledger WHERE session = %s", [session]
                ).fetchone()
                text = connection.execute("SELECT %s::text AS text", [f"of {session}"], binary=True).fetchone()
                number = connection.execute("SELECT %s::int * 2", [session], binary=True).fetchone()
            with connection.pipeline(), connection.transaction():
                piped = [connection.execute("SELECT %s::int + %s::int", [session, n]) for n in range(5)]
                sums = [cursor.fetchone()[0] for cursor in piped]
            try:
                with connection.transaction():
                    connection.execute("SELECT 1 / %s::int", [0])
                failed = False
            except psycopg.errors.DivisionByZero:
                failed = True
            right += (
                counted == (step, step * (step + 1) // 2)
                and text == (f"of {session}",)
                and number == (session * 2,)
                and sums == [session + n for n in range(5)]
                and failed
            )
    return right


with ThreadPoolExecutor(sessions) as threads:
    print(json.dumps({"libpq": psycopg.pq.version(), "right": sum(threads.map(work, range(sessions)))}))
