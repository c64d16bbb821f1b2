/**
 * One login by `lakegate auth login`, in a real browser where there is one, and then unmodified programs that read what it left:
 * the databricks CLI, and SDKs that take this program for it (docs/command-line.md).
 */
import { WorkspaceClient } from '@databricks/sdk-experimental'
import { execFile, execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { promisify } from 'node:util'
import { chromium } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { DatabaseInstance } from '@lakegate/client'
import { makeHome, PROGRAM, type Home, type RunningCommand } from '../stage/at-home.ts'
import { describeInChromium, executable } from '../stage/console-browser.ts'
import { everyClient, proves } from '../stage/every-client.ts'
import { createPerson, signInAndAllow, Visitor, type Person } from '../stage/person.ts'
import { installPythonClients } from '../stage/python-clients.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { waitFor } from '../stage/wait-for.ts'

const lakegate = sharedLakegate()
const { ready } = lakegate
const run = promisify(execFile)

const python = await installPythonClients()
let home: Home
let person: Person

beforeAll(async () => {
  ;[home, person] = await Promise.all([makeHome(), createPerson(lakegate)])
  const command = startLogin('work')
  await fetch(await signInAndAllow(new Visitor(), new URL(await addressOf(command)), person))
  const { status, stderr } = await command.ended
  expect(status, stderr).toBe(0)
})
afterAll(async () => {
  await Promise.all([home.remove(), python.remove()])
})

const startLogin = (profile: string): RunningCommand =>
  home.start(['auth', 'login', ready.http_url, '--profile', profile], { environment: { BROWSER: 'none' } })

const addressOf = (command: RunningCommand): Promise<string> =>
  waitFor('the address', () => /^ {2}(http\S+)\n/m.exec(command.stderr())?.[1])

describeInChromium('lakegate auth login in Chromium (skipped where no Chromium is installed)', () => {
  it('leads the person from the terminal through the pages and back', async () => {
    const browser = await chromium.launch({ executablePath: executable, args: ['--no-sandbox'] })
    try {
      const command = startLogin('chromium')
      const page = await browser.newPage()
      await page.goto(await addressOf(command))
      await page
        .getByLabel(/user name|e-mail/i)
        .first()
        .fill(person.userName)
      await page
        .getByLabel(/password/i)
        .first()
        .fill(person.password)
      await page.getByRole('button', { name: /sign in/i }).click()
      await page.getByRole('button', { name: /allow/i }).click()
      await page.getByRole('heading', { name: 'You are signed in' }).waitFor()
      const { status, stderr } = await command.ended
      expect(status, stderr).toBe(0)
      expect(stderr).toContain(`You are signed in as ${person.userName}.`)
    } finally {
      await browser.close()
    }
  })
})

const { version: ofJavaScript } = JSON.parse(
  readFileSync(
    path.join(
      path.dirname(createRequire(import.meta.url).resolve('@databricks/sdk-experimental')),
      '../package.json',
    ),
    'utf8',
  ),
) as { version: string }

everyClient(
  { client: 'databricks-sdk (JavaScript)', version: ofJavaScript, runtime: `Node ${process.versions.node}` },
  () => {
    it(
      'signs in as the person of a profile, with this program in the place of the CLI',
      proves('session of lakegate'),
      async () => {
        const client = new WorkspaceClient({
          configFile: path.join(home.directory, '.databrickscfg'),
          profile: 'work',
          databricksCliPath: PROGRAM,
          env: {},
        })
        // The SDK runs the program with the environment of this process.
        const outer = process.env['HOME']
        process.env['HOME'] = home.directory
        try {
          await expect(client.currentUser.me()).resolves.toMatchObject({ id: person.id })
        } finally {
          process.env['HOME'] = outer
        }
      },
    )
  },
)

everyClient(
  {
    client: 'databricks-sdk (Python)',
    version: python.versionOf('databricks-sdk'),
    runtime: python.runtime,
    missing: python.missing,
  },
  () => {
    it(
      'signs in as the person of a profile, with this program in the place of the CLI',
      proves('session of lakegate'),
      async () => {
        const { stdout } = await run(
          python.python,
          [
            '-c',
            'from databricks.sdk import WorkspaceClient; print(WorkspaceClient(profile="work").current_user.me().user_name)',
          ],
          { env: { ...home.environment, DATABRICKS_CLI_PATH: PROGRAM } },
        )
        expect(stdout.trim()).toBe(person.userName)
      },
    )
  },
)

function findCli(): string | undefined {
  try {
    return /\d+\.\d+\.\d+/.exec(execFileSync('databricks', ['--version'], { encoding: 'utf8' }))?.[0]
  } catch {
    return undefined
  }
}
const cli = findCli()

everyClient(
  {
    client: 'databricks CLI',
    version: cli,
    runtime: 'databricks CLI',
    missing: cli === undefined ? 'databricks is not on the PATH' : undefined,
  },
  () => {
    const databricks = async (...words: string[]) => {
      const { stdout } = await run('databricks', words, { env: { ...home.environment } })
      return JSON.parse(stdout) as unknown
    }

    it(
      'works with the session of lakegate, and renews it for both',
      proves('session of lakegate'),
      async () => {
        expect(await databricks('current-user', 'me', '-p', 'work', '-o', 'json')).toMatchObject({
          id: person.id,
        })
        await databricks('auth', 'token', '-p', 'work', '--force-refresh')
        expect(await home.json(['current-user', 'me', '-p', 'work'])).toMatchObject({ id: person.id })
      },
    )

    it('prints what lakegate prints', proves('same JSON'), async () => {
      const words = ['database', 'list-database-instances', '-p', 'work', '-o', 'json']
      // Lakegate's own fields are none that the CLI knows.
      expect(await home.json<DatabaseInstance[]>(words)).toMatchObject(
        (await databricks(...words)) as object[],
      )
    })
  },
)
