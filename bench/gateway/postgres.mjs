// A PostgreSQL server to compare with: the binaries that Lakegate uses itself, TLS 1.3, SCRAM for those who come over
// TCP, trust for a proxy that comes over the Unix socket, as Lakegate comes by peer.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, chmod, chown, copyFile, mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { runnerImport } from 'vite'
import { startProgram, waitForPort } from './processes.mjs'

const load = async (file) => (await runnerImport(new URL(file, import.meta.url).pathname)).module

export const USER = 'bench'
export const PASSWORD = 'a password that only this bench knows'
export const DATABASE = 'bench'

/** @returns { host, port, socketDirectory, account, stop } */
export async function startPostgres({ directory, certificate, port, maxConnections }) {
  const { findBinaries } = await load('../../packages/server/src/instances/embedded/binaries.ts')
  const { chooseAccount } = await load(
    '../../packages/server/src/instances/embedded/operating-system-account.ts',
  )
  const account = chooseAccount(undefined)
  const binaries = await findBinaries({
    directory: undefined,
    copyTo: path.join(directory, 'binaries'),
    account,
  })
  const home = path.join(directory, 'postgres')
  const data = path.join(home, 'data')
  await mkdir(home)
  await chown(home, account.uid, account.gid)
  const asAccount = { ...account.spawnAs, cwd: home }
  await finish(binaries.initdb, ['-D', data, '-U', 'postgres', '--auth=trust', '--no-sync'], asAccount)
  for (const [from, to] of [
    [certificate.chain, 'server.crt'],
    [certificate.key, 'server.key'],
  ]) {
    await copyFile(from, path.join(data, to))
    await chown(path.join(data, to), account.uid, account.gid)
    await chmod(path.join(data, to), 0o600)
  }
  await appendFile(
    path.join(data, 'postgresql.conf'),
    [
      `listen_addresses = '127.0.0.1'`,
      `port = ${port}`,
      `unix_socket_directories = '${home}'`,
      `max_connections = ${maxConnections}`,
      // What Lakegate gives an instance of the default capacity. Statistics of statements and the idle limit cost some
      // microseconds a query; without them here the comparison would be of PostgreSQL's settings.
      `shared_buffers = 128MB`,
      `shared_preload_libraries = 'pg_stat_statements'`,
      `pg_stat_statements.track_utility = off`,
      `idle_session_timeout = 86400s`,
      `ssl = on`,
      `ssl_min_protocol_version = 'TLSv1.3'`,
      '',
    ].join('\n'),
  )
  await writeFile(
    path.join(data, 'pg_hba.conf'),
    'local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n',
  )
  const server = startProgram(binaries.postgres, ['-D', data], asAccount)
  await waitForPort(server, '127.0.0.1', port, 'postgres')
  // It listens before it has started up.
  while (!server.output().includes('ready to accept connections')) {
    if (!server.isRunning()) throw new Error(`postgres ended:\n${server.output()}`)
    await pause(50)
  }
  return {
    host: '127.0.0.1',
    port,
    socketDirectory: home,
    account,
    libraries: path.join(path.dirname(path.dirname(binaries.postgres)), 'lib'),
    stop: () => server.stop('SIGINT'),
  }
}

async function finish(command, programArguments, options) {
  const child = spawn(command, programArguments, { ...options, stdio: ['ignore', 'ignore', 'inherit'] })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`${command} ended with ${code}`)
}
