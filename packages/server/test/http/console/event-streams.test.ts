/** Streams of hints over an hour of a clock that the test moves, with real connections. */
import { createServer, get, type IncomingMessage, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Fault } from '../../../src/domain/fault.ts'
import type { IdentityId, InstanceUid } from '../../../src/domain/ids.ts'
import type { LiveHint } from '../../../src/domain/live-hint.ts'
import { closeConnection } from '../../../src/gateway/close-connection.ts'
import { EventStream } from '../../../src/http/console/event-stream.ts'
import { createEventStreams, type EventStreams } from '../../../src/http/console/event-streams.ts'
import { refused, RefusedError } from '../../../src/operations/refused-error.ts'
import type { Caller, InstancePermissionLevel } from '../../../src/policy/permissions.ts'
import { FOREIGN_INSTANCE, INSTANCE_UID, MEMBER, WORKSPACE } from '../../policy/facts.ts'

const RELEASE = { version: '1.0.0', build: 'abc' }
const GRANTED = new Map<InstanceUid, InstancePermissionLevel>([[INSTANCE_UID, 'CAN_MANAGE']])
const NOTHING = new Map<InstanceUid, InstancePermissionLevel>()
const instanceOf = (uid: string, name: string) => ({ ...FOREIGN_INSTANCE, uid: uid as InstanceUid, name })
const INSTANCE: LiveHint = { kind: 'instance', instance: instanceOf(INSTANCE_UID, 'sales') }
const SESSIONS: LiveHint = { kind: 'sessions', instance: instanceOf(INSTANCE_UID, 'sales') }
const unavailable = () =>
  new Fault({ code: 'x', origin: 'store', message: 'away', nextStep: 'wait', retryable: true })

let now: number
let epochs: number
let streams: EventStreams
let server: Server
let watched: number
let warned: string[]
/** What the store answers. */
let granted: () => Promise<ReadonlyMap<InstanceUid, InstancePermissionLevel>>
let watch: () => Promise<void>
/** Who comes with which request. */
let callerOf: (request: IncomingMessage) => Caller
let lookAgain: () => Promise<Caller>
let problems: unknown[]

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] })
  now = 1_000_000
  epochs = 0
  watched = 0
  warned = []
  problems = []
  granted = () => Promise.resolve(GRANTED)
  watch = () => Promise.resolve()
  callerOf = () => MEMBER
  lookAgain = () => Promise.resolve(MEMBER)
  streams = createEventStreams({
    loadGranted: () => granted(),
    async watch() {
      await watch()
      watched += 1
    },
    uptimeMs: () => now,
    newEpoch: () => `epoch${String((epochs += 1))}`,
    log: {
      info: () => undefined,
      warn: (_fields, message) => void warned.push(message),
      error: () => undefined,
    },
  })
  server = createServer((request, response) => {
    const stream = new EventStream(response, closeConnection)
    const id = request.headers['last-event-id']
    streams
      .open(
        stream,
        { caller: callerOf(request), release: RELEASE, lookAgain: () => lookAgain() },
        typeof id === 'string' ? id : undefined,
      )
      .catch((error: unknown) => {
        problems.push(error)
        response.writeHead(error instanceof RefusedError ? 429 : 503).end()
      })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})

afterEach(async () => {
  vi.useRealTimers()
  streams.close()
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
})

interface Reader {
  readonly response: IncomingMessage
  text(): string
  events(): readonly string[]
  lastId(): string
  isOver(): boolean
  close(): void
}

async function read(headers: Record<string, string> = {}): Promise<Reader> {
  const { port } = server.address() as AddressInfo
  const asking = get({ port, host: '127.0.0.1', agent: false, headers })
  asking.on('error', () => undefined)
  const [response] = (await once(asking, 'response')) as [IncomingMessage]
  let text = ''
  let isOver = false
  response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  response.on('error', () => undefined).on('close', () => (isOver = true))
  const reader = {
    response,
    text: () => text,
    events: () => [...text.matchAll(/^event: (.*)$/gm)].map(([, event = '']) => event),
    lastId: () => [...text.matchAll(/^id: (.*)$/gm)].at(-1)?.[1] ?? '',
    isOver: () => isOver,
    close: () => void asking.destroy(),
  }
  if (response.statusCode === 200) await inRealTime('the version', () => text.includes('event: version'))
  return reader
}

