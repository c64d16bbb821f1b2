/**
 * The model of the pooled endpoint is PostgreSQL itself: the same conversations with the direct endpoint, where every
 * session has a backend of its own, and with the pooled one, where three share one or two, must read the same messages,
 * SQLSTATEs and values in the same order.
 */
import fc from 'fast-check'
import { closeStatement, syncMessage } from '../stage/byte-builder.ts'
import { directWire, pooledWire, startWithOneBackend, type LoggedInWire } from '../stage/pooled-sessions.ts'
import { asOwner, createRoleFor, createServicePrincipal } from '../stage/service-principal.ts'
import { errorFields, type ServerMessage } from '../stage/wire-client.ts'
import { bytesOf, conversation, SESSIONS, type Message, type Pipeline } from './messages.ts'

export interface ModelReport {
  readonly pipelines: number
  /** Of the shortest conversation that differs; undefined when there is none. */
  readonly difference: string | undefined
}

/** Of a conversation. */
const MEAN_PIPELINES = 4.5
/**
 * PostgreSQL answers Close with CloseComplete in whatever state it is, and nothing else changes by it: so many of them
 * mark the end of what a pipeline is answered.
 */
const MARKS = 7
const MARKER = Buffer.concat([
  syncMessage(),
  ...Array.from({ length: MARKS }, () => closeStatement('nobody made this')),
  syncMessage(),
])

/** Leaves a transaction, whatever its state, and touches no statement that a conversation may have. */
const LEAVE_TRANSACTION: readonly Message[] = [
  ['sync'],
  ['parse', 'leave', 'ROLLBACK'],
  ['bind', 'leave', '', []],
  ['execute', '', 0],
  ['close_statement', 'leave'],
]

interface Side {
  readonly name: string
  readonly open: () => Promise<LoggedInWire>
  readonly wires: (LoggedInWire | undefined)[]
}

export async function runPooledModel(options: {
  readonly pipelines: number
  readonly seed: number
  readonly backends: number
}): Promise<ModelReport> {
  const lakegate = await startWithOneBackend({ LAKEGATE_POOL_SIZE: String(options.backends) })
  try {
    const principal = await createServicePrincipal(lakegate, 'model')
    await createRoleFor(lakegate, principal)
    const user = principal.applicationId
    await asOwner(lakegate, async (owner) => {
      for (const schema of ['direct', 'pooled']) {
        await owner.query(`CREATE SCHEMA ${schema}`)
        await owner.query(`GRANT USAGE ON SCHEMA ${schema} TO "${user}"`)
        await owner.query(`CREATE TABLE ${schema}.copied (x int)`)
        await owner.query(`GRANT ALL ON ${schema}.copied TO "${user}"`)
      }
    })
    const login = { user, password: await principal.workspaceToken() }
    const side = (name: string, open: typeof pooledWire): Side => ({
      name,
      open: () => open(lakegate, { ...login, options: `-c search_path=${name}` }),
      wires: Array.from({ length: SESSIONS }, () => undefined),
    })
    return await compare(side('direct', directWire), side('pooled', pooledWire), options)
  } finally {
    await lakegate.remove()
  }
}

async function compare(
  direct: Side,
  pooled: Side,
  {
    pipelines: wanted,
    seed,
    backends,
  }: { readonly pipelines: number; readonly seed: number; readonly backends: number },
): Promise<ModelReport> {
  let pipelines = 0
  const property = fc.asyncProperty(conversation, async (steps) => {
    pipelines += steps.length
    const [expected, actual] = [await hold(direct, steps, backends), await hold(pooled, steps, backends)]
    const at = expected.findIndex((answers, index) => answers !== actual[index])
    if (at === -1) return
    const [right, wrong] = [expected[at]?.split(' ') ?? [], actual[at]?.split(' ') ?? []]
    const first = right.findIndex((word, index) => word !== wrong[index])
    if (isRefusedSooner(right[first], wrong[first])) return
    throw new Error(`pipeline ${String(at)}\n  direct ${expected[at] ?? ''}\n  pooled ${actual[at] ?? ''}`)
  })
  for (let round = 0; pipelines < wanted; round += 1) {
    const numRuns = Math.min(50, Math.ceil((wanted - pipelines) / MEAN_PIPELINES))
    const found = await fc.check(property, { seed: seed + round, numRuns })
    if (found.failed) return { pipelines, difference: describe(found, seed + round) }
  }
  return { pipelines, difference: undefined }
}

function describe(
  { counterexample, errorInstance }: fc.RunDetails<[readonly Pipeline[]]>,
  seed: number,
): string {
  const steps = (counterexample?.[0] ?? []).map(
    ({ session, messages, split }, at) =>
      `${String(at)} session ${String(session)}, ${String(split)} bytes first: ${JSON.stringify(messages)}`,
  )
  const reason = errorInstance instanceof Error ? errorInstance.message : String(errorInstance)
  return [`with the seed ${String(seed)}:`, ...steps, reason].join('\n')
}

