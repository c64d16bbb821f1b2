/** `lakegate doctor` on a machine where one thing is broken at a time: it says so, why, and what to do. */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Finding } from '../../../src/cli/operator/doctor.ts'
import { examine } from '../../../src/composition/operator/examine.ts'
import { loadSettings } from '../../../src/config/load.ts'
import { freePort } from '../../stage/free-port.ts'

let work: string
let dataDirectory: string
beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'lakegate-doctor-'))
  await chmod(work, 0o755)
  dataDirectory = path.join(work, 'data')
  await mkdir(dataDirectory, { mode: 0o711 })
})
afterAll(() => rm(work, { recursive: true, force: true }))

async function findings(
  environment: Readonly<Record<string, string>>,
  check: string,
): Promise<readonly Finding[]> {
  const settings = loadSettings({
    flags: {},
    environment: { LAKEGATE_DATA_DIR: dataDirectory, LAKEGATE_HTTP_PORT: '0', ...environment },
    configFile: undefined,
  })
  return (await examine(settings)).filter((finding) => finding.check === check)
}

/** What is not as it should be; every such finding has a next step. */
async function complaints(
  environment: Readonly<Record<string, string>>,
  check: string,
): Promise<readonly string[]> {
  const found = (await findings(environment, check)).filter(({ verdict }) => verdict !== 'ok')
  for (const { next_step: next, what } of found) expect(next, what).toBeTruthy()
  return found.map(({ verdict, what }) => `${verdict}: ${what}`)
}

describe('a machine on which nothing was started yet', () => {
  it('has nothing wrong', async () => {
    const settings = loadSettings({
      flags: {},
      environment: { LAKEGATE_DATA_DIR: dataDirectory, LAKEGATE_HTTP_PORT: '0' },
      configFile: undefined,
    })
    const found = await examine(settings)
    expect(found.filter(({ verdict }) => verdict === 'wrong')).toEqual([])
    expect(new Set(found.map(({ check }) => check))).toEqual(
      new Set(['runtime', 'settings', 'disk', 'system database', 'clock', 'instances', 'names']),
    )
  })
})

describe('settings that contradict each other', () => {
  it.each([
    ['role_above_instance', { LAKEGATE_CONNECTIONS_PER_INSTANCE: '10' }],
    ['pool_above_instance', { LAKEGATE_POOL_SIZE: '300' }],
    ['pool_idle_above_lifetime', { LAKEGATE_POOL_LIFETIME_SECONDS: '60' }],
    ['role_above_address', { LAKEGATE_FAILED_LOGINS_PER_ROLE: '200' }],
    ['idle_above_lifetime', { LAKEGATE_SESSION_LIFETIME_SECONDS: '3600' }],
    [
      'plain_public_url',
      { LAKEGATE_PUBLIC_URL: 'http://lakegate.example.com', LAKEGATE_HTTP_HOST: '0.0.0.0' },
    ],
    ['domain_on_loopback', { LAKEGATE_GATEWAY_DOMAIN: 'db.example.com' }],
    [
      'public_url_of_this_machine',
      { LAKEGATE_PUBLIC_URL: 'https://localhost:8470', LAKEGATE_HTTP_HOST: '0.0.0.0' },
    ],
    ['provider_without_issuer', { LAKEGATE_SIGN_IN_PROVIDER_NAME: 'Example' }],
  ])('are named by the rule %s', async (rule, environment) => {
    expect(await complaints(environment, 'settings')).toEqual([
      expect.stringMatching(new RegExp(`^(warning|wrong): ${rule}: `)),
    ])
  })

  it('are files beside each other too: two system databases, two master keys, a token that nobody asks for', async () => {
    const other = path.join(work, 'other.key')
    await mkdir(path.join(dataDirectory, 'system', 'data'), { recursive: true })
    await writeFile(path.join(dataDirectory, 'master.key'), `${Buffer.alloc(32, 1).toString('base64')}\n`)
    await writeFile(other, `${Buffer.alloc(32, 2).toString('base64')}\n`)
    try {
      const said = await complaints(
        {
          LAKEGATE_DATABASE_URL: 'postgresql://lakegate@127.0.0.1:1/lakegate?sslmode=disable',
          LAKEGATE_MASTER_KEY_FILE: other,
          LAKEGATE_METRICS_TOKEN_FILE: other,
        },
        'settings',
      )
      expect(said.join('\n')).toMatch(
        /unused_metrics_token: [\s\S]*two_system_databases: [\s\S]*two_master_keys: /,
      )
    } finally {
      await rm(path.join(dataDirectory, 'system'), { recursive: true })
      await rm(path.join(dataDirectory, 'master.key'))
    }
  })

  it('and files that are not there', async () => {
    const said = await complaints({ LAKEGATE_METRICS_TOKEN_FILE: path.join(work, 'none') }, 'settings')
    expect(said[0]).toMatch(/^wrong: .*does not exist/)
  })
})

