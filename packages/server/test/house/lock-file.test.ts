/**
 * `npm ci` installs what was reviewed and nothing else: every package is pinned by the hash of its content, because a
 * version is only a name. `npm run lockfile` gives an entry its hash.
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { REPOSITORY } from './sources.ts'

interface LockFile {
  readonly lockfileVersion: number
  readonly packages: Readonly<
    Record<string, { readonly version?: string; readonly integrity?: string; readonly link?: boolean }>
  >
}

const lock = JSON.parse(readFileSync(path.join(REPOSITORY, 'package-lock.json'), 'utf8')) as LockFile
/** All but the workspaces themselves, which are in this repository. */
const installed = Object.entries(lock.packages).filter(
  ([location, entry]) => location.includes('node_modules/') && entry.link !== true,
)
/** What Subresource Integrity and npm write of SHA-512; SHA-1, of which there are collisions, does not do. */
const SHA512 = /^sha512-[A-Za-z0-9+/]{86}==$/

it('pins the content of every package that the lock file names, those of other platforms too', () => {
  expect(installed.length).toBeGreaterThan(0)
  const unpinned = installed.filter(([, entry]) => !SHA512.test(entry.integrity ?? ''))
  expect(unpinned.map(([location]) => location)).toEqual([])
})

it('pins one content to one version, wherever it is installed', () => {
  const contents = new Map<string, Set<string>>()
  for (const [location, { version, integrity }] of installed) {
    const name = location.slice(location.lastIndexOf('node_modules/') + 'node_modules/'.length)
    const of = `${name}@${version ?? ''}`
    contents.set(of, (contents.get(of) ?? new Set()).add(integrity ?? ''))
  }
  expect([...contents].filter(([, different]) => different.size > 1)).toEqual([])
})
