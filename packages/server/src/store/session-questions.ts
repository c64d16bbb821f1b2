/**
 * Questions about open sessions, from the control plane to every gateway, using only the system database: the question
 * is a row and a notice, and each gateway answers with a row. Nothing is written per login.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { sql } from 'kysely'
import type { OpenSession } from '../domain/open-session.ts'
import type {
  SessionAnswerer,
  SessionAsker,
  SessionNotices,
  SessionQuestion,
} from '../operations/ports/sessions.ts'
import type { SentSession } from './schema.ts'
import { askSystemDatabase, type SystemDatabase } from './system-database.ts'

const HEARTBEAT_MS = 10_000
/** Three missed heartbeats: such a process is not waited for. */
const LIVE_SECONDS = 30
const ANSWER_LIMIT_MS = 3_000
const POLL_MS = 20
/** Longer than anybody waits; after this time, what a vanished asker left behind is deleted. */
const QUESTION_SECONDS = 60

const revive = (sent: SentSession): OpenSession => ({
  ...sent,
  identity: sent.identity,
  tokenId: sent.tokenId,
  tokenExpiresAt: sent.tokenExpiresAt === undefined ? undefined : new Date(sent.tokenExpiresAt),
  backendProcessId: sent.backendProcessId,
  openedAt: new Date(sent.openedAt),
  lastActiveAt: new Date(sent.lastActiveAt),
})

/** Processes that serve sessions and have sent a heartbeat recently. */
export const loadLiveGateways = (database: SystemDatabase): Promise<readonly string[]> =>
  askSystemDatabase(async () => {
    const live = await database
      .selectFrom('gateway_process')
      .select('id')
      .where('seen_at', '>', sql<Date>`now() - make_interval(secs => ${LIVE_SECONDS})`)
      .execute()
    return live.map(({ id }) => id)
  })

export function createSessionAsker(database: SystemDatabase, newId: () => string): SessionAsker {
  const answersTo = async (id: string) =>
    database
      .selectFrom('session_answer')
      .select(['gateway_id', 'sessions'])
      .where('question_id', '=', id)
      .execute()

  return {
    ask: (question) =>
      askSystemDatabase(async () => {
        const id = newId()
        await database
          .deleteFrom('session_question')
          .where('asked_at', '<', sql<Date>`now() - make_interval(secs => ${QUESTION_SECONDS})`)
          .execute()
        const live = await loadLiveGateways(database)
        await database.transaction().execute(async (transaction) => {
          await transaction
            .insertInto('session_question')
            .values({ id, question: JSON.stringify(question) })
            .execute()
          await sql`NOTIFY session_question`.execute(transaction)
        })
        const giveUpAt = performance.now() + ANSWER_LIMIT_MS
        let answers = await answersTo(id)
        const silent = () =>
          live.filter((one) => !answers.some(({ gateway_id }) => gateway_id === one)).length
        while (silent() > 0 && performance.now() < giveUpAt) {
          await pause(POLL_MS)
          answers = await answersTo(id)
        }
        await database.deleteFrom('session_question').where('id', '=', id).execute()
        return {
          sessions: answers.flatMap(({ sessions }) => sessions.map(revive)),
          silentGateways: silent(),
        }
      }),
  }
}

export interface GatewayProcess {
  readonly id: string
  readonly node: string
  readonly processId: number
}

/** @param onFailure called when a heartbeat or an answer could not be written; the next one is tried as usual */
export function createSessionAnswerer(
  database: SystemDatabase,
  notices: SessionNotices,
  self: GatewayProcess,
  onFailure: (error: unknown) => void,
): SessionAnswerer {
  const underWay = new Set<string>()
  let heartbeat: NodeJS.Timeout | undefined
  let stopListening: (() => void) | undefined

  const beat = () =>
    askSystemDatabase(async () => {
      const seen = { node: self.node, process_id: self.processId, seen_at: sql<Date>`now()` }
      await database
        .insertInto('gateway_process')
        .values({ id: self.id, ...seen })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(seen))
        .execute()
      // Killed processes leave a row behind; after an hour it is deleted.
      await database
        .deleteFrom('gateway_process')
        .where('seen_at', '<', sql<Date>`now() - interval '1 hour'`)
        .execute()
    })

  const unanswered = () =>
    askSystemDatabase(() =>
      database
        .selectFrom('session_question')
        .select(['id', 'question'])
        .where('asked_at', '>', sql<Date>`now() - make_interval(secs => ${QUESTION_SECONDS})`)
        .where(({ not, exists, selectFrom }) =>
          not(
            exists(
              selectFrom('session_answer')
                .select('gateway_id')
                .whereRef('question_id', '=', 'session_question.id')
                .where('gateway_id', '=', self.id),
            ),
          ),
        )
        .execute(),
    )

  return {
    async start(answer) {
      const answerOne = async (id: string, question: SessionQuestion): Promise<void> => {
        if (underWay.has(id)) return
        underWay.add(id)
        try {
          const sessions = await answer(question)
          // The asker may have given up and deleted its question.
          await askSystemDatabase(() =>
            sql`INSERT INTO session_answer (question_id, gateway_id, sessions)
                SELECT id, ${self.id}::uuid, ${JSON.stringify(sessions)}::jsonb
                  FROM session_question WHERE id = ${id}::uuid`.execute(database),
          )
        } finally {
          underWay.delete(id)
        }
      }
      const answerAll = async (): Promise<void> => {
        // A question that cannot be answered holds up no other one.
        for (const { id, question } of await unanswered()) await answerOne(id, question).catch(onFailure)
      }
      await beat()
      heartbeat = setInterval(() => {
        beat().catch(onFailure)
      }, HEARTBEAT_MS).unref()
      stopListening = notices.on('session_question', () => {
        answerAll().catch(onFailure)
      })
    },
    async stop() {
      clearInterval(heartbeat)
      stopListening?.()
      // If the row stays, nobody waits for this process after LIVE_SECONDS.
      await askSystemDatabase(() =>
        database.deleteFrom('gateway_process').where('id', '=', self.id).execute(),
      ).catch(onFailure)
    },
  }
}
