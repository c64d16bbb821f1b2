/**
 * Every way to fail at a start, at every depth of it: the process ends by itself with status 1, in one line that says what
 * and one that says what to do, and leaves no port, no PostgreSQL, no ready file and nothing open behind.
 */
import { access, writeFile } from 'node:fs/promises'
import { connect, createServer, type AddressInfo, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { processesIn, stopClusters } from '../stage/clusters.ts'
import { freePort } from '../stage/free-port.ts'
import { makeDataDirectory, removeDataDirectory } from '../stage/lakegate.ts'
import { runToEnd } from '../stage/run-to-end.ts'
import { startTestSystemDatabase, type TestSystemDatabase } from '../stage/system-database.ts'

interface FailingStart {
  readonly what: string
  readonly says: string
  /** The rest of a start that would succeed. */
  readonly environment: () => Readonly<Record<string, string>>
  readonly command?: readonly string[]
}

const UP = ['up']
const GATEWAY = ['serve', '--role', 'gateway']
const CONTROL = ['serve', '--role', 'control']

let dataDirectory: string
let system: TestSystemDatabase
let occupant: Server
let httpPort: string
const below = (name: string) => path.join(dataDirectory, name)

beforeAll(async () => {
  dataDirectory = await makeDataDirectory()
  system = await startTestSystemDatabase()
  httpPort = String(await freePort())
  // On all addresses of this machine, as the loopback addresses of instances are many.
  occupant = createServer().listen(0)
  await writeFile(below('garbage'), 'neither a key nor a certificate')
})
afterAll(async () => {
  occupant.close()
  await stopClusters(dataDirectory)
  await removeDataDirectory(dataDirectory)
  await system.stop()
})

const occupiedPort = () => String((occupant.address() as AddressInfo).port)
/** @param database `postgres` has no tables of Lakegate’s */
const urlOf = (database: string): string => {
  if (system.address.kind !== 'socket') throw new Error('the system database has no socket')
  return `postgresql://${system.address.user}@/${database}?host=${system.address.directory}`
}

/** From the settings to the last step; those that get as far as PostgreSQL share one data directory. */
const FAILING: readonly FailingStart[] = [
  {
    what: 'a public URL without a scheme',
    says: 'The setting public-url',
    environment: () => ({ LAKEGATE_PUBLIC_URL: 'lakegate.example.com' }),
  },
  {
    what: 'a range of balancers that is none',
    says: 'The setting proxy-protocol-from',
    environment: () => ({ LAKEGATE_PROXY_PROTOCOL_FROM: 'balancer' }),
  },
  {
    what: 'a data directory where the system makes none',
    says: 'The data directory /proc/lakegate cannot be used',
    environment: () => ({ LAKEGATE_DATA_DIR: '/proc/lakegate' }),
  },
  {
    what: 'a data directory and a temporary one whose paths are too long for a socket',
    says: 'too long for a Unix socket',
    environment: () => ({
      LAKEGATE_DATA_DIR: below('d'.repeat(100)),
      TMPDIR: path.join(tmpdir(), 't'.repeat(100)),
    }),
  },
  {
    what: 'a port of HTTP that is taken',
    says: 'is in use',
    environment: () => ({ LAKEGATE_HTTP_PORT: occupiedPort() }),
  },
  {
    what: 'an external system database that nobody reaches',
    says: 'The system database at 127.0.0.1 port 1 (database lakegate, user gate) cannot be used',
    environment: () => ({ LAKEGATE_DATABASE_URL: 'postgres://gate:hunter2@127.0.0.1:1/lakegate' }),
  },
  {
    what: 'an external system database that does not exist',
    says: 'there is no such database (3D000',
    environment: () => ({ LAKEGATE_DATABASE_URL: urlOf('nothing') }),
  },
  {
    what: 'half a Lakegate without a shared system database',
    says: 'The setting database-url is not set',
    environment: () => ({}),
    command: CONTROL,
  },
  {
    what: 'a gateway before the first control plane',
    says: 'There is no installation of Lakegate in this system database.',
    environment: () => ({
      LAKEGATE_DATABASE_URL: urlOf('postgres'),
      LAKEGATE_GATEWAY_DOMAIN: 'db.example.com',
      LAKEGATE_PUBLIC_URL: 'https://lakegate.example.com',
    }),
    command: GATEWAY,
  },
  {
    what: 'a master key that is none',
    says: 'The master key file',
    environment: () => ({ LAKEGATE_MASTER_KEY_FILE: below('garbage') }),
  },
  {
    what: 'a certificate that is none',
    says: 'The TLS files',
    environment: () => ({
      LAKEGATE_TLS_CERTIFICATE_FILE: below('garbage'),
      LAKEGATE_TLS_KEY_FILE: below('garbage'),
    }),
  },
  {
    what: 'a port of the gateway that is taken, when everything else runs',
    says: `where clients of dev would connect, is in use.`,
    environment: () => ({ LAKEGATE_GATEWAY_PORT: occupiedPort() }),
  },
  {
    what: 'the same in a single process, whose log is text',
    says: 'error the gateway cannot listen for an instance: Port ',
    environment: () => ({
      LAKEGATE_GATEWAY_PORT: occupiedPort(),
      LAKEGATE_GATEWAY_WORKERS: '0',
      LAKEGATE_LOG_FORMAT: 'text',
    }),
  },
]

describe('a start that cannot succeed', () => {
  it.each(FAILING)(
    'says so, ends by itself and leaves nothing behind: $what',
    async ({ says, environment, command }) => {
      const readyFile = below('ready.json')
      const { code, output } = await runToEnd(
        {
          LAKEGATE_DATA_DIR: dataDirectory,
          LAKEGATE_HTTP_PORT: httpPort,
          LAKEGATE_READY_FILE: readyFile,
          ...environment(),
        },
        command ?? UP,
      )
      expect(code, output).toBe(1)
      expect(output).toMatch(/^Lakegate cannot go on: .*\n(?:What to do: .*\n)?$/m)
      expect(output).toContain(says)
      expect(output).not.toMatch(/^ {4}at |its own mistake|left something open|hunter2/m)
      await expect(processesIn(dataDirectory)).resolves.toEqual([])
      await expect(isListenedOn(Number(httpPort))).resolves.toBe(false)
      await expect(access(readyFile)).rejects.toMatchObject({ code: 'ENOENT' })
    },
  )
})

const isListenedOn = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = connect(port, '127.0.0.1')
    probe.once('connect', () => {
      probe.destroy()
      resolve(true)
    })
    probe.once('error', () => {
      resolve(false)
    })
  })
