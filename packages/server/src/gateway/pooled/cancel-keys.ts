/**
 * The keys for cancel requests that sessions of the pooled endpoint get. The gateway makes them, because a session's
 * backend changes. A key finds its session, and reaches a backend only while that backend works for the session (attack
 * 13).
 */
import { randomBytes, randomInt, timingSafeEqual } from 'node:crypto'
import type { ProtocolVersion } from '../../protocol/startup.ts'

export interface CancelKey {
  readonly processId: number
  readonly key: Buffer
}

interface Holder {
  readonly key: Buffer
  readonly cancel: () => Promise<void>
}

const LARGEST_PROCESS_ID = 0x7fff_ffff
/**
 * Protocol 3.0 has room for 4 bytes; with the random process id that makes 63 bits. 3.2 allows the length that
 * PostgreSQL 18 uses.
 */
const keyLength = ({ minor }: ProtocolVersion): number => (minor >= 2 ? 32 : 4)

export class CancelKeys {
  readonly #holders = new Map<number, Holder>()

  give(version: ProtocolVersion, cancel: () => Promise<void>): CancelKey & { readonly forget: () => void } {
    let processId = randomInt(1, LARGEST_PROCESS_ID)
    while (this.#holders.has(processId)) processId = randomInt(1, LARGEST_PROCESS_ID)
    const key = randomBytes(keyLength(version))
    this.#holders.set(processId, { key, cancel })
    return { processId, key, forget: () => this.#holders.delete(processId) }
  }

  /** @returns whether the key is one of ours; the client gets no answer either way */
  async cancel({ processId, key }: CancelKey): Promise<boolean> {
    const holder = this.#holders.get(processId)
    if (holder?.key.length !== key.length || !timingSafeEqual(holder.key, key)) return false
    await holder.cancel()
    return true
  }
}
