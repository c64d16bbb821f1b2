/** Every transition of the state machine of a pooled conversation, one test each; model.test.ts has its model. */
import { beforeEach, describe, expect, it } from 'vitest'
import {
  longestRequest,
  prefixOfRequest,
  readClientMessage,
} from '../../../../src/gateway/pooled/conversation/client-message.ts'
import { Conversation } from '../../../../src/gateway/pooled/conversation/conversation.ts'
import { Leftovers } from '../../../../src/gateway/pooled/conversation/leftovers.ts'
import type { RequestVerdict, Verdict } from '../../../../src/gateway/pooled/conversation/verdict.ts'
import { FieldCursor } from '../../../../src/protocol/frame.ts'
import { MessageScanner } from '../../../../src/protocol/message-scanner.ts'
import {
  bindMessage,
  closePortal,
  closeStatement,
  copyData,
  copyDone,
  copyFail,
  cstring,
  describePortal,
  describeStatement,
  executeMessage,
  flushMessage,
  functionCall,
  parseMessage,
  queryMessage,
  syncMessage,
} from '../../../stage/byte-builder.ts'

let leftovers: Leftovers
let conversation: Conversation
beforeEach(() => {
  leftovers = new Leftovers()
  conversation = new Conversation(leftovers)
})

function judge(bytes: Buffer): RequestVerdict {
  const scanner = new MessageScanner({ longestOf: longestRequest, prefixOf: prefixOfRequest })
  scanner.push(bytes)
  expect(scanner.see()).toBe('message')
  const message = readClientMessage(scanner)
  if (message.kind === 'violation') throw new Error(message.violation)
  return conversation.judge(message)
}
const says = (...messages: readonly Buffer[]): readonly Verdict['act'][] =>
  messages.map((message) => judge(message).act)
/** Letters; behind a colon the tag of CommandComplete, the status of ReadyForQuery, a column of RowDescription, an SQLSTATE. */
const hears = (...answers: readonly string[]): readonly string[] =>
  answers.map((answer) => {
    const [letter = '', text = ''] = answer.split(':')
    const body = letter === 'Z' ? Buffer.from(text || 'I') : cstring(letter === 'E' ? `C${text}` : text)
    const detail = letter === 'T' ? rowDescription(text) : body
    return conversation.received(letter.charCodeAt(0), () => new FieldCursor(detail)).act
  })
const rowDescription = (column: string): Buffer =>
  Buffer.concat([Buffer.of(0, 1), cstring(column), Buffer.alloc(6), Buffer.alloc(10), Buffer.alloc(2)])
/** The letters of the messages that are ours. */
const lettersOf = (bytes: Buffer | undefined): string => {
  let letters = ''
  for (let at = 0; bytes !== undefined && at < bytes.length; at += 1 + bytes.readInt32BE(at + 1)) {
    letters += bytes.toString('latin1', at, at + 1)
  }
  return letters
}
const oursIn = (judgement: RequestVerdict): string => {
  if (judgement.act === 'replace') return lettersOf(judgement.by)
  if (judgement.act === 'hold') return lettersOf(judgement.before)
  return `${lettersOf(judgement.before)}·${lettersOf(judgement.behind)}`
}
/** A named statement, made, described by ours, and known. */
const make = (name: string, column = 'a') => {
  says(parseMessage(name, 'SELECT 1'), syncMessage())
  hears('1', ...(name === '' ? [] : ['t', `T:${column}`]), 'Z')
}

