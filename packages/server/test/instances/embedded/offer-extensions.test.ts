/** The control files that we put before those of the binaries, and the scripts that they let owners run as the superuser. */
import { randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findBinaries } from '../../../src/instances/embedded/binaries.ts'
import { extendControlFile, valueInControlFile } from '../../../src/instances/embedded/control-file.ts'
import { offerExtensions } from '../../../src/instances/embedded/offer-extensions.ts'
import { chooseAccount } from '../../../src/instances/embedded/operating-system-account.ts'
import { findShareDirectory } from '../../../src/instances/embedded/share-directory.ts'
import { installExtensionFiles } from '../../../src/instances/extension.ts'
import {
  DEFAULT_EXTENSIONS,
  readExtensionRules,
  type ExtensionRules,
} from '../../../src/policy/extensions.ts'
import { unsyncedPostgres } from '../../stage/unsynced-postgres.ts'

const rules = (extensions: string): ExtensionRules => {
  const read = readExtensionRules(extensions, '')
  if ('problem' in read) throw new Error(read.problem)
  return read
}

describe('a control file', () => {
  it.each([
    ["directory = 'extension'", 'extension'],
    ["directory='a''b'", "a'b"],
    ["directory 'a'", 'a'],
    ['directory = a # why', 'a'],
    ["DIRECTORY = 'a'\ndirectory = 'b'", 'b'],
    ["comment = 'directory'", undefined],
    ["#directory = 'a'", undefined],
  ])('%j', (text, value) => {
    expect(valueInControlFile(text, 'directory')).toBe(value)
  })

  it('says what was put behind it', () => {
    const text = extendControlFile("trusted = false\ndirectory = 'x'", {
      directory: "/a'b\\c",
      trusted: 'true',
    })
    expect(valueInControlFile(text, 'directory')).toBe("/a'b\\c")
    expect(valueInControlFile(text, 'trusted')).toBe('true')
  })
})

describe('extensions are offered', () => {
  let home: string
  beforeEach(async () => {
    home = await mkdtemp(path.join(tmpdir(), 'lakegate-extensions-'))
    await mkdir(path.join(home, 'binaries', 'extension'), { recursive: true })
    await mkdir(path.join(home, 'own', 'extension'), { recursive: true })
  })
  afterEach(() => rm(home, { recursive: true, force: true }))

  const place = async (name: string, control: string, script = 'CREATE TYPE t;') => {
    const directory = path.join(home, 'binaries', 'extension')
    await writeFile(path.join(directory, `${name}.control`), control)
    await writeFile(path.join(directory, `${name}--1.0.sql`), script)
  }
  const offer = (extensions: string) =>
    offerExtensions({
      shareDirectory: path.join(home, 'binaries'),
      directory: path.join(home, 'own'),
      rules: rules(extensions),
    })
  const shown = async (name: string, value: string) =>
    valueInControlFile(await readFile(path.join(home, 'own', 'extension', `${name}.control`), 'utf8'), value)

  it('with the scripts of the binaries', async () => {
    await place('a', "default_version = '1.0'")
    await offer('a')
    expect(await shown('a', 'trusted')).toBe('true')
    expect(await shown('a', 'directory')).toBe(path.join(home, 'binaries', 'extension'))
  })

  it('not where the list does not name them, whatever the binaries say', async () => {
    await place('a', "default_version = '1.0'\ntrusted = true\nsuperuser = false")
    await offer('b')
    expect(await shown('a', 'trusted')).toBe('false')
    expect(await shown('a', 'superuser')).toBe('true')
  })

  it('by many Lakegates that start at the same moment upon one data directory', async () => {
    const names = ['a', 'b', 'c', 'vector', 'hstore']
    for (const name of names) await place(name, "default_version = '1.0'")
    const directory = path.join(home, 'own')
    const starts = Array.from({ length: 20 }, async () => {
      await installExtensionFiles(directory)
      return offer('a,b,c,vector,hstore')
    })
    expect((await Promise.allSettled(starts)).filter(({ status }) => status === 'rejected')).toEqual([])
    for (const name of names) expect(await shown(name, 'trusted')).toBe('true')
    const left = (await readdir(path.join(directory, 'extension'))).filter(
      (file) => !file.startsWith('databricks_auth'),
    )
    expect(left).toEqual(names.map((name) => `${name}.control`).sort())
  })

  it('without a moment in which a running instance finds them gone', async () => {
    await place('a', "default_version = '1.0'")
    await offer('a')
    await installExtensionFiles(path.join(home, 'own'))
    expect(await shown('a', 'trusted')).toBe('true')
  })

  it('and what a killed Lakegate was writing is removed, what another one writes is not', async () => {
    await place('a', "default_version = '1.0'")
    const file = (uuid: string) => path.join(home, 'own', 'extension', `a.control.${uuid}`)
    const [killed, writing] = [file(randomUUID()), file(randomUUID())]
    await writeFile(killed, '')
    await utimes(killed, 0, 0)
    await writeFile(writing, '')
    await offer('a')
    expect((await readdir(path.join(home, 'own', 'extension'))).sort()).toEqual([
      'a.control',
      path.basename(writing),
    ])
  })

  it('no longer when a later start has other binaries', async () => {
    await place('a', "default_version = '1.0'")
    await writeFile(path.join(home, 'own', 'extension', 'databricks_auth.control'), 'ours')
    await offer('*')
    await rm(path.join(home, 'binaries', 'extension', 'a.control'))
    await offer('*')
    expect(await readdir(path.join(home, 'own', 'extension'))).toEqual(['databricks_auth.control'])
  })

  it('with what is ours behind their scripts', async () => {
    await place('pg_prewarm', "default_version = '1.0'", 'CREATE TYPE of_the_binaries;')
    await offer('pg_prewarm')
    const directory = await shown('pg_prewarm', 'directory')
    expect(directory).toBe(path.join(home, 'own', 'scripts', 'pg_prewarm'))
    const script = await readFile(path.join(directory ?? '', 'pg_prewarm--1.0.sql'), 'utf8')
    expect(script).toMatch(/^CREATE TYPE of_the_binaries;[^]*REVOKE ALL/)
  })

  it('and libraries preloaded, as far as the binaries have them', async () => {
    await place('a', "default_version = '1.0'")
    expect(await offer('')).toEqual({ preloadLibraries: [] })
    await place('pg_stat_statements', "default_version = '1.0'")
    expect(await offer('')).toEqual({ preloadLibraries: ['pg_stat_statements'] })
  })
})

