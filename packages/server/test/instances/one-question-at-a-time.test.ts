/** The standing connection to an instance answers many at once, over a real PostgreSQL. */
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createAdministrativeConnections } from '../../src/instances/administrative-connections.ts'
import { clientConfigOf } from '../../src/store/system-database.ts'
import { instanceRow } from '../operations/instance-world.ts'
import { startTestSystemDatabase, type TestSystemDatabase } from '../stage/system-database.ts'

let system: TestSystemDatabase
beforeAll(async () => {
  system = await startTestSystemDatabase()
})
afterAll(async () => system.stop())

it('asks one question at a time, each gets its own answer, a failed one stops nobody, and nothing is deprecated', async () => {
  const warnings: string[] = []
  const collect = ({ message }: Error) => warnings.push(message)
  process.on('warning', collect)
  const unused = () => Promise.reject(new Error('only standing connections are made'))
  const connections = createAdministrativeConnections({
    async connect() {
      const client = new pg.Client(clientConfigOf(system.address))
      await client.connect()
      return client
    },
    inSession: unused,
  })
  try {
    const answers = await Promise.allSettled(
      Array.from({ length: 20 }, async (_, number) => {
        const [row] = await connections.query<{ answer: number }>(
          instanceRow(),
          { name: 'quotient', text: 'SELECT $1::int / ($1::int % 7) * ($1::int % 7) AS answer' },
          [number + 1],
        )
        return row?.answer
      }),
    )
    // Seven and fourteen are divided by zero.
    expect(
      answers.map(({ status }, index) => (status === 'rejected' ? index + 1 : 0)).filter(Boolean),
    ).toEqual([7, 14])
    expect(answers[7]).toMatchObject({ value: 8 })
    // Node tells of warnings a turn later.
    await new Promise((resolve) => setImmediate(resolve))
    expect(warnings).toEqual([])
  } finally {
    process.off('warning', collect)
    await connections.closeAll()
  }
})