describe('phases', () => {
  it('between: nothing is sent; then a backend is free', () => {
    expect(conversation.phase).toBe('between')
    expect(conversation.isFinished).toBe(true)
    expect(conversation.isBusy).toBe(false)
  })

  it.each([
    ['Parse', parseMessage('', 'SELECT 1')],
    ['Bind', bindMessage('')],
    ['Describe of a portal', describePortal('')],
    ['Execute', executeMessage()],
    ['Close of a portal', closePortal('')],
  ])('between, %s -> segment', (_name, message) => {
    expect(says(message)).toEqual(['pass'])
    expect(conversation.phase).toBe('segment')
    expect(conversation.isFinished).toBe(false)
  })

  it.each([
    ['Query', queryMessage('SELECT 1'), ['T:a', 'D', 'C:SELECT 1', 'Z']],
    ['FunctionCall', functionCall(1, '1'), ['V', 'Z']],
    ['Sync', syncMessage(), ['Z']],
  ])('segment, %s -> between, and free when it is answered', (_name, message, answers) => {
    says(bindMessage(''))
    says(message)
    expect(conversation.phase).toBe('between')
    expect(conversation.isFinished).toBe(false)
    hears('2', ...answers)
    expect(conversation.isFinished).toBe(true)
  })

  it('Flush changes nothing', () => {
    says(flushMessage())
    expect(conversation.phase).toBe('between')
    says(bindMessage(''), flushMessage())
    hears('2')
    expect(conversation.phase).toBe('segment')
    expect(conversation.isWorking).toBe(false)
    expect(conversation.isBusy).toBe(true)
  })

  it('lost stays lost when a COPY that was asked for before begins and fails (attack 60)', () => {
    says(queryMessage('COPY lines FROM STDIN'))
    conversation.lose()
    hears('G')
    expect(conversation.phase).toBe('lost')
    hears('E', 'Z')
    expect(conversation.phase).toBe('lost')
    expect(conversation.isFinished).toBe(false)
  })

  it('a transaction keeps the backend until ReadyForQuery says that there is none', () => {
    says(queryMessage('BEGIN'))
    hears('C:BEGIN', 'Z:T')
    expect(conversation.isFinished).toBe(false)
    says(queryMessage('SELEC'))
    hears('E', 'Z:E')
    expect(conversation.isFinished).toBe(false)
    says(queryMessage('ROLLBACK'))
    hears('C:ROLLBACK', 'Z:I')
    expect(conversation.isFinished).toBe(true)
  })

  it('segment, an error without a Sync behind it -> skipping; only Sync leads out', () => {
    says(bindMessage(''), executeMessage())
    hears('E')
    expect(conversation.phase).toBe('skipping')
    says(queryMessage('SELECT 1'), parseMessage('x', 'SELECT 1'), copyData('x'), flushMessage())
    expect(conversation.phase).toBe('skipping')
    says(syncMessage())
    expect(conversation.phase).toBe('between')
    hears('Z')
    expect(conversation.isFinished).toBe(true)
  })

  it('an error with a Sync behind it skips up to that, a Query included, and no further', () => {
    says(bindMessage(''), executeMessage(), queryMessage('SELECT 1'), syncMessage(), bindMessage(''))
    hears('E', 'Z')
    expect(conversation.phase).toBe('segment')
    expect(hears('2')).toEqual(['pass'])
    says(syncMessage())
    hears('Z')
    expect(conversation.isFinished).toBe(true)
  })

  it('an error of a Query, of a FunctionCall or of the commit in a Sync skips nothing', () => {
    says(queryMessage('SELEC'), functionCall(0, ''), bindMessage(''), syncMessage())
    hears('E', 'Z', 'E', 'Z', '2', 'E', 'Z')
    expect(conversation.isFinished).toBe(true)
  })

  it('an error between the messages of a pipeline -> skipping', () => {
    says(bindMessage(''), flushMessage())
    hears('2', 'E')
    expect(conversation.phase).toBe('skipping')
  })

  it('an error between transactions is a last word', () => {
    hears('E')
    expect(conversation.phase).toBe('between')
  })

  it.each([
    ['an answer that nobody asked for', '2'],
    ['a ReadyForQuery that nobody asked for', 'Z'],
    ['a message that is not of this protocol', 'W'],
  ])('%s -> lost, for good', (_name, letter) => {
    hears(letter)
    expect(conversation.phase).toBe('lost')
    expect(says(queryMessage('SELECT 1'), syncMessage(), bindMessage('x'))).toEqual(['pass', 'pass', 'pass'])
    hears('C:SELECT 1', 'Z')
    expect(conversation.phase).toBe('lost')
    expect(conversation.isFinished).toBe(false)
    expect(conversation.isBusy).toBe(true)
  })

  it('an answer out of turn -> lost', () => {
    says(parseMessage('', 'SELECT 1'), bindMessage(''))
    hears('2')
    expect(conversation.phase).toBe('lost')
  })
})

