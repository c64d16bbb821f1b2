/** Workers of the gateway that cannot start: who waits for them is told why, and is not left waiting. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { createWorkers, type Workers } from '../../src/gateway/workers.ts'

const directory = mkdtempSync(path.join(tmpdir(), 'lakegate-workers-'))
afterAll(() => {
  rmSync(directory, { recursive: true, force: true })
})

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined }

/** Two workers that run this program. */
function workersOf(program: string): Workers<object, object> {
  const file = path.join(directory, `${crypto.randomUUID()}.mjs`)
  writeFileSync(file, program)
  return createWorkers<object, object>({ entry: pathToFileURL(file), count: 2, log: silent })
}

async function failureOf(workers: Workers<object, object>): Promise<unknown> {
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
    const failed = JSON.stringify([{ kind: 'failed', reason: 'The master key is no key.', fault }])
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