describe('ports', () => {
  it('that are free are said to be', async () => {
    const found = await findings({ LAKEGATE_HTTP_PORT: String(await freePort()) }, 'ports')
    expect(found).toEqual([
      expect.objectContaining({ verdict: 'ok', what: expect.stringContaining('is free') as string }),
    ])
  })

  it('that another process has are named with that process', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    try {
      const { port } = server.address() as AddressInfo
      expect(await complaints({ LAKEGATE_HTTP_PORT: String(port) }, 'ports')).toEqual([
        process.platform === 'linux'
          ? expect.stringContaining(`is taken by process ${String(process.pid)} `)
          : expect.stringContaining('is taken by '),
      ])
    } finally {
      server.close()
    }
  })

  it('of an address that this machine does not have', async () => {
    expect(
      await complaints({ LAKEGATE_HTTP_HOST: '192.0.2.1', LAKEGATE_HTTP_PORT: '8470' }, 'ports'),
    ).toEqual([expect.stringContaining('is no address of this machine')])
  })
})

describe('the disk', () => {
  it('whose data directory others can write into', async () => {
    await chmod(dataDirectory, 0o777)
    try {
      expect(await complaints({}, 'disk')).toEqual([
        expect.stringMatching(/^wrong: Other accounts can write/),
      ])
    } finally {
      await chmod(dataDirectory, 0o711)
    }
  })

  it('on which the data directory is not there', async () => {
    expect(await complaints({ LAKEGATE_DATA_DIR: path.join(work, 'none') }, 'disk')).toEqual([
      expect.stringContaining('is not there'),
    ])
  })

  it('on which others can read the master key', async () => {
    const file = path.join(work, 'open.key')
    await writeFile(file, `${Buffer.alloc(32, 1).toString('base64')}\n`, { mode: 0o644 })
    expect(await complaints({ LAKEGATE_MASTER_KEY_FILE: file }, 'disk')).toEqual([
      expect.stringContaining('Other accounts can read the master key'),
    ])
  })
})

describe('the system database', () => {
  it('that is gone while traces of it are there', async () => {
    await writeFile(path.join(dataDirectory, 'ca.pem'), 'x')
    try {
      expect(await complaints({}, 'system database')).toEqual([
        expect.stringMatching(/^wrong: .*is gone or empty.*ca\.pem/),
      ])
      expect(await complaints({}, 'certificates')).toEqual([expect.stringContaining('is no certificate')])
    } finally {
      await rm(path.join(dataDirectory, 'ca.pem'))
    }
  })

  it('that nobody reaches, without the password of its URL', async () => {
    const url = `postgresql://lakegate:hunter2@127.0.0.1:${String(await freePort())}/lakegate?sslmode=disable`
    const said = await complaints({ LAKEGATE_DATABASE_URL: url }, 'system database')
    expect(said).toEqual([expect.stringContaining('nothing listens there')])
    expect(JSON.stringify(said)).not.toContain('hunter2')
  })
})

