/**
 * The sessions of this process, by their keys, at most five per person; and how recent sessions ended, for browsers
 * that still ask.
 */
import { createHash } from 'node:crypto'
import type { SqlServerFrame } from '@lakegate/client'
import type { Hello, SqlSession } from './session.ts'

const MOST_OF_A_PERSON = 5
/** WebSockets of a person that have no session yet. */
const MOST_BEGINNING = 10
const REMEMBERED_ENDS = 1_000
const END_REMEMBERED_MS = 10 * 60_000

export interface RegisteredSession {
  readonly session: SqlSession
  readonly hello: Hello
  readonly personId: string
  /** The browser session in which it was opened; only that one may resume it. */
  readonly consoleSessionId: string
  /** The WebSocket that receives its frames now. */
  readonly line: { socket: Closable | undefined }
}

export interface Closable {
  close(code: number, reason: string): void
}

export interface SessionRegistry {
  /** @returns a function that gives the place back, once; undefined when the person has no place left */
  takePlace(personId: string): (() => void) | undefined
  /** The same for a WebSocket that has no session yet. */
  takeBeginning(personId: string): (() => void) | undefined
  add(key: string, registered: RegisteredSession): void
  find(key: string): RegisteredSession | undefined
  remove(key: string, last: SqlServerFrame, now: Date): void
  /** How the session with this key ended, for the browser that had it. */
  endOf(key: string, consoleSessionId: string, now: Date): SqlServerFrame | undefined
  all(): readonly RegisteredSession[]
}

export function createSessionRegistry(): SessionRegistry {
  const sessions = new Map<string, RegisteredSession>()
  const ends = new Map<string, { readonly last: SqlServerFrame; readonly at: Date; readonly by: string }>()
  const places = createCounts(MOST_OF_A_PERSON)
  const beginnings = createCounts(MOST_BEGINNING)

  return {
    takePlace: places.take,
    takeBeginning: beginnings.take,
    add(key, registered) {
      sessions.set(hashOf(key), registered)
    },
    find: (key) => sessions.get(hashOf(key)),
    remove(key, last, now) {
      const hash = hashOf(key)
      const registered = sessions.get(hash)
      if (registered === undefined) return
      sessions.delete(hash)
      ends.set(hash, { last, at: now, by: registered.consoleSessionId })
      const [oldest] = ends.keys()
      if (ends.size > REMEMBERED_ENDS && oldest !== undefined) ends.delete(oldest)
    },
    endOf(key, consoleSessionId, now) {
      const end = ends.get(hashOf(key))
      const isTheirs = end?.by === consoleSessionId && now.getTime() - end.at.getTime() < END_REMEMBERED_MS
      return isTheirs ? end.last : undefined
    },
    all: () => [...sessions.values()],
  }
}

/** Looked up by its hash, so that the time of the look-up reveals nothing about the key. */
const hashOf = (key: string): string => createHash('sha256').update(key, 'utf8').digest('base64')

function createCounts(most: number): { take(of: string): (() => void) | undefined } {
  const counts = new Map<string, number>()
  return {
    take(of) {
      const taken = counts.get(of) ?? 0
      if (taken >= most) return undefined
      counts.set(of, taken + 1)
      let isGiven = false
      return () => {
        if (isGiven) return
        isGiven = true
        const left = (counts.get(of) ?? 1) - 1
        if (left > 0) counts.set(of, left)
        else counts.delete(of)
      }
    },
  }
}
