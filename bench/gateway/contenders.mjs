// Starts everything that is compared, with the same certificate, the same data and the same PostgreSQL, and says under
// which name each is reached. What is not installed, or not built yet, is left out and named.
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { startBareNode } from './bare-node.mjs'
import { startLakegate } from './lakegate.mjs'
import { libpqEnvironment } from './pgbench.mjs'
import { DATABASE, PASSWORD, startPostgres, USER } from './postgres.mjs'
import { run } from './processes.mjs'
import { startHaproxy, startPgbouncer } from './proxies.mjs'
import { logIn } from './wire-client.mjs'

/**
 * @returns { contenders, missing, refresh(), stop() }; a contender is { name, target, pids? }, pids being those of the
 *   proxy alone
 */
export async function startContenders({ scale, bulkMegabytes, maxConnections = 1000 }) {
  const directory = await mkdtemp(path.join(tmpdir(), 'lakegate-bench-'))
  await chmod(directory, 0o711)
  const started = []
  const stop = async () => {
    for (const one of started.toReversed()) await one.stop()
    await rm(directory, { recursive: true, force: true, maxRetries: 5 })
  }
  try {
    const certificate = await makeCertificate(directory)
    const [
      port,
      plainPort,
      scramPort,
      passthroughPort,
      terminatingPort,
      coldPort,
      askingPort,
      relayPort,
      loginPort,
    ] = await freePorts(9)
    const postgres = await startPostgres({ directory, certificate, port, maxConnections })
    started.push(postgres)
    const direct = { host: postgres.host, port, user: USER, password: PASSWORD, database: DATABASE }
    const verifier = await prepareDirect(postgres, direct)
    const plain = await startPgbouncer({
      ...{ directory, name: 'plain', certificate, port: plainPort, postgres },
      ...{ authentication: 'plain', secret: PASSWORD },
    })
    const scram = await startPgbouncer({
      ...{ directory, name: 'scram', certificate, port: scramPort, postgres },
      ...{ authentication: 'scram-sha-256', secret: verifier },
    })
    const cold = await startPgbouncer({
      ...{ directory, name: 'cold', certificate, port: coldPort, postgres },
      ...{ authentication: 'scram-sha-256', secret: verifier, reuse: false },
    })
    const asking = await startPgbouncer({
      ...{ directory, name: 'asking', certificate, port: askingPort, postgres },
      ...{ authentication: 'scram-sha-256', secret: verifier, asks: true },
    })
    const haproxy = await startHaproxy({ directory, certificate, passthroughPort, terminatingPort, postgres })
    const bare = await startBareNode({ certificate, relayPort, loginPort, postgres })
    started.push(bare)
    started.push(...[plain, scram, cold, asking, haproxy].filter((one) => one !== undefined))
    const environment = {
      LAKEGATE_TLS_CERTIFICATE_FILE: certificate.chain,
      LAKEGATE_TLS_KEY_FILE: certificate.key,
      LAKEGATE_CONNECTIONS_PER_INSTANCE: String(maxConnections),
      LAKEGATE_CONNECTIONS_PER_ROLE: String(maxConnections),
      // One worker, as the proxies beside it are one process; on the runtime that is the default.
      LAKEGATE_GATEWAY_WORKERS: '1',
      // As many backends as PgBouncer may open for one user and database.
      LAKEGATE_POOL_SIZE: '100',
    }
    const lakegate = await startLakegate({ environment })
    started.push(lakegate)
    const token = await lakegate.target()
    const pooled = await lakegate.pooledTarget()
    const native = await tryNativeLogin(lakegate)
    for (const target of [direct, token]) await fill(target, scale, bulkMegabytes)

    const contenders = {
      direct: { name: 'PostgreSQL, TLS, SCRAM', target: direct },
      token: { name: 'Lakegate, token', target: token, pids: lakegate.pids },
      pooled: { name: 'Lakegate, pooled, token', target: pooled, pids: lakegate.pids },
      ...(native === undefined
        ? {}
        : { native: { name: 'Lakegate, native login', target: native, pids: lakegate.pids } }),
      ...(plain === undefined
        ? {}
        : {
            plain: { name: 'PgBouncer, session, cleartext', target: plain.session, pids: plain.pids },
            transaction: { name: 'PgBouncer, transaction', target: plain.transaction, pids: plain.pids },
          }),
      ...(scram === undefined
        ? {}
        : { scram: { name: 'PgBouncer, session, SCRAM', target: scram.session, pids: scram.pids } }),
      ...(cold === undefined
        ? {}
        : { cold: { name: 'PgBouncer, SCRAM, a backend each', target: cold.session, pids: cold.pids } }),
      ...(asking === undefined
        ? {}
        : { asking: { name: 'PgBouncer, SCRAM, auth_query', target: asking.session, pids: asking.pids } }),
      ...(haproxy === undefined
        ? {}
        : {
            passthrough: {
              name: 'HAProxy, TLS passed through',
              target: haproxy.passthrough,
              pids: haproxy.pids,
            },
            terminating: { name: 'HAProxy, TLS ended', target: haproxy.terminating, pids: haproxy.pids },
          }),
      bareRelay: { name: 'bare Node, relay', target: bare.relay, pids: bare.pids },
      bareLogin: { name: 'bare Node, asks nobody', target: bare.login, pids: bare.pids },
    }
    const missing = [
      ...(plain === undefined ? ['PgBouncer is not installed'] : []),
      ...(haproxy === undefined ? ['HAProxy is not installed'] : []),
      ...(native === undefined ? ['native login is not there'] : []),
    ]
    return {
      contenders,
      missing,
      lakegate,
      directory,
      /** Another one, with nothing behind it; the caller stops it. */
      startFreshLakegate: (also = {}) => startLakegate({ environment: { ...environment, ...also } }),
      /** One Lakegate with so many workers, and so many PgBouncers on one port. @returns { contenders, stop() } */
      startMany: (processes) =>
        startMany({ directory, certificate, postgres, environment, scale }, processes),
      /** A token lives an hour; a bench may take longer. */
      refresh: async () => {
        token.password = await lakegate.mint()
        pooled.password = token.password
      },
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

async function startMany({ directory, certificate, postgres, environment, scale }, processes) {
  const [port] = await freePorts(1)
  const pgbouncer = await startPgbouncer({
    ...{ directory, name: 'many', certificate, port, postgres, processes },
    ...{ authentication: 'plain', secret: PASSWORD },
  })
  const lakegate = await startLakegate({
    environment: { ...environment, LAKEGATE_GATEWAY_WORKERS: String(processes) },
  })
  const token = await lakegate.target()
  const pooled = await lakegate.pooledTarget()
  await fill(token, scale, 1)
  return {
    contenders: {
      token: { name: 'Lakegate, token', target: token, pids: lakegate.pids },
      pooled: { name: 'Lakegate, pooled, token', target: pooled, pids: lakegate.pids },
      ...(pgbouncer === undefined
        ? {}
        : {
            plain: { name: 'PgBouncer, session', target: pgbouncer.session, pids: pgbouncer.pids },
            transaction: {
              name: 'PgBouncer, transaction',
              target: pgbouncer.transaction,
              pids: pgbouncer.pids,
            },
          }),
    },
    stop: async () => {
      await lakegate.stop()
      await pgbouncer?.stop()
    },
  }
}

/** ECDSA P-256 for everybody. */
async function makeCertificate(directory) {
  const certificate = { chain: path.join(directory, 'tls.crt'), key: path.join(directory, 'tls.key') }
  await run('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc', '-days', '2'],
    ...['-subj', '/CN=localhost', '-out', certificate.chain, '-keyout', certificate.key],
  ])
  return certificate
}

async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => server.address().port)
  await Promise.all(servers.map((server) => once(server.close(), 'close')))
  return ports
}

