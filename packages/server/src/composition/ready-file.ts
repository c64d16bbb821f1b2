/**
 * The file that tells scripts and CI jobs that everything is ready, and how to get in. It holds the administrator's
 * token, hence mode 0600. It appears complete or not at all, and is removed when the server stops.
 */
import { randomUUID } from 'node:crypto'
import type { Stats } from 'node:fs'
import { open, readFile, rename, rm, stat } from 'node:fs/promises'
import { Fault } from '../domain/fault.ts'

/** The contents, as issue scripts read them. */
export interface ReadyReport {
  readonly http_url: string
  readonly account_id: string
  readonly workspace_id: string
  readonly admin_user: string
  /** A personal access token of the administrator. */
  readonly admin_token: string
  readonly ca_file: string
  /** Null when no instance is available: all of them are stopped, or there is none. */
  readonly instance: {
    readonly name: string
    readonly uid: string
    readonly host: string
    readonly port: number
    /** The pooled endpoint; left out where there is none. */
    readonly pooled_host?: string
    readonly pooled_port?: number
    readonly database: string
  } | null
}

/** The report of a gateway without a control plane. */
export interface GatewayReadyReport {
  readonly gateway: readonly { readonly host: string; readonly port: number }[]
  /** Answers /healthz, /readyz and /metrics. */
  readonly health_url: string
}

/** @throws Fault ready_file_not_writable */
export async function writeReadyFile(path: string, report: ReadyReport | GatewayReadyReport): Promise<void> {
  const unfinished = `${path}.${randomUUID()}`
  try {
    const file = await open(unfinished, 'wx', 0o600)
    try {
      await file.writeFile(`${JSON.stringify(report, null, 2)}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(unfinished, path)
  } catch (cause) {
    await rm(unfinished, { force: true })
    throw unusable(path, 'written', cause)
  }
}

const unusable = (path: string, what: 'written' | 'removed', cause: unknown): Fault =>
  new Fault({
    code: 'ready_file_not_writable',
    origin: 'configuration',
    message: `The ready file ${path} cannot be ${what}: ${cause instanceof Error ? cause.message : String(cause)}.`,
    nextStep:
      'Name a file that is not there yet, in a directory that Lakegate may write, with --ready-file or LAKEGATE_READY_FILE.',
    cause,
  })

/**
 * Also called as the first step of a start: a file left by a killed server must not claim that this one is ready.
 * @throws Fault ready_file_not_writable, also for a file that holds something else: it was named by mistake
 */
export async function removeReadyFile(path: string): Promise<void> {
  try {
    const found = await stat(path).catch(() => undefined)
    if (found !== undefined && !(await isReadyFile(path, found)))
      throw new Error('it exists, and Lakegate did not write it')
    await rm(path, { force: true })
  } catch (cause) {
    throw unusable(path, 'removed', cause)
  }
}

/** Larger than any report. */
const LARGEST_REPORT = 64 * 1024

/** True for a ready file of any version, and for an empty file as mktemp makes it. */
async function isReadyFile(path: string, found: Stats): Promise<boolean> {
  if (!found.isFile() || found.size > LARGEST_REPORT) return false
  const text = await readFile(path, 'utf8')
  if (text === '') return true
  try {
    const report = Object.keys(JSON.parse(text) as object)
    return MARKS.some((marks) => marks.every((mark) => report.includes(mark)))
  } catch {
    return false
  }
}

/** Names that every version of the server's report, or of the gateway's report, contains. */
const MARKS: readonly (readonly (keyof ReadyReport | keyof GatewayReadyReport)[])[] = [
  ['http_url', 'admin_token'],
  ['gateway'],
]
