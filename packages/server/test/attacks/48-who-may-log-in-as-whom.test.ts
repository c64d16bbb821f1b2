/**
 * Attack 48: nobody short of a superuser changes who may log in as whom, except through roles that they administer. A
 * model says who may, real sessions of three roles of different rights try; thousands of sequences of statements:
 * `npm run attack-search`.
 */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { buildArena, type Arena } from '../stage/login-model/arena.ts'
import { assembleCast } from '../stage/login-model/cast.ts'
import { AMBUSHES, takeovers } from '../stage/login-model/examples.ts'
import { runSequence } from '../stage/login-model/run-sequence.ts'
import { search } from '../stage/login-model/search.ts'
import { keepSessions, type Sessions } from '../stage/login-model/sessions.ts'
import type { Sequence } from '../stage/login-model/statements.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'

const lakegate = sharedLakegate()

let arena: Arena
let sessions: Sessions
beforeAll(async () => {
  arena = await buildArena(lakegate, await assembleCast(lakegate))
  sessions = keepSessions(arena)
})
afterAll(async () => {
  await sessions.close()
  await arena.close()
})

/** What went against the rule in any of these, each with what led to it. */
async function findingsOf(sequences: readonly Sequence[]): Promise<readonly string[]> {
  const found: string[] = []
  for (const sequence of sequences) {
    const { trace, findings } = await runSequence(arena, sessions, sequence)
    if (findings.length > 0) found.push([...trace.slice(-3), ...findings].join('\n'))
  }
  return found
}

it.each(AMBUSHES)(
  'stays as it is when others come upon code in a %s of a plain role',
  async (_container, sequences) => {
    expect(await findingsOf(sequences)).toEqual([])
  },
)

it('stays as it is when somebody prepares what a login with claims uses', async () => {
  const functions = arena.scene().functions.filter(({ name }) => name.startsWith('public.'))
  expect(functions.length).toBeGreaterThan(0)
  expect(await findingsOf(takeovers(functions.map(({ name }) => name)))).toEqual([])
})

it('changes only through roles that the acting role administers, in any sequence of statements', async () => {
  const { statements, accepted, counterExamples } = await search(arena, sessions, {
    sequences: 100,
    seed: 48,
  })
  expect(counterExamples).toEqual([])
  // A search whose statements are all refused finds nothing and proves nothing.
  expect(accepted).toBeGreaterThan(statements / 4)
}, 240_000)

it('is searched by something that finds a function which takes its caller from the session', async () => {
  await arena.sabotage(`
    ALTER EXTENSION databricks_auth DROP FUNCTION public.databricks_set_role_label(text, text);
    DROP FUNCTION public.databricks_set_role_label(text, text);
    CREATE FUNCTION public.databricks_set_role_label(role_name text, new_label text) RETURNS void
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
      target CONSTANT oid := (SELECT oid FROM pg_roles WHERE rolname = role_name);
    BEGIN
      IF NOT pg_has_role(session_user, target, 'MEMBER WITH ADMIN OPTION') THEN
        RAISE EXCEPTION 'permission denied' USING ERRCODE = '42501';
      END IF;
      DELETE FROM pg_shseclabel WHERE objoid = target AND provider = 'databricks_auth';
      INSERT INTO pg_shseclabel (objoid, classoid, provider, label)
      SELECT target, 'pg_authid'::regclass, 'databricks_auth', new_label WHERE new_label IS NOT NULL;
    END $$;`)
  const { counterExamples } = await search(arena, sessions, { sequences: 300, seed: 7 })
  expect(counterExamples).toHaveLength(1)
  expect(counterExamples[0]).toContain('without the ADMIN option on it')
}, 240_000)
