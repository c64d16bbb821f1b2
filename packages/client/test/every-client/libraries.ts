/** Every database library that there is a drop-in for, each used in its own way: as a person with that library would. */
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { SqlQuery } from '@prisma/driver-adapter-utils'
import { sql as fragment } from 'drizzle-orm'
import { drizzle as drizzlePostgres } from 'drizzle-orm/postgres-js'
import { integer, pgTable } from 'drizzle-orm/pg-core'
import createKnex from 'knex'
import { Kysely, sql as kyselySql } from 'kysely'
import { QueryTypes, Sequelize } from 'sequelize'
import { DataSource, EntitySchema, EntitySchemaOptions } from 'typeorm'
import type { Client } from '../../../server/test/stage/every-client.ts'
import type { InstanceConnection } from '../../src/connection.ts'
import { lakegateDrizzle } from '../../src/drivers/drizzle.ts'
import { lakegateKnexConfig } from '../../src/drivers/knex.ts'
import { LakegateDialect } from '../../src/drivers/kysely.ts'
import { LakegatePool } from '../../src/drivers/pg.ts'
import { lakegatePostgres } from '../../src/drivers/postgres.ts'
import { lakegatePrismaAdapter } from '../../src/drivers/prisma.ts'
import { lakegateSequelizeOptions } from '../../src/drivers/sequelize.ts'
import { lakegateDataSourceOptions } from '../../src/drivers/typeorm.ts'
import type { RetirementOptions } from '../../src/login/retirement.ts'

export interface Library {
  readonly name: string
  /** Of npm, whose version is told. */
  readonly package: string
  open(connection: InstanceConnection, settings: Settings): Promise<Opened>
}

export interface Settings extends RetirementOptions {
  /** How many connections its pool has at most. */
  readonly max: number
}

export interface Answer {
  readonly role: string
  readonly number: number
}

export interface Opened {
  /** What the session says of itself, with a parameter in the statement. */
  ask(number: number): Promise<Answer>
  /** In a transaction: inserts an order, then does something that may throw, then commits. */
  insert(number: number, then: () => void): Promise<void>
  count(number: number): Promise<number>
  end(): Promise<void>
}

const ASK = 'SELECT session_user::text AS role, $1::int AS number'
const INSERT = 'INSERT INTO orders (number) VALUES ($1)'
const COUNT = 'SELECT count(*)::int AS count FROM orders WHERE number = $1'

const only = <Row>(rows: readonly Row[]): Row => {
  const [row] = rows
  if (row === undefined || rows.length > 1) throw new Error(`${String(rows.length)} rows instead of one`)
  return row
}

const nodePostgres: Library = {
  name: 'node-postgres',
  package: 'pg',
  async open(connection, settings) {
    const pool = new LakegatePool(connection, settings)
    return Promise.resolve({
      ask: async (number) => only((await pool.query<Answer>(ASK, [number])).rows),
      async insert(number, then) {
        const client = await pool.connect()
        try {
          await client.query('BEGIN')
          await client.query(INSERT, [number])
          then()
          await client.query('COMMIT')
        } catch (error) {
          await client.query('ROLLBACK')
          throw error
        } finally {
          client.release()
        }
      },
      count: async (number) => only((await pool.query<{ count: number }>(COUNT, [number])).rows).count,
      end: () => pool.end(),
    })
  },
}

const postgresJs: Library = {
  name: 'postgres.js',
  package: 'postgres',
  async open(connection, { max, retire, maxLifetimeSeconds }) {
    const sql = lakegatePostgres(connection, { max, retire, max_lifetime: maxLifetimeSeconds })
    return Promise.resolve({
      ask: async (number) =>
        only(await sql<Answer[]>`SELECT session_user::text AS role, ${number}::int AS number`),
      insert: async (number, then) => {
        await sql.begin(async (transaction) => {
          await transaction`INSERT INTO orders (number) VALUES (${number})`
          then()
        })
      },
      count: async (number) =>
        only(
          await sql<{ count: number }[]>`SELECT count(*)::int AS count FROM orders WHERE number = ${number}`,
        ).count,
      end: () => sql.end(),
    })
  },
}

const kysely: Library = {
  name: 'Kysely',
  package: 'kysely',
  async open(connection, settings) {
    const db = new Kysely<{ orders: { number: number } }>({
      dialect: new LakegateDialect(connection, { pool: settings }),
    })
    return Promise.resolve({
      ask: async (number) =>
        only(
          (await kyselySql<Answer>`SELECT session_user::text AS role, ${number}::int AS number`.execute(db))
            .rows,
        ),
      insert: (number, then) =>
        db.transaction().execute(async (transaction) => {
          await transaction.insertInto('orders').values({ number }).execute()
          then()
        }),
      count: async (number) =>
        (await db.selectFrom('orders').select('number').where('number', '=', number).execute()).length,
      end: () => db.destroy(),
    })
  },
}

const drizzleOrders = pgTable('orders', { number: integer().primaryKey() })

const drizzle: Library = {
  name: 'Drizzle',
  package: 'drizzle-orm',
  async open(connection, settings) {
    const db = lakegateDrizzle(connection, { pool: settings })
    return Promise.resolve({
      ask: async (number) =>
        only(
          (
            await db.execute<Answer & Record<string, unknown>>(
              fragment`SELECT session_user::text AS role, ${number}::int AS number`,
            )
          ).rows,
        ),
      insert: (number, then) =>
        db.transaction(async (transaction) => {
          await transaction.insert(drizzleOrders).values({ number })
          then()
        }),
      count: (number) => db.$count(drizzleOrders, fragment`${drizzleOrders.number} = ${number}`),
      end: () => db.$client.end(),
    })
  },
}