/** Sockets go their own pace. */
async function inRealTime(what: string, is: () => boolean): Promise<void> {
  for (let count = 0; count < 100_000; count += 1) {
    if (is()) return
    await turn()
  }
  throw new Error(`waited in vain for ${what}`)
}

async function pass(milliseconds: number, stepMs = 500): Promise<void> {
  for (let passed = 0; passed < milliseconds; passed += stepMs) {
    now += stepMs
    await vi.advanceTimersByTimeAsync(stepMs)
  }
  for (let count = 0; count < 20; count += 1) await turn()
}

describe('a stream', () => {
  it('has a word every twenty seconds, whatever happens', async () => {
    const reader = await read()
    const before = reader.text().length
    for (let count = 0; count < 9; count += 1) {
      await pass(20_000)
      await inRealTime('a word', () => reader.text().slice(before).split(':\n\n').length > count + 1)
    }
  })

  it('does not wait for a timer of its own for each event', async () => {
    await read()
    const timers = vi.getTimerCount()
    for (let count = 0; count < 1_000; count += 1)
      streams.say({ kind: 'instance', instance: instanceOf(`uid ${String(count)}`, 'one') })
    expect(vi.getTimerCount()).toBe(timers + 1)
  })

  it('leaves no timer behind when the last one is closed', async () => {
    const readers = [await read(), await read()]
    expect(vi.getTimerCount()).toBe(1)
    for (const { close } of readers) close()
    await inRealTime('their end', () => streams.count() === 0)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('hears nothing of a right that was taken, a minute later at the latest', async () => {
    const reader = await read()
    streams.say(SESSIONS)
    await pass(1_000)
    await inRealTime('a hint', () => reader.events().includes('sessions'))
    granted = () => Promise.resolve(NOTHING)
    await pass(60_000)
    const before = reader.events().length
    streams.say(SESSIONS)
    streams.say(INSTANCE)
    await pass(1_000)
    await inRealTime('the other hint', () => reader.events().length > before)
    expect(reader.events().slice(before)).toEqual(['instance'])
  })

  it('hears nothing while nobody knows its rights, and then that it missed something', async () => {
    const reader = await read()
    granted = () => Promise.reject(unavailable())
    await pass(61_000)
    const before = reader.events().length
    streams.say(SESSIONS)
    await pass(10_000)
    expect(reader.events().slice(before)).toEqual([])
    expect(warned).toContain('the rights of a reader of events could not be looked at')
    granted = () => Promise.resolve(GRANTED)
    await pass(10_000)
    await inRealTime('what it missed', () => reader.events().length > before)
    expect(reader.events().slice(before)).toEqual(['resync'])
    expect(reader.lastId()).toMatch(/^epoch\d\.1$/)
  })

  it('ends with the session, which is said, or with the place in the workspace, which is not', async () => {
    const one = await read()
    lookAgain = () => Promise.reject(refused('console_session_over'))
    await pass(60_000)
    await inRealTime('its end', () => one.isOver())
    expect(one.events().at(-1)).toBe('session_over')
    lookAgain = () => Promise.reject(refused('permission_denied', { reason: 'gone' }))
    const other = await read()
    await pass(60_000)
    await inRealTime('its end', () => other.isOver())
    expect(other.events()).toEqual(['version'])
    expect(streams.count()).toBe(0)
  })

  it('looks at the rights of many, and not of all at once', async () => {
    callerOf = ({ headers }) => ({
      ...MEMBER,
      identity: { ...MEMBER.identity, id: String(headers['x-person']) as IdentityId },
    })
    for (let count = 0; count < 60; count += 1) await read({ 'x-person': String(count % 10) })
    let underWay = 0
    let most = 0
    let looked = 0
    lookAgain = async () => {
      underWay += 1
      most = Math.max(most, underWay)
      await turn()
      underWay -= 1
      looked += 1
      return MEMBER
    }
    await pass(60_000)
    await inRealTime('all of them', () => looked >= 60)
    expect(most).toBeLessThanOrEqual(10)
  })
})

describe('gateways', () => {
  it('are asked for hints at the first stream, and as long as there is one', async () => {
    const reader = await read()
    expect(watched).toBe(1)
    await read()
    expect(watched).toBe(1)
    await pass(60_000)
    expect(watched).toBeGreaterThanOrEqual(3)
    expect(reader.events()).toEqual(['version'])
  })

  it('that stopped telling meanwhile make everything new for who comes back', async () => {
    const reader = await read()
    const lastEventId = reader.lastId()
    reader.close()
    await inRealTime('its end', () => streams.count() === 0)
    now += 30_000
    const soon = await read({ 'last-event-id': lastEventId })
    expect(soon.events()).toEqual(['version'])
    soon.close()
    await inRealTime('its end', () => streams.count() === 0)
    now += 60_000
    expect((await read({ 'last-event-id': soon.lastId() })).events()).toEqual(['resync', 'version'])
  })

  it('that could not be asked for long make everything new, once', async () => {
    const reader = await read()
    watch = () => Promise.reject(unavailable())
    await pass(120_000)
    expect(warned.length).toBeGreaterThan(1)
    watch = () => Promise.resolve()
    await pass(10_000)
    await inRealTime('what it missed', () => reader.events().length > 1)
    await pass(60_000)
    expect(reader.events()).toEqual(['version', 'resync'])
  })
})

describe('streams', () => {
  it('are twenty for one person at most, and come free again', async () => {
    const readers = []
    for (let count = 0; count < 20; count += 1) readers.push(await read())
    expect((await read()).response.statusCode).toBe(429)
    expect(problems).toMatchObject([{ refusal: { name: 'too_many_event_streams' } }])
    readers[0]?.close()
    await inRealTime('its end', () => streams.count() === 19)
    expect((await read()).response.statusCode).toBe(200)
  })

  it('give their place back when they cannot be opened', async () => {
    granted = () => Promise.reject(unavailable())
    for (let count = 0; count < 30; count += 1) expect((await read()).response.statusCode).toBe(503)
    expect(streams.count()).toBe(0)
  })

  it('end all at once when the server stops, and no more begin', async () => {
    const readers = [await read(), await read()]
    streams.close()
    await inRealTime('their end', () => readers.every((reader) => reader.isOver()))
    expect(vi.getTimerCount()).toBe(0)
    expect((await read()).events()).toEqual(['version'])
    expect(streams.count()).toBe(0)
  })

  it('let go of a reader that takes nothing, without waiting for it, and tell the others', async () => {
    const [slow, good] = [await read(), await read()]
    slow.response.pause()
    const name = 'n'.repeat(60)
    for (let round = 0; streams.count() > 1 && round < 3_000; round += 1) {
      for (let count = 0; count < 100; count += 1)
        streams.say({ kind: 'instance', instance: instanceOf(`uid ${String(count)}`, name) })
      await pass(500)
    }
    expect(streams.count()).toBe(1)
    expect(good.isOver()).toBe(false)
    expect(good.events().length).toBeGreaterThan(100)
  })

  it('need no more memory after an hour of hints than after some minutes', { timeout: 120_000 }, async () => {
    for (let count = 0; count < 10; count += 1) {
      const reader = await read()
      reader.response.removeAllListeners('data').resume()
    }
    const minutes = async (count: number) => {
      for (let second = 0; second < count * 60; second += 1) {
        for (let at = 0; at < 50; at += 1) {
          const instance = instanceOf(`uid ${String(at)}`, `instance-${String(second)}`)
          streams.say({ kind: at % 2 === 0 ? 'instance' : 'sessions', instance })
          streams.say({ kind: 'audit', workspaceId: WORKSPACE })
        }
        await pass(1_000)
      }
      await turn()
      collectGarbage()
      return process.memoryUsage().heapUsed
    }
    const before = await minutes(5)
    const after = await minutes(60)
    expect(streams.count()).toBe(10)
    expect(after - before).toBeLessThan(4 * 1024 * 1024)
  })
})

function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  ;(runInNewContext('gc') as () => void)()
}
