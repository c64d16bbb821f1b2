// The gateway beside direct PostgreSQL, PgBouncer and HAProxy: logins, queries, bulk, latency. Everything is started
// here, rounds take turns, ratios are those of rounds that stood side by side. Writes its tables into
// docs/performance.md with --write; --quick is short, for CI. Exits with 1 below a floor.
// Usage: npm run bench:gateway -- [--quick] [--write] [--only logins,queries,bulk,latency,memory,many,start] [--rounds N] [--seconds N]
import { execFile } from 'node:child_process'
import { readlink } from 'node:fs/promises'
import path from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { startContenders } from './gateway/contenders.mjs'
import { measureBulk } from './gateway/measure-bulk.mjs'
import { measureLatency } from './gateway/measure-latency.mjs'
import { measureLogins } from './gateway/measure-logins.mjs'
import { measureMany } from './gateway/measure-many.mjs'
import { measureMemory } from './gateway/measure-memory.mjs'
import { measureQueries } from './gateway/measure-queries.mjs'
import { measureStart } from './gateway/measure-start.mjs'
import { render, writeReport } from './gateway/report.mjs'

const MEASURES = {
  logins: measureLogins,
  queries: measureQueries,
  bulk: measureBulk,
  latency: measureLatency,
  memory: measureMemory,
  many: measureMany,
  start: measureStart,
}

/** Of the workers: what users run by default. */
async function runtimeOf(pids) {
  const worker = pids.at(-1)
  const program = await readlink(`/proc/${worker}/exe`)
  const { stdout } = await promisify(execFile)(program, ['--version'])
  return `${path.basename(program)} ${stdout.trim()}`
}

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    only: { type: 'string' },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
  },
})
const size = values.quick
  ? {
      rounds: 1,
      seconds: 1.5,
      scale: 1,
      bulkMegabytes: 40,
      latencyTransactions: 1_000,
      warmUpSeconds: 1,
      sessionWarmUpSeconds: 1,
    }
  : {
      rounds: 5,
      seconds: 4,
      scale: 10,
      bulkMegabytes: 400,
      latencyTransactions: 10_000,
      warmUpSeconds: 15,
      sessionWarmUpSeconds: 2,
    }
Object.assign(
  size,
  values.quick
    ? { clients: [8], idleSessions: [200], maxConnections: 1000 }
    : { clients: [1, 8, 32], idleSessions: [1_000, 5_000], maxConnections: 5_300 },
)
if (values.rounds !== undefined) size.rounds = Number(values.rounds)
if (values.seconds !== undefined) size.seconds = Number(values.seconds)

const stage = await startContenders(size)
console.log(`one worker of the gateway, on ${await runtimeOf(await stage.lakegate.pids())}`)
const sections = []
try {
  for (const missing of stage.missing) console.log(`left out: ${missing}`)
  for (const name of values.only?.split(',') ?? Object.keys(MEASURES)) {
    await stage.refresh()
    const section = await MEASURES[name](stage, size)
    sections.push(section)
    console.log(`\n${render(section)}`)
  }
} finally {
  await stage.stop()
}
if (values.write) await writeReport(sections)
const broken = sections.flatMap(({ broken }) => broken)
for (const text of broken) console.error(`below the floor: ${text}`)
process.exitCode = broken.length === 0 ? 0 : 1
