/** Which text may run under a name whose Parse is not answered yet. */
import { expect, it } from 'vitest'
import { traitsOf, type TextTraits } from '../../../../src/gateway/pooled/conversation/text-traits.ts'
import { Texts } from '../../../../src/gateway/pooled/conversation/texts.ts'

const SELECT: TextTraits = traitsOf('SELECT 1')

it('many unanswered ones are not looked through for every Bind: it waits for answers', () => {
  const texts = new Texts()
  for (let segment = 0; segment < 5_000; segment += 1) texts.parseSent('', { traits: SELECT, segment })
  expect(texts.ofStatement('', undefined, 5_000)).toBe('unknown')
  for (let answered = 0; answered < 5_000; answered += 1) texts.parseAnswered('')
  expect(texts.ofStatement('', SELECT, 5_000)).toEqual(SELECT)
})

it('a few are, and each may be the one', () => {
  const texts = new Texts()
  texts.parseSent('', { traits: SELECT, segment: 0 })
  texts.parseSent('', { traits: traitsOf('SELECT f(1)'), segment: 1 })
  expect(texts.ofStatement('', undefined, 2)).toMatchObject({ mayLeave: true })
})
