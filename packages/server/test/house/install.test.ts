/** A fresh machine has Node and npm, and neither a compiler nor the headers of Node (README). */
import { createRequire } from 'node:module'
import { access } from 'node:fs/promises'
import path from 'node:path'
import { expect, it } from 'vitest'

it('compiles nothing: argon2 runs by the binary that it brings along', async () => {
  // node-gyp-build compiles into `build` where that binary cannot be loaded.
  const packageFile = createRequire(import.meta.url).resolve('argon2/package.json')
  await expect(access(path.join(path.dirname(packageFile), 'build'))).rejects.toMatchObject({
    code: 'ENOENT',
  })
})
