"""Signs in with OAUTHBEARER through libpq 18 (the one in psycopg's binary wheel), as a program of PostgreSQL's own would.

The connection string comes as the argument. The device flow is libpq's hook for programs that bring their own: asks the
issuer that the server told of, prints the device's code as one line of JSON, polls. At the end prints who it is.
"""
import ctypes
import glob
import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

import psycopg  # noqa: F401, before psycopg_binary, which refuses to come first
import psycopg_binary

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
PQAUTHDATA_OAUTH_BEARER_TOKEN = 1
CONNECTION_OK = 0


class Request(ctypes.Structure):
    """PGoauthBearerRequest of libpq-fe.h"""

    _fields_ = [
        ("openid_configuration", ctypes.c_char_p),
        ("scope", ctypes.c_char_p),
        ("poll", ctypes.c_void_p),
        ("cleanup", ctypes.c_void_p),
        ("token", ctypes.c_char_p),
        ("user", ctypes.c_void_p),
    ]


def post(url, **fields):
    body = urllib.parse.urlencode(fields).encode()
    try:
        with urllib.request.urlopen(url, body) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        return json.load(error)


def get_token(configuration_url, scope):
    with urllib.request.urlopen(configuration_url) as response:
        configuration = json.load(response)
    device = post(configuration["device_authorization_endpoint"], client_id="psql", scope=scope)
    print(json.dumps({"discovery": configuration_url, "scope": scope, **device}), flush=True)
    for _ in range(100):
        answer = post(
            configuration["token_endpoint"],
            client_id="psql",
            grant_type=DEVICE_GRANT,
            device_code=device["device_code"],
        )
        if "access_token" in answer:
            return answer["access_token"]
        if answer.get("error") not in ("authorization_pending", "slow_down"):
            raise RuntimeError(json.dumps(answer))
        time.sleep(0.2)
    raise RuntimeError("nobody approved the device")


kept = []


@ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(Request))
def hook(kind, _connection, request):
    if kind != PQAUTHDATA_OAUTH_BEARER_TOKEN:
        return 0
    given = os.environ.get("LAKEGATE_TEST_TOKEN")
    token = given or get_token(
        request.contents.openid_configuration.decode(), (request.contents.scope or b"").decode()
    )
    kept.append(ctypes.create_string_buffer(token.encode()))
    request.contents.token = ctypes.cast(kept[-1], ctypes.c_char_p)
    return 1


directory = os.path.dirname(psycopg_binary.__file__)
(library,) = glob.glob(os.path.join(directory, "..", "psycopg_binary.libs", "libpq-*.so*"))
libpq = ctypes.CDLL(library)
for name in ("PQconnectdb", "PQexec"):
    getattr(libpq, name).restype = ctypes.c_void_p
for name in ("PQerrorMessage", "PQgetvalue"):
    getattr(libpq, name).restype = ctypes.c_char_p
libpq.PQsetAuthDataHook(hook)
connection = ctypes.c_void_p(libpq.PQconnectdb(sys.argv[1].encode()))
if libpq.PQstatus(connection) == CONNECTION_OK:
    result = ctypes.c_void_p(libpq.PQexec(connection, b"SELECT session_user, current_setting('databricks_auth.login', true)"))
    values = [libpq.PQgetvalue(result, 0, column) for column in (0, 1)]
    print(json.dumps({"session_user": values[0].decode(), "setting": values[1].decode()}))
else:
    print(json.dumps({"error": libpq.PQerrorMessage(connection).decode()}))
libpq.PQfinish(connection)
