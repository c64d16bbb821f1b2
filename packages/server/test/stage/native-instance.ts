/** An instance of its own in a running Lakegate, where roles log in by their own passwords, if it is switched on. */
import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import type { DatabaseInstance } from '@lakegate/client'
import { sslRequest, startupMessage } from './byte-builder.ts'
import type { Lakegate } from './lakegate.ts'
import { inSession, mintCredential } from './service-principal.ts'
import { waitFor } from './wait-for.ts'
import { connectWire, type WireClient } from './wire-client.ts'

export interface NativeInstance {
  readonly name: string
  readonly host: string
  readonly port: number
  switchNativeLogin(enabled: boolean): Promise<void>
  asOwner<Result>(work: (client: pg.Client) => Promise<Result>): Promise<Result>
  /** A login role with this password and whatever else is said. @returns its name */
  createRole(options: string): Promise<string>
  /** Up to and including the startup message. */
  beginLogin(user: string, parameters?: Readonly<Record<string, string>>): Promise<WireClient>
  remove(): Promise<void>
}

export async function createNativeInstance(lakegate: Lakegate): Promise<NativeInstance> {
  const name = `native-${randomUUID().slice(0, 8)}`
  const path = `/api/2.0/database/instances/${name}`
  await lakegate.admin.request('POST', '/api/2.0/database/instances', {
    name,
    enable_pg_native_login: true,
  })
  const { read_write_dns: host, read_write_port: port = 5432 } = await waitFor('the instance', async () => {
    const instance = await lakegate.admin.request<DatabaseInstance>('GET', path)
    return instance.state === 'AVAILABLE' && instance.read_write_port !== undefined ? instance : undefined
  })
  const asOwner: NativeInstance['asOwner'] = async (work) =>
    inSession(
      lakegate,
      {
        user: lakegate.ready.admin_user,
        password: await mintCredential(lakegate.admin, name),
        instance: { host, port },
      },
      work,
    )
  return {
    name,
    host,
    port,
    asOwner,
    async switchNativeLogin(enabled) {
      await lakegate.admin.request('PATCH', `${path}?update_mask=enable_pg_native_login`, {
        name,
        enable_pg_native_login: enabled,
      })
    },
    async createRole(options) {
      const role = `native_${randomUUID().slice(0, 8)}`
      await asOwner((owner) => owner.query(`CREATE ROLE ${role} LOGIN ${options}`))
      return role
    },
    async beginLogin(user, parameters = {}) {
      const plain = await connectWire(lakegate, { host, port })
      plain.send(sslRequest())
      if ((await plain.byte()) !== 'S') throw new Error('the server does not take TLS')
      const client = await plain.startTls()
      client.send(
        startupMessage([['user', user], ['database', 'databricks_postgres'], ...Object.entries(parameters)]),
      )
      return client
    },
    async remove() {
      await lakegate.admin.request('DELETE', path)
    },
  }
}
