/**
 * Who destroys a connection instead of closing it, and why. `destroy` ends TLS without close_notify, which libpq reports
 * as an error (issue 10, A1); gateway/close-connection.ts closes in order, and does so within bounds.
 */
import { describe, expect, it } from 'vitest'
import { SOURCE_FILES, type SourceFile } from './sources.ts'

interface Exception {
  readonly times: number
  readonly why: string
}

const NOT_A_SOCKET = 'no connection of a peer is meant: the method of another object'
const A_BACKEND = 'a connection to PostgreSQL whose rest nobody wants, and which PostgreSQL takes for gone'
const A_LOCAL_CLIENT = 'a connection within this machine, without TLS, whose client is gone or too slow'
const LOCAL = 'a Unix socket of this machine, without TLS'

const MAY_DESTROY: Readonly<Record<string, Exception>> = {
  'gateway/close-connection.ts': { times: 1, why: 'a peer that does not close in time' },
  'gateway/streams/node-streams.ts': { times: 1, why: A_BACKEND },
  'gateway/streams/bun-streams.ts': {
    times: 3,
    why: 'what is below TLS that has ended, and a backend that came too late',
  },
  'gateway/sessions/session-link.ts': { times: 1, why: `${A_BACKEND}; the client is closed in order` },
  'gateway/backend/open-backend.ts': { times: 1, why: A_BACKEND },
  'gateway/backend/attached-clusters.ts': { times: 2, why: A_BACKEND },
  'gateway/backend/reach-host.ts': { times: 1, why: A_BACKEND },
  'gateway/sessions/cancel.ts': { times: 2, why: A_BACKEND },
  'gateway/read-to-end.ts': {
    times: 2,
    why: 'the method of a connection to PostgreSQL itself, put off until what it still said is read',
  },
  'gateway/pooled/backend.ts': { times: 6, why: A_BACKEND },
  'gateway/pooled/open-backend.ts': { times: 1, why: A_BACKEND },
  'gateway/pooled/pool.ts': { times: 2, why: A_BACKEND },
  'gateway/pooled/borrow.ts': { times: 1, why: A_BACKEND },
  'gateway/pooled/session.ts': { times: 2, why: A_BACKEND },
  'http/abandon-answer.ts': {
    times: 1,
    why: 'half an answer whose end is that of the connection must not look like a whole one',
  },
  'http/endpoint.ts': {
    times: 2,
    why: 'nothing was read, so there is no TLS, and who has too many connections is not waited for; the other one is put in the place of what Node does behind the last answer',
  },
  'cli/workspace/auth/callback-listener.ts': {
    times: 1,
    why: 'a browser that keeps a connection open for later; what it asked for is answered',
  },
  'keys/foreign-keys.ts': { times: 1, why: 'we are the client, and read no more' },
  'instances/backup/walsender.ts': { times: 3, why: LOCAL },
  'http/local-login.ts': { times: 2, why: LOCAL },
  'cli/connect/gateway-connection.ts': { times: 2, why: 'we are the client, and no session has begun' },
  'cli/connect/proxy/gateway-login.ts': { times: 2, why: 'we are the client, and no session has begun' },
  'cli/connect/proxy/local-client.ts': { times: 1, why: A_LOCAL_CLIENT },
  'cli/connect/proxy/proxy.ts': { times: 6, why: A_LOCAL_CLIENT },
  'cli/connect/proxy/relay.ts': {
    times: 3,
    why: 'the other side is gone, or a second has passed in which it did not close',
  },
  'cli/connect/shell/shell-session.ts': { times: 1, why: 'we are the client, and read no more' },
  'cli/connect/proxy/socket-directory.ts': { times: 1, why: LOCAL },
  'inquiry/conversation.ts': { times: 1, why: LOCAL },
  'inquiry/listener.ts': { times: 5, why: LOCAL },
  'oauth/pages/account.ts': { times: 1, why: NOT_A_SOCKET },
  'oauth/browser-session.ts': { times: 2, why: NOT_A_SOCKET },
  'oauth/pages/interaction.ts': { times: 1, why: NOT_A_SOCKET },
  'composition/system-database.ts': { times: 2, why: NOT_A_SOCKET },
  'composition/operator/examine.ts': { times: 1, why: NOT_A_SOCKET },
  'composition/operator/reach-installation.ts': { times: 1, why: NOT_A_SOCKET },
  'composition/operator/read-status.ts': { times: 1, why: NOT_A_SOCKET },
  'instances/drivers.ts': { times: 1, why: NOT_A_SOCKET },
  'operations/instances/reconcile-database-instance.ts': { times: 1, why: NOT_A_SOCKET },
}

const DESTROYS =
  /\.(?:destroy|destroySoon|resetAndDestroy|closeAllConnections|closeIdleConnections)\b(?!\s*:)/g

const timesIn = ({ text }: Pick<SourceFile, 'text'>): number =>
  text
    .split('\n')
    .filter((line) => !/^\s*(?:\/\/|\/?\*)/.test(line))
    .reduce((times, line) => times + [...line.matchAll(DESTROYS)].length, 0)

describe('a connection', () => {
  it('is destroyed only where it is named why', () => {
    const found = SOURCE_FILES.map((file) => [file.path, timesIn(file)] as const).filter(
      ([, times]) => times > 0,
    )
    const allowed = Object.entries(MAY_DESTROY).map(([path, { times }]) => [path, times] as const)
    expect(new Map(found)).toEqual(new Map(allowed))
  })

  it.each([
    'socket.destroy()',
    'setTimeout(socket.destroy)',
    'socket?.destroy(error)',
    'a.resetAndDestroy()',
  ])('that is destroyed by %s is found', (text) => {
    expect(timesIn({ text })).toBe(1)
  })
})
