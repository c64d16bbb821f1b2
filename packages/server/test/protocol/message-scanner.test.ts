/** The scanner of the pooled endpoint, against messages written from the manual and split in every way. */
import { describe, expect, it } from 'vitest'
import { FieldCursor } from '../../src/protocol/frame.ts'
import { MessageScanner } from '../../src/protocol/message-scanner.ts'
import { namesOfBind, statementOfDescribe, statementOfParse } from '../../src/protocol/statement-names.ts'
import {
  bindMessage,
  closeStatement,
  describeStatement,
  parseMessage,
  queryMessage,
  syncMessage,
  typed,
} from '../stage/byte-builder.ts'

const bodyOf = (message: Buffer) => new FieldCursor(message, 5)

/** What the scanner announced, and the bytes it let through. */
function scan(chunks: readonly Buffer[], prefix = 1) {
  const scanner = new MessageScanner({
    longestOf: () => 1000,
    prefixOf: (_, total) => Math.min(prefix, total),
  })
  const types: string[] = []
  const passed: Buffer[] = []
  for (const chunk of chunks) {
    scanner.push(chunk)
    for (let seen = scanner.see(); seen !== 'need_more'; seen = scanner.see()) {
      if (seen === 'violation') return { types, passed: Buffer.concat(passed), isViolated: true, scanner }
      if (seen === 'message') types.push(String.fromCharCode(scanner.type))
      passed.push(Buffer.from(scanner.view(scanner.start, scanner.end)))
      scanner.take()
    }
  }
  return { types, passed: Buffer.concat(passed), isViolated: false, scanner }
}

describe('the scanner', () => {
  const stream = Buffer.concat([
    parseMessage('name', 'SELECT 1'),
    bindMessage('name', ['value']),
    syncMessage(),
    queryMessage('SELECT 2'),
  ])

  it.each([1, 20, 1000])(
    'finds the same messages however the stream is split (%i bytes wanted)',
    (prefix) => {
      for (let at = 0; at <= stream.length; at += 1) {
        const { types, passed, scanner } = scan([stream.subarray(0, at), stream.subarray(at)], prefix)
        expect(types.join('')).toBe('PBSQ')
        expect(passed.equals(stream)).toBe(true)
        expect(scanner.isBetweenMessages).toBe(true)
      }
      expect(
        scan(
          [...stream].map((byte) => Buffer.of(byte)),
          prefix,
        ).types.join(''),
      ).toBe('PBSQ')
    },
  )

  it('announces nothing before the bytes are there that were asked for', () => {
    const message = queryMessage('SELECT 1')
    expect(scan([message.subarray(0, 9)], 10).types).toEqual([])
    expect(scan([message.subarray(0, 10)], 10).types).toEqual(['Q'])
  })

  it('refuses a length that cannot be, as soon as it is there', () => {
    for (const length of [0, 3, -1, 1001, 0x7fffffff]) {
      expect(scan([typed('Q', Buffer.alloc(0), length)]).isViolated).toBe(true)
    }
    expect(scan([typed('Q', Buffer.alloc(996))]).isViolated).toBe(false)
  })
})

describe('the name of a statement', () => {
  it('is found in every message that has one', () => {
    expect(statementOfParse(bodyOf(parseMessage('ä', 'SELECT 1')))).toBe(Buffer.from('ä').toString('latin1'))
    expect(namesOfBind(bodyOf(bindMessage('of_bind', [], 'portal')))).toEqual({
      portal: 'portal',
      statement: 'of_bind',
    })
    expect(statementOfDescribe(bodyOf(describeStatement('described')))).toEqual({ name: 'described' })
    expect(statementOfDescribe(bodyOf(closeStatement('')))).toEqual({ name: '' })
    expect(statementOfDescribe(new FieldCursor(Buffer.from('Pportal\0')))).toBe('portal')
  })

  it('counts up to 63 bytes, as PostgreSQL counts it', () => {
    expect(statementOfParse(bodyOf(parseMessage('n'.repeat(64), 'SELECT 1')))).toBe('n'.repeat(63))
  })

  it('that does not end is none', () => {
    expect(statementOfParse(new FieldCursor(Buffer.from('endless')))).toBeUndefined()
    expect(namesOfBind(new FieldCursor(Buffer.from('portal\0endless')))).toBeUndefined()
    expect(statementOfDescribe(new FieldCursor(Buffer.from('S')))).toBeUndefined()
  })

  it('does not go on in the message behind it', () => {
    const two = Buffer.concat([Buffer.from('endless'), syncMessage(), Buffer.from('\0')])
    expect(statementOfParse(new FieldCursor(two, 0, 7))).toBeUndefined()
    expect(namesOfBind(new FieldCursor(Buffer.from('portal\0endless\0'), 0, 14))).toBeUndefined()
    expect(new FieldCursor(Buffer.from('abc'), 0, 1).int16()).toBeUndefined()
  })
})
