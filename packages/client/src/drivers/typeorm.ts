/**
 * TypeORM: the options of a data source upon a database instance.
 *
 * @example
 * const source = new DataSource(lakegateDataSourceOptions(await lakegate.connection('dev'), { entities: [Order] }))
 */
import type { DataSourceOptions } from 'typeorm'
import type { InstanceConnection } from '../connection.ts'
import type { RetirementOptions } from '../login/retirement.ts'
import { lakegatePg } from './pg.ts'

export type { InstanceConnection } from '../connection.ts'
export type { RetirementOptions } from '../login/retirement.ts'

type PostgresOptions = Extract<DataSourceOptions, { readonly type: 'postgres' }>

/** What the connection decides. */
type Given =
  | 'type'
  | 'url'
  | 'host'
  | 'port'
  | 'username'
  | 'password'
  | 'database'
  | 'ssl'
  | 'driver'
  | 'nativeDriver'
  | 'replication'

/** The options of a data source of TypeORM, without those that come from the instance. */
export type LakegateDataSourceOptions = Omit<PostgresOptions, Given> & RetirementOptions

/** Settings of the pool are those of node-postgres, in `extra`; `poolSize` is how many connections it has. */
export function lakegateDataSourceOptions(
  connection: InstanceConnection,
  options: LakegateDataSourceOptions = {},
): PostgresOptions {
  const { retire, maxLifetimeSeconds, ...own } = options
  return {
    ...own,
    type: 'postgres',
    host: connection.host,
    port: connection.port,
    username: connection.user,
    database: connection.database,
    driver: lakegatePg(connection, { retire, maxLifetimeSeconds }),
  }
}
