/** The data directory of a cluster is complete or absent, whatever an earlier attempt left running (DESIGN §8). */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findBinaries } from '../../../src/instances/embedded/binaries.ts'
import { makeOwnDirectory } from '../../../src/instances/embedded/own-directories.ts'
import { initialiseDataDirectory } from '../../../src/instances/embedded/initialise.ts'
import { chooseAccount } from '../../../src/instances/embedded/operating-system-account.ts'
import { waitFor } from '../../stage/wait-for.ts'

/** What an initdb does whose Lakegate was killed: it goes on writing into its directory, to the end. */
const LEFT_RUNNING = `
  const { mkdirSync, writeFileSync } = require('node:fs')
  const end = Date.now() + 1500
  for (let file = 0; Date.now() < end; file += 1) {
    mkdirSync(process.argv[1], { recursive: true })
    try { writeFileSync(process.argv[1] + '/left-' + file, '') } catch (error) { if (error.code !== 'ENOENT') throw error }
  }`

let directory: string

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'lakegate-initialise-'))
  await chmod(directory, 0o711)
})
afterEach(async () => {
  await rm(directory, { recursive: true, force: true, maxRetries: 5 })
})

describe('an initdb that outlived its Lakegate', () => {
  it('disturbs neither the next attempt nor the data directory that this makes, and leaves nothing', async () => {
    const account = chooseAccount(undefined)
    const home = path.join(directory, 'cluster')
    await makeOwnDirectory(home, account)
    const data = path.join(home, 'data')
    // What the killed attempt was writing into, under the name that it chose.
    const abandoned = `${data}.unfinished`
    await mkdir(abandoned)
    const left = spawn(process.execPath, ['-e', LEFT_RUNNING, abandoned], { stdio: 'inherit' })
    const ended = once(left, 'exit')
    await waitFor('its first file', async () => (await readdir(abandoned)).length > 0)
    await initialiseDataDirectory({
      data,
      binaries: await findBinaries({
        directory: undefined,
        copyTo: path.join(directory, 'postgresql'),
        account,
      }),
      account,
      isDurable: true,
      superuser: 'cloud_admin',
    })
    expect(await ended).toEqual([0, null])
    expect((await readdir(data)).filter((name) => name.startsWith('left-'))).toEqual([])
    expect(await readdir(data)).toContain('PG_VERSION')
    expect(await readdir(home)).toEqual(['data'])
  })
})

describe('the clusters of a temporary Lakegate', () => {
  it('are different ones, although the directory of the second is made while the first one is', async () => {
    const account = chooseAccount(undefined)
    const binaries = await findBinaries({
      directory: undefined,
      copyTo: path.join(directory, 'postgresql'),
      account,
    })
    const make = async (name: string): Promise<string> => {
      const home = path.join(directory, name)
      await makeOwnDirectory(home, account)
      const data = path.join(home, 'data')
      await initialiseDataDirectory({ data, binaries, account, isDurable: false, superuser: 'cloud_admin' })
      // The first bytes of pg_control are the system identifier.
      const control = await readFile(path.join(data, 'global', 'pg_control'))
      return control.subarray(0, 8).toString('hex')
    }
    const identifiers = [await make('system'), await make('first'), await make('second')]
    expect(new Set(identifiers).size).toBe(3)
    for (const name of ['system', 'first', 'second'])
      expect(await readdir(path.join(directory, name))).toEqual(['data'])
  })
})
