/**
 * docs/testing.md: a Lakegate inside vitest, jest, node:test and pytest, and in a job of GitHub Actions, with the files of the page
 * as they stand there.
 */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { startLakegate, type TestIdentity, type TestLakegate } from '../../src/testing/index.ts'
import { REPOSITORY } from '../house/sources.ts'
import { blocksRunBy } from '../stage/document.ts'
import { installPythonClient } from '../stage/python-client.ts'
import { waitFor } from '../stage/wait-for.ts'

const run = promisify(execFile)
const BLOCKS = blocksRunBy('docs/testing.md', 'packages/server/test/every-client/testing.test.ts')

/** The block whose first line is a comment with this name of a file. @param having tells apart two of one name */
function fileOf(name: string, having = ''): string {
  const found = BLOCKS.filter(
    ({ text }) => /^(?:\/\/|#) (.+)\n/.exec(text)?.[1] === name && text.includes(having),
  )
  expect(found).toHaveLength(1)
  return found[0]?.text ?? ''
}

const made: string[] = []
afterAll(() => {
  for (const directory of made) rmSync(directory, { recursive: true, force: true })
})

/** A project of a user, with these files, in which packages of this repository are installed. */
async function project(
  files: Readonly<Record<string, string>>,
  ...packages: readonly string[]
): Promise<string> {
  const directory = mkdtempSync(path.join(tmpdir(), 'lakegate-project-'))
  made.push(directory)
  const modules = path.join(directory, 'node_modules')
  await mkdir(path.join(modules, '.bin'), { recursive: true })
  for (const name of ['lakegate', ...packages])
    await symlink(path.join(REPOSITORY, 'node_modules', name), path.join(modules, name))
  await symlink('../lakegate/dist/main.js', path.join(modules, '.bin', 'lakegate'))
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(directory, name), text)
  return directory
}

/** Without what vitest told this process, and without the Lakegate of whoever runs the tests. */
const environment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(?:VITEST|LAKEGATE_|DATABRICKS_|PG|NODE_|TEST$|JEST|FORCE_COLOR)/.test(name),
    ),
  )

const isGone = (file: string) =>
  waitFor(`${file} to be removed`, () => Promise.resolve(existsSync(file) ? undefined : true))

describe('startLakegate', () => {
  let lakegate: TestLakegate
  beforeAll(async () => {
    lakegate = await startLakegate({ settings: { 'first-instance': 'shop' } })
  })
  afterAll(() => lakegate.stop())

  async function ask(
    question: string,
    ...parameters: Parameters<TestLakegate['connection']>
  ): Promise<unknown> {
    const client = new pg.Client(await lakegate.connection(...parameters))
    await client.connect()
    const { rows } = await client.query<{ answer: unknown }>(`SELECT ${question} AS answer`)
    await client.end()
    return rows[0]?.answer
  }

  it('takes settings by their names', () => {
    expect(lakegate.instance).toBe('shop')
  })

  it('gives connections as the administrator, a user, a service principal and a group', async () => {
    const [ada, app] = await Promise.all([
      lakegate.createUser('ada@example.com'),
      lakegate.createServicePrincipal('my app'),
    ])
    const inner = await lakegate.createGroup('inner', [ada, app], { instance: null })
    const analysts = await lakegate.createGroup('analysts', [inner])
    expect(await ask('session_user')).toBe(lakegate.admin.role)
    expect(await ask('session_user', ada)).toBe('ada@example.com')
    expect(await ask('session_user', app)).toBe(app.applicationId)
    expect(await ask('session_user', ada, { as: analysts })).toBe('analysts')
    expect(await ask('session_user', app, { as: analysts, pooled: true })).toBe('analysts')
  })

  it('makes superusers of the instance only of those that are meant to be', async () => {
    const ordinary = await lakegate.createServicePrincipal('ordinary')
    const mighty = await lakegate.createServicePrincipal('mighty', { superuser: true })
    const mayAll = (identity: TestIdentity) =>
      ask(`pg_has_role(current_user, 'databricks_superuser', 'MEMBER')`, identity)
    expect([await mayAll(ordinary), await mayAll(mighty)]).toEqual([false, true])
  })

  it('gives the environment of a program under test', async () => {
    const app = await lakegate.createServicePrincipal('program')
    const variables = await lakegate.environment(app)
    const answer = await fetch(`${variables['DATABRICKS_HOST'] ?? ''}/api/2.0/preview/scim/v2/Me`, {
      headers: { authorization: `Bearer ${variables['DATABRICKS_TOKEN'] ?? ''}` },
    })
    expect(await answer.json()).toMatchObject({ id: app.id })
    expect(variables).toMatchObject({ PGUSER: app.role, PGSSLMODE: 'verify-full' })
  })

  it('says why it does not start', async () => {
    await expect(startLakegate({ settings: { 'http-port': 'seven' } })).rejects.toThrow(/http-port/)
  })
})

