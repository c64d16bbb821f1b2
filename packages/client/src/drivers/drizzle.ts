/**
 * Drizzle upon node-postgres. Upon postgres.js it needs nothing of its own: `drizzle({ client: lakegatePostgres(connection) })` of
 * `drizzle-orm/postgres-js`.
 *
 * @example
 * const db = lakegateDrizzle(await lakegate.connection('dev'), { schema, pool: { max: 20 } })
 */
import type { DrizzleConfig } from 'drizzle-orm'
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres'
import type { InstanceConnection } from '../connection.ts'
import { LakegatePool, type LakegatePoolConfig } from './pg.ts'

export type { InstanceConnection } from '../connection.ts'
export type { LakegatePoolConfig } from './pg.ts'

/** The options of Drizzle, and where and as whom to connect. */
export interface LakegateDrizzleConfig<Schema extends Record<string, unknown>> extends DrizzleConfig<Schema> {
  readonly pool?: LakegatePoolConfig
}

/** End it with `db.$client.end()`. */
export function lakegateDrizzle<Schema extends Record<string, unknown> = Record<string, never>>(
  connection: InstanceConnection,
  config: LakegateDrizzleConfig<Schema> = {},
): NodePgDatabase<Schema> & { readonly $client: LakegatePool } {
  const { pool, ...own } = config
  return drizzle<Schema, LakegatePool>({ ...own, client: new LakegatePool(connection, pool) })
}
