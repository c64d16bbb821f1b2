/**
 * The splitter against psql itself. Behind psql stands a server of a few lines that writes down each query as it was sent, so
 * nothing depends on what the statements mean.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { splitStatements, tokensOf } from '@lakegate/sql-text'
import { ENDS, OFF_PIECES, PIECES, scriptsOf } from './corpus.ts'

const message = (type: string, body: Buffer): Buffer => {
  const head = Buffer.alloc(5, type, 'latin1')
  head.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}
const READY = message('Z', Buffer.from('I'))
const EMPTY = message('I', Buffer.alloc(0))

/** @returns queries in the order in which they came */
function recordQueries(isStandard: () => boolean): { readonly server: Server; readonly sent: string[] } {
  const sent: string[] = []
  const server = createServer((socket) => {
    let bytes = Buffer.alloc(0)
    let isStarted = false
    socket.on('error', () => undefined)
    socket.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk])
      for (;;) {
        const header = isStarted ? 1 : 0
        if (bytes.length < header + 4) return
        const total = header + bytes.readInt32BE(header)
        if (bytes.length < total) return
        const type = isStarted ? bytes.toString('latin1', 0, 1) : 'startup'
        const body = bytes.subarray(header + 4, total)
        bytes = bytes.subarray(total)
        if (type === 'startup') {
          isStarted = true
          const setting = `standard_conforming_strings\0${isStandard() ? 'on' : 'off'}\0`
          const encoding = 'client_encoding\0UTF8\0'
          const version = 'server_version\x0018.0\0'
          const statuses = [setting, encoding, version].map((text) => message('S', Buffer.from(text)))
          socket.write(Buffer.concat([message('R', Buffer.alloc(4)), ...statuses, READY]))
        } else if (type === 'Q') {
          sent.push(body.subarray(0, -1).toString('utf8'))
          socket.write(Buffer.concat([EMPTY, READY]))
        } else socket.end()
      }
    })
  })
  return { server, sent }
}

const isMissing = spawnSync('psql', ['--version']).error !== undefined

describe.skipIf(isMissing)('the splitter, beside psql', () => {
  let isStandard = true
  const { server, sent } = recordQueries(() => isStandard)
  beforeAll(async () => {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  })
  afterAll(() => server.close())

  async function sentByPsql(script: string): Promise<readonly string[]> {
    sent.length = 0
    const { port } = server.address() as AddressInfo
    const connection = `host=127.0.0.1 port=${String(port)} user=u dbname=d sslmode=disable gssencmode=disable`
    const psql = spawn('psql', ['-X', '-q', '-f', '-', connection], {
      env: { PATH: process.env['PATH'], LC_ALL: 'C', PGCLIENTENCODING: 'UTF8' },
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    psql.stdin.end(script)
    await once(psql, 'close')
    return [...sent]
  }

  /** From the first to the last token that says something, without the semicolon. */
  function bare(query: string): string {
    const tokens = [...tokensOf(query, { standardConformingStrings: isStandard })].filter(
      ({ kind }) => kind !== 'space' && kind !== 'comment',
    )
    if (tokens.at(-1)?.kind === 'semicolon') tokens.pop()
    return query.slice(tokens[0]?.start ?? 0, tokens.at(-1)?.end ?? 0)
  }

  async function differences(scripts: readonly string[]): Promise<readonly unknown[]> {
    const found: unknown[] = []
    for (const script of scripts) {
      const theirs = (await sentByPsql(script)).map(bare).filter((query) => query !== '')
      const ours = splitStatements(script, { standardConformingStrings: isStandard }).map(({ text }) => text)
      if (JSON.stringify(theirs) !== JSON.stringify(ours)) found.push({ script, theirs, ours })
    }
    return found
  }

  it('27: finds the same statements in two hundred scripts', async () => {
    isStandard = true
    const scripts = scriptsOf(PIECES, ENDS, 210)
    expect(scripts.length).toBeGreaterThanOrEqual(200)
    expect(await differences(scripts)).toEqual([])
  }, 120_000)

  it('27: finds the same where backslashes escape in every string', async () => {
    isStandard = false
    expect(await differences(scriptsOf(OFF_PIECES, [], 40))).toEqual([])
  }, 120_000)

  it('reads a continued string as PostgreSQL does, where psql forgets at the end of a line that backslashes escape', async () => {
    isStandard = true
    const script = `SELECT E'a'\n'\\';b';`
    expect(splitStatements(script).map(({ text }) => text)).toEqual([script.slice(0, -1)])
    expect(await sentByPsql(script)).toHaveLength(2)
  })
})
