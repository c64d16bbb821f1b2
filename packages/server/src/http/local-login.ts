/**
 * Where the owner of the data directory signs in on the machine itself: `POST /local-login` over HTTP on a Unix socket of mode
 * 0600. That the caller could connect is the proof: the kernel lets only the account that runs Lakegate, and root.
 */
import { chmod, rm } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import type { LocalLogin } from '../operations/credentials/log-in-locally.ts'

const LOCAL_LOGIN_PATH = '/local-login'
const DEADLINE_MS = 10_000
const MOST_CONNECTIONS = 50
/** The mode of the socket is its lock, so it must never have had another one. */
const ONLY_OWNER = 0o177

export interface LocalLoginFacts {
  readonly httpUrl: string
  readonly accountId: string
  readonly workspaceId: string
  readonly adminUser: string
}

export interface LocalLoginListener {
  start(): Promise<void>
  stop(): Promise<void>
}

export function createLocalLoginListener(
  dependencies: {
    readonly login: LocalLogin
    readonly log: { error(fields: object, message: string): void }
  },
  facts: LocalLoginFacts,
  place: { readonly file: string; readonly makeDirectory: () => Promise<void> },
): LocalLoginListener {
  const server = createServer(
    { requestTimeout: DEADLINE_MS, headersTimeout: DEADLINE_MS },
    (request, response) => {
      // Nothing that is sent is read.
      request.resume()
      if (request.method !== 'POST' || request.url !== LOCAL_LOGIN_PATH) {
        answer(response, 404, { error_code: 'NOT_FOUND', message: `Only POST ${LOCAL_LOGIN_PATH} is here.` })
        return
      }
      dependencies.login.logIn().then(
        ({ token, expiresAt }) => {
          answer(response, 200, {
            http_url: facts.httpUrl,
            account_id: facts.accountId,
            workspace_id: facts.workspaceId,
            admin_user: facts.adminUser,
            access_token: token.reveal(),
            expires_at: expiresAt.toISOString(),
          })
        },
        (error: unknown) => {
          dependencies.log.error({ err: error }, 'a local login failed')
          answer(response, 503, {
            error_code: 'TEMPORARILY_UNAVAILABLE',
            message: 'Lakegate cannot reach its system database.',
          })
        },
      )
    },
  )
  server.maxConnections = MOST_CONNECTIONS

  return {
    async start() {
      await place.makeDirectory()
      await removeStaleSocket(place.file)
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        const former = process.umask(ONLY_OWNER)
        try {
          // Binds before it returns.
          server.listen(place.file, () => {
            server.off('error', reject)
            resolve()
          })
        } finally {
          process.umask(former)
        }
      })
      server.on('error', (error) => {
        dependencies.log.error({ err: error }, 'the socket for local logins failed')
      })
      await chmod(place.file, 0o600)
    },
    async stop() {
      // Resolves also when the server never listened.
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
      await dependencies.login.end()
    },
  }
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(JSON.stringify(body))
}

/** A crash leaves the file of the socket behind. @throws when another process answers there */
async function removeStaleSocket(file: string): Promise<void> {
  const isAnswered = await new Promise<boolean>((resolve) => {
    const probe = connect(file)
    probe.once('connect', () => {
      probe.destroy()
      resolve(true)
    })
    probe.once('error', () => resolve(false))
  })
  if (isAnswered) throw new Error(`another process answers at ${file}`)
  await rm(file, { force: true })
}
