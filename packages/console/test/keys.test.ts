/** Which press of a key means what (design 4.3; WCAG 2.1.4). */
import { describe, expect, it } from 'vitest'
import { createKeyReader, type Press } from '../src/app/keys.ts'

const press = (key: string, more: Partial<Press> = {}): Press => ({
  key,
  isCommand: false,
  hasOtherModifier: false,
  isInField: false,
  at: 0,
  ...more,
})

describe('the keys of the console', () => {
  it('«g i» goes to the instances when i comes soon after g', () => {
    const read = createKeyReader(() => true)
    expect(read(press('g', { at: 0 }))).toBeUndefined()
    expect(read(press('i', { at: 1_000 }))).toEqual({ kind: 'go', to: '/compute/instances' })
  })

  it('i alone, or long after g, means nothing', () => {
    const read = createKeyReader(() => true)
    expect(read(press('i'))).toBeUndefined()
    read(press('g', { at: 10_000 }))
    expect(read(press('i', { at: 12_000 }))).toBeUndefined()
  })

  it('a key that goes nowhere ends what g began', () => {
    const read = createKeyReader(() => true)
    read(press('g'))
    expect(read(press('?'))).toBeUndefined()
    expect(read(press('i'))).toBeUndefined()
  })

  it('nothing is read inside a field but the palette and the notifications', () => {
    const read = createKeyReader(() => true)
    expect(read(press('/', { isInField: true }))).toBeUndefined()
    expect(read(press('k', { isInField: true, isCommand: true }))).toEqual({ kind: 'palette' })
    expect(read(press('F8', { isInField: true }))).toEqual({ kind: 'flags' })
  })

  it('the switch turns off the keys without a modifier, and no others', () => {
    const read = createKeyReader(() => false)
    expect(read(press('?'))).toBeUndefined()
    expect(read(press('g'))).toBeUndefined()
    expect(read(press('i'))).toBeUndefined()
    expect(read(press('k', { isCommand: true }))).toEqual({ kind: 'palette' })
  })

  it('with another modifier a key belongs to the browser', () => {
    const read = createKeyReader(() => true)
    expect(read(press('n', { isCommand: true }))).toBeUndefined()
    expect(read(press('[', { hasOtherModifier: true }))).toBeUndefined()
  })
})