/** Statements that make something and run nothing: what an owner prepared is not called while the superuser's rights hold. */
const MAKES = /^(CREATE|ALTER|DROP|GRANT|REVOKE|COMMENT|\\echo)\b/i
const RUNS =
  /\b(SECURITY\s+DEFINER|MATERIALIZED\s+VIEW|CREATE\s+(UNIQUE\s+)?INDEX|CREATE\s+TABLE\s+\S+\s+AS)\b/i

function statementsOf(script: string): readonly string[] {
  return script
    .replaceAll(/^\\echo.*$/gm, '')
    .replaceAll(/\/\*[^]*?\*\/|--[^\n]*/g, '')
    .replaceAll(/\$(\w*)\$[^]*?\$\1\$/g, "''")
    .replaceAll(/'(?:[^']|'')*'/g, "''")
    .split(';')
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '')
}

describe('the scripts of the default list that PostgreSQL itself does not trust', async () => {
  const account = chooseAccount(undefined)
  const copyTo = await mkdtemp(path.join(tmpdir(), 'lakegate-binaries-'))
  const binaries = await findBinaries({ directory: unsyncedPostgres(), copyTo, account })
  await rm(copyTo, { recursive: true, force: true })
  const directory = path.join(findShareDirectory(binaries, account), 'extension')
  const files = await readdir(directory)
  const read = (file: string) => readFile(path.join(directory, file), 'utf8')
  const names: string[] = []
  for (const { name, inPackage } of DEFAULT_EXTENSIONS)
    if (inPackage && valueInControlFile(await read(`${name}.control`), 'trusted') !== 'true') names.push(name)

  it.each(names)('%s run nothing', async (name) => {
    const scripts = files.filter((file) => file.startsWith(`${name}--`) && file.endsWith('.sql'))
    expect(scripts).not.toEqual([])
    for (const file of scripts) {
      const statements = statementsOf(await read(file))
      expect(statements).not.toEqual([])
      expect(statements.filter((statement) => !MAKES.test(statement) || RUNS.test(statement))).toEqual([])
    }
  })

  it('and the check finds what would', () => {
    const found = statementsOf('CREATE TYPE t; DO $$ BEGIN; END $$; SELECT f(); /* DO */').filter(
      (statement) => !MAKES.test(statement),
    )
    expect(found).toEqual(["DO ''", 'SELECT f()'])
  })
})
