/**
 * Replication connections: change data capture by logical replication, for a role to which a manager gave REPLICATION,
 * on an instance where it is enabled, at the direct endpoint. Physical replication is never allowed, because it copies
 * every database of the cluster and the passwords of all roles.
 */
import { logicalReplicationEnabled } from '../../domain/database-instance.ts'
import type { Admission } from '../../operations/login/admission.ts'
import { refused, type RefusedError } from '../../operations/refused-error.ts'
import { LONGEST_MESSAGE } from '../../protocol/limits.ts'
import { MessageScanner } from '../../protocol/message-scanner.ts'
import { FRONTEND } from '../../protocol/message-types.ts'
import {
  isLogicalReplication,
  LONGEST_REPLICATION_PREFIX,
  replicationModeOf,
} from '../../protocol/replication.ts'
import type { StartupMessage } from '../../protocol/startup.ts'
import type { ClientGuard } from './relay.ts'

const HEADER_BYTES = 5

/**
 * Decided before any proof, from what the client claims to be.
 * @throws RefusedError physical_replication_refused, protocol_violation
 */
export function wantsReplication(message: StartupMessage): boolean {
  switch (replicationModeOf(message)) {
    case 'none':
      return false
    case 'logical':
      return true
    case 'physical':
      throw physicalRefused()
    case 'ambiguous':
      throw refused('protocol_violation', { violation: 'the parameter replication is given twice' })
  }
}

/** PostgreSQL itself checks whether the role has REPLICATION. @throws RefusedError */
export function requireLogicalReplication({ instance, roleName, claimedTables }: Admission): void {
  // Claims are opened by statements that a replication connection does not accept, and a slot does not check them.
  if (claimedTables.length > 0) throw refused('claims_not_replicated', { role: roleName })
  if (instance.backend.kind === 'attached') throw refused('replication_not_attached')
  if (!logicalReplicationEnabled(instance.settings))
    throw refused('replication_not_enabled', { name: instance.name })
}

/** Passes on the messages of a logical replication client unchanged, and refuses commands of physical replication. */
export function guardReplication(): ClientGuard {
  const scanner = new MessageScanner({
    longestOf: () => LONGEST_MESSAGE,
    prefixOf: (type) => HEADER_BYTES + (type === FRONTEND.query ? LONGEST_REPLICATION_PREFIX : 0),
  })
  return {
    admit(chunk) {
      const admitted: Buffer[] = []
      scanner.push(chunk)
      for (;;) {
        const seen = scanner.see()
        if (seen === 'need_more') return admitted
        if (seen === 'violation')
          return refused('protocol_violation', { violation: 'invalid message length' })
        if (seen === 'message' && scanner.type === FRONTEND.query && !isLogicalReplication(textOf(scanner)))
          return physicalRefused()
        admitted.push(scanner.view(scanner.start, scanner.end))
        scanner.take()
      }
    },
  }
}

/** Without the zero byte at its end. */
function textOf(scanner: MessageScanner): Buffer {
  const body = scanner.body()
  const end = body.indexOf(0)
  return end === -1 ? body : body.subarray(0, end)
}

const physicalRefused = (): RefusedError => refused('physical_replication_refused')
