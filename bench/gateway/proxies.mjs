// PgBouncer and HAProxy as Debian packages them, in front of the same PostgreSQL server: TLS 1.3 with the same
// certificate, one process each, as one gateway process stands in front of its instance.
import { access, chmod, chown, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { startProgram, waitForPort } from './processes.mjs'
import { DATABASE, PASSWORD, USER } from './postgres.mjs'

const PGBOUNCER = '/usr/sbin/pgbouncer'
const HAPROXY = '/usr/sbin/haproxy'

const isThere = (file) =>
  access(file).then(
    () => true,
    () => false,
  )

/**
 * @param options.authentication 'plain' (a cleartext password inside TLS) or 'scram-sha-256'
 * @param options.reuse false: each backend serves one login, as at a gateway that opens one for each
 * @param options.asks true: it asks PostgreSQL for the verifier at each login (auth_query), as a gateway asks at each login
 * @param options.processes how many share the port (so_reuseport)
 * @param options.secret what its user list holds for the user: the password, or its SCRAM verifier
 * @returns undefined where PgBouncer is not installed
 */
export async function startPgbouncer({
  directory,
  name,
  certificate,
  port,
  postgres,
  authentication,
  secret,
  reuse = true,
  asks = false,
  processes = 1,
}) {
  if (!(await isThere(PGBOUNCER))) return undefined
  const { account } = postgres
  const file = (ending) => path.join(directory, `${name}.${ending}`)
  const backend = `host=${postgres.socketDirectory} port=${postgres.port} dbname=${DATABASE} user=${USER}`
  await writeFile(file('users'), asks ? '"postgres" ""\n' : `"${USER}" "${secret}"\n`)
  await writeFile(
    file('ini'),
    `[databases]
session = ${backend} pool_mode=session
transaction = ${backend} pool_mode=transaction
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = ${authentication}
auth_file = ${file('users')}
${asks ? 'auth_user = postgres\nauth_query = SELECT usename, passwd FROM pg_catalog.pg_shadow WHERE usename = $1\n' : ''}max_client_conn = 6000
default_pool_size = 100
min_pool_size = ${reuse ? 32 : 0}
${reuse ? '' : 'server_lifetime = 0\n'}${processes > 1 ? 'so_reuseport = 1\n' : ''}log_connections = 0
log_disconnections = 0
client_tls_sslmode = require
client_tls_protocols = tlsv1.3
client_tls_cert_file = ${file('crt')}
client_tls_key_file = ${file('key')}
`,
  )
  await writeFile(file('crt'), await readFile(certificate.chain))
  await writeFile(file('key'), await readFile(certificate.key))
  for (const ending of ['users', 'ini', 'crt', 'key']) {
    await chown(file(ending), account.uid, account.gid)
    await chmod(file(ending), 0o600)
  }
  const programs = Array.from({ length: processes }, () =>
    startProgram(PGBOUNCER, ['-q', file('ini')], { ...account.spawnAs }),
  )
  for (const program of programs) await waitForPort(program, '127.0.0.1', port, 'pgbouncer')
  const target = (database) => ({ host: '127.0.0.1', port, user: USER, password: PASSWORD, database })
  return {
    pids: async () => programs.map(({ pid }) => pid),
    session: target('session'),
    transaction: target('transaction'),
    stop: () => Promise.all(programs.map((program) => program.stop())),
  }
}

/** One process and one thread; passes TLS through at one port, ends it at the other. */
export async function startHaproxy({ directory, certificate, passthroughPort, terminatingPort, postgres }) {
  if (!(await isThere(HAPROXY))) return undefined
  const bundle = path.join(directory, 'haproxy.pem')
  await writeFile(
    bundle,
    Buffer.concat([await readFile(certificate.chain), await readFile(certificate.key)]),
    { mode: 0o600 },
  )
  const configuration = path.join(directory, 'haproxy.cfg')
  await writeFile(
    configuration,
    `global
  nbthread 1
  maxconn 8000
defaults
  mode tcp
  timeout connect 5s
  timeout client 1h
  timeout server 1h
listen passthrough
  bind 127.0.0.1:${passthroughPort}
  server postgres ${postgres.host}:${postgres.port}
listen terminating
  bind 127.0.0.1:${terminatingPort} ssl crt ${bundle} alpn postgresql ssl-min-ver TLSv1.3
  server postgres unix@${postgres.socketDirectory}/.s.PGSQL.${postgres.port}
`,
  )
  const program = startProgram(HAPROXY, ['-db', '-f', configuration])
  await waitForPort(program, '127.0.0.1', terminatingPort, 'haproxy')
  const target = { host: '127.0.0.1', user: USER, password: PASSWORD, database: DATABASE }
  return {
    pids: async () => [program.pid],
    passthrough: { ...target, port: passthroughPort },
    terminating: {
      ...target,
      port: terminatingPort,
      negotiation: 'direct',
      libraries: postgres.libraries,
    },
    stop: () => program.stop(),
  }
}