const drizzleOnPostgresJs: Library = {
  name: 'Drizzle upon postgres.js',
  package: 'drizzle-orm',
  async open(connection, { max, retire, maxLifetimeSeconds }) {
    const client = lakegatePostgres(connection, { max, retire, max_lifetime: maxLifetimeSeconds })
    const db = drizzlePostgres({ client })
    return Promise.resolve({
      ask: async (number) =>
        only(
          await db.execute<Answer & Record<string, unknown>>(
            fragment`SELECT session_user::text AS role, ${number}::int AS number`,
          ),
        ),
      insert: (number, then) =>
        db.transaction(async (transaction) => {
          await transaction.insert(drizzleOrders).values({ number })
          then()
        }),
      count: (number) => db.$count(drizzleOrders, fragment`${drizzleOrders.number} = ${number}`),
      end: () => client.end(),
    })
  },
}

/** Its adapter, as the client of Prisma calls it; the client itself is in prisma-client.test.ts. */
const prismaAdapter: Library = {
  name: 'Prisma (adapter)',
  package: '@prisma/adapter-pg',
  async open(connection, settings) {
    const adapter = await lakegatePrismaAdapter(connection, { pool: settings }).connect()
    const query = (sql: string, number: number): SqlQuery => ({
      sql,
      args: [number],
      argTypes: [{ scalarType: 'int', dbType: 'INTEGER', arity: 'scalar' }],
    })
    return {
      ask: async (number) => {
        const [role, given] = only((await adapter.queryRaw(query(ASK, number))).rows)
        return { role: String(role), number: Number(given) }
      },
      async insert(number, then) {
        const transaction = await adapter.startTransaction()
        try {
          await transaction.executeRaw(query(INSERT, number))
          then()
          await transaction.executeRaw({ sql: 'COMMIT', args: [], argTypes: [] })
          await transaction.commit()
        } catch (error) {
          await transaction.executeRaw({ sql: 'ROLLBACK', args: [], argTypes: [] })
          await transaction.rollback()
          throw error
        }
      },
      count: async (number) => Number(only((await adapter.queryRaw(query(COUNT, number))).rows)[0]),
      end: () => adapter.dispose(),
    }
  },
}

const knex: Library = {
  name: 'Knex',
  package: 'knex',
  async open(connection, { max, ...retirement }) {
    const db = createKnex(lakegateKnexConfig(connection, { pool: { max }, ...retirement }))
    return Promise.resolve({
      ask: async (number) => {
        const { rows } = await db.raw<{ rows: Answer[] }>(
          'SELECT session_user::text AS role, ?::int AS number',
          [number],
        )
        return only(rows)
      },
      insert: (number, then) =>
        db.transaction(async (transaction) => {
          await transaction('orders').insert({ number })
          then()
        }),
      count: async (number) => (await db('orders').where({ number }).select('number')).length,
      end: () => db.destroy(),
    })
  },
}

const OrderEntity = new EntitySchema(
  Object.assign(new EntitySchemaOptions<{ number: number }>(), {
    name: 'Order',
    tableName: 'orders',
    columns: { number: { type: 'int', primary: true } },
  }),
)

const typeorm: Library = {
  name: 'TypeORM',
  package: 'typeorm',
  async open(connection, { max, ...retirement }) {
    const source = new DataSource(
      lakegateDataSourceOptions(connection, { entities: [OrderEntity], poolSize: max, ...retirement }),
    )
    await source.initialize()
    return {
      ask: async (number) => only(await source.query<Answer[]>(ASK, [number])),
      insert: (number, then) =>
        source.transaction(async (manager) => {
          await manager.insert(OrderEntity, { number })
          then()
        }),
      count: (number) => source.getRepository(OrderEntity).countBy({ number }),
      end: () => source.destroy(),
    }
  },
}

const sequelize: Library = {
  name: 'Sequelize',
  package: 'sequelize',
  async open(connection, { max, ...retirement }) {
    const db = new Sequelize(
      lakegateSequelizeOptions(connection, { pool: { max }, logging: false, ...retirement }),
    )
    return Promise.resolve({
      ask: async (number) =>
        only(await db.query<Answer>(ASK, { bind: [number], type: QueryTypes.SELECT, raw: true })),
      insert: (number, then) =>
        db.transaction(async (transaction) => {
          await db.query(INSERT, { bind: [number], transaction })
          then()
        }),
      count: async (number) =>
        only(await db.query<{ count: number }>(COUNT, { bind: [number], type: QueryTypes.SELECT })).count,
      end: () => db.close(),
    })
  },
}

export const LIBRARIES: readonly Library[] = [
  nodePostgres,
  postgresJs,
  kysely,
  drizzle,
  drizzleOnPostgresJs,
  prismaAdapter,
  knex,
  typeorm,
  sequelize,
]

/** What `npm run clients` says about it. */
export const describedAs = ({ name, package: packageName }: Library): Client => ({
  client: name,
  version: versionOf(packageName),
  runtime: `Node ${process.versions.node}`,
})

/** Where npm has put it, which may be below the workspace or below the repository. */
export function directoryOf(packageName: string): string {
  const here = fileURLToPath(new URL('../..', import.meta.url))
  const found = [here, path.join(here, '../..')]
    .map((directory) => path.join(directory, 'node_modules', packageName))
    .find((candidate) => existsSync(candidate))
  if (found === undefined) throw new Error(`${packageName} is not installed`)
  return found
}

export function versionOf(packageName: string): string {
  const file = path.join(directoryOf(packageName), 'package.json')
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}
