// What a proxy adds to a query of one row, one client, nothing else going on.
import { medianLatency } from './pgbench.mjs'
import { microseconds, table } from './report.mjs'
import { pick, takeTurns } from './rounds.mjs'
import { median } from './statistics.mjs'

export async function measureLatency({ contenders }, { rounds, latencyTransactions }) {
  const chosen = pick(contenders, [
    'direct',
    'token',
    'pooled',
    'plain',
    'transaction',
    'passthrough',
    'terminating',
    'bareRelay',
  ])
  const results = await takeTurns(chosen, rounds, ({ target }) => medianLatency(target, latencyTransactions))
  const added = (key) => results[key].map((value, index) => value - results.direct[index])
  return {
    title: 'Latency added to a query of one row',
    text: `The median of ${latencyTransactions} times \`SELECT 1\` on one connection, in microseconds; added is what is above direct PostgreSQL with TLS in the same round.`,
    tables: [
      table(
        ['', 'µs', 'added µs', 'rounds'],
        Object.entries(chosen).map(([key, { name }]) => [
          name,
          microseconds(median(results[key])),
          key === 'direct' ? '–' : microseconds(median(added(key))),
          key === 'direct'
            ? '–'
            : `${microseconds(Math.min(...added(key)))} to ${microseconds(Math.max(...added(key)))}`,
        ]),
      ),
    ],
    broken: [],
  }
}
