/**
 * Everything that is installed here has a licence that lets anybody use, change and pass on what we make with it, without
 * obligations beyond a notice. What is passed on in our bundles carries that notice (scripts/third-party-licences.mjs).
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { isPermissive } from './permissive-licences.ts'
import { REPOSITORY } from './sources.ts'

/** Used while Lakegate is built and tested, and in nothing that is passed on. */
const ONLY_FOR_DEVELOPMENT: Readonly<Record<string, string>> = {
  'axe-core': 'MPL-2.0',
  'caniuse-lite': 'CC-BY-4.0',
}

interface LockFile {
  readonly packages: Readonly<
    Record<string, { readonly license?: string; readonly link?: boolean; readonly dev?: boolean }>
  >
}

const lock = JSON.parse(readFileSync(path.join(REPOSITORY, 'package-lock.json'), 'utf8')) as LockFile
const packages = Object.entries(lock.packages)
  .filter(([location, { link }]) => location.includes('node_modules/') && link !== true)
  .map(([location, { license, dev }]) => ({
    name: location.slice(location.lastIndexOf('node_modules/') + 'node_modules/'.length),
    licence: license ?? 'none',
    dev: dev === true,
  }))

describe('licences', () => {
  it('of all packages are permissive, but for those of a tool or two', () => {
    expect(packages.length).toBeGreaterThan(0)
    const others = packages.filter(({ licence }) => !isPermissive(licence))
    expect(Object.fromEntries(others.map(({ name, licence }) => [name, licence]))).toEqual(
      ONLY_FOR_DEVELOPMENT,
    )
    expect(others.filter(({ dev }) => !dev)).toEqual([])
  })

  it.each([
    ['MIT', true],
    ['(MIT OR GPL-3.0-only)', true],
    ['MIT AND GPL-3.0-only', false],
    ['SEE LICENSE IN LICENSE.md', false],
    ['none', false],
  ])('%s is permissive: %s', (expression, expected) => {
    expect(isPermissive(expression)).toBe(expected)
  })
})
