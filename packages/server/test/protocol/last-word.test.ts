/** The end of a session, read from its last bytes; behaviour 73. */
import { describe, expect, it } from 'vitest'
import { endsWithTerminate, sqlstateOfLastWord } from '../../src/protocol/last-word.ts'
import { cstring, queryMessage, terminateMessage, typed } from '../stage/byte-builder.ts'

const said = (type: 'E' | 'N', severity: string, sqlstate: string): Buffer =>
  typed(
    type,
    Buffer.concat([cstring(`S${severity}`), cstring(`V${severity}`), cstring(`C${sqlstate}`), Buffer.of(0)]),
  )

describe('the last bytes of a client', () => {
  it.each([
    ['Terminate', terminateMessage(), true],
    ['a query and Terminate', Buffer.concat([queryMessage('SELECT 1'), terminateMessage()]), true],
    ['a query', queryMessage('SELECT 1'), false],
    ['half of Terminate', terminateMessage().subarray(0, 3), false],
    ['nothing', Buffer.alloc(0), false],
  ])('are %s', (_what, bytes, expected) => {
    expect(endsWithTerminate(bytes)).toBe(expected)
  })
})

describe('the last bytes of a backend', () => {
  const fatal = said('E', 'FATAL', '57P05')
  it.each([
    ['are its last word', fatal, '57P05'],
    [
      'are its last word behind the rest of a row with an E in it',
      Buffer.concat([Buffer.from('EEEEE'), fatal]),
      '57P05',
    ],
    ['are the warning of a crash', said('N', 'WARNING', '57P02'), '57P02'],
    ['are a notice', said('N', 'NOTICE', '00000'), undefined],
    ['are an error that ends nothing', said('E', 'ERROR', '42601'), undefined],
    ['are a last word and more', Buffer.concat([fatal, typed('Z', Buffer.from('I'))]), undefined],
    ['are half a last word', fatal.subarray(0, 20), undefined],
    ['hold what is no SQLSTATE', said('E', 'FATAL', 'a lot of text'), undefined],
    ['are nothing', Buffer.alloc(0), undefined],
  ])('%s', (_what, bytes, expected) => {
    expect(sqlstateOfLastWord(bytes)).toBe(expected)
  })
})
