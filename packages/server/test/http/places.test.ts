/** How many connections of HTTP there may be at one moment. */
import { expect, it } from 'vitest'
import { createPlaces } from '../../src/http/places.ts'

const take = (places: ReturnType<typeof createPlaces>, count: number, address: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => places.take(address(index)))
const taken = (found: readonly unknown[]) => found.filter((place) => place !== undefined).length

it('one client has a thousand, and again when some are given back', () => {
  const places = createPlaces({ isProxy: () => false, onCrowded: () => undefined })
  const [first, ...more] = take(places, 1_001, () => '192.0.2.1')
  expect(taken([first, ...more])).toBe(1_000)
  expect(places.take('192.0.2.2')).toBeDefined()
  first?.()
  expect(places.take('192.0.2.1')).toBeDefined()
  expect(places.take('192.0.2.1')).toBeUndefined()
})

it('one client is a network of IPv6, and an IPv4 address however it is written', () => {
  const places = createPlaces({ isProxy: () => false, onCrowded: () => undefined })
  expect(taken(take(places, 1_001, (index) => `2001:db8::${index.toString(16)}`))).toBe(1_000)
  expect(taken(take(places, 1_001, (index) => (index % 2 === 0 ? '192.0.2.1' : '::ffff:192.0.2.1')))).toBe(
    1_000,
  )
})

it('a listed proxy has as many as there are, which are four thousand', () => {
  const places = createPlaces({ isProxy: (address) => address === '192.0.2.1', onCrowded: () => undefined })
  expect(taken(take(places, 5_000, () => '::ffff:192.0.2.1'))).toBe(4_000)
  expect(places.take('192.0.2.2')).toBeUndefined()
})

it('who has too many is told of once', () => {
  const told: string[] = []
  const places = createPlaces({ isProxy: () => false, onCrowded: (address) => told.push(address) })
  take(places, 1_010, () => '::ffff:192.0.2.1')
  expect(told).toEqual(['192.0.2.1'])
})
