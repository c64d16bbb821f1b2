/** What is known of the server is kept by a key: two questions with the same one would give each other's answers to a page. */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'

const DATA = path.join(import.meta.dirname, '../src/data')

it('no two questions to the server have one key', () => {
  const keys = readdirSync(DATA).flatMap((file) => {
    const asked = /(?:Options)\(\{\s*queryKey: (\[[^\]]*\])/g
    const found = [...readFileSync(path.join(DATA, file), 'utf8').matchAll(asked)]
    // What stands for the name of an instance is called differently here and there.
    return found.map(([, key = '']) => key.replaceAll(/\b(?:name|instance)\b/g, '…'))
  })
  expect(keys.length).toBeGreaterThan(20)
  expect(keys.filter((key, at) => keys.indexOf(key) !== at)).toEqual([])
})