describe('COPY from the client', () => {
  const begin = () => {
    says(bindMessage(''), executeMessage())
    hears('2', 'G')
  }

  it('segment, CopyInResponse -> copying -> segment at its end', () => {
    begin()
    expect(conversation.phase).toBe('copying')
    expect(conversation.isWorking).toBe(true)
    says(copyData('1'), copyDone())
    expect(conversation.phase).toBe('segment')
    says(syncMessage())
    hears('C:COPY 1', 'Z')
    expect(conversation.isFinished).toBe(true)
  })

  it('of a Query: copying -> between', () => {
    says(queryMessage('COPY t FROM STDIN'))
    hears('G')
    says(copyData('1'), copyFail('no'))
    expect(conversation.phase).toBe('between')
    hears('E', 'Z')
    expect(conversation.isFinished).toBe(true)
  })

  it('of a Query that fails while it reads: copying -> between, and data that comes late is nobody’s', () => {
    says(queryMessage('COPY t FROM STDIN'))
    hears('G')
    says(copyData('x'))
    hears('E', 'Z')
    says(copyData('y'), copyDone())
    expect(conversation.isFinished).toBe(true)
  })

  it('that fails while it reads: copying -> skipping', () => {
    begin()
    says(copyData('x'))
    hears('E')
    expect(conversation.phase).toBe('skipping')
  })

  it('twice in one Query, data of both sent ahead', () => {
    says(
      queryMessage('COPY t FROM STDIN; COPY t FROM STDIN'),
      copyData('1'),
      copyDone(),
      copyData('2'),
      copyDone(),
    )
    hears('G', 'C:COPY 1', 'G', 'C:COPY 1', 'Z')
    expect(conversation.isFinished).toBe(true)
  })

  it('has read a Sync that was sent before the data', () => {
    says(bindMessage(''), executeMessage(), syncMessage())
    hears('2', 'G')
    expect(conversation.phase).toBe('copying')
    says(copyData('1'), copyDone(), syncMessage())
    hears('C:COPY 1', 'Z')
    expect(conversation.isFinished).toBe(true)
  })

  it('has read the Syncs among its data when it ends well', () => {
    says(bindMessage(''), executeMessage(), copyData('1'), syncMessage(), copyData('2'))
    hears('2', 'G')
    says(syncMessage(), copyDone(), syncMessage())
    hears('C:COPY 2', 'Z')
    expect(conversation.isFinished).toBe(true)
  })

  it('leaves it open which of them when it fails -> lost', () => {
    begin()
    says(copyData('x'), syncMessage())
    hears('E')
    expect(conversation.phase).toBe('lost')
  })

  it('takes anything else for a violation, and so does PostgreSQL -> lost', () => {
    begin()
    says(queryMessage('SELECT 1'))
    expect(conversation.phase).toBe('lost')
  })

  it('is no COPY when its statement fails first', () => {
    says(queryMessage('COPY nowhere FROM STDIN'), copyData('1'), copyDone(), queryMessage('SELECT 1'))
    hears('E', 'Z', 'T:a', 'D', 'C:SELECT 1', 'Z')
    expect(conversation.isFinished).toBe(true)
  })
})

