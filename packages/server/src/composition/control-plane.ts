/** Builds the control plane: adapters into operations, operations into the edges that people and SDKs reach. */
import { randomBytes, randomUUID } from 'node:crypto'
import type { RequestListener } from 'node:http'
import { isIP } from 'node:net'
import path from 'node:path'
import type { IdentityId, InstanceUid } from '../domain/ids.ts'
import { closeConnection } from '../gateway/close-connection.ts'
import { auditRoutes } from '../http/api/audit.ts'
import { catalogRoutes } from '../http/api/catalogs.ts'
import { frontDoorRoutes } from '../http/api/front-door.ts'
import { databaseCredentialRoutes } from '../http/api/database-credentials.ts'
import { databaseInstanceRoutes } from '../http/api/database-instances.ts'
import { databaseInstanceRoleRoutes } from '../http/api/database-instance-roles.ts'
import { permissionRoutes } from '../http/api/permissions.ts'
import { tokenRoutes } from '../http/api/tokens.ts'
import { createBalancers } from '../gateway/listening/client-address.ts'
import { createInstanceDatabases } from '../instances/databases.ts'
import { createInstanceDatabaseList } from '../instances/list-databases.ts'
import { createInstanceRoleAdministration } from '../instances/role-administration.ts'
import { certificateAuthorityRoutes } from '../http/api/certificate-authority.ts'
import { customAppIntegrationRoutes } from '../http/api/custom-app-integrations.ts'
import { federationPolicyRoutes } from '../http/api/federation-policies.ts'
import { directoryPermissionRoutes } from '../http/api/directory-permissions.ts'
import { discoveryRoutes } from '../http/api/discovery.ts'
import { createEventsHandler, EVENTS_PREFIX } from '../http/console/events.ts'
import { healthRoutes } from '../http/api/health.ts'
import { grantRoutes } from '../http/api/grants.ts'
import { servicePrincipalSecretRoutes } from '../http/api/service-principal-secrets.ts'
import { workspaceFileRoutes } from '../http/api/workspace-files.ts'
import { workspaceRoutes } from '../http/api/workspaces.ts'
import { instanceDatabaseRoutes } from '../http/api/instance-databases.ts'
import { loginCheckRoutes } from '../http/api/login-check.ts'
import { refusalRoutes } from '../http/api/refusals.ts'
import { rightsRoutes } from '../http/api/rights.ts'
import { savedQueryRoutes } from '../http/api/saved-queries.ts'
import { identityRightsRoutes } from '../http/api/identity-rights.ts'
import { instanceMetricsRoutes } from '../http/api/instance-metrics.ts'
import { openSessionRoutes } from '../http/api/sessions.ts'
import { signInRoutes } from '../http/api/sign-in.ts'
import { signingKeyRoutes } from '../http/api/signing-keys.ts'
import { tokenIntrospectionRoutes } from '../http/api/token-introspection.ts'
import { createSqlEditor, SQL_PATH } from '../http/console/sql/upgrade.ts'
import type { HttpListener } from '../http/listener.ts'
import type { PlainHttpSettings } from '../http/plain-http.ts'
import { chooseWorkspaceHost, listenForWorkspace } from './workspace-hosts.ts'
import { createHttpServer, type HttpServer } from '../http/server.ts'
import { scimRoutes } from '../http/scim/routes.ts'
import { createInquiryListener } from '../inquiry/listener.ts'
import { loadManagedVerifiers } from '../instances/attached/backend-credentials.ts'
import { createAttachedDriver } from '../instances/attached/driver.ts'
import { createInstanceDriver } from '../instances/drivers.ts'
import { createEmbeddedDriver } from '../instances/embedded/driver.ts'
import { giveToAccount } from '../instances/embedded/own-directories.ts'
import { makeOwnSocketDirectory, ownSocketDirectoryOf } from '../instances/embedded/socket-directory.ts'
import { createInstanceSupervisor, type RunningSupervisor } from '../instances/supervisor.ts'
import { clientAddressOf } from '../oauth/client-address.ts'
import { METADATA_PREFIX, OAUTH_PREFIX } from '../oauth/handler.ts'
import { createAnswerIdentityQuestion } from '../operations/roles/answer-identity-question.ts'
import { takeOverBindings } from '../operations/roles/take-over-bindings.ts'
import type { AttachingCallers } from '../policy/attached-cluster.ts'
import { createAuthenticateBearer } from '../operations/credentials/authenticate-bearer.ts'
import {
  createMintCredential,
  type MintCredential,
} from '../operations/credentials/mint-database-credential.ts'
import type { ListenerAllocator } from '../operations/ports/clusters.ts'
import type { Installation } from '../operations/ports/installation.ts'
import { encodeHandedOnAddress } from '../protocol/handed-on-address.ts'
import { generateOAuthSecret, generatePersonalAccessToken, hashSecret } from '../tokens/secret.ts'
import { verifySessionTicket } from '../tokens/session-ticket.ts'
import { asWorkspaceToken } from '../tokens/verify.ts'
import { createSessionAsker, loadLiveGateways } from '../store/session-questions.ts'
import { askSystemDatabase } from '../store/system-database.ts'
import { sql } from 'kysely'
import { buildConsole, consoleClientSecret } from './console.ts'
import type { Foundation } from './foundation.ts'
import type { Live } from './live.ts'
import type { Machine } from './machine.ts'
import { buildOAuth, type HttpProxySettings, type OAuthServerSettings } from './oauth.ts'
import { reportSupervision } from './report-supervision.ts'

