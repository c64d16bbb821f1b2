/** The local login is for the account that runs Lakegate, and for nobody else on the machine (docs/security-model.md). */
import { execFileSync } from 'node:child_process'
import { lstat } from 'node:fs/promises'
import path from 'node:path'
import { expect, it } from 'vitest'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

const { dataDirectory } = sharedLakegate()
const socket = path.join(dataDirectory, 'local-login', 'socket')
const NOBODY = 65_534

it('listens at a socket that only its owner may connect to', async () => {
  const { mode, uid } = await lstat(socket)
  expect(mode & 0o777).toBe(0o600)
  expect(uid).toBe(process.getuid?.())
})

it.skipIf(process.getuid?.() !== 0)('refuses another account of the machine', () => {
  const connect = `require('node:net').connect(${JSON.stringify(socket)}).on('connect', () => console.log('connected')).on('error', ({ code }) => console.log(code))`
  const said = execFileSync(process.execPath, ['-e', connect], {
    uid: NOBODY,
    gid: NOBODY,
    cwd: '/',
    encoding: 'utf8',
  })
  expect(said).toBe('EACCES\n')
})
