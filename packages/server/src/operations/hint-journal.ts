/**
 * The hints of this control plane in their order: those of one moment become one, and the last thousand are kept for who was
 * away for a moment. Only what somebody may have missed is remembered, nothing is awaited.
 */
import type { LiveHint } from '../domain/live-hint.ts'

export interface NumberedHint {
  /** Means nothing to another control plane, nor after a restart. */
  readonly id: string
  readonly hint: LiveHint
}

export interface HintJournal {
  say(hint: LiveHint): void
  /** From here on nothing is known of what was before: what has an older id must take everything for changed. */
  forget(): void
  lastId(): string
  /** @returns undefined when nobody knows what came behind that id */
  since(id: string): readonly NumberedHint[] | undefined
}

export interface HintJournalPorts {
  readonly newEpoch: () => string
  readonly uptimeMs: () => number
  readonly after: (milliseconds: number, work: () => void) => void
  /** Told of what is new, at most once in `pauseMs`. */
  readonly onHints: (hints: readonly NumberedHint[]) => void
}

const MOST_KEPT = 1_000
const PAUSE_MS = 500

export function createHintJournal(
  ports: HintJournalPorts,
  { mostKept = MOST_KEPT, pauseMs = PAUSE_MS } = {},
): HintJournal {
  let epoch = ports.newEpoch()
  /** How many there have been in this epoch; the place of the next one is this modulo `mostKept`. */
  let count = 0
  let kept: LiveHint[] = []
  const pending = new Map<string, LiveHint>()
  let isWaiting = false
  let lastPublished = -Infinity

  const idOf = (number: number): string => `${epoch}.${String(number)}`

  function publish(): void {
    isWaiting = false
    lastPublished = ports.uptimeMs()
    const hints = [...pending.values()].map((hint) => {
      kept[count % mostKept] = hint
      count += 1
      return { id: idOf(count), hint }
    })
    pending.clear()
    ports.onHints(hints)
  }

  return {
    say(hint) {
      pending.set(keyOf(hint), hint)
      if (isWaiting) return
      isWaiting = true
      ports.after(Math.max(0, lastPublished + pauseMs - ports.uptimeMs()), publish)
    },
    forget() {
      epoch = ports.newEpoch()
      count = 0
      kept = []
    },
    lastId: () => idOf(count),
    since(id) {
      const [ofEpoch, number = ''] = id.split('.')
      const seen = /^\d{1,15}$/.test(number) ? Number(number) : undefined
      if (ofEpoch !== epoch || seen === undefined || seen > count || seen < count - mostKept) return undefined
      // Of many that say the same, the last one.
      const found = new Map<string, NumberedHint>()
      for (let next = seen; next < count; next += 1) {
        const hint = kept[next % mostKept]
        if (hint === undefined) return undefined
        found.delete(keyOf(hint))
        found.set(keyOf(hint), { id: idOf(next + 1), hint })
      }
      return [...found.values()]
    },
  }
}

const keyOf = (hint: LiveHint): string =>
  hint.kind === 'audit' ? `audit ${hint.workspaceId ?? ''}` : `${hint.kind} ${hint.instance.uid}`
