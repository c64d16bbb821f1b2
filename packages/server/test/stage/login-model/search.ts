/** Searches for counter-examples, and shortens those that it finds: the same seed finds the same again. */
import fc from 'fast-check'
import type { Lakegate } from '../lakegate.ts'
import { buildArena, type Arena } from './arena.ts'
import { assembleCast } from './cast.ts'
import { runSequence } from './run-sequence.ts'
import { keepSessions, type Sessions } from './sessions.ts'
import { anySequence, type Sequence } from './statements.ts'

export interface SearchReport {
  readonly sequences: number
  readonly statements: number
  /** Statements that PostgreSQL or Lakegate accepted. */
  readonly accepted: number
  /** Each with its seed and the shortest sequence that shows it. */
  readonly counterExamples: readonly string[]
}

export interface Search {
  readonly sequences: number
  readonly seed: number
  readonly longest?: number
  /** How many counter-examples to look for before it gives up. */
  readonly enough?: number
}

const LONGEST = 14
/** Every shortening plays a sequence again. */
const SHORTENINGS = 150

/** @throws when the arena cannot be built or put back in order */
export async function inArena<Result>(
  lakegate: Lakegate,
  work: (arena: Arena, sessions: Sessions) => Promise<Result>,
): Promise<Result> {
  const arena = await buildArena(lakegate, await assembleCast(lakegate))
  const sessions = keepSessions(arena)
  try {
    return await work(arena, sessions)
  } finally {
    await sessions.close()
    await arena.close()
  }
}

/** @param onProgress how many sequences were played so far */
export async function search(
  arena: Arena,
  sessions: Sessions,
  { sequences, seed, longest = LONGEST, enough = 1 }: Search,
  onProgress: (played: number) => void = () => undefined,
): Promise<SearchReport> {
  const counterExamples: string[] = []
  /** Of each kind one counter-example is enough. */
  const known = new Set<string>()
  let lastKind = ''
  const counted = { sequences: 0, statements: 0, accepted: 0 }
  const play = async (sequence: Sequence): Promise<readonly string[]> => {
    const { trace, findings, kind } = await runSequence(arena, sessions, sequence)
    counted.statements += trace.length
    counted.accepted += trace.filter((line) => line.endsWith('-> ok')).length
    if (findings.length === 0 || known.has(kind)) return []
    lastKind = kind
    return [...trace, ...findings.map((finding) => `=> ${finding}`)]
  }
  for (let next = seed; counted.sequences < sequences && counterExamples.length < enough; next += 1) {
    const runs = sequences - counted.sequences
    let shortenings = 0
    let broken: Error | undefined
    const result = await fc.check(
      fc.asyncProperty(anySequence(longest), async (sequence) => {
        if (shortenings > SHORTENINGS || broken !== undefined) return
        if (shortenings > 0) shortenings += 1
        else onProgress((counted.sequences += 1))
        const found = await play(sequence).catch((error: unknown) => {
          broken = error instanceof Error ? error : new Error('the stage failed', { cause: error })
          return []
        })
        if (found.length === 0) return
        shortenings ||= 1
        throw new Error(found.join('\n'))
      }),
      {
        seed: next,
        numRuns: runs,
        endOnFailure: false,
      },
    )
    // Not the product failed but the stage, or the machine.
    if (broken !== undefined) throw broken
    if (result.failed) {
      const why = result.errorInstance instanceof Error ? result.errorInstance.message : 'no reason'
      known.add(lastKind)
      counterExamples.push(`seed ${String(next)}:\n${why}`)
    }
  }
  return { ...counted, counterExamples }
}
