/**
 * PostgreSQL clusters that somebody else runs: with TLS on a TCP port, a certificate of an authority of their own, and a
 * pg_hba.conf as an operator writes it. What a test starts here it stops here.
 */
import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { appendFile, chmod, chown, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { findBinaries, type PostgresBinaries } from '../../src/instances/embedded/binaries.ts'
import { chooseAccount } from '../../src/instances/embedded/operating-system-account.ts'
import {
  createCertificateAuthority,
  type CertificateAuthority,
} from '../../src/keys/certificate-authority.ts'
import type { StoredCertificateAuthority } from '../../src/operations/ports/certificates.ts'
import { unsyncedPostgres } from './unsynced-postgres.ts'
import { waitFor } from './wait-for.ts'
import { freePort } from './free-port.ts'

export const ADMINISTRATOR = { user: 'lakegate_admin', password: 'correct horse, battery' } as const
const DEBIAN_15 = '/usr/lib/postgresql/15'
/** Of another version than the packaged one: `npm run attached-versions` tries one after the other. */
const OTHER_BINARIES = process.env['LAKEGATE_TEST_FOREIGN_POSTGRES']
export const HAS_DEBIAN_15 = OTHER_BINARIES === undefined && existsSync(path.join(DEBIAN_15, 'bin', 'initdb'))
/** Of foreign clusters for which a test asks no version. */
export const FOREIGN_MAJOR_VERSION = OTHER_BINARIES === undefined ? 18 : majorVersionOf(OTHER_BINARIES)

function majorVersionOf(directory: string): number {
  const { stdout } = spawnSync(path.join(directory, 'bin', 'postgres'), ['--version'], { encoding: 'utf8' })
  const version = /PostgreSQL\) (\d+)/.exec(stdout)?.[1]
  if (version === undefined) throw new Error(`${directory} holds no PostgreSQL`)
  return Number(version)
}

export interface ForeignCluster {
  readonly host: '127.0.0.1'
  readonly port: number
  /** Of the authority that signed its certificate. */
  readonly caPem: string
  readonly dataDirectory: string
  /** As the superuser of the operator, over the Unix socket. */
  query<Row extends pg.QueryResultRow>(text: string, values?: unknown[], database?: string): Promise<Row[]>
  /** Replaces the rules that follow the one for the administrator, and reloads. */
  writeRules(...rules: readonly string[]): Promise<void>
  /** Puts a file into the data directory, readable for PostgreSQL. */
  writeFile(name: string, content: string): Promise<void>
  /** A streaming standby of this cluster; the primary is stopped for the copy and started again. */
  addStandby(): Promise<ForeignCluster>
  promote(): Promise<void>
  /** As `kill -9` of the postmaster and all its children does. */
  kill(): Promise<void>
  start(): Promise<void>
  stop(): Promise<void>
}

export interface ForeignClusterOptions {
  readonly version?: 'packaged' | 'debian-15'
  readonly tls?: boolean
  /** Attributes of the administrative role besides LOGIN. */
  readonly administrator?: string
  /** In the certificate. */
  readonly certificateName?: string
}

/** An authority that signs servers, in memory. */
export async function makeAuthority(): Promise<CertificateAuthority> {
  let stored: StoredCertificateAuthority | undefined
  const authority = createCertificateAuthority({
    store: {
      loadCertificateAuthority: () => Promise.resolve(stored),
      insertCertificateAuthority: (made) => {
        stored = made
        return Promise.resolve(made)
      },
    },
    encryption: { encrypt: (bytes) => bytes, decrypt: (bytes) => bytes },
    clock: () => new Date(),
  })
  await authority.start()
  return authority
}

export async function startForeignCluster(options: ForeignClusterOptions = {}): Promise<ForeignCluster> {
  const directory = await mkdtemp(path.join(tmpdir(), 'foreign-'))
  await chmod(directory, 0o711)
  const account = chooseAccount(undefined)
  const binaries = await findBinaries({
    directory: options.version === 'debian-15' ? DEBIAN_15 : (OTHER_BINARIES ?? unsyncedPostgres()),
    copyTo: path.join(directory, 'postgresql'),
    account,
  })
  const authority = await makeAuthority()
  const home = path.join(directory, 'primary')
  await makeOwnDirectory(home)
  const cluster = clusterIn(home, {
    binaries,
    caPem: authority.certificatePem(),
    directory,
    port: await freePort(),
  })
  await promisify(execFile)(
    binaries.initdb,
    [
      `--pgdata=${path.join(home, 'data')}`,
      '--username=operator',
      '--no-sync',
      '--auth=trust',
      '--encoding=UTF8',
      '--locale=C',
    ],
    { ...account.spawnAs, cwd: home },
  )
  await appendFile(path.join(home, 'data', 'postgresql.conf'), "\ninclude_if_exists 'test.conf'\n")
  if (options.tls !== false) {
    const { certificateChainPem, privateKeyPem } = await authority.certificateFor(
      options.certificateName ?? '127.0.0.1',
    )
    await cluster.writeFile('server.crt', certificateChainPem)
    await cluster.writeFile('server.key', privateKeyPem.reveal())
  }
  await cluster.writeFile('client-ca.pem', authority.certificatePem())
  await cluster.writeConfiguration(options.tls === false ? [] : ['ssl = on', "ssl_ca_file = 'client-ca.pem'"])
  await cluster.writeRules()
  await cluster.start()
  const { user, password } = ADMINISTRATOR
  await cluster.query(
    `CREATE ROLE ${user} LOGIN ${options.administrator ?? 'SUPERUSER'} PASSWORD '${password}'`,
  )
  await cluster.query(`CREATE DATABASE app OWNER ${user}`)
  return cluster
}

