/**
 * The hints of this control plane in order. Hints about the same thing within a short time become one, and the last
 * thousand are kept for clients that were disconnected for a moment. Nothing waits for a hint.
 */
import type { LiveHint } from '../domain/live-hint.ts'

export interface NumberedHint {
  /** Means nothing to another control plane or after a restart. */
  readonly id: string
  readonly hint: LiveHint
}

export interface HintJournal {
  say(hint: LiveHint): void
  /** Discards everything before now: a client with an older id must treat everything as changed. */
  forget(): void
  lastId(): string
  /** @returns undefined when it is not known what came after that id */
  since(id: string): readonly NumberedHint[] | undefined
}

export interface HintJournalPorts {
  readonly newEpoch: () => string
  readonly uptimeMs: () => number
  readonly after: (milliseconds: number, work: () => void) => void
  /** Called with the new hints, at most once per `pauseMs`. */
  readonly onHints: (hints: readonly NumberedHint[]) => void
}

const MOST_KEPT = 1_000
const PAUSE_MS = 500

export function createHintJournal(
  ports: HintJournalPorts,
  { mostKept = MOST_KEPT, pauseMs = PAUSE_MS } = {},
): HintJournal {
  let epoch = ports.newEpoch()
  /** Number of hints in this epoch; the next one is stored at this number modulo `mostKept`. */
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
      // Of several hints about the same thing, only the last one.
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
