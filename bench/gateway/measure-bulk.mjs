// COPY both ways. What comes in is parsed and dropped (WHERE false), so that no disk is measured.
import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { timePsql } from './pgbench.mjs'
import { processorSeconds } from './processes.mjs'
import { count, describeRatio, seconds, table } from './report.mjs'
import { pick, takeTurns } from './rounds.mjs'
import { median, ratioOf } from './statistics.mjs'

/** HAProxy ending TLS reads and writes the same bytes; PostgreSQL, which parses every row, bounds what comes in. */
const AIMS = {
  out: [
    { against: 'direct', aim: 1, floor: 0.7 },
    { against: 'plain', aim: 1, floor: 1 },
  ],
  in: [
    { against: 'terminating', aim: 0.9, floor: 0.7 },
    { against: 'plain', aim: 1, floor: 0.9 },
  ],
}
const LINE = `${'x'.repeat(999)}\n`

export async function measureBulk({ contenders, directory }, { rounds, bulkMegabytes }) {
  const chosen = pick(contenders, ['direct', 'token', 'plain', 'passthrough', 'terminating', 'bareRelay'])
  const file = path.join(directory, 'bulk.txt')
  const block = LINE.repeat(1000)
  await pipeline(Readable.from(Array.from({ length: bulkMegabytes }, () => block)), createWriteStream(file))
  const ways = {
    out: (target) => timePsql(target, 'COPY (SELECT line FROM bulk, generate_series(1, 10)) TO STDOUT'),
    in: (target) => timePsql(target, 'COPY sink FROM STDIN WHERE false', file),
  }
  const rows = []
  const ratios = []
  const broken = []
  for (const [way, copy] of Object.entries(ways)) {
    const results = await takeTurns(chosen, Math.min(rounds, 3), async ({ target, pids }) => {
      const before = pids === undefined ? 0 : await processorSeconds(await pids())
      const took = await copy(target)
      const after = pids === undefined ? 0 : await processorSeconds(await pids())
      return { perSecond: bulkMegabytes / took, processor: after - before }
    })
    const rates = (key) => results[key].map(({ perSecond }) => perSecond)
    for (const [key, { name, pids }] of Object.entries(chosen)) {
      const processor = median(results[key].map((result) => result.processor))
      rows.push([way, name, count(median(rates(key))), pids === undefined ? '–' : seconds(processor)])
    }
    for (const { against, aim, floor } of AIMS[way].filter((one) => one.against in chosen)) {
      const ratio = ratioOf(rates('token'), rates(against))
      const verdict = ratio.median >= aim ? 'reached' : '**not reached**'
      ratios.push([way, chosen[against].name, describeRatio(ratio), `${aim.toFixed(1)} ${verdict}`])
      if (ratio.median < floor)
        broken.push(`COPY ${way} : ${against} is ${ratio.median.toFixed(2)}, not ${floor}`)
    }
  }
  await rm(file)
  return {
    title: `COPY of ${bulkMegabytes} MB`,
    text: 'Out of PostgreSQL to `psql`, and from `psql` into PostgreSQL, which parses every row and drops it (`WHERE false`).',
    tables: [
      table(['way', 'Lakegate, token, against', 'ratio', 'aim'], ratios),
      table(['way', '', 'MB/s', 'processor s of the proxy'], rows),
    ],
    broken,
  }
}
