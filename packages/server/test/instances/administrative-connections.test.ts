import { EventEmitter } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import type pg from 'pg'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createAdministrativeConnections } from '../../src/instances/administrative-connections.ts'
import type { AdministrativeAccess } from '../../src/instances/administrative-client.ts'
import { instanceRow } from '../operations/instance-world.ts'

const INSTANCE = instanceRow()
const STATEMENT = { name: 'one', text: 'SELECT 1' }
const ANSWER_MS = 100

/** As node-postgres: a client that is ended cuts off what it was asked (client.js, `end`). */
class Client extends EventEmitter {
  isEnded = false
  async query(): Promise<{ rows: unknown[] }> {
    this.#requireOpen('Client was closed and is not queryable')
    await new Promise((resolve) => setTimeout(resolve, ANSWER_MS))
    this.#requireOpen('Connection terminated')
    return { rows: [{ one: 1 }] }
  }
  #requireOpen(otherwise: string): void {
    if (this.isEnded) throw new Error(otherwise)
  }
  end(): Promise<void> {
    this.isEnded = true
    return Promise.resolve()
  }
}

describe('The standing administrative connection', () => {
  const opened: Client[] = []
  const access: AdministrativeAccess = {
    connect: () => {
      const client = new Client()
      opened.push(client)
      return Promise.resolve(client as unknown as pg.Client)
    },
    inSession: () => Promise.reject(new Error('not asked here')),
  }

  beforeEach(() => {
    opened.length = 0
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('stays open as long as somebody asks, also when many asked at one moment', async () => {
    const connections = createAdministrativeConnections(access)
    const ask = () => connections.query(INSTANCE, STATEMENT, [])
    const burst = Promise.all([ask(), ask(), ask()])
    // One after another.
    await vi.advanceTimersByTimeAsync(3 * ANSWER_MS)
    await burst
    for (let seconds = 0; seconds < 180; seconds += 30) {
      await vi.advanceTimersByTimeAsync(30_000 - ANSWER_MS / 2)
      const answer = ask()
      await vi.advanceTimersByTimeAsync(ANSWER_MS)
      await answer
    }
    expect(opened.map(({ isEnded }) => isEnded)).toEqual([false])
  })

  it('is closed when nobody has asked for a minute, and opened anew for the next question', async () => {
    const connections = createAdministrativeConnections(access)
    const first = connections.query(INSTANCE, STATEMENT, [])
    await vi.advanceTimersByTimeAsync(60_000 + ANSWER_MS)
    await first
    expect(opened.map(({ isEnded }) => isEnded)).toEqual([true])
    const second = connections.query(INSTANCE, STATEMENT, [])
    await vi.advanceTimersByTimeAsync(ANSWER_MS)
    await expect(second).resolves.toEqual([{ one: 1 }])
    expect(opened).toHaveLength(2)
  })

  it('that was lost is replaced once for all who were asking', async () => {
    vi.useRealTimers()
    const connections = createAdministrativeConnections(access)
    const ask = () => connections.query(INSTANCE, STATEMENT, [])
    const asked = [ask(), ask(), ask()]
    await pause(ANSWER_MS / 4)
    void opened[0]?.end()
    await expect(Promise.all(asked)).resolves.toHaveLength(3)
    expect(opened.length).toBe(2)
  })

  it('to a former place answers whoever asked there, while others ask at the new one and back', async () => {
    const connections = createAdministrativeConnections(access)
    const at = (socketDirectory: string) => ({
      ...INSTANCE,
      backend: { ...INSTANCE.backend, kind: 'embedded' as const, socketDirectory },
    })
    const asked = ['/before', '/after', '/before', '/after', '/before'].map((place) =>
      connections.query(at(place), STATEMENT, []),
    )
    await vi.advanceTimersByTimeAsync(10 * ANSWER_MS)
    await expect(Promise.all(asked)).resolves.toHaveLength(5)
    // Those that nobody asks any more are closed.
    expect(opened.filter(({ isEnded }) => !isEnded)).toHaveLength(1)
  })
})