describe('a named statement', () => {
  it('is described by us behind its Parse; the client sees no answer of that', () => {
    expect(oursIn(judge(parseMessage('x', 'SELECT 1')))).toBe('·D')
    expect(hears('1', 't', 'T:a')).toEqual(['pass', 'drop', 'drop'])
  })

  it('that the backend has is used as it is', () => {
    make('x')
    expect(oursIn(judge(describeStatement('x')))).toBe('·')
    expect(oursIn(judge(bindMessage('x')))).toBe('·')
  })

  it('that is missing in another backend is made again and compared before it is used', () => {
    make('x')
    conversation.changedBackend()
    expect(oursIn(judge(bindMessage('x')))).toBe('PDH')
    expect(conversation.isHolding).toBe(true)
    expect(hears('1', 't')).toEqual(['drop', 'drop'])
    expect(conversation.isHolding).toBe(true)
    expect(hears('T:a')).toEqual(['drop'])
    expect(conversation.isHolding).toBe(false)
    expect(oursIn(judge(bindMessage('x')))).toBe('·')
  })

  it('with other rows than the client knows fails, and is not run', () => {
    make('x')
    conversation.changedBackend()
    judge(bindMessage('x'))
    hears('1', 't', 'T:b')
    expect(judge(bindMessage('x')).act).toBe('replace')
    expect(hears('E:42704')).toEqual(['replace'])
    expect(conversation.phase).toBe('skipping')
  })

  it('with other rows than the client knows fails as anything else would where that is so', () => {
    make('x')
    conversation.changedBackend()
    judge(bindMessage('x'))
    hears('1', 't', 'T:b')
    judge(bindMessage('x'))
    expect(hears('E:25P02')).toEqual(['pass'])
  })

  it('that cannot be made again fails with the words of PostgreSQL, and is tried again later', () => {
    make('x')
    conversation.changedBackend()
    judge(bindMessage('x'))
    expect(hears('E')).toEqual(['pass'])
    expect(conversation.isHolding).toBe(false)
    expect(says(bindMessage('x'), syncMessage())).toEqual(['pass', 'pass'])
    hears('Z')
    expect(oursIn(judge(bindMessage('x')))).toBe('PDH')
  })

  it('that is closed is gone with CloseComplete, and not before', () => {
    make('x')
    conversation.changedBackend()
    says(closeStatement('x'))
    // Whether it is there depends on the answer.
    expect(oursIn(judge(bindMessage('x')))).toBe('H')
    hears('3')
    expect(conversation.isHolding).toBe(false)
    expect(oursIn(judge(bindMessage('x')))).toBe('·')
  })

  it('whose Close is skipped is there still', () => {
    make('x')
    conversation.changedBackend()
    says(executeMessage(), closeStatement('x'), syncMessage())
    expect(judge(bindMessage('x')).act).toBe('hold')
    hears('E', 'Z')
    expect(conversation.isHolding).toBe(false)
    expect(oursIn(judge(bindMessage('x')))).toBe('PDH')
  })

  it('whose Parse was skipped behind an error, and that was made behind the Sync, is used as it is', () => {
    says(executeMessage(), parseMessage('y', 'SELECT 1'), bindMessage('y'), syncMessage())
    says(parseMessage('y', 'SELECT 1'), bindMessage('y'), syncMessage())
    hears('E', 'Z', '1', 't', 'T:a', '2', 'Z')
    expect(oursIn(judge(bindMessage('y')))).toBe('·')
  })

  it('that the session has but not the backend keeps its name taken when it is parsed', () => {
    make('x')
    conversation.changedBackend()
    expect(oursIn(judge(parseMessage('x', 'SELECT 2')))).toBe('P·D')
    expect(hears('1', 'E')).toEqual(['drop', 'pass'])
    says(syncMessage())
    hears('Z')
    // What keeps the name is taken away first.
    expect(oursIn(judge(bindMessage('x')))).toBe('CPDH')
    expect(hears('3', '1', 't', 'T:a')).toEqual(['drop', 'drop', 'drop', 'drop'])
    expect(oursIn(judge(bindMessage('x')))).toBe('·')
  })

  it.each(['DEALLOCATE ALL', 'DISCARD ALL'])('is gone with %s', (sql) => {
    make('x')
    conversation.changedBackend()
    says(queryMessage(sql))
    expect(judge(bindMessage('x')).act).toBe('hold')
    hears(`C:${sql}`, 'Z')
    expect(oursIn(judge(bindMessage('x')))).toBe('·')
  })

  it('is gone with DEALLOCATE of its name, which finds it in a backend that never had it', () => {
    make('x')
    conversation.changedBackend()
    expect(oursIn(judge(queryMessage('DEALLOCATE X;')))).toBe('P·')
    expect(hears('1', 'C:DEALLOCATE', 'Z')).toEqual(['drop', 'pass', 'pass'])
    expect(oursIn(judge(parseMessage('x', 'SELECT 2')))).toBe('·D')
  })

  it('is gone with DEALLOCATE by the extended protocol', () => {
    make('x')
    conversation.changedBackend()
    says(parseMessage('', 'DEALLOCATE PREPARE "x"'))
    expect(oursIn(judge(bindMessage('')))).toBe('P·')
    says(executeMessage(), syncMessage())
    hears('1', '1', '2', 'C:DEALLOCATE', 'Z')
    expect(oursIn(judge(bindMessage('x')))).toBe('·')
  })

  it('that is too long to be remembered keeps the backend until it is closed', () => {
    says(parseMessage('long', 'x'.repeat(70_000)), syncMessage())
    hears('1', 'Z')
    expect(conversation.isFinished).toBe(false)
    says(closeStatement('long'), syncMessage())
    hears('3', 'Z')
    expect(conversation.isFinished).toBe(true)
  })

  it('one more than is remembered keeps the backend, and the others are made again', () => {
    for (let count = 0; count <= 1_000; count += 1) make(`s${String(count)}`)
    expect(conversation.isFinished).toBe(false)
    says(closeStatement('s1000'), syncMessage())
    hears('3', 'Z')
    expect(conversation.isFinished).toBe(true)
  })

  it('that waits behind a COPY which waits for data is not held for ever', () => {
    make('x')
    conversation.changedBackend()
    says(bindMessage(''), executeMessage(), closeStatement('x'))
    expect(judge(bindMessage('x')).act).toBe('hold')
    hears('2', 'G')
    expect(conversation.isHolding).toBe(false)
  })
})

