/** The notices of what is bundled: complete, permissive, and nothing in a bundle that is meant for development only. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { isPermissive } from '../house/permissive-licences.ts'
import { packageDirectory } from './packed.ts'

describe.each(['dist', 'console'])('THIRD_PARTY_LICENSES.txt of %s', (folder) => {
  const text = readFileSync(path.join(packageDirectory('server'), folder, 'THIRD_PARTY_LICENSES.txt'), 'utf8')
  const [list = '', ...notices] = text.split(/^-{100}$/m)
  const listed = [...list.matchAll(/^ {2}(\S+ \S+) \((.+)\)$/gm)].map(([, name = '', licence = '']) => ({
    name,
    licence,
  }))

  it('lists libraries with permissive licences', () => {
    expect(listed.length).toBeGreaterThan(10)
    expect(listed.filter(({ licence }) => !isPermissive(licence))).toEqual([])
  })

  it('has the words of the licence of each', () => {
    expect(notices.map((notice) => /^\n(\S+ \S+) /.exec(notice)?.[1])).toEqual(listed.map(({ name }) => name))
    const wordless = notices.filter(
      (notice) =>
        !/Permission is hereby granted|Permission to use, copy, modify|Redistribution and use|Apache License|public domain/i.test(
          notice,
        ),
    )
    expect(wordless).toEqual([])
  })
})
