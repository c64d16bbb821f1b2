/**
 * Questions to a SQL session that are not runs and have one answer each: the catalog, and the pieces of a huge cell.
 */
import type { SqlCatalogQuestion, SqlClientFrame, SqlError, SqlServerFrame } from '@lakegate/client'
import { messages } from '../messages/index.ts'

export interface CellPlace {
  readonly run: number
  readonly statement: number
  readonly row: number
  readonly column: number
  /** In characters. */
  readonly offset: number
}

export interface CellPiece {
  readonly text: string
  readonly isLast: boolean
}

/** PostgreSQL refused the question, or the session ended before the answer (then without `error`). */
class SqlQuestionError extends Error {
  readonly error: SqlError | undefined

  constructor(error?: SqlError) {
    super(error?.message ?? messages.sql.endedBeforeAnswer)
    this.name = 'SqlQuestionError'
    this.error = error
  }
}

type Rows = readonly (readonly (string | null)[])[]

interface Waiting<Answer> {
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: Error) => void
}

const keyOf = ({ run, statement, row, column, offset }: CellPlace): string =>
  [run, statement, row, column, offset].join(':')

export function createQuestions(send: (frame: SqlClientFrame) => void) {
  const asked = new Map<number, Waiting<Rows>>()
  const cells = new Map<string, Waiting<CellPiece>>()
  /** Questions that wait until no run is in progress. */
  const queue: SqlClientFrame[] = []
  let last = 0
  let isReady = false

  return {
    /** Whether the session is open and nothing is running. */
    setReady(ready: boolean): void {
      isReady = ready
      if (isReady) for (const frame of queue.splice(0)) send(frame)
    },

    ask(question: SqlCatalogQuestion): Promise<Rows> {
      last += 1
      const frame: SqlClientFrame = { type: 'catalog', question: last, sql: question }
      const number = last
      return new Promise((resolve, reject) => {
        asked.set(number, { resolve, reject })
        if (isReady) send(frame)
        else queue.push(frame)
      })
    },

    loadCell(place: CellPlace): Promise<CellPiece> {
      return new Promise((resolve, reject) => {
        cells.set(keyOf(place), { resolve, reject })
        send({ type: 'cell', ...place })
      })
    },

    take(frame: SqlServerFrame): void {
      if (frame.type === 'catalog') {
        const waiting = asked.get(frame.question)
        asked.delete(frame.question)
        if (frame.error === undefined) waiting?.resolve(frame.rows)
        else waiting?.reject(new SqlQuestionError(frame.error))
      }
      if (frame.type === 'cell') {
        const waiting = cells.get(keyOf(frame))
        cells.delete(keyOf(frame))
        waiting?.resolve({ text: frame.text, isLast: frame.is_last })
      }
      // A cell that is no longer kept; the panel requests one piece at a time.
      if (frame.type === 'not_understood' && (frame.frame === undefined || frame.frame === 'cell')) {
        for (const { reject } of cells.values()) reject(new SqlQuestionError())
        cells.clear()
      }
    },

    /** Rejects all open questions, because nobody will answer them any more. */
    giveUp(): void {
      queue.length = 0
      const waiting = [...asked.values(), ...cells.values()]
      asked.clear()
      cells.clear()
      for (const { reject } of waiting) reject(new SqlQuestionError())
    },
  }
}