describe('the unnamed statement', () => {
  it('is made again in another backend, and not compared', () => {
    make('')
    conversation.changedBackend()
    expect(oursIn(judge(bindMessage('')))).toBe('PH')
    expect(hears('1')).toEqual(['drop'])
    expect(oursIn(judge(bindMessage('')))).toBe('·')
  })

  it('ends with a Query that ran, also one that failed', () => {
    make('')
    conversation.changedBackend()
    says(queryMessage('SELEC'))
    expect(judge(bindMessage('')).act).toBe('hold')
    hears('E', 'Z')
    expect(oursIn(judge(bindMessage('')))).toBe('·')
  })

  it('that is parsed and ended by a Query in one pipeline is not remembered', () => {
    says(parseMessage('', 'SELECT 1'), syncMessage(), queryMessage('SELECT 2'))
    hears('1', 'Z', 'T:a', 'D', 'C:SELECT 1', 'Z')
    conversation.changedBackend()
    expect(oursIn(judge(bindMessage('')))).toBe('·')
  })

  it('survives a Query that was skipped', () => {
    make('')
    conversation.changedBackend()
    says(executeMessage(), queryMessage('SELECT 1'), syncMessage())
    hears('E', 'Z')
    expect(oursIn(judge(bindMessage('')))).toBe('PH')
  })

  it('ends with a Parse that failed, and not with one that was skipped', () => {
    make('')
    conversation.changedBackend()
    says(executeMessage(), parseMessage('', 'SELECT 2'), syncMessage())
    hears('E', 'Z')
    expect(oursIn(judge(bindMessage('')))).toBe('PH')
    hears('1')
    says(bindMessage(''), syncMessage(), parseMessage('', 'SELEC'), syncMessage())
    hears('2', 'Z', 'E', 'Z')
    conversation.changedBackend()
    expect(oursIn(judge(bindMessage('')))).toBe('·')
  })

  it('survives DEALLOCATE ALL by Execute', () => {
    make('')
    says(executeMessage(), syncMessage())
    hears('C:DEALLOCATE ALL', 'Z')
    conversation.changedBackend()
    expect(oursIn(judge(bindMessage('')))).toBe('PH')
  })

  it('is missing after the backend was asked by simple queries', () => {
    make('')
    conversation.wasAsked()
    expect(oursIn(judge(bindMessage('')))).toBe('PH')
  })
})

describe('what is left is suspected', () => {
  it('by the tag of a command, whichever way it was run', () => {
    says(queryMessage('SET work_mem = 1'))
    expect(leftovers.isSuspected).toBe(false)
    hears('C:SET', 'Z')
    expect(leftovers.isSuspected).toBe(true)
  })

  it('not of a SET that ends with its transaction', () => {
    says(queryMessage('SET LOCAL work_mem = 1'))
    hears('C:SET', 'Z')
    says(parseMessage('', 'set local work_mem = 1'), bindMessage(''), executeMessage(), syncMessage())
    hears('1', '2', 'C:SET', 'Z')
    expect(leftovers.isSuspected).toBe(false)
  })

  it('of a statement each time that it is bound', () => {
    says(parseMessage('f', 'SELECT f()'), syncMessage())
    hears('1', 't', 'T:f', 'Z')
    expect(leftovers.isSuspected).toBe(false)
    for (let count = 0; count < 2; count += 1) {
      says(bindMessage('f'))
      expect(leftovers.isSuspected).toBe(true)
      leftovers.settled()
    }
  })

  it('of a statement that is not known, and of a function call', () => {
    says(bindMessage('made by SQL'))
    expect(leftovers.isSuspected).toBe(true)
    leftovers.settled()
    says(functionCall(1, '1'))
    expect(leftovers.isSuspected).toBe(true)
  })

  it('of a name under which one of two texts may be', () => {
    says(parseMessage('x', 'SET work_mem = 1'), syncMessage())
    says(executeMessage(), parseMessage('x', 'SET LOCAL work_mem = 1'), syncMessage())
    says(bindMessage('x'), executeMessage(), syncMessage())
    hears('1', 't', 'n', 'Z', 'E', 'Z', '2', 'C:SET', 'Z')
    expect(leftovers.isSuspected).toBe(true)
  })

  it('of a name that keeps its text when another Parse of it fails', () => {
    says(
      parseMessage('x', 'SET LOCAL work_mem = 1'),
      syncMessage(),
      parseMessage('x', 'SELECT f()'),
      syncMessage(),
    )
    hears('1', 't', 'n', 'Z', 'E', 'Z')
    says(bindMessage('x'), executeMessage(), syncMessage())
    hears('2', 'C:SET', 'Z')
    expect(leftovers.isSuspected).toBe(false)
  })

  it('with the names of custom settings in texts and in parameters', () => {
    says(queryMessage(`SET app.one = 1; SELECT set_config('app.Two', '1', false)`))
    says(parseMessage('', 'SELECT set_config($1, $2, false)'), bindMessage('', ['app.three', 'app.value']))
    expect(leftovers.customNames).toEqual(['app.one', 'app.two', 'app.three'])
  })
})
