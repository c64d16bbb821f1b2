"""The administrator's side of the unmodified databricks-sdk: identities, secrets, groups, permissions, roles, tokens,
workspaces and policies. Prints one JSON object. Configuration comes from the environment, as a user would set it."""

import json
import os
import uuid

from databricks.sdk import AccountClient, WorkspaceClient
from databricks.sdk.errors import NotFound
from databricks.sdk.service import catalog, database, iam, oauth2

client = WorkspaceClient()
account = AccountClient(
    host=os.environ["DATABRICKS_HOST"],
    account_id=os.environ["LAKEGATE_TEST_ACCOUNT"],
    token=os.environ["DATABRICKS_TOKEN"],
)
instance = os.environ["LAKEGATE_TEST_INSTANCE"]
name = f"{uuid.uuid4()}@example.com"
report = {}

# Identities
user = client.users.create(user_name=name, display_name="Python", name=iam.Name(given_name="Py", family_name="Thon"))
client.users.patch(
    user.id,
    operations=[iam.Patch(op=iam.PatchOp.REPLACE, path="displayName", value="Patched")],
    schemas=[iam.PatchSchema.URN_IETF_PARAMS_SCIM_API_MESSAGES_2_0_PATCH_OP],
)
report["display_name"] = client.users.get(user.id).display_name
report["found"] = [found.user_name for found in client.users.list(filter=f'userName eq "{name}"')]

principal = client.service_principals.create(display_name="python principal")
group = client.groups.create(
    display_name=f"python {uuid.uuid4()}",
    members=[iam.ComplexValue(value=user.id), iam.ComplexValue(value=principal.id)],
)
report["members"] = sorted(member.value for member in client.groups.get(group.id).members)
report["expected_members"] = sorted([user.id, principal.id])
client.groups.update(group.id, display_name=group.display_name, members=[iam.ComplexValue(value=user.id)])
report["members_after_update"] = [member.value for member in client.groups.get(group.id).members]

# Secrets, at the workspace proxy
secret = client.service_principal_secrets_proxy.create(principal.id, lifetime="3600s")
machine = WorkspaceClient(
    host=os.environ["DATABRICKS_HOST"],
    client_id=principal.application_id,
    client_secret=secret.secret,
    auth_type="oauth-m2m",
)
report["machine"] = machine.current_user.me().user_name == principal.application_id
report["secrets"] = len(list(client.service_principal_secrets_proxy.list(principal.id)))
client.service_principal_secrets_proxy.delete(principal.id, secret.id)

# Permissions
client.permissions.update(
    "database-instances",
    instance,
    access_control_list=[
        iam.AccessControlRequest(
            group_name=group.display_name, permission_level=iam.PermissionLevel.CAN_USE
        )
    ],
)
permissions = client.permissions.get("database-instances", instance)
report["granted"] = [
    entry.all_permissions[0].permission_level.value
    for entry in permissions.access_control_list
    if entry.group_name == group.display_name
]
levels = client.permissions.get_permission_levels("database-instances", instance).permission_levels
report["levels"] = [level.permission_level.value for level in levels]

# Roles
role = client.database.create_database_instance_role(
    instance,
    database.DatabaseInstanceRole(
        name=principal.application_id,
        identity_type=database.DatabaseInstanceRoleIdentityType.SERVICE_PRINCIPAL,
        attributes=database.DatabaseInstanceRoleAttributes(createdb=True),
    ),
)
report["createdb"] = role.effective_attributes.createdb
report["role_listed"] = principal.application_id in [
    listed.name for listed in client.database.list_database_instance_roles(instance)
]
client.database.delete_database_instance_role(instance, principal.application_id)
client.database.delete_database_instance_role(instance, principal.application_id, allow_missing=True)

# Claims: a catalog, a grant on one of its tables, a credential that names it
catalog_name = f"python_{uuid.uuid4().hex[:8]}"
table_name = f"{catalog_name}.public.orders"
client.database.create_database_catalog(
    database.DatabaseCatalog(
        name=catalog_name, database_instance_name=instance, database_name="databricks_postgres"
    )
)
report["catalogs"] = catalog_name in [
    listed.name for listed in client.database.list_database_catalogs(instance)
]
client.grants.update(
    "TABLE",
    table_name,
    changes=[catalog.PermissionsChange(principal=name, add=[catalog.Privilege.SELECT])],
)
report["readers"] = [
    assignment.principal for assignment in client.grants.get("TABLE", table_name).privilege_assignments
]
report["claims_token"] = client.database.generate_database_credential(
    claims=[
        database.RequestedClaims(
            permission_set=database.RequestedClaimsPermissionSet.READ_ONLY,
            resources=[database.RequestedResource(table_name=table_name)],
        )
    ],
    request_id=str(uuid.uuid4()),
).token.count(".")
client.database.delete_database_catalog(catalog_name)

# Tokens
token = client.tokens.create(comment="python", lifetime_seconds=600)
report["token_works"] = (
    WorkspaceClient(host=os.environ["DATABRICKS_HOST"], token=token.token_value).current_user.me().user_name
)
client.tokens.delete(token.token_info.token_id)

# The account
report["workspaces"] = [workspace.workspace_name for workspace in account.workspaces.list()]
assigned = account.workspace_assignment.update(
    workspace_id=int(os.environ["LAKEGATE_TEST_WORKSPACE"]),
    principal_id=int(principal.id),
    permissions=[iam.WorkspacePermission.ADMIN],
)
report["assigned"] = [permission.value for permission in assigned.permissions]
policy = account.service_principal_federation_policy.create(
    service_principal_id=int(principal.id),
    policy=oauth2.FederationPolicy(
        oidc_policy=oauth2.OidcFederationPolicy(issuer="https://ci.example.com", subject="job")
    ),
)
report["policy_issuer"] = policy.oidc_policy.issuer
application = account.custom_app_integration.create(name="python app", redirect_urls=["https://app.example.com/"])
report["application"] = account.custom_app_integration.get(application.integration_id).name
account.custom_app_integration.delete(application.integration_id)

# An instance of its own, with the waiter of the SDK
made = client.database.create_database_instance_and_wait(
    database.DatabaseInstance(name=f"py-{uuid.uuid4().hex[:8]}", capacity="CU_1")
)
report["made_state"] = made.state.value
client.database.delete_database_instance(made.name, purge=True)

client.groups.delete(group.id)
client.service_principals.delete(principal.id)
client.users.delete(user.id)
try:
    client.users.get(user.id)
    report["deleted"] = False
except NotFound:
    report["deleted"] = True

print(json.dumps(report))