describe('a process that started a Lakegate', () => {
  it('takes it along when it is killed', async () => {
    const directory = await project({
      'start.mjs': `import { startLakegate } from 'lakegate/testing'
        const lakegate = await startLakegate()
        console.log(lakegate.caFile, lakegate.httpUrl)
        setInterval(() => {}, 1000)`,
    })
    const child = spawn(process.execPath, ['start.mjs'], {
      cwd: directory,
      env: environment(),
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = (await once(child.stdout, 'data')) as [Buffer]
    const [caFile = '', httpUrl = ''] = line.toString('utf8').trim().split(' ')
    expect(existsSync(caFile)).toBe(true)
    child.kill('SIGKILL')
    await isGone(path.dirname(caFile))
    await expect(fetch(httpUrl)).rejects.toThrow()
  })

  it('ends although it forgot to stop it', async () => {
    const directory = await project({
      'forget.mjs': `import { startLakegate } from 'lakegate/testing'
        console.log((await startLakegate()).caFile)`,
    })
    const { stdout } = await run(process.execPath, ['forget.mjs'], { cwd: directory, env: environment() })
    await isGone(path.dirname(stdout.trim()))
  })
})

describe('lakegate up --temporary', () => {
  const up = (variables: Readonly<Record<string, string>>, ...words: readonly string[]) =>
    run(path.join(REPOSITORY, 'packages/server/dist/main.js'), ['up', '--temporary', ...words], {
      env: { ...environment(), ...variables },
    })

  it.each([
    ['LAKEGATE_DATABASE_URL', 'postgres://lakegate@127.0.0.1:1/lakegate'],
    ['LAKEGATE_MASTER_KEY_FILE', '/var/lib/lakegate/master.key'],
  ])('does not work on an installation that is there: %s', async (variable, value) => {
    await expect(up({ [variable]: value })).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`env -u ${variable}`) as string,
    })
  })

  it('leaves the ready file alone that the environment names', async () => {
    const directory = await project({})
    const named = path.join(directory, 'ready.json')
    const child = spawn(path.join(REPOSITORY, 'packages/server/dist/main.js'), ['up', '--temporary'], {
      env: { ...environment(), LAKEGATE_READY_FILE: named },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const [line] = (await once(child.stdout, 'data')) as [Buffer]
    const { ready_file: used } = JSON.parse(line.toString('utf8')) as { ready_file: string }
    expect(used).not.toBe(named)
    expect(existsSync(named)).toBe(false)
    child.stdin.end()
    await once(child, 'exit')
    expect(existsSync(path.dirname(used))).toBe(false)
  })
})

describe('the page', () => {
  it('starts one in three lines', async () => {
    const three = BLOCKS[0]?.text ?? ''
    const directory = await project({
      'three.mjs': `${three}console.log(app.role)\nawait lakegate.stop()`,
    })
    const { stdout } = await run(process.execPath, ['three.mjs'], { cwd: directory, env: environment() })
    expect(
      three
        .trim()
        .split('\n')
        .filter((line) => line !== ''),
    ).toHaveLength(3)
    expect(stdout.trim()).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('has tests of vitest', async () => {
    const directory = await project({ 'orders.test.js': fileOf('orders.test.js', 'vitest') }, 'pg', 'vitest')
    const vitest = path.join(REPOSITORY, 'node_modules/vitest/vitest.mjs')
    const { stdout } = await run(process.execPath, [vitest, 'run'], {
      cwd: directory,
      env: { ...environment(), NO_COLOR: '1' },
    })
    expect(stdout).toMatch(/Tests +1 passed/)
  })

  it('has tests of node:test', async () => {
    const directory = await project({ 'orders.test.mjs': fileOf('orders.test.mjs') }, 'pg')
    const { stdout } = await run(process.execPath, ['--test', 'orders.test.mjs'], {
      cwd: directory,
      env: environment(),
    })
    expect(stdout).toMatch(/pass 1/)
    expect(stdout).toMatch(/fail 0/)
  })

  it('has tests of jest', async ({ skip }) => {
    const directory = await project(
      {
        'package.json': '{ "private": true }',
        'lakegate.setup.mjs': fileOf('lakegate.setup.mjs'),
        'lakegate.teardown.mjs': fileOf('lakegate.teardown.mjs'),
        'jest.config.mjs': fileOf('jest.config.mjs'),
        'orders.test.js': fileOf('orders.test.js', 'require'),
      },
      'pg',
    )
    const installed = mkdtempSync(path.join(tmpdir(), 'lakegate-jest-'))
    made.push(installed)
    const missing = await run('npm', [
      'install',
      '--no-audit',
      '--no-fund',
      '--prefix',
      installed,
      'jest@30.2.0',
    ]).then(
      () => undefined,
      (error: unknown) => String(error).split('\n')[0],
    )
    if (missing !== undefined) {
      console.warn(`jest cannot be had, its test is skipped: ${missing}`)
      skip()
    }
    const jest = path.join(installed, 'node_modules/jest/bin/jest.js')
    const { stderr } = await run(process.execPath, [jest], { cwd: directory, env: environment() })
    expect(stderr).toMatch(/Tests: +1 passed/)
  })
})

const { python, missing, remove } = await installPythonClient(
  'databricks-sdk==0.156.0',
  'pytest==8.4.2',
  'psycopg[binary]==3.2.10',
)
afterAll(remove)

describe.skipIf(missing !== undefined)('pytest', () => {
  it('runs what the page shows, and leaves nothing behind', async () => {
    const directory = await project({
      'package.json': '{ "private": true }',
      'conftest.py': fileOf('conftest.py'),
      'test_orders.py': fileOf('test_orders.py'),
    })
    // The account that runs PostgreSQL must be able to pass through both.
    await chmod(directory, 0o755)
    const temporary = path.join(directory, 'tmp')
    await mkdir(temporary)
    const { stdout } = await run(python, ['-m', 'pytest', '-q'], {
      cwd: directory,
      env: { ...environment(), TMPDIR: temporary, HOME: directory },
    })
    expect(stdout).toMatch(/1 passed/)
    expect(readdirSync(temporary).filter((name) => name.startsWith('lakegate-'))).toEqual([])
  })
})

interface Workflow {
  readonly jobs: {
    readonly test: { readonly steps: readonly { readonly name?: string; readonly run?: string }[] }
  }
}

describe('GitHub Actions', () => {
  it('runs the steps of the page', async () => {
    const workflow = parse(BLOCKS.find(({ language }) => language === 'yaml')?.text ?? '') as Workflow
    const [start, test, ...more] = workflow.jobs.test.steps.filter(({ name }) => name !== undefined)
    expect([start?.name, test?.name, more]).toEqual(['Start Lakegate', 'Test', []])
    const directory = await project({})
    const variables = path.join(directory, 'github-env')
    // As the runner does: each step is a script of its own, and what is written to GITHUB_ENV is in the environment of the next.
    const starting = spawn('bash', ['-e', '-c', start?.run ?? ''], {
      cwd: directory,
      // A group of its own: the runner ends all that a job has left running.
      detached: true,
      env: { ...environment(), GITHUB_ENV: variables, HOME: directory },
      stdio: 'ignore',
    })
    const [status] = (await once(starting, 'exit')) as [number]
    const report = JSON.parse(await readFile(path.join(directory, 'lakegate.json'), 'utf8')) as {
      readonly ca_file: string
    }
    try {
      expect(status).toBe(0)
      const lines = (await readFile(variables, 'utf8')).trim().split('\n')
      const written = Object.fromEntries(
        lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
      )
      const { stdout } = await run('bash', ['-e', '-c', test?.run ?? ''], {
        env: { ...environment(), ...written },
      })
      expect(JSON.parse(stdout)).toMatchObject({ database_instances: [{ name: 'dev' }] })
    } finally {
      process.kill(-(starting.pid ?? 0), 'SIGTERM')
      await isGone(path.dirname(report.ca_file))
    }
  })
})