/** @returns of each pipeline, what was answered */
async function hold(
  { wires, open }: Side,
  steps: readonly Pipeline[],
  backends: number,
): Promise<readonly string[]> {
  for (const [session, wire] of wires.entries()) {
    const present = wire ?? (await open())
    wires[session] = present
    await say(present, {
      session,
      messages: [
        ['query', 'ROLLBACK'],
        ['query', 'DEALLOCATE ALL'],
      ],
      split: 0,
    })
  }
  const inTransaction = new Map<number, string>()
  const leave = async (session: number): Promise<void> => {
    inTransaction.delete(session)
    const wire = wires[session]
    if (wire !== undefined) await say(wire, { session, messages: LEAVE_TRANSACTION, split: 0 })
  }
  const answers: string[] = []
  for (const [at, step] of [...steps.entries()]) {
    if (at === 0) await leave(step.session)
    const [longest] = inTransaction.keys()
    if (!inTransaction.has(step.session) && inTransaction.size >= backends && longest !== undefined) {
      await leave(longest)
    }
    const wire = wires[step.session]
    if (wire === undefined) {
      answers.push('no connection')
      continue
    }
    const answered = await say(wire, step, inTransaction.get(step.session))
    answers.push(answered.text)
    if (answered.isOver) wires[step.session] = undefined
    if (answered.isOver || answered.status === 'I') inTransaction.delete(step.session)
    else inTransaction.set(step.session, answered.status)
  }
  for (const session of inTransaction.keys()) await leave(session)
  await truncate(wires)
  return answers
}

async function truncate(wires: readonly (LoggedInWire | undefined)[]): Promise<void> {
  const session = wires.findIndex((wire) => wire !== undefined)
  const wire = wires[session]
  if (wire !== undefined) await say(wire, { session, messages: [['query', 'TRUNCATE copied']], split: 0 })
}

async function say(
  wire: LoggedInWire,
  { messages, split }: Pipeline,
  /** Of the transaction, as PostgreSQL said it last. */
  statusBefore = 'I',
): Promise<{ readonly text: string; readonly status: string; readonly isOver: boolean }> {
  const bytes = Buffer.concat([...apart(messages).map(bytesOf), MARKER])
  wire.send(bytes.subarray(0, split))
  // In another packet, and another turn of whoever reads it.
  if (split > 0) await new Promise((resolve) => setImmediate(resolve))
  wire.send(bytes.subarray(split))
  const answers: string[] = []
  let status = statusBefore
  for (let marks = 0; ;) {
    const message = await wire.next()
    if (message === undefined) return { text: [...answers, 'closed'].join(' '), status, isOver: true }
    const failed = status === 'E' ? FAILED : ''
    if (message.type === 'Z') {
      status = message.body.toString('latin1')
      if (marks >= MARKS) return { text: answers.join(' '), status, isOver: false }
    }
    marks = message.type === '3' ? marks + 1 : 0
    const told = wordFor(message)
    if (told !== undefined) answers.push(`${failed}${told.replaceAll(' ', '_')}`)
  }
}

/**
 * A Query or FunctionCall behind an Execute without a Sync between them leaves PostgreSQL 18 in a transaction that it says
 * is over, and the next Parse fails with XX000, «StartTransactionCommand: unexpected state STARTED», if nothing came between.
 * Whether something did, such as our DISCARD ALL, is not what this test is about.
 */
function apart(messages: readonly Message[]): readonly Message[] {
  let hasExecuted = false
  return messages.flatMap((message): readonly Message[] => {
    const [kind] = message
    const isSimple = kind === 'query' || kind === 'function_call' || kind === 'copy_in'
    const needsSync = isSimple && hasExecuted
    hasExecuted = kind === 'execute' || (hasExecuted && kind !== 'sync' && !isSimple)
    return needsSync ? [['sync'], message] : [message]
  })
}

/** Before an answer in a transaction that failed earlier. */
const FAILED = '!'

/**
 * In a transaction that failed, PostgreSQL counts the parameters of a Bind, and describes a statement that has no rows, before
 * it says that nothing runs any more. Where the statement has to be made again first, that is refused at once
 * (docs/pooled-endpoint.md); what follows is skipped then, and says nothing about the rest.
 */
const isRefusedSooner = (expected: string | undefined, actual: string | undefined): boolean =>
  expected?.startsWith(FAILED) === true && actual === `${FAILED}E:ERROR:25P02`

/** Settings and notices are left out: what is said to whom of those differs by design. */
function wordFor(message: ServerMessage): string | undefined {
  const { type, body } = message
  switch (type) {
    case 'S':
    case 'N':
    case 'A':
      return undefined
    case 'E':
      return `E:${errorFields(message)['S'] ?? ''}:${errorFields(message)['C'] ?? ''}`
    case 'D':
    case 'C':
    case 'Z':
    case 'V':
    case 'd':
      return `${type}:${body.toString('latin1').replaceAll(/[^ -~]/g, '')}`
    default:
      return type
  }
}
