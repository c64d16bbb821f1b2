/** What cannot be read of a client's messages, and that it does not matter in what pieces they come (attack 60). */
import { describe, expect, it } from 'vitest'
import {
  longestRequest,
  prefixOfRequest,
  readClientMessage,
} from '../../../../src/gateway/pooled/conversation/client-message.ts'
import { MessageScanner } from '../../../../src/protocol/message-scanner.ts'
import {
  bindMessage,
  closeStatement,
  copyDone,
  describeStatement,
  executeMessage,
  parseMessage,
  queryMessage,
  typed,
} from '../../../stage/byte-builder.ts'

/** @param first how much of it comes in the first piece */
function read(bytes: Buffer, first = bytes.length) {
  const scanner = new MessageScanner({ longestOf: longestRequest, prefixOf: prefixOfRequest })
  scanner.push(bytes.subarray(0, first))
  const seen = scanner.see()
  if (seen !== 'need_more') return seen === 'message' ? readClientMessage(scanner) : seen
  scanner.push(bytes.subarray(first))
  return scanner.see() === 'message' ? readClientMessage(scanner) : scanner.see()
}

const violationOf = (bytes: Buffer, first?: number) => {
  const message = read(bytes, first)
  return typeof message === 'object' && message.kind === 'violation' ? message : undefined
}

describe('a name', () => {
  it.each([
    ['Bind', bindMessage('x'.repeat(9_000))],
    ['Parse', parseMessage('x'.repeat(70_000), 'SELECT 1')],
  ])(
    'of %s that is longer than what is read of it ends the session, in whatever pieces it comes',
    (_kind, bytes) => {
      const violation = { kind: 'violation', violation: 'a name does not end', endsSession: false }
      expect(violationOf(bytes)).toEqual(violation)
      expect(violationOf(bytes, 8_500)).toEqual(violation)
    },
  )

  it.each([
    ['Describe', describeStatement('x'.repeat(9_990)), 'describe'],
    ['Close', closeStatement('x'.repeat(9_990)), 'close'],
    ['Execute', executeMessage('x'.repeat(9_990)), 'execute'],
  ])('of %s is read up to the greatest length that PostgreSQL takes', (_kind, bytes, kind) => {
    expect(read(bytes)).toMatchObject({ kind })
    expect(read(bytes, 8_500)).toMatchObject({ kind })
  })
})

describe('a length', () => {
  it.each([
    ['Describe', describeStatement('x'.repeat(10_000))],
    ['Close', closeStatement('x'.repeat(10_000))],
    ['Execute', executeMessage('x'.repeat(10_000))],
    ['CopyDone', typed('c', Buffer.alloc(10_000))],
  ])('of %s that PostgreSQL does not take is a violation', (_kind, bytes) => {
    expect(read(bytes, 5)).toBe('violation')
  })

  it('of a Query may be much greater', () => {
    expect(read(queryMessage('x'.repeat(100_000)))).toEqual({ kind: 'query', text: undefined })
  })
})

it('a message of no known type is what PostgreSQL ends the session for at its header', () => {
  expect(violationOf(typed('!', Buffer.from('garbage')))).toEqual({
    kind: 'violation',
    violation: 'invalid frontend message type 33',
    endsSession: true,
  })
  expect(read(copyDone())).toEqual({ kind: 'copy_done' })
})
