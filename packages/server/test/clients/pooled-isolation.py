"""
The isolation level that each driver or framework gives its connection, read back after another session has used the only
backend. Reads JSON of connection parameters from argv, prints JSON: what PostgreSQL says, by the way it was set.
"""
import asyncio
import json
import ssl
import sys

import asyncpg
import django
import psycopg
import psycopg2
import sqlalchemy
from django.conf import settings

parameters = json.loads(sys.argv[1])
other = psycopg.connect(**parameters, autocommit=True)
seen = {}

SHOW = (
    "SELECT current_setting('transaction_isolation'), current_setting('transaction_read_only'),"
    " current_setting('transaction_deferrable')"
)


def displace():
    other.execute("SELECT 1")


def of_psycopg():
    with psycopg.connect(**parameters) as connection:
        connection.isolation_level = psycopg.IsolationLevel.SERIALIZABLE
        connection.read_only = True
        connection.deferrable = True
        displace()
        seen["psycopg, attributes"] = connection.execute(SHOW).fetchone()
    with psycopg.connect(**parameters, autocommit=True) as connection:
        connection.execute("SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ ONLY, DEFERRABLE")
        displace()
        seen["psycopg, SET SESSION CHARACTERISTICS"] = connection.execute(SHOW).fetchone()


def of_psycopg2():
    for autocommit in (True, False):
        connection = psycopg2.connect(**parameters)
        connection.set_session("SERIALIZABLE", readonly=True, deferrable=True, autocommit=autocommit)
        displace()
        cursor = connection.cursor()
        cursor.execute(SHOW)
        seen[f"psycopg2, set_session, autocommit {autocommit}"] = cursor.fetchone()
        connection.close()


def of_sqlalchemy():
    for driver, module in (("psycopg", psycopg), ("psycopg2", psycopg2)):
        engine = sqlalchemy.create_engine(
            f"postgresql+{driver}://",
            creator=lambda: module.connect(**parameters),
            isolation_level="SERIALIZABLE",
            execution_options={"postgresql_readonly": True, "postgresql_deferrable": True},
        )
        with engine.connect() as connection:
            displace()
            seen[f"SQLAlchemy, {driver}"] = connection.exec_driver_sql(SHOW).fetchone()
        engine.dispose()


async def of_asyncpg():
    connection = await asyncpg.connect(
        host=parameters["host"],
        port=parameters["port"],
        user=parameters["user"],
        password=parameters["password"],
        database=parameters["dbname"],
        ssl=ssl.create_default_context(cafile=parameters["sslrootcert"]),
    )
    async with connection.transaction(isolation="serializable", readonly=True, deferrable=True):
        seen["asyncpg, transaction()"] = await connection.fetchrow(SHOW)
    await connection.execute(
        "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ ONLY, DEFERRABLE"
    )
    displace()
    seen["asyncpg, SET SESSION CHARACTERISTICS"] = await connection.fetchrow(SHOW)
    # What its pools run when a connection comes back.
    await connection.reset()
    displace()
    seen["asyncpg, reset"] = await connection.fetchrow(SHOW)
    await connection.close()


def of_django():
    options = {key: parameters[key] for key in ("sslmode", "sslrootcert")}
    settings.configure(
        USE_TZ=True,
        TIME_ZONE="Asia/Tokyo",
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "HOST": parameters["host"],
                "PORT": parameters["port"],
                "USER": parameters["user"],
                "PASSWORD": parameters["password"],
                "NAME": parameters["dbname"],
                "TIME_ZONE": "Asia/Tokyo",
                "OPTIONS": {**options, "isolation_level": psycopg.IsolationLevel.SERIALIZABLE},
            }
        },
    )
    django.setup()
    from django.db import connection, transaction

    connection.ensure_connection()
    displace()
    with connection.cursor() as cursor:
        cursor.execute("SHOW TimeZone")
        seen["Django, TIME_ZONE"] = cursor.fetchone()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(SHOW)
        seen["Django, isolation_level"] = cursor.fetchone()
    connection.close()


of_psycopg()
of_psycopg2()
of_sqlalchemy()
asyncio.run(of_asyncpg())
of_django()
print(json.dumps({way: list(values) for way, values in seen.items()}))
