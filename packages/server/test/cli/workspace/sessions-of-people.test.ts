/** What `lakegate auth` and `configure` do with profiles of one host, and with a browser that comes to the loopback address. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { listenForCallback } from '../../../src/cli/workspace/auth/callback-listener.ts'
import { logoutCommand } from '../../../src/cli/workspace/auth/logout.ts'
import { cloudOf } from '../../../src/cli/workspace/auth/profiles-command.ts'
import { saveProfile } from '../../../src/cli/workspace/auth/profile-file.ts'
import { chooseSession } from '../../../src/cli/workspace/auth/token.ts'

let directory = ''
let file = ''
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'lakegate-profiles-'))
  file = path.join(directory, 'databrickscfg')
  vi.stubEnv('DATABRICKS_CONFIG_FILE', file)
  vi.stubEnv('DATABRICKS_CONFIG_PROFILE', undefined)
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const profile = (name: string, values: Readonly<Record<string, string>>) => ({
  name,
  values: new Map(Object.entries({ host: 'https://h', ...values })),
})
const SESSION = { auth_type: 'databricks-cli' }

describe('the session of a host', () => {
  it('is that of the only profile with one, whatever else there is for the host', () => {
    const robot = profile('robot', { token: 'dapi' })
    expect(chooseSession([robot, profile('ada', SESSION)], undefined)?.name).toBe('ada')
    expect(chooseSession([robot], undefined)).toBeUndefined()
  })

  it('is asked for by name where there are several', () => {
    const both = [profile('ada', SESSION), profile('bob', SESSION)]
    expect(() => chooseSession(both, undefined)).toThrow(
      'Several profiles have a session of this host: ada, bob.',
    )
    vi.stubEnv('DATABRICKS_CONFIG_PROFILE', 'bob')
    expect(chooseSession(both, undefined)?.name).toBe('bob')
  })

  it('is that of an account, where one is named', () => {
    const both = [
      profile('one', { ...SESSION, account_id: '1' }),
      profile('two', { ...SESSION, account_id: '2' }),
    ]
    expect(chooseSession(both, '2')?.name).toBe('two')
  })
})

describe('a profile', () => {
  it('keeps the path of the CLI when its credential changes', async () => {
    await writeFile(file, '[work]\nhost = https://h\ndatabricks_cli_path = /opt/lakegate\ntoken = old\n')
    await saveProfile('work', { host: 'https://h', auth_type: 'databricks-cli' })
    const text = await readFile(file, 'utf8')
    expect(text).toContain('/opt/lakegate')
    expect(text).not.toContain('old')
  })

  it('must be named to be logged out where nobody sees which one it would be', async () => {
    await writeFile(file, '[DEFAULT]\nhost = https://h\nauth_type = databricks-cli\n')
    await expect(logoutCommand().parseAsync(['--force'], { from: 'user' })).rejects.toThrow(
      'No profile is named.',
    )
  })

  it.each([
    ['https://adb-1.2.azuredatabricks.net', 'azure'],
    ['https://accounts.azuredatabricks.net', 'azure'],
    ['https://1.2.gcp.databricks.com', 'gcp'],
    ['https://dbc-1.cloud.databricks.com', 'aws'],
    ['http://127.0.0.1:8470', 'aws'],
    ['https://azuredatabricks.net.example.com', 'aws'],
    ['no address', 'aws'],
  ])('of %s is in the cloud %s', (host, cloud) => {
    expect(cloudOf(host)).toBe(cloud)
  })
})

it('a page that sends the browser to a target that is no address does not end a login', async () => {
  const listener = await listenForCallback('state')
  try {
    const { host, port } = new URL(listener.redirectUri)
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(port), '127.0.0.1')
      let text = ''
      socket.on('data', (bytes: Buffer) => (text += bytes.toString('latin1')))
      socket.on('error', reject)
      socket.on('close', () => {
        resolve(text)
      })
      socket.end(`GET // HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
    })
    expect(answer).toMatch(/^HTTP\/1\.1 404 /)
  } finally {
    listener.close()
  }
})