describe('certificates', () => {
  const openssl = (...words: readonly string[]) =>
    execFileSync('openssl', words, { cwd: work, stdio: ['ignore', 'pipe', 'ignore'] })
  const file = (name: string) => path.join(work, name)
  const make = (name: string, days: string, names: string) => {
    openssl(
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
      ...['-keyout', `${name}.key`, '-out', `${name}.pem`, '-days', days, '-subj', `/CN=${name}`],
      ...['-addext', `subjectAltName=${names}`],
    )
    return {
      LAKEGATE_TLS_CERTIFICATE_FILE: file(`${name}.pem`),
      LAKEGATE_TLS_KEY_FILE: file(`${name}.key`),
    }
  }
  const DOMAIN = { LAKEGATE_GATEWAY_DOMAIN: 'db.example.com', LAKEGATE_GATEWAY_PORT: '0' }
  const hasOpenssl = (() => {
    try {
      openssl('version')
      return true
    } catch {
      console.warn('openssl is not installed: doctor’s checks of certificates are not tested')
      return false
    }
  })()

  describe.skipIf(!hasOpenssl)('of the settings', () => {
    it('are well when they fit', async () => {
      const found = await findings(
        { ...make('good', '90', 'DNS:*.db.example.com'), ...DOMAIN },
        'certificates',
      )
      expect(found).toEqual([expect.objectContaining({ verdict: 'ok' })])
    })

    it('that expire soon', async () => {
      expect(
        await complaints({ ...make('soon', '5', 'DNS:*.db.example.com'), ...DOMAIN }, 'certificates'),
      ).toEqual([expect.stringMatching(/^warning: .*expires in [45] days/)])
    })

    it('that are for other names', async () => {
      expect(
        await complaints({ ...make('names', '90', 'DNS:other.example.com'), ...DOMAIN }, 'certificates'),
      ).toEqual([expect.stringMatching(/^wrong: .*is not for \*\.db\.example\.com/)])
    })

    it('whose key is another one', async () => {
      const one = make('one', '90', 'DNS:*.db.example.com')
      const { LAKEGATE_TLS_KEY_FILE } = make('two', '90', 'DNS:*.db.example.com')
      expect(await complaints({ ...one, LAKEGATE_TLS_KEY_FILE, ...DOMAIN }, 'certificates')).toEqual([
        expect.stringMatching(/^wrong: The key in .*two\.key does not belong/),
      ])
    })

    it('whose chain is in the wrong order', async () => {
      const one = make('leaf', '90', 'DNS:*.db.example.com')
      make('stranger', '90', 'DNS:stranger')
      execFileSync('sh', ['-c', 'cat leaf.pem stranger.pem > chain.pem'], { cwd: work })
      expect(
        await complaints(
          { ...one, LAKEGATE_TLS_CERTIFICATE_FILE: file('chain.pem'), ...DOMAIN },
          'certificates',
        ),
      ).toEqual([expect.stringMatching(/^wrong: .*did not sign the one before it/)])
    })
  })
})

describe('names', () => {
  it('that nobody knows', async () => {
    expect(await complaints({ LAKEGATE_PUBLIC_URL: 'https://lakegate.invalid' }, 'names')).toEqual([
      expect.stringMatching(/^warning: lakegate\.invalid \(public-url\) is not found/),
    ])
  })
})

describe('the runtime', () => {
  it('whose PostgreSQL does not run', async () => {
    const binaries = path.join(work, 'broken')
    await mkdir(path.join(binaries, 'bin'), { recursive: true })
    for (const name of ['postgres', 'initdb'])
      await writeFile(
        path.join(binaries, 'bin', name),
        '#!/bin/sh\necho libicu.so.67: not found >&2\nexit 127\n',
        {
          mode: 0o755,
        },
      )
    expect(await complaints({ LAKEGATE_POSTGRES_BINARIES: binaries }, 'runtime')).toEqual([
      expect.stringMatching(/^wrong: PostgreSQL in .* does not run: libicu\.so\.67: not found/),
    ])
  })
})
