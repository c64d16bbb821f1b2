/** The keys of the backends of this process: which session a cancel request means. */
import type { InstanceUid } from '../../domain/ids.ts'
import type { CancelRequest } from '../../protocol/startup.ts'
import { isSameKey, readBackendKey, type SessionKey } from './session-keys.ts'

export interface CancelKeys {
  /** Runs a session, and knows it by the key in its greeting until it is over. */
  keep(instanceUid: InstanceUid, greeting: Buffer, run: () => Promise<void>): Promise<void>
  /** A key is 32 bits or more of randomness beside a process id; two instances may have the same pair. */
  findByKey(request: CancelRequest): readonly SessionKey[]
}

export function createCancelKeys(): CancelKeys {
  /** By process id, because a cancel request comes with one; a few instances may use the same. */
  const byProcess = new Map<number, Set<SessionKey>>()

  function remember(key: SessionKey): () => void {
    const others = byProcess.get(key.processId) ?? new Set()
    byProcess.set(key.processId, others.add(key))
    return () => {
      others.delete(key)
      if (others.size === 0) byProcess.delete(key.processId)
    }
  }

  return {
    async keep(instanceUid, greeting, run) {
      const key = readBackendKey(greeting)
      const forget = key === undefined ? () => undefined : remember({ instanceUid, ...key })
      try {
        await run()
      } finally {
        forget()
      }
    },
    findByKey: (request) =>
      [...(byProcess.get(request.processId) ?? [])].filter((key) => isSameKey(key, request)),
  }
}
