/** The pooled endpoint on the wire: messages that no driver of ours sends, and what PostgreSQL would answer to them. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  bindMessage,
  cancelRequest,
  closeStatement,
  copyData,
  copyDone,
  copyFail,
  describeStatement,
  executeMessage,
  flushMessage,
  parseMessage,
  queryMessage,
  sslRequest,
  startupMessage,
  syncMessage,
  terminateMessage,
  typed,
} from '../stage/byte-builder.ts'
import { lettersOf, pooledEndpointOf, pooledWire, startWithOneBackend } from '../stage/pooled-sessions.ts'
import { asOwner, createRoleFor, createServicePrincipal } from '../stage/service-principal.ts'
import { connectWire, errorFields, type ServerMessage } from '../stage/wire-client.ts'
import { waitUntilActive } from '../stage/activity.ts'

type Wire = Awaited<ReturnType<typeof pooledWire>>

let lakegate: Awaited<ReturnType<typeof startWithOneBackend>>
let login: { user: string; password: string }
let client: Wire
let other: Wire

beforeAll(async () => {
  lakegate = await startWithOneBackend({ LAKEGATE_POOL_WAIT_SECONDS: '2' })
  const principal = await createServicePrincipal(lakegate, 'wire')
  await createRoleFor(lakegate, principal)
  await asOwner(lakegate, (owner) =>
    owner.query(`GRANT CREATE ON SCHEMA public TO "${principal.applicationId}"`),
  )
  login = { user: principal.applicationId, password: await principal.workspaceToken() }
})
afterAll(async () => {
  await lakegate.remove()
})
beforeEach(async () => {
  client = await pooledWire(lakegate, login)
  other = await pooledWire(lakegate, login)
})
afterEach(() => {
  client.close()
  other.close()
})

/** Another session takes the backend, which is emptied for it. */
const handOver = async () => {
  other.send(queryMessage('SELECT 1'))
  expect(lettersOf(await other.untilReady())).toBe('TDCZ')
}
const answer = async (...messages: Buffer[]) => {
  client.send(...messages)
  return client.untilReady()
}
const valuesOf = (messages: readonly ServerMessage[]) =>
  messages.filter(({ type }) => type === 'D').map(({ body }) => body.subarray(6).toString())
const codesOf = (messages: readonly ServerMessage[]) =>
  messages.filter(({ type }) => type === 'E').map((message) => errorFields(message)['C'])