/** @returns the SCRAM verifier of the user */
async function prepareDirect(postgres, { port }) {
  const psql = (database, sql) =>
    run(
      'psql',
      ['-X', '-q', '-A', '-t', '-h', postgres.socketDirectory, '-p', String(port)].concat([
        '-U',
        'postgres',
        '-d',
        database,
        '-c',
        sql,
      ]),
    )
  await psql('postgres', `CREATE ROLE ${USER} LOGIN PASSWORD '${PASSWORD}'`)
  await psql('postgres', `CREATE DATABASE ${DATABASE} OWNER ${USER}`)
  const verifier = await psql('postgres', `SELECT rolpassword FROM pg_authid WHERE rolname = '${USER}'`)
  return verifier.trim()
}

/**
 * An instance of its own: where native login is on, every login asks for the role once more.
 * @returns where a role with a password logs in; undefined while the gateway cannot do that
 */
async function tryNativeLogin(lakegate) {
  const name = 'native'
  try {
    await lakegate.call('POST', '/api/2.0/database/instances', { name, enable_pg_native_login: true })
    const instance = await available(lakegate, name)
    const { database } = lakegate.ready.instance
    const place = { host: instance.read_write_dns, port: instance.read_write_port, database }
    const owner = await logIn({
      ...place,
      user: lakegate.ready.admin_user,
      password: await lakegate.mint(name),
    })
    await owner.query(`CREATE ROLE ${USER} LOGIN PASSWORD '${PASSWORD}'`)
    owner.end()
    const target = { ...place, user: USER, password: PASSWORD }
    const session = await logIn(target)
    session.end()
    return target
  } catch (error) {
    console.log(`native login: ${error.message}`)
    return undefined
  }
}

async function available(lakegate, name) {
  for (;;) {
    const instance = await lakegate.call('GET', `/api/2.0/database/instances/${name}`)
    if (instance.state === 'AVAILABLE') return instance
    await pause(100)
  }
}

/** pgbench's tables, and a table of rows of a thousand bytes that PostgreSQL keeps in memory. */
async function fill(target, scale, bulkMegabytes) {
  const env = libpqEnvironment(target)
  await run('pgbench', ['-i', '-q', '-s', String(scale)], { env })
  const statements = [
    `CREATE UNLOGGED TABLE bulk AS SELECT repeat('x', 999) AS line FROM generate_series(1, ${bulkMegabytes * 100})`,
    'CREATE UNLOGGED TABLE sink (line text)',
    'VACUUM ANALYZE bulk',
  ]
  for (const sql of statements) await run('psql', ['-X', '-q', '-c', sql], { env })
}
