/** `lakegate attach`, the built program as an operator runs it: it waits, and says how that ended. */
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { detach, showInstance, type Attached } from '../stage/attach.ts'
import { runCommand } from '../stage/command-line.ts'
import { ADMINISTRATOR, startForeignCluster, type ForeignCluster } from '../stage/foreign-cluster.ts'
import { freePort } from '../stage/free-port.ts'
import { spawnLakegate } from '../stage/lakegate.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { hasTerminals, startAtTerminal } from '../stage/terminal.ts'
import { waitFor } from '../stage/wait-for.ts'

const lakegate = sharedLakegate()
let directory: string
let cluster: ForeignCluster
let attached: Attached
let count = 0

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'lakegate-attach-'))
  cluster = await startForeignCluster()
  await writeFile(path.join(directory, 'ca.pem'), cluster.caPem)
})
beforeEach(() => {
  count += 1
  attached = { name: `waited-for-${String(cluster.port)}-${String(count)}`, lakegate }
})
afterEach(async () => detach(attached))
afterAll(async () => {
  await cluster.stop()
  await rm(directory, { recursive: true, force: true })
})

async function wordsFor(
  options: { readonly port?: number; readonly password?: string } = {},
): Promise<readonly string[]> {
  const passwordFile = path.join(directory, 'password')
  await writeFile(passwordFile, options.password ?? ADMINISTRATOR.password)
  return [
    ...['attach', attached.name, '--host', `127.0.0.1:${String(options.port ?? cluster.port)}`],
    ...['--user', ADMINISTRATOR.user, '--password-file', passwordFile, '--database', 'app'],
    ...['--ca-file', path.join(directory, 'ca.pem'), '--backend-authentication', 'scram'],
  ]
}

describe('lakegate attach', () => {
  it('waits until the instance is available', async () => {
    const { status, output } = await runCommand(lakegate, await wordsFor())
    expect(output).toContain(`${attached.name} is AVAILABLE.`)
    expect(status).toBe(0)
    await expect(showInstance(attached)).resolves.toMatchObject({ state: 'AVAILABLE' })
  })

  it('says that the password is wrong, and what to do', async () => {
    const { status, output } = await runCommand(lakegate, await wordsFor({ password: 'wrong' }))
    expect(output).toContain(`${attached.name} is still STARTING: `)
    expect(output).toContain('password authentication failed')
    expect(output).toContain('Check administration.user and its password')
    expect(output).toContain(`\`lakegate detach ${attached.name}\``)
    expect(output).not.toContain('its own mistake')
    expect(status).toBe(1)
  })

  it('says that nobody answers at the host', async () => {
    const port = await freePort()
    const { status, output } = await runCommand(lakegate, await wordsFor({ port }))
    expect(output).toContain(`127.0.0.1:${String(port)}: connect ECONNREFUSED`)
    expect(status).toBe(1)
  })

  it('waits for nothing with --no-wait', async () => {
    const words = await wordsFor({ port: await freePort() })
    const { status, output } = await runCommand(lakegate, [...words, '--no-wait'])
    expect(output).toBe(`${attached.name} is STARTING.\n`)
    expect(status).toBe(0)
  })

  describe('that waits for a cluster that never says a word', () => {
    let silent: Server
    let words: readonly string[]
    const environment = {
      DATABRICKS_HOST: lakegate.ready.http_url,
      DATABRICKS_TOKEN: lakegate.ready.admin_token,
    }
    beforeEach(async () => {
      silent = createServer().listen(0, '127.0.0.1')
      await once(silent, 'listening')
      words = await wordsFor({ port: (silent.address() as AddressInfo).port })
    })
    afterEach(() => {
      silent.close()
    })

    it('ends quietly when it is told to, and the attaching goes on', async () => {
      const { child, output } = spawnLakegate(words, environment)
      const ended = once(child, 'close')
      await waitFor('the waiting', () => output() !== '')
      child.kill('SIGINT')
      await expect(ended).resolves.toEqual([null, 'SIGINT'])
      expect(output()).toBe(`${attached.name} is STARTING.\n`)
      await expect(showInstance(attached)).resolves.toMatchObject({ state: 'STARTING' })
    })

    it.skipIf(!hasTerminals())('says at a terminal what it waits for, and what Ctrl-C does', async () => {
      const terminal = startAtTerminal(environment, words)
      await waitFor('the waiting', () => terminal.output().includes('Ctrl-C stops waiting'))
      await terminal.stop()
      expect(terminal.output()).not.toContain('cannot go on')
      expect(terminal.output()).not.toContain('mistake')
    })
  })
})
