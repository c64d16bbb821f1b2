/** Queries that each connection prepares once, under their name. */
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { namedQuery } from '../../src/store/named-query.ts'
import { openSystemDatabase, type SystemDatabase } from '../../src/store/system-database.ts'
import { startTestSystemDatabase, type TestSystemDatabase } from '../stage/system-database.ts'

interface Division {
  readonly dividend: number
  readonly divisor: number | undefined
}

let system: TestSystemDatabase
let database: SystemDatabase
beforeAll(async () => {
  system = await startTestSystemDatabase()
  database = openSystemDatabase(system.address, () => undefined, 1)
})
afterAll(async () => {
  await database.destroy()
  await system.stop()
})

const divide = () =>
  namedQuery(
    database,
    'divide',
    ['dividend', 'divisor'],
    ({ dividend, divisor }: Division) => sql<{ readonly quotient: number | null }>`
      SELECT ${dividend}::int / ${divisor}::int AS quotient, ${'constant'}::text AS word`,
  )

const preparedStatements = async () => {
  const { rows } = await sql<{ readonly name: string }>`
    SELECT name FROM pg_prepared_statements WHERE name = 'divide'`.execute(database)
  return rows.map(({ name }) => name)
}

it('are answered for each question by its own parameters, with what is always the same', async () => {
  const ask = divide()
  expect(await ask({ dividend: 6, divisor: 3 })).toEqual([{ quotient: 2, word: 'constant' }])
  expect(await ask({ dividend: 8, divisor: 2 })).toEqual([{ quotient: 4, word: 'constant' }])
})

it('are prepared once on a connection', async () => {
  const ask = divide()
  await ask({ dividend: 6, divisor: 3 })
  await ask({ dividend: 6, divisor: 2 })
  expect(await preparedStatements()).toEqual(['divide'])
})

it('take a property that is left out for NULL', async () => {
  expect(await divide()({ dividend: 6, divisor: undefined })).toEqual([{ quotient: null, word: 'constant' }])
})

it('leave the connection as it was when they fail', async () => {
  await expect(divide()({ dividend: 6, divisor: 0 })).rejects.toMatchObject({ code: '22012' })
  expect(await preparedStatements()).toEqual(['divide'])
})
