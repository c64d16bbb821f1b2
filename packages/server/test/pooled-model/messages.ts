/**
 * What the model test says to PostgreSQL: messages as data, so that fast-check can choose, shrink and print them, and
 * their bytes by the manual.
 */
import fc from 'fast-check'
import {
  bindMessage,
  closePortal,
  closeStatement,
  copyData,
  copyDone,
  copyFail,
  describePortal,
  describeStatement,
  executeMessage,
  flushMessage,
  functionCall,
  parseMessage,
  queryMessage,
  syncMessage,
} from '../stage/byte-builder.ts'

export type Message =
  | readonly ['parse', name: string, sql: string]
  | readonly ['bind', name: string, portal: string, parameters: readonly string[]]
  | readonly ['describe_statement' | 'close_statement', name: string]
  | readonly ['describe_portal' | 'close_portal', portal: string]
  | readonly ['execute', portal: string, rows: number]
  | readonly ['query', sql: string]
  | readonly ['flush' | 'sync' | 'function_call']
  /** Whole, with data and end, as one that does not wait for CopyInResponse sends it. */
  | readonly ['copy_in', protocol: 'simple' | 'extended' | 'extended, Sync before the data', end: CopyEnd]

type CopyEnd = 'done' | 'fail' | 'bad data'

/** What one session sends in one go; it reads everything that answers it before anybody says more. */
export interface Pipeline {
  readonly session: number
  readonly messages: readonly Message[]
  /** How many bytes go first, for themselves. */
  readonly split: number
}

/** `abs(integer)` of pg_proc.dat. */
const ABS_OF_INTEGER = 1397

export function bytesOf(message: Message): Buffer {
  switch (message[0]) {
    case 'parse':
      return parseMessage(message[1], message[2])
    case 'bind':
      return bindMessage(message[1], message[3], message[2])
    case 'describe_statement':
      return describeStatement(message[1])
    case 'describe_portal':
      return describePortal(message[1])
    case 'close_statement':
      return closeStatement(message[1])
    case 'close_portal':
      return closePortal(message[1])
    case 'execute':
      return executeMessage(message[1], message[2])
    case 'query':
      return queryMessage(message[1])
    case 'flush':
      return flushMessage()
    case 'sync':
      return syncMessage()
    case 'function_call':
      return functionCall(ABS_OF_INTEGER, '-7')
    case 'copy_in':
      return copyIn(message[1], message[2])
    default:
      throw new Error(`no such message: ${JSON.stringify(message)}`)
  }
}

function copyIn(protocol: (Message & readonly ['copy_in', ...unknown[]])[1], end: CopyEnd): Buffer {
  const sql = 'COPY copied FROM STDIN'
  const data = [
    copyData(end === 'bad data' ? 'no number\n' : '4\n5\n'),
    end === 'fail' ? copyFail('changed my mind') : copyDone(),
  ]
  if (protocol === 'simple') return Buffer.concat([queryMessage(sql), ...data])
  return Buffer.concat([
    parseMessage('', sql),
    bindMessage(''),
    executeMessage(),
    ...(protocol === 'extended' ? [] : [syncMessage()]),
    ...data,
    syncMessage(),
    // Or the next Bind of the unnamed statement begins a COPY for which nobody sends data.
    closeStatement(''),
  ])
}

/** Of what is prepared. Each says something else, so that the wrong statement is seen by its answer. */
const STATEMENTS = [
  'SELECT 1',
  `SELECT 'other'`,
  'SELECT 1/$1::int',
  'SELECT generate_series(1, 3)',
  'SELECT 1/generate_series(0, 0)',
  'SELEC 1',
  'SELECT x FROM nowhere',
  'INSERT INTO copied VALUES (1)',
  'INSERT INTO copied VALUES (2) RETURNING x',
  'SELECT count(*) FROM copied',
  'BEGIN',
  'COMMIT',
  'ROLLBACK',
  'SAVEPOINT s',
  'ROLLBACK TO s',
  'DEALLOCATE ALL',
  'DEALLOCATE PREPARE a',
  'DISCARD PLANS',
  'COPY copied TO STDOUT',
  '',
] as const

const QUERIES = [
  'SELECT 2',
  'SELECT 1; SELECT 2',
  'SELECT 1; SELECT 1/0; SELECT 2',
  'SELECT 1/generate_series(0, 0)',
  'SELEC 2',
  'INSERT INTO copied VALUES (3)',
  'INSERT INTO copied VALUES (3); SELECT 1/0',
  'SELECT count(*) FROM copied',
  'BEGIN',
  'BEGIN; SELECT 3',
  'BEGIN; INSERT INTO copied VALUES (6); COMMIT; SELECT 4',
  'COMMIT',
  'ROLLBACK',
  'SAVEPOINT s',
  'ROLLBACK TO s',
  'DEALLOCATE ALL',
  'DEALLOCATE A',
  'DEALLOCATE "b" ; ',
  'DISCARD ALL',
  'COPY copied TO STDOUT',
  '',
] as const

const name = fc.constantFrom('', 'a', 'a', 'b')
const portal = fc.constantFrom('', '', 'p')
const parameters: fc.Arbitrary<readonly string[]> = fc.constantFrom([], [], ['1'], ['0'])
const parse = fc.tuple(fc.constant('parse' as const), name, fc.constantFrom(...STATEMENTS))
const bind = fc.tuple(fc.constant('bind' as const), name, portal, parameters)
const execute = fc.tuple(fc.constant('execute' as const), portal, fc.constantFrom(0, 0, 1))

/** As most drivers do it; what is made of single messages seldom gets as far as Execute. */
const run = fc
  .tuple(fc.option(parse), bind, execute)
  .map(([parsed, [, bound, , values], [, , rows]]): readonly Message[] => [
    ...(parsed === null ? [] : [parsed]),
    ['bind', parsed?.[1] ?? bound, '', values],
    ['execute', '', rows],
  ])

const single: fc.Arbitrary<Message> = fc.oneof(
  { weight: 4, arbitrary: parse },
  { weight: 4, arbitrary: bind },
  { weight: 3, arbitrary: execute },
  { weight: 2, arbitrary: fc.tuple(fc.constant('describe_statement' as const), name) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('describe_portal' as const), portal) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('close_statement' as const), name) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('close_portal' as const), portal) },
  { weight: 3, arbitrary: fc.tuple(fc.constant('query' as const), fc.constantFrom(...QUERIES)) },
  { weight: 4, arbitrary: fc.constant<Message>(['sync']) },
  { weight: 1, arbitrary: fc.constantFrom<Message[]>(['flush'], ['function_call']) },
  {
    weight: 1,
    arbitrary: fc.tuple(
      fc.constant('copy_in' as const),
      fc.constantFrom('simple' as const, 'extended' as const, 'extended, Sync before the data' as const),
      fc.constantFrom('done' as const, 'fail' as const, 'bad data' as const),
    ),
  },
)

const messages: fc.Arbitrary<readonly Message[]> = fc
  .array(fc.oneof({ weight: 1, arbitrary: run }, { weight: 2, arbitrary: single.map((one) => [one]) }), {
    minLength: 1,
    maxLength: 8,
    size: 'max',
  })
  .map((parts) => parts.flat())

export const SESSIONS = 3

/** Several pipelines of several sessions, one after another. */
export const conversation: fc.Arbitrary<readonly Pipeline[]> = fc.array(
  fc.record({ session: fc.nat(SESSIONS - 1), messages, split: fc.oneof(fc.constant(0), fc.nat(120)) }),
  { minLength: 1, maxLength: 8, size: 'max' },
)
