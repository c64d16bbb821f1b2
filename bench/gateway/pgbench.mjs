// pgbench and psql against one contender, with TLS always.
import { open } from 'node:fs/promises'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { run } from './processes.mjs'
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

/** @returns { perSecond, transactions }; of the built-in select-only script unless another is given */
export async function pgbench(target, { clients, seconds, protocol = 'simple', reconnect = false, script }) {
  const output = await withScript(script, (scriptArguments) =>
    run(
      'pgbench',
      [
        '-n',
        ...scriptArguments,
        ...['-M', protocol, '-c', String(clients), '-j', String(Math.min(clients, 2)), '-T', String(seconds)],
        ...(reconnect ? ['-C'] : []),
      ],
      { env: libpqEnvironment(target) },
    ),
  )
  return {
    perSecond: Number(/^tps = ([\d.]+)/m.exec(output)?.[1]),
    transactions: Number(/^number of transactions actually processed: (\d+)/m.exec(output)?.[1]),
  }
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
