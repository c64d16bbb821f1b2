"""Drives Lakegate with the unmodified databricks-sdk; prints one JSON object. Configuration comes from the
environment, as a user of the SDK would set it: DATABRICKS_HOST and either DATABRICKS_TOKEN or
DATABRICKS_CLIENT_ID with DATABRICKS_CLIENT_SECRET."""

import json
import os
import uuid

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import BadRequest, NotFound

client = WorkspaceClient()
instance_name = os.environ["LAKEGATE_TEST_INSTANCE"]

me = client.current_user.me()
instances = list(client.database.list_database_instances())
instance = client.database.get_database_instance(instance_name)
credential = client.database.generate_database_credential(
    request_id=str(uuid.uuid4()), instance_names=[instance_name]
)

try:
    client.database.get_database_instance("no-such-instance")
    unknown_instance = "found"
except NotFound as error:
    unknown_instance = str(error)

try:
    client.database.generate_database_credential(instance_names=[])
    nothing_named = "minted"
except BadRequest as error:
    nothing_named = str(error)

print(
    json.dumps(
        {
            "auth_type": client.config.auth_type,
            "user_name": me.user_name,
            "workspace_id": client.get_workspace_id(),
            "instances": [listed.name for listed in instances],
            "state": instance.state.value,
            "host": instance.read_write_dns,
            "token": credential.token,
            "expiration_time": credential.expiration_time,
            "unknown_instance": unknown_instance,
            "nothing_named": nothing_named,
        }
    )
)
