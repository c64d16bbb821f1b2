/** Every route of the REST API, by subject: hands stores and operations to the files that declare the routes. */
import { randomBytes, randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import type { AccountId, InstanceUid } from '../domain/ids.ts'
import { packageFile } from '../domain/package-files.ts'
import { auditRoutes } from '../http/api/audit.ts'
import { catalogRoutes } from '../http/api/catalogs.ts'
import { certificateAuthorityRoutes } from '../http/api/certificate-authority.ts'
import { customAppIntegrationRoutes } from '../http/api/custom-app-integrations.ts'
import { databaseCredentialRoutes } from '../http/api/database-credentials.ts'
import { databaseInstanceRoleRoutes } from '../http/api/database-instance-roles.ts'
import { databaseInstanceRoutes } from '../http/api/database-instances.ts'
import { directoryPermissionRoutes } from '../http/api/directory-permissions.ts'
import { discoveryRoutes } from '../http/api/discovery.ts'
import { federationPolicyRoutes } from '../http/api/federation-policies.ts'
import { frontDoorRoutes } from '../http/api/front-door.ts'
import { grantRoutes } from '../http/api/grants.ts'
import { healthRoutes, type HealthCheck } from '../http/api/health.ts'
import { identityRightsRoutes } from '../http/api/identity-rights.ts'
import { instanceDatabaseRoutes } from '../http/api/instance-databases.ts'
import { instanceMetricsRoutes } from '../http/api/instance-metrics.ts'
import { loginCheckRoutes } from '../http/api/login-check.ts'
import { openApiRoutes } from '../http/api/openapi.ts'
import { permissionRoutes } from '../http/api/permissions.ts'
import { refusalRoutes } from '../http/api/refusals.ts'
import { rightsRoutes } from '../http/api/rights.ts'
import { savedQueryRoutes } from '../http/api/saved-queries.ts'
import { servicePrincipalSecretRoutes } from '../http/api/service-principal-secrets.ts'
import { openSessionRoutes } from '../http/api/sessions.ts'
import { signInRoutes } from '../http/api/sign-in.ts'
import { signingKeyRoutes } from '../http/api/signing-keys.ts'
import { tokenIntrospectionRoutes } from '../http/api/token-introspection.ts'
import { tokenRoutes } from '../http/api/tokens.ts'
import { workspaceFileRoutes } from '../http/api/workspace-files.ts'
import { workspaceRoutes } from '../http/api/workspaces.ts'
import type { HttpListener } from '../http/listener.ts'
import type { PublicRoute, Route } from '../http/route.ts'
import { scimRoutes } from '../http/scim/routes.ts'
import { createInstanceDatabases } from '../instances/databases.ts'
import type { RunningSupervisor } from '../instances/supervisor.ts'
import { createInstanceDatabaseList } from '../instances/list-databases.ts'
import { createInstanceRoleAdministration } from '../instances/role-administration.ts'
import type { MintCredential } from '../operations/credentials/mint-database-credential.ts'
import type { SessionAsker } from '../operations/ports/sessions.ts'
import type { AttachingCallers } from '../policy/attached-cluster.ts'
import type { LocalInstances } from '../policy/local-instance.ts'
import { loadLiveGateways } from '../store/session-questions.ts'
import { askSystemDatabase } from '../store/system-database.ts'
import { generateOAuthSecret, generatePersonalAccessToken } from '../tokens/secret.ts'
import type { Foundation } from './foundation.ts'
import type { Live } from './live.ts'
import type { buildOAuth } from './oauth.ts'
import { chooseWorkspaceHost, listenForWorkspace } from './workspace-hosts.ts'

export interface RouteSettings {
  readonly publicUrl: string
  readonly instancesPerWorkspace: number
  /** Limits of one instance at one gateway. */
  readonly sessionLimits: { readonly direct: number; readonly pooled: number | undefined }
  readonly localInstances: LocalInstances
  readonly attachingCallers: AttachingCallers
  /** Whether gateways present certificates of Lakegate's own authority, or those of the operator. */
  readonly ownGatewayCertificates: boolean
}

export interface RouteParts {
  readonly foundation: Foundation
  readonly accountId: AccountId
  readonly mint: MintCredential
  readonly supervisor: RunningSupervisor
  readonly sessions: SessionAsker
  readonly history: Live['history']
  readonly signInPorts: ReturnType<typeof buildOAuth>['signInPorts']
  readonly httpListener: HttpListener
  readonly settings: RouteSettings
}

/** Routes that everybody may call, without a bearer token. */
export const publicRoutesOf = (
  { addresses, database }: Foundation,
  accountId: AccountId,
  stopping: HealthCheck,
): readonly PublicRoute[] => [
  ...frontDoorRoutes(),
  ...discoveryRoutes({ publicUrlOf: addresses.publicUrlOf, accountId }),
  ...openApiRoutes({ file: packageFile('openapi.json'), publicUrlOf: addresses.publicUrlOf }),
  ...healthRoutes([
    stopping,
    {
      name: 'system_database',
      check: async () => {
        await askSystemDatabase(() => sql`SELECT 1`.execute(database))
      },
    },
  ]),
]

export const routesOf = (parts: RouteParts): readonly Route[] => [
  ...credentialRoutes(parts),
  ...instanceRoutes(parts),
  ...roleRoutes(parts),
  ...catalogAndGrantRoutes(parts),
  ...directoryRoutes(parts),
  ...signInAndClientRoutes(parts),
  ...workspaceContentRoutes(parts),
  ...installationRoutes(parts),
]

const credentialRoutes = ({ foundation: { stores, clock }, accountId, mint }: RouteParts) => [
  ...databaseCredentialRoutes(mint),
  ...tokenIntrospectionRoutes(accountId),
  ...tokenRoutes({
    tokens: stores.personalAccessTokens,
    identities: stores.identities,
    clock,
    generate: () => generatePersonalAccessToken(randomBytes),
    accountId,
  }),
]

const instanceRoutes = ({
  foundation: { stores, clusters, database, listeners, encryption, audit, clock },
  accountId,
  supervisor,
  sessions,
  history,
  settings,
}: RouteParts) => [
  ...databaseInstanceRoutes({
    store: stores.instances,
    listeners,
    supervisor,
    clock,
    newInstanceUid: () => randomUUID() as InstanceUid,
    instancesPerWorkspace: settings.instancesPerWorkspace,
    encryption,
    localInstances: settings.localInstances,
    attachingCallers: settings.attachingCallers,
    clientCaPem: () => clusters.clientCertificates.certificatePem(),
  }),
  ...permissionRoutes({ store: stores.instances, directory: stores.directory }),
  ...instanceDatabaseRoutes({
    store: stores.instances,
    roles: clusters.roles,
    databases: createInstanceDatabaseList(clusters.connections),
  }),
  ...instanceMetricsRoutes({
    store: stores.instances,
    history,
    loadLiveGateways: () => loadLiveGateways(database),
    sessionLimits: settings.sessionLimits,
  }),
  ...openSessionRoutes({
    store: stores.instances,
    identities: stores.identities,
    accountId,
    sessions,
    audit,
  }),
]

const roleRoutes = ({ foundation: { stores, clusters, audit, clock }, accountId }: RouteParts) => [
  ...databaseInstanceRoleRoutes({
    store: stores.instances,
    roles: createInstanceRoleAdministration(clusters.access, stores.roleBindings),
    directory: stores.directory,
    audit,
  }),
  ...loginCheckRoutes({
    store: stores.instances,
    roles: clusters.roles,
    directory: stores.loginDirectory,
    claims: stores.catalog,
    identities: stores.identities,
    names: stores.directory,
    accountId,
    audit,
    clock,
  }),
]

const catalogAndGrantRoutes = ({ foundation: { stores, clusters, audit, clock } }: RouteParts) => [
  ...catalogRoutes({
    catalog: stores.catalog,
    store: stores.instances,
    databases: createInstanceDatabases(clusters.access),
    audit,
    clock,
  }),
  ...grantRoutes({ catalog: stores.catalog, store: stores.instances, directory: stores.directory, audit }),
]

const directoryRoutes = ({ foundation: { stores, clusters }, accountId, settings }: RouteParts) => [
  ...scimRoutes({ identities: stores.identities, accountId, randomUuid: randomUUID }),
  ...identityRightsRoutes({ identities: stores.identities, accountId }),
  ...rightsRoutes({
    store: stores.instances,
    roles: clusters.roles,
    instancesPerWorkspace: settings.instancesPerWorkspace,
    localInstances: settings.localInstances,
    attachingCallers: settings.attachingCallers,
  }),
]

const signInAndClientRoutes = ({
  foundation: { stores, addresses, clock },
  accountId,
  signInPorts,
}: RouteParts) => [
  ...signInRoutes({ ...signInPorts, publicUrlOf: addresses.publicUrlOf }),
  ...customAppIntegrationRoutes({
    clients: stores.oauthClients,
    clock,
    accountId,
    randomUuid: randomUUID,
    generate: () => generateOAuthSecret(randomBytes),
  }),
  ...federationPolicyRoutes({
    policies: stores.federationPolicies,
    identities: stores.identities,
    clock,
    accountId,
    randomUuid: randomUUID,
  }),
  ...servicePrincipalSecretRoutes({
    identities: stores.identities,
    secrets: stores.secrets,
    generate: () => generateOAuthSecret(randomBytes),
    clock,
    accountId,
  }),
]

const workspaceContentRoutes = ({
  foundation: { stores, addresses, audit, clock, log },
  accountId,
  httpListener,
  settings,
}: RouteParts) => [
  ...workspaceRoutes({
    workspaces: stores.workspaces,
    identities: stores.identities,
    directory: stores.directory,
    clock,
    accountId,
    publicUrlOf: addresses.publicUrlOf,
    chooseHost: (deploymentName, taken) =>
      chooseWorkspaceHost(settings.publicUrl, deploymentName, taken, process.platform),
    async onCreated({ host }) {
      addresses.forget()
      if (host !== undefined) await listenForWorkspace(httpListener, host, log)
    },
    onDeleted: () => {
      addresses.forget()
    },
  }),
  ...directoryPermissionRoutes({ files: stores.workspaceFiles, directory: stores.directory }),
  ...workspaceFileRoutes({ files: stores.workspaceFiles, directory: stores.directory, audit, clock }),
  ...savedQueryRoutes({ queries: stores.savedQueries, audit, clock, randomUuid: randomUUID }),
]

const installationRoutes = ({
  foundation: { stores, authority, signingKeys, audit },
  accountId,
  settings,
}: RouteParts) => [
  ...signingKeyRoutes({ keys: signingKeys, audit, accountId }),
  ...certificateAuthorityRoutes({
    certificatePem: () => authority.certificatePem(),
    signsGatewayCertificates: settings.ownGatewayCertificates,
  }),
  ...auditRoutes({ auditRecords: stores.auditRecords, accountId }),
  ...refusalRoutes(),
]
