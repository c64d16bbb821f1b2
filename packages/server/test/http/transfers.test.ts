/** How much is transferred at one moment. */
import { expect, it } from 'vitest'
import { createTransfers } from '../../src/http/transfers.ts'
import { ALICE_ID, BOB_ID, GROUP_ID } from '../policy/facts.ts'

const MEBIBYTE = 1024 * 1024

it('one caller has 64 MiB under way at most, and again when some of it is over', () => {
  const transfers = createTransfers()
  const end = transfers.begin(ALICE_ID, 40 * MEBIBYTE)
  expect(transfers.begin(ALICE_ID, 25 * MEBIBYTE)).toBeUndefined()
  expect(transfers.begin(ALICE_ID, 24 * MEBIBYTE)).toBeDefined()
  expect(transfers.begin(BOB_ID, 64 * MEBIBYTE)).toBeDefined()
  end?.()
  expect(transfers.begin(ALICE_ID, 40 * MEBIBYTE)).toBeDefined()
})

it('all callers have 256 MiB together', () => {
  const transfers = createTransfers()
  const many = Array.from({ length: 4 }, (_, index) => `${ALICE_ID}${String(index)}` as typeof ALICE_ID)
  for (const caller of many) expect(transfers.begin(caller, 64 * MEBIBYTE)).toBeDefined()
  expect(transfers.begin(GROUP_ID, 1)).toBeUndefined()
})

it('what is over is given back once', () => {
  const transfers = createTransfers()
  const end = transfers.begin(ALICE_ID, 30 * MEBIBYTE)
  expect(transfers.begin(ALICE_ID, 30 * MEBIBYTE)).toBeDefined()
  end?.()
  end?.()
  expect(transfers.begin(ALICE_ID, 35 * MEBIBYTE)).toBeUndefined()
})
