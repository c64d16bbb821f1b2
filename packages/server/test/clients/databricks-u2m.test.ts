/**
 * `databricks auth login` against Lakegate, with the code of the Go SDK that the CLI itself calls (wire-contract §3.6).
 * Skipped, and said so, where Go or its modules cannot be had.
 */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'
import { createLakegateHttp } from '@lakegate/client'
import { createPerson, signInAndAllow, Visitor } from '../stage/person.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { fetchTrusting } from '../stage/trusting-fetch.ts'
import { waitFor } from '../stage/wait-for.ts'

const directory = mkdtempSync(path.join(tmpdir(), 'lakegate-go-'))
const program = path.join(directory, 'databricks-u2m')
afterAll(() => {
  rmSync(directory, { recursive: true, force: true })
})

const missing = await build()
if (missing !== undefined) console.warn(`the Go SDK cannot be had, its test is skipped: ${missing}`)

async function build(): Promise<string | undefined> {
  const source = path.join(directory, 'source')
  cpSync(fileURLToPath(new URL('databricks-u2m', import.meta.url)), source, { recursive: true })
  const go = (...words: string[]) =>
    promisify(execFile)('go', words, {
      cwd: source,
      env: { ...process.env, GOFLAGS: '-mod=mod', GOTOOLCHAIN: 'local' },
    })
  try {
    await go('mod', 'tidy')
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
  // From here on the modules are there: what does not compile is a mistake of ours, and fails.
  await go('build', '-o', program, '.')
  return undefined
}

describe.skipIf(missing !== undefined)('the U2M code of the CLI', () => {
  const { http_url: inClear, ca_file: caFile } = sharedLakegate().ready

  /** Runs the program, and is the person at the browser that it opens. */
  async function logIn(
    words: readonly string[],
    { host = inClear, visitor = new Visitor() }: { readonly host?: string; readonly visitor?: Visitor } = {},
  ) {
    const lakegate = sharedLakegate()
    const person = await createPerson(lakegate)
    const child = spawn(program, [...words, host], {
      env: { ...process.env, HOME: directory, SSL_CERT_FILE: caFile },
    })
    let printed = ''
    let complaints = ''
    child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()))
    const exited = once(child, 'exit')
    const url = await waitFor('the address to open', () => {
      if (child.exitCode !== null) throw new Error(complaints)
      return /^http\S+\n/.exec(printed)?.[0].trim()
    })
    const back = await signInAndAllow(visitor, new URL(url), person)
    expect(back.hostname).toBe('localhost')
    expect((await fetch(back)).status).toBe(200)
    const [code] = (await exited) as [number]
    expect(complaints).toBe('')
    expect(code).toBe(0)
    const { access_token, ...report } = JSON.parse(printed.trim().split('\n').at(-1) ?? '') as {
      access_token: string
    }
    return { person, url, report, rest: createLakegateHttp(lakegate.ready.http_url, () => access_token) }
  }

  it('logs a person in by the browser and refreshes with rotation', async () => {
    const { person, report, rest } = await logIn([])
    expect(report).toEqual({ is_other_token: true })
    await expect(rest.request('GET', '/api/2.0/preview/scim/v2/Me')).resolves.toMatchObject({ id: person.id })
  })

  it('logs a person in over HTTPS, at the same port', async () => {
    const host = inClear.replace('http:', 'https:')
    const visitor = new Visitor(fetchTrusting(await readFile(caFile, 'utf8')))
    const { person, url, report, rest } = await logIn([], { host, visitor })
    expect(url).toContain(`${host}/oidc/v1/authorize?`)
    expect(report).toEqual({ is_other_token: true })
    await expect(rest.request('GET', '/api/2.0/preview/scim/v2/Me')).resolves.toMatchObject({ id: person.id })
  })

  it('logs a person in without knowing the host, and learns it', async () => {
    const { ready } = sharedLakegate()
    const { report, rest } = await logIn(['--discover'])
    expect(report).toEqual({ host: ready.http_url })
    await expect(rest.request('GET', '/api/2.0/tokens/introspect')).resolves.toMatchObject({
      principal_context: { authentication_scope: { account_id: ready.account_id } },
    })
  })
})
