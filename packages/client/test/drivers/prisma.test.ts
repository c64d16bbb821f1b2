/** What the driver adapter of Prisma refuses, because it would reach the wrong database. */
import { expect, it } from 'vitest'
import { lakegatePrismaAdapter } from '../../src/drivers/prisma.ts'
import { playTokens } from './played-tokens.ts'

it('a shadow database is not the real one', () => {
  const adapter = lakegatePrismaAdapter({
    host: '127.0.0.1',
    port: 1,
    database: 'databricks_postgres',
    user: 'ada@example.com',
    ca: undefined,
    credentials: playTokens('good'),
  })
  expect(() => adapter.connectToShadowDb()).toThrow('asks for a shadow database')
})
