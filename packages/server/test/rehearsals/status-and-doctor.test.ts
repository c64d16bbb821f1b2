/** `lakegate status` and `lakegate doctor` beside a Lakegate that runs, to which one thing after the other happens. */
import { once } from 'node:events'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Finding } from '../../src/cli/operator/doctor.ts'
import type { StatusReport } from '../../src/cli/operator/status.ts'
import { attach, waitUntilAvailable } from '../stage/attach.ts'
import { stopClusters } from '../stage/clusters.ts'
import { startForeignCluster, type ForeignCluster } from '../stage/foreign-cluster.ts'
import {
  makeDataDirectory,
  removeDataDirectory,
  spawnLakegate,
  startLakegate,
  type RunningLakegate,
} from '../stage/lakegate.ts'

let dataDirectory: string
let lakegate: RunningLakegate
let cluster: ForeignCluster

async function run(words: readonly string[], more: Readonly<Record<string, string>> = {}) {
  const { child, output } = spawnLakegate(words, {
    LAKEGATE_DATA_DIR: dataDirectory,
    LAKEGATE_HTTP_PORT: '0',
    ...more,
  })
  const [status] = (await once(child, 'close')) as [number | null]
  return { status, output: output() }
}
async function status(...words: readonly string[]) {
  const ended = await run(['status', '--output', 'json', ...words])
  return { exit: ended.status, report: JSON.parse(ended.output) as StatusReport }
}
async function doctor() {
  const ended = await run(['doctor', '--output', 'json'])
  const findings = JSON.parse(ended.output) as readonly Finding[]
  return { exit: ended.status, wrong: findings.filter(({ verdict }) => verdict === 'wrong'), findings }
}

beforeAll(async () => {
  dataDirectory = await makeDataDirectory()
  lakegate = await startLakegate({ dataDirectory, environment: { LAKEGATE_GATEWAY_WORKERS: '1' } })
  cluster = await startForeignCluster()
  await cluster.writeRules('hostssl all all 127.0.0.1/32 scram-sha-256')
  await waitUntilAvailable(await attach(lakegate, 'foreign', [cluster]))
})
afterAll(async () => {
  await lakegate.stop()
  await cluster.stop()
  await stopClusters(dataDirectory)
  await removeDataDirectory(dataDirectory)
})

describe('beside a Lakegate that is well', () => {
  it('status shows what runs, since when, in which versions, and ends with 0', async () => {
    const { exit, report } = await status()
    expect(report).toMatchObject({
      where: dataDirectory,
      running: true,
      problems: [],
      processes: [
        {
          role: 'everything',
          pid: lakegate.process.pid,
          url: lakegate.ready.http_url,
          health: 'ready',
          node_version: process.versions.node,
          gateway: expect.stringMatching(/^1 worker on (Bun|Node\.js) \d/) as string,
        },
      ],
      system_database: { kind: 'embedded', state: 'running', supervised: true },
      instances: [
        { name: 'dev', state: 'AVAILABLE', kind: 'local' },
        { name: 'foreign', state: 'AVAILABLE', kind: 'attached' },
      ],
    })
    expect(report.instances[0]?.postgres_version).toMatch(/^18\.\d+/)
    expect(exit).toBe(0)
  })

  it('status asks it from elsewhere, with a token for its instances', async () => {
    const { exit, report } = await status('--url', lakegate.ready.http_url)
    expect(report).toMatchObject({ running: true, problems: [], instances: [] })
    expect(exit).toBe(0)
    const signedIn = await run(['status', '--url', lakegate.ready.http_url], {
      DATABRICKS_HOST: lakegate.ready.http_url,
      DATABRICKS_TOKEN: lakegate.ready.admin_token,
    })
    expect(signedIn.output).toContain('foreign')
    expect(signedIn.status).toBe(0)
  })

  it('doctor finds nothing wrong, and reaches the attached cluster over TLS', async () => {
    const { exit, wrong, findings } = await doctor()
    expect(wrong).toEqual([])
    expect(findings).toContainEqual(
      expect.objectContaining({
        check: 'instances',
        what: expect.stringContaining('answers over TLS') as string,
      }),
    )
    expect(exit).toBe(0)
  })

  it('neither prints what is secret', async () => {
    const key = (await readFile(path.join(dataDirectory, 'master.key'), 'utf8')).trim()
    for (const command of ['status', 'doctor']) {
      const { output } = await run([command])
      expect(output).not.toContain(lakegate.ready.admin_token)
      expect(output).not.toContain(key)
    }
  })
})

