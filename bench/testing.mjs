// How long `startLakegate` of `lakegate/testing` takes, until somebody has logged in. Exits with 1 when the median is above four seconds.
import pg from 'pg'
import { startLakegate } from '../packages/server/dist/testing.js'

const LIMIT_MS = 4_000
const RUNS = 5

const times = []
for (let run = 1; run <= RUNS; run += 1) {
  const begin = performance.now()
  const lakegate = await startLakegate()
  const started = performance.now()
  const client = new pg.Client(await lakegate.connection(await lakegate.createServicePrincipal('bench')))
  await client.connect()
  await client.query('SELECT 1')
  await client.end()
  const loggedIn = performance.now()
  await lakegate.stop()
  times.push(started - begin)
  console.log(
    `${String(run)}: started in ${(started - begin).toFixed(0)} ms, logged in after ${(loggedIn - started).toFixed(0)} ms more, stopped in ${(performance.now() - loggedIn).toFixed(0)} ms`,
  )
}
const median = times.sort((one, other) => one - other)[Math.floor(RUNS / 2)]
console.log(`median of the start: ${median.toFixed(0)} ms; the promise is ${String(LIMIT_MS)} ms`)
process.exitCode = median <= LIMIT_MS ? 0 : 1
