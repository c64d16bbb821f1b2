/**
 * The attacker's code, and what it finds out: `attack.probe(context)` tries every statement of `stage.attempt` with
 * whatever rights are in force where it is run, and writes down what each changed of who may log in as whom. What was
 * done is undone at once, so that no context profits from another, unless the probe is armed to keep it.
 *
 * Only an armed probe does anything: setting a context up runs its code as well.
 */
import { readFileSync } from 'node:fs'
import type { Attempt } from './attempts.ts'
import type { AttackedInstance } from './attacked-instance.ts'

const PROBE = readFileSync(new URL('./probe.sql', import.meta.url), 'utf8')
const APPARATUS = readFileSync(new URL('./apparatus.sql', import.meta.url), 'utf8')

export interface Outcome {
  readonly whose: 'identity' | Attempt['whose']
  readonly statement: string
  readonly backendType: string
  /** In whose session, and with whose rights. */
  readonly sessionRole: string
  readonly rightsOf: string
  /** Whose label, membership or attributes are others than before: names of roles, or `a new role`. */
  readonly changed: readonly string[]
  /** SQLSTATE and message. */
  readonly failure: string | null
}

export interface Arming {
  readonly context: string
  /** Where the probe shall go off, as a regular expression; elsewhere it does nothing. */
  readonly backendType: string
  readonly sessionRole?: string
  readonly keeps?: boolean
}

export async function installProbe(instance: AttackedInstance, attempts: readonly Attempt[]): Promise<void> {
  await instance.observer.query(APPARATUS)
  await instance.observer.query(
    `INSERT INTO stage.attempt (position, whose, statement)
     SELECT * FROM ROWS FROM (pg_catalog.generate_series(1, $1), unnest($2::text[]), unnest($3::text[]))`,
    [attempts.length, attempts.map(({ whose }) => whose), attempts.map(({ statement }) => statement)],
  )
  await instance.asAttacker((client) => client.query(PROBE))
}

/** Replaces what was armed before. @returns the number under which the outcomes are found */
export async function arm({ observer }: AttackedInstance, arming: Arming): Promise<number> {
  const { rows } = await observer.query<{ run: number }>(
    `UPDATE stage.armed SET run = run + 1, context = $1, backend_type = $2, session_role = $3, keeps = $4
     RETURNING run`,
    [arming.context, arming.backendType, arming.sessionRole ?? null, arming.keeps ?? false],
  )
  const [row] = rows
  if (row === undefined) throw new Error('the apparatus is not there')
  return row.run
}

export async function outcomesOf({ observer }: AttackedInstance, run: number): Promise<readonly Outcome[]> {
  const { rows } = await observer.query<Outcome>(
    `SELECT whose, statement, backend_type AS "backendType", session_role::text AS "sessionRole",
            rights_of::text AS "rightsOf", changed, failure
       FROM stage.outcome WHERE run = $1 ORDER BY position`,
    [run],
  )
  return rows
}

/** What these attempts changed, all together. */
export const changedBy = (
  outcomes: readonly Outcome[],
  ...whose: readonly Outcome['whose'][]
): readonly string[] => [
  ...new Set(outcomes.filter((outcome) => whose.includes(outcome.whose)).flatMap(({ changed }) => changed)),
]