describe('doctor says it when', () => {
  const instance = () => path.join(dataDirectory, 'instances', lakegate.ready.instance.uid)
  const whileAway = async (file: string, work: () => Promise<void>) => {
    await rename(file, `${file}.away`)
    try {
      await work()
    } finally {
      await rm(file, { force: true, recursive: true })
      await rename(`${file}.away`, file)
    }
  }

  it('the marker of an instance is gone', () =>
    whileAway(path.join(instance(), 'lakegate-cluster.json'), async () => {
      const { exit, wrong } = await doctor()
      expect(wrong).toEqual([
        expect.objectContaining({
          check: 'instances',
          what: expect.stringContaining('is gone or unreadable') as string,
          next_step: expect.stringContaining(lakegate.ready.instance.uid) as string,
        }),
      ])
      expect(exit).toBe(1)
    }))

  it('the data directory of an instance is gone', () =>
    whileAway(path.join(instance(), 'data'), async () => {
      const { wrong } = await doctor()
      expect(wrong).toContainEqual(
        expect.objectContaining({ what: expect.stringContaining('is gone or empty') as string }),
      )
    }))

  it('the master key is another one, and when there is none', () =>
    whileAway(path.join(dataDirectory, 'master.key'), async () => {
      const none = await doctor()
      expect(none.wrong).toContainEqual(
        expect.objectContaining({
          check: 'system database',
          what: expect.stringContaining('is not there') as string,
        }),
      )
      await writeFile(path.join(dataDirectory, 'master.key'), `${Buffer.alloc(32, 3).toString('base64')}\n`, {
        mode: 0o600,
      })
      const other = await doctor()
      expect(other.wrong).toContainEqual(
        expect.objectContaining({ what: expect.stringContaining('does not fit') as string }),
      )
    }))

  it('an attached cluster does not answer, as status does', async () => {
    await cluster.kill()
    try {
      const { wrong } = await doctor()
      expect(wrong).toContainEqual(
        expect.objectContaining({ check: 'instances', what: expect.stringContaining('foreign: ') as string }),
      )
    } finally {
      await cluster.start()
    }
  })
})

describe('behind a Lakegate that was killed', () => {
  it('status says so, and what it left running; the next start adopts it, and all is well', async () => {
    await lakegate.kill()
    const { exit, report } = await status()
    expect(report).toMatchObject({
      running: false,
      processes: [],
      system_database: { state: 'running', supervised: false },
    })
    expect(report.problems.map(({ what }) => what).join('\n')).toContain('was killed')
    expect(exit).toBe(5)
    expect((await doctor()).wrong).toEqual([])
    lakegate = await startLakegate({ dataDirectory, environment: { LAKEGATE_GATEWAY_WORKERS: '1' } })
    expect(await readdir(path.join(dataDirectory, 'running'))).toEqual([
      `${String(lakegate.process.pid)}.json`,
    ])
    expect((await status()).exit).toBe(0)
  })

  it('and behind one that was stopped, nothing is left', async () => {
    await lakegate.stop()
    const { exit, report } = await status()
    expect(report).toMatchObject({ running: false, problems: [], system_database: { state: 'stopped' } })
    expect(exit).toBe(5)
    expect(await readdir(path.join(dataDirectory, 'running'))).toEqual([])
    expect((await doctor()).wrong).toEqual([])
  })

  it('doctor says it when the system database is gone', async () => {
    const system = path.join(dataDirectory, 'system')
    await rename(system, `${system}.away`)
    await mkdir(system)
    try {
      expect((await doctor()).wrong).toEqual([
        expect.objectContaining({
          check: 'system database',
          what: expect.stringContaining('is gone or empty') as string,
        }),
      ])
    } finally {
      await rm(system, { recursive: true })
      await rename(`${system}.away`, system)
    }
  })
})
