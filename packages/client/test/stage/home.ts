/** A home directory of its own for a test, and the environment of nobody. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach } from 'vitest'
import type { Surroundings } from '../../src/authentication/configuration.ts'

export interface Home {
  readonly directory: () => string
  readonly cacheFile: () => string
  readonly surroundings: (environment?: Readonly<Record<string, string>>) => Surroundings
  /** ~/.databrickscfg */
  readonly writeConfig: (text: string) => Promise<void>
  /** ~/.databricks/token-cache.json */
  readonly writeCache: (content: unknown) => Promise<void>
}

/** For each test of the file a new one. */
export function homeOfTest(): Home {
  let directory = ''
  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'lakegate-home-'))
  })
  afterEach(() => rm(directory, { recursive: true, force: true }))
  const cacheFile = () => path.join(directory, '.databricks', 'token-cache.json')
  return {
    directory: () => directory,
    cacheFile,
    surroundings: (environment = {}) => ({ environment, homeDirectory: directory }),
    writeConfig: (text) => writeFile(path.join(directory, '.databrickscfg'), text),
    async writeCache(content) {
      await mkdir(path.dirname(cacheFile()), { recursive: true })
      await writeFile(cacheFile(), typeof content === 'string' ? content : JSON.stringify(content))
    },
  }
}