describe('a named statement', () => {
  it('goes on to exist when another backend, or an emptied one, serves the session', async () => {
    expect(lettersOf(await answer(parseMessage('named', 'SELECT $1::text'), syncMessage()))).toBe('1Z')
    await handOver()
    const bound = await answer(bindMessage('named', ['again']), executeMessage(), syncMessage())
    expect(lettersOf(bound)).toBe('2DCZ')
    expect(valuesOf(bound)).toEqual(['again'])
    await handOver()
    expect(lettersOf(await answer(describeStatement('named'), syncMessage()))).toBe('tTZ')
  })

  it('that was closed exists no more, nowhere', async () => {
    await answer(parseMessage('closed', 'SELECT 1'), syncMessage())
    expect(lettersOf(await answer(closeStatement('closed'), syncMessage()))).toBe('3Z')
    expect(codesOf(await answer(bindMessage('closed'), executeMessage(), syncMessage()))).toEqual(['26000'])
    await handOver()
    expect(codesOf(await answer(bindMessage('closed'), executeMessage(), syncMessage()))).toEqual(['26000'])
  })

  it('that is closed and made anew in one pipeline is the new one, there and on other backends', async () => {
    const use = [bindMessage('renewed'), executeMessage(), syncMessage()]
    await answer(parseMessage('renewed', 'SELECT 1'), syncMessage())
    const renew = [closeStatement('renewed'), parseMessage('renewed', 'SELECT 2')]
    expect(lettersOf(await answer(...renew, syncMessage()))).toBe('31Z')
    expect(valuesOf(await answer(...use))).toEqual(['2'])
    await handOver()
    expect(valuesOf(await answer(...use))).toEqual(['2'])
    expect(codesOf(await answer(parseMessage('', 'SELEC'), ...renew, syncMessage()))).toEqual(['42601'])
    expect(valuesOf(await answer(...use))).toEqual(['2'])
    await handOver()
    expect(valuesOf(await answer(...use))).toEqual(['2'])
  })

  it('is gone after DISCARD ALL or DEALLOCATE ALL of the client', async () => {
    for (const sql of ['DISCARD ALL', 'DEALLOCATE ALL']) {
      await answer(parseMessage('discarded', 'SELECT 1'), syncMessage())
      await answer(queryMessage(sql))
      await handOver()
      expect(codesOf(await answer(bindMessage('discarded'), executeMessage(), syncMessage()))).toEqual([
        '26000',
      ])
    }
  })

  it('whose Parse failed does not exist, and one of that name can be made then', async () => {
    expect(codesOf(await answer(parseMessage('wrong', 'SELEC 1'), syncMessage()))).toEqual(['42601'])
    expect(codesOf(await answer(bindMessage('wrong'), executeMessage(), syncMessage()))).toEqual(['26000'])
    expect(lettersOf(await answer(parseMessage('wrong', 'SELECT 1'), syncMessage()))).toBe('1Z')
    expect(codesOf(await answer(parseMessage('wrong', 'SELECT 2'), syncMessage()))).toEqual(['42P05'])
    await handOver()
    expect(valuesOf(await answer(bindMessage('wrong'), executeMessage(), syncMessage()))).toEqual(['1'])
  })

  it('that cannot be made again fails where it is used, with the error of PostgreSQL', async () => {
    await answer(queryMessage('CREATE TABLE going (x int)'))
    await answer(parseMessage('of_going', 'SELECT x FROM going'), syncMessage())
    await answer(queryMessage('DROP TABLE going'))
    await handOver()
    expect(codesOf(await answer(bindMessage('of_going'), executeMessage(), syncMessage()))).toEqual(['42P01'])
    expect(lettersOf(await answer(queryMessage('SELECT 1')))).toBe('TDCZ')
  })

  it('whose columns changed since fails as on a direct session (0A000), and is never run', async () => {
    await answer(queryMessage('CREATE TABLE changing (x int)'))
    const insert = parseMessage('changing', 'INSERT INTO changing VALUES (1) RETURNING *')
    const use = [bindMessage('changing'), executeMessage(), syncMessage()]
    expect(lettersOf(await answer(insert, syncMessage()))).toBe('1Z')
    expect(lettersOf(await answer(...use))).toBe('2DCZ')
    await answer(queryMessage('ALTER TABLE changing ADD COLUMN y text'))
    const direct = await answer(...use)
    await handOver()
    for (const count of [1, 2]) {
      const pooled = await answer(...use)
      expect(lettersOf(pooled)).toBe('EZ')
      expect(errorFields(pooled[0])).toMatchObject({
        S: 'ERROR',
        C: '0A000',
        M: errorFields(direct[0])['M'],
        R: errorFields(direct[0])['R'],
      })
      expect(lettersOf(await answer(describeStatement('changing'), syncMessage()))).toBe('EZ')
      if (count === 1) await handOver()
    }
    expect(valuesOf(await answer(queryMessage('SELECT count(*) FROM changing')))).toEqual(['1'])
    expect(lettersOf(await answer(closeStatement('changing'), insert, ...use))).toBe('312DCZ')
    await answer(queryMessage('DROP TABLE changing'))
  })

  it('whose columns are the same is used in a pipeline as if it had always been there', async () => {
    await answer(
      parseMessage('one', 'SELECT $1::int AS a'),
      parseMessage('two', 'SELECT $1::text AS b'),
      syncMessage(),
    )
    await handOver()
    const messages = await answer(
      bindMessage('one', ['1']), executeMessage(), describeStatement('two'), bindMessage('two', ['2']), executeMessage(),
      bindMessage('one', ['3']), executeMessage(), syncMessage(),
    ) // prettier-ignore
    expect(lettersOf(messages)).toBe('2DCtT2DC2DCZ')
    expect(valuesOf(messages)).toEqual(['1', '2', '3'])
    await handOver()
  })

  it('whose columns changed ends what its pipeline did before, and the rest is skipped up to the Sync', async () => {
    await answer(queryMessage('CREATE TABLE piped (x int)'))
    await answer(
      parseMessage('into', 'INSERT INTO piped VALUES (1)'),
      parseMessage('from', 'SELECT * FROM piped'),
      syncMessage(),
    )
    await answer(queryMessage('ALTER TABLE piped ADD COLUMN y text'))
    await handOver()
    client.send(
      bindMessage('into'), executeMessage(), bindMessage('from'), executeMessage(), bindMessage('into'), executeMessage(), syncMessage(),
      queryMessage('SELECT count(*) FROM piped'),
    ) // prettier-ignore
    expect(lettersOf(await client.untilReady())).toBe('2CEZ')
    expect(valuesOf(await client.untilReady())).toEqual(['0'])
    await handOver()
    await answer(queryMessage('DROP TABLE piped'))
  })

  it('of more bytes than are remembered keeps its backend until it is closed', async () => {
    const long = `SELECT 30001 /* ${'long '.repeat(30_000)}*/`
    await answer(parseMessage('long', long), syncMessage())
    other.send(queryMessage('SELECT 1'))
    expect(valuesOf(await answer(bindMessage('long'), executeMessage(), syncMessage()))).toEqual(['30001'])
    await answer(closeStatement('long'), syncMessage())
    expect(lettersOf(await other.untilReady())).toBe('TDCZ')
  })
})

