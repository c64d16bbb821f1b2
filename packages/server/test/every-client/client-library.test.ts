/**
 * The built client library on each runtime that it is for: every auth type but those of platforms, whose network is the same, the
 * renewal of a session with its lock, database credentials, and that the process ends by itself. And beside the real Databricks
 * CLI, on one session.
 */
import { execFile, execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import {
  findSession,
  lakegateOf,
  resolveConfiguration,
  storeSession,
  writeProfile,
  type Session,
} from '@lakegate/client'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { REPOSITORY } from '../house/sources.ts'
import { prepareCliLogin } from '../stage/cli-login.ts'
import { everyClient, proves } from '../stage/every-client.ts'
import { createPerson, type Person } from '../stage/person.ts'
import { createPrincipalWithRole, type TestServicePrincipal } from '../stage/service-principal.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

const run = promisify(execFile)
const lakegate = sharedLakegate()
const { ready } = lakegate
const LIBRARY = pathToFileURL(path.join(REPOSITORY, 'packages/client/dist/index.js')).href
const { version } = JSON.parse(
  await readFile(path.join(REPOSITORY, 'packages/client/package.json'), 'utf8'),
) as {
  version: string
}

const directory = await mkdtemp(path.join(tmpdir(), 'lakegate-client-runtimes-'))
const home = directory
const surroundings = { environment: {}, homeDirectory: home }
const cacheFile = path.join(home, '.databricks', 'token-cache.json')
const owner = { profile: 'person', host: ready.http_url, surroundings }

let principal: TestServicePrincipal
let person: Person
let refreshToken: string

beforeAll(async () => {
  principal = await createPrincipalWithRole(lakegate, 'runtimes')
  person = await createPerson(lakegate)
  const { login } = await prepareCliLogin(lakegate)
  refreshToken = (await login(person)).refresh_token ?? ''
  await writeProfile(path.join(home, '.databrickscfg'), 'person', {
    host: ready.http_url,
    auth_type: 'databricks-cli',
  })
  await writeProfile(path.join(home, '.databrickscfg'), '__settings__', { auth_storage: 'plaintext' })
})
afterAll(() => rm(directory, { recursive: true, force: true }))

/** As it is after a night: the access token has expired, the refresh token has not. */
const letSessionExpire = async (): Promise<void> => {
  const kept = await findSession(owner)
  await storeSession(owner, {
    token_type: 'Bearer',
    refresh_token: kept?.refresh_token ?? refreshToken,
    access_token: 'of yesterday',
    expiry: '2020-01-01T00:00:00Z',
  })
}

interface Runtime {
  readonly name: string
  readonly command: readonly [program: string, ...words: string[]]
  readonly missing?: string
}

function bun(): Runtime {
  const architecture = process.arch === 'arm64' ? 'aarch64' : process.arch
  try {
    const manifest = createRequire(import.meta.url).resolve(
      `@oven/bun-${process.platform}-${architecture}/package.json`,
    )
    const program = path.join(path.dirname(manifest), 'bin', 'bun')
    return {
      name: `Bun ${execFileSync(program, ['--version'], { encoding: 'utf8' }).trim()}`,
      command: [program],
    }
  } catch (error) {
    return { name: 'Bun', command: ['bun'], missing: `Bun is not installed: ${String(error)}` }
  }
}

const DENO = '2.9.6'

/** The one of the machine, else the one of its npm package. */
async function deno(): Promise<Runtime> {
  try {
    return describeDeno('deno')
  } catch {
    // Not on the PATH.
  }
  try {
    const folder = path.join(directory, 'deno')
    await run('npm', [
      'install',
      '--no-audit',
      '--no-fund',
      '--ignore-scripts',
      '--prefix',
      folder,
      `deno@${DENO}`,
    ])
    const libc = process.platform === 'linux' ? '-glibc' : ''
    return describeDeno(
      path.join(folder, 'node_modules/@deno', `${process.platform}-${process.arch}${libc}`, 'deno'),
    )
  } catch (error) {
    const reason = error instanceof Error ? (error.message.trim().split('\n').at(-1) ?? '') : ''
    return { name: 'Deno', command: ['deno'], missing: `Deno can neither be found nor fetched: ${reason}` }
  }
}

function describeDeno(program: string): Runtime {
  const said = execFileSync(program, ['--version'], { encoding: 'utf8' })
  return {
    name: `Deno ${/\d+\.\d+\.\d+/.exec(said)?.[0] ?? ''}`,
    command: [program, 'run', '--quiet', '--allow-all'],
  }
}

/** Prints one JSON value. */
const program = (body: string): string =>
  `import * as library from ${JSON.stringify(LIBRARY)}\nconst print = (value) => console.log(JSON.stringify(value))\n${body}\n`

for (const runtime of [
  { name: `Node ${process.versions.node}`, command: [process.execPath] } satisfies Runtime,
  bun(),
  await deno(),
] as readonly Runtime[]) {
  const execute = async (body: string, environment: Readonly<Record<string, string>>): Promise<unknown> => {
    const file = path.join(directory, `${crypto.randomUUID()}.mjs`)
    await writeFile(file, program(body))
    const [executable, ...words] = runtime.command
    const { stdout } = await run(executable, [...words, file], {
      env: { PATH: process.env['PATH'], HOME: home, DATABRICKS_HOST: ready.http_url, ...environment },
      timeout: 60_000,
    })
    return JSON.parse(stdout) as unknown
  }
  const asPrincipal = () => ({
    DATABRICKS_CLIENT_ID: principal.applicationId,
    DATABRICKS_CLIENT_SECRET: principal.secret,
  })

  everyClient(
    { client: '@lakegate/client', version, runtime: runtime.name, missing: runtime.missing },
    () => {
      it('is a service principal by its secret', proves('oauth-m2m'), async () => {
        const answer = await execute(
          `print((await (await library.createLakegate()).me()).userName)`,
          asPrincipal(),
        )
        expect(answer).toBe(principal.applicationId)
      })

      it('renews the session of a person, once for all who need it', proves('session'), async () => {
        await letSessionExpire()
        const answer = await execute(
          `const clients = await Promise.all([1, 2, 3].map(() => library.createLakegate({ profile: 'person' })))
           const tokens = await Promise.all(clients.map(async (one) => (await one.accessTokens.token()).value))
           print([(await clients[0].me()).userName, new Set(tokens).size])`,
          {},
        )
        expect(answer).toEqual([person.userName, 1])
      })

      it('ends although tokens are renewed in the background', proves('ends by itself'), async () => {
        const answer = await execute(
          `const lakegate = await library.createLakegate({}, { accessTokens: { refresh: 'ahead' } })
           const credentials = lakegate.credentials([${JSON.stringify(ready.instance.name)}], { refresh: 'ahead' })
           const { expiresAt } = await credentials.token()
           print(expiresAt.getTime() > Date.now())`,
          asPrincipal(),
        )
        expect(answer).toBe(true)
      })

      it('goes on while somebody waits for a token', proves('waits'), async () => {
        const answer = await execute(
          `let count = 0
           const source = library.createTokenSource(async () => {
             count += 1
             if (count < 2) throw new library.LakegateApiError(503, { error_code: 'X', message: 'later' })
             return { value: 'came', expiresAt: undefined }
           })
           print((await source.token()).value)`,
          {},
        )
        expect(answer).toBe('came')
      })

      it('says what went wrong and what to do', proves('errors'), async () => {
        const answer = await execute(
          `const failures = []
           for (const given of [{ host: 'http://127.0.0.1:9', token: 't' }, { token: 'wrong' }])
             await (await library.createLakegate(given)).me().catch((error) => failures.push([error.name, error.nextStep !== undefined]))
           print(failures)`,
          {},
        )
        expect(answer).toEqual([
          ['LakegateConnectionError', true],
          ['LakegateApiError', true],
        ])
      })
    },
  )
}

const cli = (() => {
  try {
    return {
      version: /\d+\.\d+\.\d+/.exec(execFileSync('databricks', ['--version'], { encoding: 'utf8' }))?.[0],
    }
  } catch {
    return { missing: 'the Databricks CLI is not on the PATH', version: undefined }
  }
})()

everyClient({ client: 'Databricks CLI, on one session', runtime: 'Go', ...cli }, () => {
  const tokenOfCli = async (): Promise<string> => {
    const { stdout } = await run('databricks', ['auth', 'token', '--profile', 'person'], {
      env: { PATH: process.env['PATH'], HOME: home },
    })
    return (JSON.parse(stdout) as Session).access_token
  }
  const openOurs = async () => lakegateOf(await resolveConfiguration({ profile: 'person' }, surroundings))
  const tokenOfOurs = async () => (await (await openOurs()).accessTokens.token()).value

  it('takes what the library renewed', proves('session'), async () => {
    await letSessionExpire()
    const token = await tokenOfOurs()
    expect(await tokenOfCli()).toBe(token)
  })

  it('renews what the library takes', proves('session'), async () => {
    await letSessionExpire()
    const token = await tokenOfCli()
    expect(await tokenOfOurs()).toBe(token)
    expect((await (await openOurs()).me()).userName).toBe(person.userName)
  })

  it('renews at the same time, and both go on', proves('at once'), async () => {
    for (let round = 0; round < 3; round += 1) {
      await letSessionExpire()
      await Promise.all([tokenOfCli(), tokenOfOurs(), tokenOfCli(), tokenOfOurs()])
      expect((await (await openOurs()).me()).userName).toBe(person.userName)
    }
    expect(JSON.parse(await readFile(cacheFile, 'utf8'))).toMatchObject({ version: 1 })
  })
})
