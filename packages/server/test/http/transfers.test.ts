/** How much is transferred at one moment. */
import { expect, it, vi } from 'vitest'
import { createTransfers } from '../../src/http/transfers.ts'
import { ALICE_ID, BOB_ID, GROUP_ID } from '../policy/facts.ts'

const MEBIBYTE = 1024 * 1024
const abort = () => undefined

it('one caller has 64 MiB under way at most, and again when some of it is over', () => {
  const transfers = createTransfers()
  const end = transfers.begin(ALICE_ID, 40 * MEBIBYTE, abort)
  expect(transfers.begin(ALICE_ID, 25 * MEBIBYTE, abort)).toBeUndefined()
  expect(transfers.begin(ALICE_ID, 24 * MEBIBYTE, abort)).toBeDefined()
  expect(transfers.begin(BOB_ID, 64 * MEBIBYTE, abort)).toBeDefined()
  end?.()
  expect(transfers.begin(ALICE_ID, 40 * MEBIBYTE, abort)).toBeDefined()
})

it('all callers have 256 MiB together', () => {
  const transfers = createTransfers()
  const many = Array.from({ length: 4 }, (_, index) => `${ALICE_ID}${String(index)}` as typeof ALICE_ID)
  for (const caller of many) expect(transfers.begin(caller, 64 * MEBIBYTE, abort)).toBeDefined()
  expect(transfers.begin(GROUP_ID, 1, abort)).toBeUndefined()
})

it('what is over is given back once', () => {
  const transfers = createTransfers()
  const end = transfers.begin(ALICE_ID, 30 * MEBIBYTE, abort)
  expect(transfers.begin(ALICE_ID, 30 * MEBIBYTE, abort)).toBeDefined()
  end?.()
  end?.()
  expect(transfers.begin(ALICE_ID, 35 * MEBIBYTE, abort)).toBeUndefined()
})

it('what takes longer than two minutes is broken off, and what is over is not', () => {
  vi.useFakeTimers()
  try {
    const transfers = createTransfers()
    const broken: string[] = []
    transfers.begin(ALICE_ID, 1, () => broken.push('slow'))
    const end = transfers.begin(ALICE_ID, 1, () => broken.push('over'))
    end?.()
    vi.advanceTimersByTime(119_000)
    expect(broken).toEqual([])
    vi.advanceTimersByTime(2_000)
    expect(broken).toEqual(['slow'])
  } finally {
    vi.useRealTimers()
  }
})