describe('the unnamed statement', () => {
  it('that is parsed in one transaction can be bound in a later one', async () => {
    await answer(parseMessage('', `SELECT 'unnamed'`), syncMessage())
    await handOver()
    expect(valuesOf(await answer(bindMessage(''), executeMessage(), syncMessage()))).toEqual(['unnamed'])
  })

  it('is ended by a simple query, as the protocol says', async () => {
    await answer(parseMessage('', 'SELECT 1'), syncMessage())
    await answer(queryMessage('SELECT 2'))
    expect(codesOf(await answer(bindMessage(''), executeMessage(), syncMessage()))).toEqual(['26000'])
  })
})

describe('a backend is kept', () => {
  const isStillKept = async () => {
    other.send(queryMessage('SELECT 1'))
    const refused = await other.next()
    expect(errorFields(refused)).toMatchObject({ C: '53300' })
    expect(await other.next()).toBeUndefined()
    other = await pooledWire(lakegate, login)
  }

  it('during a transaction; who waits too long for it is told so', async () => {
    await answer(queryMessage('BEGIN'))
    await isStillKept()
    await answer(queryMessage('COMMIT'))
    await handOver()
  })

  it('from the first message of a pipeline to its Sync, whatever Flush brings in between', async () => {
    client.send(parseMessage('', 'SELECT 1'), bindMessage(''), executeMessage(), flushMessage())
    for (const letter of ['1', '2', 'D', 'C']) expect((await client.next())?.type).toBe(letter)
    await isStillKept()
    expect(lettersOf(await answer(syncMessage()))).toBe('Z')
    await handOver()
  })

  it('after an error in a pipeline until the Sync, and what is skipped in between is not counted', async () => {
    client.send(
      parseMessage('', 'SELECT 1 / generate_series(0, 0)'),
      bindMessage(''),
      executeMessage(),
      flushMessage(),
    )
    for (const letter of ['1', '2']) expect((await client.next())?.type).toBe(letter)
    expect(errorFields(await client.next())).toMatchObject({ C: '22012' })
    client.send(queryMessage('SELECT 1'), parseMessage('skipped', 'SELECT 1'), bindMessage('skipped'))
    await isStillKept()
    expect(lettersOf(await answer(syncMessage()))).toBe('Z')
    await handOver()
    expect(codesOf(await answer(bindMessage('skipped'), executeMessage(), syncMessage()))).toEqual(['26000'])
  })
})

