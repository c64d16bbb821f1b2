/**
 * Limits the memory that large requests and answers use at one moment, in total and for each caller, because a body is
 * kept in memory whole. Without a limit, a workspace member with a slow line and many connections could fill the
 * memory.
 */
import type { IdentityId } from '../domain/ids.ts'

const MOST_BYTES = 256 * 1024 * 1024
const MOST_BYTES_OF_ONE = 64 * 1024 * 1024
/** The largest file within this time means 90 kB a second. */
const LONGEST_MS = 120_000

export interface Transfers {
  /**
   * @param abort called when it takes too long: a client that does not read would otherwise keep the room for ever
   * @returns undefined when there is no room at the moment; otherwise a function that gives the room back, once
   */
  begin(caller: IdentityId, bytes: number, abort: () => void): (() => void) | undefined
}

export function createTransfers(): Transfers {
  const under = new Map<IdentityId, number>()
  let all = 0
  return {
    begin(caller, bytes, abort) {
      const own = (under.get(caller) ?? 0) + bytes
      if (own > MOST_BYTES_OF_ONE || all + bytes > MOST_BYTES) return undefined
      under.set(caller, own)
      all += bytes
      const deadline = setTimeout(abort, LONGEST_MS).unref()
      let isOver = false
      return () => {
        if (isOver) return
        isOver = true
        clearTimeout(deadline)
        all -= bytes
        const left = (under.get(caller) ?? 0) - bytes
        if (left > 0) under.set(caller, left)
        else under.delete(caller)
      }
    },
  }
}
