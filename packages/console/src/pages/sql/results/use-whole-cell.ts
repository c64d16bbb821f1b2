/** Loads a huge cell piece by piece, up to the limit of the console. */
import type { SqlCell } from '@lakegate/client'
import { useState } from 'react'
import type { SqlSession } from '../../../data/sql-session.ts'
import { isCut } from '../values/cell-text.ts'

/** In bytes; the server keeps no more of one cell. */
export const LARGEST_CELL = 8_000_000

export interface CellAddress {
  readonly run: number
  readonly statement: number
  readonly row: number
  readonly column: number
}

export interface WholeCell {
  /** The pieces loaded so far. */
  readonly pieces: readonly string[]
  readonly isWhole: boolean
  readonly isLoading: boolean
  /** The server no longer has the cell. */
  readonly isGone: boolean
  /** Loads one more piece. */
  readonly load: () => Promise<void>
  /** Loads everything up to the limit of the console. */
  readonly loadAll: () => Promise<void>
}

interface Loaded {
  readonly pieces: readonly string[]
  readonly isLast: boolean
}

export function useWholeCell(session: SqlSession, address: CellAddress, cell: SqlCell): WholeCell {
  const [loaded, setLoaded] = useState<Loaded>(() => ({
    pieces: [isCut(cell) ? cell.beginning : (cell ?? '')],
    isLast: !isCut(cell),
  }))
  const [isLoading, setLoading] = useState(false)
  const [isGone, setGone] = useState(false)

  const next = async ({ pieces }: Loaded): Promise<Loaded> => {
    const offset = pieces.reduce((sum, piece) => sum + piece.length, 0)
    const { text, isLast } = await session.loadCell({ ...address, offset })
    return { pieces: [...pieces, text], isLast }
  }
  const loadUntil = async (isEnough: (now: Loaded) => boolean) => {
    setLoading(true)
    try {
      let now = loaded
      do {
        const more = await next(now)
        // An empty piece means that the server no longer has the cell: it keeps only the cells of the last run.
        if (more.pieces.at(-1) === '') {
          setGone(true)
          return
        }
        now = more
        setLoaded(now)
      } while (!now.isLast && !isEnough(now))
    } catch {
      setGone(true)
    } finally {
      setLoading(false)
    }
  }
  const length = ({ pieces }: Loaded) => pieces.reduce((sum, piece) => sum + piece.length, 0)
  return {
    pieces: loaded.pieces,
    isWhole: loaded.isLast,
    isLoading,
    isGone,
    load: () => loadUntil(() => true),
    loadAll: () => loadUntil((now) => length(now) >= LARGEST_CELL),
  }
}
