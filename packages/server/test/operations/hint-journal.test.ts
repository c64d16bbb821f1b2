import { describe, expect, it } from 'vitest'
import type { LiveHint } from '../../src/domain/live-hint.ts'
import type { InstanceUid } from '../../src/domain/ids.ts'
import { createHintJournal, type NumberedHint } from '../../src/operations/hint-journal.ts'
import { FOREIGN_INSTANCE, WORKSPACE } from '../policy/facts.ts'

const sessionsOf = (name: string): LiveHint => ({
  kind: 'sessions',
  instance: { ...FOREIGN_INSTANCE, uid: name as InstanceUid, name },
})
const AUDIT: LiveHint = { kind: 'audit', workspaceId: WORKSPACE }

function world() {
  let now = 0
  let epochs = 0
  let waiting: { at: number; work: () => void }[] = []
  const heard: { at: number; hints: readonly NumberedHint[] }[] = []
  const journal = createHintJournal(
    {
      newEpoch: () => `epoch${String((epochs += 1))}`,
      uptimeMs: () => now,
      after: (milliseconds, work) => void waiting.push({ at: now + milliseconds, work }),
      onHints: (hints) => void heard.push({ at: now, hints }),
    },
    { mostKept: 10, pauseMs: 500 },
  )
  return {
    journal,
    heard,
    waiting: () => waiting.length,
    to(next: number) {
      now = next
      const due = waiting.filter(({ at }) => at <= now)
      waiting = waiting.filter(({ at }) => at > now)
      for (const { work } of due) work()
    },
    names: (hints: readonly NumberedHint[] | undefined) =>
      hints?.map(({ hint }) => (hint.kind === 'audit' ? 'audit' : hint.instance.name)),
  }
}

describe('hints', () => {
  it('are told at once, and those of the next half second together and once', () => {
    const { journal, heard, to, names, waiting } = world()
    to(1000)
    journal.say(sessionsOf('a'))
    to(1000)
    for (let at = 1001; at < 1500; at += 1) {
      to(at)
      journal.say(sessionsOf('a'))
      journal.say(AUDIT)
    }
    expect(waiting()).toBe(1)
    to(1500)
    expect(heard.map(({ at }) => at)).toEqual([1000, 1500])
    expect(heard.map(({ hints }) => names(hints))).toEqual([['a'], ['a', 'audit']])
  })

  it('are told to who was away, those that say the same once', () => {
    const { journal, to, names } = world()
    const before = journal.lastId()
    for (const [at, name] of ['a', 'b', 'a', 'c'].entries()) {
      journal.say(sessionsOf(name))
      to((at + 1) * 1000)
    }
    expect(names(journal.since(before))).toEqual(['b', 'a', 'c'])
    expect(journal.since(before)?.at(-1)?.id).toBe(journal.lastId())
    expect(journal.since(journal.lastId())).toEqual([])
  })

  it('are unknown when they are too old, of another server, or made up', () => {
    const { journal, to } = world()
    const first = journal.lastId()
    for (let at = 0; at < 11; at += 1) {
      journal.say(sessionsOf('a'))
      to((at + 1) * 1000)
    }
    expect(journal.since(first)).toBeUndefined()
    for (const id of ['', 'other.3', 'epoch1', 'epoch1.', 'epoch1.99', 'epoch1.-1', 'epoch1.1e1'])
      expect(journal.since(id)).toBeUndefined()
  })

  it('are unknown after some were missed', () => {
    const { journal, to } = world()
    const before = journal.lastId()
    journal.forget()
    expect(journal.since(before)).toBeUndefined()
    journal.say(AUDIT)
    to(1000)
    expect(journal.lastId()).toBe('epoch2.1')
  })
})
