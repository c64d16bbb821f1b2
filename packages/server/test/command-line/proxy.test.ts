/** `lakegate proxy`: clients without tokens and without TLS are logged in by it, and nobody else's. */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { chmod, lstat, mkdir, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sslRequest, startupMessage } from '../stage/byte-builder.ts'
import { createSomebody, type Somebody } from '../stage/connect-command.ts'
import { startProxy, type RunningProxy } from '../stage/proxy-command.ts'
import { createPrincipalWithRole, type TestServicePrincipal } from '../stage/service-principal.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { waitFor } from '../stage/wait-for.ts'
import { connectWire, errorFields } from '../stage/wire-client.ts'

const lakegate = sharedLakegate()
const { ready } = lakegate
const NOBODY = 65_534

let somebody: Somebody
let principal: TestServicePrincipal
let proxy: RunningProxy
beforeAll(async () => {
  somebody = await createSomebody(lakegate)
  principal = await createPrincipalWithRole(lakegate, 'proxy command')
  proxy = await startProxy(somebody, ['--port', '0'])
})
afterAll(async () => {
  await proxy.stop()
  await somebody.remove()
})

async function inSession<Result>(
  client: pg.Client,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
const askWho = async (client: pg.Client) =>
  (await client.query<{ who: string }>("select session_user || ' ' || current_database() as who")).rows[0]
    ?.who
const atProxy = () => connectWire(lakegate, { host: '127.0.0.1', port: proxy.port })

describe('a client', () => {
  it('is logged in over TLS without a password of its own', async () => {
    const told = await inSession(proxy.client(), async (client) => ({
      who: await askWho(client),
      ssl: (await client.query<{ ssl: boolean }>('select ssl from pg_stat_ssl where pid = pg_backend_pid()'))
        .rowCount,
    }))
    expect(told).toEqual({ who: `${ready.admin_user} databricks_postgres`, ssl: 1 })
  })

  it('is shown in a line: which process, as whom, where', async () => {
    await inSession(proxy.client({ database: 'postgres' }), askWho)
    await waitFor('the line', () => proxy.stdout().includes(`→ ${ready.admin_user}, database postgres`))
    if (process.platform === 'linux')
      expect(proxy.stdout()).toMatch(new RegExp(`opened +\\d+ \\S.*\\(process ${String(process.pid)}\\) → `))
    await waitFor('the end', () => /ended +\d+ after/.test(proxy.stdout()))
    expect(proxy.stdout()).not.toContain('eyJ')
  })

  it('that names no database, or its user as one, gets the usual one', async () => {
    await expect(inSession(proxy.client({ database: ready.admin_user }), askWho)).resolves.toBe(
      `${ready.admin_user} databricks_postgres`,
    )
  })

  it('that names no user gets the role of the person', async () => {
    const client = await atProxy()
    client.send(startupMessage([['application_name', 'no user']]))
    const first = await client.next()
    expect(first?.type).toBe('R')
    client.close()
    await waitFor('the line', () => proxy.stdout().includes('«no user»'))
  })

  it('reads in its own protocol what the gateway refuses', async () => {
    await expect(proxy.client({ user: 'nobody-here' }).connect()).rejects.toMatchObject({
      severity: 'FATAL',
      code: '28000',
    })
    await expect(proxy.client({ database: 'nowhere' }).connect()).rejects.toMatchObject({ code: '3D000' })
  })

  it('may ask for encryption, which is not needed here', async () => {
    const client = await atProxy()
    client.send(sslRequest())
    await expect(client.byte()).resolves.toBe('N')
    client.send(startupMessage([['user', ready.admin_user]]))
    await expect(client.next()).resolves.toMatchObject({ type: 'R' })
    client.close()
  })

  it('cancels its own statement, and nobody else’s', async () => {
    const client = proxy.client()
    await client.connect()
    const { processID } = client as pg.Client & { processID: number }
    const running = client.query("select pg_sleep(600), 'cancelled'")
    const outcome = expect(running).rejects.toMatchObject({ code: '57014' })
    const cancel = (key: number) => {
      const packet = Buffer.alloc(16)
      packet.writeInt32BE(16, 0)
      packet.writeInt32BE(80_877_102, 4)
      packet.writeInt32BE(processID, 8)
      packet.writeInt32BE(key, 12)
      return packet
    }
    const { secretKey } = client as pg.Client & { secretKey: number }
    for (const key of [secretKey ^ 1, secretKey]) {
      const wire = await atProxy()
      wire.send(cancel(key))
      await wire.untilClosed()
    }
    await outcome
    await client.end()
  })

  it('may be many at once, and slow readers hold up nobody', async () => {
    const slow = connect(proxy.port, '127.0.0.1')
    await once(slow, 'connect')
    slow.pause()
    slow.write(startupMessage([['user', ready.admin_user]]))
    const QUERY = Buffer.from("select repeat('x', 1000) from generate_series(1, 300000)\0")
    const query = Buffer.concat([Buffer.from('Q'), Buffer.alloc(4), QUERY])
    query.writeInt32BE(QUERY.length + 4, 1)
    slow.write(query)
    const answers = await Promise.all(
      Array.from({ length: 8 }, () =>
        inSession(
          proxy.client(),
          async (client) =>
            (await client.query("select repeat('y', 1000) as y from generate_series(1, 2000)")).rowCount,
        ),
      ),
    )
    expect(answers).toEqual(Array.from({ length: 8 }, () => 2000))
    slow.destroy()
  })

  it('may be for replication', async () => {
    const client = await atProxy()
    client.send(
      startupMessage([
        ['user', ready.admin_user],
        ['database', 'databricks_postgres'],
        ['replication', 'database'],
      ]),
    )
    const answer = await client.next()
    // Whether the role may is the gateway's decision; it was asked for replication.
    expect(['R', 'E']).toContain(answer?.type)
    if (answer?.type === 'E') expect(errorFields(answer)['M']).toMatch(/replication/i)
    client.close()
  })
})

describe('what a stranger on the machine tries', () => {
  it.skipIf(process.platform !== 'linux' || process.getuid?.() !== 0)(
    'is refused by the account that the connection is of',
    async () => {
      const script = `const socket = require('node:net').connect(${String(proxy.port)}, '127.0.0.1')
socket.write(Buffer.from(${JSON.stringify(startupMessage([['user', ready.admin_user]]).toString('base64'))}, 'base64'))
socket.on('data', (bytes) => console.log(bytes.toString('latin1'))).on('close', () => process.exit())`
      const said = execFileSync(process.execPath, ['-e', script], {
        uid: NOBODY,
        gid: NOBODY,
        cwd: '/',
        encoding: 'latin1',
      })
      expect(said).toContain('it is of another account of this machine (uid 65534)')
      expect(said).toContain('28000')
      await waitFor('the line', () => /refused +\d+ a client/.test(proxy.stdout()))
    },
  )

  it('from another address finds no listener', async () => {
    const outside = Object.values(networkInterfaces())
      .flat()
      .find((one) => one !== undefined && !one.internal && one.family === 'IPv4')
    const addresses = [...(outside === undefined ? [] : [outside.address]), '127.0.0.2']
    for (const host of addresses) {
      const socket = connect(proxy.port, host)
      await expect(once(socket, 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    }
  })

  it('is bounded before anything is kept for it', async () => {
    const client = await atProxy()
    const length = Buffer.alloc(8)
    length.writeInt32BE(0x7fff_ffff)
    client.send(length)
    expect(errorFields(await client.next())).toMatchObject({
      C: '08P01',
      M: 'invalid length of startup packet',
    })
    client.close()
  })

  it('as bytes of another protocol is refused, and the next client is served', async () => {
    const client = await atProxy()
    client.send(Buffer.from('GET / HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n'))
    await expect(client.next()).resolves.toMatchObject({ type: 'E' })
    client.close()
    await expect(inSession(proxy.client(), askWho)).resolves.toContain(ready.admin_user)
  })
})

describe('with --as', () => {
  it('every session has that role, and a client with another user is told so', async () => {
    const chosen = await startProxy(somebody, ['--port', '0', '--as', principal.applicationId], {
      DATABRICKS_HOST: ready.http_url,
      DATABRICKS_CLIENT_ID: principal.applicationId,
      DATABRICKS_CLIENT_SECRET: principal.secret,
    })
    await expect(inSession(chosen.client(), askWho)).resolves.toBe(
      `${principal.applicationId} databricks_postgres`,
    )
    await expect(chosen.client({ user: 'postgres' }).connect()).rejects.toMatchObject({
      code: '28000',
      message: `lakegate proxy logs in as role "${principal.applicationId}", and the client asks for "postgres"`,
      hint: `Set the user of the client to ${principal.applicationId}, or start the proxy without --as.`,
    })
    await expect(chosen.stop()).resolves.toBe(0)
  })
})

describe('with --pooled, --password-file and --socket', () => {
  it('clients share backends, must know the password, and find a socket that only its owner may enter', async () => {
    const directory = path.join(somebody.home, 'run')
    const password = path.join(somebody.home, 'password')
    await writeFile(password, 'open sesame\n')
    const closed = await startProxy(somebody, [
      '--pooled',
      '--port',
      '0',
      '--socket',
      directory,
      '--password-file',
      password,
    ])
    await expect(closed.client({ password: 'wrong' }).connect()).rejects.toMatchObject({ code: '28P01' })
    await expect(inSession(closed.client({ password: 'open sesame' }), askWho)).resolves.toContain(
      ready.admin_user,
    )
    const bySocket = new pg.Client({
      host: directory,
      port: 5432,
      user: ready.admin_user,
      database: 'databricks_postgres',
      password: 'open sesame',
    })
    await expect(inSession(bySocket, askWho)).resolves.toContain(ready.admin_user)
    const file = path.join(directory, '.s.PGSQL.5432')
    expect((await lstat(directory)).mode & 0o777).toBe(0o700)
    expect((await lstat(file)).mode & 0o777).toBe(0o600)
    await expect(closed.stop()).resolves.toBe(0)
    await expect(lstat(file)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('a directory that others may enter is refused', async () => {
    const directory = path.join(somebody.home, 'open')
    await mkdir(directory)
    await chmod(directory, 0o755)
    const { status, stderr } = await somebody.run(['proxy', 'dev', '--socket', directory])
    expect(stderr).toContain('is not a directory that only you can enter')
    expect(status).toBe(1)
  })
})

describe('Ctrl-C', () => {
  it('ends idle sessions in PostgreSQL’s words, and lets busy ones finish', async () => {
    const stopping = await startProxy(somebody, ['--port', '0', '--drain', '60'])
    const [idle, busy] = [stopping.client(), stopping.client()]
    await Promise.all([idle.connect(), busy.connect()])
    const farewell = once(idle, 'error')
    const result = busy.query<{ done: string }>("select pg_sleep(1), 'yes' as done")
    await waitFor('both sessions', () => (stopping.stdout().match(/opened/g) ?? []).length === 2)
    const ended = stopping.stop()
    await expect(farewell).resolves.toMatchObject([{ code: '57P01' }])
    await expect(result).resolves.toMatchObject({ rows: [{ done: 'yes' }] })
    await expect(ended).resolves.toBe(0)
    await expect(stopping.client().connect()).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  it('a second time ends all of them', async () => {
    const stopping = await startProxy(somebody, ['--port', '0', '--drain', '600'])
    const busy = stopping.client()
    await busy.connect()
    const outcome = expect(busy.query('select pg_sleep(600)')).rejects.toThrow()
    await waitFor('the session', () => stopping.stdout().includes('opened'))
    stopping.child.kill('SIGINT')
    await waitFor('the first request', () => stopping.stdout().includes('Ending 1 session'))
    await expect(stopping.stop()).resolves.toBe(0)
    await outcome
  })
})

it('says when its port is taken', async () => {
  const { status, stderr } = await somebody.run(['proxy', 'dev', '--port', String(proxy.port)])
  expect(stderr).toContain(`Another program uses port ${String(proxy.port)}.`)
  expect(status).toBe(1)
})
