/** The README's own commands, as they stand there, run by a shell against a running Lakegate. */
import { execFile, execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { REPOSITORY } from '../house/sources.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

const run = promisify(execFile)
const NEEDED = ['bash', 'curl', 'psql']

const missing = NEEDED.filter((program) => {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' })
    return false
  } catch {
    return true
  }
})
if (missing.length > 0) {
  console.warn(`${missing.join(', ')} not installed: the walk-through of the README is skipped`)
}

/** @param name of the part between two marks */
async function readCommands(name: string): Promise<string> {
  const readme = await readFile(path.join(REPOSITORY, 'README.md'), 'utf8')
  const marked = new RegExp(`<!-- ${name}:.*?-->([\\s\\S]*?)<!-- ${name}: end -->`).exec(readme)?.[1] ?? ''
  return [...marked.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map((match) => match[1] ?? '').join('\n')
}

describe.skipIf(missing.length > 0)('the README', () => {
  const lakegate = sharedLakegate()

  it('leads from the administrator’s token to sessions as the service principal', async () => {
    const commands = await readCommands('walk-through')
    expect(commands).toContain('databricks_create_role')
    const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', `${commands}\necho "I am $CLIENT_ID"`], {
      env: {
        ...process.env,
        LAKEGATE: lakegate.ready.http_url,
        ADMIN_TOKEN: lakegate.ready.admin_token,
      },
    })
    const [, clientId = ''] = /I am (\S+)/.exec(stdout) ?? []
    expect(clientId).toMatch(/^[0-9a-f-]{36}$/)
    const answers = [...stdout.matchAll(/^ +(session_user|current_user) +\n-+\n (\S+)$/gm)]
    expect(answers.map(([, column, role]) => [column, role])).toEqual([
      ['session_user', clientId],
      ['current_user', clientId],
    ])
  })
})

describe('the README, without psql and curl', () => {
  const { ready } = sharedLakegate()

  it('logs in with Node.js alone', async () => {
    const commands = await readCommands('without psql')
    const { stdout } = await run('sh', ['-euc', commands], {
      cwd: REPOSITORY,
      env: { ...process.env, LAKEGATE: ready.http_url, ADMIN_TOKEN: ready.admin_token, CA: ready.ca_file },
    })
    expect(stdout).toContain(`session_user: '${ready.admin_user}'`)
  })
})
