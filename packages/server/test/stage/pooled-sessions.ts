/** Sessions at the pooled endpoint, where a test says which of them share the only backend there is. */
import { readFile } from 'node:fs/promises'
import type { Duplex } from 'node:stream'
import pg from 'pg'
import type { Lakegate } from './lakegate.ts'
import { startOwnLakegate, type OwnLakegate } from './own-lakegate.ts'
import { passwordMessage, sslRequest, startupMessage } from './byte-builder.ts'
import { connectWire, type ServerMessage, type WireClient } from './wire-client.ts'

/** A Lakegate whose pools have one backend each, so that two sessions at work always share it. */
export const startWithOneBackend = (
  environment: Readonly<Record<string, string>> = {},
): Promise<OwnLakegate> =>
  startOwnLakegate({ LAKEGATE_POOL_SIZE: '1', LAKEGATE_GATEWAY_WORKERS: '1', ...environment })

export const pooledEndpointOf = ({ ready: { instance } }: Lakegate) => ({
  host: instance.pooled_host,
  port: instance.pooled_port,
})

export interface PooledLogin {
  readonly user: string
  readonly password: string
  readonly database?: string
  readonly application?: string
  /** As PGOPTIONS. */
  readonly options?: string
  /** By SCRAM-SHA-256-PLUS, if it is asked for a password of a role. */
  readonly channelBinding?: boolean
  /** Of another instance than the first. */
  readonly endpoint?: { readonly host: string; readonly port: number }
}

/** A node-postgres client of the pooled endpoint with verified TLS, connected. */
export async function pooledClient(lakegate: Lakegate, login: PooledLogin): Promise<pg.Client> {
  const client = new pg.Client({
    ...(login.endpoint ?? pooledEndpointOf(lakegate)),
    database: login.database ?? lakegate.ready.instance.database,
    user: login.user,
    password: login.password,
    ...(login.application === undefined ? {} : { application_name: login.application }),
    ...(login.options === undefined ? {} : { options: login.options }),
    ...(login.channelBinding === undefined ? {} : { enableChannelBinding: login.channelBinding }),
    ssl: { ca: await readFile(lakegate.ready.ca_file, 'utf8') },
  })
  client.on('error', () => undefined)
  await client.connect()
  return client
}

export type LoggedInWire = WireClient & {
  readonly greeting: readonly ServerMessage[]
  untilReady(): Promise<readonly ServerMessage[]>
}

/** A client of the pooled endpoint that sends what it is told to, logged in. */
export const pooledWire = (lakegate: Lakegate, login: PooledLogin): Promise<LoggedInWire> =>
  logIn(lakegate, login, pooledEndpointOf(lakegate))

/** The same at the direct endpoint. */
export const directWire = (lakegate: Lakegate, login: PooledLogin): Promise<LoggedInWire> =>
  logIn(lakegate, login, lakegate.ready.instance)

async function logIn(
  lakegate: Lakegate,
  { user, password, options }: PooledLogin,
  endpoint: { readonly host: string; readonly port: number },
): Promise<LoggedInWire> {
  const plain = await connectWire(lakegate, endpoint)
  plain.send(sslRequest())
  if ((await plain.byte()) !== 'S') throw new Error('the server does not take TLS')
  const client = await plain.startTls()
  client.send(
    startupMessage([
      ['user', user],
      ['database', lakegate.ready.instance.database],
      ...(options === undefined ? [] : [['options', options] as const]),
    ]),
  )
  await client.next()
  client.send(passwordMessage(password))
  const untilReady = async () => {
    const messages: ServerMessage[] = []
    for (;;) {
      const message = await client.next()
      if (message === undefined) throw new Error(`closed after ${messages.map(({ type }) => type).join('')}`)
      messages.push(message)
      if (message.type === 'Z') return messages
    }
  }
  const greeting = await untilReady()
  return { ...client, greeting, untilReady }
}

/** Letters of the messages, settings and notices left out. */
export const lettersOf = (messages: readonly ServerMessage[]): string =>
  messages
    .map(({ type }) => type)
    .filter((type) => type !== 'S' && type !== 'N')
    .join('')

/** As a client that crashed: no Terminate. */
export function cut(client: pg.Client): void {
  const { connection } = client as unknown as { readonly connection: { readonly stream: Duplex } }
  connection.stream.destroy()
}
