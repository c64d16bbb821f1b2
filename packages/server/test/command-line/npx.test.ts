/** The command in the clone: `npx lakegate` is the one that was built here, and asks no registry. */
import { execFileSync } from 'node:child_process'
import { accessSync, constants, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { readVersion } from '../../src/cli/version.ts'
import { REPOSITORY } from '../house/sources.ts'
import { blocksRunBy } from '../stage/document.ts'

/** A registry at which nobody answers: asking it fails. */
const NO_REGISTRY = { npm_config_registry: 'http://127.0.0.1:1', npm_config_fetch_retries: '0' }

/** As a shell has it that npm did not start: npm's own variables would name a registry. */
const environment = (): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(?:npm_|LAKEGATE_)/i.test(name))),
  ...NO_REGISTRY,
})

describe('the command in the clone', () => {
  const SERVER = path.join(REPOSITORY, 'packages/server')
  const { bin } = JSON.parse(readFileSync(path.join(SERVER, 'package.json'), 'utf8')) as {
    bin: { lakegate: string }
  }

  it('is no built file: npm links it before anything is built, and skips what is not there', () => {
    expect(bin.lakegate).toMatch(/^\.\/bin\//)
    expect(() => {
      accessSync(path.join(SERVER, bin.lakegate), constants.X_OK)
    }).not.toThrow()
  })

  it('is what the README tells: npx lakegate, without a question to a registry', () => {
    const [block] = blocksRunBy('README.md', 'packages/server/test/command-line/npx.test.ts')
    const [first = ''] = (block?.text ?? '').split('\n')
    expect(first).toMatch(/^npx lakegate --version( +#.*)?$/)
    const printed = execFileSync('bash', ['-c', first], {
      cwd: REPOSITORY,
      env: environment(),
      encoding: 'utf8',
    })
    expect(printed.trim()).toBe(readVersion())
  })
})
