/** Examples of the OpenAPI document, of the operations with which people begin; a test holds them against the schemas. */
export const EXAMPLES: Readonly<Record<string, { readonly request?: unknown; readonly answer?: unknown }>> = {
  'database.createDatabaseInstance': { request: { name: 'dev', capacity: 'CU_1' } },
  'database.updateDatabaseInstance': { request: { stopped: true } },
  'database.generateDatabaseCredential': {
    request: { instance_names: ['dev'] },
    answer: { token: 'eyJhbGciOiJFUzI1NiJ9.…', expiration_time: '2026-01-31T13:00:00.000Z' },
  },
  'database.createDatabaseInstanceRole': {
    request: { name: 'ada@example.com', identity_type: 'USER', membership_role: 'DATABRICKS_SUPERUSER' },
    answer: {
      name: 'ada@example.com',
      identity_type: 'USER',
      identity_id: '70368744177665',
      membership_role: 'DATABRICKS_SUPERUSER',
      attributes: { bypassrls: false, createdb: false, createrole: false },
      effective_attributes: { bypassrls: false, createdb: false, createrole: false },
      instance_name: 'dev',
    },
  },
  'permissions.update': {
    request: { access_control_list: [{ group_name: 'analysts', permission_level: 'CAN_USE' }] },
  },
  'grants.update': { request: { changes: [{ principal: 'analysts', add: ['SELECT'] }] } },
  'users.create': {
    request: { userName: 'ada@example.com', displayName: 'Ada Lovelace' },
  },
  'groups.create': { request: { displayName: 'analysts', members: [{ value: '70368744177665' }] } },
  'groups.patch': {
    request: {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'add', path: 'members', value: [{ value: '70368744177665' }] }],
    },
  },
  'servicePrincipals.create': { request: { displayName: 'my app' } },
  'servicePrincipalSecretsProxy.create': { request: { lifetime: '7776000s' } },
  'tokens.create': { request: { comment: 'laptop', lifetime_seconds: 86_400 } },
  'accountFederationPolicy.create': {
    request: {
      oidc_policy: { issuer: 'https://idp.example.com', audiences: ['lakegate'], subject_claim: 'email' },
    },
  },
  'servicePrincipalFederationPolicy.create': {
    request: {
      oidc_policy: {
        issuer: 'https://token.actions.githubusercontent.com',
        audiences: ['lakegate'],
        subject: 'repo:example/app:ref:refs/heads/main',
      },
    },
  },
  'customAppIntegration.create': {
    request: {
      name: 'dashboards',
      redirect_urls: ['https://dashboards.example.com/callback'],
      confidential: true,
    },
  },
  'workspaces.create': { request: { workspace_name: 'Production', deployment_name: 'production' } },
  'workspaceAssignment.update': { request: { permissions: ['USER'] } },
  'instances.checkLogin': { request: { role: 'analysts', identity: 'ada@example.com' } },
}
