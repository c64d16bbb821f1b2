/** The cancel keys of the backends of this process; they find the session that a cancel request is for. */
import type { InstanceUid } from '../../domain/ids.ts'
import type { CancelRequest } from '../../protocol/startup.ts'
import { isSameKey, readBackendKey, type SessionKey } from './session-keys.ts'

export interface CancelKeys {
  /** Runs a session; until it is over, it can be found by the key in its greeting. */
  keep(instanceUid: InstanceUid, greeting: Buffer, run: () => Promise<void>): Promise<void>
  /** A key has at least 32 random bits beside the process id; two instances may still have the same pair. */
  findByKey(request: CancelRequest): readonly SessionKey[]
}

export function createCancelKeys(): CancelKeys {
  /** By process id, which every cancel request carries; sessions of different instances may have the same one. */
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
