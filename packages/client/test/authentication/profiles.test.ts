/** The file of profiles, which is not ours alone. */
import { chmod, mkdtemp, readdir, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  listProfiles,
  pathOfConfigFile,
  removeProfile,
  writeProfile,
} from '../../src/authentication/profiles.ts'

let directory = ''
let file = ''
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'lakegate-profiles-'))
  file = path.join(directory, '.databrickscfg')
})
afterEach(() => rm(directory, { recursive: true }))

const modeOf = async (of: string) => ((await stat(of)).mode & 0o777).toString(8)

describe('writing a profile', () => {
  it('makes the file for its owner only', async () => {
    await writeProfile(file, 'dev', { host: 'http://127.0.0.1:8470', auth_type: 'databricks-cli' })
    expect(await readFile(file, 'utf8')).toBe(
      '[dev]\nhost = http://127.0.0.1:8470\nauth_type = databricks-cli\n',
    )
    expect(await modeOf(file)).toBe('600')
    expect(await readdir(directory)).toEqual(['.databrickscfg'])
  })

  it('keeps comments, other sections and the rights of the file', async () => {
    const before = '# do not touch\n[a]\nhost = x ; y\n\n[dev]\nhost = old\ntoken = t\n\n[z]\nhost=z'
    await writeFile(file, before)
    await chmod(file, 0o640)
    await writeProfile(file, 'dev', { host: 'new', token: undefined })
    expect(await readFile(file, 'utf8')).toBe(before.replace('host = old\ntoken = t\n', 'host = new\n'))
    expect(await modeOf(file)).toBe('640')
  })

  it('leaves a link where it is', async () => {
    const real = path.join(directory, 'dotfiles')
    await writeFile(real, '')
    await symlink(real, file)
    await writeProfile(file, 'dev', { host: 'h' })
    expect(await readlink(file)).toBe(real)
    expect(await readFile(real, 'utf8')).toBe('[dev]\nhost = h\n')
  })

  it.each([
    ['a]b', {}],
    ['', {}],
    ['dev', { host: 'a\nb' }],
    ['dev', { host: 'a`b' }],
    ['dev', { 'ho st': 'a' }],
  ])('refuses what the file cannot hold: %j %j', async (name, values) => {
    await expect(writeProfile(file, name, values)).rejects.toMatchObject({
      name: 'LakegateConfigurationError',
    })
    expect(await readdir(directory)).toEqual([])
  })

  it('is refused where there is a device and no file', async () => {
    // As root, /dev/null itself would be replaced.
    expect((await stat('/dev/null')).isCharacterDevice()).toBe(true)
    await expect(writeProfile('/dev/null', 'dev', { host: 'h' })).rejects.toMatchObject({
      name: 'LakegateConfigurationError',
    })
    expect((await stat('/dev/null')).isCharacterDevice()).toBe(true)
  })

  it('is undone by removing it', async () => {
    await writeProfile(file, 'a', { host: 'h' })
    const before = await readFile(file, 'utf8')
    await writeProfile(file, 'b', { host: 'i' })
    await removeProfile(file, 'b')
    expect((await readFile(file, 'utf8')).trimEnd()).toBe(before.trimEnd())
  })
})

describe('listing profiles', () => {
  it('names those with a host, in their order', async () => {
    await writeFile(
      file,
      '[__settings__]\ndefault_profile = b\n[b]\nhost = h\n[note]\nx = 1\n[a]\nhost = i\n',
    )
    expect((await listProfiles(file)).map(({ name }) => name)).toEqual(['b', 'a'])
  })

  it('is empty without the file', async () => {
    expect(await listProfiles(file)).toEqual([])
  })
})

it('finds the file in the home directory, and where it is said to be', () => {
  expect(pathOfConfigFile(undefined, '/people/ada')).toBe('/people/ada/.databrickscfg')
  expect(pathOfConfigFile('~/other', '/people/ada')).toBe('/people/ada/other')
  expect(pathOfConfigFile('/etc/cfg', '/people/ada')).toBe('/etc/cfg')
})