describe('a pipeline', () => {
  it('of several Syncs, one of them behind an error, is answered in order', async () => {
    client.send(
      parseMessage('', 'SELECT 1'), bindMessage(''), executeMessage(), syncMessage(),
      parseMessage('', 'SELECT 1 / generate_series(0, 0)'), bindMessage(''), executeMessage(), executeMessage(), syncMessage(),
      parseMessage('', 'SELECT 3'), bindMessage(''), executeMessage(), syncMessage(),
    ) // prettier-ignore
    expect(lettersOf(await client.untilReady())).toBe('12DCZ')
    expect(lettersOf(await client.untilReady())).toBe('12EZ')
    expect(lettersOf(await client.untilReady())).toBe('12DCZ')
    await handOver()
  })

  it('that begins with a simple query and goes on without waiting is answered in order', async () => {
    client.send(
      queryMessage('SELECT 1; SELECT 2'),
      queryMessage(''),
      queryMessage('SELECT 1 / generate_series(0, 0)'),
      syncMessage(),
    )
    expect(lettersOf(await client.untilReady())).toBe('TDCTDCZ')
    expect(lettersOf(await client.untilReady())).toBe('IZ')
    expect(lettersOf(await client.untilReady())).toBe('TEZ')
    expect(lettersOf(await client.untilReady())).toBe('Z')
    await handOver()
  })

  it('that reads a portal in parts keeps it', async () => {
    const messages = await answer(
      parseMessage('', 'SELECT generate_series(1, 3)'),
      bindMessage('', [], 'portal'),
      executeMessage('portal', 2),
      executeMessage('portal', 2),
      syncMessage(),
    )
    expect(lettersOf(messages)).toBe('12DDsDCZ')
    await handOver()
  })
})

describe('COPY', () => {
  beforeEach(async () => {
    await answer(queryMessage('DROP TABLE IF EXISTS copied; CREATE TABLE copied (x int)'))
  })

  it('in and out by simple query gives the backend back', async () => {
    client.send(queryMessage('COPY copied FROM STDIN'))
    expect((await client.next())?.type).toBe('G')
    expect(lettersOf(await answer(copyData('1\n2\n'), copyDone()))).toBe('CZ')
    await handOver()
    expect(lettersOf(await answer(queryMessage('COPY copied TO STDOUT')))).toBe('HddcCZ')
    await handOver()
  })

  it('by the extended protocol, with a Sync before and behind as libpq sends them, gives the backend back', async () => {
    client.send(parseMessage('', 'COPY copied FROM STDIN'), bindMessage(''), executeMessage(), syncMessage())
    for (const letter of ['1', '2', 'G']) expect((await client.next())?.type).toBe(letter)
    expect(lettersOf(await answer(copyData('3\n'), copyDone(), syncMessage()))).toBe('CZ')
    await handOver()
  })

  it('all in one piece, data and end included, gives the backend back', async () => {
    expect(lettersOf(await answer(queryMessage('COPY copied FROM STDIN'), copyData('4\n'), copyDone()))).toBe(
      'GCZ',
    )
    await handOver()
  })

  it('that fails leaves data on its way that nobody else gets to see', async () => {
    client.send(queryMessage('COPY copied FROM STDIN'))
    expect((await client.next())?.type).toBe('G')
    expect(codesOf(await answer(copyData('no number\n')))).toEqual(['22P02'])
    const half = copyData('9'.repeat(1000))
    client.send(half.subarray(0, 500))
    other.send(queryMessage('SELECT count(*) FROM copied'))
    client.send(half.subarray(500), copyDone())
    expect(lettersOf(await other.untilReady())).toBe('TDCZ')
    expect(lettersOf(await answer(queryMessage('SELECT 1')))).toBe('TDCZ')
  })

  it('that the client gives up gives the backend back', async () => {
    client.send(queryMessage('COPY copied FROM STDIN'))
    expect((await client.next())?.type).toBe('G')
    expect(codesOf(await answer(copyData('1\n'), copyFail('changed my mind')))).toEqual(['57014'])
    await handOver()
  })
})

describe('what a session was told of its settings', () => {
  it('holds on whichever backend serves it', async () => {
    await answer(queryMessage(`SET TimeZone = 'Asia/Tokyo'; SET client_encoding = 'LATIN1'`))
    await handOver()
    expect(valuesOf(await answer(queryMessage(`SELECT current_setting('TimeZone')`)))).toEqual(['Asia/Tokyo'])
    expect(valuesOf(await answer(queryMessage('SHOW client_encoding')))).toEqual(['LATIN1'])
    other.send(queryMessage('SHOW client_encoding'))
    expect(valuesOf(await other.untilReady())).toEqual(['UTF8'])
    await answer(queryMessage('RESET ALL'))
  })
})

