// pgbench and psql against one contender, with TLS always.
import { open } from 'node:fs/promises'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { run, runAndHear } from './processes.mjs'
import { quantile } from './statistics.mjs'

export const libpqEnvironment = ({ host, port, user, password, database, negotiation, libraries }) => ({
  ...process.env,
  PGHOST: host,
  PGPORT: String(port),
  PGUSER: user,
  PGPASSWORD: password,
  PGDATABASE: database,
  PGSSLMODE: 'require',
  PGGSSENCMODE: 'disable',
  // A newer libpq in the place of Debian's, for those who speak TLS from the first byte only.
  ...(negotiation === 'direct' ? { PGSSLNEGOTIATION: 'direct', LD_LIBRARY_PATH: libraries } : {}),
})

/**
 * @param options.warmUpSeconds run before those that count. A backend that was just opened fills its caches and meets
 *   each page of the shared buffers for the first time, which a pool did long ago.
 * @returns { perSecond, transactions }; of the built-in select-only script unless another is given. The rate is of the
 *   seconds that count, the transactions are all of them.
 */
export async function pgbench(
  target,
  { clients, seconds, protocol = 'simple', reconnect = false, script, warmUpSeconds = 0 },
) {
  const { output, complaint } = await withScript(script, (scriptArguments) =>
    runAndHear(
      'pgbench',
      [
        ...['-n', ...scriptArguments, '-M', protocol],
        ...['-c', String(clients), '-j', String(Math.min(clients, 2)), '-T', String(warmUpSeconds + seconds)],
        ...(warmUpSeconds > 0 ? ['-P', '1'] : []),
        ...(reconnect ? ['-C'] : []),
      ],
      { env: libpqEnvironment(target) },
    ),
  )
  return {
    perSecond:
      warmUpSeconds > 0 ? rateAfter(complaint, warmUpSeconds) : Number(/^tps = ([\d.]+)/m.exec(output)?.[1]),
    transactions: Number(/^number of transactions actually processed: (\d+)/m.exec(output)?.[1]),
  }
}

/** pgbench reports each second to standard error: «progress: 3.0 s, 17841.0 tps, …», that of the second which has ended. */
function rateAfter(progress, warmUpSeconds) {
  const rates = [...progress.matchAll(/^progress: ([\d.]+) s, ([\d.]+) tps/gm)]
    .filter(([, seconds]) => Number(seconds) > warmUpSeconds + 0.5)
    .map(([, , rate]) => Number(rate))
  if (rates.length === 0) throw new Error(`pgbench reported no second after the warm-up:\n${progress}`)
  return rates.reduce((sum, rate) => sum + rate, 0) / rates.length
}

/** Microseconds of a one-row query on one connection: the median of so many. */
export async function medianLatency(target, transactions) {
  const directory = await mkdtemp(path.join(tmpdir(), 'lakegate-bench-log-'))
  try {
    await withScript('SELECT 1;', (scriptArguments) =>
      run(
        'pgbench',
        [
          '-n',
          ...scriptArguments,
          ...['-c', '1', '-t', String(transactions), '-l', '--log-prefix', path.join(directory, 'log')],
        ],
        { env: libpqEnvironment(target) },
      ),
    )
    const [log] = await readdir(directory)
    const lines = (await readFile(path.join(directory, log), 'utf8')).trim().split('\n')
    // «Per-Transaction Logging»: client, transaction, microseconds, …
    const times = lines.map((line) => Number(line.split(' ')[2])).sort((a, b) => a - b)
    return quantile(times, 0.5)
  } finally {
    await rm(directory, { recursive: true })
  }
}

/** @returns seconds that psql took, or throws */
export async function timePsql(target, sql, inputFile) {
  const input = inputFile === undefined ? undefined : await open(inputFile)
  try {
    const begin = performance.now()
    await run('psql', ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-o', '/dev/null', '-c', sql], {
      env: libpqEnvironment(target),
      input: input?.fd,
    })
    return (performance.now() - begin) / 1000
  } finally {
    await input?.close()
  }
}

async function withScript(script, work) {
  if (script === undefined) return work(['-S'])
  const directory = await mkdtemp(path.join(tmpdir(), 'lakegate-bench-script-'))
  try {
    const file = path.join(directory, 'script.sql')
    await writeFile(file, script)
    return await work(['-f', file])
  } finally {
    await rm(directory, { recursive: true })
  }
}