interface Making {
  readonly binaries: PostgresBinaries
  readonly caPem: string
  readonly directory: string
  readonly port: number
}

function clusterIn(home: string, making: Making) {
  const account = chooseAccount(undefined)
  const data = path.join(home, 'data')
  let postmaster: ChildProcess | undefined
  const standbys: ForeignCluster[] = []

  const cluster = {
    host: '127.0.0.1' as const,
    port: making.port,
    caPem: making.caPem,
    dataDirectory: data,
    async query<Row extends pg.QueryResultRow>(
      text: string,
      values: unknown[] = [],
      database = 'postgres',
    ): Promise<Row[]> {
      const client = new pg.Client({ host: home, port: making.port, user: 'operator', database })
      client.on('error', () => undefined)
      await client.connect()
      try {
        const { rows } = await client.query<Row>(text, values.length === 0 ? undefined : values)
        return rows
      } finally {
        await client.end()
      }
    },
    async writeFile(name: string, content: string): Promise<void> {
      const file = path.join(data, name)
      await writeFile(file, content, { mode: 0o600 })
      await chown(file, account.uid, account.gid)
    },
    writeConfiguration: (lines: readonly string[]): Promise<void> =>
      cluster.writeFile(
        'test.conf',
        [
          ...lines,
          "listen_addresses = '127.0.0.1'",
          `port = ${String(making.port)}`,
          `unix_socket_directories = '${home}'`,
          'fsync = off',
          'max_connections = 40',
        ].join('\n'),
      ),
    async writeRules(...rules: readonly string[]): Promise<void> {
      await cluster.writeFile(
        'pg_hba.conf',
        [
          'local all operator trust',
          'local replication operator trust',
          `host all ${ADMINISTRATOR.user} 127.0.0.1/32 scram-sha-256`,
          ...rules,
          '',
        ].join('\n'),
      )
      if (postmaster !== undefined) await cluster.query('SELECT pg_reload_conf()')
    },
    async addStandby(): Promise<ForeignCluster> {
      const copy = path.join(making.directory, `standby-${String(standbys.length + 1)}`)
      await cluster.halt('SIGINT')
      await makeOwnDirectory(copy)
      await cp(data, path.join(copy, 'data'), { recursive: true, preserveTimestamps: true })
      await promisify(execFile)('chown', ['-R', `${String(account.uid)}:${String(account.gid)}`, copy])
      await cluster.start()
      const standby = clusterIn(copy, { ...making, port: await freePort() })
      await standby.writeConfiguration([
        'ssl = on',
        "ssl_ca_file = 'client-ca.pem'",
        'hot_standby = on',
        `primary_conninfo = 'host=${home} port=${String(making.port)} user=operator'`,
      ])
      await standby.writeFile('standby.signal', '')
      await standby.start()
      standbys.push(standby)
      return standby
    },
    async promote(): Promise<void> {
      await cluster.query('SELECT pg_promote()')
      await waitFor('the promotion', async () => {
        const [row] = await cluster.query<{ standby: boolean }>('SELECT pg_is_in_recovery() AS standby')
        return row?.standby === false
      })
    },
    async start(): Promise<void> {
      const child = spawn(making.binaries.postgres, ['-D', data], {
        ...account.spawnAs,
        cwd: data,
        env: { PATH: process.env['PATH'], LC_ALL: 'C' },
        stdio: ['ignore', 'ignore', 'pipe'],
      })
      let printed = ''
      child.stderr.on('data', (chunk: Buffer) => {
        printed = `${printed}${chunk.toString('utf8')}`.slice(-4096)
      })
      postmaster = child
      await waitFor('a foreign cluster', async () => {
        if (child.exitCode !== null) throw new Error(`PostgreSQL ended: ${printed}`)
        return cluster.query('SELECT 1').then(
          () => true,
          () => false,
        )
      })
    },
    async halt(signal: NodeJS.Signals): Promise<void> {
      const child = postmaster
      postmaster = undefined
      if (child?.exitCode !== null || child.signalCode !== null) return
      const exited = once(child, 'exit')
      child.kill(signal)
      await exited
    },
    // Immediate shutdown: its children are gone with it, nothing is said to anybody, nothing is written.
    kill: (): Promise<void> => cluster.halt('SIGQUIT'),
    async stop(): Promise<void> {
      await Promise.all(standbys.map((standby) => standby.kill()))
      await cluster.halt('SIGQUIT')
      await rm(home.endsWith('primary') ? making.directory : home, {
        recursive: true,
        force: true,
        maxRetries: 5,
      })
    },
  }
  return cluster
}

async function makeOwnDirectory(directory: string): Promise<void> {
  const account = chooseAccount(undefined)
  await mkdir(directory)
  await chown(directory, account.uid, account.gid)
}
