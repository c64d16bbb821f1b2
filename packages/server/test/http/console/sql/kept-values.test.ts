/** Long values of the last run: how much of them is kept, and how a browser reads them piece by piece. */
import { describe, expect, it } from 'vitest'
import {
  createKeptShare,
  createKeptValues,
  type KeptValues,
} from '../../../../src/http/console/sql/kept-values.ts'

const MEBIBYTE = 1024 * 1024
const place = { run: 1, statement: 0, row: 0, column: 0 }

describe('values that are kept', () => {
  it('of one row are promised no more than of all', () => {
    const values = createKeptValues(createKeptShare())
    values.beginRow()
    let promised = 0
    for (let column = 0; column < 125; column += 1) promised += values.roomFor(8 * MEBIBYTE)
    expect(promised).toBeLessThan(33 * MEBIBYTE)
    values.beginRow()
    expect(values.roomFor(8 * MEBIBYTE)).toBe(8 * MEBIBYTE)
  })

  it.each(['x', 'ä', '€', '😀', 'a😀'])('come whole in pieces: %s', (part) => {
    const text = part.repeat(900_000).slice(0, 1_800_001 - (part.length % 2))
    const bytes = Buffer.from(text)
    const values = createKeptValues(createKeptShare())
    values.beginRow()
    values.keep({ length: bytes.length, kept: bytes.subarray(0, values.roomFor(bytes.length)) }, place)
    let read = ''
    for (;;) {
      const piece = values.piece(place, read.length)
      expect(piece?.text).toBeTruthy()
      read += piece?.text ?? ''
      if (piece === undefined || piece.isLast) break
    }
    expect(read === text).toBe(true)
    expect(values.piece(place, text.length + 5)).toEqual({ text: '', isLast: true })
    expect(values.piece({ ...place, row: 1 }, 0)).toBeUndefined()
  })

  it('are kept by all sessions together within one share, which comes back', () => {
    const share = { left: 3 * MEBIBYTE }
    const keepIn = (values: KeptValues) => {
      values.beginRow()
      const bytes = Buffer.alloc(2 * MEBIBYTE, 'x')
      return values.keep(
        { length: bytes.length, kept: bytes.subarray(0, values.roomFor(bytes.length)) },
        place,
      )
    }
    const [one, other] = [createKeptValues(share), createKeptValues(share)]
    expect(keepIn(one)).toMatchObject({ kept_bytes: 2 * MEBIBYTE })
    expect(keepIn(other)).toMatchObject({ kept_bytes: MEBIBYTE })
    one.clear()
    other.clear()
    expect(share.left).toBe(3 * MEBIBYTE)
    expect(keepIn(other)).toMatchObject({ kept_bytes: 2 * MEBIBYTE })
  })

  it('come also when they are no text', () => {
    const bytes = Buffer.alloc(300_000, 0x80)
    const values = createKeptValues(createKeptShare())
    values.beginRow()
    values.keep({ length: bytes.length, kept: bytes }, place)
    let read = 0
    for (;;) {
      const piece = values.piece(place, read)
      read += piece?.text.length ?? 0
      if (piece === undefined || piece.isLast) break
    }
    expect(read).toBeGreaterThan(0)
  })
})
