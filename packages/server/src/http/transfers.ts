/**
 * Bounds the memory that large requests and answers take at one moment, in all and for each caller, because a body is
 * held whole: without a bound a member with a slow line and many connections would fill it.
 */
import type { IdentityId } from '../domain/ids.ts'

const MOST_BYTES = 256 * 1024 * 1024
const MOST_BYTES_OF_ONE = 64 * 1024 * 1024

export interface Transfers {
  /** Undefined when there is no room at the moment; otherwise gives the room back, once. */
  begin(caller: IdentityId, bytes: number): (() => void) | undefined
}

export function createTransfers(): Transfers {
  const under = new Map<IdentityId, number>()
  let all = 0
  return {
    begin(caller, bytes) {
      const own = (under.get(caller) ?? 0) + bytes
      if (own > MOST_BYTES_OF_ONE || all + bytes > MOST_BYTES) return undefined
      under.set(caller, own)
      all += bytes
      let isOver = false
      return () => {
        if (isOver) return
        isOver = true
        all -= bytes
        const left = (under.get(caller) ?? 0) - bytes
        if (left > 0) under.set(caller, left)
        else under.delete(caller)
      }
    },
  }
}
