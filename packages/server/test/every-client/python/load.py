"""Load for a pool, by threads or tasks that query without a pause; counts what failed, and the sessions that were seen."""
import asyncio
import json
import threading
import time

WORKERS = 4


class Seen:
    def __init__(self, seconds):
        self.until = time.monotonic() + seconds
        self.queries = 0
        self.sessions = set()
        self.failures = []

    def is_over(self):
        return time.monotonic() > self.until

    def note(self, session):
        self.queries += 1
        self.sessions.add(session)

    def fail(self, error):
        self.failures.append(f"{type(error).__name__}: {error}")

    def report(self):
        print(json.dumps({"queries": self.queries, "sessions": len(self.sessions), "failures": self.failures}))


def load(seconds, query):
    """:param query: uses the pool once, and returns pg_backend_pid() of the session that it got."""
    seen = Seen(seconds)

    def work():
        while not seen.is_over():
            try:
                seen.note(query())
            except Exception as error:
                seen.fail(error)
                return

    threads = [threading.Thread(target=work) for _ in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seen.report()


async def load_async(seconds, query):
    seen = Seen(seconds)

    async def work():
        while not seen.is_over():
            try:
                seen.note(await query())
            except Exception as error:
                seen.fail(error)
                return

    await asyncio.gather(*(work() for _ in range(WORKERS)))
    seen.report()
