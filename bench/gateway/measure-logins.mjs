// Logins per second, full TLS handshake each: by clients that are not libpq, and by pgbench -C.
import { loginsByPgbench, loginsByWireClients } from './login-load.mjs'
import { processorSeconds } from './processes.mjs'
import { count, describeRatio, milliseconds, table } from './report.mjs'
import { pick, takeTurns } from './rounds.mjs'
import { median, ratioOf } from './statistics.mjs'

const LOAD = { processes: 2, connections: 4 }
/** What each way in is measured against, the aim of the issue, and the floor under which this bench fails. */
const AIMS = [
  { key: 'token', against: 'direct', aim: 1, floor: 0.5 },
  { key: 'native', against: 'cold', aim: 1, floor: 0 },
  { key: 'pooled', against: 'plain', aim: 0.75, floor: 0 },
  { key: 'pooled', against: 'asking', aim: 1.2, floor: 0 },
]

export async function measureLogins({ contenders }, { rounds, seconds, warmUpSeconds }) {
  const keys = ['direct', 'token', 'native', 'pooled', 'plain', 'scram', 'cold', 'asking', 'bareLogin']
  const chosen = pick(contenders, keys)
  // A program that is compiled while it runs is as fast as it gets after some thousand logins.
  for (const { target } of Object.values(chosen))
    await loginsByWireClients({ ...target, keepsKeys: true }, { ...LOAD, seconds: warmUpSeconds })
  const byWire = await takeTurns(chosen, rounds, async ({ target, pids }) => {
    const before = pids === undefined ? 0 : await processorSeconds(await pids())
    const result = await loginsByWireClients({ ...target, keepsKeys: true }, { ...LOAD, seconds })
    const after = pids === undefined ? 0 : await processorSeconds(await pids())
    return { ...result, processorMs: ((after - before) * 1000) / (result.perSecond * seconds) }
  })
  const byDriver = await takeTurns(chosen, rounds, ({ target }) =>
    loginsByWireClients(target, { ...LOAD, seconds }),
  )
  const byPgbench = await takeTurns(chosen, rounds, ({ target }) =>
    loginsByPgbench(target, { ...LOAD, seconds: Math.max(1, Math.round(seconds)) }),
  )
  const rates = (results, key) => results[key].map(({ perSecond }) => perSecond)
  const middle = (key, field) => median(byWire[key].map((result) => result[field]))
  const rows = Object.entries(chosen).map(([key, { name, pids }]) => [
    name,
    count(median(rates(byWire, key))),
    milliseconds(middle(key, 'median')),
    milliseconds(middle(key, 'p99')),
    pids === undefined ? '–' : milliseconds(middle(key, 'processorMs')),
    count(median(rates(byDriver, key))),
    count(median(rates(byPgbench, key))),
  ])
  const judged = AIMS.filter(({ key, against }) => key in chosen && against in chosen).map((aim) => ({
    ...aim,
    wire: ratioOf(rates(byWire, aim.key), rates(byWire, aim.against)),
    driver: ratioOf(rates(byDriver, aim.key), rates(byDriver, aim.against)),
    pgbench: ratioOf(rates(byPgbench, aim.key), rates(byPgbench, aim.against)),
  }))
  return {
    title: 'Logins per second',
    text: `${LOAD.processes} processes with ${LOAD.connections} connections each log in, ask \`SELECT 1\` and log out; every login is a full TLS 1.3 handshake. The first columns are of clients that are not libpq and that keep what they derive from a SCRAM password; the column “deriving” is of the same clients when they derive it at each login (4,096 iterations, RFC 5802), as drivers do; the last is of \`pgbench -C\`. Processor time is the proxy’s alone. “A backend each” is PgBouncer told to use a backend once (\`server_lifetime = 0\`), as a gateway does that opens one for each login; “auth_query” asks PostgreSQL at each login, as Lakegate does; “bare Node” is TLS, a password that nobody looks at, a canned answer and the goodbye: what is left when a gateway in Node decides nothing and has no PostgreSQL. Everybody has served ${warmUpSeconds} seconds of logins before.`,
    tables: [
      table(
        ['', 'logins/s', 'median ms', 'p99 ms', 'processor ms per login', 'deriving', 'pgbench -C'],
        rows,
      ),
      table(
        ['ratio', 'not libpq', 'deriving', 'pgbench -C', 'aim'],
        judged.map(({ key, against, wire, driver, pgbench, aim }) => [
          `${chosen[key].name} : ${chosen[against].name}`,
          describeRatio(wire),
          describeRatio(driver),
          describeRatio(pgbench),
          `${aim.toFixed(2)} ${Math.min(wire.median, driver.median, pgbench.median) >= aim ? 'reached' : '**not reached**'}`,
        ]),
      ),
    ],
    broken: judged
      .filter(({ wire, floor }) => wire.median < floor)
      .map(
        ({ key, against, wire, floor }) =>
          `logins, ${key} : ${against} is ${wire.median.toFixed(2)}, not ${floor}`,
      ),
  }
}
