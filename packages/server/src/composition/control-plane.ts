/** Builds the control plane: adapters into operations, operations into the edges that people and SDKs reach. */
import { randomUUID } from 'node:crypto'
import type { RequestListener } from 'node:http'
import { isIP } from 'node:net'
import path from 'node:path'
import type { IdentityId } from '../domain/ids.ts'
import { closeConnection } from '../gateway/close-connection.ts'
import { createBalancers } from '../gateway/listening/client-address.ts'
import type { HealthCheck } from '../http/api/health.ts'
import { createEventsHandler, EVENTS_PREFIX } from '../http/console/events.ts'
import { createSqlEditor, SQL_PATH } from '../http/console/sql/upgrade.ts'
import type { HttpListener } from '../http/listener.ts'
import type { PlainHttpSettings } from '../http/plain-http.ts'
import { createHttpServer, type HttpServer, type Mount } from '../http/server.ts'
import { createInquiryListener } from '../inquiry/listener.ts'
import { giveToAccount } from '../instances/embedded/own-directories.ts'
import { makeOwnSocketDirectory, ownSocketDirectoryOf } from '../instances/embedded/socket-directory.ts'
import type { RunningSupervisor } from '../instances/supervisor.ts'
import { clientAddressOf } from '../oauth/client-address.ts'
import { METADATA_PREFIX } from '../oauth/handler.ts'
import { OAUTH_PREFIX } from '../oauth/sign-in-link-url.ts'
import { createAuthenticateBearer } from '../operations/credentials/authenticate-bearer.ts'
import {
  createMintCredential,
  type MintCredential,
} from '../operations/credentials/mint-database-credential.ts'
import type { Installation } from '../operations/ports/installation.ts'
import { createAnswerIdentityQuestion } from '../operations/roles/answer-identity-question.ts'
import { encodeHandedOnAddress } from '../protocol/handed-on-address.ts'
import { createSessionAsker } from '../store/session-questions.ts'
import { hashSecret } from '../tokens/secret.ts'
import { verifySessionTicket } from '../tokens/session-ticket.ts'
import { asWorkspaceToken } from '../tokens/verify.ts'
import { buildConsole, consoleClientSecret } from './console.ts'
import type { Foundation } from './foundation.ts'
import type { Live } from './live.ts'
import type { Machine } from './machine.ts'
import { buildOAuth, type HttpProxySettings, type OAuthServerSettings } from './oauth.ts'
import { publicRoutesOf, routesOf, type RouteSettings } from './routes.ts'
import { buildSupervisor, type ClusterSettings } from './supervisor.ts'

export interface ControlPlane {
  readonly supervisor: RunningSupervisor
  readonly mint: MintCredential
  /** Answers live questions of the instances; must run before the instances do. */
  readonly inquiry: { start(): Promise<void>; stop(): Promise<void> }
  readonly http: HttpServer
  /**
   * Ends the sessions of the SQL editor. They are also sessions of a gateway, so call this before the gateway waits for
   * its sessions.
   */
  readonly endSqlSessions: () => void
}

export interface ControlPlaneSettings
  extends OAuthServerSettings, HttpProxySettings, ClusterSettings, RouteSettings {
  readonly plainHttp: PlainHttpSettings['access']
  /** Authorities, as PEM, whose certificates prove to the SQL editor that it talks to a gateway. */
  readonly gatewayAuthorities: () => Promise<readonly string[]>
}

/** Where people and SDKs reach the control plane. */
export interface ControlPlaneEdges {
  readonly httpListener: HttpListener
  /** Answers /metrics; undefined when this process does not serve it. */
  readonly metrics: RequestListener | undefined
  readonly live: Live
  /** Fails in `/readyz` from the request to stop on. */
  readonly stopping: HealthCheck
}