export interface ControlPlane {
  readonly supervisor: RunningSupervisor
  readonly mint: MintCredential
  /** Serves the live question of the instances; must run before instances do. */
  readonly inquiry: { start(): Promise<void>; stop(): Promise<void> }
  readonly http: HttpServer
  /** Ends the sessions of the SQL editor, which are sessions of a gateway too: before that waits for them. */
  readonly endSqlSessions: () => void
}

export interface ControlPlaneSettings extends OAuthServerSettings, HttpProxySettings {
  readonly httpListener: HttpListener
  readonly publicUrl: string
  readonly plainHttp: PlainHttpSettings['access']
  readonly instancesPerWorkspace: number
  readonly connectionsOfInstance: number
  /** Of an instance at one gateway. */
  readonly sessionLimits: { readonly direct: number; readonly pooled: number | undefined }
  /** 0: none. */
  readonly sessionIdleSeconds: number
  readonly replicationSlotMegabytes: number
  /** Answers /metrics; undefined: nobody does. */
  readonly metrics: RequestListener | undefined
  readonly attachingCallers: AttachingCallers
  /** Whom the SQL editor believes that a gateway is one, as PEM. */
  readonly gatewayAuthorities: () => Promise<readonly string[]>
}

/** Logins find a new primary by themselves; this is how soon the state of an instance tells of it. */
const WATCH_ATTACHED_EVERY_MS = 5_000

