/**
 * The loopback address to which the browser comes back with the authorization code (RFC 8252 §7.3): the ports are those of
 * the databricks CLI, whose client id this is. Both loopback addresses listen, because a browser may take either for
 * `localhost`.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { commandFailed, EXIT_STATUS } from '../../exit-codes.ts'

/** With which the browser came back. */
export interface Callback {
  readonly code: string
  /** RFC 9207; undefined where the server does not send it. */
  readonly issuer: string | undefined
}

export interface CallbackListener {
  readonly redirectUri: string
  /** @throws CommandFailure with what the authorization server said instead of a code */
  readonly callback: Promise<Callback>
  close(): void
}

const FIRST_PORT = 8020
const LAST_PORT = 8040

/** @param state of the request; a browser that comes with another one comes from somewhere else, and is not heard */
export async function listenForCallback(state: string): Promise<CallbackListener> {
  let settle: { resolve: (callback: Callback) => void; reject: (error: Error) => void } | undefined
  const callback = new Promise<Callback>((resolve, reject) => {
    settle = { resolve, reject }
  })
  // It is awaited later; until then a refusal is no unhandled one.
  callback.catch(() => undefined)
  for (let port = FIRST_PORT; port <= LAST_PORT; port += 1) {
    const answer = (request: IncomingMessage, response: ServerResponse) => {
      const outcome = readCallback(request, port, state)
      show(response, outcome)
      if (outcome.kind === 'code') settle?.resolve(outcome)
      if (outcome.kind === 'refused')
        settle?.reject(
          commandFailed(`You were not signed in: ${outcome.said}`, 'Try again.', EXIT_STATUS.refused),
        )
    }
    const servers = await listenAtBoth(port, answer)
    if (servers === undefined) continue
    return {
      redirectUri: `http://localhost:${String(port)}`,
      callback,
      close() {
        for (const server of servers) {
          server.close()
          server.closeAllConnections()
        }
      },
    }
  }
  throw commandFailed(
    `None of the ports ${String(FIRST_PORT)} to ${String(LAST_PORT)} of this machine is free for the browser to come back to.`,
    'Free one of them, or sign in with `--no-browser`.',
  )
}

type Outcome =
  | ({ readonly kind: 'code' } & Callback)
  | { readonly kind: 'refused'; readonly said: string }
  | { readonly kind: 'other' }

function readCallback(request: IncomingMessage, port: number, state: string): Outcome {
  // Whatever page may make a browser ask here by another name (DNS rebinding) has not the state; but it is not heard either.
  if (request.headers.host !== `localhost:${String(port)}` || request.method !== 'GET')
    return { kind: 'other' }
  const target = request.url ?? '/'
  // Some targets that a browser may send are no address, such as `//`.
  if (!URL.canParse(target, 'http://localhost')) return { kind: 'other' }
  const query = new URL(target, 'http://localhost').searchParams
  if (query.get('state') !== state) return { kind: 'other' }
  const error = query.get('error')
  if (error !== null) return { kind: 'refused', said: query.get('error_description') ?? error }
  const code = query.get('code')
  return code === null ? { kind: 'other' } : { kind: 'code', code, issuer: query.get('iss') ?? undefined }
}

function show(response: ServerResponse, { kind }: Outcome): void {
  const [status, title, text] =
    kind === 'code'
      ? [200, 'You are signed in', 'You can close this page, and go back to the terminal.']
      : kind === 'refused'
        ? [200, 'You are not signed in', 'The terminal says why. You can close this page.']
        : [404, 'Nothing is here', 'A program waits here for its login.']
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
    'referrer-policy': 'no-referrer',
    connection: 'close',
  })
  response.end(
    `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title><style>body{font:16px/1.5 system-ui,sans-serif;max-width:32rem;margin:20vh auto;padding:0 1rem;color-scheme:light dark}</style><h1>${title}</h1><p>${text}</p></html>\n`,
  )
}

/** @returns undefined when another program has the port at one of the addresses */
async function listenAtBoth(
  port: number,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<readonly Server[] | undefined> {
  const servers: Server[] = []
  for (const address of ['127.0.0.1', '::1']) {
    const outcome = await listenAt(address, port, answer)
    if (outcome === 'taken') {
      for (const server of servers) server.close()
      return undefined
    }
    if (outcome !== 'no such address') servers.push(outcome)
  }
  return servers.length === 0 ? undefined : servers
}

function listenAt(
  address: string,
  port: number,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<Server | 'taken' | 'no such address'> {
  const server = createServer(answer)
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve('taken')
      // A machine without IPv6.
      else if (error.code === 'EADDRNOTAVAIL' || error.code === 'EAFNOSUPPORT') resolve('no such address')
      else reject(error)
    })
    server.listen({ host: address, port, exclusive: true }, () => {
      resolve(server)
    })
  })
}
