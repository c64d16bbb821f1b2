/**
 * A base backup of a local cluster that runs: its files as one archive with the write-ahead log that makes them
 * consistent, and PostgreSQL's own manifest with a SHA-256 of each file (PostgreSQL, «BASE_BACKUP»).
 */
import { randomUUID } from 'node:crypto'
import { Fault } from '../../domain/fault.ts'
import { BACKEND } from '../../protocol/message-types.ts'
import { columnsOf, openWalsender, type Walsender } from './walsender.ts'

/** A piece of what is to be stored, in order: the archive first, then the manifest. */
export interface BackupPiece {
  readonly of: 'archive' | 'manifest'
  readonly bytes: Buffer
}

/**
 * Reads it as fast as the caller stores it. The first checkpoint is made at once.
 * @throws Fault cluster_unreachable, base_backup_failed, tablespaces_not_supported
 */
export async function* takeBaseBackup(cluster: {
  readonly socketDirectory: string
  readonly superuser: string
}): AsyncGenerator<BackupPiece> {
  const walsender = await openWalsender(cluster.socketDirectory, cluster.superuser)
  try {
    await keepWriteAheadLog(walsender)
    yield* piecesOf(
      walsender.ask(
        "BASE_BACKUP (LABEL 'lakegate backup', CHECKPOINT 'fast', WAL, MANIFEST 'yes', MANIFEST_CHECKSUMS 'SHA256')",
      ),
    )
  } finally {
    walsender.close()
  }
}

/**
 * The log that is written meanwhile comes at the end, and must not have been removed by then: a slot of this connection
 * keeps it. Where all slots are taken, PostgreSQL keeps as much as max_wal_size, and reports an error if that was too
 * little.
 */
async function keepWriteAheadLog(walsender: Walsender): Promise<void> {
  const name = `lakegate_backup_${randomUUID().replaceAll('-', '_')}`
  try {
    for await (const _message of walsender.ask(
      `CREATE_REPLICATION_SLOT "${name}" TEMPORARY PHYSICAL (RESERVE_WAL)`,
    ));
  } catch (error) {
    if (!(error instanceof Fault) || !error.message.includes('slots')) throw error
  }
}

async function* piecesOf(messages: ReturnType<Walsender['ask']>): AsyncGenerator<BackupPiece> {
  let current: BackupPiece['of'] | undefined
  let resultSets = 0
  for await (const { type, body } of messages) {
    if (type === BACKEND.rowDescription) resultSets += 1
    // The second result set names the tablespaces; the data directory is the one without an oid.
    if (type === BACKEND.dataRow && resultSets === 2) refuseTablespace(columnsOf(body))
    if (type !== BACKEND.copyData) continue
    const content = body.subarray(1)
    switch (String.fromCharCode(body[0] ?? 0)) {
      case 'n':
        current = 'archive'
        break
      case 'm':
        current = 'manifest'
        break
      case 'd':
        if (current !== undefined) yield { of: current, bytes: content }
        break
      default:
        // Progress, which was not asked for.
        break
    }
  }
}

function refuseTablespace([oid, location]: readonly (string | undefined)[]): void {
  if (oid === undefined) return
  throw new Fault({
    code: 'tablespaces_not_supported',
    origin: 'instance',
    message: `The cluster has a tablespace at ${location ?? oid}, which Lakegate does not back up.`,
    nextStep:
      'Move what is in it into the default tablespace (ALTER TABLE … SET TABLESPACE pg_default), and drop it.',
  })
}
