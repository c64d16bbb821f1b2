/**
 * The packages, as they are published, in a directory that has nothing of this repository: they install from their tarballs
 * without a network, and what is installed starts, lets somebody log in, and stops.
 */
import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { builtinModules } from 'node:module'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { REPOSITORY } from '../house/sources.ts'
import { blocksRunBy } from '../stage/document.ts'
import { useShell } from '../stage/document-shell.ts'
import { makeDataDirectory, removeDataDirectory, startLakegate } from '../stage/lakegate.ts'
import { asOwner } from '../stage/service-principal.ts'
import {
  installOffline,
  packageDirectory,
  packEverything,
  PUBLISHED,
  readManifest,
  type Packed,
  type PackedPackage,
} from './packed.ts'

const run = promisify(execFile)
const THIS = 'packages/server/test/packaging/install.test.ts'

let packed: Packed
let application: string
let program: string
beforeAll(async () => {
  packed = await packEverything()
  // PostgreSQL runs as another account when a test runs as root, and has to reach its programs.
  await chmod(packed.directory, 0o755)
  application = path.join(packed.directory, 'application')
  await mkdir(application)
  await installOffline(application, packed.tarballs)
  program = path.join(application, 'node_modules/.bin/lakegate')
})
afterAll(() => packed.remove())

const installed = (name: string, ...file: readonly string[]): string =>
  path.join(application, 'node_modules', name, ...file)

function ofPackage(name: string): PackedPackage {
  const found = packed.ours.find((one) => one.name === name)
  if (found === undefined) throw new Error(`${name} was not packed`)
  return found
}

const inApplication = async (script: string): Promise<string> => {
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: application,
  })
  return stdout.trim()
}

describe('a package', () => {
  it.each(PUBLISHED)('of packages/%s says what it is, and can be published with provenance', (folder) => {
    const manifest = readManifest(packageDirectory(folder))
    expect(manifest).toMatchObject({
      license: 'Apache-2.0',
      engines: { node: '>=20.19.0' },
      repository: { type: 'git', directory: `packages/${folder}` },
      publishConfig: { access: 'public', provenance: true },
    })
    expect(manifest.private).toBeUndefined()
  })

  it.each(PUBLISHED)('of packages/%s carries the licence of this repository', async (folder) => {
    const text = await readFile(path.join(packageDirectory(folder), 'LICENSE'), 'utf8')
    expect(text).toBe(await readFile(path.join(REPOSITORY, 'LICENSE'), 'utf8'))
  })

  it.each(PUBLISHED)('of packages/%s contains only what is needed to use it', (folder) => {
    const { name } = readManifest(packageDirectory(folder))
    const allowed =
      /^(?:package\.json|README\.md|LICENSE|openapi\.json|(?:bin|dist|src|console|sql|types)\/.*)$/
    const files = ofPackage(name).files.map((file) => file.path)
    expect(
      files.filter((file) => !allowed.test(file) || /(?:^|\/)test\/|\.test\.|tsbuildinfo/.test(file)),
    ).toEqual([])
    expect(files).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'package.json']))
  })

  it.each(PUBLISHED)('of packages/%s names no directory of the machine that built it', (folder) => {
    const { name } = readManifest(packageDirectory(folder))
    const named = ofPackage(name)
      .files.filter((file) => /\.(?:js|ts|json|html|txt|map|md|sql)$/.test(file.path))
      .filter((file) => readFileSync(installed(name, file.path), 'utf8').includes(REPOSITORY))
      .map((file) => file.path)
    expect(named).toEqual([])
  })

  it.each(PUBLISHED)(
    'of packages/%s asks only for packages that its code uses, and the other way round',
    (folder) => {
      const { name, dependencies = {}, peerDependencies = {} } = readManifest(packageDirectory(folder))
      const imported = new Set(
        ofPackage(name)
          .files.filter((file) => /^(?:dist|types)\/.*\.(?:js|d\.ts)$/.test(file.path))
          .flatMap((file) => importsOf(readFileSync(installed(name, file.path), 'utf8'))),
      )
      const named = [...Object.keys(dependencies), ...Object.keys(peerDependencies)]
      expect([...imported].filter((one) => !named.includes(one))).toEqual([])
      expect(Object.keys(dependencies).filter((one) => !imported.has(one))).toEqual([])
    },
  )

  it('of a library needs no driver, but works with the one that is there', () => {
    const { peerDependencies = {}, peerDependenciesMeta = {} } = readManifest(packageDirectory('client'))
    expect(
      Object.keys(peerDependencies).filter((one) => peerDependenciesMeta[one]?.optional !== true),
    ).toEqual([])
  })

  it('of the server has the console, the SQL of its database, and the licences of all that is bundled', () => {
    const files = ofPackage('lakegate').files.map((file) => file.path)
    expect(files).toEqual(
      expect.arrayContaining([
        'console/index.html',
        'console/THIRD_PARTY_LICENSES.txt',
        'dist/main.js',
        'dist/gateway-worker.js',
        'dist/THIRD_PARTY_LICENSES.txt',
      ]),
    )
    expect(files.filter((file) => file.startsWith('sql/system/')).length).toBeGreaterThan(0)
    expect(files.filter((file) => file.endsWith('.map'))).toEqual([])
  })
})

