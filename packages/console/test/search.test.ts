/** The query of an address is read as the text that it is. */
import { expect, it } from 'vitest'
import { parseSearch, stringifySearch } from '../src/app/search.ts'

it('keeps every digit of a number above 2^53, and words that JSON knows', () => {
  expect(parseSearch('?identity_id=9007199254740993&filter=true&on=null')).toEqual({
    identity_id: '9007199254740993',
    filter: 'true',
    on: 'null',
  })
})

it('reads what it has written', () => {
  const search = { filter: 'a & b = "ü"', tab: '12' }
  expect(parseSearch(stringifySearch(search))).toEqual(search)
})

it('writes nothing for what is not set', () => {
  expect(stringifySearch({ filter: undefined })).toBe('')
  expect(stringifySearch({ new: true, tab: 2 })).toBe('?new=true&tab=2')
})
