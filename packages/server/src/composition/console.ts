/** Builds the web console: a client of our own OAuth server, its sessions, and what is served below `/console`. */
import { randomBytes } from 'node:crypto'
import type { RequestListener } from 'node:http'
import { fileURLToPath } from 'node:url'
import { readVersion } from '../cli/version.ts'
import type { AccountId } from '../domain/ids.ts'
import { packageFile } from '../domain/package-files.ts'
import { Redacted } from '../domain/redacted.ts'
import { closeConnection } from '../gateway/close-connection.ts'
import { abandonAnswer } from '../http/abandon-answer.ts'
import { callerByCookie } from '../http/console/api.ts'
import { createBuildLoader } from '../http/console/build.ts'
import { createSessionFinder } from '../http/console/find-session.ts'
import { CONSOLE_PREFIXES, createConsoleHandler } from '../http/console/handler.ts'
import type { ConsoleSessions } from '../http/console/session.ts'
import type { HttpDependencies, Mount } from '../http/server.ts'
import { createConsoleClient } from '../oauth/console-client.ts'
import { CONSOLE_PAGES } from '../oauth/pages/console.ts'
import type { AuthenticateBearer } from '../operations/credentials/authenticate-bearer.ts'
import { createConsoleSessions } from '../operations/sign-in/console-sessions.ts'
import type { KeyEncryption } from '../operations/ports/keys.ts'
import { generateConsoleCookie, hashSecret } from '../tokens/secret.ts'
import type { Foundation } from './foundation.ts'
import { createSeal } from './oauth.ts'

export interface Console {
  readonly mounts: readonly Mount[]
  /** What the REST server needs of the console. */
  readonly http: HttpDependencies['console']
  readonly sessions: ConsoleSessions
  /** Versions of the server and of the console build that it serves. */
  release(): Promise<{ readonly version: string; readonly build: string }>
}

/**
 * The same in every control plane, because it is derived from the master key; nobody without that key can compute it.
 */
export const consoleClientSecret = (encryption: KeyEncryption): Redacted<string> =>
  new Redacted(Buffer.from(encryption.deriveSecret('client secret of the console').reveal()).toString('hex'))

export function buildConsole(
  { stores, addresses, encryption, clock, log }: Foundation,
  parts: {
    readonly accountId: AccountId
    readonly authenticate: AuthenticateBearer
    readonly oauth: RequestListener
    /** Display name of the outside provider, if there is one. */
    readonly signInProvider: string | undefined
  },
): Console {
  const { workspaceAt, publicUrlOf } = addresses
  const client = createConsoleClient({
    handle: parts.oauth,
    publicUrlOf,
    clientSecret: consoleClientSecret(encryption),
    async findOrigin(workspace, refreshToken) {
      const hash = hashSecret(refreshToken.reveal())
      const { sessionUid, amr } =
        (await stores.oauthRecords.find(workspace.id, 'RefreshToken', hash))?.payload ?? {}
      if (typeof sessionUid !== 'string') return undefined
      return { browserSessionUid: sessionUid, signedInOutside: Array.isArray(amr) && amr.includes('fed') }
    },
    ...createSeal(encryption),
    clock,
  })
  const operations = createConsoleSessions({
    consoleSessions: stores.consoleSessions,
    authenticate: parts.authenticate,
    encryption,
    renew: client.renew,
    generateCookie: () => generateConsoleCookie(randomBytes),
    clock,
  })
  const sessions = createSessionFinder({
    operations,
    publicUrlOf,
    signInProvider: parts.signInProvider,
    log,
  })
  const loadBuild = createBuildLoader(fileURLToPath(packageFile('console/')))
  const version = readVersion()
  const buildId = async () => (await loadBuild())?.id ?? ''
  const handle = createConsoleHandler({
    workspaceAt,
    publicUrlOf,
    loadBuild,
    signIn: {
      client,
      openSession: (...opened) => operations.open(...opened),
      forgetSession: (cookie) => operations.forget(cookie),
    },
    pages: CONSOLE_PAGES,
    log,
    abandonAnswer: (response) => {
      abandonAnswer(response, closeConnection)
    },
  })
  return {
    sessions,
    release: async () => ({ version, build: await buildId() }),
    mounts: CONSOLE_PREFIXES.map((prefix) => ({ prefix, handle })),
    http: {
      callerOf: callerByCookie(sessions, publicUrlOf),
      session: {
        sessions,
        workspaceAt,
        publicUrlOf,
        async listWorkspacesOf(id) {
          const all = await stores.workspaces.listWorkspaces(parts.accountId)
          // All workspaces are queried in parallel.
          const found = await Promise.all(all.map((one) => stores.directory.loadCaller(id, one.id)))
          return all.filter((_, index) => found[index]?.permission !== undefined)
        },
        accountId: parts.accountId,
        version,
        buildId,
      },
    },
  }
}