export function buildControlPlane(
  foundation: Foundation,
  machine: Machine,
  installation: Installation,
  { httpListener, metrics, live, stopping }: ControlPlaneEdges,
  settings: ControlPlaneSettings,
): ControlPlane {
  const { log, addresses, encryption } = foundation
  const { accountId } = installation
  const besideData = path.join(machine.dataDirectory, 'inquiry')
  const inquiryDirectory = ownSocketDirectoryOf(besideData)
  const sessions = createSessionAsker(foundation.database, randomUUID)
  const supervisor = buildSupervisor(foundation, machine, { inquiryDirectory, sessions }, settings)
  const authenticate = buildAuthenticateBearer(foundation)
  const mint = buildMintCredential(foundation)
  const oauth = buildOAuth(foundation, accountId, {
    ...settings,
    consoleSecretHash: hashSecret(consoleClientSecret(encryption).reveal()),
  })
  const webConsole = buildConsole(foundation, {
    accountId,
    authenticate,
    oauth: oauth.handle,
    signInProvider: settings.upstream?.name,
  })
  const isHttpProxy = createBalancers(settings.httpProxies).includes
  const sqlEditor = buildSqlEditor(foundation, {
    mint,
    consoleSessions: webConsole.sessions,
    gatewayAuthorities: settings.gatewayAuthorities,
    isHttpProxy,
  })
  const events: Mount = {
    prefix: EVENTS_PREFIX,
    handle: createEventsHandler({
      sessions: webConsole.sessions,
      workspaceAt: addresses.workspaceAt,
      streams: live.streams,
      release: webConsole.release,
      closeConnection,
      log,
    }),
  }
  const http = createHttpServer(
    {
      authenticate,
      workspaceAt: addresses.workspaceAt,
      publicRoutes: publicRoutesOf(foundation, accountId, stopping),
      routes: routesOf({
        ...{ foundation, accountId, mint, supervisor, sessions, httpListener, settings },
        history: live.history,
        signInPorts: oauth.signInPorts,
      }),
      console: webConsole.http,
      upgrades: [{ path: SQL_PATH, take: sqlEditor.takeUpgrade }],
      mounts: [
        ...webConsole.mounts,
        events,
        ...[OAUTH_PREFIX, METADATA_PREFIX].map((prefix) => ({ prefix, handle: oauth.handle })),
        ...(metrics === undefined ? [] : [{ prefix: '/metrics', handle: metrics }]),
      ],
      closeConnection,
      plainHttp: { access: settings.plainHttp, isProxy: isHttpProxy, publicUrl: settings.publicUrl },
      log,
    },
    httpListener,
  )
  const inquiry = createInquiryListener(
    { answer: buildAnswerIdentityQuestion(foundation), log },
    {
      directory: inquiryDirectory,
      makeDirectory: () => makeOwnSocketDirectory(besideData, machine.account),
      closeSocket: (file) => giveToAccount(file, machine.account),
    },
  )
  return { supervisor, mint, inquiry, http, endSqlSessions: sqlEditor.stop }
}

const buildAuthenticateBearer = ({ stores, verifyToken, clock }: Foundation) =>
  createAuthenticateBearer({
    personalAccessTokens: stores.personalAccessTokens,
    directory: stores.directory,
    verifyWorkspaceToken: async (token, workspaceId, now) =>
      asWorkspaceToken(await verifyToken(token, now), workspaceId),
    clock,
  })

const buildMintCredential = ({ stores, clusters, signingKeys, audit, clock, addresses }: Foundation) =>
  createMintCredential({
    instances: stores.instances,
    catalog: stores.catalog,
    roles: clusters.roles,
    keys: signingKeys,
    audit,
    clock,
    issuerOf: addresses.issuerOf,
  })

const buildAnswerIdentityQuestion = ({ stores, addresses, signingKeys, audit, clock }: Foundation) =>
  createAnswerIdentityQuestion({
    directory: stores.directory,
    verifySessionTicket: (ticket) =>
      verifySessionTicket(ticket, { issuerOf: addresses.issuerOf, keys: signingKeys, now: clock() }),
    audit,
    clock,
  })

function buildSqlEditor(
  { stores, addresses, handedOnAddressKey, clock, log }: Foundation,
  parts: {
    readonly mint: MintCredential
    readonly consoleSessions: Parameters<typeof createSqlEditor>[0]['consoleSessions']
    readonly gatewayAuthorities: () => Promise<readonly string[]>
    readonly isHttpProxy: (address: string) => boolean
  },
) {
  return createSqlEditor({
    mint: parts.mint,
    findInstance: (workspaceId, name) => stores.instances.findByName(workspaceId, name),
    gatewayAuthorities: parts.gatewayAuthorities,
    handOnAddress(address, port) {
      const family = isIP(address)
      return family === 4 || family === 6
        ? encodeHandedOnAddress({ address, family, port }, handedOnAddressKey.reveal(), clock())
        : undefined
    },
    namesOf: (ids) => stores.directory.loadNamesOf(ids.map((id) => id as IdentityId)),
    consoleSessions: parts.consoleSessions,
    workspaceAt: addresses.workspaceAt,
    publicUrlOf: addresses.publicUrlOf,
    clientAddressOf: (request) => clientAddressOf(request, parts.isHttpProxy),
    closeConnection,
    clock,
    log,
  })
}
