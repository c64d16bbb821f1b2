/**
 * Kysely: the dialect of a database instance.
 *
 * @example
 * const db = new Kysely<Database>({ dialect: new LakegateDialect(await lakegate.connection('dev')) })
 */
import { PostgresDialect, type PostgresDialectConfig } from 'kysely'
import type { InstanceConnection } from '../connection.ts'
import { LakegatePool, type LakegatePoolConfig } from './pg.ts'

export type { InstanceConnection } from '../connection.ts'
export type { LakegatePoolConfig } from './pg.ts'

/** The options of the dialect of Kysely, without those that come from the instance. */
export interface LakegateDialectConfig extends Omit<PostgresDialectConfig, 'pool'> {
  readonly pool?: LakegatePoolConfig
}

/** Its pool is opened at the first query, and ends with `db.destroy()`. */
export class LakegateDialect extends PostgresDialect {
  constructor(connection: InstanceConnection, config: LakegateDialectConfig = {}) {
    super({ ...config, pool: () => Promise.resolve(new LakegatePool(connection, config.pool)) })
  }
}
