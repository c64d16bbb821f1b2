/** The program that runs the workers of the gateway: which one it is, and what it takes from where it is started: nothing. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { gatewayRuntimesOf } from '../../src/composition/gateway-runtime.ts'
import { loadSettings } from '../../src/config/load.ts'
import { serveByWorkers } from '../../src/gateway/workers/serve-by-workers.ts'

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined }
const runtimesFor = (runtime: string | undefined) =>
  gatewayRuntimesOf(
    loadSettings({
      ...{ flags: {}, configFile: undefined },
      environment: runtime === undefined ? {} : { LAKEGATE_GATEWAY_RUNTIME: runtime },
    }),
  )
const hasBun = runtimesFor(undefined).length > 1

describe('workers of the gateway', () => {
  it.skipIf(!hasBun)(
    'run on Bun where npm installed it, and on Node where that does not work (skipped where there is no Bun)',
    () => {
      expect(runtimesFor(undefined).map(({ name }) => name)).toEqual(['Bun', 'Node'])
    },
  )

  it('run on Node alone where the setting says so', () => {
    expect(runtimesFor('node').map(({ name }) => name)).toEqual(['Node'])
  })

  it.skipIf(!hasBun)(
    'run on Bun or not at all where the setting says so (skipped where there is no Bun)',
    () => {
      expect(runtimesFor('bun').map(({ name }) => name)).toEqual(['Bun'])
    },
  )
})

describe('a directory in which Lakegate is started', () => {
  const before = process.cwd()
  let directory: string
  beforeEach(() => {
    directory = mkdtempSync(path.join(tmpdir(), 'lakegate-runtime-'))
    process.chdir(directory)
  })
  afterEach(() => {
    process.chdir(before)
    rmSync(directory, { recursive: true, force: true })
  })

  it.each([['bun'], ['node']] as const)(
    'gives workers on %s neither variables nor code (skipped where there is no Bun)',
    async (runtime) => {
      if (runtime === 'bun' && !hasBun) return
      writeFileSync('.env', 'NODE_TLS_REJECT_UNAUTHORIZED=0\nFROM_THE_DIRECTORY=1\n')
      writeFileSync('bunfig.toml', 'preload = ["./code.mjs"]\n')
      writeFileSync('code.mjs', 'globalThis.codeOfTheDirectory = true')
      const program = path.join(directory, 'worker.mjs')
      // Ready only if nothing came from the directory; ended otherwise, which the start tells.
      writeFileSync(
        program,
        `const isFree = process.env.FROM_THE_DIRECTORY === undefined && process.env.NODE_TLS_REJECT_UNAUTHORIZED !== '0' &&
          globalThis.codeOfTheDirectory === undefined && (process.versions.bun !== undefined) === ${String(runtime === 'bun')}
        process.on('message', (messages) => {
          for (const { notice } of messages) {
            if (notice?.kind === 'start' && isFree) process.send([{ notice: { kind: 'ready' } }])
            else process.exit(0)
          }
        })`,
      )
      const workers = serveByWorkers<object, object>({
        ...{ entry: pathToFileURL(program), count: 1, log: silent },
        runtimes: runtimesFor(runtime),
      })
      try {
        await workers.start({}, () => undefined)
      } finally {
        await workers.drain(0)
      }
    },
  )
})
