/**
 * Sequelize 6: the options of a database instance.
 *
 * @example
 * const sequelize = new Sequelize(lakegateSequelizeOptions(await lakegate.connection('dev'), { logging: false }))
 */
import type { Options } from 'sequelize'
import type { InstanceConnection } from '../connection.ts'
import type { RetirementOptions } from '../login/retirement.ts'
import { LakegateClient, lakegatePg } from './pg.ts'

export type { InstanceConnection } from '../connection.ts'
export type { RetirementOptions } from '../login/retirement.ts'

/** What the connection decides. */
type Given =
  | 'dialect'
  | 'dialectModule'
  | 'dialectModulePath'
  | 'host'
  | 'port'
  | 'username'
  | 'password'
  | 'database'
  | 'ssl'
  | 'native'
  | 'replication'

/** The options of Sequelize, without those that come from the instance. */
export type LakegateSequelizeOptions = Omit<Options, Given> & RetirementOptions

/** The options with which Sequelize logs in with tokens. */
export function lakegateSequelizeOptions(
  connection: InstanceConnection,
  options: LakegateSequelizeOptions = {},
): Options {
  const { retire, maxLifetimeSeconds, ...own } = options
  const validate = own.pool?.validate
  return {
    ...own,
    dialect: 'postgres',
    host: connection.host,
    port: connection.port,
    username: connection.user,
    database: connection.database,
    dialectModule: lakegatePg(connection, { retire, maxLifetimeSeconds }),
    pool: {
      ...own.pool,
      // The pool of Sequelize knows no lifetime; but it asks before it lends a connection.
      validate: (client) =>
        client instanceof LakegateClient && !client.retired && (validate === undefined || validate(client)),
    },
  }
}
