/** `lakegate status --url`: a credential goes to no host but the one for which it is configured. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { statusCommand } from '../../../src/cli/operator/status.ts'

let home: string
let server: Server
let url: string
let sent: (string | undefined)[]
beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'lakegate-status-'))
  sent = []
  server = createServer((request, response) => {
    sent.push(request.headers.authorization)
    response.setHeader('content-type', 'application/json').end('{"database_instances":[]}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
  await writeFile(
    path.join(home, 'profiles'),
    `[DEFAULT]\nhost = https://other.example\ntoken = of-default\n\n[here]\nhost = ${url}\ntoken = of-here\n`,
  )
  for (const name of Object.keys(process.env).filter((one) => one.startsWith('DATABRICKS_')))
    vi.stubEnv(name, undefined)
  vi.stubEnv('HOME', home)
  vi.stubEnv('DATABRICKS_CONFIG_FILE', path.join(home, 'profiles'))
  vi.spyOn(process.stdout, 'write').mockReturnValue(true)
})
afterEach(async () => {
  await new Promise((resolve) => server.close(resolve))
  await rm(home, { recursive: true })
})

const status = (...words: readonly string[]) =>
  statusCommand(
    () => expect.unreachable('the settings of this machine were read'),
    () => expect.unreachable('this machine was looked at'),
  ).parseAsync([...words], { from: 'user' })

it('sends no token of the environment to another host than that of the environment', async () => {
  vi.stubEnv('DATABRICKS_TOKEN', 'of-the-environment')
  await status('--url', url)
  vi.stubEnv('DATABRICKS_HOST', 'https://other.example')
  await status('--url', url)
  expect(sent.filter((one) => one !== undefined)).toEqual([])
  expect(sent.length).toBeGreaterThan(0)
})

it('sends it to that host', async () => {
  vi.stubEnv('DATABRICKS_TOKEN', 'of-the-environment')
  vi.stubEnv('DATABRICKS_HOST', `${url}/`)
  await status('--url', url)
  expect(sent).toContain('Bearer of-the-environment')
})

it('sends no token of a profile that nobody named', async () => {
  await status('--url', url)
  expect(sent.filter((one) => one !== undefined)).toEqual([])
})

it('refuses a profile of another host', async () => {
  await expect(status('--url', url, '--profile', 'DEFAULT')).rejects.toMatchObject({
    message: expect.stringContaining('is of https://other.example') as string,
    exitStatus: 2,
  })
  expect(sent).toEqual([])
})

it('takes the token of the profile, whatever the environment says', async () => {
  vi.stubEnv('DATABRICKS_TOKEN', 'of-the-environment')
  await status('--url', url, '--profile', 'here')
  expect(sent).toContain('Bearer of-here')
  expect(sent).not.toContain('Bearer of-the-environment')
})
