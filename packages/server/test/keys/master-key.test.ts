/** The file of the master key: made once, rotated so that whatever is killed in between leaves keys that open everything. */
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Fault } from '../../src/domain/fault.ts'
import { createKeyEncryption, type MasterKeys } from '../../src/keys/key-encryption.ts'
import {
  addMasterKey,
  dropFormerMasterKeys,
  holdsNoKeys,
  loadMasterKey,
  loadOrMakeMasterKey,
  putMasterKeys,
} from '../../src/keys/master-key.ts'

const NOW = new Date('2026-11-27T03:15:00.123Z')

let directory: string
let file: string
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'lakegate-key-'))
  file = path.join(directory, 'master.key')
})
afterEach(() => rm(directory, { recursive: true }))

const make = () => loadOrMakeMasterKey(file, () => Promise.resolve(true))
const seal = (keys: MasterKeys) => createKeyEncryption(keys).encrypt(Buffer.from('secret'))
const opens = (keys: MasterKeys, value: Uint8Array) =>
  Buffer.from(createKeyEncryption(keys).decrypt(value)).toString()

describe('the file of the master key', () => {
  it('holds one key, and nobody else may read it', async () => {
    expect(await make()).toHaveLength(1)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect(await readdir(directory)).toEqual(['master.key'])
  })

  it('is made once, however many start', async () => {
    const made = await Promise.all([make(), make(), make()])
    const value = seal(await loadMasterKey(file))
    for (const keys of made) expect(opens(keys, value)).toBe('secret')
  })

  it.each(['', 'AAAA\n', `${'A'.repeat(43)}=\nAAAA\n`, `${'A'.repeat(43)}=\n`.repeat(5)])(
    'is refused when it holds something else: %j',
    async (content) => {
      await writeFile(file, content)
      await expect(loadMasterKey(file)).rejects.toMatchObject({ code: 'master_key_unusable' })
    },
  )

  // Root could take /etc/passwd from everybody by one wrong setting.
  it('is left as it is when it is no master key at all', async () => {
    await writeFile(file, 'root:x:0:0::/root:/bin/bash\n')
    await chmod(file, 0o644)
    await expect(loadMasterKey(file)).rejects.toMatchObject({ code: 'master_key_unusable' })
    expect((await stat(file)).mode & 0o777).toBe(0o644)
  })

  it('is closed to others when they could read it', async () => {
    await make()
    await chmod(file, 0o644)
    await loadMasterKey(file)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
  })

  it('is told apart from one that cannot be read, which may hold the right key', async () => {
    const failure = () => loadMasterKey(file).catch((error: unknown) => error as Fault)
    await writeFile(file, 'no key')
    expect(holdsNoKeys((await failure()) as Fault)).toBe(true)
    await rm(file)
    await mkdir(file)
    expect(holdsNoKeys((await failure()) as Fault)).toBe(false)
  })

  it('is never put in the place of another file', async () => {
    const keys = await make()
    const before = await readFile(file, 'utf8')
    await expect(putMasterKeys(file, keys)).rejects.toMatchObject({ cause: { code: 'EEXIST' } })
    expect(await readFile(file, 'utf8')).toBe(before)
    await putMasterKeys(`${file}.copy`, keys)
    expect(await readFile(`${file}.copy`, 'utf8')).toBe(before)
    expect((await readdir(directory)).sort()).toEqual(['master.key', 'master.key.copy'])
  })

  it('is not read to its end, wherever that is', async () => {
    await expect(loadMasterKey('/dev/zero')).rejects.toMatchObject({ code: 'master_key_unusable' })
  })
})

describe('the rights of the file of the master key', () => {
  it('are taken from others when it holds a key', async () => {
    await make()
    await chmod(file, 0o644)
    await loadMasterKey(file)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
  })

  it('stay as they are when nobody else has any, as of a secret that is mounted to be read only', async () => {
    await make()
    await chmod(file, 0o400)
    await loadMasterKey(file)
    expect((await stat(file)).mode & 0o777).toBe(0o400)
  })

  it('stay as they are when it holds something else: that file was named by mistake', async () => {
    await writeFile(file, 'root:x:0:0:root:/root:/bin/bash\n')
    await chmod(file, 0o644)
    await expect(loadMasterKey(file)).rejects.toMatchObject({ code: 'master_key_unusable' })
    expect((await stat(file)).mode & 0o777).toBe(0o644)
  })
})

describe('a rotation of the master key', () => {
  it('has a file at every step that opens what was sealed before it, and what is sealed from now on', async () => {
    const former = await make()
    const before = seal(former)
    await addMasterKey(file, former, NOW)
    const during = await loadMasterKey(file)
    expect(opens(during, before)).toBe('secret')
    const anew = seal(during)
    await dropFormerMasterKeys(file, during)
    const after = await loadMasterKey(file)
    expect(after).toHaveLength(1)
    expect(opens(after, anew)).toBe('secret')
    expect(() => opens(after, before)).toThrow('cannot be decrypted')
  })

  it('keeps the file of before for the backups of before', async () => {
    const former = await make()
    const before = seal(former)
    const { keptAt } = await addMasterKey(file, former, NOW)
    expect(path.basename(keptAt)).toBe('master.key.until-2026-11-27T03-15-00Z')
    expect(opens(await loadMasterKey(keptAt), before)).toBe('secret')
    expect((await stat(keptAt)).mode & 0o777).toBe(0o600)
    expect((await readdir(directory)).sort()).toEqual(['master.key', path.basename(keptAt)])
  })

  it('follows a link to where the file is', async () => {
    await make()
    const link = path.join(directory, 'link.key')
    await symlink(file, link)
    await addMasterKey(link, await loadMasterKey(link), NOW)
    expect((await readFile(file, 'utf8')).trim().split('\n')).toHaveLength(2)
  })

  it.skipIf(process.getuid?.() === 0)('says so where the file cannot be replaced', async () => {
    const former = await make()
    await chmod(directory, 0o500)
    await expect(addMasterKey(file, former, NOW)).rejects.toMatchObject({ code: 'master_key_unusable' })
    await chmod(directory, 0o700)
  })
})