describe('a message', () => {
  it('of many megabytes passes, and so does its answer, split anywhere', async () => {
    const text = 'gate'.repeat(2_000_000)
    const bound = Buffer.concat([
      parseMessage('', 'SELECT $1::text'),
      bindMessage('', [text]),
      executeMessage(),
      syncMessage(),
    ])
    for (let at = 0; at < bound.length; at += 777_777) client.send(bound.subarray(at, at + 777_777))
    const [echoed] = valuesOf(await client.untilReady())
    expect(echoed === text).toBe(true)
    await handOver()
  })

  it('sent byte by byte is the same message', async () => {
    for (const byte of Buffer.concat([
      parseMessage('', 'SELECT 7'),
      bindMessage(''),
      executeMessage(),
      syncMessage(),
    ])) {
      client.send(Buffer.of(byte))
    }
    expect(valuesOf(await client.untilReady())).toEqual(['7'])
    await handOver()
  })

  it('of an impossible length or an unknown type ends the session, and no other', async () => {
    for (const bytes of [
      typed('Q', Buffer.alloc(0), 3),
      typed('Q', Buffer.alloc(0), 0x7fffffff),
      typed('?', Buffer.alloc(4)),
    ]) {
      const hostile = await pooledWire(lakegate, login)
      hostile.send(bytes)
      expect(errorFields(await hostile.next())).toMatchObject({ C: '08P01' })
      expect(await hostile.next()).toBeUndefined()
    }
    await handOver()
  })

  it('of Terminate ends the session', async () => {
    const leaving = await pooledWire(lakegate, login)
    leaving.send(queryMessage('BEGIN'))
    await leaving.untilReady()
    leaving.send(terminateMessage())
    expect(await leaving.next()).toBeUndefined()
    await handOver()
  })

  it('of Terminate between two transactions leaves the backend to the others', async () => {
    const backendOf = async (wire: Wire) => {
      wire.send(queryMessage('SELECT pg_backend_pid()'))
      return valuesOf(await wire.untilReady())
    }
    const leaving = await pooledWire(lakegate, login)
    const backend = await backendOf(leaving)
    leaving.send(terminateMessage())
    expect(await leaving.next()).toBeUndefined()
    expect(await backendOf(client)).toEqual(backend)
  })
})

describe('a cancel request (attack 13)', () => {
  const keyOf = (wire: Wire) => {
    const body = wire.greeting.find(({ type }) => type === 'K')?.body
    if (body === undefined) throw new Error('no BackendKeyData')
    return { processId: body.readInt32BE(0), key: body.subarray(4) }
  }
  const cancel = async (processId: number, key: Buffer, endpoint = pooledEndpointOf(lakegate)) => {
    const request = await connectWire(lakegate, endpoint)
    request.send(cancelRequest(processId, key))
    expect(await request.untilClosed()).toEqual([])
  }
  const sleeps = async (wire: Wire) => {
    wire.send(queryMessage('SELECT pg_sleep(600)'))
    await waitUntilActive(lakegate, 'SELECT pg_sleep(600)')
  }

  it('with the key of a session stops its query, and with any other key stops nothing', async () => {
    await sleeps(client)
    const { processId, key } = keyOf(client)
    const wrong = Buffer.from(key.map((byte) => byte ^ 0xff))
    await cancel(processId, wrong)
    await cancel(processId, Buffer.concat([key, key]))
    await cancel(processId + 1, key)
    await cancel(processId, key, lakegate.ready.instance)
    await cancel(keyOf(other).processId, keyOf(other).key)
    await cancel(processId, key)
    expect(codesOf(await client.untilReady())).toEqual(['57014'])
    await handOver()
  })

  it('that comes when the backend works for somebody else already stops nothing of theirs', async () => {
    await answer(queryMessage('SELECT 1'))
    const { processId, key } = keyOf(client)
    await sleeps(other)
    await cancel(processId, key)
    const { processId: right, key: rightKey } = keyOf(other)
    await cancel(right, rightKey)
    expect(codesOf(await other.untilReady())).toEqual(['57014'])
    expect(lettersOf(await answer(queryMessage('SELECT 1')))).toBe('TDCZ')
  })
})

describe('what cannot be shared', () => {
  it('is refused before the password: replication', async () => {
    const plain = await connectWire(lakegate, pooledEndpointOf(lakegate))
    plain.send(sslRequest())
    await plain.byte()
    const wire = await plain.startTls()
    wire.send(
      startupMessage([
        ['user', login.user],
        ['database', 'x'],
        ['replication', 'database'],
      ]),
    )
    expect(errorFields(await wire.next())).toMatchObject({ C: '0A000' })
  })
})