export function buildControlPlane(
  foundation: Foundation,
  machine: Machine,
  installation: Installation,
  live: Live,
  settings: ControlPlaneSettings,
): ControlPlane {
  const { clock, log, audit, stores, signingKeys, connections, access, roles, addresses } = foundation
  const { accountId } = installation
  const besideData = path.join(machine.dataDirectory, 'inquiry')
  const inquiryDirectory = ownSocketDirectoryOf(besideData)

  const embedded = createEmbeddedDriver({
    directory: path.join(machine.dataDirectory, 'instances'),
    binaries: machine.binaries,
    account: machine.account,
    connectionsOfInstance: settings.connectionsOfInstance,
    sessionIdleSeconds: settings.sessionIdleSeconds,
    replicationSlotMegabytes: settings.replicationSlotMegabytes,
    extensionDirectory: machine.extensionDirectory,
    preloadLibraries: machine.preloadLibraries,
    controlPlaneConninfo: `host=${quoteForConninfo(inquiryDirectory)} port=5432 user=databricks_auth dbname=lakegate connect_timeout=5`,
    connections,
    access,
    completeInstances: async () =>
      (await stores.instances.listAll())
        .filter(
          ({ backend, state, systemIdentifier }) =>
            backend.kind === 'embedded' && state !== 'DELETING' && systemIdentifier !== undefined,
        )
        .map(({ uid }) => uid),
  })
  const sessions = createSessionAsker(foundation.database, randomUUID)
  const driver = createInstanceDriver({
    embedded,
    attached: createAttachedDriver({
      clusters: foundation.clusters,
      access,
      connections,
      bindings: stores.roleBindings,
      async takeOverBindings(instance, found) {
        const taken = await takeOverBindings({ bindings: stores.roleBindings, audit }, instance, found)
        log.warn(
          { instance: instance.uid, found: found.length, taken },
          'the bindings of roles were taken over from databricks_auth.role_binding of an attached cluster, which members of pg_write_all_data could write: check the audit records take_over_binding',
        )
      },
      reportPasswordLeft({ uid, name, workspaceId }, role) {
        audit.record({
          event: 'change_role',
          outcome: 'admitted',
          role,
          instanceUid: uid,
          instanceName: name,
          workspaceId,
          detail: 'bound to no identity any more; it keeps a password that was set on it',
        })
      },
      watchEveryMs: WATCH_ATTACHED_EVERY_MS,
      loadManagedVerifiers: (uid) =>
        loadManagedVerifiers({ secrets: foundation.attachedSecrets, encryption: foundation.encryption }, uid),
      async endSessions({ uid: instanceUid, workspaceId }) {
        const selection = { workspaceId, instanceUid, identityId: undefined, sessionId: undefined }
        await sessions.ask({ kind: 'end', selection })
      },
    }),
  })
  const supervisor = createInstanceSupervisor({
    store: stores.instances,
    driver,
    directory: stores.directory,
    clock,
    report: (event) => {
      reportSupervision(log, event)
    },
  })
  const context = () => ({ issuerOf: addresses.issuerOf, keys: signingKeys, now: clock() })
  const authenticate = createAuthenticateBearer({
    personalAccessTokens: stores.personalAccessTokens,
    directory: stores.directory,
    verifyWorkspaceToken: async (token, workspaceId, now) =>
      asWorkspaceToken(await foundation.verifyToken(token, now), workspaceId),
    clock,
  })
  const mint = createMintCredential({
    instances: stores.instances,
    catalog: stores.catalog,
    roles,
    keys: signingKeys,
    audit,
    clock,
    issuerOf: addresses.issuerOf,
  })
  const oauth = buildOAuth(foundation, accountId, {
    ...settings,
    consoleSecretHash: hashSecret(consoleClientSecret(foundation.encryption).reveal()),
  })
  const webConsole = buildConsole(foundation, {
    accountId,
    authenticate,
    oauth: oauth.handle,
    signInProvider: settings.upstream?.name,
  })
  const listeners: ListenerAllocator = foundation.listeners
  const secretPorts = {
    identities: stores.identities,
    secrets: stores.secrets,
    generate: () => generateOAuthSecret(randomBytes),
    clock,
  }
  const isHttpProxy = createBalancers(settings.httpProxies).includes
  const sqlEditor = createSqlEditor({
    mint,
    findInstance: (workspaceId, name) => stores.instances.findByName(workspaceId, name),
    gatewayAuthorities: settings.gatewayAuthorities,
    handOnAddress(address, port) {
      const family = isIP(address)
      return family === 4 || family === 6
        ? encodeHandedOnAddress({ address, family, port }, foundation.handedOnAddressKey.reveal(), clock())
        : undefined
    },
    namesOf: (ids) => stores.directory.loadNamesOf(ids.map((id) => id as IdentityId)),
    consoleSessions: webConsole.sessions,
    workspaceAt: addresses.workspaceAt,
    publicUrlOf: addresses.publicUrlOf,
    clientAddressOf: (request) => clientAddressOf(request, isHttpProxy),
    closeConnection,
    clock,
    log,
  })
  const http = createHttpServer(
    {
      authenticate,
      workspaceAt: addresses.workspaceAt,
      publicRoutes: [
        ...frontDoorRoutes(),
        ...discoveryRoutes({ publicUrlOf: addresses.publicUrlOf, accountId }),
        ...healthRoutes([
          {
            name: 'system_database',
            check: async () => {
              await askSystemDatabase(() => sql`SELECT 1`.execute(foundation.database))
            },
          },
        ]),
      ],
      routes: [
        ...tokenIntrospectionRoutes(accountId),
        ...permissionRoutes({ store: stores.instances, directory: stores.directory }),
        ...databaseInstanceRoleRoutes({
          store: stores.instances,
          roles: createInstanceRoleAdministration(access, stores.roleBindings),
          directory: stores.directory,
          audit,
        }),
        ...federationPolicyRoutes({
          policies: stores.federationPolicies,
          identities: stores.identities,
          clock,
          accountId,
          randomUuid: randomUUID,
        }),
        ...customAppIntegrationRoutes({
          clients: stores.oauthClients,
          clock,
          accountId,
          randomUuid: randomUUID,
          generate: () => generateOAuthSecret(randomBytes),
        }),
        ...tokenRoutes({
          tokens: stores.personalAccessTokens,
          identities: stores.identities,
          clock,
          generate: () => generatePersonalAccessToken(randomBytes),
          accountId,
        }),
        ...signInRoutes({ ...oauth.signInPorts, publicUrlOf: addresses.publicUrlOf }),
        ...databaseCredentialRoutes(mint),
        ...catalogRoutes({
          catalog: stores.catalog,
          store: stores.instances,
          databases: createInstanceDatabases(access),
          audit,
          clock,
        }),
        ...grantRoutes({
          catalog: stores.catalog,
          store: stores.instances,
          directory: stores.directory,
          audit,
        }),
        ...signingKeyRoutes({ keys: signingKeys, audit, accountId }),
        ...certificateAuthorityRoutes({
          certificatePem: () => foundation.authority.certificatePem(),
        }),
        ...auditRoutes({ auditRecords: stores.auditRecords, accountId }),
        ...rightsRoutes({
          store: stores.instances,
          roles,
          instancesPerWorkspace: settings.instancesPerWorkspace,
          attachingCallers: settings.attachingCallers,
        }),
        ...loginCheckRoutes({
          store: stores.instances,
          roles,
          directory: stores.loginDirectory,
          claims: stores.catalog,
          identities: stores.identities,
          names: stores.directory,
          accountId,
          audit,
          clock,
        }),
        ...instanceDatabaseRoutes({
          store: stores.instances,
          roles,
          databases: createInstanceDatabaseList(connections),
        }),
        ...savedQueryRoutes({ queries: stores.savedQueries, audit, clock, randomUuid: randomUUID }),
        ...refusalRoutes(),
        ...identityRightsRoutes({ identities: stores.identities, accountId }),
        ...instanceMetricsRoutes({
          store: stores.instances,
          history: live.history,
          loadLiveGateways: () => loadLiveGateways(foundation.database),
          sessionLimits: settings.sessionLimits,
        }),
        ...openSessionRoutes({
          store: stores.instances,
          identities: stores.identities,
          accountId,
          sessions,
          audit,
        }),
        ...databaseInstanceRoutes({
          store: stores.instances,
          listeners,
          supervisor,
          clock,
          newInstanceUid: () => randomUUID() as InstanceUid,
          instancesPerWorkspace: settings.instancesPerWorkspace,
          encryption: foundation.encryption,
          attachingCallers: settings.attachingCallers,
          clientCaPem: () => foundation.clientCertificates.certificatePem(),
        }),
        ...scimRoutes({
          identities: stores.identities,
          accountId,
          randomUuid: randomUUID,
        }),
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
            if (host !== undefined) await listenForWorkspace(settings.httpListener, host, log)
          },
          onDeleted: () => {
            addresses.forget()
          },
        }),
        ...servicePrincipalSecretRoutes({ ...secretPorts, accountId }),
        ...directoryPermissionRoutes({ files: stores.workspaceFiles, directory: stores.directory }),
        ...workspaceFileRoutes({
          files: stores.workspaceFiles,
          directory: stores.directory,
          audit,
          clock,
        }),
      ],
      console: webConsole.http,
      upgrades: [{ path: SQL_PATH, take: sqlEditor.takeUpgrade }],
      mounts: [
        ...webConsole.mounts,
        {
          prefix: EVENTS_PREFIX,
          handle: createEventsHandler({
            sessions: webConsole.sessions,
            workspaceAt: addresses.workspaceAt,
            streams: live.streams,
            release: webConsole.release,
            closeConnection,
            log,
          }),
        },
        ...[OAUTH_PREFIX, METADATA_PREFIX].map((prefix) => ({ prefix, handle: oauth.handle })),
        ...(settings.metrics === undefined ? [] : [{ prefix: '/metrics', handle: settings.metrics }]),
      ],
      closeConnection,
      plainHttp: {
        access: settings.plainHttp,
        isProxy: isHttpProxy,
        publicUrl: settings.publicUrl,
      },
      log,
    },
    settings.httpListener,
  )
  const inquiry = createInquiryListener(
    {
      answer: createAnswerIdentityQuestion({
        directory: stores.directory,
        verifySessionTicket: (ticket) => verifySessionTicket(ticket, context()),
        audit,
        clock,
      }),
      log,
    },
    {
      directory: inquiryDirectory,
      makeDirectory: () => makeOwnSocketDirectory(besideData, machine.account),
      closeSocket: (file) => giveToAccount(file, machine.account),
    },
  )
  return {
    supervisor,
    mint,
    inquiry,
    http,
    endSqlSessions: sqlEditor.stop,
  }
}

/** PostgreSQL, «Connection Strings»: within single quotes these two have a backslash before them. */
const quoteForConninfo = (text: string): string => `'${text.replaceAll(/['\\]/g, '\\$&')}'`
