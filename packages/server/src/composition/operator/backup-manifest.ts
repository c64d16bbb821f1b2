/**
 * `lakegate-backup.json`: what a backup consists of, and what it was made of. Written last, so that a directory without it
 * is no backup.
 */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { Fault } from '../../domain/fault.ts'
import { hasCode } from '../../instances/embedded/error-code.ts'

export const BACKUP_MANIFEST = 'lakegate-backup.json'
/** Raised when an older program could not restore it rightly. */
export const BACKUP_FORMAT = 1
/** In the backup, where it was asked for. */
export const KEY_IN_BACKUP = 'master.key'

const STORED_FILE = z.object({
  name: z.string().regex(/^[\w.-]+$/),
  size: z.number().int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
})

/** Names, versions and dates are printed before anything else is known about the backup. */
const VERSION = z.string().regex(/^[\w.+-]{1,100}$/)

const CLUSTER = z.object({
  kind: z.enum(['system', 'instance']),
  /** `system`, or the uid of the instance. */
  id: z.string().regex(/^[0-9a-z-]+$/),
  /** What people call it. */
  name: z.string().regex(/^[\w .-]{1,200}$/),
  system_identifier: z.string().regex(/^\d+$/).optional(),
  postgres_major: z.number().int(),
  files: z.array(STORED_FILE),
})

const MANIFEST = z.object({
  format: z.number().int(),
  lakegate_version: VERSION,
  made_at: z.iso.datetime(),
  platform: z.string().regex(/^[\w-]{1,100}$/),
  system_database: z.enum(['included', 'external']),
  /** The last migration of the system database; left out where it is external. */
  last_migration: z.string().optional(),
  master_key: z.object({
    /** Recognises the key and says nothing about it. */
    fingerprint: z.string(),
    included: z.boolean(),
  }),
  clusters: z.array(CLUSTER),
})

export type BackupManifest = z.infer<typeof MANIFEST>
export type ClusterInBackup = z.infer<typeof CLUSTER>

/** Below the directory of the backup, and below the data directory alike. */
export const directoryOf = ({ kind, id }: Pick<ClusterInBackup, 'kind' | 'id'>): string =>
  kind === 'system' ? 'system' : path.join('instances', id)

/** @throws Fault backup_incomplete, backup_newer */
export async function readBackupManifest(directory: string): Promise<BackupManifest> {
  const file = path.join(directory, BACKUP_MANIFEST)
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    if (hasCode(cause, 'ENOENT', 'ENOTDIR'))
      throw incomplete(directory, `there is no ${BACKUP_MANIFEST} in it`)
    throw cause
  })
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch {
    throw incomplete(directory, `${BACKUP_MANIFEST} is no JSON`)
  }
  const { data: head } = z.object({ format: z.number(), lakegate_version: VERSION }).safeParse(content)
  if (head !== undefined && head.format > BACKUP_FORMAT) throw newer(directory, head.lakegate_version)
  const parsed = MANIFEST.safeParse(content)
  if (!parsed.success)
    throw incomplete(
      directory,
      `${BACKUP_MANIFEST} does not say what it should (${parsed.error.issues[0]?.path.join('.') ?? ''})`,
    )
  return parsed.data
}

export const incomplete = (directory: string, problem: string): Fault =>
  new Fault({
    code: 'backup_incomplete',
    origin: 'configuration',
    message: `${directory} is no complete backup: ${problem}.`,
    nextStep: 'Name the directory that `lakegate backup` made, or an earlier backup.',
  })

export const newer = (directory: string, version: string): Fault =>
  new Fault({
    code: 'backup_newer',
    origin: 'configuration',
    message: `The backup ${directory} was made by a later version of Lakegate (${version}).`,
    nextStep: 'Restore it with that version or a later one.',
  })
