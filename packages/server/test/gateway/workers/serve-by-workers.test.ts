/** Workers of the gateway that cannot start: who waits for them is told why, and is not left waiting. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import {
  serveByWorkers,
  type ServingByWorkers,
  type WorkerRuntime,
} from '../../../src/gateway/workers/serve-by-workers.ts'
import { waitFor } from '../../stage/wait-for.ts'

const directory = mkdtempSync(path.join(tmpdir(), 'lakegate-workers-'))
afterAll(() => {
  rmSync(directory, { recursive: true, force: true })
})

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined }

const NODE: WorkerRuntime = { name: 'Node', program: process.execPath, options: [], environment: {} }

/** Two workers that run this program. */
function workersOf(program: string, ...others: readonly WorkerRuntime[]): ServingByWorkers<object, object> {
  const file = path.join(directory, `${crypto.randomUUID()}.mjs`)
  writeFileSync(file, program)
  const [first, ...rest] = others
  return serveByWorkers<object, object>({
    ...{ entry: pathToFileURL(file), count: 2, log: silent },
    runtimes: first === undefined ? [NODE] : [first, ...rest, NODE],
  })
}

async function failureOf(workers: ServingByWorkers<object, object>): Promise<unknown> {
  try {
    await workers.start({}, () => undefined)
  } catch (error) {
    return error
  } finally {
    await workers.drain(0)
  }
  throw new Error('they started')
}

describe('workers that cannot start', () => {
  it('hand over what an operator can do about it', async () => {
    const fault = {
      code: 'master_key_unusable',
      origin: 'configuration',
      nextStep: 'Put the right file back.',
    }
    const failed = JSON.stringify([
      { notice: { kind: 'failed', reason: 'The master key is no key.', fault } },
    ])
    const workers = workersOf(
      `process.once('message', () => { process.send(${failed}, () => process.exit(0)) })`,
    )
    await expect(failureOf(workers)).resolves.toMatchObject({
      name: 'Fault',
      message: 'The master key is no key.',
      ...fault,
    })
  })

  it('are told of when they end without a word', async () => {
    const workers = workersOf(`process.once('message', () => { process.exit(7) })`)
    await expect(failureOf(workers)).resolves.toMatchObject({
      name: 'Fault',
      message: 'A worker of the gateway ended while it started (exit code 7).',
    })
  })
})

/** Serves as soon as it is told to, and ends when it is told to. */
const SERVES = `process.on('message', (messages) => {
  for (const { notice } of messages) {
    if (notice?.kind === 'start') process.send([{ notice: { kind: 'ready' } }])
    if (notice?.kind === 'drain') process.exit(0)
  }
})`

describe('a runtime that does not run workers here', () => {
  it.each([
    ['is not there', { program: path.join(directory, 'no-such-program'), options: [] }],
    ['ends at once', { program: '/bin/false', options: [] }],
    ['knows not its options', { program: process.execPath, options: ['--no-such-option'] }],
  ])('gives way to the next one where it %s', async (_how, runtime) => {
    const workers = workersOf(SERVES, { name: 'another', environment: {}, ...runtime })
    await workers.start({}, () => undefined)
    expect(workers.processes()).toBe(2)
    await workers.drain(0)
  })

  it('gives way to the next one where it cannot do what the system asks for, and nobody else is at fault', async () => {
    const program = `if (process.execArgv.includes('--no-warnings'))
      process.on('message', () => process.send([{ notice: { kind: 'failed', reason: 'UNSUPPORTED_ALGORITHM' } }], () => process.exit(1)))
    else ${SERVES}`
    const workers = workersOf(program, { ...NODE, name: 'another', options: ['--no-warnings'] })
    await workers.start({}, () => undefined)
    expect(workers.processes()).toBe(2)
    await workers.drain(0)
  })

  it('is the end of the start where there is no next one', async () => {
    const file = path.join(directory, 'served.mjs')
    writeFileSync(file, SERVES)
    const workers = serveByWorkers<object, object>({
      ...{ entry: pathToFileURL(file), count: 2, log: silent },
      runtimes: [{ name: 'another', program: '/bin/false', options: [], environment: {} }],
    })
    await expect(failureOf(workers)).resolves.toMatchObject({ code: 'gateway_worker_ended' })
  })
})

describe('a worker that takes the place of another', () => {
  it('and cannot listen is told of in the log', async () => {
    const file = path.join(directory, 'cannot-listen.mjs')
    const marker = path.join(directory, 'address-taken')
    // Ends when a drain is to end; its successor finds the address taken.
    writeFileSync(
      file,
      `import { existsSync } from 'node:fs'
      process.on('message', (messages) => {
        for (const { notice, ask, id } of messages) {
          if (notice?.kind === 'start') process.send([{ notice: { kind: 'ready' } }])
          if (notice?.kind === 'end_drain') process.exit(1)
          if (notice?.kind === 'drain') process.exit(0)
          const answer = existsSync(${JSON.stringify(marker)}) ? { code: 'EADDRINUSE', message: 'taken' } : null
          if (ask === 'listen') process.send([{ answerTo: id, answer }])
        }
      })`,
    )
    const logged: object[] = []
    const workers = serveByWorkers<object, object>({
      ...{ entry: pathToFileURL(file), count: 1, runtimes: [NODE] },
      log: { ...silent, error: (fields: object) => logged.push(fields) },
    })
    await workers.start({}, () => undefined)
    await workers.listen(
      { host: '127.0.0.1', port: 0 },
      { instanceUid: undefined, certificateHost: 'localhost' },
    )
    writeFileSync(marker, '')
    workers.endDrain()
    await waitFor('the log', () => Promise.resolve(logged.some((fields) => 'host' in fields)))
    expect(logged).toContainEqual(expect.objectContaining({ code: 'EADDRINUSE', host: '127.0.0.1' }))
    await workers.drain(0)
  })
})
