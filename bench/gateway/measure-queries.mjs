// pgbench -S through open sessions, simple and prepared, and the processor time that the proxy takes for each.
import { pgbench } from './pgbench.mjs'
import { processorSeconds } from './processes.mjs'
import { count, describeRatio, microseconds, table } from './report.mjs'
import { pick, takeTurns } from './rounds.mjs'
import { median, ratioOf } from './statistics.mjs'

/** PgBouncer before 1.21 has no prepared statements in transaction mode. */
const WITHOUT_PREPARED = ['transaction']
const FLOOR = 0.5

export async function measureQueries({ contenders }, { rounds, seconds, clients, sessionWarmUpSeconds }) {
  const all = pick(contenders, [
    'direct',
    'token',
    'pooled',
    'plain',
    'transaction',
    'passthrough',
    'terminating',
    'bareRelay',
  ])
  const rows = []
  const ratios = []
  const broken = []
  for (const protocol of ['simple', 'prepared']) {
    const chosen = pick(
      all,
      Object.keys(all).filter((key) => protocol === 'simple' || !WITHOUT_PREPARED.includes(key)),
    )
    for (const connections of clients) {
      const results = await takeTurns(chosen, rounds, async ({ target, pids }) => {
        const before = pids === undefined ? 0 : await processorSeconds(await pids())
        const { perSecond, transactions } = await pgbench(target, {
          clients: connections,
          protocol,
          seconds: Math.max(1, Math.round(seconds)),
          warmUpSeconds: sessionWarmUpSeconds,
        })
        const after = pids === undefined ? 0 : await processorSeconds(await pids())
        return { perSecond, processorUs: ((after - before) * 1e6) / transactions }
      })
      const rates = (key) => results[key].map(({ perSecond }) => perSecond)
      const load = `${protocol}, ${connections}`
      for (const [key, { name, pids }] of Object.entries(chosen)) {
        rows.push([
          load,
          name,
          count(median(rates(key))),
          pids === undefined ? '–' : microseconds(median(results[key].map(({ processorUs }) => processorUs))),
        ])
      }
      for (const key of ['token', 'pooled'].filter((one) => one in chosen)) {
        const against = Object.fromEntries(
          Object.keys(chosen)
            .filter((other) => other !== key)
            .map((other) => [other, ratioOf(rates(key), rates(other))]),
        )
        ratios.push([
          load,
          chosen[key].name,
          ...['plain', 'transaction', 'passthrough', 'terminating', 'direct', 'bareRelay'].map((other) =>
            other in against ? describeRatio(against[other]) : '–',
          ),
        ])
        if ('plain' in against && against.plain.median < FLOOR)
          broken.push(`queries (${load}) : PgBouncer is ${against.plain.median.toFixed(2)}, not ${FLOOR}`)
      }
    }
  }
  return {
    title: 'Queries through a session',
    text: '`pgbench -S`, simple and prepared protocol, so many clients, after the first seconds of each session (a new backend is slower than one of a pool until it has met every page of the shared buffers). Aims: at the direct endpoint 0.95 of PgBouncer’s session mode, pooled 0.90 of its transaction mode. The first table is of ratios, ours to theirs; processor time is the proxy’s alone, user and system.',
    tables: [
      table(
        [
          'load',
          '',
          ': PgBouncer session',
          ': PgBouncer transaction',
          ': HAProxy passing',
          ': HAProxy ending TLS',
          ': direct TLS',
          ': bare Node',
        ],
        ratios,
      ),
      table(['load', '', 'transactions/s', 'processor µs per transaction'], rows),
    ],
    broken,
  }
}