describe('installed from the tarballs', () => {
  it('every entry of every package is there', () => {
    const missing = PUBLISHED.flatMap((folder) => {
      const { name, exports = {} } = readManifest(packageDirectory(folder))
      return targetsOf(exports).filter((target) => !existsSync(installed(name, target)))
    })
    expect(missing).toEqual([])
  })

  it('the program says its version', async () => {
    const { stdout } = await run(program, ['--version'])
    expect(stdout.trim()).toBe(readManifest(packageDirectory('server')).version)
  })

  it('the libraries are imported', async () => {
    const script = `
      const client = await import('@lakegate/client')
      const sqlText = await import('@lakegate/sql-text')
      console.log(typeof client.createLakegateHttp, Object.keys(sqlText).length > 0)`
    expect(await inApplication(script)).toBe('function true')
  })

  it('the libraries have types, also for a reader who checks those of libraries', async () => {
    const typesOfPg = path.join(application, 'node_modules/@types/pg')
    await mkdir(path.dirname(typesOfPg), { recursive: true })
    await symlink(path.join(REPOSITORY, 'node_modules/@types/pg'), typesOfPg)
    await writeFile(
      path.join(application, 'typed.mts'),
      `import { createLakegateHttp, type LakegateHttp } from '@lakegate/client'
       import { LakegatePool } from '@lakegate/client/pg'
       import * as sqlText from '@lakegate/sql-text'
       export const end = (pool: LakegatePool): Promise<void> => pool.end()
       export const http: LakegateHttp = createLakegateHttp('http://127.0.0.1:8470', () => 'token')
       // @ts-expect-error The types are really there: a number is no address.
       createLakegateHttp(8470)
       export default sqlText`,
    )
    const compiler = path.join(REPOSITORY, 'node_modules/typescript/bin/tsc')
    const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2023']
    const types = ['--typeRoots', path.join(REPOSITORY, 'node_modules/@types'), '--types', 'node']
    await run(process.execPath, [compiler, ...options, ...types, 'typed.mts'], { cwd: application }).catch(
      (error: unknown) => {
        throw new Error((error as { readonly stdout: string }).stdout)
      },
    )
  })

  it('lakegate up starts, and the administrator logs in to a database and opens the console', async () => {
    const dataDirectory = await makeDataDirectory()
    try {
      const lakegate = await startLakegate({ dataDirectory, program })
      try {
        const { rows } = await asOwner(lakegate, (client) =>
          client.query<{ session_user: string }>('SELECT session_user'),
        )
        expect(rows).toEqual([{ session_user: lakegate.ready.admin_user }])
        const licences = await fetch(`${lakegate.ready.http_url}/console/THIRD_PARTY_LICENSES.txt`)
        expect([licences.status, await licences.text()]).toEqual([200, expect.stringContaining('react')])
      } finally {
        expect(await lakegate.stop()).toBe(0)
      }
    } finally {
      await removeDataDirectory(dataDirectory)
    }
  })
})

describe('installed for the whole machine', () => {
  it('is the command of the README of the package', async () => {
    const [block] = blocksRunBy('packages/server/README.md', THIS)
    const prefix = path.join(packed.directory, 'machine')
    await mkdir(prefix)
    await mkdir(path.join(packed.directory, 'shell'))
    const shell = await useShell(path.join(packed.directory, 'shell'))
    // The registry is the tarballs here, and the machine a directory; the rest is the command as it stands there.
    const words = [
      '--offline',
      '--registry',
      'http://127.0.0.1:1/',
      '--cache',
      `${prefix}/cache`,
      '--prefix',
      prefix,
    ]
    const npm = `exec '${await where('npm')}' install --global --no-audit --no-fund`
    await shell.standIn(
      'npm',
      `[ "$*" = 'install --global lakegate' ]\n${npm} ${[...words, ...packed.tarballs].map((one) => `'${one}'`).join(' ')}`,
    )
    // Its `up` is the test above; here it has to be found, and to be the one that was just installed.
    await shell.standIn('lakegate', `echo "$*" >> calls; exec '${prefix}/bin/lakegate' --version`)
    const { stdout } = await shell.run(block?.text ?? '')
    expect(stdout).toContain(readManifest(packageDirectory('server')).version)
    expect((await readFile(path.join(packed.directory, 'shell/calls'), 'utf8')).trim()).toBe('up')
  })
})

async function where(command: string): Promise<string> {
  const { stdout } = await run('bash', ['-c', 'command -v "$0"', command])
  return stdout.trim()
}

/** What `exports` leads to, under any condition. */
function targetsOf(of: unknown): readonly string[] {
  if (typeof of === 'string') return [of]
  return typeof of === 'object' && of !== null ? Object.values(of).flatMap(targetsOf) : []
}

/** Names of packages in the import declarations of bundled or compiled code, which stand at the beginnings of lines. */
function importsOf(code: string): readonly string[] {
  const specifiers = [
    ...code.matchAll(/^(?:import|export|\}) ?(?:[^;'"]*? ?from ?)?["']([^"'\n]+)["'];?$/gm),
    ...code.matchAll(/\bimport\(["']([^"'\n]+)["']\)/g),
  ].map(([, specifier = '']) => specifier)
  return specifiers
    .filter((one) => !/^(?:\.|node:)/.test(one) && !builtinModules.includes(one))
    .map((one) => one.split('/', one.startsWith('@') ? 2 : 1).join('/'))
}
