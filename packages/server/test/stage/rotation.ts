/**
 * A pool of a Python client under load, while its credentials expire one after the other (short-lived-credentials.ts): over more than
 * three lifetimes no query may fail, and sessions opened in each of them must have been seen.
 */
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { createExampleReader, type ExampleReader } from './example-reader.ts'
import type { Lakegate } from './lakegate.ts'
import { serveShortLivedCredentials } from './short-lived-credentials.ts'

/** `from load import load`. */
const LOAD = path.dirname(fileURLToPath(new URL('../every-client/python/load.py', import.meta.url)))

export const LIFETIME_SECONDS = 4
const LIFETIMES = 4
/** How long connections live by the examples. */
const LIVES = '45 * 60'

export interface LoadReport {
  readonly queries: number
  /** Different backends of PostgreSQL. */
  readonly sessions: number
  readonly failures: readonly string[]
  /** Credentials. */
  readonly minted: number
}

/** @param program with `SECONDS`; ends with what load.py reports */
export const underLoad = (lakegate: Lakegate, python: string, program: string): Promise<LoadReport> =>
  loadBy(lakegate, (reader, seconds) =>
    reader.runPython(python, `SECONDS = ${String(seconds)}\n${program}`, { PYTHONPATH: LOAD }),
  )

/** The same for any language. @param work runs a program for so many seconds, whose last line is the report as JSON */
export async function loadBy(
  lakegate: Lakegate,
  work: (reader: ExampleReader, seconds: number) => Promise<{ readonly stdout: string }>,
): Promise<LoadReport> {
  const credentials = await serveShortLivedCredentials(lakegate, LIFETIME_SECONDS)
  const reader = await createExampleReader(lakegate, 'under load', credentials.url)
  try {
    const { stdout } = await work(reader, LIFETIME_SECONDS * LIFETIMES)
    const report = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Omit<LoadReport, 'minted'>
    return { ...report, minted: credentials.minted() }
  } finally {
    await reader.remove()
    await credentials.close()
  }
}

/** Nothing failed; each lifetime had new sessions, with credentials of their own. */
export function expectRotation(report: LoadReport): void {
  expect(report.failures).toEqual([])
  expect(report.sessions).toBeGreaterThan(LIFETIMES)
  expect(report.minted).toBeGreaterThanOrEqual(LIFETIMES)
  expect(report.queries).toBeGreaterThan(report.sessions)
}

/** The example with its 45 minutes, which go with credentials of an hour, made as much shorter as the credentials are. */
export function withShortLives(example: string): string {
  if (!example.includes(LIVES)) throw new Error(`the example no longer says ${LIVES}`)
  return example.replaceAll(LIVES, String(LIFETIME_SECONDS * 0.75))
}
