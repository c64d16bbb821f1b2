// As many processes as cores on both sides: workers of one Lakegate, PgBouncers that share a port by SO_REUSEPORT.
import { availableParallelism } from 'node:os'
import { pgbench } from './pgbench.mjs'
import { processorSeconds } from './processes.mjs'
import { count, describeRatio, table } from './report.mjs'
import { pick, takeTurns } from './rounds.mjs'
import { median, ratioOf } from './statistics.mjs'

const LOADS = {
  'simple, 32': { clients: 32, protocol: 'simple' },
  'prepared, 32': { clients: 32, protocol: 'prepared' },
  'pgbench -C, 16': { clients: 16, reconnect: true, script: 'SELECT 1;' },
}
/** PgBouncer before 1.21 has no prepared statements in transaction mode. */
const isPossible = (key, { protocol }) => !(key === 'transaction' && protocol === 'prepared')

export async function measureMany(stage, { rounds, seconds, sessionWarmUpSeconds, warmUpSeconds }) {
  const processes = availableParallelism()
  const many = await stage.startMany(processes)
  try {
    const { contenders } = many
    for (const { target } of Object.values(contenders))
      await pgbench(target, { ...LOADS['pgbench -C, 16'], seconds: Math.max(1, Math.round(warmUpSeconds)) })
    const rows = []
    const ratios = []
    for (const [name, load] of Object.entries(LOADS)) {
      const keys = Object.keys(contenders).filter((key) => isPossible(key, load))
      const results = await takeTurns(pick(contenders, keys), rounds, async ({ target, pids }) => {
        const before = await processorSeconds(await pids())
        const { perSecond, transactions } = await pgbench(target, {
          ...load,
          seconds: Math.max(1, Math.round(seconds)),
          ...(load.reconnect ? {} : { warmUpSeconds: sessionWarmUpSeconds }),
        })
        const after = await processorSeconds(await pids())
        return { perSecond, processorUs: ((after - before) * 1e6) / transactions }
      })
      const rates = (key) => results[key].map(({ perSecond }) => perSecond)
      for (const key of keys)
        rows.push([
          name,
          contenders[key].name,
          count(median(rates(key))),
          count(median(results[key].map(({ processorUs }) => processorUs))),
        ])
      for (const key of ['token', 'pooled'])
        ratios.push([
          name,
          contenders[key].name,
          ...['plain', 'transaction'].map((other) =>
            keys.includes(other) ? describeRatio(ratioOf(rates(key), rates(other))) : '–',
          ),
        ])
    }
    return {
      title: 'As many processes as cores',
      text: `${processes} workers of one Lakegate beside ${processes} PgBouncers that share a port (\`so_reuseport\`); \`pgbench\`, so many clients. They share the cores with the load and with PostgreSQL, so that a second process brings little on this machine.`,
      tables: [
        table(['load', '', ': PgBouncer session', ': PgBouncer transaction'], ratios),
        table(['load', '', 'per second', 'processor µs for each'], rows),
      ],
      broken: [],
    }
  } finally {
    await many.stop()
  }
}
