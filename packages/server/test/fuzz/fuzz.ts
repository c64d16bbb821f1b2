/**
 * Holds very many spoiled conversations with a listener, and reports what must not be: a hang, a session without
 * proof, a session as somebody else, an error that the server calls its own. Bounded by time; repeated by its seed.
 */
import { attempt } from './attempt.ts'
import { composeConversation, type Conversation, type FuzzedLogin } from './conversation.ts'
import { randomFrom } from './random.ts'

export interface FuzzOptions {
  readonly address: { readonly host: string; readonly port: number }
  /** Asked again now and then, because a token lives an hour. */
  readonly login: () => Promise<FuzzedLogin>
  readonly seed: number
  readonly milliseconds: number
  /** How many conversations go on at a time. */
  readonly parallel: number
  /** How long the server may hold who is not admitted: its login deadline, and what a busy machine adds. */
  readonly patienceMs: number
  /** Called after every batch; throws when the server is not well. */
  readonly afterBatch: (conversations: number) => Promise<void>
}

export interface Finding {
  readonly what: 'hang' | 'admitted without proof' | 'admitted as somebody else' | 'internal error'
  /** With this seed alone, the conversation comes again. */
  readonly seed: number
  readonly conversation: Conversation
}

export interface FuzzReport {
  readonly conversations: number
  readonly admitted: number
  readonly refusals: ReadonlyMap<string, number>
  readonly findings: readonly Finding[]
}

const BATCH = 256
const INTERNAL_ERROR = 'XX000'

export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  const end = performance.now() + options.milliseconds
  const refusals = new Map<string, number>()
  const findings: Finding[] = []
  let conversations = 0
  let admitted = 0

  const one = async (seed: number, login: FuzzedLogin): Promise<void> => {
    const conversation = composeConversation(randomFrom(seed), login)
    const ending = await attempt(options.address, conversation, options.patienceMs)
    const found = (what: Finding['what']) => findings.push({ what, seed, conversation })
    if (ending.hung) found('hang')
    if (ending.codes.includes(INTERNAL_ERROR)) found('internal error')
    if (ending.admittedAs !== undefined) {
      admitted += 1
      if (!conversation.hasProof) found('admitted without proof')
      if (ending.admittedAs !== 'unknown' && ending.admittedAs !== login.user)
        found('admitted as somebody else')
    }
    for (const code of ending.codes) refusals.set(code, (refusals.get(code) ?? 0) + 1)
  }

  while (performance.now() < end && findings.length === 0) {
    const login = await options.login()
    const seeds = Array.from({ length: BATCH }, (_, index) => options.seed + conversations + index)
    const worker = async () => {
      for (let seed = seeds.pop(); seed !== undefined; seed = seeds.pop()) await one(seed, login)
    }
    await Promise.all(Array.from({ length: options.parallel }, worker))
    conversations += BATCH
    await options.afterBatch(conversations)
  }
  return { conversations, admitted, refusals, findings }
}

export function describeFinding({ what, seed, conversation }: Finding): string {
  const steps = conversation.steps.map((step) =>
    'bytes' in step ? `${step.kind} ${step.bytes.subarray(0, 200).toString('hex')}` : JSON.stringify(step),
  )
  return [`${what}, with the seed ${String(seed)}:`, ...steps].join('\n  ')
}
